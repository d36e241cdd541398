//! Judging a run on clips that it does not learn from, and choosing its best epoch.
//!
//! Nothing here moves the state that steps are made of: batches are judged by copies with running statistics, views are
//! drawn as in an epoch of their own, and probes draw nothing. So a run with validation clips learns what it learns
//! without them.

use super::checkpoint::Best;
use super::events::FitOptions;
use super::fitting::{Trainer, number};
use super::head::beside;
use super::history::LOSS;
use super::method::Better;
use super::objective::Figure;
use super::validation::{VALIDATION, Validation};
use crate::Error;
use crate::eval::{JudgeOptions, Matrix, Role, Subject, embed, judge};
use crate::feed::{Feed, Preparation};
use auricle_audio::augment::Views;

/// A figure on validation clips: its name, its value, and which of two values is the better one.
type Judged = (String, f64, Better);

impl Trainer<'_> {
    /// Checks that the figure by which an epoch is to be chosen is measured, before anything is learned.
    pub(super) fn check_choice(&self, options: &FitOptions<'_>) -> Result<(), Error> {
        let plan = self.run.plan();
        let Some(validation) = &plan.validation else {
            return Ok(());
        };
        let Some(best) = &validation.best else {
            return Ok(());
        };
        let of_probes = validation.judge.iter().map(|probe| probe.word());
        let mut names: Vec<String> = of_probes
            .map(|word| format!("{VALIDATION}{word}"))
            .collect();
        if names.contains(best) || *best == format!("{VALIDATION}{LOSS}") {
            return Ok(());
        }
        let measured = self.by_methods(validation, options)?.into_iter();
        names.splice(0..0, measured.map(|(name, ..)| name));
        if names.contains(best) {
            return Ok(());
        }
        let names = names.join(", ");
        Err(Error::range("best", format!("one of {names}"), best))
    }

    /// The figures of an epoch, from 1, on validation clips.
    ///
    /// # Errors
    /// [`Error::Stopped`] if asked to stop, and whatever making batches and judging reports.
    pub(super) fn judge(
        &self,
        epoch: usize,
        options: &FitOptions<'_>,
    ) -> Result<Vec<Judged>, Error> {
        let plan = self.run.plan();
        let Some(validation) = &plan.validation else {
            return Ok(Vec::new());
        };
        let mut figures = self.by_methods(validation, options)?;
        if validation.is_judged(epoch, plan.epochs) {
            figures.extend(self.by_probes(validation, options)?);
        }
        Ok(figures)
    }

    /// What the methods themselves tell.
    fn by_methods(
        &self,
        validation: &Validation,
        options: &FitOptions<'_>,
    ) -> Result<Vec<Judged>, Error> {
        let plan = self.run.plan();
        // Views that are compared are made as for training; otherwise clips are judged as they are.
        let views = match self.run.compares_views() {
            true => plan.full_views()?,
            false => Views::new(vec![plan.front_end()?])?,
        };
        let feed = Feed {
            supply: validation.supply.clone(),
            by: Preparation {
                views,
                scaling: self.state.scaling,
                seed: plan.seed,
            },
        };
        let cut = validation.cut(plan.batch);
        let mut loader = feed.epoch(validation.epoch(), cut, 0, options.workers);
        let mut sums: Vec<(Judged, f64)> = Vec::new();
        while let Some(batch) = loader.next_unless(options.stop)? {
            if (options.stop)() {
                return Err(Error::Stopped);
            }
            for figure in self.objective.judge(batch, options.device)? {
                add(&mut sums, figure);
            }
        }
        // What no batch could tell, such as the accuracy without labels, is left out.
        let told = sums.into_iter().filter(|(_, weight)| *weight > 0.0);
        let mean =
            |((name, sum, better), weight)| (format!("{VALIDATION}{name}"), sum / weight, better);
        Ok(told.map(mean).collect())
    }

    /// What probes of the frozen embeddings tell.
    fn by_probes(
        &self,
        validation: &Validation,
        options: &FitOptions<'_>,
    ) -> Result<Vec<Judged>, Error> {
        let device = options.device;
        let (Some(clips), Some(fitted_on), Some((_, weights))) = (
            &validation.clips,
            &validation.fitted_on,
            self.objective.encoders()?.into_iter().next(),
        ) else {
            return Ok(Vec::new());
        };
        let encoder = self.encoder(&weights, device)?;
        let Some(front_end) = encoder.front_end.clone() else {
            return Ok(Vec::new());
        };
        let rows = |data| {
            embed(
                &encoder,
                &front_end,
                data,
                device,
                options.workers,
                options.stop,
            )
        };
        let subject = Subject {
            name: String::new(),
            role: Role::Judged,
            train: rows(fitted_on)?,
            validation: Matrix::of_rows(Vec::new()),
            test: rows(clips)?,
            places: None,
        };
        let judging = JudgeOptions::default();
        let accuracy = |&probe| {
            let parts = [fitted_on, clips, clips];
            let judged = judge(&subject, parts, probe, &judging, device, options.stop)?;
            let name = format!("{VALIDATION}{}", probe.word());
            Ok((name, judged.measure.interval.value, Better::Higher))
        };
        validation.judge.iter().map(accuracy).collect()
    }

    /// Takes the epoch that has just ended for the best one if it is; says why the run stops, if it does.
    pub(super) fn choose(&mut self, judged: &[Judged]) -> Result<Option<String>, Error> {
        let plan = self.run.shared_plan();
        let Some(validation) = &plan.validation else {
            return Ok(None);
        };
        let Some(name) = &validation.best else {
            return Ok(None);
        };
        let Some((_, value, better)) = judged.iter().find(|(own, ..)| own == name) else {
            return Ok(None);
        };
        let epoch = self.state.epoch;
        let before = self.state.best;
        if !value.is_nan() && before.is_none_or(|before| better.is_better(*value, before.value)) {
            self.state.best = Some(Best {
                epoch,
                value: *value,
            });
            let encoders = self.objective.encoders()?.into_iter();
            self.best = encoders.map(|(_, weights)| weights).next();
            let mut heads = beside(self.objective.tensors()?);
            self.best
                .iter_mut()
                .for_each(|best| best.extend(heads.by_ref()));
            return Ok(None);
        }
        let since = before.map_or(0, |best| best.epoch);
        let is_over = validation
            .early_stopping
            .is_some_and(|patience| epoch - since >= patience);
        Ok(is_over.then(|| match before {
            Some(_) => {
                format!("stopped after epoch {epoch}: `{name}` was best after epoch {since}")
            }
            None => format!("stopped after epoch {epoch}: `{name}` was never a number"),
        }))
    }
}

/// Takes a figure of a batch into its sum.
fn add(sums: &mut Vec<(Judged, f64)>, figure: Figure) {
    let value = figure.weight * number(figure.value);
    match sums.iter_mut().find(|((name, ..), _)| *name == figure.name) {
        Some(((_, sum, _), weight)) => {
            *sum += value;
            *weight += figure.weight;
        }
        None => sums.push(((figure.name, value, figure.better), figure.weight)),
    }
}
