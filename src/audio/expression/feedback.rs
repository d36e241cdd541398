//! What depends on the output just before, place by place.

use super::function::Function;
use super::tree::Id;

/// Where the operand of an instruction is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Operand {
    /// A number that holds for the row.
    Row(usize),
    /// A register, which holds one number a place.
    Register(usize),
    /// The output so many places ago.
    Past(usize),
    /// What another instruction gave at this place.
    Place(usize),
}

/// Instructions that are run one after the other at every place; the last one gives the output.
pub(super) struct Feedback {
    pub(super) steps: Vec<PlaceStep>,
    /// Where the output is if there are no instructions.
    pub(super) root: Operand,
    /// How many numbers the instructions give at a place.
    pub(super) n_places: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct PlaceStep {
    pub(super) operation: Operation,
    pub(super) operands: [Operand; 3],
    /// The place among what instructions give.
    pub(super) out: usize,
}

/// What an instruction does. A product whose only reader adds it is taken together with the sum; both are rounded.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Operation {
    Call(Function),
    /// `a * b + c`.
    MulAdd,
    /// `a * b - c`.
    MulSub,
    /// `c - a * b`.
    SubMul,
}

impl Feedback {
    /// From calls in their order: node, function, operands and how many of these there are.
    pub(super) fn new(calls: Vec<(Id, Function, [Operand; 3], usize)>, root: Operand) -> Feedback {
        let readers = |place: Id| {
            let operands = calls.iter().flat_map(|(_, _, operands, n)| &operands[..*n]);
            operands
                .filter(|operand| **operand == Operand::Place(place))
                .count()
        };
        let product = |operand: Operand| {
            let Operand::Place(place) = operand else {
                return None;
            };
            let found = calls.iter().find(|(id, ..)| *id == place)?;
            (found.1 == Function::Mul && readers(place) == 1).then_some((place, found.2))
        };
        let mut steps = Vec::new();
        let mut joined = Vec::new();
        for &(id, function, operands, _) in &calls {
            let [a, b, _] = operands;
            let (operation, operands, gone) = match (function, product(a), product(b)) {
                (Function::Add, Some((gone, [p, q, _])), _) => {
                    (Operation::MulAdd, [p, q, b], Some(gone))
                }
                (Function::Add, None, Some((gone, [p, q, _]))) => {
                    (Operation::MulAdd, [p, q, a], Some(gone))
                }
                (Function::Sub, Some((gone, [p, q, _])), _) => {
                    (Operation::MulSub, [p, q, b], Some(gone))
                }
                (Function::Sub, None, Some((gone, [p, q, _]))) => {
                    (Operation::SubMul, [p, q, a], Some(gone))
                }
                _ => (Operation::Call(function), operands, None),
            };
            joined.extend(gone);
            steps.push(PlaceStep {
                operation,
                operands,
                out: id,
            });
        }
        steps.retain(|step| !joined.contains(&step.out));
        let numbers: Vec<Id> = steps.iter().map(|step| step.out).collect();
        let renumbered = |operand: Operand| match operand {
            Operand::Place(id) => {
                let at = numbers.iter().position(|known| *known == id);
                Operand::Place(at.expect("what is read is computed"))
            }
            other => other,
        };
        for (at, step) in steps.iter_mut().enumerate() {
            step.operands = step.operands.map(renumbered);
            step.out = at;
        }
        Feedback {
            n_places: steps.len(),
            root: renumbered(root),
            steps,
        }
    }
}
