//! A learning rate that stays.

use super::super::schedule::{Curve, ScheduleDeclaration};
use std::sync::Arc;

/// Always the same.
pub(super) static CONSTANT: ScheduleDeclaration = ScheduleDeclaration {
    name: "constant",
    about: "Describes a learning rate that stays the same.",
    citation: "",
    parameters: &[],
    facts: (),
    example: "assert(constant() != warmup_cosine()); print(constant())",
    build: |_| Ok(Arc::new(Constant)),
};

struct Constant;

impl Curve for Constant {
    fn factor(&self, _: usize, _: usize, _: usize) -> f64 {
        1.0
    }
}
