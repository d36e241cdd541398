//! A method with what it has learned, as a part of what a run trains.

use super::average::{follow, still};
use super::inputs::Inputs;
use super::method::{Method, Moment, Terms};
use super::optimizer::Absent;
use super::{Optimizer, Plan};
use crate::Error;
use crate::nn::{NamedTensor, Network, export, import};
use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Bytes, Device, Gradients, Tensor};
use std::collections::BTreeMap;

/// Tensors by name.
pub(super) type Tensors = BTreeMap<String, NamedTensor>;

/// The weights of one encoder of a method: its name, then its tensors by theirs.
pub(super) type Weights = (&'static str, Tensors);

/// A [`Method`] with its learner, its memory and the optimizer of both, without its types.
pub trait Part: Send {
    /// What a batch gives.
    fn terms(&self, inputs: &mut Inputs<'_>) -> Result<Terms, Error>;

    /// What a batch gives without being learned from: with running statistics and without gradients.
    fn judged(&self, inputs: &mut Inputs<'_>) -> Result<Terms, Error>;

    /// Takes its gradients out of those of a batch and adds them to those of the step.
    fn gather(&mut self, gradients: &mut Gradients) -> Result<(), Error>;

    /// The sum of the squares of the step's gradients, `[1]`, where an optimizer shortens them.
    fn squares(&self, optimizer: &Optimizer) -> Result<Option<Tensor<1>>, Error>;

    /// One step by the gathered gradients, shortened as the squares of all parts' say.
    fn step(&mut self, by: &Step<'_>, squares: Option<Tensor<1>>) -> Result<(), Error>;

    /// What follows a step: the memory takes up what was kept, the averages what was learned.
    fn after_step(&mut self, kept: Option<Tensor<2>>, at: Moment) -> Result<(), Error>;

    /// The plan's encoder.
    fn encoder(&mut self) -> Result<&mut Network, Error>;

    /// All that must be kept to go on, by name, but for the optimizer's state.
    fn tensors(&self) -> Result<Tensors, Error>;

    /// Takes up what was kept.
    fn restore(&mut self, tensors: &Tensors) -> Result<(), Error>;

    /// The optimizer's state.
    fn optimizer(&self) -> Result<Vec<u8>, Error>;

    /// Takes up the optimizer's state.
    fn restore_optimizer(&mut self, state: Vec<u8>) -> Result<(), Error>;

    /// The weights of the encoders, by the encoders' names.
    fn encoders(&self) -> Result<Vec<Weights>, Error>;

    /// Whether a step that failed half-way took the state with it.
    fn is_lost(&self) -> bool;

    /// Groups of the optimizer that are not in it, each with the error that says so: another part may have them.
    fn absent_groups(&self) -> &[(String, Error)];
}

/// By what a step is made.
pub struct Step<'a> {
    /// Description of the optimizer.
    pub optimizer: &'a Optimizer,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// How far the run is.
    pub at: Moment,
    /// Where the learner is.
    pub device: &'a Device,
}

/// A method's part before the first step.
pub(super) fn begin<M: Method>(
    method: &M,
    plan: &Plan,
    device: &Device,
) -> Result<Box<dyn Part>, Error> {
    let learner = method.learner(plan, device)?;
    let memory = method.memory(plan, &learner)?;
    let average = plan.average.map(|share| Average {
        share,
        learner: still(&learner),
    });
    let (optimizer, absent_groups) = plan
        .optimizer
        .built()
        .build_for_part(&learner, Some("encoder"))?;
    Ok(Box::new(Trained {
        method: method.clone(),
        optimizer,
        absent_groups,
        state: Some((learner, memory)),
        gradients: GradientsParams::new(),
        average,
    }))
}

struct Trained<M: Method> {
    method: M,
    optimizer: ModuleOptimizer,
    absent_groups: Absent,
    /// Taken out only while a step turns it into the next.
    state: Option<(M::Learner, M::Memory)>,
    /// Those that the step under way has gathered.
    gradients: GradientsParams,
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
pub(super) fn behind(prefix: &str, tensors: &Tensors) -> Tensors {
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

impl<M: Method> Part for Trained<M> {
    fn terms(&self, inputs: &mut Inputs<'_>) -> Result<Terms, Error> {
        let (learner, memory) = self.state()?;
        self.method.terms(learner, memory, inputs)
    }

    fn judged(&self, inputs: &mut Inputs<'_>) -> Result<Terms, Error> {
        let (learner, memory) = self.state()?;
        self.method.terms(&learner.valid(), &memory.valid(), inputs)
    }

    fn gather(&mut self, gradients: &mut Gradients) -> Result<(), Error> {
        let (learner, _) = self.state.as_ref().ok_or_else(lost)?;
        let own = GradientsParams::from_module(gradients, learner);
        let mut sum = GradientsAccumulator::new();
        sum.accumulate(learner, std::mem::take(&mut self.gradients));
        sum.accumulate(learner, own);
        self.gradients = sum.grads();
        Ok(())
    }

    fn squares(&self, optimizer: &Optimizer) -> Result<Option<Tensor<1>>, Error> {
        let (learner, _) = self.state()?;
        Ok(optimizer.squares(learner, &self.gradients))
    }

    fn step(&mut self, by: &Step<'_>, squares: Option<Tensor<1>>) -> Result<(), Error> {
        let (learner, memory) = self.state.take().ok_or_else(lost)?;
        let gradients = std::mem::take(&mut self.gradients);
        let gradients = match squares {
            Some(squares) => by.optimizer.shorten(&learner, gradients, squares),
            None => gradients,
        };
        let learner = self.optimizer.step(by.learning_rate, learner, gradients);
        self.state = Some((learner, memory));
        Ok(())
    }

    fn after_step(&mut self, kept: Option<Tensor<2>>, at: Moment) -> Result<(), Error> {
        let (learner, memory) = self.state.take().ok_or_else(lost)?;
        let memory = self.method.after_step(&learner, memory, kept, at);
        self.average = self.average.take().map(|average| Average {
            learner: follow(average.learner, &learner, average.share),
            ..average
        });
        self.state = Some((learner, memory));
        Ok(())
    }

    fn encoder(&mut self) -> Result<&mut Network, Error> {
        let (learner, _) = self.state.as_mut().ok_or_else(lost)?;
        Ok(self.method.encoder_mut(learner))
    }

    fn tensors(&self) -> Result<Tensors, Error> {
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

    fn restore(&mut self, tensors: &Tensors) -> Result<(), Error> {
        let (learner, memory) = self.state.take().ok_or_else(lost)?;
        let memory = import(memory, &behind(MEMORY, tensors))?;
        if let Some(Average { share, learner }) = self.average.take() {
            let learner = import(learner, &behind(AVERAGE, tensors))?;
            self.average = Some(Average { share, learner });
        }
        self.state = Some((import(learner, tensors)?, memory));
        Ok(())
    }

    fn optimizer(&self) -> Result<Vec<u8>, Error> {
        let state = self.optimizer.into_bytes().map_err(|error| Error::Run {
            message: format!("the optimizer's state cannot be written: {error}"),
            hint: "this is a fault of the program; please report it".into(),
        })?;
        Ok(state.to_vec())
    }

    fn restore_optimizer(&mut self, state: Vec<u8>) -> Result<(), Error> {
        let fresh = self.optimizer.clone();
        let restored = fresh.from_bytes(Bytes::from_bytes_vec(state));
        self.optimizer = restored.map_err(|error| Error::Run {
            message: format!("the optimizer's state cannot be read: {error}"),
            hint: "start the run afresh".into(),
        })?;
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

    fn absent_groups(&self) -> &[(String, Error)] {
        &self.absent_groups
    }
}

/// A step that failed half-way took the learner with it; its own error was reported then.
fn lost() -> Error {
    Error::Run {
        message: "the run has no state to go on from".into(),
        hint: "start it again".into(),
    }
}
