//! Scripts that a script imports.

use super::home::expanded_text;
use rhai::module_resolvers::FileModuleResolver;
use rhai::{
    AST, Dynamic, Engine, EvalAltResult, GlobalRuntimeState, Module, ModuleResolver, Position,
    Scope, Shared,
};
use std::path::PathBuf;

type Resolved<T> = Result<T, Box<EvalAltResult>>;

/// Finds imported scripts as rhai does, beside the script that imports them, and where `~` is the user's folder.
pub(super) struct Imports {
    files: FileModuleResolver,
    home: Option<PathBuf>,
}

impl Imports {
    pub(super) fn new(home: Option<PathBuf>) -> Imports {
        Imports {
            files: FileModuleResolver::new(),
            home,
        }
    }

    fn path(&self, path: &str, position: Position) -> Resolved<String> {
        match expanded_text("import", path, self.home.as_deref()) {
            Ok(whole) => Ok(whole.unwrap_or_else(|| path.to_owned())),
            Err(error) => {
                let error = EvalAltResult::ErrorRuntime(Dynamic::from(error), position);
                Err(Box::new(error))
            }
        }
    }
}

impl ModuleResolver for Imports {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Resolved<Shared<Module>> {
        let path = self.path(path, position)?;
        self.files.resolve(engine, source, &path, position)
    }

    fn resolve_raw(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        scope: &mut Scope<'_>,
        path: &str,
        position: Position,
    ) -> Resolved<Shared<Module>> {
        let path = self.path(path, position)?;
        self.files
            .resolve_raw(engine, global, scope, &path, position)
    }

    fn resolve_ast(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Option<Resolved<AST>> {
        match self.path(path, position) {
            Ok(path) => self.files.resolve_ast(engine, source, &path, position),
            Err(error) => Some(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ScriptError;
    use super::*;

    #[test]
    fn scripts_are_found_in_the_users_folder_and_elsewhere() {
        let home = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
        write("three.rhai", "export const X = 3;");
        write(
            "double.rhai",
            "import \"~/three\" as three; fn double(n) { 2 * n } export const Y = three::X + 1;",
        );
        let mut engine = Engine::new();
        engine.set_module_resolver(Imports::new(Some(home.path().to_owned())));
        let value = |script: &str| engine.eval::<i64>(script);
        assert_eq!(
            value("import \"~/double\" as d; d::double(d::Y)").unwrap(),
            8
        );
        let whole = home.path().join("three").display().to_string();
        let script = format!("import {whole:?} as t; t::X");
        assert_eq!(value(&script).unwrap(), 3);
        let told = value("import \"~/four\" as f; 1").unwrap_err().to_string();
        assert!(told.contains("Module not found: ~/four"), "{told}");
        let error = value("import \"~ann/four\" as f; 1").unwrap_err();
        let EvalAltResult::ErrorRuntime(told, position) = *error else {
            panic!("{error}");
        };
        assert_eq!(position.line(), Some(1));
        let told = told.cast::<ScriptError>().message;
        assert!(told.contains("another user"), "{told}");
    }
}
