//! Patches: the free parameters of sounds, as raw numbers in `[0, 1]`.

use crate::{Error, FreeParameter, Synth};
use auricle_audio::{Distribution, Rng};
use std::sync::Arc;

/// In which units a draw is uniform, or a value is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// In raw units, as torchsynth draws.
    #[default]
    Raw,
    /// In human units, as SynthAX draws: parameters with a curve get extreme raw values more often.
    Human,
}

/// How far patches are moved, in raw units.
#[derive(Clone, Debug, PartialEq)]
pub enum Perturbation {
    /// Every parameter by the same deviation.
    All(f64),
    /// Each parameter by its own, in the order of the patch.
    Each(Vec<f64>),
    /// Some by name, the others not at all: a parameter `vco_1.tuning`, one of several numbers `mixer.level[0]`, all of
    /// them `mixer.level`, or all parameters of a module `vco_1`.
    Named(Vec<(String, f64)>),
}

/// Raw values are kept this far from 0, as the reference code of audio doppelgangers does.
const LEAST_RAW: f64 = 1e-6;

/// Streams of draws: which is for what.
const SAMPLE: u64 = 0x5A17;
const MOVE: u64 = 0x3071;

/// Patches of one synthesizer, `[n, P]` raw values in `[0, 1]`. Cheap to clone.
///
/// Every patch has a key besides, from which the noise of its sound is drawn: a patch sounds the same in any batch.
#[derive(Clone, Debug)]
pub struct Patches {
    parameters: Arc<[FreeParameter]>,
    raw: Arc<Vec<f32>>,
    keys: Arc<Vec<u64>>,
    /// Whose they are, to be heard without naming it.
    synth: Option<Synth>,
}

/// Patches are equal if they hold the same for the same parameters, whoever made them.
impl PartialEq for Patches {
    fn eq(&self, other: &Patches) -> bool {
        self.parameters == other.parameters && self.raw == other.raw && self.keys == other.keys
    }
}

impl Patches {
    /// Patches of raw values, row by row; the key of each is its index.
    ///
    /// # Errors
    /// [`Error::PatchSize`] if the values do not divide into patches, [`auricle_audio::Error::Range`] for one outside
    /// `[0, 1]`, NaN too.
    pub fn new(parameters: Arc<[FreeParameter]>, raw: Vec<f32>) -> Result<Patches, Error> {
        let width = parameters.len();
        let rest = match width {
            0 => raw.len(),
            width => raw.len() % width,
        };
        if rest != 0 {
            let (want, got) = (width, if raw.len() < width { raw.len() } else { rest });
            return Err(Error::PatchSize { want, got });
        }
        if let Some(place) = raw.iter().position(|value| !(0.0..=1.0).contains(value)) {
            let name = parameters[place % width].to_string();
            return Err(auricle_audio::Error::range(&name, "within 0..1 (raw)", raw[place]).into());
        }
        let n = raw.len().checked_div(width).unwrap_or(0) as u64;
        Ok(Patches {
            parameters,
            raw: Arc::new(raw),
            keys: Arc::new((0..n).collect()),
            synth: None,
        })
    }

    /// The same patches, to be heard by a synthesizer with their parameters.
    pub fn of_synth(self, synth: &Synth) -> Patches {
        Patches {
            synth: Some(synth.clone()),
            ..self
        }
    }

    /// The synthesizer that they are of, if it is known.
    pub fn synth(&self) -> Option<&Synth> {
        self.synth.as_ref()
    }

    /// The same patches with other values.
    ///
    /// # Errors
    /// As [`Patches::new`].
    pub(crate) fn with_raw(&self, raw: Vec<f32>) -> Result<Patches, Error> {
        let checked = Patches::new(self.parameters.clone(), raw)?;
        Ok(Patches {
            raw: checked.raw,
            ..self.clone()
        })
    }

    /// The same patches with other keys.
    ///
    /// # Errors
    /// [`Error::PatchSize`] if there is not a key for each.
    pub fn with_keys(self, keys: Vec<u64>) -> Result<Patches, Error> {
        if keys.len() != self.len() && self.width() > 0 {
            let (want, got) = (self.len(), keys.len());
            return Err(Error::PatchSize { want, got });
        }
        Ok(Patches {
            keys: Arc::new(keys),
            ..self
        })
    }

    pub(crate) fn sample(
        parameters: Arc<[FreeParameter]>,
        n: usize,
        seed: u64,
        first: u64,
        units: Units,
    ) -> Patches {
        let mut raw = Vec::with_capacity(n * parameters.len());
        let mut keys = Vec::with_capacity(n);
        for index in first..first.saturating_add(n as u64) {
            let mut rng = Rng::from_words(&[seed, index, SAMPLE]);
            keys.push(rng.seed() as u64);
            raw.extend(
                parameters
                    .iter()
                    .map(|parameter| draw(parameter, units, &mut rng)),
            );
        }
        Patches {
            parameters,
            raw: Arc::new(raw),
            keys: Arc::new(keys),
            synth: None,
        }
    }

    /// Number of patches.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Parameters of each.
    pub fn width(&self) -> usize {
        self.parameters.len()
    }

    /// What the values are.
    pub fn parameters(&self) -> &Arc<[FreeParameter]> {
        &self.parameters
    }

    /// All raw values, `[n, P]`.
    pub fn raw(&self) -> &[f32] {
        &self.raw
    }

    /// The key of each patch.
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The raw values of a patch.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.raw[index * self.width()..(index + 1) * self.width()]
    }

    /// The values of a patch in human units.
    pub fn values(&self, index: usize) -> Vec<f64> {
        let row = self.row(index).iter().zip(self.parameters.iter());
        row.map(|(&raw, parameter)| parameter.mapping.value(raw.into()))
            .collect()
    }

    /// Some of the patches, in the order asked for.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] for an index that there is not.
    pub fn select(&self, indices: &[usize]) -> Result<Patches, Error> {
        let mut raw = Vec::with_capacity(indices.len() * self.width());
        let mut keys = Vec::with_capacity(indices.len());
        for &index in indices {
            if index >= self.len() {
                let want = format!("below {}", self.len());
                return Err(auricle_audio::Error::range("index", want, index).into());
            }
            raw.extend_from_slice(self.row(index));
            keys.push(self.keys[index]);
        }
        Ok(Patches {
            parameters: self.parameters.clone(),
            raw: Arc::new(raw),
            keys: Arc::new(keys),
            synth: self.synth.clone(),
        })
    }

    /// These patches and then others of the same synthesizer.
    ///
    /// # Errors
    /// [`Error::PatchSize`] if they are of another.
    pub fn joined(&self, other: &Patches) -> Result<Patches, Error> {
        if self.width() != other.width() {
            let (want, got) = (self.width(), other.width());
            return Err(Error::PatchSize { want, got });
        }
        Ok(Patches {
            parameters: self.parameters.clone(),
            raw: Arc::new([self.raw(), other.raw()].concat()),
            keys: Arc::new([self.keys(), other.keys()].concat()),
            synth: self.synth.clone(),
        })
    }

    /// The places of a parameter by its name, of all numbers of one, or of all parameters of a module.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Unknown`] if there is none of the name.
    pub fn places(&self, name: &str) -> Result<Vec<usize>, Error> {
        let is_called = |parameter: &FreeParameter| {
            let full = parameter.to_string();
            let rest = full.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        let all = self.parameters.iter().enumerate();
        let places = all.filter(|(_, parameter)| is_called(parameter));
        let places: Vec<usize> = places.map(|(place, _)| place).collect();
        if places.is_empty() {
            return Err(self.unknown(name).into());
        }
        Ok(places)
    }

    /// The error of a name that there is not: of a module that there is, its parameters are told, else the modules.
    fn unknown(&self, name: &str) -> auricle_audio::Error {
        let module = name.split('.').next().unwrap_or(name);
        let of_module = self.parameters.iter().filter(|p| p.module == module);
        let mut known: Vec<String> = of_module.map(FreeParameter::to_string).collect();
        if known.is_empty() {
            known = self.parameters.iter().map(|p| p.module.clone()).collect();
            known.dedup();
        }
        auricle_audio::Error::Unknown {
            owner: "synthesizer".into(),
            kind: "parameter",
            got: name.into(),
            known,
        }
    }

    /// The patches with a parameter set, in human units.
    ///
    /// # Errors
    /// As [`Patches::places`], and [`auricle_audio::Error::Range`] for a value outside the parameter's range.
    pub fn set(&self, name: &str, value: f64) -> Result<Patches, Error> {
        let mut raw = self.raw.to_vec();
        for place in self.places(name)? {
            let value = self.parameters[place].raw(value)?;
            for row in raw.chunks_exact_mut(self.width()) {
                row[place] = value;
            }
        }
        Ok(Patches {
            raw: Arc::new(raw),
            ..self.clone()
        })
    }

    /// The patches moved by normal draws: `clip(raw + delta z, 1e-6, 1)`, and within what a parameter's range allows. A
    /// patch's draws depend on the seed, the view and the patch alone; its noise is drawn anew.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] for a deviation that is negative or not finite, [`Error::PatchSize`] for a vector
    /// of the wrong size, and as [`Patches::places`].
    pub fn perturb(&self, by: &Perturbation, seed: u64, view: u64) -> Result<Patches, Error> {
        let deltas = self.deltas(by)?;
        let mut steps = Vec::with_capacity(self.raw.len());
        let mut keys = Vec::with_capacity(self.len());
        for &key in self.keys.iter() {
            let mut rng = Rng::from_words(&[seed, view, key, MOVE]);
            keys.push(rng.seed() as u64);
            steps.extend(deltas.iter().map(|delta| delta * rng.normal()));
        }
        self.moved(&steps)?.with_keys(keys)
    }

    /// The patches moved by steps `[n, P]` in raw units, clipped as [`Patches::perturb`] says.
    ///
    /// # Errors
    /// [`Error::PatchSize`] if there is not a step for each value.
    pub fn moved(&self, steps: &[f64]) -> Result<Patches, Error> {
        if steps.len() != self.raw.len() {
            let (want, got) = (self.raw.len(), steps.len());
            return Err(Error::PatchSize { want, got });
        }
        let limits: Vec<(f64, f64)> = self.parameters.iter().map(limits).collect();
        let mut raw = Vec::with_capacity(steps.len());
        for (index, (&value, step)) in self.raw.iter().zip(steps).enumerate() {
            let (low, high) = limits[index % self.width()];
            raw.push((f64::from(value) + step).clamp(low, high) as f32);
        }
        Ok(Patches {
            raw: Arc::new(raw),
            ..self.clone()
        })
    }

    /// The deviation of every parameter.
    fn deltas(&self, by: &Perturbation) -> Result<Vec<f64>, Error> {
        let deltas = match by {
            Perturbation::All(delta) => vec![*delta; self.width()],
            Perturbation::Each(deltas) => deltas.clone(),
            Perturbation::Named(named) => {
                let mut deltas = vec![0.0; self.width()];
                for (name, delta) in named {
                    for place in self.places(name)? {
                        deltas[place] = *delta;
                    }
                }
                deltas
            }
        };
        if deltas.len() != self.width() {
            let (want, got) = (self.width(), deltas.len());
            return Err(Error::PatchSize { want, got });
        }
        match deltas
            .iter()
            .find(|delta| !(0.0..f64::INFINITY).contains(*delta))
        {
            Some(delta) => Err(auricle_audio::Error::range("delta", "at least 0", delta).into()),
            None => Ok(deltas),
        }
    }
}

/// What a perturbed value is kept within.
fn limits(parameter: &FreeParameter) -> (f64, f64) {
    let (low, high) = parameter.range();
    let low = parameter.mapping.raw(low).max(LEAST_RAW);
    (low, parameter.mapping.raw(high).max(low))
}

fn draw(parameter: &FreeParameter, units: Units, rng: &mut Rng) -> f32 {
    let mapping = parameter.mapping;
    let (low, high) = parameter.range();
    let raw = match (&parameter.draw, units) {
        (None | Some(Distribution::Uniform { .. }), Units::Raw) => {
            rng.range(mapping.raw(low), mapping.raw(high))
        }
        (None, Units::Human) => mapping.raw(rng.range(low, high)),
        (Some(distribution), _) => {
            mapping.raw(distribution.draw(rng).clamp(mapping.low, mapping.high))
        }
    };
    raw as f32
}
