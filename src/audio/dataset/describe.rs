//! A dataset in numbers.

use super::{Dataset, Missing, Source};
use crate::io::{self, PassedOver};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a dataset holds. Durations are those of a sample of the clips: no file is decoded for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Name of the dataset.
    pub name: String,
    /// Number of clips.
    pub n_clips: usize,
    /// Clips without a label.
    pub n_unlabelled: usize,
    /// Clips of every class, in the order of the classes.
    pub classes: Vec<(String, usize)>,
    /// Distinct values of every column.
    pub columns: Vec<(String, usize)>,
    /// Number of folds.
    pub n_folds: usize,
    /// How many heads were read for what follows.
    pub n_sampled: usize,
    /// Sample rates among them, Hz.
    pub sample_rates: Vec<u32>,
    /// Shortest, mean and longest duration among them, s; `None` if the heads do not say.
    pub durations_s: Option<[f64; 3]>,
    /// Smallest, mean and largest of the numbers to predict, if there are any.
    pub targets: Option<[f64; 3]>,
    /// What lies beside the clips and is not read.
    pub passed_over: PassedOver,
    /// What tables name and that is not there.
    pub missing: Vec<Missing>,
}

/// Heads that are read for a description at most.
const SAMPLED: usize = 64;

impl Dataset {
    /// Describes the dataset; reads the heads of at most 64 files, spread evenly.
    pub fn describe(&self) -> Description {
        let count = |label| self.clips().iter().filter(|clip| clip.is_of(label)).count();
        let mut columns: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, value) in self.clips().iter().flat_map(|clip| &clip.columns) {
            columns.entry(name).or_default().insert(value);
        }
        let folds: BTreeSet<u32> = self.clips().iter().filter_map(|clip| clip.fold).collect();
        let n_sampled = self.len().min(SAMPLED);
        let heads: Vec<(u32, Option<f64>)> = (0..n_sampled)
            .filter_map(|i| match &self.clips()[i * self.len() / n_sampled].source {
                Source::Wave(wave) => Some((wave.sample_rate(), Some(wave.duration_s()))),
                Source::File(path) => {
                    let head = io::read_header(path).ok()?;
                    Some((
                        head.sample_rate,
                        head.n_samples
                            .map(|n| n as f64 / f64::from(head.sample_rate)),
                    ))
                }
            })
            .collect();
        let durations: Vec<f64> = heads.iter().filter_map(|(_, duration)| *duration).collect();
        let targets: Vec<f64> = self.clips().iter().filter_map(|clip| clip.target).collect();
        Description {
            name: self.name().to_owned(),
            n_clips: self.len(),
            n_unlabelled: self
                .clips()
                .iter()
                .filter(|clip| !clip.is_labelled())
                .count(),
            classes: self
                .classes()
                .iter()
                .enumerate()
                .map(|(i, name)| (name.clone(), count(i)))
                .collect(),
            columns: columns
                .into_iter()
                .map(|(name, values)| (name.to_owned(), values.len()))
                .collect(),
            n_folds: folds.len(),
            n_sampled: heads.len(),
            sample_rates: heads
                .iter()
                .map(|(rate, _)| *rate)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            durations_s: extent(&durations),
            targets: extent(&targets),
            passed_over: self.passed_over().clone(),
            missing: self.missing().to_vec(),
        }
    }
}

/// Smallest, mean and largest of some numbers, if there are any.
fn extent(numbers: &[f64]) -> Option<[f64; 3]> {
    let low = numbers.iter().copied().reduce(f64::min)?;
    let high = numbers.iter().copied().reduce(f64::max)?;
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    Some([low, mean, high])
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} clips, {} classes",
            self.name,
            self.n_clips,
            self.classes.len()
        )?;
        if self.n_unlabelled > 0 {
            write!(f, ", {} without a label", self.n_unlabelled)?;
        }
        if self.n_folds > 0 {
            write!(f, ", {} folds", self.n_folds)?;
        }
        for (name, count) in &self.columns {
            write!(f, ", {count} of {name}")?;
        }
        if let Some([low, mean, high]) = self.durations_s {
            let rates: Vec<String> = self.sample_rates.iter().map(u32::to_string).collect();
            write!(
                f,
                "\n  {} Hz, {low:.2} to {high:.2} s, mean {mean:.2} s ({} heads read)",
                rates.join(" and "),
                self.n_sampled
            )?;
        }
        if let Some([low, mean, high]) = self.targets {
            write!(
                f,
                "\n  a number to predict, {low} to {high}, mean {mean:.3}"
            )?;
        }
        let width = self
            .classes
            .iter()
            .map(|(name, _)| name.chars().count())
            .max()
            .unwrap_or(0);
        for (name, count) in &self.classes {
            write!(f, "\n  {name:width$}  {count}")?;
        }
        if !self.passed_over.is_empty() {
            write!(f, "\n{}", self.passed_over)?;
        }
        for missing in &self.missing {
            write!(f, "\n{missing}")?;
        }
        Ok(())
    }
}
