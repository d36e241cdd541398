//! Layers with a shortcut beside them.

use super::expression::{Expression, LAYERS, Level};
use super::layer::{Declaration, Fitted, Place, Plan, Refusal, Site};
use super::node::{Children, Node};
use super::shape::Shape;
use auricle_audio::declare::{DefaultValue, Kind, Parameter};
use std::sync::Arc;

/// `y = body(x) + shortcut(x)`, where the shortcut is `x` itself if there is none.
pub(super) static RESIDUAL: Declaration = Declaration {
    name: "residual",
    about: "Makes a layer that adds its input, or what a shortcut makes of it, to what other layers \
        make of it.",
    citation: "He et al., 2016",
    parameters: &[
        Parameter::positional(
            "body",
            Kind::Nested(&LAYERS),
            DefaultValue::Required,
            "the layers; their weights are named `body`",
        ),
        Parameter::option(
            "shortcut",
            Kind::Nested(&LAYERS),
            DefaultValue::Absent,
            "layers beside them, where the body gives another shape than it is given; their weights \
             are named `shortcut`",
        ),
        Parameter::option(
            "inline",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether the names inside stand without `body` and `shortcut` before them, as in files of \
             other libraries",
        ),
    ],
    facts: (),
    example: "let m = (conv2d(4) |> residual(conv2d(4) |> relu()) |> global_mean()).build(); \
        assert(m.n_parameters == 4 * 10 + 4 * 37)",
    build: |settings| {
        let body = settings.inside::<Expression>("body").cloned();
        Ok(Arc::new(Residual {
            body: body.expect("the body is required"),
            shortcut: settings.inside("shortcut").cloned(),
            inline: settings.flag("inline"),
        }))
    },
};

#[derive(Debug)]
struct Residual {
    body: Expression,
    shortcut: Option<Expression>,
    inline: bool,
}

impl Plan for Residual {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let mut part = |layers: &Expression, name: &'static str| {
            let name = (!self.inline).then_some(name);
            // Without a name of their own, layers have their number or name.
            let level = if self.inline {
                Level::Top
            } else {
                Level::Inside
            };
            let (fitted, path) = site.inside(name, |site| {
                Ok((layers.fit(site, input, level)?, site.path()))
            })?;
            // Without a name there is nothing that a map could be asked for by.
            let path = name.map(|_| path).unwrap_or_default();
            let name = name.map(str::to_owned);
            Ok::<_, Refusal>(Place::new(name, path, fitted))
        };
        let shortcut = self.shortcut.as_ref();
        let shortcut = shortcut
            .map(|layers| part(layers, "shortcut"))
            .transpose()?;
        let (shape, body) = part(&self.body, "body")?;
        let (beside, shortcut) = match shortcut {
            Some((shape, place)) => (shape, Some(place)),
            None => (input.clone(), None),
        };
        if shape != beside {
            let want = match shortcut {
                Some(_) => format!("a body that gives what the shortcut gives, {beside}"),
                None => format!("a body that gives its input, {beside}, or a `shortcut`"),
            };
            return Err(Refusal::Here {
                want,
                got: Some(shape.to_string()),
            });
        }
        site.push("sum with the shortcut", &shape, 0, 0);
        Ok(Fitted::new(shape, move |device| {
            let places = std::iter::once(body).chain(shortcut);
            Node::Residual(Children(places.map(|place| place.build(device)).collect()))
        }))
    }

    fn reads_waves(&self) -> bool {
        self.body.reads_waves()
    }
}
