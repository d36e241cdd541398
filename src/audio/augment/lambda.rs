//! A function of the user's as a stage.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::{Inner, Inside};
use crate::{Error, Rng, Waveform};
use serde_json::Value as Json;
use smallvec::smallvec;
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Runs on any thread, so the function may depend on nothing but the wave and the seed.
pub(super) static LAMBDA: Declaration = Declaration {
    name: "lambda",
    about: "Runs a function of your own, from a wave to a wave.",
    citation: "",
    parameters: &[Parameter::positional(
        "function",
        FUNCTION,
        DefaultValue::Required,
        "a closure such as `|w| w.reverse()`, or `|w, seed| ...`, whose seed is drawn anew for every clip and view",
    )],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["seed"],
    },
    example: "let r = lambda(|w| 0.5 * w) |> lambda(|w, seed| noise(20).apply(w, #{ seed: seed })); \
              assert(from_json(to_json(r)) == r); assert((tone(440, 1) |> r).n_samples == 16000)",
    build: |settings| {
        let function = settings.inside::<UserFunction>("function");
        let function = function.expect("a required parameter is given").clone();
        Ok(Arc::new(Lambda { function }))
    },
};

/// A function of the user's, from a wave to a wave, as a parameter.
pub const FUNCTION: Kind = Kind::Nested(&Inside {
    what: "a function of a wave",
    check: |param, value| match value.get::<UserFunction>() {
        Some(_) => Ok(()),
        None => Err(Error::range(param, "a function of a wave", value.source())),
    },
});

/// Stack of threads that run recipes: a function of the user's may call as deeply as elsewhere. Memory is taken only as it
/// is used.
pub const STACK_BYTES: usize = 256 << 20;

/// What a function of the user's does; the language implements it.
pub trait WaveFunction: Send + Sync {
    /// The source that gives the function.
    fn source(&self) -> &str;

    /// Runs the function on a wave, with a seed for what it draws.
    ///
    /// # Errors
    /// [`Error::Callback`] with the function's own message.
    fn call(&self, wave: Waveform, seed: f64) -> Result<Waveform, Error>;
}

/// A function of the user's. Compares by its source.
#[derive(Clone)]
pub struct UserFunction(Arc<dyn WaveFunction>);

impl UserFunction {
    /// Wraps what the language made of a closure.
    pub fn new(function: impl WaveFunction + 'static) -> UserFunction {
        UserFunction(Arc::new(function))
    }

    /// The source that gives the function.
    pub fn source(&self) -> &str {
        self.0.source()
    }
}

impl PartialEq for UserFunction {
    fn eq(&self, other: &UserFunction) -> bool {
        self.source() == other.source()
    }
}

impl fmt::Debug for UserFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source())
    }
}

impl Inner for UserFunction {
    fn source(&self) -> String {
        UserFunction::source(self).to_owned()
    }

    fn to_json(&self) -> Json {
        UserFunction::source(self).into()
    }

    fn same(&self, other: &dyn Inner) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }
}

struct Lambda {
    function: UserFunction,
}

impl Transform for Lambda {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![rng.seed()]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let made = self.function.0.call(work.to_waveform()?, draws[0])?;
        work.load(&made);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value};
    use super::*;
    use crate::Key;

    struct Shifted(&'static str);

    impl WaveFunction for Shifted {
        fn source(&self) -> &str {
            self.0
        }

        fn call(&self, wave: Waveform, seed: f64) -> Result<Waveform, Error> {
            if wave.n_samples() == 0 {
                return Err(Error::Callback("nothing there".into()));
            }
            let samples = wave
                .samples()
                .iter()
                .map(|x| x + (seed / 2f64.powi(53)) as f32)
                .collect();
            Waveform::new(samples, wave.n_channels(), 2 * wave.sample_rate())
        }
    }

    fn lambda(source: &'static str) -> Recipe {
        let function = Value::from(UserFunction::new(Shifted(source)));
        Stage::new(&LAMBDA, [("function".to_owned(), function)])
            .unwrap()
            .into()
    }

    #[test]
    fn it_gets_the_wave_and_a_seed_of_its_own() {
        let wave = Waveform::new(vec![0.0; 6], 2, 8000).unwrap();
        let run = |item| {
            lambda("f")
                .wave(
                    &wave,
                    Key {
                        item,
                        ..Key::of_seed(1)
                    },
                )
                .unwrap()
        };
        assert_eq!(
            (run(0), run(0).sample_rate(), run(0).n_channels()),
            (run(0), 16_000, 2)
        );
        assert_ne!(run(0), run(1));
        let error = lambda("f")
            .wave(&Waveform::mono(vec![], 8000).unwrap(), Key::of_seed(0))
            .unwrap_err();
        assert_eq!(error.to_string(), "nothing there");
    }

    #[test]
    fn it_prints_and_compares_as_its_source_and_is_read_back_by_who_knows_the_language() {
        let recipe = lambda("|w| w");
        assert_eq!(recipe.to_string(), "lambda(|w| w)");
        assert!(recipe == lambda("|w| w") && recipe != lambda("|w| -w"));
        let json = recipe.to_json();
        assert_eq!(json.to_string(), r#"[{"lambda":{"function":"|w| w"}}]"#);
        let read = |source: &str| match source {
            "|w| w" => Ok(UserFunction::new(Shifted("|w| w"))),
            other => Err(Error::Callback(other.to_owned())),
        };
        assert_eq!(Recipe::from_json_with(&json, &read).unwrap(), recipe);
        assert!(
            Recipe::from_json(&json)
                .unwrap_err()
                .to_string()
                .contains("`lambda`")
        );
    }
}
