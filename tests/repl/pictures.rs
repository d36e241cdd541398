//! What a person sees of values: pictures, curves, progress.

use super::screen::{Screen, Start};
use tempfile::tempdir;
use vt100::Color;

/// The ends of the colour map "viridis", as its authors give them.
const DARK: Color = Color::Rgb(68, 1, 84);
const LIGHT: Color = Color::Rgb(253, 231, 37);

const MATRIX: &str = "[[0, 1], [1, 1], [0, 0]]";

#[test]
fn a_matrix_is_colored_cells() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(1, MATRIX);
    // Four pixels for each number: two rows of cells.
    let (dark, light) = ([DARK, DARK], [LIGHT, LIGHT]);
    let left_dark = [vec![dark; 4], vec![light; 4]].concat();
    assert_eq!(
        screen.blocks(),
        [
            left_dark.clone(),
            left_dark,
            vec![light; 8],
            vec![light; 8],
            vec![dark; 8],
            vec![dark; 8]
        ]
    );
    // A terminal with fewer colours gets the nearest of those it has.
    let cube = Screen::start(
        home.path(),
        &Start {
            variables: &[("COLORTERM", "")],
            ..Start::default()
        },
    );
    cube.run(1, MATRIX);
    // 16 + 36 r + 6 g + b of the cube: (1, 0, 2) and (5, 5, 1).
    assert_eq!(cube.blocks()[0][0], [Color::Idx(54); 2]);
    assert_eq!(cube.blocks()[2][0], [Color::Idx(227); 2]);
    assert_eq!(cube.blocks().len(), 6);
}

#[test]
fn without_colors_density_stands_for_light() {
    let home = tempdir().unwrap();
    let screen = Screen::start(
        home.path(),
        &Start {
            variables: &[("NO_COLOR", "1")],
            ..Start::default()
        },
    );
    let shown = screen.run(1, MATRIX);
    let rows: Vec<&str> = shown.lines().skip(1).collect();
    assert_eq!(rows.len(), 6, "{shown}");
    let (dark, light) = (&rows[0][..4], &rows[0][4..8]);
    assert!(
        " .:".contains(&dark[..1]) && "%@".contains(&light[..1]),
        "{shown}"
    );
    assert_eq!(rows[2], light.repeat(2));
    // Only the cursor may be moved: no colour is set anywhere.
    assert!(
        !screen.bytes().contains("[38;") && !screen.bytes().contains("[32m"),
        "{:?}",
        screen.bytes()
    );
}

#[test]
fn features_are_seen_at_the_width_of_the_terminal() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    let shown = screen.run(1, "tone(1000, 3) |> log_mel()");
    assert!(
        shown.starts_with("features 1 x 64 bands x 301 frames"),
        "{shown}"
    );
    let blocks = screen.blocks();
    assert_eq!((blocks.len(), blocks[0].len()), (16, 80));
    // A tone is a light line, and dark where there is nothing.
    let lightness = |row: &Vec<[Color; 2]>| match row[40][0] {
        Color::Rgb(_, green, _) => green,
        other => panic!("{other:?}"),
    };
    let lightest = (0..blocks.len())
        .max_by_key(|&row| lightness(&blocks[row]))
        .unwrap();
    // 1000 Hz stand at a third of the mel scale from 50 to 8000 Hz, counted from below.
    assert!((10..=11).contains(&lightest), "row {lightest}");
    assert!(lightness(&blocks[lightest]) > 2 * lightness(&blocks[2]));
    let wave = screen.run(2, "tone(1000, 3)");
    let rows: Vec<&str> = wave.lines().collect();
    assert!(
        rows[0].starts_with("wave 3.000 s, 16000 Hz, mono") && rows[0].chars().count() <= 80,
        "{wave}"
    );
    assert_eq!(rows.len(), 5, "{wave}");
    assert!(
        rows[1].chars().count() == 80 && rows[1].contains('⣿'),
        "{wave}"
    );
}

#[test]
fn terminals_that_take_pictures_get_them() {
    let home = tempdir().unwrap();
    let kitty = Screen::start(
        home.path(),
        &Start {
            variables: &[("TERM", "xterm-kitty")],
            ..Start::default()
        },
    );
    kitty.run(1, "tone(1000, 1) |> log_mel()");
    assert!(
        kitty.bytes().contains("\x1b_Ga=T,f=100,q=2,m="),
        "{:?}",
        kitty.bytes()
    );
    assert!(kitty.blocks().is_empty());
    let sixel = Screen::start(
        home.path(),
        &Start {
            attributes: "\x1b[?62;4;22c",
            ..Start::default()
        },
    );
    sixel.run(1, "show(tone(1000, 1) |> log_mel())");
    // 101 frames and 64 bands in cells of 10 by 20: seven and five pixels for one.
    assert!(
        sixel.bytes().contains("\x1bP0;1;0q\"1;1;707;320#0;2;"),
        "{:?}",
        sixel.bytes()
    );
    assert_eq!(sixel.run(2, "1 + 1"), "2", "the terminal is as it was");
    let none = Screen::start(
        home.path(),
        &Start {
            variables: &[("AURICLE_PICTURES", "none")],
            ..Start::default()
        },
    );
    assert_eq!(none.run(1, "tone(1000, 1) |> log_mel()").lines().count(), 1);
}

#[test]
fn long_values_are_cut_and_numbers_are_a_curve() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(1, "let a = []; for i in 0..5000 { a.push(i * 1.0) }");
    let shown = screen.run(2, "a");
    assert!(
        shown.starts_with("[0.0, 1.0, ") && shown.contains(" characters; `print` shows all)"),
        "{shown}"
    );
    let curve: Vec<&str> = shown.lines().rev().take(7).collect();
    assert!(
        curve[0].ends_with("5000") && curve[6].starts_with("4999 ┤"),
        "{shown}"
    );
    assert_eq!(curve[1].trim_start().chars().next(), Some('0'), "{shown}");
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
}

#[test]
fn a_loop_shows_how_far_it_is_and_leaves_nothing() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.prompt(1);
    screen.keys("for i in 0..4 { progress(i + 1, 4, #{ title: `load`+`ing` }); while i == 2 { sleep(0.3); progress(3, 4, #{ title: `load`+`ing` }); } }\r");
    screen.shows("loading");
    screen.shows("75 % 3/4");
    screen.keys("\x03");
    screen.prompt(2);
    assert!(!screen.shown_by(1).contains("loading"), "{}", screen.text());
    screen.run(2, "for i in 0..4 { progress(i + 1, 4); }");
    assert_eq!(screen.shown_by(2), "");
}

#[cfg(feature = "learn")]
#[test]
fn training_is_a_panel_with_its_loss_over_the_epochs() {
    let home = tempdir().unwrap();
    let screen = Screen::new(home.path());
    screen.run(
        1,
        "let clips = []; for i in 0..24 { clips.push(#{ wave: tone(200 + 40 * (i % 8), 0.2) }) }",
    );
    screen.run(2, "let run = simclr(resnet18(#{ width: 4 }), dataset(clips), #{ recipe: views(2, noise(5..30) |> log_mel(#{ n_mels: 24 })), epochs: 30, batch: 12, out: () })");
    screen.prompt(3);
    screen.keys("let h = run.fit();\r");
    // The panel: how far, the figures, and a curve once two epochs are over.
    screen.until("the panel", |screen| {
        let text = screen.text();
        text.contains("SimCLR epoch")
            && text.contains(" left")
            && text.contains("clips/s")
            && text.contains('┤')
    });
    screen.prompt(4);
    let left = screen.shown_by(3);
    // One line, unless it is a long one.
    assert!(
        left.lines().count() <= 2 && left.starts_with("trained: 30 epochs"),
        "{left}"
    );
    let history = screen.run(4, "h");
    assert!(
        history.contains('┤')
            && history
                .lines()
                .last()
                .is_some_and(|line| line.ends_with("30")),
        "{history}"
    );
    assert!(
        history.lines().all(|line| line.chars().count() <= 80),
        "{history}"
    );
    assert!(
        screen.run(5, "run.plot()").contains('┤'),
        "{}",
        screen.text()
    );
}

#[cfg(feature = "learn")]
#[test]
fn in_a_pipe_an_epoch_is_a_line() {
    let home = tempdir().unwrap();
    let script = "let clips = []; for i in 0..24 { clips.push(#{ wave: tone(200 + 40 * (i % 8), 0.2) }) }
        let view = noise(5..30) |> log_mel(#{ n_mels: 24 });
        simclr(resnet18(#{ width: 4 }), dataset(clips), #{ recipe: views(2, view), epochs: 3, batch: 12, out: () }).fit();
        show([[0, 1], [1, 0]])";
    std::fs::write(home.path().join("train.rhai"), script).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_auricle"));
    command
        .current_dir(home.path())
        .args(["run", "train.rhai"])
        .env("COLORTERM", "truecolor");
    let output = command.env("AURICLE_PICTURES", "blocks").output().unwrap();
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    );
    for epoch in 1..=3 {
        let line = format!("SimCLR epoch {epoch}/3 ({}/6): loss ", 2 * epoch);
        assert_eq!(
            err.lines().filter(|found| found.starts_with(&line)).count(),
            1,
            "{err}"
        );
    }
    // What is no terminal gets the text of a value and no picture.
    assert_eq!(out, "[[0, 1], [1, 0]]\n");
    assert!(!err.contains('\u{1b}') && !err.contains('\r'), "{err:?}");
}
