//! Batches, and how their values are scaled.

use crate::Error;
use auricle_audio::augment::{Domain, Recipe, Workspace};
use auricle_audio::dataset::{Clip, Dataset};
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

/// What is predicted of each clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// One class.
    Classes,
    /// Any number of classes.
    Several,
    /// A number.
    Numbers,
}

impl Task {
    /// What clips are labelled for: their classes, before numbers; nothing if none is labelled.
    pub fn of(data: &Dataset) -> Option<Task> {
        let any = |is: fn(&Clip) -> bool| data.clips().iter().any(is);
        if any(|clip| clip.label.is_some()) {
            Some(Task::Classes)
        } else if any(|clip| clip.labels.is_some()) {
            Some(Task::Several)
        } else {
            any(|clip| clip.target.is_some()).then_some(Task::Numbers)
        }
    }
}

/// What there is to predict of clips that have not one class each.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// Whether they are classes or numbers.
    pub task: Task,
    /// `[batch, columns]`: 1 or 0 for every class, -1 where it is not known; or the number, NaN where it is not known.
    pub values: Vec<f32>,
    /// As many as classes, or one.
    pub columns: usize,
    /// Whether that of each clip is known.
    pub known: Vec<bool>,
}

impl Targets {
    /// Those of some clips.
    pub(crate) fn of<'a>(
        clips: impl Iterator<Item = &'a Clip>,
        task: Task,
        n_classes: usize,
    ) -> Option<Targets> {
        let (columns, unknown) = match task {
            Task::Classes => return None,
            Task::Several => (n_classes, -1.0),
            Task::Numbers => (1, f32::NAN),
        };
        let (mut values, mut known) = (Vec::new(), Vec::new());
        for clip in clips {
            let row: Option<Vec<f32>> = match task {
                Task::Numbers => clip.target.map(|number| vec![number as f32]),
                _ => clip.labels.as_ref().map(|_| {
                    let is_of = |class| f32::from(u8::from(clip.is_of(class)));
                    (0..n_classes).map(is_of).collect()
                }),
            };
            known.push(row.is_some());
            values.extend(row.unwrap_or_else(|| vec![unknown; columns]));
        }
        Some(Targets {
            task,
            values,
            columns,
            known,
        })
    }

    /// `[batch, columns]` on a device.
    pub fn tensor(&self, device: &Device) -> Tensor<2> {
        let shape = [self.known.len(), self.columns];
        Tensor::from_data(TensorData::new(self.values.clone(), shape), device)
    }
}

/// One batch on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The views, each with a row for every clip.
    pub views: Vec<View>,
    /// Index of the class of each clip; `None` where it is not labelled.
    pub labels: Vec<Option<usize>>,
    /// What there is to predict where it is not one class.
    pub targets: Option<Targets>,
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
            targets: None,
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
