//! Runs joined by weights over one encoder: `0.5 * simclr(...) + supervised(...)`.

use super::tiny_run::TINY_RUN;
use crate::script::{Function, Topic};
use auricle_learn::train::Run;
use rhai::Dynamic;

/// Two runs that train one model.
const TWO_RUNS: &str = "let clips = []; \
    for i in 0..8 { clips.push(#{ wave: tone(200 + 100 * i, 0.2), label: i % 2 }) } \
    let model = resnet18(#{ width: 4 }); let data = dataset(clips); \
    let options = #{ recipe: noise(5..40) |> log_mel(#{ n_mels: 16 }), epochs: 1, batch: 4, out: () }; ";

pub(super) fn functions() -> Vec<Function> {
    fn scaled<A: Clone + 'static, B: Clone + 'static>(
        run: &'static str,
        factor: &'static str,
    ) -> Function {
        Function::operator::<A, B, _>("*", Topic::Training, move |call| {
            let run = call.value::<Run>(run)?;
            Ok(Dynamic::from(run.scaled(call.get(factor)?)?))
        })
        .about("Gives a run its weight in a sum of runs: its loss is multiplied by it.")
        .returns("run")
        .example(
            TINY_RUN.to_owned() + " assert(`${0.5 * run}`.contains(\"loss: 0.5 * nt_xent(0.5)\"))",
        )
    }
    vec![
        Function::operator::<Run, Run, _>("+", Topic::Training, |call| {
            let (left, right) = (call.value::<Run>("left")?, call.value::<Run>("right")?);
            Ok(Dynamic::from(left.joined(&right)?))
        })
        .about("Joins two runs into one that trains one model by the methods of both, on one batch at a time.")
        .note("both are given the same model, data and options; the history has the loss and the figures of each by the method's name")
        .note("the encoder sees every view once; each method has its own head, and every loss reaches the encoder")
        .returns("run")
        .example(
            TWO_RUNS.to_owned()
                + "let run = 0.5 * simclr(model, data, options) + supervised(model, data, options); \
                let h = run.fit(); assert_near(h.losses[0], \
                0.5 * h.curve(\"simclr_loss\")[0] + h.curve(\"supervised_loss\")[0], 1e-5)",
        ),
        scaled::<f64, Run>("right", "left"),
        scaled::<i64, Run>("right", "left"),
        scaled::<Run, f64>("left", "right"),
        scaled::<Run, i64>("left", "right"),
    ]
}
