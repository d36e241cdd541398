//! A matrix of modulations.

use crate::emitter::Emitter;
use crate::{ControlOp, Count, Error, Facts, Gain, Knob, Module, Output, Port, Rate, Wiring};
use auricle_audio::declare::{DefaultValue, Kind, Parameter};

const INPUTS: Port = Port::required("inputs", Rate::Control, "the modulations").many();
const MOD: Knob = Knob::new("mod", "", 0.0, 1.0, "how much of an input is in an output")
    .curve(0.5)
    .count(Count::PerPair);
const PORTS: &[Port] = &[INPUTS];
const OUTPUT: Output = Output::Always(Rate::Control);

/// A matrix of modulations.
pub(super) static MOD_MATRIX: Module = Module {
    name: "mod_matrix",
    about: "Mixes control signals into several outputs, each with its own share of every input; `m.output(0)` is one.",
    citation: "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021",
    parameters: &[
        INPUTS.parameter(),
        Parameter::option(
            "outputs",
            Kind::Count {
                low: 1.0,
                high: 256.0,
            },
            DefaultValue::Number(1.0),
            "number of outputs",
        ),
        MOD.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[MOD],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let m = mod_matrix([adsr(), lfo()], #{ outputs: 2 }); let s = synth(sine(#{ pitch: m.output(0) }) * m.output(1)); assert(s.parameters().len() == 21)",
    build: |settings| {
        let wiring = Wiring::new("mod_matrix", settings, PORTS, OUTPUT)?;
        Ok(Wiring {
            outputs: settings.count("outputs"),
            ..wiring
        })
    },
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let inputs = module.controls(0);
    let shares = module.knobs("mod");
    for row in shares.chunks(inputs.len()) {
        let gains = row.iter().map(|&share| Gain::Scalar(share));
        let terms = gains.zip(inputs.iter().copied()).collect();
        let out = module.control_op(ControlOp::Mix { terms, offset: 0.0 });
        module.give_control(out);
    }
    Ok(())
}
