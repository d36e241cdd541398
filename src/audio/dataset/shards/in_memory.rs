//! The first clips of shards as a dataset in memory.

use super::Shards;
use super::index::Index;
use crate::Error;
use crate::dataset::{Clip, Dataset, GROUP, Part, Source};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

impl Shards {
    /// The first clips as a dataset in memory, decoded, with what stands beside them as columns: in the order of an epoch,
    /// or as they stand.
    ///
    /// # Errors
    /// [`Error::Range`] for no clips, and what reading reports.
    pub fn take(&self, n: usize, drawn: Option<(u64, u64)>) -> Result<Dataset, Error> {
        if n == 0 {
            return Err(Error::range("n", "at least 1", n));
        }
        let mut reader = self.reader(drawn);
        let mut clips = Vec::new();
        let mut opened: BTreeMap<usize, Index> = BTreeMap::new();
        for packed in reader.take(0..n.min(self.len()))? {
            let wave = match self.wave(&packed) {
                Ok(wave) => wave,
                Err(error) => {
                    self.pass_over(&packed, error)?;
                    continue;
                }
            };
            let index = match opened.entry(packed.shard) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(self.index(packed.shard)?),
            };
            let mut clip = Clip::new(Source::Wave(wave), packed.label);
            let columns = self.files()[packed.shard].columns(index, self.by(), packed.row)?;
            for (name, value) in columns {
                describe(&mut clip, name, value);
            }
            clips.push(clip);
        }
        let name = format!("{n} clips of {}", self.name());
        let grouped = clips.iter().any(|clip| clip.column(GROUP).is_some());
        let data = Dataset::new(
            &name,
            clips,
            self.classes().to_vec(),
            self.options().form,
            None,
        )?;
        Ok(data.grouped_by(grouped.then(|| GROUP.into())))
    }
}

/// Puts what stands beside a clip where datasets have it.
fn describe(clip: &mut Clip, name: String, value: String) {
    match name.as_str() {
        "fold" => clip.fold = value.parse().ok(),
        "target" => clip.target = value.parse().ok(),
        "part" => clip.part = Part::of_word(&value),
        "label" => {}
        "audio.path" => clip.columns.push(("path".into(), value)),
        _ => clip.columns.push((name.into(), value)),
    }
}
