//! What holds for every stage, whatever it is given.

use super::{
    Accepts, Declaration, Domain, Kind, Parameter, RECIPE, Recipe, Stage, Value, Workspace,
    catalogue,
};
use crate::{Error, Key, Rng, Waveform};

/// A short recording for stages that need one.
fn recording(folder: &std::path::Path) -> String {
    let mut samples = vec![0.0; 2 * 3000];
    Rng::from_words(&[5]).fill_normal(&mut samples);
    let file = folder.join("noise.wav");
    let wave = Waveform::new(samples, 2, 8000).unwrap();
    crate::io::write_wav(&file, &wave, crate::io::SampleFormat::Float32).unwrap();
    file.display().to_string()
}

/// An expression with all that one can have.
const OF_SAMPLES: &str =
    "select(x > peak / 2, tanh(2 * x), x[-3]) + rms * noise - 0.3 * y[-1] + 0.3 * y[-200]";

/// The same in Rust, for waves.
const IN_RUST: &str = "fn f(x: &mut [f32], seed: u64) { for v in x.iter_mut() { *v = 0.5 * v.tanh() + (seed % 7) as f32; } }";

/// What must be given, so that the stage can be built.
fn required(declaration: &Declaration, recording: &str) -> Option<(String, Value)> {
    let (name, value) = match declaration.name {
        "crop" => ("seconds", Value::Drawn(0.01.into())),
        "resample_to" => ("hz", Value::Drawn(11_025.0.into())),
        "background" | "short_noises" => ("paths", Value::Word(recording.into())),
        "op" => ("expression", Value::Word(OF_SAMPLES.into())),
        "rust_op" => ("source", Value::Word(IN_RUST.into())),
        "op_features" => (
            "expression",
            Value::Word("0.5 * x + 0.5 * y[-1] + noise * std".into()),
        ),
        _ => return None,
    };
    Some((name.to_owned(), value))
}

/// Every stage of the catalogue but the one whose body is the user's.
fn stages() -> impl Iterator<Item = &'static Declaration> {
    catalogue()
        .iter()
        .copied()
        .filter(|declaration| declaration.name != "lambda")
}

#[test]
fn every_stage_survives_every_odd_clip() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(folder.path());
    for declaration in stages().filter(|declaration| declaration.facts.accepts != Accepts::Features)
    {
        let recipe: Recipe = Stage::new(declaration, required(declaration, &file))
            .unwrap()
            .into();
        for n in [0, 1, 2, 7, 300, 4001] {
            for n_channels in [1, 3] {
                for silent in [false, true] {
                    let samples =
                        (0..n * n_channels).map(|i| if silent { 0.0 } else { (i as f32).sin() });
                    let clip = Waveform::new(samples.collect(), n_channels, 8000).unwrap();
                    let mut work = Workspace::default();
                    work.load(&clip);
                    match recipe.run(Key::of_seed(n as u64), &mut work) {
                        Ok(()) => {
                            assert!(
                                work.samples
                                    .iter()
                                    .chain(&work.features.values)
                                    .all(|x| x.is_finite())
                            );
                            assert_eq!(work.samples.len() % work.n_channels, 0);
                        }
                        Err(Error::Unusable(_)) => {
                            assert!(declaration.facts.gives.is_some(), "{}", declaration.name)
                        }
                        Err(error) => panic!("{}: {error}", declaration.name),
                    }
                }
            }
        }
    }
}

/// Where a count is a length that work grows with, this is as far as the test goes.
const LONG_ENOUGH: f64 = 2000.0;

/// A value that a parameter accepts: often an end of its range, otherwise anything between.
fn any_value(parameter: &Parameter, rng: &mut Rng) -> Option<Value> {
    if rng.below(3) == 0 {
        return parameter.default_value();
    }
    let between = |low: f64, high: f64, rng: &mut Rng| match rng.below(6) {
        0 => low,
        1 => high,
        // Ranges go over decades, so half of the values come from the lowest ones.
        2 | 3 if low > 0.0 => libm::exp(rng.range(low.ln(), high.ln())).clamp(low, high),
        _ => rng.range(low, high),
    };
    Some(match parameter.kind {
        // Seconds of reverberation, of padding and the like make long clips: a few of them are enough.
        Kind::Drawn { low, high }
            if parameter.name.ends_with("_s") || parameter.name == "seconds" =>
        {
            Value::Drawn(between(low, high.min(0.5), rng).into())
        }
        Kind::Number { low, high } if parameter.name.ends_with("_s") => {
            Value::Drawn(between(low, high.min(0.5), rng).into())
        }
        Kind::Drawn { high, .. } if parameter.name == "fraction" && high > 1.0 => {
            Value::Drawn(between(0.0, 2.0, rng).into())
        }
        Kind::Drawn { low, high } | Kind::Number { low, high } => {
            Value::Drawn(between(low, high, rng).into())
        }
        Kind::Count { low, high } => {
            Value::Drawn(between(low, high.min(LONG_ENOUGH), rng).round().into())
        }
        Kind::WordOrDrawn { words, low, high } => match rng.below(2) {
            0 => Value::Word(words[rng.below(words.len())].into()),
            _ => Value::Drawn(between(low.max(-9.0), high.min(9.0), rng).into()),
        },
        Kind::Flag => Value::Flag(rng.below(2) == 0),
        Kind::Word(words) | Kind::WordOrNumber { words, .. } => {
            Value::Word(words[rng.below(words.len())].into())
        }
        Kind::Preset(presets) => Value::Word(presets[rng.below(presets.len())].name.into()),
        // A random path leads nowhere, and a function is the user's.
        kind @ Kind::Nested(_) if kind == RECIPE => {
            Value::from(Recipe::from(Stage::new(&super::noise::NOISE, []).unwrap()))
        }
        Kind::Paths { .. } | Kind::Folder | Kind::Nested(_) => return parameter.default_value(),
        Kind::Numbers { low, high } => Value::Numbers(vec![between(low, high, rng)]),
        Kind::Sizes { low, high, .. } => {
            Value::Numbers(vec![between(low, high.min(LONG_ENOUGH), rng).round()])
        }
        // What a text must be is required of its stage, and names stand in it.
        Kind::Text => return None,
        Kind::Named => Value::Named(Vec::new()),
    })
}

fn any_wave(rng: &mut Rng) -> Waveform {
    let n_channels = [1, 1, 2, 8][rng.below(4)];
    let n = [0, 1, 2, 3, rng.below(40), rng.below(5000)][rng.below(6)];
    let mut samples = vec![0.0; n * n_channels];
    match rng.below(5) {
        0 => {}
        1 => samples.fill(0.7),
        2 => samples.iter_mut().step_by(77).for_each(|x| *x = -1.0),
        kind => {
            rng.fill_normal(&mut samples);
            let scale = if kind == 3 { 1e-30 } else { 0.3 };
            samples.iter_mut().for_each(|x| *x *= scale);
        }
    }
    let sample_rate = [8, 8000, 11_025, 16_000, 44_100, 192_000][rng.below(6)];
    Waveform::new(samples, n_channels, sample_rate).unwrap()
}

/// Stages that may change how long a wave is, or make something else of it.
fn keeps_length(declaration: &Declaration) -> bool {
    let changes = [
        "crop",
        "mono",
        "pad",
        "trim",
        "repeat_part",
        "splice_out",
        "speed",
        "time_stretch",
        "resample_to",
        "impulse_response",
        "room",
    ];
    declaration.facts.gives.is_none() && !changes.contains(&declaration.name)
}

/// Runs a stage on a clip, checks what it leaves, and repeats it from its trace and from its JSON.
fn check(recipe: &Recipe, declaration: &Declaration, key: Key, load: &dyn Fn(&mut Workspace)) {
    let mut work = Workspace::default();
    load(&mut work);
    let before = work.values_mut().len();
    let said = || format!("{recipe:?}");
    let trace = match recipe.trace(key, &mut work) {
        Ok(trace) => trace,
        // Too short for a frame or a patch.
        Err(Error::Unusable(_)) if !keeps_length(declaration) || declaration.name == "patches" => {
            return;
        }
        // Whether a frequency is below half the sample rate is known when there is a sound.
        Err(Error::Range { .. }) if declaration.facts.gives.is_some() => return,
        Err(error) => panic!("{}: {error}", said()),
    };
    assert!(
        work.values_mut().iter().all(|x| x.is_finite()),
        "{}",
        said()
    );
    if keeps_length(declaration) && declaration.name != "patches" {
        assert_eq!(work.values_mut().len(), before, "{}", said());
    }
    let first = work.values_mut().clone();
    load(&mut work);
    recipe.replay(&trace, &mut work).unwrap();
    assert_eq!(*work.values_mut(), first, "{}", said());
    let back = Recipe::from_json(&recipe.to_json()).unwrap();
    assert_eq!(back, *recipe);
    load(&mut work);
    back.run(key, &mut work).unwrap();
    assert_eq!(*work.values_mut(), first, "{}", said());
}

#[test]
fn every_stage_keeps_its_promises_whatever_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(folder.path());
    for declaration in stages() {
        // What is tried of a stage does not depend on those before it.
        let mut rng =
            Rng::from_words(&[12, xxhash_rust::xxh3::xxh3_64(declaration.name.as_bytes())]);
        // What is cheap is tried often.
        let cases = match declaration.name {
            "resample_to" | "room" => 8,
            "mp3" | "pitch_shift" | "time_stretch" | "kaldi_fbank" => 30,
            _ => 200,
        };
        // Most of the many options of these exclude each other.
        let tries = match declaration.name {
            "room" | "mfcc" => 400,
            _ => cases,
        };
        let mut built = 0;
        for case in 0..tries {
            if built == cases {
                break;
            }
            let parameters = declaration.parameters.iter();
            let drawn = parameters
                .filter_map(|p| Some((p.name.to_owned(), any_value(p, &mut rng)?)))
                .filter(|(_, value)| *value != Value::Absent);
            let mut given: std::collections::BTreeMap<String, Value> =
                required(declaration, &file).into_iter().collect();
            given.extend(drawn);
            // Some options exclude each other, which is said when the stage is built.
            let Ok(stage) = Stage::new(declaration, given) else {
                continue;
            };
            built += 1;
            let accepts = stage.accepts();
            let (recipe, clip) = (Recipe::from(stage), any_wave(&mut rng));
            if accepts != Accepts::Features {
                check(&recipe, declaration, Key::of_seed(case), &|work| {
                    work.load(&clip)
                });
            }
            if accepts != Accepts::Wave {
                let (n_bands, n_frames) = [(0, 0), (1, 1), (3, 2), (64, 5), (4, 300)][rng.below(5)];
                let mut values = vec![0.0; 2 * n_bands * n_frames];
                rng.fill_normal(&mut values);
                let block = crate::features::Features {
                    values,
                    n_channels: 2,
                    n_bands,
                    n_frames,
                    ..Default::default()
                };
                check(&recipe, declaration, Key::of_seed(case), &|work| {
                    work.load_features(&block)
                });
            }
        }
        assert!(built > cases / 8, "{}: {built}", declaration.name);
    }
}

#[test]
fn domains_are_as_declared() {
    for declaration in
        stages().filter(|declaration| declaration.facts.gives == Some(Domain::Features))
    {
        assert_eq!(
            declaration.facts.accepts,
            Accepts::Wave,
            "{}",
            declaration.name
        );
    }
}

/// Bytes that a stage may take for the values it draws, where they are many.
const DRAWS: u64 = 4096;

#[test]
fn a_clip_like_one_before_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let file = recording(folder.path());
    let mut samples = vec![0.0; 2 * 8000];
    Rng::from_words(&[8]).fill_normal(&mut samples);
    let clip = Waveform::new(samples, 2, 8000).unwrap();
    for declaration in stages() {
        let mut recipe: Recipe = Stage::new(declaration, required(declaration, &file))
            .unwrap()
            .into();
        if declaration.facts.accepts == Accepts::Features {
            recipe = Recipe::from(Stage::new(super::declaration("mel").unwrap(), []).unwrap())
                .then(&recipe)
                .unwrap();
        }
        let mut work = Workspace::default();
        let mut run = |item| {
            work.load(&clip);
            recipe
                .run(
                    Key {
                        item,
                        ..Key::of_seed(0)
                    },
                    &mut work,
                )
                .unwrap();
        };
        (0..4).for_each(&mut run);
        let taken = allocation_counter::measure(|| run(2)).bytes_total;
        // The encoder and the decoder of MP3 keep their own buffers, as long as they live.
        assert_eq!(
            taken > DRAWS,
            declaration.name == "mp3",
            "{}: {taken} bytes",
            declaration.name
        );
    }
    let word = Value::Word("pink".into());
    let pink: Recipe = Stage::new(
        super::declaration("noise").unwrap(),
        [("color".to_owned(), word)],
    )
    .unwrap()
    .into();
    let mut work = Workspace::default();
    work.load(&clip);
    pink.run(Key::of_seed(0), &mut work).unwrap();
    assert_eq!(
        allocation_counter::measure(|| pink.run(Key::of_seed(0), &mut work).unwrap()).bytes_total,
        0
    );
}
