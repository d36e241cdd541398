//! What a module is: its ports, its parameters, and how it becomes operations of a program.

use crate::emitter::Emitter;
use crate::{Count, Error, Knob, Mapping, Rate};
use auricle_audio::declare::Declaration;

/// The declaration of a module: one file of `modules` each.
pub type Module = Declaration<Wiring, Error, Facts>;

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
}

/// The port of modules that follow a note.
pub(crate) const NOTE: Port = Port::optional(
    "note",
    Rate::Note,
    "the note that it follows; if absent, the one keyboard that all such modules share",
);

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
    /// Inputs, in the order of [`Wiring::n_inputs`].
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

/// What comes of a module's connections. The signals themselves stand in the graph, which consists of modules.
#[derive(Clone, Debug)]
pub struct Wiring {
    /// Number of signals at each port; 0 where a port is left out.
    pub n_inputs: Vec<usize>,
    /// Number of outputs.
    pub outputs: usize,
    /// Rate of its outputs.
    pub rate: Rate,
    /// Curves of a parameter that is several numbers, where they differ from the declared one.
    pub curves: Vec<f64>,
}

impl Wiring {
    /// How many numbers a parameter is here.
    pub(crate) fn count(&self, knob: &Knob) -> usize {
        match knob.count {
            Count::One => 1,
            Count::PerInput => self.n_inputs[0],
            Count::PerPair => self.n_inputs[0] * self.outputs,
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
