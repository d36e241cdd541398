//! Which layout a convolution takes.

use super::geometry::Geometry;
use super::{large, small};

/// `[images, from, h, w]` and `[to, from / groups, kh, kw]` to `[images, to, oh, ow]`.
pub(in super::super) fn forward(g: &Geometry, x: &[f32], weight: &[f32]) -> Vec<f32> {
    if small::fits(g) {
        small::forward(g, x, weight)
    } else {
        large::forward(g, x, weight)
    }
}

/// The gradient of the input.
pub(in super::super) fn input_gradient(g: &Geometry, weight: &[f32], gradient: &[f32]) -> Vec<f32> {
    if small::fits(g) {
        small::input_gradient(g, weight, gradient)
    } else {
        large::input_gradient(g, weight, gradient)
    }
}

/// The gradient of the weight.
pub(in super::super) fn weight_gradient(g: &Geometry, x: &[f32], gradient: &[f32]) -> Vec<f32> {
    if small::fits_weight(g) {
        small::weight_gradient(g, x, gradient)
    } else {
        large::weight_gradient(g, x, gradient)
    }
}
