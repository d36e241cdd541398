//! The state of a run on disk: one file, whole or not there.

use super::History;
use super::objective::Objective;
use crate::Error;
use crate::batch::Scaling;
use crate::nn::{NamedTensor, read_safetensors, write_safetensors};
use burn::optim::ModuleOptimizer;
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// The run it belongs to.
    pub(super) fingerprint: String,
    /// Epochs done.
    pub(super) epoch: usize,
    /// Steps of the next epoch done.
    pub(super) step: usize,
    /// Losses of those steps, in order.
    pub(super) losses: Vec<f64>,
    /// What those steps gave beside their losses; checkpoints of earlier versions have none.
    #[serde(default)]
    pub(super) sums: Vec<Sum>,
    /// Wall time of those steps, s, and the part spent waiting.
    pub(super) elapsed_s: [f64; 2],
    /// Scaling of the features.
    pub(super) scaling: Scaling,
    /// The epochs before.
    pub(super) history: History,
    /// Whether all epochs are done.
    pub(super) finished: bool,
}

/// A figure summed over steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sum {
    /// Its name.
    pub(super) name: String,
    /// Sum of weighted values.
    pub(super) value: f64,
    /// Sum of weights.
    pub(super) weight: f64,
}

const OPTIMIZER: &str = "optimizer";
const STATE: &str = "state";

/// A checkpoint in memory.
#[derive(Clone)]
pub(super) struct Checkpoint {
    pub(super) state: State,
    tensors: BTreeMap<String, NamedTensor>,
    optimizer: Vec<u8>,
}

impl Checkpoint {
    /// The state of a run as it is.
    pub(super) fn of(
        objective: &dyn Objective,
        optimizer: &ModuleOptimizer,
        state: &State,
    ) -> Result<Checkpoint, Error> {
        let fault = |error: &dyn std::fmt::Display| Error::Run {
            message: format!("the optimizer's state cannot be written: {error}"),
            hint: "this is a fault of the program; please report it".into(),
        };
        let optimizer = optimizer
            .into_bytes()
            .map_err(|error| fault(&error))?
            .to_vec();
        Ok(Checkpoint {
            state: state.clone(),
            tensors: objective.tensors()?,
            optimizer,
        })
    }

    /// Writes it, whole or not at all.
    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let blobs = BTreeMap::from([(OPTIMIZER, self.optimizer.as_slice())]);
        let state = serde_json::to_value(&self.state).map_err(|error| Error::file(path, error))?;
        write_safetensors(
            path,
            &self.tensors,
            &blobs,
            &serde_json::json!({ STATE: state }),
        )
    }

    /// Reads a checkpoint; `None` if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Checkpoint>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        let (tensors, mut blobs, about) = read_safetensors(path)?;
        let missing =
            |what: &str| Error::file(path, format!("this is no checkpoint: it lacks the {what}"));
        let state = about.get(STATE).ok_or_else(|| missing("state"))?;
        let state = State::deserialize(state).map_err(|error| Error::file(path, error))?;
        let optimizer = blobs
            .remove(OPTIMIZER)
            .ok_or_else(|| missing("optimizer"))?;
        Ok(Some(Checkpoint {
            state,
            tensors,
            optimizer,
        }))
    }

    /// Puts the weights and the optimizer's state into a fresh pair of the same kind.
    ///
    /// # Errors
    /// [`Error::Run`] if a tensor is missing or has another shape.
    pub(super) fn restore(
        self,
        objective: &mut dyn Objective,
        optimizer: ModuleOptimizer,
    ) -> Result<(ModuleOptimizer, State), Error> {
        objective.restore(&self.tensors)?;
        let bytes = Bytes::from_bytes_vec(self.optimizer);
        let fault = |error: &dyn std::fmt::Display| Error::Run {
            message: format!("the optimizer's state cannot be read: {error}"),
            hint: "start the run afresh".into(),
        };
        let optimizer = optimizer.from_bytes(bytes).map_err(|error| fault(&error))?;
        Ok((optimizer, self.state))
    }
}
