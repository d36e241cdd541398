//! From clips to rows for a probe.

use super::Matrix;
use crate::Error;
use crate::feed::{Cut, Feed, Preparation, Stop, Workers};
use crate::nn::{Encoder, FrontEnd, Input};
use auricle_audio::Key;
use auricle_audio::augment::{Recipe, Views};
use auricle_audio::dataset::Dataset;
use auricle_audio::features::band_statistics;
use burn::tensor::Device;
use std::sync::Arc;

/// Clips that are embedded at once.
const BATCH: usize = 128;

/// Every clip of a dataset as an encoder reads it, in order, without augmentation, so many at once. `stop` is asked between
/// batches.
pub(super) fn each_input(
    front_end: &FrontEnd,
    data: &Dataset,
    at_once: usize,
    device: &Device,
    workers: &Workers,
    stop: Stop<'_>,
    mut take: impl FnMut(Input) -> Result<(), Error>,
) -> Result<(), Error> {
    let feed = Feed {
        supply: Arc::new(data.clone()),
        by: Preparation {
            views: Views::new(vec![front_end.recipe.clone()])?,
            scaling: front_end.scaling,
            seed: 0,
        },
    };
    for batch in feed.epoch(0, Cut::in_order(at_once), 0, workers) {
        if stop() {
            return Err(Error::Stopped);
        }
        take(batch?.input(0, device)?)?;
    }
    Ok(())
}

/// The embedding of every clip, in order, without augmentation. `stop` is asked between batches.
///
/// # Errors
/// [`Error::Stopped`] if asked to stop, and whatever reading and the encoder report.
pub fn embed(
    encoder: &Encoder,
    front_end: &FrontEnd,
    data: &Dataset,
    device: &Device,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Matrix, Error> {
    let mut values = Vec::with_capacity(data.len() * encoder.dim());
    each_input(front_end, data, BATCH, device, workers, stop, |input| {
        values.extend(encoder.embed(input)?.into_data().iter::<f64>());
        Ok(())
    })?;
    Ok(Matrix {
        columns: encoder.dim(),
        values,
    })
}

/// The floor under every encoder: mean and deviation over time of every band of a front-end.
///
/// # Errors
/// [`Error::Stopped`] if asked to stop, and whatever reading and computing report.
pub fn floor(
    recipe: &Recipe,
    data: &Dataset,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Matrix, Error> {
    let rows = workers.map(data.len(), stop, |index| {
        let key = Key {
            seed: 0,
            epoch: 0,
            item: data.clips()[index].id,
            view: 0,
        };
        Ok(band_statistics(&recipe.features(&data.wave(index)?, key)?))
    })?;
    Ok(Matrix::of_rows(rows))
}
