//! What a run is followed and chosen by: figures on sounds that it does not learn from.

use super::Plan;
use super::history::LOSS;
use crate::Error;
use crate::eval::Probe;
use crate::feed::{Cut, Supply};
use auricle_audio::dataset::Dataset;
use std::sync::Arc;

/// What stands before the names of all figures on validation clips.
pub const VALIDATION: &str = "validation_";

/// Sounds that a run does not learn from, and what is done with them.
#[derive(Clone)]
pub struct Validation {
    /// Where they are from.
    pub supply: Arc<dyn Supply>,
    /// The same as clips that probes can judge; nothing where there are none, as for sounds that are made or streamed.
    pub clips: Option<Dataset>,
    /// Clips on which probes are fitted; nothing where there are none.
    pub fitted_on: Option<Dataset>,
    /// Probes of the frozen embeddings.
    pub judge: Vec<Probe>,
    /// Epochs from judgement to judgement by probes; the last epoch is judged, too.
    pub every_epochs: usize,
    /// The figure by which the best epoch is chosen; none is chosen if `None`.
    pub best: Option<String>,
    /// Epochs without a better one after which a run stops; it does not if `None`.
    pub early_stopping: Option<usize>,
}

impl Validation {
    /// Checks that the clips can be judged.
    ///
    /// # Errors
    /// [`Error::Range`], [`Error::Labels`] or [`Error::Run`], naming the part.
    pub(super) fn check(&self, plan: &Plan, reads_labels: bool) -> Result<(), Error> {
        if let Some(n @ ..2) = self.supply.n_clips() {
            let message = format!("`validation` needs at least 2 clips, there {}", are(n));
            return Err(Error::Run {
                message,
                hint: "split with a larger share, such as `validation: 0.1`".into(),
            });
        }
        if let Some(best) = &self.best
            && !best.starts_with(VALIDATION)
        {
            let want = format!("a figure on validation clips, such as \"{VALIDATION}{LOSS}\"");
            return Err(Error::range("best", want, format!("\"{best}\"")));
        }
        let of_labels = reads_labels || !self.judge.is_empty();
        if of_labels && self.supply.classes() != plan.data.classes() {
            return Err(Error::Labels(
                "the validation clips have other classes than the training clips".into(),
            ));
        }
        let tasks = self.supply.task().zip(plan.data.task());
        if reads_labels && tasks.is_some_and(|(judged, learned)| judged != learned) {
            return Err(Error::Labels(
                "the validation clips have something else to predict than the training clips"
                    .into(),
            ));
        }
        if self.judge.is_empty() {
            return Ok(());
        }
        let has_labels = |data: &&Dataset| data.clips().iter().any(|clip| clip.label.is_some());
        let fitted_on = self.fitted_on.as_ref().filter(has_labels);
        match fitted_on.and(self.clips.as_ref().filter(has_labels)) {
            Some(_) => Ok(()),
            None => Err(Error::Labels(
                "`judge` needs training and validation clips of datasets, with labels".into(),
            )),
        }
    }

    /// Whether an epoch, from 1, is judged by probes.
    pub(super) fn is_judged(&self, epoch: usize, epochs: usize) -> bool {
        !self.judge.is_empty() && (epoch == epochs || epoch.is_multiple_of(self.every_epochs))
    }

    /// How the clips are cut into batches of about the size of training. What is compared within a batch needs another
    /// clip: where a last one would stand alone, the batches are larger.
    pub(super) fn cut(&self, batch: usize) -> Cut {
        let n = self.supply.n_clips().unwrap_or(batch);
        let mut size = batch.min(n);
        while size < n && n % size == 1 {
            size += 1;
        }
        Cut::in_order(size)
    }

    /// The epoch of the supply that is judged, always the same one. Where every epoch has sounds of its own, it is one that no
    /// run comes to.
    pub(super) fn epoch(&self) -> usize {
        match self.supply.n_clips() {
            Some(_) => 0,
            None => usize::MAX,
        }
    }

    /// What it is, as lines of a name and a value.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let mut lines = vec![("validation".to_owned(), self.supply.describe())];
        if !self.judge.is_empty() {
            let names: Vec<&str> = self.judge.iter().map(|probe| probe.name()).collect();
            let names = names.join(" and ");
            let every = match self.every_epochs {
                1 => "epoch".to_owned(),
                n => format!("{n} epochs"),
            };
            lines.push(("judge".to_owned(), format!("{names}, every {every}")));
        }
        let best = self.best.clone().map(|best| ("best".to_owned(), best));
        lines.extend(best);
        let patience = self.early_stopping;
        lines.extend(patience.map(|n| ("early_stopping".to_owned(), format!("after {n} epochs"))));
        lines
    }

    /// Hands on, piece by piece, what identifies the clips.
    pub(super) fn identify(&self, add: &mut impl FnMut(&str)) {
        self.supply.identify(add);
        self.supply.identify_labels(add);
        if let Some(data) = self.fitted_on.as_ref().filter(|_| !self.judge.is_empty()) {
            data.identify(add);
            data.identify_labels(add);
        }
    }
}

fn are(n: usize) -> String {
    match n {
        1 => "is 1".to_owned(),
        n => format!("are {n}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::tones::Tones;
    use auricle_audio::Waveform;
    use auricle_audio::dataset::{Clip, Form, Source};

    fn of(supply: Arc<dyn Supply>) -> Validation {
        Validation {
            supply,
            clips: None,
            fitted_on: None,
            judge: Vec::new(),
            every_epochs: 1,
            best: None,
            early_stopping: None,
        }
    }

    #[test]
    fn no_clip_is_judged_alone_and_none_is_left_out() {
        let clip = |_| Clip::new(Source::Wave(Waveform::mono(vec![0.0; 4], 8).unwrap()), None);
        for n in 2..40 {
            let clips = (0..n).map(clip).collect();
            let clips = Dataset::new("t", clips, vec![], Form::default(), None).unwrap();
            let validation = of(Arc::new(clips));
            for batch in 2..12 {
                let size = validation.cut(batch).batch;
                assert!(
                    size >= batch.min(n) && n % size != 1,
                    "{n} by {batch}: {size}"
                );
            }
        }
    }

    #[test]
    fn sounds_that_are_made_are_judged_in_an_epoch_that_no_run_learns_from() {
        let tones = Tones {
            steps: 3,
            classes: Vec::new(),
        };
        let made = of(Arc::new(tones));
        assert_eq!((made.epoch(), made.cut(4)), (usize::MAX, Cut::in_order(4)));
        let wave = Waveform::mono(vec![0.0; 4], 8).unwrap();
        let clips = vec![Clip::new(Source::Wave(wave), None)];
        let clips = Dataset::new("t", clips, vec![], Form::default(), None).unwrap();
        assert_eq!(of(Arc::new(clips)).epoch(), 0);
    }
}
