//! In which order an epoch takes the clips of shards: arithmetic, so that any place of it can be found at once.
//!
//! The shards stand in an order drawn by seed and epoch. Of that row a worker takes its share of the clips, from one
//! place to another. Some shards are open at a time, each read from its beginning to its end, and taken from in turn as
//! they are long; what they give is cut into buffers, and the clips of a buffer are shuffled by seed, epoch and place.

use crate::{Key, Place};
use std::ops::Range;

/// The clips of one shard that a worker takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) shard: usize,
    pub(super) first: u64,
    pub(super) n: u64,
}

/// The order of an epoch.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pieces: Vec<Piece>,
    /// Shards that are open at a time.
    open: usize,
    /// Clips of a buffer at most.
    buffer: usize,
    /// Seed and epoch; nothing where clips come as they stand.
    drawn: Option<(u64, u64)>,
    /// Where each group of open shards begins, and where the last one ends.
    firsts: Vec<u64>,
}

/// Clips that are in memory together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Place of its first clip in the epoch.
    pub(super) first: u64,
    /// Number of clips.
    pub(super) n: usize,
    /// Clips of each piece of the group that come before it.
    pub(super) before: Vec<u64>,
}

/// Bytes of a buffer at most, as indices have the sizes of clips.
const BUFFER_BYTES: u64 = 256 << 20;

fn key((seed, epoch): (u64, u64), item: u64) -> Key {
    Key {
        seed,
        epoch,
        item,
        view: 0,
    }
}

impl Order {
    /// The order of the clips of one of `workers`, counted from 0, where shards have `counts` clips.
    pub(super) fn new(
        counts: &[u64],
        (worker, workers): (usize, usize),
        drawn: Option<(u64, u64)>,
        (open, buffer): (usize, usize),
    ) -> Order {
        let mut shards: Vec<usize> = (0..counts.len()).collect();
        if let Some(drawn) = drawn {
            let place = Place::ROOT.named("shards");
            key(drawn, u64::MAX).at(place).shuffle(&mut shards);
        }
        let all: u64 = counts.iter().sum();
        let share = share(all, worker, workers);
        let mut pieces = Vec::new();
        let mut at = 0;
        for shard in shards {
            let (from, to) = (at.max(share.start), (at + counts[shard]).min(share.end));
            if from < to {
                pieces.push(Piece {
                    shard,
                    first: from - at,
                    n: to - from,
                });
            }
            at += counts[shard];
        }
        let open = if drawn.is_some() { open } else { 1 };
        let mut firsts = vec![0];
        let mut first = 0;
        for group in pieces.chunks(open) {
            first += group.iter().map(|piece| piece.n).sum::<u64>();
            firsts.push(first);
        }
        Order {
            pieces,
            open,
            buffer,
            drawn,
            firsts,
        }
    }

    /// The group of open shards that a place of the epoch is in.
    pub(super) fn group_at(&self, place: u64) -> usize {
        self.firsts
            .partition_point(|&first| first <= place)
            .saturating_sub(1)
    }

    /// The shards that are open together.
    pub(super) fn group(&self, group: usize) -> &[Piece] {
        let first = group * self.open;
        &self.pieces[first..(first + self.open).min(self.pieces.len())]
    }

    /// Number of clips.
    pub(super) fn len(&self) -> usize {
        self.firsts[self.firsts.len() - 1] as usize
    }

    /// The buffers of a group; `size` gives the bytes of a clip, by its piece and its row in the shard.
    pub(super) fn blocks(&self, group: usize, size: impl Fn(usize, u64) -> u64) -> Vec<Block> {
        let pieces = self.group(group);
        let mut taken = vec![0; pieces.len()];
        let begin = |first: u64, before: &[u64]| Block {
            first,
            n: 0,
            before: before.to_vec(),
        };
        let mut place = self.firsts[group];
        let mut blocks = Vec::new();
        let mut block = begin(place, &taken);
        let mut bytes = 0;
        while let Some((piece, row)) = next(pieces, &mut taken) {
            let more = size(piece, row);
            if block.n > 0 && (block.n == self.buffer || bytes + more > BUFFER_BYTES) {
                let mut before = taken.clone();
                before[piece] -= 1;
                blocks.push(std::mem::replace(&mut block, begin(place, &before)));
                bytes = 0;
            }
            block.n += 1;
            bytes += more;
            place += 1;
        }
        if block.n > 0 {
            blocks.push(block);
        }
        blocks
    }

    /// The clips of a buffer in the order of the epoch, by piece and row in the shard.
    pub(super) fn clips(&self, group: usize, block: &Block) -> Vec<(usize, u64)> {
        let mut taken = block.before.clone();
        let pieces = self.group(group);
        let mut clips: Vec<(usize, u64)> = (0..block.n)
            .filter_map(|_| next(pieces, &mut taken))
            .collect();
        if let Some(drawn) = self.drawn {
            let place = Place::ROOT.named("buffer");
            key(drawn, block.first).at(place).shuffle(&mut clips);
        }
        clips
    }
}

/// The clips of a worker among all.
pub(super) fn share(all: u64, worker: usize, workers: usize) -> Range<u64> {
    let at = |worker: usize| (u128::from(all) * worker as u128 / workers as u128) as u64;
    at(worker)..at(worker + 1)
}

/// Takes the next clip of a group: from the piece of which the smallest part was taken, so that all end together.
fn next(pieces: &[Piece], taken: &mut [u64]) -> Option<(usize, u64)> {
    let left = (0..pieces.len()).filter(|&piece| taken[piece] < pieces[piece].n);
    let part = |piece: usize, n: u64| u128::from(2 * taken[piece] + 1) * u128::from(n);
    let piece = left.min_by(|&a, &b| part(a, pieces[b].n).cmp(&part(b, pieces[a].n)))?;
    taken[piece] += 1;
    Some((piece, pieces[piece].first + taken[piece] - 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// All clips of an epoch, found group by group.
    fn epoch(order: &Order, size: u64) -> Vec<(usize, u64)> {
        let of_group = |group: usize| {
            let blocks = order.blocks(group, |_, _| size);
            let clips = blocks.into_iter().flat_map(move |block| {
                assert_eq!(order.group_at(block.first), group);
                assert_eq!(order.group_at(block.first + block.n as u64 - 1), group);
                order.clips(group, &block)
            });
            clips
                .map(|(piece, row)| (order.group(group)[piece].shard, row))
                .collect::<Vec<_>>()
        };
        (0..order.firsts.len() - 1).flat_map(of_group).collect()
    }

    proptest! {
        #[test]
        fn workers_together_take_every_clip_once(
            counts in prop::collection::vec(0u64..40, 1..12),
            workers in 1usize..6,
            open in 1usize..6,
            buffer in 1usize..50,
            seed in 0u64..4,
            large in any::<bool>(),
        ) {
            let size = if large { 100 << 20 } else { 1 };
            for drawn in [Some((seed, 3)), None] {
                let mut seen = Vec::new();
                for worker in 0..workers {
                    let order = Order::new(&counts, (worker, workers), drawn, (open, buffer));
                    let own = epoch(&order, size);
                    let all = counts.iter().sum::<u64>() as usize;
                    prop_assert!(own.len() == all / workers || own.len() == all / workers + 1);
                    seen.extend(own);
                }
                let want: BTreeSet<(usize, u64)> = (0..counts.len())
                    .flat_map(|shard| (0..counts[shard]).map(move |row| (shard, row)))
                    .collect();
                prop_assert_eq!(seen.len(), want.len());
                prop_assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), want);
            }
        }
    }

    #[test]
    fn clips_as_they_stand_come_shard_after_shard() {
        let order = Order::new(&[2, 3], (0, 1), None, (8, 2));
        assert_eq!(epoch(&order, 1), [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2)]);
    }

    #[test]
    fn open_shards_end_together_and_a_buffer_is_bounded() {
        let order = Order::new(&[10, 20], (0, 1), Some((0, 0)), (2, 6));
        let blocks = order.blocks(0, |_, _| 1);
        assert_eq!(blocks.iter().map(|b| b.n).collect::<Vec<_>>(), [6; 5]);
        let mut long: Vec<usize> = order.clips(0, &blocks[2]).iter().map(|c| c.0).collect();
        long.sort_unstable();
        let short = order
            .group(0)
            .iter()
            .position(|piece| piece.n == 10)
            .unwrap();
        assert_eq!(long.iter().filter(|&&piece| piece == short).count(), 2);
        // Clips of 100 MiB: two of them are as much as may be in memory.
        let large = order.blocks(0, |_, _| 100 << 20);
        assert!(large.iter().all(|block| block.n == 2));
    }

    #[test]
    fn seed_and_epoch_draw_other_orders() {
        let of = |drawn| epoch(&Order::new(&[50; 4], (0, 1), Some(drawn), (2, 30)), 1);
        assert_eq!(of((1, 2)), of((1, 2)));
        assert_ne!(of((1, 2)), of((1, 3)));
        assert_ne!(of((1, 2)), of((2, 2)));
    }
}
