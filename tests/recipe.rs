//! Random recipes through the language: what they print and what they are as JSON gives the same recipe and the same bytes.

use auricle_audio::Rng;
use auricle_audio::augment::{
    Accepts, Declaration, Domain, FUNCTION, Kind, Parameter, RECIPE, catalogue,
};
use auricle_session::script::{Shown, Silent};
use auricle_session::{Session, Settings};
use std::sync::Arc;

fn number(low: f64, high: f64, rng: &mut Rng) -> f64 {
    let value = rng.range(low.max(-1000.0), high.min(1000.0));
    // Few digits are what people write; all of them must survive, too.
    if rng.below(2) == 0 {
        (value * 8.0).round().clamp(low * 8.0, high * 8.0) / 8.0
    } else {
        value
    }
}

/// A number, or a distribution that stays within a range, as a script writes it.
fn drawn(low: f64, high: f64, rng: &mut Rng) -> String {
    let (mut a, mut b) = (number(low, high, rng), number(low, high, rng));
    if b < a {
        (a, b) = (b, a);
    }
    match rng.below(5) {
        0 => format!("{a:?}..{b:?}"),
        1 if a > 0.0 => format!("log_uniform({a:?}, {b:?})"),
        2 => format!("choice([{a:?}, {b:?}])"),
        3 if a.ceil() <= b.floor() => {
            format!("int_uniform({}, {})", a.ceil() as i64, b.floor() as i64)
        }
        _ => format!("{a:?}"),
    }
}

fn value(parameter: &Parameter, rng: &mut Rng) -> Option<String> {
    Some(match parameter.kind {
        Kind::Drawn { low, high } => drawn(low, high, rng),
        Kind::Number { low, high } => format!("{:?}", number(low, high, rng)),
        Kind::Count { low, high } => {
            format!("{}", number(low.max(1.0), high.min(300.0), rng).round())
        }
        Kind::Flag => (rng.below(2) == 0).to_string(),
        Kind::Word(words) | Kind::WordOrNumber { words, .. } => {
            format!("{:?}", words[rng.below(words.len())])
        }
        Kind::Preset(presets) => format!("{:?}", presets[rng.below(presets.len())].name),
        Kind::WordOrDrawn { words, low, high } => match rng.below(2) {
            0 => format!("{:?}", words[rng.below(words.len())]),
            _ => drawn(low.max(-9.0), high.min(9.0), rng),
        },
        kind if kind == FUNCTION => "|w, seed| noise(20).apply(0.5 * w, #{ seed: seed })".into(),
        kind if kind == RECIPE => "gain(-6..0)".into(),
        Kind::Numbers { low, high } => format!("[{:?}]", number(low, high, rng)),
        Kind::Sizes { low, high, .. } => {
            format!("[{}]", number(low, high.min(300.0), rng).round())
        }
        Kind::Text => "\"text\"".into(),
        Kind::Nested(inside) => panic!("{inside:?} is not known here"),
        Kind::Paths { .. } | Kind::Folder | Kind::Named => return None,
    })
}

/// A stage with some of its parameters, as a script writes it.
fn stage(declaration: &Declaration, rng: &mut Rng) -> String {
    if declaration.parameters.iter().any(|p| p.kind == Kind::Named) {
        let drive = drawn(0.1, 4.0, rng);
        let expression = "0.5 * tanh(drive * x) + 0.2 * y[-1] + 0.1 * noise";
        return format!(
            "{}({expression:?}, #{{ drive: {drive} }})",
            declaration.name
        );
    }
    let (mut positional, mut options) = (Vec::new(), Vec::new());
    for parameter in declaration.parameters.iter().filter(|p| p.positional) {
        if parameter.default_value().is_some() && rng.below(2) == 0 {
            break;
        }
        positional.extend(value(parameter, rng));
    }
    for parameter in declaration.parameters.iter().filter(|p| !p.positional) {
        if rng.below(3) == 0
            && let Some(value) = value(parameter, rng)
        {
            options.push(format!("{}: {value}", parameter.name));
        }
    }
    if !options.is_empty() {
        positional.push(format!("#{{ {} }}", options.join(", ")));
    }
    format!("{}({})", declaration.name, positional.join(", "))
}

fn some(n: usize, depth: usize, accepts: Accepts, rng: &mut Rng) -> Vec<String> {
    (0..n).map(|_| recipe(depth, accepts, rng)).collect()
}

/// A recipe that gives what it takes, in parentheses.
fn recipe(depth: usize, accepts: Accepts, rng: &mut Rng) -> String {
    if depth == 0 {
        let stages: Vec<&Declaration> = catalogue()
            .iter()
            .copied()
            .filter(|d| {
                (d.facts.accepts == accepts || d.facts.accepts == Accepts::Either)
                    && d.facts.gives.is_none()
            })
            .filter(|d| !["background", "patches", "resample_to"].contains(&d.name))
            .collect();
        return stage(stages[rng.below(stages.len())], rng);
    }
    let n = 1 + rng.below(3);
    let parts = some(n.max(2), depth - 1, accepts, rng);
    match rng.below(8) {
        0 => format!("({})", parts.join(" |> ")),
        1 => format!("({})", parts.join(" | ")),
        2 => format!("({})", parts.join(" & ")),
        3 => format!("({:?} * {})", rng.uniform(), parts[0]),
        4 => format!("({} ** {n})", parts[0]),
        5 => format!("some_of(0..{}, [{}])", parts.len(), parts.join(", ")),
        6 => format!(
            "one_of([{}], #{{ weights: {:?} }})",
            parts.join(", "),
            vec![0.25; parts.len()]
        ),
        _ => format!("per_channel({})", parts[0]),
    }
}

#[test]
fn what_a_recipe_prints_and_its_json_are_the_recipe() {
    let mut rng = Rng::from_words(&[2026]);
    let mut session = Session::new(Settings::default(), Arc::new(Silent)).unwrap();
    let clip =
        "let x = white_noise(0.3, #{ sample_rate: 8000, seed: 1 }); let x = x.slice(0, 0.25);";
    session
        .eval("clip", clip)
        .unwrap_or_else(|d| panic!("{}", d.render(false)));
    let front_ends: Vec<&Declaration> = catalogue()
        .iter()
        .copied()
        .filter(|d| d.facts.gives == Some(Domain::Features) && d.facts.accepts == Accepts::Wave)
        .collect();
    let (mut built, mut ran) = (0, 0);
    for case in 0..300 {
        let mut text = recipe(rng.below(3), Accepts::Wave, &mut rng);
        if case % 3 == 0 {
            let front_end = front_ends[rng.below(front_ends.len())];
            text = format!(
                "{text} |> {}() |> {}",
                front_end.name,
                recipe(rng.below(2), Accepts::Features, &mut rng)
            );
        }
        // Options that exclude each other are refused when a stage is built.
        let Ok(made) = session.eval("made", &format!("let r = {text}; r")) else {
            continue;
        };
        built += 1;
        let printed = Shown::text_of(&made.value);
        let check = format!(
            "let again = {printed}; [again == r, from_json(to_json(r)) == r, print_of(again) == print_of(r)]"
        );
        session.eval("text", "fn print_of(r) { `${r}` }").unwrap();
        let same = session
            .eval("again", &check)
            .unwrap_or_else(|d| panic!("{printed}\n{}", d.render(false)));
        assert_eq!(
            Shown::text_of(&same.value),
            "[true, true, true]",
            "{text}\n{printed}"
        );
        // Some make the clip too short for what follows.
        let Ok(first) = session.eval("first", "r.apply(x, #{ item: 3 })") else {
            continue;
        };
        ran += 1;
        session
            .eval("kept", "let first = r.apply(x, #{ item: 3 });")
            .unwrap();
        let bytes = "again.apply(x, #{ item: 3 }) == first && from_json(to_json(r)).apply(x, #{ item: 3 }) == first";
        let equal = session
            .eval("bytes", bytes)
            .unwrap_or_else(|d| panic!("{printed}\n{}", d.render(false)));
        assert_eq!(
            equal.value.as_bool(),
            Ok(true),
            "{printed}: {}",
            Shown::text_of(&first.value)
        );
    }
    assert!(built > 200 && ran > 120, "{built} built, {ran} ran");
}
