//! Temporary files that a killed run left behind.

use super::Shard;
use super::journal::is_abandoned;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// How the names of a part's temporary files begin. Six letters or digits follow.
pub(super) fn prefix(shard: Shard) -> String {
    format!(".auricle-{}-of-{}-", shard.index, shard.count)
}

/// The part whose run made a temporary file, if the name is that of one.
fn maker(name: &str) -> Option<Shard> {
    let (index, rest) = name.strip_prefix(".auricle-")?.split_once("-of-")?;
    let (count, random) = rest.split_once('-')?;
    let shard = Shard::parse(&format!("{index}/{count}")).ok()?;
    let is_random = random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // As this program writes it, and in no other way.
    (is_random && prefix(shard) + random == name).then_some(shard)
}

/// Removes the temporary files of this part, which no other run writes now, and those of other parts whose runs are dead:
/// in the output folder and wherever outputs go.
pub(super) fn sweep<S: AsRef<str>>(out: &Path, outputs: impl Iterator<Item = S>, own: Shard) {
    let folder = |output: S| out.join(output.as_ref()).parent().map(Path::to_owned);
    let mut folders: HashSet<PathBuf> = outputs.filter_map(folder).collect();
    // Folders of earlier runs of other inputs, too; what lies behind links only where outputs of this run go there.
    let below = WalkDir::new(out)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_dir());
    folders.extend(below.map(walkdir::DirEntry::into_path));
    let mut dead = HashMap::from([((own.index, own.count), true)]);
    for folder in folders {
        for entry in std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
        {
            let Some(shard) = maker(&entry.file_name().to_string_lossy()) else {
                continue;
            };
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            let dead = dead
                .entry((shard.index, shard.count))
                .or_insert_with(|| is_abandoned(out, shard));
            if is_file && *dead {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Plan;
    use super::super::journal::Journal;
    use super::*;

    #[test]
    fn only_names_of_temporary_files_are_taken_for_such() {
        assert_eq!(maker(".auricle-1-of-1-aB3xY9"), Some(Shard::WHOLE));
        assert_eq!(
            maker(".auricle-2-of-12-aB3xY9"),
            Some(Shard {
                index: 2,
                count: 12
            })
        );
        for name in [
            ".auricle-aB3xY9",
            ".auricle-1-of-1-aB3xY",
            ".auricle-1-of-1-aB3xY9.wav",
            ".auricle-3-of-2-aB3xY9",
            ".auricle-01-of-1-aB3xY9",
            ".auricle-1-of-1-notes!",
            "auricle-1-of-1-aB3xY9",
        ] {
            assert_eq!(maker(name), None, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_dead_runs_left_goes_and_all_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        std::fs::create_dir_all(out.join("deep/er")).unwrap();
        std::fs::write(folder.path().join("a.wav"), b"").unwrap();
        let plan = Plan::new(&[folder.path().join("a.wav")], &out, 1, "wav").unwrap();
        let write = |name: &str| std::fs::write(out.join(name), b"x").unwrap();
        let (gone, kept) = (
            [
                ".auricle-1-of-1-aaaaaa",
                "deep/er/.auricle-1-of-1-bbbbbb",
                "deep/.auricle-2-of-3-cccccc",
            ],
            [
                "deep/.auricle-1-of-3-dddddd",
                ".auricle-eeeeee",
                "deep/a.wav",
            ],
        );
        gone.iter().chain(&kept).for_each(|name| write(name));
        let alive = Journal::open(&out, Shard { index: 1, count: 3 }).unwrap();
        sweep(&out, plan.outputs(Shard::WHOLE), Shard::WHOLE);
        assert!(gone.iter().all(|name| !out.join(name).exists()));
        assert!(kept.iter().all(|name| out.join(name).exists()));
        drop(alive);
        sweep(&out, plan.outputs(Shard::WHOLE), Shard::WHOLE);
        assert!(!out.join(kept[0]).exists());
    }
}
