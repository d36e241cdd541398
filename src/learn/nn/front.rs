//! How clips become tokens of a transformer: patches, tokens before them, and their places.

use super::onnx::{Attribute, Graph};
use super::ops::conv2d;
use super::resize_positions;
use burn::module::{Module, Param};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor};

/// Side of a patch, in bands and frames.
pub(crate) const PATCH: usize = 16;

/// Patches along axes of at least [`PATCH`].
pub(super) fn grid(size: [usize; 2], stride: usize) -> [usize; 2] {
    size.map(|n| (n - PATCH) / stride + 1)
}

#[derive(Module, Debug)]
pub(crate) struct Projection {
    weight: Param<Tensor<4>>,
    bias: Param<Tensor<1>>,
}

/// The convolution that makes a token of a patch.
#[derive(Module, Debug)]
pub(crate) struct Patches {
    proj: Projection,
}

impl Patches {
    /// From `channels` to tokens of `dim` features, its weights not yet drawn.
    pub(super) fn new(channels: usize, dim: usize, device: &Device) -> Patches {
        let weight = Tensor::zeros([dim, channels, PATCH, PATCH], device);
        Patches {
            proj: Projection {
                weight: Param::from_tensor(weight),
                bias: Param::from_tensor(Tensor::zeros([dim], device)),
            },
        }
    }
}

/// A class token, and a distillation token, patches and their places, seen as one.
pub(crate) struct Front<'a> {
    pub(super) cls_token: &'a Param<Tensor<3>>,
    pub(super) dist_token: Option<&'a Param<Tensor<3>>>,
    pub(super) pos_embed: &'a Param<Tensor<3>>,
    pub(super) patches: &'a Patches,
    /// Patches that the table of positions is made for, along bands and frames.
    pub(super) grid: [usize; 2],
    pub(super) stride: usize,
}

impl Front<'_> {
    fn n(&self) -> usize {
        1 + usize::from(self.dist_token.is_some())
    }

    fn patches(&self, x: Tensor<4>) -> (Tensor<3>, [usize; 2]) {
        let proj = &self.patches.proj;
        let options = ConvOptions::new([self.stride; 2], [0; 2], [1; 2], 1);
        let map = conv2d(x, proj.weight.val(), Some(proj.bias.val()), options);
        let [_, _, rows, columns] = map.dims();
        (map.flatten::<3>(2, 3).swap_dims(1, 2), [rows, columns])
    }

    fn placed(&self, patches: Tensor<3>, grid: [usize; 2]) -> Tensor<3> {
        let (n_front, table) = (self.n(), self.pos_embed.val());
        let n = table.dims()[1] - n_front;
        patches + resize_positions(table.narrow(1, n_front, n), self.grid, grid)
    }

    fn with_front(&self, placed: Tensor<3>) -> Tensor<3> {
        let [batch, _, dim] = placed.dims();
        let mut front = vec![self.cls_token.val()];
        front.extend(self.dist_token.map(Param::val));
        let n_front = front.len();
        let table = self.pos_embed.val();
        let front = Tensor::cat(front, 1) + table.narrow(1, 0, n_front);
        let front = front.expand([batch, n_front, dim]);
        Tensor::cat(vec![front, placed], 1)
    }
}

/// A transformer over the patches of a clip, as those see it who work on its tokens.
pub(crate) trait Transformer {
    /// How clips become tokens.
    fn front(&self) -> Front<'_>;

    /// Runs what works on tokens over all of them, `[batch, n, dim]`.
    fn run(&self, tokens: Tensor<3>) -> Tensor<3>;

    /// Reads an embedding, `[batch, features]`, off all tokens that [`Transformer::run`] gave.
    fn read(&self, tokens: Tensor<3>) -> Tensor<2>;

    /// Features of the embedding.
    fn n_features(&self) -> usize;

    /// Features of a token.
    fn dim(&self) -> usize {
        self.front().cls_token.dims()[2]
    }

    /// Features of a token that [`Transformer::run`] gives.
    fn run_dim(&self) -> usize {
        self.dim()
    }

    /// Channels of its input.
    fn channels(&self) -> usize {
        self.front().patches.proj.weight.dims()[1]
    }

    /// Number of tokens before those of the patches: class, distillation.
    fn n_front(&self) -> usize {
        self.front().n()
    }

    /// Distance of patches, in bands and frames.
    fn stride(&self) -> usize {
        self.front().stride
    }

    /// The patches of `[batch, channels, bands, frames]` as tokens without positions,
    /// `[batch, rows * columns, dim]`, and rows and columns of their grid: token
    /// `row * columns + column`, rows along bands.
    fn patches(&self, x: Tensor<4>) -> (Tensor<3>, [usize; 2]) {
        self.front().patches(x)
    }

    /// Adds positions to the tokens of all patches of a grid, `[batch, rows * columns, dim]`.
    fn placed(&self, patches: Tensor<3>, grid: [usize; 2]) -> Tensor<3> {
        self.front().placed(patches, grid)
    }

    /// Puts class and distillation token before tokens that have their positions, of all patches
    /// or of some, `[batch, n, dim]`, and runs what works on tokens over them all.
    fn encode(&self, placed: Tensor<3>) -> Tensor<3> {
        self.run(self.front().with_front(placed))
    }

    /// All tokens at the end, `[batch, n_front + rows * columns, dim]`: class, distillation,
    /// patches.
    fn tokens(&self, patches: Tensor<3>, grid: [usize; 2]) -> Tensor<3> {
        self.encode(self.placed(patches, grid))
    }

    /// The embedding of patches, `[batch, features]`.
    fn features(&self, patches: Tensor<3>, grid: [usize; 2]) -> Tensor<2> {
        self.read(self.tokens(patches, grid))
    }
}

impl<T: Transformer> Transformer for &T {
    fn front(&self) -> Front<'_> {
        (**self).front()
    }

    fn run(&self, tokens: Tensor<3>) -> Tensor<3> {
        (**self).run(tokens)
    }

    fn read(&self, tokens: Tensor<3>) -> Tensor<2> {
        (**self).read(tokens)
    }

    fn n_features(&self) -> usize {
        (**self).n_features()
    }
}

/// A class token, a distillation token where there is one, the patches, and their places: what
/// stands before the blocks of an Audio Spectrogram Transformer (Gong et al., 2021), with its
/// names. Clips of another size than the table of positions was made for get one that is cut or
/// interpolated.
#[derive(Module, Debug)]
pub struct PatchTokens {
    cls_token: Param<Tensor<3>>,
    dist_token: Option<Param<Tensor<3>>>,
    pos_embed: Param<Tensor<3>>,
    patch_embed: Patches,
    #[module(skip)]
    grid: [usize; 2],
    #[module(skip)]
    stride: usize,
}

impl PatchTokens {
    /// A layer for clips of `channels` and tokens of `dim` features; its table of positions is
    /// made for `size`, bands and frames.
    pub fn new(
        [channels, dim]: [usize; 2],
        distilled: bool,
        size: [usize; 2],
        stride: usize,
        device: &Device,
    ) -> PatchTokens {
        let zeros = |n: usize| Param::from_tensor(Tensor::zeros([1, n, dim], device));
        let grid = grid(size, stride);
        PatchTokens {
            cls_token: zeros(1),
            dist_token: distilled.then(|| zeros(1)),
            pos_embed: zeros(1 + usize::from(distilled) + grid[0] * grid[1]),
            patch_embed: Patches::new(channels, dim, device),
            grid,
            stride,
        }
    }

    pub(super) fn front(&self) -> Front<'_> {
        Front {
            cls_token: &self.cls_token,
            dist_token: self.dist_token.as_ref(),
            pos_embed: &self.pos_embed,
            patches: &self.patch_embed,
            grid: self.grid,
            stride: self.stride,
        }
    }

    /// Maps `[batch, channels, bands, frames]` to `[batch, 1 or 2 + rows * columns, dim]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<3> {
        let front = self.front();
        let (patches, grid) = front.patches(x);
        front.with_front(front.placed(patches, grid))
    }

    /// Writes it into a graph, for clips of the size that its table of positions is made for.
    pub(super) fn to_onnx(&self, graph: &mut Graph, x: &str) -> String {
        let proj = &self.patch_embed.proj;
        let strides = [self.stride as i64; 2];
        let map = graph.inside(Some("patch_embed.proj"), |graph| {
            let options = [("strides", Attribute::Ints(&strides))];
            graph.conv(x, proj.weight.val(), Some(proj.bias.val()), &options)
        });
        let patches = graph.tokens_of(&map);
        let (n_front, table) = (self.front().n(), self.pos_embed.val());
        let [_, n, dim] = table.dims();
        let places = table.clone().narrow(1, n_front, n - n_front);
        let places = graph.weight("pos_embed", places);
        let placed = graph.op("Add", &[&patches, &places], &[]);
        let mut front = vec![self.cls_token.val()];
        front.extend(self.dist_token.as_ref().map(Param::val));
        let front = Tensor::cat(front, 1) + table.narrow(1, 0, n_front);
        let front = graph.weight("cls_token", front);
        let batch = graph.batch_of(&placed);
        let size = graph.ints("size", &[n_front as i64, dim as i64]);
        let shape = graph.op("Concat", &[&batch, &size], &[("axis", Attribute::Int(0))]);
        let front = graph.op("Expand", &[&front, &shape], &[]);
        graph.op("Concat", &[&front, &placed], &[("axis", Attribute::Int(1))])
    }
}
