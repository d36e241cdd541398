//! A note placed in time.

use super::keyboard::{DURATION, MIDI_F0};
use crate::emitter::Emitter;
use crate::{Error, Facts, Knob, Module, Output, Rate, Wiring};

const ONSET: Knob = Knob::new("onset", "s", 0.0, 4.0, "when the note begins");
const OUTPUT: Output = Output::Always(Rate::Note);

/// A note placed in time.
pub(super) static EVENT: Module = Module {
    name: "event",
    about: "Gives a note that begins within the clip; several of them, each with its own modules, are several notes. \
            Modules of one name share their parameters, so notes can have one timbre.",
    citation: "",
    parameters: &[ONSET.parameter(), MIDI_F0.parameter(), DURATION.parameter()],
    facts: Facts {
        ports: &[],
        knobs: &[ONSET, MIDI_F0, DURATION],
        output: OUTPUT,
        smooth: true,
        emit,
    },
    example: "let n = event(#{ onset: 0.0..0.5 }); assert(synth(sine(#{ note: n }) * adsr(#{ note: n })).parameters().len() == 10)",
    build: |settings| Wiring::new("event", settings, &[], OUTPUT),
};

fn emit(module: &mut Emitter<'_>) -> Result<(), Error> {
    let note = module.new_note("midi_f0", "duration", Some("onset"));
    module.give_note(note);
    Ok(())
}
