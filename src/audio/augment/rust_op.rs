//! An operator of the user's that is written in Rust.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::{Distribution, Error, Rng};
use auricle_native::{Given, Library, Operator, Shape, of_file, of_text};
use std::path::Path;
use std::sync::Arc;

/// The samples of a channel, or the cells of a channel of features, by a function of the user's. See [`auricle_native`].
pub(super) static RUST_OP: Declaration = Declaration {
    name: "rust_op",
    about: "Changes samples or cells of features by a function that is written in Rust.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "source",
            Kind::Text,
            DefaultValue::Required,
            "the function, or a file with it: of Rust (`.rs`), which is compiled when it is first used, or built by `auricle \
             build-op`, which needs no compiler. `fn name(x: &mut [f32], sample_rate: u32, drive: f32)` is handed the samples of a \
             channel, `fn name(x: &mut [f32], n_bands: usize, n_frames: usize)` the cells of features, band after band; a struct with \
             `fn new(sample_rate: u32, drive: f32) -> Self` and `fn process(&mut self, x: &mut [f32])`, or of one sample, is made anew \
             for every channel of every clip. `channel: usize` and `seed: u64`, drawn for every clip, are handed over where they are \
             asked for. A line `/// drive: how hard, 1..20, default 4` says the range and the default of a parameter. It is tried out \
             in a process of its own before it is loaded, which finds mistakes and is no sandbox",
        ),
        Parameter::option(
            "operator",
            Kind::Text,
            DefaultValue::Absent,
            "which one, where there are several",
        ),
        Parameter::option(
            "name",
            Kind::Named,
            DefaultValue::Absent,
            "the parameters of the function: each a value, or a distribution that is drawn from for every clip",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Either,
        gives: None,
        draws: &[
            "every parameter of the function",
            "seed (where it is asked for)",
        ],
    },
    example: "let r = rust_op(\"fn softclip(x: &mut [f32], drive: f32) { for v in x { *v = (drive * *v).tanh(); } }\", #{ drive: 2..8 }); \
              let x = tone(440, 1); assert((x |> r).peak() > 0.9 && (x |> r).peak() < 1.0); assert(from_json(to_json(r)) == r)",
    build: |settings| {
        let source = settings.chosen("source").unwrap_or_default();
        let is_of_file = !source.contains('{');
        let library = match is_of_file {
            true => of_file(Path::new(source), &|| false)?,
            false => of_text(source, &|| false)?,
        };
        let index = chosen(library.operators(), settings.chosen("operator"))?;
        let operator = RustOp::new(library, index, settings.named("name"), is_of_file)?;
        Ok(Arc::new(operator))
    },
};

/// The name of the drawn seed.
const SEED: &str = "seed";

fn chosen(operators: &[Operator], wanted: Option<&str>) -> Result<usize, Error> {
    let names = || {
        operators
            .iter()
            .map(|operator| operator.name.clone())
            .collect()
    };
    match (wanted, operators) {
        (None, [_]) => Ok(0),
        (None, _) => Err(Error::Choice {
            param: "operator".into(),
            got: "left out".into(),
            options: names(),
        }),
        (Some(wanted), _) => {
            let found = operators
                .iter()
                .position(|operator| operator.name == wanted);
            found.ok_or_else(|| Error::Choice {
                param: "operator".into(),
                got: wanted.into(),
                options: names(),
            })
        }
    }
}

struct RustOp {
    library: Arc<Library>,
    index: usize,
    /// What its parameters are drawn from, in its order.
    parameters: Vec<Distribution>,
    draws: Vec<String>,
    /// Whether its text stands in a file, so that the recipe's does not say what it does.
    is_of_file: bool,
}

impl RustOp {
    fn new(
        library: Arc<Library>,
        index: usize,
        named: &[(String, Distribution)],
        is_of_file: bool,
    ) -> Result<RustOp, Error> {
        let operator = &library.operators()[index];
        let is_known = |name: &str| operator.parameters.iter().any(|p| p.name == name);
        if let Some((unknown, _)) = named.iter().find(|(name, _)| !is_known(name)) {
            return Err(Error::Unknown {
                owner: operator.name.clone(),
                kind: "option",
                got: unknown.clone(),
                known: operator.parameters.iter().map(|p| p.name.clone()).collect(),
            });
        }
        let drawn_from = operator.parameters.iter().map(|parameter| {
            let given = named.iter().find(|(name, _)| *name == parameter.name);
            let distribution = match (given, parameter.default) {
                (Some((_, given)), _) => given.clone(),
                (None, Some(default)) => default.into(),
                (None, None) => {
                    return Err(Error::Missing {
                        stage: operator.name.clone(),
                        param: parameter.name.clone(),
                    });
                }
            };
            let (low, high) = parameter.range();
            match distribution.support() {
                Some((least, most)) if least < low || most > high => Err(Error::range(
                    &parameter.name,
                    parameter.wanted(),
                    distribution,
                )),
                _ => Ok(distribution),
            }
        });
        let parameters = drawn_from.collect::<Result<_, Error>>()?;
        let mut draws: Vec<String> = operator.parameters.iter().map(|p| p.name.clone()).collect();
        if operator.draws_seed {
            draws.push(SEED.to_owned());
        }
        Ok(RustOp {
            library,
            index,
            parameters,
            draws,
            is_of_file,
        })
    }

    fn operator(&self) -> &Operator {
        &self.library.operators()[self.index]
    }
}

impl Transform for RustOp {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let operator = self.operator();
        let drawn = self.parameters.iter().zip(&operator.parameters);
        let mut draws: Draws = drawn
            .map(|(distribution, parameter)| {
                let (low, high) = parameter.range();
                let value = distribution.draw(rng).clamp(low, high);
                if parameter.whole {
                    value.round()
                } else {
                    value
                }
            })
            .collect();
        if operator.draws_seed {
            draws.push(rng.seed());
        }
        draws
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.draws)
    }

    fn read_from_file(&self) -> Option<String> {
        self.is_of_file.then(|| self.library.content())
    }

    fn accepts(&self) -> Option<Accepts> {
        Some(match self.operator().shape {
            Shape::Wave => Accepts::Wave,
            Shape::Features => Accepts::Features,
        })
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let operator = self.operator();
        let n = operator.parameters.len();
        let mut given = Given {
            sample_rate: work.sample_rate,
            seed: draws.get(n).copied().unwrap_or(0.0) as u64,
            parameters: &draws[..n],
            ..Given::default()
        };
        let (values, length) = match operator.shape {
            Shape::Wave => {
                let n = work.input().n;
                (&mut work.samples, n)
            }
            Shape::Features => {
                let [_, n_bands, n_frames] = work.features.shape();
                (given.n_bands, given.n_frames) = (n_bands, n_frames);
                (&mut work.features.values, n_bands * n_frames)
            }
        };
        for (channel, values) in values.chunks_mut(length.max(1)).enumerate() {
            given.channel = channel;
            let ran = self.library.run(self.index, values, given);
            let failed = |why: String| Error::Unusable(format!("`{}` {why}", operator.name));
            ran.map_err(|said| failed(format!("panicked: {said}")))?;
            if let Some(at) = values.iter().position(|x| !x.is_finite()) {
                let what = if operator.shape == Shape::Wave {
                    "sample"
                } else {
                    "cell"
                };
                return Err(failed(format!("gives {} at {what} {at}", values[at])));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::{Key, Waveform};

    fn rust_op(source: &str, given: &[(&str, Value)]) -> Result<Recipe, Error> {
        let source = ("source".to_owned(), Value::Word(source.to_owned()));
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Ok(Stage::new(
            declaration("rust_op")?,
            std::iter::once(source).chain(given),
        )?
        .into())
    }

    const TWO: &str = "/// Louder.\n/// by: factor, 0..10, default 2\nfn louder(x: &mut [f32], by: f32) { for v in x { *v *= by; } }\n\
                       /// Noise of its own.\nfn hiss(x: &mut [f32], channel: usize, seed: u64, level: f32) {\n    \
                       let mut s = seed ^ ((channel as u64) << 32) | 1;\n    for v in x { s ^= s << 13; s ^= s >> 7; s ^= s << 17;\n        \
                       *v += level * ((s >> 40) as f32 / 8388608.0 - 1.0); }\n}";

    fn drawn(value: impl Into<Distribution>) -> Value {
        Value::Drawn(value.into())
    }

    fn word(word: &str) -> Value {
        Value::Word(word.to_owned())
    }

    #[test]
    fn it_is_a_stage_as_every_other() {
        let range = Distribution::uniform(0.1, 0.2).unwrap();
        let recipe = rust_op(TWO, &[("operator", word("hiss")), ("level", drawn(range))]).unwrap();
        assert_eq!(Recipe::from_json(&recipe.to_json()).unwrap(), recipe);
        assert!(
            recipe
                .to_string()
                .ends_with(", #{ operator: \"hiss\", level: 0.1..0.2 })")
        );
        let clip = Waveform::new(vec![0.0; 400], 2, 8000).unwrap();
        let mut work = Workspace::default();
        work.load(&clip);
        let trace = recipe.trace(Key::of_seed(3), &mut work).unwrap();
        let names: Vec<&str> = trace.steps[0]
            .values
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["level", "seed"]);
        let made = work.to_waveform().unwrap();
        assert!(made.peak() > 0.09 && made.peak() < 0.2);
        assert_ne!(made.channel(0), made.channel(1));
        work.load(&clip);
        recipe.replay(&trace, &mut work).unwrap();
        assert_eq!(work.to_waveform().unwrap(), made);
    }

    #[test]
    fn a_recipe_knows_what_the_file_of_an_operator_held() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("louder.rs");
        let held = |factor: &str| {
            let text = format!("fn louder(x: &mut [f32]) {{ for v in x {{ *v *= {factor}; }} }}");
            std::fs::write(&file, &text).unwrap();
            let inline = rust_op(&text, &[]).unwrap();
            assert!(inline.read_from_files().is_empty(), "its text says it");
            let recipe = rust_op(&file.display().to_string(), &[]).unwrap();
            let mut told = Vec::new();
            recipe.identify(&mut |content| told.push(content.to_owned()));
            assert_eq!(told, recipe.read_from_files());
            told
        };
        let before = held("2.0");
        assert_eq!((before.len(), held("2.0")), (1, before.clone()));
        assert_ne!(held("3.0"), before);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (given, want) in [
            (vec![], "`operator` must be louder or hiss, not left out"),
            (
                vec![("operator", word("his"))],
                "`operator` must be louder or hiss, not his",
            ),
            (vec![("operator", word("hiss"))], "`hiss` needs `level`"),
            (
                vec![("operator", word("louder")), ("bye", drawn(1.0))],
                "`louder` has no option `bye`",
            ),
            (
                vec![("operator", word("louder")), ("by", drawn(11.0))],
                "`by` must be a number or a distribution within 0..10, not 11",
            ),
        ] {
            assert_eq!(rust_op(TWO, &given).unwrap_err().to_string(), want);
        }
        let features = rust_op("fn f(x: &mut [f32], n_bands: usize) {}", &[]).unwrap();
        let told = features
            .wave(
                &Waveform::mono(vec![0.0; 9], 8000).unwrap(),
                Key::of_seed(0),
            )
            .unwrap_err();
        assert_eq!(
            told.to_string(),
            "`rust_op` works on features, but gets waves"
        );
    }

    #[test]
    fn what_is_no_sample_and_what_panics_names_the_operator() {
        let clip = Waveform::mono(vec![0.5; 9], 8000).unwrap();
        let told = |body: &str| {
            let recipe = rust_op(&format!("fn f(x: &mut [f32]) {{ {body} }}"), &[]).unwrap();
            recipe.wave(&clip, Key::of_seed(0)).unwrap_err().to_string()
        };
        assert_eq!(
            told("if x.len() == 9 { x[7] = f32::NAN; }"),
            "`f` gives NaN at sample 7"
        );
        assert_eq!(
            told("let n = x.len(); if n == 9 { x[n] = 0.0; }"),
            "`f` panicked: line 1: index out of bounds: the len is 9 but the index is 9"
        );
    }
}
