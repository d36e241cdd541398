//! Names of weights.

use super::expression::{Expression, LAYERS, Level};
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::shape::Shape;
use crate::Error;
use auricle_audio::declare::{DefaultValue, Kind, Parameter};
use std::sync::Arc;

/// Layers under a name in files of weights.
pub(super) static NAMED: Declaration = Declaration {
    name: "named",
    about: "Gives layers a name for files of weights, summaries and intermediate maps, in place of \
        their number.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "name",
            Kind::Text,
            DefaultValue::Required,
            "the name; several with points between stand for names inside names",
        ),
        Parameter::positional(
            "layers",
            Kind::Nested(&LAYERS),
            DefaultValue::Required,
            "the layers",
        ),
    ],
    facts: (),
    example: "let m = (named(\"stem\", conv2d(4)) |> global_mean()).build(); \
        assert(m.summary().contains(\"stem\"))",
    build: |settings| {
        let layers = settings.inside::<Expression>("layers").cloned();
        let name = settings.chosen("name").unwrap_or_default().to_owned();
        let is_name = |part: &str| {
            let known = |c: char| c.is_alphanumeric() || c == '_';
            !part.is_empty() && part.chars().all(known)
        };
        if !name.split('.').all(is_name) {
            let want = "letters, digits and underscores, with points between names";
            return Err(Error::range("name", want, format!("{name:?}")));
        }
        Ok(Arc::new(Named {
            name,
            layers: layers.expect("the layers are required"),
        }))
    },
};

#[derive(Debug)]
struct Named {
    name: String,
    layers: Expression,
}

impl Plan for Named {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        self.layers.fit(site, input, Level::Inside)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn reads_waves(&self) -> bool {
        self.layers.reads_waves()
    }
}
