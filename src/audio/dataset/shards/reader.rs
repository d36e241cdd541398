//! What reads the clips of an epoch: from any place on, a buffer at a time, the next one on a thread of its own.

use super::index::Index;
use super::order::{Block, Order};
use super::packed::Sound;
use super::{Packed, ShardOptions, Shards};
use crate::Error;
use crate::dataset::WhenMissing;
use std::ops::Range;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Shards that are open together, and the buffers that they are cut into.
struct Open {
    group: usize,
    /// Nothing for a shard that is gone, where that is no error.
    indices: Vec<Option<Index>>,
    blocks: Vec<Block>,
}

/// A buffer of clips in the order of the epoch.
struct Loaded {
    first: u64,
    clips: Vec<Packed>,
}

impl Loaded {
    fn holds(&self, place: u64) -> bool {
        (self.first..self.first + self.clips.len() as u64).contains(&place)
    }
}

type Load = Result<(Arc<Open>, Loaded), Error>;

/// Reads the clips of an epoch. What it gives depends on the places that are asked for alone; asked for one after the
/// other, they are read sequentially, and ahead.
pub struct Reader {
    shards: Shards,
    order: Arc<Order>,
    /// Whether clips are asked for one after the other.
    reads_ahead: bool,
    open: Option<Arc<Open>>,
    loaded: Option<Loaded>,
    /// Where the buffer begins that is being read ahead.
    ahead: Option<(u64, JoinHandle<Load>)>,
}

/// Clips that are read together where some are read here and there.
const SAMPLED: usize = 32;

impl Shards {
    /// What reads the clips: in the order of an epoch, `(seed, epoch)`, or as they stand.
    pub fn reader(&self, drawn: Option<(u64, u64)>) -> Reader {
        let ShardOptions {
            share,
            open,
            buffer,
            ..
        } = *self.options();
        let counts: Vec<u64> = self.files().iter().map(|file| file.n).collect();
        let share = (share.worker, share.workers);
        let order = Order::new(&counts, share, drawn, (open, buffer));
        Reader::new(self.clone(), order, true)
    }

    /// What reads clips here and there, of those of all workers as they stand.
    pub fn sampler(&self) -> Reader {
        let counts: Vec<u64> = self.files().iter().map(|file| file.n).collect();
        let order = Order::new(&counts, (0, 1), None, (1, SAMPLED));
        Reader::new(self.clone(), order, false)
    }
}

impl Reader {
    fn new(shards: Shards, order: Order, reads_ahead: bool) -> Reader {
        Reader {
            shards,
            order: Arc::new(order),
            reads_ahead,
            open: None,
            loaded: None,
            ahead: None,
        }
    }

    /// The clips at some places of the epoch.
    ///
    /// # Errors
    /// [`Error::File`] for a shard that is gone, has changed or cannot be read, unless that is to be passed over: then its
    /// clips are there without bytes. [`Error::Range`] for places beyond the end.
    pub fn take(&mut self, places: Range<usize>) -> Result<Vec<Packed>, Error> {
        if places.end > self.order.len() {
            let want = format!("at most {}", self.order.len());
            return Err(Error::range("clips", want, places.end));
        }
        let (mut at, end) = (places.start as u64, places.end as u64);
        let mut clips = Vec::with_capacity(places.len());
        while at < end {
            let loaded = self.load(at)?;
            let from = (at - loaded.first) as usize;
            let rest = &loaded.clips[from..];
            let n = rest.len().min((end - at) as usize);
            clips.extend_from_slice(&rest[..n]);
            at += n as u64;
        }
        Ok(clips)
    }

    /// The buffer that holds a place.
    fn load(&mut self, place: u64) -> Result<&Loaded, Error> {
        if !self
            .loaded
            .as_ref()
            .is_some_and(|loaded| loaded.holds(place))
        {
            // Its clips are no longer needed: what is read next takes their memory.
            self.loaded = None;
            let ahead = self.ahead.take().filter(|(first, _)| *first == place);
            let (open, loaded) = match ahead {
                Some((_, thread)) => match thread.join() {
                    Ok(load) => load?,
                    Err(fault) => std::panic::resume_unwind(fault),
                },
                None => load(&self.shards, &self.order, self.open.take(), place)?,
            };
            let next = loaded.first + loaded.clips.len() as u64;
            if self.reads_ahead && (next as usize) < self.order.len() {
                let (shards, order, open) = (self.shards.clone(), self.order.clone(), open.clone());
                let thread = std::thread::spawn(move || load(&shards, &order, Some(open), next));
                self.ahead = Some((next, thread));
            }
            self.open = Some(open);
            self.loaded = Some(loaded);
        }
        let beyond = || Error::range("clips", "those that there are", place);
        self.loaded.as_ref().ok_or_else(beyond)
    }
}

/// Reads the buffer that holds a place; `open` is what was open before.
fn load(shards: &Shards, order: &Order, open: Option<Arc<Open>>, place: u64) -> Load {
    let group = order.group_at(place);
    let open = match open.filter(|open| open.group == group) {
        Some(open) => open,
        None => Arc::new(Open::new(shards, order, group)?),
    };
    let at = open.blocks.partition_point(|block| block.first <= place);
    let block = &open.blocks[at.saturating_sub(1)];
    let clips = open.read(shards, order, block)?;
    let first = block.first;
    Ok((open, Loaded { first, clips }))
}

impl Open {
    fn new(shards: &Shards, order: &Order, group: usize) -> Result<Open, Error> {
        let pieces = order.group(group);
        let leaves_out = shards.options().broken == WhenMissing::LeaveOut;
        let index = |shard: usize| match shards.index(shard) {
            Ok(index) => Ok(Some(index)),
            Err(_) if leaves_out => Ok(None),
            Err(error) => Err(error),
        };
        let indices = pieces.iter().map(|piece| index(piece.shard));
        let indices: Vec<Option<Index>> = indices.collect::<Result<_, Error>>()?;
        let size = |piece: usize, row: u64| {
            let index: Option<&Index> = indices[piece].as_ref();
            index.map_or(0, |index| index.sizes[row as usize])
        };
        let blocks = order.blocks(group, size);
        Ok(Open {
            group,
            indices,
            blocks,
        })
    }

    /// Reads the clips of a buffer: a stretch of each open shard.
    fn read(&self, shards: &Shards, order: &Order, block: &Block) -> Result<Vec<Packed>, Error> {
        let pieces = order.group(self.group);
        let places = order.clips(self.group, block);
        let mut stretches = Vec::with_capacity(pieces.len());
        for (at, piece) in pieces.iter().enumerate() {
            let n = places.iter().filter(|(of, _)| *of == at).count();
            let first = (piece.first + block.before[at]) as usize;
            stretches.push((
                first,
                self.stretch(shards, at, piece.shard, first..first + n)?,
            ));
        }
        let clip = |(at, row): (usize, u64)| {
            let (shard, row) = (pieces[at].shard, row as usize);
            let (first, stretch) = &stretches[at];
            let index = self.indices[at].as_ref();
            Packed {
                id: shards.first(shard) + row as u64,
                label: index.and_then(|index| shards.label(shard, index, row)),
                name: index.map_or("?".into(), |index| index.names[row].as_str().into()),
                shard,
                row,
                bytes: stretch[row - first].clone(),
            }
        };
        Ok(places.into_iter().map(clip).collect())
    }

    /// Some rows of an open shard.
    fn stretch(
        &self,
        shards: &Shards,
        at: usize,
        shard: usize,
        rows: Range<usize>,
    ) -> Result<Vec<Sound>, Error> {
        let none = |reason: &str| vec![Err(reason.into()); rows.len()];
        let Some(index) = &self.indices[at] else {
            return Ok(none(
                "its shard is gone, or has changed since it was opened",
            ));
        };
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let empty = || Arc::from("there are no bytes of a sound, only a path");
        let read = shards.files()[shard].sounds(index, shards.by(), rows.clone());
        match read {
            Ok(sounds) => {
                let sounds = sounds.into_iter();
                Ok(sounds.map(|sound| sound.ok_or_else(empty)).collect())
            }
            Err(error) if shards.options().broken == WhenMissing::LeaveOut => {
                Ok(none(&error.to_string()))
            }
            Err(error) => Err(error),
        }
    }
}
