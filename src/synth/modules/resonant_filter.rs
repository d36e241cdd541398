//! A resonant filter with a modulated cutoff.

use crate::emitter::Emitter;
use crate::{AudioOp, ControlOp, Error, Facts, Knob, Module, Output, Pass, Port, Rate, Wiring};
use auricle_audio::declare::{DefaultValue, Kind, Parameter, words};

const PASSES: [(&str, Pass); 3] = [
    ("low", Pass::Low),
    ("band", Pass::Band),
    ("high", Pass::High),
];
const INPUT: Port = Port::required("input", Rate::Audio, "the sound");
const MODULATION: Port = Port::optional("modulation", Rate::Control, "what moves its cutoff");
const CUTOFF_HZ: Knob =
    Knob::new("cutoff_hz", "Hz", 20.0, 16_000.0, "cutoff frequency").curve(0.25);
const MOD_DEPTH: Knob = Knob::new(
    "mod_depth",
    "semitones",
    -96.0,
    96.0,
    "how far `modulation` moves the cutoff",
)
.curve(0.5)
.symmetric()
.of_port("modulation");
const Q: Knob = Knob::new("q", "", 0.5, 40.0, "quality: how sharp the resonance is").curve(0.5);
const PORTS: &[Port] = &[INPUT, MODULATION];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// A resonant filter with a modulated cutoff.
pub(super) static RESONANT_FILTER: Module = Module {
    name: "resonant_filter",
    about: "Filters with a resonance at a cutoff that a control signal moves: a state-variable filter of two poles.",
    citation: "Zavalishin, \"The Art of VA Filter Design\", 2018, section 4.4",
    parameters: &[
        INPUT.parameter(),
        MODULATION.parameter(),
        Parameter::option(
            "pass",
            Kind::Word(&words(&PASSES)),
            DefaultValue::Word("low"),
            "what it lets through",
        ),
        CUTOFF_HZ.parameter(),
        MOD_DEPTH.parameter(),
        Q.parameter(),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[CUTOFF_HZ, MOD_DEPTH, Q],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(resonant_filter(noise_source(), #{ modulation: lfo(), q: 2..10 })); assert(s.parameters().len() == 10)",
    build: |settings| Wiring::new("resonant_filter", settings, PORTS, OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let input = module.audio(0);
    let modulation = module.control(1);
    let control = module.control_op(ControlOp::Warp {
        modulation,
        cutoff: module.knob("cutoff_hz"),
        depth: module.knob("mod_depth"),
    });
    let warped = module.upsampled(control);
    let pass = module.settings.word("pass", &PASSES);
    let out = module.audio_op(AudioOp::Resonant {
        input,
        warped,
        q: module.knob("q"),
        pass,
    });
    module.give_audio(out);
    Ok(())
}
