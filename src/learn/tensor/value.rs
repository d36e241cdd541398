//! The tensor itself: what it holds, how it is made and read, and its gradient.

use crate::Error;
use burn::tensor::kind::Basic;
use burn::tensor::{Bool, Device, Gradients, Int, IntDType, Tensor, TensorData};
use std::sync::{Arc, Mutex, MutexGuard};

/// Axes of a tensor at most.
pub const MAX_RANK: usize = 8;

/// Kind of the numbers of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// Floating point of 32 bits: the only kind that has gradients.
    Float,
    /// Whole numbers of 64 bits: labels, indices and counts.
    Int,
    /// True or false: masks.
    Bool,
}

impl Dtype {
    /// NumPy's name.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::Float => "float32",
            Dtype::Int => "int64",
            Dtype::Bool => "bool",
        }
    }
}

/// The numbers of a tensor on the host, the last axis running fastest.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Floating point.
    Float(Vec<f32>),
    /// Whole numbers.
    Int(Vec<i64>),
    /// True or false.
    Bool(Vec<bool>),
}

impl Values {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Values::Float(values) => values.len(),
            Values::Int(values) => values.len(),
            Values::Bool(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// burn's tensor with its leading axes of length 1.
#[derive(Clone, Debug)]
pub(super) enum Data {
    Float(Tensor<MAX_RANK>),
    Int(Tensor<MAX_RANK, Int>),
    Bool(Tensor<MAX_RANK, Bool>),
}

/// The same expression for whichever kind of tensor there is.
macro_rules! each {
    ($data:expr, $tensor:ident => $body:expr) => {
        match $data {
            Data::Float($tensor) => Data::Float($body),
            Data::Int($tensor) => Data::Int($body),
            Data::Bool($tensor) => Data::Bool($body),
        }
    };
}
pub(super) use each;

/// A tensor of any rank up to [`MAX_RANK`]. It is cheap to clone: the numbers are shared.
#[derive(Clone, Debug)]
pub struct NdTensor {
    stored: Stored,
    pub(super) rank: usize,
}

/// The numbers of a tensor, which never change; or those of a parameter, which an optimizer
/// replaces for all who hold it.
#[expect(
    clippy::large_enum_variant,
    reason = "parameters are few, and tensors need no way round"
)]
#[derive(Clone, Debug)]
enum Stored {
    Data(Data),
    Parameter(Arc<Mutex<Tensor<MAX_RANK>>>),
}

fn locked(parameter: &Mutex<Tensor<MAX_RANK>>) -> MutexGuard<'_, Tensor<MAX_RANK>> {
    parameter
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A shape with leading axes of length 1.
///
/// # Errors
/// [`Error::Shape`] if there are more than [`MAX_RANK`] axes.
pub(super) fn wide(shape: &[usize]) -> Result<[usize; MAX_RANK], Error> {
    if shape.len() > MAX_RANK {
        return Err(Error::Shape {
            what: "the shape",
            want: format!("of at most {MAX_RANK} axes"),
            got: shape.to_vec(),
        });
    }
    let mut dims = [1; MAX_RANK];
    dims[MAX_RANK - shape.len()..].copy_from_slice(shape);
    Ok(dims)
}

/// How many numbers a shape holds.
///
/// # Errors
/// [`Error::Shape`] if they are too many to count.
pub(super) fn count(shape: &[usize]) -> Result<usize, Error> {
    let product = shape.iter().try_fold(1_usize, |n, &len| n.checked_mul(len));
    product
        .filter(|&n| n <= isize::MAX as usize / size_of::<f64>())
        .ok_or_else(|| Error::Shape {
            what: "the shape",
            want: "of a size that memory can hold".into(),
            got: shape.to_vec(),
        })
}

/// The same numbers with axes of other lengths. To burn's `reshape` a length of 0 means the old
/// one.
pub(super) fn shaped<const A: usize, const B: usize, K: Basic>(
    tensor: Tensor<A, K>,
    dims: [usize; B],
) -> Tensor<B, K> {
    if dims.contains(&0) {
        Tensor::empty(dims, (&tensor.device(), tensor.dtype()))
    } else {
        tensor.reshape(dims)
    }
}

impl NdTensor {
    /// burn's tensor as one of a rank.
    pub(super) fn of(data: Data, rank: usize) -> NdTensor {
        let stored = Stored::Data(data);
        NdTensor { stored, rank }
    }

    /// burn's tensor, as it is now.
    pub(super) fn data(&self) -> Data {
        match &self.stored {
            Stored::Data(data) => data.clone(),
            Stored::Parameter(parameter) => Data::Float(locked(parameter).clone()),
        }
    }

    /// A tensor of given numbers.
    ///
    /// # Errors
    /// [`Error::Shape`] if the shape has too many axes or does not hold as many numbers as there
    /// are.
    pub fn new(values: Values, shape: &[usize], device: &Device) -> Result<NdTensor, Error> {
        let dims = wide(shape)?;
        if count(shape)? != values.len() {
            return Err(Error::Shape {
                what: "the shape",
                want: format!("one of {} numbers", values.len()),
                got: shape.to_vec(),
            });
        }
        let data = match values {
            Values::Float(values) => {
                Data::Float(Tensor::from_data(TensorData::new(values, dims), device))
            }
            Values::Int(values) => Data::Int(Tensor::from_data(
                TensorData::new(values, dims),
                (device, burn::tensor::DType::I64),
            )),
            Values::Bool(values) => {
                Data::Bool(Tensor::from_data(TensorData::new(values, dims), device))
            }
        };
        Ok(NdTensor::of(data, shape.len()))
    }

    /// A tensor without axes: one number.
    pub fn scalar(value: f64, device: &Device) -> NdTensor {
        NdTensor::of(Data::Float(Tensor::full([1; MAX_RANK], value, device)), 0)
    }

    /// A tensor of burn's, of a rank of at most [`MAX_RANK`].
    pub fn from_burn<const D: usize>(tensor: Tensor<D>) -> NdTensor {
        const { assert!(D <= MAX_RANK) };
        let mut dims = [1; MAX_RANK];
        dims[MAX_RANK - D..].copy_from_slice(&tensor.dims());
        NdTensor::of(Data::Float(shaped(tensor, dims)), D)
    }

    /// burn's tensor of the same rank, with floating-point numbers.
    ///
    /// # Errors
    /// [`Error::Shape`] if this one is of another rank.
    pub fn to_burn<const D: usize>(&self, what: &'static str) -> Result<Tensor<D>, Error> {
        let shape = self.shape();
        let dims = <[usize; D]>::try_from(shape.as_slice()).map_err(|_| Error::Shape {
            what,
            want: format!("of {D} axes"),
            got: shape.clone(),
        })?;
        Ok(shaped(self.float(), dims))
    }

    /// Its numbers along the last `D` axes, without what follows gradients; those before have a
    /// length of 1.
    pub(crate) fn last_axes<const D: usize>(&self) -> Tensor<D> {
        let dims = self.dims();
        let last = std::array::from_fn(|axis| dims[MAX_RANK - D + axis]);
        shaped(self.float().inner(), last)
    }

    /// Lengths of its axes.
    pub fn shape(&self) -> Vec<usize> {
        self.dims()[MAX_RANK - self.rank..].to_vec()
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// How many numbers it holds.
    pub fn len(&self) -> usize {
        self.dims().iter().product()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn dims(&self) -> [usize; MAX_RANK] {
        match &self.data() {
            Data::Float(tensor) => tensor.dims(),
            Data::Int(tensor) => tensor.dims(),
            Data::Bool(tensor) => tensor.dims(),
        }
    }

    /// Kind of its numbers.
    pub fn dtype(&self) -> Dtype {
        match &self.data() {
            Data::Float(_) => Dtype::Float,
            Data::Int(_) => Dtype::Int,
            Data::Bool(_) => Dtype::Bool,
        }
    }

    /// Where it lives, without what follows gradients.
    pub fn device(&self) -> Device {
        match &self.data() {
            Data::Float(tensor) => tensor.device().inner(),
            Data::Int(tensor) => tensor.device().inner(),
            Data::Bool(tensor) => tensor.device().inner(),
        }
    }

    /// The numbers on the host, the last axis running fastest.
    pub fn values(&self) -> Values {
        match self.detach().data() {
            Data::Float(tensor) => Values::Float(tensor.into_data().iter::<f32>().collect()),
            Data::Int(tensor) => Values::Int(tensor.into_data().iter::<i64>().collect()),
            Data::Bool(tensor) => Values::Bool(tensor.into_data().iter::<bool>().collect()),
        }
    }

    /// The same as [`values`](NdTensor::values) in double precision; true is 1.
    pub fn to_f64(&self) -> Vec<f64> {
        match self.values() {
            Values::Float(values) => values.into_iter().map(f64::from).collect(),
            Values::Int(values) => values.into_iter().map(|value| value as f64).collect(),
            Values::Bool(values) => values.into_iter().map(f64::from).collect(),
        }
    }

    /// The same numbers as another kind: to whole numbers towards 0, to a mask as what differs from
    /// 0.
    pub fn to_dtype(&self, dtype: Dtype) -> NdTensor {
        let data = match dtype {
            Dtype::Float => Data::Float(self.float()),
            Dtype::Int => Data::Int(self.int()),
            Dtype::Bool => Data::Bool(self.mask()),
        };
        NdTensor::of(data, self.rank)
    }

    pub(super) fn float(&self) -> Tensor<MAX_RANK> {
        match self.data() {
            Data::Float(tensor) => tensor,
            Data::Int(tensor) => tensor.float(),
            Data::Bool(tensor) => tensor.float(),
        }
    }

    /// burn's whole numbers may have 32 bits; here they always have 64.
    pub(super) fn int(&self) -> Tensor<MAX_RANK, Int> {
        match self.data() {
            Data::Float(tensor) => tensor.inner().cast(IntDType::I64),
            Data::Int(tensor) => tensor,
            Data::Bool(tensor) => tensor.cast(IntDType::I64),
        }
    }

    pub(super) fn mask(&self) -> Tensor<MAX_RANK, Bool> {
        match self.data() {
            Data::Float(tensor) => tensor.inner().not_equal_scalar(0.0),
            Data::Int(tensor) => tensor.not_equal_scalar(0),
            Data::Bool(tensor) => tensor,
        }
    }

    /// The same numbers as a parameter: `backward` gives it a gradient, and an optimizer moves it
    /// for all who hold it. What made them is forgotten.
    pub fn require_grad(&self) -> NdTensor {
        let leaf = self.float().inner().autodiff().require_grad();
        NdTensor {
            stored: Stored::Parameter(Arc::new(Mutex::new(leaf))),
            rank: self.rank,
        }
    }

    /// Whether it is a parameter: what [`NdTensor::require_grad`] gives.
    pub fn is_parameter(&self) -> bool {
        matches!(self.stored, Stored::Parameter(_))
    }

    /// Whether both are the same parameter, not merely equal ones.
    pub fn is_same_parameter(&self, other: &NdTensor) -> bool {
        match (&self.stored, &other.stored) {
            (Stored::Parameter(a), Stored::Parameter(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }

    /// Gives a parameter other numbers, for all who hold it; of another tensor they stay.
    pub(crate) fn set_parameter<const D: usize>(&self, values: Tensor<D>) {
        if let Stored::Parameter(parameter) = &self.stored {
            let mut leaf = locked(parameter);
            let values = shaped(values.inner(), leaf.dims());
            *leaf = values.autodiff().require_grad();
        }
    }

    /// The same numbers, cut from what made them: no gradient passes.
    pub fn detach(&self) -> NdTensor {
        NdTensor::of(each!(self.data(), tensor => tensor.inner()), self.rank)
    }

    /// Whether a gradient can pass through it.
    pub fn is_tracked(&self) -> bool {
        matches!(&self.data(), Data::Float(tensor) if tensor.is_tracked())
    }

    /// The gradients of a single number with respect to all parameters that it was computed from.
    ///
    /// # Errors
    /// [`Error::Shape`] if there are more numbers than one, [`Error::Run`] if it came from no
    /// parameter.
    pub fn backward(&self) -> Result<Gradients, Error> {
        if self.len() != 1 {
            return Err(Error::Shape {
                what: "what `backward` begins with",
                want: "a single number, such as a mean".into(),
                got: self.shape(),
            });
        }
        match &self.data() {
            Data::Float(tensor) if tensor.is_tracked() => Ok(tensor.backward()),
            _ => Err(Error::Run {
                message: "this was computed from no parameter, so that it has no gradients".into(),
                hint: "a parameter is made by `t.require_grad()`; inside `no_grad` nothing is \
                    followed"
                    .into(),
            }),
        }
    }

    /// Its own among some gradients; nothing if it is no parameter or took no part.
    pub fn gradient(&self, gradients: &Gradients) -> Option<NdTensor> {
        let Data::Float(tensor) = &self.data() else {
            return None;
        };
        let gradient = tensor.grad(gradients)?;
        Some(NdTensor::of(Data::Float(gradient.inner()), self.rank))
    }

    /// Whether both have the same shape and the same numbers; what is not a number equals nothing.
    pub fn same(&self, other: &NdTensor) -> bool {
        self.shape() == other.shape() && self.to_f64() == other.to_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::super::made::{floats, ints};
    use super::*;

    #[test]
    fn numbers_come_back_as_they_were_given() {
        let large = (1_i64 << 53) + 1;
        for (values, dtype) in [
            (Values::Float(vec![0.1, -2.5]), Dtype::Float),
            (Values::Int(vec![large, -3]), Dtype::Int),
            (Values::Bool(vec![true, false]), Dtype::Bool),
        ] {
            let tensor = NdTensor::new(values.clone(), &[1, 2], &Device::flex()).unwrap();
            assert_eq!(tensor.values(), values);
            assert_eq!((tensor.dtype(), tensor.shape()), (dtype, vec![1, 2]));
        }
    }

    #[test]
    fn whole_numbers_have_64_bits_wherever_they_come_from() {
        let x = floats(&[3e9, -1.5], &[2]);
        let whole = x.to_dtype(Dtype::Int);
        assert_eq!(whole.values(), Values::Int(vec![3_000_000_000, -1]));
        let counts = x.to_dtype(Dtype::Bool).to_dtype(Dtype::Int);
        for other in [&whole, &counts, &x.argmax(None, false).unwrap()] {
            let sum = ints(&[1 << 40], &[])
                .combine(crate::tensor::Arithmetic::Add, other)
                .unwrap();
            assert_eq!(sum.dtype(), Dtype::Int);
            assert_eq!(sum.to_f64()[0], (1_i64 << 40) as f64 + other.to_f64()[0]);
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_errors_with_both_sizes() {
        let error = |shape: &[usize]| {
            NdTensor::new(Values::Float(vec![0.0; 3]), shape, &Device::flex())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            error(&[2, 2]),
            "the shape must be one of 3 numbers, not [2, 2]"
        );
        assert!(error(&[1; 9]).contains("at most 8 axes"));
        assert!(error(&[usize::MAX, 3]).contains("memory can hold"));
        let wrong = floats(&[0.0; 3], &[3]).to_burn::<2>("`x`").unwrap_err();
        assert_eq!(wrong.to_string(), "`x` must be of 2 axes, not [3]");
    }

    #[test]
    fn a_gradient_is_that_of_the_parameter() {
        let w = floats(&[1.0, -2.0], &[2]).require_grad();
        let x = floats(&[3.0, 5.0], &[2]);
        let loss = w.combine(crate::tensor::Arithmetic::Multiply, &x).unwrap();
        assert!(loss.backward().is_err(), "two numbers have no gradient");
        let loss = loss
            .reduce(crate::tensor::Reduction::Sum, None, false)
            .unwrap();
        let gradients = loss.backward().unwrap();
        assert!(w.gradient(&gradients).unwrap().same(&x));
        assert!(x.gradient(&gradients).is_none());
        assert!(loss.detach().backward().is_err());
    }
}
