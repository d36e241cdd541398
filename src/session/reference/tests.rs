//! What holds for the pages as they lie in their folder.

use super::*;
use crate::script::Table;
use crate::{Settings, language};
use auricle_audio::augment::catalogue;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

/// All files of a folder by their path inside it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in std::fs::read_dir(inside).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy();
                found.insert(name.replace('\\', "/"), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The values of all `href` and `src` of a page.
fn links(html: &str) -> impl Iterator<Item = &str> {
    ["href=\"", "src=\""]
        .into_iter()
        .flat_map(move |attribute| {
            html.split(attribute)
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap())
        })
}

/// The file that a relative link of a page leads to.
fn resolved(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop().expect("no link leaves the folder")),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The names of a table, as they are searched for.
fn names(table: &Table) -> BTreeSet<String> {
    let functions = table.functions().map(|function| function.qualified_name());
    let written = table.written().iter().map(|function| function.name.clone());
    functions.chain(written).collect()
}

#[test]
fn the_pages_are_whole_and_need_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_reference(folder.path(), &Settings::default()).unwrap();
    assert_eq!(first, folder.path().join("index.html"));
    let files = files(folder.path());
    let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    let ids = |html: &str| -> Vec<String> {
        let ids = html.split(" id=\"").skip(1);
        ids.map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };

    // Every link leads to a file of the folder and to a place inside it; nothing comes from elsewhere.
    for page in files.keys().filter(|path| path.ends_with(".html")) {
        let html = text(page);
        assert!(
            !html.contains("class=\"output failed\""),
            "{page}: an example fails"
        );
        let own = ids(&html);
        assert_eq!(
            own.iter().collect::<BTreeSet<_>>().len(),
            own.len(),
            "{page}: one id twice"
        );
        for link in links(&html).filter(|link| !link.starts_with("data:")) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() {
                page.clone()
            } else {
                resolved(page, file)
            };
            assert!(files.contains_key(&file), "{page} leads to {link}");
            if !place.is_empty() {
                assert!(
                    ids(&text(&file)).iter().any(|id| id == place),
                    "{page} leads to {link}"
                );
            }
        }
    }
    for path in files.keys().filter(|path| !path.ends_with(".flac")) {
        let text = text(path);
        for word in [
            "http:",
            "https:",
            "src=\"//",
            "href=\"//",
            "@import",
            "url(",
            "fetch(",
            "XMLHttp",
        ] {
            // Data inside the page is base 64, which has no colon.
            assert!(!text.contains(word), "{path}: {word}");
        }
    }

    // Every stage has its page with pictures, sounds and settings.
    for declaration in catalogue() {
        let html = text(&stage::path(declaration));
        let hears = html.matches("<audio").count();
        let sees = html.matches("<figure>").count();
        assert!(
            html.contains("<h2>Before and after</h2>") && sees >= 2,
            "{}",
            declaration.name
        );
        let gives_sound = stage::flow(declaration).starts_with("sound")
            && !stage::flow(declaration).ends_with("→ features");
        if gives_sound {
            assert_eq!(hears, sees, "{}", declaration.name);
            assert!(html.contains("dB</text>") && html.contains("time (s)</text>"));
        }
        for group in settings::groups(declaration) {
            let heading = format!("<h2><code>{}</code></h2>", group.parameter.name);
            assert!(html.contains(&heading), "{}: {heading}", declaration.name);
        }
        for parameter in declaration.parameters {
            assert!(html.contains(&format!("<td><code>{}</code>", parameter.name)));
        }
        for part in [
            declaration.citation,
            declaration.facts.draws.first().unwrap_or(&""),
        ] {
            assert!(
                html.contains(&crate::script::prose(part))
                    || html.contains(&crate::script::escape(part)),
                "{}: {part}",
                declaration.name
            );
        }
    }

    // Whatever is in the language is found, and what is found is there.
    let search = text(layout::SEARCH_FILE);
    let rows = search.lines().filter(|line| line.starts_with("[\""));
    let rows: Vec<[String; 4]> = rows
        .map(|line| serde_json::from_str(line.trim_end_matches(',')).unwrap())
        .collect();
    let found: BTreeSet<String> = rows.iter().map(|row| row[0].clone()).collect();
    let wanted = names(&language());
    assert_eq!(
        wanted.difference(&found).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    for [name, _, _, link] in &rows {
        let (file, place) = link.split_once('#').unwrap_or((link, ""));
        let there = place.is_empty() || ids(&text(file)).iter().any(|id| id == place);
        assert!(there, "{name}: {link}");
    }

    // Small enough to be sent, and sounds that are read back.
    let size: usize = files.values().map(Vec::len).sum();
    assert!(size < 30_000_000, "{size} bytes");
    let sound = folder.path().join("sounds/gain-0.flac");
    let wave = auricle_audio::io::read(&sound).unwrap();
    assert_eq!(wave.sample_rate(), sound::SAMPLE_RATE);
}
