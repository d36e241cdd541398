//! What every run promises, for every method, and what SimCLR gave before there was any other.

mod joined;
mod killed;
mod validated;

use super::checkpoint::Checkpoint;
use super::*;
use crate::feed::Workers;
use crate::feed::tones::Tones;
use crate::loss::{Loss, LossDeclaration};
use crate::nn::{
    Architecture, AstOptions, Encoder, MlpOptions, Pooling, ResNet18Options, read_safetensors,
};
use crate::{Device, Error, device};
use auricle_audio::augment::{Recipe, Stage, Value, Views, declaration};
use auricle_audio::dataset::{Clip, Dataset, Form, Source};
use auricle_audio::io::{SampleFormat, write_wav};
use auricle_audio::{Rng, Waveform};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Noise whose level says its class.
fn data(n: usize) -> Dataset {
    let clip = |i: usize| {
        let mut samples = vec![0.0; 800];
        Rng::from_words(&[i as u64]).fill_normal(&mut samples);
        let level = [0.02, 0.1][i % 2];
        samples.iter_mut().for_each(|sample| *sample *= level);
        let wave = Waveform::mono(samples, 8000).unwrap();
        Clip::new(Source::Wave(wave), Some(i % 2))
    };
    let classes = vec!["quiet".into(), "loud".into()];
    let clips = (0..n).map(clip).collect();
    Dataset::new("noise", clips, classes, Form::default(), None).unwrap()
}

fn recipe() -> Recipe {
    let mels = [("n_mels", 16.0), ("n_fft", 128.0), ("hop_length", 64.0)];
    let given = mels.map(|(name, value)| (name.to_owned(), Value::Drawn(value.into())));
    let log_mel = Stage::new(declaration("log_mel").unwrap(), given).unwrap();
    let fade = Stage::new(declaration("fade").unwrap(), None).unwrap();
    Recipe::from(fade).then(&log_mel.into()).unwrap()
}

fn plan(out: Option<&Path>) -> Plan {
    let options = ResNet18Options {
        width: 1,
        ..ResNet18Options::default()
    };
    Plan {
        encoder: Encoder::new(Architecture::ResNet18(options), 3, &Device::default()).unwrap(),
        data: Arc::new(data(12)),
        views: Views::of(2, &recipe()).unwrap(),
        features: None,
        optimizer: optimizer("adam", 1e-2),
        schedule: schedule("constant"),
        epochs: 3,
        batch: 4,
        seed: 5,
        out: out.map(Path::to_owned),
        every: 1,
        accumulate: 1,
        average: None,
        validation: None,
    }
}

fn number(name: &str, number: f64) -> (String, Value) {
    (name.to_owned(), Value::Drawn(number.into()))
}

fn optimizer(name: &str, learning_rate: f64) -> Optimizer {
    let declaration = OptimizerDeclaration::find(optimizers::CATALOGUE, "optimizer", name);
    let given = [number("learning_rate", learning_rate)];
    declaration.unwrap().with(given).unwrap()
}

fn schedule(name: &str) -> Schedule {
    let declaration = ScheduleDeclaration::find(schedules::CATALOGUE, "schedule", name);
    declaration.unwrap().with(None).unwrap()
}

fn loss(name: &str) -> Loss {
    let declaration = LossDeclaration::find(crate::loss::CATALOGUE, "loss", name);
    declaration.unwrap().with(None).unwrap()
}

fn method(name: &str, given: Vec<(String, Value)>) -> DescribedMethod {
    let declaration = MethodDeclaration::find(methods::CATALOGUE, "method", name);
    declaration.unwrap().with(given).unwrap()
}

fn simclr() -> DescribedMethod {
    method(
        "simclr",
        vec![number("hidden", 4.0), number("projection", 4.0)],
    )
}

/// A run of every method that takes any encoder, and one by a loss that reads labels; the labels of some clips are gone.
fn every_method(plan: &Plan) -> Vec<Run> {
    let labelled = Plan {
        data: plan.data.with_labels_of(0.5, 1).unwrap(),
        ..plan.clone()
    };
    let run = |declaration: &'static MethodDeclaration, loss: Option<Loss>| {
        let has = |name: &str| declaration.parameter(name).is_some();
        let wide = [
            number("hidden", 16.0),
            number("projection", 8.0),
            number("momentum", 0.9),
            number("queue", 10.0),
        ];
        let mut given: Vec<_> = wide.into_iter().filter(|(name, _)| has(name)).collect();
        given.extend(loss.map(|loss| ("loss".to_owned(), loss.into())));
        Run::new(declaration.with(given).unwrap(), labelled.clone()).unwrap()
    };
    let all = methods::CATALOGUE.iter();
    let all = all.filter(|method| !["patch_mix", "masked_autoencoder"].contains(&method.name));
    let mut runs: Vec<Run> = all.map(|declaration| run(declaration, None)).collect();
    runs.push(run(methods::CATALOGUE[0], Some(loss("supcon"))));
    runs.push(Run::new(simclr(), plan.clone()).unwrap());
    runs
}

fn fit(run: &Run, threads: usize) -> Result<(), Error> {
    fit_until(run, threads, usize::MAX)
}

/// Trains afresh until it was asked a number of times whether to stop: after each step, and once more after each epoch.
fn fit_until(run: &Run, threads: usize, asked: usize) -> Result<(), Error> {
    // Measuring the scaling asks once a clip.
    let count = AtomicUsize::new(0);
    let limit = asked.saturating_add(run.plan().data.n_clips().unwrap_or(16));
    run.fit(FitOptions {
        device: &device("cpu").unwrap(),
        workers: &Workers::new(Some(threads)).unwrap(),
        fresh: false,
        stop: &|| count.fetch_add(1, Ordering::Relaxed) >= limit,
        observe: &mut |_| {},
    })
}

/// What a run has learned, bit for bit.
fn learned(run: &Run) -> Vec<u32> {
    let encoders = run.encoders();
    let weights = encoders.iter().flat_map(|(_, encoder)| encoder.weights());
    let values = weights.flat_map(|(_, tensor)| tensor.values);
    values.map(f32::to_bits).collect()
}

/// The figures of a history that do not depend on the clock.
fn followed(run: &Run) -> Vec<(String, Vec<u64>)> {
    let history = run.history();
    let names = history.followed().into_iter();
    let curve = |name: &str| history.curve(name).into_iter().map(f64::to_bits).collect();
    names.map(|name| (name.to_owned(), curve(name))).collect()
}

#[test]
fn simclr_gives_what_it_gave() {
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new(simclr(), plan(Some(folder.path()))).unwrap();
    fit(&run, 2).unwrap();
    let path = run.folder().unwrap();
    assert_eq!(path.file_name().unwrap(), "simclr-8ed27b39");
    let (tensors, ..) = read_safetensors(&path.join("checkpoint.safetensors")).unwrap();
    let names: Vec<&str> = tensors.keys().map(String::as_str).collect();
    let hash = xxhash_rust::xxh3::xxh3_64(names.join(" ").as_bytes());
    assert_eq!((names.len(), hash), (113, 0x1764_cfef_0284_3299));
    let history = run.history();
    let csv = history.to_csv();
    let columns =
        "epoch,loss,learning_rate,alignment,uniformity,z_deviation,seconds,clips_per_s,waiting";
    assert_eq!(csv.lines().next(), Some(columns));
    // Of the first epoch: sums of another order, as on another processor, move what is learned behind it.
    let near = |name: &str, want: f64| {
        let curve = history.curve(name);
        let got = curve[0];
        assert!((got - want).abs() < 2e-3, "{name}: {got} instead of {want}");
        assert!(curve.len() == 3 && curve.iter().all(|value| value.is_finite()));
    };
    near("loss", 1.849153);
    near("learning_rate", 0.01);
    near("alignment", 1.852544);
    near("uniformity", -1.719454);
    near("z_deviation", 0.784327);
}

/// The file was written after the second epoch of the same run, before a run could be of another method.
#[test]
fn a_checkpoint_of_before_goes_on() {
    let old = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/golden/vectors/checkpoints/simclr.safetensors");
    let folder = tempfile::tempdir().unwrap();
    let run = Run::new(simclr(), plan(Some(folder.path()))).unwrap();
    let mut checkpoint = Checkpoint::read(&old).unwrap().unwrap();
    assert_eq!(checkpoint.state.history.losses().len(), 2);
    // The version of the program is part of what a run is known by; this one is taken for ours.
    let name = run.folder().unwrap();
    std::fs::create_dir_all(&name).unwrap();
    checkpoint.state.fingerprint = run.fingerprint.to_string();
    checkpoint
        .write(&name.join("checkpoint.safetensors"))
        .unwrap();
    fit(&run, 1).unwrap();
    let losses = run.history().losses();
    assert_eq!(losses.len(), 3);
    assert!((losses[2] - 1.764560).abs() < 2e-4, "{losses:?}");
}

#[test]
fn every_method_killed_and_resumed_is_as_if_nothing_had_been() {
    let whole = every_method(&plan(None));
    let folder = tempfile::tempdir().unwrap();
    let interrupted = every_method(&plan(Some(folder.path())));
    for (whole, run) in whole.iter().zip(&interrupted) {
        let title = run.title();
        fit(whole, 1).unwrap();
        // In the middle of the second epoch; then a program that knows nothing of the first one goes on.
        let error = fit_until(run, 2, 5).unwrap_err();
        assert!(
            matches!(
                &error,
                Error::Interrupted {
                    step: 1..,
                    checkpoint: Some(_),
                    ..
                }
            ),
            "{title}: {error}"
        );
        let resumed = every_method(&plan(Some(folder.path())));
        let resumed = resumed.iter().find(|r| r.folder() == run.folder()).unwrap();
        fit(resumed, 2).unwrap();
        assert_eq!(followed(resumed), followed(whole), "{title}");
        assert_eq!(learned(resumed), learned(whole), "{title}");
        // What was kept of the interrupted run in memory goes on as well.
        assert!(
            !learned(run).is_empty() && learned(run) != learned(whole),
            "{title}"
        );
    }
}

/// A supply that makes its sounds when they are wanted is trained on as clips are.
#[test]
fn pairs_that_are_made_anew_train_and_resume_as_if_nothing_had_been() {
    let classes = || vec!["low".to_owned(), "high".to_owned()];
    let tones = |classes| Tones { steps: 3, classes };
    let plan = |classes, out: Option<&Path>| Plan {
        data: Arc::new(tones(classes)),
        ..plan(out)
    };
    let run = resumes(|out| Run::new(simclr(), plan(Vec::new(), out)).unwrap());
    let settings = run.settings();
    let data = settings.iter().find(|(name, _)| name == "data").unwrap();
    assert_eq!(data.1, "tones, 3 new batches an epoch");
    // What identifies the data is the data's to say.
    let longer = Plan {
        data: Arc::new(Tones {
            steps: 4,
            classes: Vec::new(),
        }),
        ..plan(Vec::new(), None)
    };
    let longer = Run::new(simclr(), longer).unwrap();
    assert_ne!(longer.fingerprint, run.fingerprint);
    // Labels may come along, or be missing.
    let supervised = || method("supervised", vec![]);
    resumes(|out| Run::new(supervised(), plan(classes(), out)).unwrap());
    let error = Run::new(supervised(), plan(Vec::new(), None))
        .err()
        .unwrap();
    assert!(error.to_string().contains("`tones` have none"), "{error}");
}

/// What views read from files belongs to what a run is.
#[test]
fn one_more_recording_to_draw_makes_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let record = |name: &str| {
        let sound = Waveform::mono(vec![0.5; 800], 8000).unwrap();
        write_wav(&folder.path().join(name), &sound, SampleFormat::Int16).unwrap();
    };
    record("a.wav");
    let fingerprint = || {
        let paths = Value::Word(folder.path().display().to_string());
        let noise = Stage::new(
            declaration("background").unwrap(),
            [("paths".to_owned(), paths)],
        );
        let noisy = Recipe::from(noise.unwrap()).then(&recipe()).unwrap();
        let plan = Plan {
            views: Views::of(2, &noisy).unwrap(),
            ..plan(None)
        };
        Run::new(simclr(), plan).unwrap().fingerprint
    };
    let before = fingerprint();
    assert_eq!(fingerprint(), before);
    record("b.wav");
    assert_ne!(fingerprint(), before);
}

/// Two processes that want the same run: the second waits, and takes what the first has made.
#[test]
fn a_run_that_another_process_trains_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let run = || Run::new(simclr(), plan(Some(folder.path()))).unwrap();
    let first = run();
    fit(&first, 1).unwrap();
    let place = first.folder().unwrap();
    // As it is while the first one trains: nothing is finished, and the folder is held.
    let (away, back) = (place.join("away"), place.join("checkpoint.safetensors"));
    std::fs::rename(&back, &away).unwrap();
    let lock = std::fs::File::create(place.join("in_use.lock")).unwrap();
    lock.lock().unwrap();
    let asked = AtomicUsize::new(0);
    let wait = |second: &Run, until: &(dyn Fn(usize) -> bool + Sync)| {
        let mut notes = Vec::new();
        let ended = second.fit(FitOptions {
            device: &device("cpu").unwrap(),
            workers: &Workers::new(Some(1)).unwrap(),
            fresh: false,
            stop: &|| until(asked.fetch_add(1, Ordering::Relaxed)),
            observe: &mut |event| {
                if let Event::Note(note) = event {
                    notes.push(note);
                }
            },
        });
        (ended, notes)
    };
    let (ended, notes) = wait(&run(), &|_| true);
    assert!(matches!(ended, Err(Error::Stopped)) && notes.len() == 1);
    let second = run();
    let (ended, notes) = wait(&second, &|_| {
        std::fs::rename(&away, &back).unwrap();
        lock.unlock().unwrap();
        false
    });
    ended.unwrap();
    let want = format!(
        "another process trains this run, in {}: waiting for it",
        place.display()
    );
    assert_eq!(notes[0], want);
    assert!(
        notes[1].starts_with("already trained") && notes.len() == 2,
        "{notes:?}"
    );
    assert!(learned(&first) == learned(&second));
}

/// What a run says that begins anew beside the folders of others.
#[test]
fn a_run_that_begins_anew_says_what_it_does_not_go_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let notes = |plan: Plan| {
        let run = Run::new(simclr(), plan).unwrap();
        let mut notes = Vec::new();
        let (count, limit) = (AtomicUsize::new(0), run.plan().data.n_clips().unwrap() + 4);
        let ended = run.fit(FitOptions {
            device: &device("cpu").unwrap(),
            workers: &Workers::new(Some(2)).unwrap(),
            fresh: false,
            stop: &|| count.fetch_add(1, Ordering::Relaxed) >= limit,
            observe: &mut |event| {
                if let Event::Note(note) = event {
                    notes.push(note);
                }
            },
        });
        assert!(matches!(ended, Err(Error::Interrupted { .. })));
        (run.folder().unwrap(), notes)
    };
    let told = |plan: Plan| notes(plan).1;
    let (first, nothing) = notes(plan(Some(folder.path())));
    assert!(nothing.is_empty(), "{nothing:?}");
    let settings = |epochs| Plan {
        epochs,
        ..plan(Some(folder.path()))
    };
    let place = first.display().to_string();
    let want = format!(
        "the unfinished checkpoint in {place} is not used: `epochs` was 3 and is 4 now; this run begins anew"
    );
    assert_eq!(told(settings(4)), [want]);
    // The same settings under another name.
    let other = folder.path().join("simclr-00000000");
    std::fs::rename(&first, &other).unwrap();
    let file = other.join("checkpoint.safetensors");
    let mut checkpoint = Checkpoint::read(&file).unwrap().unwrap();
    checkpoint.state.program = None;
    checkpoint.state.finished = true;
    checkpoint.write(&file).unwrap();
    let notes = told(settings(3));
    let want = format!(
        "the checkpoint in {} is not used: another version of the program wrote it; this run begins anew",
        other.display()
    );
    assert_eq!(notes[0], want);
    assert_eq!(notes.len(), 2);
    checkpoint.state.program = Some(super::checkpoint::PROGRAM.to_owned());
    checkpoint.write(&file).unwrap();
    std::fs::remove_dir_all(&first).unwrap();
    assert_eq!(told(settings(3)).len(), 1, "a finished run is another run");
    let another = Plan {
        seed: 6,
        average: Some(0.9),
        ..settings(6)
    };
    assert!(
        told(another).is_empty(),
        "so is one that has little in common with it"
    );
}

/// Tones, an octave and a half between the classes, each a little off the others of its class.
fn tones(n: usize) -> Dataset {
    let clip = |i: usize| {
        let hz = [400.0, 1100.0][i % 2] * (1.0 + 0.03 * (i / 2) as f64);
        let sample =
            |t: usize| 0.3 * (2.0 * std::f64::consts::PI * hz * t as f64 / 8000.0).sin() as f32;
        let wave = Waveform::mono((0..800).map(sample).collect(), 8000).unwrap();
        Clip::new(Source::Wave(wave), Some(i % 2))
    };
    let classes = vec!["low".into(), "high".into()];
    Dataset::new(
        "tones",
        (0..n).map(clip).collect(),
        classes,
        Form::default(),
        None,
    )
    .unwrap()
}

#[test]
fn every_method_learns_eight_clips() {
    let options = ResNet18Options {
        width: 4,
        ..ResNet18Options::default()
    };
    let plan = Plan {
        encoder: Encoder::new(Architecture::ResNet18(options), 3, &Device::default()).unwrap(),
        data: Arc::new(tones(8)),
        batch: 8,
        epochs: 40,
        ..plan(None)
    };
    for run in every_method(&plan) {
        fit(&run, 2).unwrap();
        let losses = run.history().losses();
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (first, last) = (mean(&losses[..3]), mean(&losses[37..]));
        println!("{}: {first} to {last}", run.title());
        assert!(
            last < first - 0.05 * first.abs(),
            "{}: {first} to {last}",
            run.title()
        );
    }
}

/// A small transformer over tones, with features large enough for its patches.
fn plan_of_tokens(out: Option<&Path>) -> Plan {
    let options = AstOptions {
        dim: 16,
        depth: 1,
        heads: 2,
        bands: 24,
        frames: 26,
        ..AstOptions::default()
    };
    let mels = [("n_mels", 24.0), ("n_fft", 128.0), ("hop_length", 32.0)];
    let given = mels.map(|(name, value)| (name.to_owned(), Value::Drawn(value.into())));
    let log_mel = Stage::new(declaration("log_mel").unwrap(), given).unwrap();
    Plan {
        encoder: Encoder::new(Architecture::Ast(options), 3, &Device::default()).unwrap(),
        data: Arc::new(tones(8).fraction(0.75, 1).unwrap()),
        views: Views::of(1, &log_mel.into()).unwrap(),
        epochs: 4,
        ..plan(out)
    }
}

fn every_patch_mix() -> Vec<DescribedMethod> {
    let word = |name: &str, word: &str| (name.to_owned(), Value::Word(word.to_owned()));
    let by = |loss: Loss| ("loss".to_owned(), Value::from(loss));
    let declaration = LossDeclaration::find(crate::loss::CATALOGUE, "loss", "patch_mix_loss");
    let projected = [
        word("target", "project_flow"),
        word("negatives", "diff_label"),
    ];
    let projected = declaration.unwrap().with(projected).unwrap();
    let columns = ("columns".to_owned(), Value::Flag(true));
    vec![
        method("patch_mix", vec![]),
        method(
            "patch_mix",
            vec![by(projected), columns, number("kept", 0.5)],
        ),
        method("patch_mix", vec![by(loss("patch_mix_ce"))]),
    ]
}

/// Trains to the end, and once more with a program that is killed after three steps and another that goes on.
fn resumes(run: impl Fn(Option<&Path>) -> Run) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(None);
    fit(&whole, 1).unwrap();
    fit_until(&run(Some(folder.path())), 2, 3).unwrap_err();
    let resumed = run(Some(folder.path()));
    fit(&resumed, 2).unwrap();
    assert_eq!(followed(&resumed), followed(&whole));
    assert_eq!(learned(&resumed), learned(&whole));
    whole
}

#[test]
fn a_masked_autoencoder_learns_and_resumes_as_if_nothing_had_been() {
    let plan = |out: Option<&Path>| {
        let plan = plan_of_tokens(out);
        let options = AstOptions {
            dim: 16,
            depth: 1,
            heads: 2,
            bands: 32,
            frames: 48,
            stride: 16,
            distilled: false,
            pooling: Pooling::Mean,
            ..AstOptions::default()
        };
        let mels = [("n_mels", 32.0), ("n_fft", 128.0), ("hop_length", 16.0)];
        let given = mels.map(|(name, value)| (name.to_owned(), Value::Drawn(value.into())));
        let log_mel = Stage::new(declaration("log_mel").unwrap(), given).unwrap();
        Plan {
            encoder: Encoder::new(Architecture::Ast(options), 3, &Device::default()).unwrap(),
            views: Views::of(1, &log_mel.into()).unwrap(),
            ..plan
        }
    };
    let small = vec![number("decoder_dim", 12.0), number("decoder_depth", 1.0)];
    let method = method("masked_autoencoder", small);
    resumes(|out| Run::new(method.clone(), plan(out)).unwrap());
    let long = Plan {
        epochs: 60,
        ..plan(None)
    };
    let run = Run::new(method.clone(), long).unwrap();
    fit(&run, 2).unwrap();
    let losses = run.history().losses();
    // To tell nothing costs 1: the values of a patch have that variance.
    assert!(losses[0] > 0.9 && losses[59] < 0.8, "{losses:?}");
    // Patches that overlap give away what is hidden.
    let error = Run::new(method, plan_of_tokens(None)).err().unwrap();
    assert!(error.to_string().contains("overlap"), "{error}");
}

#[test]
fn steps_of_several_batches_and_averages_resume_as_if_nothing_had_been() {
    let run = resumes(|out| {
        let plan = Plan {
            batch: 2,
            accumulate: 2,
            average: Some(0.5),
            ..plan(out)
        };
        Run::new(simclr(), plan).unwrap()
    });
    let encoders = run.encoders();
    let names: Vec<&str> = encoders.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["encoder", "average"]);
    let weights = |at: usize| encoders[at].1.weights();
    assert_ne!(weights(0)["conv1.weight"], weights(1)["conv1.weight"]);
    assert_eq!(
        weights(0)["bn1.running_mean"],
        weights(1)["bn1.running_mean"]
    );
}

#[test]
fn a_queue_holds_the_clips_of_all_batches_of_a_step() {
    let plan = Plan {
        batch: 4,
        accumulate: 2,
        ..plan(None)
    };
    let moco = |queue| Run::new(method("moco", vec![number("queue", queue)]), plan.clone());
    let error = moco(7.0).err().unwrap().to_string();
    assert!(error.contains("at least 8"), "{error}");
    fit(&moco(8.0).unwrap(), 1).unwrap();
}

/// Where every clip counts by itself, the mean of two batches' gradients is that of one of both.
#[test]
fn two_batches_make_the_step_of_one_of_their_size() {
    let trained = |batch, accumulate| {
        let options = MlpOptions {
            inputs: 800,
            layers: vec![4],
            batch_norm: false,
        };
        let plan = Plan {
            encoder: Encoder::new(Architecture::Mlp(options), 3, &Device::default()).unwrap(),
            views: Views::of(1, &Recipe::identity()).unwrap(),
            optimizer: optimizer("sgd", 0.1),
            batch,
            accumulate,
            ..plan(None)
        };
        let run = Run::new(method("supervised", vec![]), plan).unwrap();
        fit(&run, 2).unwrap();
        run.encoder().unwrap().weights()["layers.0.weight"]
            .values
            .clone()
    };
    let (one, two) = (trained(6, 1), trained(3, 2));
    for (one, two) in one.iter().zip(&two) {
        assert!((one - two).abs() < 1e-5, "{one} and {two}");
    }
    assert_ne!(one, trained(3, 1));
}

#[test]
fn patch_mix_learns_and_resumes_as_if_nothing_had_been() {
    for method in every_patch_mix() {
        resumes(|out| Run::new(method.clone(), plan_of_tokens(out)).unwrap());
        let long = Plan {
            epochs: 80,
            batch: 8,
            ..plan_of_tokens(None)
        };
        let long = Run::new(method.clone(), long).unwrap();
        fit(&long, 2).unwrap();
        let losses = long.history().losses();
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (first, last) = (mean(&losses[..8]), mean(&losses[72..]));
        assert!(last < 0.9 * first, "{method:?}: {first} to {last}");
    }
    // Another encoder has no tokens.
    let method = every_patch_mix().remove(0);
    let error = Run::new(method, plan(None)).err().unwrap().to_string();
    assert!(error.contains("the encoder has none"), "{error}");
}

/// Noise with what a method may learn of it beside one class.
fn answered(n: usize, answer: impl Fn(usize, &mut Clip)) -> Dataset {
    let mut clips = data(n).clips().to_vec();
    for (index, clip) in clips.iter_mut().enumerate() {
        clip.label = None;
        answer(index, clip);
    }
    let classes = vec!["quiet".into(), "loud".into()];
    Dataset::new("answered", clips, classes, Form::default(), None).unwrap()
}

fn supervised_on(data: Dataset, given: Vec<(String, Value)>) -> Result<Run, Error> {
    let plan = Plan {
        data: Arc::new(data),
        epochs: 20,
        ..plan(None)
    };
    Run::new(method("supervised", given), plan)
}

#[test]
fn a_number_is_learned_in_its_own_unit() {
    // Quiet clips are 40, loud ones 60, and one is not known.
    let numbers = answered(12, |index, clip| {
        clip.target = (index != 5).then_some([40.0, 60.0][index % 2]);
    });
    let run = supervised_on(numbers.clone(), vec![]).unwrap();
    let settings = run.settings();
    let of = |name: &str| {
        settings
            .iter()
            .find(|(own, _)| own == name)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(
        (of("loss"), of("head")),
        ("squared error".into(), "8 to a number".into())
    );
    assert_eq!(of("labels"), "11 of 12 clips");
    fit(&run, 2).unwrap();
    let mae = run.history().curve("mae");
    assert!(mae[0] > 3.0 && mae[19] < 2.0, "{mae:?}");
    // What the head gives stands in the numbers' unit, too.
    let encoder = run.encoder().unwrap();
    let front_end = encoder.front_end.clone().unwrap();
    let workers = Workers::new(Some(2)).unwrap();
    let device = device("cpu").unwrap();
    let rows = crate::eval::embed(&encoder, &front_end, &numbers, &device, &workers, &|| false);
    let given = run.head().unwrap().logits(&rows.unwrap());
    let error = |index: usize| (given.row(index)[0] - [40.0, 60.0][index % 2]).abs();
    let mean = (0..12).map(error).sum::<f64>() / 12.0;
    assert!(mean < 5.0, "{mean}");
}

#[test]
fn several_classes_are_learned_each_for_itself() {
    let several = answered(12, |index, clip| {
        clip.labels = Some(match index % 4 {
            0 => vec![0],
            2 => vec![],
            _ => vec![0, 1],
        });
    });
    let run = supervised_on(several, vec![]).unwrap();
    let loss = run.settings().into_iter().find(|(name, _)| name == "loss");
    assert_eq!(loss.unwrap().1, "binary_cross_entropy()");
    fit(&run, 2).unwrap();
    let losses = run.history().curve("loss");
    assert!(losses[19] < 0.8 * losses[0], "{losses:?}");
}

#[test]
fn a_loss_that_does_not_fit_what_the_clips_have_is_told() {
    let loss = |name: &str| {
        let loss = LossDeclaration::find(crate::loss::CATALOGUE, "loss", name).unwrap();
        vec![(
            "loss".to_owned(),
            Value::from(loss.with(Vec::new()).unwrap()),
        )]
    };
    let refused =
        |data: Dataset, name: &str| supervised_on(data, loss(name)).err().unwrap().to_string();
    let numbers = answered(12, |index, clip| clip.target = Some(index as f64));
    let several = answered(12, |_, clip| clip.labels = Some(vec![1]));
    assert_eq!(
        refused(numbers.clone(), "cross_entropy"),
        "`loss` must be left out, as numbers are learned by the squared error, not cross_entropy()"
    );
    assert!(refused(several, "cross_entropy").contains("as a clip may have several classes"));
    assert!(refused(data(12), "binary_cross_entropy").contains("as every clip has one class"));
    let plan = Plan {
        data: Arc::new(numbers),
        ..plan(None)
    };
    let clar = Run::new(method("clar", vec![]), plan)
        .err()
        .unwrap()
        .to_string();
    assert!(
        clar.contains("needs one class a clip, the clips of `answered` have numbers to predict"),
        "{clar}"
    );
}
