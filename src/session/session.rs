//! A session: the one thing that runs scripts.

use crate::assistant::Assistant;
use crate::bind::{self, Environment, Settings};
use crate::command::Cell;
use crate::fault::explain_fault;
use crate::last_value::LAST;
use crate::script::{
    Callable, CancelToken, Diagnostic, Expanded, Meaning, Mode, Quotient, ScriptError, ScriptValue, Sink, Table, Topic,
    Unknown, Written, ends_in_semicolon, explain, explain_parse, explain_quotient, lost_fraction, new_engine,
    new_parser, type_name, unknown_calls,
};
use rhai::{AST, ASTNode, Dynamic, Engine, EvalAltResult, Expr, FnPtr, Module, OptimizationLevel, Scope, Stmt};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLock};

/// A language session: variables and functions that outlive each piece of text.
pub struct Session {
    engine: Arc<Engine>,
    table: Arc<Table>,
    environment: Arc<Environment>,
    scope: Scope<'static>,
    /// Functions of all texts so far.
    functions: AST,
    globals: Arc<RwLock<BTreeMap<String, Dynamic>>>,
    imports: Vec<Stmt>,
    assistant: Assistant,
    /// What was run as cells, for the user to look back.
    pub(crate) cells: Vec<Cell>,
}

/// Time between two looks whether all is kept, and as many as a person notices.
#[cfg(feature = "learn")]
const NAP: std::time::Duration = std::time::Duration::from_millis(2);
#[cfg(feature = "learn")]
const NOTICEABLE: u32 = 100;

/// What a piece of text came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its value.
    pub value: Dynamic,
    /// Whether the value is to be shown: it is not nothing, and the text does not end in a semicolon.
    pub shown: bool,
}

/// The function table of the language, for help and the reference page.
pub fn language() -> Table {
    let silent = Arc::new(crate::script::Silent);
    let environment = Environment::new(Settings::default(), silent, CancelToken::default());
    // A preset that does not parse keeps a session from starting, which says why.
    presets().map(|presets| table(&Arc::new(environment), &presets)).unwrap_or_default()
}

/// The functions that are declared and those of the presets.
fn table(environment: &Arc<Environment>, presets: &[Preset]) -> Table {
    let table = Table::new(bind::functions(environment)).with_foreign(bind::foreign_names());
    presets.iter().fold(table, |table, preset| table.with_written(Written::all(&preset.ast, preset.namespace)))
}

/// A text of the language's own, parsed.
struct Preset {
    namespace: &'static str,
    name: String,
    text: &'static str,
    ast: AST,
}

/// Parses the presets: once, for help and for running.
fn presets() -> Result<Vec<Preset>, ScriptError> {
    let parser = new_parser()?;
    let parsed = |(namespace, text): (&'static str, &'static str)| {
        let name = format!("stdlib/{}.rhai", if namespace.is_empty() { "prelude" } else { namespace });
        let mut ast = parser.compile(text).map_err(|error| broken(&name, &error))?;
        ast.set_source(&name);
        Ok(Preset { namespace, name, text, ast })
    };
    [("", PRELUDE)].into_iter().chain(STDLIB).map(parsed).collect()
}

/// Presets in the language itself, a namespace each.
const STDLIB: [(&str, &str); 5] = [
    ("clar", include_str!("../../stdlib/clar.rhai")),
    ("clar_paper", include_str!("../../stdlib/clar_paper.rhai")),
    ("doppelgangers", include_str!("../../stdlib/doppelgangers.rhai")),
    ("health", include_str!("../../stdlib/health.rhai")),
    ("patch_mix", include_str!("../../stdlib/patch_mix.rhai")),
];

/// Functions in the language itself that need no namespace. They judge studies, which takes the learning half.
const PRELUDE: &str = if cfg!(feature = "learn") { include_str!("../../stdlib/prelude.rhai") } else { "" };

impl Session {
    /// Starts a session.
    ///
    /// # Errors
    /// Only if the language itself is broken: a conflict in the function table, or a preset that does not compile.
    pub fn new(settings: Settings, sink: Arc<dyn Sink>) -> Result<Session, ScriptError> {
        let token = CancelToken::default();
        let mode = settings.mode;
        let environment = Arc::new(Environment::new(settings, sink.clone(), token.clone()));
        let presets = presets()?;
        let table = Arc::new(table(&environment, &presets));
        environment.keep_table(&table);
        let print = Arc::new(move |text: &str| sink.out(text));
        let mut engine = new_engine(&table, &bind::operators(), mode, token, print)?;
        // Folding constants would run functions while a script is parsed, and move positions.
        engine.set_optimization_level(OptimizationLevel::None);
        let globals: Arc<RwLock<BTreeMap<String, Dynamic>>> = Arc::default();
        see_globals(&mut engine, globals.clone());
        for Preset { namespace, name, text, ast } in presets {
            let module = Module::eval_ast_as_new(Scope::new(), &ast, &engine).map_err(|error| broken(&name, &error))?;
            match namespace {
                "" => engine.register_global_module(module.into()),
                namespace => engine.register_static_module(namespace, module.into()),
            };
            environment.sources().add(name, text);
        }
        let engine = environment.keep_engine(engine);
        let scope = first_scope(&environment.settings);
        let assistant = Assistant::new(table.clone())?;
        Ok(Session {
            engine,
            table,
            environment,
            scope,
            functions: AST::empty(),
            globals,
            imports: Vec::new(),
            assistant,
            cells: Vec::new(),
        })
    }

    /// The function table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The request to stop, for the front end to raise.
    pub fn cancel_token(&self) -> CancelToken {
        self.environment.token.clone()
    }

    /// The last report that was made, as JSON.
    pub fn last_report(&self) -> Option<serde_json::Value> {
        self.environment.last_report()
    }

    /// The session's seed: the one it was started with, or what the script set.
    pub fn seed(&self) -> u64 {
        self.environment.seed()
    }

    /// Names of the variables, sorted.
    pub fn variables(&self) -> Vec<String> {
        self.values().map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The variables and the names of their types, sorted.
    pub(crate) fn variable_types(&self) -> BTreeMap<String, String> {
        self.values().map(|(name, value)| (name.to_owned(), type_name(value))).collect()
    }

    /// The variables and their values.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &Dynamic)> {
        self.scope.iter_raw().map(|(name, _, value)| (name, value)).filter(|(name, _)| *name != LAST)
    }

    /// Keeps what a cell showed, for the next to call `_`.
    pub(crate) fn keep_last(&mut self, value: Dynamic) {
        self.keep(LAST, value);
    }

    /// Makes a variable from outside of the language.
    pub(crate) fn keep(&mut self, name: &str, value: Dynamic) {
        let _ = self.scope.remove::<Dynamic>(name);
        self.scope.push_dynamic(name.to_owned(), value);
    }

    /// Whether a cell has shown anything that `_` could be.
    pub(crate) fn has_last(&self) -> bool {
        self.scope.contains(LAST)
    }

    /// Signatures of the functions that were written in the session.
    pub(crate) fn written_functions(&self) -> Vec<String> {
        self.functions.iter_functions().map(|function| function.to_string()).filter(|s| !s.contains('$')).collect()
    }

    /// Forgets variables, functions and imports.
    pub(crate) fn reset(&mut self) {
        self.scope = first_scope(&self.environment.settings);
        self.functions = AST::empty();
        self.imports.clear();
        self.assistant.refresh(self.values(), &self.functions);
    }

    /// Waits until everything that an interrupted cell was doing is kept, which `drop` does, too. `busy` is told if that
    /// takes a while.
    pub fn settle(&self, busy: impl FnOnce()) {
        #[cfg(feature = "learn")]
        {
            let mut busy = Some(busy);
            let mut naps = 0;
            while !self.environment.settled() {
                std::thread::sleep(NAP);
                naps += 1;
                if let Some(busy) = busy.take_if(|_| naps == NOTICEABLE) {
                    busy();
                }
            }
        }
        #[cfg(not(feature = "learn"))]
        drop(busy);
    }

    /// A remark for the user, apart from what a cell gives.
    pub(crate) fn note(&self, text: &str) {
        self.environment.sink.note(text);
    }

    /// What answers questions about text while it is typed, also while this session is busy.
    pub fn assistant(&self) -> Assistant {
        self.assistant.clone()
    }

    /// Runs a piece of text. `name` stands for it in messages.
    ///
    /// # Errors
    /// A diagnostic of what is wrong and where. Variables that were made before the error stay.
    pub fn eval(&mut self, name: &str, text: &str) -> Result<Outcome, Diagnostic> {
        self.environment.token.reset();
        self.environment.sources().add(name, text);
        let ast = self.compile(name, text)?;
        self.functions = self.functions.merge(&ast.clone_functions_only());
        let result = catch_unwind(AssertUnwindSafe(|| self.run(&ast, name)));
        self.scope = without_hidden(std::mem::take(&mut self.scope));
        self.assistant.refresh(self.values(), &self.functions);
        match result {
            Ok(Ok(value)) => {
                let shown = !value.is_unit() && !ends_in_semicolon(text);
                Ok(Outcome { value, shown })
            }
            Ok(Err(error)) => Err(explain(&error, name, &self.environment.sources(), &self.table, &self.variables())),
            Err(fault) => Err(explain_fault(&*fault)),
        }
    }

    /// Checks a script without data: its text, the functions it calls, and every recipe and model it builds.
    ///
    /// The session must be in [`Mode::Check`]. What depends on data is passed over.
    ///
    /// # Errors
    /// Every problem that was found.
    pub fn check(&mut self, name: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        debug_assert_eq!(self.environment.settings.mode, Mode::Check, "a session that checks is made for it");
        self.environment.sources().add(name, text);
        let ast = self.compile(name, text).map_err(|diagnostic| vec![diagnostic])?;
        let mut found: Vec<Diagnostic> = unknown_calls(&ast, &self.known_functions())
            .into_iter()
            .map(|(function, position)| {
                let error = EvalAltResult::ErrorFunctionNotFound(function, position);
                explain(&error, name, &self.environment.sources(), &self.table, &[])
            })
            .collect();
        if let Err(diagnostic) = self.eval(name, text)
            && !found.iter().any(|other| other.labels.first() == diagnostic.labels.first())
            && !diagnostic.message.contains(Unknown::NAME)
        {
            found.push(diagnostic);
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
    }

    fn compile(&self, name: &str, text: &str) -> Result<AST, Diagnostic> {
        // A script may begin with a mark of the byte order and with `#!/usr/bin/env auricle`; a space and a comment take
        // their places, so that positions stay. Three slashes would be a text about a function.
        let (mark, rest) = text.strip_prefix('\u{feff}').map_or(("", text), |rest| (" ", rest));
        let (slashes, rest) = rest.strip_prefix("#!").map_or(("", rest), |rest| ("// ", rest));
        let readable = [mark, slashes, rest].concat();
        let expanded = self.expanded(&readable);
        let compiled = self.engine.compile_with_scope(&self.scope, &expanded.text);
        self.environment.sources().expand(name, expanded);
        match compiled {
            Ok(mut ast) => {
                ast.set_source(name);
                match self.lost_fraction(&ast) {
                    Some(quotient) => Err(explain_quotient(&quotient, name, &self.environment.sources())),
                    None => Ok(ast),
                }
            }
            Err(error) => Err(explain_parse(&error, name, &self.environment.sources(), &self.table)),
        }
    }

    /// A quotient of whole numbers where a recipe takes a fraction.
    fn lost_fraction(&self, ast: &AST) -> Option<Quotient> {
        let makes_recipe = |name: &str| {
            let mut functions = self.table.named(name).peekable();
            functions.peek().is_some()
                && functions.all(|f| matches!(f.topic(), Topic::Stages | Topic::Recipes | Topic::Distributions))
        };
        let is_recipe = |value: &Dynamic| type_name(value) == "recipe";
        lost_fraction(ast, &Meaning { makes_recipe: &makes_recipe, is_recipe: &is_recipe, scope: &self.scope })
    }

    /// A script with its shortcuts written out.
    fn expanded(&self, script: &str) -> Expanded {
        let names = self.table.names();
        let functions = self.functions.iter_functions().map(|function| function.name.to_owned()).collect();
        let variables = self.scope.iter_raw().map(|(name, _, value)| (name.to_owned(), value.is_fnptr())).collect();
        let native = |name: &str| names.contains(name);
        Expanded::of(script, Callable { native: &native, functions: &functions, variables: &variables })
    }

    /// Runs the statements, refreshing the globals that functions see between them.
    ///
    /// rhai's functions see no variable outside; ours read the session's through a copy. Only variables that some
    /// function mentions are copied, and a text whose functions mention none runs in one piece.
    fn run(&mut self, ast: &AST, name: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        let mentioned = mentioned_in_functions(&self.functions);
        let handed_over = pointers(&self.functions, &mentioned);
        let statements = ast.statements();
        let mut value = Dynamic::UNIT;
        let mut next = 0;
        while next < statements.len() {
            // A `return` inside a statement ends the script, which only rhai itself can see: the rest runs in one piece.
            let in_one_piece = mentioned.is_empty() || returns(&statements[next]);
            let end = if in_one_piece { statements.len() } else { next + 1 };
            self.refresh_globals(&mentioned, &handed_over);
            let piece = self.imports.iter().chain(&statements[next..end]).cloned();
            let piece = AST::new(piece, self.functions.shared_lib().clone());
            let mut piece = piece;
            piece.set_source(name);
            value = self.engine.eval_ast_with_scope(&mut self.scope, &piece)?;
            self.imports.extend(statements[next..end].iter().filter(|s| matches!(s, Stmt::Import(..))).cloned());
            next = end;
        }
        self.refresh_globals(&mentioned, &handed_over);
        Ok(value)
    }

    fn refresh_globals(&self, mentioned: &BTreeSet<String>, handed_over: &BTreeMap<String, Dynamic>) {
        let mut globals = self.globals.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        globals.clone_from(handed_over);
        for name in mentioned {
            if let Some(value) = self.scope.get(name) {
                globals.insert(name.clone(), value.flatten_clone());
            }
        }
    }

    fn known_functions(&self) -> BTreeSet<String> {
        let native = self.engine.gen_fn_signatures(true);
        let names = native.iter().filter_map(|signature| signature.split('(').next());
        let keywords = [
            "print",
            "debug",
            "eval",
            "call",
            "curry",
            "type_of",
            "is_shared",
            "is_def_var",
            "is_def_fn",
            "Fn",
            "exit",
        ];
        names.chain(keywords).map(|name| name.trim().to_owned()).collect()
    }
}

/// A function in a recipe holds the engine, which holds the variables that functions see: the circle is opened here.
impl Drop for Session {
    fn drop(&mut self) {
        self.settle(|| ());
        self.assistant.forget_values();
        self.globals.write().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
    }
}

/// The scope of a session that has run nothing yet.
fn first_scope(settings: &Settings) -> Scope<'static> {
    let arguments = match settings.mode {
        Mode::Run => Dynamic::from_array(settings.arguments.iter().map(|a| a.clone().into()).collect()),
        Mode::Check => Dynamic::from(Unknown),
    };
    let mut scope = Scope::new();
    scope.push_constant_dynamic("args", arguments);
    scope
}

/// A variable that was made anew hides the old one; only the new one is kept.
fn without_hidden(scope: Scope<'static>) -> Scope<'static> {
    let names: BTreeSet<String> = scope.iter_raw().map(|(name, ..)| name.to_owned()).collect();
    if names.len() == scope.len() {
        return scope;
    }
    // The values are moved: cloning an array copies all its elements.
    let mut newest = BTreeMap::new();
    for (place, (name, value, _)) in scope.into_iter().enumerate() {
        newest.insert(name, (place, value));
    }
    let mut kept: Vec<(usize, String, Dynamic)> =
        newest.into_iter().map(|(name, (place, value))| (place, name, value)).collect();
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
fn see_globals(engine: &mut Engine, globals: Arc<RwLock<BTreeMap<String, Dynamic>>>) {
    #[expect(
        deprecated,
        reason = "rhai marks hooks that may change between minor versions, which we pin, as deprecated"
    )]
    engine.on_var(move |name, _, context| {
        if context.scope().contains(name) {
            return Ok(None);
        }
        Ok(globals.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(name).cloned())
    });
}

fn broken(name: &str, error: &dyn std::fmt::Display) -> ScriptError {
    ScriptError::new(format!("{name} is broken: {error}"))
}

/// Names of variables that function bodies mention and do not themselves bind.
fn mentioned_in_functions(functions: &AST) -> BTreeSet<String> {
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
fn pointers(functions: &AST, mentioned: &BTreeSet<String>) -> BTreeMap<String, Dynamic> {
    let named = functions.iter_functions().filter(|function| mentioned.contains(function.name));
    named.filter_map(|function| Some((function.name.to_owned(), FnPtr::new(function.name).ok()?.into()))).collect()
}

/// Whether a statement holds a `return` that would end the script.
fn returns(statement: &Stmt) -> bool {
    let mut found = false;
    statement.walk(&mut Vec::new(), &mut |path| {
        found |= matches!(path.last(), Some(ASTNode::Stmt(Stmt::Return(..))));
        !found
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Lines(Mutex<Vec<String>>);

    impl Sink for Lines {
        fn out(&self, text: &str) {
            self.0.lock().unwrap().push(text.to_owned());
        }
        fn note(&self, _: &str) {}
        fn progress(&self, _: &crate::script::Progress) {}
    }

    fn session() -> (Session, Arc<Lines>) {
        let lines = Arc::new(Lines::default());
        (Session::new(Settings::default(), lines.clone()).unwrap(), lines)
    }

    fn value(text: &str) -> String {
        let outcome = session().0.eval("test", text).unwrap_or_else(|d| panic!("{}", d.render(false)));
        crate::script::Shown::text_of(&outcome.value)
    }

    fn failure(text: &str) -> String {
        session().0.eval("test", text).unwrap_err().render(false)
    }

    #[test]
    fn every_example_of_the_table_runs() {
        for function in language().written() {
            assert!(!function.about.is_empty(), "{} lacks text", function.name);
            assert!(!function.example.is_empty(), "{} lacks an example", function.name);
            if let Err(diagnostic) = session().0.eval("example", &function.example) {
                panic!("{}: {}", function.name, diagnostic.render(false));
            }
        }
        for function in language().functions() {
            assert!(!function.about_text().is_empty(), "{} lacks text", function.name());
            assert!(!function.example_source().is_empty(), "{} lacks an example", function.name());
            for parameter in function.described_parameters() {
                assert!(!parameter.about.is_empty(), "{}: {} lacks text", function.name(), parameter.name);
                let default = &parameter.default_source;
                assert!(!default.contains("::"), "{}: {default} is no source", function.name());
            }
            let (mut session, _) = session();
            if let Err(diagnostic) = session.eval("example", function.example_source()) {
                panic!("{}: {}", function.name(), diagnostic.render(false));
            }
        }
    }

    #[test]
    fn every_function_of_the_engine_has_its_words() {
        let (session, _) = session();
        let of_a_word = |name: &&str| name.starts_with(|c: char| c.is_alphabetic()) && !name.contains('$');
        let signatures = session.engine.gen_fn_signatures(true);
        let all: BTreeSet<&str> = signatures.iter().filter_map(|s| s.split('(').next()).filter(of_a_word).collect();
        assert!(all.len() > 200, "{} names", all.len());
        let without: Vec<&&str> =
            all.iter().filter(|name| session.table.nearest(name) != Some(**name) && !name.contains("::")).collect();
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn a_quotient_of_whole_numbers_is_no_number_of_a_recipe() {
        for script in [
            "1/2 * noise(10)",
            "noise(10) * (1/2)",
            "let r = fade() |> gain(3); 2/3 * r",
            "let p = 1/2; p * noise(10)",
            "noise(1/2)",
            "noise(1/3..5)",
            "gain(-6..6) |> time_mask(1/8, #{ fill: \"noise\" })",
            "fade(#{ max_fraction: 1/4 })",
            "gain(uniform(1/2, 1))",
            "fn f() { 1/2 * fade() } 0",
        ] {
            let told = failure(script);
            assert!(told.contains("is a whole number") && told.contains("write `"), "{script}: {told}");
        }
        let (mut session, _) = session();
        session.eval("cell", "let r = noise(10);").unwrap();
        assert!(session.eval("cell", "1/2 * r").is_err());
        for script in [
            "let n = 7; [1, 2, 3, 4][n / 2]",
            "let x = 7/2; [1, 2, 3, 4][x]",
            "4/2 * 3",
            "1.0/2 * noise(10)",
            "let p = 1/2; p = 0.5; p * noise(10)",
            "noise(10) ** (4/2)",
            "fn noise2(x) { x } noise2(1/2)",
            "tone(440, 1).slice(0, 1/2 + 1)",
        ] {
            value(script);
        }
    }

    #[test]
    fn no_signature_is_taken_twice() {
        let mut seen = BTreeSet::new();
        for function in language().functions().filter(|f| f.signature() != format!("a {} b", f.name())) {
            assert!(seen.insert(function.signature()), "{}", function.signature());
        }
    }

    #[test]
    fn cells_share_variables_functions_and_imports() {
        let (mut session, lines) = session();
        for text in ["let x = 1; fn f() { x + 1 }", "x = 5;", "print(f())", "let x = 7;", "print(f())"] {
            session.eval("cell", text).unwrap();
        }
        assert_eq!(*lines.0.lock().unwrap(), ["6", "8"]);
        assert_eq!(session.variables(), ["args", "x"]);
        assert_eq!(session.eval("cell", "fn double(n) { 2 * n } 0").unwrap().value.as_int(), Ok(0));
        assert_eq!(session.eval("cell", "3 |> double |> |n| n |> double").unwrap().value.as_int(), Ok(12));
        assert!(session.eval("cell", "let a = 1; nope(); let b = 2;").is_err());
        assert_eq!(session.variables(), ["a", "args", "x"]);
    }

    #[test]
    fn functions_see_globals_as_they_are_at_the_call() {
        assert_eq!(
            value("let rate = 8000; fn make() { tone(440, 1, #{ sample_rate: rate }) } make().sample_rate"),
            "8000"
        );
        assert_eq!(value("let x = 1; fn f() { x } let a = f(); x = 2; a * 10 + f()"), "12");
        assert_eq!(value("let x = 1; fn f() { let x = 3; x } f()"), "3");
        assert_eq!(value("let x = 1; fn f() { x } if x == 1 { return 42; } f()"), "42");
    }

    #[test]
    fn a_value_is_shown_unless_a_semicolon_ends_the_text() {
        let shown = |text: &str| session().0.eval("t", text).unwrap().shown;
        assert!(shown("1 + 1") && !shown("1 + 1;") && !shown("let x = 1") && !shown("print(1)"));
        assert!(!shown("1 + 1; // quiet") && !shown("1 + 1; /* quiet; */\n// too") && !shown("1 + 1 /* ; */;"));
        assert!(shown("1 + 1 // shown;") && shown("1 + 1 /* ; */") && shown("\"a;\"") && shown("1; `;`"));
    }

    #[test]
    fn a_mark_of_the_byte_order_is_passed_over() {
        assert_eq!(value("\u{feff}1 + 1"), "2");
        assert_eq!(value("\u{feff}#!/usr/bin/env auricle\n1 + 1"), "2");
        assert_eq!(value("#!/usr/bin/env auricle\n1 + 1"), "2");
        assert!(failure("\u{feff}let x = 'ab';").contains(":1:10"), "{}", failure("\u{feff}let x = 'ab';"));
        assert!(failure("let x = 1;\u{feff}").contains("U+FEFF"));
    }

    #[test]
    fn paths_may_begin_with_the_users_folder() {
        assert!(failure("load(\"~nobody/a.wav\")").contains("another user"));
        let told = failure("load(\"~/no such file.wav\")");
        assert!(!told.lines().next().unwrap_or("").contains('~'), "{told}");
    }

    #[test]
    fn operators_bind_as_documented() {
        let same = |a: &str, b: &str| assert_eq!(value(&format!("{a} == {b}")), "true", "{a} and {b}");
        same("(fade() |> gain(1) | gain(2))", "(fade() |> (gain(1) | gain(2)))");
        same("(gain(1) | gain(2) & gain(3))", "(gain(1) | (gain(2) & gain(3)))");
        same("(0.5 * gain(1) |> gain(2))", "((0.5 * gain(1)) |> gain(2))");
        same("(0.5 * gain(1) ** 2)", "(0.5 * (gain(1) ** 2))");
        same("(gain(1) | gain(2) | gain(3))", "one_of([gain(1), gain(2), gain(3)])");
        same("gain(5..40)", "gain(5.0..40.0)");
        assert_eq!(value("tone(440, 1) |> |w| w.seconds |> |s| s + 1"), "2.0");
    }

    #[test]
    fn a_thrown_or_caught_error_keeps_its_message() {
        assert_eq!(
            value("let m = 0; try { crop() } catch (e) { m = `${e}`; } m"),
            "`crop` needs `seconds`: duration of the part, s"
        );
        assert!(failure("throw \"my own\"").contains("error: my own"));
    }

    #[test]
    fn an_interrupt_stops_a_loop_and_the_session_lives() {
        let (mut session, _) = session();
        let token = session.cancel_token();
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(100));
            token.cancel();
        });
        let error = session.eval("cell", "let x = 3; loop { x += 1; }").unwrap_err();
        stopper.join().unwrap();
        assert_eq!(error.message, "interrupted");
        assert_eq!(session.eval("cell", "x > 3").unwrap().value.as_bool(), Ok(true));
    }

    #[test]
    fn a_fault_below_is_an_error_and_the_session_lives() {
        struct Broken;
        impl Sink for Broken {
            fn out(&self, text: &str) {
                assert!(text != "now", "the sink broke");
            }
            fn note(&self, _: &str) {}
            fn progress(&self, _: &crate::script::Progress) {}
        }
        let mut session = Session::new(Settings::default(), Arc::new(Broken)).unwrap();
        let error = session.eval("cell", "let x = 4; fn f() { print(\"now\") } f(); x = 5;").unwrap_err();
        assert!(error.message.starts_with("internal error: the sink broke"), "{}", error.message);
        assert_eq!(session.eval("cell", "print(\"later\"); x").unwrap().value.as_int(), Ok(4));
    }

    #[test]
    fn a_check_needs_no_data_and_finds_what_is_wrong_anywhere() {
        let check = |text: &str| {
            let settings = Settings { mode: Mode::Check, ..Settings::default() };
            let found = Session::new(settings, Arc::new(crate::script::Silent)).unwrap().check("t.rhai", text);
            found.err().unwrap_or_default().into_iter().map(|d| d.message).collect::<Vec<_>>()
        };
        assert!(
            check("let d = folder(args[0]).split(\"official\"); for x in d.train { print(x.wave.seconds + 1) }")
                .is_empty()
        );
        assert!(check("let d = folder(\"x\"); if d.n > 3 { print(d.n) }").is_empty());
        assert_eq!(check("let d = folder(\"x\"); if d.n > 3 { nosie(3) }"), ["there is no function `nosie`"]);
        assert_eq!(check("let r = log_mel() |> fade();"), ["`fade` works on waves, but gets features"]);
        assert_eq!(check("let d = folder(\"x\", #{ rate: 3 });"), ["`folder` has no option `rate`"]);
        assert_eq!(check("let d = load(\"x\"); d |> noise(1, 2)").len(), 1);
        assert_eq!(check("let x = ;").len(), 1);
    }
}
