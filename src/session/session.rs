//! A session: the one thing that runs scripts.

use crate::assistant::Assistant;
use crate::bind::{self, Environment, Settings};
use crate::fault::explain_fault;
use crate::history::History;
use crate::last_value::LAST;
use crate::presets::{Preset, broken, presets, table};
use crate::rust_process::RustProcess;
use crate::scope::{
    first_scope, mentioned_in_functions, pointers, returns, see_globals, without_hidden,
};
use crate::script::{
    CancelToken, Diagnostic, Mode, ScriptError, Sink, Table, ends_in_semicolon, explain,
    new_engine, type_name, unknown_calls,
};
use rhai::{AST, Dynamic, Engine, EvalAltResult, Module, OptimizationLevel, Scope, Stmt};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, RwLock};

/// A language session: variables and functions that outlive each piece of text.
pub struct Session {
    pub(crate) engine: Arc<Engine>,
    pub(crate) table: Arc<Table>,
    pub(crate) environment: Arc<Environment>,
    pub(crate) scope: Scope<'static>,
    /// Functions of all texts so far.
    pub(crate) functions: AST,
    globals: Arc<RwLock<BTreeMap<String, Dynamic>>>,
    imports: Vec<Stmt>,
    assistant: Assistant,
    /// What runs plain Rust, once a cell had some.
    pub(crate) rust_process: Option<RustProcess>,
    /// What was run as cells, for the user to look back.
    pub(crate) history: History,
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

/// Why a piece of text did not come to its end.
struct Failure {
    diagnostic: Diagnostic,
    /// Whether that is a value which only data could tell, while a script is checked without data.
    of_unknown: bool,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Failure {
        Failure {
            diagnostic,
            of_unknown: false,
        }
    }
}

/// The function table of the language, for help and the reference page.
pub fn language() -> Table {
    let silent = Arc::new(crate::script::Silent);
    let environment = Environment::new(Settings::default(), silent, CancelToken::default());
    // A preset that does not parse keeps a session from starting, which says why.
    presets()
        .map(|presets| table(&Arc::new(environment), &presets))
        .unwrap_or_default()
}

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
        for Preset {
            namespace,
            name,
            text,
            ast,
        } in presets
        {
            let module = Module::eval_ast_as_new(Scope::new(), &ast, &engine)
                .map_err(|error| broken(&name, &error))?;
            match namespace {
                "" => engine.register_global_module(module.into()),
                namespace => engine.register_static_module(namespace, module.into()),
            };
            environment.sources().add_own(&name, text);
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
            rust_process: None,
            history: History::default(),
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
        self.values()
            .map(|(name, _)| name.to_owned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }

    /// The variables and the names of their types, sorted.
    pub(crate) fn variable_types(&self) -> BTreeMap<String, String> {
        self.values()
            .map(|(name, value)| (name.to_owned(), type_name(value)))
            .collect()
    }

    /// The variables and their values.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &Dynamic)> {
        self.scope
            .iter_raw()
            .map(|(name, _, value)| (name, value))
            .filter(|(name, _)| *name != LAST)
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
        self.functions
            .iter_functions()
            .map(|function| function.to_string())
            .filter(|s| !s.contains('$'))
            .collect()
    }

    /// Forgets variables, functions and imports.
    pub(crate) fn reset(&mut self) {
        self.scope = first_scope(&self.environment.settings);
        self.functions = AST::empty();
        self.imports.clear();
        self.rust_process = None;
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
        let result = self.attempt(name, text);
        result.map_err(|failure| failure.diagnostic)
    }

    fn attempt(&mut self, name: &str, text: &str) -> Result<Outcome, Failure> {
        self.environment.token.reset();
        self.environment.sources().begin(name, text);
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
            Ok(Err(error)) => {
                let sources = self.environment.sources();
                let diagnostic = explain(&error, name, &sources, &self.table, &self.variables());
                Err(Failure {
                    of_unknown: ScriptError::is_of_unknown(&error, &diagnostic.message),
                    diagnostic,
                })
            }
            Err(fault) => Err(explain_fault(&*fault).into()),
        }
    }

    /// Checks a script without data: its text, the functions it calls, and every recipe and model it builds.
    ///
    /// The session must be in [`Mode::Check`]. What depends on data is passed over.
    ///
    /// # Errors
    /// Every problem that was found.
    pub fn check(&mut self, name: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        debug_assert_eq!(
            self.environment.settings.mode,
            Mode::Check,
            "a session that checks is made for it"
        );
        self.environment.sources().add(name, text);
        let ast = self
            .compile(name, text)
            .map_err(|diagnostic| vec![diagnostic])?;
        let mut found: Vec<Diagnostic> = unknown_calls(&ast, &self.known_functions())
            .into_iter()
            .map(|(function, position)| {
                let error = EvalAltResult::ErrorFunctionNotFound(function, position);
                explain(&error, name, &self.environment.sources(), &self.table, &[])
            })
            .collect();
        if let Err(failure) = self.attempt(name, text)
            && !failure.of_unknown
            && !found
                .iter()
                .any(|other| other.labels.first() == failure.diagnostic.labels.first())
        {
            found.push(failure.diagnostic);
        }
        if found.is_empty() { Ok(()) } else { Err(found) }
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
            let end = if in_one_piece {
                statements.len()
            } else {
                next + 1
            };
            self.refresh_globals(&mentioned, &handed_over);
            let piece = self.imports.iter().chain(&statements[next..end]).cloned();
            let piece = AST::new(piece, self.functions.shared_lib().clone());
            let mut piece = piece;
            piece.set_source(name);
            value = self.engine.eval_ast_with_scope(&mut self.scope, &piece)?;
            self.imports.extend(
                statements[next..end]
                    .iter()
                    .filter(|s| matches!(s, Stmt::Import(..)))
                    .cloned(),
            );
            next = end;
        }
        self.refresh_globals(&mentioned, &handed_over);
        Ok(value)
    }

    fn refresh_globals(
        &self,
        mentioned: &BTreeSet<String>,
        handed_over: &BTreeMap<String, Dynamic>,
    ) {
        let mut globals = self
            .globals
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        globals.clone_from(handed_over);
        for name in mentioned {
            if let Some(value) = self.scope.get(name) {
                globals.insert(name.clone(), value.flatten_clone());
            }
        }
    }

    fn known_functions(&self) -> BTreeSet<String> {
        let native = self.engine.gen_fn_signatures(true);
        let names = native
            .iter()
            .filter_map(|signature| signature.split('(').next());
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
        names
            .chain(keywords)
            .map(|name| name.trim().to_owned())
            .collect()
    }
}

/// A function in a recipe holds the engine, which holds the variables that functions see: the circle is opened here.
impl Drop for Session {
    fn drop(&mut self) {
        self.settle(|| ());
        self.assistant.forget_values();
        self.globals
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .clear();
    }
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
        (
            Session::new(Settings::default(), lines.clone()).unwrap(),
            lines,
        )
    }

    fn value(text: &str) -> String {
        let outcome = session()
            .0
            .eval("test", text)
            .unwrap_or_else(|d| panic!("{}", d.render(false)));
        crate::script::Shown::text_of(&outcome.value)
    }

    fn failure(text: &str) -> String {
        session().0.eval("test", text).unwrap_err().render(false)
    }

    #[test]
    fn every_example_of_the_table_runs() {
        for function in language().written() {
            assert!(!function.about.is_empty(), "{} lacks text", function.name);
            assert!(
                !function.example.is_empty(),
                "{} lacks an example",
                function.name
            );
            if let Err(diagnostic) = session().0.eval("example", &function.example) {
                panic!("{}: {}", function.name, diagnostic.render(false));
            }
        }
        for function in language().functions() {
            assert!(
                !function.about_text().is_empty(),
                "{} lacks text",
                function.name()
            );
            assert!(
                !function.example_source().is_empty(),
                "{} lacks an example",
                function.name()
            );
            for parameter in function.described_parameters() {
                assert!(
                    !parameter.about.is_empty(),
                    "{}: {} lacks text",
                    function.name(),
                    parameter.name
                );
                let default = &parameter.default_source;
                assert!(
                    !default.contains("::"),
                    "{}: {default} is no source",
                    function.name()
                );
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
        let of_a_word =
            |name: &&str| name.starts_with(|c: char| c.is_alphabetic()) && !name.contains('$');
        let signatures = session.engine.gen_fn_signatures(true);
        let all: BTreeSet<&str> = signatures
            .iter()
            .filter_map(|s| s.split('(').next())
            .filter(of_a_word)
            .collect();
        assert!(all.len() > 200, "{} names", all.len());
        let without: Vec<&&str> = all
            .iter()
            .filter(|name| session.table.nearest(name) != Some(**name) && !name.contains("::"))
            .collect();
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
            assert!(
                told.contains("is a whole number") && told.contains("write `"),
                "{script}: {told}"
            );
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
        for function in language()
            .functions()
            .filter(|f| f.signature() != format!("a {} b", f.name()))
        {
            assert!(
                seen.insert(function.signature()),
                "{}",
                function.signature()
            );
        }
    }

    #[test]
    fn cells_share_variables_functions_and_imports() {
        let (mut session, lines) = session();
        for text in [
            "let x = 1; fn f() { x + 1 }",
            "x = 5;",
            "print(f())",
            "let x = 7;",
            "print(f())",
        ] {
            session.eval("cell", text).unwrap();
        }
        assert_eq!(*lines.0.lock().unwrap(), ["6", "8"]);
        assert_eq!(session.variables(), ["args", "x"]);
        assert_eq!(
            session
                .eval("cell", "fn double(n) { 2 * n } 0")
                .unwrap()
                .value
                .as_int(),
            Ok(0)
        );
        assert_eq!(
            session
                .eval("cell", "3 |> double |> |n| n |> double")
                .unwrap()
                .value
                .as_int(),
            Ok(12)
        );
        assert!(
            session
                .eval("cell", "let a = 1; nope(); let b = 2;")
                .is_err()
        );
        assert_eq!(session.variables(), ["a", "args", "x"]);
    }

    #[test]
    fn functions_see_globals_as_they_are_at_the_call() {
        assert_eq!(
            value(
                "let rate = 8000; fn make() { tone(440, 1, #{ sample_rate: rate }) } make().sample_rate"
            ),
            "8000"
        );
        assert_eq!(
            value("let x = 1; fn f() { x } let a = f(); x = 2; a * 10 + f()"),
            "12"
        );
        assert_eq!(value("let x = 1; fn f() { let x = 3; x } f()"), "3");
        assert_eq!(
            value("let x = 1; fn f() { x } if x == 1 { return 42; } f()"),
            "42"
        );
    }

    #[test]
    fn a_value_is_shown_unless_a_semicolon_ends_the_text() {
        let shown = |text: &str| session().0.eval("t", text).unwrap().shown;
        assert!(shown("1 + 1") && !shown("1 + 1;") && !shown("let x = 1") && !shown("print(1)"));
        assert!(
            !shown("1 + 1; // quiet")
                && !shown("1 + 1; /* quiet; */\n// too")
                && !shown("1 + 1 /* ; */;")
        );
        assert!(
            shown("1 + 1 // shown;")
                && shown("1 + 1 /* ; */")
                && shown("\"a;\"")
                && shown("1; `;`")
        );
    }

    #[test]
    fn a_mark_of_the_byte_order_is_passed_over() {
        assert_eq!(value("\u{feff}1 + 1"), "2");
        assert_eq!(value("\u{feff}#!/usr/bin/env auricle\n1 + 1"), "2");
        assert_eq!(value("#!/usr/bin/env auricle\n1 + 1"), "2");
        assert!(
            failure("\u{feff}let x = 'ab';").contains(":1:10"),
            "{}",
            failure("\u{feff}let x = 'ab';")
        );
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
        let same =
            |a: &str, b: &str| assert_eq!(value(&format!("{a} == {b}")), "true", "{a} and {b}");
        same(
            "(fade() |> gain(1) | gain(2))",
            "(fade() |> (gain(1) | gain(2)))",
        );
        same(
            "(gain(1) | gain(2) & gain(3))",
            "(gain(1) | (gain(2) & gain(3)))",
        );
        same("(0.5 * gain(1) |> gain(2))", "((0.5 * gain(1)) |> gain(2))");
        same("(0.5 * gain(1) ** 2)", "(0.5 * (gain(1) ** 2))");
        same(
            "(gain(1) | gain(2) | gain(3))",
            "one_of([gain(1), gain(2), gain(3)])",
        );
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
        let error = session
            .eval("cell", "let x = 3; loop { x += 1; }")
            .unwrap_err();
        stopper.join().unwrap();
        assert_eq!(error.message, "interrupted");
        assert_eq!(
            session.eval("cell", "x > 3").unwrap().value.as_bool(),
            Ok(true)
        );
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
        let error = session
            .eval("cell", "let x = 4; fn f() { print(\"now\") } f(); x = 5;")
            .unwrap_err();
        assert!(
            error.message.starts_with("internal error: the sink broke"),
            "{}",
            error.message
        );
        assert_eq!(
            session
                .eval("cell", "print(\"later\"); x")
                .unwrap()
                .value
                .as_int(),
            Ok(4)
        );
    }

    #[test]
    fn a_check_needs_no_data_and_finds_what_is_wrong_anywhere() {
        let check = |text: &str| {
            let settings = Settings {
                mode: Mode::Check,
                ..Settings::default()
            };
            let found = Session::new(settings, Arc::new(crate::script::Silent))
                .unwrap()
                .check("t.rhai", text);
            found
                .err()
                .unwrap_or_default()
                .into_iter()
                .map(|d| d.message)
                .collect::<Vec<_>>()
        };
        assert!(
            check("let d = folder(args[0]).split(\"official\"); for x in d.train { print(x.wave.seconds + 1) }")
                .is_empty()
        );
        assert!(check("let d = folder(\"x\"); if d.n > 3 { print(d.n) }").is_empty());
        assert_eq!(
            check("let d = folder(\"x\"); if d.n > 3 { nosie(3) }"),
            ["there is no function `nosie`"]
        );
        assert_eq!(
            check("let r = log_mel() |> fade();"),
            ["`fade` works on waves, but gets features"]
        );
        assert_eq!(
            check("let d = folder(\"x\", #{ rate: 3 });"),
            ["`folder` has no option `rate`"]
        );
        assert_eq!(check("let d = load(\"x\"); d |> noise(1, 2)").len(), 1);
        assert_eq!(check("let x = ;").len(), 1);
        for passed_over in [
            "let d = folder(\"x\"); noise(1, d.n, 2)",
            "let d = folder(\"x\"); any([1, 2], |x| d.n)",
            "let d = folder(\"x\"); tone(440, 0.1) |> lambda(|w| d[0].wave)",
            "let d = folder(\"x\"); [1, 2, 3][d.n]",
            "let d = folder(\"x\"); any([1, 2], |x| [1, 2][d.n] == 1)",
            "let d = folder(\"x\"); throw type_of(d)",
            "let d = folder(\"x\"); if d.n { 1 }",
        ] {
            assert!(check(passed_over).is_empty(), "{passed_over}");
        }
    }
}
