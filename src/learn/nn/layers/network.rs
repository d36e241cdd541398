//! Built layers as a network like any other.

use super::node::{Behind, CHECKED, Child, Flow, Maps, Node, in_turn};
use super::stack::Stack;
use crate::Error;
use crate::nn::front::Front;
use crate::nn::{Input, PatchTokens, Transformer};
use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
};
use burn::tensor::{Device, Tensor};

/// An embedding, `[batch, dim]`, and what was asked for on the way, by the names of layers.
pub type Embedded = (Tensor<2>, Vec<(String, Flow)>);

/// The network of a [`Stack`].
#[derive(Clone, Debug)]
pub struct Layers {
    root: Child,
    stack: Stack,
}

impl Layers {
    /// The network of some layers, its weights not yet drawn.
    ///
    /// # Errors
    /// As [`Stack::new`], which has reported them.
    pub fn new(stack: &Stack, device: &Device) -> Result<Layers, Error> {
        let root = Child {
            name: None,
            path: String::new(),
            token_dim: None,
            node: (stack.fitted()?.make)(device),
        };
        Ok(Layers {
            root,
            stack: stack.clone(),
        })
    }

    /// Embeds a batch as `[batch, dim]`. On a device that differentiates it trains: batch norms
    /// take the batch's statistics, dropout drops.
    ///
    /// # Errors
    /// [`Error::Shape`] if clips have other axes than the layers were built for,
    /// [`Error::Misfit`] if they are too small for one.
    pub fn forward(&self, input: Input) -> Result<Tensor<2>, Error> {
        Ok(self.forward_with(input, &[])?.0)
    }

    /// The same with what layers of some names give.
    ///
    /// # Errors
    /// As [`Layers::forward`], and [`Error::Run`] for a name that no layer has.
    pub fn forward_with(&self, input: Input, names: &[String]) -> Result<Embedded, Error> {
        self.check(&input)?;
        let flow = match input {
            Input::Features(x) if self.stack.reads_rows() => Flow::Row(x.flatten::<2>(1, 3)),
            Input::Waves(x) if self.stack.reads_rows() => Flow::Row(x.flatten::<2>(1, 2)),
            Input::Features(x) => Flow::Map(x),
            Input::Waves(x) => Flow::Line(x),
            Input::Vectors(x) => Flow::Row(x),
        };
        let mut maps = Maps::of(names);
        let out = self.root.forward(flow, Behind::default(), &mut maps);
        let found = maps.found();
        if let Some(missing) = names
            .iter()
            .find(|name| !found.iter().any(|(n, _)| n == *name))
        {
            return Err(Error::Run {
                message: format!("no layer is named `{missing}`"),
                hint: "`summary()` lists the names; `named(\"...\", layers)` gives one".into(),
            });
        }
        match out {
            Flow::Row(x) => Ok((x, found)),
            Flow::Map(_) | Flow::Line(_) | Flow::Tokens(_) => {
                unreachable!("a stack ends in a row: see `Stack::new`")
            }
        }
    }

    /// What the layers give before it becomes one row a clip: the last map, line or tokens; nothing if they never do.
    ///
    /// # Errors
    /// As [`Layers::forward`].
    pub(crate) fn last_before_row(&self, input: Input) -> Result<Option<Flow>, Error> {
        self.check(&input)?;
        let mut flow = match input {
            Input::Features(_) | Input::Waves(_) if self.stack.reads_rows() => return Ok(None),
            Input::Features(x) => Flow::Map(x),
            Input::Waves(x) => Flow::Line(x),
            Input::Vectors(_) => return Ok(None),
        };
        let Node::Sequence(children) = &self.root.node else {
            return Ok(None);
        };
        // What works on a map together, as a norm and its ReLU do, is computed one by one here.
        for (index, child) in children.0.iter().enumerate() {
            let own = std::slice::from_ref(child);
            let next = in_turn(own, flow.clone(), Behind::default(), &mut Maps::default());
            if matches!(next, Flow::Row(_)) {
                return Ok((index > 0).then_some(flow));
            }
            flow = next;
        }
        Ok(None)
    }

    /// Checks that the layers can read a batch.
    ///
    /// # Errors
    /// As [`Layers::forward`].
    pub(crate) fn check(&self, input: &Input) -> Result<(), Error> {
        let dims = input.dims();
        let (what, sizes) = ("the input of the encoder", &dims[1..]);
        if dims[0] == 0 {
            let want = "a batch of at least one clip".to_owned();
            return Err(Error::Shape {
                what,
                want,
                got: dims,
            });
        }
        self.stack.check(what, sizes)?;
        Ok(())
    }

    /// The layers as a transformer, if they begin with `patch_tokens`.
    pub(crate) fn transformer(&self) -> Option<TokenLayers<'_>> {
        let Node::Sequence(children) = &self.root.node else {
            return None;
        };
        let (first, others) = children.0.split_first()?;
        let Node::PatchTokens(front) = &first.node else {
            return None;
        };
        let gives_tokens = others.iter().take_while(|child| child.token_dim.is_some());
        let (tokens, rest) = others.split_at(gives_tokens.count());
        Some(TokenLayers {
            front,
            run_dim: tokens.last().unwrap_or(first).token_dim.unwrap_or(0),
            tokens,
            rest,
            n_features: self.stack.dim(),
        })
    }

    pub(super) fn root(&self) -> &Node {
        &self.root.node
    }

    fn with(self, change: impl FnOnce(Node) -> Node) -> Layers {
        let root = Child {
            node: change(self.root.node),
            ..self.root
        };
        Layers { root, ..self }
    }
}

/// Layers that begin with `patch_tokens`, as a transformer: those that give tokens, then the rest.
pub(crate) struct TokenLayers<'a> {
    front: &'a PatchTokens,
    tokens: &'a [Child],
    rest: &'a [Child],
    run_dim: usize,
    n_features: usize,
}

impl Transformer for TokenLayers<'_> {
    fn front(&self) -> Front<'_> {
        self.front.front()
    }

    fn run(&self, tokens: Tensor<3>) -> Tensor<3> {
        let (behind, maps) = (Behind::default(), &mut Maps::default());
        match in_turn(self.tokens, Flow::Tokens(tokens), behind, maps) {
            Flow::Tokens(tokens) => tokens,
            _ => unreachable!("{CHECKED}"),
        }
    }

    fn read(&self, tokens: Tensor<3>) -> Tensor<2> {
        let (behind, maps) = (Behind::default(), &mut Maps::default());
        match in_turn(self.rest, Flow::Tokens(tokens), behind, maps) {
            Flow::Row(row) => row,
            _ => unreachable!("{CHECKED}"),
        }
    }

    fn n_features(&self) -> usize {
        self.n_features
    }

    fn run_dim(&self) -> usize {
        self.run_dim
    }
}

/// That of its layers: names of weights begin with theirs.
impl Module for Layers {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.root.node.visit(visitor);
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Layers {
        self.with(|node| node.map(mapper))
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.root.node.collect_devices(devices)
    }

    fn to_device(self, device: &Device) -> Layers {
        self.with(|node| node.to_device(device))
    }

    fn fork(self, device: &Device) -> Layers {
        self.with(|node| node.fork(device))
    }

    fn train(self) -> Layers {
        self.with(Node::train)
    }

    fn valid(&self) -> Layers {
        let root = Child {
            name: None,
            path: String::new(),
            token_dim: None,
            node: self.root.node.valid(),
        };
        Layers {
            root,
            stack: self.stack.clone(),
        }
    }

    fn materialize(self) -> Layers {
        self.with(Node::materialize)
    }
}

impl ModuleDisplayDefault for Layers {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_single(&self.root.node).optional()
    }
}

impl ModuleDisplay for Layers {}
