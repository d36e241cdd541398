//! A program while it is put together: operations one after another, and signals on their way between the rates.

use crate::program::{AudioSlot, ControlSlot};
use crate::{AudioOp, ControlOp, Gain, Note, Program, Rate, Step};
use std::collections::HashMap;

/// What a node was compiled to: one for each of its outputs.
#[derive(Clone, Copy)]
pub(crate) enum Emitted {
    Note(Note),
    Control(ControlSlot),
    Audio(AudioSlot),
}

/// A program while it is put together.
#[derive(Default)]
pub(crate) struct Assembly {
    pub(crate) program: Program,
    upsampled: HashMap<ControlSlot, AudioSlot>,
    streams: u32,
}

impl Assembly {
    /// Adds to the control part.
    pub(crate) fn control(&mut self, op: ControlOp) -> ControlSlot {
        let out = self.program.n_control;
        self.program.n_control += 1;
        self.program.control.push(Step { op, out });
        out
    }

    /// Adds to the audio part.
    pub(crate) fn audio(&mut self, op: AudioOp) -> AudioSlot {
        let out = self.program.new_audio();
        self.program.audio.push(Step { op, out });
        out
    }

    /// A control signal at audio rate; asked for again, it is the same.
    pub(crate) fn upsample(&mut self, control: ControlSlot) -> AudioSlot {
        if let Some(&slot) = self.upsampled.get(&control) {
            return slot;
        }
        let out = self.audio(AudioOp::Upsample { control });
        self.upsampled.insert(control, out);
        out
    }

    /// A signal at audio rate; notes are refused where graphs are built.
    pub(crate) fn audio_of(&mut self, emitted: Emitted) -> AudioSlot {
        match emitted {
            Emitted::Audio(slot) => slot,
            Emitted::Control(slot) => self.upsample(slot),
            Emitted::Note(_) => unreachable!("a note is no signal: see `Signal`"),
        }
    }

    /// A signal that is of control rate: ports check it.
    pub(crate) fn control_of(&self, emitted: Emitted) -> ControlSlot {
        match emitted {
            Emitted::Control(slot) => slot,
            _ => unreachable!("ports check the rates of their signals: see `Wiring::new`"),
        }
    }

    /// The product of two signals.
    pub(crate) fn product(&mut self, a: Emitted, b: Emitted) -> Emitted {
        if let (Emitted::Control(a), Emitted::Control(b)) = (a, b) {
            return Emitted::Control(self.control(ControlOp::Product { a, b }));
        }
        let (a, b) = (self.audio_of(a), self.audio_of(b));
        Emitted::Audio(self.audio(AudioOp::Product { a, b }))
    }

    /// The sum of signals, each times a number, at a rate.
    pub(crate) fn mix(&mut self, terms: Vec<(Gain, Emitted)>, rate: Rate) -> Emitted {
        if rate != Rate::Audio {
            let terms = terms
                .into_iter()
                .map(|(gain, e)| (gain, self.control_of(e)));
            let terms = terms.collect();
            return Emitted::Control(self.control(ControlOp::Mix { terms, offset: 0.0 }));
        }
        let terms = terms.into_iter().map(|(gain, e)| (gain, self.audio_of(e)));
        let terms = terms.collect();
        Emitted::Audio(self.audio(AudioOp::Mix { terms }))
    }

    /// A number for a noise of its own.
    pub(crate) fn new_stream(&mut self) -> u32 {
        self.streams += 1;
        self.streams - 1
    }
}
