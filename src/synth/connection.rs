//! Signals at the ports of modules: what a port accepts, and what comes of what it is given.

use crate::signal::signals_at;
use crate::{Error, Output, Port, Rate, Signal, Signals, Wiring};
use auricle_audio::declare::{DefaultValue, Inside, Kind, Nested, Parameter, Settings};

impl Port {
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
        let mut n_inputs = Vec::with_capacity(ports.len());
        let mut any_audio = false;
        for port in ports {
            let signals = signals_at(settings, port);
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
            n_inputs.push(signals.len());
        }
        let rate = match output {
            Output::Always(rate) => rate,
            Output::AsInputs if any_audio => Rate::Audio,
            Output::AsInputs => Rate::Control,
        };
        Ok(Wiring {
            n_inputs,
            outputs: 1,
            rate,
            curves: Vec::new(),
        })
    }
}
