//! Numbers as a line of block characters.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The values as blocks between their smallest and largest, at most `width` of them; longer lists are averaged.
pub fn sparkline(values: &[f64], width: usize) -> String {
    let cells = averaged(values, width);
    let (low, high) = cells
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| {
            (a.min(v), b.max(v))
        });
    let scale = if high > low { 7.0 / (high - low) } else { 0.0 };
    cells
        .iter()
        .map(|v| BLOCKS[((v - low) * scale).round() as usize])
        .collect()
}

/// Shares within 0 to 1 as blocks.
pub fn blocks(shares: impl Iterator<Item = f64>) -> String {
    shares
        .map(|share| BLOCKS[(share.clamp(0.0, 1.0) * 7.0).round() as usize])
        .collect()
}

fn averaged(values: &[f64], width: usize) -> Vec<f64> {
    let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let width = width.min(finite.len());
    (0..width)
        .map(|cell| {
            let part = &finite[cell * finite.len() / width..(cell + 1) * finite.len() / width];
            part.iter().sum::<f64>() / part.len() as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rising_line_rises() {
        assert_eq!(
            sparkline(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 80),
            "▁▂▃▄▅▆▇█"
        );
        assert_eq!(sparkline(&[3.0, 3.0], 80), "▁▁");
        assert_eq!(sparkline(&[], 80), "");
        assert_eq!(sparkline(&[0.0, 0.0, 1.0, 1.0, f64::NAN], 2), "▁█");
        assert_eq!(blocks([-1.0, 0.0, 0.5, 2.0].into_iter()), "▁▁▅█");
    }
}
