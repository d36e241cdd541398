//! Judging by fine-tuning: a copy of the encoder and a linear layer, trained on the labels.

use super::super::Environment;
use super::heads::{features_of_floor, measured_by, random_beside, seed, settings, subject};
use super::metrics::drawing;
use super::model::front_end;
use super::run::train;
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic};
use auricle_audio::augment::Recipe;
use auricle_audio::dataset::Split;
use auricle_learn::eval::{Metric, Report, Role, Task};
use auricle_learn::train::{FineTuning, FineTuningOptions};
use rhai::Dynamic;
use std::sync::Arc;

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
    let (training, options) = (
        training(call, environment)?,
        measured_by(call, environment)?,
    );
    let (model, run) = subject(call, environment)?;
    let stop = environment.token.stop();
    let features = front_end(call, &model.encoder, &split.train, environment)?.recipe;
    let tuning = FineTuning {
        split: &split,
        task,
        features: &features,
        training: &training,
        options: &options,
        device: &environment.device()?,
        workers: &environment.workers()?,
        stop: &|| stop.is_asked(),
    };
    let mut encoders = vec![(Role::Judged, model.encoder.copy())];
    let random = random_beside(&model, run.as_ref(), environment)?;
    encoders.extend(random.map(|random| (Role::Random, random)));
    let mut made = Vec::new();
    for (role, encoder) in encoders {
        let run = tuning.run(encoder)?;
        train(&run, environment, environment.settings.fresh)?;
        made.push((role, tuning.judge(&run)?));
    }
    let judged = tuning.beside_floors(model.title(), made, &features_of_floor(&features)?)?;
    let mut settings = settings(&model, run.as_ref(), &features.to_string());
    settings.push(training.told()?);
    Ok(Report::of(model.title(), &split, judged, settings))
}

fn training(call: &Call<'_>, environment: &Environment) -> Result<FineTuningOptions, ScriptError> {
    let encoder_rate = call.get::<f64>("encoder_rate")?;
    if !(encoder_rate >= 0.0 && encoder_rate.is_finite()) {
        return Err(call.wrong("encoder_rate", "a number, at least 0"));
    }
    Ok(FineTuningOptions {
        epochs: call.get("epochs")?,
        batch: call.get("batch")?,
        learning_rate: call.get("learning_rate")?,
        encoder_rate,
        weight_decay: call.get("weight_decay")?,
        augmentation: match call.raw("recipe").is_unit() {
            true => Recipe::identity(),
            false => call.value::<Recipe>("recipe")?,
        },
        out: call.get("out")?,
        seed: seed(call, environment)?,
    })
}
