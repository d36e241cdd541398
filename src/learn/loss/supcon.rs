//! Supervised contrastive learning.

use super::described::{Input, LABELS, LossDeclaration, LossFacts, computed};
use super::nt_xent::temperature;
use super::similarity::{
    as_numbers, check_labels, check_positive, check_rows, check_views, classes, indices,
    log_softmax_without, log_sum_exp, lowest, normalized, own, same, similarities,
};
use crate::Error;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, words};
use burn::tensor::{Bool, Tensor};

/// See [`supcon`] and [`supcon_views`].
pub(super) static SUPCON: LossDeclaration = LossDeclaration {
    name: "supcon",
    about: "Computes the supervised contrastive loss, which draws rows of one label together; \
        given a temperature alone, describes it. A described one takes two views as well, \
        `supcon(0.1).of(a, b, labels)`: a clip without a label then has its other view alone.",
    citation: "Khosla et al., 2020, equation 2; rows that are alone with their label are skipped",
    parameters: &[
        temperature(0.1),
        Parameter::option(
            "positives",
            Kind::Word(&words(&Positives::WORDS)),
            DefaultValue::Word("out"),
            "where positives are averaged: \"out\" of the logarithm, \"in\" it, or summed in it, \"sum\"",
        ),
    ],
    facts: LossFacts {
        views: true,
        inputs: &[
            Input::rows("z", "labelled rows of all views, [rows, dim]"),
            LABELS,
        ],
    },
    example: "let z = tensor([[1, 0], [1, 0], [0, 1]]); \
        assert_near(supcon(z, [0, 0, 1], 1).item(), ln(1 + exp(-1.0)), 1e-5)",
    build: |settings| {
        let temperature = settings.number("temperature");
        let positives = settings.word("positives", &Positives::WORDS);
        computed(move |given| {
            let name = SUPCON.name;
            match given.rows.as_slice() {
                [z] => supcon(z.clone(), given.labels_for(name)?, temperature, positives),
                [a, b] => {
                    let (a, b) = (a.clone(), b.clone());
                    supcon_views(a, b, given.labels_for(name)?, temperature, positives)
                }
                _ => {
                    let what = "rows, or two views";
                    Err(Error::Missing { name, what })
                }
            }
        })
    },
};

/// Where the positives of an anchor are averaged; `p` is the softmax over all rows but the anchor,
/// `P` its positives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Positives {
    /// Outside the logarithm, `-1/|P| sum_p log p` (Khosla et al., 2020, eq. 2).
    Out,
    /// Inside the logarithm, `-log(1/|P| sum_p p)` (Khosla et al., 2020, eq. 3).
    In,
    /// Summed inside the logarithm, `-log sum_p p`, as solo-learn has it.
    Sum,
}

impl Positives {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, Positives); 3] = [
        ("out", Positives::Out),
        ("in", Positives::In),
        ("sum", Positives::Sum),
    ];
}

/// Computes the supervised contrastive loss of labelled rows.
///
/// Positives of an anchor are all other rows of its label. Khosla et al., "Supervised Contrastive
/// Learning", 2020; their code multiplies by a ratio of temperatures besides, which is left out.
/// Anchors without a positive are skipped: they count neither as terms nor in the mean, and a batch
/// of nothing else has a loss of 0. A row without a label is nobody's positive, but a negative of
/// all.
///
/// # Shapes
/// `z`: `[rows, dim]`, all views stacked; `labels`: one for every row; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if the labels are not as many as the rows; [`Error::Range`] if there is no row
/// or `temperature` is not above 0.
pub fn supcon(
    z: Tensor<2>,
    labels: &[Option<usize>],
    temperature: f64,
    positives: Positives,
) -> Result<Tensor<1>, Error> {
    check_labels(labels, z.dims()[0])?;
    let classes = classes(labels);
    let anchors = anchors_of(&classes);
    let terms = per_anchor(z, &classes, temperature, positives)?;
    Ok(mean_over(terms, &anchors))
}

/// The same for two views of every clip, each with the clip's label. A clip without a label has its
/// other view as its only positive.
///
/// # Shapes
/// `a`, `b`: `[batch, dim]`; `labels`: one for every clip; returns `[1]`.
///
/// # Errors
/// As [`supcon`]; [`Error::Shape`] if the views differ in shape.
pub fn supcon_views(
    a: Tensor<2>,
    b: Tensor<2>,
    labels: &[Option<usize>],
    temperature: f64,
    positives: Positives,
) -> Result<Tensor<1>, Error> {
    let [n, _] = check_views(&a, &b)?;
    check_labels(labels, n)?;
    let classes = classes(labels).repeat(2);
    let anchors = anchors_of(&classes);
    let z = Tensor::cat(vec![a, b], 0);
    let terms = per_anchor(z, &classes, temperature, positives)?;
    Ok(mean_over(terms, &anchors))
}

/// The terms of [`supcon`], `[rows]`; 0 for an anchor without a positive.
///
/// # Errors
/// As [`supcon`].
pub fn supcon_per_anchor(
    z: Tensor<2>,
    labels: &[Option<usize>],
    temperature: f64,
    positives: Positives,
) -> Result<Tensor<1>, Error> {
    check_labels(labels, z.dims()[0])?;
    per_anchor(z, &classes(labels), temperature, positives)
}

fn per_anchor(
    z: Tensor<2>,
    classes: &[usize],
    temperature: f64,
    positives: Positives,
) -> Result<Tensor<1>, Error> {
    let [n, _] = z.dims();
    check_rows(n, 1)?;
    check_positive("temperature", temperature)?;
    let device = z.device();
    let z = normalized(z);
    let own = own(n, &device);
    let positive = same(classes, &device).bool_and(own.clone().bool_not());
    let log_p = log_softmax_without(similarities(z.clone(), z, temperature), own, temperature);
    let of = as_numbers(positive.clone(), &log_p);
    let count = of.clone().sum_dim(1);
    let some = as_numbers(count.clone().greater_elem(0), &log_p);
    let count = count.clamp_min(1);
    let terms = match positives {
        Positives::Out => (log_p * of).sum_dim(1).neg() / count,
        Positives::Sum => positive_mass(log_p, positive, temperature).neg(),
        Positives::In => count.log() - positive_mass(log_p, positive, temperature),
    };
    Ok((terms * some).reshape([n]))
}

/// `log sum_p p`, `[rows, 1]`.
fn positive_mass(log_p: Tensor<2>, positive: Tensor<2, Bool>, temperature: f64) -> Tensor<2> {
    log_sum_exp(log_p.mask_fill(positive.bool_not(), lowest(temperature)))
}

/// The rows that have a positive.
fn anchors_of(classes: &[usize]) -> Vec<usize> {
    let mut sizes = vec![0_usize; classes.len()];
    classes.iter().for_each(|&class| sizes[class] += 1);
    let rows = 0..classes.len();
    rows.filter(|&row| sizes[classes[row]] > 1).collect()
}

fn mean_over(terms: Tensor<1>, anchors: &[usize]) -> Tensor<1> {
    if anchors.is_empty() {
        return terms.sum();
    }
    let device = terms.device();
    terms.select(0, indices(anchors, &device)).mean()
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, check_gradient, cosine, value};
    use super::super::nt_xent;
    use super::*;

    const LABELS: [Option<usize>; 7] = [Some(4), Some(9), Some(4), None, Some(9), Some(4), Some(1)];

    #[test]
    fn every_variant_is_its_double_loop_and_its_gradient_finite_differences() {
        let z = Rows::drawn(7, 4, 11);
        let (rows, t) = (z.rows().collect::<Vec<_>>(), 0.4);
        for (_, variant) in Positives::WORDS {
            let mut terms = Vec::new();
            for i in 0..7 {
                let e = |k: usize| (cosine(rows[i], rows[k]) / t).exp();
                let all: f64 = (0..7).filter(|&k| k != i).map(e).sum();
                let positives: Vec<f64> = (0..7)
                    .filter(|&k| k != i && LABELS[i].is_some() && LABELS[k] == LABELS[i])
                    .map(|k| e(k) / all)
                    .collect();
                let n = positives.len() as f64;
                if n > 0.0 {
                    terms.push(match variant {
                        Positives::Out => -positives.iter().map(|p| p.ln()).sum::<f64>() / n,
                        Positives::In => -(positives.iter().sum::<f64>() / n).ln(),
                        Positives::Sum => -positives.iter().sum::<f64>().ln(),
                    });
                }
            }
            let want = terms.iter().sum::<f64>() / terms.len() as f64;
            let loss = |z: Tensor<2>| supcon(z, &LABELS, t, variant).unwrap();
            assert_near(value(loss(z.tensor())), want, 1e-10);
            check_gradient(&[&z], |x| loss(x[0].clone()));
        }
    }

    #[test]
    fn two_views_without_labels_are_nt_xent() {
        let (a, b) = (Rows::drawn(5, 4, 1), Rows::drawn(5, 4, 2));
        let want = value(nt_xent(a.tensor(), b.tensor(), 0.1).unwrap());
        let missing = [None; 5];
        let got = supcon_views(a.tensor(), b.tensor(), &missing, 0.1, Positives::Out).unwrap();
        assert_near(value(got), want, 1e-10);
    }

    #[test]
    fn a_batch_without_positives_has_no_loss_and_no_slope() {
        for (_, variant) in Positives::WORDS {
            let z = Rows::drawn(3, 2, 1).single().require_grad();
            let labels = [Some(0), Some(1), None];
            let loss = supcon(z.clone(), &labels, 0.01, variant).unwrap();
            let slope = z.grad(&loss.backward()).unwrap();
            assert_eq!((value(loss), value(slope.abs().max())), (0.0, 0.0));
        }
    }
}
