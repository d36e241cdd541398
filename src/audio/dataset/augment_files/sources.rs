//! What a recipe's outputs have in common.

use super::Encoding;
use super::hash::{FileContent, hash_text};
use super::manifest::PROGRAM;
use crate::augment::Recipe;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes up to which recordings are read whole to know them again. Of a larger collection stretches of every file are read.
const READ_WHOLE: u64 = 512 << 20;

/// Fingerprint of the recipe, the format of the file, the program, the files of operators, and the recordings that the recipe
/// may draw. All of them count: one more changes what is drawn, and so does one that was passed over because it was broken and
/// is mended.
pub(super) fn made_by(recipe: &Recipe, encoding: Encoding) -> String {
    let mut text = format!(
        "{PROGRAM}\n{}\n{} {}\n",
        recipe.to_json(),
        encoding.extension(),
        encoding.bits()
    );
    let paths = recipe.named_files();
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
    for content in recipe.read_from_files() {
        text += &format!("{content}\n");
    }
    hash_text(xxh3_64(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{Stage, Value, declaration};
    use crate::io::{FlacFormat, SampleFormat};
    use std::path::Path;

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
            recipe.named_files(),
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
