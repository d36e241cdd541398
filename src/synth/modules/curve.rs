//! A control signal that is given.

use crate::emitter::Emitter;
use crate::{ControlOp, Error, Facts, Module, Output, Rate, Wiring};
use auricle_audio::declare::{DefaultValue, Kind, Parameter};

const OUTPUT: Output = Output::Always(Rate::Control);

/// A control signal that is given.
pub(super) static CURVE: Module = Module {
    name: "curve",
    about: "Runs through given values, spread evenly over the sound and linear between them.",
    citation: "",
    parameters: &[Parameter::positional(
        "values",
        Kind::Numbers {
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        },
        DefaultValue::Required,
        "the values, at least one",
    )],
    facts: Facts {
        ports: &[],
        knobs: &[],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(sine() * curve([0, 1, 0])); assert(s.parameters().len() == 4)",
    build: |settings| {
        let values = settings.numbers("values");
        if values.is_empty() {
            return Err(auricle_audio::Error::Empty { what: "values" }.into());
        }
        match values.iter().find(|value| !value.is_finite()) {
            Some(&got) => Err(auricle_audio::Error::NotFinite {
                param: "values".into(),
                got,
            }
            .into()),
            None => Wiring::new("curve", settings, &[], OUTPUT),
        }
    },
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let values = module.settings.numbers("values").to_vec();
    let out = module.control_op(ControlOp::Curve { values });
    module.give_control(out);
    Ok(())
}
