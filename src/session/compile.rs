//! From a text to what runs: shortcuts written out, parsed, and looked through.

use crate::script::{
    Callable, Diagnostic, Expanded, Meaning, Quotient, Topic, explain_misread, explain_parse,
    explain_quotient, lost_fraction, type_name,
};
use crate::session::Session;
use rhai::{AST, Dynamic};

impl Session {
    pub(super) fn compile(&self, name: &str, text: &str) -> Result<AST, Diagnostic> {
        // A script may begin with a mark of the byte order and with `#!/usr/bin/env auricle`; a space and a comment take
        // their places, so that positions stay. Three slashes would be a text about a function.
        let (mark, rest) = text
            .strip_prefix('\u{feff}')
            .map_or(("", text), |rest| (" ", rest));
        let (slashes, rest) = rest
            .strip_prefix("#!")
            .map_or(("", rest), |rest| ("// ", rest));
        let readable = [mark, slashes, rest].concat();
        let expanded = self.expanded(&readable);
        let compiled = self.engine.compile_with_scope(&self.scope, &expanded.text);
        self.environment.sources().expand(name, expanded);
        match compiled {
            Ok(mut ast) => {
                ast.set_source(name);
                let sources = self.environment.sources();
                let wrong = self
                    .lost_fraction(&ast)
                    .map(|quotient| explain_quotient(&quotient, name, &sources))
                    .or_else(|| explain_misread(name, &sources, &self.table));
                wrong.map_or(Ok(ast), Err)
            }
            Err(error) => Err(explain_parse(
                &error,
                name,
                &self.environment.sources(),
                &self.table,
            )),
        }
    }

    /// A quotient of whole numbers where a recipe takes a fraction.
    fn lost_fraction(&self, ast: &AST) -> Option<Quotient> {
        let makes_recipe = |name: &str| {
            let mut functions = self.table.named(name).peekable();
            functions.peek().is_some()
                && functions.all(|f| {
                    matches!(
                        f.topic(),
                        Topic::Stages | Topic::Recipes | Topic::Distributions
                    )
                })
        };
        let is_recipe = |value: &Dynamic| type_name(value) == "recipe";
        lost_fraction(
            ast,
            &Meaning {
                makes_recipe: &makes_recipe,
                is_recipe: &is_recipe,
                scope: &self.scope,
            },
        )
    }

    /// A script with its shortcuts written out.
    fn expanded(&self, script: &str) -> Expanded {
        let names = self.table.names();
        let functions = self
            .functions
            .iter_functions()
            .map(|function| function.name.to_owned())
            .collect();
        let variables = self
            .scope
            .iter_raw()
            .map(|(name, _, value)| (name.to_owned(), value.is_fnptr()))
            .collect();
        let native = |name: &str| names.contains(name);
        Expanded::of(
            script,
            Callable {
                native: &native,
                functions: &functions,
                variables: &variables,
            },
        )
    }
}
