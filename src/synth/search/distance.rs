//! How far a sound is from the one that is searched.

use crate::Error;
use crate::sensitivity::{Ear, rms_difference, spectrogram};
use auricle_audio::Waveform;
use auricle_audio::features::LogMel;
use std::cell::RefCell;

/// Distance of sounds at several resolutions.
///
/// The mean over transforms of 16, 64 and 256 ms (each the next power of two samples, as far as the sound is that long) of
/// the root mean square difference of the log-mel spectrograms in dB, each within 80 dB under its largest value.
#[derive(Debug)]
pub struct Distance {
    scales: Vec<LogMel>,
    target: Vec<Vec<f32>>,
}

/// Lengths of the transforms, seconds.
const SCALES_S: [f64; 3] = [0.016, 0.064, 0.256];

impl Distance {
    /// The distance from a sound, of its first channel.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Unusable`] if the sound is too short for the shortest transform.
    pub fn from(target: &Waveform) -> Result<Distance, Error> {
        let rate = target.sample_rate();
        let n_ffts = SCALES_S.map(|s| ((s * f64::from(rate)) as usize).next_power_of_two().max(64));
        let fits = |(index, n_fft): &(usize, usize)| *index == 0 || *n_fft <= target.n_samples();
        let scales = n_ffts.into_iter().enumerate().filter(fits);
        let scales: Vec<LogMel> = scales
            .map(|(_, n_fft)| spectrogram(rate, n_fft))
            .collect::<Result<_, _>>()?;
        let mut ear = Ear::default();
        let hear = |mel: &LogMel| Ok(ear.hear(mel, target.channel(0))?.to_vec());
        let target = scales.iter().map(hear).collect::<Result<_, Error>>()?;
        Ok(Distance { scales, target })
    }

    /// The distance of samples at the rate and of the length of the sound, dB.
    ///
    /// # Errors
    /// As [`Distance::from`].
    pub fn of(&self, samples: &[f32]) -> Result<f64, Error> {
        thread_local! {
            static EAR: RefCell<Ear> = RefCell::default();
        }
        EAR.with_borrow_mut(|ear| {
            let mut sum = 0.0;
            for (mel, target) in self.scales.iter().zip(&self.target) {
                sum += rms_difference(ear.hear(mel, samples)?, target);
            }
            Ok(sum / self.scales.len() as f64)
        })
    }
}
