//! Recipes to JSON and back.
//!
//! A recipe is a list of steps. A stage is `{"noise": {"snr_db": {"uniform": [5, 40]}, "color": "pink"}}`, parameters at
//! their default left out; a combinator is `{"one_of": {"of": [...], "weights": [...]}}` and so on.

use super::{FUNCTION, RECIPE, Recipe, Stage, Step, UserFunction, Views, catalogue};
use crate::declare::{items, number, single};
use crate::{Distribution, Error};
use serde_json::{Value as Json, json};

impl Recipe {
    /// The recipe as JSON.
    pub fn to_json(&self) -> Json {
        Json::Array(self.steps().iter().map(Step::to_json).collect())
    }

    /// The recipe of some JSON.
    ///
    /// # Errors
    /// [`Error::Parse`] if it is none or needs the language, [`Error::Unknown`] for a stage or parameter that does not
    /// exist, and whatever building it reports.
    pub fn from_json(json: &Json) -> Result<Recipe, Error> {
        Recipe::from_json_with(json, &no_functions)
    }

    /// The recipe of some JSON; `functions` makes a function of the source of each `lambda`.
    ///
    /// # Errors
    /// As [`Recipe::from_json`], and whatever `functions` reports.
    pub fn from_json_with(json: &Json, functions: &Functions<'_>) -> Result<Recipe, Error> {
        let mut recipe = Recipe::identity();
        for step in items(json)? {
            recipe = recipe.then(&step_from_json(step, functions)?)?;
        }
        Ok(recipe)
    }
}

/// What makes a function of its source.
pub type Functions<'a> = dyn Fn(&str) -> Result<UserFunction, Error> + 'a;

fn no_functions(source: &str) -> Result<UserFunction, Error> {
    Err(parse(format!(
        "`lambda` holds a function of the language, `{source}`, which only a session can run"
    )))
}

impl Views {
    /// The views as JSON: a list of recipes.
    pub fn to_json(&self) -> Json {
        recipes_to_json(self.recipes())
    }

    /// The views of some JSON.
    ///
    /// # Errors
    /// As [`Recipe::from_json_with`].
    pub fn from_json_with(json: &Json, functions: &Functions<'_>) -> Result<Views, Error> {
        Views::new(recipes(json, functions)?)
    }
}

impl Step {
    fn to_json(&self) -> Json {
        match self {
            Step::Stage(stage) => stage.to_json(),
            Step::Chance { p, recipe } => json!({ "chance": { "p": p, "of": recipe.to_json() } }),
            Step::OneOf {
                recipes,
                weights: None,
            } => json!({ "one_of": { "of": recipes_to_json(recipes) } }),
            Step::OneOf { recipes, weights } => {
                json!({ "one_of": { "of": recipes_to_json(recipes), "weights": weights } })
            }
            Step::Shuffle { recipes } => json!({ "shuffle": { "of": recipes_to_json(recipes) } }),
            Step::Repeat { times, recipe } => {
                json!({ "repeat": { "times": times, "of": recipe.to_json() } })
            }
            Step::SomeOf { low, high, recipes } => {
                json!({ "some_of": { "low": low, "high": high, "of": recipes_to_json(recipes) } })
            }
            Step::Blend { wet, recipe } => {
                json!({ "blend": { "wet": wet.to_json(), "of": recipe.to_json() } })
            }
            Step::PerChannel { recipe } => json!({ "per_channel": { "of": recipe.to_json() } }),
        }
    }
}

fn recipes_to_json(recipes: &[Recipe]) -> Json {
    Json::Array(recipes.iter().map(Recipe::to_json).collect())
}

fn step_from_json(json: &Json, functions: &Functions<'_>) -> Result<Recipe, Error> {
    let (name, body) = single(json, "a step")?;
    let field = |key: &str| {
        body.get(key)
            .ok_or_else(|| parse(format!("`{name}` needs `{key}`")))
    };
    let recipe = |key: &str| Recipe::from_json_with(field(key)?, functions);
    let recipes = |key: &str| recipes(field(key)?, functions);
    let count = |key: &str| {
        field(key)?
            .as_i64()
            .ok_or_else(|| parse(format!("`{key}` must be a whole number")))
    };
    match name {
        "chance" => recipe("of")?.chance(number(field("p")?)?),
        "one_of" => {
            let weights = body
                .get("weights")
                .map(|w| items(w)?.iter().map(number).collect())
                .transpose()?;
            Recipe::one_of(recipes("of")?, weights)
        }
        "shuffle" => Recipe::shuffle(recipes("of")?),
        "repeat" => recipe("of")?.repeat(count("times")?),
        "some_of" => Recipe::some_of(count("low")?, count("high")?, recipes("of")?),
        "blend" => recipe("of")?.blend(Distribution::from_json(field("wet")?)?),
        "per_channel" => recipe("of")?.per_channel(),
        _ => {
            let stage = Stage::from_json(catalogue(), "stage", json, |parameter, json| {
                let kind = parameter.map(|parameter| parameter.kind);
                Ok(match json {
                    Json::Array(_) if kind == Some(RECIPE) => {
                        Some(Recipe::from_json_with(json, functions)?.into())
                    }
                    Json::String(source) if kind == Some(FUNCTION) => {
                        Some(functions(source)?.into())
                    }
                    _ => None,
                })
            });
            Ok(stage?.into())
        }
    }
}

fn recipes(json: &Json, functions: &Functions<'_>) -> Result<Vec<Recipe>, Error> {
    items(json)?
        .iter()
        .map(|recipe| Recipe::from_json_with(recipe, functions))
        .collect()
}

fn parse(reason: String) -> Error {
    Error::Parse {
        what: "the recipe",
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Value, declaration};
    use super::*;
    use crate::{Key, Waveform};
    use proptest::prelude::*;

    fn distribution() -> impl Strategy<Value = Distribution> {
        prop_oneof![
            (-10.0..10.0).prop_map(Distribution::Constant),
            (-10.0..0.0, 0.0..10.0).prop_map(|(low, high)| Distribution::Uniform { low, high }),
            (0.1..1.0, 1.0..10.0).prop_map(|(low, high)| Distribution::LogUniform { low, high }),
            (-5.0..5.0, 0.0..2.0)
                .prop_map(|(mean, deviation)| Distribution::Normal { mean, deviation }),
            (-5i64..0, 0i64..5).prop_map(|(low, high)| Distribution::IntUniform { low, high }),
            prop::collection::vec(-9.0..9.0, 1..4).prop_map(|v| Distribution::Choice(v.into())),
        ]
    }

    fn stage() -> impl Strategy<Value = Recipe> {
        let make = |name: &'static str, given: Vec<(&str, Value)>| -> Recipe {
            let given: Vec<_> = given
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            Stage::new(declaration(name).unwrap(), given)
                .unwrap()
                .into()
        };
        prop_oneof![
            distribution().prop_map(move |d| make("gain", vec![("gain_db", Value::Drawn(d))])),
            (0.0..1.0).prop_map(move |m: f64| make(
                "fade",
                vec![("max_fraction", Value::Drawn(m.into()))]
            )),
            (distribution(), -2.0..2.0).prop_map(move |(d, b): (_, f64)| make(
                "noise",
                vec![
                    ("snr_db", Value::Drawn(d)),
                    ("color", Value::Drawn(b.into()))
                ]
            )),
            any::<bool>()
                .prop_map(move |wrap| make("time_shift", vec![("wrap", Value::Flag(wrap))])),
            Just(make(
                "time_mask",
                vec![("fill", Value::Word("noise".into()))]
            )),
        ]
    }

    fn recipe() -> impl Strategy<Value = Recipe> {
        stage().prop_recursive(4, 24, 4, |inner| {
            let some = prop::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                some.clone().prop_map(|r| r
                    .iter()
                    .try_fold(Recipe::identity(), |a, b| a.then(b))
                    .unwrap()),
                (inner.clone(), 0.0..=1.0).prop_map(|(r, p)| r.chance(p).unwrap()),
                (some.clone(), any::<bool>()).prop_map(|(r, weighted)| {
                    let weights = weighted.then(|| (1..=r.len()).map(|i| i as f64).collect());
                    Recipe::one_of(r, weights).unwrap()
                }),
                some.clone().prop_map(|r| Recipe::shuffle(r).unwrap()),
                (inner.clone(), 0i64..4).prop_map(|(r, n)| r.repeat(n).unwrap()),
                some.prop_map(|r| Recipe::some_of(0, r.len() as i64, r).unwrap()),
                inner.clone().prop_map(|r| r.blend(0.25.into()).unwrap()),
                inner.prop_map(|r| r.per_channel().unwrap()),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn json_gives_the_same_recipe_and_the_same_bytes(recipe in recipe(), seed in any::<u64>()) {
            let text = recipe.to_json().to_string();
            let back = Recipe::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
            prop_assert_eq!(&back, &recipe);
            let clip = Waveform::mono((0..200).map(|i| (i as f32 * 0.3).sin()).collect(), 8000).unwrap();
            let key = Key::of_seed(seed);
            prop_assert_eq!(back.wave(&clip, key).unwrap(), recipe.wave(&clip, key).unwrap());
        }
    }

    #[test]
    fn json_that_is_no_recipe_says_why() {
        let error = |text: &str| {
            Recipe::from_json(&serde_json::from_str(text).unwrap())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error("3"),
            "cannot read the recipe: a list is wanted, not 3"
        );
        assert_eq!(error(r#"[{"nose": {}}]"#), "`Auricle` has no stage `nose`");
        assert_eq!(
            error(r#"[{"noise": {"snr": 3}}]"#),
            "`noise` has no option `snr`"
        );
        assert_eq!(
            error(r#"[{"chance": {"p": 2, "of": []}}]"#),
            "`p` must be a probability within 0..1, not 2"
        );
        assert_eq!(
            error(r#"[{"chance": {"of": []}}]"#),
            "cannot read the recipe: `chance` needs `p`"
        );
        assert_eq!(error(r#"[{"crop": {}}]"#), "`crop` needs `seconds`");
    }
}
