//! The outline of a sound as a vector picture.

use crate::Waveform;
use std::fmt::Write;

/// The smallest and largest sample of the first channel in each of `width` pieces of a sound; fewer if it has fewer
/// samples.
pub fn bounds(wave: &Waveform, width: usize) -> Vec<(f32, f32)> {
    let samples = wave.channel(0);
    let columns = width.min(samples.len());
    let piece = |column: usize| &samples[column * samples.len() / columns..(column + 1) * samples.len() / columns];
    (0..columns)
        .map(|column| {
            piece(column).iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)))
        })
        .collect()
}

/// The smallest and largest sample in each of `width` columns of the sound mixed down, as an SVG file.
pub fn outline_svg(wave: &Waveform, width: usize, height: usize) -> String {
    let mono = wave.to_mono();
    let middle = height as f64 / 2.0;
    let bounds = bounds(&mono, width);
    let columns = bounds.len();
    // Sounds beyond full scale are drawn up to their own peak.
    let scale = (middle - 1.0) / f64::from(mono.peak() as f32).max(1.0);
    let x = |column: usize| column as f64 * width as f64 / columns.max(1) as f64;
    let mut path = String::new();
    for (column, (_, high)) in bounds.iter().enumerate() {
        let _ = write!(
            path,
            "{}{:.1},{:.1}",
            if column == 0 { "M" } else { "L" },
            x(column),
            middle - f64::from(*high) * scale
        );
    }
    for (column, (low, _)) in bounds.iter().enumerate().rev() {
        let _ = write!(path, "L{:.1},{:.1}", x(column), middle - f64::from(*low) * scale + 0.5);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\
         <path d=\"M0,{middle}H{width}\" stroke=\"#999\" stroke-width=\"0.5\"/>\
         <path d=\"{path}\" fill=\"#31688e\" stroke=\"#31688e\" stroke-width=\"0.7\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outline_spans_the_samples() {
        let wave = Waveform::mono(vec![0.0, 1.0, -1.0, 0.0], 8000).unwrap();
        let svg = outline_svg(&wave, 2, 22);
        assert!(svg.contains("M0.0,1.0L1.0,11.0L1.0,21.5L0.0,11.5"), "{svg}");
        assert!(outline_svg(&Waveform::mono(vec![], 8000).unwrap(), 10, 10).starts_with("<svg"));
    }
}
