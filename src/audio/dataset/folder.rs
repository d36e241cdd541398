//! A folder of sounds, a folder a class.

use super::{Cache, Clip, Dataset, Form, Naming, Source};
use crate::Error;
use crate::io::find_sounds;
use std::path::{Path, PathBuf};

/// What the names of the files in a folder say, beside the class.
#[derive(Default)]
pub struct FolderNames<'a> {
    /// What belongs together and must not stand on both sides of a split, such as the patient. It becomes the column
    /// [`GROUP`].
    pub group: Option<Naming<'a>>,
    /// The fold, a whole number.
    pub fold: Option<Naming<'a>>,
}

/// The column of the groups that names tell.
pub const GROUP: &str = "group";

/// Reads a folder whose sub-folders are classes; sounds directly in it are not labelled.
///
/// Only names are read: no file is opened. Clips are in the order of their paths.
///
/// # Errors
/// [`Error::File`] if there is no such folder, it cannot be walked, holds no sound, or a name does not say what it should.
pub fn folder(
    dir: &Path,
    names: &FolderNames<'_>,
    form: Form,
    cache: Option<Cache>,
) -> Result<Dataset, Error> {
    let found = find_sounds(dir)?;
    let files: Vec<(PathBuf, String)> = found
        .files
        .into_iter()
        .map(|file| {
            let inside = file.strip_prefix(dir).unwrap_or(&file);
            let parts: Vec<_> = inside
                .components()
                .map(|part| part.as_os_str().to_string_lossy())
                .collect();
            let name = parts.join("/");
            (file, name)
        })
        .collect();
    let mut classes: Vec<&str> = files
        .iter()
        .filter_map(|(_, name)| Some(name.split_once('/')?.0))
        .collect();
    classes.sort_unstable();
    classes.dedup();
    let groups = names
        .group
        .as_ref()
        .map(|naming| naming.values("group", &files))
        .transpose()?;
    let folds = names
        .fold
        .as_ref()
        .map(|naming| naming.values("fold", &files))
        .transpose()?;
    let mut clips = Vec::with_capacity(files.len());
    for (index, (file, name)) in files.iter().enumerate() {
        let class = name
            .split_once('/')
            .and_then(|(class, _)| classes.binary_search(&class).ok());
        let mut clip = Clip::new(Source::File(file.clone()), class);
        if let Some(groups) = &groups {
            clip.columns.push((GROUP.into(), groups[index].clone()));
        }
        if let Some(folds) = &folds {
            let fold = folds[index].parse();
            clip.fold = Some(fold.map_err(|_| {
                let reason = format!("its fold must be a whole number, not {:?}", folds[index]);
                Error::file_with_hint(file, reason, "let the capture of `fold` match digits alone")
            })?);
        }
        clips.push(clip);
    }
    let classes = classes.into_iter().map(str::to_owned).collect();
    let name = dir.file_name().map_or_else(
        || "folder".into(),
        |name| name.to_string_lossy().into_owned(),
    );
    let grouped = groups.is_some().then(|| GROUP.into());
    Ok(Dataset::new(&name, clips, classes, form, cache)?
        .grouped_by(grouped)
        .passing_over(found.passed_over))
}

#[cfg(test)]
mod tests {
    use super::super::{NamePattern, SplitRule};
    use super::*;

    fn tree(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        folder
    }

    fn pattern(text: &str) -> Option<Naming<'static>> {
        Some(Naming::Pattern(NamePattern::new("group", text).unwrap()))
    }

    #[test]
    fn names_give_classes_groups_and_folds() {
        let folder = tree(&[
            "ill/p1_2_a.wav",
            "ill/p1_2_b.flac",
            "well/p02_1_a.wav",
            "p3_1_x.wav",
            "notes.txt",
        ]);
        let names = FolderNames {
            group: pattern("p([0-9]+)_"),
            fold: pattern("p[0-9]+_([0-9]+)_"),
        };
        let data = super::folder(folder.path(), &names, Form::default(), None).unwrap();
        let rows: Vec<_> = data
            .clips()
            .iter()
            .map(|clip| (clip.label, clip.column(GROUP).unwrap(), clip.fold.unwrap()))
            .collect();
        assert_eq!(
            rows,
            [
                (Some(0), "1", 2),
                (Some(0), "1", 2),
                (None, "3", 1),
                (Some(1), "02", 1)
            ]
        );
        assert_eq!(data.classes(), ["ill", "well"]);
        assert!(
            data.describe()
                .to_string()
                .contains("passed over: 1 file of a kind that is not read (1 .txt)")
        );
        let letters = FolderNames {
            fold: pattern("_([a-z])\\."),
            ..FolderNames::default()
        };
        let error = super::folder(folder.path(), &letters, Form::default(), None)
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("its fold must be a whole number, not \"a\""),
            "{error}"
        );
    }

    #[test]
    fn a_split_that_divides_groups_says_so() {
        let names: Vec<String> = (0..40)
            .map(|i| format!("c{}/p{}_{i}.wav", i % 2, i / 4))
            .collect();
        let folder = tree(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let names = FolderNames {
            group: pattern("p([0-9]+)_"),
            ..FolderNames::default()
        };
        let data = super::folder(folder.path(), &names, Form::default(), None).unwrap();
        let shares = |group: Option<&str>| SplitRule::Shares {
            test: 0.2,
            validation: 0.0,
            stratify: true,
            group: group.map(str::to_owned),
            seed: 1,
        };
        let divided = data.split(&shares(None)).unwrap().divided;
        assert_eq!(
            (divided[0].column.as_str(), divided[0].n_values),
            (GROUP, 10)
        );
        assert!((2..=8).contains(&divided[0].n_divided), "{divided:?}");
        assert!(
            divided[0]
                .to_string()
                .contains("of 10 values of `group` stand in more than one part")
        );
        assert_eq!(data.split(&shares(Some(GROUP))).unwrap().divided, []);
    }
}
