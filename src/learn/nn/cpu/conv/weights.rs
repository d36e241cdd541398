//! Weights in the order in which they are read.

use super::cut::Cut;
use super::geometry::Geometry;
use super::kernel;

/// For a block of channels of the output, `[channels, taps, channels of the input]`.
pub(super) fn forward(g: &Geometry, cut: &Cut, weight: &[f32]) -> Vec<Vec<f32>> {
    let (from, to, n_taps) = (g.from / g.groups, g.to / g.groups, g.n_taps());
    cut.map(|block| {
        let first = block.group * to + block.channels.start;
        kernel::tiled(block.channels.len(), n_taps * from, |channel, row| {
            let (tap, i) = (row / from, row % from);
            weight[((first + channel) * from + i) * n_taps + tap]
        })
    })
}

/// For a block of channels of the input, `[channels, taps, channels of the output]`.
pub(super) fn backward(g: &Geometry, cut: &Cut, weight: &[f32]) -> Vec<Vec<f32>> {
    let (from, to, n_taps) = (g.from / g.groups, g.to / g.groups, g.n_taps());
    cut.map(|block| {
        kernel::tiled(block.channels.len(), n_taps * to, |channel, row| {
            let (tap, into) = (row / to, block.group * to + row % to);
            weight[(into * from + block.channels.start + channel) * n_taps + tap]
        })
    })
}
