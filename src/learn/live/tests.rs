//! A loop of one's own beside a run, and what it promises by itself.

use super::{Batches, Journal, Part, Shape, Trainer};
use crate::batch::Batch;
use crate::feed::{Cut, Feed, Preparation, Workers, measure};
use crate::loss::nt_xent;
use crate::nn::{Architecture, Encoder, Input, MlpOptions, Network, ResNet18Options, import};
use crate::train::{
    AnyMethod, FitOptions, Inputs, Method, MethodDeclaration, MethodFacts, Nothing, Optimizer,
    OptimizerDeclaration, Plan, Run, ScheduleDeclaration, Terms, optimizers, schedules,
};
use crate::{Device, Error, Tensor};
use auricle_audio::augment::{Recipe, Stage, Value, Views, declaration};
use auricle_audio::dataset::{Clip, Dataset, Form, Source};
use auricle_audio::{Rng, Waveform};
use burn::module::Module;
use std::sync::Arc;
use std::time::Duration;

fn data(n: usize) -> Dataset {
    let clip = |i: usize| {
        let mut samples = vec![0.0; 800];
        Rng::from_words(&[i as u64]).fill_normal(&mut samples);
        let wave = Waveform::mono(samples, 8000).unwrap();
        Clip::new(Source::Wave(wave), Some(i % 2))
    };
    let classes = vec!["even".into(), "odd".into()];
    let clips = (0..n).map(clip).collect();
    Dataset::new("noise", clips, classes, Form::default(), None).unwrap()
}

fn views() -> Views {
    let mels = [("n_mels", 16.0), ("n_fft", 128.0), ("hop_length", 64.0)];
    let given = mels.map(|(name, value)| (name.to_owned(), Value::Drawn(value.into())));
    let log_mel = Stage::new(declaration("log_mel").unwrap(), given).unwrap();
    let fade = Stage::new(declaration("fade").unwrap(), None).unwrap();
    let recipe = Recipe::from(fade).then(&log_mel.into()).unwrap();
    Views::of(2, &recipe).unwrap()
}

pub(super) fn encoder() -> Encoder {
    let options = ResNet18Options {
        width: 2,
        ..ResNet18Options::default()
    };
    Encoder::new(Architecture::ResNet18(options), 3, &Device::flex()).unwrap()
}

pub(super) fn head() -> Encoder {
    let options = MlpOptions {
        inputs: 16,
        layers: vec![8, 4],
        batch_norm: true,
    };
    Encoder::new(Architecture::Mlp(options), 4, &Device::flex()).unwrap()
}

pub(super) fn by(name: &str, given: &[(&str, f64)]) -> Optimizer {
    let declaration = OptimizerDeclaration::find(optimizers::CATALOGUE, "optimizer", name);
    let value = |(name, number): &(&str, f64)| ((*name).into(), Value::Drawn((*number).into()));
    declaration.unwrap().with(given.iter().map(value)).unwrap()
}

pub(super) fn parts<const N: usize>(models: [&Encoder; N]) -> Vec<Part> {
    models.map(|model| Part::Model(model.clone())).to_vec()
}

pub(super) fn optimizer() -> Optimizer {
    by("adam", &[("learning_rate", 1e-2), ("clip_norm", 1.0)])
}

/// The two views of a batch by an encoder and a head: what a run and a loop both do.
#[derive(Clone)]
struct Own(Encoder);

#[derive(Module, Debug)]
struct Learner {
    encoder: Network,
    head: Network,
}

/// As every method is declared; its head is [`head`].
static OWN: MethodDeclaration = MethodDeclaration {
    name: "own",
    about: "",
    citation: "",
    parameters: &[],
    facts: MethodFacts {
        title: "Own",
        n_views: 2,
    },
    example: "",
    build: |_| {
        let method: Arc<dyn AnyMethod> = Arc::new(Own(head()));
        Ok(method)
    },
};

impl Method for Own {
    type Learner = Learner;
    type Memory = Nothing;

    fn loss(&self, _: &Plan) -> String {
        "nt_xent(0.5)".into()
    }

    fn sizes(&self, _: &Plan) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn check(&self, _: &Plan) -> Result<(), Error> {
        Ok(())
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Learner, Error> {
        let network = |encoder: &Encoder| {
            import(
                Network::new(&encoder.architecture(), device)?,
                &encoder.weights(),
            )
        };
        Ok(Learner {
            encoder: network(&plan.encoder)?,
            head: network(&self.0)?,
        })
    }

    fn memory(&self, _: &Plan, _: &Learner) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(
        &self,
        learner: &Learner,
        _: &Nothing,
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error> {
        let mut view = |index| -> Result<Tensor<2>, Error> {
            let x = inputs.embed(index, &learner.encoder)?;
            learner.head.forward(x)
        };
        let (a, b) = (view(0)?, view(1)?);
        let loss = nt_xent(a.clone(), b.clone(), 0.5)?;
        Ok(Terms::new(loss, vec![a, b]))
    }

    fn encoder_mut<'a>(&self, learner: &'a mut Learner) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(
        &self,
        learner: &'a Learner,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}

const BATCH: usize = 4;
const EPOCHS: usize = 3;

fn batches(workers: &Workers) -> Batches {
    let (data, views) = (data(12), views());
    let front_end = views.recipes()[0].front_end().unwrap();
    let scaling = measure(&data, &front_end, workers, &|| false).unwrap();
    Batches {
        feed: Feed {
            supply: Arc::new(data),
            by: Preparation {
                views,
                scaling,
                seed: 5,
            },
        },
        cut: Cut::training(BATCH),
        epochs: EPOCHS,
        start: 0,
    }
}

fn number(x: Tensor<1>) -> f64 {
    x.into_data().iter::<f64>().next().unwrap()
}

/// A step of SimCLR on whatever thread; gives the loss.
fn step(encoder: &Encoder, head: &Encoder, trainer: &mut Trainer, mut batch: Batch) -> f64 {
    let mut view = |index| {
        let x: Input = batch.features(index, &Device::flex()).unwrap().into();
        // A script's functions may run on threads of their own.
        let forward = || head.forward(encoder.forward(x).unwrap()).unwrap();
        std::thread::scope(|scope| scope.spawn(forward).join().unwrap())
    };
    let loss = nt_xent(view(0), view(1), 0.5).unwrap();
    trainer.step(&mut loss.backward()).unwrap();
    number(loss.inner())
}

fn go_on(batches: &Batches, encoder: &Encoder, head: &Encoder, trainer: &mut Trainer) -> Vec<f64> {
    let workers = Workers::new(Some(2)).unwrap();
    let mut stream = batches.stream(&workers);
    let mut losses = Vec::new();
    while let Some((place, batch)) = stream.next_unless(&|| false).unwrap() {
        assert_eq!(place.step, trainer.steps());
        assert_eq!(place.epoch, place.step / batches.steps_per_epoch() + 1);
        losses.push(step(encoder, head, trainer, batch));
    }
    losses
}

#[test]
fn a_loop_learns_what_a_run_of_the_same_steps_learns() {
    let workers = Workers::new(Some(1)).unwrap();
    let batches = batches(&workers);
    let (encoder, head) = (encoder(), head());
    let plan = Plan {
        encoder: encoder.clone(),
        data: Arc::new(data(12)),
        views: views(),
        features: None,
        optimizer: optimizer(),
        schedule: {
            let constant = ScheduleDeclaration::find(schedules::CATALOGUE, "schedule", "constant");
            constant.unwrap().with(None).unwrap()
        },
        epochs: EPOCHS,
        batch: BATCH,
        seed: 5,
        out: None,
        every: 1,
        accumulate: 1,
        average: None,
        validation: None,
    };
    // The run was described before the models are trained, and begins with them as they were.
    let run = Run::new(OWN.with(None).unwrap(), plan).unwrap();
    let mut trainer = Trainer::new(parts([&encoder, &head]), optimizer()).unwrap();
    let losses = go_on(&batches, &encoder, &head, &mut trainer);
    run.fit(FitOptions {
        device: &Device::flex(),
        workers: &workers,
        fresh: true,
        stop: &|| false,
        observe: &mut |_| {},
    })
    .unwrap();
    let steps = batches.steps_per_epoch();
    let means: Vec<f64> = losses
        .chunks(steps)
        .map(|epoch| epoch.iter().sum::<f64>() / steps as f64)
        .collect();
    assert_eq!(means, run.history().losses());
    assert_eq!(encoder.weights(), run.encoder().unwrap().weights());
}

#[test]
fn a_loop_that_goes_on_from_a_file_gives_what_one_without_a_stop_gives() {
    let workers = Workers::new(Some(1)).unwrap();
    let whole = batches(&workers);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loop.safetensors");
    let fresh = || {
        let (encoder, head) = (encoder(), head());
        let trainer = Trainer::new(parts([&encoder, &head]), optimizer()).unwrap();
        (encoder, head, trainer)
    };
    let (encoder, head, mut trainer) = fresh();
    assert!(trainer.resume(&path).unwrap().is_none());
    let want = go_on(&whole, &encoder, &head, &mut trainer);
    let weights = encoder.weights();

    let (encoder, head, mut trainer) = fresh();
    let first = Batches {
        epochs: 1,
        ..whole.clone()
    };
    trainer.learning_rate = 2e-3;
    let mut stream = first.stream(&workers);
    let (_, batch) = stream.next_unless(&|| false).unwrap().unwrap();
    trainer.learning_rate = 1e-2;
    let mut losses = vec![step(&encoder, &head, &mut trainer, batch)];
    let mut journal = Journal::default();
    journal.log(&[("loss".into(), losses[0])]);
    trainer.save(&path, journal).unwrap();

    let (encoder, head, mut trainer) = fresh();
    let journal = trainer.resume(&path).unwrap().unwrap();
    assert_eq!(journal.history().losses(), losses);
    let rest = Batches {
        start: trainer.steps(),
        ..whole
    };
    losses.extend(go_on(&rest, &encoder, &head, &mut trainer));
    assert_eq!(losses, want);
    assert_eq!(encoder.weights(), weights);

    let mut other = Trainer::new(parts([&encoder]), optimizer()).unwrap();
    let error = other.resume(&path).unwrap_err().to_string();
    assert!(
        error.contains("resnet18") && error.contains(" and mlp("),
        "{error}"
    );
}

#[test]
fn models_of_one_architecture_have_steps_of_their_own() {
    let (a, b) = (head(), head());
    let rates = [
        ("learning_rate", 0.1),
        ("momentum", 0.9),
        ("weight_decay", 0.0),
    ];
    let sgd = by("sgd", &rates);
    let mut both = Trainer::new(parts([&a, &b]), sgd.clone()).unwrap();
    let x = Tensor::<2>::ones([3, 16], &Device::flex());
    let before = b.weights();
    let forward = |encoder: &Encoder| encoder.forward(x.clone()).unwrap().sum();
    // Only the first took part.
    let mut gradients = forward(&a).backward();
    both.step(&mut gradients).unwrap();
    assert_eq!(b.weights(), before);
    assert_ne!(a.weights(), before);
    // Gradients are used up, and so are those from before a step.
    let error = both.step(&mut gradients).unwrap_err().to_string();
    assert!(error.contains("reach no weight"), "{error}");
    let twice = Trainer::new(parts([&a, &a]), sgd.clone());
    assert!(twice.err().unwrap().to_string().contains("twice"));
    let copy = a.copy();
    assert!(!copy.is_training() && !copy.shares_weights(&a));
    assert_eq!(copy.weights(), a.weights());
    // A step of one trainer is seen by another one of the same model.
    let mut other = Trainer::new(parts([&a]), sgd).unwrap();
    other.step(&mut forward(&a).backward()).unwrap();
    both.step(&mut forward(&a).backward()).unwrap();
    assert_eq!((other.steps(), both.steps()), (1, 2));
    assert_ne!(copy.weights(), a.weights());
}

#[test]
fn a_journal_has_means_over_epochs_and_goes_on() {
    let shape = Shape {
        steps: 4,
        steps_per_epoch: 2,
        batch: 8,
        start: 0,
    };
    let loss = |value| [("loss".to_owned(), value)];
    let mut journal = Journal::default();
    journal.log(&loss(9.0));
    journal.begin(shape);
    assert!(journal.history().epochs.is_empty(), "a loop begins anew");
    journal.log(&loss(2.0));
    assert!(journal.step(Duration::ZERO).is_none());
    journal.log(&[("loss".to_owned(), 4.0), ("hits".to_owned(), f64::NAN)]);
    assert_eq!(journal.epoch(), Some((1, 2)));
    assert_eq!(journal.latest()[0], ("loss".to_owned(), 3.0));
    // What is kept at the last step of an epoch has yet to see its end.
    let mut kept = journal.clone();
    kept.end();
    let json = serde_json::to_string(&kept).unwrap();
    let record = journal.step(Duration::ZERO).unwrap();
    assert_eq!((record.epoch, record.get("loss")), (1, Some(3.0)));
    assert!(record.get("hits").unwrap().is_nan());
    assert!(record.get("clips_per_s").unwrap() > 0.0);
    journal.log(&loss(1.0));
    journal.end();
    assert_eq!(journal.history().losses(), [3.0, 1.0]);

    let mut kept: Journal = serde_json::from_str(&json).unwrap();
    kept.begin(Shape { start: 2, ..shape });
    kept.log(&loss(1.0));
    assert_eq!(kept.history().losses(), [3.0, 1.0]);
    assert_eq!(kept.epoch(), Some((2, 2)));
    kept.step(Duration::ZERO);
    kept.step(Duration::ZERO);
    kept.end();
    // Outside of a loop what is told at once is an epoch.
    kept.log(&loss(7.0));
    kept.log(&loss(8.0));
    assert_eq!(kept.history().losses(), [3.0, 1.0, 7.0, 8.0]);
}

#[test]
fn batches_come_shuffled_or_as_they_are_until_asked_to_stop() {
    let workers = Workers::new(Some(2)).unwrap();
    let ids = |batches: &Batches| {
        let mut stream = batches.stream(&workers);
        let mut all = Vec::new();
        while let Some((_, batch)) = stream.next_unless(&|| false).unwrap() {
            all.push(batch.ids);
        }
        all
    };
    let shuffled = batches(&workers);
    let plain = Batches {
        cut: Cut::in_order(5),
        epochs: 2,
        ..shuffled.clone()
    };
    let epoch = [vec![0, 1, 2, 3, 4], vec![5, 6, 7, 8, 9], vec![10, 11]];
    assert_eq!(ids(&plain), [epoch.clone(), epoch.clone()].concat());
    assert_eq!(plain.len(), 6);
    let all = ids(&shuffled);
    assert_eq!(all.len(), 9);
    assert_ne!(all[0], [0, 1, 2, 3]);
    let later = Batches {
        start: 4,
        ..shuffled.clone()
    };
    assert_eq!(ids(&later), all[4..]);
    let large = Batches {
        cut: Cut::training(13),
        ..shuffled.clone()
    };
    assert!(large.check().unwrap_err().to_string().contains("12 clips"));
    let far = Batches {
        start: 10,
        ..shuffled
    };
    let error = far.check().unwrap_err().to_string();
    assert_eq!(
        error,
        "`start` must be at most the 9 batches there are, not 10"
    );
}
