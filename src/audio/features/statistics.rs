//! Statistics of features over time.

use super::Features;

/// Mean and population standard deviation of every band over time: all means, then all deviations.
///
/// The plainest description of a sound that keeps its spectrum: a probe on it is the floor under every learned encoder.
pub fn band_statistics(features: &Features) -> Vec<f64> {
    let rows = features.n_channels * features.n_bands;
    let mut out = vec![0.0; 2 * rows];
    for row in 0..rows {
        let values = features.band(row / features.n_bands, row % features.n_bands);
        let n = values.len().max(1) as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let variance = values
            .iter()
            .map(|&v| (f64::from(v) - mean).powi(2))
            .sum::<f64>()
            / n;
        out[row] = mean;
        out[rows + row] = variance.sqrt();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_stand_before_deviations() {
        let features = Features {
            values: vec![1.0, 3.0, 5.0, 5.0],
            n_channels: 1,
            n_bands: 2,
            n_frames: 2,
            ..Features::default()
        };
        assert_eq!(band_statistics(&features), [2.0, 5.0, 1.0, 0.0]);
    }
}
