//! What a module is: its ports, its parameters, and how it becomes operations of a program.

use crate::compile::Emitter;
use crate::{Count, Error, Knob, Mapping, Signal, Signals};
use auricle_audio::declare::{
    Declaration, DefaultValue, Inside, Kind, Nested, Parameter, Settings,
};
use std::fmt;

/// The declaration of a module: one file of `modules` each.
pub type Module = Declaration<Wiring, Error, Facts>;

/// At what rate a signal runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Pitch and duration of a note: a number each for a sound.
    Note,
    /// A number at each control sample.
    Control,
    /// A number at each audio sample.
    Audio,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rate::Note => "a note",
            Rate::Control => "a control signal",
            Rate::Audio => "an audio signal",
        })
    }
}

/// An input of a module.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    /// Name in scripts.
    pub name: &'static str,
    /// What it takes; a control signal is upsampled where audio is taken. `None`: control or audio, as it comes.
    pub takes: Option<Rate>,
    /// Whether it takes a list.
    pub many: bool,
    /// Whether it must be connected.
    pub required: bool,
    /// What it does.
    pub about: &'static str,
}

impl Port {
    /// A port that must be connected, given by its position.
    pub const fn required(name: &'static str, takes: Rate, about: &'static str) -> Port {
        Port {
            name,
            takes: Some(takes),
            many: false,
            required: true,
            about,
        }
    }

    /// A port that may be left out, given in the option map.
    pub const fn optional(name: &'static str, takes: Rate, about: &'static str) -> Port {
        Port {
            name,
            takes: Some(takes),
            many: false,
            required: false,
            about,
        }
    }

    /// The same for control and audio signals alike.
    pub const fn any_rate(mut self) -> Port {
        self.takes = None;
        self
    }

    /// The same for a list of signals.
    pub const fn many(mut self) -> Port {
        self.many = true;
        self
    }

    /// It as a parameter of a declaration.
    pub const fn parameter(&self) -> Parameter {
        let kind = Kind::Nested(if self.many { &SIGNALS } else { &SIGNAL });
        if self.required {
            Parameter::positional(self.name, kind, DefaultValue::Required, self.about)
        } else {
            Parameter::option(self.name, kind, DefaultValue::Absent, self.about)
        }
    }
}

/// The port of modules that follow a note.
pub(crate) const NOTE: Port = Port::optional(
    "note",
    Rate::Note,
    "the note that it follows; if absent, the one keyboard that all such modules share",
);

static SIGNAL: Inside = Inside {
    what: "a signal",
    check: |param, nested| is_a::<Signal>(param, nested, "a signal"),
};

static SIGNALS: Inside = Inside {
    what: "an array of signals",
    check: |param, nested| is_a::<Signals>(param, nested, "an array of signals"),
};

fn is_a<T: 'static>(
    param: &'static str,
    nested: &Nested,
    want: &str,
) -> Result<(), auricle_audio::Error> {
    match nested.get::<T>() {
        Some(_) => Ok(()),
        None => Err(auricle_audio::Error::range(param, want, nested.source())),
    }
}

/// At what rate a module's outputs run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// At this one.
    Always(Rate),
    /// At audio rate if one of its inputs does, else at control rate.
    AsInputs,
}

/// What a declaration of a module says besides.
pub struct Facts {
    /// Inputs, in the order of [`Wiring::inputs`].
    pub ports: &'static [Port],
    /// Parameters that every sound has its own value of.
    pub knobs: &'static [Knob],
    /// Rate of the outputs.
    pub output: Output,
    /// Whether a change of a parameter changes the sound without steps, so that a gradient tells something.
    pub smooth: bool,
    /// Adds the module's operations to a program.
    pub emit: fn(&mut Emitter<'_>) -> Result<(), Error>,
}

/// What a module is connected to.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// The signals at each port; none where a port is left out.
    pub inputs: Vec<Vec<Signal>>,
    /// Number of outputs.
    pub outputs: usize,
    /// Rate of its outputs.
    pub rate: Rate,
    /// Curves of a parameter that is several numbers, where they differ from the declared one.
    pub curves: Vec<f64>,
}

impl Wiring {
    /// The wiring of a module with one output.
    ///
    /// # Errors
    /// [`Error::Rate`] for a signal that a port does not take, [`Error::ManyOutputs`] for one of several outputs, and
    /// [`auricle_audio::Error::Empty`] for a list without signals.
    pub fn new(
        module: &'static str,
        settings: &Settings<'_>,
        ports: &'static [Port],
        output: Output,
    ) -> Result<Wiring, Error> {
        let mut inputs = Vec::with_capacity(ports.len());
        let mut any_audio = false;
        for port in ports {
            let signals: Vec<Signal> = match port.many {
                true => {
                    let list = settings.inside::<Signals>(port.name);
                    list.map(|list| list.0.clone()).unwrap_or_default()
                }
                false => settings
                    .inside::<Signal>(port.name)
                    .into_iter()
                    .cloned()
                    .collect(),
            };
            if port.required && signals.is_empty() {
                return Err(auricle_audio::Error::Empty { what: port.name }.into());
            }
            for signal in &signals {
                signal.check_single()?;
                let got = signal.rate();
                let fits = match port.takes {
                    Some(Rate::Audio) | None => got != Rate::Note,
                    Some(want) => got == want,
                };
                if !fits {
                    return Err(Error::Rate {
                        module,
                        port: port.name,
                        want: port.takes.unwrap_or(Rate::Audio),
                        got,
                    });
                }
                any_audio |= got == Rate::Audio;
            }
            inputs.push(signals);
        }
        let rate = match output {
            Output::Always(rate) => rate,
            Output::AsInputs if any_audio => Rate::Audio,
            Output::AsInputs => Rate::Control,
        };
        Ok(Wiring {
            inputs,
            outputs: 1,
            rate,
            curves: Vec::new(),
        })
    }

    /// How many numbers a parameter is here.
    pub(crate) fn count(&self, knob: &Knob) -> usize {
        match knob.count {
            Count::One => 1,
            Count::PerInput => self.inputs[0].len(),
            Count::PerPair => self.inputs[0].len() * self.outputs,
        }
    }

    /// The mapping of one number of a parameter.
    pub(crate) fn mapping(&self, knob: &Knob, index: usize) -> Mapping {
        let curve = match knob.count {
            Count::One => None,
            _ => self.curves.get(index).copied(),
        };
        Mapping {
            curve: curve.unwrap_or(knob.mapping.curve),
            ..knob.mapping
        }
    }
}
