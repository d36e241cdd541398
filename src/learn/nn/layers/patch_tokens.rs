//! Patches with their places and a class token before them, and what is read off tokens.

use super::edge::{Edge, Form};
use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::{CHECKED, Flow, Node, Operation};
use super::shape::{Shape, Size};
use super::window::Window;
use crate::nn::onnx::Graph;
use crate::nn::{PATCH, PatchTokens, Scheme};
use auricle_audio::declare::{DefaultValue, Kind, Parameter, words};
use std::sync::Arc;

/// As [`PatchTokens`].
pub(super) static PATCH_TOKENS: Declaration = Declaration {
    name: "patch_tokens",
    about: "Makes tokens of the patches of a map, 16 by 16, with a learned vector for each place; a \
        class token stands before them, and a distillation token. Clips of another size than the \
        places are made for get places that are cut or interpolated.",
    citation: "Gong et al., 2021",
    parameters: &[
        Parameter::positional(
            "dim",
            count(1.0, 16384.0),
            DefaultValue::Required,
            "features of a token",
        ),
        Parameter::option(
            "stride",
            count(1.0, 16.0),
            DefaultValue::Number(10.0),
            "distance of patches, in bands and frames: below 16 they overlap",
        ),
        Parameter::option(
            "distilled",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether there is a distillation token beside the class token",
        ),
        Parameter::option(
            "bands",
            count(16.0, 4096.0),
            DefaultValue::Number(128.0),
            "bands that the places are made for",
        ),
        Parameter::option(
            "frames",
            count(16.0, 65536.0),
            DefaultValue::Number(1024.0),
            "frames that the places are made for",
        ),
    ],
    facts: (),
    example: "let m = patch_tokens(8, #{ bands: 32, frames: 32 }) |> transformer(#{ heads: 2 }) \
        |> token_mean(\"class\"); \
        assert(m.build().forward(randn([2, 1, 32, 48], #{ seed: 0 })).shape == [2, 8])",
    build: |settings| {
        Ok(Arc::new(Front {
            dim: settings.count("dim"),
            stride: settings.count("stride"),
            distilled: settings.flag("distilled"),
            size: [settings.count("bands"), settings.count("frames")],
        }))
    },
};

const fn count(low: f64, high: f64) -> Kind {
    Kind::Count { low, high }
}

#[derive(Clone, Copy, Debug)]
struct Front {
    dim: usize,
    stride: usize,
    distilled: bool,
    size: [usize; 2],
}

impl Plan for Front {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Map(channels, axes) = input else {
            return Err(Refusal::needs("a map [channels, bands, frames]"));
        };
        let window = Window {
            kernel: [PATCH; 2],
            stride: [self.stride; 2],
            padding: [(0, 0); 2],
            dilation: [1; 2],
        };
        let [rows, columns] = window.pass(axes)?;
        let Front {
            dim,
            stride,
            distilled,
            size,
        } = *self;
        let n_front = 1 + usize::from(distilled);
        let patches = rows.times(&columns);
        let n = match patches.known() {
            Some(n) => Size::Known(n_front + n),
            None => patches.clone(),
        };
        let (of_patches, shape) = (Shape::Tokens(patches, dim), Shape::Tokens(n, dim));
        let of_token = channels * window.n_weights();
        let multiply_adds = (dim * of_token).saturating_mul(of_patches.n_positions());
        let part = "patch_embed.proj";
        let n_parameters = dim * (of_token + 1);
        site.push_part(
            part,
            "convolution",
            &of_patches,
            n_parameters,
            multiply_adds,
        );
        let table = size.map(|n| (n - PATCH) / stride + 1);
        let n_vectors = 2 * n_front + table[0] * table[1];
        site.push_part(
            "pos_embed",
            "tokens and positions",
            &shape,
            n_vectors * dim,
            0,
        );
        site.draw_as("", Scheme::Transformer);
        let channels = *channels;
        Ok(Fitted::new(shape, move |device| {
            let sizes = [channels, dim];
            Node::PatchTokens(PatchTokens::new(sizes, distilled, size, stride, device))
        }))
    }
}

/// The mean of the tokens before the patches, or of those of the patches.
pub(super) static TOKEN_MEAN: Declaration = Declaration {
    name: "token_mean",
    about: "Makes a layer that gives the mean over the class tokens, or over those of the patches.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "over",
            Kind::Word(&words(&OVERS)),
            DefaultValue::Word("class"),
            "\"class\" for the tokens before the patches, \"patches\" for the others",
        ),
        Parameter::option(
            "front",
            count(1.0, 64.0),
            DefaultValue::Number(2.0),
            "number of tokens before the patches: 2 with a distillation token, 1 without",
        ),
    ],
    facts: (),
    example: "let t = patch_tokens(8, #{ bands: 32, frames: 32, distilled: false }); \
        let m = (t |> token_mean(\"patches\", #{ front: 1 })).build(); \
        assert(m.forward(ones([1, 1, 32, 32])).shape == [1, 8])",
    build: |settings| {
        Ok(Arc::new(TokenMean {
            over: settings.word("over", &OVERS),
            front: settings.count("front"),
        }))
    },
};

const OVERS: [(&str, Over); 2] = [("class", Over::Class), ("patches", Over::Patches)];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Over {
    Class,
    Patches,
}

#[derive(Clone, Copy, Debug)]
struct TokenMean {
    over: Over,
    front: usize,
}

impl Plan for TokenMean {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let front = self.front;
        let fits = |size: &Size| size.known().is_none_or(|n| n > front);
        match input {
            Shape::Tokens(size, dim) if fits(size) => {
                let shape = Shape::Row(*dim);
                site.push("mean", &shape, 0, 0);
                let mean = *self;
                Ok(Fitted::new(shape, move |_| Node::plain(mean)))
            }
            _ => Err(Refusal::needs(format!(
                "more than {front} tokens, as `patch_tokens` gives"
            ))),
        }
    }
}

impl Operation for TokenMean {
    fn apply(&self, x: Flow) -> Flow {
        let Flow::Tokens(x) = x else {
            unreachable!("{CHECKED}")
        };
        let n = x.dims()[1];
        let read = match self.over {
            Over::Class => x.narrow(1, 0, self.front),
            Over::Patches => x.narrow(1, self.front, n - self.front),
        };
        Flow::Row(read.mean_dim(1).flatten::<2>(1, 2))
    }

    fn to_onnx(&self, graph: &mut Graph, x: Edge) -> Edge {
        let front = self.front as i64;
        let (first, behind) = match self.over {
            Over::Class => (0, front),
            Over::Patches => (front, i64::MAX),
        };
        let [first, behind] =
            [("first", first), ("behind", behind)].map(|(name, n)| graph.ints(name, &[n]));
        let axis = graph.ints("axis", &[1]);
        let read = graph.op("Slice", &[&x.name, &first, &behind, &axis], &[]);
        Edge {
            name: graph.reduced("ReduceMean", &read, &[1]),
            form: Form::Row,
        }
    }
}
