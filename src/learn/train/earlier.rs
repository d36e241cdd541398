//! Runs of before, which a run that begins anew might have been expected to take up.

use super::checkpoint::{Checkpoint, PROGRAM};
use std::path::Path;

/// A run that was told more than this otherwise is another run, which nobody expects to go on.
const MOST: usize = 2;

/// Says, in a sentence each, which runs beside a run's folder have a checkpoint that a reader may have expected it to go on
/// from: those that another version of the program was told the same, and those that are not finished. Any other finished
/// run is another run, as of a sweep.
pub(super) fn unused(folder: &Path, name: &str, settings: &[(String, String)]) -> Vec<String> {
    let Some(entries) = folder.parent().and_then(|out| std::fs::read_dir(out).ok()) else {
        return Vec::new();
    };
    let is_of_method = |path: &Path| {
        let own = path.file_name().and_then(|own| own.to_str());
        let rest = own.and_then(|own| own.strip_prefix(name)?.strip_prefix('-'));
        rest.is_some_and(|rest| !rest.contains('-'))
    };
    let paths = entries.flatten().map(|entry| entry.path());
    let mut paths: Vec<_> = paths.filter(|path| is_of_method(path)).collect();
    paths.sort();
    paths
        .iter()
        .filter_map(|path| sentence(path, settings))
        .collect()
}

fn sentence(folder: &Path, settings: &[(String, String)]) -> Option<String> {
    let brief = Checkpoint::brief(&folder.join("checkpoint.safetensors"))?;
    let told = std::fs::read_to_string(folder.join("settings.txt")).ok()?;
    let place = folder.display();
    let differences = differences(&told, settings);
    let why = match differences.as_slice() {
        [] if brief.program.as_deref() != Some(PROGRAM) => {
            "another version of the program wrote it".to_owned()
        }
        _ if brief.finished || differences.len() > MOST => return None,
        [] => "its clips, the files its views read or its first weights are others".to_owned(),
        _ => differences.join(", "),
    };
    let state = if brief.finished { "" } else { "unfinished " };
    Some(format!(
        "the {state}checkpoint in {place} is not used: {why}; this run begins anew"
    ))
}

/// What a run of before was told otherwise, a sentence each.
fn differences(told: &str, settings: &[(String, String)]) -> Vec<String> {
    let told: Vec<(&str, &str)> = told
        .lines()
        .filter_map(|line| line.split_once(": "))
        .collect();
    let differs = |(name, value): &(String, String)| match told.iter().find(|(own, _)| own == name)
    {
        Some((_, before)) if before == value => None,
        Some((_, before)) => Some(format!("`{name}` was {before} and is {value} now")),
        None => Some(format!("`{name}` was not given and is {value} now")),
    };
    let is_given = |name: &str| settings.iter().any(|(own, _)| own == name);
    let gone = told.iter().filter(|(name, _)| !is_given(name));
    let gone = gone.map(|(name, before)| format!("`{name}` was {before} and is not given now"));
    settings.iter().filter_map(differs).chain(gone).collect()
}
