//! The same numbers in another order or shape, joined, or picked out.

use super::arithmetic::text;
use super::value::{Data, MAX_RANK, NdTensor, count, each, shaped, wide};
use super::{Dtype, Values};
use crate::Error;
use burn::tensor::{Int, Tensor, TensorData};

impl NdTensor {
    /// The numbers in the same order with axes of other lengths. One length may be -1: it is what
    /// the others leave.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shape holds another number of numbers.
    pub fn reshape(&self, shape: &[i64]) -> Result<NdTensor, Error> {
        let misfit = || {
            let want = format!(
                "one of the {} numbers of {}",
                self.len(),
                text(&self.shape())
            );
            Error::range("shape", want, format!("{shape:?}"))
        };
        let mut lengths: Vec<usize> = Vec::with_capacity(shape.len());
        let mut open = None;
        for (axis, &length) in shape.iter().enumerate() {
            match usize::try_from(length) {
                Ok(length) => lengths.push(length),
                Err(_) if length == -1 && open.is_none() => {
                    open = Some(axis);
                    lengths.push(1);
                }
                Err(_) => return Err(misfit()),
            }
        }
        let known = count(&lengths)?;
        if let Some(axis) = open {
            lengths[axis] = self.len().checked_div(known).ok_or_else(misfit)?;
        }
        if count(&lengths)? != self.len() {
            return Err(misfit());
        }
        self.reshaped(&lengths)
    }

    /// [`reshape`](NdTensor::reshape) to a shape that holds as many numbers.
    pub(super) fn reshaped(&self, shape: &[usize]) -> Result<NdTensor, Error> {
        let dims = wide(shape)?;
        let data = each!(self.data(), tensor => shaped(tensor, dims));
        Ok(NdTensor::of(data, shape.len()))
    }

    /// The axes in another order: axis `i` of the result is axis `axes[i]` of this.
    ///
    /// # Errors
    /// [`Error::Range`] unless every axis is named once.
    pub fn permute(&self, axes: &[i64]) -> Result<NdTensor, Error> {
        let places = axes
            .iter()
            .map(|&axis| self.axis(axis))
            .collect::<Result<Vec<_>, _>>()?;
        let mut sorted = places.clone();
        sorted.sort_unstable();
        if sorted != (0..self.rank).collect::<Vec<_>>() {
            let want = format!("each axis of {} once", text(&self.shape()));
            return Err(Error::range("axes", want, format!("{axes:?}")));
        }
        let offset = MAX_RANK - self.rank;
        let mut order: [usize; MAX_RANK] = std::array::from_fn(|axis| axis);
        for (axis, place) in places.into_iter().enumerate() {
            order[offset + axis] = offset + place;
        }
        if order.is_sorted() {
            return Ok(self.clone());
        }
        let data = each!(self.data(), tensor => tensor.permute(order));
        Ok(NdTensor::of(data, self.rank))
    }

    /// Repeats axes of length 1, and adds axes in front, up to a shape.
    ///
    /// # Errors
    /// [`Error::Shape`] if another axis would have to change.
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<NdTensor, Error> {
        let (dims, now) = (wide(shape)?, self.dims());
        let fits = shape.len() >= self.rank
            && now
                .iter()
                .zip(&dims)
                .all(|(&now, &wanted)| now == wanted || now == 1);
        if !fits {
            return Err(Error::Shape {
                what: "what is repeated",
                want: format!("of a shape that broadcasts to {}", text(shape)),
                got: self.shape(),
            });
        }
        let data = if now == dims {
            self.data()
        } else {
            each!(self.data(), tensor => {
                if dims.contains(&0) { shaped(tensor, dims) } else { tensor.expand(dims) }
            })
        };
        Ok(NdTensor::of(data, shape.len()))
    }

    /// Tensors one behind the other along an axis.
    ///
    /// # Errors
    /// [`Error::Range`] if there is none, or no such axis; [`Error::Shape`] if they differ along
    /// another axis.
    pub fn cat(tensors: &[NdTensor], axis: i64) -> Result<NdTensor, Error> {
        let first = tensors
            .first()
            .ok_or_else(|| Error::range("tensors", "at least one tensor", "none"))?;
        let axis = first.axis(axis)?;
        let others = |tensor: &NdTensor| {
            let mut shape = tensor.shape();
            if axis < shape.len() {
                shape.remove(axis);
            }
            shape
        };
        if let Some(other) = tensors
            .iter()
            .find(|t| t.rank != first.rank || others(t) != others(first))
        {
            return Err(Error::Shape {
                what: "each tensor",
                want: format!(
                    "like the first one, {}, but for axis {axis}",
                    text(&first.shape())
                ),
                got: other.shape(),
            });
        }
        // What holds no numbers adds none, and burn cannot join it.
        let held: Vec<&NdTensor> = tensors.iter().filter(|t| !t.is_empty()).collect();
        let dtype = kind_of_all(tensors);
        if held.is_empty() {
            let mut shape = first.shape();
            shape[axis] = tensors.iter().map(|tensor| tensor.shape()[axis]).sum();
            return first.to_dtype(dtype).reshaped(&shape);
        }
        let dim = MAX_RANK - first.rank + axis;
        let data = match dtype {
            Dtype::Float => Data::Float(Tensor::cat(
                held.iter().map(|tensor| tensor.float()).collect(),
                dim,
            )),
            Dtype::Int => Data::Int(Tensor::cat(
                held.iter().map(|tensor| tensor.int()).collect(),
                dim,
            )),
            Dtype::Bool => Data::Bool(Tensor::cat(
                held.iter().map(|tensor| tensor.mask()).collect(),
                dim,
            )),
        };
        Ok(NdTensor::of(data, first.rank))
    }

    /// Tensors of one shape along a new axis.
    ///
    /// # Errors
    /// [`Error::Range`] if there is none, or no such axis; [`Error::Shape`] if they differ.
    pub fn stack(tensors: &[NdTensor], axis: i64) -> Result<NdTensor, Error> {
        let first = tensors
            .first()
            .ok_or_else(|| Error::range("tensors", "at least one tensor", "none"))?;
        if let Some(other) = tensors.iter().find(|t| t.shape() != first.shape()) {
            return Err(Error::Shape {
                what: "each tensor",
                want: format!("like the first one, {}", text(&first.shape())),
                got: other.shape(),
            });
        }
        let longer: Vec<NdTensor> = tensors
            .iter()
            .map(|tensor| tensor.unsqueeze(axis))
            .collect::<Result<_, _>>()?;
        NdTensor::cat(&longer, axis)
    }

    /// A new axis of length 1, at a place that may be counted from behind.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such place; [`Error::Shape`] if there are too many axes.
    pub fn unsqueeze(&self, axis: i64) -> Result<NdTensor, Error> {
        let rank = self.rank as i64 + 1;
        let place = if axis < 0 { axis + rank } else { axis };
        if !(0..rank).contains(&place) {
            let want = format!(
                "within {}..={} for shape {}",
                -rank,
                rank - 1,
                text(&self.shape())
            );
            return Err(Error::range("axis", want, axis));
        }
        let mut shape = self.shape();
        shape.insert(place as usize, 1);
        self.reshaped(&shape)
    }

    /// The parts at some places of `n` axes taken as one.
    pub(super) fn picked(
        &self,
        places: &[i64],
        axis: usize,
        n_axes: usize,
        result: &[usize],
    ) -> Result<NdTensor, Error> {
        let shape = self.shape();
        let length = |lengths: &[usize]| lengths.iter().product::<usize>();
        let end = axis + n_axes;
        let dims = [
            length(&shape[..axis]),
            length(&shape[axis..end]),
            length(&shape[end..]),
        ];
        let data = TensorData::new(places.to_vec(), [places.len()]);
        let index: Tensor<1, Int> = Tensor::from_data(data, &self.device());
        let wide = wide(result)?;
        let data = each!(self.data(), tensor => {
            if places.is_empty() {
                shaped(tensor, wide)
            } else {
                shaped(shaped(tensor, dims).select(1, index), wide)
            }
        });
        Ok(NdTensor::of(data, result.len()))
    }

    /// One number for each element of `places`, which says where along the axis it is; along the
    /// others it is the element's own place. With `[batch, 1]` labels and axis 1 that is the score
    /// of each row's label.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such axis or place; [`Error::Shape`] if the shapes differ
    /// along another axis.
    pub fn gather(&self, places: &NdTensor, axis: i64) -> Result<NdTensor, Error> {
        let axis = self.axis(axis)?;
        let (shape, mut wanted) = (self.shape(), places.shape());
        if wanted.len() == shape.len() {
            wanted[axis] = shape[axis];
        }
        if wanted != shape {
            return Err(Error::Shape {
                what: "`index`",
                want: format!("of the shape {}, but for axis {axis}", text(&shape)),
                got: places.shape(),
            });
        }
        let chosen = places_within(places, shape[axis], axis, &shape)?;
        let index = NdTensor::new(Values::Int(chosen), &places.shape(), &self.device())?.int();
        let dim = MAX_RANK - self.rank + axis;
        let data = match self.data() {
            Data::Float(tensor) => Data::Float(tensor.gather(dim, index)),
            Data::Int(tensor) => Data::Int(tensor.gather(dim, index)),
            Data::Bool(tensor) => Data::Int(tensor.int().gather(dim, index)),
        };
        Ok(NdTensor::of(data, self.rank))
    }

    /// The same with a part exchanged: `start[axis]..end[axis]` of every axis, for numbers that
    /// broadcast to it.
    pub(super) fn assigned(
        &self,
        ranges: [std::ops::Range<usize>; MAX_RANK],
        part: &NdTensor,
    ) -> NdTensor {
        let data = match kind_of_all(&[self.clone(), part.clone()]) {
            Dtype::Float => Data::Float(self.float().slice_assign(ranges, part.float())),
            Dtype::Int => Data::Int(self.int().slice_assign(ranges, part.int())),
            Dtype::Bool => Data::Bool(self.mask().slice_assign(ranges, part.mask())),
        };
        NdTensor::of(data, self.rank)
    }
}

/// The kind that can hold all of them.
fn kind_of_all(tensors: &[NdTensor]) -> Dtype {
    let is = |dtype| tensors.iter().any(|tensor| tensor.dtype() == dtype);
    if is(Dtype::Float) {
        Dtype::Float
    } else if is(Dtype::Int) {
        Dtype::Int
    } else {
        Dtype::Bool
    }
}

/// Places along an axis as numbers from 0 on.
pub(super) fn places_within(
    places: &NdTensor,
    length: usize,
    axis: usize,
    shape: &[usize],
) -> Result<Vec<i64>, Error> {
    let given = places.to_f64();
    let n = length as i64;
    let place = |&place: &f64| {
        let counted = if place < 0.0 { place + n as f64 } else { place };
        if place.fract() == 0.0 && (0.0..n as f64).contains(&counted) {
            return Ok(counted as i64);
        }
        let want = match n {
            0 => format!("empty for axis {axis} of {}", text(shape)),
            _ => format!(
                "whole numbers within {}..={} for axis {axis} of {}",
                -n,
                n - 1,
                text(shape)
            ),
        };
        Err(Error::range("index", want, place))
    };
    given.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Index;
    use super::super::made::{floats, ints};
    use super::*;

    fn x() -> NdTensor {
        floats(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0], &[2, 3])
    }

    #[test]
    fn shapes_change_and_numbers_stay() {
        assert_eq!(x().reshape(&[3, -1]).unwrap().shape(), [3, 2]);
        assert_eq!(
            x().reshape(&[-1]).unwrap().to_f64(),
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
        );
        let turned = x().permute(&[1, 0]).unwrap();
        assert!(turned.same(&floats(&[0.0, 3.0, 1.0, 4.0, 2.0, 5.0], &[3, 2])));
        let error = |shape: &[i64]| x().reshape(shape).unwrap_err().to_string();
        assert_eq!(
            error(&[4]),
            "`shape` must be one of the 6 numbers of [2, 3], not [4]"
        );
        assert!(
            error(&[-1, -1]).contains("not [-1, -1]") && error(&[0, -1]).contains("not [0, -1]")
        );
        assert!(x().permute(&[0, 0]).is_err() && x().permute(&[0]).is_err());
        assert_eq!(x().unsqueeze(-1).unwrap().shape(), [2, 3, 1]);
    }

    #[test]
    fn tensors_join_along_an_axis_or_a_new_one() {
        let row = floats(&[9.0; 3], &[1, 3]);
        let joined = NdTensor::cat(&[x(), row.clone()], 0).unwrap();
        assert_eq!((joined.shape(), joined.to_f64()[8]), (vec![3, 3], 9.0));
        assert_eq!(NdTensor::stack(&[x(), x()], -1).unwrap().shape(), [2, 3, 2]);
        let error = NdTensor::cat(&[x(), row], 1).unwrap_err().to_string();
        assert_eq!(
            error,
            "each tensor must be like the first one, [2, 3], but for axis 1, not [1, 3]"
        );
        assert!(NdTensor::stack(&[], 0).is_err());
    }

    #[test]
    fn parts_are_picked_by_place_and_pass_gradients() {
        let w = x().require_grad();
        let picked = w.along(1, Index::Chosen(ints(&[-1, 0, -1], &[3]))).unwrap();
        assert!(picked.same(&floats(&[2.0, 0.0, 2.0, 5.0, 3.0, 5.0], &[2, 3])));
        let sum = picked
            .reduce(super::super::Reduction::Sum, None, false)
            .unwrap();
        let gradient = w.gradient(&sum.backward().unwrap()).unwrap();
        assert!(gradient.same(&floats(&[1.0, 0.0, 2.0, 1.0, 0.0, 2.0], &[2, 3])));
        let labels = ints(&[2, 0], &[2, 1]);
        assert!(
            w.gather(&labels, 1)
                .unwrap()
                .same(&floats(&[2.0, 3.0], &[2, 1]))
        );
        let error = w
            .along(1, Index::Chosen(ints(&[3], &[1])))
            .unwrap_err()
            .to_string();
        assert_eq!(
            error,
            "`index` must be whole numbers within -3..=2 for axis 1 of [2, 3], not 3"
        );
        let error = w.gather(&ints(&[0], &[1, 1]), 1).unwrap_err().to_string();
        assert_eq!(
            error,
            "`index` must be of the shape [2, 3], but for axis 1, not [1, 1]"
        );
    }
}
