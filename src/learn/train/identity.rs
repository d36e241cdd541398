//! What makes two runs the same.

use super::joined::Joined;
use super::{Plan, Validation};
use auricle_audio::augment::Recipe;
use xxhash_rust::xxh3::Xxh3;

/// What a run is, as lines of a name and a value; equal for runs that do the same.
pub(super) fn settings(methods: &Joined, plan: &Plan) -> Vec<(String, String)> {
    let mut lines = plan_settings(plan, methods.loss(plan));
    lines.extend(methods.sizes(plan));
    if methods.reads_labels() {
        lines.push(("labels".to_owned(), plan.data.describe_labels()));
    }
    lines.push(("seed".to_owned(), plan.seed.to_string()));
    lines
}

/// What every method is told.
pub(super) fn plan_settings(plan: &Plan, loss: String) -> Vec<(String, String)> {
    let features = plan.features.as_ref();
    let mut lines = vec![
        ("data", plan.data.describe()),
        ("encoder", plan.encoder.architecture().to_string()),
        ("recipe", plan.views.to_string()),
        (
            "features",
            features.map_or_else(|| "in the recipe".into(), Recipe::to_string),
        ),
        ("loss", loss),
        ("optimizer", plan.optimizer.to_string()),
        ("schedule", plan.schedule.to_string()),
        ("epochs", plan.epochs.to_string()),
        ("batch", plan.batch.to_string()),
    ];
    if plan.accumulate > 1 {
        lines.push(("accumulate", plan.accumulate.to_string()));
    }
    let frozen = plan.encoder.frozen();
    if !frozen.is_empty() {
        lines.push(("frozen", frozen.join(", ")));
    }
    if let Some(share) = plan.average {
        lines.push(("average", share.to_string()));
    }
    let owned = lines
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    let validation = plan.validation.iter().flat_map(Validation::settings);
    owned.chain(validation).collect()
}

/// A name for everything that decides the result: the method's source, settings, initial weights, clips, the recordings and
/// files that the views are made with, and the version of the program.
pub(super) fn fingerprint(methods: &Joined, plan: &Plan) -> String {
    let mut hash = Xxh3::new();
    let mut add = |text: &str| {
        hash.update(text.as_bytes());
        hash.update(&[0]);
    };
    add(env!("CARGO_PKG_VERSION"));
    add(&methods.to_string());
    for (name, value) in settings(methods, plan) {
        add(&name);
        add(&value);
    }
    plan.data.identify(&mut add);
    if methods.reads_labels() {
        plan.data.identify_labels(&mut add);
    }
    for recipe in plan.views.recipes().iter().chain(&plan.features) {
        recipe.identify(&mut add);
    }
    if let Some(validation) = &plan.validation {
        validation.identify(&mut add);
    }
    for (name, tensor) in plan.encoder.weights() {
        add(&name);
        let mut values = Xxh3::new();
        for value in &tensor.values {
            values.update(&value.to_le_bytes());
        }
        add(&values.digest().to_string());
    }
    format!("{:016x}", hash.digest())
}
