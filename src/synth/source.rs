//! A graph as the source that builds it.
//!
//! What is used once stands where it is used; what is used more than once, or has a name, is bound first, so that running
//! the source gives as many modules as there were.

use crate::signal::{Kind, Signal, Signals};
use auricle_audio::declare::Value;
use std::collections::{HashMap, HashSet};
use std::fmt;

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut uses = HashMap::new();
        count(self, &mut uses);
        let mut writer = Writer {
            uses,
            bound: HashMap::new(),
            taken: HashSet::new(),
            counts: HashMap::new(),
            lines: Vec::new(),
        };
        let root = writer.expression(self, Place::Argument);
        match writer.lines.is_empty() {
            true => f.write_str(&root),
            false => write!(f, "{{ {} {root} }}", writer.lines.join(" ")),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn count(signal: &Signal, uses: &mut HashMap<usize, usize>) {
    let seen = uses.entry(signal.identity()).or_default();
    *seen += 1;
    if *seen == 1 {
        for input in signal.inputs() {
            count(input, uses);
        }
    }
}

/// Where an expression stands: what binds tighter than it needs parentheses around it.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Argument,
    Factor,
    Receiver,
}

struct Writer {
    uses: HashMap<usize, usize>,
    bound: HashMap<usize, String>,
    taken: HashSet<String>,
    counts: HashMap<&'static str, usize>,
    lines: Vec<String>,
}

impl Writer {
    fn expression(&mut self, signal: &Signal, place: Place) -> String {
        if let Some(name) = self.bound.get(&signal.identity()) {
            return name.clone();
        }
        let is_number = matches!(signal.0.kind, Kind::Number(_));
        let shared = self.uses[&signal.identity()] > 1 && !is_number;
        if !shared {
            return self.plain(signal, place);
        }
        let value = self.plain(signal, Place::Argument);
        let name = self.variable(signal);
        self.lines.push(format!("let {name} = {value};"));
        self.bound.insert(signal.identity(), name.clone());
        name
    }

    /// A name for a binding: the module's own, or its kind with a number.
    fn variable(&mut self, signal: &Signal) -> String {
        if let Some(name) = &signal.0.name
            && self.taken.insert(name.clone())
        {
            return name.clone();
        }
        let kind = signal.declaration().map_or("signal", |module| module.name);
        loop {
            let number = self.counts.entry(kind).or_default();
            *number += 1;
            let name = format!("{kind}_{number}");
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    fn plain(&mut self, signal: &Signal, place: Place) -> String {
        let (text, tight) = match &signal.0.kind {
            Kind::Number(number) => (format!("{number:?}"), *number >= 0.0),
            Kind::Output(of, index) => {
                let of = self.expression(of, Place::Receiver);
                (format!("{of}.output({index})"), true)
            }
            Kind::Scale(factor, of) => {
                let of = self.expression(of, Place::Factor);
                (
                    format!("{factor:?} * {of}"),
                    place == Place::Factor && *factor >= 0.0,
                )
            }
            Kind::Product(a, b) => {
                let a = self.expression(a, Place::Factor);
                let b = self.expression(b, Place::Factor);
                (format!("{a} * {b}"), place == Place::Factor)
            }
            Kind::Sum(a, b) => {
                let a = self.expression(a, Place::Argument);
                let b = self.expression(b, Place::Argument);
                (format!("{a} + {b}"), false)
            }
            Kind::Module(_) => (self.module(signal), true),
        };
        match tight || place == Place::Argument {
            true => text,
            false => format!("({text})"),
        }
    }

    fn module(&mut self, signal: &Signal) -> String {
        let Kind::Module(instance) = &signal.0.kind else {
            return String::new();
        };
        let declaration = instance.declaration();
        let mut arguments = Vec::new();
        let mut options = Vec::new();
        for (parameter, value) in declaration.parameters.iter().zip(instance.values()) {
            let is_default = parameter.default_value().as_ref() == Some(value);
            if is_default && !parameter.positional {
                continue;
            }
            let text = self.value(value);
            match parameter.positional {
                true => arguments.push(text),
                false => options.push(format!("{}: {text}", parameter.name)),
            }
        }
        if !options.is_empty() {
            arguments.push(format!("#{{ {} }}", options.join(", ")));
        }
        let call = format!("{}({})", declaration.name, arguments.join(", "));
        match &signal.0.name {
            Some(name) => format!("{call}.named({name:?})"),
            None => call,
        }
    }

    fn value(&mut self, value: &Value) -> String {
        if let Some(signal) = value.inside::<Signal>() {
            return self.expression(signal, Place::Argument);
        }
        let Some(Signals(signals)) = value.inside::<Signals>() else {
            return value.to_string();
        };
        let mut texts = Vec::with_capacity(signals.len());
        for signal in signals {
            texts.push(self.expression(signal, Place::Argument));
        }
        format!("[{}]", texts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{adsr, lfo, noise_source, sine};
    use crate::signal::Options;

    #[test]
    fn what_is_shared_is_bound_once() {
        let wobble = lfo(Options::new().number("frequency", 4.0)).unwrap();
        let env = adsr(Options::new()).unwrap();
        let tone = sine(Options::new().signal("pitch", &wobble)).unwrap();
        let noise = noise_source(Options::new()).unwrap();
        let quiet = (0.2 * &(&noise * &env).unwrap()).unwrap();
        let graph = (&(&tone * &env).unwrap() + &quiet).unwrap();
        let want = "{ let adsr_1 = adsr(); sine(#{ pitch: lfo(#{ frequency: 4 }) }) * adsr_1 + \
                    0.2 * noise_source() * adsr_1 }";
        assert_eq!(graph.to_string(), want);
        let named = tone.named("lead").unwrap();
        assert_eq!(
            named.to_string(),
            "sine(#{ pitch: lfo(#{ frequency: 4 }) }).named(\"lead\")"
        );
    }
}
