//! A note from the begin of the clip.

use crate::emitter::Emitter;
use crate::{Error, Facts, Knob, Module, Output, Rate, Wiring};

pub(super) const MIDI_F0: Knob = Knob::new("midi_f0", "MIDI note", 0.0, 127.0, "pitch");
pub(super) const DURATION: Knob =
    Knob::new("duration", "s", 0.01, 4.0, "how long the key is held").curve(0.5);
const OUTPUT: Output = Output::Always(Rate::Note);

/// A note from the begin of the clip.
pub(super) static KEYBOARD: Module = Module {
    name: "keyboard",
    about: "Gives the pitch and the duration of a note, which envelopes and oscillators follow.",
    citation: "Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021",
    parameters: &[MIDI_F0.parameter(), DURATION.parameter()],
    facts: Facts {
        ports: &[],
        knobs: &[MIDI_F0, DURATION],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let k = keyboard(#{ midi_f0: 69 }); assert(synth(sine(#{ note: k })).parameters().len() == 3)",
    build: |settings| Wiring::new("keyboard", settings, &[], OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let note = module.new_note("midi_f0", "duration", None);
    module.give_note(note);
    Ok(())
}
