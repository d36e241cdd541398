//! Initial weights, drawn from our own streams so that they are the same on every device.

use super::weights::{NamedTensor, export, import, is_variant};
use crate::Error;
use auricle_audio::{Key, Place, Rng};
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::Tensor;
use rayon::prelude::*;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// How initial weights are drawn. Scales are 1, shifts and running means 0 in all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scheme {
    /// For layers behind which a ReLU stands. Convolutions: normal with variance `2 / fan_out` (He
    /// et al., 2015), as in torchvision's ResNet. Linear layers and biases: uniform within `1 /
    /// sqrt(fan_in)`, PyTorch's default.
    Rectified,
    /// For weight-standardized convolutions: normal with variance `1 / fan_in`, biases 0.
    NormalizerFree,
    /// For transformers: normal with deviation 0.02, cut at two deviations, biases 0; convolutions
    /// of patches and their biases uniform within `1 / sqrt(fan_in)`.
    Transformer,
}

/// Draws the weights of a module as [`Scheme::Rectified`] has it: see [`initialize_as`].
///
/// # Errors
/// As there.
pub fn initialize<M: Module>(module: M, seed: u64) -> Result<M, Error> {
    initialize_as(module, seed, Scheme::Rectified)
}

/// Draws the weights of a module and gives every parameter an identity that depends on its name
/// alone.
///
/// Each tensor has a stream of its own, keyed by the seed and its name.
///
/// # Errors
/// Only if the module changes between export and import, which would be a bug.
pub fn initialize_as<M: Module>(module: M, seed: u64, scheme: Scheme) -> Result<M, Error> {
    initialize_each(module, seed, scheme, &[])
}

/// The same for a module that has some weights already, by their names: these are not drawn.
///
/// # Errors
/// [`Error::Run`] if a shape differs.
pub(crate) fn initialize_beside<M: Module>(
    module: M,
    seed: u64,
    scheme: Scheme,
    given: BTreeMap<String, NamedTensor>,
) -> Result<M, Error> {
    drawn(module, seed, |_| scheme, given)
}

/// The same with other schemes for weights whose names begin with some names.
///
/// # Errors
/// As there.
pub fn initialize_each<M: Module>(
    module: M,
    seed: u64,
    scheme: Scheme,
    others: &[(String, Scheme)],
) -> Result<M, Error> {
    let scheme_of = |name: &str| {
        let is_inside = |outer: &str| {
            let rest = name.strip_prefix(outer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let other = others.iter().find(|(outer, _)| is_inside(outer));
        other.map_or(scheme, |(_, other)| *other)
    };
    drawn(module, seed, scheme_of, BTreeMap::new())
}

fn drawn<M: Module>(
    module: M,
    seed: u64,
    scheme_of: impl Fn(&str) -> Scheme + Sync,
    given: BTreeMap<String, NamedTensor>,
) -> Result<M, Error> {
    let mut tensors = export(&module);
    let shapes: BTreeMap<String, Vec<usize>> = tensors
        .iter()
        .map(|(name, t)| (name.clone(), t.shape.clone()))
        .collect();
    let missing = |(name, _): &(&String, &mut NamedTensor)| !given.contains_key(*name);
    let missing = tensors.par_iter_mut().filter(missing);
    missing.for_each(|(name, tensor)| {
        let mut rng = Key::of_seed(seed).at(Place::ROOT.named("weights").named(name));
        match scheme_of(name) {
            Scheme::Rectified => draw(name, tensor, &shapes, &mut rng),
            Scheme::NormalizerFree => draw_normalizer_free(tensor, &mut rng),
            Scheme::Transformer => draw_transformer(name, tensor, &shapes, &mut rng),
        }
    });
    tensors.extend(given);
    Ok(named_by_place(import(module, &tensors)?))
}

/// Gives every parameter of a module an identity that depends on its name alone, by which an
/// optimizer keeps its state.
pub fn named_by_place<M: Module>(module: M) -> M {
    module.map(&mut Named::default())
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

fn draw_normalizer_free(tensor: &mut NamedTensor, rng: &mut Rng) {
    if let [_, inputs @ ..] = tensor.shape.as_slice()
        && !inputs.is_empty()
    {
        let deviation = (inputs.iter().product::<usize>() as f64).powf(-0.5);
        let values = tensor.values.iter_mut();
        values.for_each(|w| *w = (deviation * rng.normal()) as f32);
    }
}

/// Deviation of a transformer's weights.
const DEVIATION: f64 = 0.02;

fn draw_transformer(
    name: &str,
    tensor: &mut NamedTensor,
    shapes: &BTreeMap<String, Vec<usize>>,
    rng: &mut Rng,
) {
    let kernel = name
        .rsplit_once('.')
        .map(|(layer, _)| format!("{layer}.weight"));
    let kernel = kernel
        .and_then(|name| shapes.get(&name))
        .filter(|shape| shape.len() == 4);
    if let Some(shape) = kernel {
        let fan_in: usize = shape[1..].iter().product();
        return uniform(tensor, 1.0 / (fan_in as f64).sqrt(), rng);
    }
    if tensor.shape.len() > 1 {
        for w in &mut tensor.values {
            // One draw in twenty is beyond two deviations and drawn again.
            let mut value = rng.normal();
            while value.abs() > 2.0 {
                value = rng.normal();
            }
            *w = (DEVIATION * value) as f32;
        }
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
/// burn's optimizer keeps its state by identity, and identities are drawn anew for every module. A
/// checkpoint that is restored into a fresh module would find none of its state and silently start
/// cold.
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
