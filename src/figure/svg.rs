//! Drawings as SVG files.

use crate::color::{EDGE, INK, hex};
use crate::drawing::{Anchor, Drawing, Item, Words};
use crate::{data_url, escape};
use std::fmt::Write;

impl Drawing {
    /// The drawing as an SVG file. Pictures are inside it; letters are those of whoever shows it.
    pub fn to_svg(&self) -> String {
        let (width, height) = (short(self.width), short(self.height));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" font-family=\"sans-serif\">"
        );
        self.items
            .iter()
            .for_each(|item| write_item(&mut svg, item));
        svg + "</svg>"
    }

    /// The drawing as an element of a page that says how large it is and which colour words and edges have: it has no ground
    /// of its own, and what is dark there is light on a dark page.
    pub fn to_svg_element(&self, label: &str) -> String {
        let mut svg = format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" font-family=\"inherit\">",
            short(self.width),
            short(self.height),
            escape(label)
        );
        // The first item is the page.
        self.items[1..]
            .iter()
            .for_each(|item| write_item(&mut svg, item));
        let (ink, edge) = (hex(INK), hex(EDGE));
        svg.replace(&format!("\"{ink}\""), "\"currentColor\"")
            .replace(
                &format!("\"{edge}\""),
                "\"currentColor\" stroke-opacity=\"0.45\"",
            )
            + "</svg>"
    }
}

fn write_item(svg: &mut String, item: &Item) {
    let place = |[x, y]: &[f64; 2], [width, height]: &[f64; 2]| {
        format!(
            "x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            short(*x),
            short(*y),
            short(*width),
            short(*height)
        )
    };
    let _ = match item {
        Item::Rect { at, size, fill } => {
            write!(svg, "<rect {} fill=\"{}\"/>", place(at, size), hex(*fill))
        }
        Item::Line {
            points,
            color,
            width,
        } => {
            let points: Vec<String> = points
                .iter()
                .map(|[x, y]| format!("{},{}", short(*x), short(*y)))
                .collect();
            let (points, color) = (points.join(" "), hex(*color));
            write!(
                svg,
                "<polyline points=\"{points}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\"/>"
            )
        }
        Item::Dot {
            at: [x, y],
            radius,
            fill,
        } => {
            write!(
                svg,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{}\"/>",
                short(*x),
                short(*y),
                hex(*fill)
            )
        }
        Item::Text { at, words } => write!(svg, "{}", text(*at, words)),
        Item::Image { at, size, file } => {
            let (place, file) = (place(at, size), data_url("image/png", file));
            write!(
                svg,
                "<image {place} preserveAspectRatio=\"none\" href=\"{file}\"/>"
            )
        }
    };
}

fn text([x, y]: [f64; 2], words: &Words) -> String {
    let (x, y) = (short(x), short(y));
    let mut out = format!(
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{}\" fill=\"{}\"",
        words.size,
        hex(words.color)
    );
    match words.anchor {
        Anchor::Start => {}
        Anchor::Middle => out += " text-anchor=\"middle\"",
        Anchor::End => out += " text-anchor=\"end\"",
    }
    if words.bold {
        out += " font-weight=\"bold\"";
    }
    if words.turned != 0.0 {
        let _ = write!(out, " transform=\"rotate({} {x} {y})\"", words.turned);
    }
    out + ">" + &escape(&words.text) + "</text>"
}

/// A number of pixels to a tenth.
fn short(pixels: f64) -> String {
    let text = format!("{pixels:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_takes_the_colours_of_its_page() {
        let mut drawing = Drawing::new(40.0, 20.0);
        drawing.line(vec![[0.0; 2], [1.0; 2]], EDGE, 1.0);
        drawing.text([5.0, 6.0], Words::new("a", 12.0));
        assert_eq!(
            drawing.to_svg_element("b < c"),
            "<svg viewBox=\"0 0 40 20\" role=\"img\" aria-label=\"b &lt; c\" font-family=\"inherit\">\
             <polyline points=\"0,0 1,1\" fill=\"none\" stroke=\"currentColor\" stroke-opacity=\"0.45\" \
             stroke-width=\"1\"/><text x=\"5\" y=\"6\" font-size=\"12\" fill=\"currentColor\">a</text></svg>"
        );
    }

    #[test]
    fn everything_is_written_where_it_stands() {
        let mut drawing = Drawing::new(40.0, 20.0);
        drawing.line(vec![[1.0, 2.0], [3.04, 4.25]], [255, 0, 0], 1.5);
        drawing.text(
            [5.0, 6.0],
            Words::new("a < b", 12.0)
                .anchored(Anchor::End)
                .turned(-90.0)
                .bold(),
        );
        drawing.image([0.0, 0.0], [4.0, 2.0], b"\x89PNG".to_vec());
        let svg = drawing.to_svg();
        for part in [
            "viewBox=\"0 0 40 20\"",
            "<polyline points=\"1,2 3,4.2\" fill=\"none\" stroke=\"#ff0000\" stroke-width=\"1.5\"/>",
            " text-anchor=\"end\" font-weight=\"bold\" transform=\"rotate(-90 5 6)\">a &lt; b</text>",
            "<image x=\"0\" y=\"0\" width=\"4\" height=\"2\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,iVBORw==\"/>",
        ] {
            assert!(svg.contains(part), "{part}: {svg}");
        }
    }
}
