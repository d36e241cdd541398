//! The declarations of script functions, and nothing else.

mod arrays;
mod audio;
mod builtin;
mod closure;
mod declared;
mod environment;
mod foreign;
mod front;
mod help;
#[cfg(feature = "learn")]
mod learn;
mod matrix;
mod numbers;
mod session;
mod synth;

pub(crate) use environment::Environment;
#[cfg(feature = "learn")]
pub(crate) use environment::Failure;
pub use environment::Settings;
pub(crate) use foreign::names as foreign_names;

use crate::script::{Function, Operators};
use std::sync::Arc;

/// Every function of the language.
pub(crate) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = session::functions(environment);
    all.extend(front::functions(environment));
    all.extend(help::functions(environment));
    all.extend(numbers::functions());
    all.extend(arrays::functions());
    all.extend(builtin::functions());
    all.extend(audio::functions(environment));
    all.extend(synth::functions(environment));
    #[cfg(feature = "learn")]
    all.extend(learn::functions(environment));
    all
}

/// What must be known to an engine before the functions are.
pub(crate) fn operators() -> Vec<Operators> {
    vec![
        matrix::register,
        audio::register,
        synth::register,
        #[cfg(feature = "learn")]
        learn::register,
    ]
}
