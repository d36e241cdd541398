//! Figures as the JSON that plotly.js draws: `data` and `layout`.

use crate::color::{SERIES, class, hex};
use crate::figure::{Bars, Cloud, Content, Figure, Lines, Matrix, Points};
use serde_json::{Value as Json, json};

impl Figure {
    /// The figure as plotly's JSON.
    pub fn to_plotly(&self) -> Json {
        let (data, mut layout) = match &self.content {
            Content::Lines(lines) => of_lines(lines),
            Content::Bars(bars) => of_bars(bars),
            Content::Matrix(matrix) => of_matrix(matrix),
            Content::Points(points) => of_points(points),
        };
        layout["title"] = json!({ "text": self.title });
        layout["template"] = json!({ "layout": { "colorway": SERIES.map(hex) } });
        json!({ "data": data, "layout": layout })
    }
}

fn of_lines(lines: &Lines) -> (Json, Json) {
    let traces: Vec<Json> = lines
        .curves
        .iter()
        .map(|curve| json!({ "type": "scatter", "mode": "lines", "name": curve.name, "x": curve.x, "y": curve.y }))
        .collect();
    let axis = |title: &str| json!({ "title": { "text": title } });
    (
        json!(traces),
        json!({ "xaxis": axis(&lines.x_title), "yaxis": axis(&lines.y_title) }),
    )
}

fn of_bars(bars: &Bars) -> (Json, Json) {
    let traces: Vec<Json> = bars
        .groups
        .iter()
        .map(|group| {
            let list = |read: fn(&crate::Bar) -> f64| group.bars.iter().map(read).collect::<Vec<f64>>();
            let (above, below) = (list(|bar| bar.high - bar.value), list(|bar| bar.value - bar.low));
            let error = json!({ "type": "data", "symmetric": false, "array": above, "arrayminus": below });
            let values = list(|bar| bar.value);
            json!({ "type": "bar", "name": group.name, "x": bars.names, "y": values, "error_y": error })
        })
        .collect();
    let mut layout = json!({ "barmode": "group", "yaxis": { "title": { "text": bars.y_title } } });
    if let Some(range) = bars.range {
        layout["yaxis"]["range"] = json!(range);
    }
    (json!(traces), layout)
}

fn of_matrix(matrix: &Matrix) -> (Json, Json) {
    let trace = json!({
        "type": "heatmap", "z": matrix.values, "x": matrix.columns, "y": matrix.rows,
        "colorscale": "Blues", "reversescale": true, "texttemplate": "%{z}", "showscale": false,
    });
    let axis = |title: &str| json!({ "title": { "text": title, "standoff": 12 }, "type": "category", "automargin": true });
    let mut down = axis(&matrix.y_title);
    down["autorange"] = json!("reversed");
    (
        json!([trace]),
        json!({ "xaxis": axis(&matrix.x_title), "yaxis": down, "height": 520 }),
    )
}

fn of_points(points: &Points) -> (Json, Json) {
    let trace = |(index, cloud): (usize, &Cloud)| {
        let list = |axis: usize| {
            cloud
                .points
                .iter()
                .map(|point| point[axis])
                .collect::<Vec<f64>>()
        };
        json!({
            "type": "scatter", "mode": "markers", "name": cloud.name, "x": list(0), "y": list(1), "text": cloud.texts,
            "hovertemplate": "%{text}<extra></extra>", "marker": { "size": 7, "color": hex(class(index)) },
        })
    };
    let traces: Vec<Json> = points.clouds.iter().enumerate().map(trace).collect();
    let axis = |title: &str| json!({ "title": { "text": title }, "zeroline": false });
    let mut up = axis(&points.y_title);
    // Distances on a map are the same in all directions.
    up["scaleanchor"] = json!("x");
    (
        json!(traces),
        json!({ "xaxis": axis(&points.x_title), "yaxis": up, "height": 560, "hovermode": "closest" }),
    )
}
