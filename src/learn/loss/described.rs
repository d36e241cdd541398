//! A loss as a value: described once, computed on whatever a method gives.

use super::similarity::check_positive;
use super::{
    AlignUniform, Clar, CrossEntropy, Join, Mixing, Negatives, PatchMixLoss, Positives, Target,
    VicReg,
};
use crate::Error;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A loss, described. It prints as its source and compares by value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// [`nt_xent`](super::nt_xent) at a temperature, of two views.
    NtXent(f64),
    /// [`dcl`](super::dcl) at a temperature, of two views.
    Dcl(f64),
    /// [`supcon`](super::supcon) of labelled rows, or [`supcon_views`](super::supcon_views) of two views.
    SupCon {
        /// Its temperature.
        temperature: f64,
        /// Where positives are averaged.
        positives: Positives,
    },
    /// [`clar`](super::clar) of two views, their logits and labels.
    Clar(Clar),
    /// [`align_uniform`](super::align_uniform) of two views.
    AlignUniform(AlignUniform),
    /// [`cross_entropy`](super::cross_entropy) of logits and labels, averaged over the views' logits.
    CrossEntropy(CrossEntropy),
    /// [`binary_cross_entropy`](super::binary_cross_entropy) of logits and targets, averaged over the views' logits.
    BinaryCrossEntropy {
        /// Weight of a target of 1 for every class; all 1 if `None`.
        positive_weights: Option<Vec<f64>>,
    },
    /// [`patch_mix_loss`](super::patch_mix_loss) of mixed projections, their targets, clean logits and labels.
    PatchMix(PatchMixLoss),
    /// [`byol`](super::byol) of a prediction and its target.
    Byol,
    /// [`simsiam`](super::simsiam) of a prediction and its target.
    SimSiam,
    /// [`vicreg`](super::vicreg) of two views.
    VicReg(VicReg),
    /// [`barlow_twins`](super::barlow_twins) of two views.
    BarlowTwins {
        /// Weight of the correlation of different columns.
        redundancy: f64,
    },
    /// [`info_nce`](super::info_nce) of queries, keys and a queue, at a temperature.
    InfoNce(f64),
}

/// What a loss is computed from. Each takes what it needs and says what is missing.
#[derive(Clone, Default)]
pub struct Given<'a> {
    /// Rows to compare, `[batch, dim]`: two views; a prediction and its target; queries and keys; mixed projections and
    /// their targets; or labelled rows.
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

impl Given<'_> {
    /// Two views without labels.
    pub fn views(a: Tensor<2>, b: Tensor<2>) -> Given<'static> {
        Given {
            rows: vec![a, b],
            ..Given::default()
        }
    }
}

impl Loss {
    /// Its name in the language.
    pub fn name(&self) -> &'static str {
        match self {
            Loss::NtXent(_) => "nt_xent",
            Loss::Dcl(_) => "dcl",
            Loss::SupCon { .. } => "supcon",
            Loss::Clar(_) => "clar_loss",
            Loss::AlignUniform(_) => "align_uniform",
            Loss::CrossEntropy(_) => "cross_entropy",
            Loss::BinaryCrossEntropy { .. } => "binary_cross_entropy",
            Loss::PatchMix(_) => "patch_mix_loss",
            Loss::Byol => "byol",
            Loss::SimSiam => "simsiam",
            Loss::VicReg(_) => "vicreg",
            Loss::BarlowTwins { .. } => "barlow_twins",
            Loss::InfoNce(_) => "info_nce",
        }
    }

    /// Whether two views are all that it is computed from.
    pub fn takes_views(&self) -> bool {
        matches!(
            self,
            Loss::NtXent(_)
                | Loss::Dcl(_)
                | Loss::AlignUniform(_)
                | Loss::VicReg(_)
                | Loss::BarlowTwins { .. }
        )
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Range`] for those that make no sense.
    pub fn check(&self) -> Result<(), Error> {
        let weight = super::similarity::check_weight;
        match self {
            Loss::NtXent(temperature)
            | Loss::Dcl(temperature)
            | Loss::SupCon { temperature, .. }
            | Loss::InfoNce(temperature) => check_positive("temperature", *temperature),
            Loss::Clar(clar) => {
                check_positive("temperature", clar.temperature)?;
                weight("ce_weight", clar.ce_weight)
            }
            Loss::AlignUniform(options) => options.check(),
            Loss::CrossEntropy(options) => options.check(),
            Loss::BinaryCrossEntropy { positive_weights } => positive_weights
                .iter()
                .flatten()
                .try_for_each(|&w| weight("positive_weights", w)),
            Loss::PatchMix(options) => options.check(),
            Loss::Byol | Loss::SimSiam => Ok(()),
            Loss::VicReg(weights) => weights.check(),
            Loss::BarlowTwins { redundancy } => weight("redundancy", *redundancy),
        }
    }

    /// Computes the loss, `[1]`.
    ///
    /// # Errors
    /// [`Error::Missing`] for what it needs and was not given; otherwise as the function of the loss.
    pub fn of(&self, given: Given<'_>) -> Result<Tensor<1>, Error> {
        let missing = |what: &'static str| Error::Missing {
            name: self.name(),
            what,
        };
        let labels = || given.labels.ok_or_else(|| missing("labels"));
        let pair = |from: &[Tensor<2>], what| match from {
            [a, b] => Ok([a.clone(), b.clone()]),
            _ => Err(missing(what)),
        };
        let views = || pair(&given.rows, "two views");
        let prediction = || pair(&given.rows, "a prediction and its target");
        match self {
            Loss::NtXent(temperature) => {
                let [a, b] = views()?;
                super::nt_xent(a, b, *temperature)
            }
            Loss::Dcl(temperature) => {
                let [a, b] = views()?;
                super::dcl(a, b, *temperature)
            }
            Loss::SupCon {
                temperature,
                positives,
            } => match given.rows.as_slice() {
                [z] => super::supcon(z.clone(), labels()?, *temperature, *positives),
                [a, b] => {
                    let (a, b) = (a.clone(), b.clone());
                    super::supcon_views(a, b, labels()?, *temperature, *positives)
                }
                _ => Err(missing("rows, or two views")),
            },
            Loss::Clar(options) => {
                let [a, b] = views()?;
                let logits = pair(&given.logits, "the logits of both views")?;
                super::clar(a, b, logits, labels()?, options)
            }
            Loss::AlignUniform(options) => {
                let [a, b] = views()?;
                super::align_uniform(a, b, options)
            }
            Loss::CrossEntropy(options) => {
                let labels = labels()?;
                let of = |logits| super::cross_entropy(logits, labels, options);
                mean_over(given.logits, of, missing("logits"))
            }
            Loss::BinaryCrossEntropy { positive_weights } => {
                let targets = given.targets.ok_or_else(|| missing("targets"))?;
                let weights = positive_weights.as_deref();
                let of = |logits| super::binary_cross_entropy(logits, targets.clone(), weights);
                mean_over(given.logits, of, missing("logits"))
            }
            Loss::PatchMix(options) => {
                let labels = labels()?;
                let [mixed, targets] = pair(&given.rows, "mixed projections and their targets")?;
                let [logits] = given.logits.as_slice() else {
                    return Err(missing("the logits of the clean clips"));
                };
                let mixing = given.mixing.ok_or_else(|| missing("partners"))?;
                super::patch_mix_loss(mixed, targets, logits.clone(), labels, mixing, options)
            }
            Loss::Byol => {
                let [prediction, target] = prediction()?;
                super::byol(prediction, target)
            }
            Loss::SimSiam => {
                let [prediction, target] = prediction()?;
                super::simsiam(prediction, target)
            }
            Loss::VicReg(weights) => {
                let [a, b] = views()?;
                super::vicreg(a, b, weights)
            }
            Loss::BarlowTwins { redundancy } => {
                let [a, b] = views()?;
                super::barlow_twins(a, b, *redundancy)
            }
            Loss::InfoNce(temperature) => {
                let [queries, keys] = pair(&given.rows, "queries and keys")?;
                let queue = given.queue.ok_or_else(|| missing("a queue"))?;
                super::info_nce(queries, keys, queue, *temperature)
            }
        }
    }
}

fn mean_over(
    logits: Vec<Tensor<2>>,
    of: impl Fn(Tensor<2>) -> Result<Tensor<1>, Error>,
    missing: Error,
) -> Result<Tensor<1>, Error> {
    let n = logits.len();
    let terms: Vec<Tensor<1>> = logits.into_iter().map(of).collect::<Result<_, _>>()?;
    let total = terms.into_iter().reduce(|a, b| a + b).ok_or(missing)?;
    Ok(total.div_scalar(n as f64))
}

/// The word of a choice.
fn word<T: PartialEq + Copy, const N: usize>(
    all: [(T, &'static str); N],
    choice: T,
) -> &'static str {
    let found = all.into_iter().find(|(other, _)| *other == choice);
    found.map_or("", |(_, word)| word)
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        let options: Vec<(&str, String)> = match self {
            Loss::NtXent(temperature) | Loss::Dcl(temperature) | Loss::InfoNce(temperature) => {
                return write!(f, "{name}({temperature})");
            }
            Loss::Byol | Loss::SimSiam => return write!(f, "{name}()"),
            Loss::SupCon {
                temperature,
                positives,
            } => {
                let positives = word(Positives::ALL, *positives);
                return write!(f, "{name}({temperature}, #{{ positives: {positives:?} }})");
            }
            Loss::Clar(clar) => vec![
                ("temperature", clar.temperature.to_string()),
                ("ce", format!("{:?}", word(Join::ALL, clar.ce))),
                ("ce_weight", clar.ce_weight.to_string()),
            ],
            Loss::AlignUniform(options) => vec![
                ("alpha", options.alpha.to_string()),
                ("t", options.t.to_string()),
                ("align", options.align.to_string()),
                ("uniform", options.uniform.to_string()),
            ],
            Loss::CrossEntropy(options) => {
                let weights = options.class_weights.as_ref();
                let weights = weights.map(|weights| ("class_weights", format!("{weights:?}")));
                let smoothing = options.label_smoothing.to_string();
                weights
                    .into_iter()
                    .chain([("label_smoothing", smoothing)])
                    .collect()
            }
            Loss::BinaryCrossEntropy { positive_weights } => match positive_weights {
                None => return write!(f, "{name}()"),
                Some(weights) => vec![("positive_weights", format!("{weights:?}"))],
            },
            Loss::PatchMix(options) => vec![
                ("temperature", options.temperature.to_string()),
                ("weight", options.weight.to_string()),
                ("target", format!("{:?}", word(Target::ALL, options.target))),
                (
                    "negatives",
                    format!("{:?}", word(Negatives::ALL, options.negatives)),
                ),
            ],
            Loss::VicReg(weights) => vec![
                ("invariance", weights.invariance.to_string()),
                ("variance", weights.variance.to_string()),
                ("covariance", weights.covariance.to_string()),
            ],
            Loss::BarlowTwins { redundancy } => vec![("redundancy", redundancy.to_string())],
        };
        let options: Vec<String> = options
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        write!(f, "{name}(#{{ {} }})", options.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, value};
    use super::*;

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
        let ce = CrossEntropy::default();
        let halves = logits
            .iter()
            .map(|x| value(super::super::cross_entropy(x.clone(), &labels, &ce).unwrap()));
        let halves = halves.sum::<f64>() / 2.0;
        let of = |result: Result<Tensor<1>, Error>| value(result.unwrap());
        let cases = [
            (
                Loss::NtXent(0.2),
                of(super::super::nt_xent(a.clone(), b.clone(), 0.2)),
            ),
            (
                Loss::Dcl(0.2),
                of(super::super::dcl(a.clone(), b.clone(), 0.2)),
            ),
            (Loss::Byol, of(super::super::byol(a.clone(), b.clone()))),
            (
                Loss::BarlowTwins { redundancy: 0.1 },
                of(super::super::barlow_twins(a, b, 0.1)),
            ),
            (Loss::CrossEntropy(ce), halves),
        ];
        for (loss, want) in cases {
            assert_near(value(loss.of(given.clone()).unwrap()), want, 1e-12);
        }
    }

    #[test]
    fn what_is_missing_is_said_by_name() {
        let x = Rows::drawn(2, 3, 1).tensor();
        let supcon = Loss::SupCon {
            temperature: 0.1,
            positives: Positives::Out,
        };
        let message = |loss: Loss, given| loss.of(given).unwrap_err().to_string();
        assert_eq!(
            message(supcon, Given::views(x.clone(), x.clone())),
            "`supcon` needs labels"
        );
        assert_eq!(
            message(Loss::InfoNce(0.2), Given::views(x.clone(), x)),
            "`info_nce` needs a queue"
        );
        assert_eq!(
            message(Loss::NtXent(0.5), Given::default()),
            "`nt_xent` needs two views"
        );
    }

    #[test]
    fn a_loss_goes_to_json_and_back() {
        let losses = [
            Loss::NtXent(0.5),
            Loss::Byol,
            Loss::Clar(Clar::default()),
            Loss::PatchMix(PatchMixLoss::default()),
        ];
        for loss in losses {
            let text = serde_json::to_string(&loss).unwrap();
            assert_eq!(serde_json::from_str::<Loss>(&text).unwrap(), loss, "{text}");
        }
    }
}
