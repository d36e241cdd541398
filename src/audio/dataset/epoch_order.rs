//! The order in which an epoch takes its clips, where it is not each once.

use super::{Dataset, Sampling, strata};
use crate::{Error, Key, Place};
use std::collections::BTreeMap;

/// A place in an epoch: the index of a clip, and how often it has stood there before.
pub type Taken = (usize, u64);

impl Dataset {
    /// The same clips, taken in another way by what trains on them. An epoch keeps its length.
    ///
    /// # Errors
    /// [`Error::Range`] for a share that is none, [`Error::Unusable`] if there are no labelled clips, or no unlabelled ones
    /// beside them where a share of each is asked for.
    pub fn sampled(&self, sampling: Sampling) -> Result<Dataset, Error> {
        let n_labelled = self
            .clips()
            .iter()
            .filter(|clip| clip.is_labelled())
            .count();
        if let Some(share) = sampling.labelled {
            if !(share > 0.0 && share < 1.0) {
                return Err(Error::range("labelled", "above 0 and below 1", share));
            }
            if n_labelled == self.len() {
                let text = format!(
                    "all clips of {} are labelled: a share of labelled ones needs others beside",
                    self.name()
                );
                return Err(Error::Unusable(text));
            }
        }
        if n_labelled == 0 {
            let text = format!(
                "{} has no labelled clips, so neither classes nor a share of them",
                self.name()
            );
            return Err(Error::Unusable(text));
        }
        Ok(self.with_sampling(sampling))
    }

    /// The clips of an epoch in its order, where clips are taken in another way than each once; a draw of seed and epoch.
    pub fn sampled_order(&self, seed: u64, epoch: u64) -> Option<Vec<Taken>> {
        let sampling = self.sampling();
        if sampling == Sampling::default() {
            return None;
        }
        let strata = strata::strata(self.clips());
        let mut labelled: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
        let mut others = Vec::new();
        for (index, clip) in self.clips().iter().enumerate() {
            match clip.is_labelled() {
                true => labelled
                    .entry(strata[index].filter(|_| sampling.balance))
                    .or_default()
                    .push(index),
                false => others.push(index),
            }
        }
        let n = self.len();
        let share = sampling
            .labelled
            .unwrap_or(1.0 - others.len() as f64 / n as f64);
        let key = |item: u64| Key {
            seed,
            epoch,
            item: u64::MAX - 1 - item,
            view: 0,
        };
        let mut others = Endless::new(others, key(0));
        let classes = labelled.into_values().enumerate();
        let mut classes: Vec<Endless> = classes
            .map(|(i, clips)| Endless::new(clips, key(1 + i as u64)))
            .collect();
        // Which class comes first differs from epoch to epoch.
        key(u64::from(u32::MAX))
            .at(Place::ROOT.named("classes"))
            .shuffle(&mut classes);
        let (mut n_labelled, mut order) = (0, Vec::with_capacity(n));
        for place in 0..n {
            // Spread evenly, so that every batch has its share to within one clip.
            let wanted = ((place + 1) as f64 * share + 1e-9).floor() as usize;
            if wanted > n_labelled {
                let class = n_labelled % classes.len();
                n_labelled += 1;
                order.push(classes[class].next());
            } else {
                order.push(others.next());
            }
        }
        Some(order)
    }
}

/// Clips in an order drawn anew whenever all have been taken.
struct Endless {
    clips: Vec<usize>,
    key: Key,
    taken: usize,
}

impl Endless {
    fn new(clips: Vec<usize>, key: Key) -> Endless {
        Endless {
            clips,
            key,
            taken: 0,
        }
    }

    fn next(&mut self) -> Taken {
        let (round, place) = (self.taken / self.clips.len(), self.taken % self.clips.len());
        if place == 0 {
            let key = Key {
                view: round as u64,
                ..self.key
            };
            key.at(Place::ROOT.named("order")).shuffle(&mut self.clips);
        }
        self.taken += 1;
        (self.clips[place], round as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Waveform;
    use crate::dataset::{Clip, Form, Source};

    /// 40 clips of class a, 8 of b, 2 of c, and 50 without a label.
    fn data() -> Dataset {
        let label = |i: usize| match i {
            0..40 => Some(0),
            40..48 => Some(1),
            48..50 => Some(2),
            _ => None,
        };
        let wave = Waveform::mono(vec![0.0], 8000).unwrap();
        let clips = (0..100)
            .map(|i| Clip::new(Source::Wave(wave.clone()), label(i)))
            .collect();
        Dataset::new(
            "t",
            clips,
            ["a", "b", "c"].map(String::from).to_vec(),
            Form::default(),
            None,
        )
        .unwrap()
    }

    fn order(sampling: Sampling, epoch: u64) -> Vec<Taken> {
        data()
            .sampled(sampling)
            .unwrap()
            .sampled_order(1, epoch)
            .unwrap()
    }

    #[test]
    fn classes_and_shares_are_even_in_every_batch() {
        let sampling = Sampling {
            balance: true,
            labelled: Some(0.3),
        };
        let order = order(sampling, 0);
        assert_eq!(order.len(), 100);
        for batch in order.chunks(10) {
            let count = |from: usize, to: usize| {
                batch.iter().filter(|(i, _)| (from..to).contains(i)).count()
            };
            assert_eq!(
                [count(0, 40), count(40, 48), count(48, 50), count(50, 100)],
                [1, 1, 1, 7]
            );
        }
        // The two clips of c stand five times each, and each time is another one.
        let mut of_c: Vec<Taken> = order
            .iter()
            .filter(|(i, _)| (48..50).contains(i))
            .copied()
            .collect();
        of_c.sort_unstable();
        let want: Vec<Taken> = [48, 49]
            .into_iter()
            .flat_map(|i| (0..5).map(move |round| (i, round)))
            .collect();
        assert_eq!(of_c, want);
    }

    #[test]
    fn epochs_differ_and_a_seed_repeats() {
        let sampling = Sampling {
            balance: true,
            labelled: None,
        };
        assert_eq!(order(sampling, 3), order(sampling, 3));
        assert_ne!(order(sampling, 3), order(sampling, 4));
        let n_labelled = order(sampling, 3).iter().filter(|(i, _)| *i < 50).count();
        assert_eq!(n_labelled, 50, "the share stays as it is");
        assert_eq!(data().sampled_order(1, 0), None);
        let (mut plain, mut sampled) = (String::new(), String::new());
        data().identify(&mut |piece| plain += piece);
        data()
            .sampled(sampling)
            .unwrap()
            .identify(&mut |piece| sampled += piece);
        assert_ne!(plain, sampled, "a run on it is another run");
    }

    #[test]
    fn shares_of_nothing_are_errors() {
        let error = |data: Dataset, labelled| {
            data.sampled(Sampling {
                balance: false,
                labelled,
            })
            .unwrap_err()
            .to_string()
        };
        assert_eq!(
            error(data(), Some(1.0)),
            "`labelled` must be above 0 and below 1, not 1"
        );
        let labelled = data().subset(&(0..50).collect::<Vec<_>>());
        assert!(error(labelled, Some(0.5)).starts_with("all clips of t are labelled"));
        let unlabelled = data().subset(&(50..100).collect::<Vec<_>>());
        assert!(error(unlabelled, None).starts_with("t has no labelled clips"));
    }
}
