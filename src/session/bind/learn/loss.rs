//! Losses: described, and computed on tensors.
//!
//! Every loss is one function with two uses. Given its numbers alone it describes the loss, for a training method or for
//! `loss.of(...)`; given tensors first, it computes the loss at once. What a loss is computed from has the same names in
//! both, and which of them it needs is for the loss itself to say.

use super::tensor::Tensor;
use crate::script::{Call, FromScript, Function, ScriptError, ScriptValue, Topic};
use auricle_learn::loss::{
    self, AlignUniform, Clar, CrossEntropy, Given, Join, Loss, Mixing, Negatives, PatchMixLoss,
    Positives, Target, VicReg,
};
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
    vec![
        of(),
        nt_xent(),
        dcl(),
        supcon(),
        clar_loss(),
        align_uniform(),
        cross_entropy(),
        binary_cross_entropy(),
        patch_mix_loss(),
        patch_mix_ce(),
        patch_mix_contrastive(),
        siamese(
            Loss::Byol,
            "Computes BYOL's loss of one direction, 2 - 2 cos(p, z), where nothing flows into the target; without tensors, describes it.",
            "source: Grill et al., 2020, equation 2; the method adds the other direction",
            "assert_near(byol(x, 3 * x).item(), 0, 1e-5)",
        ),
        siamese(
            Loss::SimSiam,
            "Computes SimSiam's loss of one direction, -cos(p, z), where nothing flows into the target; without tensors, describes it.",
            "source: Chen & He, 2021, equation 1; the method averages both directions",
            "assert_near(simsiam(x, x).item(), -1, 1e-5)",
        ),
        vicreg(),
        barlow_twins(),
        info_nce(),
        inverse_frequency(),
    ]
}

/// A tensor of two axes.
fn matrix(value: &Dynamic) -> Option<auricle_learn::Tensor<2>> {
    match value.clone().try_cast::<Tensor>()? {
        Tensor::Matrix(tensor) => Some(tensor),
        Tensor::Vector(_) => None,
    }
}

/// The numbers of a tensor of one axis.
fn vector(value: &Dynamic) -> Option<Vec<f64>> {
    match value.clone().try_cast::<Tensor>()? {
        Tensor::Vector(tensor) => Some(tensor.into_data().iter::<f64>().collect()),
        Tensor::Matrix(_) => None,
    }
}

/// A loss as a value of the language.
fn number(loss: auricle_learn::Tensor<1>) -> Dynamic {
    Dynamic::from(Tensor::Vector(loss))
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

/// What losses are computed from besides the leading tensors. `lambda` has a default and comes with `partner`.
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

fn two_views(function: Function) -> Function {
    function
        .param::<Dynamic>("a", "one view, [batch, dim]; or the temperature")
        .param_or::<Dynamic>("b", (), "the other view")
}

const LABELS: &str = "the class of every row, from 0; `()` or -1 where it is missing";
const PARTNER: &str = "the number of the row that each is mixed with";
const LAMBDA: &str = "share of its own that every clip keeps";

fn of() -> Function {
    Function::new("of", Topic::Tensors, |call| {
        let loss = call.receiver::<Loss>()?;
        let as_logits = matches!(loss, Loss::CrossEntropy(_) | Loss::BinaryCrossEntropy { .. });
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
    .about("Computes a described loss on tensors: two views, a prediction and its target, or rows or logits and their labels.")
    .param::<Dynamic>("a", "rows [batch, dim], or logits [batch, classes]")
    .param_or::<Dynamic>("b", (), "the other view or the target, [batch, dim]; or labels")
    .param_or::<Dynamic>("labels", (), LABELS)
    .option::<Dynamic>("logits", (), "logits of the clips, [batch, classes], or an array of one for each view")
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

fn nt_xent() -> Function {
    two_views(Function::new("nt_xent", Topic::Tensors, |call| at_temperature(call, &["a", "b"], Loss::NtXent)))
        .param_or::<f64>("temperature", 0.5, "temperature, above 0")
        .about("Computes the normalized temperature-scaled cross entropy of two views; given a temperature alone, describes that loss for a training method.")
        .note("source: Chen et al., 2020, equation 1; averaged over both directions, ln(2 batch - 1) by chance")
        .returns("tensor or loss")
        .example("let x = tensor([[1, 0], [0, 1]]); assert(nt_xent(x, x, 0.5).item() < 0.3)")
}

fn dcl() -> Function {
    two_views(Function::new("dcl", Topic::Tensors, |call| at_temperature(call, &["a", "b"], Loss::Dcl)))
        .param_or::<f64>("temperature", 0.1, "temperature, above 0")
        .about("Computes the decoupled contrastive loss: NT-Xent without the positive in the denominator; given a temperature alone, describes it.")
        .note("source: Yeh et al., 2022, equation 6; ln(2 batch - 2) by chance")
        .returns("tensor or loss")
        .example("let x = tensor([[1, 0], [0, 1]]); assert_near(dcl(x, x, 1).item(), log(2) - 1, 1e-5)")
}

fn supcon() -> Function {
    Function::new("supcon", Topic::Tensors, |call| {
        let positives = choice(call, "positives", Positives::ALL)?;
        let make = |temperature| Loss::SupCon {
            temperature,
            positives,
        };
        at_temperature(call, &["z"], make)
    })
    .about("Computes the supervised contrastive loss, which draws rows of one label together; given a temperature alone, describes it.")
    .note("source: Khosla et al., 2020, equation 2; rows that are alone with their label are skipped")
    .note("a described one takes two views as well, `supcon(0.1).of(a, b, labels)`: a clip without a label then has its other view alone")
    .param::<Dynamic>("z", "labelled rows of all views, [rows, dim]; or the temperature")
    .param_or::<Dynamic>("labels", (), LABELS)
    .param_or::<f64>("temperature", 0.1, "temperature, above 0")
    .option::<String>("positives", "out", "where positives are averaged: \"out\" of the logarithm, \"in\" it, or summed in it, \"sum\"")
    .words("positives", &words(&Positives::ALL))
    .returns("tensor or loss")
    .example("let z = tensor([[1, 0], [1, 0], [0, 1]]); assert_near(supcon(z, [0, 0, 1], 1).item(), log(1 + exp(-1.0)), 1e-5)")
}

fn clar_loss() -> Function {
    Function::new("clar_loss", Topic::Tensors, |call| {
        let loss = Loss::Clar(Clar {
            temperature: call.get("temperature")?,
            ce: choice(call, "ce", Join::ALL)?,
            ce_weight: call.get("ce_weight")?,
        });
        described_or_computed(call, loss, &["a", "b"], false)
    })
    .about("Computes NT-Xent of two views plus the cross entropy of each view's logits over the rows that have a label; without tensors, describes it.")
    .note("source: Al-Tahan & Mohsenzadeh, 2021, and its code, which adds the two cross entropies")
    .param_or::<Dynamic>("a", (), "one view, [batch, dim]")
    .param_or::<Dynamic>("b", (), "the other view")
    .param_or::<Dynamic>("labels", (), LABELS)
    .option::<Dynamic>("logits", (), "an array of the logits of each view, [batch, classes]")
    .option::<f64>("temperature", 0.5, "temperature of NT-Xent, above 0")
    .option::<String>("ce", "sum", "\"sum\" of the views' cross entropies, or their \"mean\"")
    .option::<f64>("ce_weight", 1.0, "weight of the cross entropy")
    .words("ce", &words(&Join::ALL))
    .returns("tensor or loss")
    .example(
        "let x = tensor([[1, 0], [0, 1]]); let l = clar_loss(x, x, [0, -1], #{ logits: [x, x] }); \
         assert_near(l.item(), nt_xent(x, x, 0.5).item() + 2 * log(1 + exp(-1.0)), 1e-5)",
    )
}

fn align_uniform() -> Function {
    Function::new("align_uniform", Topic::Tensors, |call| {
        let loss = Loss::AlignUniform(AlignUniform {
            alpha: call.get("alpha")?,
            t: call.get("t")?,
            align: call.get("align")?,
            uniform: call.get("uniform")?,
        });
        described_or_computed(call, loss, &["a", "b"], false)
    })
    .about("Computes alignment of two views plus the mean of their uniformities; without tensors, describes it.")
    .note("source: Wang & Isola, 2020, equations 3 and 5")
    .param_or::<Dynamic>("a", (), "one view, [batch, dim]")
    .param_or::<Dynamic>("b", (), "the other view")
    .option::<f64>("alpha", 2.0, "exponent of the distance of views, above 0")
    .option::<f64>("t", 2.0, "sharpness of uniformity, above 0")
    .option::<f64>("align", 1.0, "weight of alignment")
    .option::<f64>("uniform", 1.0, "weight of uniformity")
    .returns("tensor or loss")
    .example("let x = tensor([[1, 0], [0, 1]]); assert_near(align_uniform(x, x, #{ uniform: 0.5 }).item(), -2, 1e-5)")
}

fn smoothed(call: &Call<'_>) -> Result<CrossEntropy, ScriptError> {
    Ok(CrossEntropy {
        class_weights: call.get("class_weights")?,
        label_smoothing: call.get("label_smoothing")?,
    })
}

fn with_smoothing(function: Function) -> Function {
    function
        .option::<Option<Vec<f64>>>(
            "class_weights",
            (),
            "a weight for every class; all 1 if not given",
        )
        .option::<f64>(
            "label_smoothing",
            0.0,
            "share of a target that is spread over all classes, 0 to below 1",
        )
}

fn cross_entropy() -> Function {
    let function = Function::new("cross_entropy", Topic::Tensors, |call| {
        described_or_computed(call, Loss::CrossEntropy(smoothed(call)?), &["x"], true)
    })
    .about("Computes the cross entropy of logits with labels, the mean over rows that have one; without tensors, describes it.")
    .note("a weighted mean divides by the sum of the weights of the rows' labels, as PyTorch does")
    .param_or::<Dynamic>("x", (), "logits, [batch, classes]")
    .param_or::<Dynamic>("labels", (), LABELS);
    with_smoothing(function).returns("tensor or loss").example(
        "assert_near(cross_entropy(tensor([[0, 0], [5, 1]]), [1, ()]).item(), log(2), 1e-5)",
    )
}

fn binary_cross_entropy() -> Function {
    Function::new("binary_cross_entropy", Topic::Tensors, |call| {
        let positive_weights = call.get("positive_weights")?;
        let loss = Loss::BinaryCrossEntropy { positive_weights };
        described_or_computed(call, loss, &["x"], true)
    })
    .about("Computes the binary cross entropy of logits, for clips of any number of classes; without tensors, describes it.")
    .param_or::<Dynamic>("x", (), "logits, [batch, classes]")
    .param_or::<Dynamic>("targets", (), "0 to 1 for every class, [batch, classes]; below 0 where it is not known")
    .option::<Option<Vec<f64>>>("positive_weights", (), "a weight of positives for every class; all 1 if not given")
    .returns("tensor or loss")
    .example("assert_near(binary_cross_entropy(tensor([[0, 9]]), tensor([[1, -1]])).item(), log(2), 1e-5)")
}

fn mixed_inputs(function: Function) -> Function {
    function
        .option::<Dynamic>("partner", (), PARTNER)
        .option::<f64>("lambda", 1.0, LAMBDA)
}

const NEGATIVES: &str =
    "clean clips in the denominator: \"all\", or those of another label, \"diff_label\"";

fn patch_mix_loss() -> Function {
    let function = Function::new("patch_mix_loss", Topic::Tensors, |call| {
        let loss = Loss::PatchMix(PatchMixLoss {
            temperature: call.get("temperature")?,
            weight: call.get("weight")?,
            target: choice(call, "target", Target::ALL)?,
            negatives: choice(call, "negatives", Negatives::ALL)?,
        });
        described_or_computed(call, loss, &["mixed", "clean"], false)
    })
    .about("Computes the cross entropy of clean clips plus the contrast of mixed clips with both clips they are made of; without tensors, describes it.")
    .note("source: Kim et al., 2023, equations 4 and 5")
    .param_or::<Dynamic>("mixed", (), "projections of the mixed clips, [batch, dim]")
    .param_or::<Dynamic>("clean", (), "features or projections of the clean clips, as `target` says, [batch, dim]")
    .param_or::<Dynamic>("labels", (), LABELS)
    .option::<Dynamic>("logits", (), "logits of the clean clips, [batch, classes]");
    mixed_inputs(function)
        .option::<f64>("temperature", 0.06, "temperature of the contrast, above 0")
        .option::<f64>("weight", 1.0, "weight of the contrast")
        .option::<String>(
            "target",
            "grad_block",
            "what mixed clips are drawn to: features or projections of clean clips, whose gradient is blocked or flows",
        )
        .option::<String>("negatives", "all", NEGATIVES)
        .words("target", &words(&Target::ALL))
        .words("negatives", &words(&Negatives::ALL))
        .returns("tensor or loss")
        .example(
            "let x = tensor([[1, 0], [0, 1]]); \
             let l = patch_mix_loss(x, x, [0, 1], #{ logits: x, partner: [1, 0], lambda: 0.5, temperature: 1 }); \
             assert_near(l.item(), 2 * log(1 + exp(-1.0)) + 0.5, 1e-5)",
        )
}

fn patch_mix_ce() -> Function {
    let function = Function::new("patch_mix_ce", Topic::Tensors, |call| {
        let labels = labels(call, "labels")?;
        let (mixing, options) = (mixing(call)?, smoothed(call)?);
        Ok(number(loss::patch_mix_ce(rows(call, "x")?, &labels, &mixing, &options)?))
    })
    .about("Computes the cross entropy of mixed clips: with their own label by the share they keep, with their partner's by the rest.")
    .note("source: Kim et al., 2023, equation 4")
    .param::<Dynamic>("x", "logits of the mixed clips, [batch, classes]")
    .param::<Dynamic>("labels", LABELS);
    with_smoothing(mixed_inputs(function))
        .returns("tensor")
        .example(
            "let x = tensor([[2, 0], [0, 2]]); \
             assert_near(patch_mix_ce(x, [0, 1], #{ partner: [1, 0], lambda: 0.5 }).item(), 1 + log(1 + exp(-2.0)), 1e-5)",
        )
}

fn patch_mix_contrastive() -> Function {
    let function = Function::new("patch_mix_contrastive", Topic::Tensors, |call| {
        let (mixed, clean) = (rows(call, "mixed")?, rows(call, "clean")?);
        let (labels, mixing) = (labels(call, "labels")?, mixing(call)?);
        let negatives = choice(call, "negatives", Negatives::ALL)?;
        let temperature = call.get("temperature")?;
        Ok(number(loss::patch_mix_contrastive(mixed, clean, &labels, &mixing, temperature, negatives)?))
    })
    .about("Computes the contrast of mixed clips with both clips they are made of, by the share of each; gradients flow into both tensors.")
    .note("source: Kim et al., 2023, equation 5")
    .param::<Dynamic>("mixed", "projections of the mixed clips, [batch, dim]")
    .param::<Dynamic>("clean", "features or projections of the clean clips, [batch, dim]")
    .param::<Dynamic>("labels", LABELS);
    mixed_inputs(function)
        .option::<f64>("temperature", 0.06, "temperature, above 0")
        .option::<String>("negatives", "all", NEGATIVES)
        .words("negatives", &words(&Negatives::ALL))
        .returns("tensor")
        .example(
            "let x = tensor([[1, 0], [0, 1]]); \
             let l = patch_mix_contrastive(x, x, [0, 1], #{ partner: [0, 1], temperature: 1 }); \
             assert_near(l.item(), log(1 + exp(-1.0)), 1e-5)",
        )
}

fn siamese(loss: Loss, about: &'static str, source: &'static str, check: &'static str) -> Function {
    Function::new(loss.name(), Topic::Tensors, move |call| {
        described_or_computed(call, loss.clone(), &["prediction", "target"], false)
    })
    .about(about)
    .note(source)
    .param_or::<Dynamic>(
        "prediction",
        (),
        "what the predictor makes of one view, [batch, dim]",
    )
    .param_or::<Dynamic>("target", (), "projections of the other view")
    .returns("tensor or loss")
    .example(format!("let x = tensor([[1, 2], [0, 1]]); {check}"))
}

fn vicreg() -> Function {
    let default = VicReg::default();
    Function::new("vicreg", Topic::Tensors, |call| {
        let loss = Loss::VicReg(VicReg {
            invariance: call.get("invariance")?,
            variance: call.get("variance")?,
            covariance: call.get("covariance")?,
        });
        described_or_computed(call, loss, &["a", "b"], false)
    })
    .about("Computes VICReg: views together, every column spread out, columns apart; without tensors, describes it.")
    .note("source: Bardes et al., 2022, algorithm 1; rows are not normalized")
    .param_or::<Dynamic>("a", (), "one view, [batch, dim]")
    .param_or::<Dynamic>("b", (), "the other view")
    .option::<f64>("invariance", default.invariance, "weight of the mean squared distance of views")
    .option::<f64>("variance", default.variance, "weight of the hinge that keeps deviations at 1")
    .option::<f64>("covariance", default.covariance, "weight of the squared covariances of columns")
    .returns("tensor or loss")
    .example(
        "let x = tensor([[3, 3], [0, 0]]); \
         assert_near(vicreg(x, x, #{ covariance: 0.5 }).item(), 20.25, 1e-3)",
    )
}

fn barlow_twins() -> Function {
    Function::new("barlow_twins", Topic::Tensors, |call| {
        let redundancy = call.get("redundancy")?;
        described_or_computed(call, Loss::BarlowTwins { redundancy }, &["a", "b"], false)
    })
    .about("Computes the loss of Barlow Twins: the correlation of the views' columns against the identity; without tensors, describes it.")
    .note("source: Zbontar et al., 2021, equations 1 and 2")
    .param_or::<Dynamic>("a", (), "one view, [batch, dim]")
    .param_or::<Dynamic>("b", (), "the other view")
    .option::<f64>("redundancy", 5e-3, "weight of the correlation of different columns")
    .returns("tensor or loss")
    .example(
        "let x = tensor([[3, 3], [0, 0]]); \
         assert_near(barlow_twins(x, x, #{ redundancy: 0.5 }).item(), 1, 1e-3)",
    )
}

fn info_nce() -> Function {
    Function::new("info_nce", Topic::Tensors, |call| at_temperature(call, &["queries", "keys"], Loss::InfoNce))
        .about("Computes InfoNCE of queries with their keys against a queue of earlier keys, as MoCo does; given a temperature alone, describes it.")
        .note("source: He et al., 2020, equation 1; nothing flows into keys and queue")
        .param::<Dynamic>("queries", "projections of one view, [batch, dim]; or the temperature")
        .param_or::<Dynamic>("keys", (), "projections of the other view by the moving average")
        .param_or::<Dynamic>("queue", (), "earlier keys, [length, dim]")
        .option::<f64>("temperature", 0.2, "temperature, above 0")
        .returns("tensor or loss")
        .example("let q = tensor([[1, 0]]); assert_near(info_nce(q, q, tensor([[0, 1]]), #{ temperature: 1 }).item(), log(1 + exp(-1.0)), 1e-5)")
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
