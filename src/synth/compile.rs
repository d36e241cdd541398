//! A graph becomes a program.

use crate::modules;
use crate::program::{AudioSlot, ControlSlot, PhaseSlot};
use crate::signal::{Instance, Kind, Signal};
use crate::synth::FreeParameter;
use crate::{
    AudioOp, ControlOp, Count, Error, Gain, Note, Options, Phase, Program, Rate, Scalar, Selection,
    Source, Step, Weights,
};
use auricle_audio::Distribution;
use auricle_audio::declare::{Settings, Value};
use std::collections::HashMap;

/// A program, and the parameters that its patches hold, in their order.
pub(crate) fn compile(root: &Signal) -> Result<(Program, Vec<FreeParameter>), Error> {
    root.check_single()?;
    if root.rate() == Rate::Note {
        return Err(Error::NoSignal(Rate::Note));
    }
    let mut builder = Builder::default();
    builder.collect(root)?;
    builder.name_modules();
    let parameters = builder.parameters()?;
    let root = builder.emit(root)?;
    let output = builder.audio_of(root);
    builder.program.output = output;
    widen(&mut builder.program);
    Ok((builder.program, parameters))
}

/// The names of the modules of a graph that compiles, by the identity of their signals, and the keyboard that modules without a
/// note share, if there is one.
pub(crate) fn module_names(root: &Signal) -> (HashMap<usize, String>, Option<Signal>) {
    let mut builder = Builder::default();
    // A graph that has been compiled is collected without an error.
    let collected = builder.collect(root);
    debug_assert!(collected.is_ok());
    builder.name_modules();
    let modules = builder.modules.into_iter();
    let names = modules.map(|module| (module.signal.identity(), module.name));
    (names.collect(), builder.keyboard)
}

/// What a node was compiled to: one for each of its outputs.
#[derive(Clone, Copy)]
enum Emitted {
    Note(Note),
    Control(ControlSlot),
    Audio(AudioSlot),
}

/// A module of the graph, with the scalars of its parameters.
struct Used {
    signal: Signal,
    name: String,
    /// First scalar and count, for each knob.
    scalars: Vec<(Scalar, usize)>,
}

#[derive(Default)]
struct Builder {
    program: Program,
    modules: Vec<Used>,
    by_identity: HashMap<usize, usize>,
    uses: HashMap<usize, usize>,
    emitted: HashMap<usize, Vec<Emitted>>,
    upsampled: HashMap<ControlSlot, AudioSlot>,
    keyboard: Option<Signal>,
    streams: u32,
}

impl Builder {
    /// Lists the modules, inputs before what uses them.
    fn collect(&mut self, signal: &Signal) -> Result<(), Error> {
        let identity = signal.identity();
        let uses = self.uses.entry(identity).or_default();
        *uses += 1;
        if *uses > 1 {
            return Ok(());
        }
        for input in signal.inputs() {
            self.collect(input)?;
        }
        let Kind::Module(instance) = &signal.0.kind else {
            return Ok(());
        };
        let ports = instance.declaration().facts.ports.iter();
        let mut notes = ports
            .zip(&instance.inputs)
            .filter(|(port, _)| port.takes == Some(Rate::Note));
        if notes.any(|(_, signals)| signals.is_empty()) && self.keyboard.is_none() {
            let keyboard = modules::keyboard(Options::new())?;
            self.keyboard = Some(keyboard.clone());
            self.collect(&keyboard)?;
        }
        self.by_identity.insert(identity, self.modules.len());
        self.modules.push(Used {
            signal: signal.clone(),
            name: String::new(),
            scalars: Vec::new(),
        });
        Ok(())
    }

    /// Names that are given, and for the others their kind, numbered where there are several.
    fn name_modules(&mut self) {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for module in &self.modules {
            let kind = module.signal.declaration().map_or("", |module| module.name);
            *counts.entry(kind).or_default() += usize::from(module.signal.0.name.is_none());
        }
        let given = self
            .modules
            .iter()
            .filter_map(|module| module.signal.0.name.clone());
        let given: Vec<String> = given.collect();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        for module in &mut self.modules {
            let kind = module.signal.declaration().map_or("", |module| module.name);
            module.name = match &module.signal.0.name {
                Some(name) => name.clone(),
                None if counts[kind] == 1 && !given.iter().any(|name| name == kind) => kind.into(),
                None => loop {
                    let number = numbers.entry(kind).or_default();
                    *number += 1;
                    let name = format!("{kind}_{number}");
                    if !given.contains(&name) {
                        break name;
                    }
                },
            };
        }
    }

    /// Gives every number of every module its scalar, and lists the free ones: by module's name, then by parameter's.
    fn parameters(&mut self) -> Result<Vec<FreeParameter>, Error> {
        let mut free: Vec<(FreeParameter, Scalar)> = Vec::new();
        let mut named: HashMap<String, usize> = HashMap::new();
        for index in 0..self.modules.len() {
            let used = &self.modules[index];
            let Kind::Module(instance) = &used.signal.0.kind else {
                continue;
            };
            if let Some(&first) = named.get(&used.name) {
                if !set_alike(&self.modules[first].signal, &used.signal) {
                    return Err(Error::Name {
                        name: used.name.clone(),
                    });
                }
                self.modules[index].scalars = self.modules[first].scalars.clone();
                continue;
            }
            named.insert(used.name.clone(), index);
            let mut scalars = Vec::new();
            for knob in instance.declaration().facts.knobs {
                let count = instance.count(knob);
                scalars.push((self.program.scalars.len(), count));
                for element in 0..count {
                    let scalar = self.program.scalars.len();
                    let mapping = instance.mapping(knob, element);
                    let source = match given(instance, knob.name) {
                        Value::Drawn(Distribution::Constant(number)) => Source::Fixed(*number),
                        Value::Absent if is_unconnected(instance, knob.port) => Source::Fixed(0.0),
                        value => {
                            let draw = match value {
                                Value::Drawn(distribution) => Some(distribution.clone()),
                                _ => None,
                            };
                            let at = match knob.count {
                                Count::One => Vec::new(),
                                Count::PerInput => vec![element],
                                Count::PerPair => {
                                    let columns = count / instance.outputs;
                                    vec![element / columns, element % columns]
                                }
                            };
                            let parameter = FreeParameter {
                                module: used.name.clone(),
                                kind: instance.declaration().name,
                                parameter: knob.name,
                                index: at,
                                unit: knob.unit,
                                about: knob.about,
                                mapping,
                                draw,
                                smooth: instance.declaration().facts.smooth,
                            };
                            free.push((parameter, scalar));
                            Source::Free {
                                parameter: 0,
                                mapping,
                            }
                        }
                    };
                    self.program.scalars.push(source);
                }
            }
            self.modules[index].scalars = scalars;
        }
        free.sort_by(|(a, _), (b, _)| {
            let key = |p: &FreeParameter| (p.module.clone(), p.parameter, p.index.clone());
            key(a).cmp(&key(b))
        });
        let mut parameters = Vec::with_capacity(free.len());
        for (place, (parameter, scalar)) in free.into_iter().enumerate() {
            self.program.scalars[scalar] = Source::Free {
                parameter: place,
                mapping: parameter.mapping,
            };
            parameters.push(parameter);
        }
        Ok(parameters)
    }

    /// The operations of a signal.
    fn emit(&mut self, signal: &Signal) -> Result<Emitted, Error> {
        Ok(self.emit_all(signal)?[0])
    }

    fn emit_all(&mut self, signal: &Signal) -> Result<Vec<Emitted>, Error> {
        if let Some(emitted) = self.emitted.get(&signal.identity()) {
            return Ok(emitted.clone());
        }
        let emitted = match &signal.0.kind {
            Kind::Module(instance) => self.emit_module(signal, instance)?,
            Kind::Output(of, index) => vec![self.emit_all(of)?[*index]],
            Kind::Number(value) => {
                let out = self.control(ControlOp::Mix {
                    terms: Vec::new(),
                    offset: *value,
                });
                vec![Emitted::Control(out)]
            }
            Kind::Product(a, b) => {
                let (a, b) = (self.emit(a)?, self.emit(b)?);
                vec![self.product(a, b)]
            }
            Kind::Scale(..) | Kind::Sum(..) => {
                let mut terms = Vec::new();
                self.terms(signal, 1.0, true, &mut terms)?;
                vec![self.mix(terms, signal.rate() == Rate::Audio)]
            }
        };
        self.emitted.insert(signal.identity(), emitted.clone());
        Ok(emitted)
    }

    /// The terms of a sum of scaled signals, all in one.
    fn terms(
        &mut self,
        signal: &Signal,
        factor: f64,
        top: bool,
        terms: &mut Vec<(Gain, Emitted)>,
    ) -> Result<(), Error> {
        // What is used elsewhere, too, is not computed again.
        let alone = self.uses[&signal.identity()] == 1;
        match &signal.0.kind {
            Kind::Scale(by, of) if top || alone => self.terms(of, factor * by, false, terms),
            Kind::Sum(a, b) if top || alone => {
                self.terms(a, factor, false, terms)?;
                self.terms(b, factor, false, terms)
            }
            _ => {
                let emitted = self.emit(signal)?;
                terms.push((Gain::Number(factor), emitted));
                Ok(())
            }
        }
    }

    fn emit_module(&mut self, signal: &Signal, instance: &Instance) -> Result<Vec<Emitted>, Error> {
        let mut inputs = Vec::with_capacity(instance.inputs.len());
        for (port, signals) in instance
            .declaration()
            .facts
            .ports
            .iter()
            .zip(&instance.inputs)
        {
            let mut values = Vec::with_capacity(signals.len());
            for signal in signals {
                values.push(self.emit(signal)?);
            }
            if values.is_empty()
                && port.takes == Some(Rate::Note)
                && let Some(keyboard) = self.keyboard.clone()
            {
                values.push(self.emit(&keyboard)?);
            }
            inputs.push(values);
        }
        let module = self.by_identity[&signal.identity()];
        let mut emitter = Emitter {
            builder: self,
            instance,
            module,
            inputs,
            outputs: Vec::new(),
        };
        (instance.declaration().facts.emit)(&mut emitter)?;
        Ok(emitter.outputs)
    }

    fn control(&mut self, op: ControlOp) -> ControlSlot {
        let out = self.program.n_control;
        self.program.n_control += 1;
        self.program.control.push(Step { op, out });
        out
    }

    fn audio(&mut self, op: AudioOp) -> AudioSlot {
        let out = self.program.new_audio();
        self.program.audio.push(Step { op, out });
        out
    }

    fn upsample(&mut self, control: ControlSlot) -> AudioSlot {
        if let Some(&slot) = self.upsampled.get(&control) {
            return slot;
        }
        let out = self.audio(AudioOp::Upsample { control });
        self.upsampled.insert(control, out);
        out
    }

    /// A signal at audio rate; notes are refused where graphs are built.
    fn audio_of(&mut self, emitted: Emitted) -> AudioSlot {
        match emitted {
            Emitted::Audio(slot) => slot,
            Emitted::Control(slot) => self.upsample(slot),
            Emitted::Note(_) => unreachable!("a note is no signal: see `Signal`"),
        }
    }

    fn control_of(&self, emitted: Emitted) -> ControlSlot {
        match emitted {
            Emitted::Control(slot) => slot,
            _ => unreachable!("ports check the rates of their signals: see `Wiring::new`"),
        }
    }

    fn product(&mut self, a: Emitted, b: Emitted) -> Emitted {
        if let (Emitted::Control(a), Emitted::Control(b)) = (a, b) {
            return Emitted::Control(self.control(ControlOp::Product { a, b }));
        }
        let (a, b) = (self.audio_of(a), self.audio_of(b));
        Emitted::Audio(self.audio(AudioOp::Product { a, b }))
    }

    fn mix(&mut self, terms: Vec<(Gain, Emitted)>, audio: bool) -> Emitted {
        if !audio {
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
}

fn given<'a>(instance: &'a Instance, name: &str) -> &'a Value {
    let parameters = instance.declaration().parameters.iter();
    let place = parameters
        .zip(instance.values())
        .find(|(p, _)| p.name == name);
    place.map_or(&Value::Absent, |(_, value)| value)
}

fn is_unconnected(instance: &Instance, port: Option<&'static str>) -> bool {
    let ports = instance.declaration().facts.ports.iter();
    let mut places = ports.zip(&instance.inputs);
    port.is_some_and(|name| places.any(|(port, signals)| port.name == name && signals.is_empty()))
}

/// Whether two modules have the same kind and the same settings, but for what they are connected to.
fn set_alike(a: &Signal, b: &Signal) -> bool {
    let (Kind::Module(a), Kind::Module(b)) = (&a.0.kind, &b.0.kind) else {
        return false;
    };
    let counts = |i: &Instance| -> Vec<usize> {
        i.declaration()
            .facts
            .knobs
            .iter()
            .map(|knob| i.count(knob))
            .collect()
    };
    let knobs = a.declaration().facts.knobs.iter();
    let mut values = knobs.map(|knob| given(a, knob.name) == given(b, knob.name));
    std::ptr::eq(a.declaration(), b.declaration())
        && counts(a) == counts(b)
        && a.curves == b.curves
        && values.all(|same| same)
}

/// Chooses what is computed in double precision: whatever an FM oscillator or a filter's cutoff multiplies the rounding
/// of.
fn widen(program: &mut Program) {
    for index in (0..program.audio.len()).rev() {
        let step = &mut program.audio[index];
        let all = program.wide[step.out] && step.op.can_be_wide();
        for (&mut input, wants_wide) in step.op.inputs() {
            program.wide[input] |= all || wants_wide;
        }
    }
    // What is wanted in single precision is narrowed, and what cannot be computed in double precision is widened.
    let mut narrowed: HashMap<AudioSlot, AudioSlot> = HashMap::new();
    let mut steps = Vec::with_capacity(program.audio.len());
    for Step { mut op, out } in std::mem::take(&mut program.audio) {
        let all = program.wide[out] && op.can_be_wide();
        for (input, wants_wide) in op.inputs() {
            if all || wants_wide || !program.wide[*input] {
                continue;
            }
            let wide = *input;
            *input = *narrowed.entry(wide).or_insert_with(|| {
                let out = program.new_audio();
                let op = AudioOp::Narrow { input: wide };
                steps.push(Step { op, out });
                out
            });
        }
        if program.wide[out] && !op.can_be_wide() {
            let single = program.new_audio();
            steps.push(Step { op, out: single });
            let op = AudioOp::Widen { input: single };
            steps.push(Step { op, out });
        } else {
            steps.push(Step { op, out });
        }
    }
    if program.wide[program.output] {
        let out = program.new_audio();
        let input = program.output;
        let op = AudioOp::Narrow { input };
        steps.push(Step { op, out });
        program.output = out;
    }
    program.audio = steps;
}

/// What a module's `emit` works with: its numbers, its inputs, and the program that it adds to.
pub struct Emitter<'a> {
    builder: &'a mut Builder,
    instance: &'a Instance,
    module: usize,
    inputs: Vec<Vec<Emitted>>,
    outputs: Vec<Emitted>,
}

impl Emitter<'_> {
    /// The values of the declaration's parameters.
    pub(crate) fn settings(&self) -> Settings<'_> {
        self.instance.settings()
    }

    /// The number of a parameter.
    pub(crate) fn knob(&self, name: &str) -> Scalar {
        self.knobs(name)[0]
    }

    /// The numbers of a parameter.
    pub(crate) fn knobs(&self, name: &str) -> Vec<Scalar> {
        let mut knobs = self.instance.declaration().facts.knobs.iter();
        let place = knobs.position(|knob| knob.name == name);
        let place = place.expect("a module asks for its own parameters");
        let (first, count) = self.builder.modules[self.module].scalars[place];
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
        Some(self.builder.control_of(emitted))
    }

    /// The control signals at a port.
    pub(crate) fn controls(&self, port: usize) -> Vec<ControlSlot> {
        let inputs = self.inputs[port].iter();
        inputs
            .map(|&emitted| self.builder.control_of(emitted))
            .collect()
    }

    /// The signal at a port that must be connected, at audio rate.
    pub(crate) fn audio(&mut self, port: usize) -> AudioSlot {
        self.builder.audio_of(self.inputs[port][0])
    }

    /// The signals at a port, at audio rate.
    pub(crate) fn audios(&mut self, port: usize) -> Vec<AudioSlot> {
        let inputs = self.inputs[port].clone();
        inputs
            .into_iter()
            .map(|emitted| self.builder.audio_of(emitted))
            .collect()
    }

    /// A number for a noise of its own.
    pub(crate) fn new_stream(&mut self) -> u32 {
        self.builder.streams += 1;
        self.builder.streams - 1
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
        self.builder.program.phases.push(phase);
        self.builder.program.phases.len() - 1
    }

    /// Numbers that are weights made of others.
    pub(crate) fn new_weights(&mut self, selection: Selection, modes: Vec<Scalar>) -> Vec<Scalar> {
        let program = &mut self.builder.program;
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
        let program = &mut self.builder.program;
        program.scalars.push(Source::Fixed(0.0));
        let complement = program.scalars.len() - 1;
        program.complements.push((scalar, complement));
        complement
    }

    /// The number `factor 10^(scalar / 20)`.
    pub(crate) fn new_amplitude(&mut self, scalar: Scalar, factor: f64) -> Scalar {
        let program = &mut self.builder.program;
        program.scalars.push(Source::Fixed(0.0));
        let amplitude = program.scalars.len() - 1;
        program.amplitudes.push((scalar, factor, amplitude));
        amplitude
    }

    /// A control signal at audio rate.
    pub(crate) fn upsampled(&mut self, control: ControlSlot) -> AudioSlot {
        self.builder.upsample(control)
    }

    /// A one-pole low-pass with a cutoff in Hz at control rate.
    pub(crate) fn new_one_pole(&mut self, input: AudioSlot, cutoff: ControlSlot) -> AudioSlot {
        let cutoff = self.upsampled(cutoff);
        self.audio_op(AudioOp::OnePole { input, cutoff })
    }

    /// Adds to the control part.
    pub(crate) fn control_op(&mut self, op: ControlOp) -> ControlSlot {
        self.builder.control(op)
    }

    /// Adds to the audio part.
    pub(crate) fn audio_op(&mut self, op: AudioOp) -> AudioSlot {
        self.builder.audio(op)
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
        let product = self.builder.product(self.inputs[a][0], self.inputs[b][0]);
        self.outputs.push(product);
    }

    /// The module's next output is a mix of the signals at a port, one factor for each.
    pub(crate) fn give_mix(&mut self, port: usize, gains: Vec<Gain>) {
        let terms = gains
            .into_iter()
            .zip(self.inputs[port].iter().copied())
            .collect();
        let mix = self.builder.mix(terms, self.instance.rate == Rate::Audio);
        self.outputs.push(mix);
    }

    /// The module's next output is a mix of the signals at some ports.
    pub(crate) fn give_mix_of(&mut self, ports: &[(Gain, usize)]) {
        let terms = ports
            .iter()
            .map(|&(gain, port)| (gain, self.inputs[port][0]))
            .collect();
        let mix = self.builder.mix(terms, self.instance.rate == Rate::Audio);
        self.outputs.push(mix);
    }
}
