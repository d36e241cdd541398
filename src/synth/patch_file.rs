//! Patches in files: JSON by name, NumPy's arrays, safetensors.

use crate::{Error, FreeParameter, Patches, Units, torchsynth};
use auricle_audio::io::write_whole;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

const RAW: &str = "raw";
const KEYS: &str = "keys";
const NAMES: &str = "parameters";

impl Patches {
    /// The patches as JSON: `{"parameters": {name: [raw of every patch]}, "keys": [...]}`.
    pub fn to_json(&self) -> Json {
        let columns = self
            .parameters()
            .iter()
            .enumerate()
            .map(|(place, parameter)| {
                let column = (0..self.len()).map(|index| json!(self.row(index)[place]));
                (parameter.to_string(), column.collect::<Json>())
            });
        let columns: Map<String, Json> = columns.collect();
        json!({ NAMES: columns, KEYS: self.keys() })
    }

    /// Patches from JSON, by the names of their parameters.
    ///
    /// Read are what [`Patches::to_json`] gives, and an object of modules with their parameters as the libraries nest them:
    /// `{"vco_1": {"tuning": 0.5}, "mixer": {"level": [...]}}`, with or without a list of patches at the leaves, an
    /// underscore before a name, torchsynth's names of Voice's mixer and matrix (`mixer.noise`,
    /// `mod_matrix.lfo_1->vco_1_pitch`), and `{"raw": x}` or `{"value": x}` (human units) in place of a number.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Parse`] for what is none of these, [`auricle_audio::Error::Missing`] for a parameter that is
    /// not there, [`auricle_audio::Error::Range`] for a value outside its parameter's range, and as [`Patches::new`].
    pub fn from_json(parameters: Arc<[FreeParameter]>, json: &Json) -> Result<Patches, Error> {
        Patches::of_json(parameters, json, Units::Raw)
    }

    /// Patches by the names of their parameters, as [`Patches::from_json`] reads them; numbers are in these units, and a
    /// name that no parameter has is an error.
    ///
    /// # Errors
    /// As [`Patches::from_json`], and [`auricle_audio::Error::Unknown`].
    pub fn by_name(
        parameters: Arc<[FreeParameter]>,
        json: &Json,
        units: Units,
    ) -> Result<Patches, Error> {
        let mut leaves = HashMap::new();
        flatten(json, "", units, &mut leaves);
        let none = Patches::new(parameters.clone(), Vec::new())?;
        for name in leaves.keys() {
            let of_torchsynth = |p| torchsynth::name_of(&parameters, p).as_ref() == Some(name);
            if !parameters.iter().any(of_torchsynth) {
                none.places(name)?;
            }
        }
        Patches::of_json(parameters, json, units)
    }

    fn of_json(
        parameters: Arc<[FreeParameter]>,
        json: &Json,
        units: Units,
    ) -> Result<Patches, Error> {
        let object = json
            .as_object()
            .ok_or_else(|| unreadable("an object is wanted"))?;
        let nested = object
            .get(NAMES)
            .or_else(|| object.get("params"))
            .unwrap_or(json);
        let mut columns = HashMap::new();
        flatten(nested, "", units, &mut columns);
        let mut table = Vec::with_capacity(parameters.len());
        for parameter in parameters.iter() {
            table.push(column(&parameters, parameter, &columns)?);
        }
        // Without parameters there is one sound.
        let n = table.first().map_or(1, Vec::len);
        let mut raw = Vec::with_capacity(n * table.len());
        for index in 0..n {
            for (column, parameter) in table.iter().zip(parameters.iter()) {
                let value = column.get(index).filter(|_| column.len() == n);
                raw.push(*value.ok_or_else(|| {
                    let got = column.len();
                    unreadable(format!(
                        "`{parameter}` has {got} values where others have {n}"
                    ))
                })?);
            }
        }
        let mut patches = Patches::new(parameters, raw)?;
        if patches.width() == 0 {
            patches = patches.with_keys(vec![0])?;
        }
        match object.get(KEYS).and_then(Json::as_array) {
            Some(keys) => {
                let keys: Option<Vec<u64>> = keys.iter().map(Json::as_u64).collect();
                patches.with_keys(keys.ok_or_else(|| unreadable("`keys` must be whole numbers"))?)
            }
            None => Ok(patches),
        }
    }

    /// Writes the patches: `.json`, `.npy` (raw values `[n, P]`, without keys) or `.safetensors`, by the file's name.
    ///
    /// # Errors
    /// [`auricle_audio::Error::File`] if the file cannot be written or has another ending.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let bytes = match ending(path)? {
            Ending::Json => self.to_json().to_string().into_bytes(),
            Ending::Npy => npy(self.raw(), self.len(), self.width()),
            Ending::Safetensors => self.to_safetensors(path)?,
        };
        Ok(write_whole(path, &bytes)?)
    }

    /// Reads patches of a synthesizer's parameters.
    ///
    /// # Errors
    /// [`auricle_audio::Error::File`] and [`auricle_audio::Error::Parse`] if it cannot be read, and as [`Patches::new`].
    pub fn load(parameters: Arc<[FreeParameter]>, path: &Path) -> Result<Patches, Error> {
        let kind = ending(path)?;
        let bytes = std::fs::read(path).map_err(|e| auricle_audio::Error::file(path, e))?;
        match kind {
            Ending::Json => {
                let json = serde_json::from_slice(&bytes).map_err(|e| unreadable(e.to_string()))?;
                Patches::from_json(parameters, &json)
            }
            Ending::Npy => {
                let (width, raw) = read_npy(&bytes)?;
                fits(width, &parameters)?;
                Patches::new(parameters, raw)
            }
            Ending::Safetensors => from_safetensors(parameters, &bytes),
        }
    }

    fn to_safetensors(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let raw: Vec<u8> = self.raw().iter().flat_map(|x| x.to_le_bytes()).collect();
        let keys: Vec<u8> = self.keys().iter().flat_map(|x| x.to_le_bytes()).collect();
        let unwritable = |e: safetensors::SafeTensorError| auricle_audio::Error::file(path, e);
        let raw = TensorView::new(Dtype::F32, vec![self.len(), self.width()], &raw);
        let keys = TensorView::new(Dtype::U64, vec![self.len()], &keys);
        let names: Vec<String> = self
            .parameters()
            .iter()
            .map(FreeParameter::to_string)
            .collect();
        let facts = HashMap::from([(NAMES.to_owned(), names.join("\n"))]);
        let tensors = [
            (RAW, raw.map_err(unwritable)?),
            (KEYS, keys.map_err(unwritable)?),
        ];
        Ok(safetensors::serialize(tensors, Some(facts)).map_err(unwritable)?)
    }
}

enum Ending {
    Json,
    Npy,
    Safetensors,
}

fn ending(path: &Path) -> Result<Ending, Error> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(Ending::Json),
        Some("npy") => Ok(Ending::Npy),
        Some("safetensors") => Ok(Ending::Safetensors),
        _ => {
            let reason = "patches are kept as .json, .npy or .safetensors";
            Err(auricle_audio::Error::file(path, reason).into())
        }
    }
}

fn unreadable(reason: impl Into<String>) -> Error {
    auricle_audio::Error::Parse {
        what: "the patches",
        reason: reason.into(),
    }
    .into()
}

fn fits(width: usize, parameters: &[FreeParameter]) -> Result<(), Error> {
    match width == parameters.len() {
        true => Ok(()),
        false => Err(Error::PatchSize {
            want: parameters.len(),
            got: width,
        }),
    }
}

/// A leaf: a number or numbers, raw or in human units.
struct Leaf<'a> {
    json: &'a Json,
    is_raw: bool,
}

/// The leaves of nested objects by their dotted names.
fn flatten<'a>(json: &'a Json, name: &str, units: Units, leaves: &mut HashMap<String, Leaf<'a>>) {
    let Some(object) = json.as_object() else {
        let is_raw = units == Units::Raw;
        leaves.insert(name.to_owned(), Leaf { json, is_raw });
        return;
    };
    for (key, is_raw) in [(RAW, true), ("value", false)] {
        if let Some(json) = object.get(key).filter(|json| !json.is_object()) {
            leaves.insert(name.to_owned(), Leaf { json, is_raw });
            return;
        }
    }
    for (key, json) in object {
        let key = key.trim_start_matches('_');
        let name = if name.is_empty() {
            key.to_owned()
        } else {
            format!("{name}.{key}")
        };
        flatten(json, &name, units, leaves);
    }
}

/// The values of a parameter, one for each patch.
fn column(
    parameters: &[FreeParameter],
    parameter: &FreeParameter,
    leaves: &HashMap<String, Leaf<'_>>,
) -> Result<Vec<f32>, Error> {
    let whole = format!("{}.{}", parameter.module, parameter.parameter);
    let other = torchsynth::name_of(parameters, parameter);
    let other = || other.and_then(|name| leaves.get(&name));
    let (leaf, index) = match leaves.get(&parameter.to_string()).or_else(other) {
        Some(leaf) => (leaf, &[][..]),
        None => match leaves.get(&whole) {
            Some(leaf) => (leaf, &parameter.index[..]),
            None => {
                return Err(auricle_audio::Error::Missing {
                    stage: "a patch".into(),
                    param: parameter.to_string(),
                }
                .into());
            }
        },
    };
    let number = |json: &Json| {
        let value = json.as_f64();
        let value = value.ok_or_else(|| unreadable(format!("`{parameter}` must be a number")))?;
        match leaf.is_raw {
            true => Ok(value as f32),
            false => parameter.raw(value),
        }
    };
    let at = |json: &Json| -> Result<f32, Error> {
        let inside = index.iter().try_fold(json, |json, &place| json.get(place));
        number(inside.ok_or_else(|| unreadable(format!("`{parameter}` is not there")))?)
    };
    match depth(leaf.json) > index.len() {
        true => leaf.json.as_array().into_iter().flatten().map(at).collect(),
        false => Ok(vec![at(leaf.json)?]),
    }
}

/// How many lists stand in each other.
fn depth(json: &Json) -> usize {
    match json.as_array() {
        Some(items) => 1 + items.first().map_or(0, depth),
        None => 0,
    }
}

/// An array file of NumPy, version 1.0.
fn npy(raw: &[f32], n: usize, width: usize) -> Vec<u8> {
    let shape = format!("({n}, {width})");
    let mut head = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    // The data begin at a multiple of 64.
    let length = (10 + head.len() + 1).next_multiple_of(64) - 10;
    head.push_str(&" ".repeat(length - head.len() - 1));
    head.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((head.len() as u16).to_le_bytes());
    bytes.extend(head.as_bytes());
    bytes.extend(raw.iter().flat_map(|x| x.to_le_bytes()));
    bytes
}

/// Width and values of a two-dimensional array file of single or double precision.
fn read_npy(bytes: &[u8]) -> Result<(usize, Vec<f32>), Error> {
    let magic = bytes.get(..8).filter(|head| head.starts_with(b"\x93NUMPY"));
    let version = magic.ok_or_else(|| unreadable("it is no .npy file"))?[6];
    let cut = || unreadable("the .npy file is cut off");
    let (begin, length): (usize, usize) = match version {
        1 => {
            let length = bytes.get(8..10).ok_or_else(cut)?;
            (10, usize::from(u16::from_le_bytes([length[0], length[1]])))
        }
        _ => {
            let l = bytes.get(8..12).ok_or_else(cut)?;
            (12, u32::from_le_bytes([l[0], l[1], l[2], l[3]]) as usize)
        }
    };
    let head = bytes
        .get(begin..begin.saturating_add(length))
        .ok_or_else(cut)?;
    let head = std::str::from_utf8(head).map_err(|_| unreadable("its head is no text"))?;
    if head.contains("'fortran_order': True") {
        return Err(unreadable("its values must lie row by row (C order)"));
    }
    let shape = head
        .split("'shape': (")
        .nth(1)
        .and_then(|rest| rest.split(')').next());
    let shape = shape
        .unwrap_or("")
        .split(',')
        .map(str::trim)
        .filter(|n| !n.is_empty());
    let shape: Vec<usize> = shape.filter_map(|n| n.parse().ok()).collect();
    let (n, width) = match shape[..] {
        [n, width] => (n, width),
        [width] => (1, width),
        _ => {
            return Err(unreadable(format!(
                "its shape must be [n, P], not {shape:?}"
            )));
        }
    };
    let data = &bytes[begin + length..];
    let single = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    let double =
        |b: &[u8]| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32;
    let raw: Vec<f32> = match (head.contains("'<f4'"), head.contains("'<f8'")) {
        (true, _) => data.chunks_exact(4).map(single).collect(),
        (_, true) => data.chunks_exact(8).map(double).collect(),
        _ => {
            return Err(unreadable(
                "its numbers must be float32 or float64, little-endian",
            ));
        }
    };
    match n.checked_mul(width) == Some(raw.len()) {
        true => Ok((width, raw)),
        false => Err(cut()),
    }
}

fn from_safetensors(parameters: Arc<[FreeParameter]>, bytes: &[u8]) -> Result<Patches, Error> {
    let invalid = |e: safetensors::SafeTensorError| unreadable(e.to_string());
    let tensors = SafeTensors::deserialize(bytes).map_err(invalid)?;
    let (_, head) = SafeTensors::read_metadata(bytes).map_err(invalid)?;
    let names = head.metadata().as_ref().and_then(|facts| facts.get(NAMES));
    if let Some(names) = names {
        let differs = |(name, parameter): &(&str, &FreeParameter)| *name != parameter.to_string();
        let mut pairs = names.split('\n').zip(parameters.iter());
        if let Some((name, parameter)) = pairs.find(differs) {
            return Err(unreadable(format!(
                "it holds `{name}` where `{parameter}` is wanted"
            )));
        }
    }
    let raw = tensors.tensor(RAW).map_err(invalid)?;
    if raw.dtype() != Dtype::F32 || raw.shape().len() != 2 {
        return Err(unreadable("`raw` must be float32 of shape [n, P]"));
    }
    fits(raw.shape()[1], &parameters)?;
    let values = raw.data().chunks_exact(4);
    let values = values
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    let patches = Patches::new(parameters, values)?;
    match tensors.tensor(KEYS) {
        Ok(keys) if keys.dtype() == Dtype::U64 => {
            let words = keys.data().chunks_exact(8);
            let word = |b: &[u8]| {
                b.iter()
                    .rev()
                    .fold(0, |word, &byte| word << 8 | u64::from(byte))
            };
            patches.with_keys(words.map(word).collect())
        }
        _ => Ok(patches),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Synth, SynthOptions, Units, architecture};

    #[test]
    fn patches_come_back_from_every_kind_of_file() {
        let graph = architecture::voice().unwrap();
        let synth = Synth::new(&graph, SynthOptions::default()).unwrap();
        let patches = synth.sample(3, 1, 5, Units::Raw);
        let folder = tempfile::tempdir().unwrap();
        for (name, has_keys) in [("p.json", true), ("p.npy", false), ("p.safetensors", true)] {
            let path = folder.path().join(name);
            patches.save(&path).unwrap();
            let back = Patches::load(patches.parameters().clone(), &path).unwrap();
            assert_eq!(back.raw(), patches.raw(), "{name}");
            assert_eq!(back.keys() == patches.keys(), has_keys, "{name}");
        }
        let fm = architecture::voice_fm().unwrap();
        let fm = Synth::new(&fm, SynthOptions::default()).unwrap();
        let other = fm.sample(1, 0, 0, Units::Raw).parameters().clone();
        for name in ["p.json", "p.npy", "p.safetensors"] {
            assert!(
                Patches::load(other.clone(), &folder.path().join(name)).is_err(),
                "{name}"
            );
        }
        assert!(patches.save(&folder.path().join("p.txt")).is_err());
    }

    #[test]
    fn names_of_torchsynth_are_known() {
        let graph = architecture::torchsynth_voice().unwrap();
        let synth = Synth::new(&graph, SynthOptions::default()).unwrap();
        let patches = synth.sample(2, 3, 0, Units::Raw);
        let mut named = json!({});
        for (place, parameter) in synth.parameters().iter().enumerate() {
            let name = torchsynth::name_of(synth.parameters(), parameter);
            let name = name.unwrap_or_else(|| parameter.to_string());
            named[name] = json!([patches.row(0)[place], patches.row(1)[place]]);
        }
        for name in [
            "mod_matrix.lfo_2->noise_amp",
            "mixer.noise",
            "adsr_1.attack",
        ] {
            assert!(named.get(name).is_some(), "{name}");
        }
        let parameters = patches.parameters().clone();
        let at = |name: &str| patches.row(0)[patches.places(name).unwrap()[0]];
        assert_eq!(
            named["mod_matrix.lfo_2->noise_amp"][0],
            json!(at("mod_matrix.mod[4][3]"))
        );
        for read in [
            Patches::from_json(parameters.clone(), &named),
            Patches::by_name(parameters.clone(), &named, Units::Raw),
        ] {
            assert_eq!(read.unwrap().raw(), patches.raw());
        }
        named["mixer.nose"] = json!(0.5);
        assert!(Patches::by_name(parameters, &named, Units::Raw).is_err());
    }

    #[test]
    fn nested_json_is_read_by_name() {
        let graph = architecture::voice().unwrap();
        let synth = Synth::new(&graph, SynthOptions::default()).unwrap();
        let patches = synth.sample(2, 3, 0, Units::Human);
        let mut nested = json!({});
        for (place, parameter) in synth.parameters().iter().enumerate() {
            let column: Vec<f32> = (0..2).map(|n| patches.row(n)[place]).collect();
            if parameter.index.is_empty() {
                nested[&parameter.module][format!("_{}", parameter.parameter)] = json!(column);
            }
        }
        let at = |name: &str, n: usize| patches.row(n)[patches.places(name).unwrap()[0]];
        let levels = |n: usize| {
            (0..3)
                .map(|i| at(&format!("mixer.level[{i}]"), n))
                .collect()
        };
        let levels: Vec<Vec<f32>> = (0..2).map(levels).collect();
        nested["mixer"]["_level"] = json!(levels);
        let row = |n: usize, o: usize| (0..4).map(move |i| (n, o, i));
        let matrix: Vec<Vec<Vec<f32>>> = (0..2)
            .map(|n| {
                let rows = (0..5).map(|o| {
                    let row = row(n, o);
                    row.map(|(n, o, i)| at(&format!("mod_matrix.mod[{o}][{i}]"), n))
                        .collect()
                });
                rows.collect()
            })
            .collect();
        nested["mod_matrix"]["_mod"] = json!(matrix);
        let back = Patches::from_json(patches.parameters().clone(), &nested).unwrap();
        assert_eq!(back.raw(), patches.raw());
        nested["vco_1"] = json!({});
        assert!(Patches::from_json(patches.parameters().clone(), &nested).is_err());
    }
}
