//! Parts of what is trained with a learning rate and a weight decay of their own.

use crate::Error;
use auricle_audio::declare::{DefaultValue, Inner, Inside, Kind, Nested, Parameter, Value};
use burn::optim::{LearningRate, Optimizer};
use burn::tensor::{Device, Tensor};
use serde_json::{Map, Value as Json};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

/// What a part of a model has for itself; what is not given is as for all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Group {
    /// Peak learning rate, which the schedule multiplies.
    pub learning_rate: Option<f64>,
    /// Penalty on matrices and kernels.
    pub weight_decay: Option<f64>,
}

/// Parts of what is trained, by their names, with what each has for itself. They print as the map
/// that gives them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups(BTreeMap<String, Group>);

impl Groups {
    /// The groups of some named numbers: of a part, `learning_rate` or `weight_decay`, and which.
    ///
    /// # Errors
    /// [`Error::Range`] for a number below 0 or none, [`auricle_audio::Error::Unknown`] for a name
    /// of neither.
    pub fn new(
        given: impl IntoIterator<Item = (String, Vec<(String, f64)>)>,
    ) -> Result<Groups, Error> {
        let mut groups = BTreeMap::new();
        for (part, numbers) in given {
            let mut group = Group::default();
            for (name, number) in numbers {
                let (param, place) = match name.as_str() {
                    LEARNING_RATE => (LEARNING_RATE, &mut group.learning_rate),
                    WEIGHT_DECAY => (WEIGHT_DECAY, &mut group.weight_decay),
                    _ => {
                        return Err(Error::Audio(auricle_audio::Error::Unknown {
                            owner: part,
                            kind: "option",
                            got: name,
                            known: vec![LEARNING_RATE.into(), WEIGHT_DECAY.into()],
                        }));
                    }
                };
                if !(number >= 0.0 && number.is_finite()) {
                    return Err(Error::range(param, "at least 0", number));
                }
                *place = Some(number);
            }
            groups.insert(part, group);
        }
        Ok(Groups(groups))
    }

    /// The groups of some JSON.
    ///
    /// # Errors
    /// As [`Groups::new`], and [`auricle_audio::Error::Parse`] if it is none.
    pub fn from_json(json: &Json) -> Result<Groups, Error> {
        let wrong = || auricle_audio::Error::Parse {
            what: "the groups",
            reason: format!("an object of numbers, by the names of parts, is wanted, not {json}"),
        };
        let parts = json.as_object().ok_or_else(wrong)?;
        let given = parts.iter().map(|(part, group)| {
            let numbers = match group {
                Json::Object(options) => options
                    .iter()
                    .map(|(name, number)| Some((name.clone(), number.as_f64()?)))
                    .collect::<Option<Vec<_>>>(),
                rate => rate.as_f64().map(|rate| vec![(LEARNING_RATE.into(), rate)]),
            };
            Ok((part.clone(), numbers.ok_or_else(wrong)?))
        });
        Groups::new(given.collect::<Result<Vec<_>, auricle_audio::Error>>()?)
    }

    /// The parts by their names, in the order of the names.
    pub(in super::super) fn parts(&self) -> impl Iterator<Item = (&str, Group)> {
        self.0.iter().map(|(part, group)| (part.as_str(), *group))
    }
}

const LEARNING_RATE: &str = "learning_rate";
const WEIGHT_DECAY: &str = "weight_decay";

/// Prints the map that gives them.
impl fmt::Display for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: f64| Value::Drawn(number.into()).to_string();
        let group = |group: &Group| match *group {
            Group {
                learning_rate: Some(rate),
                weight_decay: None,
            } => number(rate),
            Group {
                learning_rate,
                weight_decay,
            } => {
                let options = [(LEARNING_RATE, learning_rate), (WEIGHT_DECAY, weight_decay)];
                let given = options
                    .iter()
                    .filter_map(|(name, value)| value.map(|v| format!("{name}: {}", number(v))));
                format!("#{{ {} }}", given.collect::<Vec<_>>().join(", "))
            }
        };
        let parts = self.0.iter();
        let parts: Vec<String> = parts
            .map(|(part, of)| format!("{part:?}: {}", group(of)))
            .collect();
        write!(f, "#{{ {} }}", parts.join(", "))
    }
}

impl Inner for Groups {
    fn source(&self) -> String {
        self.to_string()
    }

    fn to_json(&self) -> Json {
        let parts = self.0.iter().map(|(part, group)| {
            let mut options = Map::new();
            options.extend(
                group
                    .learning_rate
                    .map(|v| (LEARNING_RATE.into(), v.into())),
            );
            options.extend(group.weight_decay.map(|v| (WEIGHT_DECAY.into(), v.into())));
            (part.clone(), Json::Object(options))
        });
        Json::Object(parts.collect())
    }

    fn same(&self, other: &dyn Inner) -> bool {
        let other: &dyn Any = other;
        other.downcast_ref() == Some(self)
    }
}

/// The groups that every optimizer can have.
pub(in super::super) const GROUPS: Parameter = Parameter::option(
    "groups",
    Kind::Nested(&Inside {
        what: "a map from names of parts to learning rates, or to maps of `learning_rate` and \
            `weight_decay`",
        check: |param, nested: &Nested| match nested.get::<Groups>() {
            Some(_) => Ok(()),
            None => Err(auricle_audio::Error::range(
                param,
                "a map from names of parts to learning rates",
                nested.source(),
            )),
        },
    }),
    DefaultValue::Absent,
    "learning rates of parts, by their names as in `summary()`: `#{ layer4: 1e-4, head: 1e-2 }`, or \
     with a decay, `#{ head: #{ learning_rate: 1e-2, weight_decay: 0 } }`. A run has `encoder` and \
     what its method adds, such as `head`; a loop over several models has their places before the \
     names, `\"0.layer4\"` and `\"1\"`. The longest name that fits holds; the schedule multiplies all \
     rates",
);

/// An optimizer whose rate is a multiple of the one that it is told.
#[derive(Clone)]
pub(in super::super) struct Scaled<O> {
    pub(in super::super) optimizer: O,
    pub(in super::super) factor: f64,
}

impl<O: Optimizer> Optimizer for Scaled<O> {
    type State<const D: usize> = O::State<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<O::State<D>>,
    ) -> (Tensor<D>, Option<O::State<D>>) {
        self.optimizer
            .step(rate * self.factor, tensor, gradient, state)
    }

    fn to_device<const D: usize>(state: O::State<D>, device: &Device) -> O::State<D> {
        O::to_device(state, device)
    }
}
