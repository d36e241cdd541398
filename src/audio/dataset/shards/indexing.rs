//! Finding the clips of a shard: from the cache, or by a scan of its layout.

use super::index::{By, Index};
use super::places::Layout;
use super::{parquet, tar};
use crate::dataset::Cache;
use crate::{Error, io};
use std::path::Path;

/// Changes when what an index holds changes.
const FORMAT: &str = "auricle shard v1";

/// Reads the index of a shard from the cache, or makes it from the shard.
///
/// # Errors
/// What reading the shard reports.
pub(super) fn index_of(
    shard: &Path,
    layout: Layout,
    by: &By,
    cache: Option<&Cache>,
) -> Result<Index, Error> {
    let kept = cache.and_then(|cache| cache.beside(shard, &format!("{FORMAT} {by:?}")));
    let read = |path: &Path| -> Option<Index> {
        let index: Index = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        index.is_whole().then_some(index)
    };
    if let Some(index) = kept.as_deref().and_then(read) {
        return Ok(index);
    }
    let index = match layout {
        Layout::Tar => tar::scan(shard, by)?,
        Layout::Parquet => parquet::scan(shard, by)?,
    };
    // As with decoded clips, a cache that cannot be written to is no error.
    if let Some(path) = kept
        && let Ok(text) = serde_json::to_vec(&index)
    {
        let _ = io::write_unsynced(&path, &text);
    }
    Ok(index)
}
