//! Losses: described, and computed on tensors.
//!
//! Every loss is one function with two uses. Given its numbers alone it describes the loss, for a
//! training method or for `loss.of(...)`; given tensors first, it computes the loss at once. What a
//! loss is computed from has the same names in both, and which of them it needs is for the loss
//! itself to say.

mod labelled;
mod patch_mix;
mod views;

use crate::script::{Call, FromScript, Function, ScriptError, ScriptValue, Topic};
use auricle_learn::loss::{Given, Loss, Mixing};
use auricle_learn::tensor::NdTensor;
use rhai::{Array, Dynamic};

impl ScriptValue for Loss {
    const NAME: &'static str = "loss";

    fn text(&self) -> String {
        self.to_string()
    }

    fn same(&self, other: &Loss) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions() -> Vec<Function> {
    let mut all = vec![of()];
    all.extend(views::functions());
    all.extend(labelled::functions());
    all.extend(patch_mix::functions());
    all
}

/// A tensor of two axes.
fn matrix(value: &Dynamic) -> Option<auricle_learn::Tensor<2>> {
    let tensor = value.clone().try_cast::<NdTensor>()?;
    if tensor.rank() != 2 {
        return None;
    }
    tensor.to_burn("the tensor").ok()
}

/// The numbers of a tensor of one axis.
fn vector(value: &Dynamic) -> Option<Vec<f64>> {
    let tensor = value.clone().try_cast::<NdTensor>()?;
    (tensor.rank() == 1).then(|| tensor.to_f64())
}

/// A loss as a value of the language.
fn number(loss: auricle_learn::Tensor<1>) -> Dynamic {
    Dynamic::from(NdTensor::from_burn(loss))
}

const ROWS: &str = "a tensor [batch, dim]";

fn rows(call: &Call<'_>, name: &str) -> Result<auricle_learn::Tensor<2>, ScriptError> {
    matrix(&call.raw(name)).ok_or_else(|| call.wrong(name, ROWS))
}

/// One whole number a row; missing where it is nothing or below 0.
fn labels(call: &Call<'_>, name: &str) -> Result<Vec<Option<usize>>, ScriptError> {
    let wanted = "an array with a class, from 0, for every row; `()` or -1 where there is none";
    let value = call.raw(name);
    let label = |value: &Dynamic| {
        if value.is_unit() {
            return Some(None);
        }
        i64::from_script(value).map(|label| usize::try_from(label).ok())
    };
    let found = match vector(&value) {
        Some(numbers) => numbers.into_iter().map(|n| label(&n.into())).collect(),
        None => Array::from_script(&value).and_then(|all| all.iter().map(label).collect()),
    };
    found.ok_or_else(|| call.wrong(name, wanted))
}

/// Row numbers.
fn partners(call: &Call<'_>, name: &str) -> Result<Vec<usize>, ScriptError> {
    let value = call.raw(name);
    let row = |value: &Dynamic| usize::from_script(value);
    let found: Option<Vec<usize>> = match vector(&value) {
        Some(numbers) => numbers.into_iter().map(|n| row(&n.into())).collect(),
        None => Array::from_script(&value).and_then(|all| all.iter().map(row).collect()),
    };
    found.ok_or_else(|| call.wrong(name, "an array with the number of a row for every row"))
}

/// What was given under a name, if the function has one of that name.
fn given(call: &Call<'_>, name: &str) -> Option<Dynamic> {
    let found = call.given().find(|(other, _)| *other == name);
    found
        .map(|(_, value)| value.clone())
        .filter(|value| !value.is_unit())
}

fn mixing(call: &Call<'_>) -> Result<Mixing, ScriptError> {
    Ok(Mixing {
        kept: call.get("lambda")?,
        partner: partners(call, "partner")?,
    })
}

fn choice<T: Copy, const N: usize>(
    call: &Call<'_>,
    name: &str,
    all: [(T, &'static str); N],
) -> Result<T, ScriptError> {
    let given = call.get::<String>(name)?;
    let found = all.iter().find(|(_, word)| *word == given);
    let words: Vec<String> = all.iter().map(|(_, word)| format!("{word:?}")).collect();
    found
        .map(|(choice, _)| *choice)
        .ok_or_else(|| call.wrong(name, &words.join(" or ")))
}

fn words<T, const N: usize>(all: &[(T, &'static str); N]) -> [&'static str; N] {
    std::array::from_fn(|index| all[index].1)
}

/// What was given under the names that losses share; a name that a function lacks was not given.
struct Inputs {
    given: Given<'static>,
    labels: Option<Vec<Option<usize>>>,
    mixing: Option<Mixing>,
}

impl Inputs {
    /// Reads the leading tensors, as rows or as logits, and what has a name.
    fn read(call: &Call<'_>, leading: &[&str], as_logits: bool) -> Result<Inputs, ScriptError> {
        let tensors = leading
            .iter()
            .filter(|name| given(call, name).is_some())
            .map(|name| rows(call, name));
        let tensors: Vec<_> = tensors.collect::<Result<_, _>>()?;
        let optional = |name: &str| given(call, name).map(|_| rows(call, name)).transpose();
        let mut inputs = Given {
            targets: optional("targets")?,
            queue: optional("queue")?,
            ..Given::default()
        };
        if as_logits {
            inputs.logits = tensors;
        } else {
            inputs.rows = tensors;
            if let Some(logits) = given(call, "logits") {
                let one = matrix(&logits).map(|logits| vec![logits]);
                let all = || Array::from_script(&logits)?.iter().map(matrix).collect();
                let wanted = "a tensor [batch, classes], or an array of one for each view";
                let found: Option<Vec<_>> = one.or_else(all);
                inputs.logits = found.ok_or_else(|| call.wrong("logits", wanted))?;
            }
        }
        let labels = given(call, "labels").map(|_| labels(call, "labels"));
        let mixing = given(call, "partner").map(|_| mixing(call));
        Ok(Inputs {
            given: inputs,
            labels: labels.transpose()?,
            mixing: mixing.transpose()?,
        })
    }

    fn compute(self, loss: &Loss) -> Result<Dynamic, ScriptError> {
        let given = Given {
            labels: self.labels.as_deref(),
            mixing: self.mixing.as_ref(),
            ..self.given
        };
        Ok(number(loss.of(given)?))
    }
}

/// The loss, described; or computed, if there are tensors.
fn described_or_computed(
    call: &Call<'_>,
    loss: Loss,
    leading: &[&str],
    as_logits: bool,
) -> Result<Dynamic, ScriptError> {
    if given(call, leading[0]).is_some() {
        loss.check()?;
        return Inputs::read(call, leading, as_logits)?.compute(&loss);
    }
    described(call, loss, leading)
}

/// The loss, described, where no tensors may be.
fn described(call: &Call<'_>, loss: Loss, leading: &[&str]) -> Result<Dynamic, ScriptError> {
    loss.check()?;
    let mut inputs = leading[1..].iter().copied().chain(INPUTS);
    match inputs.find(|name| given(call, name).is_some()) {
        Some(name) => Err(ScriptError::new(format!(
            "`{}` has `{name}` to compute from, but no tensor `{}`",
            loss.name(),
            leading[0]
        ))
        .hint(
            "a loss is described by its settings alone, and computed on tensors by `loss.of(...)`",
        )),
        None => Ok(Dynamic::from(loss)),
    }
}

/// What losses are computed from besides the leading tensors. `lambda` has a default and comes with
/// `partner`.
const INPUTS: [&str; 5] = ["labels", "logits", "targets", "partner", "queue"];

/// A loss at a temperature: `name(0.5)` describes, `name(a, b, 0.5)` computes.
fn at_temperature(
    call: &Call<'_>,
    leading: &[&str],
    make: impl Fn(f64) -> Loss,
) -> Result<Dynamic, ScriptError> {
    let first = call.raw(leading[0]);
    if let Some(temperature) = f64::from_script(&first) {
        return described(call, make(temperature), leading);
    }
    if matrix(&first).is_none() {
        return Err(call.wrong(leading[0], &format!("{ROWS}, or the temperature alone")));
    }
    described_or_computed(call, make(call.get("temperature")?), leading, false)
}

const LABELS: &str = "the class of every row, from 0; `()` or -1 where it is missing";
const PARTNER: &str = "the number of the row that each is mixed with";
const LAMBDA: &str = "share of its own that every clip keeps";

fn of() -> Function {
    Function::new("of", Topic::Tensors, |call| {
        let loss = call.receiver::<Loss>()?;
        let as_logits = matches!(
            loss,
            Loss::CrossEntropy(_) | Loss::BinaryCrossEntropy { .. }
        );
        // `of(logits, labels)` and `of(rows, labels)`: labels are no tensor of two axes.
        let b = call.raw("b");
        let mut leading = vec!["a", "b"];
        let mut second = None;
        if !b.is_unit() && matrix(&b).is_none() {
            leading.pop();
            second = Some(labels(call, "b")?);
        } else if matches!(loss, Loss::BinaryCrossEntropy { .. }) {
            leading.pop();
        }
        let mut inputs = Inputs::read(call, &leading, as_logits)?;
        if matches!(loss, Loss::BinaryCrossEntropy { .. }) && !b.is_unit() {
            inputs.given.targets = Some(rows(call, "b")?);
        }
        inputs.labels = inputs.labels.or(second);
        inputs.compute(&loss)
    })
    .on::<Loss>()
    .about(
        "Computes a described loss on tensors: two views, a prediction and its target, or \
        rows or logits and their labels.",
    )
    .param::<Dynamic>("a", "rows [batch, dim], or logits [batch, classes]")
    .param_or::<Dynamic>(
        "b",
        (),
        "the other view or the target, [batch, dim]; or labels",
    )
    .param_or::<Dynamic>("labels", (), LABELS)
    .option::<Dynamic>(
        "logits",
        (),
        "logits of the clips, [batch, classes], or an array of one \
        for each view",
    )
    .option::<Dynamic>("partner", (), PARTNER)
    .option::<f64>("lambda", 1.0, LAMBDA)
    .option::<Dynamic>("queue", (), "earlier keys, [length, dim]")
    .returns("tensor")
    .example(
        "let x = tensor([[1, 0], [0, 1]]); let loss = nt_xent(0.5); \
         assert(loss.of(x, x).item() == nt_xent(x, x, 0.5).item()); \
         assert_near(cross_entropy().of(x, [0, 1]).item(), 0.3133, 1e-4)",
    )
}
