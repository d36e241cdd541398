//! Small pieces of HTML that need neither a script nor a network.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A text as HTML shows it, also within the quotes of an attribute.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A file inside the page, as the address of what shows it.
pub fn data_url(mime: &str, file: impl AsRef<[u8]>) -> String {
    format!("data:{mime};base64,{}", STANDARD.encode(file))
}

/// A picture inside the page, from the text of an SVG file. As an image it stays where scripts and inline vectors are
/// taken out of pages.
pub fn svg_image(alt: &str, svg: &str) -> String {
    format!("<img alt=\"{}\" src=\"{}\">", escape(alt), data_url("image/svg+xml", svg))
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
    }
}
