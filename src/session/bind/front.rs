//! Speaking with the person in front of the session: what is shown, what is asked.

use super::Environment;
use crate::script::{Call, Display, Function, Progress, ScriptError, Shown, Topic};
use rhai::Dynamic;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![
        show("show", environment),
        show("display", environment),
        display_id(environment),
    ];
    all.extend([
        update_display(environment),
        clear_output(environment),
        eprint(environment),
        progress(environment),
        flush(environment),
    ]);
    all.extend([
        ask(
            "input",
            false,
            "Asks the person in front of the session for a line, and waits for it.",
            environment,
        ),
        ask(
            "password",
            true,
            "Asks for a line that is not seen while it is typed.",
            environment,
        ),
    ]);
    all
}

/// A function whose body speaks through the environment.
fn with<R: Into<Dynamic>>(
    name: &'static str,
    environment: &Arc<Environment>,
    body: impl Fn(&Environment, &Call<'_>) -> Result<R, ScriptError> + Send + Sync + 'static,
) -> Function {
    let environment = environment.clone();
    Function::new(name, Topic::Session, move |call| body(&environment, call)).in_session()
}

/// The value of a call as the front end shows it.
fn display(environment: &Environment, call: &Call<'_>) -> Display {
    let x = call.raw("x");
    let shown = Shown::display_for(&x, &*environment.sink);
    // What a script says is shown as it is; only at the end of a cell a text is told from a name by its quotation marks.
    if x.is_string() {
        Display {
            text: x.to_string(),
            ..shown
        }
    } else {
        shown
    }
}

fn show(name: &'static str, environment: &Arc<Environment>) -> Function {
    with(name, environment, |environment, call| {
        let shown = display(environment, call);
        let caption = call.get::<String>("caption")?;
        environment.sink.display(&if caption.is_empty() { shown } else { shown.captioned(&caption) }, None);
        Ok(())
    })
    .about("Displays a value in whatever front end runs: as a picture or a player in a notebook, as text elsewhere.")
    .param::<Dynamic>("x", "the value")
    .param_or::<String>("caption", "", "a line above it that says what it is")
    .example(format!("{name}(tone(440, 0.1), \"concert pitch\")"))
}

fn display_id(environment: &Arc<Environment>) -> Function {
    with("display_id", environment, |environment, call| {
        environment.sink.display(
            &display(environment, call),
            Some(&call.get::<String>("name")?),
        );
        Ok(())
    })
    .about("Displays a value under a name, by which `update_display` replaces it.")
    .param::<String>("name", "the name")
    .param::<Dynamic>("x", "the value")
    .example("display_id(\"loss\", 0.7); update_display(\"loss\", 0.5)")
}

fn update_display(environment: &Arc<Environment>) -> Function {
    with("update_display", environment, |environment, call| {
        environment
            .sink
            .update(&display(environment, call), &call.get::<String>("name")?);
        Ok(())
    })
    .about("Puts a value in the place of what was displayed under a name.")
    .param::<String>("name", "the name")
    .param::<Dynamic>("x", "the value")
    .example("display_id(\"step\", 1); update_display(\"step\", 2)")
}

fn clear_output(environment: &Arc<Environment>) -> Function {
    with("clear_output", environment, |environment, call| {
        environment.sink.clear(call.get::<bool>("wait")?);
        Ok(())
    })
    .about("Takes away what the cell has shown so far, where that can be done.")
    .option::<bool>(
        "wait",
        true,
        "whether it stays until something new is shown",
    )
    .example("clear_output()")
}

fn flush(environment: &Arc<Environment>) -> Function {
    with("flush", environment, |environment, _| {
        environment.sink.flush();
        Ok(())
    })
    .about("Hands on what was printed so far, where lines are held back to be sent together.")
    .example("print(\"at once\"); flush()")
}

fn eprint(environment: &Arc<Environment>) -> Function {
    with("eprint", environment, |environment, call| {
        environment.sink.error(&Shown::text_of(&call.raw("x")));
        Ok(())
    })
    .about("Prints a value as text on the error stream.")
    .param::<Dynamic>("x", "the value")
    .example("eprint(\"a remark\")")
}

fn progress(environment: &Arc<Environment>) -> Function {
    with("progress", environment, |environment, call| {
        let (done, total) = (call.get::<f64>("done")?, call.get::<f64>("total")?);
        let (done, total) = (done.max(0.0) as u64, total.max(0.0) as u64);
        let title = call.get::<String>("title")?;
        environment.sink.progress(&Progress {
            title,
            done,
            total,
            finished: done >= total,
            ..Progress::default()
        });
        Ok(())
    })
    .about("Shows how far a loop is; the bar goes when `done` reaches `total`.")
    .param::<f64>("done", "steps done")
    .param::<f64>("total", "steps in all")
    .option::<String>("title", "working", "what is being done")
    .example("for i in 0..3 { progress(i + 1, 3) }")
}

fn ask(name: &'static str, hidden: bool, about: &str, environment: &Arc<Environment>) -> Function {
    with(name, environment, move |environment, call| {
        let stop = || environment.token.is_cancelled();
        let answer = environment
            .sink
            .ask(&call.get::<String>("prompt")?, hidden, &stop);
        answer.map_err(|reason| {
            ScriptError::new(format!("`{name}` cannot ask: {reason}")).hint(
                "give the value as an argument of the script instead: `option(\"name\", default)`",
            )
        })
    })
    .about(about)
    .param_or::<String>("prompt", "", "what is asked")
    .returns("string")
    .example(format!("let ask = |q| {name}(q); type_of(ask)"))
}
