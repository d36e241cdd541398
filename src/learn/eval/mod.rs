//! Judging encoders: embeddings, probes, metrics and reports.

mod answers;
mod comparing;
mod distributions;
mod embed;
mod interval;
mod judge;
mod judging;
mod knn;
mod logistic;
mod matrix;
mod measuring;
mod metric;
mod metrics;
mod neural;
mod places;
mod predictions;
mod projection;
mod ranking;
mod report;
mod report_figures;
mod ridge;
pub mod study;

pub use crate::batch::Task;
pub use comparing::{Comparison, Test, compare_predictions, compare_results};
pub use distributions::normal_quantile;
pub use embed::{embed, floor};
pub use interval::{Interval, mean_interval, wilson};
pub use judge::{
    JudgeOptions, Judgement, Probe, Subject, judge, judge_logits, judge_mean, random_encoder,
};
pub use judging::{Candidate, Judged, Judging};
use knn::knn_votes;
pub use knn::{KnnOptions, knn_scores, normalized};
pub use logistic::{ClassWeight, LogisticOptions, LogisticRegression, Penalty, Scaler};
pub use matrix::Matrix;
pub use measuring::{IntervalKind, Measure, MeasureOptions, measure};
pub use metric::{Metric, Reads};
pub use metrics::{accuracy, confusion};
pub use neural::NeuralOptions;
pub use places::{Places, Pooling, Reading, embed_places, embed_pooled};
pub use predictions::{Guess, Predictions, Truth};
pub use projection::{Projection, Projector, TsneOptions, UmapOptions, project, trustworthiness};
pub use ranking::{auroc, average_precision, delong};
pub use report::{Curve, Report, Role, Row, Score};
pub use ridge::Ridge;
