//! Judging by fine-tuning: a copy of an encoder and a linear layer behind it, trained on the labels or numbers.

use super::described::MethodDeclaration;
use super::history::LOSS;
use super::methods;
use super::optimizer::{Optimizer, OptimizerDeclaration};
use super::optimizers::{self, Groups};
use super::run::Run;
use super::training::TRAINING;
use super::validation::VALIDATION;
use crate::Error;
use crate::eval::{
    JudgeOptions, Judged, Judgement, Matrix, Probe, Role, Row, Score, Subject, Task, embed, floor,
    judge, judge_logits, judge_mean,
};
use crate::feed::{Stop, Workers};
use crate::nn::Encoder;
use auricle_audio::augment::{Recipe, Views};
use auricle_audio::dataset::{Dataset, Split};
use auricle_audio::declare::{Described, Value};
use burn::tensor::Device;
use std::sync::Arc;

/// The name of the head in reports.
const NAME: &str = "fine-tuning";

/// How a copy is trained.
#[derive(Clone, Debug)]
pub struct FineTuningOptions {
    /// Passes over the training clips.
    pub epochs: usize,
    /// Clips in a step; fewer where the training clips are fewer.
    pub batch: usize,
    /// Peak learning rate of the linear layer.
    pub learning_rate: f64,
    /// Peak learning rate of the encoder: what was learned before should change slowly (Howard and Ruder, 2018).
    pub encoder_rate: f64,
    /// Decay of matrices and kernels by AdamW.
    pub weight_decay: f64,
    /// Augmentation of training clips, before the features.
    pub augmentation: Recipe,
    /// Folder under which trainings are kept.
    pub out: Option<String>,
    /// Seed of the training.
    pub seed: u64,
}

impl FineTuningOptions {
    fn optimizer(&self) -> Result<Optimizer, Error> {
        let own = vec![("learning_rate".to_owned(), self.encoder_rate)];
        let groups = Groups::new([("encoder".to_owned(), own)])?;
        let adamw = OptimizerDeclaration::find(optimizers::CATALOGUE, "optimizer", "adamw")?;
        adamw.with(vec![
            ("learning_rate".to_owned(), number(self.learning_rate)),
            ("weight_decay".to_owned(), number(self.weight_decay)),
            ("groups".to_owned(), groups.into()),
        ])
    }

    /// What a report says of the trainings.
    ///
    /// # Errors
    /// A rate is out of its range.
    pub fn told(&self) -> Result<(String, String), Error> {
        let (epochs, batch, optimizer) = (self.epochs, self.batch, self.optimizer()?);
        let text = format!("{epochs} epochs, batch {batch}, {optimizer}");
        Ok(("trained".to_owned(), text))
    }
}

fn number(x: f64) -> Value {
    Value::Drawn(x.into())
}

/// What every encoder is tuned and judged by.
pub struct FineTuning<'a> {
    /// Training clips to learn from, validation clips to choose the epoch on, test clips to judge on.
    pub split: &'a Split,
    /// What is predicted of them.
    pub task: Task,
    /// How they are heard.
    pub features: &'a Recipe,
    /// How a copy is trained.
    pub training: &'a FineTuningOptions,
    /// The figure of merit and how it is measured.
    pub options: &'a JudgeOptions,
    /// Where it is computed.
    pub device: &'a Device,
    /// Threads that read clips.
    pub workers: &'a Workers,
    /// Asked now and then whether to stop.
    pub stop: Stop<'a>,
}

impl FineTuning<'_> {
    /// The training of an encoder with a linear layer: the method `supervised`, the epoch chosen on validation clips
    /// where there are some.
    ///
    /// # Errors
    /// An option is out of its range, or the recipes do not fit together.
    pub fn run(&self, encoder: Encoder) -> Result<Run, Error> {
        let FineTuningOptions {
            epochs,
            batch,
            seed,
            ..
        } = *self.training;
        let train = &self.split.train;
        let given = |name: &str, value: Value| (name.to_owned(), value);
        let out = self.training.out.clone();
        let mut described = vec![
            given("epochs", number(epochs as f64)),
            given("batch", number(batch.min(train.len()) as f64)),
            given("optimizer", self.training.optimizer()?.into()),
            given("seed", number(seed as f64)),
            given("out", out.map_or(Value::Absent, Value::Word)),
        ];
        let chooses = Task::of(&self.split.validation) == Some(self.task);
        if chooses {
            let best = format!("{VALIDATION}{}", self.followed());
            described.push(given("best", Value::Word(best)));
        }
        let training = Described::new(&TRAINING, described)?;
        let has_features = *self.features != Recipe::identity();
        let augmentation = self.training.augmentation.clone();
        let views = Views::new(vec![match has_features {
            true => augmentation.then(self.features)?,
            false => augmentation,
        }])?;
        let mut plan = training.plan(encoder, Arc::new(train.clone()), views, seed);
        // The recipe of the views may augment: what a clip is without that, is told apart.
        plan.features = has_features.then(|| self.features.clone());
        if chooses {
            let clips = self.split.validation.clone();
            plan.validation = Some(training.validation(clips, None, Vec::new()));
        }
        let supervised = MethodDeclaration::find(methods::CATALOGUE, "method", "supervised")?;
        Run::new(supervised.with(Vec::new())?, plan)
    }

    /// The figure on validation clips by which the epoch is chosen.
    fn followed(&self) -> &'static str {
        match self.task {
            Task::Classes => "accuracy",
            Task::Several | Task::Numbers => LOSS,
        }
    }

    /// Judges a training that [`FineTuning::run`] described on the test clips.
    ///
    /// # Errors
    /// It was not trained, a clip cannot be read, or it was stopped.
    pub fn judge(&self, run: &Run) -> Result<Judgement, Error> {
        let Split { test, .. } = self.split;
        let encoder = run.encoder().ok_or(Error::Untrained)?;
        let head = run.head().ok_or(Error::Untrained)?;
        let front_end = encoder.front_end.clone().ok_or(Error::Untrained)?;
        let rows = embed(
            &encoder,
            &front_end,
            test,
            self.device,
            self.workers,
            self.stop,
        )?;
        let judged = judge_logits(&head.logits(&rows), test, self.task, self.options)?;
        let chosen = run.chosen().map(|chosen| {
            let (epoch, followed, value) = (chosen.epoch, self.followed(), chosen.value);
            format!("epoch {epoch}, by {followed} {value:.3} on validation clips")
        });
        let last = || "the last epoch: there are no validation clips".to_owned();
        Ok(Judgement {
            chosen: Some(chosen.unwrap_or_else(last)),
            ..judged
        })
    }

    /// What the report holds of the trainings of some encoders, the first of which is the one in question, by its name:
    /// beside them stand the statistics of `features`, which have nothing to fine-tune, and of numbers their mean.
    ///
    /// # Errors
    /// A clip cannot be read, or it was stopped.
    pub fn beside_floors(
        &self,
        name: &str,
        mut made: Vec<(Role, Judgement)>,
        features: &Recipe,
    ) -> Result<Judged, Error> {
        let statistics = |data: &Dataset| floor(features, data, self.workers, self.stop);
        let lowest = Subject {
            name: Role::Floor.name().to_owned(),
            role: Role::Floor,
            train: statistics(&self.split.train)?,
            validation: Matrix::none(),
            test: statistics(&self.split.test)?,
            places: None,
        };
        let parts = [&self.split.train, &self.split.validation, &self.split.test];
        let (probe, by) = match self.task {
            Task::Numbers => (Probe::Ridge, "by a ridge regression"),
            Task::Classes | Task::Several => (Probe::Linear, "by a linear probe"),
        };
        let lowest = judge(&lowest, parts, probe, self.options, self.device, self.stop)?;
        made.push((Role::Floor, lowest));
        if self.task == Task::Numbers {
            let mean = judge_mean(&self.split.train, &self.split.test, self.options)?;
            made.push((Role::Mean, mean));
        }
        let row = |(role, judged): &(Role, Judgement)| {
            let row = Row::of(*role, vec![Score::of(NAME, judged)]);
            match role {
                Role::Judged => Row {
                    name: name.to_owned(),
                    ..row
                },
                _ => row,
            }
        };
        let rows = made.iter().map(row).collect();
        let first = made.swap_remove(0).1;
        let mut chosen: Vec<_> = first
            .chosen
            .map(|chosen| (NAME.to_owned(), chosen))
            .into_iter()
            .collect();
        chosen.push((Role::Floor.name().to_owned(), by.to_owned()));
        Ok(Judged {
            rows,
            chosen,
            predictions: vec![Arc::new(first.predictions)],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_that_it_is_made_of_are_there() {
        assert!(
            methods::CATALOGUE
                .iter()
                .any(|method| method.name == "supervised")
        );
        assert!(
            optimizers::CATALOGUE
                .iter()
                .any(|optimizer| optimizer.name == "adamw")
        );
    }
}
