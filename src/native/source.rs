//! Reading a text for the operators in it.

use crate::items::{Function, Input, Item, Miss, items};
use crate::operator::{Operator, Parameter, Shape};
use crate::{Error, Fault, Label};
use proc_macro2::{Ident, Span};

/// A text with the operators that were found in it.
#[derive(Debug)]
pub struct Source {
    /// The operators, in their order.
    pub operators: Vec<Operator>,
    /// Where the name of each stands.
    pub places: Vec<Label>,
    pub(crate) bodies: Vec<Body>,
    pub(crate) text: String,
}

/// How an operator is called.
#[derive(Debug)]
pub(crate) enum Body {
    /// A function of the samples and these.
    Function(String, Vec<Argument>),
    /// `new` of these, then `process`.
    Type {
        name: String,
        new: Vec<Argument>,
        /// Whether `process` takes a sample and gives one.
        by_sample: bool,
    },
}

/// What is handed over at a place.
#[derive(Debug, PartialEq)]
pub(crate) enum Argument {
    SampleRate,
    NBands,
    NFrames,
    Channel,
    Seed,
    /// A parameter by its index, as a type.
    Parameter(usize, &'static str),
}

/// Types that parameters may have, and whether they are whole numbers.
const NUMBERS: [(&str, bool); 7] = [
    ("f32", false),
    ("f64", false),
    ("usize", true),
    ("u32", true),
    ("u64", true),
    ("i32", true),
    ("i64", true),
];

impl Source {
    /// The operators of a text.
    ///
    /// # Errors
    /// [`Error::Source`] if a function nearly has the shape of an operator and none has it, or if the text cannot be read;
    /// [`Error::NoOperator`] if it has none.
    pub fn read(text: &str) -> Result<Source, Error> {
        let items = items(text).map_err(|Miss { span, message }| {
            fault(
                span,
                format!("this is no Rust: {message}"),
                Some("a cell or file of an operator holds functions, structs and the like, and no statements outside of them".into()),
            )
        })?;
        let mut source = Source {
            operators: Vec::new(),
            places: Vec::new(),
            bodies: Vec::new(),
            text: text.to_owned(),
        };
        let mut missed: Option<Miss> = None;
        for item in &items {
            let (name, found) = match item {
                Item::Function(function) => (&function.name, of_function(function)),
                Item::Struct { name, docs } => (name, of_type(name, docs, &items)),
                Item::Impl { .. } => continue,
            };
            match found {
                Some(Ok((operator, body))) => {
                    source.operators.push(operator);
                    source.places.push(label(name.span()));
                    source.bodies.push(body);
                }
                Some(Err(miss)) => missed = missed.or(Some(miss)),
                None => {}
            }
        }
        match missed {
            Some(miss) if source.operators.is_empty() => Err(fault(
                miss.span,
                miss.message,
                Some(format!("write {}", crate::error::SHAPES)),
            )),
            _ if source.operators.is_empty() => Err(Error::NoOperator),
            _ => Ok(source),
        }
    }
}

fn fault(span: Span, message: String, hint: Option<String>) -> Error {
    Error::Source(Box::new(Fault {
        message,
        labels: vec![label(span)],
        hint,
        others: 0,
    }))
}

fn label(span: Span) -> Label {
    let (start, end) = (span.start(), span.end());
    let width = if start.line == end.line {
        end.column.saturating_sub(start.column)
    } else {
        1
    };
    Label {
        line: start.line,
        column: start.column + 1,
        width: width.max(1),
        text: String::new(),
    }
}

type Found = Option<Result<(Operator, Body), Miss>>;

/// The operator of a function; `None` if it is one of another kind.
fn of_function(function: &Function) -> Found {
    let Input::Named { given: first, .. } = function.inputs.first()? else {
        return None;
    };
    if !first.is_about_samples() {
        return None;
    }
    let name = function.name.to_string();
    let found = (|| {
        if !first.is_samples() {
            let message = format!(
                "`{name}` must take its samples as `&mut [f32]`, which it changes in place"
            );
            return Err(Miss {
                span: first.span(),
                message,
            });
        }
        plain(function)?;
        if let Some(given) = &function.output {
            let message =
                format!("`{name}` must change its samples in place and give nothing back");
            return Err(Miss {
                span: given.span(),
                message,
            });
        }
        let mut docs = Docs::new(&function.docs);
        let (arguments, parameters) = arguments(&function.inputs[1..], &mut docs)?;
        let of_features = arguments
            .iter()
            .any(|a| matches!(a, Argument::NBands | Argument::NFrames));
        let operator = Operator {
            about: docs.about(),
            shape: if of_features {
                Shape::Features
            } else {
                Shape::Wave
            },
            parameters,
            draws_seed: arguments.contains(&Argument::Seed),
            name: name.clone(),
        };
        Ok((operator, Body::Function(name.clone(), arguments)))
    })();
    Some(found)
}

/// The operator of a struct that has `process`; `None` if it has none.
fn of_type(name: &Ident, docs: &[String], items: &[Item]) -> Found {
    let functions = || {
        let own = items.iter().filter_map(|item| match item {
            Item::Impl { of, functions } if of == name => Some(functions),
            _ => None,
        });
        own.flatten()
    };
    let process = functions().find(|function| function.name == "process")?;
    let found = (|| {
        let by_sample = process_by_sample(name, process)?;
        let Some(new) = functions().find(|function| function.name == "new") else {
            let message =
                format!("`{name}` has `process` but no `fn new(sample_rate: u32, ...) -> Self`");
            return Err(Miss {
                span: name.span(),
                message,
            });
        };
        plain(new)?;
        if let Some(Input::Receiver(span)) = new.inputs.first() {
            let message = format!("`{name}::new` must make one and take none");
            return Err(Miss {
                span: *span,
                message,
            });
        }
        let mut docs = Docs::new(docs);
        let (arguments, parameters) = arguments(&new.inputs, &mut docs)?;
        if let Some(at) = arguments
            .iter()
            .position(|a| matches!(a, Argument::NBands | Argument::NFrames))
        {
            let message =
                "a struct works on samples, which have neither bands nor frames".to_owned();
            return Err(Miss {
                span: new.inputs[at].span(),
                message,
            });
        }
        let operator = Operator {
            name: snake_case(&name.to_string()),
            about: docs.about(),
            shape: Shape::Wave,
            parameters,
            draws_seed: arguments.contains(&Argument::Seed),
        };
        let body = Body::Type {
            name: name.to_string(),
            new: arguments,
            by_sample,
        };
        Ok((operator, body))
    })();
    Some(found)
}

/// Whether `process` takes one sample and gives one, and not all at once.
fn process_by_sample(owner: &Ident, process: &Function) -> Result<bool, Miss> {
    plain(process)?;
    let wrong = || Miss {
        span: process.name.span(),
        message: format!(
            "`{owner}::process` must be `fn process(&mut self, x: &mut [f32])` or `fn process(&mut self, x: f32) -> f32`"
        ),
    };
    let [Input::Receiver(_), Input::Named { given: x, .. }] = &process.inputs[..] else {
        return Err(wrong());
    };
    match &process.output {
        None if x.is_samples() => Ok(false),
        Some(given) if x.is("f32") && given.is("f32") => Ok(true),
        _ => Err(wrong()),
    }
}

/// Refuses what cannot be called with numbers alone.
fn plain(function: &Function) -> Result<(), Miss> {
    let name = &function.name;
    let wrong = |span: Span, what: &str| {
        let message = format!("`{name}` must be a plain function, not {what}");
        Err(Miss { span, message })
    };
    for word in &function.qualifiers {
        let what = match word.to_string().as_str() {
            "async" => "an async one",
            "unsafe" => "an unsafe one",
            "extern" => "one of another language",
            _ => continue,
        };
        return wrong(word.span(), what);
    }
    match function.generic {
        Some(span) => wrong(span, "a generic one"),
        None => Ok(()),
    }
}

/// What is handed over at each place, and the parameters among it.
fn arguments(inputs: &[Input], docs: &mut Docs) -> Result<(Vec<Argument>, Vec<Parameter>), Miss> {
    let (mut arguments, mut parameters) = (Vec::new(), Vec::new());
    for input in inputs {
        let Input::Named { name, span, given } = input else {
            return Err(Miss {
                span: input.span(),
                message: "an operator is no method".into(),
            });
        };
        let Some(name) = name else {
            return Err(Miss {
                span: *span,
                message: "a parameter must have a name".into(),
            });
        };
        let name = name.to_string();
        let name = name.trim_start_matches('_');
        let known = [
            ("sample_rate", "u32", Argument::SampleRate),
            ("n_bands", "usize", Argument::NBands),
            ("n_frames", "usize", Argument::NFrames),
            ("channel", "usize", Argument::Channel),
            ("seed", "u64", Argument::Seed),
        ];
        if let Some((_, wanted, argument)) = known.into_iter().find(|(known, ..)| *known == name) {
            if !given.is(wanted) {
                let message = format!("`{name}` is handed over as `{wanted}`");
                return Err(Miss {
                    span: given.span(),
                    message,
                });
            }
            arguments.push(argument);
            continue;
        }
        let Some((number, whole)) = NUMBERS.into_iter().find(|(number, _)| given.is(number)) else {
            let message =
                format!("the parameter `{name}` must be a number, `f32` or `usize` for instance");
            return Err(Miss {
                span: given.span(),
                message,
            });
        };
        arguments.push(Argument::Parameter(parameters.len(), number));
        parameters.push(docs.parameter(name, whole));
    }
    Ok((arguments, parameters))
}

/// `OnePole` as `one_pole`.
fn snake_case(name: &str) -> String {
    let mut out = String::new();
    let mut after_small = false;
    for c in name.chars() {
        if c.is_uppercase() && after_small {
            out.push('_');
        }
        after_small = c.is_lowercase() || c.is_numeric();
        out.extend(c.to_lowercase());
    }
    out
}

/// What `///` lines say of an operator and of its parameters: `drive: how hard it is driven, 1..20, default 4`.
struct Docs {
    lines: Vec<String>,
}

impl Docs {
    fn new(lines: &[String]) -> Docs {
        Docs {
            lines: lines.to_vec(),
        }
    }

    /// A parameter, whose line is taken out.
    fn parameter(&mut self, name: &str, whole: bool) -> Parameter {
        let mut parameter = Parameter {
            name: name.to_owned(),
            about: String::new(),
            low: None,
            high: None,
            default: None,
            whole,
        };
        let said = |line: &str| {
            let line = line.trim_start_matches(['-', '*']).trim_start();
            let line = line.trim_start_matches('`').strip_prefix(name)?;
            Some(
                line.trim_start_matches('`')
                    .strip_prefix(':')?
                    .trim()
                    .to_owned(),
            )
        };
        let Some((at, text)) = self
            .lines
            .iter()
            .enumerate()
            .find_map(|(at, line)| Some((at, said(line)?)))
        else {
            return parameter;
        };
        self.lines.remove(at);
        let mut about = Vec::new();
        for part in text.split(',').map(str::trim) {
            let range = part.split_once("..").and_then(|(low, high)| {
                let high = high.trim_start_matches('=');
                let end = |text: &str| {
                    if text.trim().is_empty() {
                        Some(None)
                    } else {
                        text.trim().parse().ok().map(Some)
                    }
                };
                Some((end(low)?, end(high)?))
            });
            let default = part
                .strip_prefix("default ")
                .and_then(|number| number.trim().parse().ok());
            match (range, default) {
                (Some((low, high)), _) => (parameter.low, parameter.high) = (low, high),
                (_, Some(default)) => parameter.default = Some(default),
                _ => about.push(part),
            }
        }
        parameter.about = about.join(", ");
        parameter
    }

    /// What is said of the operator itself.
    fn about(&self) -> String {
        let lines: Vec<&str> = self
            .lines
            .iter()
            .map(String::as_str)
            .filter(|line| !line.is_empty())
            .collect();
        lines.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Source {
        Source::read(text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn refused(text: &str) -> String {
        Source::read(text).unwrap_err().to_string()
    }

    #[test]
    fn a_function_says_its_name_its_text_and_its_parameters() {
        let source = read(
            "/// Bends the wave softly.\n///\n/// drive: how hard, as a factor, 1..20, default 4\n/// - `mix`: share of it, 0..1\n\
             fn softclip(x: &mut [f32], sample_rate: u32, drive: f32, mix: f64, steps: usize) {}\nfn help(a: f32) -> f32 { a }",
        );
        let [operator] = &source.operators[..] else {
            panic!("one operator")
        };
        assert_eq!(operator.about, "Bends the wave softly.");
        assert_eq!(
            operator.signature(),
            "softclip(#{ drive: 4, mix: ..., steps: ... })"
        );
        let [drive, mix, steps] = &operator.parameters[..] else {
            panic!("three")
        };
        assert_eq!(
            (drive.about.as_str(), drive.range(), drive.whole),
            ("how hard, as a factor", (1.0, 20.0), false)
        );
        assert_eq!(
            (mix.about.as_str(), mix.default, mix.high),
            ("share of it", None, Some(1.0))
        );
        assert!(steps.whole && steps.low.is_none());
        assert_eq!(operator.shape, Shape::Wave);
    }

    #[test]
    fn a_struct_and_features_are_operators_too() {
        let source = read(
            "struct OnePole2Way { y: f32 }\nimpl OnePole2Way { fn new(sample_rate: u32, hz: f32) -> Self { Self { y: hz } } \
             fn process(&mut self, x: f32) -> f32 { x } }\nfn cells(x: &mut [f32], n_bands: usize, n_frames: usize, seed: u64) {}",
        );
        let names: Vec<&str> = source.operators.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(names, ["one_pole2_way", "cells"]);
        assert!(matches!(
            source.bodies[0],
            Body::Type {
                by_sample: true,
                ..
            }
        ));
        assert_eq!(source.operators[1].shape, Shape::Features);
        assert!(source.operators[1].draws_seed && source.operators[1].parameters.is_empty());
    }

    /// What stands between and before operators in texts that people have.
    #[test]
    fn all_else_is_passed_over() {
        let source = read(
            r#"//! A file.
            #![allow(dead_code)]
            use std::{collections::{BTreeMap, HashMap}, f32::consts::PI};
            const TABLE: [f32; 2] = { [0.0, 1.0] };
            static NAME: &str = "fn not(x: &mut [f32]) {}";
            type Pair<T> = (T, T);
            mod inner { pub fn deep(x: &mut [f32]) {} }
            mod outer;
            pub(crate) enum Kind { A, B { c: f32 } }
            #[derive(Clone)] pub struct Tuple(pub f32, f32);
            struct Of<T> where T: Copy { t: T }
            impl<T: Copy> Of<T> { fn process(&mut self, x: f32) -> f32 { x } }
            trait Shape { fn area(&self) -> f32; }
            impl Shape for Tuple { fn area(&self) -> f32 { self.0 } }
            unsafe impl Send for Kind {}
            macro_rules! twice { ($x:expr) => { $x * 2.0 } }
            thread_local! { static STATE: u32 = const { 1 }; }
            println!("a statement that looks like an item");
            extern "C" { fn sin(x: f64) -> f64; }
            const fn half(x: f32) -> f32 { x / 2.0 }
            fn lookup<K: Ord, V>(map: BTreeMap<K, Vec<V>>, of: fn(&K) -> bool) -> impl Fn(K) -> Option<V> where K: Clone { |_| None }
            /** Doubles.

             * by: a factor, 1..4, default 2 */
            pub const fn double<'a>(#[allow(unused)] mut x: &'a mut [f32], sample_rate: u32, _by: f32,) { }
            /// A /// in a line, and "quotes".
            struct Wide { y: f32 }
            impl Wide {
                const ONE: f32 = 1.0;
                pub fn new(sample_rate: u32) -> Self where Self: Sized { Self { y: 0.0 } }
                pub fn process(&mut self, x: &mut [f32]) { let f = |x: &mut [f32]| (); }
            }"#,
        );
        let names: Vec<&str> = source.operators.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(names, ["double", "wide"]);
        assert_eq!(source.operators[0].signature(), "double(#{ by: 2 })");
        assert_eq!(source.operators[0].about, "Doubles.");
        assert_eq!(
            source.operators[1].about,
            r#"A /// in a line, and "quotes"."#
        );
        assert_eq!(source.places[1].line, 27);
    }

    #[test]
    fn what_nearly_is_an_operator_says_what_is_missing() {
        for (text, want) in [
            (
                "fn f(x: &[f32]) {}",
                "`f` must take its samples as `&mut [f32]`, which it changes in place, line 1",
            ),
            (
                "fn f(x: Vec<f32>) {}",
                "`f` must take its samples as `&mut [f32]`, which it changes in place, line 1",
            ),
            (
                "\nfn f(x: &mut [f32]) -> f32 { 0.0 }",
                "`f` must change its samples in place and give nothing back, line 2",
            ),
            (
                "fn f(x: &mut [f32], sample_rate: f32) {}",
                "`sample_rate` is handed over as `u32`, line 1",
            ),
            (
                "fn f(x: &mut [f32], how: &str) {}",
                "the parameter `how` must be a number, `f32` or `usize` for instance, line 1",
            ),
            (
                "async fn f(x: &mut [f32]) {}",
                "`f` must be a plain function, not an async one, line 1",
            ),
            (
                "fn f<T>(x: &mut [f32], t: f32) {}",
                "`f` must be a plain function, not a generic one, line 1",
            ),
            (
                "struct A; impl A { fn process(&mut self, x: &mut [f32]) {} }",
                "`A` has `process` but no `fn new(sample_rate: u32, ...) -> Self`, line 1",
            ),
            (
                "struct A; impl A { fn process(self) {} }",
                "`A::process` must be `fn process(&mut self, x: &mut [f32])` or `fn process(&mut self, x: f32) -> f32`, line 1",
            ),
            ("fn main() {}", "there is no operator in this Rust"),
            (
                "let x = 1;",
                "this is no Rust: a function, a struct or another item is wanted here, not `let`, line 1",
            ),
            (
                "struct A { a: f32 }\nx.abs()",
                "this is no Rust: a function, a struct or another item is wanted here, not `x`, line 2",
            ),
            (
                "fn f(x: &mut [f32], drive) {}",
                "this is no Rust: a parameter must have a type, line 1",
            ),
            (
                "fn f(x: &mut [f32], (a, b): f32) {}",
                "a parameter must have a name, line 1",
            ),
            (
                "fn f(x: &mut [f32]) {",
                "this is no Rust: brackets or quotes do not match",
            ),
            (
                "fn f(x: &mut &mut [f32]) {}",
                "`f` must take its samples as `&mut [f32]`",
            ),
            (
                "fn f(x: &mut [f32; 4]) {}",
                "`f` must take its samples as `&mut [f32]`",
            ),
        ] {
            let got = refused(text);
            assert!(got.starts_with(want), "{text}: {got}");
        }
    }
}
