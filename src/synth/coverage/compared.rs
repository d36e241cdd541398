//! Real sounds beside synthetic ones, descriptor by descriptor.

use super::descriptors::{DESCRIPTORS, Descriptor, DescriptorOptions, Descriptors};
use crate::Error;
use auricle_audio::Waveform;
use rayon::prelude::*;
use std::fmt;

/// One descriptor of both sets. Sounds that have no value, such as the inharmonicity of noise, are left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Which it is.
    pub descriptor: Descriptor,
    /// Values of the real sounds, ascending.
    pub real: Vec<f64>,
    /// Values of the synthetic sounds, ascending.
    pub synthetic: Vec<f64>,
}

/// Real and synthetic sounds, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Coverage {
    /// The descriptors.
    pub compared: Vec<Compared>,
    /// Number of real and of synthetic sounds.
    pub n: [usize; 2],
    /// Fréchet distance of the embeddings of a model, if one was given.
    pub frechet: Option<f64>,
}

/// Shares of the synthetic sounds below and above what they cover.
const TAILS: [f64; 2] = [0.025, 0.975];

impl Compared {
    /// The first Wasserstein distance, in the descriptor's unit: the area between the two distribution functions.
    pub fn wasserstein(&self) -> f64 {
        if self.real.is_empty() || self.synthetic.is_empty() {
            return f64::NAN;
        }
        let mut places: Vec<f64> = self.real.iter().chain(&self.synthetic).copied().collect();
        places.sort_by(f64::total_cmp);
        let below = |values: &[f64], x: f64| {
            values.partition_point(|&value| value <= x) as f64 / values.len() as f64
        };
        let pieces = places.windows(2).map(|ends| {
            let apart = below(&self.real, ends[0]) - below(&self.synthetic, ends[0]);
            apart.abs() * (ends[1] - ends[0])
        });
        pieces.sum()
    }

    /// The distance over the standard deviation of the real sounds.
    pub fn distance(&self) -> f64 {
        self.wasserstein() / moments(&self.real).1
    }

    /// Share of the real sounds that lie within the middle 95 % of the synthetic ones.
    pub fn covered(&self) -> f64 {
        if self.real.is_empty() || self.synthetic.is_empty() {
            return f64::NAN;
        }
        let [low, high] = TAILS.map(|share| quantile(&self.synthetic, share));
        let inside = self.real.iter().filter(|&&x| low <= x && x <= high);
        inside.count() as f64 / self.real.len() as f64
    }
}

/// Mean and standard deviation of the sample.
pub(super) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// A quantile of ascending values, linear between them, as NumPy has it.
pub(super) fn quantile(values: &[f64], share: f64) -> f64 {
    let at = share * (values.len() - 1) as f64;
    let (below, rest) = (at.floor() as usize, at.fract());
    let above = (below + 1).min(values.len() - 1);
    values[below] + rest * (values[above] - values[below])
}

impl Coverage {
    /// Compares sounds.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Empty`] for a set without sounds, [`auricle_audio::Error::Range`] if the sample rates differ,
    /// and as [`Descriptors::new`].
    pub fn of(
        real: &[Waveform],
        synthetic: &[Waveform],
        options: DescriptorOptions,
    ) -> Result<Coverage, Error> {
        let Some(first) = real.first() else {
            return Err(auricle_audio::Error::Empty { what: "real" }.into());
        };
        if synthetic.is_empty() {
            return Err(auricle_audio::Error::Empty { what: "synthetic" }.into());
        }
        let rate = first.sample_rate();
        let mut all = real.iter().chain(synthetic);
        if let Some(other) = all.find(|wave| wave.sample_rate() != rate) {
            let want = format!("all at {rate} Hz, as the first of the real ones");
            let got = format!("{} Hz", other.sample_rate());
            return Err(auricle_audio::Error::range("sounds", want, got).into());
        }
        Descriptors::new(rate, options)?;
        let described = |waves: &[Waveform]| -> Result<Vec<[f64; 4]>, Error> {
            let begin = || Descriptors::new(rate, options);
            let one = |by: &mut Result<Descriptors, Error>, wave: &Waveform| match by {
                Ok(by) => Ok(by.of(wave)),
                Err(error) => Err(error.clone()),
            };
            waves.par_iter().map_init(begin, one).collect()
        };
        let (of_real, of_synthetic) = (described(real)?, described(synthetic)?);
        let column = |rows: &[[f64; 4]], place: usize| {
            let values = rows.iter().map(|row| row[place]);
            let mut values: Vec<f64> = values.filter(|value| value.is_finite()).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let compared = DESCRIPTORS
            .iter()
            .enumerate()
            .map(|(place, &descriptor)| Compared {
                descriptor,
                real: column(&of_real, place),
                synthetic: column(&of_synthetic, place),
            });
        Ok(Coverage {
            compared: compared.collect(),
            n: [real.len(), synthetic.len()],
            frechet: None,
        })
    }

    /// The rows of its table, with the heads: a descriptor each.
    pub fn rows(&self) -> (Vec<&'static str>, Vec<Vec<String>>) {
        let head = vec![
            "descriptor",
            "real",
            "synthetic",
            "Wasserstein",
            "in deviations",
            "covered",
        ];
        let number = |x: f64| match x.is_finite() {
            true => format!("{x:.4}"),
            false => "-".to_owned(),
        };
        let rows = self.compared.iter().map(|this| {
            let spread = |values: &[f64]| {
                let (mean, deviation) = moments(values);
                match values.len() {
                    0 => "none".to_owned(),
                    1 => number(mean),
                    _ => format!("{} +- {}", number(mean), number(deviation)),
                }
            };
            let name = match this.descriptor.unit {
                "" => this.descriptor.name.to_owned(),
                unit => format!("{} ({unit})", this.descriptor.name),
            };
            vec![
                name,
                spread(&this.real),
                spread(&this.synthetic),
                number(this.wasserstein()),
                number(this.distance()),
                match this.covered() {
                    share if share.is_finite() => format!("{:.0} %", 100.0 * share),
                    _ => "-".to_owned(),
                },
            ]
        });
        (head, rows.collect())
    }

    /// What stands below the table.
    pub fn summary(&self) -> String {
        let [real, synthetic] = self.n;
        let frechet = self
            .frechet
            .map(|distance| format!("; Fréchet distance of embeddings {distance:.4}"));
        format!(
            "{real} real and {synthetic} synthetic sounds{}",
            frechet.unwrap_or_default()
        )
    }
}

/// Prints the table.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, rows) = self.rows();
        let head: Vec<String> = head.into_iter().map(str::to_owned).collect();
        let width = |column: usize| {
            let cells = rows
                .iter()
                .chain([&head])
                .map(|row| row[column].chars().count());
            cells.max().unwrap_or(0)
        };
        for row in [&head].into_iter().chain(&rows) {
            let cells = row
                .iter()
                .enumerate()
                .map(|(column, cell)| format!("{cell:0$}", width(column)));
            writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        f.write_str(&self.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(real: &[f64], synthetic: &[f64]) -> Compared {
        Compared {
            descriptor: DESCRIPTORS[0],
            real: real.to_vec(),
            synthetic: synthetic.to_vec(),
        }
    }

    #[test]
    fn wasserstein_is_how_far_mass_is_moved() {
        assert_eq!(
            compared(&[0.0, 1.0, 3.0], &[5.0, 6.0, 8.0]).wasserstein(),
            5.0
        );
        assert_eq!(compared(&[0.0, 1.0], &[0.0, 1.0]).wasserstein(), 0.0);
        // Half of the mass at 0 goes to 2.
        assert_eq!(compared(&[0.0], &[0.0, 2.0]).wasserstein(), 1.0);
        assert!(compared(&[], &[1.0]).wasserstein().is_nan());
    }

    #[test]
    fn what_lies_among_the_synthetic_sounds_is_covered() {
        let synthetic: Vec<f64> = (0..101).map(f64::from).collect();
        assert_eq!(
            compared(&[-5.0, 2.0, 3.0, 97.0, 99.0], &synthetic).covered(),
            0.4
        );
    }
}
