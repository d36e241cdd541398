//! Methods that are joined over one encoder.

use super::*;

fn supervised() -> DescribedMethod {
    method("supervised", vec![])
}

fn two_views(out: Option<&Path>) -> Plan {
    Plan {
        data: Arc::new(tones(12)),
        ..plan(out)
    }
}

fn joined(parts: &[(f64, DescribedMethod)], plan: &Plan) -> Run {
    let run = |(weight, method): &(f64, DescribedMethod)| {
        let run = Run::new(method.clone(), plan.clone()).unwrap();
        run.scaled(*weight).unwrap()
    };
    let (first, others) = parts.split_first().unwrap();
    others.iter().fold(run(first), |joined, part| {
        joined.joined(&run(part)).unwrap()
    })
}

/// A part whose loss counts for next to nothing leaves the other one's steps as they are.
#[test]
fn a_method_alone_learns_what_it_learns_beside_one_that_hardly_counts() {
    // With plain steps the encoder moves by the sum of both gradients.
    let plan = Plan {
        optimizer: optimizer("sgd", 0.05),
        ..two_views(None)
    };
    let alone = Run::new(simclr(), plan.clone()).unwrap();
    fit(&alone, 1).unwrap();
    let weights = |run: &Run| {
        run.encoder().unwrap().weights()["conv1.weight"]
            .values
            .clone()
    };
    let distance = |a: &[f32], b: &[f32]| -> f32 {
        a.iter()
            .zip(b)
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f32::max)
    };
    let beside = |weight| {
        let run = joined(&[(1.0, simclr()), (weight, supervised())], &plan);
        fit(&run, 2).unwrap();
        run
    };
    let (hardly, fully) = (beside(1e-9), beside(1.0));
    let alone = weights(&alone);
    assert!(distance(&alone, &weights(&hardly)) < 1e-5);
    assert!(distance(&alone, &weights(&fully)) > 1e-3);
    // The whole loss is the weighted sum of the parts', which the history has by name.
    let history = fully.history();
    for name in [
        "simclr_loss",
        "supervised_loss",
        "supervised_accuracy",
        "simclr_alignment",
    ] {
        assert!(
            history.names().contains(&name),
            "{name}: {:?}",
            history.names()
        );
    }
    let half = joined(&[(0.5, simclr()), (2.0, supervised())], &plan);
    fit(&half, 1).unwrap();
    let history = half.history();
    for epoch in &history.epochs {
        let part = |name| epoch.get(name).unwrap();
        let sum = 0.5 * part("simclr_loss") + 2.0 * part("supervised_loss");
        assert!((part("loss") - sum).abs() < 1e-5, "{epoch:?}");
    }
}

#[test]
fn what_is_joined_resumes_as_if_nothing_had_been() {
    // Moving averages, queues, two parts of one method, several batches a step, an average, clipping.
    let wide = |name| {
        let given = [("hidden", 8.0), ("projection", 8.0), ("queue", 8.0)];
        let declaration = MethodDeclaration::find(methods::CATALOGUE, "method", name).unwrap();
        let has = |(name, _): &(&str, f64)| declaration.parameter(name).is_some();
        let given = given.into_iter().filter(has);
        method(
            name,
            given.map(|(name, value)| number(name, value)).collect(),
        )
    };
    let declaration = OptimizerDeclaration::find(optimizers::CATALOGUE, "optimizer", "adam");
    let clipped = [number("learning_rate", 1e-2), number("clip_norm", 0.5)];
    let clipped = declaration.unwrap().with(clipped).unwrap();
    let plan = |out: Option<&Path>| Plan {
        optimizer: clipped.clone(),
        average: Some(0.5),
        batch: 2,
        accumulate: 2,
        ..two_views(out)
    };
    let all = || {
        vec![
            (0.5, wide("byol")),
            (1.0, supervised()),
            (0.25, wide("moco")),
            (1.0, wide("simclr")),
            (0.125, wide("simclr")),
        ]
    };
    let run = resumes(|out| joined(&all(), &plan(out)));
    let encoders = run.encoders();
    let names: Vec<&str> = encoders.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["encoder", "target", "average", "moco_target"]);
    assert!(run.history().names().contains(&"simclr_2_loss"));
    assert_eq!(
        run.title(),
        "0.5 * BYOL + Supervised + 0.25 * MoCo + SimCLR + 0.125 * SimCLR"
    );
}

#[test]
fn a_part_that_diverges_is_named() {
    let declaration = MethodDeclaration::find(methods::CATALOGUE, "method", "simclr").unwrap();
    let loss = LossDeclaration::find(crate::loss::CATALOGUE, "loss", "nt_xent").unwrap();
    // So large a weight is no number in single precision.
    let run = joined(
        &[
            (1.0, supervised()),
            (
                1.0,
                declaration
                    .with([("loss".to_owned(), loss.with(None).unwrap().into())])
                    .unwrap(),
            ),
        ],
        &Plan {
            optimizer: optimizer("sgd", 1e30),
            ..two_views(None)
        },
    );
    let error = fit(&run, 1).unwrap_err();
    let Error::Diverged { part, loss, .. } = &error else {
        panic!("{error}");
    };
    assert!(!loss.is_finite());
    let part = part.as_deref().unwrap();
    assert!(
        error
            .to_string()
            .starts_with(&format!("the loss of `{part}` is")),
        "{error}"
    );
    assert!(["supervised", "simclr"].contains(&part), "{part}");
}

#[test]
fn runs_that_differ_cannot_be_joined() {
    let plan = two_views(None);
    let run = Run::new(simclr(), plan.clone()).unwrap();
    let message = |other: Plan| {
        let other = Run::new(supervised(), other).unwrap();
        run.joined(&other).err().unwrap().to_string()
    };
    let epochs = message(Plan {
        epochs: 4,
        ..plan.clone()
    });
    assert_eq!(epochs, "runs that are joined differ in `epochs`: 3 and 4");
    let data = message(Plan {
        data: Arc::new(tones(10)),
        ..plan.clone()
    });
    assert!(
        data.contains("differ in `data`: tones, 12 clips and tones, 10 clips"),
        "{data}"
    );
    let options = ResNet18Options {
        width: 1,
        ..ResNet18Options::default()
    };
    let other = Encoder::new(Architecture::ResNet18(options), 4, &Device::default()).unwrap();
    let model = message(Plan {
        encoder: other,
        ..plan.clone()
    });
    assert!(model.contains("train one model"), "{model}");
    // One recipe stands for as many views as the other wants, another recipe does not.
    let one = Plan {
        views: Views::of(1, &recipe()).unwrap(),
        ..plan.clone()
    };
    let together = Run::new(supervised(), one).unwrap().joined(&run).unwrap();
    assert_eq!(together.plan().views.recipes().len(), 2);
    let plain = recipe().front_end().unwrap();
    let other = message(Plan {
        views: Views::of(1, &plain).unwrap(),
        ..plan
    });
    assert!(other.contains("differ in `recipe`"), "{other}");
    let error = run.scaled(0.0).err().unwrap().to_string();
    assert_eq!(error, "`the weight of a method` must be above 0, not 0");
}
