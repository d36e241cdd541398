//! The views of a batch as methods read them.

use crate::Error;
use crate::batch::{Batch, Targets};
use crate::nn::{Input, Network};
use auricle_audio::Key;
use burn::tensor::{Device, Tensor};

/// The views of a batch on a device, and their embeddings once they were asked for.
///
/// Methods that are joined train one encoder on one batch: a view goes through it once for all of
/// them, and every loss reaches the encoder through the same embedding.
pub struct Inputs<'a> {
    batch: Batch,
    device: &'a Device,
    views: Vec<Option<Input>>,
    embeddings: Vec<Option<Tensor<2>>>,
}

impl<'a> Inputs<'a> {
    /// The views of a batch.
    pub fn new(batch: Batch, device: &'a Device) -> Inputs<'a> {
        let n_views = batch.views.len();
        Inputs {
            batch,
            device,
            views: vec![None; n_views],
            embeddings: vec![None; n_views],
        }
    }

    /// Number of views.
    pub fn n_views(&self) -> usize {
        self.views.len()
    }

    /// Number of clips.
    pub fn n_clips(&self) -> usize {
        self.batch.ids.len()
    }

    /// The class of each clip, where it has one.
    pub fn labels(&self) -> &[Option<usize>] {
        &self.batch.labels
    }

    /// What there is to predict of each clip where it is not one class.
    pub fn targets(&self) -> Option<&Targets> {
        self.batch.targets.as_ref()
    }

    /// Identity of each clip.
    pub fn ids(&self) -> &[u64] {
        &self.batch.ids
    }

    /// The key of what is drawn for a view of the whole batch: see [`Batch::key`].
    pub fn key(&self, view: usize) -> Key {
        self.batch.key(view)
    }

    /// A view, as a network reads it.
    ///
    /// # Errors
    /// [`Error::Shape`] if it is neither waves nor features.
    pub fn view(&mut self, view: usize) -> Result<Input, Error> {
        let input = match self.views[view].take() {
            Some(input) => input,
            None => self.batch.input(view, self.device)?,
        };
        self.views[view] = Some(input.clone());
        Ok(input)
    }

    /// The embedding of a view, `[batch, dim]`, by the encoder that is trained. Any other one is asked itself.
    ///
    /// # Errors
    /// [`Error::Shape`] if the view does not fit the encoder.
    pub fn embed(&mut self, view: usize, encoder: &Network) -> Result<Tensor<2>, Error> {
        if let Some(embedding) = &self.embeddings[view] {
            return Ok(embedding.clone());
        }
        let embedding = encoder.forward(self.view(view)?)?;
        self.embeddings[view] = Some(embedding.clone());
        Ok(embedding)
    }
}
