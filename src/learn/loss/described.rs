//! A loss as a value: described once, computed on whatever a method gives.
//!
//! A loss is declared beside its mathematics: its numbers, and what it is computed from, in the order in which the
//! language takes it. What is built from a declaration is a [`Compute`]; a function of the user's can be one as well.

use super::mixing::Mixing;
use crate::Error;
use auricle_audio::declare::{Declaration, Described, Inside, Kind};
use burn::tensor::Tensor;
use std::sync::Arc;

/// A loss. It prints as its source, compares by value, and can stand inside a method.
pub type Loss = Described<Arc<dyn Compute>, Error, LossFacts>;

/// The declaration of a loss.
pub type LossDeclaration = Declaration<Arc<dyn Compute>, Error, LossFacts>;

/// What a parameter accepts that is a loss.
pub const LOSS: Kind = Kind::Nested(&Inside {
    what: "a loss",
    check: |param, nested| match nested.get::<Loss>() {
        Some(_) => Ok(()),
        None => Err(auricle_audio::Error::range(
            param,
            "a loss",
            nested.source(),
        )),
    },
});

/// What turns tensors into a loss.
pub trait Compute: Send + Sync {
    /// Computes the loss, `[1]`.
    ///
    /// # Errors
    /// [`Error::Missing`] for what it needs and was not given; otherwise as the function of the loss.
    fn of(&self, given: Given<'_>) -> Result<Tensor<1>, Error>;
}

impl<F: Fn(Given<'_>) -> Result<Tensor<1>, Error> + Send + Sync> Compute for F {
    fn of(&self, given: Given<'_>) -> Result<Tensor<1>, Error> {
        self(given)
    }
}

/// What a declaration builds of a function.
pub(super) fn computed(
    function: impl Fn(Given<'_>) -> Result<Tensor<1>, Error> + Send + Sync + 'static,
) -> Result<Arc<dyn Compute>, Error> {
    Ok(Arc::new(function))
}

/// What a loss says besides its numbers.
pub struct LossFacts {
    /// Whether it can be computed from two views of every clip, and their labels if it reads any, without anything else.
    pub views: bool,
    /// What it is computed from, in the order of the language.
    pub inputs: &'static [Input],
}

impl LossFacts {
    /// Whether it is computed from these things, all of them and nothing else.
    pub fn is_of(&self, things: &[Reads]) -> bool {
        let all = |input: &Input| things.contains(&input.reads);
        self.inputs.iter().all(all) && things.iter().all(|&thing| self.reads(thing))
    }

    /// Whether something is among what it is computed from.
    pub fn reads(&self, thing: Reads) -> bool {
        self.inputs.iter().any(|input| input.reads == thing)
    }
}

/// One of the things that a loss is computed from.
pub struct Input {
    /// Its name in the language.
    pub name: &'static str,
    /// What it is, with its shape.
    pub about: &'static str,
    /// What is read.
    pub reads: Reads,
    /// Whether it is given by its position instead of in the option map.
    pub positional: bool,
}

/// What an input of a loss is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Rows to compare, `[batch, dim]`.
    Rows,
    /// Logits, `[batch, classes]`, or a list of those of each view.
    Logits,
    /// A label for every row.
    Labels,
    /// Targets for every class, `[batch, classes]`.
    Targets,
    /// For every row the one that it is mixed with.
    Partner,
    /// Share of its own that every mixed clip keeps.
    Kept,
    /// Earlier keys, `[length, dim]`.
    Queue,
}

impl Input {
    /// An input that is given by its position.
    pub(super) const fn positional(name: &'static str, reads: Reads, about: &'static str) -> Input {
        Input {
            name,
            about,
            reads,
            positional: true,
        }
    }

    /// An input that is given in the option map.
    pub(super) const fn option(name: &'static str, reads: Reads, about: &'static str) -> Input {
        Input {
            positional: false,
            ..Input::positional(name, reads, about)
        }
    }

    /// Rows.
    pub(super) const fn rows(name: &'static str, about: &'static str) -> Input {
        Input::positional(name, Reads::Rows, about)
    }
}

/// One view.
pub(super) const A: Input = Input::rows("a", "one view, [batch, dim]");
/// The other view.
pub(super) const B: Input = Input::rows("b", "the other view");
/// Labels.
pub(super) const LABELS: Input = Input::positional(
    "labels",
    Reads::Labels,
    "the class of every row, from 0; `()` or -1 where it is missing",
);
/// Partners.
pub(super) const PARTNER: Input = Input::option(
    "partner",
    Reads::Partner,
    "the number of the row that each is mixed with",
);
/// The share that is kept.
pub(super) const LAMBDA: Input = Input::option(
    "lambda",
    Reads::Kept,
    "share of its own that every clip keeps",
);

/// What a loss is computed from. Each takes what it needs and says what is missing.
#[derive(Clone, Default)]
pub struct Given<'a> {
    /// Rows to compare, `[batch, dim]`: two views; a prediction and its target; queries and keys;
    /// mixed projections and their targets; or labelled rows.
    pub rows: Vec<Tensor<2>>,
    /// Logits, `[batch, classes]`, of each view.
    pub logits: Vec<Tensor<2>>,
    /// A label for every row of a view, where there is one.
    pub labels: Option<&'a [Option<usize>]>,
    /// Targets for every class, `[batch, classes]`.
    pub targets: Option<Tensor<2>>,
    /// Who was mixed with whom.
    pub mixing: Option<&'a Mixing>,
    /// Earlier keys, `[length, dim]`.
    pub queue: Option<Tensor<2>>,
}

impl<'a> Given<'a> {
    /// Two views without labels.
    pub fn views(a: Tensor<2>, b: Tensor<2>) -> Given<'a> {
        Given {
            rows: vec![a, b],
            ..Given::default()
        }
    }

    /// Two tensors of rows, for a loss of a name; `what` they are.
    pub(super) fn two(
        &self,
        name: &'static str,
        what: &'static str,
    ) -> Result<[Tensor<2>; 2], Error> {
        match self.rows.as_slice() {
            [a, b] => Ok([a.clone(), b.clone()]),
            _ => Err(Error::Missing { name, what }),
        }
    }

    /// Two views.
    pub(super) fn two_views(&self, name: &'static str) -> Result<[Tensor<2>; 2], Error> {
        self.two(name, "two views")
    }

    /// The labels.
    pub(super) fn labels_for(&self, name: &'static str) -> Result<&'a [Option<usize>], Error> {
        let what = "labels";
        self.labels.ok_or(Error::Missing { name, what })
    }

    /// Who was mixed with whom.
    pub(super) fn mixing_for(&self, name: &'static str) -> Result<&'a Mixing, Error> {
        let what = "partners";
        self.mixing.ok_or(Error::Missing { name, what })
    }

    /// The logits of one view.
    pub(super) fn one_of_logits(
        &self,
        name: &'static str,
        what: &'static str,
    ) -> Result<Tensor<2>, Error> {
        match self.logits.as_slice() {
            [logits] => Ok(logits.clone()),
            _ => Err(Error::Missing { name, what }),
        }
    }

    /// The mean of a loss over the logits of all views.
    pub(super) fn mean_over_logits(
        self,
        name: &'static str,
        of: impl Fn(Tensor<2>) -> Result<Tensor<1>, Error>,
    ) -> Result<Tensor<1>, Error> {
        let n = self.logits.len();
        let terms = self.logits.into_iter().map(of);
        let terms: Vec<Tensor<1>> = terms.collect::<Result<_, _>>()?;
        let what = "logits";
        let total = terms.into_iter().reduce(|a, b| a + b);
        let total = total.ok_or(Error::Missing { name, what })?;
        Ok(total.div_scalar(n as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, value};
    use super::super::{
        CATALOGUE, CrossEntropy, Negatives, Positives, barlow_twins, byol, cross_entropy, dcl,
        nt_xent,
    };
    use super::*;
    use auricle_audio::declare::Value;

    /// A loss with some numbers.
    fn described(name: &str, numbers: &[(&str, f64)]) -> Loss {
        let number =
            |(name, number): &(&str, f64)| ((*name).to_owned(), Value::Drawn((*number).into()));
        let declaration = LossDeclaration::find(CATALOGUE, "loss", name).unwrap();
        declaration.with(numbers.iter().map(number)).unwrap()
    }

    #[test]
    fn a_described_loss_is_its_function() {
        let (a, b) = (Rows::drawn(4, 3, 1).tensor(), Rows::drawn(4, 3, 2).tensor());
        let logits = vec![Rows::drawn(4, 2, 3).tensor(), Rows::drawn(4, 2, 4).tensor()];
        let labels = [Some(0), Some(1), Some(0), None];
        let given = Given {
            rows: vec![a.clone(), b.clone()],
            logits: logits.clone(),
            labels: Some(&labels),
            ..Given::default()
        };
        let ce = CrossEntropy {
            label_smoothing: 0.1,
            ..CrossEntropy::default()
        };
        let halves = logits
            .iter()
            .map(|x| value(cross_entropy(x.clone(), &labels, &ce).unwrap()));
        let halves = halves.sum::<f64>() / 2.0;
        let of = |result: Result<Tensor<1>, Error>| value(result.unwrap());
        let cases = [
            (
                described("nt_xent", &[("temperature", 0.2)]),
                of(nt_xent(a.clone(), b.clone(), 0.2)),
            ),
            (
                described("dcl", &[("temperature", 0.2)]),
                of(dcl(a.clone(), b.clone(), 0.2)),
            ),
            (described("byol", &[]), of(byol(a.clone(), b.clone()))),
            (
                described("barlow_twins", &[("redundancy", 0.1)]),
                of(barlow_twins(a, b, 0.1)),
            ),
            (
                described("cross_entropy", &[("label_smoothing", 0.1)]),
                halves,
            ),
        ];
        for (loss, want) in cases {
            assert_near(value(loss.of(given.clone()).unwrap()), want, 1e-12);
        }
    }

    /// Every loss at its defaults, or at a temperature where it has one, in all its words.
    fn all(temperature: f64) -> Vec<Loss> {
        let mut losses = Vec::new();
        for declaration in CATALOGUE {
            let of = |name: &str| declaration.parameter(name);
            let temperature = of("temperature")
                .map(|parameter| (parameter.name.to_owned(), Value::Drawn(temperature.into())));
            let worded = declaration.parameters.iter();
            let worded = worded.flat_map(|p| p.kind.words().into_iter().map(|word| (p.name, word)));
            let worded = worded.map(|(name, word)| (name.to_owned(), Value::Word(word.to_owned())));
            for word in worded.map(Some).chain([None]) {
                let given = temperature.clone().into_iter().chain(word);
                losses.push(declaration.with(given).unwrap());
            }
        }
        losses
    }

    #[test]
    fn a_temperature_of_a_hundredth_and_inputs_of_any_size_stay_finite() {
        let (a, b) = (Rows::drawn(300, 8, 1), Rows::drawn(300, 8, 2));
        let logits = Rows::drawn(300, 5, 3);
        let labels: Vec<Option<usize>> = (0..300).map(|i| (i % 7 > 0).then_some(i % 5)).collect();
        let mixing = Mixing {
            kept: 0.4,
            partner: (0..300).rev().collect(),
        };
        let losses = all(0.01);
        assert!(losses.len() > Positives::WORDS.len() + Negatives::WORDS.len());
        for loss in losses {
            let parameters = loss.declaration();
            if parameters.parameter("temperature").is_none() || parameters.name == "clar_loss" {
                continue;
            }
            let of = |a: Tensor<2>, b: Tensor<2>, logits: Tensor<2>| {
                let given = Given {
                    rows: vec![a.mul_scalar(1e4), b.clone().mul_scalar(1e-4)],
                    logits: vec![logits.mul_scalar(100.0)],
                    labels: Some(&labels),
                    mixing: Some(&mixing),
                    queue: Some(b),
                    ..Given::default()
                };
                loss.of(given).unwrap()
            };
            let want = value(of(a.tensor(), b.tensor(), logits.tensor()));
            let x = a.single().require_grad();
            let single = of(x.clone(), b.single(), logits.single());
            let slope = x.grad(&single.backward()).unwrap();
            assert!(value(slope.abs().max()).is_finite(), "{loss}");
            assert_near(value(single), want, 1e-4 * want.abs());
        }
    }

    #[test]
    fn what_is_missing_is_said_by_name() {
        let x = Rows::drawn(2, 3, 1).tensor();
        let message = |name, given| described(name, &[]).of(given).unwrap_err().to_string();
        assert_eq!(
            message("supcon", Given::views(x.clone(), x.clone())),
            "`supcon` needs labels"
        );
        assert_eq!(
            message("info_nce", Given::views(x.clone(), x)),
            "`info_nce` needs a queue"
        );
        assert_eq!(
            message("nt_xent", Given::default()),
            "`nt_xent` needs two views"
        );
    }

    #[test]
    fn every_loss_goes_to_json_and_back_and_says_what_it_needs() {
        for loss in all(0.3) {
            let json = loss.to_json();
            let again = Loss::from_json(CATALOGUE, "loss", &json, |_, _| Ok(None));
            assert_eq!(again.unwrap(), loss, "{json}");
            let error = loss.of(Given::default()).unwrap_err().to_string();
            let name = loss.declaration().name;
            assert!(error.starts_with(&format!("`{name}` needs ")), "{error}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_by_the_declaration() {
        let message = |name: &str, parameter: &str, number: f64| {
            let declaration = LossDeclaration::find(CATALOGUE, "loss", name).unwrap();
            let given = [(parameter.to_owned(), Value::Drawn(number.into()))];
            declaration.with(given).unwrap_err().to_string()
        };
        let cases = [
            (
                message("nt_xent", "temperature", 0.0),
                "`temperature` must be above 0, not 0",
            ),
            (
                message("cross_entropy", "label_smoothing", 1.0),
                "`label_smoothing` must be at least 0 and below 1, not 1",
            ),
            (
                message("vicreg", "variance", -1.0),
                "`variance` must be at least 0, not -1",
            ),
        ];
        for (got, want) in cases {
            assert_eq!(got, want);
        }
    }
}
