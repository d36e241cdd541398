//! NSynth (Engel et al., 2017) in the layout of its JSON and WAV files.

use super::{Cache, Clip, Dataset, Form, Missing, Part, Source, WhenMissing};
use crate::Error;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// The families of instruments, as `instrument_family` numbers them.
const FAMILIES: [&str; 11] = [
    "bass",
    "brass",
    "flute",
    "guitar",
    "keyboard",
    "mallet",
    "organ",
    "reed",
    "string",
    "synth_lead",
    "vocal",
];

/// The sources of sound, as `instrument_source` numbers them.
const SOURCES: [&str; 3] = ["acoustic", "electronic", "synthetic"];

/// What the classes of NSynth are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NsynthLabel {
    /// The 11 families of instruments.
    Family,
    /// The 128 pitches of MIDI, named by their numbers.
    Pitch,
    /// Acoustic, electronic or synthetic.
    Source,
}

/// What is read of a note.
#[derive(Deserialize)]
struct Note {
    instrument_str: String,
    instrument_family: usize,
    instrument_source: usize,
    pitch: usize,
    velocity: u32,
}

/// The parts and their folders.
const FOLDERS: [(&str, Part); 3] = [
    ("nsynth-train", Part::Train),
    ("nsynth-valid", Part::Validation),
    ("nsynth-test", Part::Test),
];

/// Reads NSynth: `nsynth-train`, `nsynth-valid` and `nsynth-test`, each with `examples.json` and `audio/{note}.wav`.
/// Those of the three that are there are read.
///
/// # Errors
/// [`Error::File`] if none is there, a list cannot be read or a number in it is out of range, or a file is absent.
pub fn nsynth(
    dir: &Path,
    label: NsynthLabel,
    missing: WhenMissing,
    form: Form,
    cache: Option<Cache>,
) -> Result<Dataset, Error> {
    let hint = "give the folder that holds `nsynth-train`, `nsynth-valid` and `nsynth-test`, each with `examples.json`";
    let mut clips = Vec::new();
    let mut lacking = Vec::new();
    for (folder, part) in FOLDERS {
        let list = dir.join(folder).join("examples.json");
        if !list.is_file() {
            continue;
        }
        let file = File::open(&list).map_err(|error| Error::file(&list, error))?;
        let notes: BTreeMap<String, Note> =
            serde_json::from_reader(BufReader::new(file)).map_err(|error| {
                Error::file_with_hint(&list, error, "it is a map of notes as NSynth publishes it")
            })?;
        let mut absent = Missing::of(&list);
        for (name, note) in notes {
            let class = match label {
                NsynthLabel::Family => {
                    ("instrument_family", note.instrument_family, FAMILIES.len())
                }
                NsynthLabel::Pitch => ("pitch", note.pitch, 128),
                NsynthLabel::Source => ("instrument_source", note.instrument_source, SOURCES.len()),
            };
            let (key, class, n) = class;
            if class >= n {
                return Err(Error::file(
                    &list,
                    format!("`{key}` of {name} must be below {n}, not {class}"),
                ));
            }
            let path = dir.join(folder).join("audio").join(format!("{name}.wav"));
            if !absent.is_there(&path) {
                continue;
            }
            let family = FAMILIES
                .get(note.instrument_family)
                .copied()
                .unwrap_or_default();
            let source = SOURCES
                .get(note.instrument_source)
                .copied()
                .unwrap_or_default();
            clips.push(Clip {
                part: Some(part),
                columns: vec![
                    ("instrument".into(), note.instrument_str),
                    ("family".into(), family.to_owned()),
                    ("source".into(), source.to_owned()),
                    ("pitch".into(), note.pitch.to_string()),
                    ("velocity".into(), note.velocity.to_string()),
                ],
                ..Clip::new(Source::File(path), Some(class))
            });
        }
        absent.settle(missing)?;
        lacking.push(absent);
    }
    if clips.is_empty() {
        return Err(Error::file_with_hint(
            dir,
            "there are no notes of NSynth here",
            hint,
        ));
    }
    let classes = match label {
        NsynthLabel::Family => FAMILIES.map(str::to_owned).to_vec(),
        NsynthLabel::Pitch => (0..128).map(|pitch| pitch.to_string()).collect(),
        NsynthLabel::Source => SOURCES.map(str::to_owned).to_vec(),
    };
    Ok(Dataset::new("NSynth", clips, classes, form, cache)?
        .grouped_by(["instrument".into()])
        .lacking(lacking))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::SplitRule;

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let notes = [
            ("nsynth-train", "bass_synthetic_033", 0, 2, 22, 50),
            ("nsynth-train", "vocal_acoustic_001", 10, 0, 60, 127),
            ("nsynth-valid", "keyboard_electronic_098", 4, 1, 60, 75),
            ("nsynth-test", "keyboard_electronic_098", 4, 1, 61, 75),
        ];
        for (part, instrument, family, source, pitch, velocity) in notes {
            let dir = folder.path().join(part);
            std::fs::create_dir_all(dir.join("audio")).unwrap();
            let name = format!("{instrument}-{pitch:03}-{velocity:03}");
            std::fs::write(dir.join("audio").join(format!("{name}.wav")), b"").unwrap();
            let list = dir.join("examples.json");
            let mut all: serde_json::Map<String, serde_json::Value> =
                match std::fs::read_to_string(&list) {
                    Ok(text) => serde_json::from_str(&text).unwrap(),
                    Err(_) => serde_json::Map::new(),
                };
            // All keys of the published list.
            let note = serde_json::json!({
                "note": 201034, "note_str": name, "instrument": 417, "instrument_str": instrument, "pitch": pitch,
                "velocity": velocity, "sample_rate": 16000, "qualities": [0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
                "qualities_str": ["dark"], "instrument_family": family, "instrument_family_str": FAMILIES[family],
                "instrument_source": source, "instrument_source_str": SOURCES[source],
            });
            all.insert(name, note);
            std::fs::write(list, serde_json::to_string(&all).unwrap()).unwrap();
        }
        folder
    }

    #[test]
    fn family_pitch_and_source_are_classes() {
        let folder = tree();
        let read = |label| {
            nsynth(
                folder.path(),
                label,
                WhenMissing::Error,
                Form::default(),
                None,
            )
            .unwrap()
        };
        let labels = |data: &Dataset| {
            data.clips()
                .iter()
                .map(|clip| clip.label.unwrap())
                .collect::<Vec<_>>()
        };
        let family = read(NsynthLabel::Family);
        assert_eq!(
            (family.classes().len(), labels(&family)),
            (11, vec![0, 10, 4, 4])
        );
        let pitch = read(NsynthLabel::Pitch);
        assert_eq!(
            (pitch.classes().len(), labels(&pitch)),
            (128, vec![22, 60, 60, 61])
        );
        assert_eq!(labels(&read(NsynthLabel::Source)), [2, 0, 1, 1]);
        let split = family.split(&SplitRule::Official).unwrap();
        assert_eq!(
            [&split.train, &split.validation, &split.test].map(Dataset::len),
            [2, 1, 1]
        );
        assert_eq!(
            split.divided[0].to_string(),
            "1 of 3 values of `instrument` stands in more than one part of the split"
        );
        assert_eq!(family.clips()[0].column("velocity"), Some("50"));
    }

    #[test]
    fn absent_notes_are_counted_and_named() {
        let folder = tree();
        std::fs::remove_file(
            folder
                .path()
                .join("nsynth-train/audio/vocal_acoustic_001-060-127.wav"),
        )
        .unwrap();
        let read = |missing| {
            nsynth(
                folder.path(),
                NsynthLabel::Pitch,
                missing,
                Form::default(),
                None,
            )
        };
        let error = read(WhenMissing::Error).unwrap_err().to_string();
        assert!(
            error.contains("1 of the 2 files that it names are not there"),
            "{error}"
        );
        assert!(error.contains("vocal_acoustic_001-060-127.wav"), "{error}");
        let data = read(WhenMissing::LeaveOut).unwrap();
        assert_eq!((data.len(), data.missing()[0].files.len()), (3, 1));
        let nowhere = nsynth(
            &folder.path().join("x"),
            NsynthLabel::Pitch,
            WhenMissing::Error,
            Form::default(),
            None,
        );
        assert!(
            nowhere
                .unwrap_err()
                .to_string()
                .contains("there are no notes of NSynth here")
        );
    }
}
