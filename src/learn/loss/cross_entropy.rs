//! Cross entropies against labels: of one class a row, and of any number of them.

use super::described::{Input, LABELS, LossDeclaration, LossFacts, Reads, computed};
use super::similarity::WEIGHTS;
use super::similarity::{check_count, check_labels, check_rows, check_weight, numbers};
use crate::Error;
use auricle_audio::declare::{BELOW_ONE, DefaultValue, Kind, Parameter, Settings};
use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, log_softmax};

/// See [`cross_entropy`]; averaged over the logits of several views.
pub static CROSS_ENTROPY: LossDeclaration = LossDeclaration {
    name: "cross_entropy",
    about: "Computes the cross entropy of logits with labels, the mean over rows that have one; \
        without tensors, describes it. A weighted mean divides by the sum of the weights of the \
        rows' labels, as PyTorch does.",
    citation: "",
    parameters: &[CLASS_WEIGHTS, LABEL_SMOOTHING],
    facts: LossFacts {
        views: false,
        inputs: &[LOGITS, LABELS],
    },
    example: "assert_near(cross_entropy(tensor([[0, 0], [5, 1]]), [1, ()]).item(), ln(2), 1e-5)",
    build: |settings| {
        let options = CrossEntropy::of(settings);
        computed(move |given| {
            let labels = given.labels_for(CROSS_ENTROPY.name)?;
            given.mean_over_logits(CROSS_ENTROPY.name, |logits| {
                cross_entropy(logits, labels, &options)
            })
        })
    },
};

/// See [`binary_cross_entropy`]; averaged over the logits of several views.
pub static BINARY_CROSS_ENTROPY: LossDeclaration = LossDeclaration {
    name: "binary_cross_entropy",
    about: "Computes the binary cross entropy of logits, for clips of any number of classes; \
        without tensors, describes it.",
    citation: "",
    parameters: &[Parameter::option(
        "positive_weights",
        WEIGHTS,
        DefaultValue::Absent,
        "a weight of positives for every class; all 1 if not given",
    )],
    facts: LossFacts {
        views: false,
        inputs: &[
            LOGITS,
            Input::positional(
                "targets",
                Reads::Targets,
                "0 to 1 for every class, [batch, classes]; below 0 where it is not known",
            ),
        ],
    },
    example: "assert_near(binary_cross_entropy(tensor([[0, 9]]), tensor([[1, -1]])).item(), ln(2), 1e-5)",
    build: |settings| {
        let weights = settings.numbers_if("positive_weights").map(<[f64]>::to_vec);
        computed(move |given| {
            let name = BINARY_CROSS_ENTROPY.name;
            let what = "targets";
            let targets = given.targets.clone().ok_or(Error::Missing { name, what })?;
            given.mean_over_logits(name, |logits| {
                binary_cross_entropy(logits, targets.clone(), weights.as_deref())
            })
        })
    },
};

const LOGITS: Input = Input::positional("x", Reads::Logits, "logits, [batch, classes]");

/// Weights of classes.
pub(super) const CLASS_WEIGHTS: Parameter = Parameter::option(
    "class_weights",
    WEIGHTS,
    DefaultValue::Absent,
    "a weight for every class; all 1 if not given",
);
/// Smoothing of labels.
pub(super) const LABEL_SMOOTHING: Parameter = Parameter::option(
    "label_smoothing",
    Kind::Number {
        low: 0.0,
        high: BELOW_ONE,
    },
    DefaultValue::Number(0.0),
    "share of a target that is spread over all classes",
);

/// How a cross entropy weighs classes and how sure its targets are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrossEntropy {
    /// A weight for every class; all 1 if `None`.
    pub class_weights: Option<Vec<f64>>,
    /// Share of a target that is spread over all classes alike, 0 to below 1.
    pub label_smoothing: f64,
}

impl CrossEntropy {
    /// What a declaration with both parameters was given.
    pub(super) fn of(settings: &Settings<'_>) -> CrossEntropy {
        CrossEntropy {
            class_weights: settings.numbers_if("class_weights").map(<[f64]>::to_vec),
            label_smoothing: settings.number("label_smoothing"),
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Error::Range`] for a negative weight or a smoothing outside 0 to below 1.
    pub fn check(&self) -> Result<(), Error> {
        for &weight in self.class_weights.iter().flatten() {
            check_weight("class_weights", weight)?;
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            let want = "at least 0 and below 1";
            return Err(Error::range("label_smoothing", want, self.label_smoothing));
        }
        Ok(())
    }
}

/// Computes the cross entropy of logits with the labels of their rows; rows without a label do not
/// count.
///
/// `-sum_i w[y_i] log softmax(x_i)[y_i] / sum_i w[y_i]`, where a smoothing of `e` takes `(1 - e)`
/// of that and adds `e / classes` of the weighted sum over all classes, under the same denominator,
/// as PyTorch has it. Without labelled rows, or if none of them has a weight, the loss is 0.
///
/// # Shapes
/// `logits`: `[batch, classes]`; `labels`: one for every row; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if labels are not as many as rows or weights not as many as classes;
/// [`Error::Range`] for a label that is no class, and as [`CrossEntropy::check`].
pub fn cross_entropy(
    logits: Tensor<2>,
    labels: &[Option<usize>],
    options: &CrossEntropy,
) -> Result<Tensor<1>, Error> {
    let [n, n_classes] = logits.dims();
    check_rows(n, 1)?;
    check_labels(labels, n)?;
    options.check()?;
    if let Some(weights) = &options.class_weights {
        check_count("class weights", weights.len(), n_classes, "class")?;
    }
    let weight = |class: usize| options.class_weights.as_ref().map_or(1.0, |w| w[class]);
    // What every logarithm of a probability is multiplied with: targets, weights and the mean in
    // one matrix.
    let (mut share, mut total) = (vec![0.0; n * n_classes], 0.0);
    for (row, label) in labels.iter().enumerate() {
        let Some(label) = *label else { continue };
        if label >= n_classes {
            let want = format!("below {n_classes}, the number of classes");
            return Err(Error::range("labels", want, label));
        }
        let row = &mut share[row * n_classes..][..n_classes];
        for (class, share) in row.iter_mut().enumerate() {
            *share = options.label_smoothing / n_classes as f64 * weight(class);
        }
        row[label] += (1.0 - options.label_smoothing) * weight(label);
        total += weight(label);
    }
    if total > 0.0 {
        share.iter_mut().for_each(|share| *share /= total);
    } else {
        share.fill(0.0);
    }
    let share = numbers(share, [n, n_classes], &logits);
    Ok((log_softmax(logits, 1) * share).sum().neg())
}

/// Weights of classes by inverse frequency, scaled to sum 1; a class that does not occur has none.
///
/// # Errors
/// [`Error::Range`] if no class occurs, or a count is negative or no number.
pub fn inverse_frequency(counts: &[f64]) -> Result<Vec<f64>, Error> {
    for &count in counts {
        check_weight("counts", count)?;
    }
    let inverse = |&count: &f64| if count > 0.0 { 1.0 / count } else { 0.0 };
    let total: f64 = counts.iter().map(inverse).sum();
    if total == 0.0 {
        return Err(Error::range(
            "counts",
            "above 0 for some class",
            "0 for all",
        ));
    }
    Ok(counts.iter().map(|count| inverse(count) / total).collect())
}

/// Computes the binary cross entropy of logits with targets of any number of classes a row.
///
/// `-(w y log s(x) + (1 - y) log(1 - s(x)))` with the logistic function `s`, averaged over all
/// known targets. A target below 0 is not known and does not count; without known targets the loss
/// is 0. Computed from the logarithm of `s`, so that large logits of either sign stay finite.
///
/// # Shapes
/// `logits`, `targets`: `[batch, classes]`, targets from 0 to 1 or below 0; `positive_weights`: one
/// for every class, all 1 if `None`; returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if targets or weights do not fit the logits; [`Error::Range`] for a negative
/// weight.
pub fn binary_cross_entropy(
    logits: Tensor<2>,
    targets: Tensor<2>,
    positive_weights: Option<&[f64]>,
) -> Result<Tensor<1>, Error> {
    let [n, n_classes] = logits.dims();
    check_rows(n, 1)?;
    if targets.dims() != [n, n_classes] {
        return Err(Error::Shape {
            what: "targets",
            want: format!("[{n}, {n_classes}] as the logits"),
            got: targets.dims().to_vec(),
        });
    }
    let targets = targets.cast(logits.dtype());
    let known = targets.clone().greater_equal_elem(0.0).float();
    let known = known.cast(logits.dtype());
    let mut positive = targets.clone() * log_sigmoid(logits.clone());
    if let Some(weights) = positive_weights {
        check_count("positive weights", weights.len(), n_classes, "class")?;
        for &weight in weights {
            check_weight("positive_weights", weight)?;
        }
        positive = positive * numbers(weights.to_vec(), [1, n_classes], &logits);
    }
    let negative = targets.neg().add_scalar(1.0) * log_sigmoid(logits.neg());
    let count = known.clone().sum().clamp_min(1.0);
    Ok(((positive + negative) * known).sum().neg() / count)
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, check_gradient, value};
    use super::*;

    #[test]
    fn weights_and_smoothing_are_those_of_the_definition() {
        let x = Rows::drawn(4, 3, 1);
        let labels = [Some(2), None, Some(0), Some(2)];
        let (weights, smoothing) = ([0.5, 2.0, 1.5], 0.2);
        let options = CrossEntropy {
            class_weights: Some(weights.to_vec()),
            label_smoothing: smoothing,
        };
        let (mut sum, mut total) = (0.0, 0.0);
        for (row, label) in x.rows().zip(labels) {
            let Some(label) = label else { continue };
            let all: f64 = row.iter().map(|v| v.exp()).sum();
            let log_p: Vec<f64> = row.iter().map(|v| v - all.ln()).collect();
            sum -= (1.0 - smoothing) * weights[label] * log_p[label];
            sum -= (0..3)
                .map(|c| smoothing / 3.0 * weights[c] * log_p[c])
                .sum::<f64>();
            total += weights[label];
        }
        let loss = |x: Tensor<2>| cross_entropy(x, &labels, &options).unwrap();
        assert_near(value(loss(x.tensor())), sum / total, 1e-12);
        check_gradient(&[&x], |x| loss(x[0].clone()));
    }

    #[test]
    fn labels_that_are_no_classes_and_weights_that_are_too_few_are_said() {
        let x = Rows::drawn(2, 3, 1).tensor();
        let of = |labels: &[Option<usize>], weights: Option<Vec<f64>>| {
            let options = CrossEntropy {
                class_weights: weights,
                label_smoothing: 0.0,
            };
            let result = cross_entropy(x.clone(), labels, &options);
            result.unwrap_err().to_string()
        };
        assert_eq!(
            of(&[Some(3), None], None),
            "`labels` must be below 3, the number of classes, not 3"
        );
        assert_eq!(
            of(&[None], None),
            "labels must be [2], one for every row, not [1]"
        );
        assert_eq!(
            of(&[None, None], Some(vec![1.0])),
            "class weights must be [3], one for every class, not [1]"
        );
    }

    #[test]
    fn many_labels_are_their_double_loop_and_missing_ones_do_not_count() {
        let x = Rows::drawn(3, 2, 7);
        let targets = Rows::new(&[&[1.0, 0.0], &[-1.0, 0.25], &[0.0, -1.0]]);
        let weights = [3.0, 0.5];
        let (mut sum, mut known) = (0.0, 0.0);
        for (row, truth) in x.rows().zip(targets.rows()) {
            for class in 0..2 {
                let (p, y) = (1.0 / (1.0 + (-row[class]).exp()), truth[class]);
                if y >= 0.0 {
                    sum -= weights[class] * y * p.ln() + (1.0 - y) * (1.0 - p).ln();
                    known += 1.0;
                }
            }
        }
        let loss =
            |x: Tensor<2>| binary_cross_entropy(x, targets.tensor(), Some(&weights)).unwrap();
        assert_near(value(loss(x.tensor())), sum / known, 1e-12);
        check_gradient(&[&x], |x| loss(x[0].clone()));
    }

    #[test]
    fn large_logits_stay_finite() {
        let x = Rows::new(&[&[500.0, -500.0]]).single();
        let (right, wrong) = (Rows::new(&[&[1.0, 0.0]]), Rows::new(&[&[0.0, 1.0]]));
        let of = |targets: &Rows| {
            value(binary_cross_entropy(x.clone(), targets.single(), None).unwrap())
        };
        assert_near(of(&right), 0.0, 1e-6);
        assert_near(of(&wrong), 500.0, 1e-3);
    }

    #[test]
    fn rare_classes_weigh_more() {
        assert_eq!(
            inverse_frequency(&[1.0, 3.0, 0.0]).unwrap(),
            [0.75, 0.25, 0.0]
        );
        assert!(inverse_frequency(&[0.0]).is_err());
    }
}
