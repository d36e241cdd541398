//! The methods of a run with their weights, as the run is told them.

use super::Plan;
use super::described::DescribedMethod;
use super::objective::{Objective, Weighted};
use crate::Error;
use burn::tensor::Device;
use std::fmt;
use std::sync::Arc;

/// Methods, each with what its loss is multiplied by; at least one. Prints as its source.
#[derive(Clone)]
pub(super) struct Joined(Arc<[(f64, DescribedMethod)]>);

impl Joined {
    /// A method alone.
    pub(super) fn one(method: DescribedMethod) -> Joined {
        Joined(Arc::new([(1.0, method)]))
    }

    /// The same methods with all their weights multiplied.
    ///
    /// # Errors
    /// [`Error::Range`] unless the factor is a number above 0.
    pub(super) fn scaled(&self, factor: f64) -> Result<Joined, Error> {
        if !(factor > 0.0 && factor.is_finite()) {
            return Err(Error::range("the weight of a method", "above 0", factor));
        }
        let scaled = self
            .0
            .iter()
            .map(|(weight, method)| (weight * factor, method.clone()));
        Ok(Joined(scaled.collect()))
    }

    /// The methods of both.
    pub(super) fn and(&self, other: &Joined) -> Joined {
        Joined(self.0.iter().chain(other.0.iter()).cloned().collect())
    }

    /// The methods.
    pub(super) fn methods(&self) -> impl Iterator<Item = &DescribedMethod> {
        self.0.iter().map(|(_, method)| method)
    }

    /// The names of the parts, by which their figures are told apart; empty for a method alone.
    pub(super) fn labels(&self) -> Vec<String> {
        if let [_] = *self.0 {
            return vec![String::new()];
        }
        let mut labels: Vec<String> = Vec::new();
        for method in self.methods() {
            let name = method.declaration().name;
            let is_of_name = |label: &&String| {
                label.trim_end_matches(|c: char| c == '_' || c.is_ascii_digit()) == name
            };
            labels.push(match labels.iter().filter(is_of_name).count() {
                0 => name.to_owned(),
                before => format!("{name}_{}", before + 1),
            });
        }
        labels
    }

    /// Its name in the names of folders.
    pub(super) fn name(&self) -> String {
        let names: Vec<&str> = self
            .methods()
            .map(|method| method.declaration().name)
            .collect();
        names.join("-")
    }

    /// The methods as their authors write them, with their weights.
    pub(super) fn title(&self) -> String {
        self.sum(|method| method.declaration().facts.title.to_owned())
    }

    /// The losses with their weights.
    pub(super) fn loss(&self, plan: &Plan) -> String {
        self.sum(|method| method.loss(plan))
    }

    fn sum(&self, text: impl Fn(&DescribedMethod) -> String) -> String {
        let term = |(weight, method): &(f64, DescribedMethod)| match *weight {
            1.0 => text(method),
            weight => format!("{weight} * {}", text(method)),
        };
        let terms: Vec<String> = self.0.iter().map(term).collect();
        terms.join(" + ")
    }

    /// What else decides the result, each with the part that it is of.
    pub(super) fn sizes(&self, plan: &Plan) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (label, method) in self.labels().into_iter().zip(self.methods()) {
            let sizes = method.sizes(plan).into_iter();
            all.extend(sizes.map(|(name, value)| match label.as_str() {
                "" => (name.to_owned(), value),
                label => (format!("{label}'s {name}"), value),
            }));
        }
        all
    }

    /// Whether labels decide the result.
    pub(super) fn reads_labels(&self) -> bool {
        self.methods().any(|method| method.reads_labels())
    }

    /// Whether any of the methods compares two views.
    pub(super) fn compare_views(&self) -> bool {
        let mut methods = self.methods();
        methods.any(|method| method.declaration().facts.n_views == 2)
    }

    /// Checks what the plan alone cannot.
    ///
    /// # Errors
    /// Whatever the methods report, and [`Error::Run`] if one that compares two views is given more or fewer.
    pub(super) fn check(&self, plan: &Plan) -> Result<(), Error> {
        for method in self.methods() {
            let facts = &method.declaration().facts;
            if facts.n_views == 2 {
                plan.check_two_views(facts.title)?;
            }
            method.check(plan)?;
        }
        Ok(())
    }

    /// What a run trains, before its first step.
    ///
    /// # Errors
    /// Whatever building it reports, and what tells of a group of the optimizer that is in none of the parts.
    pub(super) fn begin(&self, plan: &Plan, device: &Device) -> Result<Objective, Error> {
        let first = self.0.iter().zip(self.labels()).enumerate();
        let parts = first.map(|(index, ((weight, method), label))| {
            // The average that is asked for is that of the encoder, which the first part moves.
            let plan = Plan {
                average: plan.average.filter(|_| index == 0),
                ..plan.clone()
            };
            Ok(Weighted {
                label,
                weight: *weight,
                part: method.begin(&plan, device)?,
            })
        });
        let parts = parts.collect::<Result<Vec<_>, Error>>()?;
        check_groups(&parts)?;
        Objective::new(parts)
    }
}

/// That every group of the optimizer is in one of the parts.
fn check_groups(parts: &[Weighted]) -> Result<(), Error> {
    let Some((first, others)) = parts.split_first() else {
        return Ok(());
    };
    let absent = |part: &Weighted, group: &str| {
        let mut groups = part.part.absent_groups().iter();
        groups.any(|(name, _)| name == group)
    };
    let nowhere = first
        .part
        .absent_groups()
        .iter()
        .find(|(group, _)| others.iter().all(|part| absent(part, group)));
    nowhere.map_or(Ok(()), |(_, error)| Err(error.clone()))
}

/// The source that gives it.
impl fmt::Display for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sum(|method| method.to_string()))
    }
}
