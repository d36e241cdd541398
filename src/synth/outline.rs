//! A graph as boxes and arrows: what a picture or a list of it shows.

use crate::compile::module_names;
use crate::signal::Kind;
use crate::{FreeParameter, Rate, Signal, Synth};
use std::collections::HashMap;
use std::fmt;

/// The modules and operators of a synthesizer, what is fed into them before themselves; the last one is heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// The boxes.
    pub boxes: Vec<OutlineBox>,
    /// The arrows between them.
    pub arrows: Vec<Arrow>,
    /// Number of free parameters in all.
    pub n_parameters: usize,
}

/// A module or an operator.
#[derive(Clone, Debug, PartialEq)]
pub struct OutlineBox {
    /// Name of the module, or what the operator is: `x`, `+`, a number.
    pub label: String,
    /// Kind of the module; `None` for an operator.
    pub kind: Option<&'static str>,
    /// How many free parameters the module has. Modules of one name have theirs in common.
    pub n_free: usize,
    /// At what rate it runs.
    pub rate: Rate,
    /// Arrows from the farthest source to it, 0 for a source.
    pub layer: usize,
}

/// A signal from a box to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    /// Index of the box that it comes from.
    pub from: usize,
    /// Index of the box that it goes to.
    pub to: usize,
    /// The port that it goes to; empty for an operator.
    pub port: &'static str,
    /// Which output of the box it is, where that has several.
    pub output: Option<usize>,
}

impl Synth {
    /// The graph as boxes and arrows.
    pub fn outline(&self) -> Outline {
        let (names, keyboard) = module_names(self.graph());
        let mut builder = Builder {
            names,
            keyboard: None,
            parameters: self.parameters(),
            boxes: Vec::new(),
            arrows: Vec::new(),
            by_identity: HashMap::new(),
        };
        if let Some(keyboard) = keyboard {
            builder.keyboard = Some(builder.add(&keyboard).0);
        }
        builder.add(self.graph());
        Outline {
            boxes: builder.boxes,
            arrows: builder.arrows,
            n_parameters: self.parameters().len(),
        }
    }
}

struct Builder<'a> {
    /// Names of modules by the identity of their signals.
    names: HashMap<usize, String>,
    /// The box of the keyboard that modules without a note share.
    keyboard: Option<usize>,
    parameters: &'a [FreeParameter],
    boxes: Vec<OutlineBox>,
    arrows: Vec<Arrow>,
    by_identity: HashMap<usize, usize>,
}

impl Builder<'_> {
    /// Adds a signal with all that it is made of; gives its box and its output.
    fn add(&mut self, signal: &Signal) -> (usize, Option<usize>) {
        if let Kind::Output(of, index) = &signal.0.kind {
            let (from, _) = self.add(of);
            return (from, Some(*index));
        }
        if let Some(&at) = self.by_identity.get(&signal.identity()) {
            return (at, None);
        }
        let mut inputs: Vec<(usize, &'static str, Option<usize>)> = Vec::new();
        let (label, kind) = match &signal.0.kind {
            Kind::Module(instance) => {
                let ports = instance.declaration().facts.ports.iter();
                for (port, signals) in ports.zip(&instance.inputs) {
                    for signal in signals {
                        let (from, output) = self.add(signal);
                        inputs.push((from, port.name, output));
                    }
                    if let (true, Some(Rate::Note), Some(keyboard)) =
                        (signals.is_empty(), port.takes, self.keyboard)
                    {
                        inputs.push((keyboard, port.name, None));
                    }
                }
                let name = self.names.get(&signal.identity()).cloned();
                (name.unwrap_or_default(), Some(instance.declaration().name))
            }
            Kind::Number(number) => (number.to_string(), None),
            Kind::Scale(factor, of) => {
                let (from, output) = self.add(of);
                inputs.push((from, "", output));
                (format!("{factor} x"), None)
            }
            Kind::Sum(a, b) | Kind::Product(a, b) => {
                for signal in [a, b] {
                    let (from, output) = self.add(signal);
                    inputs.push((from, "", output));
                }
                let sign = if matches!(signal.0.kind, Kind::Sum(..)) {
                    "+"
                } else {
                    "x"
                };
                (sign.to_owned(), None)
            }
            Kind::Output(..) => (String::new(), None),
        };
        let layers = inputs.iter().map(|(from, ..)| self.boxes[*from].layer + 1);
        let layer = layers.max().unwrap_or(0);
        let free = self
            .parameters
            .iter()
            .filter(|p| kind.is_some() && p.module == label);
        let at = self.boxes.len();
        self.boxes.push(OutlineBox {
            n_free: free.count(),
            label,
            kind,
            rate: signal.rate(),
            layer,
        });
        let arrows = inputs.into_iter().map(|(from, port, output)| Arrow {
            from,
            to: at,
            port,
            output,
        });
        self.arrows.extend(arrows);
        self.by_identity.insert(signal.identity(), at);
        (at, None)
    }
}

impl Outline {
    /// What comes in at a box, as text: modules by name, operators as expressions.
    fn expression(&self, at: usize, output: Option<usize>) -> String {
        let this = &self.boxes[at];
        let output = output.map_or(String::new(), |output| format!("[{output}]"));
        if this.kind.is_some() {
            return format!("{}{output}", this.label);
        }
        let inputs = self.arrows.iter().filter(|arrow| arrow.to == at);
        let inputs: Vec<String> = inputs
            .map(|arrow| {
                let text = self.expression(arrow.from, arrow.output);
                let sum =
                    self.boxes[arrow.from].kind.is_none() && self.boxes[arrow.from].label == "+";
                if sum && this.label != "+" {
                    format!("({text})")
                } else {
                    text
                }
            })
            .collect();
        match (this.label.as_str(), &inputs[..]) {
            (number, []) => number.to_owned(),
            ("+", inputs) => inputs.join(" + "),
            ("x", inputs) => inputs.join(" * "),
            (scale, inputs) => format!("{} * {}", scale.trim_end_matches(" x"), inputs.join(" * ")),
        }
    }
}

/// Prints a line for every module: its name, its kind, how many parameters are free, and what goes in at its ports.
impl fmt::Display for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules = self.boxes.iter().filter(|this| this.kind.is_some());
        let width =
            |text: &dyn Fn(&OutlineBox) -> usize| modules.clone().map(text).max().unwrap_or(0);
        let names = width(&|this| this.label.chars().count());
        let kinds = width(&|this| this.kind.unwrap_or_default().len());
        for (at, this) in self.boxes.iter().enumerate() {
            let Some(kind) = this.kind else {
                continue;
            };
            let free = match this.n_free {
                0 => "fixed".to_owned(),
                n => format!("{n} free"),
            };
            let mut ports: Vec<(&str, Vec<String>)> = Vec::new();
            for arrow in self.arrows.iter().filter(|arrow| arrow.to == at) {
                let text = self.expression(arrow.from, arrow.output);
                match ports.last_mut().filter(|(port, _)| *port == arrow.port) {
                    Some((_, texts)) => texts.push(text),
                    None => ports.push((arrow.port, vec![text])),
                }
            }
            let inputs = ports.into_iter().map(|(port, texts)| match &texts[..] {
                [one] => format!("{port}: {one}"),
                many => format!("{port}: [{}]", many.join(", ")),
            });
            let inputs = inputs.collect::<Vec<_>>().join(", ");
            let line = format!("{:names$}  {kind:kinds$}  {free:>8}  {inputs}", this.label);
            writeln!(f, "{}", line.trim_end())?;
        }
        let last = self.boxes.len().saturating_sub(1);
        write!(
            f,
            "heard: {}; {} parameters are free",
            self.expression(last, None),
            self.n_parameters
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::{adsr, lfo, noise_source, sine};
    use crate::{Options, Synth, SynthOptions, architecture};

    #[test]
    fn a_graph_is_listed_with_its_ports_and_free_parameters() {
        let env = adsr(Options::new()).unwrap();
        let wobble = lfo(Options::new().number("frequency", 4.0)).unwrap();
        let tone = sine(Options::new().signal("pitch", &wobble)).unwrap();
        let hiss = (&(0.2 * &noise_source(Options::new()).unwrap()).unwrap() * &env).unwrap();
        let graph = (&(&tone * &env).unwrap() + &hiss).unwrap();
        let outline = Synth::new(&graph, SynthOptions::default())
            .unwrap()
            .outline();
        let text = outline.to_string();
        for line in [
            "keyboard      keyboard        2 free",
            "adsr          adsr            5 free  note: keyboard",
            "lfo           lfo             6 free",
            "sine          sine            3 free  note: keyboard, pitch: lfo",
            "noise_source  noise_source     fixed",
            "heard: sine * adsr + 0.2 * noise_source * adsr; 16 parameters are free",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }

    #[test]
    fn arrows_go_from_lower_layers_to_higher_ones() {
        let graph = architecture::voice_fm().unwrap();
        let outline = Synth::new(&graph, SynthOptions::default())
            .unwrap()
            .outline();
        assert!(
            outline
                .arrows
                .iter()
                .all(|a| outline.boxes[a.from].layer < outline.boxes[a.to].layer)
        );
        let free: usize = outline.boxes.iter().map(|this| this.n_free).sum();
        assert_eq!((free, outline.n_parameters), (130, 130));
        let matrix = outline
            .boxes
            .iter()
            .position(|this| this.label == "mod_matrix")
            .unwrap();
        let outputs = outline.arrows.iter().filter(|arrow| arrow.from == matrix);
        assert_eq!(outputs.filter_map(|arrow| arrow.output).count(), 7);
    }
}
