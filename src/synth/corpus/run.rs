//! Making a corpus: which parts there are, which are there already, and the work on the others.
//!
//! A corpus is cut into parts of so many sounds each, and a sound is a function of the synthesizer, the seed and its
//! index. So a part is the same whoever makes it, and when: shards are runs over some of the parts, and a run that was
//! killed goes on with the parts that are missing. A part is written under another name and renamed when it is whole.

use super::Corpus;
use super::metadata::{description, differing};
use super::part::Part;
use crate::{Error, Patches};
use auricle_audio::io::write_whole;
use serde_json::Value as Json;
use std::path::Path;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Sounds that were made.
    pub sounds: u64,
    /// Sounds whose parts were there.
    pub kept: u64,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// Sounds that are rendered together: enough for all threads, few enough for memory that stays flat.
const BATCH: u64 = 64;

/// The file that says what a corpus is.
const DESCRIPTION: &str = "corpus.json";

impl Corpus {
    /// Makes the parts of the shard that are missing. `goes_on` is told how many of the shard's sounds there are and of how
    /// many, and stops the run by `false`.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] for a corpus or a part without sounds; [`Error::Corpus`] if the folder holds
    /// another corpus, or parts of this one that are not to be kept; what rendering and writing report.
    pub fn make(&self, mut goes_on: impl FnMut(u64, u64) -> bool) -> Result<Made, Error> {
        for (name, number) in [("count", self.count), ("part", self.part)] {
            if number == 0 {
                return Err(auricle_audio::Error::range(name, "at least 1", number).into());
            }
        }
        let parts = self.parts();
        self.begin(&parts)?;
        let all: u64 = parts.iter().map(|part| part.sounds).sum();
        let mut made = Made::default();
        for part in parts {
            if part.is_there() {
                made.kept += part.sounds;
                continue;
            }
            let mut writer = part.begin(self)?;
            let mut done = 0;
            while done < part.sounds {
                if !goes_on(made.sounds + made.kept + done, all) {
                    made.stopped = true;
                    return Ok(made);
                }
                let n = BATCH.min(part.sounds - done);
                writer.add(part.first + done, &self.patches(part.first + done, n))?;
                done += n;
            }
            writer.finish()?;
            made.sounds += part.sounds;
        }
        goes_on(all, all);
        Ok(made)
    }

    /// The patches of some sounds.
    fn patches(&self, first: u64, n: u64) -> Patches {
        self.synth.sample(n as usize, self.seed, first, self.units)
    }

    /// The parts of the shard.
    fn parts(&self) -> Vec<Part> {
        let n_parts = self.count.div_ceil(self.part);
        let digits = (n_parts - 1).to_string().len().max(5);
        let of_shard = self.shard.range(n_parts as usize);
        of_shard
            .map(|index| {
                let first = index as u64 * self.part;
                let sounds = self.part.min(self.count - first);
                let name = format!("{index:0digits$}");
                Part::new(&self.out, &name, self.storage, first, sounds)
            })
            .collect()
    }

    /// Checks that the folder holds nothing else, and writes what the corpus is.
    fn begin(&self, parts: &[Part]) -> Result<(), Error> {
        let file = self.out.join(DESCRIPTION);
        let ours = description(self);
        match read(&file)? {
            Some(theirs) => {
                if let Some(what) = differing(&theirs, &ours) {
                    return Err(Error::Corpus {
                        folder: self.out.clone(),
                        problem: format!("holds another corpus: its {what}"),
                        hint: "choose another folder, or remove that one",
                    });
                }
                let there = parts.iter().filter(|part| part.is_there()).count();
                if there > 0 && !self.resume {
                    return Err(Error::Corpus {
                        folder: self.out.clone(),
                        problem: format!("holds {there} of the {} parts already", parts.len()),
                        hint: "`--resume` keeps them and makes the others",
                    });
                }
                Ok(())
            }
            None => {
                let text = serde_json::to_string_pretty(&ours).unwrap_or_default() + "\n";
                Ok(write_whole(&file, text.as_bytes())?)
            }
        }
    }
}

fn read(file: &Path) -> Result<Option<Json>, Error> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(auricle_audio::Error::file(file, error.to_string()).into()),
    };
    let json = serde_json::from_str(&text);
    let json = json.map_err(|error| auricle_audio::Error::file(file, error.to_string()))?;
    Ok(Some(json))
}
