//! The weights of a module as named tensors, with PyTorch's names and layouts, and safetensors
//! files of them.

use crate::Error;
use auricle_audio::io::write_whole;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};
use half::{bf16, f16};
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// A tensor by itself, in PyTorch's layout.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values in row-major order.
    pub values: Vec<f32>,
}

/// All weights and running statistics of a module, by PyTorch's names such as
/// `layer1.0.bn1.running_mean`.
pub fn export<M: Module>(module: &M) -> BTreeMap<String, NamedTensor> {
    let mut exporter = Exporter::default();
    module.visit(&mut exporter);
    exporter.tensors
}

/// Gives a module the weights of the same names, in place of its own.
///
/// # Errors
/// [`Error::Run`] if a name is missing or a shape differs; names that the module does not have are
/// passed over.
pub fn import<M: Module>(module: M, tensors: &BTreeMap<String, NamedTensor>) -> Result<M, Error> {
    let mut importer = Importer {
        place: Place::default(),
        tensors,
        missing: Vec::new(),
        misfits: Vec::new(),
    };
    let module = module.map(&mut importer);
    let mut wrong = Vec::new();
    if !importer.missing.is_empty() {
        wrong.push(format!("the weights lack {}", listed(&importer.missing)));
    }
    if !importer.misfits.is_empty() {
        wrong.push(listed(&importer.misfits));
    }
    if wrong.is_empty() {
        return Ok(module);
    }
    Err(Error::Run {
        message: wrong.join("; "),
        hint: "the weights must come from the same architecture".into(),
    })
}

/// The first of some names or facts, and how many more there are.
pub(super) fn listed(all: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown = all[..all.len().min(SHOWN)].join(", ");
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A weight of a module.
pub(crate) struct Weight {
    /// PyTorch's name.
    pub(crate) name: String,
    /// Its identity.
    pub(crate) id: ParamId,
    /// Number of its axes.
    pub(crate) rank: usize,
}

/// All weights of a module, running statistics left out, in the module's order.
pub(crate) fn weights_of<M: Module>(module: &M) -> Vec<Weight> {
    #[derive(Default)]
    struct Weights {
        place: Place,
        found: Vec<Weight>,
    }
    impl ModuleVisitor for Weights {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.place.enter(name, container_type);
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.place.exit();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let (name, _) = self.place.name();
            if !is_statistic(&name) {
                let (id, rank) = (param.id, D);
                self.found.push(Weight { name, id, rank });
            }
        }
    }
    let mut weights = Weights::default();
    module.visit(&mut weights);
    weights.found
}

/// Number of weights of a module, running statistics not counted.
pub fn count_parameters<M: Module>(module: &M) -> usize {
    let mut counter = Counter::default();
    module.visit(&mut counter);
    counter.n
}

#[derive(Default)]
struct Counter {
    place: Place,
    n: usize,
}

impl ModuleVisitor for Counter {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.place.enter(name, container_type);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !is_statistic(&self.place.name().0) {
            self.n += param.val().dims().iter().product::<usize>();
        }
    }
}

/// Whether a name is that of a running statistic.
pub(crate) fn is_statistic(name: &str) -> bool {
    name.ends_with("running_mean") || name.ends_with("running_var")
}

/// Where a traversal stands: names and types of the containers on the way.
#[derive(Default)]
pub(super) struct Place {
    path: Vec<(String, String)>,
}

impl Place {
    pub(super) fn enter(&mut self, name: &str, container: &str) {
        self.path.push((name.to_owned(), container.to_owned()));
    }

    pub(super) fn exit(&mut self) {
        self.path.pop();
    }

    /// PyTorch's name of the parameter here, and whether its matrix is stored the other way round.
    pub(super) fn name(&self) -> (String, bool) {
        // Which variant of an enum a module is has no part in PyTorch's name.
        let mut names: Vec<&str> = self
            .path
            .iter()
            .filter(|(_, container)| !is_variant(container))
            .map(|(name, _)| name.as_str())
            .collect();
        // Each entry carries the type of the container it is a field of.
        let owner = self
            .path
            .last()
            .map_or("", |(_, container)| container.as_str());
        if ["Struct:BatchNorm", "Struct:LayerNorm"].contains(&owner)
            && let Some(last) = names.last_mut()
        {
            *last = match *last {
                "gamma" => "weight",
                "beta" => "bias",
                other => other,
            };
        }
        let transposed = owner == "Struct:Linear" && names.last() == Some(&"weight");
        (names.join("."), transposed)
    }
}

/// Whether a container is an enum, and so the name that comes with it that of a variant.
pub(super) fn is_variant(container: &str) -> bool {
    container.starts_with("Enum:")
}

#[derive(Default)]
struct Exporter {
    place: Place,
    tensors: BTreeMap<String, NamedTensor>,
}

impl ModuleVisitor for Exporter {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.place.enter(name, container_type);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (name, transposed) = self.place.name();
        let data = param.val().into_data();
        let mut shape = data.shape().to_vec();
        let mut values: Vec<f32> = data.iter::<f32>().collect();
        if transposed {
            values = transpose(&values, shape[0], shape[1]);
            shape.swap(0, 1);
        }
        self.tensors.insert(name, NamedTensor { shape, values });
    }
}

struct Importer<'a> {
    place: Place,
    tensors: &'a BTreeMap<String, NamedTensor>,
    missing: Vec<String>,
    misfits: Vec<String>,
}

impl ModuleMapper for Importer<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.place.enter(name, container_type);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (name, transposed) = self.place.name();
        let old = param.val();
        let mut want: Vec<usize> = old.dims().to_vec();
        if transposed {
            want.swap(0, 1);
        }
        let Some(new) = self.tensors.get(&name) else {
            self.missing.push(format!("`{name}`"));
            return param;
        };
        // PyTorch writes a single number without axes.
        let is_number = new.shape.is_empty() && want == [1];
        if new.shape != want && !is_number {
            self.misfits.push(format!(
                "`{name}` is {:?} in the weights and {want:?} in the model",
                new.shape
            ));
            return param;
        }
        let values = if transposed {
            transpose(&new.values, want[0], want[1])
        } else {
            new.values.clone()
        };
        let tensor = Tensor::from_data(TensorData::new(values, old.dims()), &old.device());
        param.map(|old| tensor.set_require_grad(old.is_require_grad()))
    }
}

/// A matrix of `rows` by `columns`, mirrored at its diagonal.
fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    for row in 0..rows {
        for column in 0..columns {
            out[column * rows + row] = values[row * columns + column];
        }
    }
    out
}

/// The one entry of a file's metadata: the format keeps a map without an order, and equal models
/// give equal bytes.
const ABOUT: &str = "auricle";

/// Writes named tensors as a safetensors file, whole or not at all. `blobs` are bytes without a
/// shape, `about` is what the tensors are, as JSON.
///
/// # Errors
/// [`Error::Audio`] if the file cannot be written.
pub fn write_safetensors(
    path: &Path,
    tensors: &BTreeMap<String, NamedTensor>,
    blobs: &BTreeMap<&str, &[u8]>,
    about: &serde_json::Value,
) -> Result<(), Error> {
    let bytes: Vec<(&String, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, t)| {
            (
                name,
                t.shape.clone(),
                t.values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            )
        })
        .collect();
    let view = |dtype, shape, bytes| {
        TensorView::new(dtype, shape, bytes).map_err(|error| Error::file(path, error))
    };
    let mut views = Vec::new();
    for (name, shape, bytes) in &bytes {
        views.push((name.as_str(), view(Dtype::F32, shape.clone(), bytes)?));
    }
    for (name, bytes) in blobs {
        views.push((name, view(Dtype::U8, vec![bytes.len()], bytes)?));
    }
    // One entry: the order of several would change from run to run.
    let told = match about {
        // What `transformers` asks for before it reads a file.
        serde_json::Value::Null => ("format".to_owned(), "pt".to_owned()),
        about => (ABOUT.to_owned(), about.to_string()),
    };
    let file =
        serialize(views, Some(HashMap::from([told]))).map_err(|error| Error::file(path, error))?;
    Ok(write_whole(path, &file)?)
}

/// What a safetensors file holds: tensors, blobs, and what they are, or null where another program
/// wrote it.
pub(crate) type Contents = (
    BTreeMap<String, NamedTensor>,
    BTreeMap<String, Vec<u8>>,
    serde_json::Value,
);

/// Floating-point numbers as files hold them.
#[derive(Clone, Copy)]
pub(super) enum Floats {
    F16,
    BF16,
    F32,
    F64,
}

impl Floats {
    /// The numbers of little-endian bytes, in single precision.
    pub(super) fn read(self, data: &[u8]) -> Vec<f32> {
        fn each<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
            let (numbers, _) = data.as_chunks::<N>();
            numbers.iter().map(|&bytes| number(bytes)).collect()
        }
        match self {
            Floats::F16 => each(data, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Floats::BF16 => each(data, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            Floats::F32 => each(data, f32::from_le_bytes),
            Floats::F64 => each(data, |bytes| f64::from_le_bytes(bytes) as f32),
        }
    }
}

pub(super) fn no_floats(path: &Path, name: &str, kind: &dyn std::fmt::Debug) -> Error {
    let message = format!("`{name}` is of type {kind:?}, which cannot be read");
    Error::file(path, message)
}

/// Reads a safetensors file. Tensors of half or double precision come as single; integers other
/// than bytes are refused.
///
/// # Errors
/// [`Error::File`] if it is absent or no such file.
pub fn read_safetensors(path: &Path) -> Result<Contents, Error> {
    let bytes = std::fs::read(path).map_err(|error| Error::file(path, error))?;
    let fault = |error: safetensors::SafeTensorError| {
        Error::file(path, format!("this is no safetensors file ({error})"))
    };
    let (_, head) = SafeTensors::read_metadata(&bytes).map_err(fault)?;
    let file = SafeTensors::deserialize(&bytes).map_err(fault)?;
    let (mut tensors, mut blobs) = (BTreeMap::new(), BTreeMap::new());
    for (name, view) in file.tensors() {
        let (data, shape) = (view.data(), view.shape().to_vec());
        let values = match view.dtype() {
            Dtype::F32 => Floats::F32.read(data),
            Dtype::F64 => Floats::F64.read(data),
            Dtype::F16 => Floats::F16.read(data),
            Dtype::BF16 => Floats::BF16.read(data),
            Dtype::U8 => {
                blobs.insert(name, data.to_vec());
                continue;
            }
            // PyTorch counts batches in an integer that nothing here needs.
            Dtype::I64 if name.ends_with("num_batches_tracked") => continue,
            other => return Err(no_floats(path, &name, &other)),
        };
        tensors.insert(name, NamedTensor { shape, values });
    }
    let about = head.metadata().as_ref().and_then(|texts| texts.get(ABOUT));
    let about = about.map_or(Ok(serde_json::Value::Null), |text| {
        serde_json::from_str(text)
    });
    Ok((
        tensors,
        blobs,
        about.map_err(|error| Error::file(path, error))?,
    ))
}
