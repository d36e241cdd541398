//! Sounds of many patches, spread over threads.

use crate::{Error, Patches, Synth};
use auricle_audio::{Key, Waveform};
use rayon::prelude::*;
use std::sync::Arc;

/// How sounds are played.
#[derive(Clone, Debug, Default)]
pub struct Playback {
    /// Samples that stand in place of every white noise, the same for every sound, as the libraries have one buffer for a
    /// batch.
    pub noise: Option<Arc<[f32]>>,
    /// Whether only instructions that every processor has are used: for comparing, as the samples are the same.
    pub scalar: bool,
}

impl Synth {
    /// The sounds of patches, `[n, samples]`.
    ///
    /// A sound depends on its patch and the patch's key alone: the same bytes in any batch, on any number of threads and
    /// on any processor.
    ///
    /// # Errors
    /// As [`Synth::render_into`].
    pub fn render(&self, patches: &Patches) -> Result<Vec<f32>, Error> {
        let mut out = vec![0.0; patches.len() * self.n_samples()];
        self.render_into(patches, &Playback::default(), &mut out)?;
        Ok(out)
    }

    /// The sounds of patches, written one behind another to where they are wanted.
    ///
    /// # Errors
    /// [`Error::PatchSize`] for patches of another synthesizer, [`Error::Buffer`] for a buffer of the wrong size, what the
    /// recipe reports, and [`auricle_audio::Error::Range`] if it changes the length.
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
        if self.recipe.steps().is_empty() {
            sounds.for_each(|(index, out)| self.render_row(patches, index, playback, out));
            return Ok(());
        }
        sounds.try_for_each(|(index, out)| {
            let wave = self.wave(patches, index, playback)?;
            if wave.n_channels() != 1 || wave.n_samples() != out.len() {
                let want = format!("a recipe that keeps one channel of {} samples", out.len());
                let got = format!("{} channels of {}", wave.n_channels(), wave.n_samples());
                return Err(auricle_audio::Error::range("recipe", want, got).into());
            }
            out.copy_from_slice(wave.channel(0));
            Ok(())
        })
    }

    /// The sound of one patch, behind the recipe.
    ///
    /// # Errors
    /// [`Error::PatchSize`] for patches of another synthesizer, [`auricle_audio::Error::Range`] for an index that there is
    /// not, and what the recipe reports.
    pub fn render_one(&self, patches: &Patches, index: usize) -> Result<Waveform, Error> {
        self.check(patches)?;
        if index >= patches.len() {
            let want = format!("below {}", patches.len());
            return Err(auricle_audio::Error::range("index", want, index).into());
        }
        self.wave(patches, index, &Playback::default())
    }

    /// The sounds of patches as waves, behind the recipe, which may change how long they are.
    ///
    /// # Errors
    /// [`Error::PatchSize`] for patches of another synthesizer, and what the recipe reports.
    pub fn waves(&self, patches: &Patches, playback: &Playback) -> Result<Vec<Waveform>, Error> {
        self.check(patches)?;
        let indices = (0..patches.len()).into_par_iter();
        indices
            .map(|index| self.wave(patches, index, playback))
            .collect()
    }

    fn wave(
        &self,
        patches: &Patches,
        index: usize,
        playback: &Playback,
    ) -> Result<Waveform, Error> {
        let mut out = vec![0.0; self.n_samples()];
        self.render_row(patches, index, playback, &mut out);
        let wave = Waveform::mono(out, self.options().sample_rate)?;
        if self.recipe.steps().is_empty() {
            return Ok(wave);
        }
        let heard = self
            .recipe
            .wave(&wave, Key::of_seed(patches.keys()[index]))?;
        let (want, got) = (wave.sample_rate(), heard.sample_rate());
        if want != got {
            let want = format!("a recipe that keeps the sample rate of {want} Hz");
            return Err(auricle_audio::Error::range("recipe", want, format!("{got} Hz")).into());
        }
        Ok(heard)
    }

    /// The sound of one patch without the recipe; the patches are this synthesizer's, and `out` is as long as a sound.
    pub(crate) fn render_row(
        &self,
        patches: &Patches,
        index: usize,
        playback: &Playback,
        out: &mut [f32],
    ) {
        let arch = match playback.scalar {
            true => pulp::Arch::Scalar,
            false => pulp::Arch::new(),
        };
        let (row, key) = (patches.row(index), patches.keys()[index]);
        let (inner, noise) = (&*self.inner, playback.noise.as_deref());
        let scratches = &inner.scratches;
        scratches.render(&inner.playable, arch, row, key, noise, out);
    }
}
