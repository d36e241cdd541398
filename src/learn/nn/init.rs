//! Initial weights, drawn from our own streams so that they are the same on every device.

use super::weights::{NamedTensor, export, import, is_variant};
use crate::Error;
use auricle_audio::{Key, Place, Rng};
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::Tensor;
use rayon::prelude::*;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Draws the weights of a module and gives every parameter an identity that depends on its name alone.
///
/// Convolutions: normal with variance `2 / fan_out` (He et al., 2015), as in torchvision's ResNet. Linear layers and
/// biases: uniform within `1 / sqrt(fan_in)`, PyTorch's default. Normalizations: scale 1, shift 0. Each tensor has a
/// stream of its own, keyed by the seed and its name.
///
/// # Errors
/// Only if the module changes between export and import, which would be a bug.
pub fn initialize<M: Module>(module: M, seed: u64) -> Result<M, Error> {
    let mut tensors = export(&module);
    let shapes: BTreeMap<String, Vec<usize>> = tensors
        .iter()
        .map(|(name, t)| (name.clone(), t.shape.clone()))
        .collect();
    tensors.par_iter_mut().for_each(|(name, tensor)| {
        let mut rng = Key::of_seed(seed).at(Place::ROOT.named("weights").named(name));
        draw(name, tensor, &shapes, &mut rng);
    });
    let module = import(module, &tensors)?;
    Ok(module.map(&mut Named::default()))
}

fn draw(
    name: &str,
    tensor: &mut NamedTensor,
    shapes: &BTreeMap<String, Vec<usize>>,
    rng: &mut Rng,
) {
    match (tensor.shape.as_slice(), name.rsplit_once('.')) {
        ([out, _, kernel @ ..], _) if !kernel.is_empty() => {
            let deviation = (2.0 / (out * kernel.iter().product::<usize>()) as f64).sqrt();
            tensor
                .values
                .iter_mut()
                .for_each(|w| *w = (deviation * rng.normal()) as f32);
        }
        ([_, input], _) => uniform(tensor, 1.0 / (*input as f64).sqrt(), rng),
        // The bias of a layer with a matrix or a kernel; that of a normalization stays 0.
        ([_], Some((layer, "bias"))) => {
            if let Some(shape) = shapes
                .get(&format!("{layer}.weight"))
                .filter(|shape| shape.len() > 1)
            {
                let fan_in: usize = shape[1..].iter().product();
                uniform(tensor, 1.0 / (fan_in as f64).sqrt(), rng);
            }
        }
        _ => {}
    }
}

fn uniform(tensor: &mut NamedTensor, bound: f64, rng: &mut Rng) {
    tensor
        .values
        .iter_mut()
        .for_each(|w| *w = rng.range(-bound, bound) as f32);
}

/// Replaces the identity of every parameter by a hash of its path.
///
/// burn's optimizer keeps its state by identity, and identities are drawn anew for every module. A checkpoint that is
/// restored into a fresh module would find none of its state and silently start cold.
#[derive(Default)]
struct Named {
    path: Vec<String>,
}

impl ModuleMapper for Named {
    fn enter_module(&mut self, name: &str, container: &str) {
        if !is_variant(container) {
            self.path.push(name.to_owned());
        }
    }

    fn exit_module(&mut self, _: &str, container: &str) {
        if !is_variant(container) {
            self.path.pop();
        }
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = ParamId::from(xxh3_64(self.path.join(".").as_bytes()));
        let (_, value, mapper) = param.consume();
        Param::from_mapped_value(id, value, mapper)
    }
}
