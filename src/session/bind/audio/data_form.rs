//! How the clips of a collection are read: the options that every loader takes.

use crate::script::{Call, Function, ScriptError};
use auricle_audio::dataset::Form;

/// Adds the options that say how the clips of a collection are read.
pub(super) fn formed(function: Function) -> Function {
    function
        .option::<Option<u32>>(
            "sample_rate",
            (),
            "sample rate to read at, Hz; each file's own if not given",
        )
        .option::<Option<f64>>(
            "seconds",
            (),
            "duration of every clip, s: cut off, or followed by silence; its own if not given",
        )
        .long()
        .returns("dataset")
        .reads_data()
}

/// What those options say.
///
/// # Errors
/// Says what was wanted and what was given.
pub(super) fn form(call: &Call<'_>) -> Result<Form, ScriptError> {
    Ok(Form {
        sample_rate: call.get("sample_rate")?,
        duration_s: call.get("seconds")?,
    })
}
