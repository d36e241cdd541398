//! Parameters that are drawn.

use super::super::Environment;
use crate::script::{Function, ScriptValue, Topic};
use auricle_audio::{Distribution, Key, Place};
use rhai::Dynamic;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

impl ScriptValue for Distribution {
    const NAME: &'static str = "distribution";

    fn text(&self) -> String {
        self.to_string()
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({ "distribution": self.to_json() }))
    }

    fn same(&self, other: &Distribution) -> Option<bool> {
        Some(self == other)
    }
}

/// A number, a range or a distribution as a distribution; `None` if the value is none of them.
pub(in crate::bind) fn to_distribution(
    name: &str,
    value: &Dynamic,
) -> Option<Result<Distribution, auricle_audio::Error>> {
    let uniform = |low: i64, high: i64| Some(Distribution::uniform(low as f64, high as f64));
    if let Some(distribution) = value.clone().try_cast::<Distribution>() {
        return Some(Ok(distribution));
    }
    if let Some(range) = value.clone().try_cast::<Range<i64>>() {
        return uniform(range.start, range.end);
    }
    if let Some(range) = value.clone().try_cast::<RangeInclusive<i64>>() {
        return uniform(*range.start(), *range.end());
    }
    let number = value
        .as_float()
        .ok()
        .or_else(|| value.as_int().ok().map(|n| n as f64))?;
    Some(if number.is_finite() {
        Ok(Distribution::Constant(number))
    } else {
        Err(auricle_audio::Error::NotFinite {
            param: name.to_owned(),
            got: number,
        })
    })
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = constructors();
    all.push(draw(environment));
    all
}

fn draw(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("draw", Topic::Distributions, move |call| {
        let seed = call
            .get::<Option<u64>>("seed")?
            .unwrap_or_else(|| environment.seed());
        let key = Key {
            item: call.get("item")?,
            ..Key::of_seed(seed)
        };
        Ok(call
            .receiver::<Distribution>()?
            .draw(&mut key.at(Place::ROOT.named("draw"))))
    })
    .on::<Distribution>()
    .about("Draws one number.")
    .param_or::<u64>(
        "item",
        0,
        "which number: the same item of the same seed gives the same one",
    )
    .option::<Option<u64>>("seed", (), "seed of the draw; the session's if not given")
    .returns("number")
    .example("let x = uniform(1, 2).draw(7); assert(x >= 1 && x < 2 && x == uniform(1, 2).draw(7))")
}

fn constructors() -> Vec<Function> {
    let two = |name: &'static str,
               make: fn(f64, f64) -> Result<Distribution, auricle_audio::Error>,
               names: [&'static str; 2]| {
        Function::new(name, Topic::Distributions, move |call| {
            Ok(Dynamic::from(make(
                call.get(names[0])?,
                call.get(names[1])?,
            )?))
        })
        .returns("distribution")
    };
    let range = "assert((0.5..1.5) == uniform(0.5, 1.5))";
    let mut all = vec![
        two("uniform", Distribution::uniform, ["low", "high"])
            .about("Draws uniformly from the reals between two ends, as the range `low..high` does.")
            .param::<f64>("low", "lower end")
            .param::<f64>("high", "upper end")
            .example("assert(gain(uniform(-6, 6)) == gain(-6..6))"),
        two("log_uniform", Distribution::log_uniform, ["low", "high"])
            .about("Draws so that the logarithm is uniform: every octave is equally likely.")
            .param::<f64>("low", "lower end, above 0")
            .param::<f64>("high", "upper end")
            .example("print(log_uniform(20, 20000))"),
        two("normal", Distribution::normal, ["mean", "sd"])
            .about("Draws from a normal distribution; draws are limited to what the parameter accepts.")
            .param::<f64>("mean", "mean")
            .param::<f64>("sd", "standard deviation, at least 0")
            .example("print(noise(normal(20, 5)))"),
        Function::new("int_uniform", Topic::Distributions, |call| {
            Ok(Dynamic::from(Distribution::int_uniform(call.get("low")?, call.get("high")?)?))
        })
        .about("Draws uniformly from whole numbers, both ends included.")
        .param::<i64>("low", "lowest number")
        .param::<i64>("high", "highest number")
        .returns("distribution")
        .example("print(gain(int_uniform(-6, 6)))"),
        Function::new("choice", Topic::Distributions, |call| {
            Ok(Dynamic::from(Distribution::choice(call.get("values")?)?))
        })
        .about("Draws one of some numbers, with equal chances.")
        .param::<Vec<f64>>("values", "the numbers")
        .returns("distribution")
        .example("print(gain(choice([-6, 0, 6])))"),
    ];
    fn between<A: Clone + 'static, B: Clone + 'static>(example: &str) -> Function {
        Function::operator::<A, B, Dynamic>("..", Topic::Distributions, |call| {
            Ok(Dynamic::from(Distribution::uniform(call.get("left")?, call.get("right")?)?))
        })
        .about(
            "Draws uniformly from the reals between two ends; between whole numbers it is also a range to loop over.",
        )
        .returns("distribution")
        .example(example)
    }
    all.extend([
        between::<f64, f64>(range),
        between::<i64, f64>("assert((0..0.5) == uniform(0, 0.5))"),
    ]);
    all.push(between::<f64, i64>("assert((0.5..1) == uniform(0.5, 1))"));
    all
}
