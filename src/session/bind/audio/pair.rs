//! Two sounds to be compared by ear: before and after.

use super::super::Environment;
use super::player::players;
use super::recipe::{key, keyed, loaded, taken};
use crate::script::{Call, Function, Parts, ScriptError, ScriptValue, Topic, escape};
use auricle_audio::Waveform;
use auricle_audio::augment::{Recipe, Trace};
use rhai::Dynamic;
use std::sync::Arc;

/// Two sounds, and what was drawn to make one of the other.
#[derive(Clone, PartialEq)]
pub(in crate::bind) struct Pair {
    before: Waveform,
    after: Waveform,
    trace: Option<Trace>,
}

impl Pair {
    /// Two sounds that no recipe made of each other.
    pub(in crate::bind) fn of(before: Waveform, after: Waveform) -> Pair {
        Pair {
            before,
            after,
            trace: None,
        }
    }
}

impl ScriptValue for Pair {
    const NAME: &'static str = "pair";

    fn text(&self) -> String {
        let trace = self
            .trace
            .as_ref()
            .map(|trace| format!("\n{trace}"))
            .unwrap_or_default();
        format!(
            "before: {}\nafter:  {}{trace}",
            self.before.text(),
            self.after.text()
        )
    }

    fn parts(&self) -> Parts {
        let trace = self
            .trace
            .as_ref()
            .map(|trace| format!("<pre>{}</pre>", escape(&trace.to_string())));
        let sounds = players(&[("before", &self.before), ("after", &self.after)]);
        vec![(
            "text/html",
            format!("{sounds}{}", trace.unwrap_or_default()).into(),
        )]
    }

    fn same(&self, other: &Pair) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let part = |name: &'static str, about: &'static str, take: fn(&Pair) -> &Waveform| {
        Function::property::<Pair, _>(name, Topic::Sound, move |pair| {
            Ok(Dynamic::from(take(pair).clone()))
        })
        .about(about)
        .example(format!(
            "assert(ab(tone(440, 0.1), tone(880, 0.1)).{name}.seconds == 0.1)"
        ))
    };
    vec![
        of_waves(),
        of_recipe(environment),
        part("before", "The first of the two sounds.", |pair| {
            &pair.before
        }),
        part("after", "The second of the two sounds.", |pair| &pair.after),
    ]
}

fn of_waves() -> Function {
    Function::new("ab", Topic::Sound, |call| {
        let (before, after) = (call.receiver::<Waveform>()?, call.value::<Waveform>("after")?);
        Ok(Dynamic::from(Pair::of(before, after)))
    })
    .on::<Waveform>()
    .about("Puts two sounds below each other to be compared by ear: in a notebook, outlines of one scale and players of one volume.")
    .param::<Dynamic>("after", "the sound to compare it with")
    .returns("pair")
    .example("let x = tone(440, 0.2); show(ab(x, x |> noise(10)))")
}

fn of_recipe(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    keyed(
        Function::new("ab", Topic::Recipes, move |call| {
            let (recipe, before) = (call.receiver::<Recipe>()?, call.value::<Waveform>("wave")?);
            let (after, trace) = augmented(call, &environment, &recipe, &before)?;
            Ok(Dynamic::from(Pair { before, after, trace: Some(trace) }))
        })
        .on::<Recipe>()
        .about("Runs the recipe on a sound and puts both below each other, with the values drawn.")
        .note("draws as `apply` does with the same options")
        .param::<Dynamic>("wave", "the sound")
        .returns("pair")
        .example("let r = gain(-6..6) |> fade(); assert(r.ab(tone(440, 0.2), #{ seed: 3 }).after.seconds == 0.2)"),
    )
}

fn augmented(
    call: &Call<'_>,
    environment: &Environment,
    recipe: &Recipe,
    before: &Waveform,
) -> Result<(Waveform, Trace), ScriptError> {
    let mut work = loaded(&Dynamic::from(before.clone()))?;
    let trace = recipe.trace(key(call, environment)?, &mut work)?;
    match taken(work)?.try_cast::<Waveform>() {
        Some(after) => Ok((after, trace)),
        None => Err(
            ScriptError::new("the recipe ends in features, which cannot be heard")
                .hint("leave its last stages out, or see them with `recipe.demo(wave)`"),
        ),
    }
}
