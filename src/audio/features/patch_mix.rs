//! Patches of one sound among those of another.

use super::Features;
use crate::{Error, Rng};

/// How patches are exchanged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PatchMix {
    /// Bands of a patch.
    pub height: usize,
    /// Frames of a patch.
    pub width: usize,
    /// Whether whole columns of patches are exchanged.
    pub time_domain: bool,
}

/// What a mix came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixed {
    /// The first sound with patches of the second.
    pub features: Features,
    /// The share of patches that are the first sound's, after rounding.
    pub lambda: f64,
    /// The patches, or columns of patches, of the second sound, in rising order; patches count along time first.
    pub exchanged: Vec<usize>,
}

impl PatchMix {
    /// Replaces `floor(n (1 - lambda))` of the `n` patches of the first sound, chosen without replacement, by the second's.
    ///
    /// Bae et al., "Patch-Mix Contrastive Learning with Audio Spectrogram Transformer", 2023, equation 3. There the patches
    /// are exchanged behind their linear embedding; where patches do not overlap, exchanging them before it is the same. What
    /// is left beside the last whole patch stays the first sound's.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the sounds differ in shape, [`Error::Range`] for a share outside 0..1, [`Error::Unusable`] if
    /// no patch fits.
    pub fn apply(
        &self,
        first: &Features,
        second: &Features,
        lambda: f64,
        rng: &mut Rng,
    ) -> Result<Mixed, Error> {
        if first.shape() != second.shape() {
            let said = |features: &Features| format!("{:?}", features.shape());
            return Err(Error::Mismatch {
                what: "the shapes",
                left: said(first),
                right: said(second),
            });
        }
        if !(0.0..=1.0).contains(&lambda) {
            return Err(Error::range("lambda", "within 0..1", lambda));
        }
        let (rows, columns) = (
            first.n_bands / self.height.max(1),
            first.n_frames / self.width.max(1),
        );
        if rows * columns == 0 {
            let (there, want) = (first.shape(), (self.height, self.width));
            return Err(Error::Unusable(format!(
                "no patch of {} bands and {} frames fits into {} bands and {} frames",
                want.0, want.1, there[1], there[2]
            )));
        }
        let n = if self.time_domain {
            columns
        } else {
            rows * columns
        };
        let mut exchanged: Vec<usize> = (0..n).collect();
        rng.shuffle(&mut exchanged);
        exchanged.truncate((n as f64 * (1.0 - lambda)).floor() as usize);
        exchanged.sort_unstable();
        let mut features = first.clone();
        for &index in &exchanged {
            let (column, bands) = match self.time_domain {
                true => (index, 0..rows * self.height),
                false => (
                    index % columns,
                    index / columns * self.height..(index / columns + 1) * self.height,
                ),
            };
            for channel in 0..first.n_channels {
                for band in bands.clone() {
                    let start =
                        (channel * first.n_bands + band) * first.n_frames + column * self.width;
                    features.values[start..start + self.width]
                        .copy_from_slice(&second.values[start..start + self.width]);
                }
            }
        }
        Ok(Mixed {
            features,
            lambda: 1.0 - exchanged.len() as f64 / n as f64,
            exchanged,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(value: f32, n_bands: usize, n_frames: usize) -> Features {
        Features {
            values: vec![value; 2 * n_bands * n_frames],
            n_channels: 2,
            n_bands,
            n_frames,
            ..Features::default()
        }
    }

    #[test]
    fn as_many_patches_change_as_the_share_says() {
        let grid = PatchMix {
            height: 2,
            width: 3,
            time_domain: false,
        };
        let (a, b) = (block(0.0, 5, 10), block(1.0, 5, 10));
        for (lambda, n) in [(1.0, 0), (0.0, 6), (0.5, 3), (0.4, 3), (0.7, 1)] {
            let mixed = grid
                .apply(&a, &b, lambda, &mut Rng::from_words(&[7]))
                .unwrap();
            assert_eq!(mixed.exchanged.len(), n, "{lambda}");
            assert_eq!(
                mixed.features.values.iter().sum::<f32>() as usize,
                2 * 6 * n
            );
            assert!((mixed.lambda - (1.0 - n as f64 / 6.0)).abs() < 1e-12);
            // The fifth band and the tenth frame belong to no patch.
            assert!(
                mixed.features.band(1, 4).iter().all(|&v| v == 0.0)
                    && mixed.features.band(0, 0)[9] == 0.0
            );
        }
        let columns = PatchMix {
            time_domain: true,
            ..grid
        };
        let mixed = columns
            .apply(&a, &b, 0.5, &mut Rng::from_words(&[1]))
            .unwrap();
        let start = mixed.exchanged[0] * 3;
        assert_eq!(mixed.exchanged.len(), 1);
        assert!((0..4).all(|band| mixed.features.band(0, band)[start..start + 3] == [1.0; 3]));
    }

    #[test]
    fn every_patch_is_as_likely() {
        let grid = PatchMix {
            height: 1,
            width: 1,
            time_domain: false,
        };
        let (a, b) = (block(0.0, 2, 3), block(1.0, 2, 3));
        let mut counts = [0.0; 6];
        for seed in 0..3000 {
            for index in grid
                .apply(&a, &b, 0.5, &mut Rng::from_words(&[seed]))
                .unwrap()
                .exchanged
            {
                counts[index] += 1.0 / 3000.0;
            }
        }
        assert!(
            counts.iter().all(|share: &f64| (share - 0.5).abs() < 0.04),
            "{counts:?}"
        );
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let grid = PatchMix {
            height: 16,
            width: 16,
            time_domain: false,
        };
        let rng = &mut Rng::from_words(&[0]);
        assert!(
            grid.apply(&block(0.0, 8, 100), &block(0.0, 8, 100), 0.5, rng)
                .is_err()
        );
        assert!(
            grid.apply(&block(0.0, 16, 16), &block(0.0, 16, 17), 0.5, rng)
                .is_err()
        );
        assert!(
            grid.apply(&block(0.0, 16, 16), &block(0.0, 16, 16), 1.5, rng)
                .is_err()
        );
    }
}
