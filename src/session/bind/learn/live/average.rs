//! Moving averages of models in loops of one's own.

use super::super::model::Model;
use crate::script::{Function, ScriptError, ScriptValue, Topic};
use auricle_learn::live;
use rhai::Dynamic;
use std::sync::{Arc, Mutex, MutexGuard};

/// A moving average with its model. Clones are the same one.
#[derive(Clone)]
pub(super) struct Average(Arc<Mutex<live::Average>>);

impl Average {
    fn lock(&self) -> MutexGuard<'_, live::Average> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl ScriptValue for Average {
    const NAME: &'static str = "average";

    fn text(&self) -> String {
        let average = self.lock();
        format!(
            "moving average of {} by {}, after {} updates",
            average.followed().architecture(),
            average.share(),
            average.updates()
        )
    }
}

pub(super) fn functions() -> Vec<Function> {
    vec![ema(), update(), model(), updates()]
}

fn ema() -> Function {
    Function::new("ema", Topic::Training, |call| {
        let model = call.receiver::<Model>()?;
        let start = match call.raw("start") {
            value if value.is_unit() => None,
            _ => Some(call.value::<Model>("start")?.encoder),
        };
        let average = live::Average::new(model.encoder, call.get("share")?, start.as_ref())?;
        Ok(Dynamic::from(Average(Arc::new(Mutex::new(average)))))
    })
    .on::<Model>()
    .about(
        "Makes a moving average of a model's weights for a loop of one's own: `update()` after \
         every step moves it.",
    )
    .note("a run has one by its option `average`")
    .param_or::<f64>(
        "share",
        0.999,
        "share of the average that an update leaves, at least 0 and below 1",
    )
    .option::<Dynamic>(
        "start",
        (),
        "model whose weights it begins with, such as an average that was saved; the model's own if \
         not given",
    )
    .returns("average")
    .example(
        "let m = mlp(2, [1], #{ seed: 0 }); let opt = sgd(m, #{ learning_rate: 0.1 }); \
         let average = ema(m, 0.5); let before = m.copy(); let x = ones([1, 2]); \
         opt.step(m.forward(x).sum().backward()); average.update(); \
         let mean = (before.forward(x).item() + no_grad(|| m.forward(x)).item()) / 2; \
         assert_near(average.model.forward(x).item(), mean, 1e-6)",
    )
}

fn update() -> Function {
    Function::new("update", Topic::Training, |call| {
        call.receiver::<Average>()?.lock().update();
        Ok::<_, ScriptError>(())
    })
    .on::<Average>()
    .about("Moves the average towards its model: `share` of it stays.")
    .example("let average = ema(mlp(2, [1])); average.update(); assert(average.updates == 1)")
}

fn model() -> Function {
    Function::property::<Average, _>("model", Topic::Training, |average| {
        let encoder = average.lock().encoder()?;
        let name = Some("averaged encoder".into());
        Ok(Dynamic::from(Model { name, encoder }))
    })
    .about(
        "The average as a model apart, with the running statistics that its model has now; it is to \
         be embedded, judged and saved.",
    )
    .example("let m = mlp(2, [1]); assert(ema(m).model.forward(ones([1, 2])) == m.copy().forward(ones([1, 2])))")
}

fn updates() -> Function {
    Function::property::<Average, _>("updates", Topic::Training, |average| {
        Ok(average.lock().updates() as i64)
    })
    .about("Number of updates done.")
    .example("assert(ema(mlp(2, [1])).updates == 0)")
}
