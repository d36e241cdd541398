//! What can be said about text while it is typed: whether it is complete, what may come next, what a name is.

use crate::command::COMMANDS;
use crate::context::{Context, is_name};
use crate::question::Question;
use crate::remembered::Remembered;
use crate::script::{
    Completeness, Function, Parameter, ScriptError, Table, Written, completeness, function_help, new_parser, overview,
};
use rhai::{AST, Dynamic, Engine};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Answers questions about text. It shares nothing with the session that a running cell would hold.
#[derive(Clone)]
pub struct Assistant {
    table: Arc<Table>,
    parser: Arc<Engine>,
    names: Arc<RwLock<Names>>,
}

/// What the session has made so far, as of the end of the last cell.
#[derive(Default)]
struct Names {
    variables: BTreeMap<String, Remembered>,
    functions: Vec<Written>,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A variable of the session.
    Variable,
    /// A function.
    Function,
    /// A method or property of a value.
    Member,
    /// An option of a call.
    Option,
    /// A file or folder.
    Path,
    /// A device.
    Device,
    /// A collection of functions, whose names begin with its own.
    Module,
    /// A word of the language.
    Keyword,
    /// A command of interactive sessions.
    Command,
}

impl Kind {
    /// The kind as one word.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Variable => "variable",
            Kind::Function => "function",
            Kind::Member => "member",
            Kind::Option => "option",
            Kind::Path => "path",
            Kind::Device => "device",
            Kind::Module => "module",
            Kind::Keyword => "keyword",
            Kind::Command => "command",
        }
    }
}

/// What may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What is written.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// How it is called, or its type.
    pub signature: String,
    /// One line on what it does; may be empty.
    pub about: String,
}

/// All that may stand at the cursor, in characters of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Where the word at the cursor begins.
    pub start: usize,
    /// The cursor.
    pub end: usize,
    /// The words that may stand there.
    pub candidates: Vec<Candidate>,
}

impl Completion {
    /// Those candidates that go on as the word at the cursor begins, in order, each once.
    fn of(before: &[char], start: usize, mut candidates: Vec<Candidate>) -> Completion {
        let word: String = before[start..].iter().collect();
        candidates.retain(|candidate| candidate.text.starts_with(&word));
        candidates.sort_by(|a, b| (a.kind, &a.text).cmp(&(b.kind, &b.text)));
        candidates.dedup_by(|a, b| a.text == b.text);
        Completion { start, end: before.len(), candidates }
    }
}

const KEYWORDS: [&str; 20] = [
    "break", "catch", "const", "continue", "do", "else", "export", "false", "fn", "for", "if", "import", "in", "let",
    "loop", "return", "switch", "throw", "true", "while",
];

impl Assistant {
    /// An assistant that knows the language, and no variable yet.
    pub(crate) fn new(table: Arc<Table>) -> Result<Assistant, ScriptError> {
        Ok(Assistant { table, parser: Arc::new(new_parser()?), names: Arc::default() })
    }

    /// Takes over what the session has made.
    pub(crate) fn refresh<'a>(&self, variables: impl Iterator<Item = (&'a str, &'a Dynamic)>, functions: &AST) {
        self.remember_values(variables);
        self.names_mut().functions = Written::all(functions, "");
    }

    /// Takes over the values of the session's variables.
    pub(crate) fn remember_values<'a>(&self, variables: impl Iterator<Item = (&'a str, &'a Dynamic)>) {
        let mut remembered = BTreeMap::new();
        // The newest of a name comes first.
        for (name, value) in variables {
            remembered.entry(name.to_owned()).or_insert_with(|| Remembered::new(value));
        }
        self.names_mut().variables = remembered;
    }

    /// Frees the values of variables: while a cell runs, and when the session is gone, nothing here must hold what the
    /// script gives up.
    pub(crate) fn forget_values(&self) {
        self.names_mut().variables.values_mut().for_each(Remembered::forget);
    }

    fn names(&self) -> RwLockReadGuard<'_, Names> {
        self.names.read().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn names_mut(&self) -> RwLockWriteGuard<'_, Names> {
        self.names.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The language's function table.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Whether a piece of text can be run as it is.
    pub fn completeness(&self, text: &str) -> Completeness {
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
        Question::of(text, |before| self.completeness(before) == Completeness::Complete)
    }

    /// What may stand at the cursor, which is counted in characters.
    pub fn complete(&self, text: &str, cursor: usize) -> Completion {
        let before: Vec<char> = text.chars().take(cursor).collect();
        if let Some(typed) = file_of_command(&before) {
            return Completion::of(&before, name_start(&before, &typed), paths(&typed));
        }
        if before.first() == Some(&'%') && !before.iter().any(|c| c.is_whitespace()) {
            return Completion::of(&before, 0, commands());
        }
        let mut start = before.iter().rposition(|&c| !is_name(c) && c != ':').map_or(0, |i| i + 1);
        let candidates = match Context::of(&before) {
            Context::Comment => Vec::new(),
            Context::Text { typed, function } if function == "device" => {
                start = before.len() - typed.chars().count();
                devices()
            }
            Context::Text { typed, function } => {
                start = name_start(&before, &typed);
                if function == "import" { scripts(&typed) } else { paths(&typed) }
            }
            Context::Option { function, given } => self.options(&function, &given),
            Context::Member(owner) => self.keys(&owner).into_iter().chain(self.members(self.type_of(&owner))).collect(),
            Context::MemberOfCall(function) => self.members(self.returned(&function)),
            Context::Word => self.words(),
        };
        Completion::of(&before, start, candidates)
    }

    /// All that is known of the name at the cursor, which is counted in characters.
    pub fn inspect(&self, text: &str, cursor: usize) -> Option<String> {
        let chars: Vec<char> = text.chars().collect();
        let cursor = cursor.min(chars.len());
        let of_name = |c: &char| is_name(*c) || *c == ':';
        // Inside the parentheses of a call it is the function that is asked about.
        let end = cursor + chars[cursor..].iter().take_while(|c| of_name(c)).count();
        let here = end - chars[..end].iter().rev().take_while(|c| of_name(c)).count();
        let called = chars[..cursor].iter().rposition(|&c| c == '(').filter(|_| here == end);
        let (start, end) = match called {
            Some(open) => (open - chars[..open].iter().rev().take_while(|c| of_name(c)).count(), open),
            None => (here, end),
        };
        let name: String = chars[start..end].iter().collect();
        self.about(&name)
    }

    /// All that is known of a name.
    pub fn about(&self, name: &str) -> Option<String> {
        let names = self.names();
        if let Some(variable) = names.variables.get(name) {
            let text = variable.text().replace('\n', "\n    ");
            return Some(format!("{name}: {}\n    {text}", variable.type_name).trim_end().to_owned());
        }
        if let Some(function) = names.functions.iter().find(|function| function.name == name) {
            return Some(format!("{}\n    {}", function.signature, function.about).trim_end().to_owned());
        }
        if let Some((usage, about)) =
            COMMANDS.iter().find(|(usage, _)| name.starts_with('%') && command_name(usage) == name)
        {
            return Some(format!("{usage}\n    {about}"));
        }
        function_help(&self.table, name).or_else(|| {
            // A member of a variable, or of a type.
            let (owner, member) = name.rsplit_once('.')?;
            let owner = names.variables.get(owner).map_or(owner, |variable| &variable.type_name);
            function_help(&self.table, &format!("{owner}.{member}")).or_else(|| function_help(&self.table, member))
        })
    }

    /// Whether a name is that of a function of the language or of the session.
    pub fn is_function(&self, name: &str) -> bool {
        let names = self.names();
        let mut written = names.functions.iter().chain(self.table.written());
        self.table.named(name).next().is_some() || written.any(|function| function.name == name)
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

    fn words(&self) -> Vec<Candidate> {
        let names = self.names();
        let variables = names.variables.iter().map(|(name, variable)| Candidate {
            text: name.clone(),
            kind: Kind::Variable,
            signature: variable.type_name.clone(),
            about: String::new(),
        });
        let declared = self.table.functions().filter(|function| function.is_called()).map(|function| Candidate {
            text: function.name().to_owned(),
            kind: Kind::Function,
            signature: function.signature(),
            about: function.about_text().to_owned(),
        });
        let written = names.functions.iter().chain(self.table.written()).map(|function| Candidate {
            text: function.name.clone(),
            kind: Kind::Function,
            signature: function.signature.clone(),
            about: function.about.clone(),
        });
        let keywords = KEYWORDS.iter().map(|word| Candidate {
            text: (*word).to_owned(),
            kind: Kind::Keyword,
            signature: String::new(),
            about: String::new(),
        });
        let spaces: BTreeSet<&str> =
            self.table.written().iter().filter_map(|f| Some(f.name.split_once("::")?.0)).collect();
        let modules = spaces.into_iter().map(|space| Candidate {
            text: format!("{space}::"),
            kind: Kind::Module,
            signature: "module".into(),
            about: String::new(),
        });
        variables.chain(declared).chain(written).chain(keywords).chain(modules).collect()
    }

    fn type_of(&self, variable: &str) -> Option<String> {
        self.names().variables.get(variable).map(|variable| variable.type_name.clone())
    }

    /// The keys of a map.
    fn keys(&self, variable: &str) -> Vec<Candidate> {
        let candidate = |key: &String| Candidate {
            text: key.clone(),
            kind: Kind::Member,
            signature: "key".into(),
            about: String::new(),
        };
        self.names().variables.get(variable).map(|map| map.keys.iter().map(candidate).collect()).unwrap_or_default()
    }

    /// The type that a function gives, if all of its name agree.
    fn returned(&self, function: &str) -> Option<String> {
        let mut nouns = self.table.named(function).map(Function::returned_noun);
        let first = nouns.next().filter(|noun| !noun.is_empty())?;
        nouns.all(|noun| noun == first).then(|| first.to_owned())
    }

    /// Methods and properties of a type; of every type if it is not known.
    fn members(&self, of_type: Option<String>) -> Vec<Candidate> {
        let of_type = of_type.as_deref();
        let fits = |function: &&Function| match function.receiver_name() {
            Some(receiver) => of_type.is_none_or(|of_type| receiver == of_type),
            None => false,
        };
        let candidate = |function: &Function| Candidate {
            text: function.name().to_owned(),
            kind: Kind::Member,
            signature: function.signature(),
            about: function.about_text().to_owned(),
        };
        self.table.functions().filter(fits).map(candidate).collect()
    }

    /// The options of a call that are not given yet.
    fn options(&self, function: &str, given: &[String]) -> Vec<Candidate> {
        let options = self.table.named(function).flat_map(Function::described_options);
        let candidate = |option: &Parameter| Candidate {
            text: format!("{}: ", option.name),
            kind: Kind::Option,
            signature: format!("{}: {}", option.name, option.default_source),
            about: option.about.clone(),
        };
        options.filter(|option| !given.contains(&option.name)).map(candidate).collect()
    }
}

/// A command without what follows it.
pub(crate) fn command_name(usage: &str) -> &str {
    usage.split(' ').next().unwrap_or(usage)
}

fn commands() -> Vec<Candidate> {
    let candidate = |(usage, about): (&str, &str)| Candidate {
        text: command_name(usage).to_owned(),
        kind: Kind::Command,
        signature: usage.to_owned(),
        about: about.to_owned(),
    };
    COMMANDS.into_iter().map(candidate).collect()
}

/// The path so far, where a command is followed by one.
fn file_of_command(before: &[char]) -> Option<String> {
    let line: String = before.iter().collect();
    let rest = ["%load ", "%save "].iter().find_map(|command| line.strip_prefix(command))?;
    Some(rest.trim_start().trim_start_matches('"').to_owned())
}

/// Where the last part of a path that ends the text begins.
fn name_start(before: &[char], path: &str) -> usize {
    before.len() - path.rsplit('/').next().unwrap_or("").chars().count()
}

fn devices() -> Vec<Candidate> {
    let candidate = |(name, about): (String, String)| Candidate {
        text: name,
        kind: Kind::Device,
        signature: "device".into(),
        about,
    };
    crate::devices().into_iter().map(candidate).collect()
}

/// Scripts and folders that continue the path of an import, which leaves out the ending.
fn scripts(typed: &str) -> Vec<Candidate> {
    let without_ending = |mut candidate: Candidate| {
        let is_folder = candidate.text.ends_with('/');
        let name = candidate.text.strip_suffix(".rhai").map(str::to_owned);
        candidate.text = name.or_else(|| is_folder.then(|| candidate.text.clone()))?;
        Some(candidate)
    };
    paths(typed).into_iter().filter_map(without_ending).collect()
}

/// Files and folders that continue a path.
fn paths(typed: &str) -> Vec<Candidate> {
    let folder = typed.rfind('/').map_or("", |end| &typed[..=end]);
    let entries = std::fs::read_dir(if folder.is_empty() { "." } else { folder });
    let candidate = |entry: std::fs::DirEntry| {
        let is_dir = entry.path().is_dir();
        let name = entry.file_name().into_string().ok()?;
        Some(Candidate {
            text: if is_dir { format!("{name}/") } else { name },
            kind: Kind::Path,
            signature: if is_dir { "folder" } else { "file" }.to_owned(),
            about: String::new(),
        })
    };
    entries.into_iter().flatten().flatten().filter_map(candidate).collect()
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

    fn complete(session: &Session, text: &str) -> (usize, Vec<String>) {
        let completion = session.assistant().complete(text, text.chars().count());
        (completion.start, completion.candidates.into_iter().map(|candidate| candidate.text).collect())
    }

    #[test]
    fn names_are_completed_by_what_is_known_of_them() {
        let session = session("let clap = tone(440, 0.1); let claps = gain(3); fn clatter(x) { x }");
        let (start, found) = complete(&session, "let y = cla");
        assert_eq!((start, &found[..2]), (8, &["clap".to_owned(), "claps".to_owned()][..]));
        assert!(["clar::fade_mask", "clar_features", "clatter"].iter().all(|name| found.contains(&(*name).to_owned())));
        assert!(found.iter().all(|name| name.starts_with("cla")));
        assert_eq!(complete(&session, "clap.sample_"), (5, vec!["sample_rate".into()]));
        assert!(complete(&session, "claps.").1.contains(&"trace".to_owned()));
        assert!(!complete(&session, "claps.").1.contains(&"sample_rate".to_owned()));
        assert_eq!(complete(&session, "clar::fade_"), (0, vec!["clar::fade_mask".into()]));
        assert_eq!(complete(&session, "ä + whi"), (4, vec!["white_noise".into(), "while".into()]));
        assert_eq!(complete(&session, "nothing_like_it"), (0, vec![]));
        assert!(complete(&session, "tone(440, 1).sample_").1.contains(&"sample_rate".to_owned()));
        assert_eq!(complete(&session, "x // whi"), (5, vec![]));
        assert_eq!(complete(&session, "%wh"), (0, vec!["%who".into()]));
        assert_eq!(complete(&session, "%").1.len(), crate::COMMANDS.len());
        assert_eq!(complete(&session, "?whi"), (1, vec!["white_noise".into(), "while".into()]));
    }

    #[test]
    fn options_and_paths_are_completed() {
        let session = session("");
        assert_eq!(complete(&session, "noise(5, #{ co"), (12, vec!["color: ".into()]));
        assert_eq!(complete(&session, "noise(5, #{ color: 1, co"), (22, vec![]));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("call.wav"), "").unwrap();
        std::fs::create_dir(folder.path().join("calls")).unwrap();
        let text = format!("load(\"{}/cal", folder.path().display());
        let start = text.chars().count() - 3;
        assert_eq!(complete(&session, &text), (start, vec!["call.wav".into(), "calls/".into()]));
        std::fs::write(folder.path().join("call_all.rhai"), "").unwrap();
        let text = format!("import \"{}/cal", folder.path().display());
        let start = text.chars().count() - 3;
        assert_eq!(complete(&session, &text), (start, vec!["call_all".into(), "calls/".into()]));
        let text = format!("%load {}/call_", folder.path().display());
        assert_eq!(complete(&session, &text).1, ["call_all.rhai"]);
        let text = format!("%save \"{}/call_", folder.path().display());
        assert_eq!(complete(&session, &text).1, ["call_all.rhai"]);
    }

    #[cfg(feature = "learn")]
    #[test]
    fn devices_are_completed_where_one_is_chosen() {
        let session = session("");
        assert_eq!(complete(&session, "let d = device(\"c"), (16, vec!["cpu".into()]));
        assert_eq!(complete(&session, "load(\"cpu_of_no_file"), (6, vec![]));
    }

    #[test]
    fn modules_and_defaults_are_shown() {
        let session = session("");
        let found = complete(&session, "let m = clar").1;
        assert!(found.contains(&"clar::".into()) && found.contains(&"clar_paper::".into()), "{found:?}");
        let found = complete(&session, "clar::").1;
        assert!(found.len() > 2 && found.iter().all(|name| name.starts_with("clar::")), "{found:?}");
        let completion = session.assistant().complete("noise(5, #{ ", 12);
        let color = completion.candidates.iter().find(|candidate| candidate.text == "color: ").unwrap();
        assert_eq!(color.signature, "color: \"white\"");
        assert!(!color.about.is_empty());
    }

    #[test]
    fn names_are_inspected_where_the_cursor_stands() {
        let session = session("let clap = tone(440, 0.1);");
        let about = |text: &str, cursor: usize| session.assistant().inspect(text, cursor).unwrap_or_default();
        assert!(about("let x = noise", 10).starts_with("noise("));
        assert!(about("noise(", 6).starts_with("noise("));
        assert!(about("noise(5, ", 9).starts_with("noise("));
        assert!(about("clap", 0).starts_with("clap: wave\n    wave 0.100 s"));
        assert!(about("clar::fade_mask()", 3).starts_with("clar::fade_mask()"));
        assert_eq!(about("", 0), "");
        assert_eq!(about("unheard_of", 99), "");
    }

    #[test]
    fn questions_for_help_are_answered() {
        let session = session("let clap = tone(440, 0.1); let n = 42;");
        let answer = |name: &str| session.assistant().answer(name);
        assert!(answer("noise").starts_with("noise("));
        let clap = answer("clap");
        assert!(clap.starts_with("clap: wave\n    wave 0.100 s, 16000 Hz"), "{clap}");
        assert_eq!(answer("n"), "n: whole number\n    42");
        assert_eq!(answer("nosie"), "there is no function `nosie`; did you mean `noise`?");
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
