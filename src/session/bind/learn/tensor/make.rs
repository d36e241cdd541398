//! Tensors from numbers.

use super::super::super::Environment;
use super::value::{DTYPES, dtype, whole_numbers};
use crate::script::{Call, FromScript, Function, ScriptError, Topic, describe, room_for};
use auricle_audio::{Key, Place};
use auricle_learn::tensor::{Dtype, NdTensor, Values};
use rhai::{Array, Dynamic};
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        tensor(environment),
        filled("zeros", 0.0, environment),
        filled("ones", 1.0, environment),
        full(environment),
        randn(environment),
        arange(environment),
        eye(environment),
    ]
}

/// Numbers from nested arrays: their shape, and all of them in order.
#[derive(Default)]
struct Nested {
    shape: Vec<usize>,
    numbers: Vec<f64>,
    whole: Vec<i64>,
    flags: usize,
}

impl Nested {
    fn read(value: &Dynamic) -> Result<Nested, ScriptError> {
        let mut nested = Nested::default();
        let mut first = value.clone();
        while let Some(array) = first.clone().try_cast::<Array>() {
            nested.shape.push(array.len());
            match array.into_iter().next() {
                Some(inner) => first = inner,
                None => break,
            }
        }
        nested.collect(value, 0)?;
        Ok(nested)
    }

    fn collect(&mut self, value: &Dynamic, depth: usize) -> Result<(), ScriptError> {
        let wanted = |got: String| {
            let message =
                format!("`values` must be numbers, or equally long arrays of them, {got}");
            Err(ScriptError::new(message))
        };
        if let Ok(array) = value.as_array_ref() {
            return match self.shape.get(depth) {
                Some(&length) if length == array.len() => array
                    .iter()
                    .try_for_each(|item| self.collect(item, depth + 1)),
                Some(length) => wanted(format!("not of {length} and {}", array.len())),
                None => wanted(format!("not {} beside a number", describe(value))),
            };
        }
        if depth < self.shape.len() {
            return wanted(format!("not {} beside an array", describe(value)));
        }
        if let Ok(flag) = value.as_bool() {
            self.flags += 1;
            self.whole.push(i64::from(flag));
            self.numbers.push(f64::from(flag));
            return Ok(());
        }
        match f64::from_script(value) {
            Some(number) => {
                self.whole.push(value.as_int().unwrap_or(number as i64));
                self.numbers.push(number);
                Ok(())
            }
            None => wanted(format!("not {}", describe(value))),
        }
    }

    /// The numbers as a kind: flags alone are a mask, everything else is floating-point unless
    /// something else is asked for.
    fn values(self, dtype: Option<Dtype>) -> Result<Values, ScriptError> {
        let all_flags = self.flags > 0 && self.flags == self.numbers.len();
        let otherwise = if all_flags { Dtype::Bool } else { Dtype::Float };
        Ok(match dtype.unwrap_or(otherwise) {
            Dtype::Float => Values::Float(self.numbers.into_iter().map(|x| x as f32).collect()),
            Dtype::Bool => Values::Bool(self.numbers.into_iter().map(|x| x != 0.0).collect()),
            Dtype::Int => {
                if let Some(number) = self.numbers.iter().find(|number| number.fract() != 0.0) {
                    return Err(ScriptError::new(format!("{number} is no whole number")));
                }
                Values::Int(self.whole)
            }
        })
    }
}

fn tensor(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("tensor", Topic::Tensors, move |call| {
        let nested = Nested::read(&call.raw("values"))?;
        let shape = nested.shape.clone();
        let values = nested.values(dtype(call, "dtype")?)?;
        Ok(Dynamic::from(NdTensor::new(
            values,
            &shape,
            &environment.device()?,
        )?))
    })
    .about("Makes a tensor from numbers, on the session's device.")
    .note(
        "numbers become single precision, flags a mask; labels and indices are `#{ dtype: \
        \"int64\" }`",
    )
    .param::<Dynamic>(
        "values",
        "a number, an array of numbers, or arrays within each other",
    )
    .option::<Option<String>>("dtype", (), "\"float32\", \"int64\" or \"bool\"")
    .words("dtype", &DTYPES)
    .returns("tensor")
    .example("assert(tensor([[1.0, 2.0], [3, 4]]).shape == [2, 2])")
}

/// The shape that a call asks for, a number for a single axis; it must fit into memory.
fn shape(call: &Call<'_>) -> Result<Vec<usize>, ScriptError> {
    let given = call.raw("shape");
    let lengths = match i64::from_script(&given) {
        Some(length) => vec![length],
        None => whole_numbers(call, "shape")?,
    };
    let wanted = || call.wrong("shape", "lengths of at least 0");
    let lengths: Vec<usize> = lengths
        .into_iter()
        .map(|n| usize::try_from(n).map_err(|_| wanted()))
        .collect::<Result<_, _>>()?;
    let numbers = lengths
        .iter()
        .fold(1_u64, |n, &length| n.saturating_mul(length as u64));
    room_for(
        "the tensor",
        numbers.saturating_mul(size_of::<f32>() as u64),
    )?;
    Ok(lengths)
}

fn with_value(
    shape: &[usize],
    value: f64,
    environment: &Environment,
) -> Result<Dynamic, ScriptError> {
    let tensor = NdTensor::scalar(value, &environment.device()?);
    Ok(Dynamic::from(tensor.broadcast_to(shape)?))
}

fn filled(name: &'static str, value: f64, environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new(name, Topic::Tensors, move |call| {
        with_value(&shape(call)?, value, &environment)
    })
    .about(format!("Makes a tensor of {name}."))
    .param::<Dynamic>("shape", "lengths of its axes, or a number")
    .returns("tensor")
    .example(format!(
        "assert({name}([2, 3]).sum().item() == {})",
        6.0 * value
    ))
}

fn full(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("full", Topic::Tensors, move |call| {
        with_value(&shape(call)?, call.get("value")?, &environment)
    })
    .about("Makes a tensor of one number, again and again.")
    .param::<Dynamic>("shape", "lengths of its axes, or a number")
    .param::<f64>("value", "the number")
    .returns("tensor")
    .example("assert(full([2], 0.5).to_array() == [0.5, 0.5])")
}

fn randn(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("randn", Topic::Tensors, move |call| {
        let shape = shape(call)?;
        let seed = call
            .get::<Option<u64>>("seed")?
            .unwrap_or_else(|| environment.seed());
        let mut values = vec![0.0; shape.iter().product()];
        Key::of_seed(seed)
            .at(Place::ROOT.named("randn"))
            .fill_normal(&mut values);
        Ok(Dynamic::from(NdTensor::new(
            Values::Float(values),
            &shape,
            &environment.device()?,
        )?))
    })
    .about("Draws a tensor of normally distributed numbers, of mean 0 and standard deviation 1.")
    .note(
        "the same seed gives the same numbers, so that tensors that shall differ need seeds of \
        their own",
    )
    .param::<Dynamic>("shape", "lengths of its axes, or a number")
    .option::<Option<u64>>("seed", (), "seed of the draws; the session's if not given")
    .returns("tensor")
    .example(
        "let x = randn([10000], #{ seed: 1 }); assert_near(x.mean().item(), 0, 0.05); \
        assert_near(x.std().item(), 1, 0.05)",
    )
}

fn arange(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("arange", Topic::Tensors, move |call| {
        let (first, second) = (call.raw("start"), call.raw("end"));
        let (start, end) = if second.is_unit() {
            (Dynamic::from(0_i64), first)
        } else {
            (first, second)
        };
        let step = call.raw("step");
        let number = |value: &Dynamic| f64::from_script(value).unwrap_or_default();
        let (from, to, by) = (number(&start), number(&end), number(&step));
        let count = ((to - from) / by).ceil().max(0.0);
        if !count.is_finite() {
            return Err(call.wrong("step", "a number other than 0"));
        }
        room_for("the tensor", count as u64 * size_of::<f64>() as u64)?;
        let places = 0..count as i64;
        let values = match (start.as_int(), end.as_int(), step.as_int()) {
            (Ok(start), Ok(_), Ok(step)) => Values::Int(places.map(|i| start + i * step).collect()),
            _ => Values::Float(places.map(|i| (from + i as f64 * by) as f32).collect()),
        };
        let shape = [values.len()];
        Ok(Dynamic::from(NdTensor::new(
            values,
            &shape,
            &environment.device()?,
        )?))
    })
    .about(
        "Makes numbers in equal steps, the end left out; whole ones if all that is given is \
        whole.",
    )
    .param::<f64>(
        "start",
        "the first number; if it is the only one, where the numbers from 0 on \
        end",
    )
    .param_or::<Option<f64>>("end", (), "where they end; this number is not among them")
    .param_or::<f64>("step", 1, "from one to the next")
    .returns("tensor")
    .example(
        "assert(arange(4).to_array() == [0, 1, 2, 3]); assert(arange(0, 1, 0.5).dtype == \
        \"float32\")",
    )
}

fn eye(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("eye", Topic::Tensors, move |call| {
        let n = call.get::<usize>("n")?;
        room_for(
            "the tensor",
            (n as u64).saturating_mul(n as u64).saturating_mul(4),
        )?;
        let values = (0..n * n)
            .map(|i| f32::from(u8::from(i / n == i % n)))
            .collect();
        Ok(Dynamic::from(NdTensor::new(
            Values::Float(values),
            &[n, n],
            &environment.device()?,
        )?))
    })
    .about("Makes the unit matrix: ones on the diagonal, zeros elsewhere.")
    .param::<usize>("n", "rows, and columns")
    .returns("tensor")
    .example("assert(eye(2).to_array() == [[1.0, 0.0], [0.0, 1.0]])")
}
