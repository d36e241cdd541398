//! Checkpoints that PyTorch wrote: `.pt`, `.pth`, `.bin`.

use super::NamedTensor;
use super::weights::{Floats, no_floats};
use crate::Error;
use pytorch_reader::{DType, PytorchReader};
use std::collections::BTreeMap;
use std::path::Path;

/// Where training programs put the weights beside what else they keep.
const WRAPPERS: [&str; 4] = ["state_dict", "model_state_dict", "model", "net"];

/// Reads the weights of a file that `torch.save` wrote: of a model, of its `state_dict`, or of a
/// dictionary that has one under a usual name. Nothing in it is run.
///
/// # Errors
/// [`Error::File`] if it is no such file, or holds something else than floating-point numbers.
pub(super) fn read_pytorch(path: &Path) -> Result<BTreeMap<String, NamedTensor>, Error> {
    let reader = PytorchReader::new(path).map_err(|error| {
        let message = format!("this is neither a safetensors file nor one of PyTorch ({error})");
        Error::file(path, message)
    })?;
    let found = reader.into_tensors();
    let wrapper = WRAPPERS.into_iter().find_map(|wrapper| {
        let prefix = format!("{wrapper}.");
        found
            .keys()
            .any(|name| name.starts_with(&prefix))
            .then_some(prefix)
    });
    let mut weights = BTreeMap::new();
    for (name, tensor) in found {
        let name = match &wrapper {
            None => name,
            Some(prefix) => match name.strip_prefix(prefix.as_str()) {
                Some(name) => name.to_owned(),
                // The state of an optimizer, say.
                None => continue,
            },
        };
        let floats = match tensor.dtype() {
            DType::F16 => Floats::F16,
            DType::BF16 => Floats::BF16,
            DType::F32 => Floats::F32,
            DType::F64 => Floats::F64,
            _ if name.ends_with("num_batches_tracked") => continue,
            other => return Err(no_floats(path, &name, &other)),
        };
        let bytes = tensor.read().map_err(|error| Error::file(path, error))?;
        let shape = tensor.shape().to_vec();
        let values = floats.read(&bytes);
        weights.insert(name, NamedTensor { shape, values });
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::super::{Architecture, Encoder, LoadOptions, MlpOptions};
    use super::*;
    use burn::tensor::Device;
    use std::path::PathBuf;

    fn file(name: &str) -> PathBuf {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        root.join("tests/golden/vectors/checkpoints").join(name)
    }

    /// PyTorch wrote the files: plain weights, and a training's state with half precision, the
    /// prefix of several devices and a transposed view.
    #[test]
    fn weights_of_pytorch_are_loaded_by_name() {
        let options = MlpOptions {
            inputs: 3,
            layers: vec![2],
            batch_norm: false,
        };
        let device = Device::default();
        let encoder = Encoder::new(Architecture::Mlp(options), 0, &device).unwrap();
        for name in ["plain.pt", "training.pth"] {
            let loaded = encoder
                .load(&file(name), LoadOptions::default(), &device)
                .unwrap();
            let weights = loaded.weights();
            let weight = &weights["layers.0.weight"];
            assert_eq!(weight.shape, [2, 3], "{name}");
            assert_eq!(weight.values, [0.5, -1.0, 2.0, 0.25, 3.0, -0.125], "{name}");
            assert_eq!(weights["layers.0.bias"].values, [1.0, -2.0], "{name}");
        }
    }

    #[test]
    fn another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.pt");
        for content in [
            &b""[..],
            b"weights",
            b"PK\x03\x04 but not an archive",
            &[0x80; 64],
        ] {
            std::fs::write(&path, content).unwrap();
            let error = super::super::read_weights(&path).unwrap_err().to_string();
            assert!(error.contains("m.pt"), "{error}");
        }
    }
}
