//! A stage: a declaration with its values, ready to run.

use super::{Accepts, Domain, Transform};
use crate::Error;
use crate::declare::{self, Described};
use std::sync::Arc;

/// The declaration of a stage.
pub type Declaration = declare::Declaration<Arc<dyn Transform>, Error, Flows>;

/// One stage of a recipe. Compares by name and values.
pub type Stage = Described<Arc<dyn Transform>, Error, Flows>;

/// What flows through a stage.
pub struct Flows {
    /// What it works on.
    pub accepts: Accepts,
    /// What it gives; `None` if it gives what it takes.
    pub gives: Option<Domain>,
    /// Names of the values it draws for a clip, with their units.
    pub draws: &'static [&'static str],
}

impl Stage {
    /// What it works on with these values.
    pub fn accepts(&self) -> Accepts {
        self.transform()
            .accepts()
            .unwrap_or(self.declaration().facts.accepts)
    }

    pub(super) fn transform(&self) -> &dyn Transform {
        self.built().as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Value;
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
