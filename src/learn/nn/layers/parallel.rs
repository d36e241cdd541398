//! Branches beside each other.

use super::expression::{BRANCHES, Branches, Level};
use super::layer::{Declaration, Fitted, Place, Plan, Refusal, Site};
use super::node::{Children, Node};
use super::shape::Shape;
use crate::Error;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, words};
use std::sync::Arc;

/// `y = sum over b of b(x)`, or all `b(x)` joined along channels or features.
pub(super) static PARALLEL: Declaration = Declaration {
    name: "parallel",
    about: "Makes branches beside each other, all given the same, and joins what they give.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "branches",
            Kind::Nested(&BRANCHES),
            DefaultValue::Required,
            "an array of layers, one for each branch, at least two",
        ),
        Parameter::option(
            "join",
            Kind::Word(&words(&JOINS)),
            DefaultValue::Word("add"),
            "\"add\" for their sum, or \"concat\" for all their channels or features",
        ),
    ],
    facts: (),
    example: "let m = parallel([global_mean(), global_max()], #{ join: \"concat\" }).build(#{ channels: 3 }); \
        assert(m.dim == 6)",
    build: |settings| {
        let branches = settings.inside::<Branches>("branches").cloned();
        let branches = branches.expect("the branches are required");
        if branches.0.len() < 2 {
            let got = branches.0.len();
            return Err(Error::range("branches", "at least two", got));
        }
        Ok(Arc::new(Parallel {
            branches,
            join: settings.word("join", &JOINS),
        }))
    },
};

const JOINS: [(&str, Join); 2] = [("add", Join::Add), ("concat", Join::Concat)];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Join {
    Add,
    Concat,
}

#[derive(Debug)]
struct Parallel {
    branches: Branches,
    join: Join,
}

impl Plan for Parallel {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let mut places = Vec::new();
        let mut joined: Option<Shape> = None;
        for (index, branch) in self.branches.0.iter().enumerate() {
            let name = index.to_string();
            let (fitted, path) = site.inside(Some(&name), |site| {
                Ok((branch.fit(site, input, Level::Inside)?, site.path()))
            })?;
            let (shape, place) = Place::new(Some(name), path, fitted);
            places.push(place);
            joined = Some(match joined {
                None => shape,
                Some(first) => self.join(&first, &shape)?,
            });
        }
        let shape = joined.expect("there are two branches or more");
        let kind = match self.join {
            Join::Add => "sum",
            Join::Concat => "joined",
        };
        site.push(kind, &shape, 0, 0);
        let join = self.join;
        Ok(Fitted::new(shape, move |device| {
            let children = places.into_iter().map(|place| place.build(device));
            let children = Children(children.collect());
            match join {
                Join::Add => Node::Sum(children),
                Join::Concat => Node::Joined(children),
            }
        }))
    }

    fn reads_waves(&self) -> bool {
        self.branches.0.iter().any(|branch| branch.reads_waves())
    }
}

impl Parallel {
    fn join(&self, first: &Shape, next: &Shape) -> Result<Shape, Refusal> {
        let (fits, channels, want) = match self.join {
            Join::Add => (
                first == next,
                first.channels(),
                format!("branches that all give {first}"),
            ),
            Join::Concat => (
                &first.with_channels(next.channels()) == next,
                first.channels() + next.channels(),
                format!("branches that give {first}, but for their channels"),
            ),
        };
        if fits {
            return Ok(first.with_channels(channels));
        }
        Err(Refusal::Here {
            want,
            got: Some(next.to_string()),
        })
    }
}
