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

/// Colours of the first classes: those of curves, then others that lie apart from them.
const CLASSES: [[u8; 3]; 10] = [
    SERIES[0],
    SERIES[1],
    SERIES[2],
    SERIES[3],
    [0x7a, 0x4e, 0xa3],
    [0x6b, 0x8e, 0x23],
    [0x8c, 0x5a, 0x3c],
    [0xe3, 0x77, 0xc2],
    [0x17, 0xa2, 0xd8],
    [0x55, 0x60, 0x6b],
];

/// The colour of a class. Beyond the tenth one hues follow each other by the golden section, so that neighbours differ.
pub(crate) fn class(index: usize) -> [u8; 3] {
    if let Some(color) = CLASSES.get(index) {
        return *color;
    }
    let hue = (index as f64 * 0.618_034).fract() * 6.0;
    let lightest = if index.is_multiple_of(2) {
        200.0
    } else {
        150.0
    };
    [5.0_f64, 3.0, 1.0].map(|shift| {
        let k = (shift + hue) % 6.0;
        let share = 1.0 - k.min(4.0 - k).clamp(0.0, 1.0) * 0.75;
        (lightest * share).round() as u8
    })
}

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
