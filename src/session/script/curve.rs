//! Numbers over steps as a vector picture, light enough to be drawn again several times a second.

use super::html::escape;
use std::fmt::Write;

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 120.0;
/// Space for the figures at the left and below.
const MARGIN: f64 = 16.0;

/// A line through the values with its largest and smallest written beside it, as an SVG file.
pub fn curve_svg(title: &str, values: &[f64]) -> String {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let scale = if high > low { (HEIGHT - 2.0 * MARGIN) / (high - low) } else { 0.0 };
    let step = (WIDTH - 2.0 * MARGIN) / (values.len().max(2) - 1) as f64;
    let mut points = String::new();
    for (i, value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
        let _ = write!(points, "{:.1},{:.1} ", MARGIN + i as f64 * step, MARGIN + (high - value) * scale);
    }
    let label = |y: f64, text: String| format!("<text x=\"{MARGIN}\" y=\"{y}\">{text}</text>");
    let (top, bottom) = if low <= high {
        (label(MARGIN - 4.0, format!("{high:.4}  {}", escape(title))), label(HEIGHT - 3.0, format!("{low:.4}")))
    } else {
        (label(MARGIN - 4.0, escape(title)), String::new())
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"11\" fill=\"#888\">{top}{bottom}\
         <polyline points=\"{}\" fill=\"none\" stroke=\"#31688e\" stroke-width=\"1.5\"/></svg>",
        points.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_goes_through_the_values() {
        let svg = curve_svg("loss", &[1.0, f64::NAN, 0.0]);
        assert!(svg.contains("points=\"16.0,16.0 464.0,104.0\""), "{svg}");
        assert!(svg.contains(">1.0000  loss<") && svg.contains(">0.0000<"));
        assert!(curve_svg("loss", &[]).contains("points=\"\""));
        assert!(curve_svg("loss", &[2.0]).contains("points=\"16.0,16.0\""));
    }
}
