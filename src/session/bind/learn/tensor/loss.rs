//! Losses on tensors.

use super::value::matrix;
use crate::script::{Function, Topic};
use auricle_learn::loss;
use auricle_learn::tensor::NdTensor;
use rhai::Dynamic;

pub(super) fn functions() -> Vec<Function> {
    vec![align(), uniform_loss()]
}

/// What a loss gives, for the script.
fn given(loss: auricle_learn::Tensor<1>) -> Dynamic {
    Dynamic::from(NdTensor::from_burn(loss))
}

fn align() -> Function {
    Function::new("align", Topic::Tensors, |call| {
        let (x, y) = (matrix(call, "x")?, matrix(call, "y")?);
        Ok(given(loss::align(x, y, call.get("alpha")?)?))
    })
    .about(
        "Computes how far the views of a clip lie apart: the mean of |x - y|^alpha over \
        normalized rows.",
    )
    .note("source: Wang & Isola, 2020, equation 3")
    .param::<Dynamic>("x", "one view, [batch, dim]")
    .param::<Dynamic>("y", "the other view")
    .option::<f64>("alpha", 2.0, "the exponent, above 0")
    .returns("tensor")
    .example("let x = tensor([[1, 0], [0, 1]]); assert(align(x, x).item() == 0.0)")
}

fn uniform_loss() -> Function {
    Function::new("uniform_loss", Topic::Tensors, |call| {
        Ok(given(loss::uniform(matrix(call, "x")?, call.get("t")?)?))
    })
    .about(
        "Computes how evenly rows cover the sphere: log mean exp(-t |x_i - x_j|^2) over \
        normalized rows.",
    )
    .note("source: Wang & Isola, 2020, equation 5")
    .param::<Dynamic>("x", "the rows, [batch, dim]")
    .option::<f64>("t", 2.0, "sharpness, above 0")
    .returns("tensor")
    .example("assert_near(uniform_loss(tensor([[1, 0], [0, 1]])).item(), -4, 1e-5)")
}
