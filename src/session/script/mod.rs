//! The language: rhai's engine, the function table, conversion, diagnostics and help. Knows neither sound nor tensors.

mod apart;
mod call;
mod convert;
mod diagnostic;
mod engine;
mod error;
mod explain;
mod function;
mod growth;
mod help;
mod list;
mod memory;
mod output;
mod reference;
mod syntax;
mod table;
mod unknown;
mod value;
mod written;

#[cfg(feature = "learn")]
pub(crate) use apart::Ended;
pub use apart::Stop;
pub use auricle_figure::{PLOTLY, Pixels, curve_rows, data_url, escape, outline_rows, png_image, svg_image, table};
pub use call::{Call, CancelToken};
pub use convert::{FromScript, describe, type_name};
pub use diagnostic::{Diagnostic, Label, Severity, Span};
pub use engine::{Operators, new_engine, new_parser, register_type};
pub use error::ScriptError;
pub(crate) use error::nearest;
pub use explain::{Sources, explain, explain_parse};
pub use function::{Function, Parameter, Topic};
pub use help::{function_help, overview};
pub use memory::room_for;
pub use output::{Display, Progress, Silent, Sink};
pub use reference::reference_page;
pub use syntax::{Completeness, completeness, string_length, unknown_calls};
pub use table::{Mode, Table};
pub use unknown::Unknown;
pub(crate) use value::draw_arrays;
pub use value::{Parts, Picture, ScriptValue, Shown};
pub use written::Written;
