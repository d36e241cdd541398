//! What the language brings along in the language itself.

use crate::bind::{self, Environment};
use crate::script::{ScriptError, Table, Written, new_parser};
use rhai::AST;
use std::sync::Arc;

/// The functions that are declared and those of the presets.
pub(super) fn table(environment: &Arc<Environment>, presets: &[Preset]) -> Table {
    let table = Table::new(bind::functions(environment)).with_foreign(bind::foreign_names());
    presets.iter().fold(table, |table, preset| {
        table.with_written(Written::all(&preset.ast, preset.namespace))
    })
}

/// A text of the language's own, parsed.
pub(super) struct Preset {
    pub(super) namespace: &'static str,
    pub(super) name: String,
    pub(super) text: &'static str,
    pub(super) ast: AST,
}

/// Parses the presets: once, for help and for running.
pub(super) fn presets() -> Result<Vec<Preset>, ScriptError> {
    let parser = new_parser()?;
    let parsed = |(namespace, file, text): (&'static str, &'static str, &'static str)| {
        let name = format!("stdlib/{file}.rhai");
        let mut ast = parser
            .compile(text)
            .map_err(|error| broken(&name, &error))?;
        ast.set_source(&name);
        Ok(Preset {
            namespace,
            name,
            text,
            ast,
        })
    };
    let namespaces = STDLIB.map(|(namespace, text)| (namespace, namespace, text));
    GLOBAL.into_iter().chain(namespaces).map(parsed).collect()
}

/// Presets in the language itself, a namespace each.
const STDLIB: [(&str, &str); 5] = [
    ("clar", include_str!("../../stdlib/clar.rhai")),
    ("clar_paper", include_str!("../../stdlib/clar_paper.rhai")),
    (
        "doppelgangers",
        include_str!("../../stdlib/doppelgangers.rhai"),
    ),
    ("health", include_str!("../../stdlib/health.rhai")),
    ("patch_mix", include_str!("../../stdlib/patch_mix.rhai")),
];

/// Functions in the language itself that need no namespace, a file each.
const GLOBAL: [(&str, &str, &str); 3] = [
    ("", "prelude", PRELUDE),
    (
        "",
        "architectures",
        include_str!("../../stdlib/architectures.rhai"),
    ),
    (
        "",
        "procedural",
        include_str!("../../stdlib/procedural.rhai"),
    ),
];

/// Those that judge studies, which takes the learning half.
const PRELUDE: &str = if cfg!(feature = "learn") {
    include_str!("../../stdlib/prelude.rhai")
} else {
    ""
};

pub(super) fn broken(name: &str, error: &dyn std::fmt::Display) -> ScriptError {
    ScriptError::new(format!("{name} is broken: {error}"))
}
