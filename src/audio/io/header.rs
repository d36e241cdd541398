//! What is known of a sound file before and behind its decoding.

/// What the head of a sound file says, without decoding it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// Samples per second, Hz.
    pub sample_rate: u32,
    /// Number of channels.
    pub n_channels: usize,
    /// Samples per channel, where the file says so.
    pub n_samples: Option<u64>,
}

/// The samples of a file, channel after channel.
pub(super) struct Decoded {
    /// What its head says, or what decoding it told.
    pub(super) header: Header,
    pub(super) samples: Vec<f32>,
}
