//! The judgement of several sets of embeddings by the same probes.

use super::logistic::largest;
use super::{
    Interval, KnnOptions, LogisticOptions, LogisticRegression, Matrix, Scaler, accuracy, confusion,
    knn_scores,
};
use crate::Error;
use crate::nn::Encoder;
use auricle_audio::dataset::Dataset;
use burn::tensor::Device;

/// What is judged: rows for the training clips and for the test clips.
pub struct Subject {
    /// Its name in the report.
    pub name: String,
    /// A row a training clip.
    pub train: Matrix,
    /// A row a test clip.
    pub test: Matrix,
}

/// A way to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Logistic regression on standardized columns.
    Linear,
    /// Weighted nearest neighbours.
    Knn,
}

impl Probe {
    /// The words for all of them.
    pub const WORDS: [(&'static str, Probe); 2] =
        [("linear_probe", Probe::Linear), ("knn", Probe::Knn)];

    /// Its word in scripts, which is the name of its figures.
    pub fn word(self) -> &'static str {
        match self {
            Probe::Linear => "linear_probe",
            Probe::Knn => "knn",
        }
    }

    /// Its name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Probe::Linear => "linear probe",
            Probe::Knn => "k nearest neighbours",
        }
    }
}

/// Options of both probes.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct JudgeOptions {
    /// Of the linear probe.
    pub logistic: LogisticOptions,
    /// Of the nearest neighbours.
    pub knn: KnnOptions,
}

/// The judgement of one subject by one probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Share of the test clips whose class was found, with its Wilson interval.
    pub accuracy: Interval,
    /// Test clips.
    pub n: usize,
    /// How often each class (row) was taken for each (column).
    pub confusion: Vec<Vec<u64>>,
}

/// Fits a probe on the labelled training clips and judges it on the labelled test clips.
///
/// # Errors
/// [`Error::Labels`] if there are none, and what the probe reports.
pub fn judge(
    subject: &Subject,
    train: &Dataset,
    test: &Dataset,
    probe: Probe,
    options: JudgeOptions,
) -> Result<Judgement, Error> {
    let n_classes = train.classes().len();
    let labelled = |data: &Dataset| -> (Vec<usize>, Vec<usize>) {
        data.clips()
            .iter()
            .enumerate()
            .filter_map(|(row, clip)| Some((row, clip.label?)))
            .unzip()
    };
    let ((train_rows, train_labels), (test_rows, truth)) = (labelled(train), labelled(test));
    for (what, labels) in [("training", &train_labels), ("test", &truth)] {
        if labels.is_empty() {
            return Err(Error::Labels(format!(
                "the {what} clips have no labels to judge by"
            )));
        }
    }
    let (x, queries) = (
        subject.train.select(&train_rows),
        subject.test.select(&test_rows),
    );
    let predicted = match probe {
        Probe::Linear => {
            let scaler = Scaler::fit(&x);
            let model = LogisticRegression::fit(
                &scaler.apply(&x),
                &train_labels,
                n_classes,
                options.logistic,
            )?;
            model.predict(&scaler.apply(&queries))
        }
        Probe::Knn => {
            let scores = knn_scores(&x, &train_labels, &queries, n_classes, options.knn)?;
            (0..scores.rows())
                .map(|row| largest(scores.row(row)))
                .collect()
        }
    };
    Ok(Judgement {
        accuracy: accuracy(&predicted, &truth),
        n: truth.len(),
        confusion: confusion(&predicted, &truth, n_classes),
    })
}

/// The same architecture and front-end with weights that were never trained.
///
/// # Errors
/// Only what making the encoder reports.
pub fn random_encoder(encoder: &Encoder, seed: u64, device: &Device) -> Result<Encoder, Error> {
    let mut random = Encoder::new(encoder.architecture(), seed, device)?;
    random.front_end.clone_from(&encoder.front_end);
    Ok(random)
}
