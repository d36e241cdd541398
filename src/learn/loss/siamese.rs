//! Losses of a prediction and a target that gets no gradient: BYOL and SimSiam.

use super::described::{Input, LossDeclaration, LossFacts, computed};
use super::similarity::{check_views, normalized};
use crate::Error;
use burn::tensor::Tensor;

const FACTS: LossFacts = LossFacts {
    views: false,
    inputs: &[
        Input::rows(
            "prediction",
            "what the predictor makes of one view, [batch, dim]",
        ),
        Input::rows("target", "projections of the other view"),
    ],
};
const WHAT: &str = "a prediction and its target";

/// See [`byol`].
pub static BYOL: LossDeclaration = LossDeclaration {
    name: "byol",
    about: "Computes BYOL's loss of one direction, 2 - 2 cos(p, z), where nothing flows into the \
        target; without tensors, describes it.",
    citation: "Grill et al., 2020, equation 2; the method adds the other direction",
    parameters: &[],
    facts: FACTS,
    example: "let x = tensor([[1, 2], [0, 1]]); assert_near(byol(x, x).item(), 0, 1e-5)",
    build: |_| {
        computed(|given| {
            let [prediction, target] = given.two(BYOL.name, WHAT)?;
            byol(prediction, target)
        })
    },
};

/// See [`simsiam`].
pub static SIMSIAM: LossDeclaration = LossDeclaration {
    name: "simsiam",
    about: "Computes SimSiam's loss of one direction, -cos(p, z), where nothing flows into the \
        target; without tensors, describes it.",
    citation: "Chen & He, 2021, equation 1; the method averages both directions",
    parameters: &[],
    facts: FACTS,
    example: "let x = tensor([[1, 2], [0, 1]]); assert_near(simsiam(x, x).item(), -1, 1e-5)",
    build: |_| {
        computed(|given| {
            let [prediction, target] = given.two(SIMSIAM.name, WHAT)?;
            simsiam(prediction, target)
        })
    },
};

/// Computes BYOL's loss of one direction: `2 - 2 cos(p, z)`, averaged over rows, where nothing
/// flows into `z`.
///
/// Grill et al., "Bootstrap Your Own Latent", 2020, eq. 2. The method adds the other direction,
/// with the views changed about (eq. 3).
///
/// # Shapes
/// `prediction`: of the online network, `target`: of the moving average, both `[batch, dim]`;
/// returns `[1]`.
///
/// # Errors
/// [`Error::Shape`] if they differ in shape; [`Error::Range`] if there is no row.
pub fn byol(prediction: Tensor<2>, target: Tensor<2>) -> Result<Tensor<1>, Error> {
    Ok(cosine(prediction, target)?.mul_scalar(-2.0).add_scalar(2.0))
}

/// Computes SimSiam's loss of one direction: `-cos(p, z)`, averaged over rows, where nothing flows
/// into `z`.
///
/// Chen and He, "Exploring Simple Siamese Representation Learning", 2021, eq. 1. The method
/// averages both directions (eq. 2).
///
/// # Shapes
/// `prediction`: of one view, `target`: projection of the other, both `[batch, dim]`; returns
/// `[1]`.
///
/// # Errors
/// As [`byol`].
pub fn simsiam(prediction: Tensor<2>, target: Tensor<2>) -> Result<Tensor<1>, Error> {
    Ok(cosine(prediction, target)?.neg())
}

fn cosine(prediction: Tensor<2>, target: Tensor<2>) -> Result<Tensor<1>, Error> {
    check_views(&prediction, &target)?;
    let product = normalized(prediction) * normalized(target.detach());
    Ok(product.sum_dim(1).mean())
}

#[cfg(test)]
mod tests {
    use super::super::checks::{Rows, assert_near, check_gradient, cosine, value};
    use super::*;

    #[test]
    fn both_are_their_definition_and_nothing_flows_into_the_target() {
        let [p, z] = [Rows::drawn(4, 3, 1), Rows::drawn(4, 3, 2)];
        let similar: f64 = p
            .rows()
            .zip(z.rows())
            .map(|(a, b)| cosine(a, b) / 4.0)
            .sum();
        let still = z.tensor();
        for (loss, want) in [
            (byol as fn(_, _) -> _, 2.0 - 2.0 * similar),
            (simsiam, -similar),
        ] {
            assert_near(value(loss(p.tensor(), z.tensor()).unwrap()), want, 1e-12);
            check_gradient(&[&p], |x| loss(x[0].clone(), still.clone()).unwrap());
            let target = z.tensor().require_grad();
            let gradients = loss(p.tensor().require_grad(), target.clone())
                .unwrap()
                .backward();
            assert!(target.grad(&gradients).is_none());
        }
    }
}
