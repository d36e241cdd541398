//! Which files become which.

use crate::io::PassedOver;
use crate::{Error, io};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// The inputs in their order, each with the outputs it becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    items: Vec<Item>,
    n_views: usize,
    extension: String,
    passed_over: PassedOver,
}

#[derive(Clone, Debug, PartialEq)]
struct Item {
    source: PathBuf,
    /// Path of the output inside the output folder, without the view and the ending.
    stem: PathBuf,
}

/// A part of the inputs: the `index`-th of `count`, counted from 1. Parts are stretches of the list, so that their
/// manifests, one after the other, are the manifest of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part, from 1.
    pub index: usize,
    /// How many parts there are.
    pub count: usize,
}

impl Shard {
    /// Everything.
    pub const WHOLE: Shard = Shard { index: 1, count: 1 };

    /// The part that `i/n` names.
    ///
    /// # Errors
    /// [`Error::Range`] unless `1 <= i <= n`.
    pub fn parse(text: &str) -> Result<Shard, Error> {
        let numbers = text
            .split_once('/')
            .and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((index, count)) if 1 <= index && index <= count => Ok(Shard { index, count }),
            _ => Err(Error::range("shard", "`i/n` with `i` from 1 to `n`", text)),
        }
    }

    /// The items of this part.
    pub fn range(self, n_items: usize) -> std::ops::Range<usize> {
        let at = |index: usize| (index as u128 * n_items as u128 / self.count as u128) as usize;
        at(self.index - 1)..at(self.index)
    }
}

impl Plan {
    /// Finds the inputs, files and folders, and names their outputs: the path inside the folder that was given, with
    /// `.view0`, `.view1` and so on where there are several views. Two sources that would become one file keep their own
    /// endings in its name. What lies in the output folder is no input.
    ///
    /// # Errors
    /// [`Error::File`] if an input does not exist, holds no sound, or would be written over another one's output.
    pub fn new(
        inputs: &[PathBuf],
        out: &Path,
        n_views: usize,
        extension: &str,
    ) -> Result<Plan, Error> {
        let mut found: Vec<(PathBuf, PathBuf)> = Vec::new();
        let mut passed_over = PassedOver::default();
        for input in inputs {
            if input.is_dir() {
                let inside = io::find_sounds(input)?;
                passed_over.add(inside.passed_over);
                for file in inside.files {
                    let inside = file.strip_prefix(input).unwrap_or(&file).to_owned();
                    found.push((file, inside));
                }
            } else if input.is_file() {
                let name = input
                    .file_name()
                    .map_or_else(|| input.clone(), PathBuf::from);
                found.push((input.clone(), name));
            } else {
                let hint = "give sound files and folders; relative paths start where the program was started";
                return Err(Error::file_with_hint(
                    input,
                    "there is no such file or folder",
                    hint,
                ));
            }
        }
        if let Ok(out) = out.canonicalize() {
            found.retain(|(file, _)| !file.canonicalize().is_ok_and(|file| file.starts_with(&out)));
        }
        if found.is_empty() {
            return Err(Error::file_with_hint(
                out,
                "no input lies outside the output folder",
                "choose another folder",
            ));
        }
        found.sort();
        found.dedup_by(|a, b| a.0 == b.0);
        let mut alike: HashMap<PathBuf, usize> = HashMap::new();
        for (_, inside) in &found {
            *alike.entry(inside.with_extension("")).or_default() += 1;
        }
        let items: Vec<Item> = found
            .into_iter()
            .map(|(source, inside)| {
                let short = inside.with_extension("");
                let stem = if alike[&short] > 1 { inside } else { short };
                Item { source, stem }
            })
            .collect();
        let plan = Plan {
            items,
            n_views,
            extension: extension.to_owned(),
            passed_over,
        };
        let mut taken = HashSet::new();
        for item in 0..plan.n_items() {
            for view in 0..n_views {
                if !taken.insert(plan.output(item, view)) {
                    let reason = format!(
                        "its output `{}` is that of another input, too",
                        plan.output(item, view)
                    );
                    let hint = "give the folder that holds both, so that their paths inside it tell them apart";
                    return Err(Error::file_with_hint(plan.source(item), reason, hint));
                }
            }
        }
        Ok(plan)
    }

    /// Number of inputs.
    pub fn n_items(&self) -> usize {
        self.items.len()
    }

    /// The inputs by the endings of their names, and how many there are of each.
    pub fn kinds(&self) -> BTreeMap<String, usize> {
        let mut kinds = BTreeMap::new();
        for item in &self.items {
            let ending = item
                .source
                .extension()
                .map(|ending| ending.to_string_lossy().to_lowercase());
            let kind = ending.map_or_else(
                || "without an ending".to_owned(),
                |ending| format!(".{ending}"),
            );
            *kinds.entry(kind).or_default() += 1;
        }
        kinds
    }

    /// What lies in the folders and is no input.
    pub fn passed_over(&self) -> &PassedOver {
        &self.passed_over
    }

    /// The input file of an item.
    pub fn source(&self, item: usize) -> &Path {
        &self.items[item].source
    }

    /// The input files of all items.
    pub(super) fn sources(&self) -> Vec<&Path> {
        self.items
            .iter()
            .map(|item| item.source.as_path())
            .collect()
    }

    /// The outputs of a part, all views of an item and then those of the next one.
    pub(super) fn outputs(&self, shard: Shard) -> impl Iterator<Item = String> {
        let items = shard.range(self.n_items());
        items.flat_map(move |item| (0..self.n_views).map(move |view| self.output(item, view)))
    }

    /// The path of a view inside the output folder, with `/` between its parts on every system.
    pub fn output(&self, item: usize, view: usize) -> String {
        let stem = &self.items[item].stem;
        let parts: Vec<_> = stem
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        let view = if self.n_views > 1 {
            format!(".view{view}")
        } else {
            String::new()
        };
        format!("{}{view}.{}", parts.join("/"), self.extension)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_cover_everything_once() {
        for (n_items, count) in [(10, 3), (2, 5), (0, 2), (7, 1), (100, 7)] {
            let parts = (1..=count).flat_map(|index| Shard { index, count }.range(n_items));
            assert_eq!(parts.collect::<Vec<_>>(), (0..n_items).collect::<Vec<_>>());
        }
        assert_eq!(Shard::parse("2/3").unwrap(), Shard { index: 2, count: 3 });
        for wrong in ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"] {
            assert!(Shard::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn outputs_are_named_by_the_path_inside_and_never_alike() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("in");
        for name in ["b/x.wav", "a.wav", "a.flac", "c.ogg", "out/a.wav"] {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let outputs = |inputs: &[PathBuf], n_views| {
            let plan = Plan::new(inputs, &root.join("out"), n_views, "wav")?;
            Ok((0..plan.n_items())
                .map(|item| plan.output(item, n_views - 1))
                .collect::<Vec<_>>())
        };
        let ok = outputs(std::slice::from_ref(&root), 1).unwrap();
        assert_eq!(ok, ["a.flac.wav", "a.wav.wav", "b/x.wav", "c.wav"]);
        let two = outputs(
            &[root.join("c.ogg"), root.join("b"), root.join("b/x.wav")],
            2,
        )
        .unwrap();
        assert_eq!(two, ["x.view1.wav", "c.view1.wav"]);
        let failed: Result<Vec<String>, Error> = outputs(&[root.join("nothing")], 1);
        assert!(failed.is_err());
        std::fs::create_dir_all(root.join("d")).unwrap();
        std::fs::write(root.join("d/x.wav"), b"").unwrap();
        assert!(outputs(&[root.join("b"), root.join("d")], 1).is_err());
        assert!(outputs(&[root.join("out")], 1).is_err());
    }
}
