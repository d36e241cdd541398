//! Audio Spectrogram Transformer.

use super::described::{
    EncoderDeclaration, MOST_CHANNELS, MOST_OUTPUTS, Values, channels, count, given, maybe, number,
    word, write_described,
};
use super::front::{Front, PATCH, Patches, Transformer, grid};
use super::input::{Input, features};
use super::layers::{Clips, Expression, Stack, chain, layer, named, number as value};
use super::options::{EncoderNetwork, EncoderOptions};
use super::transformer::EPSILON;
use super::{LayerNorm, Scheme, TransformerBlock, linear, within};
use crate::Error;
use auricle_audio::declare::{
    ABOVE_ZERO, BELOW_ONE, DefaultValue, Kind, Parameter, Preset, Value, words,
};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};
use std::sync::Arc;

/// Options of an [`Ast`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct AstOptions {
    /// Features of a token.
    pub dim: usize,
    /// Number of blocks.
    pub depth: usize,
    /// Attention heads; they divide `dim`.
    pub heads: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Bands that the table of positions is made for.
    pub bands: usize,
    /// Frames that the table of positions is made for.
    pub frames: usize,
    /// Distance of patches, in bands and frames; they overlap where it is below 16.
    pub stride: usize,
    /// Whether there is a distillation token beside the class token.
    pub distilled: bool,
    /// What the embedding is read off.
    pub pooling: Pooling,
    /// Classes of a head of a norm and a linear layer; none if `None`.
    pub classes: Option<usize>,
    /// Added to the variance in all norms; if `None`, 1e-6 in the encoder and 1e-5 in the head.
    /// Hugging Face has 1e-12.
    pub norm_epsilon: Option<f64>,
}

/// What a transformer's embedding is read off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The class token, or its mean with the distillation token.
    #[default]
    Class,
    /// The mean over the tokens of all patches.
    Mean,
}

impl Pooling {
    /// All of them, with their words.
    const WORDS: [(&'static str, Pooling); 2] =
        [("class", Pooling::Class), ("mean", Pooling::Mean)];
}

impl AstOptions {
    pub(super) fn values(&self) -> Values {
        let epsilon = self.norm_epsilon;
        vec![
            ("dim", given(self.dim)),
            ("depth", given(self.depth)),
            ("heads", given(self.heads)),
            ("channels", given(self.channels)),
            ("bands", given(self.bands)),
            ("frames", given(self.frames)),
            ("stride", given(self.stride)),
            ("distilled", Value::Flag(self.distilled)),
            ("pooling", word(&Pooling::WORDS, &self.pooling)),
            (
                "norm_epsilon",
                epsilon.map_or(Value::Absent, |epsilon| Value::Drawn(epsilon.into())),
            ),
            ("classes", maybe(self.classes)),
        ]
    }

    /// Patches of the table of positions, along bands and frames.
    pub fn grid(&self) -> [usize; 2] {
        grid([self.bands, self.frames], self.stride)
    }

    /// The same of options that nobody checked, such as those of a file; `None` if they make none.
    pub(super) fn grid_if_any(&self) -> Option<[usize; 2]> {
        let makes_one = self.bands >= PATCH && self.frames >= PATCH && self.stride > 0;
        makes_one.then(|| self.grid())
    }
}

/// The tiny one.
const DEFAULT: AstOptions = AstOptions {
    dim: 192,
    depth: 12,
    heads: 3,
    channels: 1,
    bands: 128,
    frames: 1024,
    stride: 10,
    distilled: true,
    pooling: Pooling::Class,
    classes: None,
    norm_epsilon: None,
};

impl Default for AstOptions {
    fn default() -> AstOptions {
        DEFAULT
    }
}

/// The published sizes.
const SIZES: &[Preset] = &[
    Preset {
        name: "tiny",
        sets: &[],
    },
    Preset {
        name: "small",
        sets: &[("dim", number(384)), ("heads", number(6))],
    },
    Preset {
        name: "base",
        sets: &[("dim", number(768)), ("heads", number(12))],
    },
];

impl Display for AstOptions {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write_described(f, &AST, self.values())
    }
}

impl EncoderOptions for AstOptions {
    fn dim(&self) -> usize {
        self.classes.unwrap_or(self.dim)
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn stem(&self) -> Option<&'static str> {
        Some("v.patch_embed.proj.weight")
    }

    fn scheme(&self) -> Scheme {
        Scheme::Transformer
    }

    fn stack(&self) -> Result<Stack, Error> {
        Stack::new(expression(self)?, Clips::features(self.channels))
    }
}

/// Its layers, with the names that their weights have.
fn expression(options: &AstOptions) -> Result<Expression, Error> {
    let norm = |epsilon: f64| {
        let epsilon = options.norm_epsilon.unwrap_or(epsilon);
        layer(
            "layer_norm",
            vec![("epsilon", Value::Drawn(epsilon.into()))],
        )
    };
    let tokens = vec![
        ("dim", value(options.dim)),
        ("stride", value(options.stride)),
        ("distilled", Value::Flag(options.distilled)),
        ("bands", value(options.bands)),
        ("frames", value(options.frames)),
    ];
    let blocks = vec![
        ("heads", value(options.heads)),
        ("depth", value(options.depth)),
        (
            "epsilon",
            Value::Drawn(options.norm_epsilon.unwrap_or(EPSILON).into()),
        ),
    ];
    let over = match options.pooling {
        Pooling::Class => "class",
        Pooling::Mean => "patches",
    };
    let mean = vec![
        ("over", Value::Word(over.to_owned())),
        ("front", value(1 + usize::from(options.distilled))),
    ];
    let mut layers = vec![
        named("v", layer("patch_tokens", tokens)?)?,
        named("v.blocks", layer("transformer", blocks)?)?,
        named("v.norm", norm(EPSILON)?)?,
        layer("token_mean", mean)?,
    ];
    if let Some(classes) = options.classes {
        let linear = vec![
            ("outputs", value(classes)),
            ("init", Value::Word("transformer".to_owned())),
        ];
        layers.push(named("mlp_head.0", norm(HEAD_EPSILON)?)?);
        layers.push(named("mlp_head.1", layer("linear", linear)?)?);
    }
    Ok(chain(layers))
}

/// See [`Ast`].
pub(super) static AST: EncoderDeclaration = EncoderDeclaration {
    name: "ast",
    about: "Makes an Audio Spectrogram Transformer with random weights: overlapping patches, a class \
        and a distillation token.",
    citation: "Gong et al., 2021. An input of another size than `bands` by `frames` is embedded with \
        a table of positions that is cut or interpolated",
    parameters: &[
        Parameter::option(
            "size",
            Kind::Preset(SIZES),
            DefaultValue::Word("tiny"),
            "\"tiny\" (192 features, 3 heads), \"small\" (384, 6) or \"base\" (768, 12), of 12 \
                blocks each",
        ),
        count(
            "dim",
            [1, MOST_FEATURES],
            number(DEFAULT.dim),
            "features of a token; if not given, those of the size",
        )
        .always_printed(),
        count(
            "depth",
            [1, MOST_BLOCKS],
            number(DEFAULT.depth),
            "number of blocks",
        ),
        count(
            "heads",
            [1, MOST_FEATURES],
            number(DEFAULT.heads),
            "attention heads, which divide `dim`; if not given, those of the size",
        ),
        channels(DEFAULT.channels),
        count(
            "bands",
            [PATCH, MOST_BANDS],
            number(DEFAULT.bands),
            "bands that the table of positions is made for",
        ),
        count(
            "frames",
            [PATCH, MOST_FRAMES],
            number(DEFAULT.frames),
            "frames that the table of positions is made for",
        ),
        count(
            "stride",
            [1, PATCH],
            number(DEFAULT.stride),
            "distance of patches, in bands and frames: below 16 they overlap",
        ),
        Parameter::option(
            "distilled",
            Kind::Flag,
            DefaultValue::Flag(DEFAULT.distilled),
            "whether there is a distillation token beside the class token",
        ),
        Parameter::option(
            "pooling",
            Kind::Word(&words(&Pooling::WORDS)),
            DefaultValue::Word("class"),
            "what the embedding is read off: the \"class\" token, with the distillation token where \
                there is one, or the \"mean\" over all patches",
        ),
        Parameter::option(
            "norm_epsilon",
            Kind::Number {
                low: ABOVE_ZERO,
                high: BELOW_ONE,
            },
            DefaultValue::Absent,
            "what is added to variances in norms; 1e-6, and 1e-5 in the head, if not given. Weights \
                of Hugging Face bring 1e-12",
        ),
        count(
            "classes",
            [1, MOST_OUTPUTS],
            DefaultValue::Absent,
            "outputs of a norm and a linear layer at the end; none if not given",
        ),
    ],
    facts: (),
    example: "assert(ast(#{ dim: 24, depth: 2, heads: 3, bands: 40, frames: 50 }).dim == 24); \
        assert(ast(#{ size: \"small\", depth: 1 }).dim == 384)",
    build: |settings| {
        Ok(Arc::new(AstOptions {
            dim: settings.count("dim"),
            depth: settings.count("depth"),
            heads: settings.count("heads"),
            channels: settings.count("channels"),
            bands: settings.count("bands"),
            frames: settings.count("frames"),
            stride: settings.count("stride"),
            distilled: settings.flag("distilled"),
            pooling: settings.word("pooling", &Pooling::WORDS),
            classes: settings.count_if("classes"),
            norm_epsilon: settings.number_if("norm_epsilon"),
        }))
    },
};

const MOST_FEATURES: usize = 8192;
const MOST_BLOCKS: usize = 128;
const MOST_BANDS: usize = 4096;
const MOST_FRAMES: usize = 65_536;

/// Added to the variance in the norm of the head.
pub(super) const HEAD_EPSILON: f64 = 1e-5;

#[derive(Module, Debug)]
struct VisionTransformer {
    cls_token: Param<Tensor<3>>,
    dist_token: Option<Param<Tensor<3>>>,
    pos_embed: Param<Tensor<3>>,
    patch_embed: Patches,
    blocks: Vec<TransformerBlock>,
    norm: LayerNorm,
}

/// The Audio Spectrogram Transformer (Gong et al., 2021), with the names of its checkpoints.
///
/// Patches of 16 by 16, 10 apart unless told otherwise, become tokens; a class and a distillation token join them,
/// positions are added, and pre-norm blocks follow. The embedding is the mean of the two tokens
/// behind the last norm. Inputs of another size than the table of positions was made for get a
/// table that is cut or interpolated.
#[derive(Module, Debug)]
pub struct Ast {
    v: VisionTransformer,
    mlp_head: Option<(LayerNorm, Linear)>,
    #[module(skip)]
    grid: [usize; 2],
    #[module(skip)]
    stride: usize,
    #[module(skip)]
    pooling: Pooling,
}

impl Ast {
    /// Name of the table of positions.
    pub(super) const POSITIONS: &str = "v.pos_embed";

    /// The network, its weights not yet drawn: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] for sizes that make no network.
    pub fn new(options: AstOptions, device: &Device) -> Result<Ast, Error> {
        let dim = within("dim", options.dim, 1..=MOST_FEATURES)?;
        let heads = within("heads", options.heads, 1..=dim)?;
        if !dim.is_multiple_of(heads) {
            return Err(Error::range(
                "heads",
                format!("a divisor of `dim`, {dim}"),
                heads,
            ));
        }
        let depth = within("depth", options.depth, 1..=MOST_BLOCKS)?;
        let channels = within("channels", options.channels, 1..=MOST_CHANNELS)?;
        within("bands", options.bands, PATCH..=MOST_BANDS)?;
        within("frames", options.frames, PATCH..=MOST_FRAMES)?;
        let classes = options
            .classes
            .map(|n| within("classes", n, 1..=MOST_OUTPUTS))
            .transpose()?;
        if let Some(epsilon) = options.norm_epsilon
            && !(epsilon > 0.0 && epsilon < 1.0)
        {
            return Err(Error::range("norm_epsilon", "above 0 and below 1", epsilon));
        }
        let norm = |default: f64| {
            let epsilon = options.norm_epsilon.unwrap_or(default);
            LayerNorm::new(dim, epsilon, device)
        };
        let zeros = |n: usize| Param::from_tensor(Tensor::zeros([1, n, dim], device));
        let [rows, columns] = options.grid();
        let v = VisionTransformer {
            cls_token: zeros(1),
            dist_token: options.distilled.then(|| zeros(1)),
            pos_embed: zeros(1 + usize::from(options.distilled) + rows * columns),
            patch_embed: Patches::new(channels, dim, device),
            blocks: (0..depth)
                .map(|_| TransformerBlock::new([norm(EPSILON), norm(EPSILON)], dim, heads, device))
                .collect(),
            norm: norm(EPSILON),
        };
        // The head's norm has PyTorch's epsilon, 1e-5, unlike those of the blocks.
        let head = |n| (norm(HEAD_EPSILON), linear(dim, n, device));
        Ok(Ast {
            v,
            mlp_head: classes.map(head),
            grid: options.grid(),
            stride: options.stride,
            pooling: options.pooling,
        })
    }

    /// Embeds `[batch, channels, bands, frames]` as `[batch, dim]`, or as the outputs of the head.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let (patches, grid) = self.patches(x);
        let features = self.features(patches, grid);
        match &self.mlp_head {
            Some((norm, linear)) => linear.forward(norm.forward(features)),
            None => features,
        }
    }
}

/// Its embedding is that before the head.
impl Transformer for Ast {
    fn front(&self) -> Front<'_> {
        Front {
            cls_token: &self.v.cls_token,
            dist_token: self.v.dist_token.as_ref(),
            pos_embed: &self.v.pos_embed,
            patches: &self.v.patch_embed,
            grid: self.grid,
            stride: self.stride,
        }
    }

    fn run(&self, tokens: Tensor<3>) -> Tensor<3> {
        let blocks = self.v.blocks.iter();
        let tokens = blocks.fold(tokens, |x, block| block.forward(x));
        self.v.norm.forward(tokens)
    }

    fn read(&self, tokens: Tensor<3>) -> Tensor<2> {
        let (n_front, n) = (self.n_front(), tokens.dims()[1]);
        let read = match self.pooling {
            Pooling::Class => tokens.narrow(1, 0, n_front),
            Pooling::Mean => tokens.narrow(1, n_front, n - n_front),
        };
        read.mean_dim(1).flatten::<2>(1, 2)
    }

    fn n_features(&self) -> usize {
        self.dim()
    }
}

impl EncoderNetwork for Ast {
    type Options = AstOptions;

    fn build(options: &AstOptions, device: &Device) -> Result<Ast, Error> {
        Ast::new(*options, device)
    }

    fn embed(&self, input: Input) -> Result<Tensor<2>, Error> {
        Ok(self.forward(features(input, self.channels(), PATCH)?))
    }

    fn as_transformer(&self) -> Option<Box<dyn Transformer + '_>> {
        Some(Box::new(self))
    }
}
