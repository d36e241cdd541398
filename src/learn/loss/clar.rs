//! CLAR: contrastive and supervised learning in one loss.

use super::described::{A, B, Input, LABELS, LossDeclaration, LossFacts, Reads, computed};
use super::nt_xent::TEMPERATURE;
use super::similarity::WEIGHT;
use super::similarity::check_weight;
use super::{CrossEntropy, cross_entropy, nt_xent};
use crate::Error;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, words};
use burn::tensor::Tensor;

/// See [`clar`].
pub static CLAR_LOSS: LossDeclaration = LossDeclaration {
    name: "clar_loss",
    about: "Computes NT-Xent of two views plus the cross entropy of each view's logits over the \
        rows that have a label; without tensors, describes it.",
    citation: "Al-Tahan & Mohsenzadeh, 2021, and its code, which adds the two cross entropies",
    parameters: &[
        Parameter::option(
            "temperature",
            TEMPERATURE,
            DefaultValue::Number(0.5),
            "temperature of NT-Xent",
        )
        .always_printed(),
        Parameter::option(
            "ce",
            Kind::Word(&words(&Join::WORDS)),
            DefaultValue::Word("sum"),
            "\"sum\" of the views' cross entropies, or their \"mean\"",
        ),
        Parameter::option(
            "ce_weight",
            WEIGHT,
            DefaultValue::Number(1.0),
            "weight of the cross entropy",
        ),
    ],
    facts: LossFacts {
        views: false,
        inputs: &[
            A,
            B,
            LABELS,
            Input::option(
                "logits",
                Reads::Logits,
                "an array of the logits of each view, [batch, classes]",
            ),
        ],
    },
    example: "let x = tensor([[1, 0], [0, 1]]); let l = clar_loss(x, x, [0, -1], #{ logits: [x, x] }); \
        assert_near(l.item(), nt_xent(x, x, 0.5).item() + 2 * ln(1 + exp(-1.0)), 1e-5)",
    build: |settings| {
        let options = Clar {
            temperature: settings.number("temperature"),
            ce: settings.word("ce", &Join::WORDS),
            ce_weight: settings.number("ce_weight"),
        };
        computed(move |given| {
            let name = CLAR_LOSS.name;
            let [a, b] = given.two_views(name)?;
            let [of_a, of_b] = given.logits.as_slice() else {
                let what = "the logits of both views";
                return Err(Error::Missing { name, what });
            };
            let logits = [of_a.clone(), of_b.clone()];
            clar(a, b, logits, given.labels_for(name)?, &options)
        })
    },
};

/// How the cross entropies of the two views are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// Their sum, as the released code has it.
    Sum,
    /// Their mean, one term as the paper has it.
    Mean,
}

impl Join {
    /// Both, with their words.
    pub const WORDS: [(&'static str, Join); 2] = [("sum", Join::Sum), ("mean", Join::Mean)];
}

/// The parameters of [`clar`].
#[derive(Clone, Debug, PartialEq)]
pub struct Clar {
    /// Temperature of NT-Xent.
    pub temperature: f64,
    /// How the views' cross entropies are joined.
    pub ce: Join,
    /// Weight of the cross entropy.
    pub ce_weight: f64,
}

/// Computes NT-Xent of two views plus the cross entropy of each view's logits over the rows that
/// have a label.
///
/// Al-Tahan and Mohsenzadeh, "CLAR: Contrastive Learning of Auditory Representations", 2021.
/// Each cross entropy is a mean over the labelled rows, 0 where there is none; the paper has one
/// such term, its code adds two.
///
/// # Shapes
/// `a`, `b`: `[batch, dim]`; `logits`: of each view, `[batch, classes]`; `labels`: one for every
/// row; returns `[1]`.
///
/// # Errors
/// As [`nt_xent`] and [`cross_entropy`]; [`Error::Range`] for a negative `ce_weight`.
pub fn clar(
    a: Tensor<2>,
    b: Tensor<2>,
    logits: [Tensor<2>; 2],
    labels: &[Option<usize>],
    options: &Clar,
) -> Result<Tensor<1>, Error> {
    check_weight("ce_weight", options.ce_weight)?;
    let contrast = nt_xent(a, b, options.temperature)?;
    let [of_a, of_b] = logits;
    let plain = CrossEntropy::default();
    let supervised = cross_entropy(of_a, labels, &plain)? + cross_entropy(of_b, labels, &plain)?;
    let weight = match options.ce {
        Join::Sum => options.ce_weight,
        Join::Mean => 0.5 * options.ce_weight,
    };
    Ok(contrast + supervised.mul_scalar(weight))
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, check_gradient, value};
    use super::*;

    #[test]
    fn terms_join_by_their_weights_and_the_gradient_is_finite_differences() {
        let [a, b] = [Rows::drawn(3, 4, 1), Rows::drawn(3, 4, 2)];
        let [p, q] = [Rows::drawn(3, 2, 3), Rows::drawn(3, 2, 4)];
        let labels = [Some(1), None, Some(0)];
        let ce =
            |x: &Rows| value(cross_entropy(x.tensor(), &labels, &CrossEntropy::default()).unwrap());
        let contrast = value(nt_xent(a.tensor(), b.tensor(), 0.2).unwrap());
        for (join, share) in [(Join::Sum, 3.0), (Join::Mean, 1.5)] {
            let options = Clar {
                temperature: 0.2,
                ce: join,
                ce_weight: 3.0,
            };
            let loss = |x: &[Tensor<2>]| {
                let logits = [x[2].clone(), x[3].clone()];
                clar(x[0].clone(), x[1].clone(), logits, &labels, &options).unwrap()
            };
            let inputs = [&a, &b, &p, &q];
            let got = value(loss(&inputs.map(Rows::tensor)));
            assert_near(got, contrast + share * (ce(&p) + ce(&q)), 1e-12);
            check_gradient(&inputs, loss);
        }
    }
}
