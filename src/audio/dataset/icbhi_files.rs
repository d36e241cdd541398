//! The files of ICBHI 2017 beside its sounds: annotations, the official split, folds by patient, diagnoses.

use super::Part;
use crate::Error;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// A respiratory cycle of a recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cycle {
    pub(super) start_s: f64,
    pub(super) end_s: f64,
    pub(super) crackle: bool,
    pub(super) wheeze: bool,
}

/// Reads the annotations of a recording: a line a cycle, `start end crackles wheezes`, the last two 0 or 1.
pub(super) fn cycles(path: &Path) -> Result<Vec<Cycle>, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
    let cycle = |(index, line): (usize, &str)| {
        let wrong = || {
            let reason = format!("line {} is no cycle: {line:?}", index + 1);
            Error::file_with_hint(
                path,
                reason,
                "a line is `start end crackles wheezes`, in seconds, and 0 or 1",
            )
        };
        let mut fields = line
            .split_whitespace()
            .map(|field| field.parse::<f64>().ok());
        let mut next = || {
            fields
                .next()
                .flatten()
                .filter(|x| x.is_finite())
                .ok_or_else(wrong)
        };
        let (start_s, end_s) = (next()?, next()?);
        let (crackle, wheeze) = (next()? != 0.0, next()? != 0.0);
        match start_s >= 0.0 && end_s > start_s {
            true => Ok(Cycle {
                start_s,
                end_s,
                crackle,
                wheeze,
            }),
            false => Err(wrong()),
        }
    };
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(cycle)
        .collect()
}

/// The first of some names that is a file in the folder or in the one above it.
pub(super) fn find(dirs: &[&Path], names: &[&str]) -> Option<PathBuf> {
    let candidates = dirs
        .iter()
        .flat_map(|dir| names.iter().map(|name| dir.join(name)));
    candidates.into_iter().find(|path| path.is_file())
}

/// Reads a table of two columns, between which stand spaces, a tab or a comma.
pub(super) fn pairs(path: &Path) -> Result<Vec<(String, String)>, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
    let pair = |(index, line): (usize, &str)| {
        let mut fields = line
            .split(|c: char| c.is_whitespace() || c == ',')
            .filter(|field| !field.is_empty());
        match (fields.next(), fields.next(), fields.next()) {
            (Some(a), Some(b), None) => Ok((a.to_owned(), b.to_owned())),
            _ => Err(Error::file(
                path,
                format!("line {} is no pair: {line:?}", index + 1),
            )),
        }
    };
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(pair)
        .collect()
}

/// The official split: the part of every recording.
///
/// The list has the corrected names of 91 recordings whose files carry another device. So a recording is found by its
/// name or, failing that, by its name without the device.
pub(super) struct OfficialSplit {
    by_name: HashMap<String, Part>,
    without_device: HashMap<String, (Part, String)>,
}

impl OfficialSplit {
    pub(super) fn read(path: &Path) -> Result<OfficialSplit, Error> {
        let mut split = OfficialSplit {
            by_name: HashMap::new(),
            without_device: HashMap::new(),
        };
        for (name, word) in pairs(path)? {
            let name = name.trim_end_matches(".wav").to_owned();
            let part = match word.as_str() {
                "train" => Part::Train,
                "test" => Part::Test,
                other => {
                    let reason =
                        format!("the part of {name} must be `train` or `test`, not {other:?}");
                    return Err(Error::file(path, reason));
                }
            };
            if let Some((rest, device)) = name.rsplit_once('_') {
                split
                    .without_device
                    .insert(rest.to_owned(), (part, device.to_owned()));
            }
            split.by_name.insert(name, part);
        }
        Ok(split)
    }

    /// The part of a recording and, where the list names another one than the file, its device.
    pub(super) fn of(&self, stem: &str) -> Option<(Part, Option<&str>)> {
        if let Some(part) = self.by_name.get(stem) {
            return Some((*part, None));
        }
        let (rest, _) = stem.rsplit_once('_')?;
        let (part, device) = self.without_device.get(rest)?;
        Some((*part, Some(device)))
    }
}
