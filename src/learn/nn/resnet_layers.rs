//! Both ResNets as expressions, with the names that their weights have.

use super::layers::{Expression, chain, layer, named, number, simple};
use crate::Error;
use auricle_audio::declare::Value;

/// What differs between the ResNet of maps and that of waves.
pub(super) struct Kernels {
    /// The layer that convolves.
    pub(super) conv: &'static str,
    /// Kernel of the first convolution.
    pub(super) stem: usize,
    /// Kernel and padding of the maximum.
    pub(super) pool: usize,
    pub(super) padding: usize,
    /// Kernel of the convolutions in blocks.
    pub(super) block: usize,
}

/// What either one is given; its layers do not depend on the channels of clips.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    /// Channels of the first stage.
    pub(super) width: usize,
    /// Whether the first convolution has a bias.
    pub(super) stem_bias: bool,
    /// Outputs of a linear layer at the end, where there is one.
    pub(super) fc: Option<usize>,
}

impl Kernels {
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

/// The layers of either one.
pub(super) fn resnet(kernels: &Kernels, options: Sizes) -> Result<Expression, Error> {
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
