//! Element by element: operators with broadcasting, comparisons, choices and functions.

use super::value::{Data, MAX_RANK, NdTensor};
use super::{Dtype, Values};
use crate::Error;
use burn::tensor::{Tensor, activation};

/// An operator between numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// The sum.
    Add,
    /// The difference.
    Subtract,
    /// The product.
    Multiply,
    /// The quotient, always in floating point.
    Divide,
    /// A power; of whole numbers a whole one if no exponent is negative.
    Power,
    /// The larger of both.
    Maximum,
    /// The smaller of both.
    Minimum,
}

/// A question about two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Whether they are the same.
    Equal,
    /// Whether they differ.
    NotEqual,
    /// Whether the left one is smaller.
    Less,
    /// Whether the left one is not larger.
    LessEqual,
    /// Whether the left one is larger.
    Greater,
    /// Whether the left one is not smaller.
    GreaterEqual,
}

/// The shape that two shapes have in common: at each axis, counted from the last, equal lengths or
/// one of 1.
pub(super) fn broadcast(left: &NdTensor, right: &NdTensor) -> Result<Vec<usize>, Error> {
    let (a, b) = (left.dims(), right.dims());
    let fits = a.iter().zip(&b).all(|(&a, &b)| a == b || a == 1 || b == 1);
    if !fits {
        return Err(Error::Shape {
            what: "the right side",
            want: format!(
                "of a shape that broadcasts with {} of the left side",
                text(&left.shape())
            ),
            got: right.shape(),
        });
    }
    let rank = left.rank().max(right.rank());
    let joined = a.iter().zip(&b).map(|(&a, &b)| if a == 1 { b } else { a });
    Ok(joined.skip(MAX_RANK - rank).collect())
}

/// Both sides of an operator, whose shapes broadcast. burn does so itself unless there are no numbers.
fn sides(left: &NdTensor, right: &NdTensor) -> Result<(NdTensor, NdTensor), Error> {
    let shape = broadcast(left, right)?;
    if shape.contains(&0) {
        return Ok((left.broadcast_to(&shape)?, right.broadcast_to(&shape)?));
    }
    Ok((left.clone(), right.clone()))
}

pub(super) fn text(shape: &[usize]) -> String {
    format!("{shape:?}")
}

impl NdTensor {
    /// An operator between the numbers of two tensors, which broadcast. True counts as 1.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not broadcast.
    pub fn combine(&self, operator: Arithmetic, other: &NdTensor) -> Result<NdTensor, Error> {
        let (left, other) = sides(self, other)?;
        let rank = left.rank.max(other.rank);
        let is_whole = left.dtype() != Dtype::Float
            && other.dtype() != Dtype::Float
            && match operator {
                Arithmetic::Divide => false,
                Arithmetic::Power => matches!(
                    other.to_dtype(Dtype::Int).values(),
                    Values::Int(exponents) if exponents.iter().all(|&exponent| exponent >= 0)
                ),
                _ => true,
            };
        let data = if is_whole {
            let (a, b) = (left.int(), other.int());
            Data::Int(match operator {
                Arithmetic::Add => a + b,
                Arithmetic::Subtract => a - b,
                Arithmetic::Multiply => a * b,
                Arithmetic::Maximum => a.max_pair(b),
                Arithmetic::Minimum => a.min_pair(b),
                Arithmetic::Divide | Arithmetic::Power => a.powi(b),
            })
        } else {
            let (a, b) = (left.float(), other.float());
            Data::Float(match operator {
                Arithmetic::Add => a + b,
                Arithmetic::Subtract => a - b,
                Arithmetic::Multiply => a * b,
                Arithmetic::Divide => a / b,
                Arithmetic::Power => a.powf(b),
                Arithmetic::Maximum => a.max_pair(b),
                Arithmetic::Minimum => a.min_pair(b),
            })
        };
        Ok(NdTensor::of(data, rank))
    }

    /// A question about the numbers of two tensors, which broadcast; gives a mask.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not broadcast.
    pub fn compare(&self, question: Comparison, other: &NdTensor) -> Result<NdTensor, Error> {
        let (left, other) = sides(self, other)?;
        let rank = left.rank.max(other.rank);
        macro_rules! asked {
            ($a:expr, $b:expr) => {
                match question {
                    Comparison::Equal => $a.equal($b),
                    Comparison::NotEqual => $a.not_equal($b),
                    Comparison::Less => $a.lower($b),
                    Comparison::LessEqual => $a.lower_equal($b),
                    Comparison::Greater => $a.greater($b),
                    Comparison::GreaterEqual => $a.greater_equal($b),
                }
            };
        }
        let mask = if left.dtype() == Dtype::Float || other.dtype() == Dtype::Float {
            let (a, b) = (left.float().inner(), other.float().inner());
            asked!(a, b)
        } else {
            asked!(left.int(), other.int())
        };
        Ok(NdTensor::of(Data::Bool(mask), rank))
    }

    /// The numbers of `yes` where this mask is true and those of `no` elsewhere; all three
    /// broadcast.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shapes do not broadcast.
    pub fn choose(&self, yes: &NdTensor, no: &NdTensor) -> Result<NdTensor, Error> {
        let of_two = broadcast(yes, no)?;
        let other = NdTensor::of(Data::Bool(self.mask()), self.rank);
        let shape = broadcast(&yes.broadcast_to(&of_two)?, &other)?;
        let mask = other.broadcast_to(&shape)?.mask();
        let (yes, no) = (yes.broadcast_to(&shape)?, no.broadcast_to(&shape)?);
        let data = match (yes.dtype(), no.dtype()) {
            (Dtype::Bool, Dtype::Bool) => Data::Bool(no.mask().mask_where(mask, yes.mask())),
            (Dtype::Float, _) | (_, Dtype::Float) => {
                Data::Float(no.float().mask_where(mask, yes.float()))
            }
            _ => Data::Int(no.int().mask_where(mask, yes.int())),
        };
        Ok(NdTensor::of(data, shape.len()))
    }

    /// The opposite of a mask.
    pub fn not(&self) -> NdTensor {
        NdTensor::of(Data::Bool(self.mask().bool_not()), self.rank)
    }

    /// Limits every number to a range; an end that is not given sets no limit.
    pub fn clamp(&self, low: Option<f64>, high: Option<f64>) -> NdTensor {
        let data = match self.dtype() {
            Dtype::Float => {
                let raised = low.map_or(self.float(), |low| self.float().clamp_min(low));
                Data::Float(match high {
                    Some(high) => raised.clamp_max(high),
                    None => raised,
                })
            }
            Dtype::Int | Dtype::Bool => {
                let low = low.map(|low| low.ceil() as i64);
                let raised = low.map_or(self.int(), |low| self.int().clamp_min(low));
                Data::Int(match high.map(|high| high.floor() as i64) {
                    Some(high) => raised.clamp_max(high),
                    None => raised,
                })
            }
        };
        NdTensor::of(data, self.rank)
    }

    /// The magnitudes.
    pub fn abs(&self) -> NdTensor {
        match self.dtype() {
            Dtype::Float => self.map(Tensor::abs),
            Dtype::Int | Dtype::Bool => NdTensor::of(Data::Int(self.int().abs()), self.rank),
        }
    }

    /// The numbers with the opposite sign.
    pub fn negate(&self) -> NdTensor {
        match self.dtype() {
            Dtype::Float => self.map(Tensor::neg),
            Dtype::Int | Dtype::Bool => NdTensor::of(Data::Int(self.int().neg()), self.rank),
        }
    }

    fn map(&self, function: impl Fn(Tensor<MAX_RANK>) -> Tensor<MAX_RANK>) -> NdTensor {
        let x = self.float();
        NdTensor::of(
            Data::Float(if self.is_empty() { x } else { function(x) }),
            self.rank,
        )
    }

    /// The exponentials.
    pub fn exp(&self) -> NdTensor {
        self.map(Tensor::exp)
    }

    /// The natural logarithms.
    pub fn log(&self) -> NdTensor {
        self.map(Tensor::log)
    }

    /// The square roots.
    pub fn sqrt(&self) -> NdTensor {
        self.map(Tensor::sqrt)
    }

    /// The sines of angles in radians.
    pub fn sin(&self) -> NdTensor {
        self.map(Tensor::sin)
    }

    /// The cosines of angles in radians.
    pub fn cos(&self) -> NdTensor {
        self.map(Tensor::cos)
    }

    /// The hyperbolic tangents.
    pub fn tanh(&self) -> NdTensor {
        self.map(Tensor::tanh)
    }

    /// The numbers above 0, and 0 for the others.
    pub fn relu(&self) -> NdTensor {
        self.map(activation::relu)
    }

    /// `1 / (1 + exp(-x))`.
    pub fn sigmoid(&self) -> NdTensor {
        self.map(activation::sigmoid)
    }

    /// The shares `exp(x) / sum exp(x)` along an axis, without overflow.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such axis.
    pub fn softmax(&self, axis: i64) -> Result<NdTensor, Error> {
        let axis = MAX_RANK - self.rank + self.axis(axis)?;
        Ok(self.map(|x| activation::softmax(x, axis)))
    }

    /// The logarithms of [`softmax`](NdTensor::softmax), without the loss of small shares.
    ///
    /// # Errors
    /// [`Error::Range`] if there is no such axis.
    pub fn log_softmax(&self, axis: i64) -> Result<NdTensor, Error> {
        let axis = MAX_RANK - self.rank + self.axis(axis)?;
        Ok(self.map(|x| activation::log_softmax(x, axis)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::made::{floats, ints};
    use super::*;

    #[test]
    fn operators_broadcast_from_the_last_axis() {
        let column = floats(&[1.0, 2.0], &[2, 1]);
        let row = floats(&[10.0, 20.0, 30.0], &[3]);
        let sum = column.combine(Arithmetic::Add, &row).unwrap();
        assert!(sum.same(&floats(&[11.0, 21.0, 31.0, 12.0, 22.0, 32.0], &[2, 3])));
        let error = sum
            .combine(Arithmetic::Add, &floats(&[0.0; 2], &[2]))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the right side must be of a shape that broadcasts with [2, 3] of the left side, not \
                [2]"
        );
    }

    #[test]
    fn whole_numbers_stay_whole_and_exact_where_they_can() {
        let (a, b) = (ints(&[1 << 40, -7], &[2]), ints(&[3, 2], &[2]));
        let values = |operator| a.combine(operator, &b).unwrap().values();
        assert_eq!(
            values(Arithmetic::Add),
            Values::Int(vec![(1 << 40) + 3, -5])
        );
        assert_eq!(
            values(Arithmetic::Divide),
            Values::Float(vec![(1_i64 << 40) as f32 / 3.0, -3.5])
        );
        let squares = b.combine(Arithmetic::Power, &ints(&[2], &[])).unwrap();
        assert_eq!(squares.values(), Values::Int(vec![9, 4]));
        let inverse = b.combine(Arithmetic::Power, &ints(&[-1], &[])).unwrap();
        assert_eq!(inverse.values(), Values::Float(vec![3_f32.recip(), 0.5]));
    }

    #[test]
    fn a_choice_takes_gradients_to_where_it_chose() {
        let x = floats(&[1.0, -2.0, 3.0], &[3]).require_grad();
        let mask = x
            .compare(Comparison::Greater, &floats(&[0.0], &[]))
            .unwrap();
        assert_eq!(mask.values(), Values::Bool(vec![true, false, true]));
        let chosen = mask.choose(&x, &floats(&[0.0], &[])).unwrap();
        let sum = chosen
            .reduce(super::super::Reduction::Sum, None, false)
            .unwrap();
        let gradient = x.gradient(&sum.backward().unwrap()).unwrap();
        assert!(gradient.same(&floats(&[1.0, 0.0, 1.0], &[3])));
    }
}
