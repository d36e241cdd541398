//! A recipe inside a stage: the parameter that takes one, and the value that it is there.

use super::{Domain, Recipe, Stage};
use crate::Error;
use crate::declare::{Inner, Inside, Kind};
use serde_json::Value as Json;
use std::any::Any;

/// A recipe from waves to waves, as a parameter.
pub const RECIPE: Kind = Kind::Nested(&Inside {
    what: "a recipe",
    check: |param, value| match value.get::<Recipe>() {
        Some(recipe) if recipe.flow(Some(Domain::Wave))?.gives == Some(Domain::Features) => Err(
            Error::range(param, "a recipe that gives waves", value.source()),
        ),
        Some(_) => Ok(()),
        None => Err(Error::range(param, "a recipe", value.source())),
    },
});

impl Inner for Recipe {
    fn source(&self) -> String {
        self.to_string()
    }

    fn to_json(&self) -> Json {
        Recipe::to_json(self)
    }

    fn same(&self, other: &dyn Inner) -> bool {
        (other as &dyn Any).downcast_ref() == Some(self)
    }
}

impl Stage {
    /// The recipe among its values, if it was given one: what runs when it runs a recipe of its own.
    pub(super) fn recipe_inside(&self) -> Option<&Recipe> {
        self.values().iter().find_map(|value| value.inside())
    }
}

#[cfg(test)]
mod tests {
    use super::super::catalogue;
    use super::*;

    #[test]
    fn no_stage_takes_two_recipes() {
        for declaration in catalogue() {
            let parameters = declaration.parameters.iter();
            let n = parameters
                .filter(|parameter| parameter.kind == RECIPE)
                .count();
            assert!(n <= 1, "`{}` takes {n}", declaration.name);
        }
    }
}
