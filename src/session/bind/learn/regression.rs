//! Logistic regression and nearest neighbours on numbers of one's own.

use super::given::{labels, matrix};
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic};
use auricle_learn::eval::{
    ClassWeight, KnnOptions, LogisticOptions, LogisticRegression, Matrix, Penalty, Scaler,
    knn_scores,
};
use rhai::Dynamic;
use std::sync::Arc;

/// A fitted classifier, with the names of its classes and what columns were standardized by.
#[derive(Clone)]
pub(super) struct Fitted(Arc<Parts>);

struct Parts {
    model: LogisticRegression,
    scaler: Option<Scaler>,
    classes: Vec<String>,
}

impl ScriptValue for Fitted {
    const NAME: &'static str = "logistic regression";

    fn text(&self) -> String {
        let Parts { model, classes, .. } = &*self.0;
        let end = if model.converged {
            ""
        } else {
            ", which did not converge"
        };
        format!(
            "logistic regression of {} columns on {} classes, C = {}{end}",
            model.weights.columns,
            classes.len(),
            model.c
        )
    }
}

pub(super) fn functions() -> Vec<Function> {
    let mut all = vec![logistic_regression(), probabilities(), predict(), knn()];
    all.extend(properties());
    all
}

fn rows(matrix: &Matrix) -> Dynamic {
    let row = |row: usize| numbers(matrix.row(row));
    Dynamic::from_array((0..matrix.rows()).map(row).collect())
}

fn numbers(values: &[f64]) -> Dynamic {
    Dynamic::from_array(values.iter().map(|&value| value.into()).collect())
}

/// The penalty and the weight of classes that a call says.
pub(super) fn logistic(call: &Call<'_>) -> Result<LogisticOptions, ScriptError> {
    let c = call.raw("C");
    Ok(LogisticOptions {
        penalty: match c.clone().into_string().as_deref() {
            Ok("cv") => Penalty::CrossValidated,
            _ => Penalty::C(
                call.get::<f64>("C")
                    .map_err(|_| call.wrong("C", "a number or \"cv\""))?,
            ),
        },
        class_weight: call.chosen("class_weight", &CLASS_WEIGHTS)?,
    })
}

const CLASS_WEIGHTS: [(&str, ClassWeight); 2] = [
    ("none", ClassWeight::None),
    ("balanced", ClassWeight::Balanced),
];

/// The options that say penalty and weights.
pub(super) fn with_logistic(function: Function) -> Function {
    function
        .option::<Dynamic>(
            "C",
            1.0,
            "inverse strength of the penalty, above 0, or \"cv\" for the best of 1e-4 to 1e4 in five folds",
        )
        .option::<String>("class_weight", "none", "\"none\", or \"balanced\": every class counts the same")
        .words("C", &["cv"])
        .words("class_weight", &CLASS_WEIGHTS.map(|(word, _)| word))
}

fn logistic_regression() -> Function {
    let function = Function::new("logistic_regression", Topic::Judging, |call| {
        let x = matrix(call, "x")?;
        let (labels, classes) = labels(call, "labels")?;
        if x.rows() != labels.len() {
            return Err(ScriptError::new(format!(
                "`x` has {} rows, and there are {} labels",
                x.rows(),
                labels.len()
            )));
        }
        let scaler = call.get::<bool>("standardize")?.then(|| Scaler::fit(&x));
        let x = scaler.as_ref().map_or(x.clone(), |scaler| scaler.apply(&x));
        let model = LogisticRegression::fit(&x, &labels, classes.len(), logistic(call)?)?;
        Ok(Dynamic::from(Fitted(Arc::new(Parts {
            model,
            scaler,
            classes,
        }))))
    })
    .param::<Dynamic>(
        "x",
        "a tensor [rows, columns], an array of rows, or embeddings",
    )
    .param::<Dynamic>("labels", "the class of each row, numbers from 0 or words")
    .option::<Option<Vec<String>>>("classes", (), "names of the classes in order")
    .option::<bool>(
        "standardize",
        true,
        "whether columns are centred and divided by their deviation first",
    );
    with_logistic(function)
        .long()
        .about("Fits a logistic regression in double precision: the linear probe, on numbers of one's own.")
        .note("minimizes `|W|^2 / 2 + C * sum of w * log loss`, the intercepts free, by L-BFGS to a gradient of 1e-6")
        .returns("logistic regression")
        .example(
            "let f = logistic_regression([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]); \
             assert(f.predict([[0.5], [2.5]]) == [\"0\", \"1\"] && f.converged)",
        )
}

const FITTED: &str = "let f = logistic_regression([[0.0], [1.0], [2.0], [3.0]], [\"low\", \"low\", \"high\", \"high\"]);";

/// The rows that a fitted classifier is asked about, as it knows them.
fn queries(call: &Call<'_>, fitted: &Parts) -> Result<Matrix, ScriptError> {
    let x = matrix(call, "x")?;
    let columns = fitted.model.weights.columns;
    if x.columns != columns {
        return Err(ScriptError::new(format!(
            "`x` must have the {columns} columns of what was fitted, not {}",
            x.columns
        )));
    }
    Ok(fitted
        .scaler
        .as_ref()
        .map_or(x.clone(), |scaler| scaler.apply(&x)))
}

fn probabilities() -> Function {
    Function::new("probabilities", Topic::Judging, |call| {
        let fitted = call.receiver::<Fitted>()?;
        Ok(rows(
            &fitted.0.model.probabilities(&queries(call, &fitted.0)?),
        ))
    })
    .on::<Fitted>()
    .about("Gives the probability of every class for each row.")
    .param::<Dynamic>(
        "x",
        "a tensor [rows, columns], an array of rows, or embeddings",
    )
    .returns("array of rows")
    .example(format!(
        "{FITTED} let p = f.probabilities([[1.5]])[0]; assert_near(p[0] + p[1], 1)"
    ))
}

fn predict() -> Function {
    Function::new("predict", Topic::Judging, |call| {
        let fitted = call.receiver::<Fitted>()?;
        let found = fitted.0.model.predict(&queries(call, &fitted.0)?);
        let names = found
            .into_iter()
            .map(|class| fitted.0.classes[class].clone().into());
        Ok(Dynamic::from_array(names.collect()))
    })
    .on::<Fitted>()
    .about("Gives the most probable class of each row.")
    .param::<Dynamic>(
        "x",
        "a tensor [rows, columns], an array of rows, or embeddings",
    )
    .returns("array")
    .example(format!("{FITTED} assert(f.predict([[9.0]]) == [\"high\"])"))
}

fn properties() -> Vec<Function> {
    fn property<R: Into<Dynamic> + 'static>(
        name: &'static str,
        about: &'static str,
        holds: &str,
        read: fn(&Parts) -> R,
    ) -> Function {
        Function::property::<Fitted, _>(name, Topic::Judging, move |fitted| Ok(read(&fitted.0)))
            .about(about)
            .example(format!("{FITTED} assert({holds})"))
    }
    vec![
        property(
            "classes",
            "Names of the classes, in the order of the probabilities.",
            "f.classes == [\"high\", \"low\"]",
            |f| Dynamic::from_array(f.classes.iter().map(|name| name.clone().into()).collect()),
        ),
        property(
            "weights",
            "A row of weights for each class, or one for the second of two.",
            "f.weights[0].len == 1",
            |f| rows(&f.model.weights),
        ),
        property(
            "intercepts",
            "An intercept for each row of weights.",
            "f.intercepts.len == 1",
            |f| numbers(&f.model.intercepts),
        ),
        property(
            "C",
            "The inverse strength of the penalty that was used.",
            "f.C == 1",
            |f| f.model.c,
        ),
        property(
            "converged",
            "Whether the gradient became small enough.",
            "f.converged",
            |f| f.model.converged,
        ),
        property(
            "mean",
            "Means by which columns were centred; nothing if they were not.",
            "f.mean == [1.5]",
            |f| {
                f.scaler
                    .as_ref()
                    .map_or(Dynamic::UNIT, |scaler| numbers(&scaler.mean))
            },
        ),
        property(
            "deviation",
            "Deviations by which columns were divided, of all rows; nothing if they were not.",
            "abs(f.deviation[0] - sqrt(1.25)) < 1e-12",
            |f| {
                f.scaler
                    .as_ref()
                    .map_or(Dynamic::UNIT, |scaler| numbers(&scaler.deviation))
            },
        ),
    ]
}

fn knn() -> Function {
    let default = KnnOptions::default();
    Function::new("knn_scores", Topic::Judging, |call| {
        let (bank, queries) = (matrix(call, "bank")?, matrix(call, "queries")?);
        let (labels, classes) = labels(call, "labels")?;
        if bank.rows() != labels.len() || bank.columns != queries.columns {
            return Err(ScriptError::new(format!(
                "`bank` is {} x {}, there are {} labels, and `queries` has {} columns: these must fit",
                bank.rows(),
                bank.columns,
                labels.len(),
                queries.columns
            )));
        }
        let options = KnnOptions { k: call.get("k")?, temperature: call.get("temperature")? };
        Ok(rows(&knn_scores(&bank, &labels, &queries, classes.len(), options)?))
    })
    .long()
    .about("Gives the score of every class for each query: each of the k nearest rows by cosine similarity s adds exp(s / temperature) to its class.")
    .note("source: Wu et al., Unsupervised Feature Learning via Non-Parametric Instance Discrimination, 2018")
    .param::<Dynamic>("bank", "rows whose classes are known: a tensor, an array of rows, or embeddings")
    .param::<Dynamic>("labels", "the class of each row, numbers from 0 or words")
    .param::<Dynamic>("queries", "rows that are asked about")
    .option::<usize>("k", default.k as i64, "number of neighbours")
    .option::<f64>("temperature", default.temperature, "temperature of the votes, above 0")
    .option::<Option<Vec<String>>>("classes", (), "names of the classes in order")
    .returns("array of rows")
    .example(
        "let s = knn_scores([[1.0, 0.0], [0.0, 1.0]], [0, 1], [[2.0, 0.1]], #{ k: 2, temperature: 1 }); \
         assert(s[0][0] > s[0][1])",
    )
}
