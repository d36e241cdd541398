//! Runs that are killed at random places, again and again, and go on.

use super::*;
use crate::eval::Probe;

/// Trains to the end by programs of which each is stopped after a random number of steps, or killed outright, so that all
/// since some earlier checkpoint is lost.
fn in_pieces(run: impl Fn() -> Run, rng: &mut Rng) -> Run {
    let mut earlier: Option<Vec<u8>> = None;
    for n_kills in 0..200 {
        let run = run();
        let file = run.folder().unwrap().join("checkpoint.safetensors");
        let threads = 1 + rng.below(2);
        let asked = 1 + rng.below(14);
        match fit_until(&run, threads, asked) {
            Ok(()) => {
                assert!(n_kills > 0, "{} was never killed", run.title());
                return run;
            }
            Err(Error::Interrupted { .. } | Error::Stopped) => {}
            Err(other) => panic!("{}: {other}", run.title()),
        }
        // A program that is killed outright leaves the last checkpoint that it wrote.
        match earlier.take().filter(|_| rng.below(3) == 0) {
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
            None => earlier = std::fs::read(&file).ok(),
        }
    }
    panic!("{} does not get to its end", run().title());
}

#[test]
fn killed_at_random_and_resumed_every_run_reports_the_same() {
    let small = |name: &str| {
        let given = [("hidden", 8.0), ("projection", 8.0), ("queue", 8.0)];
        let declaration = MethodDeclaration::find(methods::CATALOGUE, "method", name).unwrap();
        let has = |(name, _): &(&str, f64)| declaration.parameter(name).is_some();
        let given = given.into_iter().filter(has);
        method(
            name,
            given.map(|(name, value)| number(name, value)).collect(),
        )
    };
    let validation = Validation {
        supply: Arc::new(tones(5)),
        clips: Some(tones(5)),
        fitted_on: Some(tones(8)),
        judge: vec![Probe::Knn],
        every_epochs: 2,
        best: Some("validation_loss".to_owned()),
        early_stopping: None,
    };
    let mut rng = Rng::from_words(&[6]);
    for name in [
        "simclr",
        "supervised",
        "byol",
        "moco",
        "vicreg",
        "patch_mix",
    ] {
        let run = |out: Option<&Path>| {
            let plan = match name {
                "patch_mix" => plan_of_tokens(out),
                _ => plan(out),
            };
            let plan = Plan {
                data: Arc::new(tones(8)),
                batch: 2,
                epochs: 4,
                validation: Some(validation.clone()),
                ..plan
            };
            Run::new(small(name), plan).unwrap()
        };
        let whole = run(None);
        fit(&whole, 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let resumed = in_pieces(|| run(Some(folder.path())), &mut rng);
        assert_eq!(followed(&resumed), followed(&whole), "{name}");
        assert_eq!(learned(&resumed), learned(&whole), "{name}");
        assert_eq!(resumed.chosen(), whole.chosen(), "{name}");
    }
}
