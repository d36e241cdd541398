//! A block of features: channels by bands by frames.

use std::sync::Arc;

/// Features of one sound, `[n_channels, n_bands, n_frames]` in row-major order. Two are equal if their values and shapes are,
/// whatever is known of their axes.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// The values.
    pub values: Vec<f32>,
    /// Channels of the sound, or kinds of feature.
    pub n_channels: usize,
    /// Frequency bands.
    pub n_bands: usize,
    /// Frames in time.
    pub n_frames: usize,
    /// Where frames and bands lie, if that is known.
    pub axes: Option<Arc<FeatureAxes>>,
}

/// Where frames lie in time, and bands in frequency.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureAxes {
    /// From frame to frame, s.
    pub hop_s: f64,
    /// The middles of the first channel's bands, Hz, ascending; empty where a band is a cepstral coefficient.
    pub centers_hz: Vec<f64>,
}

impl FeatureAxes {
    /// The axes of frames that are `hop_length` samples apart at `sample_rate`.
    pub(crate) fn shared(
        hop_length: usize,
        sample_rate: u32,
        centers_hz: Vec<f64>,
    ) -> Arc<FeatureAxes> {
        Arc::new(FeatureAxes {
            hop_s: hop_length as f64 / f64::from(sample_rate),
            centers_hz,
        })
    }
}

impl PartialEq for Features {
    fn eq(&self, other: &Features) -> bool {
        self.shape() == other.shape() && self.values == other.values
    }
}

impl Features {
    /// `[n_channels, n_bands, n_frames]`.
    pub fn shape(&self) -> [usize; 3] {
        [self.n_channels, self.n_bands, self.n_frames]
    }

    /// Gives the block a shape, keeping its memory. All values become 0, and nothing is known of the axes.
    pub fn reset(&mut self, n_channels: usize, n_bands: usize, n_frames: usize) {
        (self.n_channels, self.n_bands, self.n_frames) = (n_channels, n_bands, n_frames);
        self.axes = None;
        self.values.clear();
        self.values.resize(n_channels * n_bands * n_frames, 0.0);
    }

    /// One band of one channel, a value a frame.
    pub fn band(&self, channel: usize, band: usize) -> &[f32] {
        let start = (channel * self.n_bands + band) * self.n_frames;
        &self.values[start..start + self.n_frames]
    }

    /// The mean of all values, accumulated in double precision.
    pub fn mean(&self) -> f64 {
        self.values.iter().map(|&v| f64::from(v)).sum::<f64>() / self.values.len().max(1) as f64
    }

    /// The channels one after the other, each with the mean of its values, accumulated in double precision.
    pub fn channels_mut(&mut self) -> impl Iterator<Item = (&mut [f32], f32)> {
        self.values
            .chunks_mut((self.n_bands * self.n_frames).max(1))
            .map(|channel| {
                let mean =
                    channel.iter().map(|&v| f64::from(v)).sum::<f64>() / channel.len() as f64;
                (channel, mean as f32)
            })
    }
}
