//! The Audio Spectrogram Transformer as an expression.

use super::expression::Expression;
use super::writing::{chain, layer, named, number};
use crate::Error;
use crate::nn::ast::HEAD_EPSILON;
use crate::nn::transformer::EPSILON;
use crate::nn::{AstOptions, Pooling};
use auricle_audio::declare::Value;

pub(in crate::nn) fn transformer(options: &AstOptions) -> Result<Expression, Error> {
    let norm = |epsilon: f64| {
        let epsilon = options.norm_epsilon.unwrap_or(epsilon);
        layer(
            "layer_norm",
            vec![("epsilon", Value::Drawn(epsilon.into()))],
        )
    };
    let tokens = vec![
        ("dim", number(options.dim)),
        ("stride", number(options.stride)),
        ("distilled", Value::Flag(options.distilled)),
        ("bands", number(options.bands)),
        ("frames", number(options.frames)),
    ];
    let blocks = vec![
        ("heads", number(options.heads)),
        ("depth", number(options.depth)),
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
        ("front", number(1 + usize::from(options.distilled))),
    ];
    let mut layers = vec![
        named("v", layer("patch_tokens", tokens)?)?,
        named("v.blocks", layer("transformer", blocks)?)?,
        named("v.norm", norm(EPSILON)?)?,
        layer("token_mean", mean)?,
    ];
    if let Some(classes) = options.classes {
        let linear = vec![
            ("outputs", number(classes)),
            ("init", Value::Word("transformer".to_owned())),
        ];
        layers.push(named("mlp_head.0", norm(HEAD_EPSILON)?)?);
        layers.push(named("mlp_head.1", layer("linear", linear)?)?);
    }
    Ok(chain(layers))
}
