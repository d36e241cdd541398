//! Built layers as a graph of ONNX.

use super::edge::{Edge, Form};
use super::network::Layers;
use super::node::{CHECKED, Child, Children, Node};
use crate::nn::onnx::{Attribute, Graph};

impl Layers {
    /// Writes the network behind an input, and gives the name of the embedding.
    pub(in crate::nn) fn to_onnx(&self, graph: &mut Graph, input: &str, form: Form) -> String {
        let input = Edge {
            name: input.to_owned(),
            form,
        };
        self.root().to_onnx(graph, input).name
    }
}

impl Child {
    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        graph.inside(self.name.as_deref(), |graph| self.node.to_onnx(graph, x))
    }
}

impl Node {
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        let name = match self {
            Node::Plain(plain) => return plain.operation().to_onnx(graph, x),
            Node::Conv1d(conv) => conv.to_onnx(graph, &x.name),
            Node::Conv2d(conv) => conv.to_onnx(graph, &x.name),
            Node::WsConv2d(conv) => conv.to_onnx(graph, &x.name),
            Node::Linear(layer) => graph.linear(&x.name, layer),
            Node::BatchNorm(norm) => norm.to_onnx(graph, &x.name),
            Node::LayerNorm(norm) => norm.to_onnx(graph, &x.name),
            Node::GroupNorm(norm) => {
                let n_positions = match x.form {
                    Form::Map => 2,
                    Form::Line | Form::Tokens => 1,
                    Form::Row => 0,
                };
                norm.to_onnx(graph, &x.name, n_positions)
            }
            Node::NfBlock(block) => block.to_onnx(graph, &x.name),
            Node::PatchEmbed(layer) => return tokens(layer.to_onnx(graph, &x.name)),
            Node::PatchTokens(layer) => return tokens(layer.to_onnx(graph, &x.name)),
            Node::Positions(layer) => layer.to_onnx(graph, &x.name),
            Node::Transformer(blocks) => {
                let numbered = blocks.iter().enumerate();
                numbered.fold(x.name.clone(), |x, (index, block)| {
                    graph.inside(Some(&index.to_string()), |graph| block.to_onnx(graph, &x))
                })
            }
            Node::Sequence(children) => {
                return children
                    .0
                    .iter()
                    .fold(x, |x, child| child.to_onnx(graph, x));
            }
            Node::Residual(children) => {
                let shortcut = match children.0.get(1) {
                    Some(layers) => layers.to_onnx(graph, x.clone()),
                    None => x.clone(),
                };
                let body = children.0[0].to_onnx(graph, x);
                return added(graph, body, &shortcut);
            }
            Node::Sum(children) => {
                let branches = children.branches(graph, &x).into_iter();
                let sum = branches.reduce(|sum, branch| added(graph, sum, &branch));
                return sum.expect("there are two branches or more");
            }
            Node::Joined(children) => {
                let branches = children.branches(graph, &x);
                return joined(graph, &branches);
            }
            Node::SlowFast(children) => return children.slow_fast_to_onnx(graph, x),
        };
        x.with(name)
    }
}

impl Children {
    fn branches(&self, graph: &mut Graph, x: &Edge) -> Vec<Edge> {
        let branches = self.0.iter();
        branches
            .map(|branch| branch.to_onnx(graph, x.clone()))
            .collect()
    }

    /// As [`Children::slow_fast`].
    fn slow_fast_to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        let [slower, slow_stem, fast_stem, stages @ ..] = self.0.as_slice() else {
            unreachable!("{CHECKED}")
        };
        let slower = slower.to_onnx(graph, x.clone());
        let mut slow = slow_stem.to_onnx(graph, slower);
        let mut fast = fast_stem.to_onnx(graph, x);
        for stage in stages.chunks_exact(3) {
            let lent = stage[0].to_onnx(graph, fast.clone());
            let both = joined(graph, &[slow, lent]);
            slow = stage[1].to_onnx(graph, both);
            fast = stage[2].to_onnx(graph, fast);
        }
        joined(graph, &[fast, slow])
    }
}

fn tokens(name: String) -> Edge {
    let form = Form::Tokens;
    Edge { name, form }
}

fn added(graph: &mut Graph, x: Edge, y: &Edge) -> Edge {
    let sum = graph.op("Add", &[&x.name, &y.name], &[]);
    x.with(sum)
}

/// Branches along channels or features.
fn joined(graph: &mut Graph, branches: &[Edge]) -> Edge {
    let names: Vec<&str> = branches.iter().map(|branch| branch.name.as_str()).collect();
    let axis = match branches[0].form {
        Form::Tokens => 2,
        Form::Map | Form::Line | Form::Row => 1,
    };
    let joined = graph.op("Concat", &names, &[("axis", Attribute::Int(axis))]);
    branches[0].with(joined)
}
