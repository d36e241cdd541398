//! Files of weights, whoever wrote them.

use super::pytorch_file::read_pytorch;
use super::weights::{Contents, read_safetensors};
use crate::Error;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Reads a file of weights, safetensors or PyTorch's, by what is in it. Names and values alone come
/// out of PyTorch's.
///
/// # Errors
/// [`Error::File`] if it is absent or neither.
pub fn read_weights(path: &Path) -> Result<Contents, Error> {
    let mut head = [0; 9];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut head));
    let n = read.map_err(|error| Error::file(path, error))?;
    // The head of a safetensors file is JSON behind its length.
    if n == 9 && head[8] != b'{' {
        let weights = read_pytorch(path)?;
        return Ok((weights, BTreeMap::new(), serde_json::Value::Null));
    }
    read_safetensors(path)
}
