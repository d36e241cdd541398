//! Training methods: their declarations stand beside the mathematics; here each becomes a function.

use super::super::Environment;
use super::super::declared;
use super::model::Model;
use super::trained_on::trained_on;
use super::{own_loss, validating};
use crate::script::{Call, Function, ScriptError, Topic};
use auricle_audio::augment::{Recipe, Views};
use auricle_audio::declare::{Described, Value};
use auricle_learn::loss::Loss;
use auricle_learn::train::{MethodDeclaration, Optimizer, Plan, Run, Schedule, TRAINING, methods};
use rhai::{Dynamic, FnPtr};
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    methods::CATALOGUE
        .iter()
        .map(|declaration| function(declaration, environment))
        .collect()
}

/// The function of a method: what is trained on what, the parameters of all methods, and its own.
fn function(declaration: &'static MethodDeclaration, environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let body = move |call: &Call<'_>| {
        let run = describe(declaration, call, call.receiver::<Model>()?, &environment)?;
        Ok(Dynamic::from(run))
    };
    // Losses and features have functions of the same names: the model tells them apart.
    let function = declared::begun(declaration, Topic::Training, body).on::<Model>();
    let (recipe, views) = match declaration.facts.n_views {
        2 => (
            "the two views: `views(2, recipe)`, or a recipe for both; must be given",
            "views(2, noise(5..40) |> log_mel(#{ n_mels: 16 }))",
        ),
        _ => (
            "how a clip becomes features: a recipe, or `views(n, recipe)` for several views of \
                it; must be given",
            "noise(5..40) |> log_mel(#{ n_mels: 16 })",
        ),
    };
    // A loss of the user's own belongs to the script that wrote it, so it is taken up there.
    let has_loss = declaration.parameter("loss").is_some();
    let is_long = move |call: &Call<'_>| !(has_loss && call.raw("loss").is::<FnPtr>());
    let function = function
        .long_if(is_long)
        .note("the model is copied: what was trained is `run.model`, and the model given stays as it was")
        .param::<Dynamic>("data", "a dataset; a split, whose training clips are taken; `shards`; or `pairs` of a synthesizer")
        .option::<Dynamic>("recipe", (), recipe);
    let function = validating::options(function);
    let function = declared::with_parameters(function, declaration.parameters);
    declared::with_parameters(function, TRAINING.parameters)
        .returns("run")
        .example(format!(
            "let clips = []; for i in 0..8 {{ clips.push(#{{ wave: tone(200 + 100 * i, 0.2), label: i % 2 }}) }} \
             let model = resnet18(#{{ width: 4 }}); let data = dataset(clips); \
             let options = #{{ recipe: {views}, epochs: 1, batch: 4, out: () }}; {}",
            declaration.example
        ))
}

fn describe(
    declaration: &'static MethodDeclaration,
    call: &Call<'_>,
    model: Model,
    environment: &Environment,
) -> Result<Run, ScriptError> {
    let (data, views) = (trained_on(call)?, views(declaration, call)?);
    let given = call.given();
    let of_all = given.filter(|(name, _)| TRAINING.parameter(name).is_some());
    let training = Described::new(&TRAINING, declared::values(&TRAINING, of_all, inside)?)?;
    let given = call.given();
    let own = given.filter(|(name, _)| declaration.parameter(name).is_some());
    let inside_method = |value: &Dynamic| match value.clone().try_cast::<FnPtr>() {
        Some(function) => {
            let loss = own_loss::of_pointer(environment, call, function)?;
            Ok(Some(Value::from(loss)))
        }
        None => inside(value),
    };
    let method = declaration.with(declared::values(declaration, own, inside_method)?)?;
    let validation = validating::validation(call, &training, &data)?;
    let plan = training.plan(model.encoder, data.supply(), views, environment.seed());
    Ok(Run::new(method, Plan { validation, ..plan })?)
}

/// What may stand inside a method.
fn inside(value: &Dynamic) -> Result<Option<Value>, ScriptError> {
    let value = value.clone();
    let loss = || value.clone().try_cast::<Loss>().map(Value::from);
    let optimizer = || value.clone().try_cast::<Optimizer>().map(Value::from);
    let schedule = || value.clone().try_cast::<Schedule>().map(Value::from);
    let recipe = || value.clone().try_cast::<Recipe>().map(Value::from);
    Ok(loss().or_else(optimizer).or_else(schedule).or_else(recipe))
}

/// How views of a clip are made.
fn views(declaration: &MethodDeclaration, call: &Call<'_>) -> Result<Views, ScriptError> {
    let given = call.raw("recipe");
    if let Some(views) = given.clone().try_cast::<Views>() {
        return Ok(views);
    }
    let n = declaration.facts.n_views;
    let (what, such_as) = match n {
        2 => {
            let such_as = "views(2, fade() |> time_mask() |> log_mel())";
            ("the two views of a clip are made", such_as)
        }
        _ => ("a clip becomes features", "fade() |> log_mel()"),
    };
    match given.clone().try_cast::<Recipe>() {
        Some(recipe) => Ok(Views::of(n as i64, &recipe)?),
        None if given.is_unit() => {
            let message = format!("`{}` needs `recipe`: how {what}", declaration.name);
            Err(ScriptError::new(message).hint(format!("such as `recipe: {such_as}`")))
        }
        None => Err(call.wrong("recipe", "views or a recipe")),
    }
}
