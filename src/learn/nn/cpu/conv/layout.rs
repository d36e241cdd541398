//! How large maps lie in memory.

use super::cut::PIECES;
use super::geometry::{Axis, Geometry, Tap};
use super::kernel::LANES;
use std::ops::Range;

/// Places of a piece at least: with fewer, reading the weights would take longer than computing.
const PIECE: usize = 512;
/// Values of the planes of a group of images, to stay in a core's own cache, and places of a group.
const CACHED: usize = 1 << 17;
const GROUP: Range<usize> = 256..2048;

/// An axis of the planes: how many values of every phase they hold, after how many places the next line begins, and where
/// the weights reach.
struct Line {
    stored: usize,
    pitch: usize,
    reach: usize,
    taps: Vec<Tap>,
}

impl Line {
    /// A line ends in as many zeros as its neighbours reach over their ends: those behind a line stand before the next.
    fn new(axis: &Axis) -> Line {
        let taps: Vec<Tap> = (0..axis.kernel).map(|k| axis.tap(k)).collect();
        let back = taps.iter().map(|tap| -tap.shift).max().unwrap_or(0).max(0) as usize;
        let ahead = taps.iter().map(|tap| tap.shift).max().unwrap_or(0).max(0) as usize;
        let in_phase = |tap: &Tap| axis.size.saturating_sub(tap.phase).div_ceil(axis.stride);
        let longest = taps.iter().map(in_phase).max().unwrap_or(0);
        let stored = longest.min(axis.out() + ahead);
        Line {
            stored,
            pitch: (stored + back).max(axis.out() + ahead),
            reach: back.max(ahead),
            taps,
        }
    }
}

/// Maps on their way into planes or out of them: their own size, the step between values of one phase, and how many of
/// these a line of a plane holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maps {
    pub(super) size: [usize; 2],
    pub(super) step: [usize; 2],
    pub(super) stored: [usize; 2],
}

/// A weight of the kernel: the phase of the input that it meets, and how far from the output's place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight {
    pub(super) phase: usize,
    pub(super) shift: isize,
}

/// How the maps of some images lie in memory.
///
/// An input is cut into phases, one for every remainder of row and column by the stride, so that whatever one weight meets
/// for all outputs is a plane moved by a constant. Planes have zeros between their lines and images, so that the images of
/// a channel are one line of numbers, and a convolution is a sum of such lines, each moved and scaled: nothing is unfolded.
pub(super) struct Layout {
    /// Phases of the input that weights meet.
    pub(super) phases: Vec<[usize; 2]>,
    pub(super) weights: Vec<Weight>,
    pub(super) input: Maps,
    pub(super) output: Maps,
    /// Places from a line of a plane to the next, and from an image to the next.
    pub(super) pitch: usize,
    pub(super) image: usize,
    /// Zeros before the first image of a plane and behind its last.
    pub(super) margin: usize,
}

impl Layout {
    pub(super) fn new(g: &Geometry) -> Layout {
        let [rows, columns] = [Line::new(&g.axes[0]), Line::new(&g.axes[1])];
        let mut phases = Vec::new();
        let mut weights = Vec::new();
        for row in &rows.taps {
            for column in &columns.taps {
                let phase = [row.phase, column.phase];
                let known = phases.iter().position(|other| *other == phase);
                weights.push(Weight {
                    phase: known.unwrap_or_else(|| {
                        phases.push(phase);
                        phases.len() - 1
                    }),
                    shift: row.shift * columns.pitch as isize + column.shift,
                });
            }
        }
        let [h, w] = [&g.axes[0], &g.axes[1]];
        Layout {
            phases,
            weights,
            input: Maps {
                size: [h.size, w.size],
                step: [h.stride, w.stride],
                stored: [rows.stored, columns.stored],
            },
            output: Maps {
                size: g.out_size(),
                step: [1, 1],
                stored: g.out_size(),
            },
            pitch: columns.pitch,
            image: rows.pitch * columns.pitch,
            margin: rows.reach * columns.pitch + columns.reach,
        }
    }

    /// Places of `images` images, rounded up to whole vectors.
    pub(super) fn positions(&self, images: usize) -> usize {
        (images * self.image).next_multiple_of(2 * LANES)
    }

    /// Places of a plane of `images` images with its margins. Planes a power of two apart would meet in the same lines of
    /// the cache.
    pub(super) fn plane(&self, images: usize) -> usize {
        let plane = self.positions(images) + 2 * self.margin;
        if plane.is_multiple_of(256) {
            plane + 16
        } else {
            plane
        }
    }

    /// Images of a piece.
    pub(super) fn piece(&self, g: &Geometry) -> usize {
        let pieces = (g.images * self.image / PIECE).clamp(1, PIECES);
        g.images.div_ceil(pieces).max(1)
    }

    /// Images that are packed together, as `n` planes, out of a piece.
    pub(super) fn group(&self, n: usize, piece: usize) -> usize {
        let positions = (CACHED / n.max(1)).clamp(GROUP.start, GROUP.end);
        positions.div_ceil(self.image).min(piece)
    }
}
