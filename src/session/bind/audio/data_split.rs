//! Dividing collections of clips.

use super::super::Environment;
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic, describe};
use auricle_audio::dataset::{
    Clip, Dataset, Duplicate, FoldOptions, Sampling, Source, Split, SplitRule,
};
use rhai::{Dynamic, Map};
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        split(environment),
        folds(environment),
        duplicates(environment),
        joined(),
        sampled::<Dataset>(|data, sampling| Ok(data.sampled(sampling)?)),
        sampled::<Split>(|mut split, sampling| {
            split.train = split.train.sampled(sampling)?;
            Ok(split)
        }),
    ]
}

/// Tells of what a split does not keep together.
fn tell(environment: &Environment, split: &Split, is_official: bool) {
    for divided in &split.divided {
        let column = &divided.column;
        environment.note_once(format!(
            "{divided}: what is learned of them is tested on them; \"group:{column}\" and \
             `#{{ test: 0.2, group: \"{column}\" }}` keep them together{}",
            match is_official {
                true => ", \"official:clean\" leaves them out of the training",
                false => "",
            }
        ));
    }
}

fn split(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("split", Topic::Data, move |call| {
        let data = call.receiver::<Dataset>()?;
        let rule = rule(call, &data, environment.seed())?;
        let split = data.split(&rule)?;
        tell(&environment, &split, rule.is_official());
        Ok(Dynamic::from(split))
    })
    .on::<Dataset>()
    .about("Divides the dataset into training, validation and test clips.")
    .param::<Dynamic>(
        "rule",
        "\"official\", \"official:clean\" (without training clips whose group, such as the patient, is tested on), \
         \"fold:5\" (that fold is the test set), \"group:speaker\" (no speaker on both sides), \"group\" (none of \
         what the dataset says belongs together), or a map: `test` (a share, or the groups to hold out), `validation` (a \
         share), `stratify`, `group`, `seed`; with `rule`, one of the words, `validation` is a share of its training clips",
    )
    .words("rule", &["official", "official:clean", "fold:", "group:"])
    .returns("split")
    .example(
        "let d = dataset([#{ wave: tone(440, 1), label: \"a\" }, #{ wave: tone(880, 1), label: \"b\" }]); \
         let s = d.split(#{ test: 0.5, stratify: false }); assert(s.train.n + s.test.n == 2)",
    )
}

fn folds(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("folds", Topic::Data, move |call| {
        let options = FoldOptions {
            n: call.get("n")?,
            repeats: call.get("repeats")?,
            stratify: call.get("stratify")?,
            group: call.get("group")?,
            validation: call.get("validation")?,
            seed: call.get::<Option<u64>>("seed")?.unwrap_or_else(|| environment.seed()),
        };
        let splits = call.receiver::<Dataset>()?.folds(&options)?;
        splits.iter().take(1).for_each(|split| tell(&environment, split, false));
        Ok(Dynamic::from_array(splits.into_iter().map(Dynamic::from).collect()))
    })
    .on::<Dataset>()
    .about("Divides the dataset for a cross-validation: an array of splits, each of which tests on another fold.")
    .note("for a nested cross-validation, `split.train.folds(5)` divides the training clips of each split again")
    .param_or::<Option<usize>>("n", (), "number of folds; the dataset's own if not given")
    .option::<usize>("repeats", 1, "rounds, each with folds of its own")
    .option::<bool>("stratify", true, "whether every fold has its share of every class")
    .option::<Option<String>>("group", (), "column whose values, such as patients, stay in one fold")
    .option::<f64>("validation", 0.0, "share of each split's training clips for choosing among models, 0 to 1")
    .option::<Option<u64>>("seed", (), "seed of the draw; the session's if not given")
    .returns("array of splits")
    .example(
        "let clips = []; for i in 0..20 { clips.push(#{ wave: tone(200 + i, 0.01), label: i % 2 }) } \
         let all = dataset(clips).folds(5, #{ repeats: 2 }); assert(all.len() == 10 && all[0].test.n == 4); \
         assert(all[0].train.folds(4)[0].test.n == 4)",
    )
}

fn duplicates(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("duplicates", Topic::Data, move |call| {
        let found = call.receiver::<Split>()?.duplicates()?;
        tell_of_copies(&environment, &found);
        let rows = found.iter().map(|pair| Dynamic::from_map(row(pair)));
        Ok(Dynamic::from_array(rows.collect()))
    })
    .on::<Split>()
    .long()
    .about(
        "Finds clips that are near copies of each other, by the sound itself: at another level or rate, encoded anew, with \
         noise, shifted, or cut. Tells of those that stand in different parts of the split.",
    )
    .note("every clip is read for it, so it is computed where it is asked for, not by every split")
    .note(
        "clips are alike if at most 35 % of the bits of their fingerprints differ over 2 s, and in proportion for less, down to \
         12.5 %. Less than a quarter of a second in common, silence and steady tones tell nothing",
    )
    .note("source: Haitsma and Kalker, \"A Highly Robust Audio Fingerprinting System\", 2002")
    .note(
        "a pair has `a` and `b` (path or number), `sides`, `similarity` (share of equal bits) and `offset_s` (how much later the \
         same sound is in `a`)",
    )
    .returns("array of maps")
    .example(
        "let x = white_noise(1, #{ seed: 1 }); let y = white_noise(1, #{ seed: 2 }); \
         let d = dataset([#{ wave: x, fold: 1 }, #{ wave: y, fold: 1 }, #{ wave: 0.1 * x, fold: 2 }]); \
         let found = d.split(\"fold:2\").duplicates(); \
         assert(found.len() == 1 && found[0].sides == \"train, test\" && found[0].similarity > 0.9)",
    )
}

fn row(pair: &Duplicate) -> Map {
    let [(part_a, a), (part_b, b)] = &pair.clips;
    let sides = format!("{}, {}", part_a.word(), part_b.word());
    [
        ("a", name(a)),
        ("b", name(b)),
        ("sides", sides.into()),
        ("similarity", pair.similarity.into()),
        ("offset_s", pair.offset_s.into()),
    ]
    .into_iter()
    .map(|(key, value)| (key.into(), value))
    .collect()
}

/// What a clip is called: its path, or its number.
fn name(clip: &Clip) -> Dynamic {
    match &clip.source {
        Source::File(path) => path.display().to_string().into(),
        Source::Wave(_) => (clip.id as i64).into(),
    }
}

/// Tells of near copies that a split does not keep together.
fn tell_of_copies(environment: &Environment, found: &[Duplicate]) {
    let mut divided = found.iter().filter(|pair| pair.is_divided());
    let Some(first) = divided.next() else {
        return;
    };
    let n = 1 + divided.count();
    let [a, b] = first.clips.each_ref().map(|(_, clip)| name(clip));
    let pairs = if n == 1 {
        "pair of clips sounds"
    } else {
        "pairs of clips sound"
    };
    environment.note_once(format!(
        "{n} {pairs} alike and {} in different parts of the split, such as {a} and {b}: what is learned of the one is \
         tested on the other; a column that names their recording keeps them together, by `#{{ test: 0.2, group: \"...\" }}`",
        if n == 1 { "stands" } else { "stand" },
    ));
}

fn joined() -> Function {
    Function::operator::<Dataset, Dataset, _>("+", Topic::Data, |call| {
        let (a, b) = (call.value::<Dataset>("left")?, call.value::<Dataset>("right")?);
        Ok(Dynamic::from(Dataset::joined(&[a, b])?))
    })
    .about("Makes one dataset of two, in order; a class that they share by name is one class.")
    .returns("dataset")
    .example(
        "let d = dataset([#{ wave: tone(440, 1), label: \"a\" }]); let e = dataset([#{ wave: tone(880, 1), label: \"b\" }]); \
         assert((d + e).labels == [\"a\", \"b\"])",
    )
}

fn sampled<T: ScriptValue>(sample: fn(T, Sampling) -> Result<T, ScriptError>) -> Function {
    let (of, tail) = match T::NAME {
        "split" => (
            "the training clips",
            "d.split(#{ test: 0.5 }).sampled(#{ balance: true }).train.n == 5",
        ),
        _ => (
            "the clips",
            "d.sampled(#{ balance: true, labelled: 0.5 }).n == 10",
        ),
    };
    Function::new("sampled", Topic::Data, move |call| {
        let sampling = Sampling {
            balance: call.get("balance")?,
            labelled: call.get("labelled")?,
        };
        Ok(Dynamic::from(sample(call.receiver::<T>()?, sampling)?))
    })
    .on::<T>()
    .about(format!(
        "Has {of} taken in another way by what trains on them: classes alike, or labelled clips with a share of their own."
    ))
    .note("an epoch keeps its length; a clip that stands in it several times is augmented anew each time")
    .option::<bool>("balance", false, "whether every class stands as often as every other one")
    .option::<Option<f64>>(
        "labelled",
        (),
        "share of labelled clips in every batch, above 0 and below 1; as it comes if not given",
    )
    .returns(T::NAME)
    .example(format!(
        "let clips = []; for i in 0..10 {{ clips.push(#{{ wave: tone(200 + i, 0.01), \
         label: if i < 6 {{ \"a\" }} else if i < 8 {{ \"b\" }} }}) }} let d = dataset(clips); assert({tail})"
    ))
}

const RULES: &str =
    "\"official\", \"fold:5\", \"group:speaker\" or a map such as `#{ test: 0.2, stratify: true }`";

fn rule(call: &Call<'_>, data: &Dataset, seed: u64) -> Result<SplitRule, ScriptError> {
    let given = call.raw("rule");
    if let Ok(text) = given.clone().into_string() {
        return in_words(call, &text, data, seed);
    }
    let map = given
        .try_cast::<Map>()
        .ok_or_else(|| call.wrong("rule", RULES))?;
    of_map(call, &map, data, seed)
}

/// A rule in words.
fn in_words(
    call: &Call<'_>,
    text: &str,
    data: &Dataset,
    seed: u64,
) -> Result<SplitRule, ScriptError> {
    match text.split_once(':') {
        None if text == "official" => Ok(SplitRule::Official),
        Some(("official", "clean")) => Ok(SplitRule::OfficialClean),
        None if text == "group" => match data.groups().first() {
            Some(column) => Ok(SplitRule::Group {
                column: column.to_string(),
                test: None,
                seed,
            }),
            None => Err(ScriptError::new(format!(
                "{} does not say what belongs together",
                data.name()
            ))
            .hint("name the column, as in `\"group:speaker\"`; `folder` has the option `group`")),
        },
        Some(("fold", fold)) => match fold.trim().parse() {
            Ok(fold) => Ok(SplitRule::Fold(fold)),
            Err(_) => Err(ScriptError::new(format!(
                "`fold:` must be followed by a number, not {fold:?}"
            ))),
        },
        Some(("group", column)) => Ok(SplitRule::Group {
            column: column.trim().to_owned(),
            test: None,
            seed,
        }),
        _ => Err(call.wrong("rule", RULES)),
    }
}

/// A rule as a map.
fn of_map(call: &Call<'_>, map: &Map, data: &Dataset, seed: u64) -> Result<SplitRule, ScriptError> {
    let keys = ["rule", "test", "validation", "stratify", "group", "seed"];
    if let Some(other) = map.keys().find(|key| !keys.contains(&key.as_str())) {
        return Err(ScriptError::new(format!("a split has no option `{other}`"))
            .hint(format!("options: {}", keys.join(", "))));
    }
    let field = |name: &str| map.get(name).filter(|value| !value.is_unit());
    fn typed<T: crate::script::FromScript>(
        name: &str,
        value: Option<&Dynamic>,
    ) -> Result<Option<T>, ScriptError> {
        let wrong = |value: &Dynamic| {
            ScriptError::new(format!(
                "`{name}` must be {}, not {}",
                T::WANTED,
                describe(value)
            ))
        };
        value
            .map(|value| T::from_script(value).ok_or_else(|| wrong(value)))
            .transpose()
    }
    let group = typed::<String>("group", field("group"))?;
    let seed = typed::<u64>("seed", field("seed"))?.unwrap_or(seed);
    if let Some(words) = typed::<String>("rule", field("rule"))? {
        if field("test").is_some() {
            let text = "`rule` says what is tested on; `test` cannot stand beside it";
            return Err(ScriptError::new(text));
        }
        let inner = in_words(call, &words, data, seed)?;
        return Ok(match typed("validation", field("validation"))? {
            Some(validation) if validation != 0.0 => SplitRule::Validated {
                rule: Box::new(inner),
                validation,
                stratify: typed("stratify", field("stratify"))?.unwrap_or(true),
                group,
                seed,
            },
            _ => inner,
        });
    }
    if let Some(Ok(held)) = field("test").filter(|test| test.is_array()).map(|test| {
        <Vec<String> as crate::script::FromScript>::from_script(test)
            .ok_or_else(|| ScriptError::new("`test` must be a share or an array of strings"))
    }) {
        let column = group.ok_or_else(|| {
            ScriptError::new("groups to hold out need `group`, the column they are in")
        })?;
        return Ok(SplitRule::Group {
            column,
            test: Some(held),
            seed,
        });
    }
    Ok(SplitRule::Shares {
        test: typed("test", field("test"))?.unwrap_or(0.2),
        validation: typed("validation", field("validation"))?.unwrap_or(0.0),
        stratify: typed("stratify", field("stratify"))?.unwrap_or(true),
        group,
        seed,
    })
}
