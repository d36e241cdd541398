//! Writing WAV files; hound makes their heads.

use super::whole::{WholeFile, unwritable};
use crate::{Error, Waveform};
use hound::{WavSpec, WavWriter};
use std::io::{Cursor, Write};
use std::path::Path;

/// How a sample is stored in a WAV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// 16-bit integers; samples beyond -1..1 are limited.
    Int16,
    /// 24-bit integers; samples beyond -1..1 are limited.
    Int24,
    /// 32-bit floating point; every sample is kept bit for bit.
    Float32,
}

impl SampleFormat {
    /// Bits of a sample.
    pub fn bits(self) -> u16 {
        match self {
            SampleFormat::Int16 => 16,
            SampleFormat::Int24 => 24,
            SampleFormat::Float32 => 32,
        }
    }
}

/// Writes a WAV file, whole or not at all.
///
/// # Errors
/// [`Error::File`] if it cannot be written or holds more than a WAV file can.
pub fn write_wav(path: &Path, wave: &Waveform, format: SampleFormat) -> Result<(), Error> {
    let content = WavContent::new(wave, format).map_err(|reason| Error::file(path, reason))?;
    let mut file = WholeFile::create_all(path)?;
    content
        .write(&mut file)
        .map_err(|error| unwritable(path, &error))?;
    file.seal()?.place()
}

/// The content of a WAV file.
///
/// # Errors
/// What a WAV file cannot hold, in words.
pub fn wav_file(wave: &Waveform, format: SampleFormat) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    WavContent::new(wave, format)?
        .write(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// A sound that a WAV file can hold. It is written a block at a time: a long sound is not in memory twice.
pub(crate) struct WavContent<'a> {
    wave: &'a Waveform,
    format: SampleFormat,
    head: Vec<u8>,
}

/// Samples that are converted at a time.
const BLOCK: usize = 1 << 13;

impl<'a> WavContent<'a> {
    /// # Errors
    /// What a WAV file cannot hold, in words.
    pub(crate) fn new(wave: &'a Waveform, format: SampleFormat) -> Result<WavContent<'a>, String> {
        let bits_per_sample = format.bits();
        let channels = u16::try_from(wave.n_channels())
            .map_err(|_| format!("a WAV file cannot hold {} channels", wave.n_channels()))?;
        let n_bytes = wave.samples().len() as u64 * u64::from(bits_per_sample / 8);
        let too_long = || "the sound is longer than a WAV file can hold (4 GiB)".to_owned();
        let n_bytes = u32::try_from(n_bytes)
            .ok()
            .filter(|n| *n < u32::MAX - 1024)
            .ok_or_else(too_long)?;
        let sample_format = if format == SampleFormat::Float32 {
            hound::SampleFormat::Float
        } else {
            hound::SampleFormat::Int
        };
        let spec = WavSpec {
            channels,
            sample_rate: wave.sample_rate(),
            bits_per_sample,
            sample_format,
        };
        let mut head = Vec::new();
        // The head of a file without samples, in which the two lengths are then set.
        let finished = WavWriter::new(Cursor::new(&mut head), spec).and_then(WavWriter::finalize);
        finished.map_err(|error| error.to_string())?;
        let file_bytes = head.len() as u32 - 8 + n_bytes;
        let data_at = head.len() - 4;
        head[4..8].copy_from_slice(&file_bytes.to_le_bytes());
        head[data_at..].copy_from_slice(&n_bytes.to_le_bytes());
        Ok(WavContent { wave, format, head })
    }

    /// Writes head and samples.
    pub(crate) fn write(&self, out: &mut impl Write) -> std::io::Result<()> {
        out.write_all(&self.head)?;
        let (n, n_channels) = (self.wave.n_samples(), self.wave.n_channels());
        let n_bytes = usize::from(self.format.bits() / 8);
        let scale = f64::from(1u32 << (self.format.bits() - 1));
        let n_block = (BLOCK / n_channels).max(1);
        let mut block = vec![0; n_block * n_channels * n_bytes];
        for start in (0..n).step_by(n_block) {
            let end = (start + n_block).min(n);
            for (index, channel) in self.wave.channels().enumerate() {
                let places = block[index * n_bytes..].chunks_mut(n_channels * n_bytes);
                for (place, &sample) in places.zip(&channel[start..end]) {
                    let bytes = match self.format {
                        SampleFormat::Float32 => sample.to_le_bytes(),
                        // The division when reading is by 2^(bits-1), so the same factor gives the same sample back.
                        _ => ((f64::from(sample) * scale)
                            .round()
                            .clamp(-scale, scale - 1.0) as i32)
                            .to_le_bytes(),
                    };
                    place[..n_bytes].copy_from_slice(&bytes[..n_bytes]);
                }
            }
            out.write_all(&block[..(end - start) * n_channels * n_bytes])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{read, read_header};

    #[test]
    fn what_was_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let samples: Vec<f32> = (0..2000).map(|i| (i as f32 * 0.37).sin() * 0.9).collect();
        let wave = Waveform::new(samples, 2, 22_050).unwrap();
        for (format, tolerance) in [
            (SampleFormat::Int16, 1.6e-5),
            (SampleFormat::Int24, 6.1e-8),
            (SampleFormat::Float32, 0.0),
        ] {
            let path = folder.path().join("x.wav");
            write_wav(&path, &wave, format).unwrap();
            let header = read_header(&path).unwrap();
            assert_eq!(
                (header.sample_rate, header.n_channels, header.n_samples),
                (22_050, 2, Some(1000))
            );
            let back = read(&path).unwrap();
            assert_eq!((back.n_channels(), back.sample_rate()), (2, 22_050));
            for (a, b) in back.samples().iter().zip(wave.samples()) {
                assert!((a - b).abs() <= tolerance, "{format:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn loud_samples_are_limited_not_wrapped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wav");
        write_wav(
            &path,
            &Waveform::mono(vec![3.0, -3.0], 8000).unwrap(),
            SampleFormat::Int16,
        )
        .unwrap();
        assert_eq!(read(&path).unwrap().samples(), [32767.0 / 32768.0, -1.0]);
    }

    #[test]
    fn blocks_make_the_file_that_hound_makes_sample_by_sample() {
        for (n, n_channels) in [
            (0, 1),
            (1, 1),
            (1, 2),
            (8191, 1),
            (8192, 1),
            (8193, 1),
            (9000, 3),
            (20_001, 2),
            (3, 9000),
        ] {
            let samples = (0..n * n_channels)
                .map(|i| (i as f32 * 0.37).sin() * 1.1)
                .collect();
            let wave = Waveform::new(samples, n_channels, 44_100).unwrap();
            for format in [
                SampleFormat::Int16,
                SampleFormat::Int24,
                SampleFormat::Float32,
            ] {
                let float = format == SampleFormat::Float32;
                let spec = WavSpec {
                    channels: n_channels as u16,
                    sample_rate: 44_100,
                    bits_per_sample: format.bits(),
                    sample_format: if float {
                        hound::SampleFormat::Float
                    } else {
                        hound::SampleFormat::Int
                    },
                };
                let mut want = Vec::new();
                let mut writer = WavWriter::new(Cursor::new(&mut want), spec).unwrap();
                let scale = f64::from(1u32 << (format.bits() - 1));
                for index in 0..n {
                    for channel in wave.channels() {
                        if float {
                            writer.write_sample(channel[index]).unwrap();
                        } else {
                            let x = (f64::from(channel[index]) * scale)
                                .round()
                                .clamp(-scale, scale - 1.0);
                            writer.write_sample(x as i32).unwrap();
                        }
                    }
                }
                writer.finalize().unwrap();
                assert!(
                    wav_file(&wave, format).unwrap() == want,
                    "{n} samples, {n_channels} channels, {format:?}"
                );
            }
        }
    }
}
