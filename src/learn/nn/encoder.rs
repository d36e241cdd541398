//! Encoders with their weights and front-ends, and files of them.

use super::{
    Architecture, Input, NamedTensor, Network, count_parameters, export, import, initialize_as,
    read_safetensors, write_safetensors,
};
use crate::Error;
use crate::batch::Scaling;
use auricle_audio::augment::Recipe;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

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
    network: Network,
    /// How its input is made; `None` until it was trained or told.
    pub front_end: Option<FrontEnd>,
}

impl Encoder {
    /// An encoder with weights drawn from a seed.
    ///
    /// # Errors
    /// [`Error::Range`] for options that make no network.
    pub fn new(architecture: Architecture, seed: u64, device: &Device) -> Result<Encoder, Error> {
        let network = Network::new(&architecture, device)?;
        let network = initialize_as(network, seed, architecture.scheme())?;
        Ok(Encoder {
            architecture,
            network,
            front_end: None,
        })
    }

    /// What it is.
    pub fn architecture(&self) -> Architecture {
        self.architecture.clone()
    }

    /// The network, to be trained.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Number of features that it gives.
    pub fn dim(&self) -> usize {
        self.architecture.dim()
    }

    /// Channels that its input must have.
    pub fn channels(&self) -> usize {
        self.architecture.channels()
    }

    /// Number of weights, running statistics not counted.
    pub fn n_parameters(&self) -> usize {
        count_parameters(&self.network)
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
        let network = import(Network::new(&self.architecture, device)?, weights)?;
        Ok(Encoder {
            architecture: self.architecture.clone(),
            network,
            front_end: self.front_end.clone(),
        })
    }

    /// Embeds a batch as `[batch, dim]`, with running statistics and without gradients.
    ///
    /// # Errors
    /// [`Error::Shape`] if the input is of another kind, or has another number of channels.
    pub fn embed(&self, x: impl Into<Input>) -> Result<Tensor<2>, Error> {
        self.network.valid().forward(x)
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
    use crate::nn::ResNet18Options;

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

    /// Names, initial values and identities that files, reports and checkpoints of other days depend on.
    #[test]
    fn names_first_weights_and_identities_of_a_seeded_resnet18_are_kept() {
        struct Kernels(Vec<u64>);
        impl burn::module::ModuleVisitor for Kernels {
            fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                if D == 4 {
                    self.0.push(param.id.val());
                }
            }
        }
        let options = ResNet18Options {
            width: 4,
            ..ResNet18Options::default()
        };
        let architecture = Architecture::ResNet18(options);
        let encoder = Encoder::new(architecture, 7, &Device::default()).unwrap();
        let weights = encoder.weights();
        let names: Vec<&str> = weights.keys().map(String::as_str).collect();
        let mut values = xxhash_rust::xxh3::Xxh3::new();
        for value in weights.values().flat_map(|tensor| &tensor.values) {
            values.update(&value.to_le_bytes());
        }
        let hash = |text: &str| xxhash_rust::xxh3::xxh3_64(text.as_bytes());
        assert_eq!(hash(&names.join(" ")), 0xe4ea_648a_befb_e164);
        assert_eq!(values.digest(), 0xe0c7_12d0_e6a5_6d81);
        // An optimizer's state is kept by these.
        let mut kernels = Kernels(Vec::new());
        encoder.network().visit(&mut kernels);
        kernels.0.sort_unstable();
        let is_kernel = |name: &&&str| weights[**name].shape.len() == 4;
        let named = names.iter().filter(is_kernel).map(|name| hash(name));
        let named = std::collections::BTreeSet::from_iter(named);
        assert_eq!(kernels.0, Vec::from_iter(named));
        assert_eq!(kernels.0.len(), 20);
        assert_eq!((names.len(), names[4]), (100, "conv1.weight"));
        let first = &weights["conv1.weight"].values[..3];
        assert_eq!(first, [0.04923012, 0.050862763, -0.06283949]);
        let written = serde_json::to_string(&encoder.architecture()).unwrap();
        let before = r#"{"name":"res_net18","width":4,"channels":1,"stem_bias":false,"fc":null}"#;
        assert_eq!(written, before);
        let read: Architecture = serde_json::from_str(before).unwrap();
        assert_eq!(read, encoder.architecture());
        assert_eq!(read.to_string(), "resnet18(#{ width: 4, channels: 1 })");
    }
}
