//! The respiratory sounds of ICBHI 2017 (Rocha et al., 2018).

use super::icbhi_files::{OfficialSplit, cycles, find, pairs};
use super::whole_groups::bin_groups;
use super::{Cache, Clip, Dataset, Form, Source, Span};
use crate::Error;
use crate::io::find_sounds;
use std::collections::HashMap;
use std::path::Path;

/// What the classes of ICBHI are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcbhiClasses {
    /// normal, crackle, wheeze and both.
    Four,
    /// normal and abnormal.
    Two,
    /// healthy, chronic (COPD, bronchiectasis, asthma) and non-chronic (infections), by the patient's diagnosis.
    Diagnosis,
}

/// The names of the official split, as it is published and in the copies that others use.
const SPLITS: [&str; 2] = ["ICBHI_challenge_train_test.txt", "official_split.txt"];
/// The folds of RespireNet, a patient and a fold from 0 to 4 a line.
const FOLDS: &str = "patient_list_foldwise.txt";
/// The diagnoses, a patient and a disease a line.
const DIAGNOSES: [&str; 3] = [
    "ICBHI_Challenge_diagnosis.txt",
    "patient_diagnosis.csv",
    "patient_diagnosis.txt",
];
/// The folders of the sounds.
const FOLDERS: [&str; 3] = [
    "ICBHI_final_database",
    "audio_and_txt_files",
    "audio_test_data",
];

/// Reads ICBHI 2017, a clip a respiratory cycle: recordings `{patient}_{index}_{location}_{mode}_{device}.wav` in
/// `ICBHI_final_database`, cut as the file of the same name that ends in `.txt` says.
///
/// The official split is that of `ICBHI_challenge_train_test.txt`; it has two patients on both sides, which
/// [`SplitRule::OfficialClean`](super::SplitRule::OfficialClean) leaves out of the training. The folds are those of
/// `patient_list_foldwise.txt` (RespireNet, Gairola et al., 2021), where it is there; else five folds by patient are drawn,
/// with an even share of every class, numbered from 0 too.
///
/// # Errors
/// [`Error::File`] if there are no recordings or they have other names, a recording has no annotations or they cannot be
/// read, or the list of the split or of the folds lacks one; without diagnoses where they are the classes.
pub fn icbhi(
    dir: &Path,
    classes: IcbhiClasses,
    form: Form,
    cache: Option<Cache>,
) -> Result<Dataset, Error> {
    let hint =
        "give the folder that holds `ICBHI_final_database` and `ICBHI_challenge_train_test.txt`";
    let inner = FOLDERS
        .iter()
        .map(|name| dir.join(name))
        .find(|folder| folder.is_dir());
    let sounds = inner.unwrap_or_else(|| dir.to_owned());
    let mut dirs = vec![dir, sounds.as_path()];
    // Where the sounds' own folder is given, its lists stand above it.
    if sounds == dir {
        dirs.extend(dir.parent());
    }
    let split = find(&dirs, &SPLITS)
        .map(|path| OfficialSplit::read(&path).map(|split| (path, split)))
        .transpose()?;
    let folds = find(&dirs, &[FOLDS])
        .map(|path| folds(&path).map(|folds| (path, folds)))
        .transpose()?;
    let diagnoses: HashMap<String, String> = match find(&dirs, &DIAGNOSES) {
        Some(path) => pairs(&path)?.into_iter().collect(),
        None if classes == IcbhiClasses::Diagnosis => {
            let path = dir.join(DIAGNOSES[0]);
            return Err(Error::file_with_hint(
                &path,
                "classes by diagnosis need this file",
                hint,
            ));
        }
        None => HashMap::new(),
    };
    let mut clips = Vec::new();
    for file in find_sounds(&sounds)
        .map_err(|error| with_hint(error, hint))?
        .files
    {
        let stem = file
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let parts: Vec<&str> = stem.split('_').collect();
        let [patient, index, location, mode, device] = parts[..] else {
            let reason =
                "this is no name of a recording, `{patient}_{index}_{location}_{mode}_{device}`";
            return Err(Error::file_with_hint(&file, reason, hint));
        };
        let (part, listed) = match &split {
            None => (None, None),
            Some((path, split)) => match split.of(&stem) {
                Some((part, device)) => (Some(part), device),
                None => {
                    return Err(Error::file(
                        path,
                        format!("it does not say whether {stem} is for training or test"),
                    ));
                }
            },
        };
        let fold = match &folds {
            None => None,
            Some((path, folds)) => Some(*folds.get(patient).ok_or_else(|| {
                Error::file(
                    path,
                    format!("it does not say the fold of patient {patient}"),
                )
            })?),
        };
        let diagnosis = diagnoses.get(patient);
        let columns = [
            ("patient", patient),
            ("recording", &stem),
            ("index", index),
            ("location", location),
            ("mode", mode),
            ("device", listed.unwrap_or(device)),
        ];
        let columns = columns
            .into_iter()
            .chain(diagnosis.map(|name| ("diagnosis", name.as_str())));
        let columns: Vec<_> = columns
            .map(|(name, value)| (name.into(), value.to_owned()))
            .collect();
        for cycle in cycles(&file.with_extension("txt"))? {
            let label = match classes {
                IcbhiClasses::Four => usize::from(cycle.crackle) + 2 * usize::from(cycle.wheeze),
                IcbhiClasses::Two => usize::from(cycle.crackle || cycle.wheeze),
                IcbhiClasses::Diagnosis => match diagnosis {
                    Some(name) => of_disease(name).ok_or_else(|| unknown_disease(name))?,
                    None => {
                        let reason = format!("there is no diagnosis of patient {patient}");
                        return Err(Error::file_with_hint(&file, reason, hint));
                    }
                },
            };
            clips.push(Clip {
                span: Some(Span {
                    start_s: cycle.start_s,
                    end_s: Some(cycle.end_s),
                }),
                part,
                fold,
                columns: columns.clone(),
                ..Clip::new(Source::File(file.clone()), Some(label))
            });
        }
    }
    let names: &[&str] = match classes {
        IcbhiClasses::Four => &["normal", "crackle", "wheeze", "both"],
        IcbhiClasses::Two => &["normal", "abnormal"],
        IcbhiClasses::Diagnosis => &["healthy", "chronic", "non-chronic"],
    };
    let names = names.iter().map(|&name| name.to_owned()).collect();
    let data =
        Dataset::new("ICBHI 2017", clips, names, form, cache)?.grouped_by(["patient".into()]);
    match folds {
        Some(_) => Ok(data),
        None => drawn_folds(data),
    }
}

/// Folds of RespireNet: the fold of every patient.
fn folds(path: &Path) -> Result<HashMap<String, u32>, Error> {
    let fold = |(patient, fold): (String, String)| match fold.parse() {
        Ok(fold) => Ok((patient, fold)),
        Err(_) => Err(Error::file(
            path,
            format!("the fold of patient {patient} must be a whole number, not {fold:?}"),
        )),
    };
    pairs(path)?.into_iter().map(fold).collect()
}

/// Folds that are drawn once and for all: five by patient, with an even share of every class.
fn drawn_folds(data: Dataset) -> Result<Dataset, Error> {
    const N: usize = 5;
    if data.values("patient")?.len() < N {
        return Ok(data);
    }
    let folds = bin_groups(&data, "patient", &[1.0 / N as f64; N], true, 0)?;
    Ok(data.with_folds(&folds))
}

fn with_hint(error: Error, hint: &str) -> Error {
    match error {
        Error::File {
            path,
            reason,
            hint: None,
            ..
        } => Error::file_with_hint(path, reason, hint),
        other => other,
    }
}

/// The diseases of the three classes; upper respiratory infections count as non-chronic, as Patch-Mix's authors do.
const DISEASES: [(&str, usize); 8] = [
    ("Healthy", 0),
    ("COPD", 1),
    ("Bronchiectasis", 1),
    ("Asthma", 1),
    ("URTI", 2),
    ("LRTI", 2),
    ("Pneumonia", 2),
    ("Bronchiolitis", 2),
];

fn of_disease(name: &str) -> Option<usize> {
    DISEASES
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, class)| *class)
}

fn unknown_disease(name: &str) -> Error {
    Error::Unknown {
        owner: "ICBHI 2017".to_owned(),
        kind: "disease",
        got: name.to_owned(),
        known: DISEASES
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Waveform;
    use crate::dataset::{Dataset, SplitRule};
    use crate::io::{SampleFormat, write_wav};

    /// The published layout, names as published: two patients on both sides, one file with another device than its list.
    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let sounds = folder.path().join("ICBHI_final_database");
        std::fs::create_dir(&sounds).unwrap();
        let recordings = [
            ("101_1b1_Al_sc_Meditron", "101_1b1_Al_sc_AKGC417L", "test"),
            ("102_1b1_Ar_sc_Meditron", "102_1b1_Ar_sc_Meditron", "test"),
            ("104_1b1_Al_sc_Litt3200", "104_1b1_Al_sc_Litt3200", "train"),
            ("107_2b3_Ar_mc_AKGC417L", "107_2b3_Ar_mc_AKGC417L", "train"),
            ("156_2b3_Al_mc_AKGC417L", "156_2b3_Al_mc_AKGC417L", "train"),
            ("156_5b3_Ar_mc_AKGC417L", "156_5b3_Ar_mc_AKGC417L", "test"),
            ("218_1b1_Al_sc_Meditron", "218_1b1_Al_sc_Meditron", "train"),
        ];
        let mut list = String::new();
        let mut diagnoses = String::new();
        for (index, (listed, file, part)) in recordings.iter().enumerate() {
            list += &format!("{listed}\t{part}\n");
            let patient = &listed[..3];
            diagnoses += &format!("{patient}\t{}\n", ["URTI", "Healthy", "COPD"][index % 3]);
            let samples = (0..40_000).map(|i| i as f32 / 40_000.0).collect();
            let wave = Waveform::mono(samples, 4000).unwrap();
            write_wav(
                &sounds.join(format!("{file}.wav")),
                &wave,
                SampleFormat::Float32,
            )
            .unwrap();
            let cycles = "0.036\t0.579\t0\t0\r\n0.579\t2.45\t1\t0\r\n2.45\t3.893\t0\t1\r\n3.893\t9.5\t1\t1\r\n";
            std::fs::write(sounds.join(format!("{file}.txt")), cycles).unwrap();
        }
        std::fs::write(folder.path().join("ICBHI_challenge_train_test.txt"), list).unwrap();
        std::fs::write(
            folder.path().join("ICBHI_Challenge_diagnosis.txt"),
            diagnoses,
        )
        .unwrap();
        folder
    }

    fn read(dir: &Path, classes: IcbhiClasses) -> Result<Dataset, Error> {
        icbhi(dir, classes, Form::default(), None)
    }

    #[test]
    fn a_clip_is_a_cycle_cut_from_its_recording() {
        let folder = tree();
        let data = read(folder.path(), IcbhiClasses::Four).unwrap();
        assert_eq!((data.len(), data.classes().len()), (28, 4));
        let labels: Vec<_> = data.clips().iter().take(4).map(|clip| clip.label).collect();
        assert_eq!(labels, [0, 1, 2, 3].map(Some));
        // 0.579 s to 2.45 s at 4 kHz are the samples 2316 to 9800; each holds its place.
        let wave = data.wave(1).unwrap();
        assert_eq!(
            (wave.n_samples(), wave.samples()[0]),
            (9800 - 2316, 2316.0 / 40_000.0)
        );
        let clip = &data.clips()[0];
        let columns = ["patient", "location", "mode", "device", "diagnosis"]
            .map(|name| clip.column(name).unwrap());
        assert_eq!(columns, ["101", "Al", "sc", "Meditron", "URTI"]);
        let two = read(folder.path(), IcbhiClasses::Two).unwrap();
        assert_eq!(
            two.clips()
                .iter()
                .filter(|clip| clip.label == Some(1))
                .count(),
            21
        );
        let disease = read(folder.path(), IcbhiClasses::Diagnosis).unwrap();
        assert_eq!(
            [0, 4, 8].map(|i| disease.clips()[i].label.unwrap()),
            [2, 0, 1]
        );
    }

    #[test]
    fn the_official_split_tells_of_its_leak_and_the_clean_one_has_none() {
        let folder = tree();
        let data = read(folder.path(), IcbhiClasses::Four).unwrap();
        let official = data.split(&SplitRule::Official).unwrap();
        assert_eq!((official.train.len(), official.test.len()), (16, 12));
        let told = official.divided[0].to_string();
        assert_eq!(
            told,
            "1 of 6 values of `patient` stands in more than one part of the split"
        );
        let clean = data.split(&SplitRule::OfficialClean).unwrap();
        assert_eq!(
            (clean.train.len(), clean.test.len(), clean.divided),
            (12, 12, vec![])
        );
    }

    #[test]
    fn folds_are_those_of_the_list_or_drawn_by_patient() {
        let folder = tree();
        let drawn = read(folder.path(), IcbhiClasses::Four).unwrap();
        let split = drawn.split(&SplitRule::Fold(0)).unwrap();
        assert_eq!(
            (split.train.len() + split.test.len(), split.divided),
            (28, vec![])
        );
        let list = "101 0\n102 1\n104 2\n107 3\n156 4\n218 4\n";
        std::fs::write(folder.path().join("patient_list_foldwise.txt"), list).unwrap();
        let data = read(folder.path(), IcbhiClasses::Four).unwrap();
        assert_eq!(data.split(&SplitRule::Fold(4)).unwrap().test.len(), 12);
        // The folder of the sounds itself may be given.
        let inner = read(
            &folder.path().join("ICBHI_final_database"),
            IcbhiClasses::Four,
        )
        .unwrap();
        assert_eq!(inner.split(&SplitRule::Official).unwrap().test.len(), 12);
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tree();
        let sounds = folder.path().join("ICBHI_final_database");
        let error = || {
            read(folder.path(), IcbhiClasses::Four)
                .unwrap_err()
                .to_string()
        };
        std::fs::write(
            sounds.join("104_1b1_Al_sc_Litt3200.txt"),
            "0.1\t0.05\t0\t0\n",
        )
        .unwrap();
        assert!(
            error().ends_with("line 1 is no cycle: \"0.1\\t0.05\\t0\\t0\""),
            "{}",
            error()
        );
        std::fs::remove_file(sounds.join("104_1b1_Al_sc_Litt3200.txt")).unwrap();
        assert!(
            error().contains("104_1b1_Al_sc_Litt3200.txt"),
            "{}",
            error()
        );
        std::fs::remove_file(sounds.join("104_1b1_Al_sc_Litt3200.wav")).unwrap();
        std::fs::write(
            folder.path().join("ICBHI_challenge_train_test.txt"),
            "101_1b1_Al_sc_Meditron\ttest\n",
        )
        .unwrap();
        assert!(
            error().contains("does not say whether 102_1b1_Ar_sc_Meditron is"),
            "{}",
            error()
        );
        let nowhere = read(&folder.path().join("nowhere"), IcbhiClasses::Four).unwrap_err();
        assert!(nowhere.hint().is_some(), "{nowhere}");
    }
}
