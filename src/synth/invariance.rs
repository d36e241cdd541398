//! The same bytes whatever the batch, the threads and the processor; and what is refused.

use crate::architecture::{voice, voice_fm};
use crate::modules::{
    adsr, bursts, curve, damping, event, fm, harmonics, keyboard, lfo, mixer, mod_matrix,
    noise_floor, noise_source, one_pole, pulses, resonant_filter, sine, square_saw,
};
use crate::{Error, Options, Patches, Perturbation, Playback, Signal, Synth, SynthOptions, Units};
use auricle_audio::Distribution;
use auricle_audio::declare::Value;

fn short() -> SynthOptions {
    SynthOptions {
        seconds: 0.37,
        sample_rate: 16_000,
        control_rate: 480,
        normalize: false,
    }
}

/// A graph of every module that makes or changes a sound, with a mixer inside.
fn everything() -> Signal {
    let note = event(Options::new()).unwrap();
    let wobble = lfo(Options::new()).unwrap();
    let env = adsr(Options::new().signal("note", &note)).unwrap();
    let tone = harmonics(
        Options::new()
            .signal("note", &note)
            .signal("pitch", &wobble),
    )
    .unwrap();
    let inner = mixer(Options::new().signals(
        "inputs",
        &[
            (&tone * &env).unwrap(),
            bursts(Options::new()).unwrap(),
            (&pulses(Options::new()).unwrap() * &square_saw(Options::new()).unwrap()).unwrap(),
        ],
    ))
    .unwrap();
    let carrier = fm(Options::new().signal("modulator", &inner)).unwrap();
    let mixed = (&inner + &(0.5 * &carrier).unwrap()).unwrap();
    let filtered = Options::new()
        .signal("input", &mixed)
        .signal("modulation", &wobble);
    let filtered = resonant_filter(filtered).unwrap();
    let damped = damping(Options::new().signal("input", &filtered)).unwrap();
    let soft = one_pole(Options::new().signal("input", &damped)).unwrap();
    noise_floor(Options::new().signal("input", &soft)).unwrap()
}

#[test]
fn bytes_do_not_depend_on_batch_threads_or_processor() {
    for graph in [voice().unwrap(), voice_fm().unwrap(), everything()] {
        let synth = Synth::new(&graph, short()).unwrap();
        let n = synth.n_samples();
        let patches = synth.sample(9, 4, 0, Units::Raw);
        let all = synth.render(&patches).unwrap();
        assert!(all.iter().all(|x| x.is_finite()));
        assert!(
            all.chunks_exact(n)
                .all(|sound| sound.iter().any(|&x| x != 0.0))
        );
        // One by one, and drawn one by one.
        for index in 0..9 {
            let want = &all[index * n..(index + 1) * n];
            assert_eq!(synth.render_one(&patches, index).unwrap().samples(), want);
            let alone = synth.sample(1, 4, index as u64, Units::Raw);
            assert_eq!(synth.render(&alone).unwrap(), want);
        }
        for threads in [1, 5] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            assert_eq!(pool.install(|| synth.render(&patches)).unwrap(), all);
        }
        let mut plain = vec![0.0; all.len()];
        let scalar = Playback {
            scalar: true,
            noise: None,
        };
        synth.render_into(&patches, &scalar, &mut plain).unwrap();
        assert_eq!(plain, all);
        // What another sound leaves behind is not heard.
        synth.render(&synth.sample(20, 5, 0, Units::Human)).unwrap();
        assert_eq!(synth.render(&patches).unwrap(), all);
    }
}

#[test]
fn a_longer_clip_of_a_note_begins_alike() {
    // Phase and noise go on from block to block, whatever the length: a constant pitch tells.
    let tone = sine(Options::new().number("tuning", 0.0)).unwrap();
    let graph = (&tone + &noise_source(Options::new()).unwrap()).unwrap();
    let render = |seconds: f64| {
        let options = SynthOptions { seconds, ..short() };
        let synth = Synth::new(&graph, options).unwrap();
        synth.render(&synth.sample(1, 1, 0, Units::Raw)).unwrap()
    };
    let (short, long) = (render(0.1), render(0.9));
    assert_eq!(long[..short.len()], short);
}

#[test]
fn a_mixer_keeps_every_sound_within_its_range() {
    let options = SynthOptions {
        seconds: 0.5,
        ..SynthOptions::default()
    };
    let synth = Synth::new(&voice().unwrap(), options).unwrap();
    let patches = synth
        .sample(32, 0, 0, Units::Human)
        .set("mixer.level", 1.0)
        .unwrap();
    let sounds = synth.render(&patches).unwrap();
    let peaks = sounds.chunks_exact(synth.n_samples());
    let peaks: Vec<f32> = peaks
        .map(|s| s.iter().fold(0.0f32, |p, x| p.max(x.abs())))
        .collect();
    assert!(peaks.iter().all(|&peak| peak <= 1.000_000_2), "{peaks:?}");
    assert!(peaks.iter().any(|&peak| peak > 0.999), "{peaks:?}");
    let loud = (&sine(Options::new()).unwrap() * &Signal::number(3.0).unwrap()).unwrap();
    for (normalize, want) in [(false, 3.0), (true, 1.0)] {
        let synth = Synth::new(
            &loud,
            SynthOptions {
                normalize,
                ..options
            },
        )
        .unwrap();
        let wave = synth
            .render_one(&synth.sample(1, 0, 0, Units::Raw), 0)
            .unwrap();
        assert!((wave.peak() - want).abs() < 0.01, "{}", wave.peak());
    }
}

#[test]
fn notes_begin_when_they_are_placed() {
    let note = |onset: f64| {
        let numbers = Options::new()
            .number("onset", onset)
            .number("midi_f0", 69.0);
        event(numbers.number("duration", 0.05)).unwrap()
    };
    let voice = |onset: f64| {
        let note = note(onset);
        let env = adsr(Options::new().signal("note", &note).number("release", 0.02)).unwrap();
        let tone = sine(Options::new().signal("note", &note)).unwrap();
        (&tone.named("tone").unwrap() * &env.named("env").unwrap()).unwrap()
    };
    let graph = (&voice(0.1) + &voice(0.3)).unwrap();
    let options = SynthOptions {
        seconds: 0.5,
        ..SynthOptions::default()
    };
    let synth = Synth::new(&graph, options).unwrap();
    // Modules of one name share their parameters.
    let names: Vec<String> = synth.parameters().iter().map(|p| p.to_string()).collect();
    assert_eq!(
        names,
        [
            "env.alpha",
            "env.attack",
            "env.decay",
            "env.sustain",
            "tone.initial_phase",
            "tone.tuning"
        ]
    );
    let patches = synth
        .sample(1, 0, 0, Units::Raw)
        .set("env.sustain", 1.0)
        .unwrap();
    let patches = patches
        .set("env.attack", 0.001)
        .unwrap()
        .set("env.decay", 0.0)
        .unwrap();
    let wave = synth.render_one(&patches, 0).unwrap();
    let loudest = |from_s: f64, to_s: f64| wave.slice(from_s, to_s).unwrap().peak();
    assert_eq!(loudest(0.0, 0.095), 0.0);
    assert!(loudest(0.11, 0.14) > 0.9);
    assert_eq!(loudest(0.2, 0.29), 0.0);
    assert!(loudest(0.31, 0.34) > 0.9);
}

#[test]
fn ranges_restrict_draws_and_perturbations() {
    let range = Value::Drawn(Distribution::uniform(2.0, 8.0).unwrap());
    let choice = Value::Drawn(Distribution::choice(vec![-12.0, 0.0, 12.0]).unwrap());
    let wobble = lfo(Options::new().value("frequency", range).number("sqr", 0.0)).unwrap();
    let tone = sine(
        Options::new()
            .signal("pitch", &wobble)
            .value("tuning", choice),
    )
    .unwrap();
    let synth = Synth::new(&tone, short()).unwrap();
    for units in [Units::Raw, Units::Human] {
        let patches = synth.sample(200, 1, 0, units);
        let place = patches.places("lfo.frequency").unwrap()[0];
        let tuning = patches.places("sine.tuning").unwrap()[0];
        let moved = patches.perturb(&Perturbation::All(0.5), 1, 0).unwrap();
        for index in 0..200 {
            let within = 1.999_99..=8.000_01;
            assert!(within.contains(&patches.values(index)[place]));
            assert!(within.contains(&moved.values(index)[place]));
            let tuning = patches.values(index)[tuning];
            assert!(
                [-12.0, 0.0, 12.0].iter().any(|t| (t - tuning).abs() < 1e-5),
                "{tuning}"
            );
        }
    }
    assert!(synth.sample(1, 0, 0, Units::Raw).places("lfo.sqr").is_err());
}

#[test]
fn perturbations_move_what_they_name() {
    let synth = Synth::new(&voice().unwrap(), short()).unwrap();
    let (a, b) = synth
        .doppelgangers(4, &Perturbation::All(0.1), 1, 0, Units::Raw)
        .unwrap();
    let centre = synth.sample(4, 1, 0, Units::Raw);
    assert!(a != b && a.raw() != centre.raw());
    // A pair is the same in any batch.
    let (alone, _) = synth
        .doppelgangers(1, &Perturbation::All(0.1), 1, 2, Units::Raw)
        .unwrap();
    assert_eq!(alone.row(0), a.row(2));
    assert_eq!(alone.keys()[0], a.keys()[2]);
    let named = Perturbation::Named(vec![("vco_1".into(), 0.2), ("mixer.level".into(), 0.3)]);
    let moved = centre.perturb(&named, 2, 0).unwrap();
    for (place, parameter) in synth.parameters().iter().enumerate() {
        let name = parameter.to_string();
        let is_named = name.starts_with("vco_1.") || name.starts_with("mixer.level");
        let is_moved = (0..4).any(|n| moved.row(n)[place] != centre.row(n)[place]);
        assert_eq!(is_moved, is_named, "{name}");
    }
    let still = centre
        .perturb(&Perturbation::Each(vec![0.0; 78]), 2, 0)
        .unwrap();
    assert_eq!(still.raw(), centre.raw());
}

/// What is refused, and how it is said.
#[test]
fn what_cannot_be_built_is_said() {
    let said = |result: Result<Signal, Error>| result.unwrap_err().to_string();
    let nan = curve(Options::new().value("values", Value::Numbers(vec![0.0, f64::NAN])));
    assert!(said(nan).contains("finite"));
    assert!(said(Signal::number(f64::NAN)).contains("finite number"));
    let outside = adsr(Options::new().number("attack", -1.0));
    assert_eq!(said(outside), "`attack` must be within 0..2, not -1");
    assert_eq!(said(fm(Options::new())), "`fm` needs `modulator`");
    assert!(said(sine(Options::new().number("colour", 1.0))).contains("no option `colour`"));
    let audio = sine(Options::new()).unwrap();
    let wrong = sine(Options::new().signal("pitch", &audio));
    assert_eq!(
        said(wrong),
        "`pitch` of `sine` takes a control signal, not an audio signal"
    );
    let note = keyboard(Options::new()).unwrap();
    assert_eq!(
        said(&note * &audio),
        "a note cannot be added, multiplied or played"
    );
    let inputs = [lfo(Options::new()).unwrap()];
    let options = Options::new()
        .signals("inputs", &inputs)
        .number("outputs", 2.0);
    let matrix = mod_matrix(options).unwrap();
    assert_eq!(
        said(&matrix * &audio),
        "`mod_matrix` has 2 outputs, and one of them is wanted"
    );
    assert!(said(matrix.output(2)).contains("within 0..1"));
    assert!(said(mixer(Options::new().signals("inputs", &[]))).contains("at least one"));
    assert!(said(audio.named("1st")).contains("a letter first"));

    let said = |options: SynthOptions| Synth::new(&audio, options).unwrap_err().to_string();
    let seconds = |seconds: f64| SynthOptions { seconds, ..short() };
    assert_eq!(said(seconds(-1.0)), "`seconds` must be above 0 s, not -1");
    assert!(said(seconds(f64::NAN)).contains("above 0 s"));
    assert!(said(seconds(1e12)).contains("samples long"));
    let no_rate = SynthOptions {
        sample_rate: 0,
        ..short()
    };
    assert!(said(no_rate).contains("at least 1 Hz"));
    assert!(Synth::new(&note, short()).is_err());
    let low = sine(Options::new().number("tuning", -1.0))
        .unwrap()
        .named("it")
        .unwrap();
    let high = sine(Options::new().number("tuning", 1.0))
        .unwrap()
        .named("it")
        .unwrap();
    let both = Synth::new(&(&low + &high).unwrap(), short()).unwrap_err();
    assert_eq!(
        both.to_string(),
        "two modules are called `it`, but they are not set alike"
    );

    let synth = Synth::new(&audio, short()).unwrap();
    let said = |raw: Vec<f32>| synth.patches(raw).unwrap_err().to_string();
    assert_eq!(
        said(vec![0.5; 5]),
        "a patch of this synthesizer has 4 parameters, not 1"
    );
    assert!(said(vec![0.5, 0.5, f32::NAN, 0.5]).contains("within 0..1"));
    assert!(said(vec![0.5, 1.5, 0.5, 0.5]).contains("`keyboard.midi_f0`"));
    let other = Synth::new(&voice().unwrap(), short()).unwrap();
    let patches: Patches = other.sample(1, 0, 0, Units::Raw);
    assert!(matches!(
        synth.render(&patches),
        Err(Error::PatchSize { want: 4, got: 78 })
    ));
    let fits = synth.sample(2, 0, 0, Units::Raw);
    let mut small = vec![0.0; 10];
    let result = synth.render_into(&fits, &Playback::default(), &mut small);
    assert!(matches!(result, Err(Error::Buffer { sounds: 2, .. })));
    assert!(fits.set("sine.tuning", 25.0).is_err() && fits.set("sine.tune", 0.0).is_err());
    assert!(fits.perturb(&Perturbation::All(-0.1), 0, 0).is_err());
    assert!(fits.perturb(&Perturbation::Each(vec![0.1]), 0, 0).is_err());
}
