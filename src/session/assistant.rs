//! What can be said about text while it is typed: whether it is complete, what a name is; `completion` says what may come
//! next.

use crate::builtin::{Builtin, builtins};
use crate::chain::chain_at_end;
use crate::command::{COMMANDS, command_name};
use crate::context::is_name;
use crate::question::Question;
use crate::remembered::Remembered;
use crate::rust_text::{is_rust, is_whole};
use crate::script::{
    Completeness, ScriptError, Table, Written, completeness, function_help, new_parser, overview,
};
use rhai::{AST, Dynamic, Engine};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Answers questions about text. It shares nothing with the session that a running cell would hold.
#[derive(Clone)]
pub struct Assistant {
    table: Arc<Table>,
    parser: Arc<Engine>,
    names: Arc<RwLock<Names>>,
    /// Read from rhai when they are first needed, which takes longer than a session does to start.
    builtins: Arc<OnceLock<Vec<Builtin>>>,
}

/// What the session has made so far, as of the end of the last cell.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) variables: BTreeMap<String, Remembered>,
    pub(crate) functions: Vec<Written>,
}

/// The words of the language.
pub(crate) const KEYWORDS: [&str; 20] = [
    "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for", "if",
    "import", "in", "let", "loop", "return", "switch", "throw", "true", "while",
];

impl Assistant {
    /// An assistant that knows the language, and no variable yet.
    pub(crate) fn new(table: Arc<Table>) -> Result<Assistant, ScriptError> {
        Ok(Assistant {
            table,
            parser: Arc::new(new_parser()?),
            names: Arc::default(),
            builtins: Arc::default(),
        })
    }

    /// Takes over what the session has made.
    pub(crate) fn refresh<'a>(
        &self,
        variables: impl Iterator<Item = (&'a str, &'a Dynamic)>,
        functions: &AST,
    ) {
        self.remember_values(variables);
        self.names_mut().functions = Written::all(functions, "");
    }

    /// Takes over the values of the session's variables.
    pub(crate) fn remember_values<'a>(
        &self,
        variables: impl Iterator<Item = (&'a str, &'a Dynamic)>,
    ) {
        let mut remembered = BTreeMap::new();
        // The newest of a name comes first.
        for (name, value) in variables {
            remembered
                .entry(name.to_owned())
                .or_insert_with(|| Remembered::new(value));
        }
        self.names_mut().variables = remembered;
    }

    /// Frees the values of variables: while a cell runs, and when the session is gone, nothing here must hold what the
    /// script gives up.
    pub(crate) fn forget_values(&self) {
        self.names_mut()
            .variables
            .values_mut()
            .for_each(Remembered::forget);
    }

    pub(crate) fn names(&self) -> RwLockReadGuard<'_, Names> {
        self.names
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn names_mut(&self) -> RwLockWriteGuard<'_, Names> {
        self.names
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The functions that rhai brings.
    pub(crate) fn builtins(&self) -> &[Builtin] {
        self.builtins.get_or_init(builtins)
    }

    /// The language's function table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Whether a piece of text can be run as it is.
    pub fn completeness(&self, text: &str) -> Completeness {
        if is_rust(text) {
            return match is_whole(text) {
                true => Completeness::Complete,
                false => Completeness::Incomplete,
            };
        }
        match text.trim_start().strip_prefix('%') {
            Some(command) => match command.strip_prefix("time ") {
                Some(code) => completeness(&self.parser, code),
                None => Completeness::Complete,
            },
            None if self.question(text).is_some() => Completeness::Complete,
            None => completeness(&self.parser, text),
        }
    }

    /// The question that a cell ends in, which is no text of the language.
    pub(crate) fn question<'a>(&self, text: &'a str) -> Option<Question<'a>> {
        Question::of(text, |before| {
            self.completeness(before) == Completeness::Complete
        })
    }

    /// All that is known of the name at the cursor, which is counted in characters.
    pub fn inspect(&self, text: &str, cursor: usize) -> Option<String> {
        let chars: Vec<char> = text.chars().collect();
        let cursor = cursor.min(chars.len());
        let of_name = |c: &char| is_name(*c) || *c == ':';
        // Inside the parentheses of a call it is the function that is asked about.
        let end = cursor + chars[cursor..].iter().take_while(|c| of_name(c)).count();
        let here = end - chars[..end].iter().rev().take_while(|c| of_name(c)).count();
        let called = chars[..cursor]
            .iter()
            .rposition(|&c| c == '(')
            .filter(|_| here == end);
        let (start, end) = match called {
            Some(open) => (
                open - chars[..open]
                    .iter()
                    .rev()
                    .take_while(|c| of_name(c))
                    .count(),
                open,
            ),
            None => (here, end),
        };
        let name: String = chars[start..end].iter().collect();
        self.about_member(&chars[..start], &name)
            .or_else(|| self.about(&name))
    }

    /// What is known of a name behind a dot, where the type of the value before that can be told.
    fn about_member(&self, before: &[char], name: &str) -> Option<String> {
        let owner = before.strip_suffix(&['.'])?;
        let shape = self.shape_of(&chain_at_end(owner)?, owner, 1)?;
        let of_type = shape.type_name.as_str();
        function_help(&self.table, &format!("{of_type}.{name}"))
            .or_else(|| self.about_builtin(name, Some(of_type)))
    }

    /// How functions of rhai's own are called.
    fn about_builtin(&self, name: &str, receiver: Option<&str>) -> Option<String> {
        let is_meant = |builtin: &&Builtin| {
            builtin.name == name && receiver.is_none_or(|of| builtin.receiver == of)
        };
        let signature = |builtin: &Builtin| match builtin.receiver {
            "" => builtin.signature.clone(),
            _ if builtin.is_free() => builtin.free_signature(),
            receiver => format!("{}.{}", receiver.replace(' ', "_"), builtin.signature),
        };
        let lines: Vec<String> = self
            .builtins()
            .iter()
            .filter(is_meant)
            .map(signature)
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    /// All that is known of a name.
    pub fn about(&self, name: &str) -> Option<String> {
        let names = self.names();
        if let Some(variable) = names.variables.get(name) {
            let text = variable.text().replace('\n', "\n    ");
            return Some(
                format!("{name}: {}\n    {text}", variable.shape.type_name)
                    .trim_end()
                    .to_owned(),
            );
        }
        if let Some(function) = names
            .functions
            .iter()
            .find(|function| function.name == name)
        {
            return Some(function.help());
        }
        if let Some((usage, about)) = COMMANDS
            .iter()
            .find(|(usage, _)| name.starts_with('%') && command_name(usage) == name)
        {
            return Some(format!("{usage}\n    {about}"));
        }
        let of_member = || {
            // A member of a variable, or of a type.
            let (owner, member) = name.rsplit_once('.')?;
            let owner = names
                .variables
                .get(owner)
                .map_or(owner, |variable| &variable.shape.type_name);
            function_help(&self.table, &format!("{owner}.{member}"))
                .or_else(|| self.about_builtin(member, Some(owner)))
                .or_else(|| function_help(&self.table, member))
        };
        function_help(&self.table, name)
            .or_else(of_member)
            .or_else(|| self.about_builtin(name, None))
    }

    /// Whether a name is that of a function of the language or of the session.
    pub fn is_function(&self, name: &str) -> bool {
        let names = self.names();
        let mut written = names.functions.iter().chain(self.table.written());
        self.table.named(name).next().is_some() || written.any(|function| function.name == name)
    }

    /// Whether a name is that of a variable or function that the session has made.
    pub fn is_made(&self, name: &str) -> bool {
        let names = self.names();
        names.variables.contains_key(name)
            || names.functions.iter().any(|function| function.name == name)
    }

    /// Whether a word is one of the language's own.
    pub fn is_keyword(&self, word: &str) -> bool {
        KEYWORDS.contains(&word)
    }

    /// The answer to a question about a name; about all if it is empty.
    pub(crate) fn answer(&self, name: &str) -> String {
        if name.is_empty() {
            return overview(&self.table).trim_end().to_owned();
        }
        let unknown = || match self.table.nearest(name) {
            Some(guess) => format!("there is no function `{name}`; did you mean `{guess}`?"),
            None => format!("there is no function `{name}`"),
        };
        self.about(name).unwrap_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use crate::script::Silent;
    use crate::{Session, Settings};
    use std::sync::Arc;

    fn session(text: &str) -> Session {
        let mut session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
        session.eval("cell", text).unwrap();
        session
    }

    #[test]
    fn names_are_inspected_where_the_cursor_stands() {
        let session = session("let clap = tone(440, 0.1);");
        let about = |text: &str, cursor: usize| {
            session
                .assistant()
                .inspect(text, cursor)
                .unwrap_or_default()
        };
        assert!(about("let x = noise", 10).starts_with("noise("));
        assert!(about("noise(", 6).starts_with("noise("));
        assert!(about("noise(5, ", 9).starts_with("noise("));
        assert!(about("clap", 0).starts_with("clap: wave\n    wave 0.100 s"));
        assert!(about("clar::fade_mask()", 3).starts_with("clar::fade_mask()"));
        assert!(about("clap.resample(", 14).starts_with("wave.resample("));
        assert!(about("tone(440, 1).resample", 20).starts_with("wave.resample("));
        assert!(about("[1].push(", 9).starts_with("array.push("));
        assert!(about("print(", 6).starts_with("print("));
        assert_eq!(about("", 0), "");
        assert_eq!(about("unheard_of", 99), "");
    }

    #[test]
    fn questions_for_help_are_answered() {
        let session = session("let clap = tone(440, 0.1); let n = 42;");
        let answer = |name: &str| session.assistant().answer(name);
        assert!(answer("noise").starts_with("noise("));
        let clap = answer("clap");
        assert!(
            clap.starts_with("clap: wave\n    wave 0.100 s, 16000 Hz"),
            "{clap}"
        );
        assert_eq!(answer("n"), "n: whole number\n    42");
        assert_eq!(
            answer("nosie"),
            "there is no function `nosie`; did you mean `noise`?"
        );
        assert!(answer("clap.resample").contains("wave.resample("));
        assert!(answer("%time").starts_with("%time CODE\n"));
        assert!(answer("").contains("noise"));
    }

    #[test]
    fn completeness_is_decided_by_the_parser() {
        use crate::script::Completeness::{Complete, Incomplete, Invalid};
        let assistant = session("").assistant();
        for (text, want) in [
            ("1 + 1", Complete),
            ("fn f(x) { x }", Complete),
            ("fn f(x) {", Incomplete),
            ("let x = [1,\n2", Incomplete),
            ("fade() |>", Incomplete),
            ("let x = \"abc", Invalid),
            ("let x = `abc", Incomplete),
            ("/* note", Incomplete),
            ("let x = )", Invalid),
            ("if x { 1 } else {", Incomplete),
            ("noise(5..40, #{ color: ", Incomplete),
            ("x y z", Invalid),
            ("noise?", Complete),
            ("let x = 1;\n?noise", Complete),
            ("fn f() { // why?", Incomplete),
            ("%who", Complete),
            ("%time fn f() {", Incomplete),
        ] {
            assert_eq!(assistant.completeness(text), want, "{text:?}");
        }
    }
}
