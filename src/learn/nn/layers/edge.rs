//! A batch on its way through a graph of ONNX.

/// A batch: its name there, and its axes.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) name: String,
    pub(super) form: Form,
}

/// What the axes of a batch are: see [`super::node::Flow`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::nn) enum Form {
    Map,
    Line,
    Tokens,
    Row,
}

impl Edge {
    /// What an operation made of it, on the same axes.
    pub(super) fn with(&self, name: String) -> Edge {
        Edge {
            name,
            form: self.form,
        }
    }
}
