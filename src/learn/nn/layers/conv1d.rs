//! One-dimensional convolution.

use super::convolution::{Convolution, PARAMETERS};
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::Node;
use super::shape::Shape;
use crate::nn::Conv1d;
use std::sync::Arc;

/// `y[o, i] = b[o] + sum over c, k of w[o, c, k] x[c, s i + d k - p]`.
pub(super) static CONV1D: Declaration = Declaration {
    name: "conv1d",
    about: "Makes a convolution over the samples of waves, or over the positions of a line.",
    citation: "",
    parameters: PARAMETERS,
    facts: (),
    example: "let m = (conv1d(4, #{ kernel: 9, stride: 4 }) |> relu() |> global_mean()).build(); \
        assert(m.forward(randn([2, 1, 100], #{ seed: 0 })).shape == [2, 4])",
    build: |settings| Ok(Arc::new(Convolution::<1>::new(settings)?)),
};

impl Plan for Convolution<1> {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Line(from, size) = input else {
            return Err(Refusal::needs("waves or a line [channels, positions]"));
        };
        let axes = std::array::from_fn(|_| size.clone());
        let shape = |channels, [size]: [_; 1]| Shape::Line(channels, size);
        Convolution::fit(
            self,
            site,
            (*from, &axes),
            shape,
            |conv, of_group, device| {
                let weight = [conv.to, of_group, conv.window.kernel[0]];
                Node::Conv1d(Conv1d::with(weight, conv.bias, conv.options(), device))
            },
        )
    }

    fn reads_waves(&self) -> bool {
        true
    }
}
