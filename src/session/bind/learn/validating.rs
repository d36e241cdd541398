//! The clips by which a run is followed and chosen, as a call says them.

use super::trained_on::TrainedOn;
use crate::script::{Call, FromScript, Function, ScriptError};
use auricle_audio::dataset::{Clip, Dataset, Shards, Split};
use auricle_learn::eval::Probe;
use auricle_learn::feed::{Pairs, Supply};
use auricle_learn::train::{Training, Validation};
use std::collections::HashMap;
use std::sync::Arc;

/// Adds the options that say it.
pub(super) fn options(function: Function) -> Function {
    let words = Probe::WORDS.map(|(word, _)| word);
    function
        .option::<rhai::Dynamic>(
            "validation",
            (),
            "clips that are not learned from: a dataset, a split, `shards`, `pairs` of a synthesizer, or `true` for \
                the validation clips of `data`, which are taken as well where `best`, `early_stopping` or `judge` \
                ask for some; the history has `validation_loss` and the other figures of the method on them",
        )
        .option::<rhai::Dynamic>(
            "judge",
            (),
            "heads that judge the frozen embedding of the validation clips every `every_epochs` epochs: an array \
                of \"linear_probe\", \"mlp_probe\" and \"knn\"; the history has `validation_linear_probe` and so on",
        )
        .words("judge", &words)
}

/// How a run is followed on clips that it does not learn from, if it is.
pub(super) fn validation(
    call: &Call<'_>,
    training: &Training,
    trained_on: &TrainedOn,
) -> Result<Option<Validation>, ScriptError> {
    let heads = heads(call)?;
    if let Some(supply) = supplied(call, trained_on)? {
        if !heads.is_empty() {
            return Err(ScriptError::new(
                "`judge` needs validation clips of a dataset, not a supply of others",
            )
            .hint("judge the run behind its training: `linear_probe(run, split)`"));
        }
        return Ok(Some(training.followed(supply)));
    }
    let trained_on = trained_on.clips();
    let split = call.raw("data").try_cast::<Split>();
    let given = call.raw("validation");
    let is_asked = training.chooses() || !heads.is_empty() || given.as_bool() == Ok(true);
    let fitted_on = || trained_on.cloned();
    let (clips, fitted_on) = if let Some(clips) = given.clone().try_cast::<Dataset>() {
        (clips, fitted_on())
    } else if let Some(other) = given.clone().try_cast::<Split>() {
        (other.validation, Some(other.train))
    } else if !given.is_unit() && !given.is_bool() {
        return Err(call.wrong(
            "validation",
            "a dataset, a split, shards, pairs of a synthesizer, or true",
        ));
    } else if !is_asked {
        return Ok(None);
    } else {
        match &split {
            Some(split) if !split.validation.is_empty() && given.as_bool() != Ok(false) => {
                (split.validation.clone(), fitted_on())
            }
            _ => return Err(none_there(training, &heads)),
        }
    };
    let of = |what: &str, others: &Dataset| {
        match n_shared(&clips, others) {
        0 => Ok(()),
        n => Err(ScriptError::new(format!(
            "{n} of the validation clips are {what} clips"
        ))
        .hint("what is chosen by clips can be judged fairly on others only: `data.split(#{ test: 0.2, validation: 0.1 })`")),
    }
    };
    trained_on.map_or(Ok(()), |trained_on| of("training", trained_on))?;
    if let Some(split) = &split {
        of("test", &split.test)?;
    }
    Ok(Some(training.validation(clips, fitted_on, heads)))
}

/// What supplies sounds to judge on, where it is no dataset.
fn supplied(
    call: &Call<'_>,
    trained_on: &TrainedOn,
) -> Result<Option<Arc<dyn Supply>>, ScriptError> {
    let given = call.raw("validation");
    // Every pair is a new one, those of the same synthesizer, too.
    if let Some(pairs) = given.clone().try_cast::<Pairs>() {
        return Ok(Some(Arc::new(pairs)));
    }
    let Some(shards) = given.try_cast::<Shards>() else {
        return Ok(None);
    };
    let identity = |shards: &Shards| {
        let mut all = Vec::new();
        shards.identify(&mut |piece| all.push(piece.to_owned()));
        all
    };
    match trained_on {
        TrainedOn::Shards(own) if identity(own) == identity(&shards) => Err(ScriptError::new(
            "the validation clips are the training clips",
        )
        .hint("give other shards: `shards(\"validation-*.tar\")`")),
        _ => Ok(Some(Arc::new(shards))),
    }
}

fn none_there(training: &Training, heads: &[Probe]) -> ScriptError {
    let who = match (training.chooses(), heads.is_empty()) {
        (true, _) => "choosing an epoch",
        (false, false) => "`judge`",
        (false, true) => "`validation: true`",
    };
    ScriptError::new(format!(
        "{who} needs validation clips, and the data have none"
    ))
    .hint("split with `validation: 0.1`, or give `validation: clips`")
}

/// The heads of the option `judge`.
fn heads(call: &Call<'_>) -> Result<Vec<Probe>, ScriptError> {
    let given = call.raw("judge");
    if given.is_unit() {
        return Ok(Vec::new());
    }
    let words = Probe::WORDS.map(|(word, _)| format!("\"{word}\""));
    let (last, others) = words
        .split_last()
        .unwrap_or_else(|| unreachable!("there are heads"));
    let wanted = format!("an array of {} and {last}", others.join(", "));
    let words = Vec::<String>::from_script(&given).ok_or_else(|| call.wrong("judge", &wanted))?;
    let head = |word: &String| {
        let found = Probe::WORDS.iter().find(|(own, _)| own == word);
        let unknown = || ScriptError::new(format!("`judge` must be {wanted}, not of \"{word}\""));
        found.map(|(_, probe)| *probe).ok_or_else(unknown)
    };
    words.iter().map(head).collect()
}

/// How many clips stand in both datasets: those of one number and one sound.
fn n_shared(clips: &Dataset, others: &Dataset) -> usize {
    let others: HashMap<u64, &Clip> = others.clips().iter().map(|clip| (clip.id, clip)).collect();
    let is_shared = |clip: &&Clip| {
        let other = others.get(&clip.id);
        other.is_some_and(|other| other.source == clip.source)
    };
    clips.clips().iter().filter(is_shared).count()
}
