//! Cells of Rust: `%%rust` in the first line makes stages of the functions below it.

use crate::cell::Reply;
use crate::rust_fault::at_the_cell;
use crate::rust_process::RustProcess;
use crate::rust_text::without_command;
use crate::script::{Diagnostic, Mode};
use crate::{Outcome, Session};
use auricle_audio::augment::Value;
use auricle_native::{Error, Fault, Operator, Shape, Source};
use rhai::Dynamic;

impl Session {
    /// Makes functions of the language of the operators in a cell, and runs one without any as it is. Gives what is said to
    /// the user, and the functions as a text of the language.
    ///
    /// # Errors
    /// A diagnostic at the cell's own lines.
    pub(crate) fn rust(
        &mut self,
        name: &str,
        cell: &str,
    ) -> Result<(Reply, Option<String>), Diagnostic> {
        let text = without_command(cell);
        let explained = |error: Error| explain(&error, name, cell);
        let source = match Source::read(&text) {
            Err(Error::NoOperator) => return self.plain_rust(name, &text, cell),
            // Statements are no items; but samples stand in nothing but an operator.
            Err(Error::Source(_)) if !text.contains(SAMPLES) => {
                return self.plain_rust(name, &text, cell);
            }
            read => read.map_err(explained)?,
        };
        for (operator, place) in source.operators.iter().zip(&source.places) {
            if self.table.named(&operator.name).next().is_some() {
                let fault = Fault {
                    message: format!("`{}` is a function of the language", operator.name),
                    labels: vec![place.clone()],
                    hint: Some("give the operator another name".to_owned()),
                    others: 0,
                };
                return Err(at_the_cell(&fault, name, cell));
            }
        }
        self.environment.token.reset();
        let token = self.environment.token.clone();
        let library = source.library(&|| token.is_cancelled());
        let library = library.map_err(explained)?;
        let script = functions(&text, library.operators());
        self.eval(&format!("operators of {name}"), &script)?;
        let told: Vec<String> = library.operators().iter().map(told).collect();
        Ok((Reply::Text(told.join("\n")), Some(script)))
    }

    fn plain_rust(
        &mut self,
        name: &str,
        text: &str,
        cell: &str,
    ) -> Result<(Reply, Option<String>), Diagnostic> {
        let nothing = Outcome {
            value: Dynamic::UNIT,
            shown: false,
        };
        if self.environment.settings.mode == Mode::Check {
            return Ok((Reply::Value(nothing), None));
        }
        self.environment.token.reset();
        let mut process = match self.rust_process.take() {
            Some(process) => process,
            None => RustProcess::start()?,
        };
        let environment = &self.environment;
        let ran = process.run(name, text, cell, &*environment.sink, &environment.token);
        let (result, is_there) = match ran {
            Ok(()) => (Ok((Reply::Value(nothing), None)), true),
            Err((diagnostic, is_there)) => (Err(diagnostic), is_there),
        };
        self.rust_process = Some(process).filter(|_| is_there);
        result
    }
}

/// What stands in every operator.
const SAMPLES: &str = "[f32]";

/// What is said of an operator that was made.
fn told(operator: &Operator) -> String {
    let of = match operator.shape {
        Shape::Wave => "waves",
        Shape::Features => "features",
    };
    format!("{}: a stage for {of}", operator.signature())
}

/// The operators as functions of the language, with their text.
fn functions(text: &str, operators: &[Operator]) -> String {
    let source = Value::Word(text.trim_end().to_owned()).to_string();
    let mut out = String::new();
    for operator in operators {
        let mut lines: Vec<String> = operator.about.lines().map(str::to_owned).collect();
        lines.extend(operator.parameters.iter().map(|parameter| {
            let mut said = vec![parameter.about.clone()];
            said.push(parameter.wanted());
            said.extend(
                parameter
                    .default
                    .map(|default| format!("default {default}")),
            );
            said.retain(|part| !part.is_empty());
            format!("option: {}: {}", parameter.name, said.join("; "))
        }));
        let comments: String = lines.iter().map(|line| format!("/// {line}\n")).collect();
        let (name, several) = (&operator.name, operators.len() > 1);
        let which = if several {
            format!("options.operator = \"{name}\"; ")
        } else {
            String::new()
        };
        out += &format!(
            "{comments}fn {name}(options) {{ {which}rust_op({source}, options) }}\n\
             {comments}fn {name}() {{ {name}(#{{}}) }}\n"
        );
    }
    out
}

/// What went wrong, at the cell's lines.
fn explain(error: &Error, name: &str, cell: &str) -> Diagnostic {
    match error {
        Error::Source(fault) => at_the_cell(fault, name, cell),
        error => Diagnostic::error(error.to_string(), None, "", error.hint()),
    }
}

#[cfg(test)]
mod tests {
    use crate::cell::tests::{session, text};
    use crate::script::Completeness;

    const SOFTCLIP: &str = "%%rust\n/// Bends the wave softly.\n/// drive: how hard, 1..20, default 4\n\
                            fn softclip(x: &mut [f32], sample_rate: u32, drive: f32) {\n    \
                            for v in x { *v = (drive * *v).tanh(); }\n}\n";

    #[test]
    fn a_function_becomes_a_stage() {
        let mut session = session();
        assert_eq!(
            text(&mut session, SOFTCLIP),
            "softclip(#{ drive: 4 }): a stage for waves"
        );
        let peak = "(tone(440, 0.1) |> gain(6) |> softclip(#{ drive: 8..9 })).peak() > 0.99";
        assert_eq!(text(&mut session, peak), "true");
        assert_eq!(
            text(
                &mut session,
                "let r = softclip(); from_json(to_json(r)) == r"
            ),
            "true"
        );
        let about = text(&mut session, "softclip?");
        assert!(
            about.contains("Bends the wave softly.") && about.contains("drive: how hard; a number"),
            "{about}"
        );
        let completion = session.assistant().complete("softclip(#{ dr", 14);
        assert_eq!(completion.candidates[0].text, "drive: ");
        assert!(
            session
                .assistant()
                .complete("gain(6) |> softc", 16)
                .candidates
                .iter()
                .any(|c| c.text == "softclip")
        );
        let told = text(&mut session, "softclip(#{ drvie: 3 })");
        assert!(
            told.contains("`softclip` has no option `drvie`")
                && told.contains("did you mean `drive`?"),
            "{told}"
        );
        // What was made before stays what it was.
        let doubled = SOFTCLIP.replace("drive * *v", "2.0 * drive * *v");
        text(&mut session, &doubled);
        assert_eq!(
            text(
                &mut session,
                "let x = wave([0.1], 8000); (x |> r) == (x |> softclip())"
            ),
            "false"
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.rhai").display().to_string();
        text(&mut session, &format!("%save {file}"));
        let mut second = super::tests::session();
        // In a script the last function of a name is the one of all lines.
        let loaded = text(&mut second, &format!("%load {file}"));
        assert!(!loaded.contains("error"), "{loaded}");
        assert_eq!(
            text(&mut second, "(x |> r) == (x |> softclip(#{ drive: 4 }))"),
            "true"
        );
    }

    #[test]
    fn what_is_wrong_stands_at_the_lines_of_the_cell() {
        let mut session = session();
        let told = text(&mut session, "let kept = 1;");
        assert_eq!(told, "");
        for (cell, want) in [
            (
                "%%rust\nfn f(x: &mut [f32]) {\n    let n: f32 = x.len();\n}",
                "error: mismatched types\n --> cell 1:3:18",
            ),
            (
                "%%rust\nfn f(x: &[f32]) {}",
                "error: `f` must take its samples as `&mut [f32]`, which it changes in place\n --> cell 1:2:9",
            ),
            (
                "%%rust\nfn gain(x: &mut [f32]) {}",
                "error: `gain` is a function of the language\n --> cell 1:2:4",
            ),
            ("%%rust\nfn f(x: &mut [f32]) {", "error: this is no Rust"),
        ] {
            let told = text(&mut session, cell);
            assert!(told.starts_with(want), "{told}");
        }
        assert_eq!(text(&mut session, "kept"), "1");
    }

    #[test]
    fn a_cell_goes_on_until_a_line_is_empty() {
        let assistant = session().assistant();
        for (text, want) in [
            ("%%rust", Completeness::Incomplete),
            ("%%rust\nfn f() {", Completeness::Incomplete),
            ("%%rust\nfn f() {}\n", Completeness::Complete),
        ] {
            assert_eq!(assistant.completeness(text), want, "{text:?}");
        }
    }
}
