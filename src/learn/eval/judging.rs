//! The study behind a head: an encoder is embedded and judged beside a random one and the log-mel statistics, each by the
//! same heads on the same clips.

use super::report::{Report, Role, Row, Score};
use super::{
    JudgeOptions, Judgement, Matrix, Predictions, Probe, Reading, Subject, Task, embed_places,
    embed_pooled, floor, judge, judge_mean,
};
use crate::Error;
use crate::feed::{Stop, Workers};
use crate::nn::{Encoder, FrontEnd};
use auricle_audio::augment::Recipe;
use auricle_audio::dataset::{Dataset, Split};
use burn::tensor::Device;
use std::sync::Arc;

/// An encoder that is judged.
pub struct Candidate<'a> {
    /// Its name in the report.
    pub name: String,
    /// Its part in it.
    pub role: Role,
    /// The encoder.
    pub encoder: &'a Encoder,
}

/// What every candidate is judged by.
pub struct Judging<'a> {
    /// Training clips to fit on, validation clips to choose on, test clips to judge on.
    pub split: &'a Split,
    /// The heads.
    pub probes: &'a [Probe],
    /// Their options.
    pub options: &'a JudgeOptions,
    /// What comes before every encoder.
    pub front_end: &'a FrontEnd,
    /// How embeddings are made of maps or tokens.
    pub reading: &'a Reading,
    /// Where it is computed.
    pub device: &'a Device,
    /// Threads that read clips.
    pub workers: &'a Workers,
    /// Asked now and then whether to stop.
    pub stop: Stop<'a>,
}

/// What a judging found.
pub struct Judged {
    /// A row a candidate, then the floors.
    pub rows: Vec<Row>,
    /// What the heads of the first candidate chose, by their names.
    pub chosen: Vec<(String, String)>,
    /// What the heads of the first candidate predicted of the test clips.
    pub predictions: Vec<Arc<Predictions>>,
}

impl Judging<'_> {
    /// Judges the candidates, the first of which is the one in question, and the statistics of `features`; numbers also
    /// by the mean of the training clips.
    ///
    /// # Errors
    /// A clip cannot be read, a part of the split lacks what a head needs, or it was stopped.
    pub fn judge(&self, candidates: &[Candidate<'_>], features: &Recipe) -> Result<Judged, Error> {
        let subjects = candidates.iter().map(|candidate| self.subject(candidate));
        let mut subjects = subjects.collect::<Result<Vec<_>, _>>()?;
        subjects.push(self.floor(features)?);
        let parts = [&self.split.train, &self.split.validation, &self.split.test];
        let mut judged = Judged {
            rows: Vec::new(),
            chosen: Vec::new(),
            predictions: Vec::new(),
        };
        for subject in subjects {
            let mut scores = Vec::new();
            for &probe in self.probes {
                if (self.stop)() {
                    return Err(Error::Stopped);
                }
                let made = judge(&subject, parts, probe, self.options, self.device, self.stop)?;
                scores.push(Score::of(probe.name(), &made));
                if judged.rows.is_empty() {
                    let name = probe.name().to_owned();
                    judged
                        .chosen
                        .extend(made.chosen.map(|chosen| (name, chosen)));
                    judged.predictions.push(Arc::new(made.predictions));
                }
            }
            judged.rows.push(Row {
                name: subject.name,
                role: subject.role,
                scores,
            });
        }
        judged.rows.extend(self.mean());
        Ok(judged)
    }

    fn parts(&self) -> [&Dataset; 3] {
        [&self.split.train, &self.split.validation, &self.split.test]
    }

    /// Whether a part is not asked for: validation clips of which there are none, or on which nothing is chosen.
    fn is_skipped(&self, data: &Dataset) -> bool {
        let chooses = |probe: &Probe| match probe {
            Probe::Linear | Probe::Knn => self.options.tune,
            Probe::Ridge => self.options.tune || self.options.alpha.is_none(),
            Probe::Mlp | Probe::Attentive => true,
        };
        let is_validation = std::ptr::eq(data, &self.split.validation);
        data.is_empty() || (is_validation && !self.probes.iter().any(chooses))
    }

    fn subject(&self, candidate: &Candidate<'_>) -> Result<Subject, Error> {
        let (encoder, front_end) = (candidate.encoder, self.front_end);
        let (device, workers, stop) = (self.device, self.workers, self.stop);
        let wants_rows = self.probes.iter().any(|probe| *probe != Probe::Attentive);
        let [train, validation, test] = self.parts().map(|data| {
            if self.is_skipped(data) {
                return Ok(Matrix::none());
            }
            match wants_rows {
                true => embed_pooled(
                    encoder,
                    front_end,
                    data,
                    self.reading,
                    device,
                    workers,
                    stop,
                ),
                // A row a clip all the same: what says that there are validation clips.
                false => Ok(Matrix {
                    columns: 1,
                    values: vec![0.0; data.len()],
                }),
            }
        });
        let places = match self.probes.contains(&Probe::Attentive) {
            false => None,
            true => {
                let [train, validation, test] = self
                    .parts()
                    .map(|data| embed_places(encoder, front_end, data, device, workers, stop));
                Some([train?, validation?, test?])
            }
        };
        Ok(Subject {
            name: candidate.name.clone(),
            role: candidate.role,
            train: train?,
            validation: validation?,
            test: test?,
            places,
        })
    }

    /// The floor of all encoders.
    fn floor(&self, features: &Recipe) -> Result<Subject, Error> {
        let [train, validation, test] = self.parts().map(|data| match self.is_skipped(data) {
            true => Ok(Matrix::none()),
            false => floor(features, data, self.workers, self.stop),
        });
        Ok(Subject {
            name: Role::Floor.name().to_owned(),
            role: Role::Floor,
            train: train?,
            validation: validation?,
            test: test?,
            places: None,
        })
    }

    /// The floor of numbers, where all heads predict numbers.
    fn mean(&self) -> Option<Row> {
        let Split { train, test, .. } = self.split;
        let predicts_numbers = |probe: &Probe| probe.task(train) == Some(Task::Numbers);
        if !self.probes.iter().all(predicts_numbers) {
            return None;
        }
        let judged = judge_mean(train, test, self.options).ok()?;
        let scores = self
            .probes
            .iter()
            .map(|probe| Score::of(probe.name(), &judged));
        Some(Row::of(Role::Mean, scores.collect()))
    }
}

impl Score {
    /// The score of a judgement by a head of some name.
    pub fn of(probe: &str, judged: &Judgement) -> Score {
        let measure = &judged.measure;
        Score {
            probe: probe.to_owned(),
            metric: measure.metric.clone(),
            interval: measure.interval,
            n: measure.n,
            method: measure.method.clone(),
        }
    }
}

impl Report {
    /// The report of what was judged under a name on a split; `settings` say how it came to be.
    pub fn of(
        name: &str,
        split: &Split,
        judged: Judged,
        mut settings: Vec<(String, String)>,
    ) -> Report {
        settings.extend(judged.chosen);
        let first = judged.predictions.first();
        Report {
            title: format!("{name}: {}", split.train.name()),
            split: split.rule.clone(),
            n_train: split.train.len(),
            n_test: split.test.len(),
            classes: split.train.classes().to_vec(),
            confusion: first.and_then(|made| made.confusion()).unwrap_or_default(),
            rows: judged.rows,
            settings,
            curves: Vec::new(),
            predictions: judged.predictions,
        }
    }
}
