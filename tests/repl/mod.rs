//! The interactive session as a person at a terminal has it.

mod leaving;
mod pictures;
mod screen;

use screen::{Screen, Start};
use std::path::Path;
use tempfile::tempdir;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_O: &str = "\x0f";
const CTRL_R: &str = "\x12";
const ESCAPE: &str = "\x1b";
const UP: &str = "\x1b[A";
const RIGHT: &str = "\x1b[C";

#[test]
fn values_are_echoed_and_errors_leave_the_session_alive() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    assert_eq!(screen.run(1, "1 + 1"), "2");
    assert_eq!(screen.run(2, "let x = 5"), "");
    assert_eq!(screen.run(3, "x * 2;"), "");
    let syntax = screen.run(4, "let y = )");
    assert!(
        syntax.contains("error:") && syntax.contains("cell 4:1:9") && syntax.contains('^'),
        "{syntax}"
    );
    let unknown = screen.run(5, "nosie(3)");
    assert!(
        unknown.contains("there is no function `nosie`")
            && unknown.contains("did you mean `noise`?"),
        "{unknown}"
    );
    assert_eq!(screen.run(6, "x"), "5");
    assert!(
        screen
            .run(7, "noise?")
            .contains("power of the sound over power of the noise")
    );
}

#[test]
fn the_menu_shows_signatures_and_what_they_do() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.prompt(1);
    screen.keys("let r = time_m\t");
    screen.shows("time_mask(");
    screen.shows("Replaces a random");
    screen.keys("\r");
    screen.until("the chosen word", |screen| {
        screen.text().lines().last() == Some("[1]> let r = time_mask")
    });
    screen.keys("()\r");
    assert!(screen.run(2, "r").starts_with("time_mask("));
    screen.prompt(3);
    screen.keys("noise(5, #{ c\t");
    screen.shows("color: \"white\"");
}

#[test]
fn a_narrow_terminal_has_a_menu_that_holds_together() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.prompt(1);
    for columns in [45, 30, 24] {
        // The editor is told of the width at its next prompt at the latest.
        screen.keys("x");
        screen.at("[1]> x");
        screen.resize(30, columns);
        screen.keys(CTRL_C);
        screen.prompt(1);
        screen.keys("let r = time_m\t");
        screen.shows("│time_mask│");
        screen.keys("\r");
        screen.at("[1]> let r = time_mask");
        screen.keys(CTRL_C);
        screen.prompt(1);
    }
    screen.keys("clar\t");
    screen.shows("│clar::");
    let text = screen.text();
    let boxes: Vec<&str> = text.lines().filter(|row| row.contains('│')).collect();
    assert!(
        boxes.len() > 4 && boxes.iter().all(|row| row.matches('│').count() == 2),
        "{text}"
    );
}

#[test]
fn questions_and_commands_are_complete_as_they_are() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    for (cell, line) in [(1, "gain?"), (2, "?gain"), (3, "help(gain)")] {
        assert!(
            screen.run(cell, line).contains("gain("),
            "{line}:\n{}",
            screen.text()
        );
    }
    assert!(screen.run(4, "%who").starts_with("args "));
    assert_eq!(screen.run(5, "6 * 7"), "42");
    assert_eq!(screen.run(6, "_ + 1"), "43");
    assert_eq!(screen.run(7, "_ // is it?"), "43");
    assert_eq!(
        screen.run(8, "let long = 5\x1b\rlong?"),
        "... long?\nlong: whole number\n    5"
    );
}

#[test]
fn the_past_is_proposed_and_taken_with_a_key() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(1, "let counted = [1, 2, 3]");
    screen.prompt(2);
    screen.keys("let cou");
    screen.at("[2]> let counted = [1, 2, 3]");
    screen.keys(&format!("{RIGHT}.len();\r"));
    assert_eq!(screen.run(3, "counted"), "3");
    screen.prompt(4);
    screen.keys(UP);
    screen.at("[4]> counted");
    screen.keys(UP);
    screen.at("[4]> let counted = [1, 2, 3].len();");
}

#[test]
fn a_function_is_typed_over_several_lines() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.prompt(1);
    screen.keys("fn double(x) {\r");
    screen.at("...");
    screen.keys("2 * x\r}\r");
    assert_eq!(screen.run(2, "double(21)"), "42");
    screen.prompt(3);
    screen.keys(UP);
    screen.keys(UP);
    screen.shows("[3]> fn double(x) {\n... 2 * x\n... }");
}

#[test]
fn an_interrupt_at_the_prompt_clears_the_line() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.prompt(1);
    screen.keys("let z = [1,");
    screen.at("[1]> let z = [1,");
    screen.keys(CTRL_C);
    assert_eq!(screen.run(1, "1 + 2"), "3");
}

#[test]
fn an_interrupt_stops_a_cell_and_keeps_every_variable() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(1, "let kept = 7");
    for (cell, line) in [
        (2, "print(`go`+`ing`); loop { }"),
        (4, "print(`go`+`ing`); sleep(100000)"),
    ] {
        screen.prompt(cell);
        screen.keys(&format!("{line}\r"));
        screen.until("the cell to run", |screen| {
            screen.shown_by(cell).contains("going")
        });
        // A second one, out of impatience, must not end the session.
        screen.keys(CTRL_C);
        screen.keys(CTRL_C);
        screen.prompt(cell + 1);
        assert!(
            screen.shown_by(cell).contains("error: interrupted"),
            "{}",
            screen.text()
        );
        assert_eq!(screen.run(cell + 1, "kept"), "7");
    }
    let variables = screen.run(6, "%who");
    assert!(
        variables
            .lines()
            .any(|line| line.split_whitespace().eq(["kept", "whole", "number"])),
        "{variables}"
    );
}

#[cfg(feature = "learn")]
#[test]
fn an_interrupt_stops_a_training_and_keeps_every_variable() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(
        1,
        "let clips = []; for i in 0..48 { clips.push(#{ wave: tone(200 + 40 * (i % 8), 0.2), label: i % 8 }) }",
    );
    screen.run(
        2,
        "let view = gain(-6..6) |> noise(5..30) |> log_mel(#{ n_mels: 24 })",
    );
    screen.run(3, "let run = simclr(resnet18(#{ width: 4 }), dataset(clips), #{ recipe: views(2, view), epochs: 100000, batch: 12 })");
    screen.prompt(4);
    screen.keys("run.fit()\r");
    // The curve is there from the second epoch on; a panel that is drawn now and then may show none of a given number.
    screen.shows("┤");
    screen.keys(CTRL_C);
    screen.prompt(5);
    assert!(
        screen.shown_by(4).contains("error: interrupted in epoch"),
        "{}",
        screen.text()
    );
    assert!(
        !screen.shown_by(4).contains("clips/s"),
        "the panel is left:\n{}",
        screen.text()
    );
    assert_eq!(screen.run(5, "clips.len()"), "48");
    let variables = screen.run(6, "%who");
    for name in ["clips ", "view ", "run "] {
        assert!(
            variables.lines().any(|line| line.starts_with(name)),
            "{name}:\n{variables}"
        );
    }
}

#[test]
fn a_script_may_ask_and_the_user_may_refuse() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.prompt(1);
    screen.keys("let name = input(`your name`+`? `)\r");
    screen.at("your name?");
    screen.keys("Ada\r");
    assert_eq!(screen.run(2, "name"), "\"Ada\"");
    screen.prompt(3);
    screen.keys("name = input(`your name`+`? `)\r");
    screen.at("your name?");
    screen.keys(CTRL_C);
    screen.prompt(4);
    assert!(
        screen
            .shown_by(3)
            .contains("`input` cannot ask: interrupted"),
        "{}",
        screen.text()
    );
    assert_eq!(screen.run(4, "name"), "\"Ada\"");
    screen.prompt(5);
    screen.keys("let word = password(`the word`+`? `)\r");
    screen.at("the word?");
    screen.keys("ünsäen\x7f\x7fen\r");
    assert_eq!(screen.run(6, "word"), "\"ünsäen\"");
    assert!(
        !screen.shown_by(5).contains("säen") && screen.shown_by(5).contains("the word? ***"),
        "{}",
        screen.text()
    );
    screen.prompt(7);
    screen.keys("word = password(`the word`+`? `)\r");
    screen.at("the word?");
    screen.keys(CTRL_C);
    screen.prompt(8);
    assert!(
        screen
            .shown_by(7)
            .contains("`password` cannot ask: interrupted"),
        "{}",
        screen.text()
    );
}

#[test]
fn what_has_a_name_is_replaced_where_it_stands() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(
        1,
        "fn steps(n) { for i in 0..n { update_display(\"loss\", `step ${i}`) } }",
    );
    let lines = screen.run(
        2,
        "display_id(\"loss\", `two\\nlines`); steps(4); print(\"end\")",
    );
    assert_eq!(lines, "step 3\nend");
    // What stands above other output is left as it is.
    screen.run(
        3,
        "fn later() { print(2); update_display(\"a\", 3); update_display(\"a\", 4) }",
    );
    assert_eq!(screen.run(4, "display_id(\"a\", 1); later()"), "1\n2\n4");
    let lines = screen.run(5, "update_display(\"a\", 5)");
    assert_eq!(lines, "5");
}

#[test]
fn a_terminal_without_a_cursor_gets_plain_lines() {
    let home = tempdir().unwrap();
    let mut screen = Screen::start(
        home.path(),
        &Start {
            variables: &[("TERM", "dumb")],
            ..Start::default()
        },
    );
    screen.at("[1]>");
    screen.keys("fn half(x) {\r");
    screen.at("...");
    screen.keys("x / 2 }\r");
    screen.at("[2]>");
    screen.keys("half(84)\r");
    screen.shows("\n42\n[3]>");
    screen.keys("tone(440, 1) |> log_mel()\r");
    screen.at("[4]>");
    assert!(!screen.bytes().contains('\u{1b}'), "{:?}", screen.bytes());
    screen.keys(CTRL_D);
    assert!(screen.left().success());
}

#[test]
fn a_line_survives_another_width() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.prompt(1);
    let line = "let long = \"0123456789 0123456789 0123456789 0123456789\"";
    screen.keys(line);
    screen.shows(line);
    screen.resize(30, 40);
    screen.keys(".len()");
    screen.until("the wrapped line", |screen| {
        screen.text().replace('\n', "").contains(".len()")
    });
    screen.resize(30, 100);
    screen.keys(" + 1\r");
    assert_eq!(screen.run(2, "long"), "44");
}

#[test]
fn pasted_lines_are_one_cell() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.prompt(1);
    let lines: String = (0..500).map(|i| format!("let v{i} = {i};\n")).collect();
    screen.keys(&format!("\x1b[200~{lines}v499 + v1\x1b[201~"));
    screen.until("the paste", |screen| screen.text().contains("v499 + v1"));
    screen.keys("\r");
    screen.prompt(2);
    assert!(screen.text().contains("\n500\n"), "{}", screen.text());
    assert_eq!(screen.run(2, "v0 + v250"), "250");
}

#[test]
fn the_past_outlives_the_session_and_is_shared() {
    let home = tempdir().unwrap();
    let mut first = Screen::new(home.path());
    first.run(1, "let ancient = 1");
    first.prompt(2);
    first.keys(CTRL_D);
    assert!(first.left().success());
    let (second, third) = (Screen::new(home.path()), Screen::new(home.path()));
    second.run(1, "let of_the_second = 2");
    // A session sees what others ran once it comes to its next prompt.
    third.run(1, "let of_the_third = 3");
    third.prompt(2);
    third.keys(CTRL_R);
    third.keys("second");
    third.shows("let of_the_second = 2");
    third.keys("\r");
    third.at("[2]> let of_the_second = 2");
    third.keys("\r");
    third.prompt(3);
    assert_eq!(third.run(3, "of_the_second"), "2");
    third.keys(CTRL_R);
    third.keys("ancient");
    third.shows("let ancient = 1");
    third.keys(CTRL_C);
    // What ran is there even if the session is killed.
    drop((second, third));
    let fourth = Screen::new(home.path());
    fourth.prompt(1);
    fourth.keys(UP);
    fourth.at("[1]> of_the_second");
}

#[test]
fn vi_keys_are_there_for_those_who_ask() {
    let home = tempdir().unwrap();
    let screen = Screen::start(
        home.path(),
        &Start {
            arguments: &["repl", "--vi"],
            ..Start::default()
        },
    );
    screen.prompt(1);
    screen.keys("9 + 1");
    screen.at("[1]> 9 + 1");
    screen.keys(ESCAPE);
    screen.at("[1]: 9 + 1");
    screen.keys("0r2");
    screen.at("[1]: 2 + 1");
    screen.keys("\r");
    screen.shows("\n3\n");
}

#[test]
fn the_terminal_is_left_as_it_was() {
    let home = tempdir().unwrap();
    let mut screen = Screen::start(
        home.path(),
        &Start {
            in_shell: true,
            ..Start::default()
        },
    );
    screen.run(1, "tone(440, 0.1) |> log_mel()");
    screen.prompt(2);
    screen.keys(CTRL_D);
    screen.until("the shell", |screen| screen.text().ends_with("\nend"));
    assert!(screen.left().success());
    let text = screen.text();
    assert!(text.contains("exit code 0"), "{text}");
    for setting in [" icanon", " echo ", " isig", " icrnl", " opost", " -noflsh"] {
        assert!(
            text.replace(['\n', ';'], " ").contains(setting),
            "{setting} is not set:\n{text}"
        );
    }
    assert!(!screen.bracketed_paste());
}

#[test]
fn a_session_is_saved_and_loaded_and_begun_anew() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(1, "let x = 20 // a remark");
    screen.run(2, "fn twice(v) { 2 * v }");
    screen.run(3, "nope");
    screen.run(4, "noise?");
    screen.run(5, "%time twice(x)");
    screen.run(6, "print(`x is ${x}, ${twice(x)}`)");
    assert_eq!(
        screen.run(7, "%save session.rhai"),
        "4 cells in session.rhai"
    );
    assert_eq!(
        screen.run(8, "%history twice"),
        "// cell 2\nfn twice(v) { 2 * v }\n// cell 5\ntwice(x)\n// cell 6\nprint(`x is ${x}, ${twice(x)}`)"
    );
    assert_eq!(screen.run(9, "%reset"), "the session is empty");
    assert!(screen.run(10, "x").contains("error"));
    assert_eq!(screen.run(11, "%load session.rhai"), "x is 20, 40");
    assert_eq!(screen.run(12, "x"), "20");
    screen.prompt(13);
    screen.keys("%edit 2\r");
    screen.at("[14]> fn twice(v) { 2 * v }");
    screen.keys(CTRL_C);
    assert_eq!(run_file(home.path(), "session.rhai"), "x is 20, 40\n");
}

/// What `auricle run` prints.
fn run_file(folder: &Path, file: &str) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_auricle"));
    let output = command
        .current_dir(folder)
        .args(["run", file])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
