//! Figures.

use crate::script::{Function, PLOTLY, Parts, Picture, ScriptValue, Topic};
use auricle_audio::io::write_whole;
use auricle_figure::{Content, Figure, page};
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
    /// and has the library (`auricle_figure::library`). What is converted to paper takes the pixels: for vectors it would need
    /// another program. Where points play their clips, hosts that know plotly are not asked: they would draw mute ones.
    fn parts(&self) -> Parts {
        let mut parts = vec![
            ("text/html", self.to_html().into()),
            ("image/png", STANDARD.encode(self.to_png()).into()),
        ];
        if !matches!(&self.content, Content::Points(points) if points.has_sounds()) {
            parts.insert(0, (PLOTLY, self.to_plotly()));
        }
        parts
    }

    fn picture(&self) -> Option<Picture> {
        self.to_rows(COLUMNS).map(Picture::Rows)
    }

    fn html(&self) -> Option<String> {
        Some(page(&self.title, "", std::slice::from_ref(self)))
    }
}

/// The figure as a file of the kind that its name ends in, if that is one of them.
pub(super) fn saved(figure: &Figure, path: &Path) -> Option<Vec<u8>> {
    Some(match path.extension().and_then(|ending| ending.to_str())? {
        "html" => page(&figure.title, "", std::slice::from_ref(figure)).into_bytes(),
        "json" => figure.to_plotly().to_string().into_bytes(),
        "svg" => figure.to_svg().into_bytes(),
        "png" => figure.to_png(),
        _ => return None,
    })
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("save", Topic::Judging, |call| {
            let (figure, path) = (call.receiver::<Figure>()?, call.get::<String>("path")?);
            let path = Path::new(&path);
            let wanted = "a name that ends in `.png`, `.svg`, `.html` or `.json`";
            let file = saved(&figure, path).ok_or_else(|| call.wrong("path", wanted))?;
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
