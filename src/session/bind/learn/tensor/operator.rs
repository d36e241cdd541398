//! Operators between tensors, and between tensors and numbers.

use super::value::Tape;
use crate::script::{Call, Function, ScriptError, Topic};
use auricle_learn::tensor::{Arithmetic, Comparison, Dtype, NdTensor};
use rhai::{Dynamic, Engine};
use std::sync::Arc;

/// What an operator computes from both sides.
type Compute =
    Arc<dyn Fn(&NdTensor, &NdTensor) -> Result<NdTensor, auricle_learn::Error> + Send + Sync>;

/// The operators of one sign: what they are, an example, and how they are computed.
struct Operator {
    sign: &'static str,
    about: &'static str,
    example: &'static str,
    compute: Compute,
}

impl Operator {
    fn arithmetic(
        sign: &'static str,
        operator: Arithmetic,
        about: &'static str,
        example: &'static str,
    ) -> Operator {
        let compute: Compute = Arc::new(move |a, b| a.combine(operator, b));
        Operator {
            sign,
            about,
            example,
            compute,
        }
    }

    fn question(
        sign: &'static str,
        question: Comparison,
        about: &'static str,
        example: &'static str,
    ) -> Operator {
        let compute: Compute = Arc::new(move |a, b| a.compare(question, b));
        Operator {
            sign,
            about,
            example,
            compute,
        }
    }

    /// Between masks: the smaller of two flags is true if both are, the larger one if one of them
    /// is.
    fn logic(
        sign: &'static str,
        operator: Arithmetic,
        about: &'static str,
        example: &'static str,
    ) -> Operator {
        let compute: Compute = Arc::new(move |a, b| {
            let (a, b) = (a.to_dtype(Dtype::Bool), b.to_dtype(Dtype::Bool));
            Ok(a.combine(operator, &b)?.to_dtype(Dtype::Bool))
        });
        Operator {
            sign,
            about,
            example,
            compute,
        }
    }

    fn between<A: Clone + 'static, B: Clone + 'static>(&self, tape: &Arc<Tape>) -> Function {
        let (tape, compute) = (tape.clone(), self.compute.clone());
        Function::operator::<A, B, _>(self.sign, Topic::Tensors, move |call| {
            let (left, right) = sides(&tape, call)?;
            Ok(Dynamic::from(compute(&left, &right)?))
        })
        .about(self.about)
        .note(
            "shapes broadcast as NumPy's do: aligned at their last axis, lengths are equal or \
            one of them is 1",
        )
        .returns("tensor")
        .example(self.example)
    }

    fn functions(&self, tape: &Arc<Tape>) -> Vec<Function> {
        let tensors = self.between::<NdTensor, NdTensor>(tape);
        if matches!(self.sign, "&" | "|") {
            return vec![tensors];
        }
        vec![
            tensors,
            self.between::<NdTensor, f64>(tape),
            self.between::<NdTensor, i64>(tape),
            self.between::<f64, NdTensor>(tape),
            self.between::<i64, NdTensor>(tape),
        ]
    }
}

/// Both sides of an operator, at least one of which is a tensor: a number is made where the other
/// one lives.
fn sides(tape: &Tape, call: &Call<'_>) -> Result<(NdTensor, NdTensor), ScriptError> {
    match call.raw("left").try_cast::<NdTensor>() {
        Some(left) => Ok((
            tape.tensor(call, "left")?,
            tape.operand(call, "right", &left.device())?,
        )),
        None => {
            let right = tape.tensor(call, "right")?;
            Ok((tape.operand(call, "left", &right.device())?, right))
        }
    }
}

pub(super) fn functions(tape: &Arc<Tape>) -> Vec<Function> {
    let operators = [
        Operator::arithmetic(
            "+",
            Arithmetic::Add,
            "Adds, element by element.",
            "assert((tensor([[1], [2]]) + tensor([10, 20])).to_array() == [[11.0, 21.0], [12.0, \
                22.0]])",
        ),
        Operator::arithmetic(
            "-",
            Arithmetic::Subtract,
            "Subtracts, element by element; `-t` changes the sign.",
            "assert((1 - tensor([3, 4])).to_array() == [-2.0, -3.0]); assert((-tensor([1])).item() \
                == -1.0)",
        ),
        Operator::arithmetic(
            "*",
            Arithmetic::Multiply,
            "Multiplies, element by element; `matmul` multiplies matrices.",
            "assert((2 * tensor([3, 4])).to_array() == [6.0, 8.0])",
        ),
        Operator::arithmetic(
            "/",
            Arithmetic::Divide,
            "Divides, element by element, also whole numbers into fractions.",
            "assert((arange(3) / 2).to_array() == [0.0, 0.5, 1.0])",
        ),
        Operator::arithmetic(
            "**",
            Arithmetic::Power,
            "Raises to a power, element by element.",
            "assert((tensor([2, 3]) ** 2).to_array() == [4.0, 9.0])",
        ),
        Operator::question(
            "<",
            Comparison::Less,
            "Whether numbers are smaller, element by element: a mask.",
            "assert((tensor([1, 2, 3]) < 2).to_array() == [true, false, false])",
        ),
        Operator::question(
            "<=",
            Comparison::LessEqual,
            "Whether numbers are not larger, element by element: a mask.",
            "assert((tensor([1, 2, 3]) <= 2).to_array() == [true, true, false])",
        ),
        Operator::question(
            ">",
            Comparison::Greater,
            "Whether numbers are larger, element by element: a mask.",
            "assert((tensor([1, 2, 3]) > 2).to_array() == [false, false, true])",
        ),
        Operator::question(
            ">=",
            Comparison::GreaterEqual,
            "Whether numbers are not smaller, element by element: a mask.",
            "assert((tensor([1, 2, 3]) >= 2).sum().item() == 2)",
        ),
        Operator::logic(
            "&",
            Arithmetic::Minimum,
            "Whether both masks are true, element by element.",
            "let t = arange(4); assert(((t > 0) & (t < 3)).to_array() == [false, true, true, \
                false])",
        ),
        Operator::logic(
            "|",
            Arithmetic::Maximum,
            "Whether one of two masks is true, element by element; `!mask` turns one around.",
            "let t = arange(4); assert(((t < 1) | !(t < 3)).to_array() == [true, false, false, \
                true])",
        ),
    ];
    operators
        .iter()
        .flat_map(|operator| operator.functions(tape))
        .collect()
}

/// The signs that stand before one tensor.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_fn("-", |tensor: &mut NdTensor| tensor.negate())
        .register_fn("!", |tensor: &mut NdTensor| tensor.not());
}
