//! The 3x3 maximum of stride 2 behind a stem.

use super::pieces;

/// Sizes of a pooling: planes of a batch, and the map of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) planes: usize,
    pub(super) size: [usize; 2],
}

impl Sizes {
    pub(super) fn out_size(&self) -> [usize; 2] {
        self.size.map(|n| (n - 1) / 2 + 1)
    }

    /// Input positions that an output position sees along an axis.
    fn seen(&self, out: usize, axis: usize) -> std::ops::Range<usize> {
        (2 * out).saturating_sub(1)..(2 * out + 2).min(self.size[axis])
    }
}

/// The maxima of windows of 3x3 at every second position, padded by one, and where in its plane each was found: the first
/// place among equals.
pub(super) fn forward(s: Sizes, x: &[f32]) -> (Vec<f32>, Vec<u32>) {
    let [height, width] = s.size;
    let [out_height, out_width] = s.out_size();
    let mut values = vec![0.0; s.planes * out_height * out_width];
    let found = pieces::map_into(s.planes, &mut values, |planes, out| {
        let mut found = vec![0u32; out.len()];
        // Down the columns first, which is the same for neighbours and fit for vectors; a border of nothing on each side.
        let (mut best, mut place) = (vec![f32::NEG_INFINITY; width + 2], vec![0u32; width + 2]);
        let rows = out
            .chunks_exact_mut(out_width)
            .zip(found.chunks_exact_mut(out_width))
            .enumerate();
        for (row, (out, found)) in rows {
            let (plane, oy) = (planes.start + row / out_height, row % out_height);
            let x = &x[plane * height * width..][..height * width];
            let ys = s.seen(oy, 0);
            let first = (ys.start * width) as u32;
            best[1..=width].copy_from_slice(&x[ys.start * width..][..width]);
            place[1..=width]
                .iter_mut()
                .zip(first..)
                .for_each(|(place, at)| *place = at);
            for y in ys.skip(1) {
                let line = &x[y * width..][..width];
                let at = best[1..=width]
                    .iter_mut()
                    .zip(&mut place[1..=width])
                    .zip(line)
                    .zip((y * width) as u32..);
                for (((best, place), value), at) in at {
                    let better = *value > *best;
                    *place = if better { at } else { *place };
                    *best = if better { *value } else { *best };
                }
            }
            for (ox, (out, found)) in out.iter_mut().zip(found).enumerate() {
                let (mut value, mut at) = (best[2 * ox], place[2 * ox]);
                for next in [2 * ox + 1, (2 * ox + 2).min(width + 1)] {
                    let better = earlier(best[next], place[next], value, at);
                    value = if better { best[next] } else { value };
                    at = if better { place[next] } else { at };
                }
                (*out, *found) = (value, at);
            }
        }
        found
    });
    (values, found.concat())
}

/// Whether a candidate is larger, or as large and further up in the plane.
fn earlier(value: f32, at: u32, best: f32, best_at: u32) -> bool {
    value > best || (value == best && at < best_at && value > f32::NEG_INFINITY)
}

/// Gives every gradient to the position that its maximum came from.
pub(super) fn backward(s: Sizes, found: &[u32], gradient: &[f32]) -> Vec<f32> {
    let [height, width] = s.size;
    let plane_out = s.out_size()[0] * s.out_size()[1];
    let mut dx = vec![0.0; s.planes * height * width];
    pieces::map_into(s.planes, &mut dx, |planes, dx| {
        for (index, plane) in planes.enumerate() {
            let dx = &mut dx[index * height * width..][..height * width];
            let at = plane * plane_out..(plane + 1) * plane_out;
            for (&from, g) in found[at.clone()].iter().zip(&gradient[at]) {
                dx[from as usize] += g;
            }
        }
    });
    dx
}
