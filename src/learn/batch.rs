//! Batches, and how their values are scaled.

use crate::Error;
use auricle_audio::augment::{Domain, Recipe, Workspace};
use auricle_audio::{Key, Waveform};
use burn::tensor::{Device, Tensor, TensorData};

/// A mean and a standard deviation over all values of the training set.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Scaling {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub deviation: f64,
}

impl Scaling {
    /// The scaling that changes nothing.
    pub const NONE: Scaling = Scaling {
        mean: 0.0,
        deviation: 1.0,
    };

    /// Subtracts the mean and divides by the deviation.
    pub(crate) fn apply(self, values: &mut [f32]) {
        let (mean, scale) = (self.mean as f32, (1.0 / self.deviation) as f32);
        let all = values.iter_mut();
        all.for_each(|value| *value = (*value - mean) * scale);
    }
}

/// One batch on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The views, each with a row for every clip.
    pub views: Vec<View>,
    /// Index of the class of each clip; `None` where it is not labelled.
    pub labels: Vec<Option<usize>>,
    /// Identity of each clip in the whole dataset.
    pub ids: Vec<u64>,
    /// Seed of the draws.
    pub seed: u64,
    /// The epoch that it is of, from 0.
    pub epoch: usize,
}

/// One view of the clips of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its values in row-major order.
    pub values: Vec<f32>,
    /// `[batch, channels, bands, frames]`, or `[batch, channels, samples]` for waves.
    pub shape: Vec<usize>,
    /// Samples per second of the waves, or of those that the features were computed from, Hz.
    pub sample_rate: u32,
}

impl Batch {
    /// A batch of one sound, by a recipe and scaled, without a label.
    ///
    /// # Errors
    /// Whatever the recipe reports.
    pub fn of_sound(recipe: &Recipe, scaling: Scaling, wave: &Waveform) -> Result<Batch, Error> {
        let mut work = Workspace::default();
        work.load(wave);
        recipe.run(Key::of_seed(0), &mut work)?;
        let sample_rate = work.sample_rate;
        let (shape, values) = result(&mut work);
        scaling.apply(values);
        Ok(Batch {
            views: vec![View {
                values: values.to_vec(),
                shape: std::iter::once(1).chain(shape).collect(),
                sample_rate,
            }],
            labels: vec![None],
            ids: vec![0],
            seed: 0,
            epoch: 0,
        })
    }

    /// The key of what is drawn for a view of the whole batch, such as who is mixed with whom: that
    /// of its first clip.
    pub fn key(&self, view: usize) -> Key {
        Key {
            seed: self.seed,
            epoch: self.epoch as u64,
            item: self.ids.first().copied().unwrap_or(0),
            view: view as u64,
        }
    }

    /// Takes the values of a view of features, `[batch, channels, bands, frames]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the view is one of waves.
    pub fn features(&mut self, view: usize, device: &Device) -> Result<Tensor<4>, Error> {
        let want = "features [batch, channels, bands, frames]: end the recipe in `log_mel()`";
        self.take(view, "the input of a 2-D encoder", want, device)
    }

    /// Takes the values of a view of waves, `[batch, channels, samples]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the view is one of features.
    pub fn waves(&mut self, view: usize, device: &Device) -> Result<Tensor<3>, Error> {
        let want = "waves [batch, channels, samples]: leave `log_mel()` out of the recipe";
        self.take(view, "the input of a 1-D encoder", want, device)
    }

    fn take<const D: usize>(
        &mut self,
        view: usize,
        what: &'static str,
        want: &str,
        device: &Device,
    ) -> Result<Tensor<D>, Error> {
        let view = &mut self.views[view];
        let shape: [usize; D] = view.shape.as_slice().try_into().map_err(|_| Error::Shape {
            what,
            want: want.to_owned(),
            got: view.shape.clone(),
        })?;
        let values = std::mem::take(&mut view.values);
        Ok(Tensor::from_data(TensorData::new(values, shape), device))
    }
}

/// What a recipe left in a workspace, waves or features: its shape, and its values in row-major order.
pub(crate) fn result(work: &mut Workspace) -> (Vec<usize>, &mut [f32]) {
    match work.domain() {
        Domain::Wave => (vec![work.n_channels, work.input().n], &mut work.samples),
        Domain::Features => (work.features.shape().to_vec(), &mut work.features.values),
    }
}
