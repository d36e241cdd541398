//! Heads on frozen embeddings, and their reports.

use super::super::Environment;
use super::embeddings::{reading, told, with_reading};
use super::metrics::drawing;
use super::model::{Model, front_end, log_mel};
use super::regression::{logistic, with_logistic};
use super::run::trained;
use crate::script::{Call, FromScript, Function, ScriptError, ScriptValue, Topic, describe};
use auricle_audio::augment::Recipe;
use auricle_audio::dataset::Split;
use auricle_learn::eval::{
    Candidate, JudgeOptions, Judging, KnnOptions, MeasureOptions, Metric, NeuralOptions, Probe,
    Reading, Report, Role, Task, random_encoder,
};
use auricle_learn::nn::Encoder;
use auricle_learn::train::Run;
use rhai::Dynamic;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let head = |probe: Probe| judging(probe.word(), environment, Some(probe));
    vec![
        head(Probe::Linear)
            .about("Judges an encoder by a logistic regression on its frozen embeddings, beside a random encoder and the log-mel statistics.")
            .note("columns standardized, L2 penalty, L-BFGS in double precision to a gradient norm of 1e-6")
            .note("clips of several classes: one regression a class, against the rest"),
        head(Probe::Mlp)
            .about("Judges an encoder by a network of one hidden layer on its frozen embeddings, beside a random encoder and the log-mel statistics.")
            .note("columns standardized, AdamW; with validation clips the epoch of their lowest loss is taken, and the report says which"),
        head(Probe::Attentive)
            .about("Judges an encoder by attention over its last map or tokens, frozen, beside a random encoder and the log-mel statistics.")
            .note("layer norm, one learned query, a linear layer; AdamW, and the epoch as `mlp_probe` chooses it"),
        head(Probe::Knn)
            .about("Judges an encoder by weighted nearest neighbours, beside a random encoder and the log-mel statistics.")
            .note("cosine similarity s, votes of exp(s / temperature); source: Wu et al., 2018"),
        head(Probe::Ridge)
            .about("Judges an encoder by a ridge regression of a number on its frozen embeddings, beside a random encoder, the log-mel statistics and the mean.")
            .note("columns standardized, closed form in double precision; the floor is the mean of the training clips' numbers"),
        judging("evaluate", environment, None)
            .about("Judges a run or an encoder by several heads, beside a random encoder and the log-mel statistics.")
            .note("\"log-mel statistics\" are mean and deviation of every band over time: a floor that needs no encoder"),
    ]
}

/// The function of a head, or of several that a call names.
fn judging(name: &'static str, environment: &Arc<Environment>, probe: Option<Probe>) -> Function {
    let environment = environment.clone();
    let label = if probe == Some(Probe::Ridge) {
        "target: i / 10"
    } else {
        "label: i / 10"
    };
    let mut function = Function::new(name, Topic::Judging, move |call| {
        let probes = match probe {
            Some(probe) => vec![probe],
            None => {
                let train = call.value::<Split>("split")?.train;
                heads(call)?.unwrap_or(usual(Task::of(&train)))
            }
        };
        let report = report(call, &environment, probe, &probes)?;
        if let Some(json) = report.json().filter(|_| !environment.token.stop().is_asked()) {
            environment.keep_report(json);
        }
        Ok(Dynamic::from(report))
    })
    .long()
    .param::<Dynamic>("model", "a trained run, or a model")
    .param::<Dynamic>("split", "training clips to fit on, test clips to judge on, and validation clips to choose on")
    .option::<Dynamic>("features", (), "recipe from waves to features; the one it was trained with, else `log_mel()`")
    .returns("report")
    .reads_data()
    .example(format!(
        "let clips = []; for i in 0..20 {{ clips.push(#{{ wave: tone(200 + 20 * i, 0.2), {label} }}) }} \
         let s = dataset(clips).split(#{{ test: 0.3, validation: 0.2 }}); print({name}(resnet18(#{{ width: 4 }}), s))"
    ));
    if probe.is_none() {
        let words = Probe::ALL.map(|(word, _)| word);
        function = function
            .option::<Dynamic>(
                "heads",
                Dynamic::UNIT,
                "the heads, an array of words; `[\"linear_probe\", \"knn\"]` if not given, \"ridge\" for numbers",
            )
            .words("heads", &words);
    }
    let has = |of: &[Probe]| probe.is_none_or(|probe| of.contains(&probe));
    if has(&[Probe::Linear]) {
        function = with_logistic(function);
    }
    if has(&[Probe::Knn]) {
        let default = KnnOptions::default();
        function = function
            .option::<usize>("k", default.k as i64, "number of neighbours")
            .option::<f64>(
                "temperature",
                default.temperature,
                "temperature of the votes, above 0",
            );
    }
    if has(&[Probe::Ridge]) {
        function = function.option::<Option<f64>>(
            "alpha",
            (),
            "penalty, above 0; the best of 1e-3 to 1e3 on the validation clips if not given, and 1 without any",
        );
    }
    if has(&[Probe::Mlp, Probe::Attentive]) {
        function = with_neural(function, has);
    }
    if has(&[Probe::Linear, Probe::Knn, Probe::Ridge]) {
        function = function
            .option::<Option<String>>(
                "tune",
                (),
                "\"validation\": C (1e-4 to 1e4), k (1 to 200) or alpha is chosen by the metric on the validation clips",
            )
            .words("tune", &["validation"]);
    }
    if probe != Some(Probe::Attentive) {
        function = with_reading(function);
    }
    let function = function
        .option::<Option<String>>(
            "metric",
            (),
            "figure of merit, such as \"auroc\" or \"icbhi_score\"; \"accuracy\" of one class a clip, \"map\" of several, \
             \"mae\" of numbers if not given",
        )
        .words("metric", &Metric::WORDS.map(|(word, _)| word));
    drawing(function)
}

/// The options of networks.
fn with_neural(function: Function, has: impl Fn(&[Probe]) -> bool) -> Function {
    let default = NeuralOptions::default();
    let mut function = function;
    if has(&[Probe::Mlp]) {
        function = function.option::<usize>(
            "hidden",
            default.hidden as i64,
            "units of the hidden layer of `mlp_probe`",
        );
    }
    if has(&[Probe::Attentive]) {
        let about = "heads of the attention of `attentive_probe`, a divisor of the features";
        function = function.option::<usize>("attention_heads", default.heads as i64, about);
    }
    function
        .option::<usize>(
            "epochs",
            default.epochs as i64,
            "epochs of a network at most",
        )
        .option::<usize>(
            "patience",
            default.patience as i64,
            "epochs without a lower validation loss after which it stops",
        )
        .option::<usize>(
            "batch",
            default.batch as i64,
            "clips of a batch of a network",
        )
        .option::<f64>(
            "learning_rate",
            default.learning_rate,
            "learning rate of a network, above 0",
        )
        .option::<f64>(
            "weight_decay",
            default.weight_decay,
            "decay of a network's weights, at least 0",
        )
        .option::<f64>(
            "dropout",
            default.dropout,
            "share of hidden units dropped in training, 0 to 1",
        )
}

/// The heads that a call names.
fn heads(call: &Call<'_>) -> Result<Option<Vec<Probe>>, ScriptError> {
    let given = call.raw("heads");
    if given.is_unit() {
        return Ok(None);
    }
    let words = Probe::ALL.map(|(word, _)| format!("\"{word}\"")).join(", ");
    let wanted = format!("an array of some of {words}");
    let named = Vec::<String>::from_script(&given).filter(|named| !named.is_empty());
    let named = named.ok_or_else(|| call.wrong("heads", &wanted))?;
    let head = |word: &String| {
        let found = Probe::ALL.iter().find(|(own, _)| own == word);
        let unknown = || ScriptError::new(format!("`heads` must be {wanted}, not of \"{word}\""));
        found.map(|(_, probe)| *probe).ok_or_else(unknown)
    };
    named.iter().map(head).collect::<Result<_, _>>().map(Some)
}

/// The heads that are usual for what is predicted.
fn usual(task: Option<Task>) -> Vec<Probe> {
    match task {
        Some(Task::Numbers) => vec![Probe::Ridge, Probe::Knn],
        _ => vec![Probe::Linear, Probe::Knn],
    }
}

fn options(
    call: &Call<'_>,
    environment: &Environment,
    probe: Option<Probe>,
) -> Result<JudgeOptions, ScriptError> {
    let has = |of: &[Probe]| probe.is_none_or(|probe| of.contains(&probe));
    let mut options = measured_by(call, environment)?;
    if has(&[Probe::Linear]) {
        options.logistic = logistic(call)?;
    }
    if has(&[Probe::Knn]) {
        options.knn = KnnOptions {
            k: call.get("k")?,
            temperature: call.get("temperature")?,
        };
    }
    if has(&[Probe::Ridge]) {
        options.alpha = call.get("alpha")?;
    }
    if has(&[Probe::Mlp, Probe::Attentive]) {
        let default = NeuralOptions::default();
        options.neural = NeuralOptions {
            hidden: if has(&[Probe::Mlp]) {
                call.get("hidden")?
            } else {
                default.hidden
            },
            heads: if has(&[Probe::Attentive]) {
                call.get("attention_heads")?
            } else {
                default.heads
            },
            dropout: call.get("dropout")?,
            learning_rate: call.get("learning_rate")?,
            weight_decay: call.get("weight_decay")?,
            epochs: call.get("epochs")?,
            patience: call.get("patience")?,
            batch: call.get("batch")?,
            seed: options.measure.seed,
        };
    }
    if has(&[Probe::Linear, Probe::Knn, Probe::Ridge]) {
        options.tune = match call.get::<Option<String>>("tune")?.as_deref() {
            None => false,
            Some("validation") => true,
            Some(_) => {
                return Err(call.wrong("tune", "\"validation\"; `C: \"cv\"` chooses in five folds"));
            }
        };
    }
    Ok(options)
}

/// What every judgement is told: the figure of merit and how it is measured.
pub(super) fn measured_by(
    call: &Call<'_>,
    environment: &Environment,
) -> Result<JudgeOptions, ScriptError> {
    let metric = match call.get::<Option<String>>("metric")? {
        None => None,
        Some(word) => {
            let words = Metric::WORDS.map(|(word, _)| word).join(", ");
            let found = Metric::of_word(&word);
            Some(found.ok_or_else(|| call.wrong("metric", &format!("one of {words}")))?)
        }
    };
    let wanted = "the name of a column of the clips, such as \"patient\"";
    let group = call.get::<Option<String>>("group");
    Ok(JudgeOptions {
        metric,
        measure: MeasureOptions {
            group: group.map_err(|_| call.wrong("group", wanted))?,
            draws: call.get("draws")?,
            seed: seed(call, environment)?,
            ..MeasureOptions::default()
        },
        ..JudgeOptions::default()
    })
}

/// The seed that a call gives, or the session's.
pub(super) fn seed(call: &Call<'_>, environment: &Environment) -> Result<u64, ScriptError> {
    let seed = call.get::<Option<u64>>("seed")?;
    Ok(seed.unwrap_or_else(|| environment.seed()))
}

fn report(
    call: &Call<'_>,
    environment: &Environment,
    probe: Option<Probe>,
    probes: &[Probe],
) -> Result<Report, ScriptError> {
    let options = options(call, environment, probe)?;
    let split = call.value::<Split>("split")?;
    let (model, run) = subject(call, environment)?;
    let reading = match probe {
        Some(Probe::Attentive) => Reading::default(),
        _ => reading(call)?,
    };
    // All candidates are of one architecture and hear alike.
    let front_end = front_end(call, &model.encoder, &split.train, environment)?;
    let candidate = |name: &str, role, encoder| Candidate {
        name: name.to_owned(),
        role,
        encoder,
    };
    let mut candidates = vec![candidate(model.title(), Role::Judged, &model.encoder)];
    // Where an epoch was chosen, the last one is told as well.
    let chosen = run.as_ref().filter(|run| run.chosen().is_some());
    let last =
        chosen.and_then(|run| Some((run.title_of_last(), run.encoders().into_iter().next()?.1)));
    if let Some((name, last)) = &last {
        candidates.push(candidate(name, Role::Judged, last));
    }
    let random = random_beside(&model, run.as_ref(), environment)?;
    if let Some(random) = &random {
        candidates.push(candidate(Role::Random.name(), Role::Random, random));
    }
    let stop = environment.token.stop();
    let judged = Judging {
        split: &split,
        probes,
        options: &options,
        front_end: &front_end,
        reading: &reading,
        device: &environment.device()?,
        workers: &environment.workers()?,
        stop: &|| stop.is_asked(),
    }
    .judge(&candidates, &features_of_floor(&front_end.recipe)?)?;
    let mut settings = settings(&model, run.as_ref(), &front_end.recipe.to_string());
    settings.extend(told(&reading));
    Ok(Report {
        curves: run.as_ref().map(Run::curves).unwrap_or_default(),
        ..Report::of(model.title(), &split, judged, settings)
    })
}

/// The random encoder to be judged beside a model, unless that is one. That of a run is drawn anew with the run: over several
/// seeds it varies as the trained one does.
pub(super) fn random_beside(
    model: &Model,
    run: Option<&Run>,
    environment: &Environment,
) -> Result<Option<Encoder>, ScriptError> {
    if model.is_random() {
        return Ok(None);
    }
    let seed = run.map_or_else(|| environment.seed(), |run| run.plan().seed);
    let device = environment.device()?;
    Ok(Some(random_encoder(&model.encoder, seed, &device)?))
}

/// The features whose statistics are the floor of a recipe: a model that reads waves has that of spectrograms, too.
pub(super) fn features_of_floor(recipe: &Recipe) -> Result<Recipe, ScriptError> {
    match *recipe == Recipe::identity() {
        true => log_mel(),
        false => Ok(recipe.clone()),
    }
}

pub(super) fn subject(
    call: &Call<'_>,
    environment: &Environment,
) -> Result<(Model, Option<Run>), ScriptError> {
    if let Some(run) = call.raw("model").try_cast::<Run>() {
        return Ok((trained(&run, environment)?, Some(run)));
    }
    let model = call.value::<Model>("model").map_err(|_| {
        ScriptError::new(format!(
            "`model` must be a run or a model, not {}",
            describe(&call.raw("model"))
        ))
    })?;
    Ok((model, None))
}

pub(super) fn settings(model: &Model, run: Option<&Run>, features: &str) -> Vec<(String, String)> {
    match run {
        Some(run) => run.settings(),
        None => vec![
            ("model".into(), model.text()),
            ("features".into(), features.to_owned()),
        ],
    }
}
