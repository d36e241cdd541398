//! Optimizers and schedules: their declarations stand beside the mathematics; here each becomes a function.

use super::super::declared;
use crate::script::{Call, FromScript, Function, ScriptError, ScriptValue, Topic, describe};
use auricle_audio::declare::{Declaration, Described, Value};
use auricle_learn::Error;
use auricle_learn::train::optimizers::Groups;
use auricle_learn::train::{Optimizer, Schedule, optimizers, schedules};
use rhai::{Dynamic, Map};

impl ScriptValue for Optimizer {
    const NAME: &'static str = "optimizer";

    fn text(&self) -> String {
        self.to_string()
    }

    fn same(&self, other: &Optimizer) -> Option<bool> {
        Some(self == other)
    }
}

impl ScriptValue for Schedule {
    const NAME: &'static str = "schedule";

    fn text(&self) -> String {
        self.to_string()
    }

    fn same(&self, other: &Schedule) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions() -> Vec<Function> {
    let schedules = schedules::CATALOGUE.iter();
    let mut all = optimizers();
    all.extend(schedules.map(|declaration| function(declaration)));
    all
}

/// The functions that describe optimizers.
pub(super) fn optimizers() -> Vec<Function> {
    let all = optimizers::CATALOGUE.iter();
    all.map(|declaration| function(declaration)).collect()
}

/// A function that describes what is declared.
fn function<B>(declaration: &'static Declaration<B, Error>) -> Function
where
    B: Clone + Send + Sync + 'static,
    Described<B, Error>: ScriptValue,
{
    let body = move |call: &Call<'_>| -> Result<Dynamic, ScriptError> {
        let values = declared::values(declaration, call.given(), groups)?;
        Ok(Dynamic::from(declaration.with(values)?))
    };
    declared::function(declaration, Topic::Training, body)
        .returns(<Described<B, Error> as ScriptValue>::NAME)
}

/// A map from names of parts to rates, or to maps of what the part has for itself.
fn groups(value: &Dynamic) -> Result<Option<Value>, ScriptError> {
    let Some(parts) = value.clone().try_cast::<Map>() else {
        return Ok(None);
    };
    let number = |part: &str, value: &Dynamic| {
        let wrong = || {
            let given = describe(value);
            ScriptError::new(format!(
                "`{part}` in `groups` must be a number, not {given}"
            ))
        };
        f64::from_script(value).ok_or_else(wrong)
    };
    let given = parts.iter().map(|(part, group)| {
        let numbers = match group.clone().try_cast::<Map>() {
            Some(options) => options
                .iter()
                .map(|(name, value)| Ok((name.to_string(), number(name, value)?)))
                .collect::<Result<Vec<_>, ScriptError>>()?,
            None => vec![("learning_rate".to_owned(), number(part, group)?)],
        };
        Ok((part.to_string(), numbers))
    });
    let given = given.collect::<Result<Vec<_>, ScriptError>>()?;
    Ok(Some(Groups::new(given)?.into()))
}
