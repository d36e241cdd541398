//! Order statistics of samples.

/// The value below which a share of the samples lies, linear between the two nearest, as NumPy's `percentile` has it.
///
/// `percent` is limited to 0..=100; of no samples it is 0. Reorders the samples.
pub fn percentile(samples: &mut [f32], percent: f64) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    let position = (samples.len() - 1) as f64 * (percent / 100.0).clamp(0.0, 1.0);
    let index = (position as usize).min(samples.len() - 1);
    let (_, value, above) = samples.select_nth_unstable_by(index, f32::total_cmp);
    let low = f64::from(*value);
    match above.iter().copied().min_by(f32::total_cmp) {
        Some(next) => low + (f64::from(next) - low) * (position - index as f64),
        None => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_linear_between_the_samples() {
        let samples = [3.0, -1.0, 10.0, 0.0, 4.0];
        for (percent, want) in [
            (0.0, -1.0),
            (25.0, 0.0),
            (50.0, 3.0),
            (60.0, 3.4),
            (90.0, 7.6),
            (100.0, 10.0),
        ] {
            let got = percentile(&mut samples.clone(), percent);
            assert!((got - want).abs() < 1e-9, "{percent}: {got}");
        }
        assert_eq!(
            (percentile(&mut [], 50.0), percentile(&mut [2.0], 99.0)),
            (0.0, 2.0)
        );
    }
}
