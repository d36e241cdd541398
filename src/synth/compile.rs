//! A graph becomes a program.

use crate::assembly::{Assembly, Emitted};
use crate::emitter::Emitter;
use crate::modules;
use crate::program::AudioSlot;
use crate::signal::{Connected, Instance, Kind, Signal};
use crate::{
    AudioOp, ControlOp, Count, Error, FreeParameter, Gain, Options, Program, Rate, Scalar, Source,
    Step,
};
use auricle_audio::Distribution;
use auricle_audio::declare::Value;
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
    let output = builder.assembly.audio_of(root);
    let mut program = builder.assembly.program;
    program.output = output;
    widen(&mut program);
    Ok((program, parameters))
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

/// A module of the graph, with the scalars of its parameters.
struct Used {
    signal: Signal,
    name: String,
    /// First scalar and count, for each knob.
    scalars: Vec<(Scalar, usize)>,
}

#[derive(Default)]
struct Builder {
    assembly: Assembly,
    modules: Vec<Used>,
    by_identity: HashMap<usize, usize>,
    uses: HashMap<usize, usize>,
    emitted: HashMap<usize, Vec<Emitted>>,
    keyboard: Option<Signal>,
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
                scalars.push((self.assembly.program.scalars.len(), count));
                for element in 0..count {
                    let scalar = self.assembly.program.scalars.len();
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
                    self.assembly.program.scalars.push(source);
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
            self.assembly.program.scalars[scalar] = Source::Free {
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
                let out = self.assembly.control(ControlOp::Mix {
                    terms: Vec::new(),
                    offset: *value,
                });
                vec![Emitted::Control(out)]
            }
            Kind::Product(a, b) => {
                let (a, b) = (self.emit(a)?, self.emit(b)?);
                vec![self.assembly.product(a, b)]
            }
            Kind::Scale(..) | Kind::Sum(..) => {
                let mut terms = Vec::new();
                self.terms(signal, 1.0, true, &mut terms)?;
                vec![self.assembly.mix(terms, signal.rate())]
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

    fn emit_module(
        &mut self,
        signal: &Signal,
        instance: &Connected,
    ) -> Result<Vec<Emitted>, Error> {
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
        let facts = &instance.declaration().facts;
        let mut emitter = Emitter {
            assembly: &mut self.assembly,
            settings: instance.settings(),
            knobs: facts.knobs,
            scalars: &self.modules[module].scalars,
            rate: instance.rate,
            inputs,
            outputs: Vec::new(),
        };
        (facts.emit)(&mut emitter)?;
        Ok(emitter.outputs)
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
    let mut places = ports.zip(&instance.n_inputs);
    port.is_some_and(|name| places.any(|(port, &n)| port.name == name && n == 0))
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
