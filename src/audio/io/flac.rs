//! Writing FLAC files with flac-codec.

use super::write_whole;
use crate::{Error, Waveform};
use flac_codec::encode::{FlacSampleWriter, Options};
use std::io::Cursor;
use std::path::Path;

/// How many bits a sample has in a FLAC file. Samples beyond -1..1 are limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlacFormat {
    /// 16-bit integers.
    Int16,
    /// 24-bit integers.
    Int24,
}

/// What a FLAC file can hold: channels of a frame, and the highest rate that its head has bits for, Hz (RFC 9639, 8.2).
const MOST_CHANNELS: usize = 8;
const HIGHEST_RATE: u32 = (1 << 20) - 1;

/// Writes a FLAC file, whole or not at all. No file is larger than its samples and a head, whatever the sound.
///
/// # Errors
/// [`Error::File`] if it cannot be written, or the sound has no samples, more than 8 channels or a rate above 1048575 Hz.
pub fn write_flac(path: &Path, wave: &Waveform, format: FlacFormat) -> Result<(), Error> {
    write_whole(path, &flac_file(path, wave, format)?)
}

fn flac_file(path: &Path, wave: &Waveform, format: FlacFormat) -> Result<Vec<u8>, Error> {
    let n_channels = wave.n_channels();
    if n_channels > MOST_CHANNELS {
        let hint = "write WAV, or fewer channels";
        return Err(Error::file_with_hint(path, format!("a FLAC file cannot hold {n_channels} channels"), hint));
    }
    if wave.sample_rate() > HIGHEST_RATE {
        let reason = format!("a FLAC file cannot hold {} samples a second, {HIGHEST_RATE} at most", wave.sample_rate());
        return Err(Error::file_with_hint(path, reason, "write WAV"));
    }
    if wave.n_samples() == 0 {
        return Err(Error::file(path, "a FLAC file needs at least one sample"));
    }
    let bits = match format {
        FlacFormat::Int16 => 16u32,
        FlacFormat::Int24 => 24,
    };
    // The division when reading is by 2^(bits-1), so the same factor gives the same sample back.
    let scale = f64::from(1u32 << (bits - 1));
    let integer = |x: f32| (f64::from(x) * scale).round().clamp(-scale, scale - 1.0) as i32;
    let mut samples = Vec::with_capacity(wave.samples().len());
    for index in 0..wave.n_samples() {
        samples.extend(wave.channels().map(|channel| integer(channel[index])));
    }
    let mut bytes = Cursor::new(Vec::new());
    let mut encode = || -> Result<(), flac_codec::Error> {
        let options = Options::default().no_padding().no_seektable();
        let n = samples.len() as u64;
        let mut writer =
            FlacSampleWriter::new(&mut bytes, options, wave.sample_rate(), bits, n_channels as u8, Some(n))?;
        writer.write(&samples)?;
        writer.finalize()
    };
    encode().map_err(|error| Error::file(path, format!("cannot be encoded: {error}")))?;
    Ok(bytes.into_inner())
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
        for (n, n_channels, rate) in [
            (1, 1, 8000),
            (7, 2, 16_000),
            (4096, 1, 44_100),
            (4097, 1, 44_100),
            (10_001, 2, 48_000),
            (5000, 8, 96_000),
            (9000, 3, 11_025),
            (300, 1, 500_000),
            (300, 2, 1),
        ] {
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
    fn no_file_is_larger_than_its_samples() {
        let path = Path::new("never.flac");
        // Noise at every level up to far beyond full scale, and what predictors go wrong on: alternating full scale, steps.
        let n = 20_000;
        for n_channels in [1, 2] {
            let mut sounds: Vec<Vec<f32>> = Vec::new();
            for level in [1e-4, 0.01, 0.2, 1.0, 30.0] {
                let mut samples = vec![0.0; n * n_channels];
                Rng::from_words(&[n as u64]).fill_normal(&mut samples);
                samples.iter_mut().for_each(|x| *x *= level);
                sounds.push(samples);
            }
            sounds.push((0..n * n_channels).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect());
            sounds.push((0..n * n_channels).map(|i| if i / 999 % 2 == 0 { 0.9 } else { -0.9 }).collect());
            for samples in sounds {
                let wave = Waveform::new(samples, n_channels, 8000).unwrap();
                for (format, bytes) in [(FlacFormat::Int16, 2), (FlacFormat::Int24, 3)] {
                    let size = flac_file(path, &wave, format).unwrap().len();
                    // A frame of 4096 samples has some 20 bytes of its own, the head some 200.
                    assert!(size <= n * n_channels * bytes + 400, "{size} bytes at {format:?}");
                }
            }
        }
    }

    #[test]
    fn what_the_format_cannot_hold_is_an_error() {
        let path = Path::new("never.flac");
        for wave in [
            Waveform::new(vec![0.0; 9], 9, 8000).unwrap(),
            Waveform::mono(vec![0.0], 1 << 20).unwrap(),
            Waveform::mono(vec![], 8000).unwrap(),
        ] {
            assert!(matches!(write_flac(path, &wave, FlacFormat::Int16), Err(Error::File { .. })));
        }
    }
}
