//! Dividing clips in shares, group by group.

use super::Dataset;
use super::strata::strata;
use crate::{Error, Key, Place};
use std::collections::BTreeMap;

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
    use crate::dataset::{Clip, Form, Source};

    #[test]
    fn groups_are_kept_whole_and_classes_even() {
        // 40 patients of 1 to 5 clips; a tenth of all clips are ill, and a patient is ill or not.
        let mut clips = Vec::new();
        for patient in 0..40 {
            for _ in 0..1 + patient % 5 {
                let wave = Source::Wave(Waveform::mono(vec![0.0], 8000).unwrap());
                let mut clip = Clip::new(wave, Some(usize::from(patient % 10 == 4)));
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
