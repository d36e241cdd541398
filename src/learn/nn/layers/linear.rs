//! Linear layers.

use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::Node;
use super::shape::Shape;
use crate::nn::Scheme;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, words};
use burn::module::Initializer;
use burn::nn::LinearConfig;
use std::sync::Arc;

/// `y = W x + b`.
pub(super) static LINEAR: Declaration = Declaration {
    name: "linear",
    about: "Makes a linear layer over a row of numbers, or over the features of every token.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "outputs",
            Kind::Count {
                low: 1.0,
                high: 65536.0,
            },
            DefaultValue::Required,
            "numbers that it gives",
        ),
        Parameter::option(
            "bias",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether a number is added to every output",
        ),
        Parameter::option(
            "init",
            Kind::Word(&words(&INITS)),
            DefaultValue::Word("uniform"),
            "how its weights are drawn: \"uniform\" within one over the root of the inputs, as in \
             PyTorch, or \"transformer\", normal with deviation 0.02 and biases 0",
        ),
    ],
    facts: (),
    example: "let m = (linear(8) |> relu() |> linear(3)).build(#{ inputs: 5 }); \
        assert(m.n_parameters == 6 * 8 + 9 * 3)",
    build: |settings| {
        Ok(Arc::new(Linear {
            to: settings.count("outputs"),
            bias: settings.flag("bias"),
            scheme: settings.word("init", &INITS),
        }))
    },
};

/// How weights are drawn where that is not as in most layers.
const INITS: [(&str, Option<Scheme>); 2] = [
    ("uniform", None),
    ("transformer", Some(Scheme::Transformer)),
];

#[derive(Debug)]
struct Linear {
    to: usize,
    bias: bool,
    scheme: Option<Scheme>,
}

impl Plan for Linear {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        if !matches!(input, Shape::Row(_) | Shape::Tokens(..)) {
            let want = "a row or tokens, as `global_mean()` or `flatten()` before it gives";
            return Err(Refusal::needs(want));
        }
        let (from, to, bias) = (input.channels(), self.to, self.bias);
        let shape = input.with_channels(to);
        let n_parameters = to.saturating_mul(from + usize::from(bias));
        site.push(
            "linear",
            &shape,
            n_parameters,
            shape.n_positions().saturating_mul(from.saturating_mul(to)),
        );
        if let Some(scheme) = self.scheme {
            site.draw_as("", scheme);
        }
        Ok(Fitted::new(shape, move |device| {
            let layer = LinearConfig::new(from, to).with_bias(bias);
            Node::Linear(layer.with_initializer(Initializer::Zeros).init(device))
        }))
    }
}
