//! Dividing a dataset into training, validation and test clips.

use super::whole_groups::bin_groups;
use super::{Clip, Dataset, Part, strata};
use crate::{Error, Key, Place};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How a dataset is divided.
#[derive(Clone, Debug, PartialEq)]
pub enum SplitRule {
    /// As its authors say.
    Official,
    /// As its authors say, but training clips whose group, such as the patient, stands in the test set are left out.
    OfficialClean,
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
    /// Another rule, with validation clips taken from its training clips.
    Validated {
        /// The rule.
        rule: Box<SplitRule>,
        /// Share of the training clips.
        validation: f64,
        /// Whether every class is divided in this share.
        stratify: bool,
        /// Column whose values stay together.
        group: Option<String>,
        /// Seed of the draw.
        seed: u64,
    },
}

impl SplitRule {
    /// Whether test clips are those that the authors of the data set chose.
    pub fn is_official(&self) -> bool {
        match self {
            SplitRule::Official | SplitRule::OfficialClean => true,
            SplitRule::Validated { rule, .. } => rule.is_official(),
            _ => false,
        }
    }
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
        let (parts, words) = self.parts(rule)?;
        self.divide(&parts, words)
    }

    /// The part of each clip by a rule, `None` if it is left out, and the rule in words.
    fn parts(&self, rule: &SplitRule) -> Result<(Vec<Option<Part>>, String), Error> {
        let all = |parts: Vec<Part>| parts.into_iter().map(Some).collect();
        Ok(match rule {
            SplitRule::Official => (all(self.official()?), "official".to_owned()),
            SplitRule::OfficialClean => self.official_clean()?,
            SplitRule::Fold(fold) => (all(self.fold(*fold)?), format!("fold {fold} held out")),
            SplitRule::Group { column, test, seed } => {
                let held = self.groups_to_hold_out(column, test.as_deref(), *seed)?;
                let part = |clip: &Clip| match clip.column(column) {
                    Some(value) if held.iter().any(|h| h == value) => Part::Test,
                    _ => Part::Train,
                };
                (
                    all(self.clips().iter().map(part).collect()),
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
                    Some(column) => {
                        let shares = [1.0 - test - validation, *validation, *test];
                        let bins = bin_groups(self, column, &shares, *stratify, *seed)?;
                        let parts = [Part::Train, Part::Validation, Part::Test];
                        bins.into_iter().map(|bin| parts[bin]).collect()
                    }
                    None => strata::share_clips(self.clips(), *test, *validation, *stratify, *seed),
                };
                (
                    all(parts),
                    format!("{:.0} % held out, seed {seed}", 100.0 * test),
                )
            }
            SplitRule::Validated {
                rule,
                validation,
                stratify,
                group,
                seed,
            } => {
                if !(*validation > 0.0 && *validation < 1.0) {
                    return Err(Error::range(
                        "validation",
                        "above 0 and below 1",
                        validation,
                    ));
                }
                let (mut parts, words) = self.parts(rule)?;
                self.carve(&mut parts, *validation, *stratify, group.as_deref(), *seed)?;
                let share = 100.0 * validation;
                (
                    parts,
                    format!("{words}, {share:.0} % of the rest for validation, seed {seed}"),
                )
            }
        })
    }

    /// The split that gives each clip its part.
    ///
    /// # Errors
    /// [`Error::Empty`] if training or test would be left empty.
    pub(super) fn divide(&self, parts: &[Option<Part>], rule: String) -> Result<Split, Error> {
        let take = |part: Part| {
            let indices: Vec<usize> = (0..self.len())
                .filter(|&index| parts[index] == Some(part))
                .collect();
            let part_of = self.subset(&indices);
            match part {
                // Few labels are to train on; what is judged on has all of its own.
                Part::Validation | Part::Test => part_of.with_all_labels(),
                Part::Train => part_of,
            }
        };
        let split = Split {
            train: take(Part::Train),
            validation: take(Part::Validation),
            test: take(Part::Test),
            rule,
            divided: self
                .groups()
                .iter()
                .filter_map(|column| self.divided(column, parts))
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
    fn divided(&self, column: &str, parts: &[Option<Part>]) -> Option<Divided> {
        let mut found: BTreeMap<&str, BTreeSet<Part>> = BTreeMap::new();
        for (clip, part) in self.clips().iter().zip(parts) {
            if let (Some(value), Some(part)) = (clip.column(column), part) {
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

    /// The official split without the training clips whose group is tested on.
    fn official_clean(&self) -> Result<(Vec<Option<Part>>, String), Error> {
        let parts = self.official()?;
        let Some(column) = self.groups().first() else {
            return Err(Error::Unusable(format!(
                "{} does not say what belongs together, so nothing can be kept apart",
                self.name()
            )));
        };
        let tested: BTreeSet<&str> = self
            .clips()
            .iter()
            .zip(&parts)
            .filter(|(_, part)| **part == Part::Test)
            .filter_map(|(clip, _)| clip.column(column))
            .collect();
        let is_clean = |clip: &Clip| {
            clip.column(column)
                .is_none_or(|value| !tested.contains(value))
        };
        let kept: Vec<Option<Part>> = self
            .clips()
            .iter()
            .zip(parts)
            .map(|(clip, part)| (part == Part::Test || is_clean(clip)).then_some(part))
            .collect();
        let n = kept.iter().filter(|part| part.is_none()).count();
        let words = format!("official, without {n} training clips whose {column} is tested on");
        Ok((kept, words))
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
    pub(super) fn values(&self, column: &str) -> Result<Vec<String>, Error> {
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
                .map(|(name, _)| name.to_string())
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
                columns: vec![("speaker".into(), format!("s{}", i / 10))],
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
    fn groups_that_are_tested_on_are_not_trained_on_where_asked() {
        // Speakers s0 to s4 are tested on, and s4 and s5 stand on both sides.
        let part = |i: usize| {
            if i < 45 || i == 50 {
                Part::Test
            } else {
                Part::Train
            }
        };
        let mut data = dataset();
        let clips = data.clips().iter().enumerate();
        let clips = clips
            .map(|(i, clip)| Clip {
                part: Some(part(i)),
                ..clip.clone()
            })
            .collect();
        data = Dataset::new(
            "test",
            clips,
            data.classes().to_vec(),
            Form::default(),
            None,
        )
        .unwrap();
        data = data.grouped_by(["speaker".into()]);
        let official = data.split(&SplitRule::Official).unwrap();
        assert_eq!((official.train.len(), official.test.len()), (54, 46));
        assert_eq!(
            (official.divided[0].n_divided, official.divided[0].n_values),
            (2, 10)
        );
        let clean = data.split(&SplitRule::OfficialClean).unwrap();
        assert_eq!(
            (clean.train.len(), clean.test.len(), clean.divided),
            (40, 46, vec![])
        );
        assert_eq!(
            clean.rule,
            "official, without 14 training clips whose speaker is tested on"
        );
        let validated = data
            .split(&SplitRule::Validated {
                rule: Box::new(SplitRule::OfficialClean),
                validation: 0.25,
                stratify: true,
                group: Some("speaker".into()),
                seed: 0,
            })
            .unwrap();
        let sizes = [&validated.train, &validated.validation, &validated.test].map(Dataset::len);
        assert_eq!((sizes, validated.divided), ([30, 10, 46], vec![]));
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
    #[test]
    fn what_is_judged_on_keeps_its_labels() {
        let data = dataset()
            .fraction(0.2, 1)
            .unwrap()
            .fraction(0.5, 2)
            .unwrap();
        let labelled = |data: &Dataset| {
            data.clips()
                .iter()
                .filter(|clip| clip.label.is_some())
                .count()
        };
        let more = Dataset::joined(&[data.clone(), data.clone()]).unwrap();
        for (data, fold, n_test) in [(data, 5, 20), (more, 1, 40)] {
            let split = data.split(&SplitRule::Fold(fold)).unwrap();
            assert_eq!((split.test.len(), labelled(&split.test)), (n_test, n_test));
            let few = data.clips().iter().filter(|clip| clip.label.is_some());
            let n_few = few.filter(|clip| clip.fold != Some(fold)).count();
            assert_eq!(labelled(&split.train), n_few);
            assert!(
                split
                    .test
                    .clips()
                    .iter()
                    .all(|c| c.label == Some(c.id as usize % 4))
            );
        }
    }
}
