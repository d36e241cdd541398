//! What a model is trained on, as a call says it.

use crate::script::{Call, ScriptError};
use auricle_audio::dataset::{Dataset, Shards, Split};
use auricle_learn::feed::{Pairs, Supply};
use auricle_synth::Synth;
use std::sync::Arc;

/// What a model is trained on.
pub(super) enum TrainedOn {
    Clips(Dataset),
    Pairs(Pairs),
    Shards(Shards),
}

impl TrainedOn {
    /// The clips, where they are those of a dataset.
    pub(super) fn clips(&self) -> Option<&Dataset> {
        match self {
            TrainedOn::Clips(clips) => Some(clips),
            _ => None,
        }
    }

    /// What supplies its batches.
    pub(super) fn supply(self) -> Arc<dyn Supply> {
        match self {
            TrainedOn::Clips(clips) => Arc::new(clips),
            TrainedOn::Pairs(pairs) => Arc::new(pairs),
            TrainedOn::Shards(shards) => Arc::new(shards),
        }
    }
}

/// What the argument `data` of a call is.
pub(super) fn trained_on(call: &Call<'_>) -> Result<TrainedOn, ScriptError> {
    let data = call.raw("data");
    if let Some(split) = data.clone().try_cast::<Split>() {
        return Ok(TrainedOn::Clips(split.train));
    }
    if let Some(pairs) = data.clone().try_cast::<Pairs>() {
        return Ok(TrainedOn::Pairs(pairs));
    }
    if let Some(shards) = data.clone().try_cast::<Shards>() {
        return Ok(TrainedOn::Shards(shards));
    }
    let clips = data.try_cast::<Dataset>().map(TrainedOn::Clips);
    clips.ok_or_else(|| {
        let wrong = call.wrong(
            "data",
            "a dataset, a split, a stream of shards, or pairs of a synthesizer",
        );
        match call.raw("data").is::<Synth>() {
            true => wrong.hint("write `synthesizer.pairs(#{ delta: 0.25 })`"),
            false => wrong,
        }
    })
}
