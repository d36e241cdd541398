//! Masked autoencoder: most patches of a clip are hidden, and told from the few that are not.
//!
//! He et al., "Masked Autoencoders Are Scalable Vision Learners", 2022; for sound Huang et al.,
//! "Masked Autoencoders that Listen", 2022. The encoder's positions are its own table, which is
//! trained; those of the decoder are fixed sines and cosines, as both papers have them.

use super::super::Plan;
use super::super::described::{MethodDeclaration, MethodFacts};
use super::super::inputs::Inputs;
use super::super::method::{Method, Nothing, Terms};
use super::tokens::{transformer, transformer_and_input};
use crate::Error;
use crate::nn::{LayerNorm, Network, PATCH, Scheme, TransformerBlock, linear};
use auricle_audio::declare::{DefaultValue, Kind, Parameter};
use auricle_audio::{Key, Place};
use burn::module::{Module, Param};
use burn::nn::Linear;
use burn::tensor::module::unfold4d;
use burn::tensor::ops::UnfoldOptions;
use burn::tensor::{Device, Int, Tensor, TensorData};
use std::sync::Arc;

pub(super) static MASKED_AUTOENCODER: MethodDeclaration = MethodDeclaration {
    name: "masked_autoencoder",
    about: "Describes training by a masked autoencoder: a transformer sees a quarter of the \
        patches, and a small decoder tells the others.",
    citation: "He et al., 2022; for sound Huang et al., 2022; the decoder is of a size for a CPU",
    parameters: &[
        Parameter::option(
            "mask_ratio",
            Kind::Number {
                low: 0.0,
                high: 0.99,
            },
            DefaultValue::Number(0.75),
            "share of the patches that is hidden, drawn for every clip",
        ),
        size(
            "decoder_dim",
            96.0,
            "features of a token of the decoder, a multiple of 4",
        ),
        size("decoder_depth", 2.0, "blocks of the decoder"),
        size(
            "decoder_heads",
            3.0,
            "attention heads of the decoder; they divide its features",
        ),
    ],
    facts: MethodFacts {
        title: "Masked autoencoder",
        n_views: 1,
    },
    example: "let net = ast(#{ dim: 12, depth: 1, heads: 2, bands: 32, frames: 16, stride: 16, \
        distilled: false, pooling: \"mean\" }); let recipe = log_mel(#{ n_mels: 32 }); \
        let run = masked_autoencoder(net, data, options + #{ recipe: recipe }); \
        assert(run.fit().losses.len() == 1)",
    build: |settings| {
        Ok(Arc::new(MaskedAutoencoder {
            mask_ratio: settings.number("mask_ratio"),
            dim: settings.count("decoder_dim"),
            depth: settings.count("decoder_depth"),
            heads: settings.count("decoder_heads"),
        }))
    },
};

const fn size(name: &'static str, default: f64, about: &'static str) -> Parameter {
    let kind = Kind::Count {
        low: 1.0,
        high: 8192.0,
    };
    Parameter::option(name, kind, DefaultValue::Number(default), about)
}

#[derive(Clone)]
struct MaskedAutoencoder {
    /// Share of the patches that is hidden.
    mask_ratio: f64,
    /// Features of a token of the decoder.
    dim: usize,
    /// Its blocks.
    depth: usize,
    /// Its heads.
    heads: usize,
}

/// A transformer with a decoder.
#[derive(Module, Debug)]
pub(super) struct Autoencoder {
    encoder: Network,
    decoder: Decoder,
}

/// From the tokens of visible patches to the values of all of them, with the names of He et al.
#[derive(Module, Debug)]
struct Decoder {
    embed: Linear,
    mask_token: Param<Tensor<3>>,
    blocks: Vec<TransformerBlock>,
    norm: LayerNorm,
    pred: Linear,
}

/// Added to the variance in norms.
const NORM_EPSILON: f64 = 1e-6;
/// Added to the variance of a patch's values.
const PATCH_EPSILON: f64 = 1e-6;

/// Which patches of every clip are seen.
struct Masks {
    /// Numbers of the visible patches, in the order in which they were drawn, `[batch, visible]`.
    visible: Vec<i64>,
    /// For every patch its place among the visible ones followed by the hidden ones, `[batch, n]`.
    places: Vec<i64>,
    n_visible: usize,
}

impl Masks {
    /// Draws them, for every clip by its own key.
    fn draw(keys: impl Iterator<Item = Key>, n: usize, n_visible: usize) -> Masks {
        let (mut visible, mut places) = (Vec::new(), Vec::new());
        for key in keys {
            let mut order: Vec<i64> = (0..n as i64).collect();
            key.at(Place::ROOT.named("mask")).shuffle(&mut order);
            visible.extend(&order[..n_visible]);
            let mut place = vec![0; n];
            for (at, &patch) in order.iter().enumerate() {
                place[patch as usize] = at as i64;
            }
            places.extend(place);
        }
        Masks {
            visible,
            places,
            n_visible,
        }
    }

    /// 1 for every hidden patch, `[batch, n]`.
    fn hidden(&self) -> Vec<f32> {
        let is_hidden = |&at: &i64| f32::from(u8::from(at >= self.n_visible as i64));
        self.places.iter().map(is_hidden).collect()
    }
}

impl Decoder {
    /// The values of all patches, `[batch, n, values]`, from the front tokens and those of the
    /// visible patches.
    fn forward(
        &self,
        tokens: Tensor<3>,
        n_front: usize,
        grid: [usize; 2],
        masks: &Masks,
    ) -> Tensor<3> {
        let n = grid[0] * grid[1];
        let x = self.embed.forward(tokens);
        let [batch, _, dim] = x.dims();
        let hidden = n - masks.n_visible;
        let mask = self.mask_token.val().expand([batch, hidden, dim]);
        let patches = x.clone().narrow(1, n_front, masks.n_visible);
        let patches = Tensor::cat(vec![patches, mask], 1);
        let patches = gathered(patches, &masks.places, n) + positions(grid, dim, &x.device());
        let x = Tensor::cat(vec![x.narrow(1, 0, n_front), patches], 1);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.pred
            .forward(self.norm.forward(x).narrow(1, n_front, n))
    }
}

/// Some tokens of every clip, by their numbers, `[batch, k]`.
fn gathered(tokens: Tensor<3>, numbers: &[i64], k: usize) -> Tensor<3> {
    let [batch, _, dim] = tokens.dims();
    let data = TensorData::new(numbers.to_vec(), [batch, k, 1]);
    let numbers = Tensor::<3, Int>::from_data(data, &tokens.device());
    tokens.gather(1, numbers.expand([batch, k, dim]))
}

/// Fixed positions of a grid, `[1, rows * columns, dim]`: sines and cosines of the row in the first
/// half, of the column in the second.
fn positions(grid: [usize; 2], dim: usize, device: &Device) -> Tensor<3> {
    let [rows, columns] = grid;
    let quarter = dim / 4;
    let mut values = Vec::with_capacity(rows * columns * dim);
    for index in 0..rows * columns {
        for at in [index / columns, index % columns] {
            let angle = |i: usize| at as f64 * 10_000_f64.powf(-(i as f64) / quarter as f64);
            values.extend((0..quarter).map(|i| angle(i).sin() as f32));
            values.extend((0..quarter).map(|i| angle(i).cos() as f32));
        }
    }
    Tensor::from_data(TensorData::new(values, [1, rows * columns, dim]), device)
}

/// The values of all patches, `[batch, n, channels * 256]`, each patch with mean 0 and variance 1.
fn targets(x: Tensor<4>, stride: usize) -> Tensor<3> {
    let options = UnfoldOptions::new([stride; 2], [0; 2], [1; 2]);
    let patches = unfold4d(x, [PATCH; 2], options).swap_dims(1, 2);
    let (variance, mean) = patches.clone().var_mean(2);
    (patches - mean) / (variance + PATCH_EPSILON).sqrt()
}

impl MaskedAutoencoder {
    /// Patches that are seen of `n`: at least one, and one less than all.
    ///
    /// # Errors
    /// [`Error::Run`] where there is one patch alone.
    fn n_visible(&self, n: usize) -> Result<usize, Error> {
        if n < 2 {
            return Err(Error::Run {
                message: "a clip is one patch of 16 bands and 16 frames: nothing can be hidden"
                    .into(),
                hint: "give features of more bands or frames, such as `log_mel(#{ n_mels: 64 })`"
                    .into(),
            });
        }
        Ok(((n as f64 * (1.0 - self.mask_ratio)) as usize).clamp(1, n - 1))
    }
}

impl Method for MaskedAutoencoder {
    type Learner = Autoencoder;
    type Memory = Nothing;

    fn loss(&self, _: &Plan) -> String {
        "mean squared error of hidden patches".into()
    }

    fn sizes(&self, _: &Plan) -> Vec<(&'static str, String)> {
        let decoder = format!("{} x {}, {} heads", self.dim, self.depth, self.heads);
        vec![
            ("hidden", self.mask_ratio.to_string()),
            ("decoder", decoder),
        ]
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        let network = plan.encoder.network();
        let ast = transformer(&network, MASKED_AUTOENCODER.facts.title)?;
        if ast.stride() < PATCH {
            let message = "hidden patches overlap visible ones, which give them away".into();
            let hint = "train `ast(#{ stride: 16, distilled: false, pooling: \"mean\" })`".into();
            return Err(Error::Run { message, hint });
        }
        if !self.dim.is_multiple_of(4) {
            return Err(Error::range("decoder_dim", "a multiple of 4", self.dim));
        }
        if !self.dim.is_multiple_of(self.heads) {
            let want = format!("a divisor of `decoder_dim`, {}", self.dim);
            return Err(Error::range("decoder_heads", want, self.heads));
        }
        Ok(())
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Autoencoder, Error> {
        let encoder = plan.network(device)?;
        let ast = transformer(&encoder, MASKED_AUTOENCODER.facts.title)?;
        let (dim, values) = (ast.run_dim(), ast.channels() * PATCH * PATCH);
        drop(ast);
        let norm = || LayerNorm::new(self.dim, NORM_EPSILON, device);
        let block = |_| TransformerBlock::new([norm(), norm()], self.dim, self.heads, device);
        let decoder = Decoder {
            embed: linear(dim, self.dim, device),
            mask_token: Param::from_tensor(Tensor::zeros([1, 1, self.dim], device)),
            blocks: (0..self.depth).map(block).collect(),
            norm: norm(),
            pred: linear(self.dim, values, device),
        };
        plan.drawn_as(Autoencoder { encoder, decoder }, Scheme::Transformer)
    }

    fn memory(&self, _: &Plan, _: &Autoencoder) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(
        &self,
        learner: &Autoencoder,
        _: &Nothing,
        inputs: &mut Inputs<'_>,
    ) -> Result<Terms, Error> {
        let (mut losses, mut rows) = (Vec::new(), Vec::new());
        for view in 0..inputs.n_views() {
            let input = inputs.view(view)?;
            let title = MASKED_AUTOENCODER.facts.title;
            let (ast, x) = transformer_and_input(&learner.encoder, input, title)?;
            let (patches, grid) = ast.patches(x.clone());
            let n = grid[0] * grid[1];
            let keys = inputs.ids().iter().map(|&item| Key {
                item,
                ..inputs.key(view)
            });
            let masks = Masks::draw(keys, n, self.n_visible(n)?);
            let placed = gathered(ast.placed(patches, grid), &masks.visible, masks.n_visible);
            let tokens = ast.encode(placed);
            let n_front = ast.n_front();
            let seen = tokens.clone().narrow(1, n_front, masks.n_visible);
            rows.push(seen.mean_dim(1).flatten::<2>(1, 2));
            let told = learner.decoder.forward(tokens, n_front, grid, &masks);
            losses.push(error_of_hidden(told, targets(x, ast.stride()), &masks));
        }
        let n_views = losses.len() as f64;
        let loss = Tensor::cat(losses, 0).sum().div_scalar(n_views);
        Ok(Terms::new(loss, rows))
    }

    fn encoder_mut<'a>(&self, learner: &'a mut Autoencoder) -> &'a mut Network {
        &mut learner.encoder
    }

    fn encoders<'a>(
        &self,
        learner: &'a Autoencoder,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}

/// The mean squared error over hidden patches, `[1]`.
fn error_of_hidden(told: Tensor<3>, wanted: Tensor<3>, masks: &Masks) -> Tensor<1> {
    let [batch, n, _] = told.dims();
    let device = told.device();
    let hidden = masks.hidden();
    let n_hidden = hidden.iter().sum::<f32>().max(1.0);
    let hidden = Tensor::<2>::from_data(TensorData::new(hidden, [batch, n]), &device);
    let errors = (told - wanted).square().mean_dim(2).reshape([batch, n]);
    (errors * hidden).sum().div_scalar(n_hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_hide_what_they_do_not_show() {
        let keys = (0..3).map(Key::of_seed);
        let masks = Masks::draw(keys, 12, 3);
        assert_eq!(masks.hidden().iter().sum::<f32>(), 27.0);
        // What was gathered and put back stands where it stood.
        let device = Device::default();
        let values: Vec<f32> = (0..36).map(|i| i as f32).collect();
        let all = Tensor::<3>::from_data(TensorData::new(values.clone(), [3, 12, 1]), &device);
        let seen = gathered(all, &masks.visible, 3);
        let nothing = Tensor::full([3, 9, 1], -1.0, &device);
        let back = gathered(Tensor::cat(vec![seen, nothing], 1), &masks.places, 12);
        let back: Vec<f32> = back.into_data().iter().collect();
        for ((value, got), hidden) in values.iter().zip(back).zip(masks.hidden()) {
            assert_eq!(got, if hidden == 1.0 { -1.0 } else { *value });
        }
        assert!(masks.visible[..3] != masks.visible[3..6]);
    }

    #[test]
    fn positions_are_sines_of_the_row_and_of_the_column() {
        let table: Vec<f64> = positions([2, 3], 8, &Device::default())
            .into_data()
            .iter()
            .collect();
        // Row 1, column 2: angles 1 and 1 / 100, then 2 and 2 / 100.
        let want = [1.0_f64, 0.01, 2.0, 0.02];
        let last = &table[40..];
        for (i, angle) in want.into_iter().enumerate() {
            let at = 4 * (i / 2) + i % 2;
            assert!((last[at] - angle.sin()).abs() < 1e-6, "{last:?}");
            assert!((last[at + 2] - angle.cos()).abs() < 1e-6, "{last:?}");
        }
    }

    #[test]
    fn targets_are_the_patches_with_mean_0_and_variance_1() {
        let device = Device::default();
        let values: Vec<f32> = (0..32 * 16).map(|i| ((i * i) % 97) as f32).collect();
        let x = Tensor::<4>::from_data(TensorData::new(values.clone(), [1, 1, 32, 16]), &device);
        let made: Vec<f64> = targets(x, PATCH).into_data().iter().collect();
        let second: Vec<f64> = values[256..].iter().map(|&v| f64::from(v)).collect();
        let mean = second.iter().sum::<f64>() / 256.0;
        let variance = second.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 255.0;
        for (got, value) in made[256..].iter().zip(&second) {
            let want = (value - mean) / (variance + 1e-6).sqrt();
            assert!((got - want).abs() < 1e-4, "{got} instead of {want}");
        }
    }
}
