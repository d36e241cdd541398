//! Small networks on frozen embeddings: an MLP, and attention over places.

use super::{Places, Truth};
use crate::Error;
use crate::feed::Stop;
use crate::nn::{LayerNorm, initialize};
use auricle_audio::{Key, Place};
use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::{log_sigmoid, log_softmax, relu, sigmoid, softmax};
use burn::tensor::{Device, Tensor, TensorData};

/// Options of a neural probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NeuralOptions {
    /// Units of the hidden layer.
    pub hidden: usize,
    /// Heads of the attention.
    pub heads: usize,
    /// Share of the hidden units that is dropped in training.
    pub dropout: f64,
    /// Learning rate.
    pub learning_rate: f64,
    /// Decay of the weights.
    pub weight_decay: f64,
    /// Epochs at most.
    pub epochs: usize,
    /// Epochs without a lower loss on validation clips after which it stops.
    pub patience: usize,
    /// Clips of a batch.
    pub batch: usize,
    /// Seed of weights, order and dropout.
    pub seed: u64,
}

impl Default for NeuralOptions {
    fn default() -> NeuralOptions {
        NeuralOptions {
            hidden: 256,
            heads: 4,
            dropout: 0.1,
            learning_rate: 1e-3,
            weight_decay: 1e-2,
            epochs: 100,
            patience: 10,
            batch: 64,
            seed: 0,
        }
    }
}

/// What a probe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Mlp,
    Attention,
}

/// The network: hidden layer or attention, then a linear layer.
#[derive(Module, Debug)]
struct Net {
    norm: Option<LayerNorm>,
    query: Option<Param<Tensor<2>>>,
    key: Option<Linear>,
    hidden: Linear,
    out: Linear,
    #[module(skip)]
    heads: usize,
}

impl Net {
    fn new(
        shape: Shape,
        dim: usize,
        outputs: usize,
        options: &NeuralOptions,
        device: &Device,
    ) -> Net {
        let linear = |from: usize, to: usize| LinearConfig::new(from, to).init(device);
        match shape {
            Shape::Mlp => Net {
                norm: None,
                query: None,
                key: None,
                hidden: linear(dim, options.hidden),
                out: linear(options.hidden, outputs),
                heads: 1,
            },
            Shape::Attention => Net {
                norm: Some(LayerNorm::new(dim, LayerNorm::EPSILON, device)),
                query: Some(Param::from_tensor(Tensor::zeros([1, dim], device))),
                key: Some(linear(dim, dim)),
                hidden: linear(dim, dim),
                out: linear(dim, outputs),
                heads: options.heads,
            },
        }
    }

    /// Maps `[batch, n, dim]` to `[batch, outputs]`; `kept` multiplies the hidden features.
    fn forward(&self, x: Tensor<3>, kept: Option<Tensor<2>>) -> Tensor<2> {
        let [batch, n, dim] = x.dims();
        let hidden = match (&self.norm, &self.query, &self.key) {
            (Some(norm), Some(query), Some(key)) => {
                let x = norm.forward(x);
                let (heads, width) = (self.heads, dim / self.heads);
                let split = |x: Tensor<3>| x.reshape([batch, n, heads, width]).swap_dims(1, 2);
                let query = query.val().reshape([1, heads, 1, width]);
                let scores =
                    (split(key.forward(x.clone())) * query).sum_dim(3) / (width as f64).sqrt();
                let share = softmax(scores, 2);
                (split(self.hidden.forward(x)) * share)
                    .sum_dim(2)
                    .reshape([batch, dim])
            }
            _ => relu(self.hidden.forward(x.reshape([batch, n * dim]))),
        };
        self.out.forward(match kept {
            Some(kept) => hidden * kept,
            None => hidden,
        })
    }
}

/// What was fitted, and how.
pub(super) struct NeuralProbe {
    net: Net,
    device: Device,
    /// Mean and deviation that numbers were standardized by.
    scale: [f64; 2],
    kind: Kind,
    /// In words, how long it was trained.
    pub(super) told: String,
}

#[derive(Clone, Copy)]
enum Kind {
    Classes,
    Several,
    Numbers,
}

/// What is to be given for each clip, `[clips, outputs]`.
struct Targets {
    outputs: usize,
    values: Vec<f32>,
}

impl Targets {
    fn of(truth: &Truth, n_classes: usize, [mean, deviation]: [f64; 2]) -> Targets {
        let values = match truth {
            Truth::Classes(labels) => {
                let row = |&label: &usize| {
                    (0..n_classes).map(move |class| f32::from(u8::from(class == label)))
                };
                labels.iter().flat_map(row).collect()
            }
            Truth::Several(rows) => rows
                .iter()
                .flatten()
                .map(|&is| f32::from(u8::from(is)))
                .collect(),
            Truth::Numbers(numbers) => numbers
                .iter()
                .map(|x| ((x - mean) / deviation) as f32)
                .collect(),
        };
        let outputs = if matches!(truth, Truth::Numbers(_)) {
            1
        } else {
            n_classes
        };
        Targets { outputs, values }
    }

    fn batch(&self, rows: &[usize], device: &Device) -> Tensor<2> {
        let values: Vec<f32> = rows
            .iter()
            .flat_map(|&row| &self.values[row * self.outputs..][..self.outputs])
            .copied()
            .collect();
        Tensor::from_data(TensorData::new(values, [rows.len(), self.outputs]), device)
    }
}

fn loss(kind: Kind, out: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    let n = out.dims()[0] as f64;
    match kind {
        Kind::Classes => (log_softmax(out, 1) * targets).sum().neg() / n,
        Kind::Several => {
            let rest = targets.clone().neg().add_scalar(1.0);
            let each = targets * log_sigmoid(out.clone()) + rest * log_sigmoid(out.neg());
            each.mean().neg()
        }
        Kind::Numbers => (out - targets).powi_scalar(2).mean(),
    }
}

impl NeuralProbe {
    /// Fits by AdamW, in an order and with weights drawn by the seed. With validation clips it stops when their loss has not
    /// fallen for some epochs and keeps the weights of its lowest one.
    ///
    /// # Errors
    /// [`Error::Range`] for options that make no network, [`Error::Stopped`] if asked to stop.
    pub(super) fn fit(
        shape: Shape,
        train: (&Places, &Truth),
        validation: Option<(&Places, &Truth)>,
        n_classes: usize,
        options: &NeuralOptions,
        device: &Device,
        stop: Stop<'_>,
    ) -> Result<NeuralProbe, Error> {
        let (x, truth) = train;
        check(shape, x.dim, options)?;
        let device = device.clone().autodiff();
        let (kind, scale) = match truth {
            Truth::Classes(_) => (Kind::Classes, [0.0, 1.0]),
            Truth::Several(_) => (Kind::Several, [0.0, 1.0]),
            Truth::Numbers(numbers) => {
                let n = numbers.len() as f64;
                let mean = numbers.iter().sum::<f64>() / n;
                let deviation =
                    (numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
                (
                    Kind::Numbers,
                    [mean, if deviation > 0.0 { deviation } else { 1.0 }],
                )
            }
        };
        let targets = Targets::of(truth, n_classes, scale);
        let judged = validation.map(|(x, truth)| (x, Targets::of(truth, n_classes, scale)));
        let inputs = if shape == Shape::Mlp {
            x.n * x.dim
        } else {
            x.dim
        };
        let net = Net::new(shape, inputs, targets.outputs, options, &device);
        let mut net = initialize(net, options.seed)?;
        if shape == Shape::Attention {
            let mut random = Key::of_seed(options.seed).at(Place::ROOT.named("query"));
            let values: Vec<f32> = (0..x.dim)
                .map(|_| (0.02 * random.normal()) as f32)
                .collect();
            let drawn = Tensor::from_data(TensorData::new(values, [1, x.dim]), &device);
            net.query = net.query.map(|query| query.map(|_| drawn.require_grad()));
        }
        let plain = AdamWConfig::new().with_weight_decay(options.weight_decay as f32);
        let mut optimizer: ModuleOptimizer = plain.build().into();
        let n = x.clips();
        let mut best: Option<(f64, usize, Net)> = None;
        let mut last = options.epochs;
        for epoch in 1..=options.epochs {
            let key = Key {
                seed: options.seed,
                epoch: epoch as u64,
                item: u64::MAX,
                view: 0,
            };
            let mut random = key.at(Place::ROOT.named("probe"));
            let mut order: Vec<usize> = (0..n).collect();
            random.shuffle(&mut order);
            for rows in order.chunks(options.batch) {
                if stop() {
                    return Err(Error::Stopped);
                }
                let kept = (options.dropout > 0.0).then(|| {
                    let features = net.hidden.weight.dims()[1];
                    let value = |uniform: f64| {
                        if uniform < options.dropout {
                            0.0
                        } else {
                            1.0 / (1.0 - options.dropout)
                        }
                    };
                    let values: Vec<f32> = (0..rows.len() * features)
                        .map(|_| value(random.uniform()) as f32)
                        .collect();
                    Tensor::from_data(TensorData::new(values, [rows.len(), features]), &device)
                });
                let out = net.forward(tensor(x, rows, &device), kept);
                let gradients = loss(kind, out, targets.batch(rows, &device)).backward();
                let gradients = GradientsParams::from_grads(gradients, &net);
                net = optimizer.step(options.learning_rate, net, gradients);
            }
            if let Some((x, targets)) = &judged {
                let value = on(&net, kind, x, targets, &device);
                if best.as_ref().is_none_or(|(lowest, ..)| value < *lowest) {
                    best = Some((value, epoch, net.clone()));
                } else if best
                    .as_ref()
                    .is_some_and(|(_, at, _)| epoch - at >= options.patience)
                {
                    last = epoch;
                    break;
                }
            }
        }
        let told = match &best {
            Some((_, epoch, _)) => {
                format!("epoch {epoch} of {last}, by the loss on validation clips")
            }
            None => format!("{last} epochs; without validation clips the last one is taken"),
        };
        let net = best.map_or(net, |(_, _, net)| net);
        Ok(NeuralProbe {
            net,
            device,
            scale,
            kind,
            told,
        })
    }

    /// Probabilities of classes, or a number, for each clip: `[clips, outputs]` in a row.
    pub(super) fn predict(&self, x: &Places) -> Vec<f64> {
        let all: Vec<usize> = (0..x.clips()).collect();
        let mut values = Vec::new();
        for rows in all.chunks(512) {
            let out = self.net.forward(tensor(x, rows, &self.device), None);
            let out = match self.kind {
                Kind::Classes => softmax(out, 1),
                Kind::Several => sigmoid(out),
                Kind::Numbers => out.mul_scalar(self.scale[1]).add_scalar(self.scale[0]),
            };
            values.extend(out.into_data().iter::<f64>());
        }
        values
    }
}

/// The mean loss on some clips.
fn on(net: &Net, kind: Kind, x: &Places, targets: &Targets, device: &Device) -> f64 {
    let all: Vec<usize> = (0..x.clips()).collect();
    let part = |rows: &[usize]| {
        let out = net.forward(tensor(x, rows, device), None);
        let value: f64 = loss(kind, out, targets.batch(rows, device))
            .into_data()
            .iter::<f64>()
            .sum();
        value * rows.len() as f64
    };
    all.chunks(512).map(part).sum::<f64>() / all.len() as f64
}

fn tensor(x: &Places, rows: &[usize], device: &Device) -> Tensor<3> {
    let chosen = x.select(rows);
    Tensor::from_data(
        TensorData::new(chosen.values, [rows.len(), x.n, x.dim]),
        device,
    )
}

fn check(shape: Shape, dim: usize, options: &NeuralOptions) -> Result<(), Error> {
    let counts = [
        ("hidden", options.hidden),
        ("epochs", options.epochs),
        ("patience", options.patience),
        ("batch", options.batch),
    ];
    if let Some((name, got)) = counts.into_iter().find(|(_, n)| *n == 0) {
        return Err(Error::range(name, "at least 1", got));
    }
    if !(0.0..1.0).contains(&options.dropout) {
        return Err(Error::range(
            "dropout",
            "at least 0 and below 1",
            options.dropout,
        ));
    }
    if !(options.learning_rate > 0.0 && options.learning_rate.is_finite()) {
        return Err(Error::range(
            "learning_rate",
            "above 0",
            options.learning_rate,
        ));
    }
    let fits = options.heads > 0 && dim.is_multiple_of(options.heads);
    if shape == Shape::Attention && !fits {
        return Err(Error::range(
            "heads",
            format!("a divisor of the {dim} features of a place"),
            options.heads,
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_learns_what_no_line_divides_and_which_place_matters() {
        // Two classes as exclusive or of two signs.
        let point = |i: usize| {
            [
                if i.is_multiple_of(2) { 1.0 } else { -1.0 },
                if i % 4 < 2 { 1.0 } else { -1.0 },
            ]
        };
        let wiggle = |i: usize| ((i * 37 % 101) as f32 / 101.0 - 0.5) * 0.4;
        let values: Vec<f32> = (0..80)
            .flat_map(|i| point(i).map(|x| x + wiggle(i)))
            .collect();
        let truth = Truth::Classes(
            (0..80)
                .map(|i| usize::from(point(i)[0] * point(i)[1] > 0.0))
                .collect(),
        );
        let x = Places {
            n: 1,
            dim: 2,
            values,
        };
        let options = NeuralOptions {
            epochs: 80,
            learning_rate: 1e-2,
            ..NeuralOptions::default()
        };
        let fit = |shape, x: &Places, truth: &Truth| {
            NeuralProbe::fit(
                shape,
                (x, truth),
                None,
                2,
                &options,
                &Device::flex(),
                &|| false,
            )
            .unwrap()
        };
        let right = |probe: &NeuralProbe, x: &Places, truth: &Truth| {
            let Truth::Classes(labels) = truth else {
                unreachable!()
            };
            let scores = probe.predict(x);
            labels
                .iter()
                .enumerate()
                .filter(|(i, label)| usize::from(scores[2 * i + 1] > 0.5) == **label)
                .count()
        };
        let probe = fit(Shape::Mlp, &x, &truth);
        assert_eq!(right(&probe, &x, &truth), 80);
        assert_eq!(
            probe.predict(&x),
            fit(Shape::Mlp, &x, &truth).predict(&x),
            "a seed repeats"
        );
        // The class is told by one marked place of five, and no clip has it at the same one.
        let clip = |i: usize| {
            let place = |p: usize| match p == i % 5 {
                true => [3.0, 0.0, if i.is_multiple_of(2) { 2.0 } else { -2.0 }, 0.5],
                false => [0.0, 1.0, wiggle(i * 5 + p) * 5.0, -0.5],
            };
            (0..5).flat_map(place).collect::<Vec<f32>>()
        };
        let x = Places {
            n: 5,
            dim: 4,
            values: (0..80).flat_map(clip).collect(),
        };
        let truth = Truth::Classes(
            (0..80_usize)
                .map(|i| usize::from(i.is_multiple_of(2)))
                .collect(),
        );
        assert_eq!(right(&fit(Shape::Attention, &x, &truth), &x, &truth), 80);
    }
}
