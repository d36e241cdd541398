//! Printing a recipe as the source that builds it.

use super::{Recipe, Step, Views};
use std::fmt;

/// How tightly the operators of the language bind, from loose to tight.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Pipe,
    Or,
    And,
    Times,
    Power,
    Call,
}

impl Recipe {
    fn binding(&self) -> Binding {
        match self.steps() {
            [] => Binding::Call,
            [step] => step.binding(),
            _ => Binding::Pipe,
        }
    }

    /// Writes the recipe, in parentheses if it binds no tighter than `outside`.
    fn write(&self, f: &mut fmt::Formatter<'_>, outside: Option<Binding>) -> fmt::Result {
        if outside.is_some_and(|outside| self.binding() <= outside) {
            return write!(f, "({self})");
        }
        match self.steps() {
            [] => f.write_str("identity()"),
            // Every other operator binds tighter than the arrow, so no step needs parentheses.
            steps => joined(f, steps, " |> ", |f, step| write!(f, "{step}")),
        }
    }
}

impl Step {
    fn binding(&self) -> Binding {
        match self {
            Step::OneOf {
                recipes,
                weights: None,
            } if plain_or(recipes) => Binding::Or,
            Step::Shuffle { recipes } if plain_and(recipes) => Binding::And,
            Step::Chance { .. } => Binding::Times,
            Step::Repeat { .. } => Binding::Power,
            _ => Binding::Call,
        }
    }
}

/// Whether `a | b` builds this again: the operator joins alternatives, so none may be a choice of its own.
fn plain_or(recipes: &[Recipe]) -> bool {
    recipes.len() > 1
        && !recipes
            .iter()
            .any(|r| matches!(r.steps(), [Step::OneOf { weights: None, .. }]))
}

/// Whether `a & b` builds this again.
fn plain_and(recipes: &[Recipe]) -> bool {
    recipes.len() > 1
        && !recipes
            .iter()
            .any(|r| matches!(r.steps(), [Step::Shuffle { .. }]))
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, None)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Stage(stage) => stage.fmt(f),
            Step::Chance { p, recipe } => {
                write!(f, "{p} * ")?;
                recipe.write(f, Some(Binding::Times))
            }
            Step::Repeat { times, recipe } => {
                recipe.write(f, Some(Binding::Power))?;
                write!(f, " ** {times}")
            }
            Step::OneOf {
                recipes,
                weights: None,
            } if plain_or(recipes) => joined(f, recipes, " | ", |f, recipe| {
                recipe.write(f, Some(Binding::Or))
            }),
            Step::OneOf { recipes, weights } => {
                write!(f, "one_of(")?;
                list(f, recipes)?;
                if let Some(weights) = weights {
                    write!(f, ", #{{ weights: {weights:?} }}")?;
                }
                f.write_str(")")
            }
            Step::Shuffle { recipes } if plain_and(recipes) => {
                joined(f, recipes, " & ", |f, recipe| {
                    recipe.write(f, Some(Binding::And))
                })
            }
            Step::Shuffle { recipes } => {
                f.write_str("shuffle(")?;
                list(f, recipes)?;
                f.write_str(")")
            }
            Step::SomeOf { low, high, recipes } => {
                write!(f, "some_of({low}..{high}, ")?;
                list(f, recipes)?;
                f.write_str(")")
            }
            Step::Blend { wet, recipe } => write!(f, "blend({recipe}, #{{ wet: {wet} }})"),
            Step::PerChannel { recipe } => write!(f, "per_channel({recipe})"),
        }
    }
}

impl fmt::Display for Views {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recipes = self.recipes();
        f.write_str("views(")?;
        if recipes.iter().all(|recipe| *recipe == recipes[0]) {
            write!(f, "{}, {}", recipes.len(), recipes[0])?;
        } else {
            list(f, recipes)?;
        }
        f.write_str(")")
    }
}

fn list(f: &mut fmt::Formatter<'_>, recipes: &[Recipe]) -> fmt::Result {
    f.write_str("[")?;
    joined(f, recipes, ", ", |f, recipe| write!(f, "{recipe}"))?;
    f.write_str("]")
}

fn joined<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    separator: &str,
    write: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        write(f, item)?;
    }
    Ok(())
}
