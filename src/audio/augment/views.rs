//! Several independent views of one clip.

use super::Recipe;
use super::recipe::{Flow, described};
use crate::Error;
use std::sync::Arc;

/// Recipes that each make one view of the same clip. Cheap to clone, compares by value.
#[derive(Clone, Debug, PartialEq)]
pub struct Views {
    recipes: Arc<[Recipe]>,
}

impl Views {
    /// A view for each recipe.
    ///
    /// # Errors
    /// [`Error::Empty`] without recipes, [`Error::Mismatch`] if some give waves and others features.
    pub fn new(recipes: Vec<Recipe>) -> Result<Views, Error> {
        let Some(first) = recipes.first() else {
            return Err(Error::Empty { what: "views" });
        };
        let gives = first.flow(Some(super::Domain::Wave))?.gives;
        for other in &recipes[1..] {
            let other_gives = other.flow(Some(super::Domain::Wave))?.gives;
            if other_gives != gives {
                let (left, right) = (described(first, gives), described(other, other_gives));
                return Err(Error::Mismatch {
                    what: "the views",
                    left,
                    right,
                });
            }
        }
        Ok(Views {
            recipes: recipes.into(),
        })
    }

    /// What can be heard of them: see [`Recipe::before_features`].
    pub fn before_features(&self) -> Views {
        let heard = self.recipes.iter().map(Recipe::before_features);
        Views {
            recipes: heard.collect(),
        }
    }

    /// `n` views by one recipe.
    ///
    /// # Errors
    /// [`Error::Range`] unless `n` is within 1..16, and as [`Views::new`].
    pub fn of(n: i64, recipe: &Recipe) -> Result<Views, Error> {
        if !(1..=16).contains(&n) {
            return Err(Error::range("n", "a whole number within 1..16", n));
        }
        Views::new(vec![recipe.clone(); n as usize])
    }

    /// The recipe of each view.
    pub fn recipes(&self) -> &[Recipe] {
        &self.recipes
    }

    /// What the views take and give.
    ///
    /// # Errors
    /// As [`Recipe::flow`].
    pub fn flow(&self) -> Result<Flow, Error> {
        self.recipes[0].flow(Some(super::Domain::Wave))
    }

    /// Each view followed by another recipe.
    ///
    /// # Errors
    /// As [`Recipe::then`].
    pub fn then(&self, next: &Recipe) -> Result<Views, Error> {
        Views::new(
            self.recipes
                .iter()
                .map(|recipe| recipe.then(next))
                .collect::<Result<_, Error>>()?,
        )
    }
}
