//! Patches of a synthesizer: drawn, given, in pairs, and checked.

use crate::{Error, Patches, Perturbation, Synth, Units};

impl Synth {
    /// `n` random patches, those with the indices `first..first + n` of the seed: patch `i` is the same however many are
    /// drawn with it.
    pub fn sample(&self, n: usize, seed: u64, first: u64, units: Units) -> Patches {
        Patches::sample(self.inner.parameters.clone(), n, seed, first, units).of_synth(self)
    }

    /// Patches of raw values `[n, P]`.
    ///
    /// # Errors
    /// As [`Patches::new`].
    pub fn patches(&self, raw: Vec<f32>) -> Result<Patches, Error> {
        Ok(Patches::new(self.inner.parameters.clone(), raw)?.of_synth(self))
    }

    /// `n` positive pairs: patches are drawn and perturbed twice, and only the perturbed ones are given (Cherep and Singh,
    /// "Contrastive Learning from Synthetic Audio Doppelgängers", 2025).
    ///
    /// # Errors
    /// As [`Patches::perturb`].
    pub fn doppelgangers(
        &self,
        n: usize,
        delta: &Perturbation,
        seed: u64,
        first: u64,
        units: Units,
    ) -> Result<(Patches, Patches), Error> {
        let centre = self.sample(n, seed, first, units);
        Ok((
            centre.perturb(delta, seed, 0)?,
            centre.perturb(delta, seed, 1)?,
        ))
    }

    /// Checks that patches belong to this synthesizer.
    pub(crate) fn check(&self, patches: &Patches) -> Result<(), Error> {
        let (want, got) = (self.parameters().len(), patches.width());
        match want == got {
            true => Ok(()),
            false => Err(Error::PatchSize { want, got }),
        }
    }
}
