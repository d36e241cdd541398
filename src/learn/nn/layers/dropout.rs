//! Dropout.

use super::edge::Edge;
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::{Each, Flow, Node, Operation};
use super::shape::Shape;
use crate::nn::onnx::Graph;
use auricle_audio::Rng;
use auricle_audio::declare::{DefaultValue, Kind, Parameter};
use burn::tensor::{Tensor, TensorData};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// Numbers become 0 with probability `p`, the others are divided by `1 - p`, while it is trained.
///
/// Srivastava et al., 2014. What is dropped depends on the layer's place and on the numbers that it
/// is given, which no two steps have in common; so the same run drops the same, whatever computes
/// it and wherever it was interrupted, and nothing has to be kept for that.
pub(super) static DROPOUT: Declaration = Declaration {
    name: "dropout",
    about: "Makes a layer that sets numbers to 0 at random while it is trained, and changes \
        nothing elsewhere.",
    citation: "Srivastava et al., 2014",
    parameters: &[Parameter::positional(
        "p",
        Kind::Number {
            low: 0.0,
            high: 0.99,
        },
        DefaultValue::Number(0.5),
        "probability of a number to become 0; the others are divided by 1 - p",
    )],
    facts: (),
    example: "let m = dropout(0.5).build(#{ inputs: 2 }); \
        assert(m.forward(tensor([[1, 2]])).to_array() == [[1.0, 2.0]])",
    build: |settings| {
        Ok(Arc::new(Dropout {
            p: settings.number("p"),
        }))
    },
};

#[derive(Debug)]
struct Dropout {
    p: f64,
}

impl Plan for Dropout {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let layer = Dropping {
            p: self.p,
            path: site.path(),
        };
        Ok(Fitted::new(input.clone(), |_| Node::plain(layer)))
    }
}

#[derive(Debug)]
struct Dropping {
    p: f64,
    path: String,
}

impl Dropping {
    /// The key of the draws for an input.
    fn key(&self, x: &TensorData) -> u64 {
        let mut hash = Xxh3::new();
        hash.update(self.path.as_bytes());
        for value in x.iter::<f32>() {
            hash.update(&value.to_bits().to_le_bytes());
        }
        hash.digest()
    }
}

impl Each for Dropping {
    fn on<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        if self.p == 0.0 {
            return x;
        }
        let key = self.key(&x.clone().detach().into_data());
        let mut rng = Rng::from_words(&[key]);
        let kept = (1.0 / (1.0 - self.p)) as f32;
        let n = x.dims().iter().product::<usize>();
        let mut factor = || if rng.uniform() < self.p { 0.0 } else { kept };
        let factors: Vec<f32> = (0..n).map(|_| factor()).collect();
        let factors = TensorData::new(factors, x.dims());
        x.clone() * Tensor::from_data(factors, &x.device())
    }
}

impl Operation for Dropping {
    fn apply(&self, x: Flow) -> Flow {
        x
    }

    fn to_onnx(&self, _: &mut Graph, x: Edge) -> Edge {
        x
    }

    fn train(&self, x: Flow) -> Flow {
        x.each(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
        x.into_data().iter::<f32>().collect()
    }

    #[test]
    fn what_is_dropped_depends_on_place_and_input_alone_and_keeps_the_mean() {
        let at = |path: &str| Dropping {
            p: 0.25,
            path: path.into(),
        };
        let device = Device::flex().autodiff();
        let x = Tensor::<2>::ones([100, 100], &device);
        let dropped = numbers(at("3").on(x.clone()));
        assert_eq!(dropped, numbers(at("3").on(x.clone())));
        assert_ne!(dropped, numbers(at("4").on(x.clone())));
        assert_ne!(
            dropped,
            numbers(at("3").on(x.clone() * 2.0))
                .iter()
                .map(|v| v / 2.0)
                .collect::<Vec<_>>()
        );
        let share = dropped.iter().filter(|&&v| v == 0.0).count() as f64 / 1e4;
        // Four standard deviations of a share of ten thousand draws.
        assert!((share - 0.25).abs() < 4.0 * 0.00433, "{share}");
        assert!(dropped.iter().all(|&v| v == 0.0 || v == 1.0 / 0.75));
    }
}
