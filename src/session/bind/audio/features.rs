//! What can be asked of features.

use crate::script::{Function, ScriptError, ScriptValue, Topic};
use auricle_audio::features::Features;
use auricle_audio::plot;
use rhai::Dynamic;

impl ScriptValue for Features {
    const NAME: &'static str = "features";

    fn text(&self) -> String {
        let means: Vec<f64> = (0..self.n_bands)
            .map(|band| self.band(0, band).iter().map(|&v| f64::from(v)).sum::<f64>() / self.n_frames.max(1) as f64)
            .collect();
        let [channels, bands, frames] = self.shape();
        format!("features {channels} x {bands} bands x {frames} frames, mean by band {}", plot::sparkline(&means, 40))
    }

    fn same(&self, other: &Features) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::property::<Features, _>("shape", Topic::Stages, |features| {
            Ok(Dynamic::from_array(features.shape().iter().map(|&n| (n as i64).into()).collect()))
        })
        .about("Channels, bands and frames.")
        .example("assert((tone(440, 1) |> log_mel()).shape == [1, 64, 101])"),
        Function::new("band", Topic::Stages, |call| {
            let features: Features = call.receiver()?;
            let (band, channel) = (call.get::<usize>("index")?, call.get::<usize>("channel")?);
            if band >= features.n_bands || channel >= features.n_channels {
                let [channels, bands, _] = features.shape();
                let message = format!("there is no band {band} of channel {channel}: there are {bands} of {channels}");
                return Err(ScriptError::new(message));
            }
            Ok(Dynamic::from_array(features.band(channel, band).iter().map(|&v| f64::from(v).into()).collect()))
        })
        .on::<Features>()
        .about("Gives the values of a band over time as an array of numbers.")
        .param::<usize>("index", "which band, from 0")
        .param_or::<usize>("channel", 0, "which channel, from 0")
        .returns("array")
        .example("assert((tone(440, 1) |> mel()).band(3).len() == 101)"),
    ]
}
