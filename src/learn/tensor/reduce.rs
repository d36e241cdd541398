//! Figures along axes, and products of matrices.

use super::Dtype;
use super::arithmetic::text;
use super::value::{Data, MAX_RANK, NdTensor, shaped, wide};
use crate::Error;
use burn::tensor::{Int, IntDType, Tensor};

/// What is made of the numbers along axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduction {
    /// Their sum; of a mask, how often it is true.
    Sum,
    /// Their mean.
    Mean,
    /// The largest one.
    Max,
    /// The smallest one.
    Min,
    /// Their standard deviation: the root of the mean squared distance from the mean, with `ddof`
    /// taken from their count.
    Std {
        /// 0 as in NumPy, 1 for a sample of something larger.
        ddof: usize,
    },
    /// The root of the sum of squares. Its gradient is 0 where it is 0.
    Norm,
}

/// The guard of PyTorch's `normalize`, `max(|x|, 1e-12)`, as a smallest squared norm.
const SMALLEST_SQUARE: f64 = 1e-24;

impl NdTensor {
    /// The place of an axis, which may be counted from the last one.
    ///
    /// # Errors
    /// [`Error::Range`] if there is none.
    pub(super) fn axis(&self, axis: i64) -> Result<usize, Error> {
        let rank = self.rank as i64;
        let place = if axis < 0 { axis + rank } else { axis };
        if (0..rank).contains(&place) {
            return Ok(place as usize);
        }
        let shape = text(&self.shape());
        Err(match rank {
            0 => Error::range("axis", "left out for a tensor without axes", axis),
            _ => Error::range(
                "axis",
                format!("within {}..={} for shape {shape}", -rank, rank - 1),
                axis,
            ),
        })
    }

    /// The axes to reduce in order, all of them if none are given.
    fn reduced_axes(&self, axes: Option<&[i64]>) -> Result<Vec<usize>, Error> {
        let Some(axes) = axes else {
            return Ok((0..self.rank).collect());
        };
        let mut places = axes
            .iter()
            .map(|&axis| self.axis(axis))
            .collect::<Result<Vec<_>, _>>()?;
        places.sort_unstable();
        if places.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::range("axis", "each axis once", text_of(axes)));
        }
        Ok(places)
    }

    /// The numbers as rows `[kept, reduced]`, and the shape that one figure a row has.
    fn rows(
        &self,
        axes: Option<&[i64]>,
        keep: bool,
    ) -> Result<(NdTensor, [usize; 2], Vec<usize>), Error> {
        let (reduced, shape) = (self.reduced_axes(axes)?, self.shape());
        let kept: Vec<usize> = (0..self.rank)
            .filter(|axis| !reduced.contains(axis))
            .collect();
        let length = |axes: &[usize]| axes.iter().map(|&axis| shape[axis]).product::<usize>();
        let rows = [length(&kept), length(&reduced)];
        let result = if keep {
            (0..self.rank)
                .map(|axis| {
                    if reduced.contains(&axis) {
                        1
                    } else {
                        shape[axis]
                    }
                })
                .collect()
        } else {
            kept.iter().map(|&axis| shape[axis]).collect()
        };
        let order: Vec<i64> = kept
            .iter()
            .chain(&reduced)
            .map(|&axis| axis as i64)
            .collect();
        Ok((self.permute(&order)?, rows, result))
    }

    /// A figure along some axes, or of all numbers. `keep` leaves the axes with a length of 1.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such axis; [`Error::Shape`] for the mean or an extreme of
    /// nothing.
    pub fn reduce(
        &self,
        what: Reduction,
        axes: Option<&[i64]>,
        keep: bool,
    ) -> Result<NdTensor, Error> {
        let (ordered, rows, shape) = self.rows(axes, keep)?;
        let least = match what {
            Reduction::Sum | Reduction::Norm => 0,
            Reduction::Mean | Reduction::Max | Reduction::Min => 1,
            Reduction::Std { ddof } => ddof + 1,
        };
        if rows[1] < least {
            return Err(Error::Shape {
                what: "what is reduced",
                want: format!("of at least {least} numbers"),
                got: self.shape(),
            });
        }
        let is_whole = self.dtype() != Dtype::Float;
        let is_whole = is_whole && matches!(what, Reduction::Sum | Reduction::Max | Reduction::Min);
        if rows.contains(&0) {
            // Sums and norms of nothing are 0, and of no rows there are none.
            let zeros = NdTensor::scalar(0.0, &self.device()).broadcast_to(&shape)?;
            return Ok(if is_whole {
                zeros.to_dtype(Dtype::Int)
            } else {
                zeros
            });
        }
        let data = if is_whole {
            let x: Tensor<2, Int> = shaped(ordered.int(), rows);
            let figures = match what {
                Reduction::Max => x.max_dim(1),
                Reduction::Min => x.min_dim(1),
                _ => x.sum_dim(1),
            };
            Data::Int(shaped(figures, wide(&shape)?))
        } else {
            let x: Tensor<2> = shaped(ordered.float(), rows);
            let figures = match what {
                Reduction::Sum => x.sum_dim(1),
                Reduction::Mean => x.mean_dim(1),
                Reduction::Max => x.max_dim(1),
                Reduction::Min => x.min_dim(1),
                Reduction::Std { ddof } => {
                    let distances = x.clone() - x.mean_dim(1);
                    let squares = distances.powi_scalar(2).sum_dim(1);
                    root(squares.div_scalar((rows[1] - ddof) as f64))
                }
                Reduction::Norm => root(x.powi_scalar(2).sum_dim(1)),
            };
            Data::Float(shaped(figures, wide(&shape)?))
        };
        Ok(NdTensor::of(data, shape.len()))
    }

    /// Where the largest number is along an axis, or among all numbers in order; the first place if
    /// there are several.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such axis; [`Error::Shape`] if there are no numbers.
    pub fn argmax(&self, axis: Option<i64>, keep: bool) -> Result<NdTensor, Error> {
        let axes = axis.map(|axis| [axis]);
        let (ordered, rows, shape) = self.rows(axes.as_ref().map(<[i64; 1]>::as_slice), keep)?;
        if rows[1] == 0 {
            return Err(Error::Shape {
                what: "what is searched",
                want: "of at least 1 number".into(),
                got: self.shape(),
            });
        }
        if rows[0] == 0 {
            return Ok(NdTensor::scalar(0.0, &self.device())
                .broadcast_to(&shape)?
                .to_dtype(Dtype::Int));
        }
        let x: Tensor<2> = shaped(ordered.float().inner(), rows);
        let places = x.argmax(1).cast(IntDType::I64);
        let places = shaped(places, wide(&shape)?);
        Ok(NdTensor::of(Data::Int(places), shape.len()))
    }

    /// The numbers divided by their norm along an axis, which is taken for at least 1e-12.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such axis.
    pub fn normalize(&self, axis: i64) -> Result<NdTensor, Error> {
        let axis = MAX_RANK - self.rank + self.axis(axis)?;
        if self.is_empty() {
            return Ok(self.to_dtype(Dtype::Float));
        }
        let x = self.float();
        let squares = x.clone().powi_scalar(2).sum_dim(axis);
        let data = Data::Float(x / squares.clamp_min(SMALLEST_SQUARE).sqrt());
        Ok(NdTensor::of(data, self.rank))
    }

    /// The product of matrices in the last two axes; axes before them broadcast. A tensor of one
    /// axis is a row on the left and a column on the right, and the axis that this adds is taken
    /// away again.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not fit.
    pub fn matmul(&self, other: &NdTensor) -> Result<NdTensor, Error> {
        let misfit = || Error::Shape {
            what: "the right side",
            want: format!(
                "of a shape that {} of the left side can be multiplied by",
                text(&self.shape())
            ),
            got: other.shape(),
        };
        if self.rank == 0 || other.rank == 0 {
            return Err(misfit());
        }
        let (left, right) = (self.shape(), other.shape());
        let a = if self.rank == 1 {
            [1, left[0]]
        } else {
            [left[left.len() - 2], left[left.len() - 1]]
        };
        let b = if other.rank == 1 {
            [right[0], 1]
        } else {
            [right[right.len() - 2], right[right.len() - 1]]
        };
        if a[1] != b[0] {
            return Err(misfit());
        }
        let (left, right) = (lead(&left), lead(&right));
        let batch = joined(left, right).ok_or_else(misfit)?;
        let matrices = |t: &NdTensor, lead: &[usize], matrix: [usize; 2]| {
            let with = |lead: &[usize]| [lead, &matrix].concat();
            t.reshaped(&with(lead))?.broadcast_to(&with(&batch))
        };
        let x = matrices(self, left, a)?.float();
        let y = matrices(other, right, b)?.float();
        let n: usize = batch.iter().product();
        let mut shape = batch;
        if self.rank > 1 {
            shape.push(a[0]);
        }
        if other.rank > 1 {
            shape.push(b[1]);
        }
        if shape.contains(&0) || a[1] == 0 {
            return NdTensor::scalar(0.0, &self.device()).broadcast_to(&shape);
        }
        let product: Tensor<3> = shaped(x, [n, a[0], a[1]]).matmul(shaped(y, [n, b[0], b[1]]));
        let data = Data::Float(shaped(product, wide(&shape)?));
        Ok(NdTensor::of(data, shape.len()))
    }
}

fn text_of(axes: &[i64]) -> String {
    format!("{axes:?}")
}

/// The axes before those of a matrix.
fn lead(shape: &[usize]) -> &[usize] {
    &shape[..shape.len().saturating_sub(2)]
}

/// The shape that two have in common, counted from the last axis.
fn joined(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let rank = a.len().max(b.len());
    let at = |shape: &[usize], axis: usize| {
        (axis + shape.len())
            .checked_sub(rank)
            .map_or(1, |place| shape[place])
    };
    let length = |axis| match (at(a, axis), at(b, axis)) {
        (x, y) if x == y || y == 1 => Some(x),
        (1, y) => Some(y),
        _ => None,
    };
    (0..rank).map(length).collect()
}

/// The square root with a gradient of 0 at 0, where that of a root is infinite.
fn root(squares: Tensor<2>) -> Tensor<2> {
    let zero = squares.clone().equal_scalar(0.0);
    squares
        .mask_fill(zero.clone(), 1.0)
        .sqrt()
        .mask_fill(zero, 0.0)
}

#[cfg(test)]
mod tests {
    use super::super::made::{floats, ints};
    use super::*;

    fn counted(shape: &[usize]) -> NdTensor {
        let n = shape.iter().product::<usize>();
        floats(&(0..n).map(|i| i as f32).collect::<Vec<_>>(), shape)
    }

    #[test]
    fn figures_along_axes_are_numpys() {
        // numpy.arange(24).reshape(2, 3, 4)
        let x = counted(&[2, 3, 4]);
        let check = |what, axes: Option<&[i64]>, keep, values: &[f32], shape: &[usize]| {
            let got = x.reduce(what, axes, keep).unwrap();
            assert!(
                got.same(&floats(values, shape)),
                "{what:?} {axes:?}: {:?}",
                got.to_f64()
            );
        };
        check(Reduction::Sum, None, false, &[276.0], &[]);
        check(
            Reduction::Sum,
            Some(&[0, 2]),
            false,
            &[60.0, 92.0, 124.0],
            &[3],
        );
        check(
            Reduction::Mean,
            Some(&[-1]),
            true,
            &[1.5, 5.5, 9.5, 13.5, 17.5, 21.5],
            &[2, 3, 1],
        );
        check(
            Reduction::Max,
            Some(&[1]),
            false,
            &[8.0, 9.0, 10.0, 11.0, 20.0, 21.0, 22.0, 23.0],
            &[2, 4],
        );
        check(Reduction::Min, None, true, &[0.0], &[1, 1, 1]);
        check(
            Reduction::Std { ddof: 0 },
            Some(&[0]),
            false,
            &[6.0; 12],
            &[3, 4],
        );
        check(
            Reduction::Std { ddof: 1 },
            Some(&[0]),
            false,
            &[72_f32.sqrt(); 12],
            &[3, 4],
        );
        let places = x.argmax(Some(1), false).unwrap();
        assert!(places.same(&ints(&[2; 8], &[2, 4])) && places.dtype() == Dtype::Int);
        assert_eq!(x.argmax(None, false).unwrap().to_f64(), [23.0]);
    }

    #[test]
    fn sums_of_whole_numbers_are_exact() {
        let x = ints(&(0..10_000).collect::<Vec<_>>(), &[10_000]);
        let sum = x.reduce(Reduction::Sum, None, false).unwrap();
        assert_eq!(sum.values(), super::super::Values::Int(vec![49_995_000]));
    }

    #[test]
    fn axes_that_are_not_there_are_errors() {
        let x = counted(&[2, 3]);
        let error = |axes: &[i64]| {
            x.reduce(Reduction::Sum, Some(axes), false)
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error(&[2]),
            "`axis` must be within -2..=1 for shape [2, 3], not 2"
        );
        assert_eq!(
            error(&[0, -2]),
            "`axis` must be each axis once, not [0, -2]"
        );
        let nothing = floats(&[], &[0]);
        assert!(nothing.reduce(Reduction::Max, None, false).is_err());
        assert_eq!(
            nothing
                .reduce(Reduction::Sum, None, false)
                .unwrap()
                .to_f64(),
            [0.0]
        );
    }

    #[test]
    fn nothing_has_a_shape_too() {
        let nothing = floats(&[], &[0, 3]);
        let shape = |t: Result<NdTensor, Error>| t.unwrap().shape();
        assert_eq!(
            shape(nothing.reduce(Reduction::Sum, Some(&[1]), false)),
            [0]
        );
        assert_eq!(
            shape(nothing.reduce(Reduction::Max, Some(&[1]), true)),
            [0, 1]
        );
        let sums = nothing.reduce(Reduction::Sum, Some(&[0]), false).unwrap();
        assert!(sums.same(&floats(&[0.0; 3], &[3])));
        assert_eq!(shape(nothing.argmax(Some(1), false)), [0]);
        assert_eq!(shape(nothing.softmax(1)), [0, 3]);
        assert_eq!(shape(nothing.normalize(1)), [0, 3]);
        let row = floats(&[1.0; 3], &[3]);
        assert_eq!(
            shape(nothing.combine(super::super::Arithmetic::Add, &row)),
            [0, 3]
        );
        assert_eq!(shape(nothing.matmul(&row)), [0]);
        let inner = floats(&[], &[2, 0]).matmul(&nothing).unwrap();
        assert!(inner.same(&floats(&[0.0; 6], &[2, 3])));
        let below = floats(&[2.0; 3], &[1, 3]);
        assert!(
            NdTensor::cat(&[nothing.clone(), below.clone()], 0)
                .unwrap()
                .same(&below)
        );
        let none = row
            .compare(super::super::Comparison::Less, &floats(&[0.0], &[]))
            .unwrap();
        assert_eq!(shape(row.at(&[super::super::Index::Chosen(none)])), [0]);
    }

    #[test]
    fn products_of_matrices_are_numpys() {
        let check = |a: &[usize], b: &[usize], shape: &[usize], first: f64, last: f64| {
            let product = counted(a).matmul(&counted(b)).unwrap();
            let values = product.to_f64();
            assert_eq!(
                (product.shape(), values[0], values[values.len() - 1]),
                (shape.to_vec(), first, last)
            );
        };
        check(&[2, 3], &[3, 2], &[2, 2], 10.0, 40.0);
        check(&[3], &[3], &[], 5.0, 5.0);
        check(&[3], &[3, 2], &[2], 10.0, 13.0);
        check(&[2, 3], &[3], &[2], 5.0, 14.0);
        // a batch of two against one matrix, and batches that broadcast to [2, 5]
        check(&[2, 2, 3], &[3, 2], &[2, 2, 2], 10.0, 94.0);
        check(&[2, 1, 2, 3], &[5, 3, 1], &[2, 5, 2, 1], 5.0, 392.0);
        let error = counted(&[2, 3])
            .matmul(&counted(&[2, 3]))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "the right side must be of a shape that [2, 3] of the left side can be multiplied by, \
                not [2, 3]"
        );
        assert!(counted(&[2, 2, 3]).matmul(&counted(&[3, 3, 1])).is_err());
    }

    #[test]
    fn norms_of_nothing_have_a_gradient_of_nothing() {
        let x = floats(&[3.0, 4.0, 0.0, 0.0], &[2, 2]).require_grad();
        let norms = x.reduce(Reduction::Norm, Some(&[1]), false).unwrap();
        assert_eq!(norms.to_f64(), [5.0, 0.0]);
        let sum = norms.reduce(Reduction::Sum, None, false).unwrap();
        let gradient = x.gradient(&sum.backward().unwrap()).unwrap();
        assert!(
            gradient.same(&floats(&[0.6, 0.8, 0.0, 0.0], &[2, 2])),
            "{:?}",
            gradient.to_f64()
        );
        assert_eq!(x.normalize(-1).unwrap().to_f64()[2..], [0.0, 0.0]);
    }
}
