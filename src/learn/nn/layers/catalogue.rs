//! All layers.

use super::layer::Declaration;
use super::{
    activation, conv1d, conv2d, dropout, flatten, global, linear, named, nf_block, norm, parallel,
    patch_tokens, pool, residual, slow_fast, stochastic_depth, swap_axes, tokens, ws_conv2d,
};

static CATALOGUE: [&Declaration; 29] = [
    &conv1d::CONV1D,
    &conv2d::CONV2D,
    &ws_conv2d::WS_CONV2D,
    &linear::LINEAR,
    &norm::BATCH_NORM,
    &norm::LAYER_NORM,
    &norm::GROUP_NORM,
    &activation::RELU,
    &activation::GELU,
    &activation::SILU,
    &activation::LEAKY_RELU,
    &pool::MAX_POOL,
    &pool::AVG_POOL,
    &global::GLOBAL_MEAN,
    &global::GLOBAL_MAX,
    &dropout::DROPOUT,
    &stochastic_depth::STOCHASTIC_DEPTH,
    &flatten::FLATTEN,
    &swap_axes::SWAP_AXES,
    &residual::RESIDUAL,
    &parallel::PARALLEL,
    &slow_fast::SLOW_FAST,
    &named::NAMED,
    &nf_block::NF_BLOCK,
    &tokens::PATCH_EMBED,
    &tokens::POSITIONS,
    &patch_tokens::PATCH_TOKENS,
    &patch_tokens::TOKEN_MEAN,
    &tokens::TRANSFORMER,
];

/// The declarations of all layers.
pub fn catalogue() -> &'static [&'static Declaration] {
    &CATALOGUE
}
