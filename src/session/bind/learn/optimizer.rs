//! Optimizers and schedules, described.

use crate::script::{Function, ScriptValue, Topic};
use auricle_learn::train::{Optimizer, Schedule};
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
    vec![
        sgd(),
        adam("adam"),
        adam("adamw"),
        constant(),
        warmup_cosine(),
        step_decay(),
    ]
}

fn sgd() -> Function {
    Function::new("sgd", Topic::Training, |call| {
        let optimizer = Optimizer::Sgd {
            learning_rate: call.get("learning_rate")?,
            momentum: call.get("momentum")?,
            weight_decay: call.get("weight_decay")?,
        };
        optimizer.check()?;
        Ok(Dynamic::from(optimizer))
    })
    .about("Describes stochastic gradient descent with momentum.")
    .option::<f64>(
        "learning_rate",
        0.1,
        "peak learning rate, which the schedule multiplies",
    )
    .option::<f64>("momentum", 0.9, "share of the last step that is kept")
    .option::<f64>("weight_decay", 1e-6, "penalty on matrices and kernels")
    .returns("optimizer")
    .example("print(sgd(#{ learning_rate: 0.3 }))")
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
    Function::new(name, Topic::Training, move |call| {
        let (learning_rate, beta_1) = (call.get("learning_rate")?, call.get("beta_1")?);
        let (beta_2, weight_decay) = (call.get("beta_2")?, call.get("weight_decay")?);
        let optimizer = if decoupled {
            Optimizer::AdamW {
                learning_rate,
                beta_1,
                beta_2,
                weight_decay,
            }
        } else {
            Optimizer::Adam {
                learning_rate,
                beta_1,
                beta_2,
                weight_decay,
            }
        };
        optimizer.check()?;
        Ok(Dynamic::from(optimizer))
    })
    .about(about)
    .option::<f64>(
        "learning_rate",
        1e-3,
        "peak learning rate, which the schedule multiplies",
    )
    .option::<f64>("beta_1", 0.9, "decay of the mean gradient")
    .option::<f64>("beta_2", 0.999, "decay of the mean squared gradient")
    .option::<f64>("weight_decay", decay, "penalty on matrices and kernels")
    .returns("optimizer")
    .example(format!("print({name}(#{{ learning_rate: 0.001 }}))"))
}

fn checked(schedule: Schedule) -> Result<Dynamic, crate::script::ScriptError> {
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
