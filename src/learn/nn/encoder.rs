//! Encoders by name, and what is saved with them.

use super::{
    NamedTensor, ResNet18, ResNet18Options, export, import, initialize, read_safetensors,
    write_safetensors,
};
use crate::Error;
use crate::batch::Scaling;
use auricle_audio::augment::Recipe;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What an encoder is, without its weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Architecture {
    /// ResNet-18 over spectrograms.
    ResNet18(ResNet18Options),
}

impl std::fmt::Display for Architecture {
    /// Writes the source that builds it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Architecture::ResNet18(ResNet18Options {
            width, channels, ..
        }) = self;
        write!(f, "resnet18(#{{ width: {width}, channels: {channels} }})")
    }
}

/// How clips become an encoder's input: the recipe that computes features and the scaling of the training set.
#[derive(Clone, Debug, PartialEq)]
pub struct FrontEnd {
    /// From a wave to features, without anything random.
    pub recipe: Recipe,
    /// What is subtracted and divided by afterwards.
    pub scaling: Scaling,
}

/// An encoder: its architecture, its weights, and the front-end it was trained with.
#[derive(Clone, Debug)]
pub struct Encoder {
    architecture: Architecture,
    network: ResNet18,
    /// How its input is made; `None` until it was trained or told.
    pub front_end: Option<FrontEnd>,
}

impl Encoder {
    /// An encoder with weights drawn from a seed.
    ///
    /// # Errors
    /// [`Error::Range`] for options that make no network.
    pub fn new(architecture: Architecture, seed: u64, device: &Device) -> Result<Encoder, Error> {
        let Architecture::ResNet18(options) = architecture;
        let network = initialize(ResNet18::new(options, device)?, seed)?;
        Ok(Encoder {
            architecture,
            network,
            front_end: None,
        })
    }

    /// What it is.
    pub fn architecture(&self) -> Architecture {
        self.architecture
    }

    /// The network, to be trained.
    pub fn network(&self) -> &ResNet18 {
        &self.network
    }

    /// Number of features that it gives.
    pub fn dim(&self) -> usize {
        let Architecture::ResNet18(options) = self.architecture;
        options.fc.unwrap_or(8 * options.width)
    }

    /// Channels that its input must have.
    pub fn channels(&self) -> usize {
        let Architecture::ResNet18(options) = self.architecture;
        options.channels
    }

    /// Number of weights, running statistics not counted.
    pub fn n_parameters(&self) -> usize {
        let statistics =
            |name: &str| name.ends_with("running_mean") || name.ends_with("running_var");
        self.weights()
            .iter()
            .filter(|(name, _)| !statistics(name))
            .map(|(_, t)| t.values.len())
            .sum()
    }

    /// All weights by PyTorch's names.
    pub fn weights(&self) -> BTreeMap<String, NamedTensor> {
        export(&self.network)
    }

    /// The same encoder with other weights; shares nothing with this one.
    ///
    /// # Errors
    /// [`Error::Run`] if a name is missing or a shape differs.
    pub fn with_weights(
        &self,
        weights: &BTreeMap<String, NamedTensor>,
        device: &Device,
    ) -> Result<Encoder, Error> {
        let Architecture::ResNet18(options) = self.architecture;
        let network = import(ResNet18::new(options, device)?, weights)?;
        Ok(Encoder {
            architecture: self.architecture,
            network,
            front_end: self.front_end.clone(),
        })
    }

    /// Embeds `[batch, channels, bands, frames]` as `[batch, dim]`, with running statistics and without gradients.
    ///
    /// # Errors
    /// [`Error::Shape`] if the input has another number of channels.
    pub fn embed(&self, x: Tensor<4>) -> Result<Tensor<2>, Error> {
        let dims = x.dims();
        if dims[1] != self.channels() {
            let want = format!("[batch, {}, bands, frames]", self.channels());
            return Err(Error::Shape {
                what: "the input of the encoder",
                want,
                got: dims.to_vec(),
            });
        }
        Ok(self.network.valid().forward(x))
    }

    /// Saves weights, architecture and front-end as a safetensors file with PyTorch's names.
    ///
    /// # Errors
    /// [`Error::Audio`] if the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let features = self
            .front_end
            .as_ref()
            .map(|front_end| front_end.recipe.to_json());
        let scaling = self.front_end.as_ref().map(|front_end| front_end.scaling);
        let about = serde_json::json!({ "architecture": self.architecture, "features": features, "scaling": scaling });
        write_safetensors(path, &self.weights(), &BTreeMap::new(), &about)
    }

    /// The same encoder with the weights of a file, and its front-end if the file has one.
    ///
    /// A `strict` one takes only a file whose every weight has a place here: a bias that is passed over makes other embeddings.
    /// Counts of batches, which PyTorch writes and nothing here needs, do not matter.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, [`Error::Run`] if its weights do not fit.
    pub fn load(&self, path: &Path, strict: bool, device: &Device) -> Result<Encoder, Error> {
        let (weights, _, about) = read_safetensors(path)?;
        let mut loaded = self.with_weights(&weights, device)?;
        let known = loaded.weights();
        let is_left =
            |name: &&String| !known.contains_key(*name) && !name.ends_with("num_batches_tracked");
        let left: Vec<&String> = weights.keys().filter(is_left).collect();
        if strict && !left.is_empty() {
            const SHOWN: usize = 6;
            let names: Vec<String> = left
                .iter()
                .take(SHOWN)
                .map(|name| format!("`{name}`"))
                .collect();
            let more = if left.len() > SHOWN {
                format!(" and {} more", left.len() - SHOWN)
            } else {
                String::new()
            };
            return Err(Error::Run {
                message: format!("`{}` has weights that the model does not have: {}{more}", path.display(), names.join(", ")),
                hint: "build the model that the file is of; if they are not needed here (a classifier's head, say), pass over \
                       them with `load(path, #{ strict: false })`"
                    .into(),
            });
        }
        let (features, scaling) = (&about["features"], &about["scaling"]);
        if !features.is_null() && !scaling.is_null() {
            loaded.front_end = Some(FrontEnd {
                recipe: Recipe::from_json(features)?,
                scaling: Scaling::deserialize(scaling).map_err(|error| Error::file(path, error))?,
            });
        }
        Ok(loaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_without_a_place_is_an_error_unless_it_may_be_passed_over() {
        let device = Device::default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let options = ResNet18Options {
            width: 4,
            ..ResNet18Options::default()
        };
        let encoder = Encoder::new(Architecture::ResNet18(options), 0, &device).unwrap();
        let mut weights = encoder.weights();
        let bias = NamedTensor {
            shape: vec![4],
            values: vec![1.0; 4],
        };
        weights.insert(
            "bn1.num_batches_tracked".into(),
            NamedTensor {
                shape: vec![1],
                values: vec![5.0],
            },
        );
        write_safetensors(&path, &weights, &BTreeMap::new(), &serde_json::Value::Null).unwrap();
        assert!(encoder.load(&path, true, &device).is_ok());
        weights.insert("conv1.bias".into(), bias);
        write_safetensors(&path, &weights, &BTreeMap::new(), &serde_json::Value::Null).unwrap();
        let error = encoder
            .load(&path, true, &device)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("`conv1.bias`"), "{error}");
        assert_eq!(
            encoder.load(&path, false, &device).unwrap().weights().len(),
            encoder.weights().len()
        );
    }
}
