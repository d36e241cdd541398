//! The batch at which a training diverged, kept to be looked at.

use super::super::Plan;
use crate::Error;
use crate::batch::Scaling;
use crate::feed::Workers;
use crate::tensor::{NdTensor, Values, save_safetensors};
use burn::tensor::Device;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Makes the batches of a step again, which draws what it drew then, and keeps them in the run's folder: `view_0` and so on,
/// `labels` (-1 where there is none) and `ids`; of several batches that made one step, each behind its number. Gives the file.
pub(in crate::train) fn keep_batches(
    folder: &Path,
    plan: &Plan,
    scaling: Scaling,
    [epoch, step]: [usize; 2],
    workers: &Workers,
) -> Result<PathBuf, Error> {
    let first = step * plan.accumulate;
    let batches = plan.feed(scaling)?.epoch(epoch, plan.cut(), first, workers);
    let mut tensors = BTreeMap::new();
    for (index, batch) in batches.take(plan.accumulate).enumerate() {
        let batch = batch?;
        let before = match plan.accumulate {
            1 => String::new(),
            _ => format!("{index}."),
        };
        let ints = |values: Vec<i64>| {
            let n = values.len();
            NdTensor::new(Values::Int(values), &[n], &Device::flex())
        };
        for (number, view) in batch.views.into_iter().enumerate() {
            let values = Values::Float(view.values);
            let view = NdTensor::new(values, &view.shape, &Device::flex())?;
            tensors.insert(format!("{before}view_{number}"), view);
        }
        let labels = batch.labels.iter();
        let labels = labels.map(|label| label.map_or(-1, |label| label as i64));
        tensors.insert(format!("{before}labels"), ints(labels.collect())?);
        let ids = batch.ids.iter().map(|&id| id as i64).collect();
        tensors.insert(format!("{before}ids"), ints(ids)?);
    }
    let file = folder.join("diverged.safetensors");
    save_safetensors(&file, &tensors)?;
    Ok(file)
}
