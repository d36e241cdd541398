//! Fitting a sound that became longer or shorter into the clip it came from.

/// Copies planar samples of `n` a channel into `out` with `length` a channel: the middle is kept, or zeros stand evenly on
/// both sides.
pub(super) fn center(samples: &[f32], n: usize, length: usize, out: &mut Vec<f32>) {
    out.clear();
    let (cut, pad) = (n.saturating_sub(length) / 2, length.saturating_sub(n) / 2);
    let kept = n.min(length);
    for channel in samples.chunks_exact(n.max(1)) {
        let start = out.len();
        out.resize(start + length, 0.0);
        out[start + pad..start + pad + kept].copy_from_slice(&channel[cut..cut + kept]);
    }
}

#[cfg(test)]
mod tests {
    use super::center;

    #[test]
    fn the_middle_stays_in_the_middle() {
        let check = |samples: &[f32], n, length, want: &[f32]| {
            let mut out = vec![9.0];
            center(samples, n, length, &mut out);
            assert_eq!(out, want);
        };
        check(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], 4, 2, &[2.0, 3.0, 6.0, 7.0]);
        check(&[1.0, 2.0], 1, 4, &[0.0, 1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
        check(&[1.0, 2.0], 2, 2, &[1.0, 2.0]);
        check(&[], 0, 2, &[]);
    }
}
