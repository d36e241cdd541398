//! Clips as a table lists them.

use super::manifest_row::{Path as RowPath, Table};
use super::{Cache, Clip, Column, Dataset, Form, GROUP, Missing, Part, Source, Span, WhenMissing};
use crate::Error;
use std::path::{Path, PathBuf};

/// Which columns of a table say what.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Manifest {
    /// The file: a column, or a text with columns in braces, such as `{id}/cough.wav`.
    pub path: String,
    /// The class, one a clip.
    pub label: Option<String>,
    /// The classes, any number a clip.
    pub labels: Option<String>,
    /// What stands between classes.
    pub separator: String,
    /// A number to predict.
    pub target: Option<String>,
    /// The cross-validation fold, a whole number.
    pub fold: Option<String>,
    /// What belongs together, such as the patient.
    pub group: Option<String>,
    /// The part of the official split, by one of the words of [`Part::WORDS`].
    pub split: Option<String>,
    /// The part that all rows are of.
    pub part: Option<Part>,
    /// Where in the file the clip begins, s.
    pub start_s: Option<String>,
    /// Where in the file it ends, s.
    pub end_s: Option<String>,
    /// Further columns to keep.
    pub columns: Vec<String>,
    /// Names of the classes in order; those that occur, sorted, if it is empty.
    pub classes: Vec<String>,
    /// Folder below which the paths lead to files; that of the table if `None`.
    pub root: Option<PathBuf>,
    /// What becomes of clips whose files are not there.
    pub missing: WhenMissing,
}

/// Reads a table with a head: commas, semicolons or tabs between columns, whichever the head has most of.
///
/// Empty cells say nothing: such a clip has no label, target, fold, group or part. A path without an ending is looked for
/// with each ending of a sound.
///
/// # Errors
/// [`Error::File`] if the table cannot be read, a cell is not what its column should be (with its row), or files are not
/// there; [`Error::Unknown`] for a column or class that there is not.
pub fn manifest(
    table: &Path,
    by: &Manifest,
    form: Form,
    cache: Option<Cache>,
) -> Result<Dataset, Error> {
    let rows = Table::read(table)?;
    let path = RowPath::new(&rows, &by.path)?;
    let optional = |name: &Option<String>| name.as_ref().map(|name| rows.column(name)).transpose();
    let (label, labels, target) = (
        optional(&by.label)?,
        optional(&by.labels)?,
        optional(&by.target)?,
    );
    let (fold, group, split) = (
        optional(&by.fold)?,
        optional(&by.group)?,
        optional(&by.split)?,
    );
    let (start, end) = (optional(&by.start_s)?, optional(&by.end_s)?);
    let kept: Vec<usize> = by
        .columns
        .iter()
        .map(|name| rows.column(name))
        .collect::<Result<_, _>>()?;
    if label.is_some() && labels.is_some() {
        return Err(Error::Unusable(
            "a clip has one class, `label`, or several, `labels`: give one of the two".to_owned(),
        ));
    }
    let several = |row: usize| -> Vec<&str> {
        let cell = labels.map_or("", |column| rows.cell(row, column));
        cell.split(by.separator.as_str())
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect()
    };
    let mut classes = by.classes.clone();
    if classes.is_empty() {
        let single = |row: usize| label.map_or("", |column| rows.cell(row, column));
        let all = (0..rows.len()).flat_map(|row| several(row).into_iter().chain([single(row)]));
        classes = all
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        classes.sort();
        classes.dedup();
        // Classes that are numbers stand in their order, not in that of their digits.
        if classes.iter().all(|name| name.parse::<f64>().is_ok()) {
            classes.sort_by(|a, b| number(a).total_cmp(&number(b)));
        }
    }
    let class = |row: usize, name: &str| {
        classes
            .iter()
            .position(|class| class == name)
            .ok_or_else(|| Error::Unknown {
                owner: format!("row {} of {}", row + 2, rows.name()),
                kind: "class",
                got: name.to_owned(),
                known: classes.clone(),
            })
    };
    let root = by
        .root
        .clone()
        .or_else(|| table.parent().map(Path::to_owned))
        .unwrap_or_default();
    let mut absent = Missing::of(table);
    let mut clips = Vec::new();
    for row in 0..rows.len() {
        let found = path.find(&rows, row, &root)?;
        if !absent.is_there(&found) {
            continue;
        }
        let word = |column: Option<usize>| {
            column
                .map(|column| rows.cell(row, column))
                .filter(|cell| !cell.is_empty())
        };
        let one = word(label).map(|name| class(row, name)).transpose()?;
        let mut clip = Clip::new(Source::File(found), one);
        if labels.is_some() {
            let mut all: Vec<usize> = several(row)
                .into_iter()
                .map(|name| class(row, name))
                .collect::<Result<_, _>>()?;
            all.sort_unstable();
            all.dedup();
            clip.labels = Some(all);
        }
        clip.target = rows.number(row, target)?;
        clip.fold = match word(fold) {
            None => None,
            Some(cell) => Some(
                cell.parse()
                    .map_err(|_| rows.wrong(row, fold, "a whole number"))?,
            ),
        };
        clip.part = match word(split) {
            None => by.part,
            Some(cell) => {
                let words = Part::WORDS.map(|(word, _)| word).join(", ");
                Some(
                    Part::of_word(cell)
                        .ok_or_else(|| rows.wrong(row, split, &format!("one of {words}")))?,
                )
            }
        };
        let (from, to) = (rows.number(row, start)?, rows.number(row, end)?);
        if from.is_some() || to.is_some() {
            let start_s = from.unwrap_or(0.0);
            if start_s < 0.0 || to.is_some_and(|end| end <= start_s) {
                let column = if start_s < 0.0 { start } else { end };
                return Err(rows.wrong(row, column, "a time in seconds behind the start"));
            }
            clip.span = Some(Span { start_s, end_s: to });
        }
        let named = |name: &String, column: usize| -> (Column, String) {
            (name.clone().into(), rows.cell(row, column).to_owned())
        };
        if let (Some(name), Some(column), Some(_)) = (&by.group, group, word(group)) {
            clip.columns.push(named(name, column));
            if name != GROUP {
                clip.columns
                    .push((GROUP.into(), rows.cell(row, column).to_owned()));
            }
        }
        let others = by
            .columns
            .iter()
            .zip(&kept)
            .filter(|(name, _)| Some(*name) != by.group.as_ref());
        clip.columns
            .extend(others.map(|(name, &column)| named(name, column)));
        clips.push(clip);
    }
    absent.settle(by.missing)?;
    if clips.is_empty() {
        let reason = match rows.len() {
            0 => "it has no rows".to_owned(),
            n => format!("none of the {n} files that it names is there"),
        };
        return Err(Error::file(table, reason));
    }
    let name = table.file_stem().map_or_else(
        || "manifest".into(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    let groups: Option<Column> = by.group.as_ref().map(|name| name.clone().into());
    Ok(Dataset::new(&name, clips, classes, form, cache)?
        .grouped_by(groups)
        .lacking(vec![absent]))
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::SplitRule;

    fn tree(table: &str, files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let path = folder.path().join("table.csv");
        std::fs::write(&path, table).unwrap();
        (folder, path)
    }

    fn by(path: &str) -> Manifest {
        Manifest {
            path: path.into(),
            separator: ",".into(),
            ..Manifest::default()
        }
    }

    fn named(name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn read(table: &Path, by: &Manifest) -> Result<Dataset, Error> {
        manifest(table, by, Form::default(), None)
    }

    #[test]
    fn fsd50k_has_several_classes_a_clip_and_names_without_endings() {
        // Lines as they are published in FSD50K.ground_truth/dev.csv.
        let table = "fname,labels,mids,split\n\
                     64760,\"Electric_guitar,Guitar,Music\",\"/m/02sgy,/m/0342h,/m/04rlf\",train\n\
                     16399,\"Crowd,Human_group_actions\",\"/m/03qtwd,/t/dd00012\",val\n";
        let (folder, table) = tree(
            table,
            &["FSD50K.dev_audio/64760.wav", "FSD50K.dev_audio/16399.wav"],
        );
        let by = Manifest {
            labels: named("labels"),
            split: named("split"),
            root: Some(folder.path().join("FSD50K.dev_audio")),
            columns: vec!["mids".into()],
            ..by("fname")
        };
        let data = read(&table, &by).unwrap();
        assert_eq!(
            data.classes(),
            [
                "Crowd",
                "Electric_guitar",
                "Guitar",
                "Human_group_actions",
                "Music"
            ]
        );
        let clip = &data.clips()[0];
        assert_eq!(
            (clip.label, clip.labels.as_deref(), clip.part),
            (None, Some(&[1, 2, 4][..]), Some(Part::Train))
        );
        assert_eq!(clip.column("mids"), Some("/m/02sgy,/m/0342h,/m/04rlf"));
        assert!(data.clips()[1].is_of(3) && !data.clips()[1].is_of(4));
        // The evaluation clips are a table of their own.
        let test = read(
            &table,
            &Manifest {
                split: None,
                part: Some(Part::Test),
                ..by
            },
        )
        .unwrap();
        let both = Dataset::joined(&[data, test]).unwrap();
        let sizes = |split: &crate::dataset::Split| {
            [&split.train, &split.validation, &split.test].map(Dataset::len)
        };
        assert_eq!(
            (
                both.len(),
                sizes(&both.split(&SplitRule::Official).unwrap())
            ),
            (4, [1, 1, 2])
        );
    }

    #[test]
    fn paths_are_made_of_columns_and_numbers_are_targets() {
        let table = "id;covid_status;age;fold\nAb1;healthy;28;1\nCd2;positive_mild;;2\n";
        let (_folder, table) = tree(table, &["Ab1/cough-heavy.wav", "Cd2/cough-heavy.wav"]);
        let by = Manifest {
            label: named("covid_status"),
            target: named("age"),
            fold: named("fold"),
            group: named("id"),
            classes: vec!["positive_mild".into(), "healthy".into()],
            ..by("{id}/cough-heavy.wav")
        };
        let data = read(&table, &by).unwrap();
        let of = |i: usize| {
            (
                data.clips()[i].label,
                data.clips()[i].target,
                data.clips()[i].fold,
            )
        };
        assert_eq!(
            (of(0), of(1)),
            ((Some(1), Some(28.0), Some(1)), (Some(0), None, Some(2)))
        );
        assert_eq!(
            (data.groups()[0].as_ref(), data.clips()[0].column("group")),
            ("id", Some("Ab1"))
        );
        let error = read(
            &table,
            &Manifest {
                classes: vec!["healthy".into()],
                ..by.clone()
            },
        )
        .unwrap_err();
        assert!(
            error.to_string().contains("row 3")
                && error.to_string().contains("no class `positive_mild`")
        );
        let error = read(
            &table,
            &Manifest {
                target: named("aeg"),
                ..by.clone()
            },
        )
        .unwrap_err();
        assert!(
            error.hint().unwrap().starts_with("did you mean `age`?"),
            "{error}"
        );
        let error = read(
            &table,
            &Manifest {
                target: named("covid_status"),
                ..by
            },
        )
        .unwrap_err()
        .to_string();
        assert!(
            error.ends_with("row 2: `covid_status` must be a number, not \"healthy\""),
            "{error}"
        );
    }

    #[test]
    fn a_clip_may_be_a_part_of_a_file() {
        let table = "file\tfrom\tto\tevent\nnight_1.wav\t10\t12.5\tapnea\nnight_1.wav\t20\t\tapnea\nnight_1.wav\t5\t4\tnone\n";
        let (_folder, table) = tree(table, &["night_1.wav"]);
        let by = Manifest {
            label: named("event"),
            start_s: named("from"),
            end_s: named("to"),
            ..by("file")
        };
        let error = read(&table, &by).unwrap_err().to_string();
        assert!(
            error.ends_with("row 4: `to` must be a time in seconds behind the start, not \"4\""),
            "{error}"
        );
        let good = std::fs::read_to_string(&table)
            .unwrap()
            .replace("\t4\t", "\t6\t");
        std::fs::write(&table, good).unwrap();
        let data = read(&table, &by).unwrap();
        let spans: Vec<_> = data.clips().iter().map(|clip| clip.span.unwrap()).collect();
        assert_eq!(
            (spans[0].start_s, spans[0].end_s, spans[1].end_s),
            (10.0, Some(12.5), None)
        );
        let (mut whole, mut other) = (String::new(), String::new());
        data.identify(&mut |piece| whole += piece);
        data.subset(&[1, 0, 2])
            .identify(&mut |piece| other += piece);
        assert_ne!(whole, other, "clips of one file are told from each other");
    }

    #[test]
    fn missing_files_are_named_and_counted() {
        let table = "path,label\na.wav,x\nb.wav,y\nc.wav,x\n";
        let (_folder, table) = tree(table, &["a.wav"]);
        let by = Manifest {
            label: named("label"),
            ..by("path")
        };
        let error = read(&table, &by).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("2 of the 3 files that it names are not there") && text.contains("b.wav"),
            "{text}"
        );
        assert!(error.hint().unwrap().contains("missing: \"leave out\""));
        let data = read(
            &table,
            &Manifest {
                missing: WhenMissing::LeaveOut,
                ..by
            },
        )
        .unwrap();
        assert_eq!((data.len(), data.classes().len()), (1, 2));
        let told = data.describe().to_string();
        assert!(
            told.contains("left out 2 of the 3 files that") && told.contains("c.wav"),
            "{told}"
        );
    }
}
