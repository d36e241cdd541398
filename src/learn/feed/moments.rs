//! Mean and deviation of values that come in pieces.

use crate::Error;
use crate::batch::{Scaling, result};
use auricle_audio::augment::{Recipe, Workspace};
use auricle_audio::{Key, Waveform};

/// How many values there are, their mean, and the sum of their squared distances from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Those of some values.
    pub fn of(values: &[f32]) -> Moments {
        let n = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
        Moments { n, mean, squares }
    }

    /// Those of all values that a front-end gives for the sound of a clip, by its number.
    ///
    /// # Errors
    /// Whatever the front-end reports.
    pub fn of_clip(front_end: &Recipe, wave: &Waveform, item: u64) -> Result<Moments, Error> {
        let mut work = Workspace::default();
        work.load(wave);
        let key = Key {
            item,
            ..Key::of_seed(0)
        };
        front_end.run(key, &mut work)?;
        let (_, values) = result(&mut work);
        Ok(Moments::of(values))
    }

    /// Those of the values of both, by the rule of Chan, Golub and LeVeque (1979).
    pub fn join(self, other: Moments) -> Moments {
        let (total, delta) = (self.n + other.n, other.mean - self.mean);
        if total == 0.0 {
            return Moments::default();
        }
        Moments {
            n: total,
            mean: self.mean + delta * other.n / total,
            squares: self.squares + other.squares + delta * delta * self.n * other.n / total,
        }
    }

    /// The scaling that centres the values and gives them a deviation of 1; values that are all the
    /// same are centred alone.
    pub fn scaling(self) -> Scaling {
        let deviation = (self.squares / self.n.max(1.0)).sqrt();
        Scaling {
            mean: self.mean,
            deviation: if deviation > 0.0 { deviation } else { 1.0 },
        }
    }
}
