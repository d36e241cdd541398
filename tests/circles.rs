//! Files that import each other in a circle: whoever reads one of them has to read all. No room has one.

use crate::tidy::{code, rust};
use std::collections::{BTreeMap, BTreeSet};

/// A module by the names on the way to it from its crate's root.
type Module = Vec<String>;

/// The crates by their folders; the program's own files stand beside the folders of the crates.
const CRATES: [&str; 9] = [
    "src/audio",
    "src/fft",
    "src/figure",
    "src/learn",
    "src/native",
    "src/session",
    "src/synth",
    "kernel",
    "src",
];

/// The modules of a crate with the text of each.
fn modules(folder: &str) -> BTreeMap<Module, String> {
    let mut found = BTreeMap::new();
    for (name, text) in rust(folder) {
        let inside = name.strip_prefix(folder).unwrap().trim_start_matches('/');
        let is_of_program = !inside.contains('/')
            || ["repl/", "picture/"]
                .iter()
                .any(|own| inside.starts_with(own));
        if folder == "src" && !is_of_program {
            continue;
        }
        let mut path: Module = inside
            .trim_end_matches(".rs")
            .split('/')
            .map(str::to_owned)
            .collect();
        if path.last().is_some_and(|last| last == "mod") {
            path.pop();
        }
        if path == ["lib"] || path == ["main"] {
            path.clear();
        }
        found.insert(path, code(&text));
    }
    found
}

/// The paths of a tree of imports: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((before, list)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or("");
        return vec![path.trim().to_owned()];
    };
    let list = list.trim().trim_end_matches(';').trim_end();
    let list = list.strip_suffix('}').unwrap_or(list);
    let (mut all, mut depth, mut start) = (Vec::new(), 0, 0);
    for (place, c) in list.char_indices().chain([(list.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = list[start..place].trim();
                start = (place + 1).min(list.len());
                if !part.is_empty() {
                    all.extend(
                        paths(part)
                            .iter()
                            .map(|part| format!("{}{part}", before.trim())),
                    );
                }
            }
            _ => {}
        }
    }
    all
}

/// What stands between a word and the semicolon, wherever the word begins a statement.
fn statements<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let begins = |place: usize| {
        let before = text[..place].trim_end_matches([' ', '\t']);
        before.is_empty() || before.ends_with(['\n', '{', '}', ';', ')'])
    };
    let found = text.match_indices(word).filter(|(place, _)| begins(*place));
    found
        .filter_map(|(place, _)| text[place + word.len()..].split(';').next())
        .collect()
}

/// The names on the way that a path goes from a module; nothing if it leaves the crate.
fn from_root(path: &str, here: &Module, all: &BTreeMap<Module, String>) -> Option<Module> {
    let mut words: Vec<&str> = path.split("::").map(str::trim).collect();
    let mut base = here.clone();
    match words[0] {
        "crate" => base.clear(),
        "self" | "super" => {}
        first => {
            base.push(first.to_owned());
            let is_child = all.contains_key(&base);
            base.pop();
            if !is_child {
                return None;
            }
        }
    }
    while let Some(&("crate" | "self" | "super")) = words.first() {
        if words.remove(0) == "super" {
            base.pop();
        }
    }
    base.extend(words.into_iter().map(str::to_owned));
    Some(base)
}

/// How a module begins what it gives on.
const VISIBLE: [&str; 4] = [
    "pub use ",
    "pub(crate) use ",
    "pub(super) use ",
    "pub(in super::super) use ",
];

/// Who imports whom, but for a module and those inside it.
fn imports(all: &BTreeMap<Module, String>) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut given_on = BTreeMap::new();
    for (here, text) in all {
        for visible in VISIBLE {
            for path in statements(text, visible)
                .iter()
                .flat_map(|tree| paths(tree))
            {
                let Some(target) = from_root(&path, here, all) else {
                    continue;
                };
                let name = target.last().cloned().unwrap_or_default();
                given_on.insert((here.clone(), name), target);
            }
        }
    }
    // The module that a path names, through what modules give on.
    let module_of = |mut path: Module| -> Module {
        for _ in 0..6 {
            let n = (0..=path.len())
                .rev()
                .find(|n| all.contains_key(&path[..*n].to_vec()));
            let n = n.unwrap_or(0);
            let (module, rest) = (path[..n].to_vec(), path[n..].to_vec());
            let key = (module.clone(), rest.first().cloned().unwrap_or_default());
            match given_on.get(&key) {
                Some(target) if *target != path => {
                    path = target.iter().chain(rest.iter().skip(1)).cloned().collect();
                }
                _ => return module,
            }
        }
        path
    };
    let mut edges = BTreeMap::new();
    for (here, text) in all {
        let words = VISIBLE.iter().chain(&["use "]);
        let trees = words.flat_map(|word| statements(text, word));
        let mut named: Vec<String> = trees.flat_map(paths).collect();
        for root in ["crate::", "super::"] {
            // The second `super::` of `super::super::` begins no path of its own.
            let begins = |(place, _): &(usize, &str)| !text[..*place].ends_with("::");
            named.extend(text.match_indices(root).filter(begins).map(|(place, _)| {
                let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
                text[place..]
                    .chars()
                    .take_while(|c| is_part(*c))
                    .collect::<String>()
            }));
        }
        let targets = named
            .iter()
            .filter_map(|path| from_root(path.trim_end_matches(':'), here, all));
        let others = targets
            .map(module_of)
            .filter(|other| !other.starts_with(here) && !here.starts_with(other));
        edges.insert(here.clone(), others.collect::<BTreeSet<Module>>());
    }
    edges
}

/// Modules that can be reached from themselves, each with one such way.
fn in_circles(edges: &BTreeMap<Module, BTreeSet<Module>>) -> BTreeMap<Module, Vec<Module>> {
    let mut found = BTreeMap::new();
    for start in edges.keys() {
        let mut ways = vec![vec![start.clone()]];
        let mut seen = BTreeSet::new();
        'search: while !ways.is_empty() {
            for way in std::mem::take(&mut ways) {
                for next in &edges[way.last().unwrap()] {
                    if next == start {
                        found.insert(start.clone(), way);
                        break 'search;
                    }
                    if seen.insert(next.clone()) {
                        ways.push(way.iter().chain([next]).cloned().collect());
                    }
                }
            }
        }
    }
    found
}

#[test]
fn no_room_has_a_circle() {
    let mut found = BTreeMap::new();
    for folder in CRATES {
        let all = modules(folder);
        for (module, way) in in_circles(&imports(&all)) {
            let inside = &module[..module.len().saturating_sub(1)];
            let room = [&[folder.to_owned()], inside].concat().join("/");
            let way: Vec<String> = way.iter().map(|module| module.join("::")).collect();
            found.insert(room, way.join(" -> "));
        }
    }
    assert!(
        found.is_empty(),
        "files import each other in a circle: {found:#?}"
    );
}

#[test]
fn circles_are_found_through_lists_parents_and_what_is_given_on() {
    let texts = [
        ("", "mod a;\nmod b;\nmod c;\npub use c::Third;"),
        ("a", "use crate::{b::{One, Two}, c};"),
        ("b", "fn f(x: super::Third) {}"),
        ("c", "use super::a::First as Own;"),
        ("d", "use super::a;\nuse std::fmt;"),
        ("d::a", ""),
        ("d::b", "use super::super::a::First;"),
    ];
    let module = |name: &str| -> Module {
        name.split("::")
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let all = texts
        .iter()
        .map(|(name, text)| (module(name), (*text).to_owned()))
        .collect();
    let edges = imports(&all);
    assert_eq!(
        edges[&module("a")],
        BTreeSet::from([module("b"), module("c")])
    );
    assert_eq!(edges[&module("b")], BTreeSet::from([module("c")]));
    assert_eq!(edges[&module("d::b")], BTreeSet::from([module("a")]));
    let found = in_circles(&edges);
    assert_eq!(
        found.keys().cloned().collect::<Vec<_>>(),
        ["a", "b", "c"].map(module)
    );
}
