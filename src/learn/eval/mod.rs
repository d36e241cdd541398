//! Judging encoders: embeddings, probes, metrics and reports.

mod embed;
mod interactive;
mod interval;
mod judge;
mod knn;
mod logistic;
mod matrix;
mod metrics;
mod page;
mod report;
pub mod study;

pub use embed::{embed, floor};
pub use interactive::library;
pub use interval::{Interval, mean_interval, wilson};
pub use judge::{JudgeOptions, Judgement, Probe, Subject, judge, random_encoder};
pub use knn::{KnnOptions, knn_scores};
pub use logistic::{ClassWeight, LogisticOptions, LogisticRegression, Penalty, Scaler};
pub use matrix::Matrix;
pub use metrics::{accuracy, confusion};
pub use page::page;
pub use report::{Curve, Report, Row, Score};
