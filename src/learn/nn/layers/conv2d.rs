//! Two-dimensional convolution.

use super::convolution::{Convolution, PARAMETERS};
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::Node;
use super::shape::Shape;
use crate::nn::Conv2d;
use std::sync::Arc;

/// `y[o, i, j] = b[o] + sum over c, k, l of w[o, c, k, l] x[c, s i + d k - p, s j + d l - p]`.
pub(super) static CONV2D: Declaration = Declaration {
    name: "conv2d",
    about: "Makes a convolution over bands and frames.",
    citation: "",
    parameters: PARAMETERS,
    facts: (),
    example: "let m = (conv2d(4, #{ kernel: 5, stride: 2 }) |> global_mean()).build(); \
        assert(m.n_parameters == 4 * 25 + 4 && m.dim == 4)",
    build: |settings| Ok(Arc::new(Convolution::<2>::new(settings)?)),
};

impl Plan for Convolution<2> {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Map(from, axes) = input else {
            return Err(Refusal::needs("a map [channels, bands, frames]"));
        };
        Convolution::fit(
            self,
            site,
            (*from, axes),
            Shape::Map,
            |conv, of_group, device| {
                let [rows, columns] = conv.window.kernel;
                let weight = [conv.to, of_group, rows, columns];
                Node::Conv2d(Conv2d::with(weight, conv.bias, conv.options(), device))
            },
        )
    }
}
