//! Convolution of maps in one and two dimensions.
//!
//! Nothing is unfolded: maps are laid out so that whatever a weight of the kernel meets is one line of numbers for many
//! outputs, and a convolution is a sum of such lines, each scaled. Work is cut into tasks by the shapes alone, never by the
//! number of threads, and every sum is taken in one order.

mod choice;
mod cut;
mod geometry;
mod kernel;
mod large;
mod layout;
mod planes;
mod small;
mod weights;

pub(super) use choice::{forward, input_gradient, weight_gradient};
pub(super) use geometry::{Axis, Geometry};
