//! The plan of runs that are joined: what they were told alike.

use super::Plan;
use super::identity::plan_settings;
use super::joined::Joined;
use crate::Error;
use crate::feed::Supply;
use auricle_audio::augment::Views;
use std::sync::Arc;

/// What the runs of both have in common. A batch has the views of the method that wants most of them, and the labels of the
/// method that reads them.
///
/// # Errors
/// [`Error::Run`] naming what they differ in.
pub(super) fn shared_plan(one: (&Joined, &Plan), other: (&Joined, &Plan)) -> Result<Plan, Error> {
    let ((_, a), (_, b)) = (one, other);
    if a.encoder.architecture() != b.encoder.architecture()
        || a.encoder.weights() != b.encoder.weights()
    {
        return Err(Error::Run {
            message: "runs that are joined train one model, these train two".into(),
            hint: "give both the same model, held in a variable".into(),
        });
    }
    if sounds(a) != sounds(b) {
        return Err(differ("data", &a.data.describe(), &b.data.describe()));
    }
    let (of_a, of_b) = (told(a), told(b));
    for name in of_a.iter().chain(&of_b).map(|(name, _)| name) {
        let value = |told: &[(String, String)]| {
            let found = told.iter().find(|(own, _)| own == name);
            found.map_or_else(|| "()".to_owned(), |(_, value)| value.clone())
        };
        if value(&of_a) != value(&of_b) {
            return Err(differ(name, &value(&of_a), &value(&of_b)));
        }
    }
    Ok(Plan {
        views: views(one, other)?,
        data: labelled(one, other)?,
        ..a.clone()
    })
}

fn differ(what: &str, a: &str, b: &str) -> Error {
    Error::Run {
        message: format!("runs that are joined differ in `{what}`: {a} and {b}"),
        hint: "give both the same data and the same options, held in variables".into(),
    }
}

/// What the whole run is told once.
fn told(plan: &Plan) -> Vec<(String, String)> {
    let mut told = plan_settings(plan, String::new());
    told.retain(|(name, _)| !["data", "recipe"].contains(&name.as_str()));
    told.push(("seed".to_owned(), plan.seed.to_string()));
    told.push(("every".to_owned(), plan.every.to_string()));
    told.push(("out".to_owned(), format!("{:?}", plan.out)));
    if let Some(validation) = &plan.validation {
        let mut pieces = Vec::new();
        validation.identify(&mut |piece| pieces.push(piece.to_owned()));
        told.push(("validation clips".to_owned(), pieces.join(" ")));
    }
    told
}

fn sounds(plan: &Plan) -> Vec<String> {
    let mut pieces = Vec::new();
    plan.data
        .identify(&mut |piece| pieces.push(piece.to_owned()));
    pieces
}

/// A method of one view takes any number of them, made by its recipe.
fn views(one: (&Joined, &Plan), other: (&Joined, &Plan)) -> Result<Views, Error> {
    let ((_, a), (_, b)) = (one, other);
    if a.views == b.views {
        return Ok(a.views.clone());
    }
    let covers = |many: &Plan, (methods, single): (&Joined, &Plan)| {
        let same = match single.views.recipes() {
            [recipe] => many.views.recipes().iter().all(|own| own == recipe),
            _ => false,
        };
        same && !methods.compare_views()
    };
    if covers(a, other) {
        return Ok(a.views.clone());
    }
    if covers(b, one) {
        return Ok(b.views.clone());
    }
    Err(differ("recipe", &a.views.to_string(), &b.views.to_string()))
}

fn labelled(one: (&Joined, &Plan), other: (&Joined, &Plan)) -> Result<Arc<dyn Supply>, Error> {
    let labels = |plan: &Plan| {
        let mut pieces = Vec::new();
        plan.data
            .identify_labels(&mut |piece| pieces.push(piece.to_owned()));
        pieces
    };
    let ((methods_a, a), (methods_b, b)) = (one, other);
    match (methods_a.reads_labels(), methods_b.reads_labels()) {
        (true, true) if labels(a) != labels(b) => Err(differ(
            "labels",
            &a.data.describe_labels(),
            &b.data.describe_labels(),
        )),
        (false, true) => Ok(b.data.clone()),
        _ => Ok(a.data.clone()),
    }
}
