//! Figures along axes, and products of matrices.

use super::elementwise::method;
use super::value::{Tape, whole_numbers};
use crate::script::{Call, FromScript, Function, ScriptError};
use auricle_learn::tensor::{NdTensor, Reduction};
use rhai::Dynamic;
use std::sync::Arc;

/// The axes that a call names: one, several, or none for all of them.
fn axes(call: &Call<'_>) -> Result<Option<Vec<i64>>, ScriptError> {
    let axis = call.raw("axis");
    if axis.is_unit() {
        return Ok(None);
    }
    match i64::from_script(&axis) {
        Some(axis) => Ok(Some(vec![axis])),
        None => whole_numbers(call, "axis").map(Some),
    }
}

fn reduced(tensor: &NdTensor, what: Reduction, call: &Call<'_>) -> Result<NdTensor, ScriptError> {
    Ok(tensor.reduce(what, axes(call)?.as_deref(), call.get("keepdims")?)?)
}

/// A figure along axes.
fn figure(name: &'static str, what: Reduction, tape: &Arc<Tape>) -> Function {
    along(method(name, tape, move |tensor, _, call| {
        reduced(tensor, what, call)
    }))
}

fn along(function: Function) -> Function {
    function
        .param_or::<Dynamic>(
            "axis",
            (),
            "which axis, or an array of several; all if not given",
        )
        .option::<bool>(
            "keepdims",
            false,
            "whether the axes stay, with a length of 1",
        )
}

pub(super) fn functions(tape: &Arc<Tape>) -> Vec<Function> {
    vec![
        figure("sum", Reduction::Sum, tape)
            .about("Adds numbers along axes; of a mask, counts what is true.")
            .example(
                "let t = tensor([[1, 2], [3, 4]]); assert(t.sum(0).to_array() == [4.0, 6.0]); \
                assert(t.sum().item() == 10)",
            ),
        figure("mean", Reduction::Mean, tape)
            .about("Gives means along axes.")
            .example(
                "assert(tensor([[1, 2], [3, 4]]).mean(1, #{ keepdims: true }).to_array() == \
                [[1.5], [3.5]])",
            ),
        figure("max", Reduction::Max, tape)
            .about("Gives the largest numbers along axes.")
            .note("`maximum(a, b)` compares two tensors element by element")
            .example("assert(tensor([[1, 5], [3, 4]]).max(1).to_array() == [5.0, 4.0])"),
        figure("min", Reduction::Min, tape)
            .about("Gives the smallest numbers along axes.")
            .note("`minimum(a, b)` compares two tensors element by element")
            .example("assert(tensor([[1, 5], [3, 4]]).min(0).to_array() == [1.0, 4.0])"),
        along(method("std", tape, |tensor, _, call| {
            reduced(
                tensor,
                Reduction::Std {
                    ddof: call.get("ddof")?,
                },
                call,
            )
        }))
        .option::<usize>(
            "ddof",
            0,
            "what is taken from their count before dividing: 0 as in \
            NumPy, 1 for a sample",
        )
        .about(
            "Gives standard deviations along axes: of the numbers themselves, as NumPy's are, \
            not of a sample.",
        )
        .example(
            "assert(tensor([1, 3]).std().item() == 1); assert_near(tensor([1, 3]).std((), #{ \
            ddof: 1 }).item(), sqrt(2), 1e-6)",
        ),
        figure("norm", Reduction::Norm, tape)
            .about("Gives Euclidean norms along axes: roots of sums of squares.")
            .example("assert(tensor([[3, 4], [0, 2]]).norm(1).to_array() == [5.0, 2.0])"),
        argmax(tape),
        matmul(tape),
    ]
}

fn argmax(tape: &Arc<Tape>) -> Function {
    method("argmax", tape, |tensor, _, call| {
        Ok(tensor.argmax(call.get("axis")?, call.get("keepdims")?)?)
    })
    .about(
        "Gives where the largest numbers are along an axis, the first place if there are several.",
    )
    .param_or::<Option<i64>>(
        "axis",
        (),
        "which axis; among all numbers in order if not given",
    )
    .option::<bool>(
        "keepdims",
        false,
        "whether the axis stays, with a length of 1",
    )
    .example("assert(tensor([[1, 5], [3, 2]]).argmax(1).to_array() == [1, 0])")
}

fn matmul(tape: &Arc<Tape>) -> Function {
    method("matmul", tape, |tensor, tape, call| {
        Ok(tensor.matmul(&tape.tensor(call, "other")?)?)
    })
    .about("Multiplies the matrices in the last two axes; axes before them broadcast.")
    .note("a tensor of one axis is a row on the left and a column on the right, as in NumPy")
    .param::<Dynamic>(
        "other",
        "the right side: as many rows as the left one has columns",
    )
    .example("assert(matmul(tensor([[1, 2], [3, 4]]), tensor([1, 1])).to_array() == [3.0, 7.0])")
}
