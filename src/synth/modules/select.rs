//! Selectors: a choice among signals, softly or hard.

use crate::emitter::Emitter;
use crate::{Count, Error, Facts, Gain, Knob, Module, Output, Port, Rate, Selection, Wiring};
use auricle_audio::declare::Parameter;

const INPUTS: Port = Port::required("inputs", Rate::Audio, "the signals to choose from")
    .any_rate()
    .many();
const MODE: Knob =
    Knob::new("mode", "", 0.0, 1.0, "how much an input is wanted").count(Count::PerInput);
const PORTS: &[Port] = &[INPUTS];
const PARAMETERS: &[Parameter] = &[INPUTS.parameter(), MODE.parameter()];
const CITATION: &str =
    "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021";

/// A mean of signals that the largest number dominates.
pub(super) static SOFT_SELECT: Module = Module {
    name: "soft_select",
    about: "Mixes signals by weights `mode^e / sum of mode^e`, so that the most wanted one dominates.",
    citation: CITATION,
    parameters: PARAMETERS,
    facts: Facts {
        ports: PORTS,
        knobs: &[MODE],
        output: Output::AsInputs,
        smooth: true,
        emit: |module| emit(module, Selection::Soft),
    },
    example: "let s = synth(soft_select([sine(), noise_source()])); assert(s.parameters().len() == 6)",
    build: |settings| Wiring::new("soft_select", settings, PORTS, Output::AsInputs),
};

/// The signal of the largest number.
pub(super) static HARD_SELECT: Module = Module {
    name: "hard_select",
    about: "Chooses the signal whose `mode` is largest.",
    citation: CITATION,
    parameters: PARAMETERS,
    facts: Facts {
        ports: PORTS,
        knobs: &[MODE],
        output: Output::AsInputs,
        smooth: false,
        emit: |module| emit(module, Selection::Hard),
    },
    example: "let s = synth(hard_select([sine(), noise_source()])); assert(s.parameters().len() == 6)",
    build: |settings| Wiring::new("hard_select", settings, PORTS, Output::AsInputs),
};

fn emit(module: &mut Emitter<'_>, selection: Selection) -> Result<(), Error> {
    let weights = module.new_weights(selection, module.knobs("mode"));
    let gains = weights.into_iter().map(Gain::Scalar).collect();
    module.give_mix(0, gains);
    Ok(())
}
