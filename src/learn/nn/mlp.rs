//! Plain layers.

use super::described::{EncoderDeclaration, MOST_OUTPUTS, Values, given, write_described};
use super::input::{Input, misfit};
use super::layers::{Clips, Expression, Stack, chain, layer, named, number, simple};
use super::options::{EncoderNetwork, EncoderOptions};
use super::{BatchNorm, linear, within};
use crate::Error;
use auricle_audio::augment::Domain;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Value};
use burn::module::Module;
use burn::nn::Linear;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::fmt::{Display, Formatter};
use std::sync::Arc;

/// Options of a [`Mlp`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MlpOptions {
    /// Numbers that a clip has: its channels times bands times frames, its samples, or its
    /// features.
    pub inputs: usize,
    /// Outputs of the layers; the last is the embedding.
    pub layers: Vec<usize>,
    /// Whether a batch norm stands behind every layer but the last.
    pub batch_norm: bool,
}

impl MlpOptions {
    pub(super) fn values(&self) -> Values {
        let layers = self.layers.iter().map(|&n| n as f64);
        vec![
            ("inputs", given(self.inputs)),
            ("layers", Value::Numbers(layers.collect())),
            ("batch_norm", Value::Flag(self.batch_norm)),
        ]
    }
}

impl Display for MlpOptions {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write_described(f, &MLP, self.values())
    }
}

impl EncoderOptions for MlpOptions {
    fn dim(&self) -> usize {
        self.layers.last().copied().unwrap_or(0)
    }

    fn channels(&self) -> usize {
        1
    }

    fn domain(&self) -> Option<Domain> {
        None
    }

    fn stack(&self) -> Result<Stack, Error> {
        let inputs = self.inputs;
        Stack::new(plain(self)?, Clips::Rows { inputs })
    }
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

/// See [`Mlp`].
pub(super) static MLP: EncoderDeclaration = EncoderDeclaration {
    name: "mlp",
    about: "Makes linear layers with ReLUs between them, over inputs laid out in a row.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "inputs",
            Kind::Count {
                low: 1.0,
                high: MOST_INPUTS as f64,
            },
            DefaultValue::Required,
            "numbers that a clip has: channels times bands times frames",
        ),
        Parameter::positional(
            "layers",
            Kind::Numbers {
                low: 1.0,
                high: MOST_OUTPUTS as f64,
            },
            DefaultValue::Required,
            "outputs of the layers, the embedding last",
        ),
        Parameter::option(
            "batch_norm",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether a batch norm stands behind all layers but the last",
        ),
    ],
    facts: (),
    example: "assert(mlp(64, [32, 8]).n_parameters == 65 * 32 + 33 * 8)",
    build: |settings| {
        let layers = settings.numbers("layers");
        if layers.iter().any(|n| n.fract() != 0.0) {
            return Err(Error::range(
                "layers",
                "whole numbers",
                Value::Numbers(layers.to_vec()),
            ));
        }
        Ok(Arc::new(MlpOptions {
            inputs: settings.count("inputs"),
            layers: layers.iter().map(|&n| n as usize).collect(),
            batch_norm: settings.flag("batch_norm"),
        }))
    },
};

const MOST_INPUTS: usize = 1 << 24;

/// Linear layers with ReLUs between them, over inputs of any shape laid out in a row.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Linear>,
    norms: Vec<BatchNorm>,
}

impl Mlp {
    /// The network, its weights not yet drawn: see [`super::initialize`].
    ///
    /// # Errors
    /// [`Error::Range`] if there is no layer, or one without outputs.
    pub fn new(options: &MlpOptions, device: &Device) -> Result<Mlp, Error> {
        let mut from = within("inputs", options.inputs, 1..=MOST_INPUTS)?;
        if options.layers.is_empty() {
            return Err(Error::range("layers", "at least one number", "none"));
        }
        let mut layers = Vec::new();
        for &to in &options.layers {
            layers.push(linear(
                from,
                within("layers", to, 1..=MOST_OUTPUTS)?,
                device,
            ));
            from = to;
        }
        let hidden = options
            .layers
            .split_last()
            .map_or(&[][..], |(_, hidden)| hidden);
        let norms = hidden.iter().map(|&n| BatchNorm::new(n, device));
        Ok(Mlp {
            layers,
            norms: if options.batch_norm {
                norms.collect()
            } else {
                Vec::new()
            },
        })
    }

    /// Numbers that a clip must have.
    pub fn inputs(&self) -> usize {
        self.layers[0].weight.dims()[0]
    }

    /// Maps `[batch, inputs]` to the outputs of the last layer.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let last = self.layers.len() - 1;
        self.layers.iter().enumerate().fold(x, |x, (index, layer)| {
            let x = layer.forward(x);
            match self.norms.get(index) {
                _ if index == last => x,
                Some(norm) => norm.forward_relu(x),
                None => relu(x),
            }
        })
    }
}

impl EncoderNetwork for Mlp {
    type Options = MlpOptions;

    fn build(options: &MlpOptions, device: &Device) -> Result<Mlp, Error> {
        Mlp::new(options, device)
    }

    fn embed(&self, input: Input) -> Result<Tensor<2>, Error> {
        let (dims, inputs) = (input.dims(), self.inputs());
        if dims[1..].iter().product::<usize>() != inputs || dims[0] == 0 {
            return Err(misfit(input, format!("a batch of {inputs} numbers each")));
        }
        let shape = [dims[0], inputs];
        Ok(self.forward(match input {
            Input::Vectors(x) => x,
            Input::Waves(x) => x.reshape(shape),
            Input::Features(x) => x.reshape(shape),
        }))
    }
}
