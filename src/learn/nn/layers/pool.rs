//! Maxima and means over windows.

use super::edge::Edge;
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::{CHECKED, Flow, Node, Operation};
use super::shape::Shape;
use super::window::{SAME, Window, sizes};
use crate::Error;
use crate::nn::onnx::{self, Attribute, Graph};
use crate::nn::ops::max_pool2d;
use auricle_audio::declare::{DefaultValue, Kind, Parameter, Settings};
use burn::tensor::module::{avg_pool1d, avg_pool2d, max_pool1d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use std::sync::Arc;

/// The largest number in every window.
pub(super) static MAX_POOL: Declaration = Declaration {
    name: "max_pool",
    about: "Makes a layer that gives the maximum of every window.",
    citation: "",
    parameters: &[WINDOW, STRIDE, PADDING],
    facts: (),
    example: "let m = (max_pool(2) |> flatten()).build(#{ bands: 2, frames: 4 }); \
        let x = tensor([[[[1, 2, 3, 4], [5, 6, 7, 8]]]]); \
        assert(m.forward(x).to_array() == [[6.0, 8.0]])",
    build: |settings| Ok(Arc::new(Pool::new(Kept::Maximum, settings)?)),
};

/// The mean of every window; zeros of padding count, as in PyTorch.
pub(super) static AVG_POOL: Declaration = Declaration {
    name: "avg_pool",
    about: "Makes a layer that gives the mean of every window; zeros of padding count, as in \
        PyTorch.",
    citation: "",
    parameters: &[WINDOW, STRIDE, PADDING],
    facts: (),
    example: "let m = (avg_pool(2) |> flatten()).build(#{ bands: 2, frames: 4 }); \
        let x = tensor([[[[1, 2, 3, 4], [5, 6, 7, 8]]]]); \
        assert(m.forward(x).to_array() == [[3.5, 5.5]])",
    build: |settings| Ok(Arc::new(Pool::new(Kept::Mean, settings)?)),
};

const WINDOW: Parameter = {
    let about = "size of the window; an array for bands and frames";
    let option = sizes("kernel", 1.0, DefaultValue::Required, about);
    Parameter::positional("kernel", option.kind, option.default, option.about)
};
const STRIDE: Parameter = sizes(
    "stride",
    1.0,
    DefaultValue::Absent,
    "distance of windows; their size if not given",
);
const PADDING: Parameter = Parameter::option(
    "padding",
    Kind::Sizes {
        words: &SAME,
        low: 0.0,
        high: 8192.0,
    },
    DefaultValue::Number(0.0),
    "cells on either side, at most half the window; \"same\" keeps the size at stride 1",
);

#[derive(Clone, Copy, Debug)]
enum Kept {
    Maximum,
    Mean,
}

impl Kept {
    fn kind(self) -> &'static str {
        match self {
            Kept::Maximum => "maximum",
            Kept::Mean => "mean",
        }
    }

    fn to_onnx<const N: usize>(self, graph: &mut Graph, x: &str, window: &Window<N>) -> String {
        let (kernel, stride) = (onnx::whole(window.kernel), onnx::whole(window.stride));
        let pads = onnx::pads(&window.padding);
        let mut options = vec![
            ("kernel_shape", Attribute::Ints(&kernel)),
            ("strides", Attribute::Ints(&stride)),
            ("pads", Attribute::Ints(&pads)),
        ];
        if matches!(self, Kept::Mean) {
            options.push(("count_include_pad", Attribute::Int(1)));
        }
        let kind = match self {
            Kept::Maximum => "MaxPool",
            Kept::Mean => "AveragePool",
        };
        graph.op(kind, &[x], &options)
    }
}

/// A window before it is known over how many axes it moves.
#[derive(Debug)]
struct Pool {
    kept: Kept,
    over_lines: Option<Window<1>>,
    over_maps: Window<2>,
}

impl Pool {
    fn new(kept: Kept, settings: &Settings<'_>) -> Result<Pool, Error> {
        Ok(Pool {
            kept,
            // Two numbers are for maps alone.
            over_lines: Window::of_pool(settings).ok(),
            over_maps: Window::of_pool(settings)?,
        })
    }
}

impl Plan for Pool {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let kept = self.kept;
        let (shape, node) = match (input, &self.over_lines) {
            (Shape::Map(channels, sizes), _) => {
                let window = self.over_maps;
                let shape = Shape::Map(*channels, window.pass(sizes)?);
                (shape, Node::plain(OverMaps { kept, window }))
            }
            (Shape::Line(channels, size), Some(window)) => {
                let [left] = window.pass(std::array::from_ref(size))?;
                let window = *window;
                let shape = Shape::Line(*channels, left);
                (shape, Node::plain(OverLines { kept, window }))
            }
            (Shape::Line(..), None) => {
                return Err(Refusal::needs("a map [channels, bands, frames]"));
            }
            _ => return Err(Refusal::needs("a map or a line")),
        };
        site.push(kept.kind(), &shape, 0, 0);
        Ok(Fitted::new(shape, move |_| node))
    }
}

#[derive(Debug)]
struct OverMaps {
    kept: Kept,
    window: Window<2>,
}

impl Operation for OverMaps {
    fn apply(&self, x: Flow) -> Flow {
        let (Flow::Map(x), window) = (x, self.window) else {
            unreachable!("{CHECKED}")
        };
        Flow::Map(match self.kept {
            Kept::Maximum => max_pool2d(
                x,
                MaxPoolOptions {
                    stride: window.stride,
                    padding: window.padding,
                    ..MaxPoolOptions::new(window.kernel)
                },
            ),
            Kept::Mean => avg_pool2d(
                x,
                AvgPoolOptions {
                    stride: window.stride,
                    padding: window.padding,
                    ..AvgPoolOptions::new(window.kernel)
                },
            ),
        })
    }

    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        x.with(self.kept.to_onnx(graph, &x.name, &self.window))
    }
}

#[derive(Debug)]
struct OverLines {
    kept: Kept,
    window: Window<1>,
}

impl Operation for OverLines {
    fn apply(&self, x: Flow) -> Flow {
        let (Flow::Line(x), window) = (x, self.window) else {
            unreachable!("{CHECKED}")
        };
        Flow::Line(match self.kept {
            Kept::Maximum => max_pool1d(
                x,
                MaxPoolOptions {
                    stride: window.stride,
                    padding: window.padding,
                    ..MaxPoolOptions::new(window.kernel)
                },
            ),
            Kept::Mean => avg_pool1d(
                x,
                AvgPoolOptions {
                    stride: window.stride,
                    padding: window.padding,
                    ..AvgPoolOptions::new(window.kernel)
                },
            ),
        })
    }

    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        x.with(self.kept.to_onnx(graph, &x.name, &self.window))
    }
}
