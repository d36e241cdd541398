//! Parts of a drawing: a frame with axes, a heat map in it, the bar of its colours.

use crate::axis::number;
use crate::color::{EDGE, viridis};
use crate::drawing::{Anchor, Drawing, Words};
use crate::{Axis, HeatMap};

/// Where a panel is, without what stands around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// From the left edge of the page.
    pub left: f64,
    /// From its top.
    pub top: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

/// Width of a bar of colours with its numbers.
pub const BAR_WIDTH: f64 = 56.0;

/// Size of the words at axes.
const SIZE: f64 = 10.0;
/// Length of a tick.
const TICK: f64 = 3.0;
/// Pixels for an interval between ticks, about.
const PER_TICK: [f64; 2] = [56.0, 22.0];

impl Place {
    fn corners(&self) -> Vec<[f64; 2]> {
        let (right, bottom) = (self.left + self.width, self.top + self.height);
        let left_top = [self.left, self.top];
        vec![
            left_top,
            [right, self.top],
            [right, bottom],
            [self.left, bottom],
            left_top,
        ]
    }
}

/// Draws the edge of a panel, its ticks, their numbers and the titles of its axes.
pub fn frame_of(drawing: &mut Drawing, place: Place, x: &Axis, y: &Axis) {
    let Place {
        left,
        top,
        width,
        height,
    } = place;
    let bottom = top + height;
    for value in x.ticks((width / PER_TICK[0]).max(1.0)) {
        let at = left + x.share(value) * width;
        drawing.line(vec![[at, bottom], [at, bottom + TICK]], EDGE, 1.0);
        drawing.text(
            [at, bottom + TICK + SIZE],
            Words::new(number(value), SIZE).anchored(Anchor::Middle),
        );
    }
    let title = Words::new(&x.title, SIZE).anchored(Anchor::Middle);
    drawing.text([left + width / 2.0, bottom + TICK + 2.2 * SIZE], title);
    side_frame(drawing, place, y);
}

/// Draws the edge of a panel and the axis at its left, where the axis below is that of another panel.
pub fn side_frame(drawing: &mut Drawing, place: Place, y: &Axis) {
    let Place {
        left, top, height, ..
    } = place;
    let bottom = top + height;
    drawing.line(place.corners(), EDGE, 1.0);
    let mut longest = 0.0_f64;
    for value in y.ticks((height / PER_TICK[1]).max(1.0)) {
        let (at, words) = (bottom - y.share(value) * height, number(value));
        drawing.line(vec![[left - TICK, at], [left, at]], EDGE, 1.0);
        longest = longest.max(crate::width_of(&words, SIZE));
        drawing.text(
            [left - TICK - 2.0, at + 0.35 * SIZE],
            Words::new(words, SIZE).anchored(Anchor::End),
        );
    }
    let title = Words::new(&y.title, SIZE)
        .anchored(Anchor::Middle)
        .turned(-90.0);
    drawing.text([left - TICK - longest - 7.0, top + height / 2.0], title);
}

/// Draws a heat map with its axes; an empty frame where there is none.
pub fn heat_panel(drawing: &mut Drawing, place: Place, map: Option<&HeatMap>, x: &Axis, y: &Axis) {
    if let Some(map) = map {
        drawing.image(
            [place.left, place.top],
            [place.width, place.height],
            map.to_png(),
        );
    }
    frame_of(drawing, place, x, y);
}

/// Draws the colours of a heat map from its smallest to its largest value, with numbers and a unit above.
pub fn color_bar(
    drawing: &mut Drawing,
    [left, top]: [f64; 2],
    height: f64,
    map: &HeatMap,
    unit: &str,
) {
    const STEPS: usize = 64;
    const WIDTH: f64 = 10.0;
    let colors = (0..STEPS)
        .rev()
        .map(|step| viridis(step as f64 / (STEPS - 1) as f64))
        .collect();
    let bar = HeatMap {
        width: 1,
        height: STEPS,
        colors,
        low: map.low,
        high: map.high,
    };
    drawing.image([left, top], [WIDTH, height], bar.to_png());
    let place = Place {
        left,
        top,
        width: WIDTH,
        height,
    };
    drawing.line(place.corners(), EDGE, 1.0);
    let axis = Axis::new(map.low, map.high, "");
    // A map of one value has no scale but that value.
    let ticks: Vec<f64> = if map.high > map.low {
        axis.ticks((height / PER_TICK[1]).max(1.0)).collect()
    } else {
        vec![map.low]
    };
    for value in ticks {
        let at = top + (1.0 - axis.share(value)) * height;
        drawing.line(
            vec![[left + WIDTH, at], [left + WIDTH + TICK, at]],
            EDGE,
            1.0,
        );
        drawing.text(
            [left + WIDTH + TICK + 2.0, at + 0.35 * SIZE],
            Words::new(number(value), SIZE),
        );
    }
    drawing.text([left, top - 5.0], Words::new(unit, SIZE));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grid;

    #[test]
    fn a_panel_has_ticks_titles_and_a_bar() {
        let map = HeatMap::of(Grid {
            values: &[-80.0, 0.0, -40.0, -20.0],
            columns: 2,
            rows: 2,
        })
        .unwrap();
        let mut drawing = Drawing::new(400.0, 200.0);
        let place = Place {
            left: 50.0,
            top: 20.0,
            width: 280.0,
            height: 120.0,
        };
        heat_panel(
            &mut drawing,
            place,
            Some(&map),
            &Axis::seconds(0.3),
            &Axis::frequency(0.0, 8000.0),
        );
        color_bar(&mut drawing, [345.0, 20.0], 120.0, &map, "dB");
        let svg = drawing.to_svg();
        for part in [
            ">time (s)<",
            ">frequency (kHz)<",
            ">0.3<",
            ">8<",
            ">-80<",
            ">dB<",
        ] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
        // 0.1 s stand at a third of the width: 50 + 280 / 3.
        assert!(svg.contains("points=\"143.3,140 143.3,143\""), "{svg}");
        assert_eq!(svg.matches("<image").count(), 2);
    }
}
