//! Published collections of clips, read as they are published.

use super::super::Environment;
use super::data_form::{form, formed};
use crate::script::{Call, Function, ScriptError, Topic};
use auricle_audio::dataset::{self, Dataset, IcbhiClasses, NsynthLabel, WhenMissing, Words};
use rhai::Dynamic;
use std::path::Path;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        speech_commands(environment),
        nsynth(environment),
        urbansound8k(environment),
        icbhi(environment),
    ]
}

/// A loader: what it reads, told of what is missing.
fn loader(
    name: &'static str,
    environment: &Arc<Environment>,
    read: impl Fn(&Call<'_>, &Path, &Environment) -> Result<Dataset, ScriptError>
    + Send
    + Sync
    + 'static,
) -> Function {
    let environment = environment.clone();
    formed(Function::new(name, Topic::Data, move |call| {
        let dir = call.get::<String>("dir")?;
        let data = read(call, Path::new(&dir), &environment)?;
        tell_missing(&environment, &data);
        Ok(Dynamic::from(data))
    }))
}

/// Tells which files tables name in vain.
pub(super) fn tell_missing(environment: &Environment, data: &Dataset) {
    for missing in data.missing() {
        environment.note_once(missing.to_string());
    }
}

const LEAVE_OUT: &str = "leave out";

/// Adds the option that says what becomes of clips whose files are not there.
pub(super) fn with_missing(function: Function) -> Function {
    function
        .option::<String>(
            "missing",
            "error",
            "what files are that the table names and that are not there: \"error\", or \"leave out\", which goes on \
             without them and says which they are",
        )
        .words("missing", &WHEN_MISSING.map(|(word, _)| word))
}

/// Adds the option that says what becomes of shards and clips in them that cannot be read.
pub(super) fn with_broken(function: Function) -> Function {
    function
        .option::<String>(
            "broken",
            "error",
            "what shards and clips are that cannot be read: \"error\", or \"leave out\", which goes on without them and \
             says which they are",
        )
        .words("broken", &WHEN_MISSING.map(|(word, _)| word))
}

/// What an option says of what is not there.
pub(super) fn when_missing(call: &Call<'_>, option: &str) -> Result<WhenMissing, ScriptError> {
    call.chosen(option, &WHEN_MISSING)
}

const WHEN_MISSING: [(&str, WhenMissing); 2] = [
    ("error", WhenMissing::Error),
    (LEAVE_OUT, WhenMissing::LeaveOut),
];

fn speech_commands(environment: &Arc<Environment>) -> Function {
    loader("speech_commands", environment, |call, dir, environment| {
        let given = call.raw("words");
        let words = match (given.as_int(), given.clone().into_string().as_deref()) {
            (Ok(35), _) | (_, Ok("all")) => Words::All,
            (Ok(10), _) | (_, Ok("digits")) => Words::Digits,
            (_, Ok("commands")) => Words::Commands,
            _ => Words::These(call.get("words").map_err(|_| {
                call.wrong("words", "\"all\", \"digits\", \"commands\" or an array of words")
            })?),
        };
        Ok(dataset::speech_commands(dir, &words, form(call)?, environment.cache())?)
    })
    .about("Opens Speech Commands: one word in a second, by many speakers, with the official lists of validation and test clips.")
    .note("the recordings of `_background_noise_` are no clips: `data.beside` has their paths, for `background`")
    .note("source: Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, 2018")
    .param::<String>("dir", "its folder, with `validation_list.txt`, `testing_list.txt` and a folder of each word in it")
    .option::<Dynamic>(
        "words",
        "all",
        "\"all\" 35 (30 of version 0.01), \"digits\" (zero to nine: SC-10), \"commands\" (yes, no, up, down, left, right, \
         on, off, stop, go), or an array of words; 35 and 10 are \"all\" and \"digits\"",
    )
    .words("words", &["all", "digits", "commands"])
    .example(
        "let d = temporary_folder(); for w in [\"yes\", \"no\"] { for i in 0..3 { \
         tone(440, 0.1).save(`${d}/${w}/0${i}ab12cd_nohash_0.wav`) } } \
         save_text(\"yes/01ab12cd_nohash_0.wav\\n\", d + \"/validation_list.txt\"); \
         save_text(\"no/02ab12cd_nohash_0.wav\\n\", d + \"/testing_list.txt\"); \
         let s = speech_commands(d, #{ words: [\"yes\", \"no\"] }).split(\"official\"); \
         assert(s.train.n == 4 && s.validation.n == 1 && s.test.n == 1)",
    )
}

const NSYNTH_LABELS: [(&str, NsynthLabel); 3] = [
    ("family", NsynthLabel::Family),
    ("pitch", NsynthLabel::Pitch),
    ("source", NsynthLabel::Source),
];

fn nsynth(environment: &Arc<Environment>) -> Function {
    with_missing(loader("nsynth", environment, |call, dir, environment| {
        let label = call.chosen("label", &NSYNTH_LABELS)?;
        Ok(dataset::nsynth(dir, label, when_missing(call, "missing")?, form(call)?, environment.cache())?)
    }))
    .about("Opens NSynth: notes of 4 s by family of instruments, by pitch or by source, with its official parts.")
    .note("source: Engel et al., Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders, 2017")
    .param::<String>(
        "dir",
        "its folder, with `nsynth-train`, `nsynth-valid` and `nsynth-test` in it, each with `examples.json` and `audio/`; \
         those that are there are read",
    )
    .option::<String>("label", "family", "what the classes are: \"family\" (11), \"pitch\" (128, of MIDI) or \"source\" (3)")
    .words("label", &NSYNTH_LABELS.map(|(word, _)| word))
    .example("try { nsynth(\"nowhere\", #{ label: \"pitch\" }) } catch (e) { print(e) }")
}

fn urbansound8k(environment: &Arc<Environment>) -> Function {
    with_missing(loader(
        "urbansound8k",
        environment,
        |call, dir, environment| {
            Ok(dataset::urbansound8k(
                dir,
                when_missing(call, "missing")?,
                form(call)?,
                environment.cache(),
            )?)
        },
    ))
    .about("Opens UrbanSound8K: sounds of a city of at most 4 s in ten classes and ten folds.")
    .note("its authors ask that all ten folds are tested on and never drawn anew: `data.folds()`")
    .note(
        "source: Salamon, Jacoby and Bello, A Dataset and Taxonomy for Urban Sound Research, 2014",
    )
    .param::<String>(
        "dir",
        "its folder, with `metadata/UrbanSound8K.csv` and `audio/fold1` to `audio/fold10` in it",
    )
    .example(
        "let d = temporary_folder(); tone(440, 0.1).save(d + \"/audio/fold2/7-3-0-0.wav\"); \
         save_text(\"slice_file_name,fsID,start,end,salience,fold,classID,class\\n\
         7-3-0-0.wav,7,0.0,0.1,1,2,3,dog_bark\\n\", d + \"/metadata/UrbanSound8K.csv\"); \
         assert(urbansound8k(d)[0].fold == 2)",
    )
}

fn icbhi(environment: &Arc<Environment>) -> Function {
    loader("icbhi", environment, |call, dir, environment| {
        let given = call.raw("classes");
        let classes = match (given.as_int(), given.clone().into_string().as_deref()) {
            (Ok(4), _) => IcbhiClasses::Four,
            (Ok(2), _) => IcbhiClasses::Two,
            (_, Ok("diagnosis")) => IcbhiClasses::Diagnosis,
            _ => return Err(call.wrong("classes", "4, 2 or \"diagnosis\"")),
        };
        Ok(dataset::icbhi(dir, classes, form(call)?, environment.cache())?)
    })
    .about("Opens ICBHI 2017: breath sounds of 126 patients, a clip a respiratory cycle, cut as its annotations say.")
    .note(
        "the official split has two patients on both sides: \"official:clean\" leaves them out of the training; the folds, \
         0 to 4, are those of `patient_list_foldwise.txt` where that file is there, else drawn by patient",
    )
    .note("source: Rocha et al., A Respiratory Sound Database for the Development of Automated Classification, 2018")
    .param::<String>("dir", "its folder, with `ICBHI_final_database` and `ICBHI_challenge_train_test.txt` in it")
    .option::<Dynamic>(
        "classes",
        4,
        "4: normal, crackle, wheeze and both; 2: normal and abnormal; \"diagnosis\": healthy, chronic and non-chronic",
    )
    .example(
        "let d = temporary_folder(); let name = d + \"/ICBHI_final_database/101_1b1_Al_sc_Meditron\"; \
         tone(440, 3).save(name + \".wav\"); save_text(\"0.5\\t1.5\\t0\\t0\\n1.5\\t2.75\\t1\\t1\\n\", name + \".txt\"); \
         let breaths = icbhi(d); assert(breaths[1].label == \"both\" && breaths[1].wave.seconds == 1.25)",
    )
}
