//! An expression as a tree.

use super::fault::Span;
use super::function::Function;
use smallvec::SmallVec;

/// How many places back an expression can look.
pub const MAX_PAST: usize = 4096;

/// A node of an expression. Its operands stand before it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) span: Span,
}

/// The place of a node in its tree.
pub(super) type Id = usize;

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
    Leaf(Leaf),
    Call(Function, SmallVec<[Id; 3]>),
}

/// What has no operands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Leaf {
    Number(f64),
    /// A value that is given with a row: parameters, then variables.
    Row(usize),
    /// The place in the row.
    Index,
    /// The place over the rate, s.
    Time,
    Noise,
    /// The input so many places ago.
    Input(usize),
    /// The output so many places ago, at least 1.
    Past(usize),
}

/// All nodes; the last one is the whole expression.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn add(&mut self, kind: NodeKind, span: Span) -> Id {
        self.nodes.push(Node { kind, span });
        self.nodes.len() - 1
    }

    /// The values of all nodes at one place, one by one: slow, and for who wants to know where something went wrong.
    pub(super) fn values(&self, leaf: impl Fn(Leaf) -> f64) -> Vec<f64> {
        let mut values: Vec<f64> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let value = match &node.kind {
                NodeKind::Leaf(Leaf::Number(number)) => *number,
                NodeKind::Leaf(known) => leaf(*known),
                NodeKind::Call(function, operands) => {
                    let [a, b, c] = of_three(operands, |id| values[id]);
                    function.of(a, b, c)
                }
            };
            values.push(value);
        }
        values
    }

    /// The first node whose value is not finite, although those of its operands are.
    pub(super) fn first_not_finite(&self, values: &[f64]) -> Option<Id> {
        (0..self.nodes.len()).find(|&id| !values[id].is_finite())
    }

    /// Whether it looks at its own output.
    pub(super) fn has_past(&self) -> bool {
        let mut nodes = self.nodes.iter();
        nodes.any(|node| matches!(node.kind, NodeKind::Leaf(Leaf::Past(_))))
    }
}

/// Three operands of what takes up to three.
pub(super) fn of_three<T: Copy>(operands: &[Id], get: impl Fn(Id) -> T) -> [T; 3] {
    let nth = |n: usize| get(operands.get(n).copied().unwrap_or(operands[0]));
    [nth(0), nth(1), nth(2)]
}
