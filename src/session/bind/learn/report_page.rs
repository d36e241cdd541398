//! Reports as HTML.

use auricle_figure::{Figure, escape, page};
use auricle_learn::eval::Report;
use std::fmt::Write;

/// A report as a page: the table, the settings, bars, confusion matrix and training curves.
pub(super) fn report_page(report: &Report) -> String {
    let mut body = report_table(report);
    body.push_str("<table>");
    for (name, value) in &report.settings {
        let _ = write!(
            body,
            "<tr><td>{}</td><td><code>{}</code></td></tr>",
            escape(name),
            escape(value)
        );
    }
    body.push_str("</table>");
    let mut figures = vec![report.scores_figure()];
    if !report.confusion.is_empty() {
        figures.push(report.confusion_figure());
    }
    for curve in &report.curves {
        figures.push(Figure::lines(
            &curve.name,
            &curve.name,
            &[(&curve.name, &curve.values)],
        ));
    }
    page(&report.title, &body, &figures)
}

/// The scores as a table, for a place inside a page.
pub(super) fn report_table(report: &Report) -> String {
    let mut body = format!(
        "<p>{}, {} training and {} test clips, {} classes.</p><table><tr><th></th>",
        escape(&report.split),
        report.n_train,
        report.n_test,
        report.classes.len()
    );
    for score in report.rows.first().map_or(&[][..], |row| &row.scores) {
        let _ = write!(
            body,
            "<th>{} {}</th>",
            escape(&score.probe),
            escape(&score.metric)
        );
    }
    for row in &report.rows {
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
        escape(&report.methods())
    );
    body
}
