//! What happened in each epoch.

use serde::{Deserialize, Serialize};

/// One epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Which, from 1.
    pub epoch: usize,
    /// Mean loss over its steps.
    pub loss: f64,
    /// Learning rate of its last step.
    pub learning_rate: f64,
    /// Mean squared distance between the views of a clip in its last batch; 0 is perfect alignment.
    pub alignment: f64,
    /// Uniformity of its last batch (Wang and Isola, t = 2); 0 means that all embeddings coincide.
    pub uniformity: f64,
    /// Deviation of the normalized embeddings of its last batch times the root of their dimension: 1 if they fill the
    /// sphere, 0 if they have collapsed.
    pub z_deviation: f64,
    /// Wall time, s.
    pub seconds: f64,
    /// Clips per second.
    pub clips_per_s: f64,
    /// Share of the time that the model waited for data.
    pub waiting: f64,
}

/// All epochs so far.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
pub struct History {
    /// The epochs in order.
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// The losses in order.
    pub fn losses(&self) -> Vec<f64> {
        self.epochs.iter().map(|epoch| epoch.loss).collect()
    }

    /// The history as CSV.
    pub fn to_csv(&self) -> String {
        let mut out = String::from(
            "epoch,loss,learning_rate,alignment,uniformity,z_deviation,seconds,clips_per_s,waiting\n",
        );
        for e in &self.epochs {
            out += &format!(
                "{},{},{},{},{},{},{},{},{}\n",
                e.epoch,
                e.loss,
                e.learning_rate,
                e.alignment,
                e.uniformity,
                e.z_deviation,
                e.seconds,
                e.clips_per_s,
                e.waiting
            );
        }
        out
    }
}
