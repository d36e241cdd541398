//! From the text of a configuration to the transforms it names.

use crate::Error;
use serde_json::{Map, Value as Json};
use yaml_rust2::{Yaml, YamlLoader};

/// Reads JSON, or else YAML.
///
/// # Errors
/// [`Error::Parse`] if it is neither.
pub fn parse(text: &str) -> Result<Json, Error> {
    if text.trim_start().starts_with(['{', '[']) {
        // Flow style of YAML looks like JSON without quotes, so it has its chance, too.
        if let Ok(json) = serde_json::from_str(text) {
            return Ok(json);
        }
    }
    let documents = YamlLoader::load_from_str(text).map_err(|error| wrong(error.to_string()))?;
    match documents.as_slice() {
        [one] => of_yaml(one, 0),
        several => Err(wrong(format!(
            "it holds {} documents, not one",
            several.len()
        ))),
    }
}

/// Mappings and lists inside each other that are read.
const DEEPEST: usize = 64;

fn of_yaml(yaml: &Yaml, depth: usize) -> Result<Json, Error> {
    if depth > DEEPEST {
        return Err(wrong(format!("it is nested more than {DEEPEST} deep")));
    }
    Ok(match yaml {
        // Python writes infinities, which JSON has not.
        Yaml::Real(text) => match yaml.as_f64().filter(|number| number.is_finite()) {
            Some(number) => number.into(),
            None => text.as_str().into(),
        },
        Yaml::Integer(number) => (*number).into(),
        Yaml::String(text) => text.as_str().into(),
        Yaml::Boolean(flag) => (*flag).into(),
        Yaml::Array(items) => items
            .iter()
            .map(|item| of_yaml(item, depth + 1))
            .collect::<Result<Vec<_>, _>>()?
            .into(),
        Yaml::Hash(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key = key
                    .as_str()
                    .ok_or_else(|| wrong("a key is no text".into()))?;
                map.insert(key.to_owned(), of_yaml(value, depth + 1)?);
            }
            map.into()
        }
        Yaml::Alias(_) | Yaml::Null | Yaml::BadValue => Json::Null,
    })
}

/// An error about the text as a whole.
pub(super) fn wrong(reason: String) -> Error {
    Error::Parse {
        what: "the configuration",
        reason,
    }
}

/// Whose transform it is; several have one name and other defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Library {
    Audiomentations,
    TorchAudiomentations,
}

/// A transform or a composition with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Config {
    /// Name of the class, without its module.
    pub(super) name: String,
    pub(super) library: Library,
    pub(super) values: Map<String, Json>,
    /// Whether the library wrote it itself, and with that left out what it leaves out.
    pub(super) written: bool,
}

const CLASS: &str = "__class_fullname__";
const TARGET: &str = "_target_";

impl Config {
    /// Reads a transform in any of the forms that are in use.
    pub(super) fn of(json: &Json) -> Result<Config, Error> {
        match json {
            Json::Array(_) => {
                let values = Map::from_iter([("transforms".to_owned(), json.clone())]);
                Ok(Config {
                    name: "Compose".into(),
                    library: Library::Audiomentations,
                    values,
                    written: false,
                })
            }
            Json::Object(map) => Config::of_map(map),
            other => Err(wrong(format!(
                "a transform is a mapping such as {{\"transform\": \"Gain\"}}, not {other}"
            ))),
        }
    }

    fn of_map(map: &Map<String, Json>) -> Result<Config, Error> {
        let without = |key: &str| {
            let mut values = map.clone();
            values.remove(key);
            values
        };
        // Some have a parameter of the name `transform`.
        if let Some(Json::String(class)) = map.get(CLASS) {
            return Ok(Config::new(
                class,
                Library::Audiomentations,
                without(CLASS),
                true,
            ));
        }
        if let Some(Json::String(class)) = map.get(TARGET) {
            return Ok(Config::new(
                class,
                Library::Audiomentations,
                without(TARGET),
                false,
            ));
        }
        if let Some(Json::Object(inner)) = map.get("transform") {
            return Config::of_map(inner);
        }
        if let Some(Json::String(class)) = map.get("transform") {
            let values = match map.get("params") {
                None | Some(Json::Null) => Map::new(),
                Some(Json::Object(values)) => values.clone(),
                Some(other) => {
                    return Err(wrong(format!(
                        "`params` of {class} must be a mapping, not {other}"
                    )));
                }
            };
            return Ok(Config::new(
                class,
                Library::TorchAudiomentations,
                values,
                false,
            ));
        }
        let keys: Vec<&str> = map.keys().map(String::as_str).collect();
        Err(wrong(format!(
            "a transform is named by `transform`, `{CLASS}` or `{TARGET}`; here is {}",
            keys.join(", ")
        )))
    }

    fn new(class: &str, usual: Library, values: Map<String, Json>, written: bool) -> Config {
        let library = match class.split_once('.') {
            Some(("torch_audiomentations", _)) => Library::TorchAudiomentations,
            Some(("audiomentations", _)) => Library::Audiomentations,
            _ => usual,
        };
        let name = class.rsplit('.').next().unwrap_or(class).to_owned();
        Config {
            name,
            library,
            values,
            written,
        }
    }

    /// The transforms of a composition.
    pub(super) fn transforms(&self) -> Result<Vec<Config>, Error> {
        match self.values.get("transforms") {
            Some(Json::Array(items)) => items
                .iter()
                .map(|item| {
                    let mut inner = Config::of(item)?;
                    // A name without a module means what it means around it.
                    let plain = !item.to_string().contains("audiomentations.");
                    if plain && self.library == Library::TorchAudiomentations {
                        inner.library = self.library;
                    }
                    Ok(inner)
                })
                .collect(),
            _ => Err(wrong(format!("{} needs `transforms`, a list", self.name))),
        }
    }
}
