//! The page of pairs to be rated.

use auricle_session::{Session, Settings, script};
use std::sync::Arc;

/// What stands between two texts, wherever it does.
fn between<'a>(page: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let pieces = page.split(begin).skip(1);
    pieces
        .map(|piece| piece.split(end).next().unwrap())
        .collect()
}

#[test]
fn a_sheet_holds_its_pairs_in_random_order_and_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, seed: u32| {
        let file = folder.path().join(name);
        let mut session = Session::new(Settings::default(), Arc::new(script::Silent)).unwrap();
        let text = format!(
            "let form = #{{ seconds: 0.1, sample_rate: 8000, control_rate: 100 }};\n\
             pairs(#{{ voice: voice(form), fm: voice_fm(form) }}).sheet({:?}, #{{ deltas: [0.05, 0.25], n: 3, seed: {seed} }})",
            file.to_str().unwrap()
        );
        session.eval("sheet", &text).unwrap();
        std::fs::read_to_string(file).unwrap()
    };
    let page = write("a.html", 1);
    assert_eq!(page, write("again.html", 1));
    let deltas = between(&page, "data-delta=\"", "\"");
    assert_eq!(deltas.len(), 12);
    assert_eq!(deltas.iter().filter(|delta| **delta == "0.05").count(), 6);
    let sorted = {
        let mut all = deltas.clone();
        all.sort_unstable();
        all
    };
    assert_ne!(deltas, sorted, "the order tells the distance");
    let names = between(&page, "data-synth=\"", "\"");
    assert_eq!(names.iter().filter(|name| **name == "fm").count(), 6);
    let sounds = between(&page, "src=\"data:audio/wav;base64,", "\"");
    assert_eq!(sounds.len(), 24);
    assert!(sounds.chunks(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(page.matches("type=\"radio\"").count(), 60);
    assert!(!page.contains("http"), "a page that needs a network");
}
