//! The judgement of several sets of embeddings by the same probes.

use super::answers::{Answers, answers};
use super::neural::{NeuralProbe, Shape};
use super::{
    Guess, IntervalKind, KnnOptions, LogisticOptions, LogisticRegression, Matrix, Measure,
    MeasureOptions, Metric, NeuralOptions, Penalty, Places, Predictions, Reads, Ridge, Role,
    Scaler, Task, Truth, knn_votes, measure,
};
use crate::Error;
use crate::feed::Stop;
use crate::nn::Encoder;
use auricle_audio::dataset::Dataset;
use burn::tensor::Device;

/// What is judged: rows for the training clips, the validation clips and the test clips.
pub struct Subject {
    /// Its name in the report.
    pub name: String,
    /// Its part in it.
    pub role: Role,
    /// A row a training clip.
    pub train: Matrix,
    /// A row a validation clip; of no clips where they are not asked for.
    pub validation: Matrix,
    /// A row a test clip.
    pub test: Matrix,
    /// The same three as places, where attention over them is asked for.
    pub places: Option<[Places; 3]>,
}

/// A way to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// Logistic regression on standardized columns; one against the rest where clips have several classes.
    Linear,
    /// A network of one hidden layer.
    Mlp,
    /// Attention over places by one learned query.
    Attentive,
    /// Weighted nearest neighbours.
    Knn,
    /// Ridge regression of a number.
    Ridge,
}

impl Probe {
    /// The words for those that judge an embedding by its classes while it is trained.
    pub const WORDS: [(&'static str, Probe); 3] = [
        ("linear_probe", Probe::Linear),
        ("mlp_probe", Probe::Mlp),
        ("knn", Probe::Knn),
    ];

    /// The words for all of them.
    pub const ALL: [(&'static str, Probe); 5] = [
        ("linear_probe", Probe::Linear),
        ("mlp_probe", Probe::Mlp),
        ("attentive_probe", Probe::Attentive),
        ("knn", Probe::Knn),
        ("ridge", Probe::Ridge),
    ];

    /// Its word in scripts, which is the name of its figures.
    pub fn word(self) -> &'static str {
        Probe::ALL
            .iter()
            .find(|(_, probe)| *probe == self)
            .map_or("", |(word, _)| word)
    }

    /// Its name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Probe::Linear => "linear probe",
            Probe::Mlp => "MLP probe",
            Probe::Attentive => "attentive probe",
            Probe::Knn => "k nearest neighbours",
            Probe::Ridge => "ridge regression",
        }
    }

    /// What it predicts of clips.
    pub fn task(self, data: &Dataset) -> Option<Task> {
        match self {
            Probe::Ridge => Some(Task::Numbers),
            _ => Task::of(data),
        }
    }
}

/// Options of all probes.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct JudgeOptions {
    /// Of the linear probe.
    pub logistic: LogisticOptions,
    /// Of the nearest neighbours.
    pub knn: KnnOptions,
    /// Of networks.
    pub neural: NeuralOptions,
    /// Penalty of the ridge regression; the best of 1e-3 to 1e3 on validation clips, or 1 without any, if `None`.
    pub alpha: Option<f64>,
    /// Whether C, k or alpha is chosen on validation clips.
    pub tune: bool,
    /// The figure of merit; the usual one of what is predicted if `None`.
    pub metric: Option<Metric>,
    /// How it is measured.
    pub measure: MeasureOptions,
}

impl JudgeOptions {
    /// The figure of merit of what is predicted: accuracy, mean average precision, mean absolute error.
    pub fn metric(&self, task: Task) -> Metric {
        self.metric.unwrap_or(match task {
            Task::Classes => Metric::Accuracy,
            Task::Several => Metric::AveragePrecision,
            Task::Numbers => Metric::Mae,
        })
    }
}

/// The judgement of one subject by one probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The figure of merit on the test clips.
    pub measure: Measure,
    /// What was predicted of each labelled test clip.
    pub predictions: Predictions,
    /// What was chosen, and how, in words.
    pub chosen: Option<String>,
}

/// Rows, and the answers of those that have one.
struct Part<'a> {
    rows: Matrix,
    places: Option<Places>,
    answers: Answers,
    data: &'a Dataset,
}

impl Part<'_> {
    fn new<'a>(
        rows: &Matrix,
        places: Option<&Places>,
        data: &'a Dataset,
        task: Task,
        what: &str,
    ) -> Result<Part<'a>, Error> {
        let answers = answers(data, task, what)?;
        Ok(Part {
            rows: rows.select(&answers.rows),
            places: places.map(|places| places.select(&answers.rows)),
            answers,
            data,
        })
    }

    fn predictions(&self, guess: Guess) -> Result<Predictions, Error> {
        let classes = match self.answers.truth {
            Truth::Numbers(_) => Vec::new(),
            _ => self.data.classes().to_vec(),
        };
        let made = Predictions::new(guess, self.answers.truth.clone(), classes)?;
        Ok(made.of_clips(self.data, &self.answers.rows))
    }

    fn places(&self) -> Places {
        self.places
            .clone()
            .unwrap_or_else(|| Places::of_rows(&self.rows))
    }
}

/// Fits a probe on the labelled training clips and judges it on the labelled test clips. What is chosen is chosen on the
/// validation clips, never on those of the test.
///
/// # Errors
/// [`Error::Labels`] if there are none, or the probe predicts something else; [`Error::Run`] if something is to be chosen and
/// there are no validation clips; and what the probe and the figure report.
pub fn judge(
    subject: &Subject,
    [train, validation, test]: [&Dataset; 3],
    probe: Probe,
    options: &JudgeOptions,
    device: &Device,
    stop: Stop<'_>,
) -> Result<Judgement, Error> {
    let none = || Error::Labels("the training clips have no labels to judge by".to_owned());
    let task = probe.task(train).ok_or_else(none)?;
    if probe == Probe::Linear && task == Task::Numbers {
        let text = "`linear_probe` predicts classes, and the clips have numbers to predict: `ridge` does that";
        return Err(Error::Labels(text.to_owned()));
    }
    let metric = fitting_metric(options, task)?;
    let [train_places, validation_places, test_places] = match &subject.places {
        Some([a, b, c]) => [Some(a), Some(b), Some(c)],
        None => [None; 3],
    };
    let train = Part::new(&subject.train, train_places, train, task, "training")?;
    let test = Part::new(&subject.test, test_places, test, task, "test")?;
    let validation = match subject.validation.rows() {
        0 => None,
        _ => Some(Part::new(
            &subject.validation,
            validation_places,
            validation,
            task,
            "validation",
        )?),
    };
    if options.tune && validation.is_none() {
        return Err(Error::Run {
            message: "`tune` chooses on validation clips, and the split has none".to_owned(),
            hint: "split with `validation: 0.1`, or `#{ rule: \"official\", validation: 0.1, group: \"patient\" }`".to_owned(),
        });
    }
    let context = Context {
        train,
        validation,
        test,
        metric,
        options,
        device,
        stop,
    };
    let (guess, chosen) = match probe {
        Probe::Linear => context.linear()?,
        Probe::Knn => context.knn()?,
        Probe::Ridge => context.ridge()?,
        Probe::Mlp => context.neural(Shape::Mlp)?,
        Probe::Attentive => context.neural(Shape::Attention)?,
    };
    let predictions = context.test.predictions(guess)?;
    let measure = measure(&predictions, metric, &options.measure)?;
    Ok(Judgement {
        measure,
        predictions,
        chosen,
    })
}

/// Judges what a network that was trained on the labels gives: logits of classes, or numbers.
///
/// # Shapes
/// `given` `[clips, classes]`, or `[clips, 1]` of numbers; a row for each clip of `test`.
///
/// # Errors
/// [`Error::Shape`] for other shapes, [`Error::Labels`] if the clips have nothing of the task, or the figure judges something
/// else, and what the figure reports.
pub fn judge_logits(
    given: &Matrix,
    test: &Dataset,
    task: Task,
    options: &JudgeOptions,
) -> Result<Judgement, Error> {
    let n = test.len();
    let columns = match task {
        Task::Numbers => 1,
        Task::Classes | Task::Several => test.classes().len(),
    };
    if given.rows() != n || given.columns != columns {
        return Err(Error::Shape {
            what: "logits",
            want: format!("[{n}, {columns}]"),
            got: vec![given.rows(), given.columns],
        });
    }
    let metric = fitting_metric(options, task)?;
    let part = Part::new(given, None, test, task, "test")?;
    let mut rows = part.rows.clone();
    let guess = match task {
        Task::Classes => Guess::of_one_class(rows),
        Task::Several => {
            let logits = rows.values.iter_mut();
            logits.for_each(|logit| *logit = 1.0 / (1.0 + libm::exp(-*logit)));
            Guess::Scores(rows)
        }
        Task::Numbers => Guess::Numbers(rows.values),
    };
    let predictions = part.predictions(guess)?;
    let measure = measure(&predictions, metric, &options.measure)?;
    Ok(Judgement {
        measure,
        predictions,
        chosen: None,
    })
}

/// The figure of merit of what is predicted.
///
/// # Errors
/// [`Error::Labels`] if the one that is asked for judges something else.
fn fitting_metric(options: &JudgeOptions, task: Task) -> Result<Metric, Error> {
    let metric = options.metric(task);
    if (metric.reads() == Reads::Numbers) == (task == Task::Numbers) {
        return Ok(metric);
    }
    let of = match task {
        Task::Numbers => "numbers",
        _ => "classes",
    };
    let word = metric.word();
    Err(Error::Labels(format!(
        "`{word}` does not judge predictions of {of}"
    )))
}

/// The mean of the training clips' numbers, as the prediction for every test clip: the floor of a regression.
///
/// # Errors
/// As [`judge`].
pub fn judge_mean(
    train: &Dataset,
    test: &Dataset,
    options: &JudgeOptions,
) -> Result<Judgement, Error> {
    let none = Matrix {
        columns: 0,
        values: Vec::new(),
    };
    let answers = answers(train, Task::Numbers, "training")?;
    let Truth::Numbers(numbers) = &answers.truth else {
        unreachable!("numbers were asked for")
    };
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    let test = Part::new(&none, None, test, Task::Numbers, "test")?;
    let predictions = test.predictions(Guess::Numbers(vec![mean; test.answers.rows.len()]))?;
    let measure = measure(
        &predictions,
        options.metric(Task::Numbers),
        &options.measure,
    )?;
    Ok(Judgement {
        measure,
        predictions,
        chosen: None,
    })
}

struct Context<'a> {
    train: Part<'a>,
    validation: Option<Part<'a>>,
    test: Part<'a>,
    metric: Metric,
    options: &'a JudgeOptions,
    device: &'a Device,
    stop: Stop<'a>,
}

/// Predictions, and what was chosen for them.
type Made = (Guess, Option<String>);

impl Context<'_> {
    /// The best of some values on the validation clips; the first among equals. Those on which the figure has no value
    /// are passed over.
    fn best<T: Copy + std::fmt::Display>(
        &self,
        name: &str,
        values: &[T],
        predict: impl Fn(T, &Matrix) -> Result<Guess, Error>,
    ) -> Result<Option<(T, String)>, Error> {
        let Some(validation) = &self.validation else {
            return Ok(None);
        };
        let plain = MeasureOptions {
            interval: IntervalKind::None,
            ..MeasureOptions::default()
        };
        let mut best: Option<(T, f64)> = None;
        for &value in values {
            if (self.stop)() {
                return Err(Error::Stopped);
            }
            let guess = predict(value, &validation.rows)?;
            let found = measure(&validation.predictions(guess)?, self.metric, &plain);
            let Ok(found) = found else { continue };
            let (found, is_error) = (found.interval.value, self.metric.is_error());
            if best.is_none_or(|(_, before)| {
                if is_error {
                    found < before
                } else {
                    found > before
                }
            }) {
                best = Some((value, found));
            }
        }
        let (value, found) = best.ok_or_else(|| {
            Error::Labels(format!(
                "`{}` has no value on the validation clips",
                self.metric.word()
            ))
        })?;
        let word = self.metric.word();
        Ok(Some((
            value,
            format!("{name} = {value}, by {word} {found:.3} on validation clips"),
        )))
    }

    fn linear(&self) -> Result<Made, Error> {
        let scaler = Scaler::fit(&self.train.rows);
        let x = scaler.apply(&self.train.rows);
        let n_classes = self.train.data.classes().len();
        let predict = |options: LogisticOptions, rows: &Matrix| -> Result<Guess, Error> {
            let rows = scaler.apply(rows);
            let fit = |labels: &[usize], n: usize| LogisticRegression::fit(&x, labels, n, options);
            Ok(Guess::Scores(match &self.train.answers.truth {
                Truth::Classes(labels) => fit(labels, n_classes)?.probabilities(&rows),
                Truth::Several(several) => {
                    let mut scores = vec![vec![0.0; n_classes]; rows.rows()];
                    for class in 0..n_classes {
                        let labels: Vec<usize> =
                            several.iter().map(|row| usize::from(row[class])).collect();
                        // A class of all clips or of none has nothing to fit.
                        if labels.iter().all(|label| *label == labels[0]) {
                            scores
                                .iter_mut()
                                .for_each(|row| row[class] = labels[0] as f64);
                            continue;
                        }
                        let found = fit(&labels, 2)?.probabilities(&rows);
                        scores
                            .iter_mut()
                            .enumerate()
                            .for_each(|(i, row)| row[class] = found.row(i)[1]);
                    }
                    Matrix::of_rows(scores)
                }
                Truth::Numbers(_) => unreachable!("checked in `judge`"),
            }))
        };
        let mut options = self.options.logistic;
        let mut chosen = None;
        if self.options.tune {
            let grid: Vec<f64> = (-4..=4).map(|exponent| 10f64.powi(exponent)).collect();
            let with = |c: f64| LogisticOptions {
                penalty: Penalty::C(c),
                ..options
            };
            let best = self.best("C", &grid, |c, rows| predict(with(c), rows))?;
            if let Some((c, told)) = best {
                (options, chosen) = (with(c), Some(told));
            }
        }
        Ok((predict(options, &self.test.rows)?, chosen))
    }

    fn knn(&self) -> Result<Made, Error> {
        let n_classes = self.train.data.classes().len();
        let predict = |options: KnnOptions, rows: &Matrix| -> Result<Guess, Error> {
            let votes = knn_votes(&self.train.rows, rows, options)?;
            if let Truth::Numbers(numbers) = &self.train.answers.truth {
                let mean = |votes: &Vec<(usize, f64)>| {
                    let total: f64 = votes.iter().map(|(_, weight)| weight).sum();
                    votes
                        .iter()
                        .map(|(row, weight)| weight * numbers[*row])
                        .sum::<f64>()
                        / total
                };
                return Ok(Guess::Numbers(votes.iter().map(mean).collect()));
            }
            let scores = |votes: &Vec<(usize, f64)>| {
                let total: f64 = votes.iter().map(|(_, weight)| weight).sum();
                let mut scores = vec![0.0; n_classes];
                for &(row, weight) in votes {
                    match &self.train.answers.truth {
                        Truth::Classes(labels) => scores[labels[row]] += weight / total,
                        Truth::Several(several) => {
                            let own = scores.iter_mut().zip(&several[row]);
                            own.filter(|(_, is)| **is)
                                .for_each(|(score, _)| *score += weight / total);
                        }
                        Truth::Numbers(_) => {}
                    }
                }
                scores
            };
            Ok(Guess::Scores(Matrix::of_rows(
                votes.iter().map(scores).collect(),
            )))
        };
        let mut options = self.options.knn;
        let mut chosen = None;
        if self.options.tune {
            let with = |k: usize| KnnOptions { k, ..options };
            let best = self.best("k", &[1, 3, 5, 10, 20, 50, 100, 200], |k, rows| {
                predict(with(k), rows)
            })?;
            if let Some((k, told)) = best {
                (options, chosen) = (with(k), Some(told));
            }
        }
        Ok((predict(options, &self.test.rows)?, chosen))
    }

    fn ridge(&self) -> Result<Made, Error> {
        let scaler = Scaler::fit(&self.train.rows);
        let x = scaler.apply(&self.train.rows);
        let Truth::Numbers(y) = &self.train.answers.truth else {
            unreachable!("ridge asks for numbers")
        };
        let predict = |alpha: f64, rows: &Matrix| -> Result<Guess, Error> {
            Ok(Guess::Numbers(
                Ridge::fit(&x, y, alpha)?.predict(&scaler.apply(rows)),
            ))
        };
        let grid: Vec<f64> = (-3..=3).map(|exponent| 10f64.powi(exponent)).collect();
        let (alpha, chosen) = match self.options.alpha {
            Some(alpha) if !self.options.tune => (alpha, None),
            _ => match self.best("alpha", &grid, predict)? {
                Some((alpha, told)) => (alpha, Some(told)),
                None => (
                    1.0,
                    Some("alpha = 1: there are no validation clips to choose it on".to_owned()),
                ),
            },
        };
        Ok((predict(alpha, &self.test.rows)?, chosen))
    }

    fn neural(&self, shape: Shape) -> Result<Made, Error> {
        let scaler = Scaler::fit(&self.train.rows);
        let places = |part: &Part<'_>| match shape {
            Shape::Mlp => Places::of_rows(&scaler.apply(&part.rows)),
            Shape::Attention => part.places(),
        };
        let train = places(&self.train);
        let validation = self
            .validation
            .as_ref()
            .map(|part| (places(part), &part.answers.truth));
        let probe = NeuralProbe::fit(
            shape,
            (&train, &self.train.answers.truth),
            validation.as_ref().map(|(x, truth)| (x, *truth)),
            self.train.data.classes().len(),
            &self.options.neural,
            self.device,
            self.stop,
        )?;
        let values = probe.predict(&places(&self.test));
        let guess = match &self.train.answers.truth {
            Truth::Numbers(_) => Guess::Numbers(values),
            _ => Guess::Scores(Matrix {
                columns: self.train.data.classes().len(),
                values,
            }),
        };
        Ok((guess, Some(probe.told)))
    }
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
