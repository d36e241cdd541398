//! A method as a run holds it, whatever its learner is, and what makes two runs the same.

use super::Plan;
use super::objective::{Method, Objective, begin};
use crate::Error;
use auricle_audio::augment::Recipe;
use burn::tensor::Device;
use xxhash_rust::xxh3::Xxh3;

/// A [`Method`] without its types.
pub(super) trait Described: Send + Sync {
    fn name(&self) -> &'static str;
    fn title(&self) -> &'static str;
    fn begin(&self, plan: &Plan, device: &Device) -> Result<Box<dyn Objective>, Error>;

    /// What a run is, as lines of a name and a value; equal for runs that do the same.
    fn settings(&self, plan: &Plan) -> Vec<(String, String)>;

    /// A name for everything that decides the result: settings, initial weights, clips and the version of the program.
    fn fingerprint(&self, plan: &Plan) -> String;
}

impl<M: Method> Described for M {
    fn name(&self) -> &'static str {
        Method::name(self)
    }

    fn title(&self) -> &'static str {
        Method::title(self)
    }

    fn begin(&self, plan: &Plan, device: &Device) -> Result<Box<dyn Objective>, Error> {
        begin(self, plan, device)
    }

    fn settings(&self, plan: &Plan) -> Vec<(String, String)> {
        let data = format!("{}, {} clips", plan.data.name(), plan.data.len());
        let features = plan.features.as_ref();
        let mut lines = vec![
            ("data", data),
            ("encoder", plan.encoder.architecture().to_string()),
            ("recipe", plan.views.to_string()),
            (
                "features",
                features.map_or_else(|| "in the recipe".into(), Recipe::to_string),
            ),
            ("loss", self.loss()),
            ("optimizer", plan.optimizer.to_string()),
            ("schedule", plan.schedule.to_string()),
            ("epochs", plan.epochs.to_string()),
            ("batch", plan.batch.to_string()),
        ];
        lines.extend(self.sizes(plan));
        if self.reads_labels() {
            let labelled = format!("{} of {} clips", plan.n_labelled(), plan.data.len());
            lines.push(("labels", labelled));
        }
        lines.push(("seed", plan.seed.to_string()));
        let owned = lines
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        owned.collect()
    }

    fn fingerprint(&self, plan: &Plan) -> String {
        let mut hash = Xxh3::new();
        let mut add = |text: &str| {
            hash.update(text.as_bytes());
            hash.update(&[0]);
        };
        add(env!("CARGO_PKG_VERSION"));
        for (name, value) in self.settings(plan) {
            add(&name);
            add(&value);
        }
        plan.data.identify(&mut add);
        if self.reads_labels() {
            plan.data.identify_labels(&mut add);
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
}
