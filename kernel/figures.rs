//! Which output of a notebook carries the library that its figures come alive by.

use auricle_figure::library;
use auricle_session::script::{Display, LIVE};
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The cells of one notebook, as far as figures are concerned. The library is in the first output that has a figure, and
/// moves when that output goes.
pub(crate) struct Figures {
    /// Whether figures are to come alive at all.
    live: bool,
    cells: Mutex<Cells>,
}

#[derive(Default)]
struct Cells {
    /// The cell that runs, if the front end names its cells.
    current: Option<String>,
    /// Whether a cell carries the library, and which.
    carrier: Option<Option<String>>,
}

/// `still` keeps notebooks small: figures stay pictures.
const SETTING: &str = "AURICLE_PLOTS";

impl Figures {
    /// No figure has been shown.
    pub(crate) fn new() -> Figures {
        Figures {
            live: std::env::var(SETTING).as_deref() != Ok("still"),
            cells: Mutex::default(),
        }
    }

    fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A cell begins: what it showed before goes, and so did what cells showed that were deleted.
    pub(crate) fn begin(&self, cell: Option<&str>, deleted: &[&str]) {
        let mut cells = self.cells();
        cells.current = cell.map(str::to_owned);
        cells.forget(|carrier| Some(carrier) == cell || deleted.contains(&carrier));
    }

    /// What the running cell showed so far goes.
    pub(crate) fn clear(&self) {
        let mut cells = self.cells();
        let current = cells.current.clone();
        cells.forget(|carrier| Some(carrier) == current.as_deref());
    }

    /// A value by MIME type.
    pub(crate) fn bundle(&self, display: &Display) -> Value {
        let mut data = json!({ "text/plain": display.text });
        for (kind, part) in &display.parts {
            data[*kind] = part.clone();
        }
        let mut cells = self.cells();
        let lives = |html: &str| html.contains(LIVE);
        if self.live && cells.carrier.is_none() && data["text/html"].as_str().is_some_and(lives) {
            cells.carrier = Some(cells.current.clone());
            data["text/html"] =
                format!("{}{}", data["text/html"].as_str().unwrap_or(""), library()).into();
        }
        data
    }
}

impl Cells {
    fn forget(&mut self, gone: impl Fn(&str) -> bool) {
        if self
            .carrier
            .as_ref()
            .and_then(Option::as_deref)
            .is_some_and(gone)
        {
            self.carrier = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIGURE: &str = "<div data-auricle-figure=\"1\"></div>";

    /// Whether a figure that is shown now brings the library.
    fn carries(figures: &Figures) -> bool {
        let display = Display {
            text: "figure".into(),
            parts: vec![("text/html", FIGURE.into())],
            picture: None,
        };
        let html = figures.bundle(&display)["text/html"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(html.starts_with(FIGURE));
        html.len() > FIGURE.len()
    }

    #[test]
    fn the_library_is_in_one_output_and_moves_when_that_goes() {
        let figures = Figures {
            live: true,
            cells: Mutex::default(),
        };
        figures.begin(Some("a"), &[]);
        assert!(figures.bundle(&Display::default())["text/html"].is_null());
        assert!(carries(&figures) && !carries(&figures));
        figures.begin(Some("b"), &[]);
        assert!(!carries(&figures));
        figures.clear();
        assert!(!carries(&figures));
        figures.begin(Some("a"), &[]);
        assert!(carries(&figures));
        figures.clear();
        assert!(carries(&figures));
        figures.begin(Some("c"), &["x", "a"]);
        assert!(carries(&figures));
        // A front end that does not name its cells keeps what was shown.
        figures.begin(None, &[]);
        assert!(!carries(&figures));
        assert!(!carries(&Figures {
            live: false,
            cells: Mutex::default()
        }));
    }
}
