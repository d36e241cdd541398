//! What the tests of losses compare with: rows drawn from a seed, and slopes by finite differences in double precision.

use super::similarity::normalized;
use auricle_audio::Rng;
use burn::tensor::{DType, Device, Tensor, TensorData};

/// A matrix on the host.
#[derive(Clone)]
pub(super) struct Rows {
    values: Vec<f64>,
    shape: [usize; 2],
}

impl Rows {
    /// Normal numbers.
    pub(super) fn drawn(rows: usize, columns: usize, seed: u64) -> Rows {
        let mut rng = Rng::from_words(&[seed]);
        Rows {
            // Rounded to single precision, so that both precisions see the same numbers.
            values: (0..rows * columns)
                .map(|_| f64::from(rng.normal() as f32))
                .collect(),
            shape: [rows, columns],
        }
    }

    /// The given numbers.
    pub(super) fn new(rows: &[&[f64]]) -> Rows {
        Rows {
            values: rows.concat(),
            shape: [rows.len(), rows[0].len()],
        }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.values.chunks(self.shape[1])
    }

    /// The rows in another order.
    pub(super) fn reordered(&self, order: &[usize]) -> Rows {
        let rows: Vec<&[f64]> = self.rows().collect();
        Rows::new(&order.iter().map(|&row| rows[row]).collect::<Vec<_>>())
    }

    /// In double precision.
    pub(super) fn tensor(&self) -> Tensor<2> {
        self.of_type(DType::F64)
    }

    /// In single precision.
    pub(super) fn single(&self) -> Tensor<2> {
        self.of_type(DType::F32)
    }

    fn of_type(&self, dtype: DType) -> Tensor<2> {
        let data = TensorData::new(self.values.clone(), self.shape);
        Tensor::from_data(data, (&Device::flex().autodiff(), dtype))
    }
}

pub(super) fn value(tensor: Tensor<1>) -> f64 {
    tensor.into_data().iter::<f64>().next().unwrap()
}

pub(super) fn assert_near(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "{got}, wanted {want}");
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

pub(super) fn cosine(a: &[f64], b: &[f64]) -> f64 {
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Compares the gradient of a loss with central differences, at every number of every input.
pub(super) fn check_gradient(inputs: &[&Rows], loss: impl Fn(&[Tensor<2>]) -> Tensor<1>) {
    let tensors: Vec<Tensor<2>> = inputs.iter().map(|x| x.tensor().require_grad()).collect();
    let gradients = loss(&tensors).backward();
    for (which, input) in inputs.iter().enumerate() {
        let got: Vec<f64> = match tensors[which].grad(&gradients) {
            Some(gradient) => gradient.into_data().iter::<f64>().collect(),
            None => vec![0.0; input.values.len()],
        };
        for (place, slope) in got.iter().enumerate() {
            let at = |step: f64| {
                let mut moved: Vec<Rows> = inputs.iter().map(|&x| x.clone()).collect();
                moved[which].values[place] += step;
                value(loss(&moved.iter().map(Rows::tensor).collect::<Vec<_>>()))
            };
            let want = (at(1e-5) - at(-1e-5)) / 2e-5;
            assert!(
                (slope - want).abs() <= 1e-7 + 1e-6 * want.abs(),
                "input {which}, number {place}: {slope}, wanted {want}"
            );
        }
    }
}

#[test]
fn a_row_of_zeros_stays_as_it_is() {
    let x = Rows::new(&[&[0.0, 0.0], &[3.0, 4.0]]).tensor();
    let got: Vec<f64> = normalized(x).into_data().iter::<f64>().collect();
    assert_eq!(got, [0.0, 0.0, 0.6, 0.8]);
}
