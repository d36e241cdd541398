//! Small pieces of HTML that need neither a script nor a network.
//!
//! What is made here is still seen where scripts, styles and inline vectors are taken out of pages, as they are from a
//! notebook that was opened and not run.

use crate::Drawing;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The type of figures as plotly's JSON; their HTML needs a library once a page.
pub const PLOTLY: &str = "application/vnd.plotly.v1+json";

/// What the HTML of a figure has in it that comes alive with the library.
pub const LIVE: &str = "data-auricle-figure=";

/// A text as HTML shows it, also within the quotes of an attribute.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A file inside the page, as the address of what shows it.
pub fn data_url(mime: &str, file: impl AsRef<[u8]>) -> String {
    format!("data:{mime};base64,{}", STANDARD.encode(file))
}

/// A picture inside the page, from the text of an SVG file.
pub fn svg_image(alt: &str, svg: &str) -> String {
    format!(
        "<img alt=\"{}\" src=\"{}\">",
        escape(alt),
        data_url("image/svg+xml", svg)
    )
}

/// A picture inside the page, from a PNG file, at some size in the page's pixels.
pub fn png_image(alt: &str, file: &[u8], [width, height]: [usize; 2]) -> String {
    let (alt, source) = (escape(alt), data_url("image/png", file));
    format!("<img alt=\"{alt}\" width=\"{width}\" height=\"{height}\" src=\"{source}\">")
}

/// A drawing inside the page, as vectors.
pub fn drawing_image(alt: &str, drawing: &Drawing) -> String {
    svg_image(alt, &drawing.to_svg())
}

/// A table with a head. Cells are texts, not HTML.
pub fn table<S: AsRef<str>>(head: &[&str], rows: impl IntoIterator<Item = Vec<S>>) -> String {
    let line = |tag: &str, cells: &[&str]| {
        let cells: String = cells
            .iter()
            .map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)))
            .collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = rows
        .into_iter()
        .map(|row| line("td", &row.iter().map(S::as_ref).collect::<Vec<_>>()))
        .collect();
    let head = if head.iter().all(|title| title.is_empty()) {
        String::new()
    } else {
        format!("<thead>{}</thead>", line("th", head))
    };
    format!("<table>{head}<tbody>{body}</tbody></table>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_inside_the_page() {
        assert_eq!(
            svg_image("a \"b\"", "<svg/>"),
            "<img alt=\"a &quot;b&quot;\" src=\"data:image/svg+xml;base64,PHN2Zy8+\">"
        );
        assert_eq!(
            png_image("a", b"\x89PNG", [4, 2]),
            "<img alt=\"a\" width=\"4\" height=\"2\" src=\"data:image/png;base64,iVBORw==\">"
        );
    }

    #[test]
    fn a_cell_of_a_table_is_text() {
        assert_eq!(
            table(&["a", "b"], [vec!["1", "<script>"]]),
            "<table><thead><tr><th>a</th><th>b</th></tr></thead>\
             <tbody><tr><td>1</td><td>&lt;script&gt;</td></tr></tbody></table>"
        );
        assert_eq!(
            table(&["", ""], [vec!["1", "2"]]),
            "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
        );
    }
}
