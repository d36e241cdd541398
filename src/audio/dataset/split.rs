//! Dividing a dataset into training, validation and test clips.

use super::{Clip, Dataset};
use crate::{Error, Key, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A part of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// For training.
    Train,
    /// For choosing among models.
    Validation,
    /// For the final judgement.
    Test,
}

/// How a dataset is divided.
#[derive(Clone, Debug, PartialEq)]
pub enum SplitRule {
    /// As its authors say.
    Official,
    /// One fold is the test set, the others train.
    Fold(u32),
    /// Some values of a column are the test set; those that the dataset names, or a fifth of them, if `None`.
    Group {
        /// The column.
        column: String,
        /// Its values to hold out.
        test: Option<Vec<String>>,
        /// Seed of the choice, where one is made.
        seed: u64,
    },
    /// Shares of the clips, drawn with a seed.
    Shares {
        /// Share of the test set.
        test: f64,
        /// Share of the validation set.
        validation: f64,
        /// Whether every class is divided in these shares.
        stratify: bool,
        /// Column whose values stay together.
        group: Option<String>,
        /// Seed of the draw.
        seed: u64,
    },
}

/// A dataset divided in three; the parts share no clip.
#[derive(Clone, Debug)]
pub struct Split {
    /// For training.
    pub train: Dataset,
    /// For choosing among models; may be empty.
    pub validation: Dataset,
    /// For the final judgement.
    pub test: Dataset,
    /// How it was made, in words.
    pub rule: String,
    /// Groups of the dataset that it does not keep together.
    pub divided: Vec<Divided>,
}

/// Values of a column that stand in more than one part of a split, so that what is learned of them is tested on them.
#[derive(Clone, Debug, PartialEq)]
pub struct Divided {
    /// The column.
    pub column: String,
    /// How many of its values do.
    pub n_divided: usize,
    /// How many values it has.
    pub n_values: usize,
}

impl fmt::Display for Divided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Divided {
            column,
            n_divided,
            n_values,
        } = self;
        let stand = if *n_divided == 1 { "stands" } else { "stand" };
        write!(
            f,
            "{n_divided} of {n_values} values of `{column}` {stand} in more than one part of the split"
        )
    }
}

impl Dataset {
    /// Divides the dataset.
    ///
    /// # Errors
    /// [`Error::Unusable`] if the dataset has no official split or folds, [`Error::Unknown`] for a column or value it does
    /// not have, [`Error::Range`] for impossible shares, [`Error::Empty`] if training or test would be left empty.
    pub fn split(&self, rule: &SplitRule) -> Result<Split, Error> {
        let (parts, words) = match rule {
            SplitRule::Official => (self.official()?, "official".to_owned()),
            SplitRule::Fold(fold) => (self.fold(*fold)?, format!("fold {fold} held out")),
            SplitRule::Group { column, test, seed } => {
                let held = self.groups_to_hold_out(column, test.as_deref(), *seed)?;
                let part = |clip: &Clip| match clip.column(column) {
                    Some(value) if held.iter().any(|h| h == value) => Part::Test,
                    _ => Part::Train,
                };
                (
                    self.clips().iter().map(part).collect(),
                    format!("{column} {} held out", held.join(", ")),
                )
            }
            SplitRule::Shares {
                test,
                validation,
                stratify,
                group,
                seed,
            } => {
                if !(*test > 0.0 && *validation >= 0.0 && test + validation < 1.0) {
                    let got = format!("test {test} and validation {validation}");
                    return Err(Error::range(
                        "test",
                        "above 0, and below 1 together with `validation`",
                        got,
                    ));
                }
                let parts = match group {
                    Some(column) => self.share_groups(column, *test, *validation, *seed)?,
                    None => self.share_clips(*test, *validation, *stratify, *seed),
                };
                (
                    parts,
                    format!("{:.0} % held out, seed {seed}", 100.0 * test),
                )
            }
        };
        let take = |part: Part| {
            let indices: Vec<usize> = (0..self.len())
                .filter(|&index| parts[index] == part)
                .collect();
            self.subset(&indices)
        };
        let split = Split {
            train: take(Part::Train),
            validation: take(Part::Validation),
            test: take(Part::Test),
            rule: words,
            divided: self
                .groups()
                .iter()
                .filter_map(|column| self.divided(column, &parts))
                .collect(),
        };
        if split.train.is_empty() || split.test.is_empty() {
            return Err(Error::Empty {
                what: if split.train.is_empty() {
                    "train"
                } else {
                    "test"
                },
            });
        }
        Ok(split)
    }

    /// What of a column stands in several parts; nothing if all of it is kept together.
    fn divided(&self, column: &str, parts: &[Part]) -> Option<Divided> {
        let mut found: BTreeMap<&str, BTreeSet<Part>> = BTreeMap::new();
        for (clip, part) in self.clips().iter().zip(parts) {
            if let Some(value) = clip.column(column) {
                found.entry(value).or_default().insert(*part);
            }
        }
        let n_divided = found.values().filter(|parts| parts.len() > 1).count();
        (n_divided > 0).then(|| Divided {
            column: column.to_owned(),
            n_divided,
            n_values: found.len(),
        })
    }

    fn official(&self) -> Result<Vec<Part>, Error> {
        let parts: Option<Vec<Part>> = self.clips().iter().map(|clip| clip.part).collect();
        parts.ok_or_else(|| {
            Error::Unusable(format!(
                "{} has no official split: use `\"fold:1\"` or `#{{ test: 0.2 }}`",
                self.name()
            ))
        })
    }

    fn fold(&self, fold: u32) -> Result<Vec<Part>, Error> {
        let mut folds: Vec<u32> = self.clips().iter().filter_map(|clip| clip.fold).collect();
        folds.sort_unstable();
        folds.dedup();
        if folds.is_empty() {
            return Err(Error::Unusable(format!(
                "{} has no folds: use `#{{ test: 0.2 }}`",
                self.name()
            )));
        }
        if !folds.contains(&fold) {
            return Err(Error::Unknown {
                owner: self.name().to_owned(),
                kind: "fold",
                got: fold.to_string(),
                known: folds.iter().map(u32::to_string).collect(),
            });
        }
        let part = |clip: &Clip| {
            if clip.fold == Some(fold) {
                Part::Test
            } else {
                Part::Train
            }
        };
        Ok(self.clips().iter().map(part).collect())
    }

    /// The values of a column, sorted, each once.
    fn values(&self, column: &str) -> Result<Vec<String>, Error> {
        let mut values: Vec<String> = self
            .clips()
            .iter()
            .filter_map(|c| c.column(column))
            .map(str::to_owned)
            .collect();
        if values.is_empty() {
            let mut known: Vec<String> = self
                .clips()
                .iter()
                .flat_map(|c| &c.columns)
                .map(|(name, _)| (*name).to_owned())
                .collect();
            known.sort();
            known.dedup();
            let (owner, got) = (self.name().to_owned(), column.to_owned());
            return Err(Error::Unknown {
                owner,
                kind: "column",
                got,
                known,
            });
        }
        values.sort();
        values.dedup();
        Ok(values)
    }

    fn groups_to_hold_out(
        &self,
        column: &str,
        test: Option<&[String]>,
        seed: u64,
    ) -> Result<Vec<String>, Error> {
        let known = self.values(column)?;
        let held: Vec<String> = match (test, self.held_out(column)) {
            (Some(test), _) => test.to_vec(),
            (None, Some(named)) => named.iter().map(|&name| name.to_owned()).collect(),
            (None, None) => {
                let mut values = known.clone();
                Key::of_seed(seed)
                    .at(Place::ROOT.named("split"))
                    .shuffle(&mut values);
                values.truncate((known.len() / 5).max(1));
                values
            }
        };
        match held.iter().find(|value| !known.contains(value)) {
            Some(got) => {
                let owner = format!("column {column}");
                Err(Error::Unknown {
                    owner,
                    kind: "value",
                    got: got.clone(),
                    known,
                })
            }
            None => Ok(held),
        }
    }

    fn share_groups(
        &self,
        column: &str,
        test: f64,
        validation: f64,
        seed: u64,
    ) -> Result<Vec<Part>, Error> {
        let mut groups = self.values(column)?;
        Key::of_seed(seed)
            .at(Place::ROOT.named("split"))
            .shuffle(&mut groups);
        let n = groups.len();
        let n_test = ((test * n as f64).round() as usize).max(1);
        let n_validation = (validation * n as f64).round() as usize;
        let part: BTreeMap<&str, Part> = groups
            .iter()
            .enumerate()
            .map(|(i, name)| (name.as_str(), part_of(i, n_test, n_validation)))
            .collect();
        let of = |clip: &Clip| {
            clip.column(column)
                .and_then(|value| part.get(value))
                .copied()
                .unwrap_or(Part::Train)
        };
        Ok(self.clips().iter().map(of).collect())
    }

    fn share_clips(&self, test: f64, validation: f64, stratify: bool, seed: u64) -> Vec<Part> {
        let mut parts = vec![Part::Train; self.len()];
        let mut before = 0;
        for (class, mut members) in by_class(self.clips(), stratify) {
            shuffled(&mut members, seed, class);
            // Counted over all classes so far, so that what rounding takes from one class the next one gives back.
            let all = before + members.len();
            let count = |share: f64| {
                (share * all as f64).round() as usize - (share * before as f64).round() as usize
            };
            // A class with few clips keeps one for training.
            let n_test = count(test).min(members.len() - 1);
            let n_validation = count(validation).min(members.len() - 1 - n_test);
            before = all;
            for (i, index) in members.into_iter().enumerate() {
                parts[index] = part_of(i, n_test, n_validation);
            }
        }
        parts
    }
}

fn part_of(index: usize, n_test: usize, n_validation: usize) -> Part {
    match index {
        i if i < n_test => Part::Test,
        i if i < n_test + n_validation => Part::Validation,
        _ => Part::Train,
    }
}

/// Clip indices by class; all in one class if they need not be divided alike.
fn by_class(clips: &[Clip], stratify: bool) -> BTreeMap<Option<usize>, Vec<usize>> {
    let mut classes: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for (index, clip) in clips.iter().enumerate() {
        classes
            .entry(clip.label.filter(|_| stratify))
            .or_default()
            .push(index);
    }
    classes
}

fn shuffled(members: &mut [usize], seed: u64, class: Option<usize>) {
    let place = Place::ROOT
        .named("split")
        .child(class.map_or(0, |class| class + 1));
    Key::of_seed(seed).at(place).shuffle(members);
}

/// Which clips keep their label when only a fraction of every class does: at least one of each.
pub(super) fn stratified(clips: &[Clip], n_classes: usize, fraction: f64, seed: u64) -> Vec<bool> {
    let mut kept = vec![false; clips.len()];
    for (class, mut members) in by_class(clips, true) {
        if class.is_none_or(|class| class >= n_classes) {
            continue;
        }
        shuffled(&mut members, seed, class);
        let n = ((fraction * members.len() as f64).round() as usize).max(1);
        members.iter().take(n).for_each(|&index| kept[index] = true);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Waveform;
    use crate::dataset::{Form, Source};

    fn dataset() -> Dataset {
        let clips = (0..100)
            .map(|i| Clip {
                fold: Some(i as u32 % 5 + 1),
                columns: vec![("speaker", format!("s{}", i / 10))],
                ..Clip::new(
                    Source::Wave(Waveform::mono(vec![0.0], 8000).unwrap()),
                    Some(i % 4),
                )
            })
            .collect();
        Dataset::new(
            "test",
            clips,
            ["a", "b", "c", "d"].map(String::from).to_vec(),
            Form::default(),
            None,
        )
        .unwrap()
    }

    fn ids(dataset: &Dataset) -> Vec<u64> {
        dataset.clips().iter().map(|clip| clip.id).collect()
    }

    #[test]
    fn parts_are_disjoint_and_complete() {
        let shares = |stratify, group: Option<&str>| SplitRule::Shares {
            test: 0.2,
            validation: 0.1,
            stratify,
            group: group.map(str::to_owned),
            seed: 3,
        };
        for (rule, sizes) in [
            (SplitRule::Fold(5), (80, 0, 20)),
            (shares(false, None), (70, 10, 20)),
            (shares(true, None), (70, 10, 20)),
            (shares(false, Some("speaker")), (70, 10, 20)),
            (
                SplitRule::Group {
                    column: "speaker".into(),
                    test: None,
                    seed: 0,
                },
                (80, 0, 20),
            ),
        ] {
            let split = dataset().split(&rule).unwrap();
            assert_eq!(
                (split.train.len(), split.validation.len(), split.test.len()),
                sizes,
                "{rule:?}"
            );
            let mut all = [ids(&split.train), ids(&split.validation), ids(&split.test)].concat();
            all.sort_unstable();
            assert_eq!(all, (0..100).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn a_group_never_stands_on_both_sides() {
        let rule = SplitRule::Group {
            column: "speaker".into(),
            test: Some(vec!["s3".into(), "s7".into()]),
            seed: 0,
        };
        let split = dataset().split(&rule).unwrap();
        assert!(
            split
                .test
                .clips()
                .iter()
                .all(|c| ["s3", "s7"].contains(&c.column("speaker").unwrap()))
        );
        assert!(
            split
                .train
                .clips()
                .iter()
                .all(|c| !["s3", "s7"].contains(&c.column("speaker").unwrap()))
        );
    }

    #[test]
    fn impossible_rules_say_what_there_is() {
        let data = dataset();
        let error = data.split(&SplitRule::Fold(7)).unwrap_err();
        assert_eq!(error.hint().as_deref(), Some("folds: 1, 2, 3, 4, 5"));
        assert!(data.split(&SplitRule::Official).is_err());
        let group = |column: &str, test: Option<Vec<String>>| {
            data.split(&SplitRule::Group {
                column: column.into(),
                test,
                seed: 0,
            })
            .unwrap_err()
            .to_string()
        };
        assert_eq!(group("patient", None), "`test` has no column `patient`");
        assert_eq!(
            group("speaker", Some(vec!["theo".into()])),
            "`column speaker` has no value `theo`"
        );
    }

    #[test]
    fn a_fraction_of_the_labels_is_stratified_and_seeded() {
        let data = dataset().fraction(0.2, 1).unwrap();
        let kept: Vec<usize> = (0..4)
            .map(|c| data.clips().iter().filter(|k| k.label == Some(c)).count())
            .collect();
        assert_eq!((data.len(), kept), (100, vec![5, 5, 5, 5]));
        let labels = |seed| {
            dataset()
                .fraction(0.2, seed)
                .unwrap()
                .clips()
                .iter()
                .map(|c| c.label)
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(1), labels(1));
        assert_ne!(labels(1), labels(2));
        assert!(dataset().fraction(0.0, 1).is_err());
    }
}
