//! Dividing clips in shares, class by class.

use super::{Clip, Part};
use crate::{Key, Place};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Waveform;
    use crate::dataset::Source;

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
}
