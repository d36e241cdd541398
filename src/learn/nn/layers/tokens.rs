//! Patches as tokens, their places, and the blocks of a transformer.

use super::layer::{Declaration, Fitted, Plan, Refusal, Site};
use super::node::Node;
use super::shape::Shape;
use super::window::{Window, per_axis, sizes};
use crate::nn::{LayerNorm, PatchEmbed, Positions, Scheme, TransformerBlock};
use auricle_audio::declare::{DefaultValue, Kind, Parameter};
use std::sync::Arc;

/// As [`PatchEmbed`].
pub(super) static PATCH_EMBED: Declaration = Declaration {
    name: "patch_embed",
    about: "Makes tokens of the patches of a map, each by the same linear layer.",
    citation: "Dosovitskiy et al., 2021; overlapping patches as in Gong et al., 2021",
    parameters: &[
        Parameter::positional(
            "dim",
            Kind::Count {
                low: 1.0,
                high: 16384.0,
            },
            DefaultValue::Required,
            "features of a token",
        ),
        sizes(
            "patch",
            1.0,
            DefaultValue::Number(16.0),
            "size of a patch; an array for bands and frames",
        ),
        sizes(
            "stride",
            1.0,
            DefaultValue::Absent,
            "distance of patches; their size if not given",
        ),
    ],
    facts: (),
    example: "let m = (patch_embed(8, #{ patch: [4, 2] }) |> global_mean()).build(); \
        assert(m.forward(randn([1, 1, 8, 8], #{ seed: 0 })).shape == [1, 8])",
    build: |settings| {
        let patch = settings.sizes("patch");
        let stride = settings.sizes("stride");
        let stride = if stride.is_empty() { &patch } else { &stride };
        Ok(Arc::new(Patches {
            dim: settings.count("dim"),
            window: Window {
                kernel: per_axis("patch", &patch)?,
                stride: per_axis("stride", stride)?,
                padding: [(0, 0); 2],
                dilation: [1; 2],
            },
        }))
    },
};

#[derive(Debug)]
struct Patches {
    dim: usize,
    window: Window<2>,
}

impl Plan for Patches {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Map(from, axes) = input else {
            return Err(Refusal::needs("a map [channels, bands, frames]"));
        };
        let [rows, columns] = self.window.pass(axes)?;
        let shape = Shape::Tokens(rows.times(&columns), self.dim);
        let of_token = from * self.window.n_weights();
        let n_parameters = self.dim * (of_token + 1);
        let multiply_adds = (self.dim * of_token).saturating_mul(shape.n_positions());
        site.push_part("proj", "convolution", &shape, n_parameters, multiply_adds);
        site.draw_as("proj", Scheme::Transformer);
        let (channels, window) = ([*from, self.dim], self.window);
        Ok(Fitted::new(shape, move |device| {
            let layer = PatchEmbed::new(channels, window.kernel, window.stride, device);
            Node::PatchEmbed(layer)
        }))
    }
}

/// As [`Positions`].
pub(super) static POSITIONS: Declaration = Declaration {
    name: "positions",
    about: "Makes a layer that adds a learned vector to every token, one for each place.",
    citation: "Dosovitskiy et al., 2021",
    parameters: &[],
    facts: (),
    example: "let m = patch_embed(8, #{ patch: 4 }) |> positions() |> global_mean(); \
        let m = m.build(#{ bands: 8, frames: 12 }); assert(m.n_parameters == 8 * 17 + 6 * 8)",
    build: |_| Ok(Arc::new(Table)),
};

#[derive(Debug)]
struct Table;

impl Plan for Table {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Tokens(size, dim) = input else {
            return Err(Refusal::needs("tokens, as `patch_embed` before it gives"));
        };
        let Some(n) = size.known() else {
            let want = "a known number of tokens: give `build` the `bands` and `frames`";
            return Err(Refusal::needs(want));
        };
        let dim = *dim;
        site.push_part("pos_embed", "positions", input, n * dim, 0);
        site.draw_as("pos_embed", Scheme::Transformer);
        Ok(Fitted::new(input.clone(), move |device| {
            Node::Positions(Positions::new(n, dim, device))
        }))
    }
}

/// As [`TransformerBlock`], several times.
pub(super) static TRANSFORMER: Declaration = Declaration {
    name: "transformer",
    about: "Makes blocks of a transformer over tokens: attention and two layers with a GELU, each \
        behind a norm and beside a shortcut.",
    citation: "Dosovitskiy et al., 2021; as in timm",
    parameters: &[
        Parameter::option(
            "dim",
            Kind::Count {
                low: 1.0,
                high: 16384.0,
            },
            DefaultValue::Absent,
            "features of a token, to be checked; those that it is given if not given",
        ),
        Parameter::option(
            "heads",
            Kind::Count {
                low: 1.0,
                high: 1024.0,
            },
            DefaultValue::Number(4.0),
            "attention heads, a divisor of the features",
        ),
        Parameter::option(
            "depth",
            Kind::Count {
                low: 1.0,
                high: 256.0,
            },
            DefaultValue::Number(1.0),
            "number of blocks",
        ),
        Parameter::option(
            "ratio",
            Kind::Number {
                low: 0.125,
                high: 64.0,
            },
            DefaultValue::Number(4.0),
            "features between the two layers over those of a token",
        ),
        Parameter::option(
            "epsilon",
            Kind::Number {
                low: 1e-30,
                high: 1.0,
            },
            DefaultValue::Number(1e-6),
            "what is added to variances in the norms",
        ),
    ],
    facts: (),
    example: "let t = transformer(#{ heads: 2, depth: 3 }); \
        let m = (patch_embed(8, #{ patch: 4 }) |> t |> global_mean()).build(); \
        assert(m.n_parameters == 8 * 17 + 3 * (12 * 8 * 8 + 13 * 8))",
    build: |settings| {
        Ok(Arc::new(Blocks {
            dim: settings.count_if("dim"),
            heads: settings.count("heads"),
            depth: settings.count("depth"),
            ratio: settings.number("ratio"),
            epsilon: settings.number("epsilon"),
        }))
    },
};

#[derive(Clone, Copy, Debug)]
struct Blocks {
    dim: Option<usize>,
    heads: usize,
    depth: usize,
    ratio: f64,
    epsilon: f64,
}

impl Plan for Blocks {
    fn fit(&self, site: &mut Site, input: &Shape) -> Result<Fitted, Refusal> {
        let Shape::Tokens(size, dim) = input else {
            return Err(Refusal::needs("tokens, as `patch_embed` before it gives"));
        };
        let (dim, n) = (*dim, size.known().unwrap_or(0));
        if self.dim.is_some_and(|wanted| wanted != dim) {
            let wanted = self.dim.unwrap_or(dim);
            return Err(Refusal::needs(format!("tokens of {wanted} features")));
        }
        if !dim.is_multiple_of(self.heads) {
            let heads = self.heads;
            return Err(Refusal::needs(format!(
                "tokens of a multiple of {heads} features"
            )));
        }
        let hidden = (self.ratio * dim as f64).round().max(1.0) as usize;
        for block in 0..self.depth {
            let name = |layer: &str| format!("{block}.{layer}");
            let linear = |site: &mut Site, layer: &str, from: usize, to: usize| {
                let (shape, n_weights) = (input.with_channels(to), to * (from + 1));
                let work = n.saturating_mul(from * to);
                site.push_part(&name(layer), "linear", &shape, n_weights, work);
            };
            site.push_part(&name("norm1"), "layer norm", input, 2 * dim, 0);
            linear(site, "attn.qkv", dim, 3 * dim);
            let work = n.saturating_mul(n).saturating_mul(2 * dim);
            site.push_part(&name("attn"), "attention", input, 0, work);
            linear(site, "attn.proj", dim, dim);
            site.push_part(&name("norm2"), "layer norm", input, 2 * dim, 0);
            linear(site, "mlp.fc1", dim, hidden);
            linear(site, "mlp.fc2", hidden, dim);
        }
        site.draw_as("", Scheme::Transformer);
        let Blocks {
            heads,
            depth,
            epsilon,
            ..
        } = *self;
        Ok(Fitted::new(input.clone(), move |device| {
            let norm = || LayerNorm::new(dim, epsilon, device);
            let block = |_| TransformerBlock::of([norm(), norm()], [dim, hidden], heads, device);
            Node::Transformer((0..depth).map(block).collect())
        }))
    }
}
