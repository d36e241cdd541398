//! Means and maxima over all positions.

use super::edge::{Edge, Form};
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::{CHECKED, Flow, Node, Operation};
use super::shape::Shape;
use crate::nn::onnx::Graph;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Settings, words};
use burn::tensor::Tensor;
use std::sync::Arc;

/// The mean over all positions, or along one axis of a map.
pub(super) static GLOBAL_MEAN: Declaration = Declaration {
    name: "global_mean",
    about: "Makes a layer that gives the mean of every channel, or of every feature of tokens.",
    citation: "",
    parameters: &[OVER],
    facts: (),
    example: "let m = global_mean().build(); \
        assert(m.forward(tensor([[[[1, 2], [3, 6]]]])).to_array() == [[3.0]])",
    build: |settings| Ok(Arc::new(Global::new(Kept::Mean, settings))),
};

/// The maximum over all positions, or along one axis of a map.
pub(super) static GLOBAL_MAX: Declaration = Declaration {
    name: "global_max",
    about: "Makes a layer that gives the maximum of every channel, or of every feature of tokens.",
    citation: "",
    parameters: &[OVER],
    facts: (),
    example: "let m = (global_max(#{ over: \"time\" }) |> flatten()).build(#{ bands: 2 }); \
        assert(m.forward(tensor([[[[1, 2], [3, 6]]]])).to_array() == [[2.0, 6.0]])",
    build: |settings| Ok(Arc::new(Global::new(Kept::Maximum, settings))),
};

const OVERS: [(&str, Over); 3] = [
    ("all", Over::All),
    ("time", Over::Time),
    ("frequency", Over::Frequency),
];

const OVER: Parameter = Parameter::option(
    "over",
    Kind::Word(&words(&OVERS)),
    DefaultValue::Word("all"),
    "\"all\" positions; or \"time\", which leaves the bands of a map, or \"frequency\", which leaves \
     its frames",
);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Over {
    All,
    Time,
    Frequency,
}

#[derive(Clone, Copy, Debug)]
enum Kept {
    Mean,
    Maximum,
}

impl Kept {
    /// Along an axis, which stays with one position.
    fn along<const D: usize>(self, x: Tensor<D>, axis: usize) -> Tensor<D> {
        match self {
            Kept::Mean => x.mean_dim(axis),
            Kept::Maximum => x.max_dim(axis),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Global {
    kept: Kept,
    over: Over,
}

impl Global {
    fn new(kept: Kept, settings: &Settings<'_>) -> Global {
        Global {
            kept,
            over: settings.word("over", &OVERS),
        }
    }
}

impl Plan for Global {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let shape = match (input, self.over) {
            (Shape::Map(channels, [bands, _]), Over::Time) => Shape::Line(*channels, bands.clone()),
            (Shape::Map(channels, [_, frames]), Over::Frequency) => {
                Shape::Line(*channels, frames.clone())
            }
            (Shape::Map(..) | Shape::Line(..) | Shape::Tokens(..), Over::All) => {
                Shape::Row(input.channels())
            }
            (_, Over::All) => return Err(Refusal::needs("a map, a line or tokens")),
            _ => return Err(Refusal::needs("a map [channels, bands, frames]")),
        };
        let kind = match self.kept {
            Kept::Mean => "mean",
            Kept::Maximum => "maximum",
        };
        site.push(kind, &shape, 0, 0);
        let global = *self;
        Ok(Fitted::new(shape, move |_| Node::plain(global)))
    }
}

impl Operation for Global {
    fn apply(&self, x: Flow) -> Flow {
        let kept = self.kept;
        match (x, self.over) {
            (Flow::Map(x), Over::All) => {
                Flow::Row(kept.along(kept.along(x, 3), 2).flatten::<2>(1, 3))
            }
            (Flow::Map(x), Over::Time) => Flow::Line(kept.along(x, 3).flatten::<3>(2, 3)),
            (Flow::Map(x), Over::Frequency) => Flow::Line(kept.along(x, 2).flatten::<3>(2, 3)),
            (Flow::Line(x), _) => Flow::Row(kept.along(x, 2).flatten::<2>(1, 2)),
            (Flow::Tokens(x), _) => Flow::Row(kept.along(x, 1).flatten::<2>(1, 2)),
            (Flow::Row(_), _) => unreachable!("{CHECKED}"),
        }
    }

    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        let (axes, form): (&[i64], Form) = match (x.form, self.over) {
            (Form::Map, Over::All) => (&[2, 3], Form::Row),
            (Form::Map, Over::Time) => (&[3], Form::Line),
            (Form::Map, Over::Frequency) => (&[2], Form::Line),
            (Form::Line, _) => (&[2], Form::Row),
            (Form::Tokens, _) => (&[1], Form::Row),
            (Form::Row, _) => unreachable!("{CHECKED}"),
        };
        let kind = match self.kept {
            Kept::Mean => "ReduceMean",
            Kept::Maximum => "ReduceMax",
        };
        Edge {
            name: graph.reduced(kind, &x.name, axes),
            form,
        }
    }
}
