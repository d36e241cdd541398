//! Hearing and seeing what a recipe does.

use super::super::Environment;
use super::recipe::{loaded, taken};
use crate::script::{Display, Function, ScriptError, Shown, Topic, escape};
use auricle_audio::augment::{Recipe, Trace};
use auricle_audio::io::{SampleFormat, write_wav};
use auricle_audio::{Key, Waveform};
use rhai::Dynamic;
use std::path::PathBuf;
use std::sync::Arc;

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
        Ok(Dynamic::from_array(results))
    })
    .on::<Recipe>()
    .in_session()
    .about("Runs the recipe several times with new draws and shows each result with the values drawn.")
    .note("the draws are those of the clips 0 to n - 1; `apply` with `#{ item: i }` gives one of them again")
    .param::<Dynamic>("input", "a wave, or features")
    .param_or::<u64>("n", 8, "how many times")
    .option::<Option<String>>("out", (), "folder for files of the sounds, `draw-0.wav` and so on; shown if not given")
    .returns("array")
    .example("assert((gain(-6..6) |> fade()).demo(tone(440, 0.1), 3).len() == 3)")
}

/// A result with what was drawn for it above it.
fn explained(item: u64, trace: &Trace, display: Display) -> Display {
    let head = format!("draw {item}\n{trace}");
    let shown = display.to_html().map(|html| ("text/html", format!("<pre>{}</pre>{html}", escape(&head)).into()));
    Display { text: format!("{head}\n{}", display.text), parts: shown.into_iter().collect(), picture: display.picture }
}
