//! The layers of a network as shapes: what each gives, how many weights it has, how much it computes.

use super::same_padding;

/// A layer of a [`super::Summary`].
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its name in files of weights.
    pub name: String,
    /// What it does.
    pub kind: &'static str,
    /// Shape of its output for one clip.
    pub shape: Vec<usize>,
    /// Number of its weights, running statistics not counted.
    pub n_parameters: usize,
    /// Multiplications with an addition for one clip; those of norms, activations and pools do not count.
    pub multiply_adds: u64,
}

/// How an axis is padded.
#[derive(Clone, Copy, Debug)]
pub(super) enum Padding {
    /// By so many cells on either side.
    By(usize),
    /// So that `ceil(n / stride)` come out.
    Same,
}

/// Geometry of a window that moves over all axes of a map.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) kernel: Vec<usize>,
    pub(super) stride: Vec<usize>,
    pub(super) padding: Padding,
}

impl Window {
    /// One of the same size, stride and padding along each of `rank` axes.
    pub(super) fn cube(rank: usize, kernel: usize, stride: usize, padding: usize) -> Window {
        Window {
            kernel: vec![kernel; rank],
            stride: vec![stride; rank],
            padding: Padding::By(padding),
        }
    }

    /// One with SAME padding.
    pub(super) fn same(kernel: [usize; 2], stride: [usize; 2]) -> Window {
        Window {
            kernel: kernel.to_vec(),
            stride: stride.to_vec(),
            padding: Padding::Same,
        }
    }

    fn out(&self, size: &[usize]) -> Vec<usize> {
        let axes = size.iter().zip(&self.kernel).zip(&self.stride);
        axes.map(|((&n, &kernel), &stride)| {
            let padding = match self.padding {
                Padding::By(cells) => 2 * cells,
                Padding::Same => {
                    let (before, behind) = same_padding(n, kernel, stride);
                    before + behind
                }
            };
            (n + padding).saturating_sub(kernel) / stride + 1
        })
        .collect()
    }
}

/// A convolution to be traced.
pub(super) struct Convolution {
    pub(super) to: usize,
    pub(super) window: Window,
    pub(super) groups: usize,
    /// Numbers beside the kernels for every output channel: a bias, a gain.
    pub(super) extra: usize,
}

/// Follows a shape through a network.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// Channels, then axes; or tokens and their features; or features alone.
    pub(super) shape: Vec<usize>,
    pub(super) layers: Vec<Layer>,
}

impl Trace {
    pub(super) fn new(shape: &[usize]) -> Trace {
        Trace {
            shape: shape.to_vec(),
            layers: Vec::new(),
        }
    }

    /// Adds a layer that gives the shape as it is now.
    pub(super) fn push(
        &mut self,
        name: &str,
        kind: &'static str,
        n_parameters: usize,
        multiply_adds: usize,
    ) {
        self.layers.push(Layer {
            name: name.to_owned(),
            kind,
            shape: self.shape.clone(),
            n_parameters,
            multiply_adds: multiply_adds as u64,
        });
    }

    pub(super) fn conv(&mut self, name: &str, conv: &Convolution) {
        let size = conv.window.out(&self.shape[1..]);
        let of_channel = self.shape[0] / conv.groups * conv.window.kernel.iter().product::<usize>();
        let positions = size.iter().product::<usize>();
        self.shape = [vec![conv.to], size].concat();
        let n_parameters = conv.to * (of_channel + conv.extra);
        self.push(
            name,
            "convolution",
            n_parameters,
            conv.to * of_channel * positions,
        );
    }

    pub(super) fn batch_norm(&mut self, name: &str) {
        self.push(name, "batch norm", 2 * self.shape[0], 0);
    }

    pub(super) fn layer_norm(&mut self, name: &str) {
        self.push(name, "layer norm", 2 * self.features(), 0);
    }

    pub(super) fn pool(&mut self, kind: &'static str, window: &Window) {
        let size = window.out(&self.shape[1..]);
        self.shape = [vec![self.shape[0]], size].concat();
        self.push("", kind, 0, 0);
    }

    /// The mean or maximum over all axes but the channels.
    pub(super) fn global(&mut self, kind: &'static str) {
        self.shape.truncate(1);
        self.push("", kind, 0, 0);
    }

    /// A linear layer over the last axis.
    pub(super) fn linear(&mut self, name: &str, to: usize, bias: bool) {
        let from = self.features();
        if let Some(last) = self.shape.last_mut() {
            *last = to;
        }
        let rows = self.shape.iter().product::<usize>() / to;
        self.push(
            name,
            "linear",
            to * (from + usize::from(bias)),
            rows * from * to,
        );
    }

    fn features(&self) -> usize {
        self.shape.last().copied().unwrap_or(0)
    }
}
