//! What was run in this kernel, for front ends that let their users look back.

use serde_json::{Value, json};

/// The cells so far, oldest first.
#[derive(Default)]
pub(crate) struct History(Vec<Entry>);

struct Entry {
    count: u64,
    input: String,
    output: Option<String>,
}

/// A kernel knows its own session alone, which is number 1.
const SESSION: i64 = 1;

impl History {
    /// Keeps a cell.
    pub(crate) fn push(&mut self, count: u64, input: &str) {
        self.0.push(Entry { count, input: input.to_owned(), output: None });
    }

    /// Keeps what the last cell showed.
    pub(crate) fn result(&mut self, text: &str) {
        if let Some(last) = self.0.last_mut() {
            last.output = Some(text.to_owned());
        }
    }

    /// The entries that a `history_request` asks for.
    pub(crate) fn find(&self, request: &Value) -> Vec<Value> {
        let number = |field: &str| request[field].as_i64();
        let last = |n: Option<i64>| n.map_or(usize::MAX, |n| n.max(0) as usize);
        let entries: Vec<&Entry> = match request["hist_access_type"].as_str() {
            Some("range") if [0, SESSION].contains(&number("session").unwrap_or(0)) => {
                let (start, stop) = (number("start").unwrap_or(0), number("stop").unwrap_or(i64::MAX));
                self.0.iter().filter(|entry| (start..stop).contains(&(entry.count as i64))).collect()
            }
            Some("range") => Vec::new(),
            Some("search") => {
                let pattern = request["pattern"].as_str().unwrap_or("*");
                let mut found: Vec<&Entry> = self.0.iter().filter(|entry| matches(pattern, &entry.input)).collect();
                if request["unique"].as_bool() == Some(true) {
                    let mut seen = std::collections::HashSet::new();
                    found = found.into_iter().rev().filter(|entry| seen.insert(&entry.input)).collect();
                    found.reverse();
                }
                tail(found, last(number("n")))
            }
            _ => tail(self.0.iter().collect(), last(number("n"))),
        };
        let with_output = request["output"].as_bool() == Some(true);
        let shown = |entry: &Entry| match with_output {
            true => json!([SESSION, entry.count, [entry.input, entry.output]]),
            false => json!([SESSION, entry.count, entry.input]),
        };
        entries.into_iter().map(shown).collect()
    }
}

fn tail<T>(mut list: Vec<T>, n: usize) -> Vec<T> {
    list.split_off(list.len().saturating_sub(n))
}

/// Whether a whole text matches a pattern in which `*` stands for anything and `?` for one character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
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
        let mut history = History::default();
        for (count, input) in [(1, "let x = 1"), (2, "x + 1"), (3, "x + 1")] {
            history.push(count, input);
        }
        history.result("2");
        let lines =
            |request: Value| history.find(&request).iter().map(|entry| entry[1].as_u64().unwrap()).collect::<Vec<_>>();
        assert_eq!(lines(json!({ "hist_access_type": "tail", "n": 2 })), [2, 3]);
        assert_eq!(lines(json!({ "hist_access_type": "range", "session": 0, "start": 1, "stop": 3 })), [1, 2]);
        assert_eq!(lines(json!({ "hist_access_type": "range", "session": 7, "start": 1, "stop": 3 })), [] as [u64; 0]);
        assert_eq!(lines(json!({ "hist_access_type": "search", "pattern": "x*", "unique": true })), [3]);
        assert_eq!(lines(json!({ "hist_access_type": "search", "pattern": "x*", "n": 1 })), [3]);
        let all = history.find(&json!({ "hist_access_type": "tail", "n": 1, "output": true }));
        assert_eq!(all, [json!([1, 3, ["x + 1", "2"]])]);
    }
}
