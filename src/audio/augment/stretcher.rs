//! The phase vocoder of the stages that stretch time, and the options they share.

use super::{DefaultValue, Kind, Parameter};
use crate::Error;
use crate::declare::Settings;
use crate::dsp::{PhaseLocking, Vocoder};
use smallvec::SmallVec;
use std::sync::{Arc, RwLock};

/// The options of a phase vocoder, behind a stage's own parameters.
pub(super) const OPTIONS: [Parameter; 3] = [
    Parameter::option(
        "locking",
        Kind::Flag,
        DefaultValue::Flag(true),
        "whether the bins around a spectral peak turn together, which keeps level and attack; false is librosa's vocoder",
    ),
    Parameter::option(
        "n_fft",
        Kind::Count {
            low: 4.0,
            high: 1_048_576.0,
        },
        DefaultValue::Absent,
        "size of the transform, samples; 2048 up to 48 kHz and in proportion above if not given",
    ),
    Parameter::option(
        "hop_length",
        Kind::Count {
            low: 1.0,
            high: 524_288.0,
        },
        DefaultValue::Absent,
        "samples from frame to frame of the result; a quarter of `n_fft` if not given",
    ),
];

/// A vocoder that is made when the sample rate is known.
pub(super) struct Stretcher {
    locking: PhaseLocking,
    n_fft: Option<usize>,
    hop_length: Option<usize>,
    made: RwLock<SmallVec<[Arc<Vocoder>; 2]>>,
}

impl Stretcher {
    pub(super) fn new(settings: &Settings<'_>) -> Result<Stretcher, Error> {
        let stretcher = Stretcher {
            locking: if settings.flag("locking") {
                PhaseLocking::Identity
            } else {
                PhaseLocking::None
            },
            n_fft: settings.count_if("n_fft"),
            hop_length: settings.count_if("hop_length"),
            made: RwLock::default(),
        };
        // What can be known to be wrong without a sound is said when the recipe is built.
        if stretcher.n_fft.is_some() || stretcher.hop_length.is_some() {
            stretcher.for_rate(1)?;
        }
        Ok(stretcher)
    }

    /// The vocoder for sounds of a sample rate.
    pub(super) fn for_rate(&self, sample_rate: u32) -> Result<Arc<Vocoder>, Error> {
        let n_fft = self
            .n_fft
            .unwrap_or_else(|| 2048 * sample_rate.div_ceil(48_000).next_power_of_two() as usize);
        let same = |vocoder: &&Arc<Vocoder>| vocoder.n_fft() == n_fft;
        // A poisoned lock holds a list that is still whole: nothing can fail between its changes.
        let known = self
            .made
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .iter()
            .find(same)
            .cloned();
        if let Some(vocoder) = known {
            return Ok(vocoder);
        }
        let vocoder = Arc::new(Vocoder::new(
            n_fft,
            self.hop_length.unwrap_or(n_fft / 4),
            self.locking,
        )?);
        self.made
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .push(vocoder.clone());
        Ok(vocoder)
    }
}

/// The parameters of a stage, then those of the vocoder.
pub(super) const fn with_options<const N: usize, const M: usize>(
    own: [Parameter; N],
) -> [Parameter; M] {
    assert!(M == N + OPTIONS.len());
    let mut all = [OPTIONS[0]; M];
    let mut i = 0;
    while i < M {
        all[i] = if i < N { own[i] } else { OPTIONS[i - N] };
        i += 1;
    }
    all
}
