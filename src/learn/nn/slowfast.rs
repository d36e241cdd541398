//! Slowfast NFNet: two normalizer-free networks over one spectrogram.

use super::described::{
    EncoderDeclaration, MOST_CHANNELS, Values, channels, given, width, word, write_described,
};
use super::input::{Input, features};
use super::layers::{Branches, Clips, Expression, Stack, chain, layer, named, number, simple};
use super::nf_block::{ALPHA, GELU_GAIN, activation};
use super::ops::gelu_tanh;
use super::options::{EncoderNetwork, EncoderOptions};
use super::slower::slower;
use super::{NfBlock, NfBlockOptions, Scheme, WsConv2d, within};
use crate::Error;
use auricle_audio::declare::{BELOW_ONE, DefaultValue, Kind, Parameter, Value, words};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};
use std::sync::Arc;

/// Which of the two networks there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pathways {
    /// Both, the fast one feeding the slow one.
    #[default]
    Both,
    /// The slow one by itself.
    Slow,
    /// The fast one by itself.
    Fast,
}

impl Pathways {
    /// All of them, with their words.
    pub const WORDS: [(&'static str, Pathways); 3] = [
        ("both", Pathways::Both),
        ("slow", Pathways::Slow),
        ("fast", Pathways::Fast),
    ];
}

/// Options of a [`SlowfastNfnet`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlowfastNfnetOptions {
    /// Channels of the first stage of the slow network: 256 is F0. A multiple of 16.
    pub width: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Which networks there are.
    pub pathways: Pathways,
    /// Probability of a clip to pass the last block of a network by its shortcut alone while it is
    /// trained, to which it rises from 0 in proportion to the number of the block.
    pub stochastic_depth: f64,
}

/// F0.
const DEFAULT: SlowfastNfnetOptions = SlowfastNfnetOptions {
    width: 256,
    channels: 1,
    pathways: Pathways::Both,
    stochastic_depth: 0.1,
};

impl Default for SlowfastNfnetOptions {
    fn default() -> SlowfastNfnetOptions {
        DEFAULT
    }
}

impl SlowfastNfnetOptions {
    /// The slow and the fast network.
    pub(super) fn shapes(&self) -> [PathwayShape; 2] {
        let [slow, fast] = [
            PathwayShape::slow(self.width),
            PathwayShape::fast(self.width),
        ];
        [slow, fast].map(|shape| PathwayShape {
            stochastic_depth: self.stochastic_depth,
            ..shape
        })
    }

    pub(super) fn values(&self) -> Values {
        vec![
            ("width", given(self.width)),
            ("channels", given(self.channels)),
            ("pathways", word(&Pathways::WORDS, &self.pathways)),
            (
                "stochastic_depth",
                Value::Drawn(self.stochastic_depth.into()),
            ),
        ]
    }
}

impl Display for SlowfastNfnetOptions {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write_described(f, &SLOWFAST_NFNET, self.values())
    }
}

impl EncoderOptions for SlowfastNfnetOptions {
    fn dim(&self) -> usize {
        let slow = PathwayShape::slow(self.width).dim();
        let fast = PathwayShape::fast(self.width).dim();
        match self.pathways {
            Pathways::Both => slow + fast,
            Pathways::Slow => slow,
            Pathways::Fast => fast,
        }
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn scheme(&self) -> Scheme {
        Scheme::NormalizerFree
    }

    fn stack(&self) -> Result<Stack, Error> {
        Stack::new(expression(self)?, Clips::features(self.channels))
    }
}

/// Its layers, with the names that their weights have.
fn expression(options: &SlowfastNfnetOptions) -> Result<Expression, Error> {
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

/// See [`SlowfastNfnet`].
pub(super) static SLOWFAST_NFNET: EncoderDeclaration = EncoderDeclaration {
    name: "slowfast_nfnet",
    about: "Makes a Slowfast NFNet encoder with random weights: two networks without norms, one over \
        slower time, joined before every stage.",
    citation: "Wang et al., 2022; the default is F0, of 63 million weights",
    parameters: &[
        width(
            [MIN_WIDTH, MOST_CHANNELS],
            DEFAULT.width,
            "channels of the first stage of the slow network, a multiple of 16: 256 is F0. At 16 nothing \
                passes the fast network, whose narrowest layers have one channel: a single weight, \
                standardized, is 0",
        ),
        channels(DEFAULT.channels),
        Parameter::option(
            "pathways",
            Kind::Word(&words(&Pathways::WORDS)),
            DefaultValue::Word("both"),
            "\"both\" networks, or the \"slow\" or the \"fast\" one by itself",
        ),
        Parameter::option(
            "stochastic_depth",
            Kind::Number {
                low: 0.0,
                high: BELOW_ONE,
            },
            DefaultValue::Number(DEFAULT.stochastic_depth),
            "while it is trained, a clip passes block k of 12 by its shortcut alone with k twelfths of \
                this probability",
        ),
    ],
    facts: (),
    example: "assert(slowfast_nfnet(#{ width: 16 }).dim == 216)",
    build: |settings| {
        Ok(Arc::new(SlowfastNfnetOptions {
            width: settings.count("width"),
            channels: settings.count("channels"),
            pathways: settings.word("pathways", &Pathways::WORDS),
            stochastic_depth: settings.number("stochastic_depth"),
        }))
    },
};

const MIN_WIDTH: usize = 16;
/// Where the fast network has two channels or more everywhere.
const LEAST_WIDTH_OF_FAST: usize = 32;

/// Geometry of one network. Kernels and strides are time by frequency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathwayShape {
    /// Channels of the stages.
    pub width: [usize; 4],
    /// Blocks of the stages.
    pub depth: [usize; 4],
    /// Channels of a group.
    pub group: usize,
    /// Kernels of the stem.
    pub stem_kernels: [[usize; 2]; 4],
    /// Kernels of the stages.
    pub kernels: [[usize; 2]; 4],
    /// As [`SlowfastNfnetOptions::stochastic_depth`].
    pub stochastic_depth: f64,
}

/// Strides of the stem.
pub(super) const STEM_STRIDES: [[usize; 2]; 4] = [[2, 2], [1, 1], [1, 1], [2, 2]];
/// Strides of the stages: frequency alone shrinks.
pub(super) const STAGE_STRIDES: [[usize; 2]; 4] = [[1, 1], [1, 2], [1, 2], [1, 2]];
/// How much slower the slow network's time runs.
pub(super) const TIME_RATIO: usize = 4;
/// Kernel of the convolutions from the fast to the slow network.
pub(super) const FUSE_KERNEL: [usize; 2] = [7, 1];

impl PathwayShape {
    /// The slow network of a width, 256 for F0.
    pub fn slow(width: usize) -> PathwayShape {
        PathwayShape {
            width: [1, 2, 6, 6].map(|times| times * width),
            depth: [1, 2, 6, 3],
            group: width / 2,
            stem_kernels: [[1, 3], [1, 3], [1, 3], [3, 3]],
            kernels: [[1, 1], [1, 1], [3, 1], [3, 1]],
            stochastic_depth: DEFAULT.stochastic_depth,
        }
    }

    /// The fast network beside a slow one of a width.
    pub fn fast(width: usize) -> PathwayShape {
        PathwayShape {
            width: [1, 2, 6, 6].map(|times| times * width / 8),
            depth: [1, 2, 6, 3],
            group: width / 16,
            stem_kernels: [[3, 3], [1, 3], [1, 3], [3, 3]],
            kernels: [[3, 1]; 4],
            stochastic_depth: DEFAULT.stochastic_depth,
        }
    }

    /// Channels behind the convolutions of the stem.
    pub fn stem(&self) -> [usize; 4] {
        let last = self.width[0] / 2;
        [last / 8, last / 4, last / 2, last].map(|channels| channels.max(1))
    }

    /// Features that it gives.
    pub fn dim(&self) -> usize {
        2 * self.width[3]
    }

    /// The blocks in their order, `extra` channels joining the input of every stage, and the stage
    /// of each.
    pub fn blocks(&self, extra: [usize; 4]) -> Vec<(usize, NfBlockOptions)> {
        let mut blocks = Vec::new();
        let mut from = self.stem()[3];
        let mut expected = 1.0_f64;
        let n_blocks: usize = self.depth.iter().sum();
        for stage in 0..4 {
            from += extra[stage];
            for index in 0..self.depth[stage] {
                let beta = 1.0 / expected;
                let first = index == 0;
                if first {
                    expected = 1.0;
                }
                expected = (expected * expected + ALPHA * ALPHA).sqrt();
                let options = NfBlockOptions {
                    channels: [from, self.width[stage]],
                    kernel: self.kernels[stage],
                    stride: if first { STAGE_STRIDES[stage] } else { [1, 1] },
                    group: self.group,
                    beta,
                    stochastic_depth: self.stochastic_depth * blocks.len() as f64 / n_blocks as f64,
                };
                blocks.push((stage, options));
                from = self.width[stage];
            }
        }
        blocks
    }
}

/// Channels that the fast network of F0 gives to the slow one before every stage, for a slow
/// network of a width.
pub(super) fn fused(width: usize) -> [usize; 4] {
    [1, 4, 8, 16].map(|times| times * width / 4)
}

/// One network: a stem, four stages, a last convolution.
#[derive(Module, Debug)]
pub struct Pathway {
    stem: Vec<WsConv2d>,
    blocks: Vec<NfBlock>,
    final_conv: WsConv2d,
    #[module(skip)]
    depth: [usize; 4],
}

impl Pathway {
    /// A network whose names begin with a prefix, its weights not yet drawn.
    fn new(
        prefix: &str,
        shape: PathwayShape,
        channels: usize,
        extra: [usize; 4],
        device: &Device,
    ) -> Pathway {
        let widths = shape.stem();
        let from = [channels, widths[0], widths[1], widths[2]];
        let stem = (0..4).map(|i| {
            let sizes = [from[i], widths[i]];
            WsConv2d::new(sizes, shape.stem_kernels[i], STEM_STRIDES[i], 1, device)
        });
        let blocks = shape.blocks(extra).into_iter();
        let last = shape.width[3];
        Pathway {
            stem: stem.collect(),
            blocks: blocks
                .enumerate()
                .map(|(index, (_, options))| {
                    NfBlock::new(options, format!("{prefix}blocks.{index}"), device)
                })
                .collect(),
            final_conv: WsConv2d::new([last, 2 * last], [1; 2], [1; 2], 1, device),
            depth: shape.depth,
        }
    }

    fn stem(&self, x: Tensor<4>) -> Tensor<4> {
        let layers = self.stem.iter().enumerate();
        layers.fold(x, |x, (index, conv)| {
            conv.forward(if index == 0 { x } else { activation(x) })
        })
    }

    fn stage(&self, stage: usize, x: Tensor<4>) -> Tensor<4> {
        let start = self.depth[..stage].iter().sum::<usize>();
        let blocks = &self.blocks[start..start + self.depth[stage]];
        blocks.iter().fold(x, |x, block| block.forward(x))
    }

    /// Embeds `[batch, channels, time, frequency]` by itself.
    fn alone(&self, x: Tensor<4>) -> Tensor<2> {
        let x = (0..4).fold(self.stem(x), |x, stage| self.stage(stage, x));
        mean(activation(self.final_conv.forward(x)))
    }
}

/// The mean over time and frequency.
fn mean(x: Tensor<4>) -> Tensor<2> {
    x.mean_dim(3).mean_dim(2).flatten::<2>(1, 3)
}

/// Both networks, and what leads from the fast to the slow one before every stage.
#[derive(Module, Debug)]
pub struct TwoPathways {
    slow: Pathway,
    fast: Pathway,
    fuse: Vec<WsConv2d>,
}

impl TwoPathways {
    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut slow = self.slow.stem(slower(x.clone(), TIME_RATIO));
        let mut fast = self.fast.stem(x);
        for (stage, fuse) in self.fuse.iter().enumerate() {
            let lent = gelu_tanh(fuse.forward(fast.clone()));
            slow = self.slow.stage(stage, Tensor::cat(vec![slow, lent], 1));
            fast = self.fast.stage(stage, fast);
        }
        // Beside each other the two end without the gain that each has alone.
        let end = |pathway: &Pathway, x| mean(gelu_tanh(pathway.final_conv.forward(x)));
        Tensor::cat(vec![end(&self.fast, fast), end(&self.slow, slow)], 1)
    }
}

/// The audio encoder of Wang et al., "Towards learning universal audio representations", 2022:
/// Slowfast NFNet-F0, or one of its networks alone. There is no normalization over the batch
/// anywhere.
///
/// Features are those of the fast network, then those of the slow one.
#[expect(
    clippy::large_enum_variant,
    reason = "few are held at a time, and what they hold is on the heap"
)]
#[derive(Module, Debug)]
pub enum SlowfastNfnet {
    /// One network.
    Alone(Pathway),
    /// Two networks.
    Both(TwoPathways),
}

impl SlowfastNfnet {
    /// The network, its weights not yet drawn: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] if the width is no multiple of 16, or too small for the fast network alone,
    /// or the channels are 0 or beyond what makes sense.
    pub fn new(options: SlowfastNfnetOptions, device: &Device) -> Result<SlowfastNfnet, Error> {
        let width = within("width", options.width, MIN_WIDTH..=MOST_CHANNELS)?;
        if !width.is_multiple_of(16) {
            return Err(Error::range("width", "a multiple of 16", width));
        }
        if options.pathways == Pathways::Fast && width < LEAST_WIDTH_OF_FAST {
            let want = format!(
                "at least {LEAST_WIDTH_OF_FAST} for the fast network alone, which below that gives 0 for \
                 every clip"
            );
            return Err(Error::range("width", want, width));
        }
        let channels = within("channels", options.channels, 1..=MOST_CHANNELS)?;
        let [slow, fast] = options.shapes();
        let alone = |shape| SlowfastNfnet::Alone(Pathway::new("", shape, channels, [0; 4], device));
        Ok(match options.pathways {
            Pathways::Both => SlowfastNfnet::of(slow, fast, fused(width), channels, device),
            Pathways::Slow => alone(slow),
            Pathways::Fast => alone(fast),
        })
    }

    /// Two networks of any geometry; the fast one gives `fused` channels to the slow one before
    /// every stage.
    pub fn of(
        slow: PathwayShape,
        fast: PathwayShape,
        fused: [usize; 4],
        channels: usize,
        device: &Device,
    ) -> SlowfastNfnet {
        let from = [fast.stem()[3], fast.width[0], fast.width[1], fast.width[2]];
        let fuse = (0..4)
            .map(|i| WsConv2d::new([from[i], fused[i]], FUSE_KERNEL, [TIME_RATIO, 1], 1, device));
        SlowfastNfnet::Both(TwoPathways {
            slow: Pathway::new("slow.", slow, channels, fused, device),
            fast: Pathway::new("fast.", fast, channels, [0; 4], device),
            fuse: fuse.collect(),
        })
    }

    /// Channels of its input.
    pub fn channels(&self) -> usize {
        match self {
            SlowfastNfnet::Alone(pathway) => pathway.stem[0].channels(),
            SlowfastNfnet::Both(both) => both.fast.stem[0].channels(),
        }
    }

    /// Embeds `[batch, channels, bands, frames]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = x.swap_dims(2, 3);
        match self {
            SlowfastNfnet::Alone(pathway) => pathway.alone(x),
            SlowfastNfnet::Both(both) => both.forward(x),
        }
    }
}

impl EncoderNetwork for SlowfastNfnet {
    type Options = SlowfastNfnetOptions;

    fn build(options: &SlowfastNfnetOptions, device: &Device) -> Result<SlowfastNfnet, Error> {
        SlowfastNfnet::new(*options, device)
    }

    fn embed(&self, input: Input) -> Result<Tensor<2>, Error> {
        Ok(self.forward(features(input, self.channels(), 1)?))
    }
}
