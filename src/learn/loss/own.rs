//! A loss of the user's own: a function of the views and the labels.

use super::described::{Input, LABELS, LossDeclaration, LossFacts, Reads, computed};
use crate::Error;
use auricle_audio::declare::{DefaultValue, Inner, Inside, Kind, Nested, Parameter};
use burn::tensor::Tensor;
use std::any::Any;
use std::sync::Arc;

/// What a function of the user's does; the language implements it.
pub trait LossFunction: Send + Sync {
    /// The source that gives the function.
    fn source(&self) -> &str;

    /// Computes the loss, `[1]`, of views `[batch, dim]` and a label for every row, where there is
    /// one.
    ///
    /// # Errors
    /// The function's own.
    fn of(&self, views: &[Tensor<2>], labels: &[Option<usize>]) -> Result<Tensor<1>, Error>;
}

/// A function of the user's. Compares by its source.
#[derive(Clone)]
pub struct UserLoss(Arc<dyn LossFunction>);

impl UserLoss {
    /// Wraps what the language made of a closure.
    pub fn new(function: impl LossFunction + 'static) -> UserLoss {
        UserLoss(Arc::new(function))
    }
}

impl Inner for UserLoss {
    fn source(&self) -> String {
        self.0.source().to_owned()
    }

    fn to_json(&self) -> serde_json::Value {
        self.0.source().into()
    }

    fn same(&self, other: &dyn Inner) -> bool {
        let other = (other as &dyn Any).downcast_ref::<UserLoss>();
        other.is_some_and(|other| other.0.source() == self.0.source())
    }
}

/// See [`LossFunction`].
pub static OWN_LOSS: LossDeclaration = LossDeclaration {
    name: "own_loss",
    about: "Describes a loss of your own, for a training method: a function of the projected views, \
        an array of tensors [batch, dim], and of the labels, an array with `()` where one is \
        missing.",
    citation: "",
    parameters: &[Parameter::positional(
        "function",
        Kind::Nested(&Inside {
            what: "a function such as `|views, labels| ...`",
            check: |param, nested: &Nested| match nested.get::<UserLoss>() {
                Some(_) => Ok(()),
                None => Err(auricle_audio::Error::range(
                    param,
                    "a function such as `|views, labels| ...`",
                    nested.source(),
                )),
            },
        }),
        DefaultValue::Required,
        "a closure such as `|views, labels| nt_xent(views[0], views[1], 0.1)`, which gives a tensor \
            of one number",
    )],
    facts: LossFacts {
        views: true,
        inputs: &[
            Input::positional("views", Reads::Rows, "the views, [batch, dim]"),
            LABELS,
        ],
    },
    example: "let loss = own_loss(|views, labels| align(views[0], views[1])); print(loss)",
    build: |settings| {
        let function = settings.inside::<UserLoss>("function");
        let function = function.expect("a required parameter is given").clone();
        computed(move |given| {
            let none = vec![None; given.rows.first().map_or(0, |rows| rows.dims()[0])];
            function.0.of(&given.rows, given.labels.unwrap_or(&none))
        })
    },
};
