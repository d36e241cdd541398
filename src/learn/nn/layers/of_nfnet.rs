//! Slowfast NFNet and its single networks as expressions.

use super::expression::{Branches, Expression};
use super::writing::{chain, layer, named, number, simple};
use crate::Error;
use crate::nn::nf_block::GELU_GAIN;
use crate::nn::slowfast::{FUSE_KERNEL, STEM_STRIDES, TIME_RATIO, fused};
use crate::nn::{PathwayShape, Pathways, SlowfastNfnetOptions};
use auricle_audio::declare::Value;

pub(in crate::nn) fn nfnet(options: &SlowfastNfnetOptions) -> Result<Expression, Error> {
    let [slow, fast] = options.shapes();
    let swapped = simple("swap_axes")?;
    let alone = |shape: &PathwayShape| {
        let gain = Value::Drawn(GELU_GAIN.into());
        let stages = stages(shape, "", [0; 4], gelu(Some(gain))?)?;
        Ok(swapped.then(&chain(stages)))
    };
    match options.pathways {
        Pathways::Slow => return alone(&slow),
        Pathways::Fast => return alone(&fast),
        Pathways::Both => {}
    }
    let lent = fused(options.width);
    let links = (0..4).map(|stage| {
        let values = vec![
            ("channels", number(lent[stage])),
            ("kernel", sizes(FUSE_KERNEL)),
            ("stride", sizes([TIME_RATIO, 1])),
        ];
        let conv = named(&format!("fuse.{stage}"), layer("ws_conv2d", values)?)?;
        Ok(conv.then(&gelu(None)?))
    });
    let links = links.collect::<Result<Vec<Expression>, Error>>()?;
    // Beside each other the two end without the gain that each has alone.
    let values = vec![
        (
            "slow",
            Branches(stages(&slow, "slow.", lent, gelu(None)?)?).into(),
        ),
        (
            "fast",
            Branches(stages(&fast, "fast.", [0; 4], gelu(None)?)?).into(),
        ),
        ("links", Branches(links).into()),
        ("ratio", number(TIME_RATIO)),
        ("inline", Value::Flag(true)),
    ];
    Ok(swapped.then(&layer("slow_fast", values)?))
}

/// A number for both axes where they are the same, else one for each.
fn sizes(sizes: [usize; 2]) -> Value {
    match sizes {
        [a, b] if a == b => number(a),
        sizes => Value::Numbers(sizes.map(|n| n as f64).to_vec()),
    }
}

fn gelu(gain: Option<Value>) -> Result<Expression, Error> {
    let tanh = ("tanh", Value::Flag(true));
    let gain = gain.map(|gain| ("gain", gain));
    layer("gelu", std::iter::once(tanh).chain(gain).collect())
}

/// The stem of a network, then its stages, `extra` channels joining the input of each; the last one
/// goes on to the mean behind an activation.
fn stages(
    shape: &PathwayShape,
    prefix: &str,
    extra: [usize; 4],
    last: Expression,
) -> Result<Vec<Expression>, Error> {
    let conv = |name: &str, to: usize, kernel: [usize; 2], stride: [usize; 2]| {
        let values = vec![
            ("channels", number(to)),
            ("kernel", sizes(kernel)),
            ("stride", sizes(stride)),
        ];
        named(&format!("{prefix}{name}"), layer("ws_conv2d", values)?)
    };
    let mut stem = Vec::new();
    for (index, to) in shape.stem().into_iter().enumerate() {
        if index > 0 {
            stem.push(gelu(Some(Value::Drawn(GELU_GAIN.into())))?);
        }
        let (kernel, stride) = (shape.stem_kernels[index], STEM_STRIDES[index]);
        stem.push(conv(&format!("stem.{index}"), to, kernel, stride)?);
    }
    let mut blocks: [Vec<Expression>; 4] = Default::default();
    for (index, (stage, block)) in shape.blocks(extra).into_iter().enumerate() {
        let values = vec![
            ("channels", number(block.channels[1])),
            ("kernel", sizes(block.kernel)),
            ("stride", sizes(block.stride)),
            ("group", number(block.group)),
            ("beta", Value::Drawn(block.beta.into())),
            (
                "stochastic_depth",
                Value::Drawn(block.stochastic_depth.into()),
            ),
        ];
        let name = format!("{prefix}blocks.{index}");
        blocks[stage].push(named(&name, layer("nf_block", values)?)?);
    }
    let end = [
        conv("final_conv", shape.dim(), [1; 2], [1; 2])?,
        last,
        simple("global_mean")?,
    ];
    blocks[3].extend(end);
    let stages = blocks.into_iter().map(chain);
    Ok(std::iter::once(chain(stem)).chain(stages).collect())
}
