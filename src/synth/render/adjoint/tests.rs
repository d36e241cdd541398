//! Gradients of every module against central differences in double precision, and the sound that they are of against the
//! engine's.

use super::reverse::Reverse;
use super::tape::Tape;
use crate::architecture::{Voices, parametric_synth, torchsynth_voice, voice, voice_fm};
use crate::modules::{self, CATALOGUE};
use crate::{Options, Playback, Signal, Slope, Synth, SynthOptions, Units};
use auricle_audio::Rng;
use auricle_audio::declare::Value;

fn short() -> SynthOptions {
    SynthOptions {
        seconds: 0.21,
        sample_rate: 4000,
        control_rate: 150,
        normalize: false,
    }
}

fn synth(graph: Signal) -> Synth {
    Synth::new(&graph, short()).unwrap()
}

/// A graph in which every parameter of a module is heard, by the module's name.
fn graph_of(name: &str) -> Vec<Signal> {
    let options = Options::new;
    let noise = modules::noise_source(options()).unwrap();
    let wobble = modules::lfo(
        options()
            .number("saw", 0.0)
            .number("rsaw", 0.0)
            .number("sqr", 0.0),
    );
    let wobble = wobble.unwrap();
    let tone = modules::sine(options()).unwrap();
    let env = modules::adsr(options()).unwrap();
    let pitched = || options().signal("pitch", &wobble);
    let filtered = |pass: &str| {
        let filter = options()
            .signal("input", &noise)
            .signal("modulation", &env)
            .value("pass", Value::Word(pass.to_owned()));
        modules::resonant_filter(filter)
    };
    let graph = match name {
        "keyboard" => &tone * &env,
        "event" => {
            let note = modules::event(options()).unwrap();
            let tone = modules::sine(options().signal("note", &note)).unwrap();
            let env = modules::adsr(options().signal("note", &note)).unwrap();
            let sound = (&(&tone * &env).unwrap() + &noise).unwrap();
            modules::damping(options().signal("input", &sound).signal("note", &note))
        }
        "adsr" => &noise * &env,
        "lfo" => &noise * &modules::lfo(options().signal("rate", &env)).unwrap(),
        "curve" => {
            let values = Value::Numbers(vec![0.1, 0.9, -0.4]);
            &tone * &modules::curve(options().value("values", values)).unwrap()
        }
        "mod_matrix" => {
            let inputs = [env.clone(), wobble.clone()];
            let matrix = options().signals("inputs", &inputs).number("outputs", 2.0);
            let matrix = modules::mod_matrix(matrix).unwrap();
            let pitch = matrix.output(0).unwrap();
            let tone = modules::sine(options().signal("pitch", &pitch)).unwrap();
            &tone * &matrix.output(1).unwrap()
        }
        "soft_select" => modules::soft_select(options().signals("inputs", &[tone, noise, env])),
        "hard_select" => modules::hard_select(options().signals("inputs", &[tone, noise])),
        "crossfade" => modules::crossfade(options().signal("a", &tone).signal("b", &noise)),
        "sine" => modules::sine(pitched()),
        "square_saw" => modules::square_saw(pitched()),
        "fm" => modules::fm(options().signal("modulator", &(&tone * &env).unwrap())),
        "harmonics" => modules::harmonics(pitched()),
        "noise_source" => noise.scaled(0.5),
        "pulses" => modules::pulses(options()),
        "bursts" => modules::bursts(options().signal("note", &modules::event(options()).unwrap())),
        "noise_floor" => modules::noise_floor(options().signal("input", &tone)),
        "vca" => modules::vca(options().signal("input", &tone).signal("amp", &env)),
        "mixer" => modules::mixer(options().signals(
            "inputs",
            &[tone, noise, env].map(|s| {
                // Loud enough to be divided by its peak at times, and a control signal is brought to audio rate.
                (&s * &Signal::number(1.5).unwrap()).unwrap()
            }),
        )),
        "one_pole" => {
            modules::one_pole(options().signal("input", &noise).signal("modulation", &env))
        }
        "resonant_filter" => {
            return ["low", "band", "high"]
                .map(|pass| filtered(pass).unwrap())
                .to_vec();
        }
        "damping" => modules::damping(options().signal("input", &noise)),
        other => panic!("`{other}` has no graph here: add one in which its parameters are heard"),
    };
    vec![graph.unwrap()]
}

/// A fixed loss: a weighted sum of the samples, which has the weights as its gradient.
fn weights(n: usize) -> Vec<f64> {
    let mut rng = Rng::from_words(&[7]);
    (0..n).map(|_| rng.normal()).collect()
}

fn loss(synth: &Synth, row: &[f64], key: u64, weights: &[f64]) -> f64 {
    let tape = Tape::record(&synth.inner.playable, row, key, None);
    super::reverse::dot(tape.samples(), weights)
}

/// By a difference of fourth order.
fn difference(of: impl Fn(f64) -> f64, step: f64) -> f64 {
    (8.0 * (of(step) - of(-step)) - (of(2.0 * step) - of(-2.0 * step))) / (12.0 * step)
}

/// Compares at some patches, to a relative error; gives how many parameters were compared and the largest relative error.
fn compare(what: &str, synth: &Synth, n: usize, tolerance: f64) -> (usize, f64) {
    let weights = weights(synth.n_samples());
    let patches = synth.sample(n, 3, 0, Units::Raw);
    let (mut compared, mut worst) = (0, 0.0);
    for index in 0..n {
        let row: Vec<f64> = patches.row(index).iter().map(|&x| f64::from(x)).collect();
        let key = patches.keys()[index];
        let tape = Tape::record(&synth.inner.playable, &row, key, None);
        let gradient = Reverse::run(&tape, &row, weights.clone());
        let largest = gradient.iter().fold(0.0f64, |most, g| most.max(g.abs()));
        let parameters = synth.parameters().iter().zip(synth.slopes());
        for (place, (parameter, slope)) in parameters.enumerate() {
            let got = gradient[place];
            if !slope.is_some() {
                assert_eq!(got, 0.0, "{what}: {parameter}");
                continue;
            }
            let moved = |by: f64| {
                let mut row = row.clone();
                row[place] += by;
                loss(synth, &row, key, &weights)
            };
            // An FM oscillator turns by many radians where a parameter moves by a millionth, others hardly move there.
            let tried = [1e-6, 1e-7, 1e-8, 1e-9].map(|step| {
                let want = difference(moved, step);
                // Rounding of the sum over the samples, and of what the sound turns into many radians.
                let rounding = 5e-13 / step + 1e-9 * largest;
                let error = ((got - want).abs() - rounding).max(0.0) / want.abs().max(1e-12);
                (error, want)
            });
            let nearest = tried.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
            let (error, want) = nearest.unwrap();
            assert!(
                error < tolerance,
                "{what}, patch {index}: {parameter} = {}: {got}, and {want} by differences",
                row[place]
            );
            worst = f64::max(worst, error);
            compared += 1;
        }
    }
    (compared, worst)
}

#[test]
fn every_module_has_the_gradient_that_differences_have() {
    for module in CATALOGUE {
        let (mut compared, mut worst) = (0, 0.0);
        for graph in graph_of(module.name) {
            let (n, error) = compare(module.name, &synth(graph), 6, 1e-5);
            compared += n;
            worst = f64::max(worst, error);
        }
        println!(
            "{:16} {compared:4} compared, {worst:.1e} at most",
            module.name
        );
        // A selection of the largest alone has nothing to compare but what is chosen.
        let has_some = !["noise_source"].contains(&module.name);
        assert_eq!(compared > 0, has_some, "{}", module.name);
    }
}

#[test]
fn whole_architectures_have_the_gradients_that_differences_have() {
    for (name, graph) in [
        // FM multiplies the rounding of its modulator by up to 96: hence another bound than that of single modules.
        ("voice", voice()),
        ("torchsynth_voice", torchsynth_voice()),
        ("voice_fm", voice_fm()),
        ("parametric_synth", parametric_synth(Voices::default())),
    ] {
        let (compared, worst) = compare(name, &synth(graph.unwrap()), 3, 1e-4);
        println!("{name:16} {compared:4} compared, {worst:.1e} at most");
    }
}

#[test]
fn every_parameter_of_a_module_is_compared_or_said_to_step() {
    for module in CATALOGUE {
        let graphs = graph_of(module.name);
        for knob in module.facts.knobs {
            let slopes = graphs.iter().flat_map(|graph| {
                let synth = synth(graph.clone());
                let own = |(place, _): &(usize, _)| {
                    synth.parameters()[*place].kind == module.name
                        && synth.parameters()[*place].parameter == knob.name
                };
                let slopes = synth.slopes().iter().copied().enumerate().filter(own);
                slopes.map(|(_, slope)| slope).collect::<Vec<_>>()
            });
            let slopes: Vec<Slope> = slopes.collect();
            assert!(
                !slopes.is_empty(),
                "{}.{} is not free in its graph",
                module.name,
                knob.name
            );
            let unheard = |slope: &Slope| slope.to_string().contains("does not depend");
            assert!(!slopes.iter().any(unheard), "{}.{}", module.name, knob.name);
        }
    }
}

#[test]
fn what_steps_is_said() {
    let said = |graph: Signal, name: &str| {
        let synth = synth(graph);
        let mut parameters = synth.parameters().iter().zip(synth.slopes());
        let found = parameters.find(|(parameter, _)| parameter.to_string() == name);
        *found.unwrap().1
    };
    let of = |name: &str| graph_of(name).remove(0);
    assert_eq!(said(of("sine"), "sine.tuning"), Slope::Whole);
    assert!(matches!(
        said(of("hard_select"), "hard_select.mode[0]"),
        Slope::None(_)
    ));
    assert!(matches!(said(of("pulses"), "pulses.rate"), Slope::None(_)));
    assert_eq!(said(of("pulses"), "pulses.decay"), Slope::Whole);
    assert!(matches!(
        said(of("harmonics"), "harmonics.tuning"),
        Slope::Part(_)
    ));
    assert!(matches!(said(of("lfo"), "lfo.frequency"), Slope::Part(_)));
    // An envelope that moves a saw jumps with it.
    assert!(matches!(said(of("lfo"), "adsr.attack"), Slope::Part(_)));
    assert!(matches!(said(of("event"), "event.onset"), Slope::Part(_)));
    // No envelope follows the note.
    assert!(matches!(
        said(of("sine"), "keyboard.duration"),
        Slope::None(_)
    ));
}

#[test]
fn the_sound_is_the_engines() {
    let mut graphs: Vec<Signal> = CATALOGUE.iter().flat_map(|m| graph_of(m.name)).collect();
    graphs.extend([voice(), voice_fm(), parametric_synth(Voices::default())].map(Result::unwrap));
    for graph in graphs {
        let synth = synth(graph);
        let patches = synth.sample(4, 1, 0, Units::Raw);
        for index in 0..4 {
            let mut want = vec![0.0; synth.n_samples()];
            synth.render_row(&patches, index, &Playback::default(), &mut want);
            let tape = Tape::record(
                &synth.inner.playable,
                patches.row(index),
                patches.keys()[index],
                None,
            );
            for (got, &want) in tape.samples().iter().zip(&want) {
                let error = (got - f64::from(want)).abs();
                assert!(error < 2e-5 * got.abs().max(1.0), "{synth}: {got} {want}");
            }
        }
    }
}

#[test]
fn gradients_are_numbers_at_the_ends_of_all_ranges() {
    let mut graphs: Vec<Signal> = CATALOGUE.iter().flat_map(|m| graph_of(m.name)).collect();
    graphs.extend([torchsynth_voice(), voice_fm()].map(Result::unwrap));
    for graph in graphs {
        let synth = synth(graph);
        let weights = weights(synth.n_samples());
        for raw in [0.0, 0.5, 1.0] {
            let row = vec![raw; synth.parameters().len()];
            let tape = Tape::record(&synth.inner.playable, &row, 0, None);
            let gradient = Reverse::run(&tape, &row, weights.clone());
            let parameters = synth.parameters().iter().zip(gradient);
            for (parameter, gradient) in parameters {
                assert!(gradient.is_finite(), "{synth}: {parameter} at {raw}");
            }
        }
    }
}

#[test]
fn gradients_do_not_depend_on_batch_or_threads() {
    let synth = synth(voice_fm().unwrap());
    let n = synth.n_samples();
    let patches = synth.sample(7, 1, 0, Units::Raw);
    let of_samples: Vec<f32> = weights(7 * n).into_iter().map(|g| g as f32).collect();
    let all = synth
        .gradient(&patches, &Playback::default(), &of_samples)
        .unwrap();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let again = pool.install(|| synth.gradient(&patches, &Playback::default(), &of_samples));
        assert_eq!(again.unwrap(), all);
    }
    let alone = patches.select(&[4]).unwrap();
    let row = synth
        .gradient(&alone, &Playback::default(), &of_samples[4 * n..5 * n])
        .unwrap();
    assert_eq!(row, all[4 * 130..5 * 130]);
}

#[test]
fn what_has_no_gradient_is_refused() {
    let error = |synth: &Synth| synth.check_gradient().unwrap_err().to_string();
    let numbers = Options::new().number("decay", 0.1);
    let note = modules::keyboard(
        Options::new()
            .number("midi_f0", 60.0)
            .number("duration", 1.0),
    );
    let pulses = modules::pulses(numbers.signal("note", &note.unwrap())).unwrap();
    assert_eq!(
        error(&synth(pulses)),
        "`synthesizer` must be a synthesizer with a parameter that has a gradient, not one of pulses.jitter (no, as a pulse steps \
         from one sample to the next), pulses.rate (no, as a pulse steps from one sample to the next)"
    );
    assert!(error(&synth(graph_of("noise_source").remove(0))).contains("without parameters"));
    let tone = synth(graph_of("sine").remove(0));
    let patches = tone.sample(2, 0, 0, Units::Raw);
    let wrong = tone.gradient(&patches, &Playback::default(), &[0.0; 5]);
    assert!(wrong.unwrap_err().to_string().contains("buffer of"));
}
