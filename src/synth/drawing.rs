//! Pictures: a graph as boxes in layers, and bars of parameters.

use crate::outline::Outline;
use crate::{FreeParameter, Rate};
use auricle_figure::{Anchor, Drawing, Words, width_of};

const SIZE: f64 = 12.0;
const SMALL: f64 = 10.0;
const MARGIN: f64 = 20.0;
/// Space above for the title.
const TOP: f64 = 44.0;
/// Height of a box, and from a box to the one below.
const HEIGHT: f64 = 34.0;
const GAP: f64 = 14.0;
/// From a layer to the next: room for names of ports.
const BETWEEN: f64 = 78.0;
/// Passes over the layers that bring boxes near to what they are connected to.
const PASSES: usize = 8;

const INK: [u8; 3] = [0x33; 3];
const ARROW: [u8; 3] = [0x99; 3];
const BAR: [u8; 3] = [0x20, 0x63, 0x9b];
const EDGE: [u8; 3] = [0xbb; 3];

fn fill(rate: Rate, is_module: bool) -> [u8; 3] {
    match (is_module, rate) {
        (false, _) => [0xf2; 3],
        (true, Rate::Note) => [0xfd, 0xf0, 0xd5],
        (true, Rate::Control) => [0xdc, 0xf0, 0xe4],
        (true, Rate::Audio) => [0xdd, 0xe8, 0xf6],
    }
}

impl Outline {
    /// The graph as a picture: sources at the left, what is heard at the right, modules as boxes with their free parameters
    /// counted, arrows with the names of ports. Notes are yellow, control signals green, sounds blue.
    pub fn to_drawing(&self, title: &str) -> Drawing {
        let layers = self.layers();
        let widths: Vec<f64> = layers
            .iter()
            .map(|layer| layer.iter().map(|&at| self.width(at)).fold(0.0, f64::max))
            .collect();
        let mut left = MARGIN;
        let lefts: Vec<f64> = widths
            .iter()
            .map(|width| {
                let this = left;
                left += width + BETWEEN;
                this
            })
            .collect();
        let tallest = layers.iter().map(Vec::len).max().unwrap_or(0) as f64;
        let height = tallest * (HEIGHT + GAP) - GAP;
        let width = (left - BETWEEN + MARGIN).max(width_of(title, 14.0) + 2.0 * MARGIN);
        let mut drawing = Drawing::new(width, TOP + height.max(0.0) + MARGIN);
        drawing.text([MARGIN, 24.0], Words::new(title, 14.0).bold());
        let mut at = vec![[0.0; 2]; self.boxes.len()];
        for (layer, &left) in layers.iter().zip(&lefts) {
            let free = height - (layer.len() as f64 * (HEIGHT + GAP) - GAP);
            for (row, &index) in layer.iter().enumerate() {
                at[index] = [left, TOP + free / 2.0 + row as f64 * (HEIGHT + GAP)];
            }
        }
        self.arrows(&mut drawing, &at);
        for (index, this) in self.boxes.iter().enumerate() {
            let ([x, y], width) = (at[index], self.width(index));
            drawing.rect([x - 1.0, y - 1.0], [width + 2.0, HEIGHT + 2.0], EDGE);
            drawing.rect(
                [x, y],
                [width, HEIGHT],
                fill(this.rate, this.kind.is_some()),
            );
            let middle = x + width / 2.0;
            let label = Words::new(&this.label, SIZE).anchored(Anchor::Middle);
            match this.kind {
                None => drawing.text([middle, y + HEIGHT / 2.0 + 4.0], label),
                Some(kind) => {
                    drawing.text([middle, y + 14.0], label.bold());
                    let facts = Words::new(facts(kind, &this.label, this.n_free), SMALL);
                    drawing.text(
                        [middle, y + 28.0],
                        facts.anchored(Anchor::Middle).colored(INK),
                    );
                }
            }
        }
        drawing
    }

    fn width(&self, at: usize) -> f64 {
        let this = &self.boxes[at];
        let facts = this.kind.map_or(0.0, |kind| {
            width_of(&facts(kind, &this.label, this.n_free), SMALL)
        });
        width_of(&this.label, SIZE * 1.1).max(facts).max(16.0) + 14.0
    }

    /// The boxes of each layer from above. Sources stand right before what they feed; each pass sorts a layer by the mean
    /// place of what its boxes are connected to (Sugiyama et al., 1981).
    fn layers(&self) -> Vec<Vec<usize>> {
        let mut layer: Vec<usize> = self.boxes.iter().map(|this| this.layer).collect();
        for (at, this) in self
            .boxes
            .iter()
            .enumerate()
            .filter(|(_, this)| this.layer == 0)
        {
            let fed = self.arrows.iter().filter(|arrow| arrow.from == at);
            let nearest = fed.map(|arrow| self.boxes[arrow.to].layer).min();
            // Notes stay at the left, where they are looked for.
            if this.rate != Rate::Note {
                layer[at] = nearest.map_or(0, |nearest| nearest.saturating_sub(1));
            }
        }
        let n = layer.iter().max().map_or(0, |max| max + 1);
        let mut layers = vec![Vec::new(); n];
        layer
            .iter()
            .enumerate()
            .for_each(|(at, &layer)| layers[layer].push(at));
        let mut place = vec![0.0; self.boxes.len()];
        for pass in 0..PASSES {
            for layer in &layers {
                for (row, &at) in layer.iter().enumerate() {
                    place[at] = row as f64 - layer.len() as f64 / 2.0;
                }
            }
            for layer in &mut layers {
                let mean = |at: usize| {
                    let near = self.arrows.iter().filter_map(|arrow| match pass % 2 == 0 {
                        true if arrow.to == at => Some(place[arrow.from]),
                        false if arrow.from == at => Some(place[arrow.to]),
                        _ => None,
                    });
                    let near: Vec<f64> = near.collect();
                    match near.len() {
                        0 => place[at],
                        n => near.iter().sum::<f64>() / n as f64,
                    }
                };
                let mut keyed: Vec<(f64, usize)> = layer.iter().map(|&at| (mean(at), at)).collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                *layer = keyed.into_iter().map(|(_, at)| at).collect();
            }
        }
        layers
    }

    fn arrows(&self, drawing: &mut Drawing, at: &[[f64; 2]]) {
        for (to, [left, top]) in at.iter().enumerate() {
            // What comes in enters one below another, in the order of where it comes from.
            let mut inputs: Vec<_> = self.arrows.iter().filter(|arrow| arrow.to == to).collect();
            inputs.sort_by(|a, b| at[a.from][1].total_cmp(&at[b.from][1]));
            let n = inputs.len() as f64;
            for (row, arrow) in inputs.into_iter().enumerate() {
                let [from_x, from_y] = at[arrow.from];
                let begin = [from_x + self.width(arrow.from), from_y + HEIGHT / 2.0];
                let end = [*left, top + HEIGHT * (row as f64 + 0.5) / n];
                let turn = end[0] - BETWEEN * 0.2;
                drawing.line(
                    vec![begin, [begin[0] + 8.0, begin[1]], [turn, end[1]], end],
                    ARROW,
                    1.0,
                );
                for side in [-3.0, 3.0] {
                    drawing.line(vec![[end[0] - 6.0, end[1] + side], end], ARROW, 1.0);
                }
                let name = match (arrow.port, arrow.output) {
                    (port, None) => port.to_owned(),
                    ("", Some(output)) => format!("[{output}]"),
                    (port, Some(output)) => format!("{port} [{output}]"),
                };
                // Lists and notes are many and alike: their names would cover the picture.
                if !name.is_empty() && !["note", "inputs"].contains(&arrow.port) {
                    let words = Words::new(name, SMALL).anchored(Anchor::End).colored(ARROW);
                    drawing.text([end[0] - 8.0, end[1] - 3.0], words);
                }
            }
        }
    }
}

fn facts(kind: &str, label: &str, n_free: usize) -> String {
    let free = match n_free {
        0 => "fixed".to_owned(),
        n => format!("{n} free"),
    };
    match kind == label {
        true => free,
        false => format!("{kind}, {free}"),
    }
}

/// Bars below each other, one for a parameter, the longest first.
pub(crate) fn bars(
    title: &str,
    unit: &str,
    parameters: &[FreeParameter],
    values: &[f64],
    most: usize,
) -> Drawing {
    let order = descending(values);
    let shown = &order[..order.len().min(most)];
    let names: Vec<String> = shown.iter().map(|&at| parameters[at].to_string()).collect();
    let left = MARGIN
        + names
            .iter()
            .map(|name| width_of(name, SIZE))
            .fold(0.0, f64::max)
        + 8.0;
    let width = left + 420.0;
    let mut drawing = Drawing::new(width, TOP + 18.0 * shown.len() as f64 + MARGIN);
    drawing.text([MARGIN, 24.0], Words::new(title, 14.0).bold());
    let largest = shown.first().map_or(1.0, |&at| values[at]).max(1e-12);
    for (row, (&at, name)) in shown.iter().zip(names).enumerate() {
        let y = TOP + 18.0 * row as f64;
        drawing.text(
            [left - 8.0, y + 11.0],
            Words::new(name, SIZE).anchored(Anchor::End),
        );
        let long = 330.0 * (values[at] / largest).max(0.0);
        drawing.rect([left, y + 1.0], [long.max(0.5), 13.0], BAR);
        let number = format!("{:.3} {unit}", values[at]);
        drawing.text(
            [left + long + 5.0, y + 11.0],
            Words::new(number.trim_end(), SMALL),
        );
    }
    drawing
}

/// The places of values from the largest to the smallest.
pub(crate) fn descending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order
}
