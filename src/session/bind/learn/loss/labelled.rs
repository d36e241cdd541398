//! Losses with labels.

use super::{LABELS, at_temperature, choice, described_or_computed, words};
use crate::script::{Call, Function, ScriptError, Topic};
use auricle_learn::loss::{self, Clar, CrossEntropy, Join, Loss, Positives};
use rhai::Dynamic;

pub(super) fn functions() -> Vec<Function> {
    vec![
        supcon(),
        clar_loss(),
        cross_entropy(),
        binary_cross_entropy(),
        inverse_frequency(),
    ]
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
    .about(
        "Computes the supervised contrastive loss, which draws rows of one label together; \
        given a temperature alone, describes it.",
    )
    .note(
        "source: Khosla et al., 2020, equation 2; rows that are alone with their label are \
        skipped",
    )
    .note(
        "a described one takes two views as well, `supcon(0.1).of(a, b, labels)`: a clip \
        without a label then has its other view alone",
    )
    .param::<Dynamic>(
        "z",
        "labelled rows of all views, [rows, dim]; or the temperature",
    )
    .param_or::<Dynamic>("labels", (), LABELS)
    .param_or::<f64>("temperature", 0.1, "temperature, above 0")
    .option::<String>(
        "positives",
        "out",
        "where positives are averaged: \"out\" of the \
        logarithm, \"in\" it, or summed in it, \"sum\"",
    )
    .words("positives", &words(&Positives::ALL))
    .returns("tensor or loss")
    .example(
        "let z = tensor([[1, 0], [1, 0], [0, 1]]); assert_near(supcon(z, [0, 0, 1], \
        1).item(), ln(1 + exp(-1.0)), 1e-5)",
    )
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
    .about(
        "Computes NT-Xent of two views plus the cross entropy of each view's logits over the \
        rows that have a label; without tensors, describes it.",
    )
    .note("source: Al-Tahan & Mohsenzadeh, 2021, and its code, which adds the two cross entropies")
    .param_or::<Dynamic>("a", (), "one view, [batch, dim]")
    .param_or::<Dynamic>("b", (), "the other view")
    .param_or::<Dynamic>("labels", (), LABELS)
    .option::<Dynamic>(
        "logits",
        (),
        "an array of the logits of each view, [batch, classes]",
    )
    .option::<f64>("temperature", 0.5, "temperature of NT-Xent, above 0")
    .option::<String>(
        "ce",
        "sum",
        "\"sum\" of the views' cross entropies, or their \"mean\"",
    )
    .option::<f64>("ce_weight", 1.0, "weight of the cross entropy")
    .words("ce", &words(&Join::ALL))
    .returns("tensor or loss")
    .example(
        "let x = tensor([[1, 0], [0, 1]]); let l = clar_loss(x, x, [0, -1], #{ logits: [x, x] }); \
         assert_near(l.item(), nt_xent(x, x, 0.5).item() + 2 * ln(1 + exp(-1.0)), 1e-5)",
    )
}

pub(super) fn smoothed(call: &Call<'_>) -> Result<CrossEntropy, ScriptError> {
    Ok(CrossEntropy {
        class_weights: call.get("class_weights")?,
        label_smoothing: call.get("label_smoothing")?,
    })
}

pub(super) fn with_smoothing(function: Function) -> Function {
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
    .about(
        "Computes the cross entropy of logits with labels, the mean over rows that have one; \
        without tensors, describes it.",
    )
    .note("a weighted mean divides by the sum of the weights of the rows' labels, as PyTorch does")
    .param_or::<Dynamic>("x", (), "logits, [batch, classes]")
    .param_or::<Dynamic>("labels", (), LABELS);
    with_smoothing(function).returns("tensor or loss").example(
        "assert_near(cross_entropy(tensor([[0, 0], [5, 1]]), [1, ()]).item(), ln(2), 1e-5)",
    )
}

fn binary_cross_entropy() -> Function {
    Function::new("binary_cross_entropy", Topic::Tensors, |call| {
        let positive_weights = call.get("positive_weights")?;
        let loss = Loss::BinaryCrossEntropy { positive_weights };
        described_or_computed(call, loss, &["x"], true)
    })
    .about(
        "Computes the binary cross entropy of logits, for clips of any number of classes; \
        without tensors, describes it.",
    )
    .param_or::<Dynamic>("x", (), "logits, [batch, classes]")
    .param_or::<Dynamic>(
        "targets",
        (),
        "0 to 1 for every class, [batch, classes]; below 0 where \
        it is not known",
    )
    .option::<Option<Vec<f64>>>(
        "positive_weights",
        (),
        "a weight of positives for every class; \
        all 1 if not given",
    )
    .returns("tensor or loss")
    .example(
        "assert_near(binary_cross_entropy(tensor([[0, 9]]), tensor([[1, -1]])).item(), \
        ln(2), 1e-5)",
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
