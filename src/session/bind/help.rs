//! Help, asked for by a script.

use super::Environment;
use crate::script::{
    Function, ScriptError, Shown, Topic, function_help, no_such_option, overview, search,
    type_help, type_name,
};
use rhai::{Dynamic, FnPtr, Map};
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        help(environment),
        search_help(environment),
        check_options(environment),
    ]
}

fn help(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("help", Topic::Session, move |call| {
        let (x, Some(table)) = (call.raw("x"), environment.table()) else {
            return Ok(());
        };
        let text = if x.is_unit() {
            Some(overview(&table).trim_end().to_owned())
        } else if let Ok(name) = x.clone().into_string() {
            let missing = || {
                let error = ScriptError::new(format!("there is no function `{name}`"));
                match table.nearest(&name) {
                    Some(guess) => error.hint(format!(
                        "did you mean `{guess}`? `search_help(\"word\")` looks for words"
                    )),
                    None => error.hint(
                        "`search_help(\"word\")` looks for words, `help()` lists all functions",
                    ),
                }
            };
            Some(function_help(&table, &name).ok_or_else(missing)?)
        } else if let Some(function) = x.read_lock::<FnPtr>() {
            function_help(&table, function.fn_name())
        } else {
            type_help(&table, &type_name(&x))
        };
        let plain = || format!("{}: {}", type_name(&x), Shown::text_of(&x));
        environment.sink.out(&text.unwrap_or_else(plain));
        Ok(())
    })
    .in_session()
    .about("Explains a function, or lists what a value has; without a name, lists all functions.")
    .param_or::<Dynamic>(
        "x",
        (),
        "name of a function, of a method such as `wave.plot` or of a type; or a value",
    )
    .example("help(\"noise\"); help(noise); help(tone(440, 0.1))")
}

fn search_help(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("search_help", Topic::Session, move |call| {
        let Some(table) = environment.table() else {
            return Ok(());
        };
        let found = search(&table, &call.get::<String>("words")?);
        environment.sink.out(&if found.is_empty() {
            "nothing is found".to_owned()
        } else {
            found.join("\n")
        });
        Ok(())
    })
    .in_session()
    .about("Lists the functions whose names or texts hold some words.")
    .param::<String>("words", "what is looked for")
    .example("search_help(\"stretch\")")
}

fn check_options(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("check_options", Topic::Session, move |call| {
        let of: String = call.get("of")?;
        let options: Map = call.get("options")?;
        let given: Option<Vec<String>> = call.get("names")?;
        let table = environment.table();
        let of_help = || table.as_ref().and_then(|table| table.options_of(&of));
        let names = match &given {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => of_help().ok_or_else(|| {
                ScriptError::new(format!("the language has no function `{of}`"))
                    .hint("say the names of the options in an array, the third argument")
            })?,
        };
        match options.keys().find(|name| !names.contains(&name.as_str())) {
            Some(name) => Err(no_such_option(&of, name, &names)),
            None => Ok(()),
        }
    })
    .in_session()
    .about("Raises an error if a map of options has one that a function does not know, and says which is meant.")
    .param::<String>("of", "name of the function")
    .param::<Map>("options", "what it was given")
    .param_or::<Option<Vec<String>>>(
        "names",
        (),
        "the options it knows; those that `help` lists for a function of the language if not given",
    )
    .example("check_options(\"hum\", #{ level: 2 }, [\"level\", \"pitch\"])")
}
