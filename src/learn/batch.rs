//! Batches, made ahead of the model on threads of their own.

use crate::Error;
use crate::nn::Input;
use auricle_audio::augment::{Domain, Recipe, STACK_BYTES, Views, Workspace};
use auricle_audio::dataset::Dataset;
use auricle_audio::{Key, Place, Waveform};
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a model is fed: from a dataset, through views, scaled.
#[derive(Clone)]
pub struct Feed {
    /// The clips.
    pub data: Dataset,
    /// A recipe for each view; each ends in features or in waves.
    pub views: Views,
    /// Subtracted from every value, then divided by.
    pub scaling: Scaling,
    /// Seed of the draws and of the order.
    pub seed: u64,
}

/// A mean and a standard deviation over all values of the training set.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Scaling {
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub deviation: f64,
}

impl Scaling {
    /// The scaling that changes nothing.
    pub const NONE: Scaling = Scaling {
        mean: 0.0,
        deviation: 1.0,
    };

    /// Subtracts the mean and divides by the deviation.
    fn apply(self, values: &mut [f32]) {
        let (mean, scale) = (self.mean as f32, (1.0 / self.deviation) as f32);
        let all = values.iter_mut();
        all.for_each(|value| *value = (*value - mean) * scale);
    }
}

/// One batch on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The views, each with a row for every clip.
    pub views: Vec<View>,
    /// Index of the class of each clip; `None` where it is not labelled.
    pub labels: Vec<Option<usize>>,
    /// Identity of each clip in the whole dataset.
    pub ids: Vec<u64>,
    /// Seed of the draws.
    pub seed: u64,
    /// The epoch that it is of, from 0.
    pub epoch: usize,
}

/// One view of the clips of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// Its values in row-major order.
    pub values: Vec<f32>,
    /// `[batch, channels, bands, frames]`, or `[batch, channels, samples]` for waves.
    pub shape: Vec<usize>,
}

impl Batch {
    /// A batch of one sound, by a recipe and scaled, without a label.
    ///
    /// # Errors
    /// Whatever the recipe reports.
    pub fn of_sound(recipe: &Recipe, scaling: Scaling, wave: &Waveform) -> Result<Batch, Error> {
        let mut work = Workspace::default();
        work.load(wave);
        recipe.run(Key::of_seed(0), &mut work)?;
        let (shape, values) = result(&mut work);
        scaling.apply(values);
        Ok(Batch {
            views: vec![View {
                values: values.to_vec(),
                shape: std::iter::once(1).chain(shape).collect(),
            }],
            labels: vec![None],
            ids: vec![0],
            seed: 0,
            epoch: 0,
        })
    }

    /// The key of what is drawn for a view of the whole batch, such as who is mixed with whom: that
    /// of its first clip.
    pub fn key(&self, view: usize) -> Key {
        Key {
            seed: self.seed,
            epoch: self.epoch as u64,
            item: self.ids.first().copied().unwrap_or(0),
            view: view as u64,
        }
    }

    /// Takes the values of a view of features, `[batch, channels, bands, frames]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the view is one of waves.
    pub fn features(&mut self, view: usize, device: &Device) -> Result<Tensor<4>, Error> {
        let want = "features [batch, channels, bands, frames]: end the recipe in `log_mel()`";
        self.take(view, "the input of a 2-D encoder", want, device)
    }

    /// Takes the values of a view of waves, `[batch, channels, samples]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the view is one of features.
    pub fn waves(&mut self, view: usize, device: &Device) -> Result<Tensor<3>, Error> {
        let want = "waves [batch, channels, samples]: leave `log_mel()` out of the recipe";
        self.take(view, "the input of a 1-D encoder", want, device)
    }

    /// Takes the values of a view as a network reads it: waves or features, by its axes.
    ///
    /// # Errors
    /// [`Error::Shape`] if it is neither.
    pub fn input(&mut self, view: usize, device: &Device) -> Result<Input, Error> {
        Ok(match self.views[view].shape.len() {
            3 => self.waves(view, device)?.into(),
            _ => self.features(view, device)?.into(),
        })
    }

    fn take<const D: usize>(
        &mut self,
        view: usize,
        what: &'static str,
        want: &str,
        device: &Device,
    ) -> Result<Tensor<D>, Error> {
        let view = &mut self.views[view];
        let shape: [usize; D] = view.shape.as_slice().try_into().map_err(|_| Error::Shape {
            what,
            want: want.to_owned(),
            got: view.shape.clone(),
        })?;
        let values = std::mem::take(&mut view.values);
        Ok(Tensor::from_data(TensorData::new(values, shape), device))
    }
}

/// Asked now and then whether to stop.
pub type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// Threads that make batches.
#[derive(Clone)]
pub struct Workers {
    pool: Arc<rayon::ThreadPool>,
}

impl Workers {
    /// A number of threads; all processors if `None`.
    ///
    /// # Errors
    /// [`Error::Range`] for 0, [`Error::Run`] if the system refuses them.
    pub fn new(threads: Option<usize>) -> Result<Workers, Error> {
        if threads == Some(0) {
            return Err(Error::range("threads", "at least 1", 0));
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.unwrap_or(0))
            .thread_name(|index| format!("loader-{index}"))
            .stack_size(STACK_BYTES)
            .build()
            .map_err(|error| Error::Run {
                message: error.to_string(),
                hint: "use fewer threads".into(),
            })?;
        Ok(Workers {
            pool: Arc::new(pool),
        })
    }

    /// Applies a function to `0..n` on all threads; results in order.
    ///
    /// # Errors
    /// The error of the lowest index that failed; [`Error::Stopped`] if asked to stop.
    pub fn map<T: Send>(
        &self,
        n: usize,
        stop: Stop<'_>,
        f: impl Fn(usize) -> Result<T, Error> + Sync + Send,
    ) -> Result<Vec<T>, Error> {
        let each = |index| {
            if stop() {
                Err(Error::Stopped)
            } else {
                f(index)
            }
        };
        let results: Vec<Result<T, Error>> = self
            .pool
            .install(|| (0..n).into_par_iter().map(each).collect());
        results.into_iter().collect()
    }
}

impl Feed {
    /// The order of the clips in an epoch: a permutation that depends on seed and epoch alone.
    pub fn order(&self, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.data.len()).collect();
        let key = Key {
            seed: self.seed,
            epoch: epoch as u64,
            item: u64::MAX,
            view: 0,
        };
        key.at(Place::ROOT.named("order")).shuffle(&mut order);
        order
    }

    /// Makes one batch of some clips on the calling pool's threads.
    ///
    /// # Errors
    /// [`Error::Ragged`] if clips come out in different shapes, and whatever reading and augmenting report.
    pub fn batch(
        &self,
        epoch: usize,
        indices: &[usize],
        workers: &Workers,
    ) -> Result<Batch, Error> {
        // The first clip says what shape each view has.
        let shapes: Vec<Vec<usize>> = (0..self.views.recipes().len())
            .map(|view| self.fill(epoch, indices[0], view, |shape, _| Ok(shape)))
            .collect::<Result<_, _>>()?;
        let size = |view: usize| shapes[view].iter().product::<usize>();
        let mut values: Vec<Vec<f32>> = (0..shapes.len())
            .map(|view| vec![0.0; size(view) * indices.len()])
            .collect();
        let mut slots: Vec<(usize, usize, &mut [f32])> =
            Vec::with_capacity(indices.len() * shapes.len());
        for (view, values) in values.iter_mut().enumerate() {
            let rows = values.chunks_mut(size(view).max(1)).enumerate();
            slots.extend(rows.map(|(row, slot)| (view, row, slot)));
        }
        let clip = |index: usize| &self.data.clips()[index];
        let made: Vec<Result<(), Error>> = workers.pool.install(|| {
            slots
                .into_par_iter()
                .map(|(view, row, slot)| {
                    self.fill(epoch, indices[row], view, |got, values| {
                        if got != shapes[view] {
                            return Err(Error::Ragged {
                                first: clip(indices[0]).id,
                                want: shapes[view].clone(),
                                clip: clip(indices[row]).id,
                                got,
                            });
                        }
                        slot.copy_from_slice(values);
                        Ok(())
                    })
                })
                .collect()
        });
        made.into_iter().collect::<Result<(), Error>>()?;
        let views = values.into_iter().zip(shapes).map(|(values, shape)| View {
            values,
            shape: std::iter::once(indices.len()).chain(shape).collect(),
        });
        Ok(Batch {
            views: views.collect(),
            labels: indices.iter().map(|&index| clip(index).label).collect(),
            ids: indices.iter().map(|&index| clip(index).id).collect(),
            seed: self.seed,
            epoch,
        })
    }

    /// Makes one view of one clip in the thread's workspace and hands it on, scaled.
    fn fill<T>(
        &self,
        epoch: usize,
        index: usize,
        view: usize,
        take: impl FnOnce(Vec<usize>, &[f32]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        thread_local! {
            static WORK: RefCell<Workspace> = RefCell::new(Workspace::default());
        }
        let key = Key {
            seed: self.seed,
            epoch: epoch as u64,
            item: self.data.clips()[index].id,
            view: view as u64,
        };
        WORK.with_borrow_mut(|work| {
            work.load(&self.data.wave(index)?);
            self.views.recipes()[view].run(key, work)?;
            let (shape, values) = result(work);
            self.scaling.apply(values);
            take(shape, values)
        })
    }

    /// Starts making the batches of an epoch, from batch `start` on; a last batch that is not full is left out.
    pub fn epoch(
        &self,
        epoch: usize,
        batch_size: usize,
        start: usize,
        workers: &Workers,
    ) -> Loader {
        let order = self.order(epoch);
        let batches: Vec<Vec<usize>> = order
            .chunks_exact(batch_size)
            .skip(start)
            .map(<[usize]>::to_vec)
            .collect();
        self.load(epoch, batches, workers)
    }

    /// Starts making batches of all clips in order.
    pub fn in_order(&self, batch_size: usize, workers: &Workers) -> Loader {
        let all: Vec<usize> = (0..self.data.len()).collect();
        self.load(
            0,
            all.chunks(batch_size).map(<[usize]>::to_vec).collect(),
            workers,
        )
    }

    /// Starts making batches of an epoch, each of the clips of some indices.
    pub fn load(&self, epoch: usize, batches: Vec<Vec<usize>>, workers: &Workers) -> Loader {
        let (sender, receiver) = sync_channel(PREFETCHED);
        let (feed, workers) = (self.clone(), workers.clone());
        let maker = std::thread::spawn(move || {
            for indices in batches {
                // A receiver that is gone means that nobody wants the rest.
                if sender.send(feed.batch(epoch, &indices, &workers)).is_err() {
                    break;
                }
            }
        });
        Loader {
            receiver,
            maker: Some(maker),
            waited: Duration::ZERO,
        }
    }
}

/// What a recipe left in a workspace, waves or features: its shape, and its values in row-major order.
fn result(work: &mut Workspace) -> (Vec<usize>, &mut [f32]) {
    match work.domain() {
        Domain::Wave => (vec![work.n_channels, work.input().n], &mut work.samples),
        Domain::Features => (work.features.shape().to_vec(), &mut work.features.values),
    }
}

/// Batches that are made ahead at most.
const PREFETCHED: usize = 3;

/// The batches of an epoch, made ahead.
pub struct Loader {
    receiver: Receiver<Result<Batch, Error>>,
    maker: Option<JoinHandle<()>>,
    waited: Duration,
}

impl Loader {
    /// Time that the model spent waiting for data.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// The next batch; nothing at the end.
    ///
    /// # Errors
    /// [`Error::Stopped`] if asked to stop while the batch is not there yet, and whatever making it reports.
    pub fn next_unless(&mut self, stop: Stop<'_>) -> Result<Option<Batch>, Error> {
        let start = Instant::now();
        let received = loop {
            match self.receiver.recv_timeout(LOOK_EVERY) {
                Ok(batch) => break Some(batch),
                Err(RecvTimeoutError::Disconnected) => break None,
                Err(RecvTimeoutError::Timeout) if stop() => return Err(Error::Stopped),
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        self.waited += start.elapsed();
        if received.is_none() {
            self.end();
        }
        received.transpose()
    }

    /// A maker that failed must not pass for one that has made all.
    fn end(&mut self) {
        if let Some(Err(fault)) = self.maker.take().map(JoinHandle::join) {
            std::panic::resume_unwind(fault);
        }
    }
}

/// Who waits for a batch looks that often whether to stop.
const LOOK_EVERY: Duration = Duration::from_millis(5);

impl Iterator for Loader {
    type Item = Result<Batch, Error>;

    fn next(&mut self) -> Option<Result<Batch, Error>> {
        let start = Instant::now();
        let batch = self.receiver.recv().ok();
        self.waited += start.elapsed();
        if batch.is_none() {
            self.end();
        }
        batch
    }
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
    let sums = workers.map(data.len(), stop, |index| {
        let key = Key {
            seed: 0,
            epoch: 0,
            item: data.clips()[index].id,
            view: 0,
        };
        let mut work = Workspace::default();
        work.load(&data.wave(index)?);
        front_end.run(key, &mut work)?;
        let (_, values) = result(&mut work);
        let n = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum();
        Ok((n, mean, squares))
    })?;
    // Chan's rule joins the moments of the clips in their order, whatever thread computed them.
    let (n, mean, squares) = sums.into_iter().fold(
        (0.0, 0.0, 0.0),
        |(n, mean, squares): (f64, f64, f64), (m, other, more)| {
            let (total, delta) = (n + m, other - mean);
            if total == 0.0 {
                return (0.0, 0.0, 0.0);
            }
            (
                total,
                mean + delta * m / total,
                squares + more + delta * delta * n * m / total,
            )
        },
    );
    let deviation = (squares / n.max(1.0)).sqrt();
    Ok(Scaling {
        mean,
        deviation: if deviation > 0.0 { deviation } else { 1.0 },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use auricle_audio::augment::{Stage, UserFunction, Value, WaveFunction, declaration};
    use auricle_audio::dataset::{Clip, Form, Source};
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

    fn feed(n: usize) -> Feed {
        Feed {
            data: data(n),
            views: Views::of(2, &recipe()).unwrap(),
            scaling: Scaling {
                mean: -3.0,
                deviation: 2.0,
            },
            seed: 7,
        }
    }

    fn all(loader: Loader) -> Vec<Batch> {
        loader.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn bytes_do_not_depend_on_threads_batch_size_or_start() {
        let feed = feed(24);
        let one = all(feed.epoch(3, 4, 0, &Workers::new(Some(1)).unwrap()));
        for threads in [2, 8] {
            assert_eq!(
                one,
                all(feed.epoch(3, 4, 0, &Workers::new(Some(threads)).unwrap()))
            );
        }
        assert_eq!(
            one[2..],
            all(feed.epoch(3, 4, 2, &Workers::new(Some(2)).unwrap()))
        );
        let rows = |batches: &[Batch], view: usize| {
            batches
                .iter()
                .flat_map(|b| b.views[view].values.clone())
                .collect::<Vec<_>>()
        };
        let wide = all(feed.epoch(3, 12, 0, &Workers::new(Some(2)).unwrap()));
        assert_eq!(
            (rows(&one, 0), rows(&one, 1)),
            (rows(&wide, 0), rows(&wide, 1))
        );
        assert_ne!(rows(&one, 0), rows(&one, 1));
    }

    #[test]
    fn a_batch_tells_what_its_clips_are() {
        let mut feed = feed(6);
        feed.data = feed.data.subset(&[5, 1, 3]).fraction(0.4, 0).unwrap();
        // Views of one batch may differ in shape.
        let first = feed.views.recipes()[0].clone();
        let mels = [("n_mels".to_owned(), Value::Drawn(12.0.into()))];
        let other = Recipe::from(Stage::new(declaration("log_mel").unwrap(), mels).unwrap());
        feed.views = Views::new(vec![first, other]).unwrap();
        let batch = feed
            .batch(0, &[2, 0], &Workers::new(Some(2)).unwrap())
            .unwrap();
        assert_eq!(batch.ids, [3, 5]);
        let want: Vec<_> = [2, 0].map(|i| feed.data.clips()[i].label).to_vec();
        assert_eq!(batch.labels, want);
        let shapes: Vec<_> = batch.views.iter().map(|view| view.shape.clone()).collect();
        assert_eq!(shapes, [[2, 1, 20, 11], [2, 1, 12, 11]]);
    }

    #[test]
    fn an_epoch_sees_every_clip_once_in_an_order_of_its_own() {
        let feed = feed(20);
        let mut first = feed.order(0);
        assert_ne!(first, feed.order(1));
        assert_eq!(first, feed.order(0));
        first.sort_unstable();
        assert_eq!(first, (0..20).collect::<Vec<_>>());
        let workers = Workers::new(Some(2)).unwrap();
        assert_eq!(all(feed.epoch(0, 8, 0, &workers)).len(), 2);
        assert_eq!(
            all(feed.in_order(8, &workers))
                .iter()
                .map(|b| b.ids.len())
                .collect::<Vec<_>>(),
            [8, 8, 4]
        );
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
        let feed = Feed {
            views: Views::of(2, &stage.then(&recipe()).unwrap()).unwrap(),
            ..feed(8)
        };
        let made = || all(feed.epoch(0, 4, 0, &Workers::new(Some(2)).unwrap()));
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
        let feed = Feed { data, ..feed(3) };
        let error = feed
            .batch(0, &[0, 1, 2], &Workers::new(Some(1)).unwrap())
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
