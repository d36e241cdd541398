//! Reports and figures as HTML pages that need no network.

use super::{Report, library};
use serde_json::{Value as Json, json};
use std::fmt::Write;

/// A figure in the form that plotly.js draws: `data` and `layout`.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Its title.
    pub title: String,
    /// The figure as plotly's JSON.
    pub plotly: Json,
}

impl Figure {
    /// Lines over epochs, one for each curve.
    pub fn lines(title: &str, y_title: &str, curves: &[(&str, &[f64])]) -> Figure {
        let traces: Vec<Json> = curves
            .iter()
            .map(|(name, values)| {
                let epochs: Vec<usize> = (1..=values.len()).collect();
                json!({ "type": "scatter", "mode": "lines", "name": name, "x": epochs, "y": values })
            })
            .collect();
        Figure::new(
            title,
            json!(traces),
            json!({ "xaxis": { "title": { "text": "epoch" } }, "yaxis": { "title": { "text": y_title } } }),
        )
    }

    /// Bars with intervals, a group for each probe.
    fn scores(report: &Report) -> Figure {
        let probes = report.rows.first().map_or(0, |row| row.scores.len());
        let names: Vec<&str> = report.rows.iter().map(|row| row.name.as_str()).collect();
        let traces: Vec<Json> = (0..probes)
            .map(|probe| {
                let scores: Vec<_> = (0..report.rows.len()).filter_map(|row| report.score(row, probe)).collect();
                let values: Vec<f64> = scores.iter().map(|score| score.interval.value).collect();
                let above: Vec<f64> = scores.iter().map(|s| s.interval.high - s.interval.value).collect();
                let below: Vec<f64> = scores.iter().map(|s| s.interval.value - s.interval.low).collect();
                let error = json!({ "type": "data", "symmetric": false, "array": above, "arrayminus": below });
                json!({ "type": "bar", "name": scores[0].probe, "x": names, "y": values, "error_y": error })
            })
            .collect();
        let layout = json!({ "barmode": "group", "yaxis": { "title": { "text": "accuracy" }, "range": [0, 1] } });
        Figure::new("Accuracy with 95 % intervals", json!(traces), layout)
    }

    /// The confusion matrix as a heat map.
    pub fn confusion(report: &Report) -> Figure {
        let trace = json!({
            "type": "heatmap", "z": report.confusion, "x": report.classes, "y": report.classes,
            "colorscale": "Blues", "reversescale": true, "texttemplate": "%{z}", "showscale": false,
        });
        let axis =
            |title: &str| json!({ "title": { "text": title, "standoff": 12 }, "type": "category", "automargin": true });
        let mut down = axis("truth");
        down["autorange"] = json!("reversed");
        let title = format!("Confusion of {}", report.rows.first().map_or("", |row| row.name.as_str()));
        Figure::new(&title, json!([trace]), json!({ "xaxis": axis("prediction"), "yaxis": down, "height": 520 }))
    }

    fn new(title: &str, data: Json, mut layout: Json) -> Figure {
        layout["title"] = json!({ "text": title });
        layout["template"] = json!({ "layout": { "colorway": ["#20639b", "#d1495b", "#3caea3", "#f6a21d"] } });
        Figure { title: title.to_owned(), plotly: json!({ "data": data, "layout": layout }) }
    }
}

/// A page with a heading, a body of HTML and figures; plotly.js is inside it.
pub fn page(title: &str, body: &str, figures: &[Figure]) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}</style>{1}</head>\
         <body><h1>{0}</h1>{body}",
        escape(title),
        library()
    );
    for figure in figures {
        let _ = write!(html, "<div class=\"figure\">{}</div>", figure.to_html());
    }
    html.push_str("</body></html>\n");
    html
}

impl Report {
    /// The report as a page: the table, the settings, bars, confusion matrix and training curves.
    pub fn to_html(&self) -> String {
        let mut body = self.to_html_table();
        body.push_str("<table>");
        for (name, value) in &self.settings {
            let _ = write!(body, "<tr><td>{}</td><td><code>{}</code></td></tr>", escape(name), escape(value));
        }
        body.push_str("</table>");
        let mut figures = vec![Figure::scores(self), Figure::confusion(self)];
        for curve in &self.curves {
            figures.push(Figure::lines(&curve.name, &curve.name, &[(&curve.name, &curve.values)]));
        }
        page(&self.title, &body, &figures)
    }

    /// The scores as a table, for a place inside a page.
    pub fn to_html_table(&self) -> String {
        let mut body = format!(
            "<p>{}, {} training and {} test clips, {} classes.</p><table><tr><th></th>",
            escape(&self.split),
            self.n_train,
            self.n_test,
            self.classes.len()
        );
        for score in self.rows.first().map_or(&[][..], |row| &row.scores) {
            let _ = write!(body, "<th>{} {}</th>", escape(&score.probe), escape(&score.metric));
        }
        for row in &self.rows {
            let _ = write!(body, "</tr><tr><td>{}</td>", escape(&row.name));
            for score in &row.scores {
                let i = score.interval;
                let _ = write!(body, "<td><b>{:.3}</b> ({:.3} to {:.3})</td>", i.value, i.low, i.high);
            }
        }
        body.push_str("</tr></table><p class=\"note\">In brackets: 95 % Wilson interval over the test clips.</p>");
        body
    }
}

pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #ddd;padding:.3rem 1.2rem .3rem 0;\
text-align:left;vertical-align:top}.note{color:#666}.figure{margin:1.5rem 0}code{font-size:.92em}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_the_library_once_and_reaches_for_nothing() {
        let figure = Figure::lines("a", "b", &[("c</script>", &[1.0, 0.5])]);
        let html = page("<t>", "", &[figure.clone(), figure]);
        assert!(html.contains("&lt;t&gt;") && html.matches("auricleFigures??=[]").count() == 2);
        let ours = html.replace(library(), "");
        assert!(html.len() - ours.len() == library().len());
        for reach in ["http:", "https:", "src=\"/", "<link", "c</script>"] {
            assert!(!ours.contains(reach), "{reach}");
        }
    }
}
