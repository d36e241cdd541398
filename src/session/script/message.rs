//! What rhai's errors say, in the language's own words.

use super::error::nearest;
use super::habits::Text;
use super::tokens::Kind;
use super::wording::{article, lower_first, noun};
use super::{Function, ScriptError, Table};
use rhai::{Dynamic, EvalAltResult, LexError, ParseErrorType};

/// What is known of the place where a script stopped.
pub(super) struct Cause<'a> {
    /// The text of the place.
    pub(super) text: Option<&'a Text<'a>>,
    /// The token of the place.
    pub(super) at: Option<usize>,
    pub(super) table: &'a Table,
    /// The session's variables.
    pub(super) names: &'a [String],
    /// Whether it happened inside a function.
    pub(super) in_function: bool,
}

/// A message, a remark on the place, and advice.
type Told = (String, &'static str, Vec<String>);

impl Cause<'_> {
    /// The token so many before the place, or after it.
    fn token(&self, offset: isize) -> &str {
        let token = || self.text?.get(self.at?.checked_add_signed(offset)?);
        token().map_or("", |token| token.text.as_str())
    }

    /// The variable before the point, if there is one.
    fn owner(&self) -> &str {
        let owner = || {
            let (text, at) = (self.text?, self.at?.checked_sub(2)?);
            (text.is(at + 1, ".") && text.is_name(at)).then(|| text.tokens[at].text.as_str())
        };
        owner().unwrap_or("x")
    }

    pub(super) fn eval_message(&self, error: &EvalAltResult) -> Told {
        use EvalAltResult as E;
        let plain = |message: String| (message, "", Vec::new());
        match error {
            E::ErrorRuntime(value, _) => match value.clone().try_cast::<ScriptError>() {
                Some(error) => (
                    error.message,
                    "in this call",
                    error.hint.into_iter().collect(),
                ),
                None => (thrown(value), "thrown here", Vec::new()),
            },
            E::ErrorFunctionNotFound(signature, _) => self.missing_function(signature),
            E::ErrorVariableNotFound(name, _) => self.missing_variable(name),
            E::ErrorPropertyNotFound(text, _) | E::ErrorDotExpr(text, _) => {
                self.missing_property(text)
            }
            E::ErrorIndexNotFound(index, _) => plain(format!("there is no element {index}")),
            E::ErrorArrayBounds(length, index, _) => {
                let message = format!("index {index} is outside an array of {length}");
                let hint = match length {
                    0 => "the array is empty".into(),
                    n => format!(
                        "indices go from 0 to {}, or from -{n} to -1 counted from the end",
                        n - 1
                    ),
                };
                (message, "", vec![hint])
            }
            E::ErrorModuleNotFound(name, _) => plain(format!("there is no module `{name}`")),
            E::ErrorMismatchDataType(wanted, got, _) if wanted == "Fn" => self.called_value(got),
            E::ErrorMismatchDataType(wanted, got, _)
            | E::ErrorMismatchOutputType(wanted, got, _) => {
                let message = format!("{} is wanted here, not {}", article(wanted), article(got));
                // rhai names a type of its own as Rust does, with its parameters.
                let hint = match (wanted.as_str(), got.contains("Range")) {
                    (_, true) => {
                        "a part of an array is `x.extract(1..3)`, of a sound `w.slice(from_s, to_s)`"
                    }
                    ("bool", _) => "a condition is true or false: compare, `x != 0`, `x != ()`",
                    _ => "",
                };
                (message, "", vec![hint.to_owned()])
            }
            E::ErrorIndexingType(name, _) => {
                let name = name.split(' ').next().unwrap_or(name);
                let hint = match name {
                    "wave" => {
                        "its samples are an array: `w.samples()[0]`; a part of a sound is `w.slice(from_s, to_s)`"
                    }
                    "recipe" => "its stages are listed by `print(r)`",
                    _ => "",
                };
                (
                    format!("{} cannot be indexed this way", article(name)),
                    "",
                    vec![hint.to_owned()],
                )
            }
            E::ErrorFor(_) => {
                let hint = "a loop runs over an array, a range `0..n`, a dataset or batches; samples are `w.samples()`";
                (
                    "this cannot be looped over".into(),
                    "",
                    vec![hint.to_owned()],
                )
            }
            E::ErrorAssignmentToConstant(name, _)
                if self.in_function && self.names.iter().any(|known| known == name) =>
            {
                let hint = format!(
                    "return the new value instead: `{name} = f(...)`; or name it anew, `let {name} = ...`"
                );
                (
                    format!("a function reads `{name}`, but cannot change it"),
                    "",
                    vec![hint],
                )
            }
            E::ErrorAssignmentToConstant(name, _) => (
                format!("`{name}` is a constant"),
                "",
                vec!["declare it with `let` to change it".into()],
            ),
            E::ErrorArithmetic(text, _) => plain(lower_first(text)),
            E::ErrorStackOverflow(_) => {
                let hint = "does a function call itself without an end?".to_owned();
                ("too many calls inside each other".into(), "", vec![hint])
            }
            E::ErrorDataTooLarge(what, _) => {
                plain(format!("{} has grown too large", lower_first(what)))
            }
            E::ErrorTerminated(reason, _) => plain(reason.to_string()),
            E::ErrorParsing(kind, _) => {
                let (message, hint) = parse_message(kind, self.table);
                (message, "", hint.into_iter().collect())
            }
            other => {
                // rhai appends the position, which the picture shows.
                let text = other.to_string();
                plain(lower_first(text.split(" (line ").next().unwrap_or(&text)))
            }
        }
    }

    fn missing_variable(&self, name: &str) -> Told {
        let functions = self.table.names();
        let hint = if self.token(-1) == "import" {
            "functions need no import: `help()` lists them all; a script of one's own is `import \"file\" as name;`"
                .into()
        } else if self.token(-1) == "%" {
            "a comment begins with `//`".into()
        } else if let Some(advice) = self.table.foreign(name) {
            advice.to_owned()
        } else if functions.contains(name) {
            format!("`{name}` is a function: write `{name}(...)`; as a value, `|x| {name}(x)`")
        } else if let Some(guess) = nearest(name, self.names.iter().map(String::as_str)) {
            format!("did you mean `{guess}`?")
        } else if let Some(guess) = self.table.nearest(name) {
            format!("did you mean the function `{guess}`?")
        } else {
            format!("a variable is made with `let {name} = ...`")
        };
        (format!("there is no variable `{name}`"), "", vec![hint])
    }

    /// `x(2)`, where `x` holds no function. What rhai tells is the type of the first argument: it takes that for the function.
    fn called_value(&self, type_name: &str) -> Told {
        let place = self.at.unwrap_or(0);
        let name = self.text.and_then(|text| {
            // The place is that of the call, or of its first argument.
            let called = match place.checked_sub(2) {
                Some(before) if text.is(place - 1, "(") => before,
                _ => place,
            };
            let mut candidates = (called.saturating_sub(2)..=called).rev();
            let name = candidates.find(|&i| text.is_name(i) || text.is(i, ")"))?;
            text.is_name(name).then(|| text.tokens[name].text.clone())
        });
        let hint = match (noun(type_name), name.as_deref()) {
            ("wave", name) => format!(
                "a sound goes through a recipe by `|>`: write `w |> {}`",
                name.unwrap_or("r")
            ),
            (_, name) => {
                let name = name.unwrap_or("x");
                format!(
                    "an element of an array or a text is read with brackets, `{name}[0]`; of a map with `{name}.key`"
                )
            }
        };
        let shown = name.map_or("this".into(), |name| format!("`{name}`"));
        (
            format!("{shown} holds no function that could be called"),
            "",
            vec![hint],
        )
    }

    /// `name (type, type)` as rhai writes it, for a call that matches nothing.
    fn missing_function(&self, signature: &str) -> Told {
        let (name, types) = signature.split_once(" (").unwrap_or((signature, ""));
        let name = name.trim_start_matches("get$").trim_start_matches("set$");
        let types: Vec<&str> = types
            .trim_end_matches(')')
            .split(", ")
            .filter(|t| !t.is_empty())
            .collect();
        let nouns: Vec<String> = types.iter().map(|name| article(name)).collect();
        if name.starts_with("anon$") {
            let hint = "a closure takes as many values as there are names between its bars: `|a, b| a + b`";
            let given = given(&nouns);
            return (
                format!("this closure cannot be called with {given}"),
                "",
                vec![hint.into()],
            );
        }
        if name == "call" {
            return self.called_value(types.first().copied().unwrap_or_default());
        }
        if !name
            .chars()
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_')
        {
            return missing_operator(name, &nouns);
        }
        let foreign = self.foreign(types.first().copied().unwrap_or_default(), name);
        let properties = self.table.named(name).filter(|f| !f.is_called());
        if let Some(owner) = properties
            .filter_map(|f| f.receiver_name())
            .find(|owner| types.first() == Some(owner))
        {
            let hint = format!("write `{}.{name}`, without parentheses", self.owner());
            return (
                format!("`{name}` is a property of {}, no function", article(owner)),
                "",
                vec![hint],
            );
        }
        // Those of the type that it was called on say more than those of others.
        let of_type = |f: &&Function| f.receiver_name() == types.first().map(|name| noun(name));
        let any_of_type = self
            .table
            .named(name)
            .any(|f| of_type(&f) && f.receiver_name().is_some());
        let fitting = self
            .table
            .named(name)
            .filter(|f| !any_of_type || of_type(f));
        let usages: Vec<String> = fitting
            .map(|function| format!("usage: {}", function.signature()))
            .collect();
        if usages.is_empty() {
            let guess = || {
                self.table
                    .nearest(name)
                    .map(|guess| format!("did you mean `{guess}`?"))
            };
            return (
                format!("there is no function `{name}`"),
                "",
                foreign.or_else(guess).into_iter().collect(),
            );
        }
        let mut hints = if any_of_type || foreign.is_none() {
            usages
        } else {
            Vec::new()
        };
        if matches!(name, "print" | "debug") && nouns.len() > 1 {
            hints = vec![format!(
                "`{name}` takes one value: several stand in a text in backticks, `a ${{x}}`"
            )];
        }
        if let Some(advice) = foreign {
            hints.insert(0, advice);
        }
        (
            format!("`{name}` cannot be called with {}", given(&nouns)),
            "in this call",
            hints,
        )
    }

    /// rhai says which type has no such property in several ways; what is quoted are the names.
    fn missing_property(&self, text: &str) -> Told {
        let quoted: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
        let (property, owner) = match quoted.as_slice() {
            [property, owner, ..] => (*property, *owner),
            [property] => (*property, ""),
            [] => (text, ""),
        };
        if owner.is_empty() {
            return self.missing_key(property);
        }
        let a_type = article(owner);
        let owner = noun(owner);
        let has = |called: bool| {
            self.table
                .named(property)
                .any(|f| f.receiver_name() == Some(owner) && f.is_called() == called)
        };
        if has(false) {
            let advice = self
                .table
                .foreign(&format!("{property}="))
                .map(str::to_owned);
            let hint = advice
                .unwrap_or_else(|| format!("{a_type} never changes: a function gives another one"));
            return (
                format!("the property `{property}` of {a_type} cannot be set"),
                "",
                vec![hint],
            );
        }
        if has(true) {
            let usage = self
                .table
                .named(property)
                .find(|f| f.receiver_name() == Some(owner));
            let needs =
                usage.is_some_and(|f| f.described_parameters().any(|p| p.default.is_none()));
            let hint = format!(
                "write `{}.{property}({})`",
                self.owner(),
                if needs { "..." } else { "" }
            );
            return (
                format!("`{property}` is a function of {a_type}, which is called with parentheses"),
                "",
                vec![hint],
            );
        }
        let members = self.table.members(owner);
        let hint = match (
            self.foreign(owner, property),
            nearest(property, members.iter().copied()),
        ) {
            (Some(advice), _) => advice,
            (None, Some(guess)) => format!("did you mean `{guess}`?"),
            (None, None) if members.is_empty() => String::new(),
            (None, None) => format!("it has {}", members.join(", ")),
        };
        (
            format!("{a_type} has no property `{property}`"),
            "",
            vec![hint],
        )
    }

    /// What is said of a name that is known elsewhere: of values of a type, or else in general.
    fn foreign(&self, type_name: &str, name: &str) -> Option<String> {
        let of_type = self.table.foreign(&format!("{}.{name}", noun(type_name)));
        of_type
            .or_else(|| self.table.foreign(name))
            .map(str::to_owned)
    }

    /// A key that a map does not have. The map is gone: what may be meant are the keys that the text mentions.
    fn missing_key(&self, key: &str) -> Told {
        let tokens = self
            .text
            .map(|text| text.tokens.as_slice())
            .unwrap_or_default();
        let keys = tokens.windows(2).enumerate().filter_map(|(i, pair)| {
            let in_map = pair[1].is(":")
                || i.checked_sub(1)
                    .is_some_and(|i| tokens[i].is(".") && pair[1].is("="));
            let is_name = matches!(pair[0].kind, Kind::Word | Kind::Text);
            (in_map && is_name).then(|| pair[0].text.trim_matches('"'))
        });
        let asks = format!("`m?.{key}` gives `()` for a key that is not there");
        let keys: Vec<&str> = keys.filter(|known| *known != key).collect();
        let hints = match nearest(key, keys) {
            Some(guess) => vec![format!("did you mean `{guess}`?"), asks],
            None => match self.table.foreign(key) {
                Some(advice) => vec![advice.to_owned(), asks],
                None => vec![asks],
            },
        };
        (format!("the map has no key `{key}`"), "", hints)
    }
}

/// The types of a call's arguments.
fn given(nouns: &[String]) -> String {
    if nouns.is_empty() {
        "no arguments".to_owned()
    } else {
        nouns.join(" and ")
    }
}

/// An operator between types that it does not work between.
fn missing_operator(name: &str, nouns: &[String]) -> Told {
    let has = |noun: &str| nouns.iter().any(|known| known == noun);
    let hint = match name {
        "|>" => "on the right of `|>` stands a recipe, a function or a closure",
        "%" if has("a string") => "values are put into a text in backticks: `a ${x}`",
        "*" if has("a string") && has("a number") => {
            "a text is repeated by `s.pad(n, \"ab\")`, which makes it n characters long"
        }
        "-" | "/" if has("a string") => "a text is read as a number by `parse_float(s)`",
        ".." if has("a string") => "texts are joined by `+`",
        "^" => "a power is written `x ** y`",
        "+" | ">>" | "|" if has("a recipe") => {
            "`a |> b` is one stage behind the other, `w |> a` a sound through it, `a | b` one of both"
        }
        "+" | "-" | "*" | "/" | "**" if has("an array") => {
            "what is done to every element is `x.map(|v| 2 * v)`"
        }
        "+" | "-" | "*" | "/" | "<" | ">" | "<=" | ">=" if has("nothing") => {
            "one side is `()`: a function that gives nothing, or a value that is not there"
        }
        "!" | "&&" | "||" => "it takes what is true or false: compare, `x != 0`",
        _ => "",
    };
    let message = match nouns {
        [one] => format!("`{name}` does not work on {one}"),
        [left, right] => format!("`{name}` does not work between {left} and {right}"),
        nouns => format!("`{name}` does not work between {}", nouns.join(", ")),
    };
    (message, "", vec![hint.to_owned()])
}

/// What a script threw: a string as it is, a map by its `message`.
fn thrown(value: &Dynamic) -> String {
    if let Some(map) = value.clone().try_cast::<rhai::Map>()
        && let Some(message) = map.get("message")
    {
        return message.to_string();
    }
    super::Shown::text_of(value)
}

/// What a parse error says, and advice. Where rhai has one variant for several causes, its words are looked at.
pub(super) fn parse_message(kind: &ParseErrorType, table: &Table) -> (String, Option<String>) {
    use ParseErrorType as P;
    let hint = |text: &str| Some(text.to_owned());
    match kind {
        P::UnexpectedEOF => (
            "the script ends too early".into(),
            hint("a bracket or a block is still open"),
        ),
        P::MissingToken(token, what) => (format!("`{token}` is missing {what}"), None),
        P::MissingSymbol(what) => (lower_first(what), None),
        P::UnknownOperator(operator) => (format!("there is no operator `{operator}`"), None),
        P::BadInput(LexError::UnterminatedString) => (
            "this string is not closed".into(),
            hint("add the closing quote"),
        ),
        P::BadInput(LexError::UnexpectedInput(text)) => {
            (format!("`{text}` is not expected here"), None)
        }
        P::BadInput(LexError::ImproperSymbol(_, text)) if text.contains("typo of '=='") => (
            "`=` gives a variable a value, and is no condition".into(),
            hint("`==` compares"),
        ),
        P::BadInput(LexError::ImproperSymbol(symbol, text)) if text.is_empty() => {
            (format!("`{symbol}` is no part of the language"), None)
        }
        P::BadInput(LexError::ImproperSymbol(_, text)) => (lower_first(text), None),
        P::BadInput(error) => (lower_first(&error.to_string()), None),
        P::Reserved(word) => match table.foreign(word) {
            Some(advice) => (format!("`{word}` is no word of the language"), hint(advice)),
            None => (
                format!("`{word}` is a reserved word"),
                hint("choose another name"),
            ),
        },
        P::VariableUndefined(name) => (format!("there is no variable `{name}`"), None),
        P::MismatchedType(wanted, got) if wanted.contains("iterable") => {
            let hint = hint("a loop runs over an array or a range: `for i in 0..10 { ... }`");
            (format!("a loop cannot run over {}", got), hint)
        }
        P::MismatchedType(wanted, got) if wanted.contains("bool") => {
            let hint = hint("compare: `x != 0`, `x != \"\"`, `x != ()`");
            (format!("a condition is true or false, not {}", got), hint)
        }
        P::AssignmentToConstant(name) => (
            format!("`{name}` is a constant"),
            hint("declare it with `let` to change it"),
        ),
        P::PropertyExpected => ("the name of a property is missing".into(), None),
        P::VariableExpected => ("a variable name is missing".into(), None),
        P::ExprExpected(what) => (format!("{what} is missing here"), None),
        other => (lower_first(&other.to_string()), None),
    }
}
