//! Pictures of synthesizers: a drawing with the text that stands for it in a terminal.

use crate::script::{Function, Parts, ScriptValue, Topic, escape};
use auricle_audio::io::write_whole;
use auricle_figure::{Drawing, drawing_image};
use auricle_synth::Synth;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhai::Dynamic;
use std::path::Path;
use std::sync::Arc;

/// A drawing and its text. Cheap to clone.
#[derive(Clone)]
pub(super) struct Diagram {
    inner: Arc<Inner>,
}

struct Inner {
    title: String,
    text: String,
    drawing: Drawing,
}

impl Diagram {
    pub(super) fn new(title: &str, text: String, drawing: Drawing) -> Diagram {
        let title = title.to_owned();
        Diagram {
            inner: Arc::new(Inner {
                title,
                text,
                drawing,
            }),
        }
    }
}

impl ScriptValue for Diagram {
    const NAME: &'static str = "diagram";

    fn text(&self) -> String {
        self.inner.text.clone()
    }

    fn html(&self) -> Option<String> {
        let title = escape(&self.inner.title);
        let picture = drawing_image(&self.inner.title, &self.inner.drawing);
        Some(format!(
            "<!DOCTYPE html><meta charset=\"utf-8\"><title>{title}</title>{picture}"
        ))
    }

    fn parts(&self) -> Parts {
        let picture = drawing_image(&self.inner.title, &self.inner.drawing);
        vec![
            ("text/html", picture.into()),
            (
                "image/png",
                STANDARD.encode(self.inner.drawing.to_png()).into(),
            ),
        ]
    }
}

pub(super) fn functions() -> Vec<Function> {
    vec![of_graph(), save()]
}

fn of_graph() -> Function {
    Function::new("plot", Topic::Synthesis, |call| {
        let synth = call.receiver::<Synth>()?;
        let outline = synth.outline();
        let facts = format!(
            "{} free parameters, {} s at {} Hz",
            outline.n_parameters,
            synth.options().seconds,
            synth.options().sample_rate
        );
        let title = call.get::<Option<String>>("title")?.unwrap_or(facts);
        Ok(Dynamic::from(Diagram::new(
            &title,
            outline.to_string(),
            outline.to_drawing(&title),
        )))
    })
    .on::<Synth>()
    .about("Draws the graph: modules as boxes with their free parameters counted, signals as arrows with the ports they go to.")
    .note("as text, a line for each module with what goes in at its ports")
    .option::<Option<String>>("title", (), "what stands above; parameters, duration and rate if not given")
    .returns("diagram")
    .example(
        "let d = voice(#{ seconds: 1 }).plot(); assert(`${d}`.contains(\"mod_matrix[0]\")); \
         d.save(temporary_folder() + \"/voice.svg\")",
    )
}

fn save() -> Function {
    Function::new("save", Topic::Synthesis, |call| {
        let (diagram, path) = (call.receiver::<Diagram>()?, call.get::<String>("path")?);
        let path = Path::new(&path);
        let file = match path.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => diagram.inner.drawing.to_svg().into_bytes(),
            Some("png") => diagram.inner.drawing.to_png(),
            Some("html") => diagram.html().unwrap_or_default().into_bytes(),
            _ => return Err(call.wrong("path", "a name that ends in `.png`, `.svg` or `.html`")),
        };
        Ok(write_whole(path, &file)?)
    })
    .on::<Diagram>()
    .about("Saves a diagram; it needs no other file and no network.")
    .param::<String>(
        "path",
        "where to; ends in `.png`, `.svg` (vectors) or `.html`",
    )
    .reads_data()
    .example("synth(sine()).plot().save(temporary_folder() + \"/sine.png\")")
}
