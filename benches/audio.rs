//! Features and recipes on one thread, in times real time: a throughput of 1 Kelem/s is a second of audio in a millisecond.

use auricle_audio::augment::{Recipe, Stage, Value, Views, Workspace, declaration};
use auricle_audio::synth::white_noise;
use auricle_audio::{Key, Rng, Waveform};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

fn stage(name: &str, given: &[(&str, f64)]) -> Recipe {
    let given = given.iter().map(|&(name, value)| (name.to_owned(), Value::Drawn(value.into())));
    let declared = declaration(name).expect("the stage is declared");
    Stage::new(declared, given).expect("the options are good").into()
}

fn chain(recipes: &[Recipe]) -> Recipe {
    recipes.iter().fold(Recipe::identity(), |chain, next| chain.then(next).expect("the domains fit"))
}

fn noise(duration_s: f64, sample_rate: u32) -> Waveform {
    white_noise(duration_s, sample_rate, &mut Rng::from_words(&[1])).expect("the duration is good")
}

/// Runs a recipe on a clip in a workspace that is kept, as the loader does.
fn bench(c: &mut Criterion, name: &str, recipes: &[Recipe], wave: &Waveform) {
    let mut group = c.benchmark_group("audio");
    let seconds = wave.duration_s();
    group.throughput(Throughput::Elements((seconds * recipes.len() as f64).round() as u64));
    group.bench_function(name, |b| {
        let (mut work, mut item) = (Workspace::default(), 0);
        b.iter(|| {
            item += 1;
            for (view, recipe) in recipes.iter().enumerate() {
                work.load(wave);
                recipe.run(Key { item, view: view as u64, ..Key::of_seed(0) }, &mut work).expect("the clip is good");
                black_box(&work.features.values);
            }
        });
    });
    group.finish();
}

fn audio(c: &mut Criterion) {
    let log_mel = |n_mels: f64, n_fft: f64, hop_length: f64| {
        stage("log_mel", &[("n_mels", n_mels), ("n_fft", n_fft), ("hop_length", hop_length)])
    };
    let ten_s = noise(10.0, 16_000);
    bench(c, "log_mel_64_10s_16k", &[log_mel(64.0, 1024.0, 160.0)], &ten_s);
    bench(c, "log_mel_128_10s_44k1", &[log_mel(128.0, 2048.0, 512.0)], &noise(10.0, 44_100));
    bench(c, "clar_features_10s_16k", &[stage("clar_features", &[])], &ten_s);
    bench(c, "kaldi_fbank_128_10s_16k", &[stage("kaldi_fbank", &[("n_mels", 128.0)])], &ten_s);
    bench(c, "mfcc_20_10s_16k", &[stage("mfcc", &[])], &ten_s);
    let masked = [log_mel(64.0, 1024.0, 160.0), stage("spec_augment", &[])];
    bench(c, "log_mel_spec_augment_10s_16k", &[chain(&masked)], &ten_s);
    for (name, recipe) in [
        ("noise_white", stage("noise", &[("snr_db", 10.0)])),
        ("pitch_shift_4", stage("pitch_shift", &[("semitones", 4.0)])),
        ("time_stretch_0.8", stage("time_stretch", &[("rate", 0.8)])),
        ("low_pass_biquad", stage("low_pass", &[("cutoff_hz", 1000.0), ("q", std::f64::consts::FRAC_1_SQRT_2)])),
        ("peaking", stage("peaking", &[("center_hz", 1000.0), ("gain_db", 6.0), ("q", 1.0)])),
        ("impulse_response_0.3s", stage("impulse_response", &[("rt60_s", 0.3)])),
        ("resample_to_8k", stage("resample_to", &[("hz", 8000.0)])),
    ] {
        bench(c, &format!("{name}_10s_16k"), &[recipe], &ten_s);
    }
    let view = chain(&[stage("fade", &[]), stage("time_mask", &[]), log_mel(64.0, 1024.0, 160.0)]);
    let two = Views::of(2, &view).expect("the view is good");
    bench(c, "two_views_fade_mask_log_mel_10s_16k", two.recipes(), &ten_s);
}

criterion_group!(benches, audio);
criterion_main!(benches);
