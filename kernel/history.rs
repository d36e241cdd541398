//! What was run, in this kernel and in earlier ones, for front ends that let their users look back.
//!
//! Earlier cells are lines of JSON in one file that all kernels of a user append to: session, number, text. A session
//! has the time of its start as its number, so that two that run side by side need not agree on one.

use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Cells that the file keeps; when it holds twice as many, the older ones go.
const KEPT: usize = 10_000;

/// The cells so far, oldest first.
pub(crate) struct History {
    session: i64,
    own: Vec<Entry>,
    /// Cells of other sessions. They are read when they are first asked for, which may be never.
    earlier: Option<Vec<Entry>>,
    file: Option<PathBuf>,
}

#[derive(Debug, PartialEq)]
struct Entry {
    session: i64,
    count: u64,
    input: String,
    output: Option<String>,
}

impl History {
    /// The history of a new session, which is kept in a file if one is given.
    pub(crate) fn new(file: Option<&Path>) -> History {
        let session = chrono::Utc::now().timestamp_millis();
        History {
            session,
            own: Vec::new(),
            earlier: None,
            file: file.map(Path::to_owned),
        }
    }

    /// Keeps a cell.
    pub(crate) fn push(&mut self, count: u64, input: &str) {
        self.own.push(Entry {
            session: self.session,
            count,
            input: input.to_owned(),
            output: None,
        });
        if let Some(file) = &self.file {
            // A history that cannot be kept is no reason not to run the cell.
            let _ = append(file, &json!([self.session, count, input]));
        }
    }

    /// Keeps what the last cell showed.
    pub(crate) fn result(&mut self, text: &str) {
        if let Some(last) = self.own.last_mut() {
            last.output = Some(text.to_owned());
        }
    }

    /// The entries that a `history_request` asks for.
    pub(crate) fn find(&mut self, request: &Value) -> Vec<Value> {
        let earlier = self.earlier.get_or_insert_with(|| match &self.file {
            Some(file) => earlier(file, self.session),
            None => Vec::new(),
        });
        let all: Vec<&Entry> = earlier.iter().chain(&self.own).collect();
        let number = |field: &str| request[field].as_i64();
        let last = |n: Option<i64>| n.map_or(usize::MAX, |n| n.max(0) as usize);
        let entries: Vec<&Entry> = match request["hist_access_type"].as_str() {
            Some("range") => {
                let session = match number("session").unwrap_or(0) {
                    0 => Some(self.session),
                    // -1 is the session before this one.
                    back @ ..0 => before(&all, self.session, back.unsigned_abs() as usize),
                    session => Some(session),
                };
                let (start, stop) = (
                    number("start").unwrap_or(0),
                    number("stop").unwrap_or(i64::MAX),
                );
                let wanted = |entry: &&Entry| {
                    Some(entry.session) == session && (start..stop).contains(&(entry.count as i64))
                };
                all.into_iter().filter(wanted).collect()
            }
            Some("search") => {
                let pattern = request["pattern"].as_str().unwrap_or("*");
                let mut found: Vec<&Entry> = all
                    .into_iter()
                    .filter(|entry| matches(pattern, &entry.input))
                    .collect();
                if request["unique"].as_bool() == Some(true) {
                    let mut seen = std::collections::HashSet::new();
                    found = found
                        .into_iter()
                        .rev()
                        .filter(|entry| seen.insert(&entry.input))
                        .collect();
                    found.reverse();
                }
                tail(found, last(number("n")))
            }
            _ => tail(all, last(number("n"))),
        };
        let with_output = request["output"].as_bool() == Some(true);
        let shown = |entry: &Entry| match with_output {
            true => json!([entry.session, entry.count, [entry.input, entry.output]]),
            false => json!([entry.session, entry.count, entry.input]),
        };
        entries.into_iter().map(shown).collect()
    }
}

/// The number of the session that came so many before one.
fn before(all: &[&Entry], session: i64, back: usize) -> Option<i64> {
    let earlier: std::collections::BTreeSet<i64> = all
        .iter()
        .map(|e| e.session)
        .filter(|s| *s < session)
        .collect();
    earlier.into_iter().rev().nth(back - 1)
}

/// Appends a line, in one write, so that lines of two kernels do not mix.
fn append(file: &Path, entry: &Value) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)?;
    file.write_all(format!("{entry}\n").as_bytes())
}

/// The cells of other sessions. Lines that cannot be read are passed over.
fn earlier(file: &Path, session: i64) -> Vec<Entry> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let entry = |line: &str| {
        let (session, count, input) = serde_json::from_str(line).ok()?;
        Some(Entry {
            session,
            count,
            input,
            output: None,
        })
    };
    let entries: Vec<Entry> = text.lines().filter_map(entry).collect();
    if entries.len() > 2 * KEPT {
        let kept: String = text
            .split_inclusive('\n')
            .skip(text.lines().count() - KEPT)
            .collect();
        let _ = crate::error::write(file, kept.as_bytes());
    }
    let first = entries.len().saturating_sub(KEPT);
    entries
        .into_iter()
        .skip(first)
        .filter(|entry| entry.session != session)
        .collect()
}

fn tail<T>(mut list: Vec<T>, n: usize) -> Vec<T> {
    list.split_off(list.len().saturating_sub(n))
}

/// Whether a whole text matches a pattern in which `*` stands for anything and `?` for one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*' {
            (p, t) = (p + 1, t + 1);
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            (p, t) = (at + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_stand_for_anything() {
        for (pattern, text, want) in [
            ("*", "", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("?1*", "x1 + 2", true),
            ("*x*x", "axbxcx", true),
            ("let", "let x", false),
            ("*2", "*2", true),
        ] {
            assert_eq!(matches(pattern, text), want, "{pattern} {text}");
        }
    }

    #[test]
    fn the_past_is_found_in_three_ways() {
        let mut history = History::new(None);
        for (count, input) in [(1, "let x = 1"), (2, "x + 1"), (3, "x + 1")] {
            history.push(count, input);
        }
        history.result("2");
        let mut lines = |request: Value| {
            history
                .find(&request)
                .iter()
                .map(|entry| entry[1].as_u64().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(json!({ "hist_access_type": "tail", "n": 2 })), [2, 3]);
        assert_eq!(
            lines(json!({ "hist_access_type": "range", "session": 0, "start": 1, "stop": 3 })),
            [1, 2]
        );
        assert_eq!(
            lines(json!({ "hist_access_type": "range", "session": 7, "start": 1, "stop": 3 })),
            [] as [u64; 0]
        );
        assert_eq!(
            lines(json!({ "hist_access_type": "search", "pattern": "x*", "unique": true })),
            [3]
        );
        assert_eq!(
            lines(json!({ "hist_access_type": "search", "pattern": "x*", "n": 1 })),
            [3]
        );
        let all = history.find(&json!({ "hist_access_type": "tail", "n": 1, "output": true }));
        assert_eq!(all, [json!([history.session, 3, ["x + 1", "2"]])]);
    }

    #[test]
    fn sessions_see_what_earlier_ones_ran() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("new/cells.jsonl");
        let texts = |history: &mut History, request: Value| -> Vec<String> {
            history
                .find(&request)
                .iter()
                .map(|entry| entry[2].as_str().unwrap().to_owned())
                .collect()
        };
        for (session, input) in [(1, "let a =\n1"), (2, "b"), (3, "c")] {
            History {
                session,
                ..History::new(Some(&file))
            }
            .push(1, input);
        }
        append(&file, &json!({ "not": "a cell" })).unwrap();
        let mut now = History {
            session: 4,
            ..History::new(Some(&file))
        };
        now.push(1, "d");
        assert_eq!(
            texts(&mut now, json!({ "hist_access_type": "tail" })),
            ["let a =\n1", "b", "c", "d"]
        );
        for (session, want) in [
            (0, vec!["d"]),
            (-1, vec!["c"]),
            (-3, vec!["let a =\n1"]),
            (-4, vec![]),
            (2, vec!["b"]),
        ] {
            let got = texts(
                &mut now,
                json!({ "hist_access_type": "range", "session": session }),
            );
            assert_eq!(got, want, "{session}");
        }
        assert_eq!(
            texts(
                &mut now,
                json!({ "hist_access_type": "search", "pattern": "?" })
            ),
            ["b", "c", "d"]
        );
    }

    #[test]
    fn the_file_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cells.jsonl");
        let lines: String = (0..=2 * KEPT).map(|i| format!("[1,{i},\"x\"]\n")).collect();
        std::fs::write(&file, lines).unwrap();
        let kept = earlier(&file, 2);
        assert_eq!((kept.len(), kept[0].count), (KEPT, KEPT as u64 + 1));
        assert_eq!(earlier(&file, 2), kept);
        assert_eq!(
            std::fs::read_to_string(&file).unwrap().lines().count(),
            KEPT
        );
    }
}
