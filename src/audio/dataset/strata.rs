//! Dividing clips in shares, class by class and group by group.

use super::{Clip, Dataset, Part};
use crate::{Error, Key, Place};
use std::collections::BTreeMap;

/// Parts into which the numbers to predict are cut where they are divided evenly.
const BINS: usize = 5;

/// The class that each clip counts for where classes are divided evenly: its own; the rarest one of several; the fifth
/// of all in which its number lies. `None` for clips without labels, which count as a class of their own.
pub(super) fn strata(clips: &[Clip]) -> Vec<Option<usize>> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for &label in clips.iter().flat_map(|clip| clip.labels.iter().flatten()) {
        *counts.entry(label).or_default() += 1;
    }
    let mut targets: Vec<f64> = clips.iter().filter_map(|clip| clip.target).collect();
    targets.sort_by(f64::total_cmp);
    let bin = |target: f64| {
        let below = targets.partition_point(|&other| other < target);
        below * BINS / targets.len().max(1)
    };
    let none = counts.keys().next_back().map_or(0, |&class| class + 1);
    let of = |clip: &Clip| match (&clip.labels, clip.label, clip.target) {
        (_, Some(label), _) => Some(label),
        (Some(labels), None, _) => {
            let rarest = labels.iter().min_by_key(|&&label| (counts[&label], label));
            Some(rarest.copied().unwrap_or(none))
        }
        (None, None, target) => target.map(bin),
    };
    clips.iter().map(of).collect()
}

/// Clip indices by stratum; all in one if they need not be divided alike.
fn by_stratum(clips: &[Clip], stratify: bool) -> BTreeMap<Option<usize>, Vec<usize>> {
    let mut found: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    let strata = if stratify {
        strata(clips)
    } else {
        vec![None; clips.len()]
    };
    for (index, stratum) in strata.into_iter().enumerate() {
        found.entry(stratum).or_default().push(index);
    }
    found
}

fn shuffled(members: &mut [usize], seed: u64, class: Option<usize>) {
    let place = Place::ROOT
        .named("split")
        .child(class.map_or(0, |class| class + 1));
    Key::of_seed(seed).at(place).shuffle(members);
}

/// Which clips keep their label when only a fraction of every class does: at least one of each.
pub(super) fn kept(clips: &[Clip], fraction: f64, seed: u64) -> Vec<bool> {
    let mut kept = vec![false; clips.len()];
    for (class, mut members) in by_stratum(clips, true) {
        if class.is_none() {
            continue;
        }
        shuffled(&mut members, seed, class);
        let n = ((fraction * members.len() as f64).round() as usize).max(1);
        members.iter().take(n).for_each(|&index| kept[index] = true);
    }
    kept
}

/// Parts in shares of the clips.
pub(super) fn share_clips(
    clips: &[Clip],
    test: f64,
    validation: f64,
    stratify: bool,
    seed: u64,
) -> Vec<Part> {
    let mut parts = vec![Part::Train; clips.len()];
    let mut before = 0;
    for (class, mut members) in by_stratum(clips, stratify) {
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
            parts[index] = match i {
                i if i < n_test => Part::Test,
                i if i < n_test + n_validation => Part::Validation,
                _ => Part::Train,
            };
        }
    }
    parts
}

/// The folds of clips, from 0, each with its share of every class.
pub(super) fn fold_clips(clips: &[Clip], n: usize, stratify: bool, seed: u64) -> Vec<usize> {
    let mut folds = vec![0; clips.len()];
    let mut next = 0;
    for (class, mut members) in by_stratum(clips, stratify) {
        shuffled(&mut members, seed, class);
        for index in members {
            folds[index] = next % n;
            next += 1;
        }
    }
    folds
}

/// Puts whole groups into bins whose sizes are to be in some proportion, with their share of every class.
///
/// Groups are taken from the largest to the smallest, in an order drawn among equals; each goes where it brings the counts
/// nearest to what is wanted, by the sum of squares over classes, each relative to its own size.
///
/// # Errors
/// [`Error::Unknown`] for a column that no clip has, [`Error::Range`] with fewer groups than bins.
pub(super) fn bin_groups(
    data: &Dataset,
    column: &str,
    shares: &[f64],
    stratify: bool,
    seed: u64,
) -> Result<Vec<usize>, Error> {
    let clips = data.clips();
    let names = data.values(column)?;
    let wanted = shares.iter().filter(|share| **share > 0.0).count();
    if names.len() < wanted {
        let want = format!("a column of at least {wanted} values, to be divided in {wanted}");
        let got = format!("`{column}`, which has {}", names.len());
        return Err(Error::range("group", want, got));
    }
    let strata = if stratify {
        strata(clips)
    } else {
        vec![None; clips.len()]
    };
    let n_strata = strata.iter().flatten().max().map_or(1, |&most| most + 2);
    let stratum = |index: usize| strata[index].map_or(0, |class| class + 1).min(n_strata - 1);
    // A clip whose group is not known is a group of its own.
    let mut groups: BTreeMap<(bool, String), Vec<usize>> = BTreeMap::new();
    for (index, clip) in clips.iter().enumerate() {
        let name = match clip.column(column) {
            Some(value) => (true, value.to_owned()),
            None => (false, format!("{index:012}")),
        };
        groups.entry(name).or_default().push(index);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    Key::of_seed(seed)
        .at(Place::ROOT.named("split"))
        .shuffle(&mut groups);
    groups.sort_by_key(|members| std::cmp::Reverse(members.len()));
    let mut totals = vec![0.0; n_strata];
    (0..clips.len()).for_each(|index| totals[stratum(index)] += 1.0);
    let mut counts = vec![vec![0.0; n_strata]; shares.len()];
    let mut bins = vec![0; clips.len()];
    let n_groups = groups.len();
    for (place, members) in groups.into_iter().enumerate() {
        let mut own = vec![0.0; n_strata];
        members.iter().for_each(|&index| own[stratum(index)] += 1.0);
        // What is still missing of each class, relative to all of it, before and after.
        let gain = |bin: usize| -> f64 {
            let of = |class: usize| {
                let (total, have): (f64, f64) = (totals[class], counts[bin][class]);
                let before = (shares[bin] * total - have) / total;
                let after = before - own[class] / total;
                before * before - after * after
            };
            let classes = (0..n_strata).filter(|&class| totals[class] > 0.0);
            classes.map(of).sum::<f64>() / shares[bin].max(1e-9)
        };
        // No bin stays empty: the last groups go where there is none yet.
        let empty = (0..shares.len())
            .filter(|&bin| shares[bin] > 0.0 && counts[bin].iter().all(|&n| n == 0.0));
        let empty: Vec<usize> = empty.collect();
        let open: Vec<usize> = match empty.len() >= n_groups - place {
            true => empty,
            false => (0..shares.len()).filter(|&bin| shares[bin] > 0.0).collect(),
        };
        let best = open
            .into_iter()
            .max_by(|&a, &b| gain(a).total_cmp(&gain(b)).then(b.cmp(&a)));
        let best = best.unwrap_or(0);
        counts[best]
            .iter_mut()
            .zip(&own)
            .for_each(|(count, n)| *count += n);
        members.into_iter().for_each(|index| bins[index] = best);
    }
    Ok(bins)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Waveform;
    use crate::dataset::{Form, Source};

    fn clip(label: Option<usize>) -> Clip {
        Clip::new(
            Source::Wave(Waveform::mono(vec![0.0], 8000).unwrap()),
            label,
        )
    }

    #[test]
    fn several_classes_count_for_the_rarest_and_numbers_for_their_fifth() {
        let several = |labels: &[usize]| Clip {
            labels: Some(labels.to_vec()),
            ..clip(None)
        };
        let clips = [
            several(&[0, 1]),
            several(&[0]),
            several(&[0, 2]),
            several(&[2]),
            several(&[]),
        ];
        assert_eq!(strata(&clips), [1, 0, 2, 2, 3].map(Some));
        let numbers: Vec<Clip> = (0..10)
            .map(|i| Clip {
                target: Some(f64::from(i)),
                ..clip(None)
            })
            .collect();
        assert_eq!(strata(&numbers), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4].map(Some));
        assert_eq!(strata(&[clip(Some(7)), clip(None)]), [Some(7), None]);
    }

    #[test]
    fn groups_are_kept_whole_and_classes_even() {
        // 40 patients of 1 to 5 clips; a tenth of all clips are ill, and a patient is ill or not.
        let mut clips = Vec::new();
        for patient in 0..40 {
            for _ in 0..1 + patient % 5 {
                let mut clip = clip(Some(usize::from(patient % 10 == 4)));
                clip.columns.push(("patient".into(), format!("p{patient}")));
                clips.push(clip);
            }
        }
        let classes = ["well", "ill"].map(String::from).to_vec();
        let data = Dataset::new("t", clips, classes, Form::default(), None).unwrap();
        let bins = bin_groups(&data, "patient", &[0.5, 0.25, 0.25], true, 3).unwrap();
        let mut of_patient: BTreeMap<&str, usize> = BTreeMap::new();
        for (clip, bin) in data.clips().iter().zip(&bins) {
            let patient = clip.column("patient").unwrap();
            assert_eq!(of_patient.entry(patient).or_insert(*bin), bin, "{patient}");
        }
        let count = |bin: usize, class: usize| {
            let all = data.clips().iter().zip(&bins);
            all.filter(|(clip, own)| clip.label == Some(class) && **own == bin)
                .count()
        };
        // 20 ill clips in patients of 5, 100 clips of those who are well.
        assert_eq!([0, 1, 2].map(|bin| count(bin, 1)), [10, 5, 5]);
        assert_eq!([0, 1, 2].map(|bin| count(bin, 0)), [50, 25, 25]);
        assert_ne!(
            bins,
            bin_groups(&data, "patient", &[0.5, 0.25, 0.25], true, 4).unwrap()
        );
        let error = bin_groups(&data, "patient", &[0.02; 50], true, 0)
            .unwrap_err()
            .to_string();
        assert!(error.contains("`patient`, which has 40"), "{error}");
    }
}
