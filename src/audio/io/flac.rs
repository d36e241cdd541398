//! Writing FLAC files with flacenc.

use super::write_whole;
use crate::{Error, Waveform};
use flacenc::bitsink::ByteSink;
use flacenc::component::BitRepr;
use flacenc::config;
use flacenc::error::Verify;
use flacenc::source::MemSource;
use std::path::Path;

/// How many bits a sample has in a FLAC file. Samples beyond -1..1 are limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlacFormat {
    /// 16-bit integers.
    Int16,
    /// 24-bit integers.
    Int24,
}

/// Channels that a FLAC frame can hold (RFC 9639), and the highest rate that the encoder takes, Hz; the format would take more.
const MOST_CHANNELS: usize = 8;
const HIGHEST_RATE: u32 = 96_000;

/// Writes a FLAC file, whole or not at all.
///
/// # Errors
/// [`Error::File`] if it cannot be written, or the sound has no samples, more than 8 channels or a rate above 96 kHz.
pub fn write_flac(path: &Path, wave: &Waveform, format: FlacFormat) -> Result<(), Error> {
    if wave.n_channels() > MOST_CHANNELS {
        return Err(Error::file(path, format!("a FLAC file cannot hold {} channels", wave.n_channels())));
    }
    if wave.sample_rate() > HIGHEST_RATE {
        return Err(Error::file(
            path,
            format!("FLAC files are written up to 96000 Hz, not at {} Hz; use WAV", wave.sample_rate()),
        ));
    }
    if wave.n_samples() == 0 {
        return Err(Error::file(path, "a FLAC file needs at least one sample"));
    }
    let bits = match format {
        FlacFormat::Int16 => 16,
        FlacFormat::Int24 => 24,
    };
    // The division when reading is by 2^(bits-1), so the same factor gives the same sample back.
    let scale = f64::from(1u32 << (bits - 1));
    let integer = |x: f32| (f64::from(x) * scale).round().clamp(-scale, scale - 1.0) as i32;
    let samples: Vec<i32> =
        (0..wave.n_samples()).flat_map(|index| wave.channels().map(move |channel| integer(channel[index]))).collect();
    let source = MemSource::from_samples(&samples, wave.n_channels(), bits, wave.sample_rate() as usize);
    let fault = |error: &dyn std::fmt::Debug| Error::file(path, format!("cannot be encoded: {error:?}"));
    let options = config::Encoder::default().into_verified().map_err(|(_, error)| fault(&error))?;
    let stream = flacenc::encode_with_fixed_block_size(&options, source, options.block_size);
    let mut stream = stream.map_err(|error| fault(&error))?;
    // The encoder counts the last block, which may be shorter than a stream is allowed to say; the standard does not.
    let (info, block) = (stream.stream_info_mut(), options.block_size);
    info.set_block_sizes(block, block).map_err(|error| fault(&error))?;
    let mut bytes = ByteSink::new();
    stream.write(&mut bytes).map_err(|error| fault(&error))?;
    write_whole(path, bytes.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use crate::io::{SampleFormat, read, write_wav};

    #[test]
    fn it_holds_what_a_wav_of_as_many_bits_holds() {
        let folder = tempfile::tempdir().unwrap();
        let (flac, wav) = (folder.path().join("x.flac"), folder.path().join("x.wav"));
        for (n, n_channels, rate) in
            [(1, 1, 8000), (7, 2, 16_000), (4096, 1, 44_100), (10_001, 2, 48_000), (5000, 8, 96_000), (9000, 3, 11_025)]
        {
            let mut samples = vec![0.0; n * n_channels];
            Rng::from_words(&[n as u64]).fill_normal(&mut samples);
            let wave = Waveform::new(samples, n_channels, rate).unwrap();
            for (format, same) in [(FlacFormat::Int16, SampleFormat::Int16), (FlacFormat::Int24, SampleFormat::Int24)] {
                write_flac(&flac, &wave, format).unwrap();
                write_wav(&wav, &wave, same).unwrap();
                assert_eq!(read(&flac).unwrap(), read(&wav).unwrap(), "{n} samples, {n_channels} channels, {format:?}");
            }
        }
        let silent = Waveform::mono(vec![0.0; 9000], 8000).unwrap();
        write_flac(&flac, &silent, FlacFormat::Int16).unwrap();
        assert_eq!(read(&flac).unwrap(), silent);
    }

    #[test]
    fn what_the_format_cannot_hold_is_an_error() {
        let path = Path::new("never.flac");
        for wave in [
            Waveform::new(vec![0.0; 9], 9, 8000).unwrap(),
            Waveform::mono(vec![0.0], 192_000).unwrap(),
            Waveform::mono(vec![], 8000).unwrap(),
        ] {
            assert!(matches!(write_flac(path, &wave, FlacFormat::Int16), Err(Error::File { .. })));
        }
    }
}
