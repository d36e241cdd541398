//! UrbanSound8K (Salamon, Jacoby and Bello, 2014).

use super::{Cache, Clip, Dataset, Form, Missing, Source, WhenMissing};
use crate::Error;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Deserialize)]
struct Row {
    slice_file_name: String,
    #[serde(rename = "fsID")]
    fs_id: String,
    salience: String,
    fold: u32,
    #[serde(rename = "classID")]
    class_id: u32,
    class: String,
}

/// Reads UrbanSound8K: `metadata/UrbanSound8K.csv` and the files it names in `audio/fold1` to `audio/fold10`.
///
/// Slices of one recording of Freesound, `fsID`, lie in one fold; the ten folds are the official protocol.
///
/// # Errors
/// [`Error::File`] if the table is absent or has other columns, or files that it names are absent.
pub fn urbansound8k(
    dir: &Path,
    missing: WhenMissing,
    form: Form,
    cache: Option<Cache>,
) -> Result<Dataset, Error> {
    let table = dir.join("metadata").join("UrbanSound8K.csv");
    let hint = "give the folder that holds `metadata/UrbanSound8K.csv` and `audio/fold1` to `audio/fold10`";
    if !table.is_file() {
        return Err(Error::file_with_hint(&table, "there is no such file", hint));
    }
    let mut reader = csv::Reader::from_path(&table).map_err(|error| Error::file(&table, error))?;
    let rows: Vec<Row> = reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| Error::file_with_hint(&table, error, hint))?;
    let names: BTreeMap<u32, String> = rows
        .iter()
        .map(|row| (row.class_id, row.class.clone()))
        .collect();
    let ids: Vec<u32> = names.keys().copied().collect();
    let mut absent = Missing::of(&table);
    let mut clips = Vec::new();
    for row in rows {
        let path = dir
            .join("audio")
            .join(format!("fold{}", row.fold))
            .join(&row.slice_file_name);
        if !absent.is_there(&path) {
            continue;
        }
        let salience = match row.salience.as_str() {
            "1" => "foreground",
            "2" => "background",
            other => other,
        };
        clips.push(Clip {
            fold: Some(row.fold),
            columns: vec![
                ("fsID".into(), row.fs_id),
                ("salience".into(), salience.to_owned()),
            ],
            ..Clip::new(Source::File(path), ids.binary_search(&row.class_id).ok())
        });
    }
    absent.settle(missing)?;
    Ok(Dataset::new(
        "UrbanSound8K",
        clips,
        names.into_values().collect(),
        form,
        cache,
    )?
    .grouped_by(["fsID".into()])
    .lacking(vec![absent]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::SplitRule;

    #[test]
    fn the_table_says_class_fold_and_recording() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        std::fs::create_dir_all(dir.join("metadata")).unwrap();
        std::fs::create_dir_all(dir.join("audio/fold1")).unwrap();
        std::fs::create_dir_all(dir.join("audio/fold10")).unwrap();
        // Lines as they are published.
        let table = "slice_file_name,fsID,start,end,salience,fold,classID,class\n\
                     101415-3-0-2.wav,101415,1.0,5.0,1,1,3,dog_bark\n\
                     101415-3-0-3.wav,101415,1.5,5.5,2,1,3,dog_bark\n\
                     100648-1-0-0.wav,100648,4.823402,5.471927,2,10,1,car_horn\n";
        std::fs::write(dir.join("metadata/UrbanSound8K.csv"), table).unwrap();
        let read = |missing| urbansound8k(dir, missing, Form::default(), None);
        for name in ["fold1/101415-3-0-2.wav", "fold10/100648-1-0-0.wav"] {
            std::fs::write(dir.join("audio").join(name), b"").unwrap();
        }
        let error = read(WhenMissing::Error).unwrap_err().to_string();
        assert!(
            error.contains("1 of the 3 files that it names are not there"),
            "{error}"
        );
        assert_eq!(read(WhenMissing::LeaveOut).unwrap().len(), 2);
        std::fs::write(dir.join("audio/fold1/101415-3-0-3.wav"), b"").unwrap();
        let data = read(WhenMissing::Error).unwrap();
        assert_eq!(data.classes(), ["car_horn", "dog_bark"]);
        let of = |i: usize| {
            (
                data.clips()[i].label,
                data.clips()[i].fold,
                data.clips()[i].column("salience"),
            )
        };
        assert_eq!(of(1), (Some(1), Some(1), Some("background")));
        assert_eq!(of(2), (Some(0), Some(10), Some("background")));
        let split = data.split(&SplitRule::Fold(10)).unwrap();
        assert_eq!(
            (split.train.len(), split.test.len(), split.divided),
            (2, 1, vec![])
        );
    }
}
