//! The language: rhai's engine, the function table, conversion, diagnostics and help. Knows neither sound nor tensors.

mod aligned;
mod apart;
mod call;
mod caught;
mod convert;
mod definitions;
mod diagnostic;
mod display;
mod engine;
mod error;
mod explain;
mod function;
mod growth;
mod habits;
mod help;
mod home;
mod imports;
mod memory;
mod message;
mod misuse;
mod output;
mod parameter;
mod quotient;
mod reference;
mod shortcut;
mod signature;
mod syntax;
mod table;
mod tokens;
mod unknown;
mod value;
mod value_display;
mod value_text;
mod wording;
mod written;

pub use aligned::aligned;
#[cfg(feature = "learn")]
pub(crate) use apart::Ended;
pub use apart::Stop;
pub use auricle_figure::{
    LIVE, PLOTLY, Pixels, curve_rows, data_url, escape, outline_rows, png_image, svg_image, table,
};
pub(crate) use call::no_such_option;
pub use call::{Call, CancelToken};
pub use convert::{FromScript, describe, type_name};
pub(crate) use definitions::{Definition, definitions, without};
pub use diagnostic::{Diagnostic, Label, Severity, Span};
pub use display::{Display, Parts, Picture};
pub use engine::{Operators, new_engine, new_parser, register_type};
pub(crate) use error::nearest;
pub use error::{ScriptError, TextPart};
pub use explain::{Sources, explain, explain_misread, explain_parse, explain_quotient};
pub use function::{Function, Topic};
pub(crate) use help::WRITTEN;
pub use help::{function_help, overview, search, type_help};
pub(crate) use home::path_at_home;
pub use memory::{peak_memory, room_for};
pub use output::{Progress, Silent, Sink};
pub use parameter::Parameter;
pub use quotient::{Meaning, Quotient, lost_fraction};
pub use reference::{
    default_cell, example, function_anchor, function_section, prose, written_anchor,
    written_section,
};
pub use shortcut::{Callable, Expanded};
pub use syntax::{Completeness, completeness, string_length, unknown_calls};
pub use table::{Mode, Table};
pub use tokens::ends_in_semicolon;
pub use unknown::Unknown;
pub(crate) use value::draw_arrays;
pub use value::{ScriptValue, Shown};
pub use written::Written;
