//! Figures as vector pictures, for every place where no script can draw them.

use super::Figure;
use super::page::escape;
use serde_json::Value as Json;
use std::fmt::Write;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
/// Space for title and legend above, axis titles and ticks at the left and below.
const TOP: f64 = 44.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 52.0;
const RIGHT: f64 = 20.0;
/// As many intervals between ticks as there may be on an axis, about.
const TICKS: f64 = 5.0;
/// The height of a matrix and of its cells at most, and the space below it for names.
const MATRIX: f64 = 400.0;
const CELL: f64 = 56.0;
const BELOW: f64 = 90.0;
/// Above this many classes a confusion matrix has no room for its numbers.
const MOST_NUMBERS: usize = 20;

/// Part of the picture that the data take.
struct Area {
    height: f64,
    x: [f64; 2],
    y: [f64; 2],
}

impl Area {
    fn across(&self, value: f64) -> f64 {
        LEFT + (value - self.x[0]) / (self.x[1] - self.x[0]) * (WIDTH - LEFT - RIGHT)
    }

    fn down(&self, value: f64) -> f64 {
        self.height - BOTTOM - (value - self.y[0]) / (self.y[1] - self.y[0]) * (self.height - TOP - BOTTOM)
    }
}

impl Figure {
    /// The figure as an SVG file: lines, bars with intervals, or a matrix, as the first of its traces is.
    pub fn to_svg(&self) -> String {
        let traces = self.plotly["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        let kind = traces.first().and_then(|trace| trace["type"].as_str()).unwrap_or("");
        let rows = traces.first().and_then(|trace| trace["z"].as_array()).map_or(0, Vec::len);
        let height = if kind == "heatmap" { TOP + BELOW + (rows as f64 * CELL).min(MATRIX) } else { HEIGHT };
        let body = match kind {
            "heatmap" => self.matrix(&traces[0], height),
            "bar" => self.bars(traces),
            _ => self.lines_drawn(traces),
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
             <text x=\"{LEFT}\" y=\"20\" font-size=\"15\" font-weight=\"bold\">{}</text>{body}</svg>",
            escape(&self.title)
        )
    }

    fn color(&self, index: usize) -> &str {
        let colors = self.plotly["layout"]["template"]["layout"]["colorway"].as_array();
        colors.and_then(|colors| colors[index % colors.len().max(1)].as_str()).unwrap_or("#20639b")
    }

    fn axis_title(&self, axis: &str) -> &str {
        self.plotly["layout"][axis]["title"]["text"].as_str().unwrap_or("")
    }

    fn lines_drawn(&self, traces: &[Json]) -> String {
        let curves: Vec<Vec<(f64, f64)>> = traces.iter().map(points).collect();
        let all = || curves.iter().flatten();
        let area = Area { height: HEIGHT, x: span(all().map(|p| p.0)), y: padded(span(all().map(|p| p.1))) };
        let mut out = self.axes(&area);
        ticks(area.x).for_each(|x| out += &label(area.across(x), HEIGHT - BOTTOM + 16.0, "middle", &number(x)));
        for (index, curve) in curves.iter().enumerate() {
            let (color, at) = (self.color(index), |p: &(f64, f64)| (area.across(p.0), area.down(p.1)));
            let path: Vec<String> = curve.iter().map(at).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            let _ = write!(
                out,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>",
                path.join(" ")
            );
            // A curve of one point would not be seen.
            for (x, y) in curve.iter().map(at).filter(|_| curve.len() == 1) {
                let _ = write!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{color}\"/>");
            }
        }
        out + &self.legend(traces)
    }

    fn bars(&self, traces: &[Json]) -> String {
        let names = texts(&traces[0]["x"]);
        let numbers =
            |list: &Json| -> Vec<f64> { list.as_array().into_iter().flatten().filter_map(Json::as_f64).collect() };
        let range = numbers(&self.plotly["layout"]["yaxis"]["range"]);
        let y = match range[..] {
            [low, high] => [low, high],
            _ => padded(span(traces.iter().flat_map(|trace| numbers(&trace["y"])).chain([0.0]))),
        };
        let area = Area { height: HEIGHT, x: [-0.5, names.len().max(1) as f64 - 0.5], y };
        let mut out = self.axes(&area);
        for (i, name) in names.iter().enumerate() {
            out += &label(area.across(i as f64), HEIGHT - BOTTOM + 16.0, "middle", name);
        }
        let width = 0.8 / traces.len() as f64;
        for (index, trace) in traces.iter().enumerate() {
            let (above, below) = (numbers(&trace["error_y"]["array"]), numbers(&trace["error_y"]["arrayminus"]));
            for (i, value) in numbers(&trace["y"]).into_iter().enumerate() {
                let from = i as f64 - 0.4 + index as f64 * width;
                let (left, right) = (area.across(from), area.across(from + 0.9 * width));
                let (top, bottom) = (area.down(value), area.down(area.y[0]));
                let _ = write!(
                    out,
                    "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{}\"/>",
                    right - left,
                    bottom - top,
                    self.color(index)
                );
                if let (Some(above), Some(below)) = (above.get(i), below.get(i)) {
                    let (x, high, low) = ((left + right) / 2.0, area.down(value + above), area.down(value - below));
                    let _ =
                        write!(out, "<path d=\"M{x:.1},{high:.1}V{low:.1}\" stroke=\"#333\" stroke-width=\"1.5\"/>");
                }
            }
        }
        out + &self.legend(traces)
    }

    fn matrix(&self, trace: &Json, height: f64) -> String {
        let rows: Vec<Vec<f64>> = trace["z"].as_array().into_iter().flatten().map(values).collect();
        let (columns, names) = (texts(&trace["x"]), texts(&trace["y"]));
        let most = rows.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
        // Names of rows stand at the left; the longest of them decides how much room they need.
        let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).min(24);
        let left = 34.0 + 7.0 * longest as f64;
        let (width, tall) =
            ((WIDTH - left - RIGHT) / columns.len().max(1) as f64, (height - TOP - BELOW) / rows.len().max(1) as f64);
        let mut out = label(left + (WIDTH - left - RIGHT) / 2.0, height - 8.0, "middle", self.axis_title("xaxis"));
        out += &turned(16.0, TOP + (height - TOP - BELOW) / 2.0, "middle", self.axis_title("yaxis"), -90.0);
        for (r, row) in rows.iter().enumerate() {
            let y = TOP + r as f64 * tall;
            out += &label(left - 6.0, y + tall / 2.0 + 4.0, "end", names.get(r).map_or("", |name| name));
            for (c, value) in row.iter().enumerate() {
                let (x, share) = (left + c as f64 * width, value / most);
                let _ = write!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{tall:.1}\" fill=\"{}\" stroke=\"#fff\"/>",
                    blue(share)
                );
                if rows.len() <= MOST_NUMBERS {
                    let color = if share > 0.5 { "#fff" } else { "#333" };
                    let _ = write!(
                        out,
                        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{color}\">{}</text>",
                        x + width / 2.0,
                        y + tall / 2.0 + 4.0,
                        number(*value)
                    );
                }
            }
        }
        for (c, name) in columns.iter().enumerate() {
            let x = left + (c as f64 + 0.5) * width;
            out += &turned(x + 4.0, TOP + rows.len() as f64 * tall + 8.0, "end", name, -60.0);
        }
        out
    }

    /// Grid, ticks of the vertical axis and both titles.
    fn axes(&self, area: &Area) -> String {
        let mut out = String::new();
        for y in ticks(area.y) {
            let at = area.down(y);
            let _ = write!(out, "<path d=\"M{LEFT},{at:.1}H{:.1}\" stroke=\"#ddd\"/>", WIDTH - RIGHT);
            out += &label(LEFT - 8.0, at + 4.0, "end", &number(y));
        }
        out += &label((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 12.0, "middle", self.axis_title("xaxis"));
        out + &turned(18.0, (TOP + HEIGHT - BOTTOM) / 2.0, "middle", self.axis_title("yaxis"), -90.0)
    }

    /// Names of the traces with their colours, if there are several.
    fn legend(&self, traces: &[Json]) -> String {
        let mut out = String::new();
        let mut x = LEFT;
        for (index, trace) in traces.iter().enumerate().filter(|_| traces.len() > 1) {
            let name = trace["name"].as_str().unwrap_or("");
            let _ =
                write!(out, "<rect x=\"{x:.0}\" y=\"27\" width=\"10\" height=\"10\" fill=\"{}\"/>", self.color(index));
            out += &label(x + 14.0, 36.0, "start", name);
            x += 34.0 + 7.0 * name.chars().count() as f64;
        }
        out
    }
}

/// The points of a trace that can be drawn.
fn points(trace: &Json) -> Vec<(f64, f64)> {
    let list = |name: &str| trace[name].as_array().map(Vec::as_slice).unwrap_or_default();
    list("x").iter().zip(list("y")).filter_map(|(x, y)| Some((x.as_f64()?, y.as_f64()?))).collect()
}

fn values(row: &Json) -> Vec<f64> {
    row.as_array().into_iter().flatten().map(|value| value.as_f64().unwrap_or(0.0)).collect()
}

fn texts(list: &Json) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .map(|text| text.as_str().map_or_else(|| text.to_string(), str::to_owned))
        .collect()
}

/// Smallest and largest value, not equal.
fn span(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let [low, high] = values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)]);
    match high - low {
        width if width > 0.0 => [low, high],
        0.0 => [low - 0.5, high + 0.5],
        _ => [0.0, 1.0],
    }
}

fn padded([low, high]: [f64; 2]) -> [f64; 2] {
    let room = 0.05 * (high - low);
    [low - room, high + room]
}

/// Round numbers within a span.
fn ticks([low, high]: [f64; 2]) -> impl Iterator<Item = f64> {
    let rough = (high - low) / TICKS;
    let power = 10.0_f64.powf(rough.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|step| *step >= rough).unwrap_or(rough);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(move |n| n as f64 * step)
}

/// A number with as many digits as are of use, without zeros at its end.
fn number(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// From white to the blue of the page's confusion matrix.
fn blue(share: f64) -> String {
    let mix = |to: f64| (255.0 + (to - 255.0) * share.clamp(0.0, 1.0)).round();
    format!("rgb({},{},{})", mix(8.0), mix(64.0), mix(140.0))
}

fn label(x: f64, y: f64, anchor: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>", escape(text))
}

fn turned(x: f64, y: f64, anchor: &str, text: &str, degrees: f64) -> String {
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" transform=\"rotate({degrees} {x:.1} {y:.1})\">{}</text>",
        escape(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ticks_are_round_and_inside() {
        for (span, want) in [
            ([0.0, 1.0], vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
            ([1.0, 60.0], vec![20.0, 40.0, 60.0]),
            ([-3.0, 7.0], vec![-2.0, 0.0, 2.0, 4.0, 6.0]),
        ] {
            let got: Vec<f64> = ticks(span).collect();
            assert_eq!(got.len(), want.len(), "{got:?}");
            assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-9), "{got:?}");
        }
        assert_eq!([0.0, -0.0, 2.5, 1e6, 0.30000000000000004].map(number), ["0", "0", "2.5", "1000000", "0.3"]);
    }

    #[test]
    fn a_line_goes_from_corner_to_corner() {
        let svg = Figure::lines("loss <1>", "nats", &[("a", &[1.0, f64::NAN, 0.0])]).to_svg();
        // The width is 70..620 for epochs 1 to 3; the height 44..308 for -0.05 to 1.05, so that 1 stands at 56 and 0 at 296.
        assert!(svg.contains("points=\"70.0,56.0 620.0,296.0\""), "{svg}");
        assert!(svg.contains("loss &lt;1&gt;") && svg.contains(">epoch<") && svg.contains(">nats<"));
        assert!(Figure::lines("", "", &[("a", &[])]).to_svg().contains("points=\"\""));
        assert!(Figure::lines("", "", &[("a", &[1.0])]).to_svg().contains("<circle cx=\"345.0\" cy=\"176.0\""));
    }

    #[test]
    fn bars_stand_on_the_axis_and_a_matrix_has_its_numbers() {
        let data = json!([{ "type": "bar", "name": "knn", "x": ["a"], "y": [0.5],
            "error_y": { "array": [0.25], "arrayminus": [0.5] } }]);
        let layout = json!({ "yaxis": { "range": [0, 1] } });
        let svg = Figure { title: String::new(), plotly: json!({ "data": data, "layout": layout }) }.to_svg();
        // One class spans 550 pixels, its bar 0.72 of it; 264 pixels are one unit of accuracy.
        assert!(svg.contains("<rect x=\"125.0\" y=\"176.0\" width=\"396.0\" height=\"132.0\""), "{svg}");
        assert!(svg.contains("<path d=\"M323.0,110.0V308.0\""), "{svg}");
        let matrix = json!([{ "type": "heatmap", "z": [[9, 0], [3, 6]], "x": ["p", "q"], "y": ["p", "q"] }]);
        let svg = Figure { title: String::new(), plotly: json!({ "data": matrix, "layout": {} }) }.to_svg();
        for part in [">9</text>", "fill=\"rgb(8,64,140)\"", "fill=\"rgb(255,255,255)\"", ">q</text>"] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
    }
}
