//! Figures of merit and their intervals.

use super::{Case, cases};
use crate::eval::{
    Guess, IntervalKind, Matrix, Measure, MeasureOptions, Metric, Predictions, Truth, measure,
};

fn names(n: usize) -> Vec<String> {
    (0..n).map(|class| class.to_string()).collect()
}

/// A figure without an interval: these have their own cases.
fn plain(given: &Predictions, metric: Metric) -> Measure {
    let options = MeasureOptions {
        interval: IntervalKind::None,
        ..MeasureOptions::default()
    };
    measure(given, metric, &options).unwrap()
}

fn binary(scores: Vec<f64>, labels: Vec<usize>) -> Predictions {
    let scores = Matrix {
        columns: 1,
        values: scores,
    };
    Predictions::new(Guess::Scores(scores), Truth::Classes(labels), names(2)).unwrap()
}

#[test]
fn figures_of_two_classes() {
    for case in cases("metric_binary") {
        let labels = case.labels("labels");
        let scores = case.input("scores");
        let given = [
            ("plain", scores.to_vec()),
            ("ties", case.input("scores_ties").to_vec()),
            ("inverted", scores.iter().map(|score| -score).collect()),
            ("constant", vec![0.0; labels.len()]),
            (
                "perfect",
                labels
                    .iter()
                    .map(|&label| 2.0 * label as f64 - 1.0)
                    .collect(),
            ),
        ];
        for (name, scores) in given {
            let given = binary(scores, labels.clone());
            let value = |metric| [plain(&given, metric).interval.value];
            case.check(&format!("auroc.{name}"), &value(Metric::Auroc));
            case.check(&format!("ap.{name}"), &value(Metric::AveragePrecision));
        }
    }
}

#[test]
fn figures_of_several_classes_a_clip() {
    for case in cases("metric_multilabel") {
        let scores = case.matrix("scores");
        let labels = case.matrix("labels");
        let rows =
            (0..labels.rows()).map(|row| labels.row(row).iter().map(|x| *x == 1.0).collect());
        let classes = names(scores.columns);
        let given = Predictions::new(
            Guess::Scores(scores),
            Truth::Several(rows.collect()),
            classes,
        )
        .unwrap();
        // The vectors have -1 where a class has no value.
        let parts = |found: &Measure| -> Vec<f64> {
            found
                .parts
                .iter()
                .map(|(_, x)| if x.is_nan() { -1.0 } else { *x })
                .collect()
        };
        let (area, precision) = (
            plain(&given, Metric::Auroc),
            plain(&given, Metric::AveragePrecision),
        );
        case.check("auroc_per_class", &parts(&area));
        case.check("auroc_macro", &[area.interval.value]);
        case.check("ap_per_class", &parts(&precision));
        case.check("map_macro", &[precision.interval.value]);
        case.check("dprime", &[plain(&given, Metric::DPrime).interval.value]);
    }
}

#[test]
fn figures_of_one_class_a_clip() {
    for case in cases("metric_multiclass") {
        let classes: Vec<String> = case.params["classes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.to_string())
            .collect();
        let truth = Truth::Classes(case.labels("labels"));
        let given = Predictions::new(Guess::of_one_class(case.matrix("logits")), truth, classes);
        let given = given.unwrap();
        let value = |metric| [plain(&given, metric).interval.value];
        for (name, exact) in [("4class", true), ("2class", false)] {
            let found = plain(&given, Metric::Icbhi { exact, normal: 0 });
            case.check(&format!("score_{name}"), &[found.interval.value]);
            case.check("specificity", &[found.parts[0].1]);
            case.check(&format!("sensitivity_{name}"), &[found.parts[1].1]);
        }
        case.check("accuracy", &value(Metric::Accuracy));
        case.check("balanced_accuracy", &value(Metric::BalancedAccuracy));
        case.check("f1_macro", &value(Metric::F1));
        case.check("top2_accuracy", &value(Metric::TopK(2)));
        case.check("auroc_ovr_macro", &value(Metric::Auroc));
        let counts: Vec<f64> = given
            .confusion()
            .unwrap()
            .concat()
            .iter()
            .map(|&n| n as f64)
            .collect();
        case.check("confusion", &counts);
    }
}

#[test]
fn the_interval_of_an_area() {
    let check = |case: &Case, name: &str, scores: &str| {
        let given = binary(case.input(scores).to_vec(), case.labels("labels"));
        let found = measure(&given, Metric::Auroc, &MeasureOptions::default()).unwrap();
        case.check(&format!("{name}.auroc"), &[found.interval.value]);
        case.check(&format!("{name}.se"), &[found.standard_error.unwrap()]);
    };
    for case in cases("metric_uncertainty") {
        check(&case, "delong", "scores");
        check(&case, "delong_ties", "scores_ties");
    }
}
