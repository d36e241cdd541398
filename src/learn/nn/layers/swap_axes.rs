//! Bands and frames, changed over.

use super::edge::Edge;
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::{CHECKED, Flow, Node, Operation};
use super::shape::Shape;
use crate::nn::onnx::Graph;
use std::sync::Arc;

/// A map on its side: frames before bands.
pub(super) static SWAP_AXES: Declaration = Declaration {
    name: "swap_axes",
    about: "Makes a layer that lays a map on its side, frames before bands, for networks whose \
        kernels are written so.",
    citation: "",
    parameters: &[],
    facts: (),
    example: "let m = (swap_axes() |> flatten()).build(#{ bands: 2, frames: 2 }); \
        assert(m.forward(tensor([[[[1, 2], [3, 4]]]])).to_array() == [[1.0, 3.0, 2.0, 4.0]])",
    build: |_| Ok(Arc::new(SwapAxes)),
};

#[derive(Debug)]
struct SwapAxes;

impl Plan for SwapAxes {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Map(channels, [rows, columns]) = input else {
            return Err(Refusal::needs("a map [channels, bands, frames]"));
        };
        let shape = Shape::Map(*channels, [columns.clone(), rows.clone()]);
        site.push("axes swapped", &shape, 0, 0);
        Ok(Fitted::new(shape, |_| Node::plain(SwapAxes)))
    }
}

impl Operation for SwapAxes {
    fn apply(&self, x: Flow) -> Flow {
        match x {
            Flow::Map(x) => Flow::Map(x.swap_dims(2, 3)),
            _ => unreachable!("{CHECKED}"),
        }
    }

    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        x.with(graph.transposed(&x.name, &[0, 1, 3, 2]))
    }
}
