//! Small maps in large batches: the images of a batch side by side at every place of the map.
//!
//! Whatever a weight of the kernel meets at a place is then a line as long as the batch, and weights that would meet the
//! padding are left out: a kernel of 3 x 3 on maps of 2 x 4 meets 5 inputs of 9 on average.

use super::cut::{Cut, PIECES};
use super::geometry::{Axis, Geometry};
use super::kernel::{LANES, Place, Products, Stretch, Sums, Term};
use super::weights;
use rayon::prelude::*;

/// Places of a map up to which they are laid out so.
const LARGEST: usize = 512;
/// The same for sums over all places.
const LARGEST_SUMMED: usize = 128;
/// Channels that are many.
const MANY: usize = 128;
/// Parts of a map that are laid out side by side.
const PARTS: usize = 8;
/// Values of a plane at least, so that sums over it are long.
const PLANE: usize = 2048;

/// How a batch is laid out: `[pieces, channels, places, images]`.
struct Layout {
    /// Images of a piece, and what that is rounded up to.
    piece: usize,
    lanes: usize,
    inputs: usize,
    outputs: usize,
    /// Pairs of places of output and input that every weight joins.
    pairs: Vec<Vec<[usize; 2]>>,
}

/// Whether this way is the faster one: maps are small, images fill their vectors, and the zeros between maps would take
/// half as long as the maps, or there are so many channels that their planes lie in too many places.
pub(super) fn fits(g: &Geometry) -> bool {
    let lanes = g.images.next_multiple_of(LANES);
    let with_zeros = g.axes.iter().map(|axis| axis.out() + 1).product::<usize>();
    g.plane_in().max(g.plane_out()) <= LARGEST
        && 4 * lanes <= 5 * g.images
        && (2 * with_zeros >= 3 * g.plane_out() || g.from.max(g.to) / g.groups >= MANY)
}

/// The same for the gradient of the weight, whose sums go over all places.
pub(super) fn fits_weight(g: &Geometry) -> bool {
    fits(g) && g.plane_out() <= LARGEST_SUMMED
}

impl Layout {
    fn new(g: &Geometry) -> Layout {
        let places = g.plane_out().max(1);
        let at_least = PLANE.div_ceil(places).max(g.images.div_ceil(PIECES));
        let piece = at_least.next_multiple_of(LANES).min(g.images).max(1);
        let [rows, columns] = g.axes.map(|axis| pairs(&axis));
        let mut all = Vec::with_capacity(g.n_taps());
        for row in &rows {
            for column in &columns {
                let joined = row.iter().flat_map(|&[y, v]| {
                    let [y, v] = [y * g.axes[1].out(), v * g.axes[1].size];
                    column.iter().map(move |[x, u]| [y + x, v + u])
                });
                all.push(joined.collect());
            }
        }
        Layout {
            piece,
            lanes: piece.next_multiple_of(LANES),
            inputs: g.plane_in(),
            outputs: g.plane_out(),
            pairs: all,
        }
    }

    /// `[images, channels, places]` as `[pieces, places, channels, images]`: what is summed for a place is one stretch of
    /// memory for every weight.
    fn by_place(&self, maps: &[f32], images: usize, places: usize) -> Vec<f32> {
        let channels = maps.len() / (images * places).max(1);
        let place = channels * self.lanes;
        let mut planes = vec![0.0; images.div_ceil(self.piece) * places * place];
        for (piece, planes) in planes.chunks_mut((places * place).max(1)).enumerate() {
            let first = piece * self.piece;
            let images = first..(first + self.piece).min(images);
            let part = places.div_ceil(PARTS);
            planes
                .par_chunks_mut((part * place).max(1))
                .enumerate()
                .for_each(|(i, planes)| {
                    let n = planes.len() / place;
                    for (lane, image) in images.clone().enumerate() {
                        for channel in 0..channels {
                            let map = &maps[(image * channels + channel) * places + i * part..];
                            let planes = planes[channel * self.lanes + lane..].iter_mut();
                            for (to, value) in planes.step_by(place).zip(&map[..n]) {
                                *to = *value;
                            }
                        }
                    }
                });
        }
        planes
    }

    /// `[images, channels, places]` as `[pieces, channels, places, images]`.
    fn by_channel(&self, maps: &[f32], images: usize, places: usize) -> Vec<f32> {
        let channels = maps.len() / (images * places).max(1);
        let plane = places * self.lanes;
        let mut planes = vec![0.0; images.div_ceil(self.piece) * channels * plane];
        planes
            .par_chunks_mut(plane.max(1))
            .enumerate()
            .for_each(|(i, plane)| {
                let (piece, channel) = (i / channels, i % channels);
                let images = piece * self.piece..((piece + 1) * self.piece).min(images);
                for (lane, image) in images.enumerate() {
                    let map = &maps[(image * channels + channel) * places..][..places];
                    for (to, value) in plane[lane..].iter_mut().step_by(self.lanes).zip(map) {
                        *to = *value;
                    }
                }
            });
        planes
    }

    /// A channel of an image out of its plane.
    fn unpack(&self, plane: &[f32], lane: usize, map: &mut [f32]) {
        for (value, to) in plane[lane..].iter().step_by(self.lanes).zip(map) {
            *to = *value;
        }
    }

    /// For every place of one side, what the weights meet on the other side.
    fn places(&self, side: usize, channels: usize) -> Vec<Place> {
        let n = [self.outputs, self.inputs][side];
        let mut places: Vec<Place> = (0..n)
            .map(|place| Place {
                terms: Vec::new(),
                out: place * self.lanes,
            })
            .collect();
        for (tap, pairs) in self.pairs.iter().enumerate() {
            for pair in pairs {
                let first = pair[1 - side] * channels * self.lanes;
                places[pair[side]].terms.push(Term { tap, first });
            }
        }
        places
    }
}

/// For every weight along an axis, the outputs that meet an input there, and that input.
fn pairs(axis: &Axis) -> Vec<Vec<[usize; 2]>> {
    (0..axis.kernel)
        .map(|k| {
            let met = (0..axis.out()).filter_map(|out| {
                let at = (out * axis.stride + k * axis.dilation).checked_sub(axis.padding.0)?;
                (at < axis.size).then_some([out, at])
            });
            met.collect()
        })
        .collect()
}

pub(super) fn forward(g: &Geometry, x: &[f32], weight: &[f32]) -> Vec<f32> {
    let layout = Layout::new(g);
    let cut = Cut::new(g, layout.piece, g.to / g.groups);
    let weights = weights::forward(g, &cut, weight);
    let sides = [g.from, g.to];
    sums(
        g,
        &layout,
        &cut,
        &weights,
        x,
        sides,
        layout.places(0, g.from),
    )
}

pub(super) fn input_gradient(g: &Geometry, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
    let layout = Layout::new(g);
    let cut = Cut::new(g, layout.piece, g.from / g.groups);
    let weights = weights::backward(g, &cut, weight);
    let sides = [g.to, g.from];
    sums(
        g,
        &layout,
        &cut,
        &weights,
        gradient,
        sides,
        layout.places(1, g.to),
    )
}

/// What `maps` give on the other side, whose places are `places`.
fn sums(
    g: &Geometry,
    layout: &Layout,
    cut: &Cut,
    weights: &[Vec<f32>],
    maps: &[f32],
    [from, to]: [usize; 2],
    places: Vec<Place>,
) -> Vec<f32> {
    let given = maps.len() / (g.images * from).max(1);
    let planes = layout.by_place(maps, g.images, given);
    let mut out = vec![0.0; g.images * to * places.len()];
    cut.run(
        g.images,
        places.len(),
        &mut out,
        |images, block, index, mut out| {
            let n_planes = from / g.groups;
            let piece = images.start / layout.piece * given * from;
            let first = (piece + block.group * n_planes) * layout.lanes;
            let out_plane = places.len() * layout.lanes;
            let mut sums = vec![0.0; block.channels.len() * out_plane];
            Sums {
                weights: &weights[index],
                n_taps: g.n_taps(),
                channels: block.channels.len(),
                n_planes,
                planes: &planes[first..],
                plane: layout.lanes,
                places: &places,
                positions: layout.lanes,
                out: &mut sums,
                out_plane,
            }
            .run();
            for (lane, image) in out.iter_mut().enumerate() {
                let channels = image.chunks_exact_mut(places.len());
                for (plane, channel) in sums.chunks_exact(out_plane).zip(channels) {
                    layout.unpack(plane, lane, channel);
                }
            }
        },
    );
    out
}

pub(super) fn weight_gradient(g: &Geometry, x: &[f32], gradient: &[f32]) -> Vec<f32> {
    let layout = Layout::new(g);
    let (from, to) = (g.from / g.groups, g.to / g.groups);
    let cut = Cut::new(g, layout.piece, to);
    let inputs = layout.by_channel(x, g.images, layout.inputs);
    let outputs = layout.by_channel(gradient, g.images, layout.outputs);
    let (plane_in, plane_out) = (layout.inputs * layout.lanes, layout.outputs * layout.lanes);
    let stretches: Vec<Vec<Stretch>> = layout
        .pairs
        .iter()
        .map(|p| joined(p, layout.lanes))
        .collect();
    cut.sum(g, from * g.n_taps(), |images, block, out| {
        let piece = images.start / layout.piece;
        let first_in = (piece * g.from + block.group * from) * plane_in;
        let first_out = (piece * g.to + block.group * to + block.channels.start) * plane_out;
        let lefts: Vec<usize> = (0..block.channels.len())
            .map(|c| first_out + c * plane_out)
            .collect();
        let rights: Vec<usize> = (0..from).map(|c| first_in + c * plane_in).collect();
        for (tap, stretches) in stretches.iter().enumerate() {
            Products {
                left: &outputs,
                lefts: &lefts,
                right: &inputs,
                rights: &rights,
                stretches,
                out: &mut out[tap..],
                out_step: [from * g.n_taps(), g.n_taps()],
            }
            .run();
        }
    })
}

/// Pairs of places as stretches of memory; neighbours join.
fn joined(pairs: &[[usize; 2]], lanes: usize) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for [out, input] in pairs {
        let (left, right) = (out * lanes, input * lanes);
        match stretches.last_mut() {
            Some(last) if last.left + last.len == left && last.right + last.len == right => {
                last.len += lanes;
            }
            _ => stretches.push(Stretch {
                left,
                right,
                len: lanes,
            }),
        }
    }
    stretches
}
