//! Pictures of sounds and numbers as text.

mod sparkline;

pub use sparkline::{envelope_line, sparkline};
