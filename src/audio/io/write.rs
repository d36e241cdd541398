//! Writing WAV files with hound.

use super::write_whole;
use crate::{Error, Waveform};
use hound::{WavSpec, WavWriter};
use std::io::Cursor;
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

/// Writes a WAV file, whole or not at all.
///
/// # Errors
/// [`Error::File`] if it cannot be written or holds more than a WAV file can.
pub fn write_wav(path: &Path, wave: &Waveform, format: SampleFormat) -> Result<(), Error> {
    write_whole(path, &wav_file(wave, format).map_err(|reason| Error::file(path, reason))?)
}

/// The content of a WAV file.
///
/// # Errors
/// What a WAV file cannot hold, in words.
pub fn wav_file(wave: &Waveform, format: SampleFormat) -> Result<Vec<u8>, String> {
    let (bits_per_sample, sample_format) = match format {
        SampleFormat::Int16 => (16, hound::SampleFormat::Int),
        SampleFormat::Int24 => (24, hound::SampleFormat::Int),
        SampleFormat::Float32 => (32, hound::SampleFormat::Float),
    };
    let channels = u16::try_from(wave.n_channels())
        .map_err(|_| format!("a WAV file cannot hold {} channels", wave.n_channels()))?;
    if wave.samples().len() as u64 * u64::from(bits_per_sample / 8) > u64::from(u32::MAX) - 1024 {
        return Err("the sound is longer than a WAV file can hold (4 GiB)".into());
    }
    let spec = WavSpec { channels, sample_rate: wave.sample_rate(), bits_per_sample, sample_format };
    let fault = |error: hound::Error| error.to_string();
    let mut bytes = Vec::new();
    let mut writer = WavWriter::new(Cursor::new(&mut bytes), spec).map_err(fault)?;
    let scale = f64::from(1u32 << (bits_per_sample - 1));
    for index in 0..wave.n_samples() {
        for channel in wave.channels() {
            let sample = channel[index];
            match format {
                SampleFormat::Float32 => writer.write_sample(sample),
                // The division when reading is by 2^(bits-1), so the same factor gives the same sample back.
                _ => writer.write_sample((f64::from(sample) * scale).round().clamp(-scale, scale - 1.0) as i32),
            }
            .map_err(fault)?;
        }
    }
    writer.finalize().map_err(fault)?;
    Ok(bytes)
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
        for (format, tolerance) in
            [(SampleFormat::Int16, 1.6e-5), (SampleFormat::Int24, 6.1e-8), (SampleFormat::Float32, 0.0)]
        {
            let path = folder.path().join("x.wav");
            write_wav(&path, &wave, format).unwrap();
            let header = read_header(&path).unwrap();
            assert_eq!((header.sample_rate, header.n_channels, header.n_samples), (22_050, 2, Some(1000)));
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
        write_wav(&path, &Waveform::mono(vec![3.0, -3.0], 8000).unwrap(), SampleFormat::Int16).unwrap();
        assert_eq!(read(&path).unwrap().samples(), [32767.0 / 32768.0, -1.0]);
    }
}
