//! Recipes and the ways to combine them.

use super::{Accepts, Domain, Stage};
use crate::features::LogMel;
use crate::{Distribution, Error};
use std::sync::Arc;

/// A sequence of steps; the empty one leaves every clip as it is. Cheap to clone, compares by value.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Recipe {
    steps: Arc<[Step]>,
}

/// One step of a recipe.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A stage.
    Stage(Stage),
    /// A recipe that is run with probability `p`; otherwise the clip stays as it is.
    Chance {
        /// The probability.
        p: f64,
        /// The recipe.
        recipe: Recipe,
    },
    /// One of some recipes.
    OneOf {
        /// The recipes.
        recipes: Vec<Recipe>,
        /// Chances in proportion to these; equal if `None`.
        weights: Option<Vec<f64>>,
    },
    /// All of some recipes, in random order.
    Shuffle {
        /// The recipes.
        recipes: Vec<Recipe>,
    },
    /// A recipe that is run several times, drawn anew each time.
    Repeat {
        /// How often.
        times: usize,
        /// The recipe.
        recipe: Recipe,
    },
    /// A random number of some recipes, in the given order.
    SomeOf {
        /// At least this many.
        low: usize,
        /// At most this many.
        high: usize,
        /// The recipes.
        recipes: Vec<Recipe>,
    },
    /// A recipe whose output is mixed with its input.
    Blend {
        /// Share of the output, 0..1; the input has the rest.
        wet: Distribution,
        /// The recipe.
        recipe: Recipe,
    },
    /// A recipe that is run on every channel alone, drawn anew for each. Elsewhere channels share the draws.
    PerChannel {
        /// The recipe.
        recipe: Recipe,
    },
}

impl From<Stage> for Recipe {
    fn from(stage: Stage) -> Recipe {
        Recipe::of(Step::Stage(stage))
    }
}

impl Recipe {
    /// The recipe that does nothing.
    pub fn identity() -> Recipe {
        Recipe::default()
    }

    fn of(step: Step) -> Recipe {
        Recipe {
            steps: Arc::new([step]),
        }
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// This recipe, then another. Sequences are flat, so the places of the steps do not depend on how it was put together.
    ///
    /// # Errors
    /// [`Error::Domain`] if the second cannot work on what the first gives.
    pub fn then(&self, next: &Recipe) -> Result<Recipe, Error> {
        let recipe = Recipe {
            steps: self
                .steps
                .iter()
                .chain(next.steps.iter())
                .cloned()
                .collect(),
        };
        recipe.flow(None)?;
        Ok(recipe)
    }

    /// Runs this recipe with probability `p`.
    ///
    /// # Errors
    /// [`Error::Range`] if `p` is outside 0..1, [`Error::Changes`] if the recipe turns waves into features.
    pub fn chance(&self, p: f64) -> Result<Recipe, Error> {
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::range("p", "a probability within 0..1", p));
        }
        Recipe::checked(Step::Chance {
            p,
            recipe: self.clone(),
        })
    }

    /// One of some recipes, with equal chances or in proportion to weights.
    ///
    /// # Errors
    /// [`Error::Empty`] without recipes; [`Error::Range`] if there is not one weight a recipe, all at least 0 and one
    /// above; [`Error::Domain`] if the recipes do not take and give the same.
    pub fn one_of(recipes: Vec<Recipe>, weights: Option<Vec<f64>>) -> Result<Recipe, Error> {
        if recipes.is_empty() {
            return Err(Error::Empty { what: "one_of" });
        }
        if let Some(weights) = &weights {
            if weights.len() != recipes.len() {
                let want = format!("one number for each of the {} recipes", recipes.len());
                return Err(Error::range("weights", want, format!("{weights:?}")));
            }
            let usable = weights.iter().all(|w| w.is_finite() && *w >= 0.0)
                && weights.iter().sum::<f64>() > 0.0;
            if !usable {
                return Err(Error::range(
                    "weights",
                    "numbers of at least 0, one of them above",
                    format!("{weights:?}"),
                ));
            }
        }
        Recipe::checked(Step::OneOf { recipes, weights })
    }

    /// `a | b`: one of both with equal chances. Joins the alternatives of either side, so `a | b | c` is one of three.
    ///
    /// # Errors
    /// As [`Recipe::one_of`].
    pub fn or(&self, other: &Recipe) -> Result<Recipe, Error> {
        let alternatives = |recipe: &Recipe| match recipe.steps() {
            [
                Step::OneOf {
                    recipes,
                    weights: None,
                },
            ] => recipes.clone(),
            _ => vec![recipe.clone()],
        };
        Recipe::one_of([alternatives(self), alternatives(other)].concat(), None)
    }

    /// All of some recipes, in random order.
    ///
    /// # Errors
    /// [`Error::Empty`] without recipes, [`Error::Changes`] if one turns waves into features.
    pub fn shuffle(recipes: Vec<Recipe>) -> Result<Recipe, Error> {
        if recipes.is_empty() {
            return Err(Error::Empty { what: "shuffle" });
        }
        Recipe::checked(Step::Shuffle { recipes })
    }

    /// `a & b`: both in random order. Joins the recipes of either side, so `a & b & c` is any order of three.
    ///
    /// # Errors
    /// As [`Recipe::shuffle`].
    pub fn and(&self, other: &Recipe) -> Result<Recipe, Error> {
        let parts = |recipe: &Recipe| match recipe.steps() {
            [Step::Shuffle { recipes }] => recipes.clone(),
            _ => vec![recipe.clone()],
        };
        Recipe::shuffle([parts(self), parts(other)].concat())
    }

    /// This recipe a number of times, drawn anew each time.
    ///
    /// # Errors
    /// [`Error::Range`] for more than 1000 times, [`Error::Changes`] if it turns waves into features.
    pub fn repeat(&self, times: i64) -> Result<Recipe, Error> {
        if !(0..=1000).contains(&times) {
            return Err(Error::range("n", "a whole number within 0..1000", times));
        }
        Recipe::checked(Step::Repeat {
            times: times as usize,
            recipe: self.clone(),
        })
    }

    /// A random number of some recipes, `low..=high`, in the given order.
    ///
    /// # Errors
    /// [`Error::Empty`] without recipes, [`Error::Range`] if that many cannot be chosen, [`Error::Changes`] if one turns
    /// waves into features.
    pub fn some_of(low: i64, high: i64, recipes: Vec<Recipe>) -> Result<Recipe, Error> {
        if recipes.is_empty() {
            return Err(Error::Empty { what: "some_of" });
        }
        if !(low >= 0 && low <= high && high <= recipes.len() as i64) {
            let want = format!(
                "a range within 0..{} (the number of recipes)",
                recipes.len()
            );
            return Err(Error::range("n", want, format!("{low}..{high}")));
        }
        Recipe::checked(Step::SomeOf {
            low: low as usize,
            high: high as usize,
            recipes,
        })
    }

    /// This recipe's output mixed with its input, `wet * output + (1 - wet) * input`.
    ///
    /// # Errors
    /// [`Error::Range`] if `wet` leaves 0..1, [`Error::Changes`] if the recipe turns waves into features.
    pub fn blend(&self, wet: Distribution) -> Result<Recipe, Error> {
        match wet.support() {
            Some((low, high)) if low < 0.0 || high > 1.0 => {
                Err(Error::range("wet", "within 0..1", wet))
            }
            _ => Recipe::checked(Step::Blend {
                wet,
                recipe: self.clone(),
            }),
        }
    }

    /// This recipe on every channel alone, drawn anew for each.
    ///
    /// # Errors
    /// [`Error::Changes`] if it turns waves into features.
    pub fn per_channel(&self) -> Result<Recipe, Error> {
        Recipe::checked(Step::PerChannel {
            recipe: self.clone(),
        })
    }

    fn checked(step: Step) -> Result<Recipe, Error> {
        let recipe = Recipe::of(step);
        recipe.flow(None)?;
        Ok(recipe)
    }

    /// What the recipe takes and gives; `None` where it does not matter.
    ///
    /// # Errors
    /// [`Error::Domain`] or [`Error::Changes`] at the first stage that does not fit.
    pub fn flow(&self, given: Option<Domain>) -> Result<Flow, Error> {
        let mut flow = Flow {
            takes: given,
            gives: given,
        };
        for step in self.steps() {
            let part = step.flow(flow.gives)?;
            flow.takes = flow.takes.or(part.takes);
            flow.gives = part.gives;
        }
        Ok(flow)
    }

    /// The stage that turns waves into features, if the recipe has exactly one, alone on its level: the front-end with
    /// which a clip is seen unaugmented.
    pub fn front_end(&self) -> Option<Recipe> {
        let mut found = self.steps().iter().filter(|step| match step {
            Step::Stage(stage) => stage.declaration().facts.gives == Some(Domain::Features),
            _ => false,
        });
        match (found.next(), found.next()) {
            (Some(step), None) => Some(Recipe::of(step.clone())),
            _ => None,
        }
    }

    /// The mel spectrogram that it is, for sounds of a sample rate, Hz; `None` if it is anything else, or more.
    ///
    /// # Errors
    /// [`Error::Range`] if its bands do not fit the rate.
    pub fn log_mel(&self, sample_rate: u32) -> Option<Result<Arc<LogMel>, Error>> {
        match self.steps() {
            [Step::Stage(stage)] => stage.transform().log_mel(sample_rate),
            _ => None,
        }
    }

    /// The steps before those that give features: what can be heard of it. What they draw is what they draw in the whole.
    pub fn before_features(&self) -> Recipe {
        let is_heard = |step: &&Step| {
            let flow = step.flow(Some(Domain::Wave));
            flow.is_ok_and(|flow| flow.gives == Some(Domain::Wave))
        };
        let heard = self.steps.iter().take_while(is_heard);
        Recipe {
            steps: heard.cloned().collect(),
        }
    }
}

/// What a recipe takes and gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flow {
    /// What it takes; `None` if it works on either.
    pub takes: Option<Domain>,
    /// What it gives; `None` if that is whatever it takes.
    pub gives: Option<Domain>,
}

impl Step {
    fn flow(&self, given: Option<Domain>) -> Result<Flow, Error> {
        match self {
            Step::Stage(stage) => stage_flow(stage, given),
            Step::Chance { recipe, .. } => kept("a chance", recipe, given),
            Step::Repeat { recipe, .. } => kept("a repetition", recipe, given),
            Step::Blend { recipe, .. } => kept("`blend`", recipe, given),
            Step::PerChannel { recipe } => kept("`per_channel`", recipe, given),
            Step::Shuffle { recipes } => all(recipes, given, |recipe, given| {
                kept("`shuffle`", recipe, given)
            }),
            Step::SomeOf { recipes, .. } => all(recipes, given, |recipe, given| {
                kept("`some_of`", recipe, given)
            }),
            Step::OneOf { recipes, .. } => {
                let flow = all(recipes, given, |recipe, given| recipe.flow(given))?;
                // With the domain fixed by one branch, every branch must end in the same one.
                let ends: Vec<Option<Domain>> = recipes
                    .iter()
                    .map(|recipe| Ok(recipe.flow(flow.takes)?.gives))
                    .collect::<Result<_, Error>>()?;
                match ends.iter().position(|end| *end != ends[0]) {
                    Some(other) => Err(Error::Mismatch {
                        what: "the alternatives",
                        left: described(&recipes[0], ends[0]),
                        right: described(&recipes[other], ends[other]),
                    }),
                    None => Ok(Flow {
                        takes: flow.takes,
                        gives: ends[0],
                    }),
                }
            }
        }
    }
}

/// A recipe and what it gives, for a message.
pub(super) fn described(recipe: &Recipe, gives: Option<Domain>) -> String {
    format!(
        "`{recipe}` gives {}",
        gives.map_or("what it takes", Domain::plural)
    )
}

fn stage_flow(stage: &Stage, given: Option<Domain>) -> Result<Flow, Error> {
    let declaration = stage.declaration();
    let wants = match stage.accepts() {
        Accepts::Wave => Some(Domain::Wave),
        Accepts::Features => Some(Domain::Features),
        Accepts::Either => given,
    };
    match (wants, given) {
        (Some(wants), Some(given)) if wants != given => Err(Error::Domain {
            stage: declaration.name.to_owned(),
            wants: wants.plural().to_owned(),
            gets: given.plural().to_owned(),
        }),
        _ => Ok(Flow {
            takes: wants,
            gives: declaration.facts.gives.or(wants),
        }),
    }
}

/// The flow of a recipe that must give what it takes.
fn kept(combinator: &'static str, recipe: &Recipe, given: Option<Domain>) -> Result<Flow, Error> {
    let flow = recipe.flow(given)?;
    match (flow.takes, flow.gives) {
        (Some(from), Some(to)) if from != to => Err(Error::Changes {
            combinator,
            stage: recipe.to_string(),
            from: from.plural(),
            to: to.plural(),
        }),
        _ => Ok(flow),
    }
}

/// The flow of recipes that all see the same clip: what one of them takes, all must take.
fn all(
    recipes: &[Recipe],
    given: Option<Domain>,
    flow: impl Fn(&Recipe, Option<Domain>) -> Result<Flow, Error>,
) -> Result<Flow, Error> {
    let mut takes = given;
    for recipe in recipes {
        takes = takes.or(flow(recipe, takes)?.takes);
    }
    for recipe in recipes {
        flow(recipe, takes)?;
    }
    Ok(Flow {
        takes,
        gives: takes,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Stage, Value, declaration};
    use super::*;

    fn stage(name: &str) -> Recipe {
        let required = (name == "crop").then(|| ("seconds".to_owned(), Value::Drawn(1.0.into())));
        Stage::new(declaration(name).unwrap(), required)
            .unwrap()
            .into()
    }

    #[test]
    fn sequences_are_flat_and_identity_is_their_unit() {
        let (a, b, c) = (stage("gain"), stage("fade"), stage("noise"));
        let left = a.then(&b).unwrap().then(&c).unwrap();
        assert_eq!(left, a.then(&b.then(&c).unwrap()).unwrap());
        assert_eq!(left.steps().len(), 3);
        assert_eq!(a.then(&Recipe::identity()).unwrap(), a);
        assert_eq!(Recipe::identity().then(&a).unwrap(), a);
    }

    #[test]
    fn recipes_print_as_their_source() {
        let (a, b, c) = (stage("gain"), stage("fade"), stage("noise"));
        let or = a.or(&b).unwrap().or(&c).unwrap();
        let cases = [
            (a.then(&b).unwrap(), "gain() |> fade()"),
            (or.clone(), "gain() | fade() | noise()"),
            (a.then(&or).unwrap(), "gain() |> gain() | fade() | noise()"),
            (
                a.then(&b).unwrap().or(&c).unwrap(),
                "(gain() |> fade()) | noise()",
            ),
            (
                a.and(&b).unwrap().or(&c).unwrap(),
                "gain() & fade() | noise()",
            ),
            (
                a.or(&b).unwrap().and(&c).unwrap(),
                "(gain() | fade()) & noise()",
            ),
            (
                a.then(&b).unwrap().chance(0.5).unwrap(),
                "0.5 * (gain() |> fade())",
            ),
            (
                a.chance(0.5).unwrap().chance(0.25).unwrap(),
                "0.25 * (0.5 * gain())",
            ),
            (
                a.repeat(2).unwrap().chance(0.5).unwrap(),
                "0.5 * gain() ** 2",
            ),
            (
                a.chance(0.5).unwrap().repeat(2).unwrap(),
                "(0.5 * gain()) ** 2",
            ),
            (
                a.repeat(2).unwrap().repeat(3).unwrap(),
                "(gain() ** 2) ** 3",
            ),
            (
                Recipe::one_of(vec![a.or(&b).unwrap(), c.clone()], None).unwrap(),
                "one_of([gain() | fade(), noise()])",
            ),
            (
                Recipe::one_of(vec![a.clone(), b.clone()], Some(vec![3.0, 1.0])).unwrap(),
                "one_of([gain(), fade()], #{ weights: [3.0, 1.0] })",
            ),
            (
                Recipe::some_of(1, 2, vec![a.clone(), b.clone()]).unwrap(),
                "some_of(1..2, [gain(), fade()])",
            ),
            (
                a.blend(Distribution::uniform(0.2, 0.8).unwrap()).unwrap(),
                "blend(gain(), #{ wet: 0.2..0.8 })",
            ),
            (
                a.or(&b).unwrap().per_channel().unwrap(),
                "per_channel(gain() | fade())",
            ),
            (Recipe::identity(), "identity()"),
            (stage("crop"), "crop(1)"),
        ];
        for (recipe, want) in cases {
            assert_eq!(recipe.to_string(), want);
        }
    }

    #[test]
    fn a_stage_in_the_wrong_domain_is_an_error_when_built() {
        let (fade, mel, mask) = (stage("fade"), stage("log_mel"), stage("time_mask"));
        let error = mel.then(&fade).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`fade` works on waves, but gets features"
        );
        assert!(mel.then(&mel).is_err());
        let whole = fade
            .then(&mask)
            .unwrap()
            .then(&mel)
            .unwrap()
            .then(&mask)
            .unwrap();
        assert_eq!(
            whole.flow(None).unwrap(),
            Flow {
                takes: Some(Domain::Wave),
                gives: Some(Domain::Features)
            }
        );
        assert_eq!(
            mask.flow(None).unwrap(),
            Flow {
                takes: None,
                gives: None
            }
        );
        assert_eq!(
            mask.flow(Some(Domain::Features)).unwrap().gives,
            Some(Domain::Features)
        );
    }

    #[test]
    fn a_combinator_around_a_front_end_is_an_error_where_it_could_be_skipped() {
        let (fade, mel, mask) = (stage("fade"), stage("log_mel"), stage("time_mask"));
        assert!(matches!(
            mel.chance(0.5),
            Err(Error::Changes {
                combinator: "a chance",
                ..
            })
        ));
        assert!(
            mel.repeat(2).is_err() && mel.and(&fade).is_err() && mel.blend(0.5.into()).is_err()
        );
        assert!(Recipe::some_of(0, 1, vec![mel.clone()]).is_err());
        assert!(matches!(mel.or(&fade), Err(Error::Mismatch { .. })));
        // Both branches end in features, whichever is listed first.
        assert!(
            mel.or(&mask.then(&mel).unwrap()).is_ok() && mask.then(&mel).unwrap().or(&mel).is_ok()
        );
    }

    #[test]
    fn numbers_that_make_no_sense_are_errors() {
        let a = stage("gain");
        assert!(a.chance(1.5).is_err() && a.chance(f64::NAN).is_err() && a.repeat(-1).is_err());
        assert!(
            Recipe::one_of(vec![], None).is_err()
                && Recipe::one_of(vec![a.clone()], Some(vec![0.0])).is_err()
        );
        assert!(Recipe::one_of(vec![a.clone()], Some(vec![1.0, 1.0])).is_err());
        assert!(
            Recipe::some_of(0, 2, vec![a.clone()]).is_err()
                && Recipe::some_of(1, 0, vec![a.clone()]).is_err()
        );
        assert!(a.blend(Distribution::uniform(0.0, 1.5).unwrap()).is_err());
    }

    #[test]
    fn the_front_end_is_the_one_stage_that_computes_features() {
        let (fade, mel, mask) = (stage("fade"), stage("log_mel"), stage("time_mask"));
        let recipe = fade.then(&mel).unwrap().then(&mask).unwrap();
        assert_eq!(recipe.front_end(), Some(mel));
        assert_eq!(fade.front_end(), None);
    }

    #[test]
    fn what_is_heard_of_a_recipe_ends_where_features_begin() {
        let (fade, mel, mask) = (stage("fade"), stage("log_mel"), stage("time_mask"));
        let heard = fade.then(&mask.chance(0.5).unwrap()).unwrap();
        let features = mel.or(&stage("mfcc")).unwrap();
        let recipe = heard.then(&features).unwrap().then(&mask).unwrap();
        assert_eq!(recipe.before_features(), heard);
        assert_eq!(heard.before_features(), heard);
        assert_eq!(mel.before_features(), Recipe::identity());
    }
}
