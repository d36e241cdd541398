//! Parts of tensors: `t[0]`, `t[1..3]`, `t["..., ::2"]`, `t.at([0, 1..3])`.

use super::elementwise::method;
use super::value::{Tape, number};
use crate::script::{FromScript, Function, ScriptError, describe};
use auricle_learn::Device;
use auricle_learn::tensor::{Index, NdTensor, Values, parse_indices};
use rhai::{Array, Dynamic, Engine, EvalAltResult};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

/// What an index of a script is about; a text may be about several axes.
fn indices(value: &Dynamic, device: &Device) -> Result<Vec<Index>, ScriptError> {
    if let Some(place) = i64::from_script(value) {
        return Ok(vec![Index::At(place)]);
    }
    if let Some(range) = value.clone().try_cast::<Range<i64>>() {
        // `5..` goes on to the largest number there is.
        let end = (range.end != i64::MAX).then_some(range.end);
        return Ok(vec![Index::Range {
            start: Some(range.start),
            end,
            step: 1,
        }]);
    }
    if let Some(range) = value.clone().try_cast::<RangeInclusive<i64>>() {
        // The place after the last one is the end.
        let last = *range.end();
        let end = (last != -1 && last != i64::MAX).then(|| last + 1);
        return Ok(vec![Index::Range {
            start: Some(*range.start()),
            end,
            step: 1,
        }]);
    }
    if let Some(tensor) = value.clone().try_cast::<NdTensor>() {
        return Ok(vec![Index::Chosen(tensor)]);
    }
    if value.is_unit() {
        return Ok(vec![Index::ALL]);
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(parse_indices(&text)?);
    }
    if let Ok(list) = value.as_array_ref() {
        return Ok(vec![Index::Chosen(chosen(&list, device)?)]);
    }
    Err(unknown(value))
}

fn unknown(value: &Dynamic) -> ScriptError {
    let message = format!(
        "a tensor is indexed by a whole number, a range, a text such as \"0, 1:3\", a list or a \
            mask, not by {}",
        describe(value)
    );
    ScriptError::new(message).caused_by(value)
}

/// A list of places, or of flags for every place.
fn chosen(list: &Array, device: &Device) -> Result<NdTensor, ScriptError> {
    let flags: Option<Vec<bool>> = list.iter().map(|item| item.as_bool().ok()).collect();
    let values = match flags.filter(|flags| !flags.is_empty()) {
        Some(flags) => Values::Bool(flags),
        None => Values::Int(
            list.iter()
                .map(|item| i64::from_script(item).ok_or_else(|| unknown(item)))
                .collect::<Result<_, _>>()?,
        ),
    };
    Ok(NdTensor::new(values, &[list.len()], device)?)
}

pub(super) fn functions(tape: &Arc<Tape>) -> Vec<Function> {
    vec![
        method("at", tape, |tensor, _, call| {
            let list = call.get::<Array>("indices")?;
            let each = list.iter().map(|item| indices(item, &tensor.device()));
            Ok(tensor.at(&each.collect::<Result<Vec<_>, _>>()?.concat())?)
        })
        .about(
            "Takes a part out: an index for every axis, in order; axes without one are taken \
            whole.",
        )
        .note(
            "an index is a place (from the end if it is negative), a range, () for a whole axis, \
            a list of places, a mask, or a text as NumPy writes it: \"...\", \"::2\", \"newaxis\"",
        )
        .note(
            "`t[0]`, `t[1..3]`, `t[[0, 2]]`, `t[mask]` and `t[\"..., 0\"]` do the same with a \
            single index, and `t[0] = 1` sets numbers",
        )
        .param::<Array>("indices", "the indices")
        .example(
            "let t = arange(6).reshape([2, 3]); assert(t.at([1, 0..2]).to_array() == [3, 4]); \
            assert(t.at([(), -1]).to_array() == [2, 5])",
        ),
        method("slice", tape, |tensor, _, call| {
            let axis = call.get::<i64>("axis")?;
            let range = Index::Range {
                start: call.get("start")?,
                end: call.get("end")?,
                step: call.get("step")?,
            };
            Ok(tensor.along(axis, range)?)
        })
        .about("Takes a range of places along an axis; ends beyond the axis are those of the axis.")
        .param::<Option<i64>>(
            "start",
            "the first place, from the end if it is negative; () for \
            the first there is",
        )
        .param_or::<Option<i64>>(
            "end",
            (),
            "the place after the last one; where the axis ends if \
            not given",
        )
        .param_or::<i64>("axis", 0, "which axis")
        .option::<i64>(
            "step",
            1,
            "from one place to the next, negative to go backwards",
        )
        .example(
            "assert(arange(6).slice(1, 5).to_array() == [1, 2, 3, 4]); \
            assert(arange(4).slice((), (), 0, #{ step: -1 }).to_array() == [3, 2, 1, 0])",
        ),
        method("index", tape, |tensor, tape, call| {
            let places = match call.get::<Array>("places") {
                Ok(list) => chosen(&list, &tensor.device())?,
                Err(_) => tape.tensor(call, "places")?,
            };
            Ok(tensor.along(call.get("axis")?, Index::Chosen(places))?)
        })
        .about("Takes the parts at some places along an axis, in their order.")
        .param::<Dynamic>(
            "places",
            "an array or tensor of whole numbers, from the end if \
            negative, or a mask",
        )
        .param_or::<i64>("axis", 0, "which axis")
        .example(
            "assert(tensor([[1, 2], [3, 4]]).index([1, 0, 1], 1).to_array() == [[2.0, 1.0, \
            2.0], [4.0, 3.0, 4.0]])",
        ),
        method("gather", tape, |tensor, tape, call| {
            Ok(tensor.gather(&tape.tensor(call, "places")?, call.get("axis")?)?)
        })
        .about(
            "Takes one number for each element of a tensor of places: along the axis the place \
            it says, along the others its own.",
        )
        .param::<Dynamic>(
            "places",
            "whole numbers, of this tensor's shape but for the axis",
        )
        .param_or::<i64>("axis", -1, "which axis")
        .example(
            "let labels = tensor([[1], [0]], #{ dtype: \"int64\" }); assert(tensor([[1, 2], \
            [3, 4]]).gather(labels).to_array() == [[2.0], [3.0]])",
        ),
    ]
}

type Checked<T> = Result<T, Box<EvalAltResult>>;

/// Brackets behind a tensor.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_indexer_get(
            |tensor: &mut NdTensor, index: Dynamic| -> Checked<NdTensor> {
                let indices = indices(&index, &tensor.device())?;
                Ok(tensor.at(&indices).map_err(ScriptError::from)?)
            },
        )
        .register_indexer_set(
            |tensor: &mut NdTensor, index: Dynamic, value: Dynamic| -> Checked<()> {
                let device = tensor.device();
                let indices = indices(&index, &device)?;
                let wanted = || {
                    let got = describe(&value);
                    ScriptError::new(format!("a tensor takes numbers or a tensor, not {got}"))
                        .caused_by(&value)
                };
                let numbers = match value.clone().try_cast::<NdTensor>() {
                    Some(numbers) => numbers,
                    None => {
                        let number = number(&value).ok_or_else(wanted)?;
                        NdTensor::new(number, &[], &device).map_err(ScriptError::from)?
                    }
                };
                *tensor = tensor.with(&indices, &numbers).map_err(ScriptError::from)?;
                Ok(())
            },
        );
}
