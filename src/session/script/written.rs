//! Functions that are written in the language itself, and what the `///` above them says.

use rhai::AST;

/// A function of a library or of the session, as help knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name, with the namespace it is called through.
    pub name: String,
    /// How it is called.
    pub signature: String,
    /// What it does; empty if nothing is said.
    pub about: String,
    /// A line of script that shows it, from a comment that begins with `example:`; may be empty.
    pub example: String,
    /// Names of the options it takes and what is said of them, from comments that begin with `option:`.
    pub options: Vec<(String, String)>,
    /// The function whose options it takes besides, from a comment that begins with `options of:`; may be empty.
    pub options_of: String,
}

impl Written {
    /// The public functions of a text, under a namespace or none.
    pub fn all(ast: &AST, namespace: &str) -> Vec<Written> {
        let prefix = if namespace.is_empty() {
            String::new()
        } else {
            format!("{namespace}::")
        };
        let mut all: Vec<Written> = ast
            .iter_functions()
            .filter(|function| {
                function.access == rhai::FnAccess::Public && !function.name.starts_with("anon$")
            })
            .map(|function| {
                let lines: Vec<&str> = function
                    .comments
                    .iter()
                    .flat_map(|c| c.lines())
                    .map(|line| line.trim_start_matches('/').trim())
                    .collect();
                let (examples, about): (Vec<&str>, Vec<&str>) = lines
                    .into_iter()
                    .partition(|line| line.starts_with(EXAMPLE));
                let (options, about): (Vec<&str>, Vec<&str>) =
                    about.into_iter().partition(|line| line.starts_with(OPTION));
                let (options_of, about): (Vec<&str>, Vec<&str>) = about
                    .into_iter()
                    .partition(|line| line.starts_with(OPTIONS_OF));
                let option = |line: &str| {
                    let (name, about) = line[OPTION.len()..].split_once(':')?;
                    Some((name.trim().to_owned(), about.trim().to_owned()))
                };
                Written {
                    options: options.into_iter().filter_map(option).collect(),
                    options_of: options_of
                        .first()
                        .map_or("", |line| line[OPTIONS_OF.len()..].trim())
                        .to_owned(),
                    name: format!("{prefix}{}", function.name),
                    signature: format!("{prefix}{}({})", function.name, function.params.join(", ")),
                    about: about.join(" ").trim().to_owned(),
                    example: examples
                        .iter()
                        .map(|line| line[EXAMPLE.len()..].trim())
                        .collect::<Vec<_>>()
                        .join("\n"),
                }
            })
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// How it is called, what it does, and its options.
    pub fn help(&self) -> String {
        let options = self.options.iter();
        let options = options.map(|(name, about)| format!("\n    {name}: {about}"));
        let text = format!("{}\n    {}", self.signature, self.about);
        format!("{}{}", text.trim_end(), options.collect::<String>())
    }
}

const EXAMPLE: &str = "example:";
const OPTION: &str = "option:";
const OPTIONS_OF: &str = "options of:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_become_text_and_example() {
        let text = "/// Adds one.\n/// Twice is two.\n/// option: by: how much: 1 or 2\n/// options of: noise\n/// example: assert(add(1) == 2)\nfn add(x) { x + 1 }\nprivate fn no() { 1 }";
        let ast = rhai::Engine::new().compile(text).unwrap();
        let want = Written {
            name: "math::add".into(),
            signature: "math::add(x)".into(),
            about: "Adds one. Twice is two.".into(),
            example: "assert(add(1) == 2)".into(),
            options: vec![("by".into(), "how much: 1 or 2".into())],
            options_of: "noise".into(),
        };
        assert_eq!(Written::all(&ast, "math"), [want]);
    }
}
