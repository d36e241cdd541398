//! What a run must not write over.

use super::Shard;
use super::manifest::{LIST_HEAD, failed_name};
use super::records::Records;
use crate::Error;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// Refuses outputs that are inputs, by whatever name or link they are reached.
///
/// # Errors
/// [`Error::File`], naming the first such output.
pub(super) fn spare_inputs<S: AsRef<str>>(
    sources: &[&Path],
    out: &Path,
    outputs: impl Iterator<Item = S>,
) -> Result<(), Error> {
    let mut by_path = HashMap::new();
    let mut by_id = HashMap::new();
    for source in sources {
        // An input that is gone by now cannot be written over.
        if let Ok(real) = source.canonicalize() {
            by_id.extend(file_id(&real).map(|id| (id, source)));
            by_path.insert(real, source);
        }
    }
    let mut folders: HashMap<PathBuf, PathBuf> = HashMap::new();
    for output in outputs {
        let place = out.join(output.as_ref());
        let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
            continue;
        };
        let folder = folders
            .entry(folder.to_owned())
            .or_insert_with(|| real_place(folder));
        // The place itself, and what is there, if that is a link or a second name of a file.
        let there = place.canonicalize().ok();
        let input = by_path
            .get(&folder.join(name))
            .or_else(|| by_path.get(there.as_ref()?))
            .or_else(|| by_id.get(&file_id(there.as_ref()?)?));
        if let Some(input) = input {
            let reason = format!(
                "this output would be written over the input `{}`, which lies there",
                input.display()
            );
            return Err(Error::file_with_hint(
                place,
                reason,
                "choose an output folder that reaches no input",
            ));
        }
    }
    Ok(())
}

/// Refuses to write over files that no run made, unless that is wanted, and over anything that is no file. `is_known` is
/// asked of an output, by its place in the list and its name, that is there already; `records` are manifest and list of a
/// part, of which nobody else's may be in the way, either.
///
/// # Errors
/// [`Error::File`], naming the first such file and saying how many there are.
pub(super) fn spare_strangers<S: AsRef<str>>(
    out: &Path,
    outputs: impl Iterator<Item = S>,
    (records, shard): (&Records, Shard),
    overwrite: bool,
    is_known: &dyn Fn(usize, &str) -> bool,
) -> Result<(), Error> {
    let mut strangers = Vec::new();
    strangers.extend(records.foreign_manifest().map(Path::to_owned));
    let list = out.join(failed_name(shard));
    if list.symlink_metadata().is_ok() && !is_list(&list) {
        strangers.push(list);
    }
    for (index, output) in outputs.enumerate() {
        let place = out.join(output.as_ref());
        let Ok(there) = place.symlink_metadata() else {
            continue;
        };
        if there.is_dir() {
            return Err(Error::file_with_hint(
                place,
                "a folder lies where an output belongs",
                "move it away",
            ));
        }
        if !overwrite && !is_known(index, output.as_ref()) {
            strangers.push(place);
        }
    }
    let Some(first) = strangers.first().filter(|_| !overwrite) else {
        return Ok(());
    };
    let what = match strangers.len() {
        1 => "this file was".to_owned(),
        n => format!("this file and {} more were", n - 1),
    };
    let reason = format!("{what} not made by a run that is recorded in the output folder");
    Err(Error::file_with_hint(
        first,
        reason,
        "choose another output folder; `--overwrite` replaces what is there",
    ))
}

/// Whether a file is a list of inputs that could not be used.
fn is_list(path: &Path) -> bool {
    let mut head = vec![0; LIST_HEAD.len()];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut head))
        .is_ok()
        && head == LIST_HEAD.as_bytes()
}

/// The path of a folder with links resolved, whether it exists or is still to be made.
fn real_place(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut missing: Vec<OsString> = Vec::new();
    let mut existing = folder.as_path();
    loop {
        if let Ok(mut real) = existing.canonicalize() {
            for part in missing.into_iter().rev() {
                // Folders that are still to be made are no links.
                if part == ".." {
                    real.pop();
                } else {
                    real.push(part);
                }
            }
            return real;
        }
        match existing.components().next_back() {
            Some(Component::Normal(part)) => missing.push(part.to_owned()),
            Some(Component::ParentDir) => missing.push("..".into()),
            _ => return folder,
        }
        match existing.parent() {
            Some(parent) => existing = parent,
            None => return folder,
        }
    }
}

/// What the file system tells files apart by, whatever their names.
#[cfg(unix)]
fn file_id(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<(u64, u64)> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::Plan;
    use super::super::journal::Journal;
    use super::*;
    use std::os::unix::fs::symlink;

    /// A folder with `store/dog/a.wav`, which is an input, and the plan that makes `out/dog/a.wav` of it.
    #[expect(
        clippy::unwrap_used,
        reason = "a test that cannot go on fails, also where a helper notices it"
    )]
    fn check(prepare: impl FnOnce(&Path), input: &str, out: &str) -> Result<(), Error> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("store/dog")).unwrap();
        std::fs::write(root.join("store/dog/a.wav"), b"sound").unwrap();
        prepare(root);
        let out = root.join(out);
        let plan = Plan::new(&[root.join(input)], &out, 1, "wav")?;
        spare_inputs(&plan.sources(), &out, plan.outputs(Shard::WHOLE))
    }

    #[test]
    fn no_way_leads_from_an_output_to_an_input() {
        let nothing = |_: &Path| ();
        assert!(check(nothing, "store", "out").is_ok());
        assert!(check(nothing, "store", "store").is_err());
        assert!(check(nothing, "store/dog/a.wav", "store/dog").is_err());
        assert!(check(nothing, "store/dog/a.wav", "none/../store/dog").is_err());
        assert!(check(nothing, "store/dog/a.wav", "store/dog/none/..").is_err());
        assert!(check(nothing, "store/dog", "store/dog/../dog").is_err());
        // The input folder reaches its files through a link.
        let link_in = |root: &Path| {
            std::fs::create_dir(root.join("data")).unwrap();
            symlink("../store/dog", root.join("data/dog")).unwrap();
        };
        assert!(check(link_in, "data", "data").is_err());
        assert!(check(link_in, "data", "store").is_err());
        assert!(check(link_in, "data", "out").is_ok());
        // The output folder is a link, or one inside it is.
        assert!(
            check(
                |root| symlink("store", root.join("out")).unwrap(),
                "store",
                "out"
            )
            .is_err()
        );
        let link_out = |root: &Path| {
            std::fs::create_dir(root.join("out")).unwrap();
            symlink(root.join("store/dog"), root.join("out/dog")).unwrap();
        };
        assert!(check(link_out, "store", "out").is_err());
        assert!(
            check(
                |root| symlink("nowhere", root.join("out")).unwrap(),
                "store",
                "out"
            )
            .is_ok()
        );
        // The output is a link to an input or its second name.
        let at_place = |make: fn(&Path, &Path) -> std::io::Result<()>| {
            check(
                move |root| {
                    std::fs::create_dir_all(root.join("out/dog")).unwrap();
                    make(&root.join("store/dog/a.wav"), &root.join("out/dog/a.wav")).unwrap();
                },
                "store",
                "out",
            )
        };
        assert!(at_place(|a, b| symlink(a, b)).is_err());
        assert!(at_place(|a, b| std::fs::hard_link(a, b)).is_err());
        assert!(at_place(|a, b| std::fs::copy(a, b).map(drop)).is_ok());
    }

    #[test]
    fn what_no_run_recorded_is_spared() {
        let folder = tempfile::tempdir().unwrap();
        let (root, out) = (folder.path(), folder.path().join("out"));
        std::fs::create_dir_all(&out).unwrap();
        let inputs: Vec<PathBuf> = ["a", "b", "c"]
            .iter()
            .map(|name| root.join(name).with_extension("wav"))
            .collect();
        inputs
            .iter()
            .for_each(|path| std::fs::write(path, b"").unwrap());
        let plan = Plan::new(&inputs, &out, 1, "wav").unwrap();
        let journal = Journal::open(&out, Shard::WHOLE).unwrap();
        journal
            .add(r#"{"source":"a.wav","output":"a.wav"}"#)
            .unwrap();
        let check_with = |overwrite, ours: Option<usize>| {
            let records = Records::read(&out, Shard::WHOLE, &journal).unwrap();
            let is_known = |item, output: &str| records.knows(output) || ours == Some(item);
            spare_strangers(
                &out,
                plan.outputs(Shard::WHOLE),
                (&records, Shard::WHOLE),
                overwrite,
                &is_known,
            )
        };
        let check = |overwrite| check_with(overwrite, None);
        assert!(check(false).is_ok());
        std::fs::write(out.join("a.wav"), b"").unwrap();
        assert!(check(false).is_ok());
        symlink("nowhere", out.join("b.wav")).unwrap();
        std::fs::write(out.join("c.wav"), b"").unwrap();
        let error = check(false).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("b.wav`: this file and 1 more were not made"),
            "{error}"
        );
        assert!(check(true).is_ok());
        assert!(
            check_with(false, Some(1))
                .unwrap_err()
                .to_string()
                .contains("c.wav`: this file was")
        );
        for name in ["b.wav", "c.wav"] {
            std::fs::remove_file(out.join(name)).unwrap();
        }
        // A manifest of another program, and a table of the user's own.
        for (name, content) in [
            ("manifest.jsonl", r#"{"audio_filepath":"x"}"#),
            ("manifest.failed.tsv", "day\tn\n"),
        ] {
            std::fs::write(out.join(name), content).unwrap();
            assert!(check(false).unwrap_err().to_string().contains(name));
            assert!(check(true).is_ok());
            std::fs::remove_file(out.join(name)).unwrap();
        }
        std::fs::write(
            out.join("manifest.jsonl"),
            r#"{"source":"x","output":null}"#,
        )
        .unwrap();
        std::fs::write(out.join("manifest.failed.tsv"), LIST_HEAD).unwrap();
        assert!(check(false).is_ok());
        std::fs::create_dir(out.join("c.wav")).unwrap();
        assert!(
            check(true)
                .unwrap_err()
                .to_string()
                .contains("c.wav`: a folder")
        );
    }
}
