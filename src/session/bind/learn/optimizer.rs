//! Optimizers and schedules: their declarations stand beside the mathematics; here each becomes a function.

use super::super::declared;
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic};
use auricle_audio::declare::{Declaration, Described};
use auricle_learn::Error;
use auricle_learn::train::{Optimizer, Schedule, optimizers, schedules};
use rhai::Dynamic;

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
        let values = declared::values(declaration, call.given(), |_| Ok(None))?;
        Ok(Dynamic::from(declaration.with(values)?))
    };
    declared::function(declaration, Topic::Training, body)
        .returns(<Described<B, Error> as ScriptValue>::NAME)
}
