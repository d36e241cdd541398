//! White noise by counting: a sample's value depends on the sound, the generator and the sample alone.

use auricle_audio::Rng;

const NOISE: u64 = 0x2015E;

/// One noise of one sound.
#[derive(Clone, Copy, Default)]
pub(super) struct Noise {
    first: u32,
    second: u32,
}

impl Noise {
    /// A generator of the sound with a key.
    pub(super) fn new(key: u64, stream: u32) -> Noise {
        let mut rng = Rng::from_words(&[key, u64::from(stream), NOISE]);
        Noise {
            first: rng.below(1 << 32) as u32,
            second: rng.below(1 << 32) as u32,
        }
    }

    /// 32 random bits: two rounds of Wellons' `lowbias32` with a key between them.
    #[inline(always)]
    fn bits(self, index: u32) -> u32 {
        let mut x = index.wrapping_mul(0x9E37_79B1) ^ self.first;
        x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
        x = (x ^ (x >> 15)).wrapping_add(self.second);
        x = x.wrapping_mul(0x846C_A68B);
        x ^ (x >> 16)
    }

    /// A sample, uniform in [-1, 1).
    #[inline(always)]
    pub(super) fn sample(self, index: u32) -> f32 {
        (self.bits(index) >> 8) as i32 as f32 * (1.0 / 8_388_608.0) - 1.0
    }

    /// A number in [0, 1).
    pub(super) fn unit(self, index: u32) -> f64 {
        f64::from(self.bits(index)) / 4_294_967_296.0
    }
}
