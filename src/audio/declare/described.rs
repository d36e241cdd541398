//! A described value: a declaration with its values, and what was built from them.

use super::{Declaration, Inner, Kind, Parameter, Preset, Settings, Value, single};
use crate::Error;
use serde_json::{Map, Value as Json};
use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// What was built from a declaration. Compares by name and values, and prints as the source that gives it. It does what was
/// built does.
pub struct Described<B: 'static, E: 'static = Error, F: 'static = ()> {
    declaration: &'static Declaration<B, E, F>,
    values: Arc<[Value]>,
    preset: Option<&'static Preset>,
    built: B,
}

impl<B, E: From<Error>, F> Described<B, E, F> {
    /// Checks named values, fills in defaults and builds.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a name that is no parameter, [`Error::Missing`] if a required one is not given,
    /// [`Error::Range`] or [`Error::Choice`] for a value that is not accepted, and what building reports.
    pub fn new(
        declaration: &'static Declaration<B, E, F>,
        given: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Self, E> {
        let values = Self::check(declaration, given)?;
        let parameters = declaration.parameters;
        let built = (declaration.build)(&Settings {
            parameters,
            values: &values,
        })?;
        let preset = parameters
            .iter()
            .zip(values.iter())
            .find_map(|(parameter, value)| parameter.preset(value));
        Ok(Described {
            declaration,
            values,
            preset,
            built,
        })
    }

    /// The values of all parameters, checked, without building: no file is looked for.
    ///
    /// # Errors
    /// As [`Described::new`], but for what building reports.
    pub fn check(
        declaration: &'static Declaration<B, E, F>,
        given: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Arc<[Value]>, Error> {
        let parameters = declaration.parameters;
        let mut values: Vec<Option<Value>> = vec![None; parameters.len()];
        let named_by_user = parameters.iter().position(|p| p.kind == Kind::Named);
        for (name, value) in given {
            let declared = parameters.iter().position(|p| p.name == name);
            if let Some(index) = named_by_user
                && declared.is_none_or(|declared| declared == index)
            {
                add_named(&mut values[index], name, value)?;
                continue;
            }
            let Some(index) = declared else {
                return Err(Error::Unknown {
                    owner: declaration.name.to_owned(),
                    kind: "option",
                    got: name,
                    known: parameters.iter().map(|p| p.name.to_owned()).collect(),
                });
            };
            parameters[index].check(&value)?;
            values[index] = Some(value);
        }
        let preset = values
            .iter()
            .zip(parameters)
            .find_map(|(value, parameter)| match value {
                Some(value) => parameter.preset(value),
                None => parameter.preset(&parameter.default_value()?),
            });
        values
            .into_iter()
            .zip(parameters)
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

    /// The value of some JSON, declared in a catalogue. `inside` reads what stands inside a parameter, and answers with
    /// nothing for what is no value inside.
    ///
    /// # Errors
    /// [`Error::Parse`] if it is none, [`Error::Unknown`] for a name that is not declared, and as [`Described::new`].
    pub fn from_json(
        catalogue: &[&'static Declaration<B, E, F>],
        kind: &'static str,
        json: &Json,
        inside: impl Fn(Option<&Parameter>, &Json) -> Result<Option<Value>, E>,
    ) -> Result<Self, E> {
        let (name, body) = single(json, kind)?;
        let declaration = Declaration::find(catalogue, kind, name)?;
        let options = body.as_object().ok_or_else(|| Error::Parse {
            what: kind,
            reason: format!("`{name}` must hold its options"),
        })?;
        let values = options.iter().map(|(key, json)| {
            let value = match inside(declaration.parameter(key), json)? {
                Some(value) => value,
                None => Value::from_json(json)?,
            };
            Ok((key.clone(), value))
        });
        let values: Vec<(String, Value)> = values.collect::<Result<_, E>>()?;
        Described::new(declaration, values)
    }
}

// Building stands with what is built: a declaration itself knows no described value.
impl<B, E: From<Error>, F> Declaration<B, E, F> {
    /// Builds it from named values; see [`Described::new`].
    ///
    /// # Errors
    /// As [`Described::new`].
    pub fn with(
        &'static self,
        given: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<Described<B, E, F>, E> {
        Described::new(self, given)
    }
}

impl<B, E, F> Declaration<B, E, F>
where
    B: Send + Sync,
    E: From<Error> + Send + Sync,
    F: Send + Sync,
{
    /// What it builds where nothing is given, as a value for a parameter.
    pub fn value(&'static self) -> Value {
        let built = self.with(None).ok();
        built.expect("its parameters have defaults").into()
    }
}

impl<B, E, F> Described<B, E, F> {
    /// What it was declared as.
    pub fn declaration(&self) -> &'static Declaration<B, E, F> {
        self.declaration
    }

    /// The values of its parameters, in their order.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// What was built.
    pub fn built(&self) -> &B {
        &self.built
    }

    /// Its values by name, as its body was handed them.
    pub fn settings(&self) -> Settings<'_> {
        Settings {
            parameters: self.declaration.parameters,
            values: &self.values,
        }
    }

    /// The parameters that were given another value than their default, with that value. Where a preset was chosen, the
    /// defaults are what it sets: the preset and these make the same again.
    pub fn changed(&self) -> impl Iterator<Item = (&'static Parameter, &Value)> {
        self.declaration
            .parameters
            .iter()
            .zip(self.values.iter())
            .filter(|(parameter, value)| self.is_changed(parameter, value))
    }

    fn is_changed(&self, parameter: &Parameter, value: &Value) -> bool {
        default_value(parameter, self.preset).as_ref() != Some(value)
    }

    /// It as JSON: its name, and the parameters that are not at their default.
    pub fn to_json(&self) -> Json {
        let mut options = Map::new();
        for (parameter, value) in self.changed() {
            match (value, value.to_json()) {
                (Value::Named(_), Json::Object(named)) => options.extend(named),
                (_, json) => {
                    options.insert(parameter.name.to_owned(), json);
                }
            }
        }
        serde_json::json!({ self.declaration.name: options })
    }
}

/// Adds a parameter that the user named. Their order is that of their names, whichever way they were written.
fn add_named(to: &mut Option<Value>, name: String, value: Value) -> Result<(), Error> {
    let distribution = match value {
        Value::Drawn(distribution) => distribution,
        Value::Named(several) => {
            let mut several = several.into_iter();
            return several.try_for_each(|(name, value)| add_named(to, name, Value::Drawn(value)));
        }
        value => return Err(Error::range(&name, "a number or a distribution", value)),
    };
    let mut named = match to.take() {
        Some(Value::Named(named)) => named,
        _ => Vec::new(),
    };
    match named.binary_search_by(|(known, _)| known.cmp(&name)) {
        Ok(at) => named[at].1 = distribution,
        Err(at) => named.insert(at, (name, distribution)),
    }
    *to = Some(Value::Named(named));
    Ok(())
}

/// What a parameter is where it is not given: a preset comes before the declaration.
fn default_value(parameter: &Parameter, preset: Option<&'static Preset>) -> Option<Value> {
    let set =
        preset.and_then(|preset| preset.sets.iter().find(|(name, _)| *name == parameter.name));
    set.map_or(parameter.default, |(_, default)| *default)
        .value()
}

impl<B, E, F> Deref for Described<B, E, F> {
    type Target = B;

    fn deref(&self) -> &B {
        &self.built
    }
}

/// Any described value can stand inside another.
impl<B: Send + Sync, E: Send + Sync, F: Send + Sync> Inner for Described<B, E, F> {
    fn source(&self) -> String {
        self.to_string()
    }

    fn to_json(&self) -> Json {
        Described::to_json(self)
    }

    fn same(&self, other: &dyn Inner) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref() == Some(self)
    }
}

impl<B: Clone, E, F> Clone for Described<B, E, F> {
    fn clone(&self) -> Self {
        Described {
            declaration: self.declaration,
            values: self.values.clone(),
            preset: self.preset,
            built: self.built.clone(),
        }
    }
}

impl<B, E, F> PartialEq for Described<B, E, F> {
    fn eq(&self, other: &Self) -> bool {
        self.declaration.name == other.declaration.name && self.values == other.values
    }
}

impl<B, E, F> fmt::Display for Described<B, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.declaration.name)?;
        let given = |positional: bool| {
            let all = self.declaration.parameters.iter().zip(self.values.iter());
            all.filter(move |(parameter, value)| {
                parameter.positional == positional
                    && (parameter.always_printed || self.is_changed(parameter, value))
            })
        };
        // A positional parameter can only be left out together with those behind it.
        let last = given(true).last().map(|(parameter, _)| parameter.name);
        let upto = self
            .declaration()
            .parameters
            .iter()
            .position(|p| Some(p.name) == last)
            .map_or(0, |i| i + 1);
        for (i, value) in self.values()[..upto].iter().enumerate() {
            write!(f, "{}{value}", if i == 0 { "" } else { ", " })?;
        }
        let options: Vec<String> = given(false)
            .map(|(p, value)| match value {
                Value::Named(_) => value.to_string(),
                value => format!("{}: {value}", p.name),
            })
            .collect();
        if !options.is_empty() {
            write!(
                f,
                "{}#{{ {} }}",
                if upto == 0 { "" } else { ", " },
                options.join(", ")
            )?;
        }
        f.write_str(")")
    }
}

impl<B, E, F> fmt::Debug for Described<B, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
