//! Convolution of maps in one and two dimensions.
//!
//! Nothing is unfolded: maps are laid out so that whatever a weight of the kernel meets is one line of numbers for many
//! outputs, and a convolution is a sum of such lines, each scaled. Work is cut into tasks by the shapes alone, never by the
//! number of threads, and every sum is taken in one order.

mod cut;
mod geometry;
mod kernel;
mod large;
mod layout;
mod planes;
mod small;
mod weights;

pub(super) use geometry::{Axis, Geometry};

/// `[images, from, h, w]` and `[to, from / groups, kh, kw]` to `[images, to, oh, ow]`.
pub(super) fn forward(g: &Geometry, x: &[f32], weight: &[f32]) -> Vec<f32> {
    if small::fits(g) {
        small::forward(g, x, weight)
    } else {
        large::forward(g, x, weight)
    }
}

/// The gradient of the input.
pub(super) fn input_gradient(g: &Geometry, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
    if small::fits(g) {
        small::input_gradient(g, weight, gradient)
    } else {
        large::input_gradient(g, weight, gradient)
    }
}

/// The gradient of the weight.
pub(super) fn weight_gradient(g: &Geometry, x: &[f32], gradient: &[f32]) -> Vec<f32> {
    if small::fits_weight(g) {
        small::weight_gradient(g, x, gradient)
    } else {
        large::weight_gradient(g, x, gradient)
    }
}
