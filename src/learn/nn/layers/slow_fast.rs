//! Two networks over slower and faster time, joined before every stage.

use super::edge::Edge;
use super::expression::{BRANCHES, Branches, Expression, Level};
use super::layer::{Declaration, Fitted, Place, Plan, Refusal, Site};
use super::node::{CHECKED, Children, Flow, Node, Operation};
use super::shape::Shape;
use super::window::same;
use crate::Error;
use crate::nn::onnx::Graph;
use crate::nn::slower::slower;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Settings};
use std::sync::Arc;

/// `s_0 = slow_0(max over time of x)`, `f_0 = fast_0(x)`; then `s_i = slow_i(s_(i-1) ++
/// links_(i-1)(f_(i-1)))` and `f_i = fast_i(f_(i-1))`, which give rows at last: `f_n ++ s_n`.
pub(super) static SLOW_FAST: Declaration = Declaration {
    name: "slow_fast",
    about: "Makes two networks over the same clip, one over slower time: before each of its stages \
        the fast one lends it channels. Both end in rows, which are joined, the fast one's first.",
    citation: "Feichtenhofer et al., 2019; for sound Wang et al., 2022",
    parameters: &[
        branches(
            "slow",
            "an array of layers, a stem and one for each stage, over slower time",
        ),
        branches("fast", "as many over the time of the clip"),
        branches(
            "links",
            "an array of layers, one before each stage, from the fast to the slow network; they \
             make time as slow as the slow one's",
        ),
        Parameter::option(
            "ratio",
            Kind::Count {
                low: 1.0,
                high: 1024.0,
            },
            DefaultValue::Number(4.0),
            "frames of which the slow network sees the maximum; they are the first axis of the map, \
             as behind `swap_axes()`",
        ),
        Parameter::option(
            "inline",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether the names inside stand without a number and `slow.0`, `fast.0` and `links.0` \
             before them",
        ),
    ],
    facts: (),
    example: "let stages = |n| [conv2d(n), relu() |> global_mean()]; \
        let links = [conv2d(2, #{ stride: [4, 1] })]; \
        let m = swap_axes() |> slow_fast(stages.call(8), stages.call(2), links); \
        assert(m.build().dim == 2 + 10)",
    build: |settings| Ok(Arc::new(Pathways::new(settings)?)),
};

const fn branches(name: &'static str, about: &'static str) -> Parameter {
    Parameter::positional(name, Kind::Nested(&BRANCHES), DefaultValue::Required, about)
}

#[derive(Debug)]
struct Pathways {
    slow: Vec<Expression>,
    fast: Vec<Expression>,
    links: Vec<Expression>,
    ratio: usize,
    inline: bool,
}

impl Pathways {
    fn new(settings: &Settings<'_>) -> Result<Pathways, Error> {
        let layers = |name: &str| {
            let branches = settings.inside::<Branches>(name).cloned();
            branches.expect("the layers are required").0
        };
        let (slow, fast, links) = (layers("slow"), layers("fast"), layers("links"));
        if slow.len() < 2 {
            return Err(Error::range(
                "slow",
                "a stem and a stage at least",
                slow.len(),
            ));
        }
        if fast.len() != slow.len() {
            let want = format!("as many as `slow`, {}", slow.len());
            return Err(Error::range("fast", want, fast.len()));
        }
        if links.len() + 1 != slow.len() {
            let want = format!("one before each stage, {}", slow.len() - 1);
            return Err(Error::range("links", want, links.len()));
        }
        Ok(Pathways {
            slow,
            fast,
            links,
            ratio: settings.count("ratio"),
            inline: settings.flag("inline"),
        })
    }

    fn part(
        &self,
        site: &mut Site,
        layers: &Expression,
        name: String,
        input: &Shape,
    ) -> Result<(Shape, Place), Refusal> {
        let name = (!self.inline).then_some(name);
        let level = if self.inline {
            Level::Top
        } else {
            Level::Inside
        };
        let (fitted, path) = site.inside(name.as_deref(), |site| {
            Ok((layers.fit(site, input, level)?, site.path()))
        })?;
        // Without a name there is nothing that a map could be asked for by.
        let path = name.as_ref().map(|_| path).unwrap_or_default();
        Ok(Place::new(name, path, fitted))
    }
}

impl Plan for Pathways {
    fn is_nameless(&self) -> bool {
        self.inline
    }

    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Map(channels, [time, frequency]) = input else {
            return Err(Refusal::needs("a map"));
        };
        let axes = [same(time, self.ratio, self.ratio), frequency.clone()];
        let mut slow = Shape::Map(*channels, axes);
        let mut fast = input.clone();
        site.push("maximum", &slow, 0, 0);
        let ratio = self.ratio;
        let slower = Fitted::new(slow.clone(), move |_| Node::plain(Slower(ratio)));
        let (_, slower) = Place::new(None, String::new(), slower);
        let mut places = vec![slower];
        for index in 0..self.slow.len() {
            if index > 0 {
                let link = format!("links.{}", index - 1);
                let (lent, place) = self.part(site, &self.links[index - 1], link, &fast)?;
                places.push(place);
                if slow.with_channels(lent.channels()) != lent {
                    return Err(Refusal::Here {
                        want: format!("links that give {slow}, but for the channels"),
                        got: Some(lent.to_string()),
                    });
                }
                slow = slow.with_channels(slow.channels() + lent.channels());
            }
            for (name, layers, shape) in [
                ("slow", &self.slow[index], &mut slow),
                ("fast", &self.fast[index], &mut fast),
            ] {
                let (given, place) = self.part(site, layers, format!("{name}.{index}"), shape)?;
                places.push(place);
                *shape = given;
            }
        }
        let (Shape::Row(slow), Shape::Row(fast)) = (&slow, &fast) else {
            let not_a_row = [slow, fast]
                .into_iter()
                .find(|s| !matches!(s, Shape::Row(_)));
            return Err(Refusal::Here {
                want: "networks that end in rows, as `global_mean()` gives".into(),
                got: not_a_row.map(|shape| shape.to_string()),
            });
        };
        let shape = Shape::Row(slow + fast);
        site.push("fast, then slow features", &shape, 0, 0);
        Ok(Fitted::new(shape, move |device| {
            let built = places.into_iter().map(|place| place.build(device));
            Node::SlowFast(Children(built.collect()))
        }))
    }
}

/// The maximum of every few frames, the first axis of a map.
#[derive(Debug)]
struct Slower(usize);

impl Operation for Slower {
    fn apply(&self, x: Flow) -> Flow {
        match x {
            Flow::Map(x) => Flow::Map(slower(x, self.0)),
            _ => unreachable!("{CHECKED}"),
        }
    }

    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        x.with(graph.pooled("MaxPool", &x.name, [self.0, 1]))
    }
}
