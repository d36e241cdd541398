//! What an architecture consists of, computed from shapes alone.

use super::front::PATCH;
use super::slowfast::{FUSE_KERNEL, STEM_STRIDES, TIME_RATIO, fused};
use super::trace::{Convolution, Layer, Trace, Window};
use super::transformer::MLP_RATIO;
use super::{
    Architecture, AstOptions, Cnn6Options, MlpOptions, NfBlockOptions, PathwayShape, Pathways,
    ResNet18WavesOptions, SlowfastNfnetOptions, cnn6, resnet_waves,
};
use crate::Error;
use auricle_audio::augment::Domain;
use std::fmt::{Display, Formatter};

/// The layers of an architecture for an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Shape of one clip.
    pub input: Vec<usize>,
    /// The layers in the order in which they compute.
    pub layers: Vec<Layer>,
}

impl Summary {
    /// Number of weights, running statistics not counted.
    pub fn n_parameters(&self) -> usize {
        self.layers.iter().map(|layer| layer.n_parameters).sum()
    }

    /// Multiplications with an addition for one clip.
    pub fn multiply_adds(&self) -> u64 {
        self.layers.iter().map(|layer| layer.multiply_adds).sum()
    }
}

impl Display for Summary {
    /// A table: name, kind, shape, weights and multiply-adds of every layer, then their sums.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let rows: Vec<[String; 5]> = self
            .layers
            .iter()
            .map(|layer| {
                [
                    layer.name.clone(),
                    layer.kind.to_owned(),
                    format!("{:?}", layer.shape),
                    grouped(layer.n_parameters as u64),
                    grouped(layer.multiply_adds),
                ]
            })
            .collect();
        let heads = ["layer", "kind", "output", "weights", "multiply-adds"];
        let sums = [
            "total".to_owned(),
            String::new(),
            String::new(),
            grouped(self.n_parameters() as u64),
            grouped(self.multiply_adds()),
        ];
        let width = |column: usize| {
            let cells = rows.iter().chain([&sums]).map(|row| row[column].len());
            cells.chain([heads[column].len()]).max().unwrap_or(0)
        };
        let widths: [usize; 5] = std::array::from_fn(width);
        let line = |cells: [&str; 5]| {
            let [name, kind, shape, weights, multiply_adds] = cells;
            let [a, b, c, d, e] = widths;
            format!("{name:a$}  {kind:b$}  {shape:c$}  {weights:>d$}  {multiply_adds:>e$}")
        };
        writeln!(f, "one clip {:?}", self.input)?;
        writeln!(f, "{}", line(heads))?;
        for row in &rows {
            writeln!(f, "{}", line(row.each_ref().map(String::as_str)))?;
        }
        write!(f, "{}", line(sums.each_ref().map(String::as_str)))
    }
}

/// A whole number with a comma after every three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

impl Architecture {
    /// Its layers for one clip: `[channels, samples]` for networks over waves, else `[channels,
    /// bands, frames]`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the network cannot read such a clip.
    pub fn summary(&self, input: &[usize]) -> Result<Summary, Error> {
        if let Architecture::Layers(stack) = self {
            return stack.summary(input);
        }
        let (rank, smallest) = match self {
            Architecture::ResNet18Waves(options) => (2, options.geometry.min_samples()),
            Architecture::Ast(_) => (3, PATCH),
            Architecture::Cnn6(_) => (3, cnn6::MIN_SIZE),
            _ => (3, 1),
        };
        let fits = match self {
            Architecture::Mlp(options) => input.iter().product::<usize>() == options.inputs,
            _ => {
                input.len() == rank
                    && input[0] == self.channels()
                    && input[1..].iter().all(|&n| n >= smallest)
            }
        };
        if !fits {
            let want = match (self, self.domain()) {
                (Architecture::Mlp(options), _) => format!("{} numbers", options.inputs),
                (_, Some(Domain::Wave)) => format!("[{}, samples >= {smallest}]", self.channels()),
                _ => {
                    let channels = self.channels();
                    format!("[{channels}, bands >= {smallest}, frames >= {smallest}]")
                }
            };
            return Err(Error::Shape {
                what: "the clip",
                want,
                got: input.to_vec(),
            });
        }
        let mut trace = Trace::new(input);
        match self {
            Architecture::ResNet18(options) => {
                let same = ResNet18WavesOptions {
                    width: options.width,
                    channels: options.channels,
                    stem_bias: options.stem_bias,
                    fc: options.fc,
                    ..ResNet18WavesOptions::default()
                };
                let pool = Window::cube(2, 3, 2, 1);
                resnet(&mut trace, same, &Window::cube(2, 7, 2, 3), &pool, 3);
            }
            Architecture::ResNet18Waves(options) => {
                let (kernel, geometry) = (resnet_waves::KERNEL, options.geometry);
                let stem = Window::cube(1, geometry.stem(), 2, geometry.stem() / 2);
                let pool = Window::cube(1, kernel, 2, geometry.pool_padding());
                resnet(&mut trace, *options, &stem, &pool, kernel);
            }
            Architecture::Ast(options) => transformer(&mut trace, options),
            Architecture::SlowfastNfnet(options) => nfnet(&mut trace, *options),
            Architecture::Cnn6(options) => convolutions(&mut trace, *options),
            Architecture::Mlp(options) => plain(&mut trace, options),
            // Expressions trace themselves.
            Architecture::Layers(_) => {}
        }
        Ok(Summary {
            input: input.to_vec(),
            layers: trace.layers,
        })
    }
}

fn resnet(
    trace: &mut Trace,
    options: ResNet18WavesOptions,
    stem: &Window,
    pool: &Window,
    kernel: usize,
) {
    let rank = stem.kernel.len();
    let conv = |to: usize, window: Window, extra: usize| Convolution {
        to,
        window,
        groups: 1,
        extra,
    };
    let bias = usize::from(options.stem_bias);
    trace.conv("conv1", &conv(options.width, stem.clone(), bias));
    trace.batch_norm("bn1");
    trace.pool("maximum", pool);
    for stage in 0..4 {
        let to = options.width << stage;
        for block in 0..2 {
            let name = |layer: &str| format!("layer{}.{block}.{layer}", stage + 1);
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            if stride != 1 {
                let mut shortcut = Trace::new(&trace.shape);
                let window = Window::cube(rank, 1, stride, 0);
                shortcut.conv(&name("downsample.0"), &conv(to, window, 0));
                shortcut.batch_norm(&name("downsample.1"));
                trace.layers.append(&mut shortcut.layers);
            }
            let window = Window::cube(rank, kernel, stride, kernel / 2);
            trace.conv(&name("conv1"), &conv(to, window, 0));
            trace.batch_norm(&name("bn1"));
            let window = Window::cube(rank, kernel, 1, kernel / 2);
            trace.conv(&name("conv2"), &conv(to, window, 0));
            trace.batch_norm(&name("bn2"));
        }
    }
    trace.global("mean");
    if let Some(outputs) = options.fc {
        trace.linear("fc", outputs, true);
    }
}

fn transformer(trace: &mut Trace, options: &AstOptions) {
    let conv = Convolution {
        to: options.dim,
        window: Window::cube(2, PATCH, options.stride, 0),
        groups: 1,
        extra: 1,
    };
    trace.conv("v.patch_embed.proj", &conv);
    let n_front = 1 + usize::from(options.distilled);
    let n = n_front + trace.shape[1] * trace.shape[2];
    let dim = options.dim;
    trace.shape = vec![n, dim];
    let table = n_front + options.grid().iter().product::<usize>();
    trace.push(
        "v.pos_embed",
        "tokens and positions",
        (table + n_front) * dim,
        0,
    );
    for block in 0..options.depth {
        let name = |layer: &str| format!("v.blocks.{block}.{layer}");
        trace.layer_norm(&name("norm1"));
        trace.linear(&name("attn.qkv"), 3 * dim, true);
        trace.shape = vec![n, dim];
        trace.push(&name("attn"), "attention", 0, 2 * n * n * dim);
        trace.linear(&name("attn.proj"), dim, true);
        trace.layer_norm(&name("norm2"));
        trace.linear(&name("mlp.fc1"), MLP_RATIO * dim, true);
        trace.linear(&name("mlp.fc2"), dim, true);
    }
    trace.layer_norm("v.norm");
    trace.shape = vec![dim];
    trace.push("", "mean of class tokens", 0, 0);
    if let Some(classes) = options.classes {
        trace.layer_norm("mlp_head.0");
        trace.linear("mlp_head.1", classes, true);
    }
}

fn nfnet(trace: &mut Trace, options: SlowfastNfnetOptions) {
    let [slow, fast] = options.shapes();
    trace.shape.swap(1, 2);
    let alone = |trace: &mut Trace, shape| {
        pathway(trace, "", shape, [0; 4]);
    };
    match options.pathways {
        Pathways::Slow => alone(trace, slow),
        Pathways::Fast => alone(trace, fast),
        Pathways::Both => {
            let input = Trace::new(&trace.shape);
            let lent = fused(options.width);
            let maps = pathway(trace, "fast.", fast, [0; 4]);
            for (stage, map) in maps.iter().enumerate() {
                let mut fuse = Trace::new(map);
                let window = Window::same(FUSE_KERNEL, [TIME_RATIO, 1]);
                standardized(&mut fuse, &format!("fuse.{stage}"), lent[stage], window, 1);
                trace.layers.append(&mut fuse.layers);
            }
            let mut other = input;
            let ratio = [TIME_RATIO, 1];
            other.pool("maximum", &Window::same(ratio, ratio));
            pathway(&mut other, "slow.", slow, lent);
            trace.layers.append(&mut other.layers);
            trace.shape = vec![fast.dim() + slow.dim()];
            trace.push("", "fast, then slow features", 0, 0);
        }
    }
}

/// A convolution with standardized weights: a bias and a gain for every channel.
fn standardized(trace: &mut Trace, name: &str, to: usize, window: Window, groups: usize) {
    let conv = Convolution {
        to,
        window,
        groups,
        extra: 2,
    };
    trace.conv(name, &conv);
}

/// Traces one network and gives the shapes that enter its stages, without what joins them.
fn pathway(
    trace: &mut Trace,
    prefix: &str,
    shape: PathwayShape,
    extra: [usize; 4],
) -> Vec<Vec<usize>> {
    for (index, to) in shape.stem().into_iter().enumerate() {
        let window = Window::same(shape.stem_kernels[index], STEM_STRIDES[index]);
        standardized(trace, &format!("{prefix}stem.{index}"), to, window, 1);
    }
    let mut maps = Vec::new();
    for (index, (stage, block)) in shape.blocks(extra).into_iter().enumerate() {
        if maps.len() == stage {
            maps.push(trace.shape.clone());
            trace.shape[0] += extra[stage];
        }
        nf_block(trace, &format!("{prefix}blocks.{index}."), block);
    }
    let name = format!("{prefix}final_conv");
    standardized(trace, &name, shape.dim(), Window::same([1; 2], [1; 2]), 1);
    trace.global("mean");
    maps
}

fn nf_block(trace: &mut Trace, prefix: &str, block: NfBlockOptions) {
    let NfBlockOptions {
        channels: [_, to],
        kernel,
        stride,
        ..
    } = block;
    let (middle, groups) = block.middle();
    let point = Window::same([1; 2], [1; 2]);
    let name = |layer: &str| format!("{prefix}{layer}");
    if block.has_shortcut() {
        let mut shortcut = Trace::new(&trace.shape);
        if stride != [1; 2] {
            shortcut.pool("mean", &Window::same(stride, stride));
        }
        standardized(&mut shortcut, &name("conv_shortcut"), to, point.clone(), 1);
        trace.layers.append(&mut shortcut.layers);
    }
    standardized(trace, &name("conv0"), middle, point.clone(), 1);
    standardized(
        trace,
        &name("conv1"),
        middle,
        Window::same(kernel, stride),
        groups,
    );
    standardized(
        trace,
        &name("conv1b"),
        middle,
        Window::same([1, 3], [1; 2]),
        groups,
    );
    standardized(trace, &name("conv2"), to, point, 1);
    let mut weights = Trace::new(&trace.shape[..1]);
    weights.linear(&name("se.fc0"), middle, true);
    weights.linear(&name("se.fc1"), to, true);
    trace.layers.append(&mut weights.layers);
    trace.push(&name("skip_gain"), "sum with the shortcut", 1, 0);
}

fn convolutions(trace: &mut Trace, options: Cnn6Options) {
    for block in 0..4 {
        let conv = Convolution {
            to: options.width << block,
            window: Window::cube(2, cnn6::KERNEL, 1, cnn6::KERNEL / 2),
            groups: 1,
            extra: 0,
        };
        trace.conv(&format!("conv_block{}.conv1", block + 1), &conv);
        trace.batch_norm(&format!("conv_block{}.bn1", block + 1));
        trace.pool("mean", &Window::cube(2, 2, 2, 0));
    }
    trace.global("mean, maximum");
}

fn plain(trace: &mut Trace, options: &MlpOptions) {
    trace.shape = vec![options.inputs];
    for (index, &to) in options.layers.iter().enumerate() {
        trace.linear(&format!("layers.{index}"), to, true);
        if options.batch_norm && index + 1 < options.layers.len() {
            trace.batch_norm(&format!("norms.{index}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Geometry, Input, Network, ResNet18Options, count_parameters};
    use burn::tensor::{Device, Tensor};

    /// Architectures of small sizes, and inputs for them.
    fn small() -> Vec<(Architecture, Vec<usize>)> {
        let nfnet = |pathways| {
            Architecture::SlowfastNfnet(SlowfastNfnetOptions {
                width: 32,
                channels: 2,
                pathways,
                ..SlowfastNfnetOptions::default()
            })
        };
        let waves = |geometry| {
            Architecture::ResNet18Waves(ResNet18WavesOptions {
                width: 2,
                channels: 2,
                geometry,
                stem_bias: true,
                fc: None,
            })
        };
        let ast = AstOptions {
            dim: 12,
            depth: 2,
            heads: 2,
            channels: 2,
            bands: 40,
            frames: 50,
            distilled: false,
            classes: Some(5),
            norm_epsilon: Some(1e-7),
            ..AstOptions::default()
        };
        let resnet = ResNet18Options {
            width: 2,
            channels: 2,
            stem_bias: true,
            fc: Some(7),
        };
        let cnn6 = Cnn6Options {
            width: 2,
            channels: 2,
        };
        let plain = MlpOptions {
            inputs: 2 * 3 * 4,
            layers: vec![6, 5],
            batch_norm: true,
        };
        vec![
            (Architecture::ResNet18(resnet), vec![2, 33, 47]),
            (waves(Geometry::Squared), vec![2, 777]),
            (waves(Geometry::Code), vec![2, 777]),
            (Architecture::Ast(ast), vec![2, 40, 50]),
            (nfnet(Pathways::Both), vec![2, 37, 45]),
            (nfnet(Pathways::Slow), vec![2, 37, 45]),
            (nfnet(Pathways::Fast), vec![2, 37, 45]),
            (Architecture::Cnn6(cnn6), vec![2, 33, 47]),
            (Architecture::Mlp(plain), vec![2, 3, 4]),
        ]
    }

    #[test]
    fn the_summary_counts_what_the_network_has_and_gives() {
        for (architecture, input) in small() {
            let summary = architecture.summary(&input).unwrap();
            let network = Network::new(&architecture, &Device::flex()).unwrap();
            let n_parameters = count_parameters(&network);
            assert_eq!(summary.n_parameters(), n_parameters, "{architecture}");
            let last = summary.layers.last().unwrap().shape.clone();
            assert_eq!(last, [architecture.dim()], "{architecture}");
            let x: Input = match *input.as_slice() {
                [channels, samples] => {
                    Tensor::<3>::ones([3, channels, samples], &Device::flex()).into()
                }
                [channels, bands, frames] => {
                    Tensor::<4>::ones([3, channels, bands, frames], &Device::flex()).into()
                }
                _ => unreachable!("clips have two or three axes"),
            };
            let out = network.forward(x).unwrap();
            assert_eq!(out.dims(), [3, architecture.dim()], "{architecture}");
        }
    }

    /// The maps that the specification lists, and the multiply-adds counted by hand for the stem.
    #[test]
    fn a_resnet_halves_its_maps() {
        let architecture = Architecture::ResNet18(ResNet18Options::default());
        let summary = architecture.summary(&[1, 128, 126]).unwrap();
        let shape = |name: &str| {
            let layer = summary.layers.iter().find(|layer| layer.name == name);
            layer.unwrap().shape.clone()
        };
        assert_eq!(shape("conv1"), [64, 64, 63]);
        assert_eq!(shape("layer1.1.bn2"), [64, 32, 32]);
        assert_eq!(shape("layer4.1.bn2"), [512, 4, 4]);
        assert_eq!(summary.layers[0].multiply_adds, 64 * 49 * 64 * 63);
        // The stem, stage 1, and three stages of equal cost: 12,644,352 + 150,994,944 + 3 *
        // 134,217,728.
        assert_eq!(summary.multiply_adds(), 566_292_480);
        let text = summary.to_string();
        assert!(text.ends_with("11,170,240    566,292,480"), "{text}");
    }

    #[test]
    fn a_clip_that_is_too_small_is_an_error() {
        let architecture = Architecture::Cnn6(Cnn6Options::default());
        let error = architecture.summary(&[1, 15, 40]).unwrap_err().to_string();
        let want = "the clip must be [1, bands >= 16, frames >= 16], not [1, 15, 40]";
        assert_eq!(error, want);
    }

    #[test]
    fn an_architecture_is_read_back_from_json() {
        for (architecture, _) in small() {
            let text = serde_json::to_string(&architecture).unwrap();
            let read: Architecture = serde_json::from_str(&text).unwrap();
            assert_eq!(read, architecture);
        }
    }
}
