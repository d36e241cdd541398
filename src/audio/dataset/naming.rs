//! What the names of files say: the patient, the recording session, the fold.

use crate::Error;
use regex_lite::Regex;
use std::path::PathBuf;

/// How a value is read from the name of a file. The name is the path inside the dataset's folder, with `/` on every system.
pub enum Naming<'a> {
    /// What the one capture of a pattern matches, anywhere in the name.
    Pattern(NamePattern),
    /// What a function makes of the name.
    Function(&'a NameFunction<'a>),
}

/// A function from a name to a value.
pub type NameFunction<'a> = dyn Fn(&str) -> Result<String, Error> + 'a;

/// A regular expression with one capture, `(...)`.
pub struct NamePattern(Regex);

impl NamePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`Error::Parse`] if it is no regular expression, [`Error::Range`] unless it has one capture.
    pub fn new(param: &str, pattern: &str) -> Result<NamePattern, Error> {
        let regex = Regex::new(pattern).map_err(|error| Error::Parse {
            what: "the pattern",
            reason: format!(
                "{error}; `{param}` wants a regular expression such as `\"p([0-9]+)_\"`"
            ),
        })?;
        match regex.captures_len() - 1 {
            1 => Ok(NamePattern(regex)),
            n => {
                let want = "a pattern with one capture in parentheses, such as `\"p([0-9]+)_\"`";
                Err(Error::range(
                    param,
                    want,
                    format!("{pattern:?}, which has {n}"),
                ))
            }
        }
    }
}

impl Naming<'_> {
    /// The values of all names, each with its file.
    ///
    /// # Errors
    /// [`Error::File`] for the first file whose name says nothing, with the number of such files; whatever a function
    /// reports.
    pub(super) fn values(
        &self,
        param: &str,
        files: &[(PathBuf, String)],
    ) -> Result<Vec<String>, Error> {
        let value = |name: &str| match self {
            Naming::Function(function) => function(name),
            Naming::Pattern(NamePattern(regex)) => {
                let captured = regex.captures(name).and_then(|captures| captures.get(1));
                Ok(captured.map_or("", |captured| captured.as_str()).to_owned())
            }
        };
        let values: Vec<String> = files
            .iter()
            .map(|(_, name)| value(name))
            .collect::<Result<_, _>>()?;
        let silent: Vec<&PathBuf> = files
            .iter()
            .zip(&values)
            .filter(|(_, value)| value.is_empty())
            .map(|((path, _), _)| path)
            .collect();
        let Some(first) = silent.first() else {
            return Ok(values);
        };
        let (reason, hint) = match self {
            Naming::Pattern(NamePattern(pattern)) => (
                format!(
                    "the pattern {:?} of `{param}` finds nothing in its name",
                    pattern.as_str()
                ),
                "the pattern is looked for in the path inside the folder and must find something in every file's",
            ),
            Naming::Function(_) => (
                format!("the function of `{param}` gives nothing for its name"),
                "it must give a text for the path of every file inside the folder",
            ),
        };
        let reason = format!(
            "{reason}; that is so of {} of {} files",
            silent.len(),
            files.len()
        );
        Err(Error::file_with_hint(first, reason, hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(naming: &Naming<'_>, names: &[&str]) -> Result<Vec<String>, Error> {
        let files: Vec<_> = names
            .iter()
            .map(|name| (PathBuf::from(name), (*name).to_owned()))
            .collect();
        naming.values("group", &files)
    }

    #[test]
    fn the_capture_is_the_value() {
        let pattern = |text: &str| Naming::Pattern(NamePattern::new("group", text).unwrap());
        assert_eq!(
            values(&pattern("p([0-9]+)_"), &["a/p12_x.wav", "b/p3_y.wav"]).unwrap(),
            ["12", "3"]
        );
        assert_eq!(
            values(&pattern("^(?:[^/]+)/([^_]+)"), &["cough/ann_1.wav"]).unwrap(),
            ["ann"]
        );
        let error = values(&pattern("p([0-9]+)_"), &["p1_a.wav", "b.wav", "c.wav"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`b.wav`: the pattern \"p([0-9]+)_\" of `group` finds nothing in its name; that is so of 2 of 3 files"
        );
        let upper = |name: &str| Ok(name.split('_').next().unwrap_or_default().to_uppercase());
        assert_eq!(
            values(&Naming::Function(&upper), &["ann_1.wav"]).unwrap(),
            ["ANN"]
        );
        assert!(values(&Naming::Function(&|_| Ok(String::new())), &["a.wav"]).is_err());
    }

    #[test]
    fn a_pattern_needs_one_capture() {
        let error = |text: &str| NamePattern::new("group", text).err().unwrap().to_string();
        let want = "`group` must be a pattern with one capture in parentheses, such as `\"p([0-9]+)_\"`, not ";
        assert_eq!(error("p[0-9]+"), format!("{want}\"p[0-9]+\", which has 0"));
        assert_eq!(error("(a)(b)"), format!("{want}\"(a)(b)\", which has 2"));
        assert!(error("p(").starts_with("cannot read the pattern: "));
    }
}
