//! Batch normalization with what follows it: an added shortcut and a ReLU.

use super::pieces;

/// Sizes of an activation: images, channels, positions of a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) images: usize,
    pub(super) channels: usize,
    pub(super) positions: usize,
}

impl Sizes {
    /// Values that a channel's statistics are taken over.
    fn count(&self) -> f64 {
        (self.images * self.positions) as f64
    }

    /// Sums two figures of every channel of some images.
    fn per_channel(
        &self,
        add: impl Fn(usize, usize, std::ops::Range<usize>) -> [f64; 2] + Sync + Send,
    ) -> Vec<[f64; 2]> {
        let parts = pieces::map(self.images, |images| {
            let mut sums = vec![[0.0; 2]; self.channels];
            for image in images {
                for (channel, sum) in sums.iter_mut().enumerate() {
                    let start = (image * self.channels + channel) * self.positions;
                    let [a, b] = add(image, channel, start..start + self.positions);
                    *sum = [sum[0] + a, sum[1] + b];
                }
            }
            sums
        });
        let mut total = vec![[0.0; 2]; self.channels];
        for part in parts {
            total
                .iter_mut()
                .zip(part)
                .for_each(|(t, p)| *t = [t[0] + p[0], t[1] + p[1]]);
        }
        total
    }
}

/// Mean and biased variance of every channel: all means, then all variances.
pub(super) fn statistics(s: Sizes, x: &[f32]) -> Vec<f32> {
    let sums = s.per_channel(|_, _, at| [f64::from(sum(&x[at], |v| v)), 0.0]);
    let means: Vec<f32> = sums
        .iter()
        .map(|[total, _]| (total / s.count()) as f32)
        .collect();
    let squares = s.per_channel(|_, channel, at| {
        let mean = means[channel];
        [f64::from(sum(&x[at], |v| (v - mean) * (v - mean))), 0.0]
    });
    let variances = squares.iter().map(|[total, _]| (total / s.count()) as f32);
    means.iter().copied().chain(variances).collect()
}

/// A sum over eight independent accumulators, which the compiler keeps in vector registers.
fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0f32; 8];
    let chunks = values.chunks_exact(8);
    let tail: f32 = chunks.remainder().iter().map(|&v| term(v)).sum();
    for chunk in chunks {
        for i in 0..8 {
            sums[i] += term(chunk[i]);
        }
    }
    sums.iter().sum::<f32>() + tail
}

/// Scale and shift of every channel.
fn affine(statistics: &[f32], gamma: &[f32], beta: &[f32], epsilon: f64) -> Vec<[f32; 2]> {
    let n = gamma.len();
    (0..n)
        .map(|c| {
            let scale = f64::from(gamma[c]) / (f64::from(statistics[n + c]) + epsilon).sqrt();
            [
                scale as f32,
                (f64::from(beta[c]) - f64::from(statistics[c]) * scale) as f32,
            ]
        })
        .collect()
}

/// What the layer has besides the activation.
#[derive(Clone, Copy)]
pub(super) struct Layer<'a> {
    pub(super) gamma: &'a [f32],
    pub(super) beta: &'a [f32],
    pub(super) statistics: &'a [f32],
    pub(super) epsilon: f64,
    pub(super) relu: bool,
}

/// `relu(gamma (x - mean) / sqrt(variance + epsilon) + beta + shortcut)`.
pub(super) fn forward(s: Sizes, layer: Layer<'_>, x: &[f32], shortcut: Option<&[f32]>) -> Vec<f32> {
    let affine = affine(layer.statistics, layer.gamma, layer.beta, layer.epsilon);
    let floor = if layer.relu { 0.0 } else { f32::NEG_INFINITY };
    let mut out = vec![0.0; x.len()];
    pieces::map_into(s.images, &mut out, |images, out| {
        let first = images.start * s.channels * s.positions;
        for (plane, out) in out.chunks_exact_mut(s.positions).enumerate() {
            let [scale, shift] = affine[plane % s.channels];
            let at = first + plane * s.positions;
            let x = &x[at..at + s.positions];
            match shortcut {
                None => out
                    .iter_mut()
                    .zip(x)
                    .for_each(|(y, x)| *y = (x * scale + shift).max(floor)),
                Some(shortcut) => {
                    let shortcut = &shortcut[at..at + s.positions];
                    let both = out.iter_mut().zip(x.iter().zip(shortcut));
                    both.for_each(|(y, (x, r))| *y = (x * scale + shift + r).max(floor));
                }
            }
        }
    });
    out
}

/// The gradients of a layer.
pub(super) struct Gradients {
    pub(super) x: Vec<f32>,
    pub(super) gamma: Vec<f32>,
    pub(super) beta: Vec<f32>,
    /// Of the shortcut, where there is one: the gradient behind the ReLU.
    pub(super) shortcut: Option<Vec<f32>>,
}

/// The gradients of [`forward`], whose output was `y`, with the statistics taken as functions of `x`.
pub(super) fn backward(
    s: Sizes,
    layer: Layer<'_>,
    x: &[f32],
    y: &[f32],
    gradient: &[f32],
    with_shortcut: bool,
) -> Gradients {
    let n = s.channels;
    let (mean, inverse): (&[f32], Vec<f32>) = (
        &layer.statistics[..n],
        layer.statistics[n..]
            .iter()
            .map(|&v| (1.0 / (f64::from(v) + layer.epsilon).sqrt()) as f32)
            .collect(),
    );
    // What passed the ReLU: everything if there is none.
    let mut passed = vec![0.0; if layer.relu { x.len() } else { 0 }];
    if layer.relu {
        pieces::map_into(s.images, &mut passed, |images, out| {
            let at = images.start * n * s.positions;
            let (y, g) = (&y[at..at + out.len()], &gradient[at..at + out.len()]);
            out.iter_mut()
                .zip(y.iter().zip(g))
                .for_each(|(o, (y, g))| *o = if *y > 0.0 { *g } else { 0.0 });
        });
    }
    let g: &[f32] = if layer.relu { &passed } else { gradient };
    let sums = s.per_channel(|_, channel, at| {
        let (mean, inverse) = (mean[channel], inverse[channel]);
        let mut projected = [0.0f32; 8];
        let (xs, gs) = (&x[at.clone()], &g[at.clone()]);
        let (x8, g8) = (xs.chunks_exact(8), gs.chunks_exact(8));
        let tail: f32 = x8
            .remainder()
            .iter()
            .zip(g8.remainder())
            .map(|(x, g)| (x - mean) * inverse * g)
            .sum();
        for (x, g) in x8.zip(g8) {
            for i in 0..8 {
                projected[i] += (x[i] - mean) * inverse * g[i];
            }
        }
        [
            f64::from(sum(gs, |v| v)),
            f64::from(projected.iter().sum::<f32>() + tail),
        ]
    });
    let mut dx = vec![0.0; x.len()];
    pieces::map_into(s.images, &mut dx, |images, out| {
        let first = images.start * n * s.positions;
        for (plane, out) in out.chunks_exact_mut(s.positions).enumerate() {
            let c = plane % n;
            let at = first + plane * s.positions;
            let scale = layer.gamma[c] * inverse[c];
            let (shift, slope) = (
                (sums[c][0] / s.count()) as f32,
                (sums[c][1] / s.count()) as f32 * inverse[c],
            );
            let (xs, gs) = (&x[at..at + s.positions], &g[at..at + s.positions]);
            let both = out.iter_mut().zip(xs.iter().zip(gs));
            both.for_each(|(o, (x, g))| *o = scale * (g - shift - (x - mean[c]) * slope));
        }
    });
    Gradients {
        x: dx,
        gamma: sums.iter().map(|sum| sum[1] as f32).collect(),
        beta: sums.iter().map(|sum| sum[0] as f32).collect(),
        shortcut: with_shortcut.then(|| {
            if layer.relu {
                passed
            } else {
                gradient.to_vec()
            }
        }),
    }
}
