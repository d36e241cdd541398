//! Cross-validation: a dataset divided several times, so that every clip is tested on once in each round.

use super::whole_groups::bin_groups;
use super::{Dataset, Part, Split, strata};
use crate::Error;

/// How folds are made.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldOptions {
    /// Folds of a round; the dataset's own if `None`.
    pub n: Option<usize>,
    /// Rounds, each with folds of its own.
    pub repeats: usize,
    /// Whether every class is divided evenly.
    pub stratify: bool,
    /// Column whose values stay together.
    pub group: Option<String>,
    /// Share of the training clips for choosing among models.
    pub validation: f64,
    /// Seed of the draw.
    pub seed: u64,
}

impl Default for FoldOptions {
    fn default() -> FoldOptions {
        FoldOptions {
            n: None,
            repeats: 1,
            stratify: true,
            group: None,
            validation: 0.0,
            seed: 0,
        }
    }
}

impl Dataset {
    /// A split for every fold of every round. The training part of one is a dataset, whose own folds are the inner
    /// ones of a nested cross-validation.
    ///
    /// # Errors
    /// [`Error::Range`] for fewer than two folds or more than there are clips or groups, no round, or an impossible
    /// share; [`Error::Unusable`] if the dataset's own folds are asked for and it has none, and if they are to be
    /// repeated, which would give the same again.
    pub fn folds(&self, options: &FoldOptions) -> Result<Vec<Split>, Error> {
        let FoldOptions {
            n,
            repeats,
            stratify,
            group,
            validation,
            seed,
        } = options;
        if *repeats == 0 {
            return Err(Error::range("repeats", "at least 1", 0));
        }
        if !(0.0..1.0).contains(validation) {
            return Err(Error::range(
                "validation",
                "at least 0 and below 1",
                validation,
            ));
        }
        let mut splits = Vec::new();
        for round in 0..*repeats {
            // A round's draws are those of a seed of its own.
            let seed = seed.wrapping_add((round as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let (folds, names) = match n {
                Some(n) => {
                    if *n < 2 || *n > self.len() {
                        let want = format!("at least 2 and at most the {} clips", self.len());
                        return Err(Error::range("n", want, n));
                    }
                    let folds = match group {
                        Some(column) => {
                            bin_groups(self, column, &vec![1.0 / *n as f64; *n], *stratify, seed)?
                        }
                        None => strata::fold_clips(self.clips(), *n, *stratify, seed),
                    };
                    (
                        folds,
                        (1..=*n)
                            .map(|fold| format!("fold {fold} of {n}"))
                            .collect::<Vec<_>>(),
                    )
                }
                None if *repeats > 1 => {
                    let text = format!(
                        "the folds of {} are fixed: say how many there should be to repeat them",
                        self.name()
                    );
                    return Err(Error::Unusable(text));
                }
                None => self.own_folds()?,
            };
            for (fold, name) in names.iter().enumerate() {
                let mut parts: Vec<Option<Part>> = folds
                    .iter()
                    .map(|&own| Some(if own == fold { Part::Test } else { Part::Train }))
                    .collect();
                if *validation > 0.0 {
                    self.carve(&mut parts, *validation, *stratify, group.as_deref(), seed)?;
                }
                let words = match repeats {
                    1 => format!("{name} held out"),
                    n => format!("{name} held out, round {} of {n}", round + 1),
                };
                splits.push(self.divide(&parts, words)?);
            }
        }
        Ok(splits)
    }

    /// The place of each clip's own fold, and what the folds are called.
    fn own_folds(&self) -> Result<(Vec<usize>, Vec<String>), Error> {
        let mut known: Vec<u32> = self.clips().iter().filter_map(|clip| clip.fold).collect();
        known.sort_unstable();
        known.dedup();
        if known.len() < 2 {
            let text = format!(
                "{} has no folds of its own: say how many, as in `folds(5)`",
                self.name()
            );
            return Err(Error::Unusable(text));
        }
        let place = |fold: Option<u32>| fold.and_then(|fold| known.binary_search(&fold).ok());
        // A clip without a fold is always trained on.
        let folds = self
            .clips()
            .iter()
            .map(|clip| place(clip.fold).unwrap_or(usize::MAX))
            .collect();
        Ok((
            folds,
            known.iter().map(|fold| format!("fold {fold}")).collect(),
        ))
    }

    /// Takes a share of the training clips for validation.
    pub(super) fn carve(
        &self,
        parts: &mut [Option<Part>],
        share: f64,
        stratify: bool,
        group: Option<&str>,
        seed: u64,
    ) -> Result<(), Error> {
        let train: Vec<usize> = (0..self.len())
            .filter(|&i| parts[i] == Some(Part::Train))
            .collect();
        let inside = self.subset(&train);
        let chosen: Vec<Part> = match group {
            Some(column) => bin_groups(&inside, column, &[1.0 - share, share], stratify, seed)?
                .into_iter()
                .map(|bin| {
                    if bin == 1 {
                        Part::Validation
                    } else {
                        Part::Train
                    }
                })
                .collect(),
            None => strata::share_clips(inside.clips(), 0.0, share, stratify, seed),
        };
        for (index, part) in train.into_iter().zip(chosen) {
            parts[index] = Some(part);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Waveform;
    use crate::dataset::{Clip, Form, Source};
    use std::collections::BTreeSet;

    fn data() -> Dataset {
        let clips = (0..60).map(|i| Clip {
            fold: Some(i as u32 % 3),
            columns: vec![("speaker".into(), format!("s{}", i / 4))],
            ..Clip::new(
                Source::Wave(Waveform::mono(vec![0.0], 8000).unwrap()),
                Some(i % 2),
            )
        });
        let classes = ["a", "b"].map(String::from).to_vec();
        Dataset::new("t", clips.collect(), classes, Form::default(), None).unwrap()
    }

    fn ids(data: &Dataset) -> Vec<u64> {
        data.clips().iter().map(|clip| clip.id).collect()
    }

    #[test]
    fn every_clip_is_tested_on_once_in_each_round() {
        for group in [None, Some("speaker".to_owned())] {
            let options = FoldOptions {
                n: Some(5),
                repeats: 3,
                validation: 0.25,
                group,
                ..FoldOptions::default()
            };
            let splits = data().folds(&options).unwrap();
            assert_eq!(splits.len(), 15);
            for round in splits.chunks(5) {
                let mut tested: Vec<u64> =
                    round.iter().flat_map(|split| ids(&split.test)).collect();
                tested.sort_unstable();
                assert_eq!(tested, (0..60).collect::<Vec<u64>>());
            }
            for split in &splits {
                assert_eq!(
                    (split.train.len(), split.validation.len(), split.test.len()),
                    (36, 12, 12)
                );
                let of_class =
                    |data: &Dataset| data.clips().iter().filter(|c| c.label == Some(0)).count();
                assert_eq!((of_class(&split.validation), of_class(&split.test)), (6, 6));
                if options.group.is_some() {
                    assert_eq!(split.divided, []);
                }
            }
            let first: BTreeSet<Vec<u64>> = splits.iter().map(|split| ids(&split.test)).collect();
            assert_eq!(first.len(), 15, "rounds differ");
            assert_eq!(splits[7].rule, "fold 3 of 5 held out, round 2 of 3");
        }
    }

    #[test]
    fn inner_folds_stay_inside_the_training_clips() {
        let outer = data()
            .folds(&FoldOptions {
                n: Some(3),
                ..FoldOptions::default()
            })
            .unwrap();
        for split in &outer {
            let tested: BTreeSet<u64> = ids(&split.test).into_iter().collect();
            for inner in split
                .train
                .folds(&FoldOptions {
                    n: Some(4),
                    ..FoldOptions::default()
                })
                .unwrap()
            {
                assert_eq!(inner.train.len() + inner.test.len(), split.train.len());
                let inside = ids(&inner.train).into_iter().chain(ids(&inner.test));
                assert_eq!(inside.filter(|id| tested.contains(id)).count(), 0);
            }
        }
    }

    #[test]
    fn own_folds_are_told_by_their_numbers_and_cannot_be_repeated() {
        let splits = data().folds(&FoldOptions::default()).unwrap();
        assert_eq!(splits.len(), 3);
        assert_eq!(splits[2].rule, "fold 2 held out");
        assert!(
            splits[2]
                .test
                .clips()
                .iter()
                .all(|clip| clip.fold == Some(2))
        );
        let error = |options: FoldOptions| data().folds(&options).unwrap_err().to_string();
        assert!(
            error(FoldOptions {
                repeats: 2,
                ..FoldOptions::default()
            })
            .contains("are fixed")
        );
        let one = error(FoldOptions {
            n: Some(1),
            ..FoldOptions::default()
        });
        assert_eq!(
            one,
            "`n` must be at least 2 and at most the 60 clips, not 1"
        );
    }
}
