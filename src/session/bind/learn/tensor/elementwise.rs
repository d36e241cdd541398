//! Functions of every number of a tensor.

use super::value::Tape;
use crate::script::{Call, Function, ScriptError, Topic};
use auricle_learn::tensor::{Arithmetic, Comparison, NdTensor};
use rhai::Dynamic;
use std::sync::Arc;

/// Name, computation, text and example.
type Row = (
    &'static str,
    fn(&NdTensor) -> NdTensor,
    &'static str,
    &'static str,
);

const CURVES: [Row; 9] = [
    (
        "exp",
        NdTensor::exp,
        "Gives the exponentials.",
        "assert_near(tensor([0, 1]).exp()[1].item(), E(), 1e-6)",
    ),
    (
        "log",
        NdTensor::log,
        "Gives the natural logarithms, as NumPy's `log` does; that of a number has base 10 here.",
        "assert_near(tensor([E()]).log().item(), 1, 1e-6)",
    ),
    (
        "sqrt",
        NdTensor::sqrt,
        "Gives the square roots.",
        "assert(tensor([4, 9]).sqrt().to_array() == [2.0, 3.0])",
    ),
    (
        "sin",
        NdTensor::sin,
        "Gives the sines of angles in radians.",
        "assert_near(tensor([PI() / 2]).sin().item(), 1, 1e-6)",
    ),
    (
        "cos",
        NdTensor::cos,
        "Gives the cosines of angles in radians.",
        "assert(tensor([0]).cos().item() == 1)",
    ),
    (
        "tanh",
        NdTensor::tanh,
        "Gives the hyperbolic tangents.",
        "assert_near(tensor([1]).tanh().item(), tanh(1), 1e-6)",
    ),
    (
        "relu",
        NdTensor::relu,
        "Gives the numbers above 0, and 0 for the others.",
        "assert(tensor([-1, 2]).relu().to_array() == [0.0, 2.0])",
    ),
    (
        "sigmoid",
        NdTensor::sigmoid,
        "Gives 1 / (1 + exp(-x)).",
        "assert(tensor([0]).sigmoid().item() == 0.5)",
    ),
    (
        "abs",
        NdTensor::abs,
        "Gives the magnitudes.",
        "assert(tensor([-1.5, 2]).abs().to_array() == [1.5, 2.0])",
    ),
];

/// A method of a tensor that gives another one.
pub(super) fn method<F>(name: &'static str, tape: &Arc<Tape>, body: F) -> Function
where
    F: Fn(&NdTensor, &Tape, &Call<'_>) -> Result<NdTensor, ScriptError> + Send + Sync + 'static,
{
    let tape = tape.clone();
    Function::new(name, Topic::Tensors, move |call| {
        Ok(Dynamic::from(body(&tape.receiver(call)?, &tape, call)?))
    })
    .on::<NdTensor>()
    .returns("tensor")
}

pub(super) fn functions(tape: &Arc<Tape>) -> Vec<Function> {
    let mut all: Vec<Function> = CURVES
        .iter()
        .map(|(name, function, about, example)| {
            method(name, tape, move |tensor, _, _| Ok(function(tensor)))
                .about(*about)
                .example(*example)
        })
        .collect();
    all.extend([
        of_two("maximum", Arithmetic::Maximum, "larger", "[2.0, 3.0]", tape),
        of_two(
            "minimum",
            Arithmetic::Minimum,
            "smaller",
            "[1.0, 2.0]",
            tape,
        ),
        equal(tape),
        clamp(tape),
        choose(tape),
    ]);
    all.extend([
        shares("softmax", NdTensor::softmax, tape)
            .about("Gives the shares exp(x) / sum(exp(x)) along an axis, without overflow.")
            .example("assert(tensor([[1000, 1000]]).softmax().to_array() == [[0.5, 0.5]])"),
        shares("log_softmax", NdTensor::log_softmax, tape)
            .about(
                "Gives the natural logarithms of the shares along an axis, without the loss of \
                small ones.",
            )
            .example("assert_near(tensor([0, -200]).log_softmax()[1].item(), -200, 1e-4)"),
        shares("normalize", NdTensor::normalize, tape)
            .about(
                "Divides by the Euclidean norm along an axis, which is taken for at least \
                1e-12.",
            )
            .example(
                "let n = tensor([[3, 4]]).normalize(); assert_near(n[0][1].item(), 0.8, \
                1e-6)",
            ),
    ]);
    all
}

fn of_two(
    name: &'static str,
    operator: Arithmetic,
    word: &str,
    result: &str,
    tape: &Arc<Tape>,
) -> Function {
    method(name, tape, move |tensor, tape, call| {
        Ok(tensor.combine(operator, &tape.operand(call, "other", &tensor.device())?)?)
    })
    .about(format!(
        "Gives the {word} number of two, element by element."
    ))
    .param::<Dynamic>(
        "other",
        "a tensor whose shape broadcasts with this one's, or a number",
    )
    .example(format!(
        "assert(tensor([1, 3]).{name}(2).to_array() == {result})"
    ))
}

fn equal(tape: &Arc<Tape>) -> Function {
    method("equal", tape, |tensor, tape, call| {
        let other = tape.operand(call, "other", &tensor.device())?;
        Ok(tensor.compare(Comparison::Equal, &other)?)
    })
    .about("Whether numbers are the same, element by element: a mask.")
    .note("`a == b` asks whether two tensors are the same as a whole, and gives one flag")
    .param::<Dynamic>(
        "other",
        "a tensor whose shape broadcasts with this one's, or a number",
    )
    .example(
        "let t = tensor([1, 2]); assert(t.equal(2).to_array() == [false, true]); assert(t == \
        tensor([1, 2]))",
    )
}

fn clamp(tape: &Arc<Tape>) -> Function {
    method("clamp", tape, |tensor, _, call| {
        let (low, high) = (
            call.get::<Option<f64>>("low")?,
            call.get::<Option<f64>>("high")?,
        );
        if low.zip(high).is_some_and(|(low, high)| low > high) {
            return Err(call.wrong("high", "at least `low`"));
        }
        Ok(tensor.clamp(low, high))
    })
    .about("Limits every number to a range.")
    .param::<Option<f64>>("low", "the smallest number, or () for no limit")
    .param_or::<Option<f64>>("high", (), "the largest number; no limit if not given")
    .example("assert(tensor([-2, 0.5, 3]).clamp(0, 1).to_array() == [0.0, 0.5, 1.0])")
}

fn choose(tape: &Arc<Tape>) -> Function {
    method("where", tape, |mask, tape, call| {
        let yes = tape.operand(call, "yes", &mask.device())?;
        let no = tape.operand(call, "no", &mask.device())?;
        Ok(mask.choose(&yes, &no)?)
    })
    .about("Takes numbers from one tensor where a mask is true, and from another one elsewhere.")
    .param::<Dynamic>("yes", "a tensor or a number, for where the mask is true")
    .param::<Dynamic>(
        "no",
        "a tensor or a number, for the rest; all three broadcast",
    )
    .example("let t = tensor([-1, 2]); assert(where(t > 0, t, 0).to_array() == [0.0, 2.0])")
}

fn shares(
    name: &'static str,
    function: fn(&NdTensor, i64) -> Result<NdTensor, auricle_learn::Error>,
    tape: &Arc<Tape>,
) -> Function {
    method(name, tape, move |tensor, _, call| {
        Ok(function(tensor, call.get("axis")?)?)
    })
    .param_or::<i64>("axis", -1, "which axis; the last one if not given")
}
