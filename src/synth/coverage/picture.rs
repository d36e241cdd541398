//! The distributions of both sets as bars.

use super::compared::{Compared, Coverage, quantile};
use auricle_figure::{Anchor, Drawing, Words};

const REAL: [u8; 3] = [0x20, 0x63, 0x9b];
const SYNTHETIC: [u8; 3] = [0xd1, 0x49, 0x5b];
const AXIS: [u8; 3] = [0x99; 3];
const PANEL: [f64; 2] = [300.0, 150.0];
const MARGIN: f64 = 28.0;
const TOP: f64 = 40.0;
const BINS: usize = 24;

impl Coverage {
    /// Two bars for each bin of each descriptor: the share of the real sounds, blue, and of the synthetic ones, red. The ends
    /// are the first and the last percent of all.
    pub fn to_drawing(&self) -> Drawing {
        let across = 2;
        let down = self.compared.len().div_ceil(across);
        let step = [PANEL[0] + 2.0 * MARGIN, PANEL[1] + 64.0];
        let mut drawing = Drawing::new(step[0] * across as f64, TOP + step[1] * down as f64);
        drawing.text(
            [MARGIN, 24.0],
            Words::new("real", 13.0).bold().colored(REAL),
        );
        drawing.text(
            [MARGIN + 40.0, 24.0],
            Words::new("synthetic", 13.0).bold().colored(SYNTHETIC),
        );
        for (index, compared) in self.compared.iter().enumerate() {
            let (column, row) = (index % across, index / across);
            let at = [
                MARGIN + step[0] * column as f64,
                TOP + 20.0 + step[1] * row as f64,
            ];
            panel(&mut drawing, at, compared);
        }
        drawing
    }
}

fn panel(drawing: &mut Drawing, [left, top]: [f64; 2], compared: &Compared) {
    let name = match compared.descriptor.unit {
        "" => compared.descriptor.name.to_owned(),
        unit => format!("{}, {unit}", compared.descriptor.name),
    };
    drawing.text([left, top - 6.0], Words::new(name, 12.0).bold());
    let base = top + PANEL[1];
    drawing.line(vec![[left, base], [left + PANEL[0], base]], AXIS, 1.0);
    let mut all: Vec<f64> = compared
        .real
        .iter()
        .chain(&compared.synthetic)
        .copied()
        .collect();
    all.sort_by(f64::total_cmp);
    if all.is_empty() {
        drawing.text([left, base - 8.0], Words::new("no sound has a value", 11.0));
        return;
    }
    let (low, high) = (quantile(&all, 0.01), quantile(&all, 0.99));
    let span = if high > low { high - low } else { 1.0 };
    let shares = |values: &[f64]| {
        let mut shares = [0.0; BINS];
        for value in values {
            let bin = ((value - low) / span * BINS as f64).clamp(0.0, BINS as f64 - 1.0);
            shares[bin as usize] += 1.0 / values.len() as f64;
        }
        shares
    };
    let sets = [
        (shares(&compared.real), REAL),
        (shares(&compared.synthetic), SYNTHETIC),
    ];
    let most = sets
        .iter()
        .flat_map(|(shares, _)| shares)
        .copied()
        .fold(0.0, f64::max);
    let width = PANEL[0] / BINS as f64;
    for (set, (shares, color)) in sets.iter().enumerate() {
        for (bin, share) in shares.iter().enumerate() {
            let height = PANEL[1] * share / most;
            let x = left + width * (bin as f64 + 0.1 + 0.4 * set as f64);
            drawing.rect([x, base - height], [0.4 * width, height], *color);
        }
    }
    drawing.text([left, base + 14.0], Words::new(short(low), 10.0));
    let right = Words::new(short(low + span), 10.0).anchored(Anchor::End);
    drawing.text([left + PANEL[0], base + 14.0], right);
    let share = 100.0 * compared.covered();
    if share.is_finite() {
        let facts = format!(
            "{share:.0} % covered, distance {:.2} deviations",
            compared.distance()
        );
        let at = [left + PANEL[0] / 2.0, base + 14.0];
        drawing.text(at, Words::new(facts, 10.0).anchored(Anchor::Middle));
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        _ => format!("{value:.3}"),
    }
}
