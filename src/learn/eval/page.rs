//! Reports and figures as HTML pages that need no network.

use super::{Report, library};
use auricle_figure::{Bar, Bars, Content, Figure, Group, Matrix, escape};
use std::fmt::Write;

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
    /// Bars with intervals, a group for each probe.
    fn scores(&self) -> Figure {
        let probes = self.rows.first().map_or(0, |row| row.scores.len());
        let group = |probe: usize| {
            let scores: Vec<_> = (0..self.rows.len())
                .filter_map(|row| self.score(row, probe))
                .collect();
            let bar = |score: &&super::Score| {
                let super::Interval { value, low, high } = score.interval;
                Bar { value, low, high }
            };
            Group {
                name: scores
                    .first()
                    .map_or_else(String::new, |score| score.probe.clone()),
                bars: scores.iter().map(bar).collect(),
            }
        };
        let all = || self.rows.iter().flat_map(|row| &row.scores);
        let metric = all()
            .next()
            .map_or("accuracy".to_owned(), |score| score.metric.clone());
        // Shares have a scale of their own; errors of numbers have not.
        let is_share = all().all(|score| (0.0..=1.0).contains(&score.interval.value));
        let range = is_share.then_some([0.0, 1.0]);
        let bars = Bars {
            y_title: metric.clone(),
            range,
            names: self.rows.iter().map(|row| row.name.clone()).collect(),
            groups: (0..probes).map(group).collect(),
        };
        Figure {
            title: format!("{metric}, with 95 % intervals"),
            content: Content::Bars(bars),
        }
    }

    /// The confusion matrix as a figure.
    pub fn confusion_figure(&self) -> Figure {
        let values = self
            .confusion
            .iter()
            .map(|row| row.iter().map(|&count| count as f64).collect())
            .collect();
        let matrix = Matrix {
            x_title: "prediction".into(),
            y_title: "truth".into(),
            columns: self.classes.clone(),
            rows: self.classes.clone(),
            values,
        };
        let title = format!(
            "Confusion of {}",
            self.rows.first().map_or("", |row| row.name.as_str())
        );
        Figure {
            title,
            content: Content::Matrix(matrix),
        }
    }

    /// The report as a page: the table, the settings, bars, confusion matrix and training curves.
    pub fn to_html(&self) -> String {
        let mut body = self.to_html_table();
        body.push_str("<table>");
        for (name, value) in &self.settings {
            let _ = write!(
                body,
                "<tr><td>{}</td><td><code>{}</code></td></tr>",
                escape(name),
                escape(value)
            );
        }
        body.push_str("</table>");
        let mut figures = vec![self.scores()];
        if !self.confusion.is_empty() {
            figures.push(self.confusion_figure());
        }
        for curve in &self.curves {
            figures.push(Figure::lines(
                &curve.name,
                &curve.name,
                &[(&curve.name, &curve.values)],
            ));
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
            let _ = write!(
                body,
                "<th>{} {}</th>",
                escape(&score.probe),
                escape(&score.metric)
            );
        }
        for row in &self.rows {
            let _ = write!(body, "</tr><tr><td>{}</td>", escape(&row.name));
            for score in &row.scores {
                let i = score.interval;
                let _ = write!(
                    body,
                    "<td><b>{:.3}</b> ({:.3} to {:.3})</td>",
                    i.value, i.low, i.high
                );
            }
        }
        let _ = write!(
            body,
            "</tr></table><p class=\"note\">In brackets: 95 % interval ({}) over the test clips.</p>",
            escape(&self.methods())
        );
        body
    }
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
