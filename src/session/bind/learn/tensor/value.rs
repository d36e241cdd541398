//! What a tensor shows of itself, and how functions read one from a call.

use super::super::super::matrix;
use crate::script::{
    Call, FromScript, Function, Picture, ScriptError, ScriptValue, Topic, describe,
};
use auricle_learn::tensor::{Dtype, NdTensor, Values};
use auricle_learn::{Device, Gradients};
use rhai::Dynamic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Numbers from which what is done with a tensor may take a person's time.
const LONG: usize = 1 << 18;

impl ScriptValue for NdTensor {
    const NAME: &'static str = "tensor";

    fn text(&self) -> String {
        self.to_string()
    }

    fn picture(&self) -> Option<Picture> {
        match self.shape().as_slice() {
            [_, columns] => matrix::heat_map(&self.to_f64(), *columns),
            [_] => matrix::numbers(&self.to_f64()),
            _ => None,
        }
    }

    fn is_long(&self) -> bool {
        self.len() >= LONG
    }

    fn same(&self, other: &NdTensor) -> Option<bool> {
        Some(NdTensor::same(self, other))
    }
}

/// What the tensor functions of a session share: the gradients of the last `backward`, and how many
/// `no_grad` run.
#[derive(Default)]
pub(in crate::bind::learn) struct Tape {
    pub(super) last: Mutex<Option<Arc<Mutex<Gradients>>>>,
    pub(super) paused: AtomicUsize,
}

impl Tape {
    /// Whether a `no_grad` runs.
    pub(in crate::bind::learn) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed) > 0
    }

    /// An argument that is a tensor, cut from what made it inside `no_grad`.
    pub(in crate::bind::learn) fn tensor(
        &self,
        call: &Call<'_>,
        name: &str,
    ) -> Result<NdTensor, ScriptError> {
        call.value::<NdTensor>(name).map(|tensor| self.seen(tensor))
    }

    /// The tensor a method was called on.
    pub(super) fn receiver(&self, call: &Call<'_>) -> Result<NdTensor, ScriptError> {
        call.receiver::<NdTensor>().map(|tensor| self.seen(tensor))
    }

    /// An argument that is a tensor, a number or a flag; these are made where another tensor lives.
    pub(super) fn operand(
        &self,
        call: &Call<'_>,
        name: &str,
        device: &Device,
    ) -> Result<NdTensor, ScriptError> {
        let value = call.raw(name);
        if let Some(tensor) = value.clone().try_cast::<NdTensor>() {
            return Ok(self.seen(tensor));
        }
        let number = number(&value).ok_or_else(|| call.wrong(name, "a tensor or a number"))?;
        Ok(NdTensor::new(number, &[], device)?)
    }

    /// An argument that is an array of tensors.
    pub(super) fn tensors(
        &self,
        call: &Call<'_>,
        name: &str,
    ) -> Result<Vec<NdTensor>, ScriptError> {
        let wrong = |item: &Dynamic| {
            let message = format!(
                "`{name}` must be an array of tensors, not with {}",
                describe(item)
            );
            ScriptError::new(message)
        };
        let one = |item: Dynamic| {
            item.clone()
                .try_cast::<NdTensor>()
                .ok_or_else(|| wrong(&item))
        };
        let tensors = call.get::<rhai::Array>(name)?.into_iter().map(one);
        tensors
            .map(|tensor| tensor.map(|tensor| self.seen(tensor)))
            .collect()
    }

    fn seen(&self, tensor: NdTensor) -> NdTensor {
        if self.is_paused() {
            tensor.detach()
        } else {
            tensor
        }
    }
}

/// A number or a flag of a script as the one value of a tensor.
pub(super) fn number(value: &Dynamic) -> Option<Values> {
    if let Ok(whole) = value.as_int() {
        return Some(Values::Int(vec![whole]));
    }
    if let Ok(flag) = value.as_bool() {
        return Some(Values::Bool(vec![flag]));
    }
    value
        .as_float()
        .ok()
        .map(|number| Values::Float(vec![number as f32]))
}

/// A number of a tensor as a script has it.
pub(super) fn numbers(values: Values) -> Vec<Dynamic> {
    match values {
        Values::Float(values) => values.into_iter().map(|x| f64::from(x).into()).collect(),
        Values::Int(values) => values.into_iter().map(Dynamic::from).collect(),
        Values::Bool(values) => values.into_iter().map(Dynamic::from).collect(),
    }
}

/// A tensor `[batch, dim]` from a call, for losses.
pub(in crate::bind::learn) fn matrix(
    call: &Call<'_>,
    name: &str,
) -> Result<auricle_learn::Tensor<2>, ScriptError> {
    let tensor = call.value::<NdTensor>(name)?;
    if tensor.rank() != 2 {
        let message = format!(
            "`{name}` must be a tensor [batch, dim], not one of shape {:?}",
            tensor.shape()
        );
        return Err(ScriptError::new(message));
    }
    Ok(tensor.to_burn::<2>("the tensor")?)
}

/// An argument that is an array of whole numbers.
pub(super) fn whole_numbers(call: &Call<'_>, name: &str) -> Result<Vec<i64>, ScriptError> {
    let wanted = || call.wrong(name, "an array of whole numbers");
    let array = call.get::<rhai::Array>(name)?;
    array
        .iter()
        .map(|item| i64::from_script(item).ok_or_else(wanted))
        .collect()
}

/// An argument that is a kind of number, by its name.
pub(super) fn dtype(call: &Call<'_>, name: &str) -> Result<Option<Dtype>, ScriptError> {
    let Some(word) = call.get::<Option<String>>(name)? else {
        return Ok(None);
    };
    let known = [Dtype::Float, Dtype::Int, Dtype::Bool];
    let found = known.into_iter().find(|dtype| dtype.name() == word);
    found
        .map(Some)
        .ok_or_else(|| call.wrong(name, "\"float32\", \"int64\" or \"bool\""))
}

/// The names of the kinds of numbers, for whoever types one.
pub(super) const DTYPES: [&str; 3] = ["float32", "int64", "bool"];

/// Lengths of axes as an array.
fn lengths(shape: &[usize]) -> Dynamic {
    Dynamic::from_array(shape.iter().map(|&n| (n as i64).into()).collect())
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::property::<NdTensor, _>("shape", Topic::Tensors, |t| Ok(lengths(&t.shape())))
            .about("Lengths of its axes.")
            .example("assert(tensor([1, 2, 3]).shape == [3])"),
        Function::property::<NdTensor, _>("rank", Topic::Tensors, |t| Ok(t.rank() as i64))
            .about("Number of axes.")
            .example("assert(zeros([2, 3, 4]).rank == 3)"),
        Function::property::<NdTensor, _>("dtype", Topic::Tensors, |t| Ok(t.dtype().name()))
            .about("Kind of its numbers: \"float32\", \"int64\" or \"bool\".")
            .example("assert((tensor([1.5]) > 1).dtype == \"bool\")"),
        Function::property::<NdTensor, _>("device", Topic::Tensors, |t| {
            Ok(format!("{:?}", t.device()))
        })
        .about("Where it lives.")
        .example("assert(zeros([2]).device == device())"),
        Function::property::<NdTensor, _>("requires_grad", Topic::Tensors, |t| Ok(t.is_tracked()))
            .about("Whether gradients pass through it.")
            .example(
                "assert(zeros([2]).require_grad().requires_grad && !zeros([2]).requires_grad)",
            ),
        Function::new("len", Topic::Tensors, |call| {
            let shape = call.receiver::<NdTensor>()?.shape();
            let first = shape
                .first()
                .ok_or_else(|| ScriptError::new("a tensor without axes has no length"))?;
            Ok(*first as i64)
        })
        .on::<NdTensor>()
        .about("Gives the length of the first axis.")
        .returns("number")
        .example("assert(zeros([3, 2]).len() == 3)"),
        Function::new("item", Topic::Tensors, |call| {
            let tensor = call.receiver::<NdTensor>()?;
            let one = (tensor.len() == 1)
                .then(|| numbers(tensor.values()).pop())
                .flatten();
            one.ok_or_else(|| {
                let shape = tensor.shape();
                ScriptError::new(format!(
                    "`item` needs a tensor of one number, not one of shape {shape:?}"
                ))
            })
        })
        .on::<NdTensor>()
        .about("Gives the number of a tensor that holds one.")
        .returns("number")
        .example("assert(tensor([2.5]).item() == 2.5)"),
    ]
}
