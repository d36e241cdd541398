//! Clips of shards as a supply of batches: read as a stream, and addressed all the same.

use super::{Cut, Maker, Moments, Preparation, Stop, Supply, Workers, stack};
use crate::Error;
use crate::batch::{Batch, Scaling, Task};
use auricle_audio::augment::Recipe;
use auricle_audio::dataset::{Packed, Shards};
use auricle_audio::{Key, Waveform};
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// Clips that mean and deviation are measured on at most, and how many of them stand together.
const MEASURED: usize = 2048;
const TOGETHER: usize = 32;

/// An epoch takes every clip once; a clip's draws depend on its place in the corpus, not on that in the epoch. Clips that
/// are broken and left out make their batch smaller.
impl Supply for Shards {
    fn name(&self) -> &str {
        Shards::name(self)
    }

    fn describe(&self) -> String {
        format!("{self:?}")
    }

    fn n_clips(&self) -> Option<usize> {
        Some(self.len())
    }

    fn steps(&self, cut: Cut) -> usize {
        cut.of(self.len())
    }

    fn classes(&self) -> &[String] {
        Shards::classes(self)
    }

    fn task(&self) -> Option<Task> {
        let is_labelled = self.class_counts().iter().any(|&n| n > 0);
        is_labelled.then_some(Task::Classes)
    }

    fn describe_labels(&self) -> String {
        let labelled: u64 = self.class_counts().iter().sum();
        let all = format!("{labelled} of {} clips", self.n_all());
        match self.labelled() {
            1.0 => all,
            share => format!("a share of {share} of {all}"),
        }
    }

    fn with_labels_of(&self, fraction: f64, seed: u64) -> Result<Arc<dyn Supply>, Error> {
        Ok(Arc::new(self.fraction(fraction, seed)?))
    }

    fn identify(&self, add: &mut dyn FnMut(&str)) {
        Shards::identify(self, &mut |piece| add(piece));
    }

    fn identify_labels(&self, add: &mut dyn FnMut(&str)) {
        Shards::identify_labels(self, &mut |piece| add(piece));
    }

    fn epoch(&self, epoch: usize, cut: Cut, by: &Preparation, workers: &Workers) -> Maker {
        let drawn = cut.shuffle.then_some((by.seed, epoch as u64));
        let mut reader = self.reader(drawn);
        let (shards, by, workers) = (self.clone(), by.clone(), workers.clone());
        Box::new(move |step| {
            let first = step * cut.batch;
            let last = (first + cut.batch).min(shards.len());
            let clips = reader.take(first..last)?;
            batch(&shards, epoch, &clips, &by, &workers)
        })
    }

    /// Of at most 2048 clips, in runs that are spread evenly over the corpus.
    fn measure(
        &self,
        front_end: &Recipe,
        workers: &Workers,
        stop: Stop<'_>,
    ) -> Result<Scaling, Error> {
        let mut reader = self.sampler();
        let mut all = Moments::default();
        for run in runs(self.n_all() as usize) {
            let clips = reader.take(run)?;
            let moments = workers.map(clips.len(), stop, |at| match self.wave(&clips[at]) {
                Ok(wave) => Moments::of_clip(front_end, &wave, clips[at].id),
                Err(error) => {
                    self.pass_over(&clips[at], error)?;
                    Ok(Moments::default())
                }
            })?;
            // In the order of the clips, whatever thread computed them.
            all = moments.into_iter().fold(all, Moments::join);
        }
        Ok(all.scaling())
    }
}

/// The clips that stand for all of so many.
fn runs(n: usize) -> Vec<Range<usize>> {
    let (n_runs, step) = match n <= MEASURED {
        true => (n.div_ceil(TOGETHER), TOGETHER),
        false => (MEASURED / TOGETHER, n / (MEASURED / TOGETHER)),
    };
    (0..n_runs)
        .map(|run| run * step..(run * step + TOGETHER).min(n))
        .collect()
}

/// Decodes some clips and makes a batch of them on the pool's threads.
fn batch(
    shards: &Shards,
    epoch: usize,
    clips: &[Packed],
    by: &Preparation,
    workers: &Workers,
) -> Result<Batch, Error> {
    let decode = |clip| shards.wave(clip);
    let waves: Vec<_> = workers
        .pool
        .install(|| clips.par_iter().map(decode).collect());
    let mut whole: Vec<(&Packed, Waveform)> = Vec::with_capacity(clips.len());
    for (clip, wave) in clips.iter().zip(waves) {
        match wave {
            Ok(wave) => whole.push((clip, wave)),
            Err(error) => shards.pass_over(clip, error)?,
        }
    }
    if whole.is_empty() {
        let reason = "none of the clips of a batch can be read";
        return Err(auricle_audio::Error::file(shards.path(&clips[0]), reason).into());
    }
    let ids: Vec<u64> = whole.iter().map(|(clip, _)| clip.id).collect();
    let views = stack(&ids, by, workers, |row, view| {
        let key = Key {
            seed: by.seed,
            epoch: epoch as u64,
            item: ids[row],
            view: view as u64,
        };
        Ok((whole[row].1.clone(), key))
    })?;
    Ok(Batch {
        views,
        labels: whole.iter().map(|(clip, _)| clip.label).collect(),
        targets: None,
        ids,
        seed: by.seed,
        epoch,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Feed;
    use super::*;
    use auricle_audio::augment::{Stage, Value, Views, declaration};
    use auricle_audio::dataset::{
        Clip, Dataset, Form, Pack, PackFormat, Shard, ShardOptions, Source,
    };
    use std::path::Path;

    /// Clips of noise, and the same packed into shards.
    fn packed(folder: &Path, n: usize, format: PackFormat) -> (Dataset, Shards) {
        let clip = |index: usize| {
            let mut samples = vec![0.0; 800];
            auricle_audio::Rng::from_words(&[index as u64]).fill_normal(&mut samples);
            let wave = Waveform::mono(samples, 8000).unwrap();
            Clip::new(Source::Wave(wave), Some(index % 3))
        };
        let classes = ["a", "b", "c"].map(str::to_owned).to_vec();
        let clips = (0..n).map(clip).collect();
        let data = Dataset::new("t", clips, classes, Form::default(), None).unwrap();
        let pack = Pack {
            data: data.clone(),
            format,
            shard_size: 5,
            shard: Shard::WHOLE,
            resume: false,
            out: folder.to_owned(),
        };
        pack.run(|_, _| true).unwrap();
        let options = ShardOptions {
            buffer: 7,
            open: 2,
            ..ShardOptions::default()
        };
        let shards = Shards::open(&[folder.display().to_string()], options).unwrap();
        (data, shards)
    }

    fn recipe() -> Recipe {
        let stage = |name: &str, values: Vec<(String, Value)>| {
            Recipe::from(Stage::new(declaration(name).unwrap(), values).unwrap())
        };
        let mels = vec![("n_mels".to_owned(), Value::Drawn(8.0.into()))];
        let noise = stage("noise", Vec::new());
        noise.then(&stage("log_mel", mels)).unwrap()
    }

    fn batches(supply: Arc<dyn Supply>, cut: Cut, first: usize, threads: usize) -> Vec<Batch> {
        let by = Preparation {
            views: Views::of(2, &recipe()).unwrap(),
            scaling: Scaling::NONE,
            seed: 4,
        };
        let feed = Feed { supply, by };
        let workers = Workers::new(Some(threads)).unwrap();
        let loader = feed.epoch(1, cut, first, &workers);
        loader.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn batches_are_the_same_on_any_number_of_threads_and_from_any_step() {
        let folder = tempfile::tempdir().unwrap();
        for (word, format) in PackFormat::WORDS {
            let (_, shards) = packed(&folder.path().join(word), 23, format);
            let supply: Arc<dyn Supply> = Arc::new(shards);
            let cut = Cut::training(4);
            let all = batches(supply.clone(), cut, 0, 1);
            assert_eq!(all.len(), 5);
            for first in 0..5 {
                let rest = batches(supply.clone(), cut, first, 3);
                assert!(rest == all[first..], "{word} from {first}");
            }
        }
    }

    #[test]
    fn clips_in_order_are_those_of_the_dataset_that_was_packed() {
        let folder = tempfile::tempdir().unwrap();
        let (data, shards) = packed(folder.path(), 23, PackFormat::Parquet);
        let workers = Workers::new(Some(2)).unwrap();
        let front_end = recipe().front_end().unwrap();
        let of = |supply: &dyn Supply| supply.measure(&front_end, &workers, &|| false).unwrap();
        let (own, want) = (of(&shards), of(&data));
        // The moments of runs are joined in other pairs.
        assert!(
            (own.mean - want.mean).abs() < 1e-9 && (own.deviation - want.deviation).abs() < 1e-9
        );
        let cut = Cut::in_order(6);
        assert!(batches(Arc::new(shards), cut, 0, 2) == batches(Arc::new(data), cut, 0, 2));
    }

    #[test]
    fn labels_are_taken_away_by_the_seed_and_the_clip() {
        let folder = tempfile::tempdir().unwrap();
        let (_, shards) = packed(folder.path(), 200, PackFormat::Tar);
        let few = shards.with_labels_of(0.2, 1).unwrap();
        let labelled = |batch: usize| {
            let made = batches(few.clone(), Cut::training(batch), 0, 2).into_iter();
            let pairs = made.flat_map(|batch| batch.ids.into_iter().zip(batch.labels));
            let kept = pairs.filter(|(_, label)| label.is_some()).map(|(id, _)| id);
            kept.collect::<std::collections::BTreeSet<_>>()
        };
        let kept = labelled(10);
        assert_eq!(kept, labelled(25));
        assert!((20..=60).contains(&kept.len()), "{}", kept.len());
    }

    #[test]
    fn the_clips_that_stand_for_all_are_spread_over_them() {
        let all = |n: usize| runs(n).into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(all(100), (0..100).collect::<Vec<_>>());
        let some = all(100_000);
        assert_eq!((some.len(), some[0], some[32]), (2048, 0, 1562));
        assert!(some.is_sorted_by(|a, b| a < b) && *some.last().unwrap() > 98_000);
    }
}
