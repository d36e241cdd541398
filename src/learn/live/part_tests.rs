//! What a loop trains: frozen parts of models, tensors by themselves, and averages.

use super::tests::{by, encoder, head, optimizer, parts};
use super::{Average, Journal, Part, Trainer};
use crate::nn::layers::{Clips, Expression, Stack};
use crate::nn::{
    Architecture, AstOptions, Cnn6Options, Encoder, Input, MlpOptions, NamedTensor,
    ResNet18WavesOptions, SlowfastNfnetOptions,
};
use crate::tensor::{Arithmetic, NdTensor, Reduction, Values};
use crate::{Device, Tensor};
use auricle_audio::Rng;
use burn::tensor::TensorData;
use std::collections::BTreeMap;

/// Small encoders of every kind, an input of each, and a part of each.
fn zoo() -> Vec<(Architecture, Input, &'static str)> {
    let device = Device::flex();
    let map = |bands: usize, frames: usize| {
        let mut values = vec![0.0; 3 * bands * frames];
        Rng::from_words(&[9]).fill_normal(&mut values);
        let values = TensorData::new(values, [3, 1, bands, frames]);
        Input::Features(Tensor::from_data(values, &device))
    };
    let Input::Features(line) = map(1, 500) else {
        unreachable!("`map` gives features")
    };
    let line = Input::Waves(line.flatten::<3>(1, 2));
    let Input::Features(row) = map(1, 24) else {
        unreachable!("`map` gives features")
    };
    let row = Input::Vectors(row.flatten::<2>(1, 3));
    let ast = AstOptions {
        dim: 12,
        depth: 2,
        heads: 3,
        bands: 32,
        frames: 32,
        ..AstOptions::default()
    };
    let nfnet = SlowfastNfnetOptions {
        width: 16,
        ..SlowfastNfnetOptions::default()
    };
    let layers = serde_json::json!([
        { "conv2d": { "channels": 4, "stride": 2 } },
        { "named": { "name": "stem", "layers": [
            { "conv2d": { "channels": 4 } }, { "batch_norm": {} }, { "dropout": { "p": 0.5 } },
        ] } },
        { "global_mean": {} },
    ]);
    let clips = Clips::Features {
        channels: 1,
        bands: None,
        frames: None,
    };
    let stack = Stack::new(Expression::from_json(&layers).unwrap(), clips).unwrap();
    let mlp = MlpOptions {
        inputs: 24,
        layers: vec![8, 4],
        batch_norm: true,
    };
    let waves = ResNet18WavesOptions {
        width: 2,
        ..ResNet18WavesOptions::default()
    };
    let cnn6 = Cnn6Options {
        width: 2,
        ..Cnn6Options::default()
    };
    vec![
        (encoder().architecture(), map(33, 40), "layer1"),
        (Architecture::ResNet18Waves(waves), line, "layer2"),
        (Architecture::Ast(ast), map(32, 32), "v.blocks.1"),
        (Architecture::SlowfastNfnet(nfnet), map(32, 40), "slow"),
        (Architecture::Cnn6(cnn6), map(33, 40), "conv_block2"),
        (Architecture::Mlp(mlp), row, "norms"),
        (Architecture::Layers(stack), map(9, 14), "stem"),
    ]
}

#[test]
fn a_frozen_part_stays_to_the_last_bit_and_behaves_as_in_evaluation() {
    let step = |trainer: &mut Trainer, model: &Encoder, x: &Input| {
        let loss = model.forward(x.clone()).unwrap().square().sum();
        trainer.step(&mut loss.backward())
    };
    for (architecture, x, part) in zoo() {
        let model = Encoder::new(architecture.clone(), 3, &Device::flex()).unwrap();
        model.freeze(&[part.into()]).unwrap();
        assert_eq!(model.frozen(), [part], "{architecture}");
        let before = model.weights();
        let adam = by("adam", &[("learning_rate", 0.1), ("weight_decay", 0.1)]);
        let mut trainer = Trainer::new(vec![Part::Model(model.clone())], adam).unwrap();
        let moved = |before: &BTreeMap<String, NamedTensor>, inside: bool| -> Vec<bool> {
            let after = model.weights();
            let named = before.iter();
            let named = named.filter(|(name, _)| name.starts_with(&format!("{part}.")) == inside);
            named.map(|(name, tensor)| after[name] != *tensor).collect()
        };
        for _ in 0..2 {
            step(&mut trainer, &model, &x).unwrap();
        }
        assert!(
            moved(&before, true).iter().all(|moved| !moved),
            "{architecture}"
        );
        assert!(
            moved(&before, false).iter().any(|moved| *moved),
            "{architecture}"
        );
        // A copy and other weights are frozen alike.
        let other = model.with_weights(&before, &Device::flex()).unwrap();
        assert_eq!(
            (other.frozen(), model.copy().frozen()),
            (model.frozen(), model.frozen())
        );
        model.unfreeze(&[]).unwrap();
        assert!(model.frozen().is_empty());
        step(&mut trainer, &model, &x).unwrap();
        assert!(
            moved(&before, true).iter().any(|moved| *moved),
            "{architecture}"
        );
        // All of it: what it gives while it is trained is what it gives elsewhere.
        model.freeze(&[]).unwrap();
        let before = model.weights();
        let values = |x: Tensor<2>| x.into_data().iter::<f32>().collect::<Vec<f32>>();
        let trained = values(model.forward(x.clone()).unwrap());
        for (got, want) in trained.iter().zip(values(model.embed(x.clone()).unwrap())) {
            assert!(
                (got - want).abs() <= 1e-5 * (1.0 + want.abs()),
                "{architecture}"
            );
        }
        assert_eq!(model.weights(), before, "{architecture}");
    }
}

#[test]
fn a_part_that_is_not_there_is_an_error_that_names_the_nearest() {
    let model = encoder();
    let error = model.freeze(&["layr1".into()]).unwrap_err();
    assert!(error.to_string().contains("layr1"), "{error}");
    assert!(
        error.hint().unwrap().contains("did you mean `layer1`?"),
        "{:?}",
        error.hint()
    );
    let deep = model.freeze(&["layer1.0.conv3".into()]).unwrap_err();
    let hint = deep.hint().unwrap();
    assert!(
        hint.contains("`layer1.0.conv1`") && !hint.contains("weight"),
        "{hint}"
    );
    assert!(model.frozen().is_empty());
}

fn numbers(values: &[f32], shape: &[usize]) -> NdTensor {
    NdTensor::new(Values::Float(values.to_vec()), shape, &Device::flex()).unwrap()
}

#[test]
fn tensors_move_with_a_model_for_all_who_hold_them_and_come_back_from_a_file() {
    let model = head();
    let fresh = || {
        let w = numbers(&[1.0, -2.0, 0.5], &[1, 3]).require_grad();
        (w, numbers(&[0.25], &[]).require_grad())
    };
    let (w, b) = fresh();
    let held = w.clone();
    let of = |w: &NdTensor, b: &NdTensor| {
        let parts = vec![
            Part::Model(model.clone()),
            Part::Tensor(w.clone()),
            Part::Tensor(b.clone()),
        ];
        let rates = [
            ("learning_rate", 0.1),
            ("momentum", 0.5),
            ("weight_decay", 0.2),
        ];
        Trainer::new(parts, by("sgd", &rates)).unwrap()
    };
    // `sum (w + b)`: the gradients are 1 and 3; a matrix decays, a single number does not.
    let step = |trainer: &mut Trainer, w: &NdTensor, b: &NdTensor| {
        let sum = w.combine(Arithmetic::Add, b).unwrap();
        let sum = sum.reduce(Reduction::Sum, None, false).unwrap();
        trainer.step(&mut sum.backward().unwrap()).unwrap();
    };
    let mut trainer = of(&w, &b);
    step(&mut trainer, &w, &b);
    let want = [1.0, -2.0, 0.5].map(|w| w - 0.1 * (1.0 + 0.2 * w));
    for (got, want) in held.to_f64().iter().zip(want) {
        assert!((got - want).abs() < 1e-6, "{got}, wanted {want}");
    }
    assert!((b.to_f64()[0] - (0.25 - 0.3)).abs() < 1e-6);
    assert!(held.is_parameter() && held.is_same_parameter(&w) && w.shape() == [1, 3]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("loop.safetensors");
    trainer.save(&path, Journal::default()).unwrap();
    step(&mut trainer, &w, &b);
    let (again, other) = fresh();
    let mut trainer = of(&again, &other);
    trainer.resume(&path).unwrap().unwrap();
    step(&mut trainer, &again, &other);
    assert!(again.same(&w) && other.same(&b));
    let fixed = vec![Part::Tensor(w.detach())];
    let error = Trainer::new(fixed, optimizer()).err().unwrap();
    assert!(
        error.to_string().contains("asks for no gradient"),
        "{error}"
    );
    let twice = vec![Part::Tensor(w.clone()), Part::Tensor(held)];
    let error = Trainer::new(twice, optimizer()).err().unwrap();
    assert!(error.to_string().contains("tensor 1"), "{error}");
}

#[test]
fn an_average_follows_its_model_and_disturbs_it_in_nothing() {
    let (model, alone) = (head(), head());
    model.freeze(&["layers.1".into()]).unwrap();
    alone.freeze(&["layers.1".into()]).unwrap();
    let sgd = by("sgd", &[("learning_rate", 0.1)]);
    let mut trainer = Trainer::new(parts([&model]), sgd.clone()).unwrap();
    let mut other = Trainer::new(parts([&alone]), sgd).unwrap();
    let mut average = Average::new(model.clone(), 0.75, None).unwrap();
    let mut values = vec![0.0; 5 * 16];
    Rng::from_words(&[4]).fill_normal(&mut values);
    let x = Tensor::<2>::from_data(TensorData::new(values, [5, 16]), &Device::flex());
    let step = |trainer: &mut Trainer, model: &Encoder| {
        let loss = model.forward(x.clone()).unwrap().square().sum();
        trainer.step(&mut loss.backward()).unwrap();
    };
    let mut want = model.weights();
    for _ in 0..3 {
        step(&mut trainer, &model);
        step(&mut other, &alone);
        average.update();
        for (name, tensor) in model.weights() {
            let mean = want.get_mut(&name).unwrap();
            for (mean, new) in mean.values.iter_mut().zip(tensor.values) {
                let is_statistic = name.contains("running_");
                *mean = if is_statistic {
                    new
                } else {
                    0.75 * *mean + 0.25 * new
                };
            }
        }
    }
    assert_eq!((model.weights(), average.updates()), (alone.weights(), 3));
    let got = average.encoder().unwrap();
    assert!(!got.is_training());
    for (name, tensor) in got.weights() {
        for (got, want) in tensor.values.iter().zip(&want[&name].values) {
            assert!((got - want).abs() < 1e-6, "{name}: {got}, wanted {want}");
        }
    }
    let on = Average::new(model.clone(), 0.75, Some(&got)).unwrap();
    assert_eq!(on.encoder().unwrap().weights(), got.weights());
    assert_eq!(model.weights(), alone.weights());
    assert!(Average::new(model, 1.0, None).is_err());
}
