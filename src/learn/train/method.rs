//! What a method is.
//!
//! The loop knows one thing: an objective that turns a batch into terms and itself into its next. A [`Method`] says what its
//! learner is, how a batch becomes a loss, and what is done once the optimizer has stepped. A [`Part`](super::part::Part)
//! joins the two: it holds the learner, which the optimizer changes, and the memory, which it does not (moving averages,
//! queues), and keeps both in a checkpoint. A run has one part or, where methods are joined, several over one encoder. So
//! whatever the loop promises, it promises for every method.

use super::Plan;
use super::inputs::Inputs;
use crate::Error;
use crate::nn::Network;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// What a batch gives.
pub struct Terms {
    /// The loss that is made smaller, `[1]`.
    pub loss: Tensor<1>,
    /// Figures to follow beside it.
    pub figures: Vec<Term>,
    /// Embeddings of each view, `[batch, dim]`, in which signs of a collapse are looked for.
    pub rows: Vec<Tensor<2>>,
    /// What the memory takes up after the step, `[batch, dim]`.
    pub kept: Option<Tensor<2>>,
}

impl Terms {
    /// A loss and the embeddings that it was computed from.
    pub fn new(loss: Tensor<1>, rows: Vec<Tensor<2>>) -> Terms {
        Terms {
            loss,
            figures: Vec::new(),
            rows,
            kept: None,
        }
    }
}

/// A figure of one batch; an epoch has the weighted mean over its batches.
pub struct Term {
    /// Its name, as in the history.
    pub name: &'static str,
    /// Its value, `[1]`.
    pub value: Tensor<1>,
    /// Its weight, such as the number of clips that it was computed from.
    pub weight: f64,
    /// Which of two values is the better one.
    pub better: Better,
}

/// Which of two values of a figure is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The higher one, as for an accuracy.
    Higher,
    /// The lower one, as for a loss.
    Lower,
}

impl Better {
    /// Whether a value is better than another; what is not a number never is.
    pub fn is_better(self, value: f64, than: f64) -> bool {
        match self {
            Better::Higher => value > than,
            Better::Lower => value < than,
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Steps done.
    pub done: usize,
    /// Steps in all.
    pub total: usize,
}

/// The memory of a method that has none.
pub type Nothing = Option<Param<Tensor<1>>>;

/// A training method.
pub trait Method: Clone + Send + Sync + 'static {
    /// What the optimizer changes; its field `encoder` is the plan's encoder.
    type Learner: Module + 'static;
    /// What is kept from step to step beside it; [`Nothing`] for most.
    type Memory: Module + 'static;

    /// The plan as it is for this method.
    ///
    /// # Errors
    /// Whatever it cannot make of the plan.
    fn plan(&self, plan: Plan) -> Result<Plan, Error> {
        Ok(plan)
    }

    /// The loss as its source.
    fn loss(&self, plan: &Plan) -> String;

    /// What else decides the result: names and values.
    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)>;

    /// Whether labels decide the result.
    fn reads_labels(&self) -> bool {
        false
    }

    /// Checks what the plan alone cannot.
    ///
    /// # Errors
    /// [`Error::Range`], [`Error::Labels`] or [`Error::Run`], naming the part.
    fn check(&self, _plan: &Plan) -> Result<(), Error> {
        Ok(())
    }

    /// The learner before the first step.
    ///
    /// # Errors
    /// Whatever building it reports.
    fn learner(&self, plan: &Plan, device: &Device) -> Result<Self::Learner, Error>;

    /// The memory before the first step.
    ///
    /// # Errors
    /// Whatever building it reports.
    fn memory(&self, plan: &Plan, learner: &Self::Learner) -> Result<Self::Memory, Error>;

    /// Turns a batch into terms. Its embeddings are asked of `inputs`, so that methods that are joined share them.
    ///
    /// # Errors
    /// [`Error::Shape`] if the views do not fit the encoder, and what the loss reports.
    fn terms(
        &self,
        learner: &Self::Learner,
        memory: &Self::Memory,
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error>;

    /// The memory after a step.
    fn after_step(
        &self,
        _learner: &Self::Learner,
        memory: Self::Memory,
        _kept: Option<Tensor<2>>,
        _at: Moment,
    ) -> Self::Memory {
        memory
    }

    /// The plan's encoder in a learner.
    fn encoder_mut<'a>(&self, learner: &'a mut Self::Learner) -> &'a mut Network;

    /// The encoders that it trains, by name; the first is the plan's, `encoder`.
    fn encoders<'a>(
        &self,
        learner: &'a Self::Learner,
        memory: &'a Self::Memory,
    ) -> Vec<(&'static str, &'a Network)>;
}
