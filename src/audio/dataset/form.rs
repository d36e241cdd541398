//! The form in which clips are read.

use crate::dsp::resample;
use crate::{Error, Waveform};

/// The form in which clips are read. All are mixed down to one channel.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Form {
    /// Sample rate, Hz; each file's own if `None`.
    pub sample_rate: Option<u32>,
    /// Duration, s: the end is cut off or silence put behind; each file's own if `None`.
    pub duration_s: Option<f64>,
}

impl Form {
    /// Checks that it makes sense.
    ///
    /// # Errors
    /// [`Error::Range`] for a sample rate of 0, and for a duration that is not above 0 and at most a day.
    pub(super) fn check(self) -> Result<(), Error> {
        if self.sample_rate == Some(0) {
            return Err(Error::range("sample_rate", "at least 1 Hz", 0));
        }
        match self.duration_s {
            Some(seconds) if !(seconds > 0.0 && seconds <= 86_400.0) => {
                let want = "above 0 and at most a day";
                Err(Error::range("seconds", want, seconds))
            }
            _ => Ok(()),
        }
    }

    /// One channel at the sample rate.
    ///
    /// # Errors
    /// What resampling reports.
    pub(super) fn resampled(self, wave: &Waveform) -> Result<Waveform, Error> {
        let mono = wave.to_mono();
        match self.sample_rate {
            Some(rate) if rate != mono.sample_rate() => resample(&mono, rate),
            _ => Ok(mono),
        }
    }

    /// The sound at the duration.
    pub(super) fn fitted(self, wave: Waveform) -> Waveform {
        match self.duration_s {
            Some(seconds) => {
                wave.fitted((seconds * f64::from(wave.sample_rate())).round().max(1.0) as usize)
            }
            None => wave,
        }
    }
}
