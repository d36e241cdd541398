//! Pictures of sounds, features and what a recipe does to them.

use super::super::Environment;
use super::features::{facts, title};
use super::recipe::{key, keyed, loaded};
use crate::script::{Function, Parts, ScriptError, ScriptValue, Topic, escape};
use auricle_audio::augment::{Domain, Recipe, TraceStep, Workspace};
use auricle_audio::features::Features;
use auricle_audio::io::write_whole;
use auricle_audio::plot::{Content, Row, features_drawing, spectrogram, strip, wave_drawing};
use auricle_audio::{Error, Waveform};
use auricle_figure::{Drawing, drawing_image};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::Dynamic;
use std::path::Path;
use std::sync::Arc;

/// Sounds and features below each other, or one alone with a title. Cheap to clone.
#[derive(Clone)]
pub(super) struct Strip {
    rows: Arc<[Row]>,
}

impl Strip {
    fn drawing(&self) -> Drawing {
        match &self.rows[..] {
            [
                Row {
                    title,
                    content: Content::Wave(wave),
                    ..
                },
            ] => wave_drawing(title, wave),
            [
                Row {
                    title,
                    content: Content::Features(features),
                    ..
                },
            ] => features_drawing(title, features),
            rows => strip(rows),
        }
    }
}

impl ScriptValue for Strip {
    const NAME: &'static str = "strip";

    fn text(&self) -> String {
        let line = |row: &Row| {
            let content = match &row.content {
                Content::Wave(wave) => wave.text(),
                Content::Features(features) => facts(features),
            };
            format!("{:24} {}\n    {content}", row.title, row.lines.join(", "))
        };
        self.rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn html(&self) -> Option<String> {
        let title = escape(
            &self
                .rows
                .first()
                .map_or(String::new(), |row| row.title.clone()),
        );
        let picture = drawing_image("sounds", &self.drawing());
        Some(format!(
            "<!DOCTYPE html><meta charset=\"utf-8\"><title>{title}</title>{picture}"
        ))
    }

    /// Vectors for pages, pixels for paper: for vectors that would need another program.
    fn parts(&self) -> Parts {
        let drawing = self.drawing();
        vec![
            ("text/html", drawing_image("sounds", &drawing).into()),
            ("image/png", STANDARD.encode(drawing.to_png()).into()),
        ]
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let one = |title: String, content| {
        let rows = vec![Row {
            title,
            lines: Vec::new(),
            content,
        }];
        Ok(Dynamic::from(Strip { rows: rows.into() }))
    };
    vec![
        recipe_plot(environment),
        Function::new("plot", Topic::Sound, move |call| {
            let wave: Waveform = call.receiver()?;
            let facts = format!("{:.3} s, {} Hz", wave.duration_s(), wave.sample_rate());
            one(call.get::<Option<String>>("title")?.unwrap_or(facts), Content::Wave(wave))
        })
        .on::<Waveform>()
        .about("Draws a sound: its outline and its spectrogram, with axes and a scale of levels.")
        .option::<Option<String>>("title", (), "what stands above; duration and sample rate if not given")
        .returns("strip")
        .example("tone(440, 0.5).plot(#{ title: \"concert pitch\" })"),
        Function::new("plot", Topic::Stages, move |call| {
            let features: Arc<Features> = call.receiver()?;
            let title = call.get::<Option<String>>("title")?.unwrap_or_else(|| title(&features));
            one(title, Content::Features(Arc::unwrap_or_clone(features)))
        })
        .on::<Arc<Features>>()
        .about("Draws the first channel of features as a heat map, with axes and a scale of values.")
        .option::<Option<String>>("title", (), "what stands above; the shape if not given")
        .returns("strip")
        .example("(tone(440, 0.5) |> log_mel()).plot()"),
        Function::new("spectrogram", Topic::Sound, |call| {
            let wave: Waveform = call.receiver()?;
            Ok(Dynamic::from(Arc::new(spectrogram(&wave, call.get("n_fft")?, call.get("hop_length")?)?)))
        })
        .on::<Waveform>()
        .about("Gives the levels of a sound mixed down in time and frequency, dB, from 80 dB below the largest on.")
        .note("to look at; `stft()` and `log_mel()` are the features for models")
        .option::<Option<usize>>("n_fft", (), "size of the transform, samples; 32 ms, as a power of two, if not given")
        .option::<Option<usize>>("hop_length", (), "samples from frame to frame; 10 ms if not given")
        .returns("features")
        .example("assert(tone(440, 1).spectrogram(#{ n_fft: 256 }).shape == [1, 129, 101])"),
        Function::new("save", Topic::Sound, |call| {
            let (strip, path) = (call.receiver::<Strip>()?, call.get::<String>("path")?);
            let path = Path::new(&path);
            let file = match path.extension().and_then(|ending| ending.to_str()) {
                Some("svg") => strip.drawing().to_svg().into_bytes(),
                Some("png") => strip.drawing().to_png(),
                Some("html") => strip.html().unwrap_or_default().into_bytes(),
                _ => return Err(call.wrong("path", "a name that ends in `.png`, `.svg` or `.html`")),
            };
            Ok(write_whole(path, &file)?)
        })
        .on::<Strip>()
        .about("Saves a picture of sounds; it needs no other file and no network.")
        .param::<String>("path", "where to; ends in `.png`, `.svg` (vectors) or `.html`")
        .reads_data()
        .example("tone(440, 0.1).plot().save(temporary_folder() + \"/tone.png\")"),
    ]
}

fn recipe_plot(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    keyed(
        Function::new("plot", Topic::Recipes, move |call| {
            let mut work = loaded(&call.raw("input"))?;
            let mut rows = vec![row("input", Vec::new(), &work)?];
            let mut failed = None;
            let mut watch = |step: &TraceStep, work: &Workspace| {
                let files = step
                    .recordings
                    .iter()
                    .map(|drawn| format!("file {}", drawn.file));
                let values = step
                    .values
                    .iter()
                    .map(|(name, value)| format!("{name} {}", short(*value)));
                match row(
                    &format!("{} {}", step.place, step.name),
                    files.chain(values).collect(),
                    work,
                ) {
                    Ok(row) => rows.push(row),
                    Err(error) => failed = Some(error),
                }
            };
            call.receiver::<Recipe>()?
                .watch(key(call, &environment)?, &mut work, &mut watch)?;
            match failed {
                Some(error) => Err(ScriptError::from(error)),
                None => Ok(Dynamic::from(Strip { rows: rows.into() })),
            }
        })
        .on::<Recipe>()
        .about("Draws what every stage makes of a sound, with the values that were drawn.")
        .note("`trace` gives the same values as numbers; `demo` several draws to listen to")
        .param::<Dynamic>("input", "a wave, or features")
        .returns("strip")
        .example("print((fade() |> noise(10) |> log_mel()).plot(tone(440, 0.5), #{ seed: 7 }))"),
    )
}

fn row(title: &str, lines: Vec<String>, work: &Workspace) -> Result<Row, Error> {
    let content = match work.domain() {
        Domain::Wave => Content::Wave(work.to_waveform()?),
        Domain::Features => Content::Features(work.features.clone()),
    };
    Ok(Row {
        title: title.to_owned(),
        lines,
        content,
    })
}

/// A value for the eye: whole numbers as they are, others with four digits.
fn short(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 1e6 {
        value.to_string()
    } else {
        format!("{value:.4}")
    }
}
