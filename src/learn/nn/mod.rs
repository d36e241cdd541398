//! Encoders and heads.

mod architecture;
mod ast;
mod basic_block;
mod batch_norm;
mod cnn6;
mod conv;
mod cpu;
mod described;
mod encoder;
mod encoders;
mod export_folder;
mod front;
mod frozen;
mod group_norm;
mod init;
mod layer_norm;
pub mod layers;
mod mlp;
mod names;
mod network;
mod nf_block;
mod onnx;
mod ops;
mod parts;
mod positions;
mod projector;
mod pytorch_file;
mod resnet;
mod resnet_waves;
mod shared;
mod slowfast;
mod stochastic_depth;
mod summary;
mod tokens;
mod transformer;
mod weights;
mod ws_conv;

pub use ast::{Ast, AstOptions, Pooling};
pub use batch_norm::BatchNorm;
pub use cnn6::{Cnn6, Cnn6Options};
pub use conv::{Conv1d, Conv2d};
pub(crate) use cpu::{Cpu, OfThree, contiguous, of_three, values};
pub use described::EncoderDeclaration;
pub use encoder::{Encoder, FrontEnd, LoadOptions};
pub use encoders::{Architecture, CATALOGUE, Network};
pub use export_folder::{Card, Layout};
pub use front::PatchTokens;
pub(crate) use front::{PATCH, Transformer};
pub(crate) use frozen::{freeze, is_within, unknown_part};
pub use group_norm::GroupNorm;
pub use init::{Scheme, initialize, initialize_as, initialize_each, named_by_place};
pub use layer_norm::LayerNorm;
pub use mlp::{Mlp, MlpOptions};
pub use names::Naming;
pub use network::Input;
pub(crate) use network::Reading;
pub use nf_block::{NfBlock, NfBlockOptions};
pub(crate) use ops::is_on_host;
pub(crate) use parts::linear;
use parts::within;
pub use positions::resize_positions;
pub use projector::{ClarHead, PatchMixProjector, Projector};
pub use resnet::{ResNet18, ResNet18Options};
pub use resnet_waves::{Geometry, ResNet18Waves, ResNet18WavesOptions};
pub use slowfast::{
    Pathway, PathwayShape, Pathways, SlowfastNfnet, SlowfastNfnetOptions, TwoPathways,
};
pub use summary::{Layer, Summary};
pub use tokens::{PatchEmbed, Positions};
pub use transformer::TransformerBlock;
pub use weights::{
    NamedTensor, count_parameters, export, import, read_safetensors, read_weights,
    write_safetensors,
};
pub(crate) use weights::{Weight, is_statistic, weights_of};
pub use ws_conv::WsConv2d;
use ws_conv::same_padding;
