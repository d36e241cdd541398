//! Signals of synthesizers: modules as functions, and the operators that join them.

use super::super::declared;
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic, describe};
use auricle_audio::declare::Value;
use auricle_synth::{Module, Signal, Signals, modules};
use rhai::{Array, Dynamic, Engine, EvalAltResult};

impl ScriptValue for Signal {
    const NAME: &'static str = "signal";

    fn text(&self) -> String {
        self.to_string()
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(super::json::of_signal(self))
    }

    fn same(&self, other: &Signal) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions() -> Vec<Function> {
    let mut all: Vec<Function> = modules::CATALOGUE
        .iter()
        .map(|module| function(module))
        .collect();
    all.extend(operators());
    all.extend([named(), output()]);
    all
}

/// `matrix[0]` is its first output.
pub(super) fn register(engine: &mut Engine) {
    engine.register_indexer_get(|signal: &mut Signal, index: i64| {
        nth_output(signal, index).map_err(Box::<EvalAltResult>::from)
    });
}

fn function(module: &'static Module) -> Function {
    let body = move |call: &Call<'_>| {
        let values = declared::values(module, call.given(), inside)?;
        Ok(Dynamic::from(Signal::module(module, values)?))
    };
    declared::function(module, Topic::Synthesis, body).returns("signal")
}

/// A signal, or an array of them, as the value of a port.
fn inside(value: &Dynamic) -> Result<Option<Value>, ScriptError> {
    if let Some(signal) = value.clone().try_cast::<Signal>() {
        return Ok(Some(signal.into()));
    }
    let Some(items) = value.clone().try_cast::<Array>() else {
        return Ok(None);
    };
    if !items.iter().any(|item| item.is::<Signal>()) {
        return Ok(None);
    }
    let signals = items.into_iter().map(|item| {
        let what = describe(&item);
        let signal = item.try_cast::<Signal>();
        signal.ok_or_else(|| ScriptError::new(format!("an array of signals cannot hold {what}")))
    });
    Ok(Some(Signals(signals.collect::<Result<_, _>>()?).into()))
}

fn operators() -> Vec<Function> {
    let mut all = vec![
        Function::operator::<Signal, Signal, _>("*", Topic::Synthesis, |call| {
            let (left, right) = (
                call.value::<Signal>("left")?,
                call.value::<Signal>("right")?,
            );
            Ok(Dynamic::from(left.amplified(&right)?))
        })
        .about("Multiplies signals: an amplifier that one of them controls.")
        .returns("signal")
        .example("let s = synth(sine() * adsr()); assert(s.parameters().len() == 9)"),
        Function::operator::<Signal, Signal, _>("+", Topic::Synthesis, |call| {
            let (left, right) = (
                call.value::<Signal>("left")?,
                call.value::<Signal>("right")?,
            );
            Ok(Dynamic::from(left.mixed(&right)?))
        })
        .about("Adds signals.")
        .returns("signal")
        .example("let e = adsr(); print(sine() * e + 0.2 * noise_source() * e)"),
        Function::operator::<Signal, Signal, _>("-", Topic::Synthesis, |call| {
            let (left, right) = (
                call.value::<Signal>("left")?,
                call.value::<Signal>("right")?,
            );
            Ok(Dynamic::from((&left - &right)?))
        })
        .about("Takes one signal from another.")
        .returns("signal")
        .example("print(sine() - square_saw())"),
    ];
    all.extend([
        scaled::<f64, Signal>("left", "right"),
        scaled::<i64, Signal>("left", "right"),
        scaled::<Signal, f64>("right", "left"),
        scaled::<Signal, i64>("right", "left"),
        offset::<f64, Signal>("left", "right"),
        offset::<i64, Signal>("left", "right"),
        offset::<Signal, f64>("right", "left"),
        offset::<Signal, i64>("right", "left"),
    ]);
    all
}

fn scaled<A: Clone + 'static, B: Clone + 'static>(
    factor: &'static str,
    signal: &'static str,
) -> Function {
    Function::operator::<A, B, _>("*", Topic::Synthesis, |call| {
        let signal = call.value::<Signal>(signal)?;
        Ok(Dynamic::from(signal.scaled(call.get(factor)?)?))
    })
    .about("Multiplies a signal by a number.")
    .returns("signal")
    .example("assert(2 * sine() == sine() * 2.0)")
}

fn offset<A: Clone + 'static, B: Clone + 'static>(
    number: &'static str,
    signal: &'static str,
) -> Function {
    Function::operator::<A, B, _>("+", Topic::Synthesis, |call| {
        let number = Signal::number(call.get(number)?)?;
        Ok(Dynamic::from(call.value::<Signal>(signal)?.mixed(&number)?))
    })
    .about("Adds a number to a signal.")
    .returns("signal")
    .example("print(sine() * (0.5 + 0.5 * lfo()))")
}

fn named() -> Function {
    Function::new("named", Topic::Synthesis, |call| {
        let name = call.get::<String>("name")?;
        Ok(Dynamic::from(call.receiver::<Signal>()?.named(&name)?))
    })
    .on::<Signal>()
    .about(
        "Names a module: its parameters are called after it, and modules of one name share theirs.",
    )
    .param::<String>("name", "letters, digits and `_`, a letter first")
    .returns("signal")
    .example(
        "let s = synth(sine().named(\"vco\")); \
         assert(s.parameters().map(|p| p.name).contains(\"vco.tuning\"))",
    )
}

fn output() -> Function {
    Function::new("output", Topic::Synthesis, |call| {
        nth_output(&call.receiver()?, call.get("index")?).map(Dynamic::from)
    })
    .on::<Signal>()
    .about("Chooses an output of a module that has several; `signal[0]` does, too.")
    .param::<i64>("index", "which, from 0")
    .returns("signal")
    .example("let m = mod_matrix([adsr(), lfo()], #{ outputs: 2 }); assert(m[1] == m.output(1))")
}

fn nth_output(signal: &Signal, index: i64) -> Result<Signal, ScriptError> {
    let index = usize::try_from(index).unwrap_or(usize::MAX);
    Ok(signal.output(index)?)
}
