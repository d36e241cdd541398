//! Runs that are followed, chosen and stopped by clips that they do not learn from.

use super::*;
use crate::eval::Probe;

fn validation(best: Option<&str>, early_stopping: Option<usize>) -> Validation {
    Validation {
        supply: Arc::new(tones(5)),
        clips: Some(tones(5)),
        fitted_on: Some(tones(12)),
        judge: vec![Probe::Linear, Probe::Knn],
        every_epochs: 2,
        best: best.map(str::to_owned),
        early_stopping,
    }
}

fn plan_with(validation: Option<Validation>, out: Option<&Path>) -> Plan {
    Plan {
        data: Arc::new(tones(12)),
        validation,
        epochs: 5,
        ..plan(out)
    }
}

fn figures(run: &Run, keep: impl Fn(&str) -> bool) -> Vec<(String, Vec<u64>)> {
    let mut figures = followed(run);
    figures.retain(|(name, _)| keep(name));
    figures
}

#[test]
fn judging_changes_nothing_of_what_is_learned() {
    for method in [
        simclr(),
        method("supervised", vec![]),
        method("moco", vec![number("queue", 4.0)]),
    ] {
        let plain = Run::new(method.clone(), plan_with(None, None)).unwrap();
        let judged = Run::new(method, plan_with(Some(validation(None, None)), None)).unwrap();
        fit(&plain, 1).unwrap();
        fit(&judged, 2).unwrap();
        assert_eq!(learned(&plain), learned(&judged), "{}", plain.title());
        let own = |name: &str| !name.starts_with(VALIDATION);
        assert_eq!(figures(&plain, own), figures(&judged, own));
        let history = judged.history();
        assert!(
            history
                .curve("validation_loss")
                .iter()
                .all(|loss| loss.is_finite())
        );
        // Every second epoch, and the last one.
        let is_judged = history.curve("validation_knn");
        let is_judged: Vec<bool> = is_judged.iter().map(|value| value.is_finite()).collect();
        assert_eq!(is_judged, [false, true, false, true, true]);
        assert!(history.names().contains(&"validation_linear_probe"));
    }
}

#[test]
fn a_run_that_is_chosen_and_stopped_resumes_as_if_nothing_had_been() {
    let plan = |out: Option<&Path>| {
        let validation = Validation {
            every_epochs: 1,
            ..validation(Some("validation_accuracy"), Some(2))
        };
        Plan {
            epochs: 30,
            ..plan_with(Some(validation), out)
        }
    };
    let supervised = || method("supervised", vec![]);
    let whole = Run::new(supervised(), plan(None)).unwrap();
    fit(&whole, 1).unwrap();
    let chosen = whole.chosen().unwrap();
    let history = whole.history();
    let curve = history.curve("validation_accuracy");
    // The first of the best ones, and two epochs more.
    let best = curve.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(chosen.value, best);
    assert_eq!(
        chosen.epoch,
        1 + curve.iter().position(|&value| value == best).unwrap()
    );
    assert_eq!(curve.len(), chosen.epoch + 2);
    let encoders = whole.encoders();
    let names: Vec<&str> = encoders.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["encoder", "best"]);
    let weights = |at: usize| encoders[at].1.weights();
    assert_ne!(weights(0), weights(1));
    assert_eq!(whole.encoder().unwrap().weights(), weights(1));
    // Killed at one place after the other, in steps and while it is judged, by programs that know nothing of each other.
    let folder = tempfile::tempdir().unwrap();
    let mut kills = 0;
    let resumed = loop {
        let run = Run::new(supervised(), plan(Some(folder.path()))).unwrap();
        // Each time it gets a little further.
        if fit_until(&run, 2, 2 + 2 * kills).is_ok() {
            break run;
        }
        kills += 1;
        assert!(kills < 100);
    };
    assert!(kills > 1, "{kills}");
    assert_eq!(followed(&resumed), followed(&whole));
    assert_eq!(learned(&resumed), learned(&whole));
    assert_eq!(resumed.chosen(), whole.chosen());
    // A finished run is loaded with what was chosen.
    let loaded = Run::new(supervised(), plan(Some(folder.path()))).unwrap();
    fit(&loaded, 1).unwrap();
    assert_eq!(learned(&loaded), learned(&whole));
    assert_eq!(loaded.chosen(), whole.chosen());
    let model = loaded.folder().unwrap().join("model-best.safetensors");
    let (saved, ..) = read_safetensors(&model).unwrap();
    assert_eq!(saved, weights(1));
}

#[test]
fn what_cannot_be_judged_is_told_before_anything_is_learned() {
    let run = |validation: Validation| Run::new(simclr(), plan_with(Some(validation), None));
    let message = |validation| run(validation).err().unwrap().to_string();
    let loss = message(validation(Some("loss"), None));
    assert_eq!(
        loss,
        "`best` must be a figure on validation clips, such as \"validation_loss\", not \"loss\""
    );
    let one = Validation {
        supply: Arc::new(tones(1)),
        ..validation(None, None)
    };
    assert!(message(one).contains("at least 2 clips, there is 1"));
    let unlabelled = Validation {
        fitted_on: None,
        ..validation(None, None)
    };
    assert!(message(unlabelled).contains("training and validation clips of datasets, with labels"));
    let other = run(validation(Some("validation_accuracy"), None)).unwrap();
    let error = fit(&other, 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "`best` must be one of validation_loss, validation_linear_probe, validation_knn, not \
         validation_accuracy"
    );
    assert!(other.history().epochs.is_empty());
}

#[test]
fn what_judges_a_run_is_part_of_what_it_is() {
    let fingerprint = |validation| {
        let run = Run::new(simclr(), plan_with(validation, None)).unwrap();
        run.fingerprint.to_string()
    };
    let other_clips = Validation {
        supply: Arc::new(tones(6)),
        clips: Some(tones(6)),
        ..validation(None, None)
    };
    let all = [
        None,
        Some(validation(None, None)),
        Some(other_clips),
        Some(validation(Some("validation_loss"), None)),
        Some(validation(Some("validation_loss"), Some(3))),
    ];
    let mut all: Vec<String> = all.into_iter().map(fingerprint).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 5);
}
