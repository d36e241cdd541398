//! What computes features from a sound, by the widest instructions of the processor.

use super::{Features, MelScratch};
use crate::Error;
use pulp::{Arch, Simd, WithSimd};

/// A front-end that is compiled once for every width of instructions.
pub trait FrontEnd: Sized {
    /// Computes the features of planar samples of `n_channels` into a block. Nothing in it may be fused or reordered, so
    /// that the bytes are the same on all processors; and it must be inlined, or it is compiled for the narrowest.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the sound is too short.
    fn compute(
        &self,
        samples: &[f32],
        n_channels: usize,
        scratch: &mut MelScratch,
        out: &mut Features,
    ) -> Result<(), Error>;

    /// Computes as [`FrontEnd::compute`] says, by the widest instructions there are.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the sound is too short.
    fn apply(
        &self,
        samples: &[f32],
        n_channels: usize,
        scratch: &mut MelScratch,
        out: &mut Features,
    ) -> Result<(), Error> {
        Arch::new().dispatch(Widest {
            front_end: self,
            samples,
            n_channels,
            scratch,
            out,
        })
    }
}

struct Widest<'a, T> {
    front_end: &'a T,
    samples: &'a [f32],
    n_channels: usize,
    scratch: &'a mut MelScratch,
    out: &'a mut Features,
}

impl<T: FrontEnd> WithSimd for Widest<'_, T> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Result<(), Error> {
        self.front_end
            .compute(self.samples, self.n_channels, self.scratch, self.out)
    }
}
