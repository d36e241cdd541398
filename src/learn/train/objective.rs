//! What a run trains, seen from the loop and seen from a method.
//!
//! The loop knows one thing: an objective that turns a batch into terms and itself into its next. A [`Method`] says what its
//! learner is, how a batch becomes a loss, and what is done once the optimizer has stepped. [`Trained`] joins the two: it
//! holds the learner, which the optimizer changes, and the memory, which it does not (moving averages, queues), and keeps
//! both in a checkpoint. So whatever the loop promises, it promises for every method.

use super::average::{follow, still};
use super::{Optimizer, Plan};
use crate::Error;
use crate::batch::Batch;
use crate::nn::{NamedTensor, Network, export, import};
use burn::module::{Module, Param};
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use std::collections::BTreeMap;

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
    fn loss(&self) -> String;

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

    /// Turns a batch into terms.
    ///
    /// # Errors
    /// [`Error::Shape`] if the views do not fit the encoder, and what the loss reports.
    fn terms(
        &self,
        learner: &Self::Learner,
        memory: &Self::Memory,
        batch: &mut Batch,
        device: &Device,
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

    /// The encoders that it trains, by name; the first is the one that a run is asked for.
    fn encoders<'a>(
        &self,
        learner: &'a Self::Learner,
        memory: &'a Self::Memory,
    ) -> Vec<(&'static str, &'a Network)>;
}

/// A method's learner and memory before the first step.
pub(super) fn begin<M: Method>(
    method: &M,
    plan: &Plan,
    device: &Device,
) -> Result<Box<dyn Objective>, Error> {
    let learner = method.learner(plan, device)?;
    let memory = method.memory(plan, &learner)?;
    let average = plan.average.map(|share| Average {
        share,
        learner: still(&learner),
    });
    Ok(Box::new(Trained {
        method: method.clone(),
        state: Some((learner, memory)),
        average,
    }))
}

/// What the loop trains.
pub trait Objective: Send {
    /// One optimizer step by the mean of the gradients of some batches.
    fn step(&mut self, batches: &mut [Batch], by: Step<'_>) -> Result<Stepped, Error>;

    /// burn's optimizer for what is trained.
    fn optimizer(&self, description: &Optimizer) -> Result<ModuleOptimizer, Error>;

    /// All that must be kept to go on, by name.
    fn tensors(&self) -> Result<BTreeMap<String, NamedTensor>, Error>;

    /// Takes up what was kept.
    fn restore(&mut self, tensors: &BTreeMap<String, NamedTensor>) -> Result<(), Error>;

    /// The weights of the encoders, by the encoders' names.
    fn encoders(&self) -> Result<Vec<Weights>, Error>;

    /// Whether a step that failed half-way took the state with it.
    fn is_lost(&self) -> bool;
}

/// The weights of one encoder of a method: its name, then its tensors by theirs.
pub(super) type Weights = (&'static str, BTreeMap<String, NamedTensor>);

/// By what a step is made.
pub struct Step<'a> {
    /// burn's optimizer.
    pub optimizer: &'a mut ModuleOptimizer,
    /// Its description.
    pub description: &'a Optimizer,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// How far the run is.
    pub at: Moment,
    /// Where the learner is.
    pub device: &'a Device,
}

/// What a step gives back.
pub struct Stepped {
    /// The loss, `[1]`.
    pub loss: Tensor<1>,
    /// Figures to follow beside it.
    pub figures: Vec<Term>,
    /// Embeddings of each view of the last batch, `[batch, dim]`.
    pub rows: Vec<Tensor<2>>,
}

/// A method with what it has learned.
struct Trained<M: Method> {
    method: M,
    /// Taken out only while a step turns it into the next.
    state: Option<(M::Learner, M::Memory)>,
    average: Option<Average<M::Learner>>,
}

/// A moving average of a learner's weights.
struct Average<L> {
    /// Share of the average that a step leaves.
    share: f64,
    learner: L,
}

/// Stands before the names of the memory's tensors.
const MEMORY: &str = "memory.";
/// Stands before the names of the average's tensors.
const AVERAGE: &str = "average.";

/// The tensors whose names begin with a prefix, without it.
fn behind(prefix: &str, tensors: &BTreeMap<String, NamedTensor>) -> BTreeMap<String, NamedTensor> {
    let stripped = tensors.iter().filter_map(|(name, tensor)| {
        let name = name.strip_prefix(prefix)?;
        Some((name.to_owned(), tensor.clone()))
    });
    stripped.collect()
}

impl<M: Method> Trained<M> {
    fn state(&self) -> Result<&(M::Learner, M::Memory), Error> {
        self.state.as_ref().ok_or_else(lost)
    }
}

impl<M: Method> Objective for Trained<M> {
    fn step(&mut self, batches: &mut [Batch], by: Step<'_>) -> Result<Stepped, Error> {
        let (learner, memory) = self.state.take().ok_or_else(lost)?;
        let share = 1.0 / batches.len() as f64;
        let mut sum = GradientsAccumulator::new();
        let (mut losses, mut kept) = (Vec::new(), Vec::new());
        let (mut figures, mut rows) = (Vec::new(), Vec::new());
        for batch in batches {
            let terms = self.method.terms(&learner, &memory, batch, by.device)?;
            let loss = match share {
                1.0 => terms.loss,
                _ => terms.loss.mul_scalar(share),
            };
            sum.accumulate(
                &learner,
                GradientsParams::from_grads(loss.backward(), &learner),
            );
            losses.push(loss.inner());
            figures.extend(terms.figures);
            kept.extend(terms.kept);
            rows = terms.rows;
        }
        let gradients = by.description.clip(&learner, sum.grads());
        let learner = by.optimizer.step(by.learning_rate, learner, gradients);
        let kept = (!kept.is_empty()).then(|| Tensor::cat(kept, 0));
        let memory = self.method.after_step(&learner, memory, kept, by.at);
        self.average = self.average.take().map(|average| Average {
            learner: follow(average.learner, &learner, average.share),
            ..average
        });
        self.state = Some((learner, memory));
        Ok(Stepped {
            loss: Tensor::cat(losses, 0).sum(),
            figures,
            rows,
        })
    }

    fn optimizer(&self, description: &Optimizer) -> Result<ModuleOptimizer, Error> {
        description.build(&self.state()?.0, Some("encoder"))
    }

    fn tensors(&self) -> Result<BTreeMap<String, NamedTensor>, Error> {
        let (learner, memory) = self.state()?;
        // `valid` merges what batch norms have seen since the last step into their running statistics.
        let mut tensors = export(&learner.valid());
        let memory = export(&memory.valid()).into_iter();
        tensors.extend(memory.map(|(name, tensor)| (format!("{MEMORY}{name}"), tensor)));
        if let Some(average) = &self.average {
            let average = export(&average.learner.valid()).into_iter();
            tensors.extend(average.map(|(name, tensor)| (format!("{AVERAGE}{name}"), tensor)));
        }
        Ok(tensors)
    }

    fn restore(&mut self, tensors: &BTreeMap<String, NamedTensor>) -> Result<(), Error> {
        let (learner, memory) = self.state.take().ok_or_else(lost)?;
        let memory = import(memory, &behind(MEMORY, tensors))?;
        if let Some(Average { share, learner }) = self.average.take() {
            let learner = import(learner, &behind(AVERAGE, tensors))?;
            self.average = Some(Average { share, learner });
        }
        self.state = Some((import(learner, tensors)?, memory));
        Ok(())
    }

    fn encoders(&self) -> Result<Vec<Weights>, Error> {
        let (learner, memory) = self.state()?;
        let weights = |(name, network): (_, &Network)| (name, export(&network.valid()));
        let encoders = self.method.encoders(learner, memory);
        let mut encoders: Vec<Weights> = encoders.into_iter().map(weights).collect();
        if let Some(average) = &self.average {
            let averaged = self.method.encoders(&average.learner, memory);
            let averaged = averaged
                .first()
                .map(|(_, network)| export(&network.valid()));
            let mut averaged = averaged.unwrap_or_default();
            // Batch norms of the average saw no batch: it takes the statistics of the learner.
            let of_learner = encoders.first().into_iter().flat_map(|(_, own)| own);
            let statistics = of_learner.filter(|(name, _)| name.contains(".running_"));
            averaged.extend(statistics.map(|(name, tensor)| (name.clone(), tensor.clone())));
            encoders.push(("average", averaged));
        }
        Ok(encoders)
    }

    fn is_lost(&self) -> bool {
        self.state.is_none()
    }
}

/// A step that failed half-way took the learner with it; its own error was reported then.
fn lost() -> Error {
    Error::Run {
        message: "the run has no state to go on from".into(),
        hint: "start it again".into(),
    }
}
