//! What an example gives.

use crate::script::{Display, Progress, Shown, Sink, data_url, escape};
use crate::{Session, Settings};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::{Arc, Mutex};

/// What an example printed and showed, in order.
#[derive(Default)]
struct Recorder(Mutex<Vec<Display>>);

impl Recorder {
    fn keep(&self, display: Display) {
        let mut all = self.0.lock().unwrap_or_else(|held| held.into_inner());
        all.push(display);
    }
}

impl Sink for Recorder {
    fn out(&self, text: &str) {
        self.keep(Display {
            text: text.to_owned(),
            ..Display::default()
        });
    }

    fn note(&self, _: &str) {}

    fn progress(&self, _: &Progress) {}

    fn display(&self, display: &Display, _: Option<&str>) {
        self.keep(display.clone());
    }

    fn update(&self, display: &Display, _: &str) {
        self.keep(display.clone());
    }
}

/// Longer outputs are cut off, characters.
const LONGEST: usize = 2000;

/// Runs an example in a session of its own, and gives what it prints, shows and comes to as HTML.
pub(super) fn of_example(source: &str, settings: &Settings) -> String {
    let recorder = Arc::new(Recorder::default());
    let settings = Settings {
        cache: None,
        seed: 0,
        ..settings.clone()
    };
    let result = Session::new(settings, recorder.clone())
        .map_err(|error| error.to_string())
        .and_then(|mut session| {
            let outcome = session
                .eval("example", source)
                .map_err(|diagnostic| diagnostic.render(false))?;
            if outcome.shown {
                recorder.keep(Shown::display_of(&outcome.value));
            }
            Ok(())
        });
    if let Err(message) = result {
        return format!("<pre class=\"output failed\">{}</pre>", escape(&message));
    }
    let all = std::mem::take(&mut *recorder.0.lock().unwrap_or_else(|held| held.into_inner()));
    if all.is_empty() {
        let checks = source.contains("assert");
        let said = if checks {
            "every assertion holds"
        } else {
            "runs, and shows nothing"
        };
        return format!("<p class=\"holds\">{said}</p>");
    }
    let mut lines = Vec::new();
    let mut pictures = String::new();
    for display in all {
        match picture(&display) {
            Some(picture) => pictures += &picture,
            None => lines.push(without_temporary(&display.text)),
        }
    }
    let mut text = lines.join("\n");
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push_str("\n…");
    }
    let text = if text.is_empty() {
        text
    } else {
        format!("<pre class=\"output\">{}</pre>", escape(&text))
    };
    [text, pictures].concat()
}

/// The picture of a display, if it has one.
fn picture(display: &Display) -> Option<String> {
    let (_, content) = display
        .parts
        .iter()
        .find(|(mime, _)| *mime == "image/png")?;
    let file = STANDARD.decode(content.as_str()?).ok()?;
    Some(format!(
        "<div class=\"wide\"><img class=\"output\" alt=\"what the example shows\" loading=\"lazy\" src=\"{}\"></div>",
        data_url("image/png", file)
    ))
}

/// A text without the names of temporary folders, which are others every time.
fn without_temporary(text: &str) -> String {
    let base = std::env::temp_dir();
    let base = base.to_string_lossy();
    let base = base.trim_end_matches('/');
    let mut parts = text.split(base);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches('/');
        let end = rest
            .find(|c: char| c == '/' || c == '"' || c.is_whitespace())
            .unwrap_or(rest.len());
        out += "FOLDER";
        out += &rest[end..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(source: &str) -> String {
        of_example(source, &Settings::default())
    }

    #[test]
    fn what_is_printed_shown_and_given_stands_below_an_example() {
        assert_eq!(
            output("print(1); \"a < b\""),
            "<pre class=\"output\">1\n&quot;a &lt; b&quot;</pre>"
        );
        assert_eq!(
            output("assert(true)"),
            "<p class=\"holds\">every assertion holds</p>"
        );
        assert!(output("tone(440, 0.1).plot()").contains("<img class=\"output\""));
        assert!(output("assert(false)").contains("failed"));
        let folder = output("print(temporary_folder() + \"/a.wav\")");
        assert_eq!(folder, "<pre class=\"output\">FOLDER/a.wav</pre>");
    }

    #[test]
    fn long_outputs_are_cut_off() {
        let long = output("for i in 0..3000 { print(\"é\") }");
        assert!(long.ends_with("…</pre>") && long.chars().count() < LONGEST + 100);
    }
}
