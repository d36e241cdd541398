//! The linear layer that supervised training puts behind the encoder, as it was learned.

use super::part::Tensors;
use crate::batch::Scaling;
use crate::eval::Matrix;

/// Where a learner has it.
pub(super) const HEAD: &str = "head.";
/// Stands before its names among the weights of the chosen epoch, where an encoder may have a part of the same name.
const BESIDE: &str = "beside/";

/// A linear layer from embeddings to logits.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearHead {
    /// `[classes, dim]`.
    weight: Matrix,
    /// `[classes]`.
    bias: Vec<f64>,
}

impl LinearHead {
    /// The layer among the weights of a learner; nothing where it has none, or has more than one layer there.
    pub(super) fn of(tensors: &Tensors) -> Option<LinearHead> {
        LinearHead::named(HEAD, tensors)
    }

    /// The layer among those of a chosen epoch.
    pub(super) fn of_best(tensors: &Tensors) -> Option<LinearHead> {
        LinearHead::named(&format!("{BESIDE}{HEAD}"), tensors)
    }

    fn named(before: &str, tensors: &Tensors) -> Option<LinearHead> {
        let weight = tensors.get(&format!("{before}weight"))?;
        let bias = tensors.get(&format!("{before}bias"))?;
        let numbers = |values: &[f32]| values.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
        let [classes, dim] = weight.shape[..] else {
            return None;
        };
        (bias.values.len() == classes).then(|| LinearHead {
            weight: Matrix {
                columns: dim,
                values: numbers(&weight.values),
            },
            bias: numbers(&bias.values),
        })
    }

    /// The layer that gives a number where this one gives how many deviations it is from the mean.
    pub(super) fn in_units_of(mut self, scaling: Scaling) -> LinearHead {
        let all = self.weight.values.iter_mut().chain(&mut self.bias);
        all.for_each(|value| *value *= scaling.deviation);
        self.bias.iter_mut().for_each(|bias| *bias += scaling.mean);
        self
    }

    /// The logits of embeddings, or the numbers.
    ///
    /// # Shapes
    /// `rows` `[clips, dim]`; gives `[clips, classes]`, or `[clips, 1]`.
    pub fn logits(&self, rows: &Matrix) -> Matrix {
        let row = |index: usize| {
            (0..self.bias.len()).map(move |class| {
                let products = self.weight.row(class).iter().zip(rows.row(index));
                self.bias[class] + products.map(|(w, x)| w * x).sum::<f64>()
            })
        };
        Matrix {
            columns: self.bias.len(),
            values: (0..rows.rows()).flat_map(row).collect(),
        }
    }
}

/// The weights of heads as they are kept beside an encoder's.
pub(super) fn beside(tensors: Tensors) -> impl Iterator<Item = (String, crate::nn::NamedTensor)> {
    let heads = tensors.into_iter();
    let heads = heads.filter(|(name, _)| name.starts_with(HEAD));
    heads.map(|(name, tensor)| (format!("{BESIDE}{name}"), tensor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::NamedTensor;

    #[test]
    fn logits_are_those_of_the_layer_of_the_epoch() {
        let tensor = |shape: &[usize], values: &[f32]| NamedTensor {
            shape: shape.to_vec(),
            values: values.to_vec(),
        };
        let tensors = Tensors::from([
            (
                "head.weight".to_owned(),
                tensor(&[2, 3], &[1.0, 0.0, 2.0, 0.0, 1.0, 0.0]),
            ),
            ("head.bias".to_owned(), tensor(&[2], &[0.5, -1.0])),
            ("encoder.conv.weight".to_owned(), tensor(&[1], &[1.0])),
        ]);
        let rows = Matrix::of_rows(vec![vec![1.0, 2.0, 3.0], vec![0.0; 3]]);
        let logits = LinearHead::of(&tensors).unwrap().logits(&rows);
        assert_eq!(
            (logits.columns, logits.values),
            (2, vec![7.5, 1.0, 0.5, -1.0])
        );
        let best: Tensors = beside(tensors.clone()).collect();
        assert_eq!(best.len(), 2);
        assert_eq!(LinearHead::of_best(&best), LinearHead::of(&tensors));
        assert_eq!(LinearHead::of(&best), None);
    }
}
