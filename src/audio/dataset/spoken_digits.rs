//! The Free Spoken Digit Dataset (Jackson et al., 2018).

use super::{Cache, Clip, Dataset, Form, Part, Source};
use crate::Error;
use crate::io::find_sounds;
use std::path::Path;

/// Reads the Free Spoken Digit Dataset: `recordings/{digit}_{speaker}_{index}.wav`, 8 kHz, six speakers.
///
/// The official split tests on the recordings 0 to 4 of every digit and speaker. By speaker, theo and yweweler are held
/// out. `dir` is the dataset's folder or its `recordings`.
///
/// # Errors
/// [`Error::File`] if the folder is absent or its file names are others.
pub fn spoken_digits(dir: &Path, form: Form, cache: Option<Cache>) -> Result<Dataset, Error> {
    let recordings = dir.join("recordings");
    let found = find_sounds(if recordings.is_dir() {
        &recordings
    } else {
        dir
    })?;
    let hint = "give the folder that holds `recordings/0_george_0.wav` and the others";
    let mut clips = Vec::new();
    for file in found.files {
        let stem = file
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        let parts: Vec<&str> = stem.split('_').collect();
        let [digit, speaker, index] = parts[..] else {
            return Err(Error::file_with_hint(
                &file,
                "this is no name of a spoken digit",
                hint,
            ));
        };
        let (Ok(label @ 0..=9), Ok(take)) = (digit.parse::<usize>(), index.parse::<u32>()) else {
            return Err(Error::file_with_hint(
                &file,
                "this is no name of a spoken digit",
                hint,
            ));
        };
        clips.push(Clip {
            part: Some(if take < 5 { Part::Test } else { Part::Train }),
            columns: vec![
                ("speaker".into(), speaker.to_owned()),
                ("index".into(), index.to_owned()),
            ],
            ..Clip::new(Source::File(file), Some(label))
        });
    }
    let classes = (0..10).map(|digit| digit.to_string()).collect();
    let data = Dataset::new("spoken digits", clips, classes, form, cache)?;
    let data = data.passing_over(found.passed_over);
    Ok(data
        .grouped_by(["speaker".into()])
        .holding_out(&[("speaker", &["theo", "yweweler"])]))
}
