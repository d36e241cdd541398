//! Figures.

use crate::script::{Function, PLOTLY, Parts, Picture, ScriptValue, Topic};
use auricle_audio::io::write_whole;
use auricle_figure::Figure;
use auricle_learn::eval::page;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;

/// Columns of what is shown as characters.
pub(super) const COLUMNS: usize = 80;

impl ScriptValue for Figure {
    const NAME: &'static str = "figure";

    fn text(&self) -> String {
        self.to_text()
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(self.to_plotly())
    }

    /// Hosts that know plotly take its JSON. Others show the still picture, which comes alive on a page that runs scripts
    /// and has the library (`figure_library`). What is converted to paper takes the pixels: for vectors it would need
    /// another program.
    fn parts(&self) -> Parts {
        vec![
            (PLOTLY, self.to_plotly()),
            ("text/html", self.to_html().into()),
            ("image/png", STANDARD.encode(self.to_png()).into()),
        ]
    }

    fn picture(&self) -> Option<Picture> {
        self.to_rows(COLUMNS).map(Picture::Rows)
    }

    fn html(&self) -> Option<String> {
        Some(page(&self.title, "", std::slice::from_ref(self)))
    }
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("save", Topic::Judging, |call| {
            let (figure, path) = (call.receiver::<Figure>()?, call.get::<String>("path")?);
            let path = Path::new(&path);
            let file = match path.extension().and_then(|ending| ending.to_str()) {
                Some("html") => page(&figure.title, "", std::slice::from_ref(&figure)).into_bytes(),
                Some("json") => figure.to_plotly().to_string().into_bytes(),
                Some("svg") => figure.to_svg().into_bytes(),
                Some("png") => figure.to_png(),
                _ => {
                    return Err(call.wrong(
                        "path",
                        "a name that ends in `.png`, `.svg`, `.html` or `.json`",
                    ));
                }
            };
            Ok(write_whole(path, &file)?)
        })
        .on::<Figure>()
        .about(
            "Saves the figure as a picture, as a page that needs no network, or as plotly's JSON.",
        )
        .param::<String>(
            "path",
            "where to; ends in `.png`, `.svg` (vectors), `.html` or `.json`",
        )
        .reads_data()
        .example(
            "let clips = []; for i in 0..4 { clips.push(#{ wave: tone(200 + 100 * i, 0.2) }) } \
             let run = simclr(resnet18(#{ width: 4 }), dataset(clips), \
             #{ recipe: noise(20) |> log_mel(#{ n_mels: 16 }), epochs: 1, batch: 2, out: () }); \
             run.fit(); run.plot().save(temporary_folder() + \"/loss.png\")",
        ),
    ]
}
