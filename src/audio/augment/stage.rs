//! A stage: a declaration with its values, ready to run.

use super::declaration::Settings;
use super::{Accepts, Declaration, Parameter, Preset, Transform, Value};
use crate::Error;
use std::sync::Arc;

/// One stage of a recipe. Compares by name and values.
#[derive(Clone)]
pub struct Stage {
    declaration: &'static Declaration,
    values: Arc<[Value]>,
    preset: Option<&'static Preset>,
    transform: Arc<dyn Transform>,
}

impl Stage {
    /// Checks named values, fills in defaults and builds the transform.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a name that is no parameter, [`Error::Missing`] if a required one is not given,
    /// [`Error::Range`] or [`Error::Choice`] for a value that is not accepted, [`Error::File`] for a path that leads
    /// nowhere.
    pub fn new(
        declaration: &'static Declaration,
        given: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Stage, Error> {
        let values = Stage::check(declaration, given)?;
        let transform = (declaration.build)(&Settings {
            declaration,
            values: &values,
        })?;
        let preset = declaration
            .parameters
            .iter()
            .zip(values.iter())
            .find_map(|(parameter, value)| parameter.preset(value));
        Ok(Stage {
            declaration,
            values,
            preset,
            transform,
        })
    }

    /// The values of all parameters, checked, without building the transform: no file is looked for.
    ///
    /// # Errors
    /// As [`Stage::new`], but for what the files themselves make impossible.
    pub fn check(
        declaration: &'static Declaration,
        given: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Arc<[Value]>, Error> {
        let mut values: Vec<Option<Value>> = vec![None; declaration.parameters.len()];
        for (name, value) in given {
            let Some(index) = declaration
                .parameters
                .iter()
                .position(|parameter| parameter.name == name)
            else {
                return Err(Error::Unknown {
                    owner: declaration.name.to_owned(),
                    kind: "option",
                    got: name,
                    known: declaration
                        .parameters
                        .iter()
                        .map(|p| p.name.to_owned())
                        .collect(),
                });
            };
            declaration.parameters[index].check(&value)?;
            values[index] = Some(value);
        }
        let preset = values
            .iter()
            .zip(declaration.parameters)
            .find_map(|(value, parameter)| match value {
                Some(value) => parameter.preset(value),
                None => parameter.preset(&parameter.default_value()?),
            });
        values
            .into_iter()
            .zip(declaration.parameters)
            .map(|(value, parameter)| {
                value
                    .or_else(|| default_value(parameter, preset))
                    .ok_or_else(|| Error::Missing {
                        stage: declaration.name.to_owned(),
                        param: parameter.name.to_owned(),
                    })
            })
            .collect()
    }

    /// What it was declared as.
    pub fn declaration(&self) -> &'static Declaration {
        self.declaration
    }

    /// The values of its parameters, in their order.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The parameters that were given another value than their default, with that value. Where a preset was chosen, the
    /// defaults are what it sets: the preset and these make the same stage again.
    pub fn changed(&self) -> impl Iterator<Item = (&'static Parameter, &Value)> {
        self.declaration
            .parameters
            .iter()
            .zip(self.values.iter())
            .filter(|(parameter, value)| {
                default_value(parameter, self.preset).as_ref() != Some(*value)
            })
    }

    /// What it works on with these values.
    pub fn accepts(&self) -> Accepts {
        self.transform.accepts().unwrap_or(self.declaration.accepts)
    }

    pub(super) fn transform(&self) -> &dyn Transform {
        self.transform.as_ref()
    }
}

/// What a parameter is where it is not given: a preset comes before the declaration.
fn default_value(parameter: &Parameter, preset: Option<&'static Preset>) -> Option<Value> {
    let set =
        preset.and_then(|preset| preset.sets.iter().find(|(name, _)| *name == parameter.name));
    set.map_or(parameter.default, |(_, default)| *default)
        .value()
}

impl PartialEq for Stage {
    fn eq(&self, other: &Stage) -> bool {
        self.declaration.name == other.declaration.name && self.values == other.values
    }
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Recipe, catalogue, declaration};
    use super::*;

    fn word(name: &str, word: &str) -> (String, Value) {
        (name.to_owned(), Value::Word(word.to_owned()))
    }

    #[test]
    fn every_preset_sets_what_there_is_to_what_it_may_be() {
        for declaration in catalogue() {
            for parameter in declaration.parameters {
                let Kind::Preset(presets) = parameter.kind else {
                    continue;
                };
                for preset in presets {
                    for (name, default) in preset.sets {
                        let set = declaration
                            .parameters
                            .iter()
                            .find(|p| p.name == *name)
                            .unwrap();
                        set.check(&default.value().unwrap()).unwrap();
                    }
                    let stage =
                        Stage::new(declaration, [word(parameter.name, preset.name)]).unwrap();
                    assert!(
                        stage
                            .changed()
                            .all(|(changed, _)| changed.name == parameter.name),
                        "{stage:?}"
                    );
                    let recipe = Recipe::from(stage);
                    assert_eq!(Recipe::from_json(&recipe.to_json()).unwrap(), recipe);
                }
            }
        }
    }

    #[test]
    fn what_is_given_beside_a_preset_counts_and_is_printed() {
        let log_mel = |given: Vec<(String, Value)>| {
            Stage::new(declaration("log_mel").unwrap(), given).unwrap()
        };
        let n_mels = ("n_mels".to_owned(), Value::Drawn(40.0.into()));
        let stage = log_mel(vec![
            n_mels,
            word("preset", "librosa"),
            ("top_db".to_owned(), Value::Absent),
        ]);
        assert_eq!(
            stage.to_string(),
            "log_mel(#{ preset: \"librosa\", n_mels: 40, top_db: () })"
        );
        // What the preset says anyway is not repeated.
        let same = log_mel(vec![
            ("power".to_owned(), Value::Drawn(1.0.into())),
            word("preset", "vggish"),
        ]);
        assert_eq!(same.to_string(), "log_mel(#{ preset: \"vggish\" })");
        // The preset that holds if none is named prints nothing.
        let given = [("max_bands".to_owned(), Value::Drawn(27.0.into()))];
        assert_eq!(
            Stage::new(declaration("spec_augment").unwrap(), given)
                .unwrap()
                .to_string(),
            "spec_augment()"
        );
    }

    #[test]
    fn an_unknown_preset_lists_those_there_are() {
        let error =
            Stage::new(declaration("spec_augment").unwrap(), [word("policy", "LX")]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`policy` must be \"LB\", \"LD\""),
            "{error}"
        );
    }
}
