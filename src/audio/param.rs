//! Numeric parameters: a constant or a distribution.

use crate::{Error, Rng};
use std::fmt;
use std::sync::Arc;

/// What a numeric parameter holds: a constant, or a distribution from which every clip draws its own value.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always this value.
    Constant(f64),
    /// Uniform over the reals in `[low, high]`.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// The logarithm is uniform; both ends are positive.
    LogUniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Normal; draws are limited to what the parameter accepts.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        deviation: f64,
    },
    /// Uniform over the integers `low..=high`.
    IntUniform {
        /// Lowest integer.
        low: i64,
        /// Highest integer.
        high: i64,
    },
    /// One of these values, equal chances.
    Choice(Arc<[f64]>),
}

impl Distribution {
    /// Uniform over the reals between two ends.
    ///
    /// # Errors
    /// [`Error::Order`] if `low > high`, [`Error::NotFinite`] if an end is not finite.
    pub fn uniform(low: f64, high: f64) -> Result<Distribution, Error> {
        ordered("uniform", low, high)?;
        Ok(Distribution::Uniform { low, high })
    }

    /// Uniform over the logarithms between two positive ends.
    ///
    /// # Errors
    /// As [`Distribution::uniform`], and [`Error::Range`] if `low <= 0`.
    pub fn log_uniform(low: f64, high: f64) -> Result<Distribution, Error> {
        ordered("log_uniform", low, high)?;
        if low <= 0.0 {
            return Err(Error::range("low", "greater than 0", low));
        }
        Ok(Distribution::LogUniform { low, high })
    }

    /// Normal with a mean and a standard deviation.
    ///
    /// # Errors
    /// [`Error::NotFinite`], or [`Error::Range`] if `deviation < 0`.
    pub fn normal(mean: f64, deviation: f64) -> Result<Distribution, Error> {
        finite("mean", mean)?;
        finite("sd", deviation)?;
        if deviation < 0.0 {
            return Err(Error::range("sd", "at least 0", deviation));
        }
        Ok(Distribution::Normal { mean, deviation })
    }

    /// Uniform over the integers `low..=high`.
    ///
    /// # Errors
    /// [`Error::Order`] if `low > high`.
    pub fn int_uniform(low: i64, high: i64) -> Result<Distribution, Error> {
        ordered("int_uniform", low as f64, high as f64)?;
        Ok(Distribution::IntUniform { low, high })
    }

    /// One of some values, equal chances.
    ///
    /// # Errors
    /// [`Error::Empty`] without values, [`Error::NotFinite`] if one is not finite.
    pub fn choice(values: Vec<f64>) -> Result<Distribution, Error> {
        if values.is_empty() {
            return Err(Error::Empty { what: "choice" });
        }
        values.iter().try_for_each(|&v| finite("choice", v))?;
        Ok(Distribution::Choice(values.into()))
    }

    /// The smallest and the largest value that can be drawn; a normal distribution is limited by its parameter alone.
    pub fn support(&self) -> Option<(f64, f64)> {
        match self {
            Distribution::Constant(value) => Some((*value, *value)),
            Distribution::Uniform { low, high } | Distribution::LogUniform { low, high } => {
                Some((*low, *high))
            }
            Distribution::IntUniform { low, high } => Some((*low as f64, *high as f64)),
            Distribution::Choice(values) => Some(
                values
                    .iter()
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| {
                        (a.min(v), b.max(v))
                    }),
            ),
            Distribution::Normal { .. } => None,
        }
    }

    /// Draws a value. A constant takes nothing from the stream.
    pub fn draw(&self, rng: &mut Rng) -> f64 {
        match self {
            Distribution::Constant(value) => *value,
            Distribution::Uniform { low, high } => rng.range(*low, *high),
            Distribution::LogUniform { low, high } => {
                libm::exp(rng.range(libm::log(*low), libm::log(*high)))
            }
            Distribution::Normal { mean, deviation } => mean + deviation * rng.normal(),
            Distribution::IntUniform { low, high } => {
                (low + rng.below((high - low) as usize + 1) as i64) as f64
            }
            Distribution::Choice(values) => values[rng.below(values.len())],
        }
    }

    /// Draws a value and limits it to what the parameter accepts.
    pub fn draw_within(&self, rng: &mut Rng, low: f64, high: f64) -> f64 {
        self.draw(rng).clamp(low, high)
    }
}

fn finite(param: &'static str, value: f64) -> Result<(), Error> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(Error::NotFinite {
            param: param.into(),
            got: value,
        })
    }
}

fn ordered(what: &'static str, low: f64, high: f64) -> Result<(), Error> {
    finite(what, low)?;
    finite(what, high)?;
    if low > high {
        Err(Error::Order { what, low, high })
    } else {
        Ok(())
    }
}

/// Prints the source that builds the value.
impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Distribution::Constant(value) => write!(f, "{value}"),
            Distribution::Uniform { low, high } => write!(f, "{low}..{high}"),
            Distribution::LogUniform { low, high } => write!(f, "log_uniform({low}, {high})"),
            Distribution::Normal { mean, deviation } => write!(f, "normal({mean}, {deviation})"),
            Distribution::IntUniform { low, high } => write!(f, "int_uniform({low}, {high})"),
            Distribution::Choice(values) => {
                write!(f, "choice([")?;
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if i == 0 { "" } else { ", " })?;
                }
                write!(f, "])")
            }
        }
    }
}

impl From<f64> for Distribution {
    fn from(value: f64) -> Distribution {
        Distribution::Constant(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_in_the_support_and_have_the_mean() {
        let cases = [
            (Distribution::uniform(5.0, 40.0).unwrap(), 22.5),
            (
                Distribution::log_uniform(1.0, 100.0).unwrap(),
                99.0 / 100f64.ln(),
            ),
            (Distribution::normal(3.0, 0.5).unwrap(), 3.0),
            (Distribution::int_uniform(-2, 4).unwrap(), 1.0),
            (Distribution::choice(vec![1.0, 2.0, 6.0]).unwrap(), 3.0),
            (Distribution::Constant(7.0), 7.0),
        ];
        for (distribution, want) in cases {
            let mut rng = Rng::from_words(&[11]);
            let draws: Vec<f64> = (0..50_000).map(|_| distribution.draw(&mut rng)).collect();
            let mean = draws.iter().sum::<f64>() / draws.len() as f64;
            assert!(
                (mean - want).abs() < 0.02 * want.abs().max(1.0),
                "{distribution}: {mean}"
            );
            if let Some((low, high)) = distribution.support() {
                assert!(
                    draws.iter().all(|d| (low..=high).contains(d)),
                    "{distribution}"
                );
            }
        }
    }

    #[test]
    fn reversed_or_infinite_ends_are_errors() {
        assert_eq!(
            Distribution::uniform(2.0, 1.0),
            Err(Error::Order {
                what: "uniform",
                low: 2.0,
                high: 1.0
            })
        );
        assert!(matches!(
            Distribution::uniform(0.0, f64::INFINITY),
            Err(Error::NotFinite { .. })
        ));
        assert!(matches!(
            Distribution::log_uniform(0.0, 1.0),
            Err(Error::Range { .. })
        ));
        assert_eq!(
            Distribution::choice(vec![]),
            Err(Error::Empty { what: "choice" })
        );
    }
}
