//! A sound of a corpus as it is stored.

use super::Corpus;
use crate::Error;
use auricle_audio::Waveform;
use auricle_audio::dataset::Encoding;
use auricle_audio::io::SampleFormat;

/// A sound as it is stored.
pub(super) struct Encoded {
    pub(super) index: u64,
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) gain: f64,
    pub(super) row: usize,
}

/// Encodes a sound; one beyond what whole numbers hold is divided by its peak.
pub(super) fn encode(
    corpus: &Corpus,
    index: u64,
    row: usize,
    wave: Waveform,
) -> Result<Encoded, Error> {
    let peak = wave.peak();
    let holds_all = corpus.encoding == Encoding::Wav(SampleFormat::Float32);
    let gain = if holds_all || peak <= 1.0 {
        1.0
    } else {
        1.0 / peak
    };
    let wave = if gain == 1.0 {
        wave
    } else {
        wave.scaled(gain)?
    };
    Ok(Encoded {
        index,
        name: format!("{index:09}.{}", corpus.encoding.extension()),
        bytes: corpus.encoding.bytes(&wave)?,
        gain,
        row,
    })
}
