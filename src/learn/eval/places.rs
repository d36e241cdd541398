//! What an encoder gives before it becomes one row: the places of a map, or its tokens, and how they are pooled.

use super::Matrix;
use super::embed::each_input;
use crate::Error;
use crate::feed::{Stop, Workers};
use crate::nn::layers::{Flow, Layers};
use crate::nn::{Encoder, FrontEnd, import};
use auricle_audio::dataset::Dataset;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// How an embedding is made of a map or of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Pooling {
    /// As the encoder itself does.
    #[default]
    Own,
    /// The mean over all places.
    Mean,
    /// The largest value over all places.
    Max,
    /// Both, one behind the other.
    MeanMax,
    /// The mean over time alone; bands are kept.
    Frequency,
    /// Mean and deviation over time; bands are kept, as the floor keeps those of the log-mel spectrogram.
    Statistics,
}

/// What an embedding is made of, and how.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Reading {
    /// How it is pooled.
    pub pooling: Pooling,
    /// The layer whose output is pooled, by its name; the last one before it becomes a row if `None`.
    pub layer: Option<String>,
}

impl Reading {
    /// Whether it is the encoder's own embedding.
    pub fn is_own(&self) -> bool {
        *self == Reading::default()
    }
}

impl Pooling {
    /// The words for all of them.
    pub const WORDS: [(&'static str, Pooling); 6] = [
        ("own", Pooling::Own),
        ("mean", Pooling::Mean),
        ("max", Pooling::Max),
        ("mean_max", Pooling::MeanMax),
        ("frequency", Pooling::Frequency),
        ("statistics", Pooling::Statistics),
    ];
}

/// The places of some clips, `[clips, n, dim]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// Places of a clip.
    pub n: usize,
    /// Features of a place.
    pub dim: usize,
    /// The values in row-major order.
    pub values: Vec<f32>,
}

impl Places {
    /// Rows as clips of one place.
    pub(super) fn of_rows(rows: &Matrix) -> Places {
        let values = rows.values.iter().map(|&value| value as f32).collect();
        Places {
            n: 1,
            dim: rows.columns,
            values,
        }
    }

    /// Some clips, in the given order.
    pub(super) fn select(&self, clips: &[usize]) -> Places {
        let size = self.n * self.dim;
        let values = clips
            .iter()
            .flat_map(|&clip| &self.values[clip * size..][..size])
            .copied()
            .collect();
        Places { values, ..*self }
    }

    /// Number of clips.
    pub(super) fn clips(&self) -> usize {
        self.values.len() / (self.n * self.dim).max(1)
    }
}

/// Clips that are read at once: their maps are larger than their embeddings.
const BATCH: usize = 64;

/// Numbers that places of a dataset may have, 2 GiB.
const MOST: usize = 1 << 29;

/// The output of a layer for every clip of a dataset, in batches: what `take` makes of each. Without a layer, it is the last
/// map or the tokens. `stop` is asked between.
fn each_output(
    (encoder, layer): (&Encoder, Option<&str>),
    front_end: &FrontEnd,
    data: &Dataset,
    device: &Device,
    workers: &Workers,
    stop: Stop<'_>,
    mut take: impl FnMut(Flow) -> Result<(), Error>,
) -> Result<(), Error> {
    let network = import(
        Layers::new(&encoder.architecture().stack()?, device)?,
        &encoder.weights(),
    )?
    .valid();
    let wanted: Vec<String> = layer.into_iter().map(str::to_owned).collect();
    each_input(front_end, data, BATCH, device, workers, stop, |input| {
        if layer.is_some() {
            let (_, found) = network.forward_with(input, &wanted)?;
            return found.into_iter().try_for_each(|(_, flow)| take(flow));
        }
        take(network.last_before_row(input)?.ok_or_else(|| Error::Run {
            message: "this encoder has neither a map nor tokens to pool".to_owned(),
            hint: "its own embedding is all that it gives: leave `pooling` out".to_owned(),
        })?)
    })
}

/// The embedding of every clip, read in some way, in order, without augmentation.
///
/// # Errors
/// [`Error::Stopped`] if asked to stop, [`Error::Run`] if the encoder has no such layer or nothing to pool, or no bands for
/// [`Pooling::Frequency`], and whatever reading and the encoder report.
pub fn embed_pooled(
    encoder: &Encoder,
    front_end: &FrontEnd,
    data: &Dataset,
    reading: &Reading,
    device: &Device,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Matrix, Error> {
    if reading.is_own() {
        return super::embed(encoder, front_end, data, device, workers, stop);
    }
    let mut all = Matrix {
        columns: 0,
        values: Vec::new(),
    };
    let take = |flow| {
        let rows = pooled(reading.pooling, flow)?;
        all.columns = rows.dims()[1];
        all.values.extend(rows.into_data().iter::<f64>());
        Ok(())
    };
    let of = (encoder, reading.layer.as_deref());
    each_output(of, front_end, data, device, workers, stop, take)?;
    Ok(all)
}

/// One row a clip of what a layer gives, `[batch, features]`. What an encoder does itself is, of another layer, the mean.
fn pooled(pooling: Pooling, flow: Flow) -> Result<Tensor<2>, Error> {
    let flow = match (pooling, flow) {
        (Pooling::Frequency, Flow::Map(x)) => return Ok(x.mean_dim(3).flatten(1, 3)),
        (Pooling::Statistics, Flow::Map(x)) => return Ok(statistics(x.flatten(1, 2))),
        (Pooling::Statistics, Flow::Line(x)) => return Ok(statistics(x)),
        (Pooling::Frequency, _) => {
            return Err(Error::Run {
                message: "only a map has bands to keep, and this layer gives none".to_owned(),
                hint: "pool by \"mean\", \"max\", \"mean_max\" or \"statistics\"".to_owned(),
            });
        }
        (_, flow) => flow,
    };
    let places = as_places(flow);
    let mean = || places.clone().mean_dim(1).flatten(1, 2);
    let max = || places.clone().max_dim(1).flatten(1, 2);
    Ok(match pooling {
        Pooling::Max => max(),
        Pooling::MeanMax => Tensor::cat(vec![mean(), max()], 1),
        Pooling::Statistics => statistics(places.swap_dims(1, 2)),
        Pooling::Own | Pooling::Mean | Pooling::Frequency => mean(),
    })
}

/// Means, then deviations, over the places of `[batch, features, places]`.
fn statistics(x: Tensor<3>) -> Tensor<2> {
    let mean = x.clone().mean_dim(2);
    let deviation = (x - mean.clone()).square().mean_dim(2).sqrt();
    Tensor::cat(vec![mean, deviation], 1).flatten(1, 2)
}

/// The places of every clip, in order, without augmentation.
///
/// # Errors
/// As [`embed_pooled`], and [`Error::Run`] if they are too many to be kept or clips have different numbers of them.
pub fn embed_places(
    encoder: &Encoder,
    front_end: &FrontEnd,
    data: &Dataset,
    device: &Device,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Places, Error> {
    let mut all = Places {
        n: 0,
        dim: 0,
        values: Vec::new(),
    };
    let take = |flow| {
        let places = as_places(flow);
        let [_, n, dim] = places.dims();
        if n * dim * data.len() > MOST {
            let (clips, numbers) = (data.len(), n * dim);
            return Err(Error::Run {
                message: format!(
                    "{clips} clips of {n} places of {dim} features, {numbers} numbers each, are too many to keep"
                ),
                hint: "probe fewer clips, shorter ones, or the pooled embedding by `mlp_probe`"
                    .to_owned(),
            });
        }
        (all.n, all.dim) = (n, dim);
        all.values.extend(places.into_data().iter::<f32>());
        Ok(())
    };
    each_output(
        (encoder, None),
        front_end,
        data,
        device,
        workers,
        stop,
        take,
    )?;
    Ok(all)
}

/// A map, a line or tokens as `[batch, places, features]`.
fn as_places(flow: Flow) -> Tensor<3> {
    match flow {
        Flow::Map(x) => x.flatten::<3>(2, 3).swap_dims(1, 2),
        Flow::Line(x) => x.swap_dims(1, 2),
        Flow::Tokens(x) => x,
        Flow::Row(x) => {
            let [batch, dim] = x.dims();
            x.reshape([batch, 1, dim])
        }
    }
}
