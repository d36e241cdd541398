//! What a recipe's outputs have in common.

use super::Encoding;
use super::hash::{FileContent, hash_text};
use super::manifest::PROGRAM;
use crate::augment::{Kind, Recipe, Step, Value};
use crate::io;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes up to which recordings are read whole to know them again. Of a larger collection stretches of every file are read.
const READ_WHOLE: u64 = 512 << 20;

/// Fingerprint of the recipe, the format of the file, the program, and the recordings that the recipe may draw. All of them
/// count: one more changes what is drawn, and so does one that was passed over because it was broken and is mended.
pub(super) fn made_by(recipe: &Recipe, encoding: Encoding) -> String {
    let mut text = format!(
        "{PROGRAM}\n{}\n{} {}\n",
        recipe.to_json(),
        encoding.extension(),
        encoding.bits()
    );
    let paths = recordings(recipe);
    let n_bytes: u64 = paths
        .iter()
        .filter_map(|path| Some(std::fs::metadata(path).ok()?.len()))
        .sum();
    for path in paths {
        let content = if n_bytes <= READ_WHOLE {
            FileContent::read(&path)
        } else {
            FileContent::sampled(&path)
        }
        .ok();
        text += &format!("{content:?} {}\n", path.display());
    }
    hash_text(xxh3_64(text.as_bytes()))
}

/// The files that the paths in a recipe stand for.
fn recordings(recipe: &Recipe) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for step in recipe.steps() {
        match step {
            Step::Stage(stage) => {
                for (parameter, value) in stage.declaration().parameters.iter().zip(stage.values())
                {
                    let Kind::Paths { .. } = parameter.kind else {
                        continue;
                    };
                    match value {
                        Value::Word(path) => found.extend(files(Path::new(path))),
                        Value::Paths(paths) => paths
                            .iter()
                            .for_each(|path| found.extend(files(Path::new(path)))),
                        _ => {}
                    }
                }
            }
            Step::Chance { recipe, .. }
            | Step::Repeat { recipe, .. }
            | Step::Blend { recipe, .. }
            | Step::PerChannel { recipe } => found.extend(recordings(recipe)),
            Step::OneOf { recipes, .. }
            | Step::Shuffle { recipes }
            | Step::SomeOf { recipes, .. } => {
                recipes
                    .iter()
                    .for_each(|recipe| found.extend(recordings(recipe)));
            }
        }
    }
    found
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        io::sounds(path).unwrap_or_default()
    } else {
        vec![path.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{Stage, declaration};
    use crate::io::{FlacFormat, SampleFormat};

    fn background(path: &Path) -> Recipe {
        let paths = Value::Word(path.display().to_string());
        Stage::new(
            declaration("background").unwrap(),
            [("paths".to_owned(), paths)],
        )
        .unwrap()
        .into()
    }

    #[test]
    fn recordings_are_found_wherever_they_stand_and_tell_recipes_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("b.wav"), b"xx").unwrap();
        std::fs::write(path("a.wav"), b"xxx").unwrap();
        let recipe = background(folder.path())
            .chance(0.5)
            .unwrap()
            .repeat(2)
            .unwrap();
        let recipe = recipe.or(&background(&path("b.wav"))).unwrap();
        assert_eq!(
            recordings(&recipe),
            [path("a.wav"), path("b.wav"), path("b.wav")]
        );
        let (float, flac) = (
            Encoding::Wav(SampleFormat::Float32),
            Encoding::Flac(FlacFormat::Int24),
        );
        let before = made_by(&recipe, float);
        assert_eq!(made_by(&recipe, float), before);
        assert_ne!(made_by(&recipe, flac), before);
        std::fs::write(path("c.wav"), b"xx").unwrap();
        let more = made_by(&recipe, float);
        assert_ne!(more, before);
        std::fs::write(path("c.wav"), b"yy").unwrap();
        assert_ne!(made_by(&recipe, float), more);
    }
}
