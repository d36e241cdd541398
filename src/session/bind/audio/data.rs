//! Collections of clips.

use super::super::Environment;
use super::data_form::{form, formed};
use super::{data_manifest, data_sets, data_split, data_table, shards};
use crate::script::{Call, FromScript, Function, Parts, ScriptError, ScriptValue, Topic, describe};
use auricle_audio::dataset::{
    self, Clip, Dataset, Description, FolderNames, Form, NamePattern, Naming, Source, Split,
};
use auricle_audio::{Error, Waveform};
use rhai::{Array, Dynamic, Engine, FnPtr, Map};
use std::any::TypeId;
use std::path::Path;
use std::sync::Arc;

impl ScriptValue for Dataset {
    const NAME: &'static str = "dataset";

    fn text(&self) -> String {
        format!("{self:?}")
    }

    fn is_long(&self) -> bool {
        self.len() >= LONG
    }

    fn parts(&self) -> Parts {
        vec![("text/html", data_table::dataset(self).into())]
    }
}

/// Clips that take a while to look at.
const LONG: usize = 10_000;

impl ScriptValue for Split {
    const NAME: &'static str = "split";

    fn text(&self) -> String {
        let (train, validation, test) = (self.train.len(), self.validation.len(), self.test.len());
        let divided: String = self
            .divided
            .iter()
            .map(|divided| format!("\n  {divided}"))
            .collect();
        format!(
            "split ({}): {train} train, {validation} validation, {test} test{divided}",
            self.rule
        )
    }

    fn parts(&self) -> Parts {
        vec![("text/html", data_table::split(self).into())]
    }
}

impl ScriptValue for Description {
    const NAME: &'static str = "description";

    fn text(&self) -> String {
        self.to_string()
    }

    fn parts(&self) -> Parts {
        vec![("text/html", data_table::description(self).into())]
    }
}

impl ScriptValue for Clip {
    const NAME: &'static str = "clip";

    fn text(&self) -> String {
        let source = match &self.source {
            Source::File(path) => path.display().to_string(),
            Source::Wave(_) => "in memory".into(),
        };
        format!("clip {} ({source})", self.id)
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![
        spoken_digits(environment),
        esc50(environment),
        folder(environment),
        in_memory(),
    ];
    all.extend(data_sets::functions(environment));
    all.push(data_manifest::manifest(environment));
    all.extend(shards::functions(environment));
    all.extend(data_split::functions(environment));
    all.extend(properties());
    all.extend(methods(environment));
    all
}

/// `d[3]`: a map with the clip's wave, label and columns; `for clip in d` reads one after the other.
pub(super) fn register_clips(engine: &mut Engine) {
    let mut clips = rhai::Module::new();
    clips.set_iter_result(TypeId::of::<Dataset>(), |data| {
        let data = data.cast::<Dataset>();
        Box::new((0..data.len()).map(move |index| Ok(clip_map(&data, index)?)))
    });
    engine.register_global_module(clips.into());
    engine.register_indexer_get(
        |data: &mut Dataset, index: i64| -> Result<Dynamic, Box<rhai::EvalAltResult>> {
            let n = data.len() as i64;
            let at = if index < 0 { index + n } else { index };
            if !(0..n).contains(&at) {
                let message = format!("there is no clip {index}: the dataset has {n}");
                return Err(ScriptError::new(message)
                    .hint(format!("indices go from 0 to {}", n - 1))
                    .into());
            }
            Ok(clip_map(data, at as usize)?)
        },
    );
}

fn clip_map(data: &Dataset, index: usize) -> Result<Dynamic, ScriptError> {
    let clip = &data.clips()[index];
    let mut map = Map::new();
    map.insert("wave".into(), Dynamic::from(data.wave(index)?));
    map.insert(
        "label".into(),
        clip.label
            .map_or(Dynamic::UNIT, |label| data.classes()[label].clone().into()),
    );
    map.insert(
        "fold".into(),
        clip.fold
            .map_or(Dynamic::UNIT, |fold| i64::from(fold).into()),
    );
    if let Source::File(path) = &clip.source {
        map.insert("path".into(), path.display().to_string().into());
    }
    if let Some(labels) = &clip.labels {
        let names = labels
            .iter()
            .map(|&label| data.classes()[label].clone().into());
        map.insert("labels".into(), Dynamic::from_array(names.collect()));
    }
    if let Some(target) = clip.target {
        map.insert("target".into(), target.into());
    }
    if let Some(span) = clip.span {
        map.insert("start_s".into(), span.start_s.into());
        map.insert("end_s".into(), span.end_s.map_or(Dynamic::UNIT, Into::into));
    }
    for (name, value) in &clip.columns {
        map.insert(name.as_ref().into(), value.clone().into());
    }
    Ok(Dynamic::from_map(map))
}

fn spoken_digits(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    formed(
        Function::new("spoken_digits", Topic::Data, move |call| {
            let dir = call.get::<String>("dir")?;
            let data = dataset::spoken_digits(Path::new(&dir), form(call)?, environment.cache())?;
            environment.note_once(data.passed_over().to_string());
            Ok(Dynamic::from(data))
        })
        .about("Opens the Free Spoken Digit Dataset: ten digits, six speakers, 8 kHz.")
        .note("the official split tests on recordings 0 to 4; \"group:speaker\" holds out theo and yweweler")
        .note("source: Jackson et al., Free Spoken Digit Dataset, 2018")
        .param::<String>("dir", "its folder, with `recordings/0_george_0.wav` and the others in it")
        .example(
            "let d = temporary_folder(); for i in 0..6 { tone(440, 0.1).save(`${d}/recordings/3_ann_${i}.wav`) } \
             assert(spoken_digits(d).split(\"official\").test.n == 5)",
        ),
    )
}

fn esc50(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    formed(
        Function::new("esc50", Topic::Data, move |call| {
            let (dir, only) = (call.get::<String>("dir")?, call.get::<bool>("esc10")?);
            Ok(Dynamic::from(dataset::esc50(Path::new(&dir), only, form(call)?, environment.cache())?))
        })
        .about("Opens ESC-50: environmental sounds of 5 s in 50 classes and five folds.")
        .note("file names come from `meta/esc50.csv`; a copy in another format under the same stem is found, too")
        .note("source: Piczak, ESC: Dataset for Environmental Sound Classification, 2015")
        .param::<String>("dir", "its folder, with `meta/esc50.csv` and `audio/` in it")
        .option::<bool>("esc10", false, "whether to keep only the ten classes of ESC-10")
        .example("try { esc50(\"nowhere\") } catch (e) { print(e) }"),
    )
}

fn folder(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let called = |call: &Call<'_>| {
        ["group", "fold"]
            .iter()
            .any(|name| call.raw(name).is_fnptr())
    };
    formed(
        Function::new("folder", Topic::Data, move |call| {
            let dir = call.get::<String>("dir")?;
            let dir = Path::new(&dir);
            let form = form(call)?;
            let data = named(call, "group", |group| {
                named(call, "fold", |fold| {
                    Ok(dataset::folder(dir, &FolderNames { group, fold }, form, environment.cache())?)
                })
            })?;
            environment.note_once(data.passed_over().to_string());
            Ok(Dynamic::from(data))
        })
        .about("Opens a folder of sounds, a folder a class; only names are read until a clip is needed.")
        .note(
            "what belongs together, such as the recordings of a patient, must not be learned from and tested on: name it \
             with `group`, and split with `\"group\"` or `#{ test: 0.2, group: \"group\" }`",
        )
        .param::<String>("dir", "the folder; sounds directly in it are not labelled")
        .option::<Dynamic>(
            "group",
            (),
            "what belongs together, read from each file's path inside the folder: a regular expression with one capture, \
             such as \"p([0-9]+)_\", or a function such as `|name| name.split(\"_\")[0]`",
        )
        .option::<Dynamic>("fold", (), "the fold, read in the same way; a whole number")
        .example(
            "let d = temporary_folder(); for i in 0..8 { tone(440, 0.1).save(`${d}/dog/p${i / 2}_${i}.wav`) } \
             let data = folder(d, #{ group: \"p([0-9]+)_\" }); assert(data.labels == [\"dog\"]); \
             assert(data.split(\"group\").test.n == 2)",
        ),
    )
    .long_if(move |call| !called(call))
}

/// Hands on what an option says of how names are read.
fn named<T>(
    call: &Call<'_>,
    option: &str,
    then: impl FnOnce(Option<Naming<'_>>) -> Result<T, ScriptError>,
) -> Result<T, ScriptError> {
    let given = call.raw(option);
    if given.is_unit() {
        return then(None);
    }
    if let Ok(pattern) = given.clone().into_string() {
        return then(Some(Naming::Pattern(NamePattern::new(option, &pattern)?)));
    }
    let wanted = "a regular expression with one capture, or a function of a name";
    let function = given
        .try_cast::<FnPtr>()
        .ok_or_else(|| call.wrong(option, wanted))?;
    let value = |name: &str| {
        let made = call
            .run(&function, (name.to_owned(),))
            .map_err(|error| Error::Callback(error.message))?;
        match made.is_unit() {
            true => Ok(String::new()),
            false => Ok(made.to_string()),
        }
    };
    then(Some(Naming::Function(&value)))
}

fn in_memory() -> Function {
    Function::new("dataset", Topic::Data, |call| {
        let mut classes: Vec<String> = Vec::new();
        let mut clips = Vec::new();
        let mut has_groups = false;
        for (index, item) in call.get::<Array>("clips")?.into_iter().enumerate() {
            let what = describe(&item);
            let wrong = |what: &str| {
                ScriptError::new(format!(
                    "clip {index} must be a map `#{{ wave, label }}`, {what}"
                ))
            };
            let map = item
                .try_cast::<Map>()
                .ok_or_else(|| wrong(&format!("not {what}")))?;
            let wave = map
                .get("wave")
                .and_then(|wave| wave.clone().try_cast::<Waveform>());
            let wave = wave.ok_or_else(|| wrong("but it has no wave"))?;
            let mut place = |name: String| {
                classes
                    .iter()
                    .position(|class| *class == name)
                    .unwrap_or_else(|| {
                        classes.push(name);
                        classes.len() - 1
                    })
            };
            let given = |name: &str| map.get(name).filter(|value| !value.is_unit());
            let label = given("label").map(|label| place(label.to_string()));
            let mut clip = Clip::new(Source::Wave(wave), label);
            if let Some(labels) = given("labels") {
                let names = labels.clone().into_array();
                let names = names.map_err(|_| wrong("whose `labels` are an array"))?;
                let mut labels: Vec<usize> = names.iter().map(|name| place(name.to_string())).collect();
                labels.sort_unstable();
                labels.dedup();
                clip.labels = Some(labels);
            }
            clip.target = given("target")
                .map(|target| f64::from_script(target).ok_or_else(|| wrong("whose `target` is a number")))
                .transpose()?;
            clip.fold = given("fold")
                .map(|fold| u32::from_script(fold).ok_or_else(|| wrong("whose `fold` is a whole number")))
                .transpose()?;
            let columns = given("group").map(|group| (dataset::GROUP.into(), group.to_string()));
            has_groups |= columns.is_some();
            clip.columns.extend(columns);
            clips.push(clip);
        }
        let name = call.get::<String>("name")?;
        let data = Dataset::new(&name, clips, classes, Form::default(), None)?;
        Ok(Dynamic::from(match has_groups {
            true => data.grouped_by([dataset::GROUP.into()]),
            false => data,
        }))
    })
    .about("Makes a dataset from sounds in memory.")
    .note("`d[3]` is a map of a clip again, of any dataset, and `for clip in d` goes through all, reading each when it comes")
    .param::<Array>(
        "clips",
        "a map `#{ wave, label }` for each; the label may be left out. `labels` is an array of classes, `target` a number \
         to predict, `fold` a whole number, `group` what belongs together",
    )
    .option::<String>("name", "dataset", "its name, for reports")
    .returns("dataset")
    .example("assert(dataset([#{ wave: tone(440, 1), label: \"a\" }]).labels == [\"a\"])")
}

fn properties() -> Vec<Function> {
    let data = "let d = dataset([#{ wave: tone(440, 1), label: \"a\" }, #{ wave: tone(880, 1), label: \"b\" }]);";
    fn part(
        name: &'static str,
        about: &'static str,
        data: &str,
        take: fn(&Split) -> &Dataset,
    ) -> Function {
        Function::property::<Split, _>(name, Topic::Data, move |split| {
            Ok(Dynamic::from(take(split).clone()))
        })
        .about(about)
        .example(format!(
            "{data} assert(d.split(#{{ test: 0.5, stratify: false }}).{name}.n <= 1)"
        ))
    }
    vec![
        Function::property::<Dataset, _>("n", Topic::Data, |data| Ok(data.len() as i64))
            .about("Number of clips.")
            .example(format!("{data} assert(d.n == 2)")),
        Function::new("len", Topic::Data, |call| {
            Ok(call.receiver::<Dataset>()?.len() as i64)
        })
        .on::<Dataset>()
        .about("Counts the clips, as `data.n` does.")
        .returns("number")
        .example(format!("{data} assert(d.len() == 2)")),
        Function::property::<Dataset, _>("labels", Topic::Data, |data| {
            Ok(Dynamic::from_array(
                data.classes()
                    .iter()
                    .map(|name| name.clone().into())
                    .collect(),
            ))
        })
        .about("Names of the classes.")
        .example(format!("{data} assert(d.labels == [\"a\", \"b\"])")),
        Function::property::<Dataset, _>("classes", Topic::Data, |data| {
            let names = data.classes().iter().map(|name| name.clone().into());
            Ok(Dynamic::from_array(names.collect()))
        })
        .about("Names of the classes, as `data.labels`.")
        .example(format!("{data} assert(d.classes == d.labels)")),
        Function::property::<Dataset, _>("beside", Topic::Data, |data| {
            let paths = data.beside().iter().map(|path| path.display().to_string().into());
            Ok(Dynamic::from_array(paths.collect()))
        })
        .about("Recordings that belong to the dataset and are no clips: the background noise of Speech Commands, for `background`.")
        .example(format!("{data} assert(d.beside == [])")),
        Function::property::<Dataset, _>("missing", Topic::Data, |data| {
            let files = data.missing().iter().flat_map(|missing| &missing.files);
            let paths = files.map(|path| path.display().to_string().into());
            Ok(Dynamic::from_array(paths.collect()))
        })
        .about("Files that the dataset's tables name and that are not there.")
        .example(format!("{data} assert(d.missing == [])")),
        part("train", "The clips for training.", data, |split| {
            &split.train
        }),
        part(
            "validation",
            "The clips for choosing among models; may be none.",
            data,
            |split| &split.validation,
        ),
        part(
            "test",
            "The clips for the final judgement.",
            data,
            |split| &split.test,
        ),
    ]
}

fn methods(environment: &Arc<Environment>) -> Vec<Function> {
    let data = "let d = dataset([#{ wave: tone(440, 1), label: \"a\" }, #{ wave: tone(880, 1), label: \"b\" }]);";
    let for_fraction = environment.clone();
    vec![
        Function::new("describe", Topic::Data, |call| Ok(Dynamic::from(call.receiver::<Dataset>()?.describe())))
            .on::<Dataset>()
            .long()
            .about("Describes the dataset: clips, classes, durations; reads the heads of a few files, decodes none.")
            .returns("description")
            .example(format!("{data} print(d.describe())")),
        Function::new("fraction", Topic::Data, move |call| {
            let seed = call.get::<Option<u64>>("seed")?.unwrap_or_else(|| for_fraction.seed());
            Ok(Dynamic::from(call.receiver::<Dataset>()?.fraction(call.get("fraction")?, seed)?))
        })
        .on::<Dataset>()
        .about("Keeps the labels of a stratified fraction of the clips; the rest stay, unlabelled.")
        .note("a split that is made of it afterwards has all labels on its validation and test clips: few are to train on")
        .param::<f64>("fraction", "share of every class that keeps its label, at least one clip of each")
        .option::<Option<u64>>("seed", (), "seed of the choice; the session's if not given")
        .returns("dataset")
        .example(format!("{data} assert(d.fraction(0.5).n == 2)")),
    ]
}
