//! What a module's operations are added to a program with.

use crate::assembly::{Assembly, Emitted};
use crate::program::{AudioSlot, ControlSlot, PhaseSlot};
use crate::{
    AudioOp, ControlOp, Gain, Knob, Note, Phase, Rate, Scalar, Selection, Source, Weights,
};
use auricle_audio::declare::Settings;

/// What a module's `emit` works with: its numbers, its inputs, and the program that it adds to.
pub struct Emitter<'a> {
    pub(crate) assembly: &'a mut Assembly,
    /// The values of the declaration's parameters.
    pub(crate) settings: Settings<'a>,
    pub(crate) knobs: &'static [Knob],
    /// First scalar and count, for each knob.
    pub(crate) scalars: &'a [(Scalar, usize)],
    /// Rate of the module's outputs.
    pub(crate) rate: Rate,
    /// What the signals at each port were compiled to.
    pub(crate) inputs: Vec<Vec<Emitted>>,
    pub(crate) outputs: Vec<Emitted>,
}

impl Emitter<'_> {
    /// The number of a parameter.
    pub(crate) fn knob(&self, name: &str) -> Scalar {
        self.knobs(name)[0]
    }

    /// The numbers of a parameter.
    pub(crate) fn knobs(&self, name: &str) -> Vec<Scalar> {
        let mut knobs = self.knobs.iter();
        let place = knobs.position(|knob| knob.name == name);
        let place = place.expect("a module asks for its own parameters");
        let (first, count) = self.scalars[place];
        (first..first + count).collect()
    }

    /// The note that the module follows: at its own port, or the keyboard that is shared.
    pub(crate) fn note(&self) -> Note {
        let note = self.inputs.iter().flatten().find_map(|input| match input {
            Emitted::Note(note) => Some(*note),
            _ => None,
        });
        note.expect("a module with a note has a port for it")
    }

    /// A note of the module's own numbers.
    pub(crate) fn new_note(&self, midi_f0: &str, duration: &str, onset: Option<&str>) -> Note {
        Note {
            midi_f0: self.knob(midi_f0),
            duration: self.knob(duration),
            onset: onset.map(|name| self.knob(name)),
        }
    }

    /// The control signal at a port, if it is connected.
    pub(crate) fn control(&self, port: usize) -> Option<ControlSlot> {
        let emitted = *self.inputs[port].first()?;
        Some(self.assembly.control_of(emitted))
    }

    /// The control signals at a port.
    pub(crate) fn controls(&self, port: usize) -> Vec<ControlSlot> {
        let inputs = self.inputs[port].iter();
        inputs
            .map(|&emitted| self.assembly.control_of(emitted))
            .collect()
    }

    /// The signal at a port that must be connected, at audio rate.
    pub(crate) fn audio(&mut self, port: usize) -> AudioSlot {
        self.assembly.audio_of(self.inputs[port][0])
    }

    /// The signals at a port, at audio rate.
    pub(crate) fn audios(&mut self, port: usize) -> Vec<AudioSlot> {
        let inputs = self.inputs[port].clone();
        inputs
            .into_iter()
            .map(|emitted| self.assembly.audio_of(emitted))
            .collect()
    }

    /// A number for a noise of its own.
    pub(crate) fn new_stream(&mut self) -> u32 {
        self.assembly.new_stream()
    }

    /// The pitch of the module's oscillator, moved by a control signal.
    pub(crate) fn phase(&self, pitch: Option<ControlSlot>) -> Phase {
        Phase {
            pitch,
            midi_f0: self.note().midi_f0,
            tuning: self.knob("tuning"),
            mod_depth: self.knob("mod_depth"),
            initial_phase: self.knob("initial_phase"),
        }
    }

    /// The phase of the module's oscillator, moved by the control signal at a port.
    pub(crate) fn new_phase(&mut self, port: usize) -> PhaseSlot {
        let phase = self.phase(self.control(port));
        self.assembly.program.phases.push(phase);
        self.assembly.program.phases.len() - 1
    }

    /// Numbers that are weights made of others.
    pub(crate) fn new_weights(&mut self, selection: Selection, modes: Vec<Scalar>) -> Vec<Scalar> {
        let program = &mut self.assembly.program;
        let first = program.scalars.len();
        program
            .scalars
            .extend(modes.iter().map(|_| Source::Fixed(0.0)));
        let weights = (first..program.scalars.len()).collect();
        program.weights.push(Weights {
            selection,
            modes,
            first,
        });
        weights
    }

    /// The number `1 - scalar`.
    pub(crate) fn new_complement(&mut self, scalar: Scalar) -> Scalar {
        let program = &mut self.assembly.program;
        program.scalars.push(Source::Fixed(0.0));
        let complement = program.scalars.len() - 1;
        program.complements.push((scalar, complement));
        complement
    }

    /// The number `factor 10^(scalar / 20)`.
    pub(crate) fn new_amplitude(&mut self, scalar: Scalar, factor: f64) -> Scalar {
        let program = &mut self.assembly.program;
        program.scalars.push(Source::Fixed(0.0));
        let amplitude = program.scalars.len() - 1;
        program.amplitudes.push((scalar, factor, amplitude));
        amplitude
    }

    /// A control signal at audio rate.
    pub(crate) fn upsampled(&mut self, control: ControlSlot) -> AudioSlot {
        self.assembly.upsample(control)
    }

    /// A one-pole low-pass with a cutoff in Hz at control rate.
    pub(crate) fn new_one_pole(&mut self, input: AudioSlot, cutoff: ControlSlot) -> AudioSlot {
        let cutoff = self.upsampled(cutoff);
        self.audio_op(AudioOp::OnePole { input, cutoff })
    }

    /// Adds to the control part.
    pub(crate) fn control_op(&mut self, op: ControlOp) -> ControlSlot {
        self.assembly.control(op)
    }

    /// Adds to the audio part.
    pub(crate) fn audio_op(&mut self, op: AudioOp) -> AudioSlot {
        self.assembly.audio(op)
    }

    /// The module's next output is a note.
    pub(crate) fn give_note(&mut self, note: Note) {
        self.outputs.push(Emitted::Note(note));
    }

    /// The module's next output is a control signal.
    pub(crate) fn give_control(&mut self, slot: ControlSlot) {
        self.outputs.push(Emitted::Control(slot));
    }

    /// The module's next output is an audio signal.
    pub(crate) fn give_audio(&mut self, slot: AudioSlot) {
        self.outputs.push(Emitted::Audio(slot));
    }

    /// The module's next output is the product of the signals at two ports.
    pub(crate) fn give_product(&mut self, a: usize, b: usize) {
        let product = self.assembly.product(self.inputs[a][0], self.inputs[b][0]);
        self.outputs.push(product);
    }

    /// The module's next output is a mix of the signals at a port, one factor for each.
    pub(crate) fn give_mix(&mut self, port: usize, gains: Vec<Gain>) {
        let terms = gains
            .into_iter()
            .zip(self.inputs[port].iter().copied())
            .collect();
        let mix = self.assembly.mix(terms, self.rate);
        self.outputs.push(mix);
    }

    /// The module's next output is a mix of the signals at some ports.
    pub(crate) fn give_mix_of(&mut self, ports: &[(Gain, usize)]) {
        let terms = ports
            .iter()
            .map(|&(gain, port)| (gain, self.inputs[port][0]))
            .collect();
        let mix = self.assembly.mix(terms, self.rate);
        self.outputs.push(mix);
    }
}
