//! Tensors in files: NumPy's `.npy`, one tensor a file, and safetensors, named ones.

use super::{Dtype, NdTensor, Values};
use crate::Error;
use auricle_audio::io::write_whole;
use burn::tensor::{Device, bf16, f16};
use safetensors::tensor::{Dtype as Stored, TensorView};
use safetensors::{SafeTensors, serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What an `.npy` file begins with.
const MAGIC: &[u8] = b"\x93NUMPY";

/// A kind of number in a file, and how many bytes it takes.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Float(usize),
    Brain,
    Int(usize),
    Unsigned(usize),
    Bool,
}

impl Kind {
    fn size(self) -> usize {
        match self {
            Kind::Float(size) | Kind::Int(size) | Kind::Unsigned(size) => size,
            Kind::Brain => 2,
            Kind::Bool => 1,
        }
    }
}

/// Numbers from bytes, the lowest byte first. Double precision comes as single.
fn decoded(kind: Kind, bytes: &[u8]) -> Result<Values, String> {
    let numbers = bytes.chunks_exact(kind.size());
    let whole = |b: &[u8], is_negative: bool| {
        let mut all = [if is_negative { 0xff } else { 0 }; 8];
        all[..b.len()].copy_from_slice(b);
        all
    };
    Ok(match kind {
        Kind::Float(2) => Values::Float(
            numbers
                .map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32())
                .collect(),
        ),
        Kind::Brain => Values::Float(
            numbers
                .map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32())
                .collect(),
        ),
        Kind::Float(4) => Values::Float(
            numbers
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
        ),
        Kind::Float(_) => Values::Float(
            numbers
                .map(|b| f64::from_le_bytes(whole(b, false)) as f32)
                .collect(),
        ),
        Kind::Int(size) => Values::Int(
            numbers
                .map(|b| i64::from_le_bytes(whole(b, b[size - 1] >= 0x80)))
                .collect(),
        ),
        Kind::Unsigned(_) => Values::Int(
            numbers
                .map(|b| i64::try_from(u64::from_le_bytes(whole(b, false))))
                .collect::<Result<_, _>>()
                .map_err(|_| "a whole number is too large".to_owned())?,
        ),
        Kind::Bool => Values::Bool(numbers.map(|b| b[0] != 0).collect()),
    })
}

/// Numbers as bytes, the lowest byte first.
fn encoded(values: &Values) -> Vec<u8> {
    match values {
        Values::Float(values) => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        Values::Int(values) => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        Values::Bool(values) => values.iter().map(|&value| u8::from(value)).collect(),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::file(path, error))
}

/// Reads a tensor from an `.npy` file: floating-point numbers as single precision, whole ones as 64
/// bits, masks as they are; in C or Fortran order, of either byte order.
///
/// # Errors
/// [`Error::File`] if it is absent, broken, or of another kind of number.
pub fn load_npy(path: &Path, device: &Device) -> Result<NdTensor, Error> {
    let bytes = read(path)?;
    let fault = |reason: &str| Error::file(path, format!("this is no .npy file: {reason}"));
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| fault("it begins with other bytes"))?;
    let (start, length) = match rest {
        [1, _, a, b, ..] => (4, usize::from(u16::from_le_bytes([*a, *b]))),
        [2 | 3, _, a, b, c, d, ..] => (6, u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => return Err(fault("its version is unknown")),
    };
    let head = rest
        .get(start..start + length)
        .ok_or_else(|| fault("its head is cut off"))?;
    let head = Head::parse(&String::from_utf8_lossy(head)).map_err(|reason| fault(&reason))?;
    let data = &rest[start + length..];
    let n = super::value::count(&head.shape)?;
    if data.len() != n * head.kind.size() {
        let (wanted, got) = (n * head.kind.size(), data.len());
        return Err(fault(&format!(
            "{:?} takes {wanted} bytes, it has {got}",
            head.shape
        )));
    }
    let mut data = data.to_vec();
    if head.is_big_endian {
        data.chunks_exact_mut(head.kind.size())
            .for_each(<[u8]>::reverse);
    }
    let values = decoded(head.kind, &data).map_err(|reason| fault(&reason))?;
    if !head.is_fortran {
        return NdTensor::new(values, &head.shape, device);
    }
    let backwards: Vec<usize> = head.shape.iter().rev().copied().collect();
    let axes: Vec<i64> = (0..backwards.len() as i64).rev().collect();
    NdTensor::new(values, &backwards, device)?.permute(&axes)
}

/// What an `.npy` file says of its numbers.
struct Head {
    kind: Kind,
    is_big_endian: bool,
    is_fortran: bool,
    shape: Vec<usize>,
}

impl Head {
    /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
    fn parse(text: &str) -> Result<Head, String> {
        let value = |key: &str| {
            let at = text
                .find(&format!("'{key}'"))
                .ok_or_else(|| format!("its head lacks `{key}`"))?;
            let behind = &text[at + key.len() + 2..];
            Ok::<&str, String>(behind.trim_start().trim_start_matches(':').trim_start())
        };
        let quoted = value("descr")?
            .strip_prefix('\'')
            .and_then(|rest| rest.split_once('\''));
        let (descr, _) = quoted.ok_or("its numbers are records")?;
        let kind = match descr.trim_start_matches(['<', '>', '|', '=']) {
            "f2" => Kind::Float(2),
            "f4" => Kind::Float(4),
            "f8" => Kind::Float(8),
            "i1" => Kind::Int(1),
            "i2" => Kind::Int(2),
            "i4" => Kind::Int(4),
            "i8" => Kind::Int(8),
            "u1" => Kind::Unsigned(1),
            "u2" => Kind::Unsigned(2),
            "u4" => Kind::Unsigned(4),
            "u8" => Kind::Unsigned(8),
            "b1" => Kind::Bool,
            _ => return Err(format!("numbers of type `{descr}` cannot be read")),
        };
        let axes = value("shape")?
            .strip_prefix('(')
            .and_then(|rest| rest.split_once(')'));
        let (axes, _) = axes.ok_or("its shape is broken")?;
        let lengths = axes
            .split(',')
            .map(str::trim)
            .filter(|axis| !axis.is_empty());
        Ok(Head {
            kind,
            is_big_endian: descr.starts_with('>'),
            is_fortran: value("fortran_order")?.starts_with("True"),
            shape: lengths
                .map(|axis| axis.parse().map_err(|_| "its shape is broken".to_owned()))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Writes a tensor as an `.npy` file, whole or not at all.
///
/// # Errors
/// [`Error::Audio`] if the file cannot be written.
pub fn save_npy(path: &Path, tensor: &NdTensor) -> Result<(), Error> {
    let descr = match tensor.dtype() {
        Dtype::Float => "<f4",
        Dtype::Int => "<i8",
        Dtype::Bool => "|b1",
    };
    let axes: String = tensor
        .shape()
        .iter()
        .map(|length| format!("{length}, "))
        .collect();
    let axes = if tensor.rank() == 1 {
        axes.trim_end()
    } else {
        axes.trim_end_matches(", ")
    };
    let mut head = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({axes}), }}");
    // Numbers begin at a multiple of 64 bytes.
    let unpadded = MAGIC.len() + 4 + head.len() + 1;
    head += &" ".repeat(unpadded.next_multiple_of(64) - unpadded);
    head.push('\n');
    let length = u16::try_from(head.len()).expect("a head of at most eight axes is short");
    let mut bytes = [MAGIC, &[1, 0], &length.to_le_bytes(), head.as_bytes()].concat();
    bytes.extend(encoded(&tensor.values()));
    Ok(write_whole(path, &bytes)?)
}

/// Reads all tensors of a safetensors file by name.
///
/// # Errors
/// [`Error::File`] if it is absent, broken, or has numbers of a kind that cannot be read.
pub fn load_safetensors(path: &Path, device: &Device) -> Result<BTreeMap<String, NdTensor>, Error> {
    let bytes = read(path)?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| Error::file(path, format!("this is no safetensors file ({error})")))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        let kind = match view.dtype() {
            Stored::F16 => Kind::Float(2),
            Stored::BF16 => Kind::Brain,
            Stored::F32 => Kind::Float(4),
            Stored::F64 => Kind::Float(8),
            Stored::I8 => Kind::Int(1),
            Stored::I16 => Kind::Int(2),
            Stored::I32 => Kind::Int(4),
            Stored::I64 => Kind::Int(8),
            Stored::U8 => Kind::Unsigned(1),
            Stored::U16 => Kind::Unsigned(2),
            Stored::U32 => Kind::Unsigned(4),
            Stored::U64 => Kind::Unsigned(8),
            Stored::BOOL => Kind::Bool,
            other => {
                return Err(Error::file(
                    path,
                    format!("`{name}` is of type {other:?}, which cannot be read"),
                ));
            }
        };
        let fault = |reason: String| Error::file(path, format!("`{name}`: {reason}"));
        let values = decoded(kind, view.data()).map_err(fault)?;
        let tensor = NdTensor::new(values, view.shape(), device)?;
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

/// Writes named tensors as a safetensors file, whole or not at all.
///
/// # Errors
/// [`Error::Audio`] if the file cannot be written.
pub fn save_safetensors(path: &Path, tensors: &BTreeMap<String, NdTensor>) -> Result<(), Error> {
    let stored: Vec<(&String, Stored, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, tensor)| {
            let kind = match tensor.dtype() {
                Dtype::Float => Stored::F32,
                Dtype::Int => Stored::I64,
                Dtype::Bool => Stored::BOOL,
            };
            (name, kind, tensor.shape(), encoded(&tensor.values()))
        })
        .collect();
    let views = stored
        .iter()
        .map(|(name, kind, shape, bytes)| {
            Ok((name.as_str(), TensorView::new(*kind, shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
    let bytes = views
        .and_then(|views| serialize(views, None))
        .map_err(|error| Error::file(path, error))?;
    Ok(write_whole(path, &bytes)?)
}

#[cfg(test)]
mod tests {
    use super::super::made::{floats, ints};
    use super::*;

    #[test]
    fn files_give_back_what_was_saved() {
        let folder = tempfile::tempdir().unwrap();
        let mask = NdTensor::new(Values::Bool(vec![true, false]), &[2], &Device::flex()).unwrap();
        let tensors = [
            floats(&[0.1, -2.0, f32::INFINITY, 4.0, 5.0, 6.0], &[2, 3]),
            floats(&[7.0], &[]),
            ints(&[-1, i64::MAX], &[1, 2]),
            mask,
            floats(&[], &[0, 4]),
        ];
        let path = folder.path().join("t.npy");
        for tensor in &tensors {
            save_npy(&path, tensor).unwrap();
            let read = load_npy(&path, &Device::flex()).unwrap();
            assert_eq!(
                (read.values(), read.shape()),
                (tensor.values(), tensor.shape())
            );
        }
        let named: BTreeMap<String, NdTensor> = ["a", "b", "c", "d"]
            .map(str::to_owned)
            .into_iter()
            .zip(tensors)
            .collect();
        let path = folder.path().join("t.safetensors");
        save_safetensors(&path, &named).unwrap();
        let read = load_safetensors(&path, &Device::flex()).unwrap();
        assert_eq!(read.len(), 4);
        for (name, tensor) in &named {
            assert_eq!(
                (read[name].values(), read[name].shape()),
                (tensor.values(), tensor.shape())
            );
        }
    }

    #[test]
    fn other_orders_and_kinds_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.npy");
        let load = |head: &str, data: &[u8]| {
            let length = (head.len() as u16).to_le_bytes();
            std::fs::write(
                &path,
                [MAGIC, &[1, 0], &length, head.as_bytes(), data].concat(),
            )
            .unwrap();
            load_npy(&path, &Device::flex())
        };
        let big = load(
            "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }",
            &[0, 1, 0, 2, 0xff, 0xfd, 0, 4],
        );
        let big = big.unwrap();
        assert_eq!(
            (big.values(), big.shape()),
            (Values::Int(vec![1, -3, 2, 4]), vec![2, 2])
        );
        let half = load(
            "{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }",
            &[0x00, 0x3e],
        )
        .unwrap();
        assert_eq!(half.values(), Values::Float(vec![1.5]));
        for (head, data, part) in [
            (
                "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }",
                &[0_u8; 8][..],
                "`<c8` cannot be read",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
                &[0; 4],
                "takes 8 bytes, it has 4",
            ),
            (
                "{'descr': [('a', '<f4')], 'shape': (1,), }",
                &[0; 4],
                "records",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, }",
                &[],
                "lacks `shape`",
            ),
        ] {
            let error = load(head, data).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        std::fs::write(&path, b"RIFF").unwrap();
        assert!(
            load_npy(&path, &Device::flex())
                .unwrap_err()
                .to_string()
                .contains("begins with other bytes")
        );
    }
}
