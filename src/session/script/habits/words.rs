//! Words of other languages.

use super::super::tokens::Kind;
use super::text::{Habit, Text};

/// Words that nothing can be named by.
const OF_THE_LANGUAGE: [&str; 21] = [
    "if", "else", "for", "while", "loop", "do", "until", "switch", "fn", "let", "const", "in",
    "return", "break", "continue", "throw", "try", "catch", "import", "export", "private",
];

/// A word that means something elsewhere, where it makes a script that cannot be parsed.
pub(super) fn word(text: &Text<'_>, at: usize) -> Option<Habit> {
    let token = text.get(at).filter(|token| token.kind == Kind::Word)?;
    let (before, next) = (text.before(at), text.get(at + 1));
    if before.is_some_and(|before| before.is(".") || before.is("?.")) {
        return None;
    }
    let left = before
        .filter(|before| before.ends_value())
        .map(|before| before.text.as_str());
    let follows = next.is_some_and(|next| next.begins_value() && !next.leads);
    let right = next.filter(|_| follows).map(|next| next.text.as_str());
    let says = |hint: String| {
        Habit::new(
            at,
            at,
            format!("`{}` is no word of the language", token.text),
            hint,
        )
    };
    let begins = text.begins_statement(at) || before.is_some_and(|before| before.is("="));
    match (token.text.as_str(), left, right) {
        ("let" | "const" | "fn", ..) if next.is_some_and(|next| OF_THE_LANGUAGE.contains(&next.text.as_str())) => {
            let message = format!("`{}` is a word of the language", text.tokens[at + 1].text);
            Habit::new(at + 1, at + 1, message, "choose another name")
        }
        ("and" | "AND", Some(left), Some(right)) => says(format!("write `{left} && {right}`")),
        ("or" | "OR", Some(left), Some(right)) => says(format!("write `{left} || {right}`")),
        ("xor", Some(left), Some(right)) => says(format!("write `{left} != {right}`")),
        ("not", Some(left), _) if text.is(at + 1, "in") => {
            let of = text.get(at + 2).map_or("y", |token| &token.text);
            says(format!("write `{left} !in {of}`"))
        }
        ("not" | "NOT", None, Some(right)) => says(format!("write `!{right}`")),
        ("is", Some(left), Some("not")) => says(format!("write `{left} != ()`; `type_of(x)` tells a type")),
        ("is", Some(left), Some(right)) => {
            let right = if right == "None" || right == "null" { "()" } else { right };
            says(format!("write `{left} == {right}`; `type_of(x)` tells a type"))
        }
        ("instanceof" | "isinstance", Some(left), Some(_)) => says(format!("write `type_of({left}) == \"...\"`")),
        ("elif" | "elseif" | "elsif" | "elsf", ..) => says("write `else if x { ... }`".into()),
        ("end" | "endif" | "endfor" | "fi" | "done" | "endfunction" | "endwhile" | "begin", ..) if begins => {
            says("a block stands in braces: `if x { ... }`, `for x in xs { ... }`, `fn f(x) { ... }`".into())
        }
        ("then", Some(_), _) => says("write `if x { ... }`".into()),
        ("except" | "rescue", ..) => says("write `try { ... } catch (e) { ... }`".into()),
        ("finally", ..) if begins => says("write what follows behind the block of `catch`".into()),
        ("catch", ..) if text.is_name(at + 1) => {
            let name = right.unwrap_or("e");
            Habit::new(
                at,
                at + 1,
                "the name of an error stands in parentheses",
                format!("write `catch ({name}) {{ ... }}`"),
            )
        }
        ("raise" | "die", _, Some(_)) if begins => says("write `throw \"what is wrong\";`".into()),
        ("throw", _, Some("new")) => {
            let what = text.get(at + 4).map_or("\"what is wrong\"", |token| &token.text);
            Habit::new(at + 1, at + 1, "there is no `new`", format!("write `throw {what};`"))
        }
        ("new", ..) => {
            let name = right.unwrap_or("f");
            Habit::new(at, at, "there is no `new`", format!("write `{name}(...)`: values are made by functions"))
        }
        (
            "var" | "int" | "float" | "double" | "bool" | "string" | "auto" | "local" | "val" | "mut" | "final"
            | "static" | "char" | "global" | "nonlocal" | "my" | "dim",
            _,
            Some(name),
        ) if begins && text.is_name(at + 1) => {
            let hint = if matches!(token.text.as_str(), "global" | "nonlocal") {
                format!("a function reads `{name}` as it is; to change it, return the new value: `{name} = f()`")
            } else {
                format!("write `let {name} = ...`")
            };
            says(hint)
        }
        ("mut", ..) => says("write `let x = ...`: variables may always be changed".into()),
        ("from", _, Some(_)) if begins && text.tokens[at..=text.line_end(at)].iter().any(|t| t.is("import")) => says(
            "functions need no import: `help()` lists them all; a script of one's own is `import \"file\" as name;`"
                .into(),
        ),
        ("import", _, Some(_)) if text.is_name(at + 1) || text.is(at + 1, "{") => {
            let hint = "functions need no import: `help()` lists them all; a script of one's own is `import \"file\" as name;`";
            Habit::new(at, at + 1, "the name of a script is a text", hint)
        }
        ("use" | "using" | "include" | "require" | "package", _, Some(_)) if begins => {
            says("functions need no import; a script of one's own is `import \"file\" as name;`".into())
        }
        ("class" | "struct" | "interface" | "enum" | "type", _, Some(_)) if begins => {
            says("a map holds values and closures: `#{ a: 1, f: |x| x + 1 }`".into())
        }
        ("public" | "protected" | "abstract" | "extern" | "inline" | "pub", _, Some(_)) if begins => {
            says("functions of a script are all public, `private fn f() { ... }` is not".into())
        }
        ("with", ..) => says("write `let x = load(\"a.wav\");`: files are closed by themselves".into()),
        ("await" | "async" | "yield" | "spawn" | "go" | "thread", ..) => {
            says("a script does one thing after the other: leave the word out".into())
        }
        ("match", ..) => says("write `switch x { 1 => ..., _ => ... }`".into()),
        ("case", ..) if begins => says("write `switch x { 1 => ..., _ => ... }`".into()),
        ("default", ..) if text.is(at + 1, ":") => says("write `switch x { 1 => ..., _ => ... }`".into()),
        ("unless", _, Some(right)) => says(format!("write `if !{right} {{ ... }}`")),
        ("foreach", ..) => says("write `for x in xs { ... }`".into()),
        ("goto", ..) => says("write a loop: `while x { ... }`, left by `break`".into()),
        ("del" | "delete", _, Some(_)) if begins => {
            says("`m.remove(\"key\")` takes a key out of a map, `a.remove(0)` an element out of an array".into())
        }
        ("print" | "debug", ..) if !text.is(at + 1, "(") && !follows => {
            let hint = format!("write `{}(x)`; as a function value, `|x| {}(x)`", token.text, token.text);
            Habit::new(at, at, format!("`{}` is called with parentheses", token.text), hint)
        }
        _ => None,
    }
}

/// `a if b else c`.
pub(super) fn condition_behind(text: &Text<'_>, at: usize) -> Option<Habit> {
    let left = text
        .before(at)
        .filter(|before| before.ends_value() && !before.is("}"));
    if !text.is(at, "if") || text.tokens[at].leads || left.is_none() {
        return None;
    }
    let around = text.around(at);
    let end = text.line_end(at);
    let other = (at..=end).find(|&i| text.is(i, "else") && text.around(i) == around);
    if (at..=end).any(|i| text.is(i, "{")) {
        return None;
    }
    let from = (0..at)
        .rev()
        .take_while(|&i| {
            !(text.around(i) == around && text.is_any(i, &["=", ";", ",", "{", "}", "return"]))
                && around != Some(i)
        })
        .last()?;
    let value = text.source(from, at - 1);
    let hint = match other {
        Some(other) => format!(
            "write `if {} {{ {value} }} else {{ {} }}`",
            text.source(at + 1, other - 1),
            text.source(other + 1, text.expression_end(other + 1))
        ),
        None => format!(
            "write `if {} {{ {value} }}`",
            text.source(at + 1, text.expression_end(at + 1))
        ),
    };
    Habit::new(at, at, "a condition stands before what depends on it", hint)
}
