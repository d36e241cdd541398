//! Losses: described, and computed on tensors.
//!
//! Every loss is one function with two uses. Given its numbers alone it describes the loss, for a
//! training method or for `loss.of(...)`; given tensors first, it computes the loss at once. What a
//! loss is computed from stands in its declaration and has the same names in both.

use super::super::declared;
use super::tensor::rows;
use crate::script::{Call, FromScript, Function, ScriptError, ScriptValue, Topic};
use auricle_learn::loss::{self, CATALOGUE, Given, Input, Loss, LossDeclaration, Mixing, Reads};
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
    let mut all = vec![of(), inverse_frequency()];
    all.extend(CATALOGUE.iter().map(|declaration| function(declaration)));
    all
}

/// Arguments that stand by their position, at most; numbers behind them are options.
const POSITIONAL: usize = 3;

/// The function of a loss.
fn function(declaration: &'static LossDeclaration) -> Function {
    let body = move |call: &Call<'_>| describe_or_compute(declaration, call);
    let mut function = declared::begun(declaration, Topic::Tensors, body);
    let leading = leading(declaration);
    let alone = declaration.parameters.iter().find(|p| p.positional);
    for (index, input) in leading.iter().enumerate() {
        let about = match alone.filter(|_| index == 0) {
            Some(parameter) => format!("{}; or the {}", input.about, parameter.name),
            None => input.about.to_owned(),
        };
        function = function.param_or::<Dynamic>(input.name, (), &about);
    }
    for input in declaration.facts.inputs.iter().filter(|i| !i.positional) {
        function = match input.reads {
            Reads::Kept => function.option::<f64>(input.name, 1.0, input.about),
            _ => function.option::<Dynamic>(input.name, (), input.about),
        };
    }
    for parameter in declaration.parameters {
        let positional = parameter.positional && leading.len() < POSITIONAL;
        function = function.declared(declared::described(parameter), positional);
    }
    function.returns("tensor or loss")
}

/// The inputs that stand by their position.
fn leading(declaration: &LossDeclaration) -> Vec<&'static Input> {
    let inputs = declaration.facts.inputs.iter();
    inputs.filter(|input| input.positional).collect()
}

/// The loss, described; or computed, if there are tensors.
fn describe_or_compute(
    declaration: &'static LossDeclaration,
    call: &Call<'_>,
) -> Result<Dynamic, ScriptError> {
    let leading = leading(declaration);
    let first = leading[0].name;
    let is_computed = call.raw(first).is::<NdTensor>();
    let mut alone = declaration.parameters.iter().filter(|p| p.positional);
    let mut settings = Vec::new();
    for (name, value) in call.given() {
        let Some(input) = declaration.facts.inputs.iter().find(|i| i.name == name) else {
            settings.push((name, value));
            continue;
        };
        if is_computed || value.is_unit() {
            continue;
        }
        // Without tensors, what stands in their places are the numbers.
        match alone.next().filter(|_| input.positional) {
            Some(parameter) => settings.push((parameter.name, value)),
            None if name == first => return Err(call.wrong(first, ROWS)),
            None => return Err(without_tensors(declaration, name, first)),
        }
    }
    let values = declared::values(declaration, settings, |_| Ok(None))?;
    let loss = declaration.with(values)?;
    if !is_computed {
        return Ok(Dynamic::from(loss));
    }
    let mut inputs = Inputs::default();
    for input in declaration.facts.inputs {
        inputs.read(call, input.name, input.reads)?;
    }
    inputs.compute(&loss)
}

fn without_tensors(declaration: &LossDeclaration, name: &str, first: &str) -> ScriptError {
    ScriptError::new(format!(
        "`{}` has `{name}` to compute from, but no tensor `{first}`",
        declaration.name
    ))
    .hint("a loss is described by its settings alone, and computed on tensors by `loss.of(...)`")
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

const ROWS: &str = "a tensor [batch, dim]";

/// One value a row, of a tensor or an array.
fn list<T>(value: &Dynamic, item: impl Fn(&Dynamic) -> Option<T>) -> Option<Vec<T>> {
    match vector(value) {
        Some(numbers) => numbers.into_iter().map(|n| item(&n.into())).collect(),
        None => Array::from_script(value)?.iter().map(item).collect(),
    }
}

/// A class; missing where it is nothing or below 0.
fn label(value: &Dynamic) -> Option<Option<usize>> {
    if value.is_unit() {
        return Some(None);
    }
    i64::from_script(value).map(|label| usize::try_from(label).ok())
}

/// What a call gives to compute a loss from.
#[derive(Default)]
struct Inputs {
    given: Given<'static>,
    labels: Option<Vec<Option<usize>>>,
    partner: Option<Vec<usize>>,
    kept: f64,
}

impl Inputs {
    /// Reads an argument, if it was given.
    fn read(&mut self, call: &Call<'_>, name: &str, reads: Reads) -> Result<(), ScriptError> {
        let value = call.raw(name);
        if value.is_unit() {
            return Ok(());
        }
        let wrong = |wanted: &str| call.wrong(name, wanted);
        let rows = || rows(call, name);
        match reads {
            Reads::Rows => self.given.rows.push(rows()?),
            Reads::Targets => self.given.targets = Some(rows()?),
            Reads::Queue => self.given.queue = Some(rows()?),
            Reads::Kept => self.kept = call.get(name)?,
            Reads::Logits => {
                let one = matrix(&value).map(|logits| vec![logits]);
                let all = || Array::from_script(&value)?.iter().map(matrix).collect();
                let wanted = "a tensor [batch, classes], or an array of one for each view";
                let logits: Option<Vec<_>> = one.or_else(all);
                self.given.logits = logits.ok_or_else(|| wrong(wanted))?;
            }
            Reads::Labels => {
                let wanted =
                    "an array with a class, from 0, for every row; `()` or -1 where there is none";
                let labels = list(&value, label).ok_or_else(|| wrong(wanted))?;
                self.labels = Some(labels);
            }
            Reads::Partner => {
                let wanted = "an array with the number of a row for every row";
                let partner = list(&value, usize::from_script).ok_or_else(|| wrong(wanted))?;
                self.partner = Some(partner);
            }
        }
        Ok(())
    }

    fn compute(self, loss: &Loss) -> Result<Dynamic, ScriptError> {
        let mixing = self.partner.map(|partner| Mixing {
            kept: self.kept,
            partner,
        });
        let given = Given {
            labels: self.labels.as_deref(),
            mixing: mixing.as_ref(),
            ..self.given
        };
        Ok(Dynamic::from(NdTensor::from_burn(loss.of(given)?)))
    }
}

fn of() -> Function {
    Function::new("of", Topic::Tensors, |call| {
        let loss = call.receiver::<Loss>()?;
        let facts = &loss.declaration().facts;
        let first = facts.inputs[0].reads;
        let mut inputs = Inputs::default();
        inputs.read(call, "a", first)?;
        // `of(logits, labels)` and `of(rows, labels)`: labels are no tensor of two axes.
        let b = match matrix(&call.raw("b")) {
            None => Reads::Labels,
            Some(_) if facts.inputs.iter().any(|i| i.reads == Reads::Targets) => Reads::Targets,
            Some(_) => first,
        };
        inputs.read(call, "b", b)?;
        inputs.read(call, "labels", Reads::Labels)?;
        if first != Reads::Logits {
            inputs.read(call, "logits", Reads::Logits)?;
        }
        inputs.read(call, "partner", Reads::Partner)?;
        inputs.read(call, "lambda", Reads::Kept)?;
        inputs.read(call, "queue", Reads::Queue)?;
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
    .param_or::<Dynamic>(
        "labels",
        (),
        "the class of every row, from 0; `()` or -1 where it is missing",
    )
    .option::<Dynamic>(
        "logits",
        (),
        "logits of the clips, [batch, classes], or an array of one for each view",
    )
    .option::<Dynamic>(
        "partner",
        (),
        "the number of the row that each is mixed with",
    )
    .option::<f64>("lambda", 1.0, "share of its own that every clip keeps")
    .option::<Dynamic>("queue", (), "earlier keys, [length, dim]")
    .returns("tensor")
    .example(
        "let x = tensor([[1, 0], [0, 1]]); let loss = nt_xent(0.5); \
         assert(loss.of(x, x).item() == nt_xent(x, x, 0.5).item()); \
         assert_near(cross_entropy().of(x, [0, 1]).item(), 0.3133, 1e-4)",
    )
}

fn inverse_frequency() -> Function {
    Function::new("inverse_frequency", Topic::Tensors, |call| {
        let weights = loss::inverse_frequency(&call.get::<Vec<f64>>("counts")?)?;
        Ok(Dynamic::from_array(
            weights.into_iter().map(Into::into).collect(),
        ))
    })
    .about("Gives weights of classes by inverse frequency, scaled to sum 1, for `class_weights`.")
    .param::<Vec<f64>>("counts", "how often every class occurs")
    .returns("array")
    .example("assert(inverse_frequency([1, 3]) == [0.75, 0.25])")
}
