//! The losses of Patch-Mix.

use super::labelled::{smoothed, with_smoothing};
use super::{
    LABELS, LAMBDA, PARTNER, choice, described_or_computed, labels, mixing, number, rows, words,
};
use crate::script::{Function, Topic};
use auricle_learn::loss::{self, Loss, Negatives, PatchMixLoss, Target};
use rhai::Dynamic;

pub(super) fn functions() -> Vec<Function> {
    vec![patch_mix_loss(), patch_mix_ce(), patch_mix_contrastive()]
}

const NEGATIVES: &str =
    "clean clips in the denominator: \"all\", or those of another label, \"diff_label\"";

fn mixed_inputs(function: Function) -> Function {
    function
        .option::<Dynamic>("partner", (), PARTNER)
        .option::<f64>("lambda", 1.0, LAMBDA)
}

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
    .about(
        "Computes the cross entropy of clean clips plus the contrast of mixed clips with both \
        clips they are made of; without tensors, describes it.",
    )
    .note("source: Kim et al., 2023")
    .param_or::<Dynamic>("mixed", (), "projections of the mixed clips, [batch, dim]")
    .param_or::<Dynamic>(
        "clean",
        (),
        "features or projections of the clean clips, as `target` \
        says, [batch, dim]",
    )
    .param_or::<Dynamic>("labels", (), LABELS)
    .option::<Dynamic>("logits", (), "logits of the clean clips, [batch, classes]");
    mixed_inputs(function)
        .option::<f64>("temperature", 0.06, "temperature of the contrast, above 0")
        .option::<f64>("weight", 1.0, "weight of the contrast")
        .option::<String>(
            "target",
            "grad_block",
            "what mixed clips are drawn to: features or projections of clean clips, whose \
                gradient is blocked or flows",
        )
        .option::<String>("negatives", "all", NEGATIVES)
        .words("target", &words(&Target::ALL))
        .words("negatives", &words(&Negatives::ALL))
        .returns("tensor or loss")
        .example(
            "let x = tensor([[1, 0], [0, 1]]); \
             let l = patch_mix_loss(x, x, [0, 1], #{ logits: x, partner: [1, 0], lambda: 0.5, temperature: 1 }); \
             assert_near(l.item(), 2 * ln(1 + exp(-1.0)) + 0.5, 1e-5)",
        )
}

fn patch_mix_ce() -> Function {
    let function = Function::new("patch_mix_ce", Topic::Tensors, |call| {
        let labels = labels(call, "labels")?;
        let (mixing, options) = (mixing(call)?, smoothed(call)?);
        Ok(number(loss::patch_mix_ce(
            rows(call, "x")?,
            &labels,
            &mixing,
            &options,
        )?))
    })
    .about(
        "Computes the cross entropy of mixed clips: with their own label by the share they \
        keep, with their partner's by the rest.",
    )
    .note("source: Kim et al., 2023")
    .param::<Dynamic>("x", "logits of the mixed clips, [batch, classes]")
    .param::<Dynamic>("labels", LABELS);
    with_smoothing(mixed_inputs(function))
        .returns("tensor")
        .example(
            "let x = tensor([[2, 0], [0, 2]]); \
             assert_near(patch_mix_ce(x, [0, 1], #{ partner: [1, 0], lambda: 0.5 }).item(), 1 + ln(1 + exp(-2.0)), 1e-5)",
        )
}

fn patch_mix_contrastive() -> Function {
    let function = Function::new("patch_mix_contrastive", Topic::Tensors, |call| {
        let (mixed, clean) = (rows(call, "mixed")?, rows(call, "clean")?);
        let (labels, mixing) = (labels(call, "labels")?, mixing(call)?);
        let negatives = choice(call, "negatives", Negatives::ALL)?;
        let temperature = call.get("temperature")?;
        Ok(number(loss::patch_mix_contrastive(
            mixed,
            clean,
            &labels,
            &mixing,
            temperature,
            negatives,
        )?))
    })
    .about(
        "Computes the contrast of mixed clips with both clips they are made of, by the share \
        of each; gradients flow into both tensors.",
    )
    .note("source: Kim et al., 2023")
    .param::<Dynamic>("mixed", "projections of the mixed clips, [batch, dim]")
    .param::<Dynamic>(
        "clean",
        "features or projections of the clean clips, [batch, dim]",
    )
    .param::<Dynamic>("labels", LABELS);
    mixed_inputs(function)
        .option::<f64>("temperature", 0.06, "temperature, above 0")
        .option::<String>("negatives", "all", NEGATIVES)
        .words("negatives", &words(&Negatives::ALL))
        .returns("tensor")
        .example(
            "let x = tensor([[1, 0], [0, 1]]); \
             let l = patch_mix_contrastive(x, x, [0, 1], #{ partner: [0, 1], temperature: 1 }); \
             assert_near(l.item(), ln(1 + exp(-1.0)), 1e-5)",
        )
}
