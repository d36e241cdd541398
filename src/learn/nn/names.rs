//! The names that other programs give to weights.

use super::{Ast, NamedTensor, resize_positions};
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeMap;

/// Weights by name.
pub(super) type Weights = BTreeMap<String, NamedTensor>;

/// Whose names the weights of a transformer have.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Naming {
    /// Those of its original checkpoints, which are ours: `v.blocks.0.attn.qkv.weight`.
    #[default]
    Original,
    /// timm's: the same without `v.`.
    Timm,
    /// Those of Hugging Face, with query, key and value apart.
    HuggingFace,
}

/// Names at the top of a transformer: ours, and those of Hugging Face.
const TOP: [(&str, &str); 5] = [
    ("v.cls_token", "embeddings.cls_token"),
    ("v.dist_token", "embeddings.distillation_token"),
    ("v.pos_embed", "embeddings.position_embeddings"),
    (
        "v.patch_embed.proj",
        "embeddings.patch_embeddings.projection",
    ),
    ("v.norm", "layernorm"),
];
/// The same in the head.
const HEAD: [(&str, &str); 2] = [
    ("mlp_head.0", "classifier.layernorm"),
    ("mlp_head.1", "classifier.dense"),
];
/// The same in a block. Names that begin another one stand behind it.
const BLOCK: [(&str, &str); 5] = [
    ("norm1", "layernorm_before"),
    ("norm2", "layernorm_after"),
    ("attn.proj", "attention.output.dense"),
    ("mlp.fc1", "intermediate.dense"),
    ("mlp.fc2", "output.dense"),
];
/// What Hugging Face calls the parts of `attn.qkv`, in their order.
const PARTS: [&str; 3] = ["query", "key", "value"];
const PREFIX: &str = "audio_spectrogram_transformer.";

/// Replaces the part of a name that a table knows, if what follows is nothing or a field.
fn replaced<'a>(name: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Option<String> {
    for (from, to) in pairs {
        if let Some(field) = name.strip_prefix(from)
            && (field.is_empty() || field.starts_with('.'))
        {
            return Some(format!("{to}{field}"));
        }
    }
    None
}

/// What programs put before every name: a model for several devices, and the usual names of an
/// encoder inside another module.
const PREFIXES: [&str; 4] = ["module.", "model.", "encoder.", "backbone."];

/// Takes away what stands before every name.
pub(super) fn unwrapped(mut weights: Weights) -> Weights {
    let common = |weights: &Weights| {
        let stands = |prefix: &&str| weights.keys().all(|name| name.starts_with(prefix));
        PREFIXES.into_iter().find(stands)
    };
    while let Some(prefix) = common(&weights).filter(|_| !weights.is_empty()) {
        let plain = |(name, tensor): (String, NamedTensor)| (name[prefix.len()..].into(), tensor);
        weights = weights.into_iter().map(plain).collect();
    }
    weights
}

/// What Hugging Face calls the parts of a block in memory since transformers 5, and in files as before.
const IN_MEMORY: [(&str, &str); 6] = [
    ("attention.q_proj", "attention.attention.query"),
    ("attention.k_proj", "attention.attention.key"),
    ("attention.v_proj", "attention.attention.value"),
    ("attention.o_proj", "attention.output.dense"),
    ("mlp.fc1", "intermediate.dense"),
    ("mlp.fc2", "output.dense"),
];

/// The name in files of a weight with a name in memory; other names stay.
fn in_files(name: String) -> String {
    let short = name.strip_prefix(PREFIX).unwrap_or(&name);
    let Some((index, field)) = block(short, "layers.") else {
        return name;
    };
    let field = replaced(field, IN_MEMORY.into_iter()).unwrap_or_else(|| field.to_owned());
    format!("encoder.layer.{index}.{field}")
}

/// Gives a transformer's weights our names, and says whose they had. Names that nobody has stay as
/// they are.
pub(super) fn ours(weights: Weights) -> (Weights, Naming) {
    let weights = weights.into_iter();
    let weights: Weights = weights
        .map(|(name, tensor)| (in_files(name), tensor))
        .collect();
    if weights
        .keys()
        .any(|name| name.contains("attention.attention.query."))
    {
        return (from_hugging_face(weights), Naming::HuggingFace);
    }
    if weights.contains_key("cls_token") {
        // The head of a classifier of images is none of ours.
        let ours = |name: String| match name.starts_with("head") || name.starts_with("mlp_head") {
            true => name,
            false => format!("v.{name}"),
        };
        let weights = weights
            .into_iter()
            .map(|(name, tensor)| (ours(name), tensor));
        return (weights.collect(), Naming::Timm);
    }
    // Original checkpoints keep heads of the images they began with, which nothing uses.
    let unused = |name: &str| name.starts_with("v.head.") || name.starts_with("v.head_dist.");
    let weights = weights.into_iter().filter(|(name, _)| !unused(name));
    (weights.collect(), Naming::Original)
}

fn from_hugging_face(weights: Weights) -> Weights {
    let mut named = Weights::new();
    let mut parts = BTreeMap::<String, [Option<NamedTensor>; 3]>::new();
    for (name, tensor) in weights {
        let short = name.strip_prefix(PREFIX).unwrap_or(&name);
        let swapped =
            |pairs: &'static [(&str, &str)]| pairs.iter().map(|&(ours, theirs)| (theirs, ours));
        let Some((index, field)) = block(short, "encoder.layer.") else {
            let known = replaced(short, swapped(&TOP).chain(swapped(&HEAD)));
            named.insert(known.unwrap_or(name), tensor);
            continue;
        };
        if let Some(field) = field.strip_prefix("attention.attention.")
            && let Some((part, field)) = field.split_once('.')
            && let Some(part) = PARTS.iter().position(|&known| known == part)
        {
            let joined = format!("v.blocks.{index}.attn.qkv.{field}");
            parts.entry(joined).or_default()[part] = Some(tensor);
            continue;
        }
        let known = replaced(field, swapped(&BLOCK));
        let known = known.map(|field| format!("v.blocks.{index}.{field}"));
        named.insert(known.unwrap_or(name), tensor);
    }
    for (name, joined) in parts {
        // What is incomplete is reported as missing by the one who looks for it.
        if let [Some(query), Some(key), Some(value)] = joined {
            let mut shape = query.shape.clone();
            shape[0] *= PARTS.len();
            let values = [query.values, key.values, value.values].concat();
            named.insert(name, NamedTensor { shape, values });
        }
    }
    named
}

/// The index of a block and what follows it in a name.
fn block<'a>(name: &'a str, prefix: &str) -> Option<(usize, &'a str)> {
    let (index, field) = name.strip_prefix(prefix)?.split_once('.')?;
    Some((index.parse().ok()?, field))
}

/// Gives a transformer's weights the names of others.
pub(super) fn theirs(weights: Weights, naming: Naming) -> Weights {
    match naming {
        Naming::Original => weights,
        Naming::Timm => {
            let theirs = |name: &str| name.strip_prefix("v.").unwrap_or(name).to_owned();
            weights
                .into_iter()
                .map(|(name, tensor)| (theirs(&name), tensor))
                .collect()
        }
        Naming::HuggingFace => to_hugging_face(weights),
    }
}

fn to_hugging_face(weights: Weights) -> Weights {
    // With a classifier, the encoder is a part of what Hugging Face calls the model.
    let has_head = weights.keys().any(|name| name.starts_with("mlp_head."));
    let prefix = if has_head { PREFIX } else { "" };
    let mut named = Weights::new();
    for (name, tensor) in weights {
        let Some((index, field)) = block(&name, "v.blocks.") else {
            let known = replaced(&name, TOP.into_iter());
            let known = known.map(|name| format!("{prefix}{name}"));
            let known = known.or_else(|| replaced(&name, HEAD.into_iter()));
            named.insert(known.unwrap_or(name), tensor);
            continue;
        };
        let layer = format!("{prefix}encoder.layer.{index}");
        if let Some(field) = field.strip_prefix("attn.qkv.") {
            let mut shape = tensor.shape.clone();
            shape[0] /= PARTS.len();
            let length = tensor.values.len() / PARTS.len();
            for (part, values) in PARTS.iter().zip(tensor.values.chunks_exact(length)) {
                let tensor = NamedTensor {
                    shape: shape.clone(),
                    values: values.to_vec(),
                };
                named.insert(
                    format!("{layer}.attention.attention.{part}.{field}"),
                    tensor,
                );
            }
            continue;
        }
        let known = replaced(field, BLOCK.into_iter());
        named.insert(
            known.map_or(name, |field| format!("{layer}.{field}")),
            tensor,
        );
    }
    named
}

/// Fits a transformer's table of positions to a grid. Where nothing says of which grid the table
/// is, it is a square as for images, else has the 12 rows of 128 bands; what is neither stays as it
/// is.
pub(super) fn fit_positions(
    weights: &mut Weights,
    known: Option<[usize; 2]>,
    n_front: usize,
    to: [usize; 2],
) {
    const ROWS: usize = 12;
    let Some(table) = weights.get_mut(Ast::POSITIONS) else {
        return;
    };
    let &[1, n, dim] = table.shape.as_slice() else {
        return;
    };
    let n = n.saturating_sub(n_front);
    let side = n.isqrt();
    let from = match known {
        Some(grid) => grid,
        None if n == to[0] * to[1] => to,
        None if side * side == n => [side, side],
        None => [ROWS, n / ROWS],
    };
    if from == to || n == 0 || from[0] * from[1] != n {
        return;
    }
    let front = table.values[..n_front * dim].to_vec();
    let grid = TensorData::new(table.values[n_front * dim..].to_vec(), [1, n, dim]);
    let grid = resize_positions(Tensor::<3>::from_data(grid, &Device::flex()), from, to);
    let grid = grid.into_data();
    *table = NamedTensor {
        shape: vec![1, n_front + to[0] * to[1], dim],
        values: front.into_iter().chain(grid.iter::<f32>()).collect(),
    };
}

/// Sums a kernel `[to, from, ...]` over what it reads, so that it reads one channel as it read that
/// channel in all.
pub(super) fn sum_channels(kernel: &mut NamedTensor) {
    let [_, from, positions @ ..] = kernel.shape.as_slice() else {
        return;
    };
    let (from, size) = (*from, positions.iter().product::<usize>());
    let sums = |kernel: &[f32]| -> Vec<f32> {
        let of = |position: usize| kernel[position..].iter().step_by(size).sum();
        (0..size).map(of).collect()
    };
    kernel.values = kernel
        .values
        .chunks_exact(from * size)
        .flat_map(sums)
        .collect();
    kernel.shape[1] = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_memory_are_led_back_to_those_of_files() {
        let of_file = |name: &str| in_files(name.to_owned());
        let query = "encoder.layer.3.attention.attention.query.weight";
        assert_eq!(of_file("layers.3.attention.q_proj.weight"), query);
        assert_eq!(
            of_file(&format!("{PREFIX}layers.3.attention.q_proj.weight")),
            query
        );
        let norm = "encoder.layer.11.layernorm_before.bias";
        assert_eq!(of_file("layers.11.layernorm_before.bias"), norm);
        assert_eq!(
            of_file("layers.0.mlp.fc2.bias"),
            "encoder.layer.0.output.dense.bias"
        );
        for other in ["embeddings.cls_token", "v.blocks.0.mlp.fc1.weight", query] {
            assert_eq!(of_file(other), other);
        }
    }
}
