//! Tensors in other shapes and orders, and joined ones.

use super::elementwise::method;
use super::value::{DTYPES, Tape, dtype, whole_numbers};
use crate::script::{Function, ScriptError, Topic};
use auricle_learn::tensor::NdTensor;
use rhai::{Array, Dynamic};
use std::sync::Arc;

pub(super) fn functions(tape: &Arc<Tape>) -> Vec<Function> {
    vec![
        reshape(tape),
        transpose(tape),
        permute(tape),
        squeeze(tape),
        method("unsqueeze", tape, |tensor, _, call| {
            Ok(tensor.unsqueeze(call.get("axis")?)?)
        })
        .about("Adds an axis of length 1.")
        .param::<i64>("axis", "its place, from the end if it is negative")
        .example("assert(zeros([2, 3]).unsqueeze(1).shape == [2, 1, 3])"),
        method("flatten", tape, |tensor, _, _| Ok(tensor.reshape(&[-1])?))
            .about("Puts all numbers in one axis.")
            .example("assert(zeros([2, 3]).flatten().shape == [6])"),
        method("broadcast_to", tape, |tensor, _, call| {
            let wrong = || call.wrong("shape", "lengths of at least 0");
            let lengths = whole_numbers(call, "shape")?
                .into_iter()
                .map(usize::try_from);
            let shape = lengths
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| wrong())?;
            Ok(tensor.broadcast_to(&shape)?)
        })
        .about("Repeats axes of length 1, and adds axes in front, up to a shape.")
        .param::<Array>("shape", "lengths of the axes")
        .example(
            "assert(tensor([1, 2]).broadcast_to([2, 2]).to_array() == [[1.0, 2.0], [1.0, \
            2.0]])",
        ),
        method("astype", tape, |tensor, _, call| {
            Ok(
                dtype(call, "dtype")?
                    .map_or_else(|| tensor.clone(), |dtype| tensor.to_dtype(dtype)),
            )
        })
        .about(
            "Gives the same numbers as another kind: to whole ones towards 0, to a mask as what \
            differs from 0.",
        )
        .param::<String>("dtype", "\"float32\", \"int64\" or \"bool\"")
        .words("dtype", &DTYPES)
        .example("assert(tensor([1.7, -1.7]).astype(\"int64\").to_array() == [1, -1])"),
        joined("cat", NdTensor::cat, tape)
            .about("Puts tensors one behind the other along an axis.")
            .example("assert(cat([zeros([2, 3]), ones([1, 3])]).shape == [3, 3])"),
        joined("stack", NdTensor::stack, tape)
            .about("Puts tensors of one shape beside each other along a new axis.")
            .example(
                "assert(stack([tensor([1, 2]), tensor([3, 4])], 1).to_array() == [[1.0, 3.0], \
                [2.0, 4.0]])",
            ),
    ]
}

fn reshape(tape: &Arc<Tape>) -> Function {
    method("reshape", tape, |tensor, _, call| {
        Ok(tensor.reshape(&whole_numbers(call, "shape")?)?)
    })
    .about("Gives the numbers in the same order with axes of other lengths.")
    .param::<Array>(
        "shape",
        "the lengths; one of them may be -1, which is what the others leave",
    )
    .example("assert(arange(6).reshape([2, -1]).to_array() == [[0, 1, 2], [3, 4, 5]])")
}

fn transpose(tape: &Arc<Tape>) -> Function {
    method("transpose", tape, |tensor, _, call| {
        let rank = tensor.rank() as i64;
        let mut order: Vec<i64> = (0..rank).collect();
        match (call.get::<Option<i64>>("a")?, call.get::<Option<i64>>("b")?) {
            (Some(a), Some(b)) => {
                let place = |name: &str, axis: i64| {
                    let place = if axis < 0 { axis + rank } else { axis };
                    let wanted = || {
                        call.wrong(
                            name,
                            &format!(
                                "an axis of shape \
                        {:?}",
                                tensor.shape()
                            ),
                        )
                    };
                    usize::try_from(place)
                        .ok()
                        .filter(|&place| place < order.len())
                        .ok_or_else(wanted)
                };
                let (a, b) = (place("a", a)?, place("b", b)?);
                order.swap(a, b);
            }
            (Some(_), None) => return Err(call.wrong("b", "the other axis")),
            (None, _) => order.reverse(),
        }
        Ok(tensor.permute(&order)?)
    })
    .about("Exchanges two axes, or turns the order of all axes around, as NumPy's `T` does.")
    .param_or::<Option<i64>>("a", (), "an axis")
    .param_or::<Option<i64>>("b", (), "another one")
    .example(
        "assert(tensor([[1, 2, 3]]).transpose().to_array() == [[1.0], [2.0], [3.0]]); \
        assert(zeros([2, 3, 4]).transpose(1, 2).shape == [2, 4, 3])",
    )
}

fn permute(tape: &Arc<Tape>) -> Function {
    method("permute", tape, |tensor, _, call| {
        Ok(tensor.permute(&whole_numbers(call, "axes")?)?)
    })
    .about("Gives the axes in another order.")
    .param::<Array>("axes", "for every axis of the result, which one it was")
    .example("assert(zeros([2, 3, 4]).permute([2, 0, 1]).shape == [4, 2, 3])")
}

fn squeeze(tape: &Arc<Tape>) -> Function {
    method("squeeze", tape, |tensor, _, call| {
        let shape = tensor.shape();
        let axis = call.get::<Option<i64>>("axis")?;
        let goes = |place: usize| match axis {
            Some(axis) => place as i64 == axis || place as i64 - shape.len() as i64 == axis,
            None => shape[place] == 1,
        };
        if axis.is_some() && !(0..shape.len()).any(|place| goes(place) && shape[place] == 1) {
            return Err(call.wrong("axis", &format!("an axis of length 1 of shape {shape:?}")));
        }
        let left = (0..shape.len())
            .filter(|&place| !goes(place))
            .map(|place| shape[place] as i64);
        Ok(tensor.reshape(&left.collect::<Vec<_>>())?)
    })
    .about("Takes axes of length 1 away.")
    .param_or::<Option<i64>>("axis", (), "which one; all of them if not given")
    .example(
        "assert(zeros([1, 3, 1]).squeeze().shape == [3]); assert(zeros([1, 3, \
        1]).squeeze(-1).shape == [1, 3])",
    )
}

fn joined(
    name: &'static str,
    function: fn(&[NdTensor], i64) -> Result<NdTensor, auricle_learn::Error>,
    tape: &Arc<Tape>,
) -> Function {
    let tape = tape.clone();
    Function::new(
        name,
        Topic::Tensors,
        move |call| -> Result<Dynamic, ScriptError> {
            let axis = call.get("axis")?;
            Ok(Dynamic::from(function(
                &tape.tensors(call, "tensors")?,
                axis,
            )?))
        },
    )
    .param::<Array>("tensors", "the tensors")
    .param_or::<i64>("axis", 0, "which axis")
    .returns("tensor")
}
