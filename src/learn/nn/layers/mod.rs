//! Models as expressions: layers that are values, join by what stands behind what, and become a
//! network like any other.
//!
//! A layer is declared once, beside its mathematics: its [`Declaration`] (name, text, parameters
//! with ranges and defaults, a tested example) builds a [`Plan`], which fits an input: it says what
//! shape it gives there, or what it needs, and how the module is made. An [`Expression`] is layers
//! one behind the other; with the [`Clips`] that it is built for it is a [`Stack`], whose layers
//! are known to fit; and [`Layers`] is the network. Adding a layer is a declaration and its line in
//! [`catalogue`], and a variant of [`Node`] if it has weights.

mod activation;
mod catalogue;
mod conv1d;
mod conv2d;
mod convolution;
mod dropout;
mod edge;
mod expression;
mod flatten;
mod global;
mod json;
mod layer;
mod linear;
mod named;
mod network;
mod nf_block;
mod node;
mod norm;
mod parallel;
mod patch_tokens;
mod pool;
mod residual;
mod shape;
mod slow_fast;
mod stack;
mod stochastic_depth;
mod swap_axes;
#[cfg(test)]
mod tests;
mod to_onnx;
mod tokens;
mod window;
mod writing;
mod ws_conv2d;

pub use catalogue::catalogue;
pub use expression::{Branches, Expression};
pub use layer::{Declaration, Described, Fitted, Plan, Refusal, Site};
pub use network::{Embedded, Layers};
pub use node::{Children, Flow, Node};
pub use shape::{Shape, Size};
pub use stack::{Clips, Stack};
pub(in crate::nn) use writing::{chain, layer, named, number, simple};
