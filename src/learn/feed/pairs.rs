//! Synthesized sounds as a supply of batches: positive pairs that are made when they are wanted, and never stored.
//!
//! Cherep & Singh, "Contrastive Learning from Synthetic Audio Doppelgängers", 2024: a patch is drawn, each view of it is that
//! patch perturbed, and both views are rendered. The centre is in no batch.

use super::{Cut, Maker, Moments, Preparation, Stop, Supply, Workers, stack};
use crate::Error;
use crate::batch::{Batch, Scaling, Task};
use auricle_audio::augment::Recipe;
use auricle_audio::{Key, Place, Waveform};
use auricle_synth::{Perturbation, Synth, Units};
use std::sync::Arc;

/// Sounds of synthesizers, a new one for every place of every epoch. With several synthesizers, each place draws one, and
/// which it was is the label.
#[derive(Clone)]
pub struct Pairs {
    /// The synthesizers, with a name for each.
    pub synths: Vec<(String, Synth)>,
    /// How far a view is from its patch.
    pub delta: Perturbation,
    /// In which units patches are drawn.
    pub units: Units,
    /// Batches of an epoch.
    pub steps: usize,
    classes: Vec<String>,
}

/// Sounds that mean and deviation are measured on.
const MEASURED: usize = 256;

impl Pairs {
    /// A supply of so many batches an epoch.
    ///
    /// # Errors
    /// [`Error::Audio`] without synthesizers or batches, or if the synthesizers' sounds differ in rate or length; and what
    /// a perturbation that does not fit them reports.
    pub fn new(
        synths: Vec<(String, Synth)>,
        delta: Perturbation,
        units: Units,
        steps: usize,
    ) -> Result<Pairs, Error> {
        let Some((_, first)) = synths.first() else {
            return Err(auricle_audio::Error::Empty {
                what: "synthesizers",
            }
            .into());
        };
        if steps == 0 {
            return Err(auricle_audio::Error::range("steps", "at least 1", steps).into());
        }
        let form = |synth: &Synth| (synth.options().sample_rate, synth.n_samples());
        let mut all = synths.iter();
        if let Some((name, _)) = all.find(|(_, synth)| form(synth) != form(first)) {
            let want = "of one sample rate and one length";
            return Err(auricle_audio::Error::range("synthesizers", want, name).into());
        }
        for (_, synth) in &synths {
            synth.sample(1, 0, 0, units).perturb(&delta, 0, 0)?;
        }
        let classes = match synths.len() {
            1 => Vec::new(),
            _ => synths.iter().map(|(name, _)| name.clone()).collect(),
        };
        Ok(Pairs {
            synths,
            delta,
            units,
            steps,
            classes,
        })
    }

    /// Which synthesizer makes the pair of a key.
    fn graph(&self, key: Key) -> usize {
        match self.synths.len() {
            1 => 0,
            n => Key { view: 0, ..key }
                .at(Place::ROOT.named("graph"))
                .below(n),
        }
    }

    /// The sound of one view.
    fn sound(&self, key: Key) -> Result<Waveform, Error> {
        let (_, synth) = &self.synths[self.graph(key)];
        // Patches are numbered without end: those of an epoch follow those of all epochs before it.
        let seed = Key {
            view: 0,
            item: 0,
            ..key
        }
        .at(Place::ROOT.named("patch"))
        .seed() as u64;
        let centre = synth.sample(1, seed, key.item, self.units);
        let moved = centre.perturb(&self.delta, seed, key.view)?;
        Ok(synth.render_one(&moved, 0)?)
    }
}

impl Supply for Pairs {
    fn name(&self) -> &str {
        "synthesized pairs"
    }

    fn describe(&self) -> String {
        let names: Vec<&str> = self.synths.iter().map(|(name, _)| name.as_str()).collect();
        format!(
            "pairs of {}, {} new batches an epoch",
            names.join(", "),
            self.steps
        )
    }

    fn n_clips(&self) -> Option<usize> {
        None
    }

    fn steps(&self, _: Cut) -> usize {
        self.steps
    }

    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn task(&self) -> Option<Task> {
        (!self.classes.is_empty()).then_some(Task::Classes)
    }

    fn describe_labels(&self) -> String {
        "the synthesizer of every sound".to_owned()
    }

    fn with_labels_of(&self, fraction: f64, _: u64) -> Result<Arc<dyn Supply>, Error> {
        match fraction {
            1.0 => Ok(Arc::new(self.clone())),
            _ => {
                let want = "1, as every sound's synthesizer is known";
                Err(auricle_audio::Error::range("label_fraction", want, fraction).into())
            }
        }
    }

    fn identify(&self, add: &mut dyn FnMut(&str)) {
        self.synths
            .iter()
            .for_each(|(_, synth)| add(&synth.to_string()));
        add(&format!("{:?} {:?} {}", self.delta, self.units, self.steps));
    }

    fn identify_labels(&self, add: &mut dyn FnMut(&str)) {
        self.classes.iter().for_each(|class| add(class));
    }

    fn epoch(&self, epoch: usize, cut: Cut, by: &Preparation, workers: &Workers) -> Maker {
        let (pairs, by, workers) = (self.clone(), by.clone(), workers.clone());
        Box::new(move |step| {
            let first = step * cut.batch;
            let ids: Vec<u64> = (first..first + cut.batch).map(|id| id as u64).collect();
            let key = |row: usize, view: usize| Key {
                seed: by.seed,
                epoch: epoch as u64,
                item: ids[row],
                view: view as u64,
            };
            let views = stack(&ids, &by, &workers, |row, view| {
                let key = key(row, view);
                Ok((pairs.sound(key)?, key))
            })?;
            let label = |row| pairs.task().map(|_| pairs.graph(key(row, 0)));
            Ok(Batch {
                views,
                labels: (0..ids.len()).map(label).collect(),
                targets: None,
                seed: by.seed,
                epoch,
                ids: ids.clone(),
            })
        })
    }

    fn measure(
        &self,
        front_end: &Recipe,
        workers: &Workers,
        stop: Stop<'_>,
    ) -> Result<Scaling, Error> {
        let moments = workers.map(MEASURED, stop, |item| {
            let key = Key {
                item: item as u64,
                ..Key::of_seed(u64::MAX)
            };
            let features = front_end.features(&self.sound(key)?, key)?;
            Ok(Moments::of(&features.values))
        })?;
        let all = moments.into_iter().fold(Moments::default(), Moments::join);
        Ok(all.scaling())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Feed;
    use super::*;
    use auricle_audio::augment::Views;
    use auricle_synth::modules::{adsr, sine, square_saw};
    use auricle_synth::{Options, SynthOptions};

    fn pairs(delta: f64) -> Pairs {
        let options = SynthOptions {
            seconds: 0.05,
            sample_rate: 8000,
            control_rate: 200,
            ..SynthOptions::default()
        };
        let shaped = |source| {
            let graph = &source * &adsr(Options::new()).unwrap();
            Synth::new(&graph.unwrap(), options).unwrap()
        };
        let synths = vec![
            ("tones".to_owned(), shaped(sine(Options::new()).unwrap())),
            (
                "saws".to_owned(),
                shaped(square_saw(Options::new()).unwrap()),
            ),
        ];
        Pairs::new(synths, Perturbation::All(delta), Units::Raw, 3).unwrap()
    }

    fn batches(delta: f64, threads: usize, first: usize) -> Vec<Batch> {
        let feed = Feed {
            supply: Arc::new(pairs(delta)),
            by: Preparation {
                views: Views::of(2, &Recipe::identity()).unwrap(),
                scaling: Scaling::NONE,
                seed: 5,
            },
        };
        let workers = Workers::new(Some(threads)).unwrap();
        let loader = feed.epoch(2, Cut::training(4), first, &workers);
        loader.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn pairs_are_the_same_on_any_number_of_threads_and_from_any_step() {
        let all = batches(0.1, 1, 0);
        assert_eq!(all.len(), 3);
        assert_eq!(all[1..], batches(0.1, 2, 1));
        assert_ne!(all[0].views, all[1].views);
        assert_ne!(all[0].views[0], all[0].views[1]);
        let labels: Vec<usize> = all
            .iter()
            .flat_map(|b| b.labels.iter().flatten().copied())
            .collect();
        assert_eq!(labels.len(), 12);
        assert!(labels.contains(&0) && labels.contains(&1));
    }

    #[test]
    fn without_perturbation_views_are_nearer() {
        let near = |delta: f64| {
            let batches = batches(delta, 2, 0);
            let views = &batches[0].views;
            let pairs = views[0].values.iter().zip(&views[1].values);
            pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>()
        };
        assert!(near(0.0) < near(0.25));
    }

    #[test]
    fn what_cannot_be_supplied_is_told() {
        let Pairs { synths, .. } = pairs(0.1);
        let new = |synths, delta, steps| Pairs::new(synths, delta, Units::Raw, steps).err();
        assert!(new(Vec::new(), Perturbation::All(0.1), 1).is_some());
        assert!(new(synths.clone(), Perturbation::All(0.1), 0).is_some());
        assert!(new(synths.clone(), Perturbation::All(-1.0), 1).is_some());
        assert!(new(synths, Perturbation::Each(vec![0.1]), 1).is_some());
        assert!(pairs(0.1).with_labels_of(0.5, 0).is_err());
    }
}
