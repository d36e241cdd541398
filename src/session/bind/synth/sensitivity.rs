//! How much of a sound each parameter changes.

use super::super::Environment;
use super::diagram::Diagram;
use super::synthesizer::{seed, units, with_units};
use crate::script::{Function, Parts, ScriptValue, Topic, table};
use auricle_synth::{FreeParameter, Sensitivity, SensitivityOptions, Synth};
use rhai::{Array, Dynamic, Map};
use std::sync::Arc;

/// Bars of a picture, where there are more parameters.
const MOST_BARS: usize = 40;

impl ScriptValue for Sensitivity {
    const NAME: &'static str = "sensitivity";

    fn text(&self) -> String {
        self.to_string()
    }

    fn parts(&self) -> Parts {
        let mut rows: Vec<(&FreeParameter, f64)> = self
            .parameters()
            .iter()
            .zip(self.values().iter().copied())
            .collect();
        rows.sort_by(|a, b| b.1.total_cmp(&a.1));
        let rows = rows
            .into_iter()
            .map(|(parameter, value)| vec![parameter.to_string(), format!("{value:.3}")]);
        vec![(
            "text/html",
            table(&["parameter", "dB per raw unit"], rows).into(),
        )]
    }

    fn same(&self, other: &Sensitivity) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![sensitivity(environment), values(), deltas(), plot()]
}

fn sensitivity(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let default = SensitivityOptions::default();
    let function = Function::new("sensitivity", Topic::Synthesis, move |call| {
        let synth = call.receiver::<Synth>()?;
        Ok(Dynamic::from(synth.sensitivity(SensitivityOptions {
            n: call.get("n")?,
            step: call.get("step")?,
            seed: seed(call, &environment)?,
            units: units(call)?,
        })?))
    })
    .long()
    .on::<Synth>()
    .about(
        "Measures how much the sound changes with every parameter: the root mean square change of its log-mel spectrogram \
         (dB) per raw unit, over some patches.",
    )
    .note("`.deltas(0.25)` makes of it a perturbation after which all parameters are heard alike: for `perturb`, `doppelgangers` and `pairs`")
    .option::<usize>("n", default.n as i64, "patches at which it is measured")
    .option::<f64>("step", default.step, "how far a parameter is moved either way, raw units, at most 0.5")
    .option::<Option<u64>>("seed", (), "seed of the patches; the session's if not given");
    with_units(function).returns("sensitivity").example(
        "let s = synth(sine() * adsr(), #{ seconds: 0.2, sample_rate: 16000 }); \
         let d = s.sensitivity(#{ n: 4, seed: 1 }).deltas(0.1); let p = s.sample(2, #{ seed: 1 }); \
         assert(d.len() == s.n_parameters && p.perturb(d, #{ seed: 2 }) != p)",
    )
}

const SMALL: &str = "let s = synth(sine(), #{ seconds: 0.2, sample_rate: 16000 }); \
    let sensitivity = s.sensitivity(#{ n: 2, seed: 1 }); ";

fn values() -> Function {
    Function::new("values", Topic::Synthesis, |call| {
        let sensitivity = call.receiver::<Sensitivity>()?;
        let values = sensitivity.parameters().iter().zip(sensitivity.values());
        let map: Map = values
            .map(|(parameter, &value)| (parameter.to_string().into(), value.into()))
            .collect();
        Ok(Dynamic::from_map(map))
    })
    .on::<Sensitivity>()
    .about("Gives the sensitivities by the parameters' names, dB per raw unit.")
    .returns("map")
    .example(format!(
        "{SMALL}assert(sensitivity.values()[\"sine.tuning\"] > sensitivity.values()[\"sine.initial_phase\"])"
    ))
}

fn deltas() -> Function {
    Function::new("deltas", Topic::Synthesis, |call| {
        let sensitivity = call.receiver::<Sensitivity>()?;
        let deltas = sensitivity.deltas(call.get("delta")?).into_iter();
        Ok(Dynamic::from_array(deltas.map(Dynamic::from).collect::<Array>()))
    })
    .on::<Sensitivity>()
    .about(
        "Gives standard deviations after whose perturbation all parameters are heard alike: `delta` for one of median \
         sensitivity, less for those that are heard more, and at most `4 delta`.",
    )
    .param::<f64>("delta", "standard deviation of a parameter of median sensitivity, raw units")
    .returns("array")
    .example(format!("{SMALL}assert(max(sensitivity.deltas(0.1)) <= 0.4)"))
}

fn plot() -> Function {
    Function::new("plot", Topic::Synthesis, |call| {
        let sensitivity = call.receiver::<Sensitivity>()?;
        let drawing = sensitivity.to_drawing(MOST_BARS);
        Ok(Dynamic::from(Diagram::new(
            "sensitivity",
            sensitivity.to_string(),
            drawing,
        )))
    })
    .on::<Sensitivity>()
    .about("Draws the sensitivities of the 40 most sensitive parameters as bars.")
    .returns("diagram")
    .example(format!("{SMALL}sensitivity.plot()"))
}
