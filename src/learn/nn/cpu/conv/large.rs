//! Large maps, and few images: the images of a channel as one line of numbers, which the weights move and scale.

use super::cut::Cut;
use super::geometry::Geometry;
use super::kernel::{Place, Products, Stretch, Sums, Term};
use super::layout::Layout;
use super::planes::{Planes, unpack};
use super::weights;
use std::ops::Range;

pub(super) fn forward(g: &Geometry, x: &[f32], weight: &[f32]) -> Vec<f32> {
    let layout = Layout::new(g);
    let (from, to) = (g.from / g.groups, g.to / g.groups);
    let n_phases = layout.phases.len();
    let cut = Cut::new(g, layout.piece(g), to);
    let group = layout.group(from * n_phases, cut.piece);
    let weights = weights::forward(g, &cut, weight);
    let mut out = vec![0.0; g.images * g.to * g.plane_out()];
    cut.run(
        g.images,
        g.plane_out(),
        &mut out,
        |images, block, index, mut out| {
            let n = block.channels.len();
            let mut planes = Planes::new(&layout, from * n_phases, group);
            let terms = layout.weights.iter().enumerate().map(|(tap, weight)| Term {
                tap,
                first: planes.first(weight.phase).wrapping_add_signed(weight.shift),
            });
            let places = [Place {
                terms: terms.collect(),
                out: 0,
            }];
            let mut sums = vec![0.0; n * layout.positions(group)];
            for start in images.clone().step_by(group) {
                let end = (start + group).min(images.end);
                for image in start..end {
                    let channels = channels(
                        x,
                        g.from,
                        block.group * from..(block.group + 1) * from,
                        image,
                        g.plane_in(),
                    );
                    planes.pack(
                        &layout,
                        layout.input,
                        &layout.phases,
                        channels,
                        image - start,
                    );
                }
                let positions = layout.positions(end - start);
                Sums {
                    weights: &weights[index],
                    n_taps: g.n_taps(),
                    channels: n,
                    n_planes: from,
                    planes: &planes.values,
                    plane: n_phases * planes.plane,
                    places: &places,
                    positions,
                    out: &mut sums,
                    out_plane: positions,
                }
                .run();
                for image in start..end {
                    let channels = out[image - images.start].chunks_exact_mut(g.plane_out());
                    for (sums, channel) in sums.chunks_exact(positions).zip(channels) {
                        unpack(&layout, layout.output, [0, 0], sums, image - start, channel);
                    }
                }
            }
        },
    );
    out
}

/// Channels of an image of `[images, channels, plane]`.
fn channels(maps: &[f32], n: usize, channels: Range<usize>, image: usize, plane: usize) -> &[f32] {
    &maps[(image * n + channels.start) * plane..][..channels.len() * plane]
}

pub(super) fn input_gradient(g: &Geometry, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
    let layout = Layout::new(g);
    let (from, to) = (g.from / g.groups, g.to / g.groups);
    let cut = Cut::new(g, layout.piece(g), from);
    let group = layout.group(to, cut.piece);
    let weights = weights::backward(g, &cut, weight);
    let mut dx = vec![0.0; g.images * g.from * g.plane_in()];
    cut.run(
        g.images,
        g.plane_in(),
        &mut dx,
        |images, block, index, mut dx| {
            let n = block.channels.len();
            let mut planes = Planes::new(&layout, to, group);
            // The weights that meet a phase of the input give its gradient.
            let of_phase = |phase| {
                let taps = layout.weights.iter().enumerate();
                let met = taps.filter(move |(_, weight)| weight.phase == phase);
                met.map(|(tap, weight)| Term {
                    tap,
                    first: planes.first(0).wrapping_add_signed(-weight.shift),
                })
            };
            let places: Vec<[Place; 1]> = (0..layout.phases.len())
                .map(|phase| {
                    [Place {
                        terms: of_phase(phase).collect(),
                        out: 0,
                    }]
                })
                .collect();
            let mut sums = vec![0.0; n * layout.positions(group)];
            for start in images.clone().step_by(group) {
                let end = (start + group).min(images.end);
                for image in start..end {
                    let channels = channels(
                        gradient,
                        g.to,
                        block.group * to..(block.group + 1) * to,
                        image,
                        g.plane_out(),
                    );
                    planes.pack(&layout, layout.output, &[[0, 0]], channels, image - start);
                }
                let positions = layout.positions(end - start);
                for (phase, places) in layout.phases.iter().zip(&places) {
                    Sums {
                        weights: &weights[index],
                        n_taps: g.n_taps(),
                        channels: n,
                        n_planes: to,
                        planes: &planes.values,
                        plane: planes.plane,
                        places,
                        positions,
                        out: &mut sums,
                        out_plane: positions,
                    }
                    .run();
                    for image in start..end {
                        let channels = dx[image - images.start].chunks_exact_mut(g.plane_in());
                        for (sums, channel) in sums.chunks_exact(positions).zip(channels) {
                            unpack(&layout, layout.input, *phase, sums, image - start, channel);
                        }
                    }
                }
            }
        },
    );
    dx
}

/// Places that are summed before the rows are changed, so that all rows of a part stay in the cache.
const PART: usize = 2048;

pub(super) fn weight_gradient(g: &Geometry, x: &[f32], gradient: &[f32]) -> Vec<f32> {
    let layout = Layout::new(g);
    let (from, to) = (g.from / g.groups, g.to / g.groups);
    let n_phases = layout.phases.len();
    let cut = Cut::new(g, layout.piece(g), to);
    let group = layout.group(from * n_phases, cut.piece);
    let n_rows = from * g.n_taps();
    cut.sum(g, n_rows, |images, block, out| {
        let mut inputs = Planes::new(&layout, from * n_phases, group);
        let mut outputs = Planes::new(&layout, block.channels.len(), group);
        let lefts: Vec<usize> = (0..block.channels.len())
            .map(|c| outputs.first(c))
            .collect();
        let rights: Vec<usize> = (0..from)
            .flat_map(|channel| layout.weights.iter().map(move |weight| (channel, weight)))
            .map(|(channel, weight)| {
                let plane = channel * n_phases + weight.phase;
                inputs.first(plane).wrapping_add_signed(weight.shift)
            })
            .collect();
        for start in images.clone().step_by(group) {
            let end = (start + group).min(images.end);
            if end - start < group {
                // What is left of the images before would be summed, too.
                outputs.values.fill(0.0);
            }
            for image in start..end {
                let x = channels(
                    x,
                    g.from,
                    block.group * from..(block.group + 1) * from,
                    image,
                    g.plane_in(),
                );
                inputs.pack(&layout, layout.input, &layout.phases, x, image - start);
                let first = block.group * to + block.channels.start;
                let dy = channels(
                    gradient,
                    g.to,
                    first..first + block.channels.len(),
                    image,
                    g.plane_out(),
                );
                outputs.pack(&layout, layout.output, &[[0, 0]], dy, image - start);
            }
            let positions = layout.positions(end - start);
            for first in (0..positions).step_by(PART) {
                Products {
                    left: &outputs.values,
                    lefts: &lefts,
                    right: &inputs.values,
                    rights: &rights,
                    stretches: &[Stretch {
                        left: first,
                        right: first,
                        len: PART.min(positions - first),
                    }],
                    out,
                    out_step: [n_rows, 1],
                }
                .run();
            }
        }
    })
}
