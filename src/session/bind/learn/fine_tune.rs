//! Judging by fine-tuning: a copy of the encoder and a linear layer, trained on the labels.

use super::super::Environment;
use super::heads::{
    features_of_floor, measured_by, none, random_beside, reported, score, seed, settings, subject,
};
use super::metrics::drawing;
use super::model::front_end;
use super::run::train;
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic};
use auricle_audio::augment::{Recipe, Views};
use auricle_audio::dataset::{Dataset, Split};
use auricle_audio::declare::{Described, Value};
use auricle_learn::eval::{
    JudgeOptions, Judgement, Metric, Probe, Report, Role, Row, Subject, Task, embed, floor, judge,
    judge_logits, judge_mean,
};
use auricle_learn::nn::Encoder;
use auricle_learn::train::optimizers::Groups;
use auricle_learn::train::{
    LOSS, MethodDeclaration, Optimizer, OptimizerDeclaration, Run, TRAINING, VALIDATION, methods,
    optimizers,
};
use rhai::Dynamic;
use std::sync::Arc;

/// The name of the head in reports.
const NAME: &str = "fine-tuning";

pub(super) fn function(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let function = Function::new("fine_tune", Topic::Judging, move |call| {
        let report = report(call, &environment)?;
        if let Some(json) = report.json() {
            environment.keep_report(json);
        }
        Ok(Dynamic::from(report))
    })
    .in_session()
    .about("Judges an encoder by training a copy of it, with a linear layer behind it, on the labels or numbers, beside a random encoder trained alike and the log-mel statistics.")
    .note("the model given stays as it was; the log-mel statistics are judged by a linear probe, or a ridge regression of numbers, for there is nothing to fine-tune")
    .note("with validation clips the epoch of their best accuracy is taken, or of their lowest loss where clips have several classes or numbers; without any, the last one; test clips choose nothing")
    .note("the encoder has a rate of its own, below that of the layer: what was learned before should change slowly (Howard and Ruder, 2018)")
    .param::<Dynamic>("model", "a trained run, or a model")
    .param::<Dynamic>("split", "training clips to learn from, test clips to judge on, and validation clips to choose on; one class a clip, several, or a number")
    .option::<Dynamic>("features", (), "recipe from waves to features; the one it was trained with, else `log_mel()`")
    .option::<Dynamic>("recipe", (), "augmentation of training clips, before the features; none if not given")
    .option::<usize>("epochs", 30, "passes over the training clips, at least 1")
    .option::<usize>("batch", 32, "clips in a step, at least 2; fewer where the training clips are fewer")
    .option::<f64>("learning_rate", 1e-3, "peak learning rate of the linear layer, at least 0")
    .option::<f64>("encoder_rate", 1e-4, "peak learning rate of the encoder, at least 0; 0 leaves all but its running statistics")
    .option::<f64>("weight_decay", 1e-2, "decay of matrices and kernels by AdamW, at least 0")
    .option::<Dynamic>("out", (), "folder under which the trainings are kept, so that an interrupted one goes on; nothing is kept if not given")
    .option::<Option<String>>("metric", (), "figure of merit, such as \"auroc\" or \"icbhi_score\"; \"accuracy\" of one class a clip, \"map\" of several, \"mae\" of numbers if not given")
    .words("metric", &Metric::WORDS.map(|(word, _)| word));
    drawing(function).returns("report").reads_data().example(
        "let clips = []; for i in 0..20 { clips.push(#{ wave: tone(200 + 20 * i, 0.2), label: i / 10 }) } \
         let s = dataset(clips).split(#{ test: 0.3 }); \
         print(fine_tune(resnet18(#{ width: 4 }), s, #{ epochs: 1, batch: 4 }))",
    )
}

fn report(call: &Call<'_>, environment: &Environment) -> Result<Report, ScriptError> {
    let split = call.value::<Split>("split")?;
    let task = Task::of(&split.train).ok_or_else(|| {
        ScriptError::new("`fine_tune` learns labels, and the training clips have none")
    })?;
    let options = measured_by(call, environment)?;
    let (model, run) = subject(call, environment)?;
    let stop = environment.token.stop();
    let stop = || stop.is_asked();
    let (device, workers) = (environment.device()?, environment.workers()?);
    let recipe = front_end(call, &model.encoder, &split.train, environment)?.recipe;
    let mut encoders = vec![(Role::Judged, model.encoder.copy())];
    let random = random_beside(&model, run.as_ref(), environment)?;
    encoders.extend(random.map(|random| (Role::Random, random)));
    let mut made: Vec<(Role, Judgement)> = Vec::new();
    for (role, encoder) in encoders {
        made.push((
            role,
            tuned(
                call,
                environment,
                encoder,
                &recipe,
                (&split, task),
                &options,
            )?,
        ));
    }
    let features = features_of_floor(&recipe)?;
    let statistics = |data: &Dataset| floor(&features, data, &workers, &stop);
    let lowest = Subject {
        name: Role::Floor.name().to_owned(),
        role: Role::Floor,
        train: statistics(&split.train)?,
        validation: none(),
        test: statistics(&split.test)?,
        places: None,
    };
    let parts = [&split.train, &split.validation, &split.test];
    let (probe, by) = match task {
        Task::Numbers => (Probe::Ridge, "by a ridge regression"),
        Task::Classes | Task::Several => (Probe::Linear, "by a linear probe"),
    };
    let lowest = judge(&lowest, parts, probe, &options, &device, &stop)?;
    made.push((Role::Floor, lowest));
    if task == Task::Numbers {
        let mean = judge_mean(&split.train, &split.test, &options)?;
        made.push((Role::Mean, mean));
    }
    let mut settings = settings(&model, run.as_ref(), &recipe.to_string());
    settings.extend(told(call)?);
    settings.extend(
        made[0]
            .1
            .chosen
            .clone()
            .map(|chosen| (NAME.to_owned(), chosen)),
    );
    settings.push((Role::Floor.name().to_owned(), by.to_owned()));
    let row = |(role, judged): &(Role, Judgement)| {
        let row = Row::of(*role, vec![score(NAME, judged)]);
        match role {
            Role::Judged => Row {
                name: model.title().to_owned(),
                ..row
            },
            _ => row,
        }
    };
    let rows = made.iter().map(row).collect();
    let predictions = made.swap_remove(0).1.predictions;
    let predictions = vec![Arc::new(predictions)];
    Ok(reported(&model, &split, rows, settings, predictions))
}

/// Trains an encoder with a linear layer, and judges both on the test clips.
fn tuned(
    call: &Call<'_>,
    environment: &Environment,
    encoder: Encoder,
    features: &Recipe,
    (split, task): (&Split, Task),
    options: &JudgeOptions,
) -> Result<Judgement, ScriptError> {
    let run = run(call, environment, encoder, features, (split, task))?;
    train(&run, environment, environment.settings.fresh)?;
    let missing = || ScriptError::new("the training gave no model");
    let encoder = run.encoder().ok_or_else(missing)?;
    let head = run.head().ok_or_else(missing)?;
    let front_end = encoder.front_end.clone().ok_or_else(missing)?;
    let (device, workers) = (environment.device()?, environment.workers()?);
    let stop = environment.token.stop();
    let stop = || stop.is_asked();
    let rows = embed(&encoder, &front_end, &split.test, &device, &workers, &stop)?;
    let judged = judge_logits(&head.logits(&rows), &split.test, task, options)?;
    let chosen = run.chosen().map(|chosen| {
        format!(
            "epoch {}, by {} {:.3} on validation clips",
            chosen.epoch,
            followed(task),
            chosen.value
        )
    });
    Ok(Judgement {
        chosen: chosen.or_else(|| Some("the last epoch: there are no validation clips".to_owned())),
        ..judged
    })
}

/// The figure on validation clips by which the epoch is chosen.
fn followed(task: Task) -> &'static str {
    match task {
        Task::Classes => "accuracy",
        Task::Several | Task::Numbers => LOSS,
    }
}

/// The training of an encoder with a linear layer: the method `supervised`.
fn run(
    call: &Call<'_>,
    environment: &Environment,
    encoder: Encoder,
    features: &Recipe,
    (split, task): (&Split, Task),
) -> Result<Run, ScriptError> {
    let n = split.train.len();
    let batch = call.get::<usize>("batch")?.min(n);
    let number = |x: f64| Value::Drawn(x.into());
    let given = |name: &str, value: Value| (name.to_owned(), value);
    let out = match call.get::<Option<String>>("out")? {
        Some(folder) => Value::Word(folder),
        None => Value::Absent,
    };
    let mut training = vec![
        given("epochs", number(call.get::<usize>("epochs")? as f64)),
        given("batch", number(batch as f64)),
        given("optimizer", optimizer(call)?.into()),
        given("seed", number(seed(call, environment)? as f64)),
        given("out", out),
    ];
    let chooses = Task::of(&split.validation) == Some(task);
    if chooses {
        let best = format!("{VALIDATION}{}", followed(task));
        training.push(given("best", Value::Word(best)));
    }
    let training = Described::new(&TRAINING, training)?;
    let augmented = match call.raw("recipe").is_unit() {
        true => Recipe::identity(),
        false => call.value::<Recipe>("recipe")?,
    };
    let views = Views::new(vec![match *features == Recipe::identity() {
        true => augmented,
        false => augmented.then(features)?,
    }])?;
    let supply = Arc::new(split.train.clone());
    let mut plan = training.plan(encoder, supply, views, environment.seed());
    // The recipe of the views may augment: what a clip is without that, is told apart.
    plan.features = (*features != Recipe::identity()).then(|| features.clone());
    if chooses {
        plan.validation = Some(training.validation(split.validation.clone(), None, Vec::new()));
    }
    let supervised = MethodDeclaration::find(methods::CATALOGUE, "method", "supervised")?;
    Ok(Run::new(supervised.with(Vec::new())?, plan)?)
}

fn optimizer(call: &Call<'_>) -> Result<Optimizer, ScriptError> {
    let rate = call.get::<f64>("encoder_rate")?;
    if !(rate >= 0.0 && rate.is_finite()) {
        return Err(call.wrong("encoder_rate", "a number, at least 0"));
    }
    let own = vec![("learning_rate".to_owned(), rate)];
    let groups = Groups::new([("encoder".to_owned(), own)])?;
    let number = |name: &str| -> Result<(String, Value), ScriptError> {
        Ok((name.to_owned(), Value::Drawn(call.get::<f64>(name)?.into())))
    };
    let adamw = OptimizerDeclaration::find(optimizers::CATALOGUE, "optimizer", "adamw")?;
    let values = vec![
        number("learning_rate")?,
        number("weight_decay")?,
        ("groups".to_owned(), groups.into()),
    ];
    Ok(adamw.with(values)?)
}

/// What the trainings were told.
fn told(call: &Call<'_>) -> Result<Vec<(String, String)>, ScriptError> {
    let (epochs, batch) = (call.get::<usize>("epochs")?, call.get::<usize>("batch")?);
    Ok(vec![(
        "trained".to_owned(),
        format!("{epochs} epochs, batch {batch}, {}", optimizer(call)?),
    )])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_methods_that_it_is_made_of_are_there() {
        let methods = auricle_learn::train::methods::CATALOGUE;
        assert!(methods.iter().any(|method| method.name == "supervised"));
        let optimizers = auricle_learn::train::optimizers::CATALOGUE;
        assert!(optimizers.iter().any(|optimizer| optimizer.name == "adamw"));
    }
}
