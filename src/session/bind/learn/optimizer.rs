//! Optimizers and schedules, described.

use crate::script::{Call, Function, ScriptError, ScriptValue, Topic};
use auricle_learn::train::{LarsVariant, Optimizer, Rule, Schedule};
use rhai::Dynamic;

impl ScriptValue for Optimizer {
    const NAME: &'static str = "optimizer";

    fn text(&self) -> String {
        self.to_string()
    }

    fn same(&self, other: &Optimizer) -> Option<bool> {
        Some(self == other)
    }
}

impl ScriptValue for Schedule {
    const NAME: &'static str = "schedule";

    fn text(&self) -> String {
        self.to_string()
    }

    fn same(&self, other: &Schedule) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions() -> Vec<Function> {
    let mut all = optimizers();
    all.extend([constant(), warmup_cosine(), step_decay()]);
    all
}

/// The functions that describe optimizers.
pub(super) fn optimizers() -> Vec<Function> {
    vec![sgd(), adam("adam"), adam("adamw"), lars()]
}

/// An optimizer of a rule and the options that all have.
fn described(call: &Call<'_>, rule: Rule) -> Result<Dynamic, ScriptError> {
    let optimizer = Optimizer {
        rule,
        learning_rate: call.get("learning_rate")?,
        weight_decay: call.get("weight_decay")?,
        clip_norm: call.get("clip_norm")?,
    };
    optimizer.check()?;
    Ok(Dynamic::from(optimizer))
}

const DECAY: &str = "penalty on matrices and kernels; biases and gains do not decay";

/// The options that all optimizers have.
fn shared(function: Function, learning_rate: f64, weight_decay: f64) -> Function {
    function
        .option::<f64>(
            "learning_rate",
            learning_rate,
            "peak learning rate, which the schedule multiplies",
        )
        .option::<f64>("weight_decay", weight_decay, DECAY)
        .option::<Option<f64>>(
            "clip_norm",
            (),
            "largest norm of all gradients together; longer ones are shortened to it",
        )
        .returns("optimizer")
}

/// The options of momentum.
fn with_momentum(function: Function) -> Function {
    function
        .option::<f64>("momentum", 0.9, "share of the last step that is kept")
        .option::<bool>(
            "nesterov",
            false,
            "whether the momentum is looked ahead by one step",
        )
}

fn sgd() -> Function {
    let function = Function::new("sgd", Topic::Training, |call| {
        let rule = Rule::Sgd {
            momentum: call.get("momentum")?,
            nesterov: call.get("nesterov")?,
        };
        described(call, rule)
    })
    .about("Describes stochastic gradient descent with momentum.");
    with_momentum(shared(function, 0.1, 1e-6)).example(
        "assert(sgd(#{ nesterov: true }) != sgd()); print(sgd(#{ learning_rate: 0.3, clip_norm: \
            1 }))",
    )
}

fn adam(name: &'static str) -> Function {
    let decoupled = name == "adamw";
    let (about, decay) = if decoupled {
        (
            "Describes Adam with decoupled weight decay (Loshchilov & Hutter, 2019).",
            1e-2,
        )
    } else {
        (
            "Describes Adam (Kingma & Ba, 2015), with weight decay added to the gradient.",
            1e-6,
        )
    };
    let function = Function::new(name, Topic::Training, move |call| {
        let (beta_1, beta_2) = (call.get("beta_1")?, call.get("beta_2")?);
        let rule = if decoupled {
            Rule::AdamW { beta_1, beta_2 }
        } else {
            Rule::Adam { beta_1, beta_2 }
        };
        described(call, rule)
    })
    .about(about);
    shared(function, 1e-3, decay)
        .option::<f64>("beta_1", 0.9, "decay of the mean gradient")
        .option::<f64>("beta_2", 0.999, "decay of the mean squared gradient")
        .example(format!("print({name}(#{{ learning_rate: 0.001 }}))"))
}

fn lars() -> Function {
    let words: Vec<&str> = LarsVariant::ALL.iter().map(|(_, word)| *word).collect();
    let function = Function::new("lars", Topic::Training, |call| {
        let given = call.get::<String>("variant")?;
        let variant = LarsVariant::ALL
            .into_iter()
            .find(|(_, word)| *word == given);
        let (variant, _) = variant.ok_or_else(|| {
            let all = LarsVariant::ALL.map(|(_, word)| format!("{word:?}"));
            call.wrong("variant", &all.join(" or "))
        })?;
        let trust = call.get::<Option<f64>>("trust")?;
        let rule = Rule::Lars {
            variant,
            momentum: call.get("momentum")?,
            nesterov: call.get("nesterov")?,
            trust: trust.unwrap_or(variant.trust()),
        };
        described(call, rule)
    })
    .about(
        "Describes LARS, for large batches: the step of every tensor in proportion to its own \
        size (You et al., 2017).",
    )
    .note("biases and gains are neither scaled nor decayed, but by `lars_noexclude`")
    .note(
        "`larc_clip` keeps the rate of a tensor at 1 at most; `simclr_tf` has the learning \
        rate inside the momentum; `bolts_adam_larc` is Adam on scaled gradients, as CLAR was \
        trained, where momentum and Nesterov do nothing",
    );
    with_momentum(shared(function, 0.3, 1e-6))
        .option::<Option<f64>>(
            "trust",
            (),
            "length of a step over the length of the tensor, at a learning rate of 1; what the \
                variant is published with if not given",
        )
        .option::<String>(
            "variant",
            LarsVariant::ALL[0].1,
            "which of the rules that go by this name",
        )
        .words("variant", &words)
        .example(
            "assert(lars(#{ learning_rate: 4.8 }) == lars(#{ learning_rate: 4.8, trust: \
            0.001 }))",
        )
}

fn checked(schedule: Schedule) -> Result<Dynamic, ScriptError> {
    schedule.check()?;
    Ok(Dynamic::from(schedule))
}

fn constant() -> Function {
    Function::new("constant", Topic::Training, |_| checked(Schedule::Constant))
        .about("Describes a learning rate that stays the same.")
        .returns("schedule")
        .example("print(constant())")
}

fn warmup_cosine() -> Function {
    Function::new("warmup_cosine", Topic::Training, |call| {
        checked(Schedule::WarmupCosine {
            warmup_epochs: call.get("warmup_epochs")?,
            floor: call.get("floor")?,
        })
    })
    .about("Describes a learning rate that rises linearly, then falls along half a cosine.")
    .option::<f64>("warmup_epochs", 5, "epochs of the rise")
    .option::<f64>("floor", 0.0, "share of the peak that is left at the end")
    .returns("schedule")
    .example("print(warmup_cosine(#{ warmup_epochs: 10 }))")
}

fn step_decay() -> Function {
    Function::new("step_decay", Topic::Training, |call| {
        checked(Schedule::StepDecay {
            milestones: call.get("milestones")?,
            factor: call.get("factor")?,
        })
    })
    .about("Describes a learning rate that drops by a factor at some points of the run.")
    .option::<Vec<f64>>(
        "milestones",
        Dynamic::from_array(vec![0.6.into(), 0.8.into()]),
        "where it drops, as shares of the run",
    )
    .option::<f64>("factor", 0.1, "what each drop multiplies by")
    .returns("schedule")
    .example("print(step_decay(#{ milestones: [0.5], factor: 0.2 }))")
}
