//! A value in the forms that front ends show.

use auricle_figure::{Pixels, escape};

/// Forms of a value by MIME type: binary ones in base 64, JSON as itself.
pub type Parts = Vec<(&'static str, serde_json::Value)>;

/// What a person at a terminal wants to see of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// Coloured pixels.
    Pixels(Pixels),
    /// Rows of characters, of at most 80 columns: what lines show best.
    Rows(String),
}

/// A value as front ends show it.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Display {
    /// As text; every front end can show that.
    pub text: String,
    /// Richer forms by MIME type: binary ones in base 64, JSON as itself.
    pub parts: Parts,
    /// For a person at a terminal, if the front end draws pictures.
    pub picture: Option<Picture>,
}

impl Display {
    /// The value as a piece of a page, if it has a form other than text.
    pub fn to_html(&self) -> Option<String> {
        let part = |kind: &str| {
            self.parts
                .iter()
                .find(|(known, _)| *known == kind)?
                .1
                .as_str()
        };
        if let Some(html) = part("text/html") {
            return Some(html.to_owned());
        }
        let png = part("image/png")?;
        Some(format!(
            "<div><img alt=\"{}\" src=\"data:image/png;base64,{png}\"></div>",
            escape(&self.text)
        ))
    }

    /// The same with a line above it, in every form that a page or a terminal shows.
    pub fn captioned(self, caption: &str) -> Display {
        let html = self
            .to_html()
            .unwrap_or_else(|| format!("<pre>{}</pre>", escape(&self.text)));
        let html = format!("<div><b>{}</b></div>{html}", escape(caption));
        let others = self
            .parts
            .into_iter()
            .filter(|(kind, _)| *kind != "text/html");
        let parts = std::iter::once(("text/html", html.into()))
            .chain(others)
            .collect();
        Display {
            text: format!("{caption}\n{}", self.text),
            parts,
            picture: self.picture,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_stands_above_whatever_is_shown() {
        let shown = |kind, part: &str| Display {
            text: "t".into(),
            parts: vec![(kind, part.into())],
            picture: None,
        };
        let captioned = shown("text/html", "<i>x</i>").captioned("a < b");
        assert_eq!(
            (captioned.text.as_str(), captioned.parts.len()),
            ("a < b\nt", 1)
        );
        assert_eq!(
            captioned.to_html().unwrap(),
            "<div><b>a &lt; b</b></div><i>x</i>"
        );
        let kept = shown("image/png", "AAAA").captioned("c");
        assert!(kept.parts.len() == 2 && kept.to_html().unwrap().contains("base64,AAAA"));
        assert!(
            Display {
                text: "1".into(),
                ..Display::default()
            }
            .captioned("c")
            .to_html()
            .unwrap()
            .contains("<pre>1</pre>")
        );
    }
}
