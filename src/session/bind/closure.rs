//! Functions of the user's that run outside of the script that wrote them.

use super::Environment;
use crate::script::{Call, ScriptError};
use rhai::{AST, Dynamic, Engine, EvalAltResult, FnPtr};
use std::sync::Arc;

/// How a function is called, with the engine and its arguments.
type Run = dyn Fn(&Engine, Vec<Dynamic>) -> Result<Dynamic, Box<EvalAltResult>> + Send + Sync;

/// A closure with all it needs to run on any thread.
pub(super) struct Closure {
    source: String,
    engine: Arc<Engine>,
    run: Box<Run>,
}

impl Closure {
    /// A closure of a source, by what runs it.
    pub(super) fn new(
        source: String,
        engine: Arc<Engine>,
        run: impl Fn(&Engine, Vec<Dynamic>) -> Result<Dynamic, Box<EvalAltResult>>
        + Send
        + Sync
        + 'static,
    ) -> Closure {
        Closure {
            source,
            engine,
            run: Box::new(run),
        }
    }

    /// A function that a script handed over. Its source is what stands in the call.
    #[expect(
        deprecated,
        reason = "rhai marks what may change between minor versions, which we pin, as deprecated"
    )]
    pub(super) fn of_pointer(
        environment: &Environment,
        call: &Call<'_>,
        function: FnPtr,
    ) -> Result<Closure, ScriptError> {
        let context = call.context()?;
        let written = environment
            .sources()
            .arguments(context.call_source().unwrap_or(""), context.call_position());
        let source = written
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| function.fn_name().to_owned());
        let stored = context.store_data();
        let engine = engine(environment)?;
        Ok(Closure::new(source, engine, move |engine, arguments| {
            function.call_within_context(&stored.create_context(engine), arguments)
        }))
    }

    /// The same function, said to be written otherwise.
    #[cfg(feature = "learn")]
    pub(super) fn with_source(self, source: String) -> Closure {
        Closure { source, ..self }
    }

    /// The source that gives the function.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Runs the function, or says why that failed.
    pub(super) fn call(&self, arguments: Vec<Dynamic>) -> Result<Dynamic, String> {
        (self.run)(&self.engine, arguments)
            .map_err(|error| ScriptError::from_nested(*error).message)
    }
}

/// The engine that runs functions of the user's.
pub(super) fn engine(environment: &Environment) -> Result<Arc<Engine>, ScriptError> {
    environment
        .engine()
        .ok_or_else(|| ScriptError::new("internal error: the session has no engine"))
}

/// How many arguments functions of a name take, in order; none for a function of the language
/// itself.
pub(super) fn takes(call: &Call<'_>, function: &FnPtr) -> Result<Vec<usize>, ScriptError> {
    let mut counts: Vec<usize> = Vec::new();
    for module in call.context()?.namespaces() {
        let functions = AST::new([], module.clone());
        let of_this_name = functions
            .iter_functions()
            .filter(|known| known.name == function.fn_name());
        counts.extend(
            of_this_name.map(|known| known.params.len().saturating_sub(function.curry().len())),
        );
    }
    counts.sort_unstable();
    Ok(counts)
}
