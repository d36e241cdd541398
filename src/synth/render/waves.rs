//! Sounds as waves, one for each patch.

use super::Playback;
use crate::{Error, Patches, Synth};
use auricle_audio::Waveform;
use rayon::prelude::*;

impl Synth {
    /// The sounds of patches as waves, as [`Synth::render_into`] renders them.
    ///
    /// # Errors
    /// [`Error::PatchSize`] for patches of another synthesizer.
    pub fn waves(&self, patches: &Patches, playback: &Playback) -> Result<Vec<Waveform>, Error> {
        self.check(patches)?;
        let indices = (0..patches.len()).into_par_iter();
        let waves = indices.map(|index| {
            let mut samples = vec![0.0; self.n_samples()];
            self.render_into(&patches.select(&[index])?, playback, &mut samples)?;
            Ok(Waveform::mono(samples, self.options().sample_rate)?)
        });
        waves.collect()
    }
}
