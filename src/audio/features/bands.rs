//! Filters of a few neighbouring bins, and those of mel scales, which are kept.

use super::{MelNorm, MelScale, Triangles, filter_bank};
use crate::dsp::LANES;
use std::sync::{Arc, Mutex};

/// Banks that are kept: more than a recipe and its evaluation use, of some 50 kB each.
const MOST_KEPT: usize = 16;

/// All that a bank of mel filters depends on, as [`filter_bank`] has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BankOptions {
    pub(super) scale: MelScale,
    pub(super) norm: MelNorm,
    pub(super) triangles: Triangles,
    pub(super) sample_rate: u32,
    pub(super) n_fft: usize,
    pub(super) n_mels: usize,
    pub(super) edges_hz: [f64; 2],
}

/// Filters that are zero but for a few neighbouring bins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bands(Vec<(usize, Vec<f32>)>);

impl Bands {
    pub(super) fn new(bank: Vec<Vec<f64>>) -> Bands {
        let narrow = |weights: Vec<f64>| {
            let first = weights.iter().position(|&w| w > 0.0).unwrap_or(0);
            let last = weights
                .iter()
                .rposition(|&w| w > 0.0)
                .map_or(first, |last| last + 1);
            (
                first,
                weights[first..last].iter().map(|&w| w as f32).collect(),
            )
        };
        Bands(bank.into_iter().map(narrow).collect())
    }

    /// The mel filters of these options: made once, and kept as long as few others were asked for
    /// since.
    pub(super) fn kept(options: BankOptions) -> Arc<Bands> {
        static KEPT: Mutex<Vec<(BankOptions, Arc<Bands>)>> = Mutex::new(Vec::new());
        // A poisoned lock holds a list that is still whole: nothing can fail between its changes.
        let lock = || KEPT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut kept = lock();
        if let Some(index) = kept.iter().position(|(known, _)| *known == options) {
            kept[index..].rotate_left(1);
            if let Some((_, bands)) = kept.last() {
                return bands.clone();
            }
        }
        // Others need not wait while these are made.
        drop(kept);
        let BankOptions {
            scale,
            norm,
            triangles,
            sample_rate,
            n_fft,
            n_mels,
            edges_hz,
        } = options;
        let bands = Arc::new(Bands::new(filter_bank(
            scale,
            norm,
            triangles,
            sample_rate,
            n_fft,
            n_mels,
            edges_hz,
        )));
        let mut kept = lock();
        // The one that was not asked for longest goes.
        if kept.len() == MOST_KEPT {
            kept.remove(0);
        }
        kept.push((options, bands.clone()));
        bands
    }

    /// The weights as a matrix `[n_bins, bands]`.
    pub(super) fn matrix(&self, n_bins: usize) -> Vec<f32> {
        let mut matrix = vec![0.0; n_bins * self.0.len()];
        for (band, (first, weights)) in self.0.iter().enumerate() {
            for (bin, weight) in weights.iter().enumerate() {
                matrix[(first + bin) * self.0.len() + band] = *weight;
            }
        }
        matrix
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The weighted sum of a band for frames side by side.
    #[inline(always)]
    pub(super) fn lane_sums(&self, band: usize, power: &[[f32; LANES]]) -> [f32; LANES] {
        let (first, weights) = &self.0[band];
        // Two sums in turn, so that one addition need not wait for the other.
        let (mut even, mut odd) = ([0.0; LANES], [0.0; LANES]);
        let (pairs, rest) = weights.as_chunks::<2>();
        let (power_pairs, power_rest) = power[*first..*first + weights.len()].as_chunks::<2>();
        for (power, weights) in power_pairs.iter().zip(pairs) {
            for lane in 0..LANES {
                even[lane] += weights[0] * power[0][lane];
                odd[lane] += weights[1] * power[1][lane];
            }
        }
        for (power, weight) in power_rest.iter().zip(rest) {
            for lane in 0..LANES {
                even[lane] += weight * power[lane];
            }
        }
        for lane in 0..LANES {
            even[lane] += odd[lane];
        }
        even
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> BankOptions {
        BankOptions {
            scale: MelScale::Slaney,
            norm: MelNorm::Slaney,
            triangles: Triangles::Hertz,
            sample_rate: 16_000,
            n_fft: 512,
            n_mels: 40,
            edges_hz: [20.0, 7600.0],
        }
    }

    #[test]
    fn a_bank_is_made_once_and_every_option_counts() {
        let first = Bands::kept(options());
        assert!(Arc::ptr_eq(&first, &Bands::kept(options())));
        let changes: [fn(&mut BankOptions); 8] = [
            |o| o.scale = MelScale::Htk,
            |o| o.norm = MelNorm::Sum,
            |o| o.triangles = Triangles::Mel,
            |o| o.sample_rate = 16_001,
            |o| o.n_fft = 514,
            |o| o.n_mels = 41,
            |o| o.edges_hz[0] = 21.0,
            |o| o.edges_hz[1] = 7601.0,
        ];
        for change in changes {
            let mut other = options();
            change(&mut other);
            assert_ne!(*Bands::kept(other), *first, "{other:?}");
        }
        for n_mels in 1..2 * MOST_KEPT {
            Bands::kept(BankOptions {
                n_mels,
                ..options()
            });
        }
        // It was let go, and is made again the same.
        let again = Bands::kept(options());
        assert!(!Arc::ptr_eq(&first, &again));
        assert_eq!(again, first);
    }
}
