//! Cutting a batch into pieces for threads.

use pulp::Arch;
use rayon::prelude::*;

/// Pieces that a batch is cut into at most: enough for the threads of a workstation, few enough that every piece can hold
/// a copy of the gradients of a layer.
const PIECES: usize = 16;

/// Images in a piece.
pub(super) fn piece_len(images: usize) -> usize {
    images.div_ceil(PIECES).max(1)
}

/// Runs a function on every piece of a batch of `images`; results in the order of the pieces. The function is compiled for
/// the widest vectors of the machine that runs it; sums with fixed accumulators come out the same on all of them.
pub(super) fn map<T: Send>(
    images: usize,
    run: impl Fn(std::ops::Range<usize>) -> T + Sync + Send,
) -> Vec<T> {
    let len = piece_len(images);
    let arch = Arch::new();
    (0..images.div_ceil(len))
        .into_par_iter()
        .map(|piece| arch.dispatch(|| run(piece * len..((piece + 1) * len).min(images))))
        .collect()
}

/// Runs a function on every piece of a batch together with that piece's part of `out`.
pub(super) fn map_into<T: Send>(
    images: usize,
    out: &mut [f32],
    run: impl Fn(std::ops::Range<usize>, &mut [f32]) -> T + Sync + Send,
) -> Vec<T> {
    let len = piece_len(images);
    let size = out.len() / images.max(1);
    let arch = Arch::new();
    out.par_chunks_mut((len * size).max(1))
        .enumerate()
        .map(|(piece, part)| {
            arch.dispatch(|| run(piece * len..((piece + 1) * len).min(images), part))
        })
        .collect()
}
