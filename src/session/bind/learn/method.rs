//! Training methods, described.

use super::super::Environment;
use super::model::Model;
use super::run::TINY_RUN;
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic};
use auricle_audio::augment::{Recipe, Views};
use auricle_audio::dataset::{Dataset, Split};
use auricle_learn::loss::{self, CrossEntropy, Loss};
use auricle_learn::train::{
    BarlowTwins, Byol, Clar, MoCo, Optimizer, Plan, Projection, Run, Schedule, SimClr, SimSiam,
    Supervised, VicReg,
};
use rhai::Dynamic;
use std::path::PathBuf;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        simclr(environment),
        supervised(environment),
        clar(environment),
        byol(environment),
        simsiam(environment),
        vicreg(environment),
        barlow_twins(environment),
        moco(environment),
    ]
}

/// What a body makes of a call and the plan that it describes.
type Describe = fn(&Call<'_>, Plan) -> Result<Run, ScriptError>;

/// What a recipe that is not written as views becomes.
#[derive(Clone, Copy, PartialEq)]
enum PerClip {
    OneView,
    TwoViews,
}

/// A method, called on the model that it starts from, with the options that all methods have.
fn method(
    name: &'static str,
    environment: &Arc<Environment>,
    views: PerClip,
    describe: Describe,
) -> Function {
    let environment = environment.clone();
    let function = Function::new(name, Topic::Training, move |call| {
        let model = call.receiver::<Model>()?;
        let plan = plan(call, name, model, views, &environment)?;
        Ok(Dynamic::from(describe(call, plan)?))
    });
    with_plan(function.on::<Model>(), views)
}

/// Adds the parameters of a plan but for the model.
fn with_plan(function: Function, views: PerClip) -> Function {
    let recipe = match views {
        PerClip::OneView => {
            "how a clip becomes features: a recipe, or `views(n, recipe)` for several views of it; must be given"
        }
        PerClip::TwoViews => {
            "the two views: `views(2, recipe)`, or a recipe for both; must be given"
        }
    };
    function
        .long()
        .note("the model is copied: what was trained is `run.model`, and the model given stays as it was")
        .param::<Dynamic>("data", "a dataset, or a split, whose training clips are taken")
        .option::<Dynamic>("recipe", (), recipe)
        .option::<Dynamic>("features", (), "recipe from waves to features, put behind views that are waves")
        .option::<Dynamic>("optimizer", (), "`adam()` if not given")
        .option::<Dynamic>("schedule", (), "`warmup_cosine()` if not given")
        .option::<usize>("epochs", 60, "passes over the data")
        .option::<usize>("batch", 128, "clips in a step; a last batch that is not full is left out")
        .option::<Option<u64>>("seed", (), "seed of order, views and heads; the session's if not given")
        .option::<Option<String>>("out", "runs", "folder under which the run gets a folder of its own; `()` keeps nothing")
        .option::<usize>("every", 1, "epochs from checkpoint to checkpoint")
        .returns("run")
}

fn plan(
    call: &Call<'_>,
    method: &str,
    model: Model,
    views: PerClip,
    environment: &Environment,
) -> Result<Plan, ScriptError> {
    let schedule = optional::<Schedule>(call, "schedule")?;
    Ok(Plan {
        encoder: model.encoder,
        data: training_clips(call)?,
        views: recipe(call, method, views)?,
        features: optional::<Recipe>(call, "features")?,
        optimizer: optional::<Optimizer>(call, "optimizer")?.unwrap_or_default(),
        schedule: schedule.unwrap_or(Schedule::WarmupCosine {
            warmup_epochs: 5.0,
            floor: 0.0,
        }),
        epochs: call.get("epochs")?,
        batch: call.get("batch")?,
        seed: call
            .get::<Option<u64>>("seed")?
            .unwrap_or_else(|| environment.seed()),
        out: call.get::<Option<String>>("out")?.map(PathBuf::from),
        every: call.get("every")?,
    })
}

/// Adds the sizes of a projector.
fn with_projection(function: Function, output: i64) -> Function {
    function
        .option::<usize>("projection", output, "features of the projector's output")
        .option::<Option<usize>>(
            "hidden",
            (),
            "features of the projector's hidden layers; as many as the encoder gives if not given",
        )
}

fn projection(call: &Call<'_>) -> Result<Projection, ScriptError> {
    Ok(Projection {
        hidden: call.get("hidden")?,
        output: call.get("projection")?,
    })
}

/// Adds the share of clips whose labels are looked at.
fn with_labels(function: Function) -> Function {
    function.option::<f64>(
        "label_fraction",
        1.0,
        "share of every class whose labels are looked at, above 0 and at most 1; which clips, the seed says",
    )
}

/// The plan with the labels of all but a share of the clips taken away.
fn labelled(call: &Call<'_>, plan: Plan) -> Result<Plan, ScriptError> {
    let fraction = call.get::<f64>("label_fraction")?;
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(call.wrong("label_fraction", "above 0 and at most 1"));
    }
    if fraction == 1.0 {
        return Ok(plan);
    }
    Ok(Plan {
        data: plan.data.fraction(fraction, plan.seed)?,
        ..plan
    })
}

/// An example that trains a run of a method for an epoch.
fn example(name: &str, recipe: &str) -> String {
    format!(
        "let clips = []; for i in 0..8 {{ clips.push(#{{ wave: tone(200 + 100 * i, 0.2), label: i % 2 }}) }} \
         let run = {name}(resnet18(#{{ width: 4 }}), dataset(clips), \
         #{{ recipe: {recipe}, epochs: 1, batch: 4, out: () }}); \
         assert(run.fit().losses.len() == 1)"
    )
}

const TWO: &str = "views(2, noise(5..40) |> log_mel(#{ n_mels: 16 }))";

fn simclr(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let function = Function::new("simclr", Topic::Training, move |call| {
        let model = call.value::<Model>("model")?;
        let plan = plan(call, "simclr", model, PerClip::TwoViews, &environment)?;
        let method = SimClr {
            loss: optional::<Loss>(call, "loss")?.unwrap_or(Loss::NtXent(0.5)),
            projection: projection(call)?,
        };
        Ok(Dynamic::from(Run::new(method, plan)?))
    })
    .about("Describes contrastive training by SimCLR; `run.fit()` trains.")
    .note("source: Chen et al., 2020; projector and optimizer defaults after CLAR's code and for a CPU")
    .note("labels are not looked at, but by `supcon`")
    .param::<Dynamic>("model", "the encoder to start from");
    with_projection(with_plan(function, PerClip::TwoViews), 64)
        .option::<Dynamic>(
            "loss",
            (),
            "a loss of two views, or `supcon`; `nt_xent(0.5)` if not given",
        )
        .example(TINY_RUN.to_owned() + " print(run)")
}

fn supervised(environment: &Arc<Environment>) -> Function {
    let function = method("supervised", environment, PerClip::OneView, |call, plan| {
        let loss = match optional::<Loss>(call, "loss")? {
            None => CrossEntropy::default(),
            Some(Loss::CrossEntropy(loss)) => loss,
            Some(_) => return Err(call.wrong("loss", "`cross_entropy(...)`")),
        };
        Ok(Run::new(Supervised { loss }, labelled(call, plan)?)?)
    })
    .about("Describes supervised training of the encoder and a linear layer; clips without a label do not count.")
    .option::<Dynamic>("loss", (), "`cross_entropy()` if not given");
    with_labels(function).example(example(
        "supervised",
        "noise(5..40) |> log_mel(#{ n_mels: 16 })",
    ))
}

fn clar(environment: &Arc<Environment>) -> Function {
    let function = method("clar", environment, PerClip::TwoViews, |call, plan| {
        let loss = match optional::<Loss>(call, "loss")? {
            None => loss::Clar::default(),
            Some(Loss::Clar(loss)) => loss,
            Some(_) => return Err(call.wrong("loss", "`clar_loss(...)`")),
        };
        let method = Clar {
            loss,
            projection: projection(call)?,
        };
        Ok(Run::new(method, labelled(call, plan)?)?)
    })
    .about("Describes training by CLAR: contrast of all clips, and the labels of those that have one.")
    .note("source: Al-Tahan & Mohsenzadeh, 2021; the head is that of its code, and no clip is dropped for want of a label")
    .option::<Dynamic>("loss", (), "`clar_loss()` if not given");
    with_projection(with_labels(function), 128).example(example("clar", TWO))
}

/// Adds the share of a moving average.
fn with_momentum(function: Function, default: f64, text: &'static str) -> Function {
    function.option::<f64>("momentum", default, text)
}

fn byol(environment: &Arc<Environment>) -> Function {
    let function = method("byol", environment, PerClip::TwoViews, |call, plan| {
        let method = Byol {
            momentum: call.get("momentum")?,
            projection: projection(call)?,
        };
        Ok(Run::new(method, plan)?)
    })
    .about("Describes training by BYOL: the network predicts what a moving average of itself makes of the other view.")
    .note("source: Grill et al., 2020; its average begins at 0.996, for many more steps")
    .note("`run.models.target` is the moving average");
    let text =
        "share of the average that a step leaves at first; it rises to 1 along half a cosine";
    with_projection(with_momentum(function, 0.99, text), 64).example(example("byol", TWO))
}

fn simsiam(environment: &Arc<Environment>) -> Function {
    let function = method("simsiam", environment, PerClip::TwoViews, |call, plan| {
        let projection = projection(call)?;
        Ok(Run::new(SimSiam { projection }, plan)?)
    })
    .about("Describes training by SimSiam: one view predicts the other, and nothing flows into what is predicted.")
    .note("source: Chen & He, 2021");
    with_projection(function, 64).example(example("simsiam", TWO))
}

fn vicreg(environment: &Arc<Environment>) -> Function {
    let function = method("vicreg", environment, PerClip::TwoViews, |call, plan| {
        let weights = match optional::<Loss>(call, "loss")? {
            None => loss::VicReg::default(),
            Some(Loss::VicReg(weights)) => weights,
            Some(_) => return Err(call.wrong("loss", "`vicreg(...)`")),
        };
        let method = VicReg {
            weights,
            projection: projection(call)?,
        };
        Ok(Run::new(method, plan)?)
    })
    .about("Describes training by VICReg: views of a clip agree, features vary and do not covary.")
    .note("source: Bardes et al., 2022; its projector has 8192 features")
    .option::<Dynamic>("loss", (), "`vicreg()` if not given");
    with_projection(function, 256).example(example("vicreg", TWO))
}

fn barlow_twins(environment: &Arc<Environment>) -> Function {
    let function = method("barlow_twins", environment, PerClip::TwoViews, |call, plan| {
        let redundancy = match optional::<Loss>(call, "loss")? {
            None => 5e-3,
            Some(Loss::BarlowTwins { redundancy }) => redundancy,
            Some(_) => return Err(call.wrong("loss", "`barlow_twins(...)`")),
        };
        let method = BarlowTwins {
            redundancy,
            projection: projection(call)?,
        };
        Ok(Run::new(method, plan)?)
    })
    .about("Describes training by Barlow Twins: the cross-correlation of both views is drawn to the identity.")
    .note("source: Zbontar et al., 2021; its projector has 8192 features")
    .option::<Dynamic>("loss", (), "`barlow_twins()` if not given");
    with_projection(function, 256).example(example("barlow_twins", TWO))
}

fn moco(environment: &Arc<Environment>) -> Function {
    let function = method("moco", environment, PerClip::TwoViews, |call, plan| {
        let method = MoCo {
            temperature: call.get("temperature")?,
            momentum: call.get("momentum")?,
            queue: call.get("queue")?,
            projection: projection(call)?,
        };
        Ok(Run::new(method, plan)?)
    })
    .about("Describes training by MoCo v2: the first view is told from a queue of earlier clips, whose keys a moving average of the network made.")
    .note("source: He et al., 2020, and Chen et al., 2020; there the queue has 65536 keys and the average a share of 0.999")
    .note("`run.models.target` is the moving average")
    .option::<f64>("temperature", 0.2, "temperature of the loss, above 0")
    .option::<usize>("queue", 1024, "keys that are kept, at least as many as clips in a step");
    let text = "share of the average that a step leaves";
    with_projection(with_momentum(function, 0.99, text), 64).example(example("moco", TWO))
}

fn optional<T: ScriptValue>(call: &Call<'_>, name: &str) -> Result<Option<T>, ScriptError> {
    if call.raw(name).is_unit() {
        Ok(None)
    } else {
        call.value(name).map(Some)
    }
}

fn training_clips(call: &Call<'_>) -> Result<Dataset, ScriptError> {
    match call.raw("data").try_cast::<Split>() {
        Some(split) => Ok(split.train),
        None => call
            .value("data")
            .map_err(|_| call.wrong("data", "a dataset or a split")),
    }
}

/// How views of a clip are made.
fn recipe(call: &Call<'_>, method: &str, views: PerClip) -> Result<Views, ScriptError> {
    let given = call.raw("recipe");
    if let Some(views) = given.clone().try_cast::<Views>() {
        return Ok(views);
    }
    let (n, what, such_as) = match views {
        PerClip::OneView => (1, "a clip becomes features", "fade() |> log_mel()"),
        PerClip::TwoViews => {
            let such_as = "views(2, fade() |> time_mask() |> log_mel())";
            (2, "the two views of a clip are made", such_as)
        }
    };
    match given.clone().try_cast::<Recipe>() {
        Some(recipe) => Ok(Views::of(n, &recipe)?),
        None if given.is_unit() => {
            let message = format!("`{method}` needs `recipe`: how {what}");
            Err(ScriptError::new(message).hint(format!("such as `recipe: {such_as}`")))
        }
        None => Err(call.wrong("recipe", "views or a recipe")),
    }
}
