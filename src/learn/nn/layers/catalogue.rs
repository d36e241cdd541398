//! All layers.

use super::layer::Declaration;
use super::{
    activation, conv1d, conv2d, dropout, flatten, global, linear, named, norm, parallel, pool,
    residual, tokens, ws_conv2d,
};

static CATALOGUE: [&Declaration; 23] = [
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
    &flatten::FLATTEN,
    &residual::RESIDUAL,
    &parallel::PARALLEL,
    &named::NAMED,
    &tokens::PATCH_EMBED,
    &tokens::POSITIONS,
    &tokens::TRANSFORMER,
];

/// The declarations of all layers.
pub fn catalogue() -> &'static [&'static Declaration] {
    &CATALOGUE
}
