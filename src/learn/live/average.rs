//! A moving average of a model that a loop of one's own trains.

use crate::Error;
use crate::nn::{Encoder, Network, export, import, is_statistic, named_by_place};
use crate::train::{follow, still};
use burn::module::Module;

/// A moving average of the weights of a model. The model is followed from outside: after every
/// step, [`Average::update`] moves the average towards it.
#[derive(Debug)]
pub struct Average {
    model: Encoder,
    network: Network,
    /// Share of the average that an update leaves.
    share: f64,
    updates: usize,
}

impl Average {
    /// The average of a model, which begins at the weights of another one, or at the model's own.
    ///
    /// # Errors
    /// [`Error::Range`] for a share that is not at least 0 and below 1, [`Error::Run`] if the other
    /// one is of another architecture.
    pub fn new(model: Encoder, share: f64, start: Option<&Encoder>) -> Result<Average, Error> {
        if !(0.0..1.0).contains(&share) {
            return Err(Error::range("share", "at least 0 and below 1", share));
        }
        model.train();
        // A module shares its running statistics with its clones; `valid` parts them.
        let network = still(&model.network().valid().train());
        let network = match start {
            Some(start) => import(network, &start.weights())?,
            None => network,
        };
        Ok(Average {
            model,
            network,
            share,
            updates: 0,
        })
    }

    /// Moves the average towards the model: `share average + (1 - share) model`. What is frozen in
    /// the model stays.
    pub fn update(&mut self) {
        // A step gives weights other identities; by their names they are the same.
        let network = named_by_place(self.network.clone());
        let model = named_by_place(self.model.network());
        self.network = follow(network, &model, self.share);
        self.updates += 1;
    }

    /// How often it was moved.
    pub fn updates(&self) -> usize {
        self.updates
    }

    /// Share of the average that an update leaves.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// The model that it follows.
    pub fn followed(&self) -> &Encoder {
        &self.model
    }

    /// The average as a model by itself, with the running statistics that the model has now:
    /// norms of the average see no batch.
    ///
    /// # Errors
    /// Only if both have other weights, which would be a bug.
    pub fn encoder(&self) -> Result<Encoder, Error> {
        let mut weights = export(&self.network.valid());
        let own = self.model.weights().into_iter();
        weights.extend(own.filter(|(name, _)| is_statistic(name)));
        self.model.with_weights(&weights, &self.model.device())
    }
}
