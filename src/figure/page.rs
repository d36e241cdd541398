//! Pages of HTML that need no network.

use crate::{Figure, escape, library};
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
