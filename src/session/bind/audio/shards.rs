//! Corpora in shards, and packing into them.

use super::super::Environment;
use super::data_form::{form, formed};
use super::data_sets::{when_missing, with_broken};
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic};
use auricle_audio::dataset::{Dataset, Pack, PackFormat, Shard, ShardOptions, Shards, Share};
use rhai::Dynamic;
use std::path::PathBuf;
use std::sync::Arc;

impl ScriptValue for Shards {
    const NAME: &'static str = "stream";

    fn text(&self) -> String {
        format!("{self:?}")
    }
}

/// Clips in shards of five, for examples.
const PACKED: &str = "let clips = []; for i in 0..12 { clips.push(#{ wave: tone(200 + 100 * i, 0.1), label: if i % 2 == 0 \
                      { \"even\" } else { \"odd\" } }) } let d = temporary_folder(); dataset(clips).pack(d, #{ shard_size: 5 }); ";

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![opening(environment), packing(environment)];
    all.extend(properties());
    all.extend(methods(environment));
    all
}

fn opening(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let function = Function::new("shards", Topic::Data, move |call| {
        let options = ShardOptions {
            form: form(call)?,
            label: call.get("label")?,
            classes: call
                .get::<Option<Vec<String>>>("classes")?
                .unwrap_or_default(),
            audio: call.get("audio")?,
            buffer: call.get("buffer")?,
            open: call.get("open")?,
            share: Share {
                worker: call.get("worker")?,
                workers: call.get("workers")?,
            },
            broken: when_missing(call, "broken")?,
            cache: environment.cache(),
        };
        let shards = Shards::open(&places(call)?, options)?;
        environment.note_once(shards.broken().to_string());
        shards.listen(&environment.listener("left out"));
        Ok(Dynamic::from(shards))
    });
    let function = function
        .about(
            "Opens a corpus in shards, larger than memory or than a disk of files: WebDataset's tar files, or Parquet with \
             audio bytes as Hugging Face's `datasets` writes it. Its clips are read as a stream by every method, and by \
             `batches`.",
        )
        .note(
            "an epoch takes every clip once. The order of the shards is drawn by seed and epoch; `open` of them are read \
             side by side, from beginning to end, and their clips are shuffled within a buffer: memory holds two buffers \
             of encoded clips, whatever the size of the corpus. Which clip stands where depends on nothing else, so a run \
             that was killed goes on at the clip where it stood",
        )
        .note(
            "in a tar file, what shares a name up to its first dot is a clip: a sound and, beside it, its class in `.cls` \
             or in the field `label` of `.json`. In Parquet, `audio` is a column of `{bytes, path}`, and the class a column \
             `label`, `labels`, `class` or `category`; whole numbers have the names that the metadata give them",
        )
        .note(
            "mean and deviation of features are measured on 2048 clips, spread over the corpus. Where clips lie is read \
             once, from headers, and kept in the cache",
        )
        .note(
            "a stream is neither split nor indexed: parts are shards of their own, such as \"train-*.tar\" and \
             \"test-*.tar\", and `take` makes a dataset of some clips, to look at, to split and to judge on",
        )
        .param::<Dynamic>(
            "paths",
            "a folder with shards below it, a file, a pattern such as \"train-{00000..00019}.tar\" or \"train-*.parquet\", \
             or an array of them",
        )
        .option::<Option<String>>(
            "label",
            (),
            "what the class is read from: the ending of a member such as \"cls\" or \"txt\", a field of its JSON, or a \
             column; where it is usual, if not given",
        )
        .option::<Option<Vec<String>>>(
            "classes",
            (),
            "the classes in order, of which labels that are whole numbers are indices; those that occur, sorted, if not given",
        )
        .option::<Option<String>>(
            "audio",
            (),
            "what the sound is read from: the ending of a member such as \"flac\", or a column; where it is usual, if not given",
        )
        .option::<usize>("buffer", 1000, "clips that are shuffled together, at most 256 MiB of them")
        .option::<usize>("open", 8, "shards that are read side by side")
        .option::<usize>("worker", 0, "which of `workers` this one is, from 0")
        .option::<usize>("workers", 1, "processes that share every epoch, each clip taken by one of them");
    formed(with_broken(function)).returns("stream").example(format!(
        "{PACKED}let s = shards(d, #{{ buffer: 4 }}); assert(s.n == 12 && s.labels == [\"even\", \"odd\"]); \
         let run = supervised(resnet18(#{{ width: 4 }}), s, #{{ recipe: log_mel(#{{ n_mels: 16 }}), batch: 4, epochs: 1, \
         out: () }}); assert(run.fit().losses.len() == 1)"
    ))
}

/// The places that the first argument names.
fn places(call: &Call<'_>) -> Result<Vec<String>, ScriptError> {
    let wanted = "a folder, a file, a pattern of files, or an array of them";
    let one = call.get::<String>("paths").map(|path| vec![path]);
    one.or_else(|_| call.get::<Vec<String>>("paths"))
        .map_err(|_| call.wrong("paths", wanted))
}

fn packing(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let words = PackFormat::WORDS.map(|(word, _)| word);
    Function::new("pack", Topic::Data, move |call| {
        let dir = call.get::<String>("dir")?;
        let word = call.get::<String>("format")?;
        let mut formats = PackFormat::WORDS.into_iter();
        let format = formats.find(|(own, _)| *own == word);
        let pack = Pack {
            data: call.receiver::<Dataset>()?,
            format: format.map_or(PackFormat::Tar, |(_, format)| format),
            shard_size: call.get("shard_size")?,
            shard: Shard::WHOLE,
            resume: call.get("resume")?,
            out: PathBuf::from(&dir),
        };
        let stop = environment.token.stop();
        match pack.run(|_, _| !stop.is_asked())?.stopped {
            true => Err(ScriptError::interrupted()),
            false => Ok(Dynamic::from(dir)),
        }
    })
    .on::<Dataset>()
    .long()
    .about(
        "Packs the clips into shards for `shards`, WebDataset or Hugging Face, with their labels and columns; files are \
         stored byte for byte as they are, sounds in memory as floating-point WAV.",
    )
    .note("a shard is there whole or not at all; `auricle pack` does the same for folders and tables")
    .param::<String>("dir", "the folder of the shards")
    .option::<String>("format", "tar", "\"tar\", as WebDataset reads it, or \"parquet\", as Hugging Face's `datasets` does")
    .words("format", &words)
    .option::<usize>("shard_size", 1000, "clips of a shard")
    .option::<bool>("resume", false, "whether shards that are there are kept, and the others made")
    .returns("string")
    .reads_data()
    .example(format!(
        "{PACKED}dataset(clips).pack(d, #{{ shard_size: 5, resume: true }}); \
         assert(shards(d).take(12)[3].wave == clips[3].wave)"
    ))
}

fn properties() -> Vec<Function> {
    let names = |shards: &Shards| {
        let names = shards.classes().iter().map(|name| name.clone().into());
        Ok(Dynamic::from_array(names.collect()))
    };
    vec![
        Function::property::<Shards, _>("n", Topic::Data, |shards| Ok(shards.len() as i64))
            .about("Number of clips of an epoch: of all, or of this worker's share.")
            .reads_data()
            .example(format!("{PACKED}assert(shards(d, #{{ worker: 0, workers: 2 }}).n == 6)")),
        Function::new("len", Topic::Data, |call| Ok(call.receiver::<Shards>()?.len() as i64))
            .on::<Shards>()
            .about("Counts the clips of an epoch, as `shards.n` does.")
            .returns("number")
            .reads_data()
            .example(format!("{PACKED}assert(shards(d).len() == 12)")),
        Function::property::<Shards, _>("labels", Topic::Data, names)
            .about("Names of the classes.")
            .reads_data()
            .example(format!("{PACKED}assert(shards(d).labels == [\"even\", \"odd\"])")),
        Function::property::<Shards, _>("classes", Topic::Data, names)
            .about("Names of the classes, as `shards.labels`.")
            .reads_data()
            .example(format!("{PACKED}assert(shards(d).classes == [\"even\", \"odd\"])")),
        Function::property::<Shards, _>("broken", Topic::Data, |shards| {
            let named = shards.broken().named;
            let texts = named.iter().map(|error| error.to_string().into());
            Ok(Dynamic::from_array(texts.collect()))
        })
        .about("What was left out because it cannot be read, a text for each: shards, and clips as far as they were tried.")
        .reads_data()
        .example(format!("{PACKED}assert(shards(d, #{{ broken: \"leave out\" }}).broken == [])")),
    ]
}

fn methods(environment: &Arc<Environment>) -> Vec<Function> {
    let for_fraction = environment.clone();
    let for_take = environment.clone();
    vec![
        Function::new("describe", Topic::Data, |call| Ok(call.receiver::<Shards>()?.to_string()))
            .on::<Shards>()
            .about("Describes a corpus in shards: clips, shards, the classes with their counts, and what is left out.")
            .returns("string")
            .reads_data()
            .example(format!("{PACKED}assert(shards(d).describe().contains(\"12 clips in 3 shards\"))")),
        Function::new("fraction", Topic::Data, move |call| {
            let seed = call.get::<Option<u64>>("seed")?.unwrap_or_else(|| for_fraction.seed());
            Ok(Dynamic::from(call.receiver::<Shards>()?.fraction(call.get("fraction")?, seed)?))
        })
        .on::<Shards>()
        .about("Keeps the labels of a fraction of the clips, each with that probability; the rest stay, unlabelled.")
        .param::<f64>("fraction", "share of the clips that keep their label")
        .option::<Option<u64>>("seed", (), "seed of the choice; the session's if not given")
        .returns("stream")
        .reads_data()
        .example(format!("{PACKED}assert(shards(d).fraction(0.5).n == 12)")),
        Function::new("take", Topic::Data, move |call| {
            let seed = call.get::<Option<u64>>("seed")?.unwrap_or_else(|| for_take.seed());
            let drawn = call.get::<bool>("shuffle")?.then_some((seed, 0));
            Ok(Dynamic::from(call.receiver::<Shards>()?.take(call.get("n")?, drawn)?))
        })
        .on::<Shards>()
        .long()
        .about(
            "Decodes some clips into a dataset in memory, with the fields of their JSON or their other columns: to look at, \
             to split, to judge on.",
        )
        .param::<usize>("n", "how many clips, at most all")
        .option::<bool>("shuffle", false, "whether they are the first of an epoch in its order, not of the shards as they stand")
        .option::<Option<u64>>("seed", (), "seed of that order; the session's if not given")
        .returns("dataset")
        .reads_data()
        .example(format!("{PACKED}let few = shards(d).take(7); assert(few.n == 7 && few[6].label == \"even\")")),
    ]
}
