//! rhai's functions that make something as large as a number says, or that let an array grow without an end.

use super::ScriptError;
use super::memory::room_for;
use rhai::{Array, Blob, Dynamic, Engine, EvalAltResult, INT, ImmutableString};

/// Elements of an array at most, and bytes of a string or a blob: what is larger is sound, or a tensor.
const MOST_ELEMENTS: usize = 10_000_000;
const MOST_BYTES: usize = 1 << 30;

/// An array of this many elements doubles when it grows, which is worth a question.
const LONG: usize = 1_000_000;

/// Bytes that an element of an array takes.
const ELEMENT: usize = size_of::<Dynamic>();

type Checked = Result<(), Box<EvalAltResult>>;

/// Whether something may have a length, in elements or in bytes.
fn grown(what: &str, unit: &str, len: usize, most: usize, bytes_each: usize) -> Checked {
    if len > most {
        let message = format!("{what} may have {most} {unit}, not {len}");
        return Err(ScriptError::new(message)
            .hint("so many numbers are a wave, or a tensor")
            .into());
    }
    Ok(room_for(what, len as u64 * bytes_each as u64)?)
}

fn array(len: usize) -> Checked {
    grown("an array", "elements", len, MOST_ELEMENTS, ELEMENT)
}

fn blob(len: usize) -> Checked {
    grown("a blob", "bytes", len, MOST_BYTES, 1)
}

/// Takes the place of rhai's functions of the same names.
pub(super) fn register(engine: &mut Engine) {
    let wanted = |len: INT| usize::try_from(len).unwrap_or(0);
    engine
        .register_fn("push", |list: &mut Array, item: Dynamic| -> Checked {
            // The system is asked when a long array needs room, which is seldom.
            if list.len() >= MOST_ELEMENTS || (list.len() >= LONG && list.len() == list.capacity())
            {
                array((2 * list.len()).min(MOST_ELEMENTS).max(list.len() + 1))?;
            }
            list.push(item);
            Ok(())
        })
        .register_fn("append", |list: &mut Array, other: Array| -> Checked {
            array(list.len() + other.len())?;
            list.extend(other);
            Ok(())
        })
        .register_fn(
            "pad",
            move |list: &mut Array, len: INT, item: Dynamic| -> Checked {
                let len = wanted(len).max(list.len());
                array(len)?;
                list.resize(len, item);
                Ok(())
            },
        )
        .register_fn(
            "pad",
            move |bytes: &mut Blob, len: INT, value: INT| -> Checked {
                let len = wanted(len).max(bytes.len());
                blob(len)?;
                bytes.resize(len, (value & 255) as u8);
                Ok(())
            },
        )
        .register_fn(
            "blob",
            move |len: INT, value: INT| -> Result<Blob, Box<EvalAltResult>> {
                blob(wanted(len))?;
                Ok(vec![(value & 255) as u8; wanted(len)])
            },
        )
        .register_fn(
            "blob",
            move |len: INT| -> Result<Blob, Box<EvalAltResult>> {
                blob(wanted(len))?;
                Ok(vec![0; wanted(len)])
            },
        )
        .register_fn(
            "pad",
            move |text: &mut ImmutableString, len: INT, character: char| -> Checked {
                padded(text, wanted(len), std::iter::once(character))
            },
        )
        .register_fn(
            "pad",
            move |text: &mut ImmutableString, len: INT, padding: &str| -> Checked {
                padded(text, wanted(len), padding.chars())
            },
        )
        .register_fn(
            "replace",
            |text: &mut ImmutableString, found: &str, put: &str| -> Checked {
                replaced(text, text.matches(found).count(), put)?;
                *text = text.replace(found, put).into();
                Ok(())
            },
        )
        .register_fn(
            "replace",
            |text: &mut ImmutableString, found: char, put: &str| -> Checked {
                replaced(text, text.matches(found).count(), put)?;
                *text = text.replace(found, put).into();
                Ok(())
            },
        );
}

/// Whether a text may have something put into it so many times.
fn replaced(text: &str, times: usize, put: &str) -> Checked {
    grown(
        "a string",
        "bytes",
        text.len().saturating_add(times.saturating_mul(put.len())),
        MOST_BYTES,
        1,
    )
}

/// Puts the characters of a padding behind a text, over and over, until it has a length.
fn padded(
    text: &mut ImmutableString,
    len: usize,
    padding: impl Iterator<Item = char> + Clone,
) -> Checked {
    let missing = len.saturating_sub(text.chars().count());
    if missing > 0 {
        grown("a string", "characters", len, MOST_BYTES, 4)?;
        text.make_mut().extend(padding.cycle().take(missing));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> Result<String, String> {
        let mut engine = Engine::new();
        register(&mut engine);
        engine
            .eval::<Dynamic>(script)
            .map(|value| value.to_string())
            .map_err(|error| match *error {
                EvalAltResult::ErrorRuntime(value, _) => value.cast::<ScriptError>().message,
                other => other.to_string(),
            })
    }

    #[test]
    fn they_do_what_rhai_does() {
        for script in [
            "let a = [1]; a.push(2); a.append([3, 4]); a.pad(6, 0); a.pad(2, 9); a.pad(-1, 9); a",
            "let a = []; for i in 0..100 { a.push(i) } a.len()",
            "let b = blob(3, 300); b.pad(5, 7); b",
            "blob(2)",
            "let s = \"ab\"; s.pad(5, 'x'); s.pad(4, 'y'); s",
            "let s = \"ä\"; s.pad(6, \"(!)\"); s",
            "let s = \"abab\"; s.replace(\"ab\", \"x\"); s.replace('x', \"yz\"); s.replace(\"\", \"-\"); s",
        ] {
            let want = Engine::new()
                .eval::<Dynamic>(script)
                .map(|value| value.to_string())
                .map_err(|e| e.to_string());
            assert_eq!(run(script), want, "{script}");
        }
        // rhai would go on for ever.
        assert_eq!(run("let s = \"a\"; s.pad(6, \"\"); s"), Ok("a".into()));
    }

    #[test]
    fn lengths_beyond_reason_are_errors() {
        for (script, want) in [
            (
                "[].pad(10000000000, 0)",
                "an array may have 10000000 elements, not 10000000000",
            ),
            (
                "let s = \"\"; s.pad(10000000000, 'a')",
                "a string may have 1073741824 characters, not 10000000000",
            ),
            (
                "let s = \"\"; s.pad(10000000000, \"ab\")",
                "a string may have 1073741824 characters, not 10000000000",
            ),
            (
                "let s = \"\"; s.pad(100000, 'a'); let t = s; s.replace('a', t)",
                "a string may have 1073741824 bytes, not 10000100000",
            ),
            (
                "blob(10000000000)",
                "a blob may have 1073741824 bytes, not 10000000000",
            ),
            (
                "blob(10000000000, 1)",
                "a blob may have 1073741824 bytes, not 10000000000",
            ),
        ] {
            assert_eq!(run(script), Err(want.to_owned()), "{script}");
        }
    }
}
