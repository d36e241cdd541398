//! Cutting a convolution into tasks, by its shapes alone.

use super::geometry::Geometry;
use rayon::prelude::*;
use std::ops::Range;

/// Pieces that a batch is cut into at most: enough for the threads of a workstation, few enough that every piece can hold
/// a copy of the gradients of a layer.
pub(super) const PIECES: usize = 16;
/// Channels of a block at least: with fewer, what is read would be read too often.
const BLOCK: usize = 32;

/// Channels that are computed by one task, and the group of channels that they belong to.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) group: usize,
    pub(super) channels: Range<usize>,
}

/// Pieces of the batch, and blocks of channels where there are few pieces.
pub(super) struct Cut {
    /// Images of a piece.
    pub(super) piece: usize,
    pub(super) blocks: Vec<Block>,
}

impl Cut {
    /// For `computed` channels of each group of channels.
    pub(super) fn new(g: &Geometry, piece: usize, computed: usize) -> Cut {
        let pieces = g.images.div_ceil(piece).max(1);
        let n_blocks = PIECES.div_ceil(pieces).min(computed.div_ceil(BLOCK)).max(1);
        let block = computed.div_ceil(n_blocks).max(1);
        let of_group = |group| {
            (0..computed).step_by(block).map(move |start| Block {
                group,
                channels: start..(start + block).min(computed),
            })
        };
        Cut {
            piece,
            blocks: (0..g.groups).flat_map(of_group).collect(),
        }
    }

    /// Runs a function on every piece and block, with the block's channels, planes of `plane` values, of every image.
    pub(super) fn run(
        &self,
        images: usize,
        plane: usize,
        out: &mut [f32],
        task: impl Fn(Range<usize>, &Block, usize, Vec<&mut [f32]>) + Sync + Send,
    ) {
        let image = (out.len() / images.max(1)).max(1);
        let mut tasks = Vec::new();
        for (piece, part) in out.chunks_mut(image * self.piece).enumerate() {
            let start = piece * self.piece;
            let range = start..start + part.len() / image;
            let first = tasks.len();
            tasks.extend((0..self.blocks.len()).map(|block| (range.clone(), block, Vec::new())));
            for mut image in part.chunks_mut(image) {
                for (block, task) in self.blocks.iter().zip(&mut tasks[first..]) {
                    let (mine, rest) = image.split_at_mut(block.channels.len() * plane);
                    task.2.push(mine);
                    image = rest;
                }
            }
        }
        tasks
            .into_par_iter()
            .for_each(|(images, block, out)| task(images, &self.blocks[block], block, out));
    }

    /// The sum over the pieces of what a function adds up for the images and the block that it is given: `[channels, row]`
    /// of all groups.
    pub(super) fn sum(
        &self,
        g: &Geometry,
        row: usize,
        task: impl Fn(Range<usize>, &Block, &mut [f32]) + Sync + Send,
    ) -> Vec<f32> {
        let n_pieces = g.images.div_ceil(self.piece);
        let mut parts = vec![0.0; n_pieces * g.to * row];
        let each = Cut {
            piece: 1,
            blocks: self.blocks.clone(),
        };
        each.run(n_pieces, row, &mut parts, |piece, block, _, mut out| {
            let images = piece.start * self.piece..(piece.end * self.piece).min(g.images);
            task(images, block, out[0]);
        });
        let len = g.to * row;
        let mut sum = vec![0.0; len];
        for part in parts.chunks_exact(len.max(1)) {
            sum.iter_mut().zip(part).for_each(|(t, p)| *t += p);
        }
        sum
    }

    /// Something of every block.
    pub(super) fn map<T: Send>(&self, of: impl Fn(&Block) -> T + Sync + Send) -> Vec<T> {
        self.blocks.par_iter().map(of).collect()
    }
}
