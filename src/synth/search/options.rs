//! How a patch is searched.

use crate::{Error, Units};

/// How a patch is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchOptions {
    /// Generations at most.
    pub generations: usize,
    /// Sounds of a generation.
    pub population: usize,
    /// Sounds that are drawn at first, of which the nearest are where the search begins.
    pub starts: usize,
    /// Standard deviation of the first generation, raw units.
    pub sigma: f64,
    /// Seed of all that is drawn.
    pub seed: u64,
    /// In which units the first sounds are drawn.
    pub units: Units,
}

impl Default for SearchOptions {
    fn default() -> SearchOptions {
        SearchOptions {
            generations: 100,
            population: 32,
            starts: 256,
            sigma: 0.2,
            seed: 0,
            units: Units::Raw,
        }
    }
}

impl SearchOptions {
    /// Checks that they make a search.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`], naming the option.
    pub(super) fn check(&self) -> Result<(), Error> {
        let counts = [
            ("population", self.population, 4),
            ("starts", self.starts, 1),
        ];
        for (name, got, least) in counts {
            if got < least {
                let want = format!("at least {least}");
                return Err(auricle_audio::Error::range(name, want, got).into());
            }
        }
        if !(self.sigma > 0.0 && self.sigma <= 1.0) {
            let want = "above 0 and at most 1";
            return Err(auricle_audio::Error::range("sigma", want, self.sigma).into());
        }
        Ok(())
    }
}
