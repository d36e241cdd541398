//! Encoders with their weights and front-ends, and files of them.

use super::frozen::{self, freeze};
use super::names::{self, Naming};
use super::shared::Shared;
use super::weights::listed;
use super::{
    Architecture, Input, NamedTensor, Network, count_parameters, export, import, initialize_each,
    read_weights, write_safetensors,
};
use crate::Error;
use crate::batch::Scaling;
use auricle_audio::augment::Recipe;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How clips become an encoder's input: the recipe that computes features and the scaling of the
/// training set.
#[derive(Clone, Debug, PartialEq)]
pub struct FrontEnd {
    /// From a wave to features, without anything random.
    pub recipe: Recipe,
    /// What is subtracted and divided by afterwards.
    pub scaling: Scaling,
}

/// How weights of a file are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadOptions {
    /// Whether a weight without a place here is an error: a bias that is passed over makes other
    /// embeddings. Counts of batches, which PyTorch writes and nothing here needs, do not matter.
    pub strict: bool,
    /// Whether a kernel that reads several channels is summed, for a network that reads one.
    pub sum_channels: bool,
}

impl Default for LoadOptions {
    fn default() -> LoadOptions {
        LoadOptions {
            strict: true,
            sum_channels: false,
        }
    }
}

/// An encoder: its architecture, its weights, and the front-end it was trained with.
///
/// Clones share the weights, so that a training of one is seen in all; [`Encoder::copy`] shares
/// nothing.
#[derive(Clone, Debug)]
pub struct Encoder {
    architecture: Architecture,
    network: Shared,
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
        let others = match &architecture {
            Architecture::Layers(stack) => stack.schemes()?,
            _ => Vec::new(),
        };
        let network = initialize_each(network, seed, architecture.scheme(), &others)?;
        Ok(Encoder {
            architecture,
            network: Shared::new(network),
            front_end: None,
        })
    }

    /// The same encoder with the weights that it has now; shares nothing with this one, and is not
    /// under training.
    pub fn copy(&self) -> Encoder {
        Encoder {
            architecture: self.architecture.clone(),
            network: self.network.copy(),
            front_end: self.front_end.clone(),
        }
    }

    /// What it is.
    pub fn architecture(&self) -> Architecture {
        self.architecture.clone()
    }

    /// The network with its weights as they are now.
    pub fn network(&self) -> Network {
        self.network.get()
    }

    /// Puts a network of the same architecture in the place of this one, for all that share it.
    pub(crate) fn set_network(&self, network: Network) {
        self.network.set(network);
    }

    /// Puts it, and all that share its weights, under training: [`Encoder::forward`] is followed
    /// for gradients from here on.
    pub fn train(&self) {
        self.network.train();
    }

    /// Whether it is under training.
    pub fn is_training(&self) -> bool {
        self.network.is_training()
    }

    /// Whether a training has moved its weights, or those it was copied from, in place.
    pub fn is_trained(&self) -> bool {
        self.network.is_changed()
    }

    /// Freezes the parts of some names, such as `layer1` or `layer1.0.conv1.weight`, or all of it
    /// if there is no name: no training moves their weights, and their norms keep their running
    /// statistics and normalize by them. All that share the weights see it.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Unknown`] for a name that no part has.
    pub fn freeze(&self, parts: &[String]) -> Result<(), Error> {
        self.set_frozen(parts, true)
    }

    /// Lets training move the parts of some names again, or all of it if there is no name.
    ///
    /// # Errors
    /// As [`Encoder::freeze`].
    pub fn unfreeze(&self, parts: &[String]) -> Result<(), Error> {
        self.set_frozen(parts, false)
    }

    fn set_frozen(&self, parts: &[String], is_frozen: bool) -> Result<(), Error> {
        let leaves = frozen::leaves_of(&self.network.get(), "model", parts)?;
        self.network
            .change(|network| freeze(network, &leaves, is_frozen));
        Ok(())
    }

    /// The frozen parts, in the fewest names.
    pub fn frozen(&self) -> Vec<String> {
        frozen::frozen_parts(&self.network.get())
    }

    /// The names of all that is frozen, weight by weight.
    pub(crate) fn frozen_leaves(&self) -> BTreeSet<String> {
        frozen::frozen(&self.network.get())
    }

    /// A network of the same architecture, frozen where this one is.
    fn frozen_alike(&self, network: Network) -> Shared {
        Shared::new(freeze(network, &self.frozen_leaves(), true))
    }

    /// Whether both share their weights.
    pub fn shares_weights(&self, other: &Encoder) -> bool {
        self.network.is(&other.network)
    }

    /// Where its weights are.
    pub fn device(&self) -> Device {
        let devices = self.network.get().valid().devices();
        devices.into_iter().next().unwrap_or_default()
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
        count_parameters(&self.network.get())
    }

    /// All weights by PyTorch's names.
    pub fn weights(&self) -> BTreeMap<String, NamedTensor> {
        export(&self.network.get().valid())
    }

    /// The same encoder with other weights, frozen where this one is; shares nothing with it.
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
            network: self.frozen_alike(network),
            front_end: self.front_end.clone(),
        })
    }

    /// Embeds a batch as `[batch, dim]`, with running statistics and without gradients.
    ///
    /// # Errors
    /// [`Error::Shape`] if the input is of another kind, or has another number of channels.
    pub fn embed(&self, x: impl Into<Input>) -> Result<Tensor<2>, Error> {
        self.network.get().valid().forward(x)
    }

    /// Embeds a batch as `[batch, dim]`; under training with the batch's statistics, and followed
    /// for gradients, else as [`Encoder::embed`].
    ///
    /// # Errors
    /// As there.
    pub fn forward(&self, x: impl Into<Input>) -> Result<Tensor<2>, Error> {
        if self.is_training() {
            // The first layer may be one that asks its input whether it trains.
            self.network.get().forward(x.into().autodiff())
        } else {
            self.embed(x)
        }
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

    /// The same with the names of another program, and without what the weights are.
    ///
    /// # Errors
    /// [`Error::Audio`] if the file cannot be written, [`Error::Run`] if the program has no names
    /// for the architecture.
    pub fn save_as(&self, path: &Path, naming: Naming) -> Result<(), Error> {
        if naming != Naming::Original && !matches!(self.architecture, Architecture::Ast(_)) {
            return Err(Error::Run {
                message: "only a transformer has names of timm or Hugging Face".into(),
                hint: "save it without `names`: they are PyTorch's".into(),
            });
        }
        let weights = names::theirs(self.weights(), naming);
        write_safetensors(path, &weights, &BTreeMap::new(), &serde_json::Value::Null)
    }

    /// The same encoder with the weights of a safetensors file, and its front-end if the file has
    /// one; or of a file that PyTorch wrote.
    ///
    /// Names may be ours, torchvision's, those of the transformer's original checkpoints, timm's or
    /// Hugging Face's, whose epsilon of 1e-12 a transformer then takes over if it was not given
    /// one; and all may stand behind `module.`. A transformer's table of positions is fitted to its
    /// grid.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, [`Error::Run`] if its weights do not fit: the message
    /// lists what is missing, what has another shape, or what is left over.
    pub fn load(
        &self,
        path: &Path,
        options: LoadOptions,
        device: &Device,
    ) -> Result<Encoder, Error> {
        let (weights, _, about) = read_weights(path)?;
        let mut weights = names::unwrapped(weights);
        let mut architecture = self.architecture.clone();
        if let Architecture::Ast(ast) = &mut architecture {
            let naming;
            (weights, naming) = names::ours(weights);
            if naming == Naming::HuggingFace {
                ast.norm_epsilon.get_or_insert(1e-12);
            }
            let known = match Architecture::deserialize(&about["architecture"]) {
                Ok(Architecture::Ast(of_file)) => of_file.grid_if_any(),
                _ => None,
            };
            let n_front = 1 + usize::from(ast.distilled);
            names::fit_positions(&mut weights, known, n_front, ast.grid());
        }
        if options.sum_channels
            && architecture.channels() == 1
            && let Some(stem) = architecture.stem()
            && let Some(kernel) = weights.get_mut(stem)
        {
            names::sum_channels(kernel);
        }
        let mut loaded = Encoder {
            network: self.frozen_alike(import(Network::new(&architecture, device)?, &weights)?),
            architecture,
            front_end: self.front_end.clone(),
        };
        let known = loaded.weights();
        let is_left =
            |name: &&String| !known.contains_key(*name) && !name.ends_with("num_batches_tracked");
        let left = weights.keys().filter(is_left);
        let left: Vec<String> = left.map(|name| format!("`{name}`")).collect();
        if options.strict && !left.is_empty() {
            return Err(Error::Run {
                message: format!(
                    "`{}` has weights that the model does not have: {}",
                    path.display(),
                    listed(&left)
                ),
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
    use crate::nn::{AstOptions, ResNet18Options};

    #[test]
    fn a_weight_without_a_place_is_an_error_unless_it_may_be_passed_over() {
        let device = Device::default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let lenient = LoadOptions {
            strict: false,
            ..LoadOptions::default()
        };
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
        assert!(encoder.load(&path, LoadOptions::default(), &device).is_ok());
        weights.insert("conv1.bias".into(), bias);
        write_safetensors(&path, &weights, &BTreeMap::new(), &serde_json::Value::Null).unwrap();
        let error = encoder
            .load(&path, LoadOptions::default(), &device)
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("`conv1.bias`"), "{error}");
        assert_eq!(
            encoder
                .load(&path, lenient, &device)
                .unwrap()
                .weights()
                .len(),
            encoder.weights().len()
        );
    }

    /// Names, initial values and identities that files, reports and checkpoints of other days
    /// depend on.
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
        assert_eq!(read.to_string(), "resnet18(#{ width: 4 })");
    }

    fn small_ast(options: AstOptions) -> AstOptions {
        AstOptions {
            dim: 12,
            depth: 2,
            heads: 3,
            bands: 128,
            frames: 46,
            ..options
        }
    }

    fn encoder(architecture: Architecture) -> Encoder {
        Encoder::new(architecture, 3, &Device::flex()).unwrap()
    }

    fn numbers(encoder: &Encoder, x: Tensor<4>) -> Vec<f32> {
        let out = encoder.embed(x).unwrap().into_data();
        out.iter::<f32>().collect()
    }

    fn ramp(shape: [usize; 4]) -> Tensor<4> {
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n).map(|k| (k as f64 * 0.37).sin() as f32).collect();
        Tensor::from_data(
            burn::tensor::TensorData::new(values, shape),
            &Device::flex(),
        )
    }

    #[test]
    fn a_transformer_goes_out_and_comes_back_by_the_names_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let with_head = small_ast(AstOptions {
            classes: Some(4),
            ..AstOptions::default()
        });
        let model = encoder(Architecture::Ast(with_head));
        let blank = Encoder::new(model.architecture(), 4, &Device::flex()).unwrap();
        for (naming, one, shape) in [
            (
                Naming::HuggingFace,
                "audio_spectrogram_transformer.encoder.layer.1.attention.attention.key.weight",
                [12, 12],
            ),
            (Naming::HuggingFace, "classifier.dense.weight", [4, 12]),
            (Naming::Timm, "blocks.1.attn.qkv.weight", [36, 12]),
            (Naming::Original, "v.blocks.1.attn.qkv.weight", [36, 12]),
        ] {
            model.save_as(&path, naming).unwrap();
            let (written, _, _) = super::super::read_safetensors(&path).unwrap();
            assert_eq!(written[one].shape, shape, "{one}");
            let loaded = blank
                .load(&path, LoadOptions::default(), &Device::flex())
                .unwrap();
            assert_eq!(loaded.weights(), model.weights(), "{naming:?}");
            let Architecture::Ast(options) = loaded.architecture() else {
                unreachable!("loading changes no architecture");
            };
            let want = (naming == Naming::HuggingFace).then_some(1e-12);
            assert_eq!(options.norm_epsilon, want);
        }
    }

    #[test]
    fn what_data_parallel_training_and_images_left_in_a_checkpoint_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let model = encoder(Architecture::Ast(small_ast(AstOptions::default())));
        let number = NamedTensor {
            shape: vec![1],
            values: vec![1.0],
        };
        let weights = model.weights().into_iter();
        let mut weights: BTreeMap<String, NamedTensor> = weights
            .map(|(name, tensor)| (format!("module.{name}"), tensor))
            .collect();
        weights.insert("module.v.head_dist.bias".into(), number);
        write_safetensors(&path, &weights, &BTreeMap::new(), &serde_json::Value::Null).unwrap();
        let blank = Encoder::new(model.architecture(), 4, &Device::flex()).unwrap();
        let loaded = blank
            .load(&path, LoadOptions::default(), &Device::flex())
            .unwrap();
        assert_eq!(loaded.weights(), model.weights());
    }

    /// A model that was made for short clips embeds longer ones by a table that grows as it is
    /// used; loaded into a model that is made for the longer ones it does the same.
    #[test]
    fn positions_are_fitted_when_they_are_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let short = small_ast(AstOptions::default());
        let model = encoder(Architecture::Ast(short));
        let long = AstOptions {
            frames: 96,
            ..short
        };
        let blank = encoder(Architecture::Ast(long));
        let x = ramp([2, 1, 128, 96]);
        // With our own file, which says its grid, and with one that does not: 12 rows are assumed.
        model.save(&path).unwrap();
        let told = blank
            .load(&path, LoadOptions::default(), &Device::flex())
            .unwrap();
        model.save_as(&path, Naming::Timm).unwrap();
        let guessed = blank
            .load(&path, LoadOptions::default(), &Device::flex())
            .unwrap();
        assert_eq!(told.weights()["v.pos_embed"].shape, [1, 2 + 12 * 9, 12]);
        assert_eq!(numbers(&told, x.clone()), numbers(&model, x.clone()));
        assert_eq!(numbers(&guessed, x.clone()), numbers(&model, x));
    }

    #[test]
    fn a_kernel_over_three_channels_is_summed_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.safetensors");
        let architecture = |channels| {
            Architecture::ResNet18(ResNet18Options {
                width: 2,
                channels,
                ..ResNet18Options::default()
            })
        };
        let colour = encoder(architecture(3));
        colour.save(&path).unwrap();
        let mono = encoder(architecture(1));
        let sum = LoadOptions {
            sum_channels: true,
            ..LoadOptions::default()
        };
        let refused = mono
            .load(&path, LoadOptions::default(), &Device::flex())
            .unwrap_err();
        let want = "`conv1.weight` is [2, 3, 7, 7] in the weights and [2, 1, 7, 7] in the model";
        assert_eq!(refused.to_string(), want);
        let loaded = mono.load(&path, sum, &Device::flex()).unwrap();
        let x = ramp([2, 1, 40, 50]);
        let grey = numbers(&colour, x.clone().repeat_dim(1, 3));
        for (got, want) in numbers(&loaded, x).iter().zip(&grey) {
            assert!((got - want).abs() < 1e-5, "{got}, wanted {want}");
        }
    }

    #[test]
    fn everything_that_is_missing_is_listed() {
        let model = encoder(Architecture::Ast(small_ast(AstOptions::default())));
        let mut weights = model.weights();
        weights.remove("v.norm.bias");
        weights.remove("v.cls_token");
        let error = model.with_weights(&weights, &Device::flex()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the weights lack `v.cls_token`, `v.norm.bias`"
        );
    }
}
