//! Clips whose branch is left out while a network is trained.

use auricle_audio::Rng;
use burn::tensor::{Device, Tensor, TensorData};
use xxhash_rust::xxh3::Xxh3;

/// What the branch of every clip of a batch is multiplied by, `[batch]`: 0 with probability `p`,
/// else `kept`.
///
/// Huang et al., "Deep networks with stochastic depth", 2016. As with dropout, what is drawn for a
/// clip depends on the layer's place and on the clip's numbers there alone, `facts` of shape
/// `[batch, n]`: not on the rest of the batch, nor on how often the run was interrupted.
pub(super) fn factors(place: &str, p: f64, kept: f32, facts: Tensor<2>) -> Vec<f32> {
    let facts = facts.detach().into_data();
    let n = facts.shape()[1].max(1);
    let values: Vec<f32> = facts.iter::<f32>().collect();
    let factor = |clip: &[f32]| {
        let mut hash = Xxh3::new();
        hash.update(place.as_bytes());
        for value in clip {
            hash.update(&value.to_bits().to_le_bytes());
        }
        let is_left_out = Rng::from_words(&[hash.digest()]).uniform() < p;
        if is_left_out { 0.0 } else { kept }
    };
    values.chunks_exact(n).map(factor).collect()
}

/// The same as a tensor `[batch, 1, ...]` of `D` axes.
pub(super) fn factors_of<const D: usize>(
    place: &str,
    p: f64,
    kept: f32,
    facts: Tensor<2>,
    device: &Device,
) -> Tensor<D> {
    let factors = factors(place, p, kept, facts);
    let mut shape = [1; D];
    shape[0] = factors.len();
    Tensor::from_data(TensorData::new(factors, shape), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_is_left_out_or_kept_whatever_batch_it_is_in() {
        let device = Device::flex();
        let mut values = vec![0.0; 4000];
        Rng::from_words(&[3]).fill_normal(&mut values);
        let clips = Tensor::<2>::from_data(TensorData::new(values, [2000, 2]), &device);
        let all = factors("blocks.3", 0.25, 1.0, clips.clone());
        assert_eq!(all, factors("blocks.3", 0.25, 1.0, clips.clone()));
        assert_ne!(all, factors("blocks.4", 0.25, 1.0, clips.clone()));
        let part = factors("blocks.3", 0.25, 1.0, clips.narrow(0, 700, 9));
        assert_eq!(part, all[700..709]);
        let share = all.iter().filter(|&&v| v == 0.0).count() as f64 / 2e3;
        // Four standard deviations of a share of two thousand draws.
        assert!((share - 0.25).abs() < 4.0 * 0.00968, "{share}");
        assert!(all.iter().all(|&v| v == 0.0 || v == 1.0));
    }
}
