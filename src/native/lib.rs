//! Operators that users write in Rust: a function over samples or cells of features becomes a stage of recipes.
//!
//! A text is read for functions of a known shape ([`Source`]), compiled by the Rust compiler of the machine into a library
//! ([`of_text`]), tried out in a process of its own ([`probe()`]) and loaded ([`Library`]). Only numbers and pointers to numbers
//! cross between the program and the library, so neither needs to know by which compiler the other was made.
//!
//! Rooms, each importing only from those to its left: `error operator < items < source < shim < compile library < probe < made`.

mod compile;
mod error;
mod items;
mod library;
mod made;
mod operator;
mod probe;
mod shim;
mod source;

pub use compile::compiler_is_there;
pub use error::{Error, Fault, Label};
pub use library::{Given, Library};
pub use made::{Cache, Host, built, of_file, of_text, set_host};
pub use operator::{Operator, Parameter, Shape};
pub use probe::{PROBE_ARGUMENT, probe};
pub use source::Source;
