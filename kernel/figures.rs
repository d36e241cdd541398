//! Which output of a notebook carries the library that its figures come alive by.

use auricle_session::figure_library;
use auricle_session::script::{Display, PLOTLY};
use serde_json::{Value, json};

/// The cells of one notebook, as far as figures are concerned. The library is in the first output that has a figure, and
/// moves when that output goes.
#[derive(Debug)]
pub(crate) struct Figures {
    /// Whether figures are to come alive at all.
    live: bool,
    /// The cell that runs, if the front end names its cells.
    cell: Option<String>,
    /// Whether a cell carries the library, and which.
    carrier: Option<Option<String>>,
}

/// `still` keeps notebooks small: figures stay pictures.
const SETTING: &str = "AURICLE_PLOTS";

impl Figures {
    /// No figure has been shown.
    pub(crate) fn new() -> Figures {
        Figures { live: std::env::var(SETTING).as_deref() != Ok("still"), cell: None, carrier: None }
    }

    /// A cell begins: what it showed before goes, and so did what cells showed that were deleted.
    pub(crate) fn begin(&mut self, cell: Option<&str>, deleted: &[&str]) {
        self.cell = cell.map(str::to_owned);
        self.forget(|carrier| Some(carrier) == cell || deleted.contains(&carrier));
    }

    /// What the running cell showed so far goes.
    pub(crate) fn clear(&mut self) {
        let cell = self.cell.clone();
        self.forget(|carrier| Some(carrier) == cell.as_deref());
    }

    fn forget(&mut self, gone: impl Fn(&str) -> bool) {
        if self.carrier.as_ref().and_then(Option::as_deref).is_some_and(gone) {
            self.carrier = None;
        }
    }

    /// A value by MIME type.
    pub(crate) fn bundle(&mut self, display: &Display) -> Value {
        let mut data = json!({ "text/plain": display.text });
        for (kind, part) in &display.parts {
            data[*kind] = part.clone();
        }
        if self.live && self.carrier.is_none() && !data[PLOTLY].is_null() {
            self.carrier = Some(self.cell.clone());
            data["text/html"] = format!("{}{}", data["text/html"].as_str().unwrap_or(""), figure_library()).into();
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a figure that is shown now brings the library.
    fn carries(figures: &mut Figures) -> bool {
        let display = Display {
            text: "figure".into(),
            parts: vec![(PLOTLY, json!({ "data": [] })), ("text/html", "<div></div>".into())],
            picture: None,
        };
        let html = figures.bundle(&display)["text/html"].as_str().unwrap().to_owned();
        assert!(html.starts_with("<div></div>"));
        html.len() > "<div></div>".len()
    }

    #[test]
    fn the_library_is_in_one_output_and_moves_when_that_goes() {
        let mut figures = Figures { live: true, cell: None, carrier: None };
        figures.begin(Some("a"), &[]);
        assert!(figures.bundle(&Display::default())["text/html"].is_null());
        assert!(carries(&mut figures) && !carries(&mut figures));
        figures.begin(Some("b"), &[]);
        assert!(!carries(&mut figures));
        figures.clear();
        assert!(!carries(&mut figures));
        figures.begin(Some("a"), &[]);
        assert!(carries(&mut figures));
        figures.clear();
        assert!(carries(&mut figures));
        figures.begin(Some("c"), &["x", "a"]);
        assert!(carries(&mut figures));
        // A front end that does not name its cells keeps what was shown.
        figures.begin(None, &[]);
        assert!(!carries(&mut figures));
        assert!(!carries(&mut Figures { live: false, cell: None, carrier: None }));
    }
}
