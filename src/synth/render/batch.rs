//! Sounds of many patches, spread over threads.

use super::sound::Scratch;
use crate::{Error, Patches, Synth};
use auricle_audio::Waveform;
use rayon::prelude::*;
use std::sync::{Arc, Mutex, PoisonError};

/// How sounds are played.
#[derive(Clone, Debug, Default)]
pub struct Playback {
    /// Samples that stand in place of every white noise, the same for every sound, as the libraries have one buffer for a
    /// batch.
    pub noise: Option<Arc<[f32]>>,
    /// Whether only instructions that every processor has are used: for comparing, as the samples are the same.
    pub scalar: bool,
}

/// What threads have kept from sounds that they rendered; as many as ever rendered at once.
#[derive(Default)]
pub(crate) struct Scratches(Mutex<Vec<Scratch>>);

impl Scratches {
    fn take(&self) -> Option<Scratch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, scratch: Scratch) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(scratch);
    }
}

impl Synth {
    /// The sounds of patches, `[n, samples]`.
    ///
    /// A sound depends on its patch and the patch's key alone: the same bytes in any batch, on any number of threads and
    /// on any processor.
    ///
    /// # Errors
    /// [`Error::PatchSize`] for patches of another synthesizer.
    pub fn render(&self, patches: &Patches) -> Result<Vec<f32>, Error> {
        let mut out = vec![0.0; patches.len() * self.n_samples()];
        self.render_into(patches, &Playback::default(), &mut out)?;
        Ok(out)
    }

    /// The sounds of patches, written one behind another to where they are wanted.
    ///
    /// # Errors
    /// [`Error::PatchSize`] for patches of another synthesizer, [`Error::Buffer`] for a buffer of the wrong size.
    pub fn render_into(
        &self,
        patches: &Patches,
        playback: &Playback,
        out: &mut [f32],
    ) -> Result<(), Error> {
        self.check(patches)?;
        let want = patches.len() * self.n_samples();
        if out.len() != want {
            return Err(Error::Buffer {
                sounds: patches.len(),
                samples: self.n_samples(),
                want,
                got: out.len(),
            });
        }
        let sounds = out.par_chunks_exact_mut(self.n_samples()).enumerate();
        sounds.for_each(|(index, out)| self.render_row(patches, index, playback, out));
        Ok(())
    }

    /// The sound of one patch.
    ///
    /// # Errors
    /// [`Error::PatchSize`] for patches of another synthesizer, [`auricle_audio::Error::Range`] for an index that there is
    /// not.
    pub fn render_one(&self, patches: &Patches, index: usize) -> Result<Waveform, Error> {
        self.check(patches)?;
        if index >= patches.len() {
            let want = format!("below {}", patches.len());
            return Err(auricle_audio::Error::range("index", want, index).into());
        }
        let mut out = vec![0.0; self.n_samples()];
        self.render_row(patches, index, &Playback::default(), &mut out);
        Ok(Waveform::mono(out, self.options().sample_rate)?)
    }

    fn render_row(&self, patches: &Patches, index: usize, playback: &Playback, out: &mut [f32]) {
        let inner = &*self.inner;
        let kept = inner.scratches.take();
        let mut scratch = kept.unwrap_or_else(|| Scratch::new(inner));
        let arch = match playback.scalar {
            true => pulp::Arch::Scalar,
            false => pulp::Arch::new(),
        };
        let (row, key) = (patches.row(index), patches.keys()[index]);
        scratch.render(inner, arch, row, key, playback.noise.as_deref(), out);
        inner.scratches.put(scratch);
    }
}
