//! Sounds, features and recipes in a Rust notebook.
//!
//! evcxr shows a value whose type has a method `evcxr_display`: what that prints between two marks is shown by its kind
//! (evcxr 0.22, "Custom display"). Nothing of evcxr is needed for it.

use super::{features_drawing, players};
use crate::Waveform;
use crate::augment::{Recipe, Trace, Views};
use crate::features::Features;
use auricle_figure::{drawing_image, escape};
use std::io::{self, Write};

impl Waveform {
    /// Shows the sound in a Rust notebook: an outline and a player, or its facts as text.
    pub fn evcxr_display(&self) {
        show(&format!("{self:?}"), &players(&[("", self)]));
    }
}

impl Features {
    /// Shows the features in a Rust notebook: a picture of the first channel, or their shape as text.
    pub fn evcxr_display(&self) {
        let [n_channels, n_bands, n_frames] = self.shape();
        let facts = format!("{n_channels} channels, {n_bands} bands, {n_frames} frames");
        let picture = match self.values.is_empty() {
            true => format!("<em>{facts}</em>"),
            false => drawing_image("features", &features_drawing(&facts, self)),
        };
        show(&format!("Features({facts})"), &picture);
    }
}

impl Recipe {
    /// Shows the recipe in a Rust notebook as the source that makes it.
    pub fn evcxr_display(&self) {
        show_source(&self.to_string());
    }
}

impl Views {
    /// Shows the views in a Rust notebook as the source that makes them.
    pub fn evcxr_display(&self) {
        show_source(&self.to_string());
    }
}

impl Trace {
    /// Shows what was drawn in a Rust notebook, a line a step.
    pub fn evcxr_display(&self) {
        show_source(&self.to_string());
    }
}

fn show_source(text: &str) {
    show(text, &format!("<pre>{}</pre>", escape(text)));
}

fn show(text: &str, html: &str) {
    // Without a reader there is nobody to be told.
    let _ = write(&mut io::stdout().lock(), text, html);
}

/// Writes a value as text and as a page. One that cannot show pages shows the text.
fn write(out: &mut impl Write, text: &str, html: &str) -> io::Result<()> {
    for (kind, content) in [("text/plain", text), ("text/html", html)] {
        writeln!(
            out,
            "EVCXR_BEGIN_CONTENT {kind}\n{content}\nEVCXR_END_CONTENT"
        )?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_as_text_and_as_a_page_between_marks() {
        let mut out = Vec::new();
        let wave = Waveform::mono(vec![0.5; 800], 8000).unwrap();
        write(&mut out, &format!("{wave:?}"), &players(&[("", &wave)])).unwrap();
        let text = String::from_utf8(out).unwrap();
        let mut parts = text.split("EVCXR_BEGIN_CONTENT ").skip(1);
        let plain =
            "text/plain\nWaveform(800 samples, 1 channels, 8000 Hz, rms 0.5)\nEVCXR_END_CONTENT\n";
        assert_eq!(parts.next(), Some(plain));
        let html = parts.next().unwrap();
        assert!(html.starts_with("text/html\n<div>") && html.ends_with("\nEVCXR_END_CONTENT\n"));
        assert!(html.contains("<audio controls") && html.contains("data:image/png;base64,"));
        assert_eq!(parts.next(), None);
    }
}
