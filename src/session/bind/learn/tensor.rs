//! Tensors, and losses on them.

use super::super::{Environment, matrix};
use crate::script::{Call, FromScript, Function, Picture, ScriptError, ScriptValue, Topic};
use auricle_learn::{TensorData, loss};
use rhai::{Array, Dynamic};
use std::sync::Arc;

/// A tensor of one or two axes.
#[derive(Clone)]
pub(super) enum Tensor {
    Vector(auricle_learn::Tensor<1>),
    Matrix(auricle_learn::Tensor<2>),
}

impl ScriptValue for Tensor {
    const NAME: &'static str = "tensor";

    fn text(&self) -> String {
        let values = self.values();
        let shown: Vec<String> = values.iter().take(8).map(|v| format!("{v:.4}")).collect();
        let more = if values.len() > 8 { ", …" } else { "" };
        let bounds = matrix::bounds(&values).filter(|_| values.len() > 8);
        let range = bounds
            .map(|(low, high)| format!(", {low:.4} to {high:.4}"))
            .unwrap_or_default();
        format!(
            "tensor {:?}{range} [{}{more}]",
            self.shape(),
            shown.join(", ")
        )
    }

    fn picture(&self) -> Option<Picture> {
        match self.shape().as_slice() {
            [_, columns] => matrix::heat_map(&self.values(), *columns),
            _ => matrix::numbers(&self.values()),
        }
    }
}

impl Tensor {
    fn shape(&self) -> Vec<usize> {
        match self {
            Tensor::Vector(tensor) => tensor.dims().to_vec(),
            Tensor::Matrix(tensor) => tensor.dims().to_vec(),
        }
    }

    fn values(&self) -> Vec<f64> {
        match self {
            Tensor::Vector(tensor) => tensor.clone().into_data().iter::<f64>().collect(),
            Tensor::Matrix(tensor) => tensor.clone().into_data().iter::<f64>().collect(),
        }
    }

    fn matrix(call: &Call<'_>, name: &str) -> Result<auricle_learn::Tensor<2>, ScriptError> {
        match call.value::<Tensor>(name)? {
            Tensor::Matrix(tensor) => Ok(tensor),
            Tensor::Vector(_) => Err(call.wrong(name, "a tensor [batch, dim]")),
        }
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        make(environment),
        shape(),
        item(),
        to_array(),
        align(),
        uniform_loss(),
    ]
}

fn make(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("tensor", Topic::Tensors, move |call| {
        let device = environment.device()?;
        let values = call.get::<Array>("values")?;
        let wanted = "an array of numbers, or of equally long arrays of numbers";
        let row = |value: &Dynamic| {
            Vec::<f64>::from_script(value).ok_or_else(|| call.wrong("values", wanted))
        };
        let narrow = |values: Vec<f64>| values.into_iter().map(|v| v as f32).collect::<Vec<_>>();
        Ok(Dynamic::from(match values.first() {
            Some(first) if first.is_array() => {
                let rows: Vec<Vec<f64>> = values.iter().map(row).collect::<Result<_, _>>()?;
                if rows.iter().any(|other| other.len() != rows[0].len()) {
                    return Err(call.wrong("values", wanted));
                }
                let shape = [rows.len(), rows[0].len()];
                Tensor::Matrix(auricle_learn::Tensor::from_data(
                    TensorData::new(narrow(rows.concat()), shape),
                    &device,
                ))
            }
            _ => {
                let values = narrow(row(&Dynamic::from_array(values))?);
                let shape = [values.len()];
                Tensor::Vector(auricle_learn::Tensor::from_data(
                    TensorData::new(values, shape),
                    &device,
                ))
            }
        }))
    })
    .about("Makes a tensor of one or two axes from numbers, on the session's device.")
    .param::<Array>("values", "the numbers, or an array of rows")
    .returns("tensor")
    .example("assert(tensor([[1.0, 2.0], [3, 4]]).shape == [2, 2])")
}

fn shape() -> Function {
    Function::property::<Tensor, _>("shape", Topic::Tensors, |tensor| {
        Ok(Dynamic::from_array(
            tensor
                .shape()
                .into_iter()
                .map(|n| (n as i64).into())
                .collect(),
        ))
    })
    .about("Lengths of its axes.")
    .example("assert(tensor([1, 2, 3]).shape == [3])")
}

fn item() -> Function {
    Function::new("item", Topic::Tensors, |call| {
        let tensor = call.receiver::<Tensor>()?;
        match tensor.values().as_slice() {
            [value] => Ok(*value),
            values => Err(ScriptError::new(format!(
                "`item` needs a tensor of one number, not of {}",
                values.len()
            ))),
        }
    })
    .on::<Tensor>()
    .about("Gives the number of a tensor that holds one.")
    .returns("number")
    .example("assert(tensor([2.5]).item() == 2.5)")
}

fn to_array() -> Function {
    Function::new("to_array", Topic::Tensors, |call| {
        let tensor = call.receiver::<Tensor>()?;
        let numbers =
            |values: &[f64]| Dynamic::from_array(values.iter().map(|&v| v.into()).collect());
        Ok(match tensor.shape().as_slice() {
            [_, columns] => Dynamic::from_array(
                tensor
                    .values()
                    .chunks((*columns).max(1))
                    .map(numbers)
                    .collect(),
            ),
            _ => numbers(&tensor.values()),
        })
    })
    .on::<Tensor>()
    .about("Gives the numbers as an array, or as an array of rows.")
    .returns("array")
    .example("assert(tensor([[1.0, 2.0]]).to_array() == [[1.0, 2.0]])")
}

fn align() -> Function {
    Function::new("align", Topic::Tensors, |call| {
        let (x, y) = (Tensor::matrix(call, "x")?, Tensor::matrix(call, "y")?);
        Ok(Dynamic::from(Tensor::Vector(loss::align(x, y, call.get("alpha")?)?)))
    })
    .about("Computes how far the views of a clip lie apart: the mean of |x - y|^alpha over normalized rows.")
    .note("source: Wang & Isola, 2020, equation 3")
    .param::<Dynamic>("x", "one view, [batch, dim]")
    .param::<Dynamic>("y", "the other view")
    .option::<f64>("alpha", 2.0, "the exponent, above 0")
    .returns("tensor")
    .example("let x = tensor([[1, 0], [0, 1]]); assert(align(x, x).item() == 0.0)")
}

fn uniform_loss() -> Function {
    Function::new("uniform_loss", Topic::Tensors, |call| {
        Ok(Dynamic::from(Tensor::Vector(loss::uniform(Tensor::matrix(call, "x")?, call.get("t")?)?)))
    })
    .about("Computes how evenly rows cover the sphere: log mean exp(-t |x_i - x_j|^2) over normalized rows.")
    .note("source: Wang & Isola, 2020, equation 5")
    .param::<Dynamic>("x", "the rows, [batch, dim]")
    .option::<f64>("t", 2.0, "sharpness, above 0")
    .returns("tensor")
    .example("assert_near(uniform_loss(tensor([[1, 0], [0, 1]])).item(), -4, 1e-5)")
}
