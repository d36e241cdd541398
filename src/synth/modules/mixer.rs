//! A mixer of sounds.

use crate::emitter::Emitter;
use crate::{AudioOp, Count, Error, Facts, Gain, Knob, Module, Output, Port, Rate, Wiring};
use auricle_audio::declare::{ABOVE_ZERO, DefaultValue, Kind, Parameter};

const INPUTS: Port = Port::required("inputs", Rate::Audio, "the sounds").many();
const LEVEL: Knob = Knob::new("level", "", 0.0, 1.0, "level of an input").count(Count::PerInput);
const PORTS: &[Port] = &[INPUTS];
const OUTPUT: Output = Output::Always(Rate::Audio);

/// A mixer of sounds.
pub(super) static MIXER: Module = Module {
    name: "mixer",
    about: "Mixes sounds, each at its level; a sound whose peak passes 1 is divided by its peak.",
    citation: "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021",
    parameters: &[
        INPUTS.parameter(),
        LEVEL.parameter(),
        Parameter::option(
            "curves",
            Kind::Numbers {
                low: ABOVE_ZERO,
                high: 100.0,
            },
            DefaultValue::Absent,
            "curve of every level's range; all 1 if absent",
        ),
    ],
    facts: Facts {
        ports: PORTS,
        knobs: &[LEVEL],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let s = synth(mixer([sine(), noise_source()])); assert(s.parameters().len() == 6)",
    build: |settings| {
        let wiring = Wiring::new("mixer", settings, PORTS, OUTPUT)?;
        let curves = settings.numbers("curves").to_vec();
        if !curves.is_empty() && curves.len() != wiring.n_inputs[0] {
            let want = format!("a number for each of {} inputs", wiring.n_inputs[0]);
            return Err(auricle_audio::Error::range("curves", want, format!("{curves:?}")).into());
        }
        Ok(Wiring { curves, ..wiring })
    },
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let inputs = module.audios(0);
    let levels = module.knobs("level").into_iter().map(Gain::Scalar);
    let terms = levels.zip(inputs).collect();
    let sum = module.audio_op(AudioOp::Mix { terms });
    let out = module.audio_op(AudioOp::Normalize { input: sum });
    module.give_audio(out);
    Ok(())
}
