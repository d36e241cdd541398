//! Everything of a clip in a row.

use super::edge::{Edge, Form};
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::{Flow, Node, Operation};
use super::shape::Shape;
use crate::nn::onnx::{Attribute, Graph};
use std::sync::Arc;

/// All numbers of a clip in one row, the last axis fastest.
pub(super) static FLATTEN: Declaration = Declaration {
    name: "flatten",
    about: "Makes a layer that lays all numbers of a clip in a row.",
    citation: "",
    parameters: &[],
    facts: (),
    example: "let m = (flatten() |> linear(2)).build(#{ bands: 3, frames: 4 }); \
        assert(m.n_parameters == 13 * 2)",
    build: |_| Ok(Arc::new(Flatten)),
};

#[derive(Clone, Copy, Debug)]
struct Flatten;

impl Plan for Flatten {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        if input.positions().iter().any(|size| size.known().is_none()) {
            let want = "the sizes of all axes: give `build` the `bands` and `frames`, or `samples`";
            return Err(Refusal::needs(want));
        }
        let shape = Shape::Row(input.dims().iter().product());
        site.push("row", &shape, 0, 0);
        Ok(Fitted::new(shape, |_| Node::plain(Flatten)))
    }
}

impl Operation for Flatten {
    fn apply(&self, x: Flow) -> Flow {
        Flow::Row(match x {
            Flow::Map(x) => x.flatten::<2>(1, 3),
            Flow::Line(x) | Flow::Tokens(x) => x.flatten::<2>(1, 2),
            Flow::Row(x) => x,
        })
    }

    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        Edge {
            name: graph.op("Flatten", &[&x.name], &[("axis", Attribute::Int(1))]),
            form: Form::Row,
        }
    }
}
