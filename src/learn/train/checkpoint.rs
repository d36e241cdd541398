//! The state of a run on disk: one file, whole or not there.

use super::objective::Objective;
use super::part::{Tensors, behind};
use super::{EpochRecord, History};
use crate::Error;
use crate::batch::Scaling;
use crate::nn::{read_safetensors, write_safetensors};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    /// The run it belongs to.
    pub(super) fingerprint: String,
    /// The version of the program that began it; checkpoints of earlier versions do not say.
    #[serde(default)]
    pub(super) program: Option<String>,
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
    /// The record of the epoch under way once its steps are done, while it is judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) closing: Option<EpochRecord>,
    /// The epoch that is chosen so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) best: Option<Best>,
    /// Whether all epochs are done.
    pub(super) finished: bool,
}

/// The version of the program.
pub(super) const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// What tells one run of before from another.
#[derive(Deserialize)]
pub(super) struct Brief {
    /// Whether all epochs are done.
    pub(super) finished: bool,
    /// The version of the program that began it.
    #[serde(default)]
    pub(super) program: Option<String>,
}

/// An epoch that is chosen by a figure.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Best {
    /// Which, from 1.
    pub(super) epoch: usize,
    /// Its value of the figure.
    pub(super) value: f64,
}

impl State {
    /// That of a run before its first step.
    pub(super) fn new(fingerprint: String, scaling: Scaling) -> State {
        State {
            fingerprint,
            program: Some(PROGRAM.to_owned()),
            epoch: 0,
            step: 0,
            losses: Vec::new(),
            sums: Vec::new(),
            elapsed_s: [0.0; 2],
            scaling,
            history: History::default(),
            closing: None,
            best: None,
            finished: false,
        }
    }

    /// Takes a figure of a step into its sum.
    pub(super) fn add(&mut self, name: &str, value: f64, weight: f64) {
        let index = match self.sums.iter().position(|sum| sum.name == name) {
            Some(index) => index,
            None => {
                self.sums.push(Sum {
                    name: name.to_owned(),
                    value: 0.0,
                    weight: 0.0,
                });
                self.sums.len() - 1
            }
        };
        self.sums[index].value += weight * value;
        self.sums[index].weight += weight;
    }
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

/// What a safetensors file of ours has beside its tensors.
const ABOUT: &str = "auricle";
const STATE: &str = "state";
/// Stands before the names of the chosen epoch's weights.
const BEST: &str = "best/";

/// A checkpoint in memory.
#[derive(Clone)]
pub(super) struct Checkpoint {
    pub(super) state: State,
    tensors: Tensors,
    /// States of optimizers, by name.
    optimizers: BTreeMap<String, Vec<u8>>,
}

impl Checkpoint {
    /// The state of a run as it is, with the weights of the chosen epoch.
    pub(super) fn of(
        objective: &Objective,
        best: Option<&Tensors>,
        state: &State,
    ) -> Result<Checkpoint, Error> {
        let mut tensors = objective.tensors()?;
        let best = best.into_iter().flatten();
        tensors.extend(best.map(|(name, tensor)| (format!("{BEST}{name}"), tensor.clone())));
        Ok(Checkpoint {
            state: state.clone(),
            tensors,
            optimizers: objective.optimizers()?,
        })
    }

    /// Writes it, whole or not at all.
    pub(super) fn write(&self, path: &Path) -> Result<(), Error> {
        let optimizers = self.optimizers.iter();
        let blobs = optimizers.map(|(name, state)| (name.as_str(), state.as_slice()));
        let state = serde_json::to_value(&self.state).map_err(|error| Error::file(path, error))?;
        write_safetensors(
            path,
            &self.tensors,
            &blobs.collect(),
            &serde_json::json!({ STATE: state }),
        )
    }

    /// Reads a checkpoint; `None` if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Checkpoint>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        let (tensors, optimizers, about) = read_safetensors(path)?;
        let missing = || Error::file(path, "this is no checkpoint: it lacks the state");
        let state = about.get(STATE).ok_or_else(missing)?;
        let state = State::deserialize(state).map_err(|error| Error::file(path, error))?;
        Ok(Some(Checkpoint {
            state,
            tensors,
            optimizers,
        }))
    }

    /// What the checkpoint in a file says of its run, by the head of the file alone; nothing if it is none.
    pub(super) fn brief(path: &Path) -> Option<Brief> {
        let mut file = std::fs::File::open(path).ok()?;
        // The head is JSON behind its length.
        let mut length = [0; 8];
        file.read_exact(&mut length).ok()?;
        let mut head = Vec::new();
        let length = u64::from_le_bytes(length);
        file.take(length).read_to_end(&mut head).ok()?;
        let head: serde_json::Value = serde_json::from_slice(&head).ok()?;
        let about = head.get("__metadata__")?.get(ABOUT)?.as_str()?;
        let about: serde_json::Value = serde_json::from_str(about).ok()?;
        Brief::deserialize(about.get(STATE)?).ok()
    }

    /// Puts the weights and the optimizers' states into what was begun alike; gives the state of the run, and the weights
    /// of the chosen epoch where there is one.
    ///
    /// # Errors
    /// [`Error::Run`] if something is missing or has another shape.
    pub(super) fn restore(
        self,
        objective: &mut Objective,
    ) -> Result<(State, Option<Tensors>), Error> {
        let best = behind(BEST, &self.tensors);
        objective.restore(&self.tensors, self.optimizers)?;
        Ok((self.state, (!best.is_empty()).then_some(best)))
    }
}
