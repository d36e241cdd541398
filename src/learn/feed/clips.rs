//! Clips as a supply of batches.

use super::{Cut, Maker, Moments, Preparation, Stop, Supply, Workers, stack};
use crate::Error;
use crate::batch::{Batch, Scaling, Targets, Task};
use auricle_audio::augment::Recipe;
use auricle_audio::dataset::{Clip, Dataset, Taken};
use auricle_audio::{Key, Place};
use std::sync::Arc;

/// An epoch takes every clip once; a clip's draws depend on its identity, not on its place.
impl Supply for Dataset {
    fn name(&self) -> &str {
        Dataset::name(self)
    }

    fn describe(&self) -> String {
        format!("{}, {} clips", Dataset::name(self), self.len())
    }

    fn n_clips(&self) -> Option<usize> {
        Some(self.len())
    }

    fn steps(&self, cut: Cut) -> usize {
        cut.of(self.len())
    }

    fn classes(&self) -> &[String] {
        Dataset::classes(self)
    }

    fn task(&self) -> Option<Task> {
        Task::of(self)
    }

    fn numbers(&self) -> Option<Scaling> {
        if Task::of(self) != Some(Task::Numbers) {
            return None;
        }
        let numbers: Vec<f64> = self.clips().iter().filter_map(|clip| clip.target).collect();
        let n = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / n;
        let variance = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        (variance > 0.0).then(|| Scaling {
            mean,
            deviation: variance.sqrt(),
        })
    }

    fn describe_labels(&self) -> String {
        format!("{} of {} clips", n_labelled(self), self.len())
    }

    fn with_labels_of(&self, fraction: f64, seed: u64) -> Result<Arc<dyn Supply>, Error> {
        Ok(Arc::new(self.fraction(fraction, seed)?))
    }

    fn identify(&self, add: &mut dyn FnMut(&str)) {
        Dataset::identify(self, &mut |piece| add(piece));
    }

    fn identify_labels(&self, add: &mut dyn FnMut(&str)) {
        Dataset::identify_labels(self, &mut |piece| add(piece));
    }

    fn epoch(&self, epoch: usize, cut: Cut, by: &Preparation, workers: &Workers) -> Maker {
        let in_turn = |order: Vec<usize>| order.into_iter().map(|index| (index, 0)).collect();
        let order: Vec<Taken> = match cut.shuffle {
            true => self
                .sampled_order(by.seed, epoch as u64)
                .unwrap_or_else(|| in_turn(order(self.len(), by.seed, epoch))),
            false => in_turn((0..self.len()).collect()),
        };
        let (data, by, workers) = (self.clone(), by.clone(), workers.clone());
        let task = Task::of(self);
        Box::new(move |step| {
            let first = step * cut.batch;
            let last = (first + cut.batch).min(order.len());
            batch((&data, task), epoch, &order[first..last], &by, &workers)
        })
    }

    fn measure(
        &self,
        front_end: &Recipe,
        workers: &Workers,
        stop: Stop<'_>,
    ) -> Result<Scaling, Error> {
        measure(self, front_end, workers, stop)
    }
}

fn n_labelled(data: &Dataset) -> usize {
    let is_labelled =
        |clip: &&Clip| clip.label.is_some() || clip.labels.is_some() || clip.target.is_some();
    data.clips().iter().filter(is_labelled).count()
}

/// The order of some clips in an epoch: a permutation that depends on seed and epoch alone.
fn order(n_clips: usize, seed: u64, epoch: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n_clips).collect();
    let key = Key {
        seed,
        epoch: epoch as u64,
        item: u64::MAX,
        view: 0,
    };
    key.at(Place::ROOT.named("order")).shuffle(&mut order);
    order
}

/// Makes one batch of the clips of some indices on the pool's threads.
fn batch(
    (data, task): (&Dataset, Option<Task>),
    epoch: usize,
    taken: &[Taken],
    by: &Preparation,
    workers: &Workers,
) -> Result<Batch, Error> {
    let clip = |index: usize| &data.clips()[index];
    let ids: Vec<u64> = taken.iter().map(|&(index, _)| clip(index).id).collect();
    let views = stack(&ids, by, workers, |row, view| {
        let key = Key {
            seed: by.seed,
            epoch: epoch as u64,
            // A clip that stands in an epoch several times is drawn for anew each time.
            item: ids[row] | taken[row].1 << 48,
            view: view as u64,
        };
        Ok((data.wave(taken[row].0)?, key))
    })?;
    let clips = || taken.iter().map(|&(index, _)| clip(index));
    Ok(Batch {
        views,
        labels: clips().map(|clip| clip.label).collect(),
        targets: task.and_then(|task| Targets::of(clips(), task, data.classes().len())),
        ids,
        seed: by.seed,
        epoch,
    })
}

/// Mean and standard deviation of all values that a front-end gives for a dataset.
///
/// # Errors
/// [`Error::Stopped`] if asked to stop, and whatever reading and computing report.
pub fn measure(
    data: &Dataset,
    front_end: &Recipe,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Scaling, Error> {
    let moments = workers.map(data.len(), stop, |index| {
        Moments::of_clip(front_end, &data.wave(index)?, data.clips()[index].id)
    })?;
    // In the order of the clips, whatever thread computed them.
    let all = moments.into_iter().fold(Moments::default(), Moments::join);
    Ok(all.scaling())
}

#[cfg(test)]
mod tests {
    use super::super::{Feed, Loader};
    use super::*;
    use auricle_audio::augment::{Stage, UserFunction, Value, Views, WaveFunction, declaration};
    use auricle_audio::dataset::{Form, Source};
    use auricle_audio::{Rng, Waveform};

    fn data(n: usize) -> Dataset {
        let clips = (0..n)
            .map(|i| {
                let mut samples = vec![0.0; 800];
                Rng::from_words(&[i as u64]).fill_normal(&mut samples);
                Clip::new(
                    Source::Wave(Waveform::mono(samples, 8000).unwrap()),
                    Some(i % 3),
                )
            })
            .collect();
        Dataset::new(
            "t",
            clips,
            vec!["a".into(), "b".into(), "c".into()],
            Form::default(),
            None,
        )
        .unwrap()
    }

    fn recipe() -> Recipe {
        let stage =
            |name: &str| Recipe::from(Stage::new(declaration(name).unwrap(), None).unwrap());
        let noisy = stage("fade")
            .then(&stage("noise"))
            .unwrap()
            .then(&stage("time_mask"))
            .unwrap();
        let mels = [("n_mels".to_owned(), Value::Drawn(20.0.into()))];
        noisy
            .then(&Recipe::from(
                Stage::new(declaration("log_mel").unwrap(), mels).unwrap(),
            ))
            .unwrap()
    }

    fn preparation() -> Preparation {
        Preparation {
            views: Views::of(2, &recipe()).unwrap(),
            scaling: Scaling {
                mean: -3.0,
                deviation: 2.0,
            },
            seed: 7,
        }
    }

    fn feed(n: usize) -> Feed {
        Feed {
            supply: Arc::new(data(n)),
            by: preparation(),
        }
    }

    fn all(loader: Loader) -> Vec<Batch> {
        loader.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn bytes_do_not_depend_on_threads_batch_size_or_start() {
        let feed = feed(24);
        let made = |batch, start, threads| {
            let workers = Workers::new(Some(threads)).unwrap();
            all(feed.epoch(3, Cut::training(batch), start, &workers))
        };
        let one = made(4, 0, 1);
        for threads in [2, 8] {
            assert_eq!(one, made(4, 0, threads));
        }
        assert_eq!(one[2..], made(4, 2, 2));
        let rows = |batches: &[Batch], view: usize| {
            batches
                .iter()
                .flat_map(|b| b.views[view].values.clone())
                .collect::<Vec<_>>()
        };
        let wide = made(12, 0, 2);
        assert_eq!(
            (rows(&one, 0), rows(&one, 1)),
            (rows(&wide, 0), rows(&wide, 1))
        );
        assert_ne!(rows(&one, 0), rows(&one, 1));
    }

    #[test]
    fn a_batch_tells_what_its_clips_are() {
        let data = data(6).subset(&[5, 1, 3]).fraction(0.4, 0).unwrap();
        // Views of one batch may differ in shape.
        let mut by = preparation();
        let first = by.views.recipes()[0].clone();
        let mels = [("n_mels".to_owned(), Value::Drawn(12.0.into()))];
        let other = Recipe::from(Stage::new(declaration("log_mel").unwrap(), mels).unwrap());
        by.views = Views::new(vec![first, other]).unwrap();
        let workers = Workers::new(Some(2)).unwrap();
        let of = (&data, Task::of(&data));
        let batch = batch(of, 0, &[(2, 0), (0, 0)], &by, &workers).unwrap();
        assert_eq!(batch.ids, [3, 5]);
        let want: Vec<_> = [2, 0].map(|i| data.clips()[i].label).to_vec();
        assert_eq!(batch.labels, want);
        let shapes: Vec<_> = batch.views.iter().map(|view| view.shape.clone()).collect();
        assert_eq!(shapes, [[2, 1, 20, 11], [2, 1, 12, 11]]);
    }

    #[test]
    fn an_epoch_sees_every_clip_once_in_an_order_of_its_own() {
        let feed = feed(20);
        let workers = Workers::new(Some(2)).unwrap();
        let ids = |epoch, cut| {
            let batches = all(feed.epoch(epoch, cut, 0, &workers)).into_iter();
            batches.map(|batch| batch.ids).collect::<Vec<_>>()
        };
        let by_five = Cut::training(5);
        let mut first = ids(0, by_five).concat();
        assert_ne!(first, ids(1, by_five).concat());
        assert_eq!(first, ids(0, by_five).concat());
        first.sort_unstable();
        assert_eq!(first, (0..20).collect::<Vec<_>>());
        assert_eq!(ids(0, Cut::training(8)).len(), 2);
        let in_order = ids(0, Cut::in_order(8));
        assert_eq!(in_order.iter().map(Vec::len).collect::<Vec<_>>(), [8, 8, 4]);
        assert_eq!(in_order.concat(), first);
    }

    #[test]
    fn a_fault_while_batches_are_made_does_not_pass_for_their_end() {
        struct Faulty;
        impl WaveFunction for Faulty {
            fn source(&self) -> &str {
                "|w| w"
            }
            fn call(&self, _: Waveform, _: f64) -> Result<Waveform, auricle_audio::Error> {
                panic!("a fault below")
            }
        }
        let function = [(
            "function".to_owned(),
            Value::from(UserFunction::new(Faulty)),
        )];
        let stage = Recipe::from(Stage::new(declaration("lambda").unwrap(), function).unwrap());
        let mut feed = feed(8);
        feed.by.views = Views::of(2, &stage.then(&recipe()).unwrap()).unwrap();
        let workers = Workers::new(Some(2)).unwrap();
        let made = || all(feed.epoch(0, Cut::training(4), 0, &workers));
        let fault = std::panic::catch_unwind(std::panic::AssertUnwindSafe(made)).unwrap_err();
        assert_eq!(fault.downcast_ref(), Some(&"a fault below"));
    }

    #[test]
    fn clips_of_different_lengths_are_named() {
        let mut clips: Vec<Clip> = data(3).clips().to_vec();
        clips[2].source = Source::Wave(Waveform::mono(vec![0.1; 400], 8000).unwrap());
        let data = Dataset::new(
            "t",
            clips,
            vec!["a".into(), "b".into(), "c".into()],
            Form::default(),
            None,
        )
        .unwrap();
        let workers = Workers::new(Some(1)).unwrap();
        let error = batch(
            (&data, None),
            0,
            &[(0, 0), (1, 0), (2, 0)],
            &preparation(),
            &workers,
        )
        .unwrap_err();
        assert_eq!(
            error,
            Error::Ragged {
                first: 0,
                want: vec![1, 20, 11],
                clip: 2,
                got: vec![1, 20, 6]
            }
        );
    }

    #[test]
    fn the_scaling_is_that_of_all_values_at_once() {
        let (data, workers) = (data(9), Workers::new(Some(2)).unwrap());
        let front_end = recipe().front_end().unwrap();
        let values: Vec<f64> = (0..9)
            .flat_map(|i| {
                front_end
                    .features(&data.wave(i).unwrap(), Key::of_seed(0))
                    .unwrap()
                    .values
            })
            .map(f64::from)
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let deviation =
            (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
        let got = measure(&data, &front_end, &workers, &|| false).unwrap();
        assert!((got.mean - mean).abs() < 1e-9 && (got.deviation - deviation).abs() < 1e-9);
        assert_eq!(
            got,
            measure(&data, &front_end, &Workers::new(Some(1)).unwrap(), &|| {
                false
            })
            .unwrap()
        );
        assert_eq!(
            measure(&data, &front_end, &workers, &|| true),
            Err(Error::Stopped)
        );
    }
}
