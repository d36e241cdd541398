//! Points of a study.

use serde_json::Value;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// An axis of a study: its name and its values, as JSON or as the source that gives them.
pub type Axis = (String, Vec<Value>);

/// A value of every axis.
pub type Point = BTreeMap<String, Value>;

/// Every point of a grid; the last axis changes fastest.
pub fn grid<V: Clone>(axes: &[(String, Vec<V>)]) -> Vec<BTreeMap<String, V>> {
    axes.iter()
        .fold(vec![BTreeMap::new()], |points, (name, values)| {
            let with = |point: &BTreeMap<String, V>, value: &V| {
                let mut point = point.clone();
                point.insert(name.clone(), value.clone());
                point
            };
            points
                .iter()
                .flat_map(|point| values.iter().map(move |value| with(point, value)))
                .collect()
        })
}

/// The name of a point's file: the same wherever and whenever it is made.
pub(super) fn key(point: &Point) -> String {
    let text = serde_json::to_string(point).unwrap_or_default();
    format!("{:016x}", xxh3_64(text.as_bytes()))
}
