//! Quotients of whole numbers where a fraction is meant: `1/2 * noise(10)` is `0 * noise(10)`, which never runs.
//!
//! The quotient of two whole numbers is a whole number, which indices need. A quotient of two written numbers with a
//! remainder, that becomes a probability or a number of a recipe, is meant as a fraction.

use rhai::{AST, ASTNode, Dynamic, Expr, Position, Scope, Stmt};
use std::collections::{BTreeMap, BTreeSet};

/// A quotient that loses its fraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotient {
    /// Where it stands.
    pub position: Position,
    /// The two numbers.
    pub numbers: (i64, i64),
    /// The variable that holds it, if it is one that is used.
    pub variable: Option<String>,
}

/// What a script's names are.
pub struct Meaning<'a> {
    /// Whether a function makes a recipe, or something that a recipe is made of.
    pub makes_recipe: &'a dyn Fn(&str) -> bool,
    /// Whether a value is a recipe.
    pub is_recipe: &'a dyn Fn(&Dynamic) -> bool,
    /// The session's variables.
    pub scope: &'a Scope<'static>,
}

/// The first quotient of a script that becomes a number of a recipe.
pub fn lost_fraction(ast: &AST, meaning: &Meaning<'_>) -> Option<Quotient> {
    let own: BTreeSet<String> = ast
        .iter_functions()
        .map(|function| function.name.to_owned())
        .collect();
    let mut reader = Reader {
        meaning,
        own,
        recipes: BTreeSet::new(),
        quotients: BTreeMap::new(),
        found: None,
    };
    ast.walk(&mut |path| {
        reader.node(path);
        reader.found.is_none()
    });
    reader.found
}

struct Reader<'a> {
    meaning: &'a Meaning<'a>,
    own: BTreeSet<String>,
    /// Variables that hold a recipe.
    recipes: BTreeSet<String>,
    /// Variables that hold a quotient.
    quotients: BTreeMap<String, (i64, i64)>,
    found: Option<Quotient>,
}

impl Reader<'_> {
    fn node(&mut self, path: &[ASTNode<'_>]) {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::Var(variable, ..))) => {
                let name = variable.0.name.to_string();
                self.quotients.remove(&name);
                self.recipes.remove(&name);
                if self.is_recipe(&variable.1) {
                    self.recipes.insert(name);
                } else if let Some(numbers) = quotient(&variable.1) {
                    self.quotients.insert(name, numbers);
                }
            }
            Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                if let Expr::Variable(variable, ..) = &assignment.1.lhs {
                    self.quotients.remove(variable.1.as_str());
                }
            }
            Some(ASTNode::Expr(expr)) => self.expression(expr, path),
            _ => {}
        }
    }

    fn expression(&mut self, expr: &Expr, path: &[ASTNode<'_>]) {
        let (numbers, variable) = match expr {
            Expr::Variable(variable, ..) => match self.quotients.get(variable.1.as_str()) {
                Some(numbers) => (*numbers, Some(variable.1.to_string())),
                None => return,
            },
            expr => match quotient(expr) {
                Some(numbers) => (numbers, None),
                None => return,
            },
        };
        if self.feeds_a_recipe(path) {
            self.found = Some(Quotient {
                position: expr.start_position(),
                numbers,
                variable,
            });
        }
    }

    /// Whether the last expression of a path is a number of a recipe, directly or as a part of one.
    fn feeds_a_recipe(&self, path: &[ASTNode<'_>]) -> bool {
        for node in path.iter().rev().skip(1) {
            let ASTNode::Expr(expr) = node else {
                return false;
            };
            match expr {
                Expr::FnCall(call, _) | Expr::MethodCall(call, _) if is_operator(&call.name) => {
                    if call.name == "*" && call.args.iter().any(|arg| self.is_recipe(arg)) {
                        return true;
                    }
                    if !matches!(call.name.as_str(), "+" | "-" | "*" | ".." | "..=") {
                        return false;
                    }
                }
                Expr::FnCall(call, _) | Expr::MethodCall(call, _) => {
                    return !self.own.contains(call.name.as_str())
                        && (self.meaning.makes_recipe)(&call.name);
                }
                Expr::Map(..) | Expr::Array(..) | Expr::Dot(..) => {}
                _ => return false,
            }
        }
        false
    }

    fn is_recipe(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Variable(variable, ..) => {
                let name = variable.1.as_str();
                let in_session = || {
                    self.meaning
                        .scope
                        .get(name)
                        .is_some_and(|value| (self.meaning.is_recipe)(value))
                };
                self.recipes.contains(name) || in_session()
            }
            Expr::FnCall(call, _) if is_operator(&call.name) => {
                matches!(call.name.as_str(), "|>" | "|" | "&" | "*" | "**")
                    && call.args.iter().any(|arg| self.is_recipe(arg))
            }
            Expr::FnCall(call, _) => {
                call.is_qualified()
                    || (!self.own.contains(call.name.as_str())
                        && (self.meaning.makes_recipe)(&call.name))
            }
            _ => false,
        }
    }
}

fn is_operator(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The two whole numbers of a quotient that leaves a remainder.
fn quotient(expr: &Expr) -> Option<(i64, i64)> {
    let Expr::FnCall(call, _) = expr else {
        return None;
    };
    let [Expr::IntegerConstant(a, _), Expr::IntegerConstant(b, _)] = &*call.args else {
        return None;
    };
    (call.name == "/" && *b != 0 && a % b != 0).then_some((*a, *b))
}
