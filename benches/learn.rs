//! Training on the CPU, in clips per second: the loader's work and the optimizer's steps together.

use auricle_audio::Rng;
use auricle_audio::augment::{Recipe, Stage, Value, Views, declaration};
use auricle_audio::dataset::{Clip, Dataset, Form, Source};
use auricle_audio::synth::white_noise;
use auricle_learn::batch::Workers;
use auricle_learn::loss::Loss;
use auricle_learn::nn::{Architecture, Encoder, ResNet18Options};
use auricle_learn::train::{FitOptions, Optimizer, Plan, Projection, Run, Schedule, SimClr};
use auricle_learn::{Device, device};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// Clips in a step; the steps of an iteration follow from it.
const BATCH: usize = 128;
const STEPS: usize = 2;

fn view() -> Recipe {
    let mels = [("n_mels", 40.0), ("n_fft", 256.0), ("hop_length", 80.0)];
    let given = mels.map(|(name, value)| (name.to_owned(), Value::Drawn(value.into())));
    let log_mel = Stage::new(declaration("log_mel").expect("it is declared"), given)
        .expect("the options are good");
    let fade = Stage::new(declaration("fade").expect("it is declared"), None)
        .expect("the defaults are good");
    Recipe::from(fade)
        .then(&log_mel.into())
        .expect("the domains fit")
}

fn study(device: &Device) -> Plan {
    let clip = |i: usize| {
        let wave = white_noise(1.0, 8000, &mut Rng::from_words(&[i as u64]))
            .expect("the duration is good");
        Clip::new(Source::Wave(wave), Some(0))
    };
    let clips = (0..BATCH * STEPS).map(clip).collect();
    let data = Dataset::new("noise", clips, vec!["noise".into()], Form::default(), None)
        .expect("the clips are good");
    let options = ResNet18Options {
        width: 16,
        ..ResNet18Options::default()
    };
    Plan {
        encoder: Encoder::new(Architecture::ResNet18(options), 0, device)
            .expect("the options are good"),
        data,
        views: Views::of(2, &view()).expect("the view is good"),
        features: None,
        optimizer: Optimizer::default(),
        schedule: Schedule::Constant,
        epochs: 1,
        batch: BATCH,
        seed: 0,
        out: None,
        every: 1,
    }
}

/// The losses are read at the end of an epoch, which waits for the device.
fn learn(c: &mut Criterion) {
    let device = device("cpu").expect("there is always a CPU");
    let workers = Workers::new(None).expect("threads can be had");
    let study = study(&device);
    let mut group = c.benchmark_group("learn");
    group
        .sample_size(10)
        .throughput(Throughput::Elements((BATCH * STEPS) as u64));
    group.bench_function("simclr_resnet18_w16_40x101_b128", |b| {
        let method = SimClr {
            loss: Loss::NtXent(0.5),
            projection: Projection {
                hidden: None,
                output: 64,
            },
        };
        let fresh = || Run::new(method.clone(), study.clone()).expect("the study is good");
        let fit = |run: Run| {
            let options = FitOptions {
                device: &device,
                workers: &workers,
                fresh: true,
                stop: &|| false,
                observe: &mut |_| {},
            };
            run.fit(options).expect("the run succeeds");
        };
        b.iter_batched(fresh, fit, BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(benches, learn);
criterion_main!(benches);
