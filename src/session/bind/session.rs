//! The session: seeds, arguments, assertions, help, JSON.

use super::Environment;
use crate::script::{Call, Function, ScriptError, Shown, TextPart, Topic, describe};
use rhai::Dynamic;
use std::sync::Arc;
use std::time::Duration;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![
        seed(environment),
        arg(environment),
        option(environment),
        sleep(environment),
    ];
    all.extend([
        assert(),
        assert_near(),
        to_json(),
        save_json(),
        save_text(),
        temporary_folder(environment),
    ]);
    all
}

fn seed(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("seed", Topic::Session, move |call| {
        environment.set_seed(call.get("n")?);
        Ok(())
    })
    .about("Sets the seed of everything that is drawn from here on.")
    .param::<u64>(
        "n",
        "the seed; the same seed gives the same numbers on any number of threads",
    )
    .example("seed(1); let a = white_noise(0.1); seed(1); assert(a == white_noise(0.1))")
}

fn arg(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("arg", Topic::Session, move |call| {
        let (index, about) = (call.get::<usize>("index")?, call.get::<String>("about")?);
        let positional = split_arguments(&environment.settings.arguments).0;
        match (
            positional.get(index),
            call.get::<Option<String>>("otherwise")?,
        ) {
            (Some(value), _) => Ok(value.to_string()),
            (None, Some(otherwise)) => Ok(otherwise),
            (None, None) => Err(ScriptError::new(format!(
                "argument {} is missing: {about}",
                index + 1
            ))
            .hint("give it behind the name of the script")),
        }
    })
    .about("Gives an argument of the script, the words that follow its name on the command line.")
    .param::<usize>(
        "index",
        "which of them, from 0; words that begin with `--` do not count",
    )
    .param::<String>("about", "what it is, for the message if it is missing")
    .param_or::<Option<String>>(
        "otherwise",
        (),
        "what to take if it is missing; an error if not given",
    )
    .returns("string")
    .reads_data()
    .example("assert(arg(0, \"folder with recordings\", \"data\") == \"data\")")
}

fn option(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("option", Topic::Session, move |call| {
        let (name, default) = (call.get::<String>("name")?, call.raw("default"));
        if environment.settings.own_options.contains(&name) {
            return Err(ScriptError::new(format!("`--{name}` is an option of the program, and no script hears it"))
                .hint("give the script's option another name, such as `draw` for a seed of its own"));
        }
        let options = split_arguments(&environment.settings.arguments).1;
        let Some((_, text)) = options.into_iter().rev().find(|(given, _)| *given == name) else { return Ok(default) };
        let wrong = |wanted: &str| Err(ScriptError::new(format!("`--{name}` must be {wanted}, not {text:?}")));
        match default.type_name() {
            "i64" => text.parse::<i64>().map(Dynamic::from).or_else(|_| wrong("a whole number")),
            "f64" => text.parse::<f64>().map(Dynamic::from).or_else(|_| wrong("a number")),
            "bool" => match text {
                "" | "true" => Ok(true.into()),
                "false" => Ok(false.into()),
                _ => wrong("true or false"),
            },
            _ => Ok(text.to_owned().into()),
        }
    })
    .about("Gives an option of the script, `--name value` or `--name=value` on the command line, or its default.")
    .param::<String>("name", "name of the option")
    .param::<Dynamic>("default", "what it is if it is not given; the value given must be of the same type")
    .returns("value")
    .example("assert(option(\"epochs\", 60) == 60)")
}

/// Words, and options with their values. An option takes the next word unless that is an option, too.
fn split_arguments(arguments: &[String]) -> (Vec<&str>, Vec<(&str, &str)>) {
    let (mut words, mut options) = (Vec::new(), Vec::new());
    let mut rest = arguments.iter().map(String::as_str).peekable();
    while let Some(argument) = rest.next() {
        match argument.strip_prefix("--") {
            None => words.push(argument),
            Some(option) => match option.split_once('=') {
                Some((name, value)) => options.push((name, value)),
                None => options.push((
                    option,
                    rest.next_if(|next| !next.starts_with("--")).unwrap_or(""),
                )),
            },
        }
    }
    (words, options)
}

fn sleep(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("sleep", Topic::Session, move |call| {
        let seconds = call.get::<f64>("seconds")?;
        let mut left = Duration::try_from_secs_f64(seconds)
            .map_err(|_| call.wrong("seconds", "a number of at least 0"))?;
        // Short naps, so that an interrupt is noticed at once.
        while !left.is_zero() && !environment.token.is_cancelled() {
            let nap = left.min(Duration::from_millis(20));
            std::thread::sleep(nap);
            left -= nap;
        }
        if environment.token.is_cancelled() {
            Err(ScriptError::new("interrupted"))
        } else {
            Ok(())
        }
    })
    .hides_builtin()
    .about("Waits; an interrupt ends the wait.")
    .param::<f64>("seconds", "how long, s")
    .example("sleep(0.001)")
}

fn assert() -> Function {
    Function::new("assert", Topic::Session, |call| {
        match (
            call.get::<bool>("condition")?,
            call.get::<String>("message")?,
        ) {
            (true, _) => Ok(()),
            (false, message) if message.is_empty() => {
                Err(ScriptError::new("the assertion does not hold"))
            }
            (false, message) => Err(ScriptError::new(message)),
        }
    })
    .about("Stops the script unless a condition holds.")
    .param::<bool>("condition", "what must be true")
    .param_or::<String>("message", "", "what to say if it is not")
    .example("assert(1 + 1 == 2)")
}

fn assert_near() -> Function {
    Function::new("assert_near", Topic::Session, |call| {
        let (got, want, tolerance) = (
            call.get::<f64>("got")?,
            call.get::<f64>("want")?,
            call.get::<f64>("tolerance")?,
        );
        if (got - want).abs() <= tolerance {
            return Ok(());
        }
        Err(ScriptError::new(format!(
            "{got} is not within {tolerance} of {want}"
        )))
    })
    .about("Stops the script unless two numbers are close.")
    .param::<f64>("got", "a number")
    .param::<f64>("want", "what it should be")
    .param_or::<f64>("tolerance", 1e-6, "largest difference that is accepted")
    .example("assert_near(0.1 + 0.2, 0.3)")
}

fn json_of(call: &Call<'_>) -> Result<serde_json::Value, ScriptError> {
    let value = call.raw("x");
    Shown::json_of(&value)
        .ok_or_else(|| ScriptError::new(format!("{} cannot be written as JSON", describe(&value))))
}

fn to_json() -> Function {
    Function::new("to_json", Topic::Session, |call| {
        Ok(json_of(call)?.to_string())
    })
    .hides_builtin()
    .about(
        "Writes a value as JSON: numbers, strings, arrays, maps, recipes, views, traces, reports.",
    )
    .param::<Dynamic>("x", "the value")
    .returns("string")
    .example("let r = fade() |> noise(5..40); assert(from_json(to_json(r)) == r)")
}

fn save_json() -> Function {
    Function::new("save_json", Topic::Session, |call| {
        let text = serde_json::to_string_pretty(&json_of(call)?)
            .map_err(|error| ScriptError::new(error.to_string()))?;
        let path = call.get::<String>("path")?;
        Ok(auricle_audio::io::write_whole(
            path.as_ref(),
            format!("{text}\n").as_bytes(),
        )?)
    })
    .about("Saves a value as a JSON file, whole or not at all.")
    .param::<Dynamic>("x", "the value, see `to_json`")
    .param::<String>("path", "where to")
    .reads_data()
    .example("save_json(#{ a: 1 }, temporary_folder() + \"/a.json\")")
}

fn save_text() -> Function {
    Function::new("save_text", Topic::Session, |call| {
        let (text, path) = (call.get::<String>("text")?, call.get::<String>("path")?);
        Ok(auricle_audio::io::write_whole(
            path.as_ref(),
            text.as_bytes(),
        )?)
    })
    .about("Saves a text as a file, whole or not at all.")
    .param::<String>("text", "the text; a file of lines ends in `\\n`")
    .param::<String>("path", "where to")
    .reads_data()
    .example("save_text(\"a,b\\n1,2\\n\", temporary_folder() + \"/t.csv\")")
}

fn temporary_folder(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("temporary_folder", Topic::Session, move |_| {
        let folder = environment
            .temporary_folder()
            .map_err(|error| ScriptError::new(error.to_string()))?;
        Ok(folder.display().to_string())
    })
    .about("Makes an empty folder that is removed when the session ends, and gives its path.")
    .returns("string")
    .example("let d = temporary_folder(); tone(440, 0.1).save(d + \"/a.wav\")")
}

impl From<auricle_audio::Error> for ScriptError {
    fn from(error: auricle_audio::Error) -> ScriptError {
        let hint = error.hint();
        let message = error.to_string();
        let part = match error {
            auricle_audio::Error::Expression {
                expression,
                column,
                width,
                reason,
                ..
            } => Some(TextPart {
                text: expression,
                column,
                width,
                message: reason,
            }),
            _ => None,
        };
        ScriptError {
            hint,
            part,
            ..ScriptError::in_words_of_others(message)
        }
    }
}
