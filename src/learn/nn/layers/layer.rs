//! What a layer declares: how it fits an input, and what it becomes there.

use super::node::{Child, Node};
use super::shape::Shape;
use crate::Error;
use crate::nn::{Layer, Scheme};
use auricle_audio::declare;
use burn::tensor::Device;
use std::fmt::Debug;
use std::sync::Arc;

/// The declaration of a layer.
pub type Declaration = declare::Declaration<Arc<dyn Plan>, Error>;

/// A described layer: it prints as its source, compares and goes to JSON.
pub type Described = declare::Described<Arc<dyn Plan>, Error>;

/// A layer without weights that does not know its input yet.
pub trait Plan: Debug + Send + Sync {
    /// Fits it to an input: what it gives there, and how it is made.
    ///
    /// # Errors
    /// [`Refusal::Here`] if it cannot read such an input, [`Refusal::Inside`] if a layer inside it
    /// cannot.
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal>;

    /// The name that it gives its weights, in place of its number.
    fn name(&self) -> Option<&str> {
        None
    }

    /// Whether its weights have the names that they have inside it, without a number before them.
    fn is_nameless(&self) -> bool {
        false
    }

    /// Whether it can only stand where waves come in.
    fn reads_waves(&self) -> bool {
        false
    }
}

/// How a fitted layer is made on a device, its weights not yet drawn.
type Make = Box<dyn FnOnce(&Device) -> Node>;

/// A layer that knows its input.
pub struct Fitted {
    pub(super) shape: Shape,
    pub(super) make: Make,
}

impl Fitted {
    /// A layer that gives a shape, and how it is made.
    pub(super) fn new(shape: Shape, make: impl FnOnce(&Device) -> Node + 'static) -> Fitted {
        Fitted {
            shape,
            make: Box::new(make),
        }
    }
}

/// A layer inside another that knows its input: the names it will have, and how it is made.
pub(super) struct Place {
    name: Option<String>,
    path: String,
    token_dim: Option<usize>,
    make: Make,
}

impl Place {
    /// A fitted layer under a name, and the shape that it gives.
    pub(super) fn new(name: Option<String>, path: String, fitted: Fitted) -> (Shape, Place) {
        let Fitted { shape, make } = fitted;
        let token_dim = match shape {
            Shape::Tokens(_, dim) => Some(dim),
            _ => None,
        };
        let place = Place {
            name,
            path,
            token_dim,
            make,
        };
        (shape, place)
    }

    pub(super) fn build(self, device: &Device) -> Child {
        Child {
            name: self.name,
            path: self.path,
            token_dim: self.token_dim,
            node: (self.make)(device),
        }
    }
}

/// Why a layer cannot stand where it stands.
pub enum Refusal {
    /// The layer itself: what it needs, and what it is given if that is not its input.
    Here {
        /// What it needs.
        want: String,
        /// What it is given.
        got: Option<String>,
    },
    /// A layer inside it.
    Inside(Error),
}

impl Refusal {
    /// A layer that needs another input.
    pub(super) fn needs(want: impl Into<String>) -> Refusal {
        Refusal::Here {
            want: want.into(),
            got: None,
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        Refusal::Inside(error)
    }
}

/// Where layers are fitted: the name of the place, and what was seen on the way.
#[derive(Default)]
pub struct Site {
    path: Vec<String>,
    /// The layers that compute, in their order.
    pub(super) layers: Vec<Layer>,
    /// Names of weights, and how they are drawn where that is not as elsewhere.
    pub(super) schemes: Vec<(String, Scheme)>,
}

impl Site {
    /// Fits what stands under a name, or under that of what is around it.
    pub(super) fn inside<T>(
        &mut self,
        name: Option<&str>,
        fit: impl FnOnce(&mut Site) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.path.extend(name.map(str::to_owned));
        let fitted = fit(self);
        if name.is_some() {
            self.path.pop();
        }
        fitted
    }

    /// The name of the place.
    pub(super) fn path(&self) -> String {
        self.path.join(".")
    }

    /// Tells of what computes here.
    pub(super) fn push(
        &mut self,
        kind: &'static str,
        shape: &Shape,
        n_parameters: usize,
        multiply_adds: usize,
    ) {
        self.push_part("", kind, shape, n_parameters, multiply_adds);
    }

    /// Tells of a part of what computes here.
    pub(super) fn push_part(
        &mut self,
        part: &str,
        kind: &'static str,
        shape: &Shape,
        n_parameters: usize,
        multiply_adds: usize,
    ) {
        self.layers.push(Layer {
            name: self.part(part),
            kind,
            shape: shape.dims(),
            n_parameters,
            multiply_adds: multiply_adds as u64,
        });
    }

    /// Says how the weights here are drawn, where that is not as in most layers.
    pub(super) fn draw_as(&mut self, part: &str, scheme: Scheme) {
        let name = self.part(part);
        self.schemes.push((name, scheme));
    }

    fn part(&self, part: &str) -> String {
        let path = self.path();
        match (path.is_empty(), part.is_empty()) {
            (_, true) => path,
            (true, false) => part.to_owned(),
            (false, false) => format!("{path}.{part}"),
        }
    }
}
