//! What contrastive losses are made of: rows on the sphere, their similarities, and softmaxes over
//! some of them.
//!
//! Every exponential here has the largest entry of its row subtracted first, so that temperatures
//! of 0.01 and thousands of rows stay finite in single precision. An entry that must not count is
//! set to a number that no similarity comes near, not to minus infinity: `inf - inf` is no number,
//! and its gradient neither.

use crate::Error;
use auricle_audio::declare::Kind;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use std::collections::HashMap;

/// Scales every row to length 1; a row of zeros stays as it is.
pub(crate) fn normalized(x: Tensor<2>) -> Tensor<2> {
    // The guard of PyTorch's `normalize`, max(|x|, 1e-12), as a smallest squared norm.
    let norm = x.clone().powi_scalar(2).sum_dim(1).clamp_min(1e-24).sqrt();
    x / norm
}

/// The similarity of every row with every row of another tensor, in units of the temperature; rows
/// of length 1.
pub(super) fn similarities(x: Tensor<2>, y: Tensor<2>, temperature: f64) -> Tensor<2> {
    x.matmul(y.transpose()).div_scalar(temperature)
}

/// What stands in the place of a similarity that must not count: below all, and far enough that its
/// exponential is 0.
pub(super) fn lowest(temperature: f64) -> f64 {
    -4.0 / temperature - 1e4
}

/// Logarithms of the softmax of every row over the entries that are not left out; those left out
/// are about [`lowest`], finite.
pub(super) fn log_softmax_without(
    similarity: Tensor<2>,
    left_out: Tensor<2, Bool>,
    temperature: f64,
) -> Tensor<2> {
    log_softmax(similarity.mask_fill(left_out, lowest(temperature)), 1)
}

/// `log sum exp` of every row, `[rows, 1]`.
pub(super) fn log_sum_exp(x: Tensor<2>) -> Tensor<2> {
    // What is subtracted has no part in the result, so none in the gradient.
    let top = x.clone().max_dim(1).detach();
    (x - top.clone()).exp().sum_dim(1).log() + top
}

/// True where row and column are the same, `[n, n]`.
pub(super) fn own(n: usize, device: &Device) -> Tensor<2, Bool> {
    Tensor::<2, Int>::eye(n, device).equal_elem(1)
}

/// A mask as numbers of the same type as a tensor that it is to be multiplied with.
pub(super) fn as_numbers<const D: usize>(mask: Tensor<D, Bool>, like: &Tensor<2>) -> Tensor<D> {
    mask.float().cast(like.dtype())
}

/// Numbers of the host as a tensor of the type and on the device of another.
pub(super) fn numbers<const D: usize>(
    values: Vec<f64>,
    shape: [usize; D],
    like: &Tensor<2>,
) -> Tensor<D> {
    Tensor::from_data(
        TensorData::new(values, shape),
        (&like.device(), like.dtype()),
    )
}

/// Indices of the host as a tensor.
pub(super) fn indices(values: &[usize], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.iter().map(|&value| value as i64).collect();
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}

/// For every row the first row of its label, so that two numbers are equal where the labels are. A
/// row without a label has nothing in common with any other.
pub(super) fn classes(labels: &[Option<usize>]) -> Vec<usize> {
    let mut first = HashMap::new();
    let rows = labels.iter().enumerate();
    rows.map(|(row, label)| label.map_or(row, |label| *first.entry(label).or_insert(row)))
        .collect()
}

/// True where the class of a row is that of a column, `[n, n]`.
pub(super) fn same(classes: &[usize], device: &Device) -> Tensor<2, Bool> {
    pairs(classes, classes, device)
}

/// True where a number of the rows is that of a column.
pub(super) fn pairs(rows: &[usize], columns: &[usize], device: &Device) -> Tensor<2, Bool> {
    let shape = [rows.len(), columns.len()];
    let down: Tensor<2, Int> = indices(rows, device).unsqueeze_dim(1);
    let across: Tensor<2, Int> = indices(columns, device).unsqueeze_dim(0);
    down.expand(shape).equal(across.expand(shape))
}

/// Checks that two views have the same shape.
pub(super) fn check_views(a: &Tensor<2>, b: &Tensor<2>) -> Result<[usize; 2], Error> {
    let [n, dim] = a.dims();
    if b.dims() != [n, dim] {
        return Err(Error::Shape {
            what: "the second view",
            want: format!("[{n}, {dim}] as the first"),
            got: b.dims().to_vec(),
        });
    }
    check_rows(n, 1)?;
    Ok([n, dim])
}

/// Checks the number of rows.
pub(super) fn check_rows(n: usize, least: usize) -> Result<(), Error> {
    if n < least {
        return Err(Error::range("batch", format!("at least {least}"), n));
    }
    Ok(())
}

/// Checks that there is a label, or a word that it is missing, for every row.
pub(super) fn check_labels(labels: &[Option<usize>], rows: usize) -> Result<(), Error> {
    check_count("labels", labels.len(), rows, "row")
}

/// Checks that a list has an entry for each of some things.
pub(super) fn check_count(
    what: &'static str,
    got: usize,
    want: usize,
    each: &str,
) -> Result<(), Error> {
    if got != want {
        return Err(Error::Shape {
            what,
            want: format!("[{want}], one for every {each}"),
            got: vec![got],
        });
    }
    Ok(())
}

/// Checks a number that must be above 0.
pub(super) fn check_positive(name: &'static str, value: f64) -> Result<(), Error> {
    if !(value > 0.0 && value.is_finite()) {
        return Err(Error::range(name, "above 0", value));
    }
    Ok(())
}

/// What the weight of a term can be.
pub(super) const WEIGHT: Kind = Kind::Number {
    low: 0.0,
    high: f64::INFINITY,
};
/// What weights of classes can be.
pub(super) const WEIGHTS: Kind = Kind::Numbers {
    low: 0.0,
    high: f64::INFINITY,
};

/// Checks a number that must not be below 0.
pub(super) fn check_weight(name: &'static str, value: f64) -> Result<(), Error> {
    if !(value >= 0.0 && value.is_finite()) {
        return Err(Error::range(name, "at least 0", value));
    }
    Ok(())
}

/// Checks a number that must lie within 0..1, ends included.
pub(super) fn check_share(name: &'static str, value: f64) -> Result<(), Error> {
    if !(0.0..=1.0).contains(&value) {
        return Err(Error::range(name, "within 0..1", value));
    }
    Ok(())
}
