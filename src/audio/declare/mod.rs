//! What every catalogue of the project is made of: declarations, their parameters, and the values described by them.

mod declaration;
mod default_value;
mod described;
mod distribution;
mod kind;
mod nested;
mod parameter;
mod preset;
mod settings;
mod value;

pub use declaration::Declaration;
pub use default_value::{DefaultInside, DefaultValue};
pub use described::Described;
pub(crate) use distribution::{items, number, single};
pub use kind::{ABOVE_ZERO, BELOW_ONE, Kind};
pub use nested::{Inner, Inside, Nested};
pub use parameter::Parameter;
pub use preset::Preset;
pub use settings::{Settings, words};
pub use value::Value;
