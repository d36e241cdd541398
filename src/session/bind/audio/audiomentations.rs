//! Configurations of other libraries.

use super::super::Environment;
use crate::script::{Call, Function, ScriptError, Shown, Topic};
use auricle_audio::augment::{from_audiomentations, parse_audiomentations};
use rhai::Dynamic;
use std::path::Path;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let environment = environment.clone();
    let read = Function::new("from_audiomentations", Topic::Recipes, move |call| {
        let imported = from_audiomentations(&configuration(call)?, call.get::<Option<f64>>("sample_rate")?)?;
        imported.notes.iter().for_each(|note| environment.sink.note(note));
        Ok(Dynamic::from(imported.recipe))
    })
    .in_session()
    .about(
        "Makes a recipe of a saved configuration of audiomentations or torch-audiomentations, and lists what has no \
         counterpart or differs.",
    )
    .param::<Dynamic>("config", "JSON or YAML as a text, the file that it is in, or an array of transforms")
    .option::<Option<f64>>("sample_rate", (), "rate of the lengths that are in samples, Hz; 16000 if not given")
    .note("reads what `to_dict` and `to_dict_private` give, what `from_yaml` takes, Hydra's `_target_`, and a list of such")
    .note("defaults are those of the library; frequencies are log-uniform here, which are uniform in mel there")
    .returns("recipe")
    .reads_data()
    .example(
        "let r = from_audiomentations(`[{\"_target_\": \"audiomentations.Gain\", \"min_gain_db\": -6, \"max_gain_db\": 0}]`); \
         assert(r == 0.5 * gain(-6..0))",
    );
    vec![read]
}

fn configuration(call: &Call<'_>) -> Result<serde_json::Value, ScriptError> {
    let value = call.raw("config");
    let Ok(text) = value.clone().into_string() else {
        let json = Shown::json_of(&value).filter(serde_json::Value::is_array);
        return json.ok_or_else(|| call.wrong("config", "a text, a file or an array"));
    };
    let is_path = !text.contains(['\n', '{', '[']) && Path::new(&text).extension().is_some();
    if !is_path {
        return Ok(parse_audiomentations(&text)?);
    }
    let read =
        std::fs::read_to_string(&text).map_err(|error| auricle_audio::Error::file(&text, error))?;
    Ok(parse_audiomentations(&read)?)
}
