//! Candidates for what may stand at a place, and those that come from outside of the session: commands, files, devices.

use crate::command::{COMMANDS, command_name};

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
    pub(crate) fn of(before: &[char], start: usize, mut candidates: Vec<Candidate>) -> Completion {
        let word: String = before[start..].iter().collect();
        candidates.retain(|candidate| candidate.text.starts_with(&word));
        candidates.sort_by(|a, b| (a.kind, &a.text).cmp(&(b.kind, &b.text)));
        candidates.dedup_by(|a, b| a.text == b.text);
        Completion {
            start,
            end: before.len(),
            candidates,
        }
    }
}

/// The commands of interactive sessions.
pub(crate) fn commands() -> Vec<Candidate> {
    let candidate = |(usage, about): (&str, &str)| Candidate {
        text: command_name(usage).to_owned(),
        kind: Kind::Command,
        signature: usage.to_owned(),
        about: about.to_owned(),
    };
    COMMANDS.into_iter().map(candidate).collect()
}

/// The devices of this build.
pub(crate) fn devices() -> Vec<Candidate> {
    let candidate = |(name, about): (String, String)| Candidate {
        text: name,
        kind: Kind::Device,
        signature: "device".into(),
        about,
    };
    crate::devices().into_iter().map(candidate).collect()
}

/// Scripts and folders that continue the path of an import, which leaves out the ending.
pub(crate) fn scripts(typed: &str) -> Vec<Candidate> {
    let without_ending = |mut candidate: Candidate| {
        let is_folder = candidate.text.ends_with('/');
        let name = candidate.text.strip_suffix(".rhai").map(str::to_owned);
        candidate.text = name.or_else(|| is_folder.then(|| candidate.text.clone()))?;
        Some(candidate)
    };
    paths(typed)
        .into_iter()
        .filter_map(without_ending)
        .collect()
}

/// Files and folders that continue a path.
pub(crate) fn paths(typed: &str) -> Vec<Candidate> {
    let folder = typed.rfind('/').map_or("", |end| &typed[..=end]);
    let entries = match (folder.strip_prefix("~/"), std::env::home_dir()) {
        (Some(below), Some(home)) => std::fs::read_dir(home.join(below)),
        _ => std::fs::read_dir(if folder.is_empty() { "." } else { folder }),
    };
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
    entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(candidate)
        .collect()
}
