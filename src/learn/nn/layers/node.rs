//! The layers as modules, and a batch on its way through them.

use super::edge::Edge;
use crate::nn::onnx::Graph;
use crate::nn::{
    BatchNorm, Conv1d, Conv2d, GroupNorm, LayerNorm, NfBlock, PatchEmbed, PatchTokens, Positions,
};
use crate::nn::{TransformerBlock, WsConv2d};
use burn::module::{
    Content, Devices, Flag, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper,
    ModuleVisitor, Param,
};
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use std::fmt::Debug;
use std::sync::Arc;

/// A batch between two layers.
#[derive(Clone, Debug)]
pub enum Flow {
    /// Maps, `[batch, channels, bands, frames]`.
    Map(Tensor<4>),
    /// Lines, `[batch, channels, positions]`.
    Line(Tensor<3>),
    /// Tokens, `[batch, n, dim]`.
    Tokens(Tensor<3>),
    /// Rows, `[batch, dim]`.
    Row(Tensor<2>),
}

/// What is done with tensors of any rank.
pub(super) trait Each {
    /// Does it with one.
    fn on<const D: usize>(&self, x: Tensor<D>) -> Tensor<D>;
}

impl Flow {
    /// The same done whatever the batch is.
    pub(super) fn each(self, what: &impl Each) -> Flow {
        match self {
            Flow::Map(x) => Flow::Map(what.on(x)),
            Flow::Line(x) => Flow::Line(what.on(x)),
            Flow::Tokens(x) => Flow::Tokens(what.on(x)),
            Flow::Row(x) => Flow::Row(what.on(x)),
        }
    }

    /// Whether it is on a device that differentiates.
    fn is_trained(&self) -> bool {
        match self {
            Flow::Map(x) => x.device().is_autodiff(),
            Flow::Line(x) | Flow::Tokens(x) => x.device().is_autodiff(),
            Flow::Row(x) => x.device().is_autodiff(),
        }
    }

    fn relu(self) -> Flow {
        struct Relu;
        impl Each for Relu {
            fn on<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
                relu(x)
            }
        }
        self.each(&Relu)
    }

    /// The sum of two batches.
    fn plus(self, other: Flow) -> Flow {
        match (self, other) {
            (Flow::Map(a), Flow::Map(b)) => Flow::Map(a + b),
            (Flow::Line(a), Flow::Line(b)) => Flow::Line(a + b),
            (Flow::Tokens(a), Flow::Tokens(b)) => Flow::Tokens(a + b),
            (Flow::Row(a), Flow::Row(b)) => Flow::Row(a + b),
            _ => unreachable!("{CHECKED}"),
        }
    }

    fn joined(all: Vec<Flow>) -> Flow {
        macro_rules! cat {
            ($kind:ident, $axis:literal) => {
                Flow::$kind(Tensor::cat(
                    all.into_iter()
                        .map(|flow| match flow {
                            Flow::$kind(x) => x,
                            _ => unreachable!("{CHECKED}"),
                        })
                        .collect(),
                    $axis,
                ))
            };
        }
        match all.first() {
            Some(Flow::Map(_)) => cat!(Map, 1),
            Some(Flow::Line(_)) => cat!(Line, 1),
            Some(Flow::Tokens(_)) => cat!(Tokens, 2),
            Some(Flow::Row(_)) | None => cat!(Row, 1),
        }
    }
}

/// Why layers never meet what they cannot read.
pub(super) const CHECKED: &str = "shapes are checked when layers are built, and at every input";

/// A layer without weights.
pub(super) trait Operation: Debug + Send + Sync {
    /// Computes it.
    fn apply(&self, x: Flow) -> Flow;

    /// Computes it while it is trained.
    fn train(&self, x: Flow) -> Flow {
        self.apply(x)
    }

    /// Writes what it computes when it is not trained into a graph.
    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge;

    /// Whether it is a ReLU, which a norm before it computes along the way.
    fn is_relu(&self) -> bool {
        false
    }
}

/// A layer without weights, as a module.
#[derive(Module, Debug)]
pub struct Plain {
    #[module(skip)]
    operation: Arc<dyn Operation>,
    /// Down where the layer is frozen: it then does what it does in evaluation.
    training: Param<Flag>,
}

impl Plain {
    pub(super) fn operation(&self) -> &dyn Operation {
        self.operation.as_ref()
    }
}

/// A layer with its weights.
#[expect(
    clippy::large_enum_variant,
    reason = "few are held at a time, and what they hold is on the heap"
)]
#[derive(Module, Debug)]
pub enum Node {
    /// One without weights.
    Plain(Plain),
    /// A convolution of lines.
    Conv1d(Conv1d),
    /// A convolution of maps.
    Conv2d(Conv2d),
    /// A convolution of maps with standardized weights.
    WsConv2d(WsConv2d),
    /// A linear layer.
    Linear(Linear),
    /// A batch norm.
    BatchNorm(BatchNorm),
    /// A layer norm.
    LayerNorm(LayerNorm),
    /// A group norm.
    GroupNorm(GroupNorm),
    /// A block without norms.
    NfBlock(NfBlock),
    /// Patches as tokens.
    PatchEmbed(PatchEmbed),
    /// Patches as tokens with their places, behind a class token.
    PatchTokens(PatchTokens),
    /// A table of positions.
    Positions(Positions),
    /// Blocks of a transformer.
    Transformer(Vec<TransformerBlock>),
    /// Layers one behind the other.
    Sequence(Children),
    /// The sum of a body and the input, or a shortcut that stands behind the body.
    Residual(Children),
    /// The sum of branches.
    Sum(Children),
    /// Branches joined along channels or features.
    Joined(Children),
    /// What makes time slower; then the stems of a slow and a fast network; then, of every stage, what
    /// leads from the fast to the slow one, and the two.
    SlowFast(Children),
}

/// What follows a layer and may be computed with it: a shortcut that is added, then a ReLU.
#[derive(Default)]
pub(super) struct Behind {
    shortcut: Option<Flow>,
    relu: bool,
}

impl Behind {
    fn apply(self, x: Flow) -> Flow {
        let x = match self.shortcut {
            Some(shortcut) => x.plus(shortcut),
            None => x,
        };
        if self.relu { x.relu() } else { x }
    }

    fn is_nothing(&self) -> bool {
        self.shortcut.is_none() && !self.relu
    }
}

/// The maps that somebody asked for, by the names of layers.
#[derive(Default)]
pub(super) struct Maps<'a> {
    wanted: &'a [String],
    found: Vec<(String, Flow)>,
}

impl<'a> Maps<'a> {
    pub(super) fn of(wanted: &'a [String]) -> Maps<'a> {
        Maps {
            wanted,
            found: Vec::new(),
        }
    }

    pub(super) fn found(self) -> Vec<(String, Flow)> {
        self.found
    }

    fn wants(&self, path: &str) -> bool {
        self.wanted.iter().any(|name| name == path)
    }

    fn keep(&mut self, path: &str, x: &Flow) {
        if self.wants(path) {
            self.found.push((path.to_owned(), x.clone()));
        }
    }
}

/// A batch norm, and a ReLU that is computed along the way.
struct Normalize<'a> {
    norm: &'a BatchNorm,
    relu: bool,
}

impl Each for Normalize<'_> {
    fn on<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match self.relu {
            true => self.norm.forward_relu(x),
            false => self.norm.forward(x),
        }
    }
}

impl Node {
    /// A layer without weights.
    pub(super) fn plain(operation: impl Operation + 'static) -> Node {
        Node::Plain(Plain {
            operation: Arc::new(operation),
            training: Param::from_bool(true),
        })
    }

    fn is_relu(&self) -> bool {
        matches!(self, Node::Plain(plain) if plain.operation.is_relu())
    }

    /// Computes the layer and what is behind it.
    fn forward(&self, x: Flow, behind: Behind, maps: &mut Maps<'_>) -> Flow {
        match (self, x) {
            (Node::BatchNorm(norm), x) => match behind {
                Behind {
                    shortcut: Some(shortcut),
                    relu: true,
                } => match (x, shortcut) {
                    (Flow::Map(x), Flow::Map(s)) => Flow::Map(norm.forward_add_relu(x, s)),
                    (Flow::Line(x), Flow::Line(s)) => Flow::Line(norm.forward_add_relu(x, s)),
                    (Flow::Row(x), Flow::Row(s)) => Flow::Row(norm.forward_add_relu(x, s)),
                    _ => unreachable!("{CHECKED}"),
                },
                Behind {
                    shortcut: None,
                    relu,
                } => x.each(&Normalize { norm, relu }),
                behind => behind.apply(x.each(&Normalize { norm, relu: false })),
            },
            (Node::Sequence(children), x) => children.in_turn(x, behind, maps),
            (Node::Residual(children), x) => children.residual(x, behind, maps),
            (Node::Sum(children), x) => {
                let all = children.beside(x, maps).into_iter().reduce(Flow::plus);
                behind.apply(all.expect("there are two branches or more"))
            }
            (Node::Joined(children), x) => behind.apply(Flow::joined(children.beside(x, maps))),
            (Node::SlowFast(children), x) => behind.apply(children.slow_fast(x, maps)),
            (simple, x) => behind.apply(simple.compute(x)),
        }
    }

    fn compute(&self, x: Flow) -> Flow {
        match (self, x) {
            (Node::Plain(plain), x) if plain.training.is_enabled() && x.is_trained() => {
                plain.operation.train(x)
            }
            (Node::Plain(plain), x) => plain.operation.apply(x),
            (Node::Conv1d(conv), Flow::Line(x)) => Flow::Line(conv.forward(x)),
            (Node::Conv2d(conv), Flow::Map(x)) => Flow::Map(conv.forward(x)),
            (Node::WsConv2d(conv), Flow::Map(x)) => Flow::Map(conv.forward(x)),
            (Node::Linear(layer), Flow::Row(x)) => Flow::Row(layer.forward(x)),
            (Node::Linear(layer), Flow::Tokens(x)) => Flow::Tokens(layer.forward(x)),
            (Node::LayerNorm(norm), Flow::Row(x)) => Flow::Row(norm.forward(x)),
            (Node::LayerNorm(norm), Flow::Tokens(x)) => Flow::Tokens(norm.forward(x)),
            (Node::GroupNorm(norm), Flow::Map(x)) => Flow::Map(norm.forward(x)),
            (Node::GroupNorm(norm), Flow::Line(x)) => Flow::Line(norm.forward(x)),
            (Node::GroupNorm(norm), Flow::Row(x)) => Flow::Row(norm.forward(x)),
            (Node::NfBlock(block), Flow::Map(x)) => Flow::Map(block.forward(x)),
            (Node::PatchEmbed(layer), Flow::Map(x)) => Flow::Tokens(layer.forward(x)),
            (Node::PatchTokens(layer), Flow::Map(x)) => Flow::Tokens(layer.forward(x)),
            (Node::Positions(layer), Flow::Tokens(x)) => Flow::Tokens(layer.forward(x)),
            (Node::Transformer(blocks), Flow::Tokens(x)) => {
                Flow::Tokens(blocks.iter().fold(x, |x, block| block.forward(x)))
            }
            _ => unreachable!("{CHECKED}"),
        }
    }
}

/// A layer inside another: the name that its weights have there, none if they have those of the
/// layer around it, and the whole name.
#[derive(Clone, Debug)]
pub(super) struct Child {
    pub(super) name: Option<String>,
    pub(super) path: String,
    /// Features of a token, where it gives tokens.
    pub(super) token_dim: Option<usize>,
    pub(super) node: Node,
}

impl Child {
    pub(super) fn forward(&self, x: Flow, behind: Behind, maps: &mut Maps<'_>) -> Flow {
        if behind.is_nothing() || !maps.wants(&self.path) {
            let x = self.node.forward(x, behind, maps);
            maps.keep(&self.path, &x);
            return x;
        }
        // What is asked for is what the layer gives by itself.
        let x = self.node.forward(x, Behind::default(), maps);
        maps.keep(&self.path, &x);
        behind.apply(x)
    }
}

/// Layers inside another, with names of their own.
#[derive(Clone, Debug)]
pub struct Children(pub(super) Vec<Child>);

impl Children {
    fn in_turn(&self, x: Flow, behind: Behind, maps: &mut Maps<'_>) -> Flow {
        in_turn(&self.0, x, behind, maps)
    }

    fn slow_fast(&self, x: Flow, maps: &mut Maps<'_>) -> Flow {
        let mut step = |child: &Child, x| child.forward(x, Behind::default(), maps);
        let [slower, slow_stem, fast_stem, stages @ ..] = self.0.as_slice() else {
            unreachable!("there are two stems: see `slow_fast`")
        };
        let slower = step(slower, x.clone());
        let (mut slow, mut fast) = (step(slow_stem, slower), step(fast_stem, x));
        for stage in stages.chunks_exact(3) {
            let lent = step(&stage[0], fast.clone());
            slow = step(&stage[1], Flow::joined(vec![slow, lent]));
            fast = step(&stage[2], fast);
        }
        Flow::joined(vec![fast, slow])
    }

    fn residual(&self, x: Flow, behind: Behind, maps: &mut Maps<'_>) -> Flow {
        let (body, shortcut) = (&self.0[0], self.0.get(1));
        let shortcut = match shortcut {
            Some(layers) => layers.forward(x.clone(), Behind::default(), maps),
            None => x.clone(),
        };
        let own = Behind {
            shortcut: Some(shortcut),
            relu: behind.relu && behind.shortcut.is_none(),
        };
        let rest = Behind {
            relu: behind.relu && behind.shortcut.is_some(),
            shortcut: behind.shortcut,
        };
        rest.apply(body.forward(x, own, maps))
    }

    fn beside(&self, x: Flow, maps: &mut Maps<'_>) -> Vec<Flow> {
        let branches = self.0.iter();
        branches
            .map(|branch| branch.forward(x.clone(), Behind::default(), maps))
            .collect()
    }

    fn each(self, change: impl Fn(Node) -> Node) -> Children {
        let changed = |child: Child| Child {
            node: change(child.node),
            ..child
        };
        Children(self.0.into_iter().map(changed).collect())
    }
}

/// Computes layers one behind the other, and what is behind them.
pub(super) fn in_turn(
    children: &[Child],
    x: Flow,
    mut behind: Behind,
    maps: &mut Maps<'_>,
) -> Flow {
    let (mut x, mut index) = (x, 0);
    while let Some(child) = children.get(index) {
        let is_last = |index: usize| index + 1 == children.len();
        let next = children.get(index + 1).filter(|next| next.node.is_relu());
        let own = match next {
            // A shortcut is added behind the ReLU, so they are no longer in the order of a norm.
            Some(_) if behind.shortcut.is_none() || !is_last(index + 1) => Behind {
                shortcut: None,
                relu: true,
            },
            _ if is_last(index) => std::mem::take(&mut behind),
            _ => Behind::default(),
        };
        let with_next = next.filter(|_| own.relu && !is_last(index));
        x = child.forward(x, own, maps);
        if let Some(next) = with_next {
            maps.keep(&next.path, &x);
            index += 1;
        }
        index += 1;
    }
    behind.apply(x)
}

/// The container that a traversal is told of.
const CONTAINER: &str = "Sequential";

/// As burn derives it for a struct, but for the names, which are no field's.
impl Module for Children {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for child in &self.0 {
            if let Some(name) = &child.name {
                visitor.enter_module(name, CONTAINER);
            }
            child.node.visit(visitor);
            if let Some(name) = &child.name {
                visitor.exit_module(name, CONTAINER);
            }
        }
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Children {
        let mut mapped = Vec::with_capacity(self.0.len());
        for child in self.0 {
            if let Some(name) = &child.name {
                mapper.enter_module(name, CONTAINER);
            }
            let node = child.node.map(mapper);
            if let Some(name) = &child.name {
                mapper.exit_module(name, CONTAINER);
            }
            mapped.push(Child { node, ..child });
        }
        Children(mapped)
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        let nodes = self.0.iter().map(|child| &child.node);
        nodes.fold(devices, |devices, node| node.collect_devices(devices))
    }

    fn to_device(self, device: &Device) -> Children {
        self.each(|node| node.to_device(device))
    }

    fn fork(self, device: &Device) -> Children {
        self.each(|node| node.fork(device))
    }

    fn train(self) -> Children {
        self.each(Node::train)
    }

    fn valid(&self) -> Children {
        let valid = |child: &Child| Child {
            name: child.name.clone(),
            path: child.path.clone(),
            token_dim: child.token_dim,
            node: child.node.valid(),
        };
        Children(self.0.iter().map(valid).collect())
    }

    fn materialize(self) -> Children {
        self.each(Node::materialize)
    }
}

impl ModuleDisplayDefault for Children {
    fn content(&self, content: Content) -> Option<Content> {
        let children = self.0.iter();
        let added = children.fold(content, |content, child| {
            content.add(child.name.as_deref().unwrap_or(""), &child.node)
        });
        added.optional()
    }
}

impl ModuleDisplay for Children {}
