//! Colours.

/// Ten colours of the map "viridis" (van der Walt and Smith, 2015), evenly spaced; lightness rises throughout, so the
/// picture also reads in grey.
pub(crate) const VIRIDIS: [[u8; 3]; 10] = [
    [68, 1, 84],
    [72, 40, 120],
    [62, 73, 137],
    [49, 104, 142],
    [38, 130, 142],
    [31, 158, 137],
    [53, 183, 121],
    [110, 206, 88],
    [181, 222, 43],
    [253, 231, 37],
];

/// Colours of curves and bars, one after the other.
pub(crate) const SERIES: [[u8; 3]; 4] = [
    [0x20, 0x63, 0x9b],
    [0xd1, 0x49, 0x5b],
    [0x3c, 0xae, 0xa3],
    [0xf6, 0xa2, 0x1d],
];

pub(crate) const WHITE: [u8; 3] = [255; 3];
pub(crate) const INK: [u8; 3] = [0x33; 3];
pub(crate) const GRID: [u8; 3] = [0xdd; 3];
pub(crate) const EDGE: [u8; 3] = [0x99; 3];

/// The colour of a share within 0 to 1.
pub(crate) fn viridis(share: f64) -> [u8; 3] {
    let at = share.clamp(0.0, 1.0) * (VIRIDIS.len() - 1) as f64;
    let from = (at as usize).min(VIRIDIS.len() - 2);
    mixed(VIRIDIS[from], VIRIDIS[from + 1], at - from as f64)
}

/// From white to the blue of a confusion matrix.
pub(crate) fn blue(share: f64) -> [u8; 3] {
    mixed(WHITE, [8, 64, 140], share.clamp(0.0, 1.0))
}

fn mixed(from: [u8; 3], to: [u8; 3], part: f64) -> [u8; 3] {
    std::array::from_fn(|i| {
        let (a, b) = (f64::from(from[i]), f64::from(to[i]));
        (a + (b - a) * part).round() as u8
    })
}

/// As SVG and plotly write it.
pub(crate) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}
