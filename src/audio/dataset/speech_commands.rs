//! Speech Commands (Warden, 2018), version 0.01 or 0.02.

use super::{Cache, Clip, Dataset, Form, Missing, Part, Source};
use crate::Error;
use crate::io::find_sounds;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The words of version 0.02. The first ten are the digits, those from the eleventh on the ten commands.
const WORDS: [&str; 35] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "yes", "no",
    "up", "down", "left", "right", "on", "off", "stop", "go", "backward", "bed", "bird", "cat",
    "dog", "follow", "forward", "happy", "house", "learn", "marvin", "sheila", "tree", "visual",
    "wow",
];

/// Which words of Speech Commands are wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Words {
    /// All 35, or the 30 of version 0.01.
    All,
    /// The ten digits (SC-10, also called SC09).
    Digits,
    /// The ten commands yes, no, up, down, left, right, on, off, stop and go.
    Commands,
    /// Some, in this order.
    These(Vec<String>),
}

impl Words {
    fn wanted(&self) -> Vec<String> {
        let named = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        match self {
            Words::All => named(&WORDS),
            Words::Digits => named(&WORDS[..10]),
            Words::Commands => named(&WORDS[10..20]),
            Words::These(words) => words.clone(),
        }
    }
}

/// The folder of recordings that are no word.
const NOISE: &str = "_background_noise_";

/// Reads Speech Commands: `{word}/{speaker}_nohash_{take}.wav`, with the parts of `validation_list.txt` and
/// `testing_list.txt`. What neither list names is for training.
///
/// The speaker is the hash before `_nohash_`; the lists keep each speaker in one part. The files of
/// `_background_noise_` are kept [beside](Dataset::beside) the clips.
///
/// # Errors
/// [`Error::File`] if a list, a wanted word's folder or all words are absent, or a file has another name;
/// [`Error::Unknown`] for a word that is none of the 35.
pub fn speech_commands(
    dir: &Path,
    words: &Words,
    form: Form,
    cache: Option<Cache>,
) -> Result<Dataset, Error> {
    let hint = "give the folder that holds `validation_list.txt`, `testing_list.txt` and a folder of each word";
    let wanted = words.wanted();
    if let Some(unknown) = wanted.iter().find(|word| !WORDS.contains(&word.as_str())) {
        return Err(Error::Unknown {
            owner: "Speech Commands".to_owned(),
            kind: "word",
            got: unknown.clone(),
            known: WORDS.map(str::to_owned).to_vec(),
        });
    }
    let mut listed: HashMap<String, Part> = HashMap::new();
    let mut missing = Vec::new();
    for (name, part) in [
        ("validation_list.txt", Part::Validation),
        ("testing_list.txt", Part::Test),
    ] {
        let path = dir.join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Error::file_with_hint(&path, error, hint))?;
        let mut absent = Missing::of(&path);
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let is_wanted = line
                .split_once('/')
                .is_some_and(|(word, _)| wanted.iter().any(|w| w == word));
            if is_wanted && absent.is_there(&dir.join(line)) {
                listed.insert(line.to_owned(), part);
            }
        }
        missing.push(absent);
    }
    // Version 0.01 lacks five of the words; of words that were asked for by name all must be there.
    let is_there = |word: &&String| dir.join(word).is_dir();
    let classes: Vec<String> = match words {
        Words::All => wanted.iter().filter(is_there).cloned().collect(),
        _ => wanted,
    };
    let mut clips = Vec::new();
    for (label, word) in classes.iter().enumerate() {
        let folder = dir.join(word);
        if !folder.is_dir() {
            return Err(Error::file_with_hint(
                &folder,
                "there is no folder of this word",
                hint,
            ));
        }
        for file in find_sounds(&folder)?.files {
            let name = file
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            let Some((speaker, rest)) = name.split_once("_nohash_") else {
                let hint = "recordings are named `{speaker}_nohash_{take}.wav`";
                return Err(Error::file_with_hint(
                    &file,
                    "this is no name of a recording of Speech Commands",
                    hint,
                ));
            };
            let take = rest.split('.').next().unwrap_or_default().to_owned();
            clips.push(Clip {
                part: Some(
                    listed
                        .get(&format!("{word}/{name}"))
                        .copied()
                        .unwrap_or(Part::Train),
                ),
                columns: vec![
                    ("speaker".into(), speaker.to_owned()),
                    ("take".into(), take),
                ],
                ..Clip::new(Source::File(file), Some(label))
            });
        }
    }
    if clips.is_empty() {
        return Err(Error::file_with_hint(
            dir,
            "none of the words has recordings here",
            hint,
        ));
    }
    let noise: Vec<PathBuf> = match dir.join(NOISE) {
        folder if folder.is_dir() => find_sounds(&folder)?.files,
        _ => Vec::new(),
    };
    let name = format!("Speech Commands, {} words", classes.len());
    Ok(Dataset::new(&name, clips, classes, form, cache)?
        .grouped_by(["speaker".into()])
        .lacking(missing)
        .with_beside(noise))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::SplitRule;

    /// The published layout, with its files named as there are in version 0.02.
    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        for name in [
            "zero/004ae714_nohash_0.wav",
            "zero/004ae714_nohash_1.wav",
            "zero/0a2b400e_nohash_0.wav",
            "seven/0a2b400e_nohash_0.wav",
            "seven/1b4c9b89_nohash_3.wav",
            "backward/0165e0e8_nohash_0.wav",
            "_background_noise_/doing_the_dishes.wav",
            "_background_noise_/white_noise.wav",
        ] {
            put(name, "");
        }
        put("_background_noise_/README.md", "noise");
        put("README.md", "Speech Commands Data Set v0.02");
        put("LICENSE", "CC BY");
        put(
            "validation_list.txt",
            "zero/0a2b400e_nohash_0.wav\nseven/0a2b400e_nohash_0.wav\n",
        );
        put(
            "testing_list.txt",
            "seven/1b4c9b89_nohash_3.wav\nseven/ffffffff_nohash_0.wav\nnine/1b4c9b89_nohash_0.wav\n",
        );
        folder
    }

    #[test]
    fn the_lists_say_the_parts_and_noise_stands_apart() {
        let folder = tree();
        let data = speech_commands(folder.path(), &Words::All, Form::default(), None).unwrap();
        assert_eq!(data.classes(), ["zero", "seven", "backward"]);
        assert_eq!(data.beside().len(), 2);
        let split = data.split(&SplitRule::Official).unwrap();
        let sizes = [&split.train, &split.validation, &split.test].map(Dataset::len);
        assert_eq!((sizes, split.divided), ([3, 2, 1], vec![]));
        let clip = &split.test.clips()[0];
        assert_eq!(
            (clip.column("speaker"), clip.column("take")),
            (Some("1b4c9b89"), Some("3"))
        );
        let told = data.missing()[0].to_string();
        let start = "left out 2 of the 3 files that `";
        assert!(
            told.starts_with(start) && told.contains("ffffffff_nohash_0.wav"),
            "{told}"
        );
    }

    #[test]
    fn words_are_chosen_by_name() {
        let folder = tree();
        let read = |words: &Words| speech_commands(folder.path(), words, Form::default(), None);
        let named =
            |words: &[&str]| Words::These(words.iter().map(|&word| word.to_owned()).collect());
        let data = read(&named(&["seven", "zero"])).unwrap();
        assert_eq!(
            (data.classes(), data.len()),
            (&["seven".to_owned(), "zero".to_owned()][..], 5)
        );
        let error = read(&Words::Digits).unwrap_err().to_string();
        assert!(
            error.contains("one") && error.ends_with("there is no folder of this word"),
            "{error}"
        );
        let error = read(&named(&["sevn"])).unwrap_err();
        assert_eq!(error.to_string(), "`Speech Commands` has no word `sevn`");
        assert!(error.hint().unwrap().starts_with("did you mean `seven`?"));
        std::fs::remove_file(folder.path().join("testing_list.txt")).unwrap();
        assert!(
            read(&Words::All)
                .unwrap_err()
                .to_string()
                .contains("testing_list.txt")
        );
    }
}
