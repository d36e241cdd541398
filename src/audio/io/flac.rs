//! Writing FLAC files with flac-codec.

use super::whole::{WholeFile, unwritable};
use crate::{Error, Waveform};
use flac_codec::encode::{FlacSampleWriter, Options};
use std::io::{Seek, Write};
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
    let content = FlacContent::new(path, wave, format)?;
    let mut file = WholeFile::create_all(path)?;
    content
        .write(&mut file)
        .map_err(|error| unwritable(path, &error))?;
    file.seal()?.place()
}

/// A sound that a FLAC file can hold. It is encoded a stretch at a time: a long sound is not in memory twice.
pub(crate) struct FlacContent<'a> {
    wave: &'a Waveform,
    bits: u32,
}

/// Samples of a channel that are encoded at a time; a multiple of the encoder's blocks.
const STRETCH: usize = 1 << 14;

impl<'a> FlacContent<'a> {
    /// # Errors
    /// [`Error::File`] that says what a FLAC file cannot hold.
    pub(crate) fn new(
        path: &Path,
        wave: &'a Waveform,
        format: FlacFormat,
    ) -> Result<FlacContent<'a>, Error> {
        let n_channels = wave.n_channels();
        if n_channels > MOST_CHANNELS {
            let hint = "write WAV, or fewer channels";
            return Err(Error::file_with_hint(
                path,
                format!("a FLAC file cannot hold {n_channels} channels"),
                hint,
            ));
        }
        let rate = wave.sample_rate();
        if rate > HIGHEST_RATE {
            let reason =
                format!("a FLAC file cannot hold {rate} samples a second, {HIGHEST_RATE} at most");
            return Err(Error::file_with_hint(path, reason, "write WAV"));
        }
        if wave.n_samples() == 0 {
            return Err(Error::file(path, "a FLAC file needs at least one sample"));
        }
        let bits = match format {
            FlacFormat::Int16 => 16,
            FlacFormat::Int24 => 24,
        };
        Ok(FlacContent { wave, bits })
    }

    /// Writes the file; its head is completed at the end.
    pub(crate) fn write(&self, out: &mut (impl Write + Seek)) -> std::io::Result<()> {
        let FlacContent { wave, bits } = *self;
        // The division when reading is by 2^(bits-1), so the same factor gives the same sample back.
        let scale = f64::from(1u32 << (bits - 1));
        let integer = |x: f32| (f64::from(x) * scale).round().clamp(-scale, scale - 1.0) as i32;
        let encode = || -> Result<(), flac_codec::Error> {
            let options = Options::default().no_padding().no_seektable();
            let (rate, n_channels, n) = (
                wave.sample_rate(),
                wave.n_channels() as u8,
                wave.samples().len() as u64,
            );
            let mut writer = FlacSampleWriter::new(out, options, rate, bits, n_channels, Some(n))?;
            let mut samples = Vec::with_capacity(STRETCH.min(wave.n_samples()) * wave.n_channels());
            for start in (0..wave.n_samples()).step_by(STRETCH) {
                samples.clear();
                for index in start..(start + STRETCH).min(wave.n_samples()) {
                    samples.extend(wave.channels().map(|channel| integer(channel[index])));
                }
                writer.write(&samples)?;
            }
            writer.finalize()
        };
        encode().map_err(|error| match error {
            flac_codec::Error::Io(error) => error,
            error => std::io::Error::other(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use crate::io::{SampleFormat, read, write_wav};
    use std::io::Cursor;

    #[test]
    fn it_holds_what_a_wav_of_as_many_bits_holds() {
        let folder = tempfile::tempdir().unwrap();
        let (flac, wav) = (folder.path().join("x.flac"), folder.path().join("x.wav"));
        for (n, n_channels, rate) in [
            (1, 1, 8000),
            (7, 2, 16_000),
            (4096, 1, 44_100),
            (4097, 1, 44_100),
            (STRETCH + 1, 2, 44_100),
            (10_001, 2, 48_000),
            (5000, 8, 96_000),
            (9000, 3, 11_025),
            (300, 1, 500_000),
            (300, 2, 1),
        ] {
            let mut samples = vec![0.0; n * n_channels];
            Rng::from_words(&[n as u64]).fill_normal(&mut samples);
            let wave = Waveform::new(samples, n_channels, rate).unwrap();
            for (format, same) in [
                (FlacFormat::Int16, SampleFormat::Int16),
                (FlacFormat::Int24, SampleFormat::Int24),
            ] {
                write_flac(&flac, &wave, format).unwrap();
                write_wav(&wav, &wave, same).unwrap();
                assert_eq!(
                    read(&flac).unwrap(),
                    read(&wav).unwrap(),
                    "{n} samples, {n_channels} channels, {format:?}"
                );
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
            sounds.push(
                (0..n * n_channels)
                    .map(|i| if i % 2 == 0 { 1.0 } else { -1.0 })
                    .collect(),
            );
            sounds.push(
                (0..n * n_channels)
                    .map(|i| if i / 999 % 2 == 0 { 0.9 } else { -0.9 })
                    .collect(),
            );
            for samples in sounds {
                let wave = Waveform::new(samples, n_channels, 8000).unwrap();
                for (format, bytes) in [(FlacFormat::Int16, 2), (FlacFormat::Int24, 3)] {
                    let mut file = Cursor::new(Vec::new());
                    FlacContent::new(path, &wave, format)
                        .unwrap()
                        .write(&mut file)
                        .unwrap();
                    let size = file.into_inner().len();
                    // A frame of 4096 samples has some 20 bytes of its own, the head some 200.
                    assert!(
                        size <= n * n_channels * bytes + 400,
                        "{size} bytes at {format:?}"
                    );
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
            assert!(matches!(
                write_flac(path, &wave, FlacFormat::Int16),
                Err(Error::File { .. })
            ));
        }
    }
}
