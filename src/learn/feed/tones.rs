//! Pairs of tones that are made when they are wanted: a supply without clips, for tests.

use super::{Cut, Maker, Moments, Preparation, Stop, Supply, Workers, stack};
use crate::Error;
use crate::batch::{Batch, Scaling, Task};
use auricle_audio::augment::Recipe;
use auricle_audio::{Key, Place, Waveform};
use std::f64::consts::TAU;
use std::sync::Arc;

/// Both views of a pair are tones of nearly the same pitch; the octave is its class.
#[derive(Clone)]
pub(crate) struct Tones {
    /// Batches that are called an epoch.
    pub(crate) steps: usize,
    /// Names of the octaves; without names there are no labels.
    pub(crate) classes: Vec<String>,
}

const RATE_HZ: u32 = 8000;
const N_OCTAVES: usize = 2;

/// The octave of a pair, and the tone of one of its views.
fn tone(key: Key) -> Result<(usize, Waveform), Error> {
    let mut of_pair = Key { view: 0, ..key }.at(Place::ROOT.named("pair"));
    let octave = (N_OCTAVES as f64 * of_pair.uniform()) as usize;
    let hz = 300.0 * (1 << octave) as f64 * (1.0 + 0.2 * of_pair.uniform());
    let hz = hz * (1.0 + 0.02 * key.at(Place::ROOT.named("view")).normal());
    let sample = |t: usize| (0.3 * (TAU * hz * t as f64 / f64::from(RATE_HZ)).sin()) as f32;
    Ok((
        octave,
        Waveform::mono((0..800).map(sample).collect(), RATE_HZ)?,
    ))
}

impl Supply for Tones {
    fn name(&self) -> &str {
        "tones"
    }

    fn describe(&self) -> String {
        format!("tones, {} new batches an epoch", self.steps)
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
        "all".to_owned()
    }

    fn with_labels_of(&self, _: f64, _: u64) -> Result<Arc<dyn Supply>, Error> {
        Ok(Arc::new(self.clone()))
    }

    fn identify(&self, add: &mut dyn FnMut(&str)) {
        add(&self.describe());
    }

    fn identify_labels(&self, add: &mut dyn FnMut(&str)) {
        self.classes.iter().for_each(|class| add(class));
    }

    fn epoch(&self, epoch: usize, cut: Cut, by: &Preparation, workers: &Workers) -> Maker {
        let (tones, by, workers) = (self.clone(), by.clone(), workers.clone());
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
                Ok((tone(key)?.1, key))
            })?;
            let task = tones.task();
            let label = |row| Ok(task.and(Some(tone(key(row, 0))?.0)));
            Ok(Batch {
                views,
                labels: (0..ids.len()).map(label).collect::<Result<_, Error>>()?,
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
        let moments = workers.map(16, stop, |item| {
            let key = Key {
                item: item as u64,
                ..Key::of_seed(u64::MAX)
            };
            let features = front_end.features(&tone(key)?.1, key)?;
            Ok(Moments::of(&features.values))
        })?;
        let all = moments.into_iter().fold(Moments::default(), Moments::join);
        Ok(all.scaling())
    }
}
