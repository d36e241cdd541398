//! Features and recipes on one thread, in times real time: a throughput of 1 Kelem/s is a second of audio in a millisecond.

use auricle_audio::augment::{Recipe, Stage, Value, Views, Workspace, declaration};
use auricle_audio::dsp::resample;
use auricle_audio::synth::white_noise;
use auricle_audio::{Distribution, Key, Rng, Waveform, io};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::{Path, PathBuf};

fn stage(name: &str, given: &[(&str, f64)]) -> Recipe {
    stage_of(
        name,
        given
            .iter()
            .map(|&(name, value)| (name, Value::Drawn(value.into())))
            .collect(),
    )
}

fn stage_of(name: &str, given: Vec<(&str, Value)>) -> Recipe {
    let declared = declaration(name).expect("the stage is declared");
    let given = given
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Stage::new(declared, given)
        .expect("the options are good")
        .into()
}

fn word(word: &str) -> Value {
    Value::Word(word.to_owned())
}

fn range(low: f64, high: f64) -> Value {
    Value::Drawn(Distribution::uniform(low, high).expect("the range is in order"))
}

fn chain(recipes: &[Recipe]) -> Recipe {
    recipes.iter().fold(Recipe::identity(), |chain, next| {
        chain.then(next).expect("the domains fit")
    })
}

fn noise(duration_s: f64, sample_rate: u32) -> Waveform {
    white_noise(duration_s, sample_rate, &mut Rng::from_words(&[1])).expect("the duration is good")
}

/// Runs a recipe on a clip in a workspace that is kept, as the loader does.
fn bench(c: &mut Criterion, name: &str, recipes: &[Recipe], wave: &Waveform) {
    let mut group = c.benchmark_group("audio");
    let seconds = wave.duration_s();
    group.throughput(Throughput::Elements(
        (seconds * recipes.len() as f64).round() as u64,
    ));
    group.bench_function(name, |b| {
        let (mut work, mut item) = (Workspace::default(), 0);
        b.iter(|| {
            item += 1;
            for (view, recipe) in recipes.iter().enumerate() {
                work.load(wave);
                recipe
                    .run(
                        Key {
                            item,
                            view: view as u64,
                            ..Key::of_seed(0)
                        },
                        &mut work,
                    )
                    .expect("the clip is good");
                black_box(&work.features.values);
            }
        });
    });
    group.finish();
}

/// Where `benches/peers/audio.py` puts the files that its peers read; without them what reads files is left out.
const SOUNDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench_sounds");

/// The sound files of a format, with their total duration in seconds.
fn sounds(format: &str) -> Option<(Vec<PathBuf>, f64)> {
    let files = io::sounds(&Path::new(SOUNDS).join(format)).ok()?;
    let duration = files
        .iter()
        .map(|file| io::read(file).map_or(0.0, |wave| wave.duration_s()))
        .sum();
    Some((files, duration))
}

/// Decodes real files, whole.
fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("audio");
    for format in ["wav", "flac", "ogg", "mp3"] {
        let Some((files, seconds)) = sounds(format) else {
            continue;
        };
        group.throughput(Throughput::Elements(seconds.round() as u64));
        group.bench_function(format!("decode_{format}"), |b| {
            b.iter(|| {
                files
                    .iter()
                    .for_each(|file| drop(black_box(io::read(file).expect("the file is good"))))
            });
        });
    }
    group.finish();
}

/// From files to the input of an encoder: 16 kHz, two views of five transforms, log-mel.
fn whole_chain(c: &mut Criterion) {
    let Some((files, seconds)) = sounds("ogg") else {
        return;
    };
    let view = chain(&[
        stage_of("gain", vec![("gain_db", range(-12.0, 12.0))]),
        stage_of("noise", vec![("snr_db", range(5.0, 40.0))]),
        stage_of(
            "low_pass",
            vec![
                ("cutoff_hz", range(1000.0, 7000.0)),
                ("q", Value::Drawn(0.707.into())),
            ],
        ),
        stage("time_shift", &[]),
        stage("time_mask", &[]),
        stage(
            "log_mel",
            &[("n_mels", 64.0), ("n_fft", 1024.0), ("hop_length", 160.0)],
        ),
    ]);
    let views = Views::of(2, &view).expect("the view is good");
    let mut group = c.benchmark_group("audio");
    group.throughput(Throughput::Elements(seconds.round() as u64));
    group.bench_function("ogg_to_two_views", |b| {
        let (mut work, mut item) = (Workspace::default(), 0);
        b.iter(|| {
            for file in &files {
                item += 1;
                let wave = resample(&io::read(file).expect("the file is good"), 16_000)
                    .expect("the rate is good");
                for (view, recipe) in views.recipes().iter().enumerate() {
                    work.load(&wave);
                    recipe
                        .run(
                            Key {
                                item,
                                view: view as u64,
                                ..Key::of_seed(0)
                            },
                            &mut work,
                        )
                        .expect("the clip is good");
                    black_box(&work.features.values);
                }
            }
        });
    });
    group.finish();
}

/// Expressions beside what they are like: a built-in distortion, and a filter of the first order as a loop.
fn operators(c: &mut Criterion) {
    let op = |expression: &str, named: &[(&str, f64)]| {
        let expression = [("expression", word(expression))].into_iter();
        let named = named
            .iter()
            .map(|&(name, value)| (name, Value::Drawn(value.into())));
        stage_of("op", expression.chain(named).collect())
    };
    let ten_s = noise(10.0, 16_000);
    for (name, recipe) in [
        ("identity", Recipe::identity()),
        ("tanh_distortion", stage("tanh_distortion", &[])),
        ("op_tanh", op("tanh(drive * x)", &[("drive", 4.0)])),
        (
            "op_sine_shaper",
            op("sin(2 * pi * t * f) * x", &[("f", 50.0)]),
        ),
        ("op_one_pole", op("a * x + (1 - a) * y[-1]", &[("a", 0.1)])),
        ("op_echo", op("x + 0.5 * y[-4000]", &[])),
        (
            "op_biquad",
            op(
                "b * x + 2 * b * x[-1] + b * x[-2] + p * y[-1] - q * y[-2]",
                &[("b", 0.02), ("p", 1.56), ("q", 0.64)],
            ),
        ),
        (
            "rust_op_one_pole",
            stage_of("rust_op", vec![("source", word(ONE_POLE))]),
        ),
    ] {
        bench(c, &format!("{name}_10s_16k"), &[recipe], &ten_s);
    }
    rust_cells(c);
    let mut group = c.benchmark_group("audio");
    group.throughput(Throughput::Elements(10));
    group.bench_function("one_pole_loop_10s_16k", |b| {
        let mut work = Workspace::default();
        b.iter(|| {
            work.load(&ten_s);
            one_pole(&mut work.samples, black_box(0.1));
            black_box(&work.samples);
        });
    });
    group.finish();
}

/// The function below as an operator.
const ONE_POLE: &str = "/// a: 0..1, default 0.1\nfn one_pole(samples: &mut [f32], a: f64) { let mut y = 0.0; for sample in samples { \
                        y = a * f64::from(*sample) + (1.0 - a) * y; *sample = y as f32; } }";

/// What a call of an operator costs beside its work, and how long a cell of Rust takes to become one.
fn rust_cells(c: &mut Criterion) {
    let nothing = auricle_native::of_text("fn nothing(_x: &mut [f32]) {}", &|| false);
    let nothing = nothing.expect("there is a compiler");
    let mut group = c.benchmark_group("rust_op");
    group.bench_function("call", |b| {
        let mut samples = [0.5f32; 4];
        let given = auricle_native::Given::default();
        b.iter(|| nothing.run(0, black_box(&mut samples), given));
    });
    group.sample_size(10);
    group.bench_function("cell", |b| {
        // What was made once is at hand: every text is new.
        static MADE: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(1);
        b.iter(|| {
            let n = MADE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let text =
                format!("fn op(x: &mut [f32]) {{ for v in x {{ *v = ({n}.0 * *v).tanh(); }} }}");
            auricle_native::of_text(&text, &|| false).expect("it compiles")
        });
    });
    group.finish();
}

/// `y[n] = a x[n] + (1 - a) y[n - 1]`.
fn one_pole(samples: &mut [f32], a: f64) {
    let mut y = 0.0;
    for sample in samples {
        y = a * f64::from(*sample) + (1.0 - a) * y;
        *sample = y as f32;
    }
}

fn audio(c: &mut Criterion) {
    let log_mel = |n_mels: f64, n_fft: f64, hop_length: f64| {
        stage(
            "log_mel",
            &[
                ("n_mels", n_mels),
                ("n_fft", n_fft),
                ("hop_length", hop_length),
            ],
        )
    };
    let ten_s = noise(10.0, 16_000);
    bench(
        c,
        "log_mel_64_10s_16k",
        &[log_mel(64.0, 1024.0, 160.0)],
        &ten_s,
    );
    bench(
        c,
        "log_mel_128_10s_44k1",
        &[log_mel(128.0, 2048.0, 512.0)],
        &noise(10.0, 44_100),
    );
    bench(
        c,
        "clar_features_10s_16k",
        &[stage("clar_features", &[])],
        &ten_s,
    );
    bench(
        c,
        "kaldi_fbank_128_10s_16k",
        &[stage("kaldi_fbank", &[("n_mels", 128.0)])],
        &ten_s,
    );
    bench(c, "mfcc_20_10s_16k", &[stage("mfcc", &[])], &ten_s);
    let masked = [log_mel(64.0, 1024.0, 160.0), stage("spec_augment", &[])];
    bench(c, "log_mel_spec_augment_10s_16k", &[chain(&masked)], &ten_s);
    for (name, recipe) in [
        ("noise_white", stage("noise", &[("snr_db", 10.0)])),
        ("pitch_shift_4", stage("pitch_shift", &[("semitones", 4.0)])),
        ("time_stretch_0.8", stage("time_stretch", &[("rate", 0.8)])),
        (
            "low_pass_biquad",
            stage(
                "low_pass",
                &[
                    ("cutoff_hz", 1000.0),
                    ("q", std::f64::consts::FRAC_1_SQRT_2),
                ],
            ),
        ),
        (
            "peaking",
            stage(
                "peaking",
                &[("center_hz", 1000.0), ("gain_db", 6.0), ("q", 1.0)],
            ),
        ),
        (
            "impulse_response_0.3s",
            stage("impulse_response", &[("rt60_s", 0.3)]),
        ),
        ("resample_to_8k", stage("resample_to", &[("hz", 8000.0)])),
    ] {
        bench(c, &format!("{name}_10s_16k"), &[recipe], &ten_s);
    }
    let ten_s_44k1 = noise(10.0, 44_100);
    for (name, recipe) in [
        ("pitch_shift_4", stage("pitch_shift", &[("semitones", 4.0)])),
        ("time_stretch_0.8", stage("time_stretch", &[("rate", 0.8)])),
        ("tape_speed", stage("tape_speed", &[])),
        ("resample_to_48k", stage("resample_to", &[("hz", 48_000.0)])),
        (
            "resample_to_drawn",
            stage_of("resample_to", vec![("hz", range(47_000.0, 49_000.0))]),
        ),
    ] {
        bench(c, &format!("{name}_10s_44k1"), &[recipe], &ten_s_44k1);
    }
    let view = chain(&[
        stage("fade", &[]),
        stage("time_mask", &[]),
        log_mel(64.0, 1024.0, 160.0),
    ]);
    let two = Views::of(2, &view).expect("the view is good");
    bench(
        c,
        "two_views_fade_mask_log_mel_10s_16k",
        two.recipes(),
        &ten_s,
    );
    // The best pairs of CLAR's paper, as its code has them.
    let eighth = vec![
        ("min_fraction", Value::Drawn(0.125.into())),
        ("fill", word("noise")),
    ];
    let fade_mask = chain(&[stage("fade", &[]), stage_of("time_mask", eighth)]);
    let stretch = vec![("rate", range(0.5, 1.5)), ("fit", word("resample_back"))];
    let fade_stretch = chain(&[stage("fade", &[]), stage_of("time_stretch", stretch)]);
    for (name, recipe, sample_rate) in [
        ("clar_fade_mask_1s_16k", &fade_mask, 16_000),
        ("clar_fade_mask_1s_44k1", &fade_mask, 44_100),
        ("clar_fade_stretch_1s_16k", &fade_stretch, 16_000),
    ] {
        let two = Views::of(2, recipe).expect("the view is good");
        bench(c, name, two.recipes(), &noise(1.0, sample_rate));
    }
}

criterion_group!(benches, audio, operators, decode, whole_chain);
criterion_main!(benches);
