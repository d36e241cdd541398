//! How a session is left, and what must not end it.

use super::screen::{Screen, Start};
use super::{CTRL_C, CTRL_D, CTRL_O};
use tempfile::tempdir;

#[test]
fn the_words_that_people_type_leave() {
    for word in ["exit", "quit", "exit()", "quit;", CTRL_D] {
        let home = tempdir().unwrap();
        let mut screen = Screen::new(home.path());
        screen.prompt(1);
        screen.keys(&format!("{word}\r"));
        assert!(screen.left().success(), "{word}");
    }
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(1, "let quit = 5");
    assert_eq!(screen.run(2, "quit"), "5");
    assert_eq!(screen.run(3, "let exits = 6; exits"), "6");
}

#[test]
fn the_users_editor_takes_the_line_and_gives_it_back() {
    let home = tempdir().unwrap();
    // Several words, one of which is quoted.
    let editor = [("EDITOR", "sed -i 's/one/two and/'")];
    let screen = Screen::start(
        home.path(),
        &Start {
            variables: &editor,
            ..Start::default()
        },
    );
    screen.prompt(1);
    screen.keys("let x = `one more`");
    screen.at("[1]> let x = `one more`");
    screen.keys(CTRL_O);
    screen.at("[1]> let x = `two and more`");
    screen.keys("\r");
    assert_eq!(screen.run(2, "x").trim_matches('"'), "two and more");
}

#[test]
fn an_editor_that_fails_costs_nothing() {
    for editor in ["no-such-editor --wait", "false"] {
        let home = tempdir().unwrap();
        let variables = [("VISUAL", editor)];
        let screen = Screen::start(
            home.path(),
            &Start {
                variables: &variables,
                ..Start::default()
            },
        );
        screen.run(1, "let kept = 7");
        let message = format!("error: the editor `{editor}` ended with");
        for n in 1..4 {
            screen.prompt(2);
            screen.keys("kept");
            screen.at("[2]> kept");
            screen.keys(CTRL_O);
            screen.until("the message", |screen| {
                screen.text().matches(&message).count() == n && screen.bracketed_paste()
            });
            screen.at("[2]> kept");
            screen.keys(CTRL_C);
        }
        assert_eq!(screen.run(2, "kept"), "7");
    }
}

#[test]
fn a_script_that_asks_for_ever_can_be_left() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(1, "let kept = 7");
    for (cell, asks) in [(2, "input"), (4, "password")] {
        screen.prompt(cell);
        screen.keys(&format!(
            "loop {{ try {{ {asks}(`wh`+`o? `) }} catch {{ }} }}\r"
        ));
        screen.at("who?");
        screen.keys("Ada\r");
        screen.at("who?");
        screen.keys(CTRL_C);
        screen.prompt(cell + 1);
        assert!(
            screen.shown_by(cell).contains("interrupted"),
            "{}",
            screen.text()
        );
        assert_eq!(screen.run(cell + 1, "kept"), "7");
    }
}

#[test]
fn a_wide_title_leaves_no_rows() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    let title = "\u{97f3}".repeat(70);
    let cell =
        format!("for i in 0..5 {{ progress(i, 9, #{{ title: \"{title}\" }}); sleep(0.25) }}");
    screen.prompt(1);
    screen.keys(&format!("{cell}\r"));
    screen.prompt(2);
    // The title stands where it was typed, and nowhere else.
    let text = screen.text().replace('\n', "");
    assert_eq!(text.matches('\u{97f3}').count(), 70, "{}", screen.text());
}
