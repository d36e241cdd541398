//! The record of what was made: a line of JSON for every view of every input.

use super::{Encoding, Shard};
use crate::augment::Trace;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// One line of a manifest. It says all that the output depends on, so that it can be made again, and what it holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Place of the input in the sorted list of inputs, from 0.
    pub item: u64,
    /// Which view, from 0.
    pub view: u64,
    /// Seed of the draws.
    pub seed: u64,
    /// The input.
    pub source: String,
    /// Length of the input file, bytes.
    pub source_bytes: u64,
    /// XXH3 hash of the input file's bytes, 64 bits in hexadecimal digits.
    pub source_xxh3: String,
    /// The output's path inside the output folder; nothing if it could not be made.
    pub output: Option<String>,
    /// Length of the output file, bytes.
    pub output_bytes: u64,
    /// XXH3 hash of the output file's bytes.
    pub output_xxh3: String,
    /// The recipe as source of the language.
    pub recipe: String,
    /// Format of the output, `wav` or `flac`.
    pub format: String,
    /// Bits of a sample of the output.
    pub bits: u16,
    /// The program and its version.
    pub program: String,
    /// Fingerprint of all that outputs of this recipe have in common: recipe, format, program, and the list of the
    /// recordings that it draws from.
    pub made_by: String,
    /// Every value that was drawn; with the recipe and the input it repeats the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// Why there is no output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Whether the input was refused by what its head says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub passed_over: bool,
}

/// The program and its version, as manifests name it. Another version may make other bytes.
pub(super) const PROGRAM: &str = concat!("auricle ", env!("CARGO_PKG_VERSION"));

impl Entry {
    /// Fingerprint of what the output was made from; two entries agree in it if their outputs must be the same.
    pub(super) fn made_from(&self) -> u64 {
        let Entry {
            item,
            view,
            seed,
            source,
            source_bytes,
            source_xxh3,
            made_by,
            ..
        } = self;
        xxh3_64(
            format!("{item} {view} {seed} {source_bytes} {source_xxh3} {made_by} {source}")
                .as_bytes(),
        )
    }

    /// The entry as a line, without its end.
    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("an entry has text for its keys and finite numbers")
    }

    /// How the output is stored, if there is such a way.
    pub fn encoding(&self) -> Option<Encoding> {
        Encoding::named(&self.format, self.bits)
    }
}

/// The name of the manifest of a part of the inputs. Sorted by name, the parts are in their order.
pub fn manifest_name(shard: Shard) -> String {
    format!("{}.jsonl", base(shard))
}

/// The name of the list of inputs that could not be used, beside the manifest: their paths, whether they were passed over
/// or failed, and why, with tabs between.
pub fn failed_name(shard: Shard) -> String {
    format!("{}.failed.tsv", base(shard))
}

/// The first line of that list.
pub(super) const LIST_HEAD: &str = "input\tstate\treason";

fn base(shard: Shard) -> String {
    if shard.count == 1 {
        return "manifest".into();
    }
    let width = shard.count.to_string().len();
    format!("manifest.{:0width$}-of-{}", shard.index, shard.count)
}

/// Where the record of a run grows that has not come to its end.
pub(super) fn partial(out: &Path, shard: Shard) -> PathBuf {
    out.join(manifest_name(shard) + ".partial")
}

/// Whether a file of an output folder is a manifest, complete or not.
pub(super) fn is_manifest(name: &str) -> bool {
    let name = name.strip_suffix(".partial").unwrap_or(name);
    name.strip_suffix(".jsonl")
        .is_some_and(|base| base == "manifest" || base.starts_with("manifest."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts_are_in_their_order_and_known_again() {
        let shard = |index, count| Shard { index, count };
        assert_eq!(manifest_name(Shard::WHOLE), "manifest.jsonl");
        assert_eq!(manifest_name(shard(2, 12)), "manifest.02-of-12.jsonl");
        assert_eq!(failed_name(shard(12, 12)), "manifest.12-of-12.failed.tsv");
        for name in [
            "manifest.jsonl",
            "manifest.jsonl.partial",
            "manifest.02-of-12.jsonl",
        ] {
            assert!(is_manifest(name), "{name}");
        }
        for name in [
            "manifest.failed.tsv",
            "manifest.txt",
            "my_manifest.jsonl",
            "manifest2.jsonl",
        ] {
            assert!(!is_manifest(name), "{name}");
        }
    }

    #[test]
    fn whatever_an_output_is_made_from_is_in_its_fingerprint() {
        let entry = Entry {
            source: "a.wav".into(),
            ..Entry::default()
        };
        let changed = [
            Entry {
                item: 1,
                ..entry.clone()
            },
            Entry {
                view: 1,
                ..entry.clone()
            },
            Entry {
                seed: 1,
                ..entry.clone()
            },
            Entry {
                source: "b.wav".into(),
                ..entry.clone()
            },
            Entry {
                source_bytes: 1,
                ..entry.clone()
            },
            Entry {
                source_xxh3: "1".into(),
                ..entry.clone()
            },
            Entry {
                made_by: "1".into(),
                ..entry.clone()
            },
        ];
        assert!(
            changed
                .iter()
                .all(|changed| changed.made_from() != entry.made_from())
        );
        let of_itself = Entry {
            output: Some("o".into()),
            output_bytes: 3,
            ..entry.clone()
        };
        assert_eq!(of_itself.made_from(), entry.made_from());
        assert_eq!(
            serde_json::from_str::<Entry>(&of_itself.line()).unwrap(),
            of_itself
        );
    }
}
