//! Activations.

use super::edge::Edge;
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::{Each, Flow, Node, Operation};
use super::shape::Shape;
use crate::nn::onnx::{Attribute, Graph};
use crate::nn::ops::{gelu, gelu_tanh};
use auricle_audio::declare::{ABOVE_ZERO, DefaultValue, Kind, Parameter};
use burn::tensor::Tensor;
use burn::tensor::activation::{leaky_relu, relu, silu};
use std::sync::Arc;

/// `y = max(x, 0)`.
pub(super) static RELU: Declaration = Declaration {
    name: "relu",
    about: "Makes a layer that keeps numbers above 0 and gives 0 for the others.",
    citation: "",
    parameters: &[],
    facts: (),
    example: "let m = relu().build(#{ inputs: 2 }); \
        assert(m.forward(tensor([[-1, 2]])).to_array() == [[0.0, 2.0]])",
    build: |_| Ok(Arc::new(Activation::Relu)),
};

/// `y = x Phi(x)`, with the distribution function of the normal distribution.
pub(super) static GELU: Declaration = Declaration {
    name: "gelu",
    about: "Makes a layer that weights numbers by the share of a normal distribution below them.",
    citation: "Hendrycks and Gimpel, 2016",
    parameters: &[
        Parameter::option(
            "tanh",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether the share is approximated by a hyperbolic tangent",
        ),
        Parameter::option(
            "gain",
            Kind::Number {
                low: ABOVE_ZERO,
                high: 100.0,
            },
            DefaultValue::Number(1.0),
            "what the result is multiplied by: 1.7015043497085571 keeps a variance of 1, for networks \
             without norms",
        ),
    ],
    facts: (),
    example: "let m = gelu().build(#{ inputs: 1 }); \
        assert_near(m.forward(tensor([[1]])).item(), 0.8413447, 1e-6)",
    build: |settings| {
        Ok(Arc::new(Activation::Gelu {
            tanh: settings.flag("tanh"),
            gain: settings.number("gain"),
        }))
    },
};

/// `y = x / (1 + exp(-x))`.
pub(super) static SILU: Declaration = Declaration {
    name: "silu",
    about: "Makes a layer that multiplies numbers by their sigmoid; also known as swish.",
    citation: "Elfwing et al., 2018",
    parameters: &[],
    facts: (),
    example: "let m = silu().build(#{ inputs: 1 }); \
        assert_near(m.forward(tensor([[1]])).item(), 1 / (1 + exp(-1)), 1e-6)",
    build: |_| Ok(Arc::new(Activation::Silu)),
};

/// `y = x` above 0, else `slope x`.
pub(super) static LEAKY_RELU: Declaration = Declaration {
    name: "leaky_relu",
    about: "Makes a layer that keeps numbers above 0 and attenuates the others.",
    citation: "Maas et al., 2013",
    parameters: &[Parameter::positional(
        "slope",
        Kind::Number {
            low: 0.0,
            high: 1.0,
        },
        DefaultValue::Number(0.01),
        "what numbers below 0 are multiplied by",
    )],
    facts: (),
    example: "let m = leaky_relu(0.5).build(#{ inputs: 2 }); \
        assert(m.forward(tensor([[-1, 2]])).to_array() == [[-0.5, 2.0]])",
    build: |settings| Ok(Arc::new(Activation::Leaky(settings.number("slope")))),
};

#[derive(Clone, Copy, Debug)]
enum Activation {
    Relu,
    Gelu { tanh: bool, gain: f64 },
    Silu,
    Leaky(f64),
}

impl Plan for Activation {
    fn fit(&self, _: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let activation = *self;
        Ok(Fitted::new(input.clone(), move |_| Node::plain(activation)))
    }
}

impl Each for Activation {
    fn on<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Activation::Relu => relu(x),
            Activation::Gelu { tanh, gain } => {
                let y = if *tanh { gelu_tanh(x) } else { gelu(x) };
                if *gain == 1.0 { y } else { y * *gain }
            }
            Activation::Silu => silu(x),
            Activation::Leaky(slope) => leaky_relu(x, *slope),
        }
    }
}

impl Operation for Activation {
    fn apply(&self, x: Flow) -> Flow {
        x.each(self)
    }

    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        let of = &x.name;
        x.with(match *self {
            Activation::Relu => graph.op("Relu", &[of], &[]),
            Activation::Gelu { tanh, gain } => {
                let y = if tanh {
                    graph.gelu_tanh(of)
                } else {
                    graph.gelu(of)
                };
                graph.scaled(&y, gain)
            }
            Activation::Silu => {
                let share = graph.op("Sigmoid", &[of], &[]);
                graph.op("Mul", &[of, &share], &[])
            }
            Activation::Leaky(slope) => {
                graph.op("LeakyRelu", &[of], &[("alpha", Attribute::Float(slope))])
            }
        })
    }

    fn is_relu(&self) -> bool {
        matches!(self, Activation::Relu)
    }
}
