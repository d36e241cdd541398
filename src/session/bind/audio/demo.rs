//! Hearing and seeing what a recipe does.

use super::super::Environment;
use super::recipe::{loaded, taken};
use crate::script::{Display, Function, ScriptError, ScriptValue, Shown, Topic, escape};
use auricle_audio::augment::{Recipe, Trace};
use auricle_audio::io::{SampleFormat, write_wav};
use auricle_audio::{Key, Waveform};
use rhai::{Dynamic, Engine};
use std::path::PathBuf;
use std::sync::Arc;

/// What a demonstration gave. It was shown when it was made, so it is not shown again as the value of its cell.
#[derive(Clone)]
pub(super) struct Draws(Arc<[Dynamic]>);

impl ScriptValue for Draws {
    const NAME: &'static str = "draws";

    fn text(&self) -> String {
        let one = if self.0.len() == 1 {
            "1 draw".to_owned()
        } else {
            format!("{} draws", self.0.len())
        };
        format!("{one}; `results` has them as an array")
    }
}

impl IntoIterator for Draws {
    type Item = Dynamic;
    type IntoIter = std::vec::IntoIter<Dynamic>;

    fn into_iter(self) -> Self::IntoIter {
        let draws: Vec<Dynamic> = self.0.iter().cloned().collect();
        draws.into_iter()
    }
}

/// `for wave in draws` and `draws[0]`.
pub(super) fn register_draws(engine: &mut Engine) {
    engine.register_iterator::<Draws>();
    engine.register_indexer_get(
        |draws: &mut Draws, index: i64| -> Result<Dynamic, Box<rhai::EvalAltResult>> {
            let n = draws.0.len() as i64;
            let at = usize::try_from(if index < 0 { index + n } else { index }).ok();
            match at.and_then(|at| draws.0.get(at)) {
                Some(result) => Ok(result.clone()),
                None => Err(ScriptError::new(format!(
                    "there is no draw {index}: there are {n}, from 0"
                ))
                .into()),
            }
        },
    );
}

pub(super) fn draws_functions() -> Vec<Function> {
    vec![
        Function::property::<Draws, _>("results", Topic::Recipes, |draws| {
            Ok(Dynamic::from_array(draws.0.to_vec()))
        })
        .about("What `demo` gave, as an array.")
        .example("assert((gain(-6..6) |> fade()).demo(tone(440, 0.1), 3).results.len() == 3)"),
        Function::new("len", Topic::Recipes, |call| {
            Ok(call.receiver::<Draws>()?.0.len() as i64)
        })
        .on::<Draws>()
        .about("Counts the draws.")
        .example("assert((gain(-6..6) |> fade()).demo(tone(440, 0.1), 3).len() == 3)"),
    ]
}

/// A recipe on a sound, drawn several times: each shown with its values, or written as a file.
pub(super) fn demo(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("demo", Topic::Recipes, move |call| {
        let recipe = call.receiver::<Recipe>()?;
        let folder = call.get::<Option<String>>("out")?.map(PathBuf::from);
        if let Some(folder) = &folder {
            std::fs::create_dir_all(folder)
                .map_err(|error| ScriptError::new(format!("`{}` cannot be made: {error}", folder.display())))?;
        }
        let mut results = Vec::new();
        for item in 0..call.get::<u64>("n")? {
            let key = Key { item, ..Key::of_seed(environment.seed()) };
            let (recipe, input) = (recipe.clone(), call.raw("input"));
            let (sink, in_files) = (environment.sink.clone(), folder.is_some());
            let drawn = move || -> Result<(Trace, Dynamic, Display), ScriptError> {
                let mut work = loaded(&input)?;
                let (trace, result) = (recipe.trace(key, &mut work)?, taken(work)?);
                let seen = match in_files && result.is::<Waveform>() {
                    true => Display::default(),
                    false => Shown::display_for(&result, &*sink),
                };
                Ok((trace, result, seen))
            };
            let (trace, result, seen) =
                if call.any_long() { environment.token.unless_stopped(drawn)?? } else { drawn()? };
            match (&folder, result.read_lock::<Waveform>()) {
                (Some(folder), Some(wave)) => {
                    let file = folder.join(format!("draw-{item}.wav"));
                    write_wav(&file, &wave, SampleFormat::Float32)?;
                    environment.sink.out(&format!("{}\n{trace}", file.display()));
                }
                _ => environment.sink.display(&explained(item, &trace, seen), None),
            }
            results.push(result);
        }
        Ok(Dynamic::from(Draws(results.into())))
    })
    .on::<Recipe>()
    .in_session()
    .about("Runs the recipe several times with new draws and shows each result with the values drawn.")
    .note("the draws are those of the clips 0 to n - 1; `apply` with `#{ item: i }` gives one of them again")
    .param::<Dynamic>("input", "a wave, or features")
    .param_or::<u64>("n", 8, "how many times")
    .option::<Option<String>>("out", (), "folder for files of the sounds, `draw-0.wav` and so on; shown if not given")
    .returns("draws")
    .example(
        "let d = gain(-6..6).demo(tone(440, 0.1), 3); for x in d { assert(x.seconds == 0.1) } assert(d[-1] == d[2])",
    )
}

/// A result with what was drawn for it above it.
fn explained(item: u64, trace: &Trace, display: Display) -> Display {
    let head = format!("draw {item}\n{trace}");
    let shown = display.to_html().map(|html| {
        (
            "text/html",
            format!("<pre>{}</pre>{html}", escape(&head)).into(),
        )
    });
    Display {
        text: format!("{head}\n{}", display.text),
        parts: shown.into_iter().collect(),
        picture: display.picture,
    }
}
