//! Completion: what may stand at the cursor of a text that is being typed.
//!
//! The text up to the cursor says what is wanted there: a name, an option, a word or path in a string, a member. Behind a
//! dot the value before it is followed from where it begins, as far as its type can be told without running anything: from
//! the session's variables, from what the text itself makes, and from what functions are declared to give.

use crate::assistant::{Assistant, KEYWORDS};
use crate::builtin::Builtin;
use crate::candidate::{Candidate, Completion, Kind, commands, devices, paths, scripts};
use crate::chain::{Base, Chain, Step, chain_at_end};
use crate::context::{Context, Place, is_name};
use crate::made::{By, Made, names_made};
use crate::scan::code;
use crate::script::{Function, Parameter};
use crate::shape::Shape;
use std::collections::BTreeSet;

/// Names that are made of names are followed this far.
const DEPTH: usize = 8;

impl Assistant {
    /// What may stand at the cursor, which is counted in characters.
    pub fn complete(&self, text: &str, cursor: usize) -> Completion {
        let chars: Vec<char> = text.chars().collect();
        let before = &chars[..cursor.min(chars.len())];
        if before.first() == Some(&'%') && !before.iter().any(|c| c.is_whitespace()) {
            return Completion::of(before, 0, commands());
        }
        if let Some(typed) = file_of_command(before) {
            return Completion::of(before, name_start(before, &typed), paths(&typed));
        }
        let start = before
            .iter()
            .rposition(|&c| !is_name(c) && c != ':')
            .map_or(0, |i| i + 1);
        match Context::of(before) {
            Context::Comment => Completion::of(before, start, Vec::new()),
            Context::Text {
                typed,
                function,
                place,
            } => self.complete_text(before, &typed, &function, &place),
            Context::Option { function, given } => {
                Completion::of(before, start, self.options(&function, &given))
            }
            Context::Member(end) => {
                let shape = chain_at_end(&before[..end])
                    .and_then(|chain| self.shape_of(&chain, &before[..end], DEPTH));
                Completion::of(before, start, self.members(shape.as_ref()))
            }
            Context::Word => {
                let behind = before.len()
                    + chars[before.len()..]
                        .iter()
                        .take_while(|&&c| is_name(c))
                        .count();
                // The word that is being typed makes nothing yet.
                let others: Vec<char> = [&chars[..start], &[' '], &chars[behind..]].concat();
                Completion::of(before, start, self.words(&others))
            }
        }
    }

    /// What may stand in a string.
    fn complete_text(
        &self,
        before: &[char],
        typed: &str,
        function: &str,
        place: &Place,
    ) -> Completion {
        let start = before.len() - typed.chars().count();
        if function == "device" {
            return Completion::of(before, start, devices());
        }
        let words = Completion::of(before, start, self.words_of(function, place));
        if !words.candidates.is_empty() {
            return words;
        }
        let found = if function == "import" {
            scripts(typed)
        } else {
            paths(typed)
        };
        Completion::of(before, name_start(before, typed), found)
    }

    /// What may begin a value or a statement.
    fn words(&self, text: &[char]) -> Vec<Candidate> {
        let candidate = |text: &str, kind: Kind, signature: &str, about: &str| Candidate {
            text: text.to_owned(),
            kind,
            signature: signature.to_owned(),
            about: about.to_owned(),
        };
        let mut found = Vec::new();
        for made in names_made(text) {
            let (kind, signature) = match &made.by {
                By::Fn(parameters) => (Kind::Function, format!("{}({parameters})", made.name)),
                By::Let(_) => (
                    Kind::Variable,
                    self.made_shape(&made, text, DEPTH)
                        .unwrap_or_default()
                        .type_name,
                ),
                By::Other => (Kind::Variable, String::new()),
            };
            found.push(candidate(&made.name, kind, &signature, ""));
        }
        let names = self.names();
        for (name, variable) in &names.variables {
            found.push(candidate(
                name,
                Kind::Variable,
                &variable.shape.type_name,
                "",
            ));
        }
        for function in self
            .table()
            .functions()
            .filter(|function| function.is_called())
        {
            found.push(candidate(
                function.name(),
                Kind::Function,
                &function.signature(),
                function.about_text(),
            ));
        }
        for function in names.functions.iter().chain(self.table().written()) {
            found.push(candidate(
                &function.name,
                Kind::Function,
                &function.signature,
                &function.about,
            ));
        }
        for builtin in self.builtins().iter().filter(|builtin| builtin.is_free()) {
            found.push(candidate(
                &builtin.name,
                Kind::Function,
                &builtin.free_signature(),
                "",
            ));
        }
        found.extend(
            KEYWORDS
                .iter()
                .map(|word| candidate(word, Kind::Keyword, "", "")),
        );
        let written = self.table().written().iter();
        let spaces: BTreeSet<&str> = written
            .filter_map(|function| Some(function.name.split_once("::")?.0))
            .collect();
        found.extend(
            spaces
                .into_iter()
                .map(|space| candidate(&format!("{space}::"), Kind::Module, "module", "")),
        );
        found
    }

    /// The keys, methods and properties of a value; those of every type if its own is not known.
    fn members(&self, shape: Option<&Shape>) -> Vec<Candidate> {
        let of_type = shape
            .map(|shape| shape.type_name.as_str())
            .filter(|name| !name.is_empty());
        let is_own = |receiver: &str| {
            !receiver.is_empty() && of_type.is_none_or(|of_type| of_values(receiver) == of_type)
        };
        let keys = shape
            .into_iter()
            .flat_map(|shape| &shape.entries)
            .map(|(key, entry)| Candidate {
                text: key.clone(),
                kind: Kind::Member,
                signature: if entry.type_name.is_empty() {
                    "key".to_owned()
                } else {
                    format!("key: {}", entry.type_name)
                },
                about: String::new(),
            });
        let own = |function: &&Function| function.receiver_name().is_some_and(is_own);
        let declared = self
            .table()
            .functions()
            .filter(own)
            .map(|function| Candidate {
                text: function.name().to_owned(),
                kind: Kind::Member,
                signature: function.signature(),
                about: function.about_text().to_owned(),
            });
        let builtin = self
            .builtins()
            .iter()
            .filter(|builtin| is_own(builtin.receiver))
            .map(|builtin| Candidate {
                text: builtin.name.clone(),
                kind: Kind::Member,
                signature: builtin.signature.clone(),
                about: String::new(),
            });
        keys.filter(|key| key.text.chars().all(is_name))
            .chain(declared)
            .chain(builtin)
            .collect()
    }

    /// The options of a call that are not given yet.
    fn options(&self, function: &str, given: &[String]) -> Vec<Candidate> {
        let options = self
            .table()
            .named(function)
            .flat_map(Function::described_options);
        let candidate = |option: &Parameter| Candidate {
            text: format!("{}: ", option.name),
            kind: Kind::Option,
            signature: format!("{}: {}", option.name, option.default_source),
            about: option.about.clone(),
        };
        let names = self.names();
        let written = names.functions.iter().chain(self.table().written());
        let of_written = written
            .filter(|written| written.name == function)
            .flat_map(|written| &written.options)
            .filter(|(name, _)| !given.contains(name))
            .map(|(name, about)| Candidate {
                text: format!("{name}: "),
                kind: Kind::Option,
                signature: name.clone(),
                about: about.clone(),
            });
        options
            .filter(|option| !given.contains(&option.name))
            .map(candidate)
            .chain(of_written)
            .collect()
    }

    /// The words that an argument may be.
    fn words_of(&self, function: &str, place: &Place) -> Vec<Candidate> {
        let named = || self.table().named(function);
        let parameters: Vec<&Parameter> = match place {
            Place::Nowhere => Vec::new(),
            Place::Option(name) => named()
                .flat_map(Function::described_options)
                .filter(|option| option.name == *name)
                .collect(),
            // A method may be written as a function, too: then its receiver comes first.
            Place::Argument(n) => named()
                .flat_map(|function| {
                    let own = function.positional_parameters();
                    let shifted = function
                        .receiver_name()
                        .and_then(|_| own.get(n.checked_sub(1)?));
                    own.get(*n).into_iter().chain(shifted)
                })
                .collect(),
        };
        let candidate = |(parameter, word): (&Parameter, &String)| Candidate {
            text: word.clone(),
            kind: Kind::Option,
            signature: parameter.name.clone(),
            about: parameter.about.clone(),
        };
        parameters
            .into_iter()
            .flat_map(|parameter| parameter.words.iter().map(move |word| (parameter, word)))
            .map(candidate)
            .collect()
    }

    /// What is known of the value of a chain that ends a text.
    pub(crate) fn shape_of(&self, chain: &Chain, text: &[char], depth: usize) -> Option<Shape> {
        let mut shape = match &chain.base {
            Base::Name(name) => self.variable_shape(name, &text[..chain.start], depth)?,
            Base::Call(name) => Shape::of_type(self.given_by(name, None)?),
            Base::Text => Shape::of_type("string"),
            Base::Array => Shape::of_type("array"),
            Base::Map(keys) => Shape {
                entries: keys
                    .iter()
                    .map(|key| (key.clone(), Shape::default()))
                    .collect(),
                ..Shape::of_type("option map")
            },
            Base::Number => Shape::of_type("number"),
            Base::Other => return None,
        };
        for step in &chain.steps {
            shape = match step {
                Step::Member(name) => match shape.entry(name) {
                    Some(entry) => entry.clone(),
                    None => Shape::of_type(self.given_by(name, Some(&shape.type_name))?),
                },
                Step::Method(name) => Shape::of_type(self.given_by(name, Some(&shape.type_name))?),
                Step::Index => *shape.element?,
            };
        }
        Some(shape)
    }

    /// What is known of a variable: the text that is being typed makes it anew before the session's is looked at.
    fn variable_shape(&self, name: &str, text: &[char], depth: usize) -> Option<Shape> {
        match names_made(text)
            .into_iter()
            .rev()
            .find(|made| made.name == name)
        {
            Some(made) => self.made_shape(&made, text, depth),
            None => self
                .names()
                .variables
                .get(name)
                .map(|variable| variable.shape.clone()),
        }
    }

    /// What is known of a variable that a text makes: what its value tells, if that is a chain alone.
    fn made_shape(&self, made: &Made, text: &[char], depth: usize) -> Option<Shape> {
        let By::Let(Some(from)) = made.by else {
            return None;
        };
        let is_code = code(text);
        let end = (from..text.len())
            .find(|&i| text[i] == ';' && is_code[i])
            .unwrap_or(text.len());
        let end = end
            - text[from..end]
                .iter()
                .rev()
                .take_while(|c| c.is_whitespace())
                .count();
        let begin = from
            + text[from..end]
                .iter()
                .take_while(|c| c.is_whitespace())
                .count();
        let chain = chain_at_end(&text[..end]).filter(|chain| chain.start == begin)?;
        self.shape_of(&chain, &text[..end], depth.checked_sub(1)?)
    }

    /// The type that a function or member gives, if all of its name agree.
    fn given_by(&self, name: &str, receiver: Option<&str>) -> Option<&'static str> {
        let is_own = |of: Option<&str>| receiver.is_none() || of.map(of_values) == receiver;
        let declared = self
            .table()
            .named(name)
            .filter(|f| is_own(f.receiver_name()))
            .map(Function::returned_noun);
        let fits = |builtin: &&Builtin| builtin.name == name && is_own(Some(builtin.receiver));
        let builtin = self
            .builtins()
            .iter()
            .filter(fits)
            .map(|builtin| builtin.returns);
        let nouns: BTreeSet<&'static str> = match declared.collect::<BTreeSet<_>>() {
            nouns if nouns.iter().all(|noun| noun.is_empty()) => builtin.collect(),
            nouns => nouns,
        };
        nouns
            .first()
            .copied()
            .filter(|noun| !noun.is_empty() && nouns.len() == 1)
            .map(of_values)
    }
}

/// The name of a type as values have it: help says "map" where a value says what it is for.
fn of_values(noun: &str) -> &str {
    if noun == "map" { "option map" } else { noun }
}

/// The path so far, where a command is followed by one.
fn file_of_command(before: &[char]) -> Option<String> {
    let line: String = before.iter().collect();
    let rest = ["%load ", "%save "]
        .iter()
        .find_map(|command| line.strip_prefix(command))?;
    Some(rest.trim_start().trim_start_matches('"').to_owned())
}

/// Where the last part of a path that ends the text begins.
fn name_start(before: &[char], path: &str) -> usize {
    before.len() - path.rsplit('/').next().unwrap_or("").chars().count()
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
        (
            completion.start,
            completion
                .candidates
                .into_iter()
                .map(|candidate| candidate.text)
                .collect(),
        )
    }

    #[test]
    fn names_are_completed_by_what_is_known_of_them() {
        let session =
            session("let clap = tone(440, 0.1); let claps = gain(3); fn clatter(x) { x }");
        let (start, found) = complete(&session, "let y = cla");
        assert_eq!(
            (start, &found[..2]),
            (8, &["clap".to_owned(), "claps".to_owned()][..])
        );
        assert!(
            ["clar::fade_mask", "clar_features", "clatter"]
                .iter()
                .all(|name| found.contains(&(*name).to_owned()))
        );
        assert!(found.iter().all(|name| name.starts_with("cla")));
        assert_eq!(
            complete(&session, "clap.sample_"),
            (5, vec!["sample_rate".into()])
        );
        assert!(complete(&session, "claps.").1.contains(&"trace".to_owned()));
        assert!(
            !complete(&session, "claps.")
                .1
                .contains(&"sample_rate".to_owned())
        );
        assert_eq!(
            complete(&session, "clar::fade_"),
            (0, vec!["clar::fade_mask".into()])
        );
        assert_eq!(
            complete(&session, "ä + whi"),
            (4, vec!["white_noise".into(), "while".into()])
        );
        assert_eq!(complete(&session, "nothing_like_it"), (0, vec![]));
        assert!(
            complete(&session, "tone(440, 1).sample_")
                .1
                .contains(&"sample_rate".to_owned())
        );
        assert_eq!(complete(&session, "x // whi"), (5, vec![]));
        assert_eq!(complete(&session, "%wh"), (0, vec!["%who".into()]));
        assert_eq!(complete(&session, "%").1.len(), crate::COMMANDS.len());
        assert_eq!(
            complete(&session, "?whi"),
            (1, vec!["white_noise".into(), "while".into()])
        );
    }

    #[test]
    fn options_and_paths_are_completed() {
        let session = session("");
        assert_eq!(
            complete(&session, "noise(5, #{ co"),
            (12, vec!["color: ".into()])
        );
        assert_eq!(complete(&session, "noise(5, #{ color: 1, co"), (22, vec![]));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("call.wav"), "").unwrap();
        std::fs::create_dir(folder.path().join("calls")).unwrap();
        let text = format!("load(\"{}/cal", folder.path().display());
        let start = text.chars().count() - 3;
        assert_eq!(
            complete(&session, &text),
            (start, vec!["call.wav".into(), "calls/".into()])
        );
        std::fs::write(folder.path().join("call_all.rhai"), "").unwrap();
        let text = format!("import \"{}/cal", folder.path().display());
        let start = text.chars().count() - 3;
        assert_eq!(
            complete(&session, &text),
            (start, vec!["call_all".into(), "calls/".into()])
        );
        let text = format!("%load {}/call_", folder.path().display());
        assert_eq!(complete(&session, &text).1, ["call_all.rhai"]);
        let text = format!("%save \"{}/call_", folder.path().display());
        assert_eq!(complete(&session, &text).1, ["call_all.rhai"]);
    }

    #[cfg(feature = "learn")]
    #[test]
    fn devices_are_completed_where_one_is_chosen() {
        let session = session("");
        assert_eq!(
            complete(&session, "let d = device(\"c"),
            (16, vec!["cpu".into()])
        );
        assert_eq!(complete(&session, "load(\"cpu_of_no_file"), (6, vec![]));
    }

    #[test]
    fn modules_and_defaults_are_shown() {
        let session = session("");
        let found = complete(&session, "let m = clar").1;
        assert!(
            found.contains(&"clar::".into()) && found.contains(&"clar_paper::".into()),
            "{found:?}"
        );
        let found = complete(&session, "clar::").1;
        assert!(
            found.len() > 2 && found.iter().all(|name| name.starts_with("clar::")),
            "{found:?}"
        );
        let completion = session.assistant().complete("noise(5, #{ ", 12);
        let color = completion
            .candidates
            .iter()
            .find(|candidate| candidate.text == "color: ")
            .unwrap();
        assert_eq!(color.signature, "color: \"white\"");
        assert!(!color.about.is_empty());
    }

    #[test]
    fn words_of_an_argument_are_completed() {
        let session = session("");
        let colors = ["blue", "brown", "pink", "violet", "white"];
        assert_eq!(complete(&session, "noise(5, #{ color: \"").1, colors);
        assert_eq!(
            complete(&session, "noise(5, #{ color: `p"),
            (20, vec!["pink".into()])
        );
        assert_eq!(
            complete(&session, "dataset([]).split(\"off"),
            (19, vec!["official".into(), "official:clean".into()])
        );
        assert_eq!(
            complete(&session, "split(d, \"off"),
            (10, vec!["official".into(), "official:clean".into()])
        );
        assert_eq!(
            complete(&session, "istft(x, (), #{ window: \"ham").1,
            ["hamming"]
        );
    }

    #[test]
    fn members_are_those_of_the_value_before_the_dot() {
        let session = session(
            "let w = tone(440, 0.1); let m = #{ sound: w, n: 3, inner: #{ deep: \"x\" } }; let list = [#{ label: \"a\" }];",
        );
        for (text, with, without) in [
            ("tone(440, 1).", "resample", "push"),
            ("tone(440, 1).resample(8000).", "sample_rate", "push"),
            ("\"abc\".", "to_upper", "push"),
            ("`a ${w} b`.", "split", "push"),
            ("[1, 2].", "push", "to_upper"),
            ("list.", "push", "label"),
            ("list[0].", "label", "push"),
            ("#{ a: 1 }.", "keys", "push"),
            ("#{ alpha: 1 }.", "alpha", "push"),
            ("m.", "sound", "push"),
            ("m.sound.", "sample_rate", "keys"),
            ("m.inner.deep.", "to_upper", "keys"),
            ("w\n    .gain_db", "", "push"),
            ("\"a b\".split(\" \").", "push", "to_upper"),
            ("if w.", "sample_rate", "push"),
            (
                "let v = tone(440, 1); let u = v.resample(8000); u.",
                "sample_rate",
                "push",
            ),
            ("let w = \"text\"; w.", "to_upper", "sample_rate"),
        ] {
            let found = complete(&session, text).1;
            assert!(
                with.is_empty() || found.contains(&with.to_owned()),
                "{text}: {found:?}"
            );
            assert!(!found.contains(&without.to_owned()), "{text}: {found:?}");
        }
        // What is not known may be anything.
        let found = complete(&session, "fn f(x) { x.").1;
        assert!(
            ["push", "to_upper", "resample"]
                .iter()
                .all(|name| found.contains(&(*name).to_owned()))
        );
    }

    #[test]
    fn names_of_the_same_text_and_of_rhai_are_completed() {
        let session = session("");
        assert_eq!(complete(&session, "pri").1, ["print"]);
        assert_eq!(
            complete(&session, "let clappers = 3;\nclapp"),
            (18, vec!["clappers".into()])
        );
        assert_eq!(
            complete(&session, "fn clapping(a) { a }\nclapp").1,
            ["clapping"]
        );
        assert_eq!(
            complete(&session, "for clapper in 0..3 { clapp").1,
            ["clapper"]
        );
        assert_eq!(
            complete(&session, "data.map(|clapper| clapp").1,
            ["clapper"]
        );
        assert_eq!(complete(&session, "let clapper = clapp").1, ["clapper"]);
        assert!(complete(&session, "let clapper").1.is_empty());
        let completion = session
            .assistant()
            .complete("fn clapping(a, b) { a }\nlet s = \"\"; clapp", 40);
        assert_eq!(completion.candidates[0].signature, "clapping(a, b)");
    }
}
