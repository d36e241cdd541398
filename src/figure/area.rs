//! The part of a picture that data take, between its axes.

use crate::axis::{Axis, number};
use crate::color::GRID;
use crate::drawing::{Anchor, Drawing, Words};

pub(crate) const WIDTH: f64 = 640.0;
pub(crate) const HEIGHT: f64 = 360.0;
/// Space for title and legend above, axis titles and ticks at the left and below.
pub(crate) const TOP: f64 = 44.0;
pub(crate) const LEFT: f64 = 70.0;
pub(crate) const BOTTOM: f64 = 52.0;
pub(crate) const RIGHT: f64 = 20.0;
pub(crate) const SIZE: f64 = 12.0;
/// Intervals between ticks to the right, and pixels of one upwards, about.
pub(crate) const TICKS: f64 = 8.0;
const PER_TICK: f64 = 52.0;

/// Part of the picture that the data take.
pub(crate) struct Area {
    pub(crate) size: [f64; 2],
    pub(crate) top: f64,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
}

impl Area {
    pub(crate) fn across(&self, value: f64) -> f64 {
        LEFT + self.x.share(value) * (self.size[0] - LEFT - RIGHT)
    }

    pub(crate) fn down(&self, value: f64) -> f64 {
        self.size[1] - BOTTOM - self.y.share(value) * (self.size[1] - self.top - BOTTOM)
    }

    pub(crate) fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.across(x), self.down(y)]
    }
}

/// A page with grid, ticks of the vertical axis and both titles.
pub(crate) fn with_axes(area: &Area) -> Drawing {
    let [width, height] = area.size;
    let mut drawing = Drawing::new(width, height);
    for y in area
        .y
        .ticks(((height - area.top - BOTTOM) / PER_TICK).max(2.0))
    {
        let at = area.down(y);
        drawing.line(vec![[LEFT, at], [width - RIGHT, at]], GRID, 1.0);
        label(
            &mut drawing,
            [LEFT - 8.0, at + 4.0],
            Anchor::End,
            &number(y),
        );
    }
    label(
        &mut drawing,
        [(LEFT + width - RIGHT) / 2.0, height - 12.0],
        Anchor::Middle,
        &area.x.title,
    );
    let title = Words::new(&area.y.title, SIZE)
        .anchored(Anchor::Middle)
        .turned(-90.0);
    drawing.text([18.0, (area.top + height - BOTTOM) / 2.0], title);
    drawing
}

/// Words of the size of all labels.
pub(crate) fn label(drawing: &mut Drawing, at: [f64; 2], anchor: Anchor, words: &str) {
    drawing.text(at, Words::new(words, SIZE).anchored(anchor));
}
