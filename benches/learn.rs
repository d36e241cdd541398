//! Training on the CPU, in clips per second: the loader's work and the optimizer's steps together.

use auricle_audio::Rng;
use auricle_audio::augment::{Recipe, Stage, Value, Views, declaration};
use auricle_audio::dataset::{Clip, Dataset, Form, Source};
use auricle_audio::synth::white_noise;
use auricle_learn::feed::Workers;
use auricle_learn::nn::{Architecture, Encoder, ResNet18Options};
use auricle_learn::train::{FitOptions, MethodDeclaration, Plan, Run, TRAINING, methods};
use auricle_learn::{Device, device};
use auricle_session::script::Silent;
use auricle_session::{Session, Settings};
use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    let number = |number: usize| Value::Drawn((number as f64).into());
    let told = [
        ("epochs".to_owned(), number(1)),
        ("batch".to_owned(), number(BATCH)),
        ("out".to_owned(), Value::Absent),
    ];
    let training = TRAINING.with(told).expect("the numbers are good");
    let encoder =
        Encoder::new(Architecture::ResNet18(options), 0, device).expect("the options are good");
    let views = Views::of(2, &view()).expect("the view is good");
    training.plan(encoder, Arc::new(data), views, 0)
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
        let simclr = MethodDeclaration::find(methods::CATALOGUE, "method", "simclr");
        let method = simclr.and_then(|simclr| simclr.with(None));
        let method = method.expect("the defaults are good");
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
    own_loop(&mut group);
    group.finish();
}

/// The clips of [`study`], and a loop over them in the language that does what its run does.
const CLIPS: &str = "let clips = []; \
    for i in 0..256 { clips.push(#{ wave: white_noise(1, #{ sample_rate: 8000, seed: i }), label: 0 }) } \
    let data = dataset(clips);";
const MODELS: &str = "let model = resnet18(#{ width: 16, seed: 0 }); \
    let head = mlp(128, [128, 128, 64], #{ batch_norm: true, seed: 0 }); \
    let opt = adam([model, head]);";
const LOOP: &str = "let recipe = views(2, fade() |> log_mel(#{ n_mels: 40, n_fft: 256, hop_length: 80 })); \
    for batch in data.batches(128, #{ recipe: recipe, seed: 0 }) { \
        let a = head.forward(model.forward(batch.views[0])); \
        let b = head.forward(model.forward(batch.views[1])); \
        let loss = nt_xent(a, b, 0.5); \
        opt.step(loss.backward()); \
        log(#{ loss: loss }); \
    }";

/// The same steps as a loop in the language: within a twentieth of the run's time.
fn own_loop(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut session =
        Session::new(Settings::default(), Arc::new(Silent)).expect("a session can be had");
    let mut run = move |source: &str| {
        let result = session.eval("bench", source);
        result.unwrap_or_else(|diagnostic| panic!("{}", diagnostic.render(false)));
    };
    run(CLIPS);
    group.bench_function("own_loop_resnet18_w16_40x101_b128", |b| {
        b.iter_custom(|times| {
            let mut total = Duration::ZERO;
            for _ in 0..times {
                run(MODELS);
                let start = Instant::now();
                run(LOOP);
                total += start.elapsed();
            }
            total
        });
    });
}

criterion_group!(benches, learn);
criterion_main!(benches);
