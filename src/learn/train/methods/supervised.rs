//! Supervised training: what the clips are labelled with, through an encoder and one linear layer.
//!
//! One class a clip is learned by the cross entropy, several by the binary cross entropy of each, a number by the squared
//! error, in units of the numbers' deviation.

use super::super::Plan;
use super::super::described::{MethodDeclaration, MethodFacts};
use super::super::inputs::Inputs;
use super::super::method::{Better, Method, Nothing, Term, Terms};
use super::heads::of_labels;
use super::parameters::{LABEL_FRACTION, check_loss};
use crate::Error;
use crate::batch::{Scaling, Targets, Task};
use crate::loss::{BINARY_CROSS_ENTROPY, CROSS_ENTROPY, Given, Loss, LossDeclaration, Reads};
use crate::nn::Network;
use auricle_audio::declare::{DefaultValue, Inside, Kind, Parameter};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};
use std::sync::Arc;

pub(super) static SUPERVISED: MethodDeclaration = MethodDeclaration {
    name: "supervised",
    about: "Describes supervised training of the encoder and a linear layer, on one class a clip, several, or a \
        number; clips without a label do not count.",
    citation: "",
    parameters: &[
        Parameter::option(
            "loss",
            Kind::Nested(&Inside {
                what: "`cross_entropy(...)` or `binary_cross_entropy(...)`",
                check: |param, nested| {
                    let want = "`cross_entropy(...)`, or `binary_cross_entropy(...)` of several classes a clip";
                    check_loss(param, nested, want, |loss| {
                        LOSSES.iter().any(|(_, reads)| loss.facts.is_of(reads))
                    })
                },
            }),
            DefaultValue::Absent,
            "a loss of logits and labels: `cross_entropy()` of one class a clip, `binary_cross_entropy()` of \
                several if not given; a number is learned by the squared error, in units of the deviation of the \
                training clips' numbers",
        ),
        LABEL_FRACTION,
    ],
    facts: MethodFacts {
        title: "Supervised",
        n_views: 1,
    },
    example: "let run = supervised(model, data, options); assert(run.fit().losses.len() == 1)",
    build: |settings| {
        let given = settings.inside::<Loss>("loss").cloned();
        let or_usual = |usual: &'static LossDeclaration| {
            given.clone().map_or_else(|| usual.with(Vec::new()), Ok)
        };
        Ok(Arc::new(Supervised {
            of_one: or_usual(&CROSS_ENTROPY)?,
            of_several: or_usual(&BINARY_CROSS_ENTROPY)?,
            is_given: given.is_some(),
            label_fraction: settings.number("label_fraction"),
        }))
    },
};

/// What a loss of each task is computed from.
const LOSSES: [(Task, &[Reads]); 2] = [
    (Task::Classes, &[Reads::Logits, Reads::Labels]),
    (Task::Several, &[Reads::Logits, Reads::Targets]),
];

/// A loss of one or more views with what the clips are labelled with; clips without a label do not count.
#[derive(Clone)]
struct Supervised {
    /// The loss of one class a clip.
    of_one: Loss,
    /// The loss of several.
    of_several: Loss,
    /// Whether a loss was given: it is both of them then, and must fit.
    is_given: bool,
    label_fraction: f64,
}

/// An encoder with a linear layer that gives logits, or a number.
#[derive(Module, Debug)]
pub(super) struct Classifier {
    encoder: Network,
    head: Linear,
    /// Mean and deviation of the numbers that the layer gives in units of the deviation; 0 and 1 for logits.
    mean: f64,
    deviation: f64,
}

impl Supervised {
    /// Of one class a clip.
    fn of_one_class(
        &self,
        logits: &[Tensor<2>],
        labels: &[Option<usize>],
    ) -> Result<(Tensor<1>, Vec<Term>), Error> {
        let loss = &self.of_one;
        let value = loss.of(Given {
            logits: logits.to_vec(),
            labels: Some(labels),
            ..Given::default()
        })?;
        let mut figures = of_labels(logits, labels)?;
        // Without smoothing and weights the cross entropy is the loss.
        let is_plain = loss.changed().next().is_none();
        if is_plain && loss.declaration().name == CROSS_ENTROPY.name {
            figures.retain(|term| term.name == "accuracy");
        }
        Ok((value, figures))
    }

    /// Of several classes a clip.
    fn of_several_classes(
        &self,
        logits: &[Tensor<2>],
        targets: &Targets,
    ) -> Result<(Tensor<1>, Vec<Term>), Error> {
        let device = logits.first().map(Tensor::device).unwrap_or_default();
        let value = self.of_several.of(Given {
            logits: logits.to_vec(),
            targets: Some(targets.tensor(&device)),
            ..Given::default()
        })?;
        Ok((value, Vec::new()))
    }
}

/// Of a number: the squared error in units of the deviation, and the absolute one in the numbers' own.
fn of_numbers(
    given: &[Tensor<2>],
    targets: &Targets,
    learner: &Classifier,
) -> (Tensor<1>, Vec<Term>) {
    let device = learner.head.weight.val().device();
    let column = |values: Vec<f64>| {
        let values = values
            .into_iter()
            .map(|value| value as f32)
            .collect::<Vec<f32>>();
        Tensor::<2>::from_data(TensorData::new(values, [targets.known.len(), 1]), &device)
    };
    let known = || {
        targets
            .known
            .iter()
            .map(|&known| f64::from(u8::from(known)))
    };
    let n_known: f64 = known().sum();
    let share = 1.0 / (n_known.max(1.0) * given.len().max(1) as f64);
    let weights = column(known().map(|known| known * share).collect());
    let scaled = |number: &f32| (f64::from(*number) - learner.mean) / learner.deviation;
    let numbers = targets.values.iter().zip(&targets.known);
    let wanted = numbers.map(|(number, known)| if *known { scaled(number) } else { 0.0 });
    let wanted = column(wanted.collect());
    let errors = given.iter().map(|given| given.clone() - wanted.clone());
    let errors: Vec<Tensor<2>> = errors.collect();
    let mean = |each: &dyn Fn(Tensor<2>) -> Tensor<2>| {
        let sums = errors
            .iter()
            .map(|error| (each(error.clone()) * weights.clone()).sum());
        Tensor::cat(sums.collect(), 0).sum()
    };
    let absolute = mean(&|error| error.abs())
        .inner()
        .mul_scalar(learner.deviation);
    let figure = Term {
        name: "mae",
        value: absolute,
        weight: n_known,
        better: Better::Lower,
    };
    (mean(&|error| error.square()), vec![figure])
}

impl Method for Supervised {
    type Learner = Classifier;
    type Memory = Nothing;

    fn plan(&self, plan: Plan) -> Result<Plan, Error> {
        plan.with_labels_of(self.label_fraction)
    }

    fn loss(&self, plan: &Plan) -> String {
        match plan.data.task() {
            Some(Task::Numbers) => "squared error".to_owned(),
            Some(Task::Several) => self.of_several.to_string(),
            Some(Task::Classes) | None => self.of_one.to_string(),
        }
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        let (dim, classes) = (plan.encoder.dim(), plan.n_classes());
        let head = match plan.data.task() {
            Some(Task::Numbers) => format!("{dim} to a number"),
            _ => format!("{dim} to {classes} classes"),
        };
        vec![("head", head)]
    }

    fn reads_labels(&self) -> bool {
        true
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        let task = plan.check_task("supervised training")?;
        let reads = LOSSES.iter().find(|(of, _)| *of == task);
        let fits = |(_, reads): &(Task, &[Reads])| self.of_one.declaration().facts.is_of(reads);
        if !self.is_given || reads.is_some_and(fits) {
            return Ok(());
        }
        let want = match task {
            Task::Classes => "`cross_entropy(...)`, as every clip has one class",
            Task::Several => "`binary_cross_entropy(...)`, as a clip may have several classes",
            Task::Numbers => "left out, as numbers are learned by the squared error",
        };
        Err(Error::range("loss", want, &self.of_one))
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Classifier, Error> {
        let scaling = plan.data.numbers().unwrap_or(Scaling::NONE);
        let columns = match plan.data.task() {
            Some(Task::Numbers) => 1,
            _ => plan.n_classes(),
        };
        plan.drawn(Classifier {
            encoder: plan.network(device)?,
            head: LinearConfig::new(plan.encoder.dim(), columns).init(device),
            mean: scaling.mean,
            deviation: scaling.deviation,
        })
    }

    fn memory(&self, _: &Plan, _: &Classifier) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(
        &self,
        learner: &Classifier,
        _: &Nothing,
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error> {
        let mut rows = Vec::new();
        let mut logits = Vec::new();
        for view in 0..inputs.n_views() {
            let embeddings = inputs.embed(view, &learner.encoder)?;
            logits.push(learner.head.forward(embeddings.clone()));
            rows.push(embeddings);
        }
        let (loss, figures) = match inputs.targets() {
            Some(numbers) if numbers.task == Task::Numbers => of_numbers(&logits, numbers, learner),
            Some(several) => self.of_several_classes(&logits, several)?,
            None => self.of_one_class(&logits, inputs.labels())?,
        };
        Ok(Terms {
            figures,
            ..Terms::new(loss, rows)
        })
    }

    fn encoder_mut<'a>(&self, learner: &'a mut Classifier) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(
        &self,
        learner: &'a Classifier,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
