//! Copying between maps and planes.

use super::layout::{Layout, Maps};

/// Planes of some images, zero between them.
pub(super) struct Planes {
    pub(super) values: Vec<f32>,
    /// From a plane to the next.
    pub(super) plane: usize,
    /// From the beginning of a plane to its first image.
    pub(super) margin: usize,
}

impl Planes {
    /// `n` planes for `images` images, with margins.
    pub(super) fn new(layout: &Layout, n: usize, images: usize) -> Planes {
        let plane = layout.plane(images);
        Planes {
            values: vec![0.0; n * plane],
            plane,
            margin: layout.margin,
        }
    }

    /// Where the first image of a plane begins.
    pub(super) fn first(&self, plane: usize) -> usize {
        plane * self.plane + self.margin
    }

    /// Writes the channels of an image, as the `index`-th of the planes.
    #[inline(always)]
    pub(super) fn pack(
        &mut self,
        layout: &Layout,
        maps: Maps,
        phases: &[[usize; 2]],
        channels: &[f32],
        index: usize,
    ) {
        let [h, w] = maps.size;
        let mut plane = 0;
        for channel in channels.chunks_exact(h * w) {
            for &[row, column] in phases {
                let at = self.first(plane) + index * layout.image;
                let target = &mut self.values[at..][..layout.image];
                let lines = (row..h).step_by(maps.step[0]).take(maps.stored[0]);
                for (y, line) in lines.zip(target.chunks_mut(layout.pitch)) {
                    let source = &channel[y * w..][..w];
                    if maps.step[1] == 1 {
                        let n = maps.stored[1].min(w);
                        copy(&mut line[..n], &source[..n]);
                    } else if let Some(source) = source.get(column..) {
                        let line = &mut line[..maps.stored[1]];
                        let source = source.iter().step_by(maps.step[1]);
                        line.iter_mut().zip(source).for_each(|(t, s)| *t = *s);
                    }
                }
                plane += 1;
            }
        }
    }
}

/// Reads one phase of an image from a line of positions.
#[inline(always)]
pub(super) fn unpack(
    layout: &Layout,
    maps: Maps,
    [row, column]: [usize; 2],
    positions: &[f32],
    index: usize,
    channel: &mut [f32],
) {
    let [h, w] = maps.size;
    let source = &positions[index * layout.image..][..layout.image];
    let lines = (row..h).step_by(maps.step[0]).take(maps.stored[0]);
    for (y, line) in lines.zip(source.chunks(layout.pitch)) {
        let target = &mut channel[y * w..][..w];
        if maps.step[1] == 1 {
            let n = maps.stored[1].min(w);
            copy(&mut target[..n], &line[..n]);
        } else if let Some(target) = target.get_mut(column..) {
            let target = target.iter_mut().step_by(maps.step[1]);
            target
                .zip(&line[..maps.stored[1]])
                .for_each(|(t, s)| *t = *s);
        }
    }
}

/// Copies a row. Rows are short, and a call or a loop of single values for each would cost more than the copy itself: a
/// last part of eight or four may overlap the one before.
#[inline(always)]
fn copy(target: &mut [f32], source: &[f32]) {
    let n = target.len();
    let move_as = |target: &mut [f32], at: usize, len: usize| {
        target[at..at + len].copy_from_slice(&source[at..at + len])
    };
    if n >= 8 {
        for at in (0..n - 7).step_by(8) {
            move_as(target, at, 8);
        }
        move_as(target, n - 8, 8);
    } else if n >= 4 {
        move_as(target, 0, 4);
        move_as(target, n - 4, 4);
    } else {
        target.iter_mut().zip(source).for_each(|(t, s)| *t = *s);
    }
}
