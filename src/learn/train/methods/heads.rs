//! Heads of two layers, and what labelled clips tell of logits.

use super::super::method::{Better, Term};
use crate::Error;
use crate::loss::{CrossEntropy, cross_entropy};
use crate::nn::BatchNorm;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Two linear layers with a ReLU between them, and a batch norm before the ReLU where there is one.
///
/// With it, the projector and the predictor of BYOL (Grill et al., 2020); without it, the projector of MoCo v2 (Chen et al.,
/// 2020).
#[derive(Module, Debug)]
pub(super) struct Mlp {
    fc1: Linear,
    bn1: Option<BatchNorm>,
    fc2: Linear,
}

impl Mlp {
    /// A head from `input` features over `hidden` to `output`.
    pub(super) fn new([input, hidden, output]: [usize; 3], device: &Device) -> Mlp {
        Mlp {
            fc1: LinearConfig::new(input, hidden).init(device),
            bn1: None,
            fc2: LinearConfig::new(hidden, output).init(device),
        }
    }

    /// The same head with a batch norm before the ReLU.
    pub(super) fn normalized(sizes: [usize; 3], device: &Device) -> Mlp {
        Mlp {
            bn1: Some(BatchNorm::new(sizes[1], device)),
            ..Mlp::new(sizes, device)
        }
    }

    /// Where its weights are.
    pub(super) fn device(&self) -> Device {
        self.fc1.weight.val().device()
    }

    /// Maps `[batch, input]` to `[batch, output]`.
    pub(super) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.fc1.forward(x);
        let x = match &self.bn1 {
            Some(bn1) => bn1.forward_relu(x),
            None => relu(x),
        };
        self.fc2.forward(x)
    }
}

/// Cross entropy and accuracy of the logits of each view, over the clips that have a label.
pub(super) fn of_labels(
    logits: &[Tensor<2>],
    labels: &[Option<usize>],
) -> Result<Vec<Term>, Error> {
    let n_labelled = labels.iter().flatten().count();
    let n_views = logits.len() as f64;
    let mut losses = Vec::new();
    let mut hits = Vec::new();
    for logits in logits {
        let logits = logits.clone().inner();
        losses.push(cross_entropy(
            logits.clone(),
            labels,
            &CrossEntropy::default(),
        )?);
        // No class is -1.
        let wanted = labels
            .iter()
            .map(|label| label.map_or(-1, |label| label as i64));
        let wanted = TensorData::new(wanted.collect(), [labels.len(), 1]);
        let wanted = Tensor::<2, Int>::from_data(wanted, &logits.device());
        let hit = logits.argmax(1).equal(wanted).float().sum();
        hits.push(hit.div_scalar(n_labelled.max(1) as f64));
    }
    let mean = |values: Vec<Tensor<1>>| Tensor::cat(values, 0).sum().div_scalar(n_views);
    let term = |name, values, better| Term {
        name,
        value: mean(values),
        weight: n_labelled as f64,
        better,
    };
    Ok(vec![
        term("cross_entropy", losses, Better::Lower),
        term("accuracy", hits, Better::Higher),
    ])
}
