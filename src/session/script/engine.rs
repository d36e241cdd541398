//! rhai's engine with our operators, limits and functions.

use super::imports::Imports;
use super::memory::Watch;
use super::{CancelToken, Mode, ScriptError, Table, Unknown, growth, value, value_text};
use rhai::{Dynamic, Engine, OptimizationLevel, Token};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Registers the types and operators that functions take, before the functions themselves.
pub type Operators = fn(&mut Engine);

/// Precedence of `|>`: below every other operator, so that `a |> b | c` pipes into a choice.
const PIPE: u8 = 20;

/// Calls nested deeper than this are taken for a recursion without end.
const CALL_LEVELS: usize = 128;

/// An engine that knows the functions of a table.
///
/// `print` receives what scripts print. `token` stops a script at its next operation.
pub fn new_engine(
    table: &Table,
    operators: &[Operators],
    mode: Mode,
    token: CancelToken,
    print: Arc<dyn Fn(&str) + Send + Sync>,
) -> Result<Engine, ScriptError> {
    let mut engine = Engine::new();
    set_syntax(&mut engine)?;
    engine.set_max_call_levels(CALL_LEVELS);
    // A key that is not there is a slip as a rule; `m?.key` asks.
    engine.set_fail_on_invalid_map_property(true);
    engine.set_module_resolver(Imports::new(std::env::home_dir()));
    growth::register(&mut engine);
    value_text::register(&mut engine);
    let (watch, stop) = (Watch::new(token.clone()), token.clone());
    engine.on_progress(move |operations| {
        if token.stops_this_thread() {
            return Some(Dynamic::from("interrupted"));
        }
        watch.look(operations).map(Dynamic::from)
    });
    let debug = print.clone();
    engine.on_print(move |text| print(text));
    engine.on_debug(move |text, _, _| debug(text));
    value::register::<ScriptError>(&mut engine);
    engine.register_get("message", |error: &mut ScriptError| error.message.clone());
    for register in operators {
        register(&mut engine);
    }
    if mode == Mode::Check {
        Unknown::register(&mut engine);
    }
    table.register(&mut engine, mode, &stop);
    Ok(engine)
}

/// An engine that only parses.
pub fn new_parser() -> Result<Engine, ScriptError> {
    let mut engine = Engine::new_raw();
    set_syntax(&mut engine)?;
    engine.set_optimization_level(OptimizationLevel::None);
    Ok(engine)
}

fn set_syntax(engine: &mut Engine) -> Result<(), ScriptError> {
    engine
        .register_custom_operator("|>", PIPE)
        .map_err(|reason| {
            ScriptError::new(format!("the operator `|>` cannot be registered: {reason}"))
        })?;
    engine.set_max_expr_depths(256, 128);
    name_members(engine);
    Ok(())
}

/// Words that rhai keeps because it does something with them; behind a point, too, they stay what they are.
const WORKING: [&str; 11] = [
    "Fn",
    "call",
    "curry",
    "debug",
    "eval",
    "is_def_fn",
    "is_def_var",
    "is_shared",
    "print",
    "this",
    "type_of",
];

/// Lets words that rhai keeps for itself be names behind a point: `model.export(folder)`, `parameter.module`.
#[expect(
    deprecated,
    reason = "rhai marks hooks that may change between minor versions, which we pin, as deprecated"
)]
fn name_members(engine: &mut Engine) {
    let behind_point = AtomicBool::new(false);
    engine.on_parse_token(move |token, _, _| {
        let is_point = matches!(token, Token::Period | Token::Elvis);
        let is_member = behind_point.swap(is_point, Ordering::Relaxed);
        let kept = match &token {
            Token::Export => "export",
            Token::Reserved(word) if word.starts_with(char::is_alphabetic) => word.as_str(),
            _ => return token,
        };
        if !is_member || WORKING.contains(&kept) {
            return token;
        }
        Token::Identifier(Box::new(kept.into()))
    });
}

/// Makes a type known to an engine, for an [`Operators`] function.
pub fn register_type<T: super::ScriptValue>(engine: &mut Engine) {
    value::register::<T>(engine);
}
