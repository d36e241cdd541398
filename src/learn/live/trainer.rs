//! An optimizer that trains models step by step, with gradients from outside.

use super::part::Trained;
use super::{Journal, Part};
use crate::Error;
use crate::nn::{export, import, named_by_place, read_safetensors, write_safetensors};
use crate::train::Optimizer;
use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Bytes, Gradients};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Models and tensors under training and the optimizer that trains them.
///
/// A step takes the networks out of the models, moves their weights and puts them back, so that all
/// who share the models see it. The optimizer keeps its state by the names of the parameters, each
/// with the number of its model before it: two models of one architecture do not disturb each
/// other, and a model may be under two trainers. A tensor goes by its number alone.
pub struct Trainer {
    parts: Vec<Part>,
    description: Optimizer,
    optimizer: ModuleOptimizer,
    /// Learning rate of the next step.
    pub learning_rate: f64,
    steps: usize,
}

/// What a file of a trainer says beside its tensors.
#[derive(Serialize, Deserialize)]
struct About {
    /// What is trained, and by what, as source.
    models: Vec<String>,
    optimizer: String,
    steps: usize,
    learning_rate: f64,
    journal: Journal,
}

const TRAINER: &str = "trainer";
const OPTIMIZER: &str = "optimizer";

impl Trainer {
    /// Puts models and tensors under training by an optimizer.
    ///
    /// # Errors
    /// [`Error::Run`] if there is none, one twice, or a tensor that asks for no gradient;
    /// [`auricle_audio::Error::Unknown`] if the optimizer has a group that is no part of them.
    pub fn new(parts: Vec<Part>, description: Optimizer) -> Result<Trainer, Error> {
        if parts.is_empty() {
            return Err(Error::Run {
                message: "there is no model to train".into(),
                hint: "give the models whose weights it is to move, such as `adam([model, head])`"
                    .into(),
            });
        }
        let is_twice =
            |(at, part): (usize, &Part)| parts[..at].iter().any(|other| other.is_same(part));
        if let Some(at) = parts.iter().enumerate().position(is_twice) {
            let (what, copy) = match parts[at] {
                Part::Model(_) => ("model", "`m.copy()` is a model of its own"),
                Part::Tensor(_) => ("tensor", "`t.require_grad()` is a tensor of its own"),
            };
            return Err(Error::Run {
                message: format!("{what} {at} of the optimizer stands there twice"),
                hint: format!("give every {what} once; {copy}"),
            });
        }
        let is_fixed = |part: &Part| matches!(part, Part::Tensor(t) if !t.is_parameter());
        if let Some(at) = parts.iter().position(is_fixed) {
            return Err(Error::Run {
                message: format!("tensor {at} of the optimizer asks for no gradient"),
                hint: "make it a parameter first: `let w = zeros([3]).require_grad()`".into(),
            });
        }
        for part in &parts {
            if let Part::Model(model) = part {
                model.train();
            }
        }
        let optimizer = built(&description, &parts)?;
        Ok(Trainer {
            learning_rate: description.built().learning_rate,
            parts,
            description,
            optimizer,
            steps: 0,
        })
    }

    /// What it trains.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// How a step is made of gradients.
    pub fn description(&self) -> &Optimizer {
        &self.description
    }

    /// Steps done.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// One step: takes what is theirs out of some gradients, and moves the weights.
    ///
    /// # Errors
    /// [`Error::Run`] if there is none of theirs among them.
    pub fn step(&mut self, gradients: &mut Gradients) -> Result<(), Error> {
        let learner = learner(&self.parts);
        let mut own = GradientsParams::from_module(gradients, &learner);
        for (part, module) in self.parts.iter().zip(&learner) {
            part.add_gradient(module, gradients, &mut own);
        }
        let gradients = own;
        if gradients.is_empty() {
            return Err(Error::Run {
                message: "these gradients reach no weight that this optimizer trains".into(),
                hint: "the loss must be computed from `model.forward(...)`, or from the tensors, after \
                    the last step; every step makes the weights anew"
                    .into(),
            });
        }
        let gradients = self.description.built().clip(&learner, gradients);
        let learner = self.optimizer.step(self.learning_rate, learner, gradients);
        for (part, module) in self.parts.iter().zip(learner) {
            part.set(module);
        }
        self.steps += 1;
        Ok(())
    }

    fn sources(&self) -> Vec<String> {
        self.parts.iter().map(Part::to_string).collect()
    }

    /// Writes weights, the optimizer's state and the journal as one file, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Audio`] if it cannot be written.
    pub fn save(&self, path: &Path, mut journal: Journal) -> Result<(), Error> {
        journal.end();
        let state = self
            .optimizer
            .into_bytes()
            .map_err(|error| Error::file(path, error))?;
        let about = About {
            models: self.sources(),
            optimizer: self.description.to_string(),
            steps: self.steps,
            learning_rate: self.learning_rate,
            journal,
        };
        let about = serde_json::to_value(about).map_err(|error| Error::file(path, error))?;
        // `valid` takes the weights from the device that differentiates.
        let tensors = export(&learner(&self.parts).valid());
        let blobs = BTreeMap::from([(OPTIMIZER, &*state)]);
        write_safetensors(
            path,
            &tensors,
            &blobs,
            &serde_json::json!({ TRAINER: about }),
        )
    }

    /// Takes up what was saved, if the file is there; gives its journal.
    ///
    /// # Errors
    /// [`Error::File`] if it is no such file or one of other models or another optimizer.
    pub fn resume(&mut self, path: &Path) -> Result<Option<Journal>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        let (tensors, mut blobs, about) = read_safetensors(path)?;
        let missing =
            |what: &str| Error::file(path, format!("this is no state of a loop: it lacks {what}"));
        let about = about.get(TRAINER).ok_or_else(|| missing("what it is of"))?;
        let about = About::deserialize(about).map_err(|error| Error::file(path, error))?;
        let state = blobs
            .remove(OPTIMIZER)
            .ok_or_else(|| missing("the optimizer's state"))?;
        let described =
            |models: &[String], optimizer: &str| format!("{} by {optimizer}", models.join(" and "));
        let saved = described(&about.models, &about.optimizer);
        let own = described(&self.sources(), &self.description.to_string());
        if saved != own {
            let message = format!("this is the state of {saved}, not of {own}");
            return Err(Error::file(path, message));
        }
        let learner = import(learner(&self.parts), &tensors)?;
        let optimizer = built(&self.description, &self.parts)?;
        self.optimizer = optimizer
            .from_bytes(Bytes::from_bytes_vec(state))
            .map_err(|error| Error::file(path, error))?;
        for (part, module) in self.parts.iter().zip(learner) {
            part.set(module);
        }
        self.steps = about.steps;
        self.learning_rate = about.learning_rate;
        Ok(Some(about.journal))
    }
}

/// burn's optimizer of some parts: those of a single one go by their own names.
fn built(description: &Optimizer, parts: &[Part]) -> Result<ModuleOptimizer, Error> {
    let inside = (parts.len() == 1).then_some("0");
    description.built().build(&learner(parts), inside)
}

/// Some parts as one module.
fn learner(parts: &[Part]) -> Vec<Trained> {
    named_by_place(parts.iter().map(Part::module).collect())
}
