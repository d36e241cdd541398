//! Losses of two views, of a prediction and its target, and of queries and keys.

use super::{at_temperature, described_or_computed};
use crate::script::{Function, Topic};
use auricle_learn::loss::{AlignUniform, Loss, VicReg};
use rhai::Dynamic;

pub(super) fn functions() -> Vec<Function> {
    vec![
        nt_xent(),
        dcl(),
        align_uniform(),
        siamese(
            Loss::Byol,
            "Computes BYOL's loss of one direction, 2 - 2 cos(p, z), where nothing flows into \
                the target; without tensors, describes it.",
            "source: Grill et al., 2020, equation 2; the method adds the other direction",
            "assert_near(byol(x, x).item(), 0, 1e-5)",
        ),
        siamese(
            Loss::SimSiam,
            "Computes SimSiam's loss of one direction, -cos(p, z), where nothing flows into the \
                target; without tensors, describes it.",
            "source: Chen & He, 2021, equation 1; the method averages both directions",
            "assert_near(simsiam(x, x).item(), -1, 1e-5)",
        ),
        vicreg(),
        barlow_twins(),
        info_nce(),
    ]
}

fn two_views(function: Function) -> Function {
    function
        .param::<Dynamic>("a", "one view, [batch, dim]; or the temperature")
        .param_or::<Dynamic>("b", (), "the other view")
}

fn nt_xent() -> Function {
    two_views(Function::new("nt_xent", Topic::Tensors, |call| {
        at_temperature(call, &["a", "b"], Loss::NtXent)
    }))
    .param_or::<f64>("temperature", 0.5, "temperature, above 0")
    .about(
        "Computes the normalized temperature-scaled cross entropy of two views; given a \
            temperature alone, describes that loss for a training method.",
    )
    .note(
        "source: Chen et al., 2020, equation 1; averaged over both directions, ln(2 batch \
            - 1) by chance",
    )
    .returns("tensor or loss")
    .example("let x = tensor([[1, 0], [0, 1]]); assert(nt_xent(x, x, 0.5).item() < 0.3)")
}

fn dcl() -> Function {
    two_views(Function::new("dcl", Topic::Tensors, |call| {
        at_temperature(call, &["a", "b"], Loss::Dcl)
    }))
    .param_or::<f64>("temperature", 0.1, "temperature, above 0")
    .about(
        "Computes the decoupled contrastive loss: NT-Xent without the positive in the \
            denominator; given a temperature alone, describes it.",
    )
    .note("source: Yeh et al., 2022; ln(2 batch - 2) by chance")
    .returns("tensor or loss")
    .example(
        "let x = tensor([[1, 0], [0, 1]]); assert_near(dcl(x, x, 1).item(), ln(2) - 1, \
            1e-5)",
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
    .about(
        "Computes alignment of two views plus the mean of their uniformities; without \
        tensors, describes it.",
    )
    .note("source: Wang & Isola, 2020, equations 3 and 5")
    .param_or::<Dynamic>("a", (), "one view, [batch, dim]")
    .param_or::<Dynamic>("b", (), "the other view")
    .option::<f64>("alpha", 2.0, "exponent of the distance of views, above 0")
    .option::<f64>("t", 2.0, "sharpness of uniformity, above 0")
    .option::<f64>("align", 1.0, "weight of alignment")
    .option::<f64>("uniform", 1.0, "weight of uniformity")
    .returns("tensor or loss")
    .example(
        "let x = tensor([[1, 0], [0, 1]]); assert_near(align_uniform(x, x, #{ uniform: 0.5 \
        }).item(), -2, 1e-5)",
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
    .about(
        "Computes VICReg: views together, every column spread out, columns apart; without \
        tensors, describes it.",
    )
    .note("source: Bardes et al., 2022, algorithm 1; rows are not normalized")
    .param_or::<Dynamic>("a", (), "one view, [batch, dim]")
    .param_or::<Dynamic>("b", (), "the other view")
    .option::<f64>(
        "invariance",
        default.invariance,
        "weight of the mean squared distance of views",
    )
    .option::<f64>(
        "variance",
        default.variance,
        "weight of the hinge that keeps deviations at 1",
    )
    .option::<f64>(
        "covariance",
        default.covariance,
        "weight of the squared covariances of columns",
    )
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
    .about(
        "Computes the loss of Barlow Twins: the correlation of the views' columns against the \
        identity; without tensors, describes it.",
    )
    .note("source: Zbontar et al., 2021, equations 1 and 2")
    .param_or::<Dynamic>("a", (), "one view, [batch, dim]")
    .param_or::<Dynamic>("b", (), "the other view")
    .option::<f64>(
        "redundancy",
        5e-3,
        "weight of the correlation of different columns",
    )
    .returns("tensor or loss")
    .example(
        "let x = tensor([[3, 3], [0, 0]]); \
         assert_near(barlow_twins(x, x, #{ redundancy: 0.5 }).item(), 1, 1e-3)",
    )
}

fn info_nce() -> Function {
    Function::new("info_nce", Topic::Tensors, |call| {
        at_temperature(call, &["queries", "keys"], Loss::InfoNce)
    })
    .about(
        "Computes InfoNCE of queries with their keys against a queue of earlier keys, as \
            MoCo does; given a temperature alone, describes it.",
    )
    .note("source: He et al., 2020, equation 1; nothing flows into keys and queue")
    .param::<Dynamic>(
        "queries",
        "projections of one view, [batch, dim]; or the temperature",
    )
    .param_or::<Dynamic>(
        "keys",
        (),
        "projections of the other view by the moving average",
    )
    .param_or::<Dynamic>("queue", (), "earlier keys, [length, dim]")
    .option::<f64>("temperature", 0.2, "temperature, above 0")
    .returns("tensor or loss")
    .example(
        "let q = tensor([[1, 0]]); assert_near(info_nce(q, q, tensor([[0, 1]]), #{ \
            temperature: 1 }).item(), ln(1 + exp(-1.0)), 1e-5)",
    )
}
