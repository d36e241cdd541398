//! Fitting a sound that became longer or shorter into the clip it came from.

/// Copies planar samples of `n_channels` into `out` with `length` a channel: the middle is kept, or zeros stand evenly on
/// both sides. Channels that became empty leave silence.
pub(super) fn center(samples: &[f32], n_channels: usize, length: usize, out: &mut Vec<f32>) {
    let n = samples.len() / n_channels.max(1);
    let (cut, pad) = (n.saturating_sub(length) / 2, length.saturating_sub(n) / 2);
    let kept = n.min(length);
    out.clear();
    out.resize(length * n_channels, 0.0);
    for (channel, slot) in samples
        .chunks_exact(n.max(1))
        .zip(out.chunks_exact_mut(length.max(1)))
    {
        slot[pad..pad + kept].copy_from_slice(&channel[cut..cut + kept]);
    }
}

#[cfg(test)]
mod tests {
    use super::center;

    #[test]
    fn the_middle_stays_in_the_middle() {
        let check = |samples: &[f32], n_channels, length, want: &[f32]| {
            let mut out = vec![9.0];
            center(samples, n_channels, length, &mut out);
            assert_eq!(out, want);
        };
        check(
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
            2,
            2,
            &[2.0, 3.0, 6.0, 7.0],
        );
        check(&[1.0, 2.0], 2, 4, &[0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
        check(&[1.0, 2.0], 1, 2, &[1.0, 2.0]);
        check(&[], 0, 2, &[]);
        check(&[], 3, 1, &[0.0, 0.0, 0.0]);
        check(&[1.0, 2.0], 2, 0, &[]);
    }
}
