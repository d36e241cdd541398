//! A clip of a shard before it is decoded.

use std::sync::Arc;

/// A clip as it lies in its shard, encoded. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Packed {
    /// Its index among the clips of all shards. Draws are keyed by it, so that order and workers change none.
    pub id: u64,
    /// Index of its class; `None` if it has none.
    pub label: Option<usize>,
    /// Its name in the shard.
    pub name: Arc<str>,
    pub(super) shard: usize,
    pub(super) row: usize,
    pub(super) bytes: Sound,
}

/// The bytes of a clip, or why there are none.
pub(super) type Sound = Result<Arc<[u8]>, Arc<str>>;
