//! An expression with the clips that it was built for.

use super::edge::Form;
use super::expression::{Expression, Level};
use super::layer::{Fitted, Refusal, Site};
use super::shape::{Shape, Size};
use crate::Error;
use crate::nn::onnx::Axis;
use crate::nn::{Layer, Scheme, Summary, within};
use auricle_audio::augment::Domain;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The clips that layers are built for. Sizes that are given are those of every clip; those that
/// are not may differ from batch to batch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clips {
    /// Features such as spectrograms, `[channels, bands, frames]`.
    Features {
        /// Number of channels.
        channels: usize,
        /// Number of bands.
        bands: Option<usize>,
        /// Number of frames.
        frames: Option<usize>,
    },
    /// Waves, `[channels, samples]`.
    Waves {
        /// Number of channels.
        channels: usize,
        /// Number of samples.
        samples: Option<usize>,
    },
    /// Rows of numbers.
    Rows {
        /// How many numbers.
        inputs: usize,
    },
}

/// Weights that layers have at most: 8 GiB of them.
const MOST_WEIGHTS: usize = 1 << 31;

impl Clips {
    /// Features of any size.
    pub(in crate::nn) fn features(channels: usize) -> Clips {
        Clips::Features {
            channels,
            bands: None,
            frames: None,
        }
    }

    /// Checks that all sizes are sizes.
    fn check(&self) -> Result<(), Error> {
        const MOST: usize = 1 << 24;
        let sizes = match *self {
            Clips::Features {
                channels,
                bands,
                frames,
            } => vec![
                ("channels", Some(channels)),
                ("bands", bands),
                ("frames", frames),
            ],
            Clips::Waves { channels, samples } => {
                vec![("channels", Some(channels)), ("samples", samples)]
            }
            Clips::Rows { inputs } => vec![("inputs", Some(inputs))],
        };
        for (name, size) in sizes {
            let most = if name == "channels" { 1024 } else { MOST };
            within(name, size.unwrap_or(1), 1..=most)?;
        }
        Ok(())
    }

    fn shape(&self) -> Shape {
        match *self {
            Clips::Features {
                channels,
                bands,
                frames,
            } => {
                let sizes = [Size::axis("bands", bands), Size::axis("frames", frames)];
                Shape::Map(channels, sizes)
            }
            Clips::Waves { channels, samples } => {
                Shape::Line(channels, Size::axis("samples", samples))
            }
            Clips::Rows { inputs } => Shape::Row(inputs),
        }
    }

    /// Its axes in words, with the sizes that are known.
    fn axes(&self) -> String {
        match self.shape() {
            Shape::Map(channels, [bands, frames]) => format!("[{channels}, {bands}, {frames}]"),
            Shape::Line(channels, samples) => format!("[{channels}, {samples}]"),
            Shape::Tokens(_, inputs) | Shape::Row(inputs) => format!("[{inputs}]"),
        }
    }

    /// The shape of a clip that has these sizes, in the order of its axes.
    fn of_sizes(&self, sizes: &[usize]) -> Option<Shape> {
        let shape = self.shape();
        let wanted = shape.dims();
        if let Shape::Row(inputs) = shape {
            // A row may come with axes: they are laid in it.
            let is_row = sizes.iter().product::<usize>() == inputs;
            return is_row.then_some(shape);
        }
        // A size that may be any is 0 among those that are wanted.
        let fits = |(&want, &got): (&usize, &usize)| got > 0 && (want == got || want == 0);
        if sizes.len() != wanted.len() || !wanted.iter().zip(sizes).all(fits) {
            return None;
        }
        Some(match *sizes {
            [channels, bands, frames] => {
                Shape::Map(channels, [Size::Known(bands), Size::Known(frames)])
            }
            [channels, samples] => Shape::Line(channels, Size::Known(samples)),
            _ => shape,
        })
    }
}

/// Layers that fit each other, and the clips that they are built for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Stack {
    layers: Expression,
    clips: Clips,
    dim: usize,
}

/// A [`Stack`] in a file.
#[derive(Serialize, Deserialize)]
struct Written {
    layers: serde_json::Value,
    clips: Clips,
}

impl TryFrom<Written> for Stack {
    type Error = Error;

    fn try_from(written: Written) -> Result<Stack, Error> {
        Stack::new(Expression::from_json(&written.layers)?, written.clips)
    }
}

impl From<Stack> for Written {
    fn from(stack: Stack) -> Written {
        Written {
            layers: stack.layers.to_json(),
            clips: stack.clips,
        }
    }
}

impl Stack {
    /// Checks that layers fit each other and give an embedding.
    ///
    /// # Errors
    /// [`Error::Misfit`] for a layer that cannot read what it is given, [`Error::Shape`] if the
    /// last one gives no row, [`Error::Range`] if two layers have weights of one name.
    pub fn new(layers: Expression, clips: Clips) -> Result<Stack, Error> {
        clips.check()?;
        let mut site = Site::default();
        let shape = fit(&layers, &mut site, &clips.shape())?.shape;
        let counts = site.layers.iter().map(|layer| layer.n_parameters);
        let n_parameters = counts.fold(0, usize::saturating_add);
        if n_parameters > MOST_WEIGHTS {
            return Err(Error::Run {
                message: format!(
                    "the layers have {n_parameters} weights, at most {MOST_WEIGHTS} are built"
                ),
                hint: "give a linear layer fewer inputs, or convolutions fewer channels".into(),
            });
        }
        let Shape::Row(dim) = shape else {
            return Err(Error::Run {
                message: format!("the layers give {shape}, an embedding is a row"),
                hint: "end them in `global_mean()`, or in `flatten()`".into(),
            });
        };
        let mut names = BTreeSet::new();
        let with_weights = site.layers.iter().filter(|layer| layer.n_parameters > 0);
        for layer in with_weights {
            if !names.insert(&layer.name) {
                let want = "different for layers with weights";
                return Err(Error::range(
                    "name",
                    want,
                    format!("`{}` twice", layer.name),
                ));
            }
        }
        Ok(Stack { layers, clips, dim })
    }

    /// The layers.
    pub fn layers(&self) -> &Expression {
        &self.layers
    }

    /// Number of features that the last layer gives.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Channels of a clip; a row of numbers says 1.
    pub fn channels(&self) -> usize {
        match self.clips {
            Clips::Features { channels, .. } | Clips::Waves { channels, .. } => channels,
            Clips::Rows { .. } => 1,
        }
    }

    /// Whether it reads rows of numbers, whatever axes they come with.
    pub(super) fn reads_rows(&self) -> bool {
        matches!(self.clips, Clips::Rows { .. })
    }

    /// What the first layer reads; `None` for rows, which either may be laid in.
    pub fn domain(&self) -> Option<Domain> {
        match self.clips {
            Clips::Waves { .. } => Some(Domain::Wave),
            Clips::Features { .. } => Some(Domain::Features),
            Clips::Rows { .. } => None,
        }
    }

    /// The input of its graph: the name, its axes in one word, and their sizes, those of features where they are told.
    pub(in crate::nn) fn onnx_input(
        &self,
        told: Option<[usize; 2]>,
    ) -> (&'static str, Form, Vec<Axis>) {
        let size = |known: Option<usize>, name| known.map_or(Axis::Any(name), Axis::Fixed);
        let batch = Axis::Any("batch");
        match self.clips {
            Clips::Features {
                channels,
                bands,
                frames,
            } => {
                let sizes = told.map_or([bands, frames], |sizes| sizes.map(Some));
                let axes = [size(sizes[0], "bands"), size(sizes[1], "frames")];
                (
                    "features",
                    Form::Map,
                    vec![batch, Axis::Fixed(channels), axes[0], axes[1]],
                )
            }
            Clips::Waves { channels, samples } => {
                let axes = vec![batch, Axis::Fixed(channels), size(samples, "samples")];
                ("wave", Form::Line, axes)
            }
            Clips::Rows { inputs } => ("row", Form::Row, vec![batch, Axis::Fixed(inputs)]),
        }
    }

    /// A clip for a summary: the sizes that it was built for, then those that are given.
    pub fn clip(&self, bands: usize, frames: usize, samples: usize) -> Vec<usize> {
        match self.clips {
            Clips::Features {
                channels,
                bands: own_bands,
                frames: own_frames,
            } => vec![
                channels,
                own_bands.unwrap_or(bands),
                own_frames.unwrap_or(frames),
            ],
            Clips::Waves {
                channels,
                samples: own,
            } => vec![channels, own.unwrap_or(samples)],
            Clips::Rows { inputs } => vec![inputs],
        }
    }

    /// Checks that the layers can read clips of a size.
    ///
    /// # Errors
    /// [`Error::Shape`] for other axes than they were built for, [`Error::Misfit`] if a layer's
    /// window is larger than what is left of an axis.
    pub(super) fn check(&self, what: &'static str, sizes: &[usize]) -> Result<Vec<Layer>, Error> {
        let shape = self.clips.of_sizes(sizes).ok_or_else(|| Error::Shape {
            what,
            want: self.clips.axes(),
            got: sizes.to_vec(),
        })?;
        let mut site = Site::default();
        fit(&self.layers, &mut site, &shape)?;
        Ok(site.layers)
    }

    /// The clips that it was built for.
    pub(in crate::nn) fn clips(&self) -> Clips {
        self.clips
    }

    /// The layers for one clip.
    ///
    /// # Errors
    /// As [`Stack::new`], and [`Error::Shape`] for other axes than they were built for.
    pub fn summary(&self, clip: &[usize]) -> Result<Summary, Error> {
        Ok(Summary {
            input: clip.to_vec(),
            layers: self.check("the clip", clip)?,
        })
    }

    /// The layers, fitted to the clips.
    ///
    /// # Errors
    /// As [`Stack::new`], which has reported them.
    pub(super) fn fitted(&self) -> Result<Fitted, Error> {
        fit(&self.layers, &mut Site::default(), &self.clips.shape())
    }

    /// Where weights are drawn in another way than elsewhere: beginnings of names.
    ///
    /// # Errors
    /// As [`Stack::new`], which has reported them.
    pub fn schemes(&self) -> Result<Vec<(String, Scheme)>, Error> {
        let mut site = Site::default();
        fit(&self.layers, &mut site, &self.clips.shape())?;
        Ok(site.schemes)
    }
}

fn fit(layers: &Expression, site: &mut Site, shape: &Shape) -> Result<Fitted, Error> {
    layers
        .fit(site, shape, Level::Top)
        .map_err(|refusal| match refusal {
            Refusal::Inside(error) => error,
            Refusal::Here { want, got } => Error::Misfit {
                place: site.path(),
                layer: layers.to_string(),
                want,
                got: got.unwrap_or_else(|| shape.to_string()),
            },
        })
}

impl fmt::Display for Stack {
    /// Writes the source that builds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = |all: &[(&str, Option<usize>)]| -> String {
            let given = all
                .iter()
                .filter_map(|(name, n)| n.map(|n| format!("{name}: {n}")));
            given.collect::<Vec<_>>().join(", ")
        };
        let options = match self.clips {
            Clips::Features {
                channels,
                bands,
                frames,
            } => given(&[
                ("channels", Some(channels)),
                ("bands", bands),
                ("frames", frames),
            ]),
            Clips::Waves { channels, samples } => {
                given(&[("channels", Some(channels)), ("samples", samples)])
            }
            Clips::Rows { inputs } => given(&[("inputs", Some(inputs))]),
        };
        write!(f, "({}).build(#{{ {options} }})", self.layers)
    }
}
