//! What an architecture consists of, computed from shapes alone.

use std::fmt::{Display, Formatter};

/// A layer of a [`Summary`].
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
    /// Multiplications with an addition for one clip; those of norms, activations and pools do not
    /// count.
    pub multiply_adds: u64,
}

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

#[cfg(test)]
mod tests {
    use crate::nn::{
        Architecture, AstOptions, Cnn6Options, Geometry, Input, MlpOptions, Network, Pathways,
        ResNet18Options, ResNet18WavesOptions, SlowfastNfnetOptions, count_parameters,
    };
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
        let want = "layer conv_block4.3, `avg_pool(2)`, needs an axis of at least 2; it is given a map [512, 1, 5]";
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
