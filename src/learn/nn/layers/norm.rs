//! Normalizations.

use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::Node;
use super::shape::Shape;
use crate::nn::{BatchNorm, GroupNorm, LayerNorm};
use auricle_audio::declare::{DefaultValue, Kind, Parameter};
use std::sync::Arc;

/// As [`BatchNorm`].
pub(super) static BATCH_NORM: Declaration = Declaration {
    name: "batch_norm",
    about: "Makes a normalization of every channel over the batch and all positions, by running \
        estimates once it is trained.",
    citation: "Ioffe and Szegedy, 2015; as in PyTorch, with a momentum of 0.1 and an epsilon of 1e-5",
    parameters: &[],
    facts: (),
    example: "let m = (conv2d(4, #{ bias: false }) |> batch_norm() |> relu() |> global_mean()).build(); \
        assert(m.n_parameters == 4 * 9 + 2 * 4)",
    build: |_| Ok(Arc::new(OverBatch)),
};

/// `y = gamma (x - mean) / sqrt(var + epsilon) + beta` over the features of a token or a row.
pub(super) static LAYER_NORM: Declaration = Declaration {
    name: "layer_norm",
    about: "Makes a normalization over the features of every token, or over a row of numbers.",
    citation: "Ba et al., 2016",
    parameters: &[EPSILON],
    facts: (),
    example: "let m = (linear(8) |> layer_norm()).build(#{ inputs: 2 }); \
        assert(m.n_parameters == 3 * 8 + 2 * 8)",
    build: |settings| {
        Ok(Arc::new(OverFeatures {
            epsilon: settings.number("epsilon"),
        }))
    },
};

/// As [`GroupNorm`].
pub(super) static GROUP_NORM: Declaration = Declaration {
    name: "group_norm",
    about: "Makes a normalization of every clip over groups of its channels and all positions.",
    citation: "Wu and He, 2018",
    parameters: &[
        Parameter::positional(
            "groups",
            Kind::Count {
                low: 1.0,
                high: 16384.0,
            },
            DefaultValue::Required,
            "groups of channels, a divisor of their number; 1 for all of them together",
        ),
        EPSILON,
    ],
    facts: (),
    example: "let m = (conv2d(4) |> group_norm(2) |> global_mean()).build(); \
        assert(m.n_parameters == 4 * 10 + 2 * 4)",
    build: |settings| {
        Ok(Arc::new(OverGroups {
            groups: settings.count("groups"),
            epsilon: settings.number("epsilon"),
        }))
    },
};

const EPSILON: Parameter = Parameter::option(
    "epsilon",
    Kind::Number {
        low: 1e-30,
        high: 1.0,
    },
    DefaultValue::Number(1e-5),
    "what is added to variances",
);

#[derive(Debug)]
struct OverBatch;

impl Plan for OverBatch {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        if matches!(input, Shape::Tokens(..)) {
            return Err(Refusal::needs(
                "a map, a line or a row; tokens have `layer_norm()`",
            ));
        }
        let n = input.channels();
        site.push("batch norm", input, 2 * n, 0);
        Ok(Fitted::new(input.clone(), move |device| {
            Node::BatchNorm(BatchNorm::new(n, device))
        }))
    }
}

#[derive(Debug)]
struct OverFeatures {
    epsilon: f64,
}

impl Plan for OverFeatures {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        if !matches!(input, Shape::Row(_) | Shape::Tokens(..)) {
            return Err(Refusal::needs("tokens or a row; a map has `group_norm(1)`"));
        }
        let (n, epsilon) = (input.channels(), self.epsilon);
        site.push("layer norm", input, 2 * n, 0);
        Ok(Fitted::new(input.clone(), move |device| {
            Node::LayerNorm(LayerNorm::new(n, epsilon, device))
        }))
    }
}

#[derive(Debug)]
struct OverGroups {
    groups: usize,
    epsilon: f64,
}

impl Plan for OverGroups {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let (n, groups, epsilon) = (input.channels(), self.groups, self.epsilon);
        if matches!(input, Shape::Tokens(..)) || !n.is_multiple_of(groups) {
            let want = format!("a map, a line or a row with a multiple of {groups} channels");
            return Err(Refusal::needs(want));
        }
        site.push("group norm", input, 2 * n, 0);
        Ok(Fitted::new(input.clone(), move |device| {
            Node::GroupNorm(GroupNorm::new(n, groups, epsilon, device))
        }))
    }
}
