//! Gradients of many patches, spread over threads.

use crate::render::gradient_of_raw;
use crate::{Error, Patches, Playback, Synth};
use rayon::prelude::*;

impl Synth {
    /// The gradient of a number that is computed from the sounds of patches by every raw value of these, `[n, P]`, given its
    /// gradient by every sample, `[n, samples]`: the product of a vector and the Jacobian.
    ///
    /// It is that of the sound in double precision, from which [`Synth::render`] differs by rounding. Parameters with which the
    /// sound moves in steps have 0, and steps beside smooth moves are left out: see [`Synth::slopes`]. A row depends on its
    /// patch, key and samples alone: the same bytes in any batch and on any number of threads.
    ///
    /// # Errors
    /// [`Error::PatchSize`] for patches of another synthesizer, [`Error::Buffer`] for samples of another number, and
    /// [`auricle_audio::Error::Range`] for a synthesizer with a recipe behind it, which has no gradient.
    pub fn gradient(
        &self,
        patches: &Patches,
        playback: &Playback,
        of_samples: &[f32],
    ) -> Result<Vec<f32>, Error> {
        self.check(patches)?;
        self.check_gradient()?;
        let (n, width) = (self.n_samples(), patches.width());
        if of_samples.len() != patches.len() * n {
            return Err(Error::Buffer {
                sounds: patches.len(),
                samples: n,
                want: patches.len() * n,
                got: of_samples.len(),
            });
        }
        let mut out = vec![0.0; patches.raw().len()];
        let rows = out.par_chunks_mut(width.max(1)).enumerate();
        rows.for_each(|(index, out)| {
            let (row, key) = (patches.row(index), patches.keys()[index]);
            let of_samples = &of_samples[index * n..(index + 1) * n];
            let of_samples = of_samples.iter().map(|&g| f64::from(g)).collect();
            let (playable, noise) = (&self.inner.playable, playback.noise.as_deref());
            let gradient = gradient_of_raw(playable, row, key, noise, of_samples);
            for (out, gradient) in out.iter_mut().zip(gradient) {
                *out = gradient as f32;
            }
        });
        Ok(out)
    }

    /// Checks that there is no recipe behind it, which sounds as tensors do not pass.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] if there is one.
    pub fn check_recipe(&self) -> Result<(), Error> {
        if self.recipe.steps().is_empty() {
            return Ok(());
        }
        let want = "one without a recipe behind it, as gradients pass none";
        Err(auricle_audio::Error::range("synthesizer", want, &self.recipe).into())
    }

    /// Checks that sounds have a gradient.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] for a synthesizer with a recipe behind it, and for one without a parameter that the
    /// sound moves smoothly with.
    pub fn check_gradient(&self) -> Result<(), Error> {
        self.check_recipe()?;
        if self.slopes().iter().any(|slope| slope.is_some()) {
            return Ok(());
        }
        let want = "a synthesizer with a parameter that has a gradient";
        let parameters = self.parameters().iter().zip(self.slopes());
        let reasons: Vec<String> = parameters
            .map(|(parameter, slope)| format!("{parameter} ({slope})"))
            .collect();
        let got = match reasons.is_empty() {
            true => "one without parameters".to_owned(),
            false => format!("one of {}", reasons.join(", ")),
        };
        Err(auricle_audio::Error::range("synthesizer", want, got).into())
    }
}
