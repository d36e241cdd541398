//! A parameter that a synthesizer's patches hold.

use crate::{Error, Mapping};
use auricle_audio::Distribution;
use std::fmt;

/// A parameter that a synthesizer's patches hold.
#[derive(Clone, Debug, PartialEq)]
pub struct FreeParameter {
    /// Name of the module.
    pub module: String,
    /// Kind of the module, the name of its declaration.
    pub kind: &'static str,
    /// Name of the parameter in its module.
    pub parameter: &'static str,
    /// Which of several numbers it is: none, `[input]` or `[output, input]`.
    pub index: Vec<usize>,
    /// Unit of its values; empty for a plain number.
    pub unit: &'static str,
    /// What it means.
    pub about: &'static str,
    /// From raw to human units.
    pub mapping: Mapping,
    /// How it is drawn, in human units; `None`: over all of its range.
    pub draw: Option<Distribution>,
    /// Whether a small change of it makes a small change of the sound.
    pub smooth: bool,
}

/// Prints its name: `vco_1.tuning`, `mixer.level[2]`, `mod_matrix.mod[0][3]`.
impl fmt::Display for FreeParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.parameter)?;
        self.index
            .iter()
            .try_for_each(|index| write!(f, "[{index}]"))
    }
}

impl FreeParameter {
    /// Least and greatest value that is drawn, in human units.
    pub fn range(&self) -> (f64, f64) {
        let support = self.draw.as_ref().and_then(Distribution::support);
        support.unwrap_or((self.mapping.low, self.mapping.high))
    }

    /// The raw number of a value in human units.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] for a value outside what the module takes, NaN too.
    pub fn raw(&self, value: f64) -> Result<f32, Error> {
        let Mapping { low, high, .. } = self.mapping;
        // Values that were computed from raw ones may pass an end by a rounding.
        let slack = 1e-6 * (high - low);
        if !(low - slack..=high + slack).contains(&value) {
            let unit = match self.unit {
                "" => String::new(),
                unit => format!(" {unit}"),
            };
            let want = format!("within {low}..{high}{unit}");
            return Err(auricle_audio::Error::range(&self.to_string(), want, value).into());
        }
        Ok(self.mapping.raw(value.clamp(low, high)) as f32)
    }
}
