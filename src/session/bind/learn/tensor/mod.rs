//! Tensors in the language.
//!
//! Numbers are single precision (`float32`), whole (`int64`, for labels, indices and counts) or
//! flags (`bool`, for masks). Functions give new tensors; only an assignment to an index changes
//! the one it is made to.

mod convert;
mod elementwise;
mod file;
mod gradient;
mod index;
mod layout;
mod make;
mod operator;
mod reduce;
mod value;

pub(super) use gradient::Gradients;
pub(super) use value::Tape;
pub(super) use value::matrix as rows;

use super::super::Environment;
use crate::script::{Function, register_type};
use auricle_learn::tensor::NdTensor;
use rhai::Engine;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>, tape: &Arc<Tape>) -> Vec<Function> {
    let mut all = make::functions(environment);
    all.extend(value::functions());
    all.extend(convert::functions(environment));
    all.extend(index::functions(tape));
    all.extend(operator::functions(tape));
    all.extend(elementwise::functions(tape));
    all.extend(reduce::functions(tape));
    all.extend(layout::functions(tape));
    all.extend(gradient::functions(tape));
    all.extend(file::functions(environment));
    all
}

pub(super) fn register(engine: &mut Engine) {
    register_type::<NdTensor>(engine);
    register_type::<gradient::Gradients>(engine);
    operator::register(engine);
    index::register(engine);
}
