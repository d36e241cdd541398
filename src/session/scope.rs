//! The variables of a session: its first ones, and how functions see them.

use crate::bind::Settings;
use crate::script::{Mode, Unknown};
use rhai::{AST, ASTNode, Dynamic, Engine, Expr, FnPtr, Scope, Stmt};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};

/// The scope of a session that has run nothing yet.
pub(super) fn first_scope(settings: &Settings) -> Scope<'static> {
    let arguments = match settings.mode {
        Mode::Run => Dynamic::from_array(
            settings
                .arguments
                .iter()
                .map(|a| a.clone().into())
                .collect(),
        ),
        Mode::Check => Dynamic::from(Unknown),
    };
    let mut scope = Scope::new();
    scope.push_constant_dynamic("args", arguments);
    scope
}

/// A variable that was made anew hides the old one; only the new one is kept.
pub(super) fn without_hidden(scope: Scope<'static>) -> Scope<'static> {
    let names: BTreeSet<String> = scope.iter_raw().map(|(name, ..)| name.to_owned()).collect();
    if names.len() == scope.len() {
        return scope;
    }
    // The values are moved: cloning an array copies all its elements.
    let mut newest = BTreeMap::new();
    for (place, (name, value, _)) in scope.into_iter().enumerate() {
        newest.insert(name, (place, value));
    }
    let mut kept: Vec<(usize, String, Dynamic)> = newest
        .into_iter()
        .map(|(name, (place, value))| (place, name, value))
        .collect();
    kept.sort_by_key(|(place, ..)| *place);
    let mut scope = Scope::new();
    for (_, name, value) in kept {
        if value.is_read_only() {
            scope.push_constant_dynamic(name, value)
        } else {
            scope.push_dynamic(name, value)
        };
    }
    scope
}

/// Lets functions read the session's variables. Local names win; assigning to a global is rhai's own error.
pub(super) fn see_globals(engine: &mut Engine, globals: Arc<RwLock<BTreeMap<String, Dynamic>>>) {
    #[expect(
        deprecated,
        reason = "rhai marks hooks that may change between minor versions, which we pin, as deprecated"
    )]
    engine.on_var(move |name, _, context| {
        if context.scope().contains(name) {
            return Ok(None);
        }
        Ok(globals
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .get(name)
            .cloned())
    });
}

/// Names of variables that function bodies mention and do not themselves bind.
pub(super) fn mentioned_in_functions(functions: &AST) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    functions.walk(&mut |path| {
        if let Some(ASTNode::Expr(Expr::Variable(variable, ..))) = path.last() {
            names.insert(variable.1.to_string());
        }
        true
    });
    names
}

/// Those of the mentioned names that are functions, as values: rhai takes a function of an earlier text for a variable,
/// which a closure would have to capture.
pub(super) fn pointers(functions: &AST, mentioned: &BTreeSet<String>) -> BTreeMap<String, Dynamic> {
    let named = functions
        .iter_functions()
        .filter(|function| mentioned.contains(function.name));
    named
        .filter_map(|function| {
            Some((
                function.name.to_owned(),
                FnPtr::new(function.name).ok()?.into(),
            ))
        })
        .collect()
}

/// Whether a statement holds a `return` that would end the script.
pub(super) fn returns(statement: &Stmt) -> bool {
    let mut found = false;
    statement.walk(&mut Vec::new(), &mut |path| {
        found |= matches!(path.last(), Some(ASTNode::Stmt(Stmt::Return(..))));
        !found
    });
    found
}
