//! A low-frequency oscillator of five shapes.

use crate::emitter::Emitter;
use crate::{ControlOp, Error, Facts, Knob, Module, Output, Port, Rate, Wiring};
use std::f64::consts::PI;

const RATE: Port = Port::optional("rate", Rate::Control, "what moves its frequency");
const FREQUENCY: Knob = Knob::new("frequency", "Hz", 0.0, 20.0, "frequency").curve(0.25);
const MOD_DEPTH: Knob = Knob::new(
    "mod_depth",
    "Hz",
    -10.0,
    20.0,
    "how far `rate` moves the frequency",
)
.curve(0.5)
.symmetric()
.of_port("rate");
const INITIAL_PHASE: Knob = Knob::new("initial_phase", "rad", -PI, PI, "phase at the begin");
const SIN: Knob = Knob::new("sin", "", 0.0, 1.0, "weight of the sine");
const TRI: Knob = Knob::new("tri", "", 0.0, 1.0, "weight of the triangle");
const SAW: Knob = Knob::new("saw", "", 0.0, 1.0, "weight of the saw");
const RSAW: Knob = Knob::new("rsaw", "", 0.0, 1.0, "weight of the falling saw");
const SQR: Knob = Knob::new("sqr", "", 0.0, 1.0, "weight of the square");
const PORTS: &[Port] = &[RATE];
const OUTPUT: Output = Output::Always(Rate::Control);

/// A low-frequency oscillator of five shapes.
pub(super) static LFO: Module = Module {
    name: "lfo",
    about: "Makes a slow oscillation within 0..1, a weighted mean of sine, triangle, saw, falling saw and square.",
    citation: "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021",
    parameters: &[
        RATE.parameter(),
        FREQUENCY.parameter(),
        MOD_DEPTH.parameter(),
        INITIAL_PHASE.parameter(),
        SIN.parameter(),
        TRI.parameter(),
        SAW.parameter(),
        RSAW.parameter(),
        SQR.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[
            FREQUENCY,
            MOD_DEPTH,
            INITIAL_PHASE,
            SIN,
            TRI,
            SAW,
            RSAW,
            SQR,
        ],
        output: OUTPUT,
        smooth: false,
        emit,
    },
    example: "let s = synth(sine() * lfo(#{ frequency: 2..8 })); assert(s.parameters().len() == 11)",
    build: |settings| Wiring::new("lfo", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let rate = module.control(0);
    let out = module.control_op(ControlOp::Lfo {
        rate,
        frequency: module.knob("frequency"),
        mod_depth: module.knob("mod_depth"),
        initial_phase: module.knob("initial_phase"),
        weights: ["sin", "tri", "saw", "rsaw", "sqr"].map(|shape| module.knob(shape)),
    });
    module.give_control(out);
    Ok(())
}
