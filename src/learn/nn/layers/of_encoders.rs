//! Built-in encoders as expressions, with the names that their weights have.

use super::catalogue::catalogue;
use super::expression::{Branches, Expression};
use super::network::{Embedded, Layers};
use super::of_nfnet::nfnet;
use super::of_transformer::transformer;
use super::stack::{Clips, Stack};
use crate::Error;
use crate::nn::resnet_waves::KERNEL;
use crate::nn::{
    Architecture, Cnn6Options, Encoder, Input, MlpOptions, Network, ResNet18WavesOptions, cnn6,
    import,
};
use auricle_audio::Distribution;
use auricle_audio::declare::Value;
use burn::module::Module;
use burn::tensor::Device;

impl Architecture {
    /// The layers that it consists of, and the clips that they read.
    ///
    /// Built again and given the weights of the encoder, which have the same names, they compute
    /// the same numbers.
    ///
    /// # Errors
    /// Only if a layer does not take the encoder's sizes, which would be a bug.
    pub fn stack(&self) -> Result<Stack, Error> {
        let channels = self.channels();
        let features = Clips::Features {
            channels,
            bands: None,
            frames: None,
        };
        let waves = Clips::Waves {
            channels,
            samples: None,
        };
        Ok(match self {
            Architecture::Layers(stack) => stack.clone(),
            Architecture::ResNet18(options) => {
                let same = ResNet18WavesOptions {
                    width: options.width,
                    stem_bias: options.stem_bias,
                    fc: options.fc,
                    ..ResNet18WavesOptions::default()
                };
                Stack::new(resnet(Kernels::MAPS, same)?, features)?
            }
            Architecture::ResNet18Waves(options) => {
                let kernels = Kernels {
                    conv: "conv1d",
                    stem: options.geometry.stem(),
                    pool: KERNEL,
                    padding: options.geometry.pool_padding(),
                    block: KERNEL,
                };
                Stack::new(resnet(kernels, *options)?, waves)?
            }
            Architecture::Cnn6(options) => Stack::new(convolutions(*options)?, features)?,
            Architecture::Mlp(options) => {
                let inputs = options.inputs;
                Stack::new(plain(options)?, Clips::Rows { inputs })?
            }
            Architecture::Ast(options) => Stack::new(transformer(options)?, features)?,
            Architecture::SlowfastNfnet(options) => Stack::new(nfnet(options)?, features)?,
        })
    }
}

/// Embeds a batch as an encoder does, with running statistics, and gives what layers of some names
/// give on the way.
///
/// # Errors
/// [`Error::Run`] for a name that no layer has, and as [`Encoder::embed`].
pub fn with_maps(
    encoder: &Encoder,
    input: Input,
    names: &[String],
    device: &Device,
) -> Result<Embedded, Error> {
    as_layers(encoder, device)?.forward_with(input, names)
}

/// The layers that compute, out of training, what an encoder does.
///
/// # Errors
/// As [`Architecture::stack`].
pub(in crate::nn) fn as_layers(encoder: &Encoder, device: &Device) -> Result<Layers, Error> {
    if let Network::Layers(network) = encoder.network() {
        return Ok(network.valid());
    }
    let stack = encoder.architecture().stack()?;
    let network = import(Layers::new(&stack, device)?, &encoder.weights())?;
    Ok(network.valid())
}

/// A layer of the catalogue with some values.
pub(super) fn layer(name: &str, values: Vec<(&str, Value)>) -> Result<Expression, Error> {
    let declaration = catalogue().iter().find(|known| known.name == name);
    let declaration = declaration.expect("encoders consist of layers of the catalogue");
    let values = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Ok(declaration.with(values)?.into())
}

pub(super) fn number(n: usize) -> Value {
    Value::Drawn(Distribution::Constant(n as f64))
}

pub(super) fn named(name: &str, layers: Expression) -> Result<Expression, Error> {
    let name = Value::Word(name.to_owned());
    layer("named", vec![("name", name), ("layers", layers.into())])
}

pub(super) fn simple(name: &str) -> Result<Expression, Error> {
    layer(name, Vec::new())
}

/// One behind the other.
pub(super) fn chain(layers: impl IntoIterator<Item = Expression>) -> Expression {
    let joined = layers.into_iter().reduce(|before, next| before.then(&next));
    joined.expect("a chain has a layer")
}

/// What differs between the ResNet of maps and that of waves.
struct Kernels {
    conv: &'static str,
    stem: usize,
    pool: usize,
    padding: usize,
    block: usize,
}

impl Kernels {
    const MAPS: Kernels = Kernels {
        conv: "conv2d",
        stem: 7,
        pool: 3,
        padding: 1,
        block: 3,
    };

    fn conv(
        &self,
        to: usize,
        kernel: usize,
        stride: usize,
        bias: bool,
    ) -> Result<Expression, Error> {
        let values = vec![
            ("channels", number(to)),
            ("kernel", number(kernel)),
            ("stride", number(stride)),
            ("bias", Value::Flag(bias)),
        ];
        layer(self.conv, values)
    }
}

fn resnet(kernels: Kernels, options: ResNet18WavesOptions) -> Result<Expression, Error> {
    let stem = kernels.conv(options.width, kernels.stem, 2, options.stem_bias)?;
    let pool = vec![
        ("kernel", number(kernels.pool)),
        ("stride", number(2)),
        ("padding", number(kernels.padding)),
    ];
    let mut layers = vec![
        named("conv1", stem)?,
        named("bn1", simple("batch_norm")?)?,
        simple("relu")?,
        layer("max_pool", pool)?,
    ];
    let mut from = options.width;
    for stage in 0..4 {
        let to = options.width << stage;
        let mut blocks = Vec::new();
        for block in 0..2 {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let body = chain([
                named("conv1", kernels.conv(to, kernels.block, stride, false)?)?,
                named("bn1", simple("batch_norm")?)?,
                simple("relu")?,
                named("conv2", kernels.conv(to, kernels.block, 1, false)?)?,
                named("bn2", simple("batch_norm")?)?,
            ]);
            let mut values = vec![("body", body.into()), ("inline", Value::Flag(true))];
            if stride != 1 || from != to {
                let shortcut = kernels.conv(to, 1, stride, false)?;
                let shortcut = named("downsample", shortcut.then(&simple("batch_norm")?))?;
                values.push(("shortcut", shortcut.into()));
            }
            blocks.push(named(&block.to_string(), layer("residual", values)?)?);
            blocks.push(simple("relu")?);
            from = to;
        }
        layers.push(named(&format!("layer{}", stage + 1), chain(blocks))?);
    }
    layers.push(simple("global_mean")?);
    if let Some(outputs) = options.fc {
        let linear = layer("linear", vec![("outputs", number(outputs))])?;
        layers.push(named("fc", linear)?);
    }
    Ok(chain(layers))
}

fn convolutions(options: Cnn6Options) -> Result<Expression, Error> {
    let mut layers = Vec::new();
    for block in 0..4 {
        let values = vec![
            ("channels", number(options.width << block)),
            ("kernel", number(cnn6::KERNEL)),
            ("bias", Value::Flag(false)),
        ];
        let block = chain([
            named("conv1", layer("conv2d", values)?)?,
            named("bn1", simple("batch_norm")?)?,
            simple("relu")?,
            layer("avg_pool", vec![("kernel", number(2))])?,
        ]);
        layers.push(named(&format!("conv_block{}", layers.len() + 1), block)?);
    }
    let over = Value::Word("time".to_owned());
    layers.push(layer("global_mean", vec![("over", over)])?);
    let branches = Branches(vec![simple("global_max")?, simple("global_mean")?]);
    layers.push(layer("parallel", vec![("branches", branches.into())])?);
    Ok(chain(layers))
}

fn plain(options: &MlpOptions) -> Result<Expression, Error> {
    let mut layers = Vec::new();
    for (index, &to) in options.layers.iter().enumerate() {
        let linear = layer("linear", vec![("outputs", number(to))])?;
        layers.push(named(&format!("layers.{index}"), linear)?);
        if index + 1 == options.layers.len() {
            break;
        }
        if options.batch_norm {
            layers.push(named(&format!("norms.{index}"), simple("batch_norm")?)?);
        }
        layers.push(simple("relu")?);
    }
    Ok(chain(layers))
}
