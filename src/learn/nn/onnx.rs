//! Graphs in the format of ONNX, which other runtimes load: operations by name, what flows between them, and weights.
//!
//! Operations are those of set 17 of the standard, which runtimes of 2022 and later know. Every layer writes itself, in the
//! file of its mathematics.

use crate::protobuf::Message;
use burn::nn::Linear;
use burn::tensor::{Tensor, TensorData};
use std::collections::BTreeSet;

/// An option of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attribute<'a> {
    Int(i64),
    Ints(&'a [i64]),
    /// Stored in four bytes.
    Float(f64),
    Word(&'a str),
}

/// A size of an input: a number, or a name for one that may be any.
#[derive(Clone, Copy, Debug)]
pub(super) enum Axis {
    Fixed(usize),
    Any(&'static str),
}

/// A graph that grows in the order of its computation.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Message>,
    weights: Vec<Message>,
    names: BTreeSet<String>,
    /// Names of the layers around what is written.
    path: Vec<String>,
}

impl Graph {
    /// Writes what stands under a name, or under that of what is around it.
    pub(super) fn inside<T>(
        &mut self,
        name: Option<&str>,
        write: impl FnOnce(&mut Graph) -> T,
    ) -> T {
        self.path.extend(name.map(str::to_owned));
        let written = write(self);
        if name.is_some() {
            self.path.pop();
        }
        written
    }

    /// A name that nothing has yet, under that of the layer.
    fn name(&mut self, own: &str) -> String {
        let own = match self.path.is_empty() {
            true => own.to_owned(),
            false => format!("{}.{own}", self.path.join(".")),
        };
        let numbered = (2..).map(|n| format!("{own}_{n}"));
        let mut names = std::iter::once(own.clone()).chain(numbered);
        let free = names.find(|name| !self.names.contains(name));
        let free = free.expect("numbers do not end");
        self.names.insert(free.clone());
        free
    }

    /// Adds an operation with one output, and gives its name.
    pub(super) fn op(
        &mut self,
        kind: &str,
        inputs: &[&str],
        options: &[(&str, Attribute<'_>)],
    ) -> String {
        let [output] = self.ops(kind, inputs, options);
        output
    }

    /// Adds an operation with several outputs.
    pub(super) fn ops<const N: usize>(
        &mut self,
        kind: &str,
        inputs: &[&str],
        options: &[(&str, Attribute<'_>)],
    ) -> [String; N] {
        let outputs: [String; N] = std::array::from_fn(|_| self.name(kind));
        let mut node = Message::default();
        for input in inputs {
            node = node.text(NODE_INPUT, input);
        }
        for output in &outputs {
            node = node.text(NODE_OUTPUT, output);
        }
        node = node.text(NODE_NAME, &outputs[0]).text(NODE_OPERATION, kind);
        for (name, option) in options {
            node = node.message(NODE_ATTRIBUTE, &attribute(name, *option));
        }
        self.nodes.push(node);
        outputs
    }

    /// Adds a weight, and gives its name.
    pub(super) fn weight<const D: usize>(&mut self, name: &str, values: Tensor<D>) -> String {
        self.constant(name, values.into_data().convert::<f32>(), FLOAT)
    }

    /// Adds a number that is the same for all clips.
    pub(super) fn number(&mut self, name: &str, value: f64) -> String {
        let data = TensorData::new(vec![value as f32], [0; 0]);
        self.constant(name, data, FLOAT)
    }

    /// Adds whole numbers, such as a shape.
    pub(super) fn ints(&mut self, name: &str, values: &[i64]) -> String {
        let data = TensorData::new(values.to_vec(), [values.len()]);
        self.constant(name, data, INT64)
    }

    fn constant(&mut self, name: &str, data: TensorData, kind: i64) -> String {
        let name = self.name(name);
        let mut tensor = Message::default();
        for &size in data.shape().iter() {
            tensor = tensor.int(TENSOR_DIMS, size as i64);
        }
        let tensor = tensor.int(TENSOR_TYPE, kind).text(TENSOR_NAME, &name);
        self.weights.push(tensor.bytes(TENSOR_RAW, data.as_bytes()));
        name
    }

    /// `x` times a number.
    pub(super) fn scaled(&mut self, x: &str, by: f64) -> String {
        if by == 1.0 {
            return x.to_owned();
        }
        let by = self.number("factor", by);
        self.op("Mul", &[x, &by], &[])
    }

    /// `x` in another shape, where 0 keeps a size and -1 is what is left.
    pub(super) fn reshaped(&mut self, x: &str, shape: &[i64]) -> String {
        let shape = self.ints("shape", shape);
        self.op("Reshape", &[x, &shape], &[])
    }

    pub(super) fn transposed(&mut self, x: &str, axes: &[i64]) -> String {
        self.op("Transpose", &[x], &[("perm", Attribute::Ints(axes))])
    }

    /// A mean or a maximum over some axes, which go.
    pub(super) fn reduced(&mut self, kind: &str, x: &str, axes: &[i64]) -> String {
        let options = [
            ("axes", Attribute::Ints(axes)),
            ("keepdims", Attribute::Int(0)),
        ];
        self.op(kind, &[x], &options)
    }

    /// A mean or a maximum of windows side by side, with SAME padding, whose cells do not count.
    pub(super) fn pooled(&mut self, kind: &str, x: &str, window: [usize; 2]) -> String {
        let window = whole(window);
        let options = [
            ("kernel_shape", Attribute::Ints(&window)),
            ("strides", Attribute::Ints(&window)),
            ("auto_pad", Attribute::Word("SAME_UPPER")),
        ];
        self.op(kind, &[x], &options)
    }

    /// A linear layer over the last axis.
    pub(super) fn linear(&mut self, x: &str, layer: &Linear) -> String {
        let weight = self.weight("weight", layer.weight.val());
        let y = self.op("MatMul", &[x, &weight], &[]);
        match &layer.bias {
            Some(bias) => {
                let bias = self.weight("bias", bias.val());
                self.op("Add", &[&y, &bias], &[])
            }
            None => y,
        }
    }

    /// The Gaussian error linear unit.
    pub(super) fn gelu(&mut self, x: &str) -> String {
        let inner = self.scaled(x, std::f64::consts::FRAC_1_SQRT_2);
        let share = self.op("Erf", &[&inner], &[]);
        self.half_of_one_and(x, &share)
    }

    /// The same by its approximation with a hyperbolic tangent.
    pub(super) fn gelu_tanh(&mut self, x: &str) -> String {
        let square = self.op("Mul", &[x, x], &[]);
        let cubic = self.scaled(&square, 0.044715 * GELU_SCALE);
        let scale = self.number("factor", GELU_SCALE);
        let inner = self.op("Add", &[&cubic, &scale], &[]);
        let inner = self.op("Mul", &[x, &inner], &[]);
        let share = self.op("Tanh", &[&inner], &[]);
        self.half_of_one_and(x, &share)
    }

    /// `x (1 + share) / 2`.
    fn half_of_one_and(&mut self, x: &str, share: &str) -> String {
        let one = self.number("one", 1.0);
        let both = self.op("Add", &[share, &one], &[]);
        let both = self.op("Mul", &[x, &both], &[]);
        self.scaled(&both, 0.5)
    }

    /// A convolution of weights `[to, from / groups, ...]`.
    pub(super) fn conv<const D: usize>(
        &mut self,
        x: &str,
        weight: Tensor<D>,
        bias: Option<Tensor<1>>,
        options: &[(&str, Attribute<'_>)],
    ) -> String {
        let weight = self.weight("weight", weight);
        let bias = bias.map(|bias| self.weight("bias", bias));
        let inputs: Vec<&str> = [x, &weight].into_iter().chain(bias.as_deref()).collect();
        self.op("Conv", &inputs, options)
    }

    /// The positions of a map as tokens, rows along bands.
    pub(super) fn tokens_of(&mut self, map: &str) -> String {
        let line = self.reshaped(map, &[0, 0, -1]);
        self.transposed(&line, &[0, 2, 1])
    }

    /// Attention over tokens of `3 dim` features, queries, keys and values: see
    /// [`attention_by_parts`](super::ops::attention_by_parts).
    pub(super) fn attention(&mut self, tokens: &str, heads: usize, dim: usize) -> String {
        let of_head = dim / heads;
        let parts = self.ints("parts", &[dim as i64; 3]);
        let parts: [String; 3] =
            self.ops("Split", &[tokens, &parts], &[("axis", Attribute::Int(2))]);
        let mut of_heads = |part: &str, axes: &[i64]| {
            let split = self.reshaped(part, &[0, 0, heads as i64, of_head as i64]);
            self.transposed(&split, axes)
        };
        let queries = of_heads(&parts[0], &[0, 2, 1, 3]);
        let keys = of_heads(&parts[1], &[0, 2, 3, 1]);
        let values = of_heads(&parts[2], &[0, 2, 1, 3]);
        let queries = self.scaled(&queries, (of_head as f64).powf(-0.5));
        let scores = self.op("MatMul", &[&queries, &keys], &[]);
        let shares = self.op("Softmax", &[&scores], &[("axis", Attribute::Int(-1))]);
        let mixed = self.op("MatMul", &[&shares, &values], &[]);
        let mixed = self.transposed(&mixed, &[0, 2, 1, 3]);
        self.reshaped(&mixed, &[0, 0, dim as i64])
    }

    /// The first axis of `x`, as a shape of one axis.
    pub(super) fn batch_of(&mut self, x: &str) -> String {
        let options = [("start", Attribute::Int(0)), ("end", Attribute::Int(1))];
        self.op("Shape", &[x], &options)
    }

    /// The file of a graph from an input to an output, with remarks by name.
    pub(super) fn file(
        self,
        input: (&str, &[Axis]),
        output: (&str, &[Axis]),
        remarks: &[(&str, String)],
    ) -> Vec<u8> {
        let mut graph = Message::default();
        for node in &self.nodes {
            graph = graph.message(GRAPH_NODE, node);
        }
        graph = graph.text(GRAPH_NAME, "encoder");
        // Weights may be large: each is let go when it stands in the graph.
        for weight in self.weights {
            graph = graph.message(GRAPH_WEIGHT, &weight);
        }
        graph = graph
            .message(GRAPH_INPUT, &described(input))
            .message(GRAPH_OUTPUT, &described(output));
        let operations = Message::default()
            .text(SET_DOMAIN, "")
            .int(SET_VERSION, OPERATIONS);
        let mut model = Message::default()
            .int(MODEL_FORMAT, FORMAT)
            .text(MODEL_PRODUCER, "auricle")
            .text(MODEL_PRODUCER_VERSION, env!("CARGO_PKG_VERSION"))
            .message(MODEL_GRAPH, &graph)
            .message(MODEL_OPERATIONS, &operations);
        for (name, text) in remarks {
            let remark = Message::default()
                .text(REMARK_NAME, name)
                .text(REMARK_TEXT, text);
            model = model.message(MODEL_REMARK, &remark);
        }
        model.into_bytes()
    }

    /// Gives what an operation gives another name.
    pub(super) fn output(&mut self, x: &str, name: &str) {
        let node = Message::default()
            .text(NODE_INPUT, x)
            .text(NODE_OUTPUT, name)
            .text(NODE_NAME, name)
            .text(NODE_OPERATION, "Identity");
        self.nodes.push(node);
    }
}

/// What stands before the inner sum of [`Graph::gelu_tanh`].
pub(super) const GELU_SCALE: f64 =
    std::f64::consts::FRAC_2_SQRT_PI * std::f64::consts::FRAC_1_SQRT_2;

/// Sizes as options have them.
pub(super) fn whole<const N: usize>(sizes: [usize; N]) -> [i64; N] {
    sizes.map(|n| n as i64)
}

/// Cells before and behind every axis, as the standard has them: all of those before first.
pub(super) fn pads<const N: usize>(padding: &[(usize, usize); N]) -> Vec<i64> {
    let before = padding.iter().map(|(before, _)| *before as i64);
    before
        .chain(padding.iter().map(|(_, behind)| *behind as i64))
        .collect()
}

/// The version of the format, and that of the set of operations.
const FORMAT: i64 = 8;
const OPERATIONS: i64 = 17;

// Numbers of fields, as `onnx.proto` has them.
const MODEL_FORMAT: u64 = 1;
const MODEL_PRODUCER: u64 = 2;
const MODEL_PRODUCER_VERSION: u64 = 3;
const MODEL_GRAPH: u64 = 7;
const MODEL_OPERATIONS: u64 = 8;
const MODEL_REMARK: u64 = 14;
const SET_DOMAIN: u64 = 1;
const SET_VERSION: u64 = 2;
const REMARK_NAME: u64 = 1;
const REMARK_TEXT: u64 = 2;
const GRAPH_NODE: u64 = 1;
const GRAPH_NAME: u64 = 2;
const GRAPH_WEIGHT: u64 = 5;
const GRAPH_INPUT: u64 = 11;
const GRAPH_OUTPUT: u64 = 12;
const NODE_INPUT: u64 = 1;
const NODE_OUTPUT: u64 = 2;
const NODE_NAME: u64 = 3;
const NODE_OPERATION: u64 = 4;
const NODE_ATTRIBUTE: u64 = 5;
const ATTRIBUTE_NAME: u64 = 1;
const ATTRIBUTE_FLOAT: u64 = 2;
const ATTRIBUTE_INT: u64 = 3;
const ATTRIBUTE_TEXT: u64 = 4;
const ATTRIBUTE_INTS: u64 = 8;
const ATTRIBUTE_TYPE: u64 = 20;
const TENSOR_DIMS: u64 = 1;
const TENSOR_TYPE: u64 = 2;
const TENSOR_NAME: u64 = 8;
const TENSOR_RAW: u64 = 9;
const VALUE_NAME: u64 = 1;
const VALUE_TYPE: u64 = 2;
const TYPE_TENSOR: u64 = 1;
const TENSOR_ELEMENT: u64 = 1;
const TENSOR_SHAPE: u64 = 2;
const SHAPE_DIM: u64 = 1;
const DIM_VALUE: u64 = 1;
const DIM_NAME: u64 = 2;

// Types of numbers.
const FLOAT: i64 = 1;
const INT64: i64 = 7;

fn attribute(name: &str, option: Attribute<'_>) -> Message {
    let message = Message::default().text(ATTRIBUTE_NAME, name);
    // The last number is that of the type.
    match option {
        Attribute::Float(value) => message
            .float(ATTRIBUTE_FLOAT, value as f32)
            .int(ATTRIBUTE_TYPE, 1),
        Attribute::Int(value) => message.int(ATTRIBUTE_INT, value).int(ATTRIBUTE_TYPE, 2),
        Attribute::Word(value) => message.text(ATTRIBUTE_TEXT, value).int(ATTRIBUTE_TYPE, 3),
        Attribute::Ints(values) => {
            let with_values = values.iter().fold(message, |message, value| {
                message.int(ATTRIBUTE_INTS, *value)
            });
            with_values.int(ATTRIBUTE_TYPE, 7)
        }
    }
}

/// The name, the type and the shape of an input or an output.
fn described((name, axes): (&str, &[Axis])) -> Message {
    let shape = axes.iter().fold(Message::default(), |shape, axis| {
        let dim = match axis {
            Axis::Fixed(n) => Message::default().int(DIM_VALUE, *n as i64),
            Axis::Any(name) => Message::default().text(DIM_NAME, name),
        };
        shape.message(SHAPE_DIM, &dim)
    });
    let tensor = Message::default()
        .int(TENSOR_ELEMENT, FLOAT)
        .message(TENSOR_SHAPE, &shape);
    let kind = Message::default().message(TYPE_TENSOR, &tensor);
    Message::default()
        .text(VALUE_NAME, name)
        .message(VALUE_TYPE, &kind)
}
