//! Looking through a recipe: all stages in it, wherever they stand, and the recordings they draw from.

use super::recordings::Recordings;
use super::{Kind, Listener, Recipe, Stage, Step, Value, Views};
use crate::io::{self, PassedOver};
use std::path::{Path, PathBuf};

impl Recipe {
    /// Shows every stage, in the order in which the recipe is written; those of a recipe that a stage holds behind it.
    pub fn each_stage<'a>(&'a self, see: &mut dyn FnMut(&'a Stage)) {
        for step in self.steps() {
            match step {
                Step::Stage(stage) => {
                    see(stage);
                    if let Some(recipe) = stage.recipe_inside() {
                        recipe.each_stage(see);
                    }
                }
                Step::Chance { recipe, .. }
                | Step::Repeat { recipe, .. }
                | Step::Blend { recipe, .. }
                | Step::PerChannel { recipe } => recipe.each_stage(see),
                Step::OneOf { recipes, .. }
                | Step::Shuffle { recipes }
                | Step::SomeOf { recipes, .. } => {
                    recipes.iter().for_each(|recipe| recipe.each_stage(see));
                }
            }
        }
    }

    fn each_recordings<'a>(&'a self, see: &mut dyn FnMut(&'a Recordings)) {
        self.each_stage(&mut |stage| {
            if let Some(recordings) = stage.transform().recordings() {
                see(recordings);
            }
        });
    }

    /// Every file that the recipe can draw a recording from, sorted, each once.
    pub fn recordings(&self) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        self.each_recordings(&mut |recordings| paths.extend(recordings.paths().map(PathBuf::from)));
        paths.sort();
        paths.dedup();
        paths
    }

    /// Every file that a path of recordings in the recipe stands for, also one that cannot be read; as the recipe is written.
    pub fn named_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        self.each_stage(&mut |stage| {
            let parameters = stage.declaration().parameters.iter();
            for (parameter, value) in parameters.zip(stage.values()) {
                match value {
                    _ if !matches!(parameter.kind, Kind::Paths { .. }) => {}
                    Value::Word(path) => found.extend(files(Path::new(path))),
                    Value::Paths(paths) => {
                        found.extend(paths.iter().flat_map(|path| files(Path::new(path))));
                    }
                    _ => {}
                }
            }
        });
        found
    }

    /// Names for the content of files that stages are read from, other than recordings.
    pub fn read_from_files(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.each_stage(&mut |stage| found.extend(stage.transform().read_from_file()));
        found
    }

    /// Hands on, piece by piece, what decides what the recipe does and does not stand in its text: the recordings that it may
    /// draw, by name and length as the clips of a dataset are, and what stages are read from.
    pub fn identify(&self, add: &mut impl FnMut(&str)) {
        for path in self.named_files() {
            io::identify(&path, add);
        }
        self.read_from_files()
            .iter()
            .for_each(|content| add(content));
    }

    /// What lies in the folders that the recipe draws recordings from and is not read.
    pub fn passed_over(&self) -> PassedOver {
        let mut all = PassedOver::default();
        self.each_recordings(&mut |recordings| all.add(recordings.passed_over().clone()));
        all
    }

    /// Says who is told of each recording that cannot be used, when it is first drawn: it is drawn no more.
    pub fn listen(&self, listener: &Listener) {
        self.each_recordings(&mut |recordings| recordings.listen(listener));
    }
}

fn files(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        io::sounds(path).unwrap_or_default()
    } else {
        vec![path.to_owned()]
    }
}

impl Views {
    /// Every file that the views can draw a recording from, sorted, each once.
    pub fn recordings(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.recipes().iter().flat_map(Recipe::recordings).collect();
        paths.sort();
        paths.dedup();
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::super::declaration;
    use super::*;
    use crate::Waveform;
    use crate::io::{SampleFormat, write_wav};

    #[test]
    fn the_recordings_of_all_stages_are_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["noise/b.wav", "noise/a.wav", "rooms/hall.wav"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            write_wav(
                &path,
                &Waveform::mono(vec![1.0; 9], 8000).unwrap(),
                SampleFormat::Float32,
            )
            .unwrap();
        }
        std::fs::write(folder.path().join("noise/list.txt"), "").unwrap();
        let with = |name: &str, inside: &str, more: Option<Recipe>| -> Recipe {
            let paths = Value::Word(folder.path().join(inside).display().to_string());
            let more = more.map(|recipe| ("recipe".to_owned(), Value::from(recipe)));
            let given = std::iter::once(("paths".to_owned(), paths)).chain(more);
            Stage::new(declaration(name).unwrap(), given)
                .unwrap()
                .into()
        };
        let stage = |name: &str, inside: &str| with(name, inside, None);
        let (noise, room) = (
            stage("background", "noise"),
            stage("impulse_response", "rooms/hall.wav"),
        );
        let made: Recipe = Stage::new(declaration("impulse_response").unwrap(), [])
            .unwrap()
            .into();
        let recipe = made
            .then(&noise.or(&room).unwrap().chance(0.5).unwrap())
            .unwrap()
            .then(&noise)
            .unwrap();
        let names = |paths: Vec<PathBuf>| -> Vec<String> {
            paths
                .iter()
                .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
                .collect()
        };
        assert_eq!(names(recipe.recordings()), ["a.wav", "b.wav", "hall.wav"]);
        let nested = with("background", "noise", Some(room.clone()));
        assert_eq!(names(nested.recordings()), ["a.wav", "b.wav", "hall.wav"]);
        let views = Views::new(vec![room, noise.clone()]).unwrap();
        assert_eq!(names(views.recordings()), ["a.wav", "b.wav", "hall.wav"]);
        assert_eq!(
            noise.passed_over().to_string(),
            "passed over: 1 file of a kind that is not read (1 .txt)"
        );
        assert_eq!(names(made.recordings()), Vec::<String>::new());
    }
}
