//! Figures.

use super::super::matrix;
use crate::script::{Function, PLOTLY, Parts, Picture, ScriptError, ScriptValue, Topic};
use auricle_audio::io::write_whole;
use auricle_audio::plot::sparkline;
use auricle_learn::eval::{Figure, page};
use std::path::Path;

impl ScriptValue for Figure {
    const NAME: &'static str = "figure";

    fn text(&self) -> String {
        let traces = self.plotly["data"].as_array().map(Vec::as_slice).unwrap_or_default();
        let curve = |trace: &serde_json::Value| {
            let values: Vec<f64> = trace["y"].as_array()?.iter().filter_map(serde_json::Value::as_f64).collect();
            let (first, last) = (values.first()?, values.last()?);
            let name = trace["name"].as_str().unwrap_or("");
            Some(format!("\n  {name} {first:.4} to {last:.4} {}", sparkline(&values, 40)))
        };
        format!("figure: {}{}", self.title, traces.iter().filter_map(curve).collect::<String>())
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(self.plotly.clone())
    }

    /// Hosts that know plotly take its JSON. Others show the still picture, which comes alive on a page that runs scripts
    /// and has the library (`figure_library`). What is converted to paper takes the drawing.
    fn parts(&self) -> Parts {
        vec![
            (PLOTLY, self.plotly.clone()),
            ("text/html", self.to_html().into()),
            ("image/svg+xml", self.to_svg().into()),
        ]
    }

    fn picture(&self) -> Option<Picture> {
        let trace = &self.plotly["data"][0];
        let numbers = |values: &serde_json::Value| -> Option<Vec<f64>> {
            Some(values.as_array()?.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect())
        };
        match trace["type"].as_str()? {
            "scatter" => matrix::curve(&numbers(&trace["y"])?),
            "heatmap" => {
                let rows: Vec<Vec<f64>> = trace["z"].as_array()?.iter().map(numbers).collect::<Option<_>>()?;
                matrix::heat_map(&rows.concat(), rows.first()?.len())
            }
            _ => None,
        }
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
            let text = match path.extension().and_then(|e| e.to_str()) {
                Some("html") => page(&figure.title, "", std::slice::from_ref(&figure)),
                Some("json") => figure.plotly.to_string(),
                Some("svg") => figure.to_svg(),
                _ => {
                    let message = format!("`path` must end in `.html`, `.svg` or `.json`, not {path:?}");
                    return Err(ScriptError::new(message));
                }
            };
            Ok(write_whole(path, text.as_bytes())?)
        })
        .on::<Figure>()
        .about("Saves the figure as a page that needs no network, as a vector picture, or as plotly's JSON.")
        .param::<String>("path", "where to; ends in `.html`, `.svg` or `.json`")
        .reads_data()
        .example(
            "let clips = []; for i in 0..4 { clips.push(#{ wave: tone(200 + 100 * i, 0.2) }) } \
             let run = simclr(resnet18(#{ width: 4 }), dataset(clips), \
             #{ recipe: noise(20) |> log_mel(#{ n_mels: 16 }), epochs: 1, batch: 2, out: () }); \
             run.fit(); run.plot().save(temporary_folder() + \"/loss.json\")",
        ),
    ]
}
