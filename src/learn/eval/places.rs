//! What an encoder gives before it becomes one row: the places of its last map, or its tokens, and how they are pooled.

use super::Matrix;
use super::embed::each_input;
use crate::Error;
use crate::feed::{Stop, Workers};
use crate::nn::layers::{Flow, Layers};
use crate::nn::{Encoder, FrontEnd, import};
use auricle_audio::dataset::Dataset;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// How an embedding is made of the last map or of the tokens.
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
}

impl Pooling {
    /// The words for all of them.
    pub const WORDS: [(&'static str, Pooling); 5] = [
        ("own", Pooling::Own),
        ("mean", Pooling::Mean),
        ("max", Pooling::Max),
        ("mean_max", Pooling::MeanMax),
        ("frequency", Pooling::Frequency),
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

/// The last map or the tokens of every clip of a dataset, in batches: what `take` makes of each. `stop` is asked between.
fn each_last(
    encoder: &Encoder,
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
    each_input(front_end, data, BATCH, device, workers, stop, |input| {
        take(network.last_before_row(input)?.ok_or_else(|| Error::Run {
            message: "this encoder has neither a map nor tokens to pool".to_owned(),
            hint: "its own embedding is all that it gives: leave `pooling` out".to_owned(),
        })?)
    })
}

/// The embedding of every clip by a pooling, in order, without augmentation.
///
/// # Errors
/// [`Error::Stopped`] if asked to stop, [`Error::Run`] if the encoder has nothing to pool, or no bands for
/// [`Pooling::Frequency`], and whatever reading and the encoder report.
pub fn embed_pooled(
    encoder: &Encoder,
    front_end: &FrontEnd,
    data: &Dataset,
    pooling: Pooling,
    device: &Device,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Matrix, Error> {
    if pooling == Pooling::Own {
        return super::embed(encoder, front_end, data, device, workers, stop);
    }
    let mut pooled = Matrix {
        columns: 0,
        values: Vec::new(),
    };
    each_last(encoder, front_end, data, device, workers, stop, |flow| {
        let rows = match (pooling, flow) {
            (Pooling::Frequency, Flow::Map(x)) => {
                let [batch, channels, bands, _] = x.dims();
                x.mean_dim(3).reshape([batch, channels * bands])
            }
            (Pooling::Frequency, _) => {
                return Err(Error::Run {
                    message:
                        "only a map has bands to keep, and this encoder's last layers give none"
                            .to_owned(),
                    hint: "pool by \"mean\", \"max\" or \"mean_max\"".to_owned(),
                });
            }
            (_, flow) => {
                let places = as_places(flow);
                let [batch, _, dim] = places.dims();
                let mean = || places.clone().mean_dim(1).reshape([batch, dim]);
                let max = || places.clone().max_dim(1).reshape([batch, dim]);
                match pooling {
                    Pooling::Max => max(),
                    Pooling::MeanMax => Tensor::cat(vec![mean(), max()], 1),
                    _ => mean(),
                }
            }
        };
        pooled.columns = rows.dims()[1];
        pooled.values.extend(rows.into_data().iter::<f64>());
        Ok(())
    })?;
    Ok(pooled)
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
    each_last(encoder, front_end, data, device, workers, stop, |flow| {
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
    })?;
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
