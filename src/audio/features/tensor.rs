//! A block of features: channels by bands by frames.

/// Features of one sound, `[n_channels, n_bands, n_frames]` in row-major order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features {
    /// The values.
    pub values: Vec<f32>,
    /// Channels of the sound, or kinds of feature.
    pub n_channels: usize,
    /// Frequency bands.
    pub n_bands: usize,
    /// Frames in time.
    pub n_frames: usize,
}

impl Features {
    /// `[n_channels, n_bands, n_frames]`.
    pub fn shape(&self) -> [usize; 3] {
        [self.n_channels, self.n_bands, self.n_frames]
    }

    /// Gives the block a shape, keeping its memory. All values become 0.
    pub fn reset(&mut self, n_channels: usize, n_bands: usize, n_frames: usize) {
        (self.n_channels, self.n_bands, self.n_frames) = (n_channels, n_bands, n_frames);
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
