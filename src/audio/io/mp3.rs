//! What MP3 makes of a sound: encoding with rusty_mp3, decoding as any MP3 file.

use super::mpeg_read::decode_mpeg;
use crate::{Error, Waveform};
use rusty_mp3::{Mp3Encoder, Mp3EncoderConfig};
use std::path::Path;

/// The sample rates of MPEG-2.5, MPEG-2 and MPEG-1 Layer III, Hz (ISO/IEC 11172-3 and 13818-3).
pub const MP3_RATES: [u32; 9] = [
    8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
];

/// An MP3 file of one or two channels at a constant bit rate.
///
/// The bit rate is the nearest one that Layer III has for the sample rate: 8 to 160 kbit/s up to 24 kHz, 32 to 320 kbit/s
/// from 32 kHz on. Delay and padding stand in the file's head, so that decoders give as many samples as went in.
///
/// # Errors
/// [`Error::Unusable`] for more than two channels, or a rate that is not in [`MP3_RATES`].
pub fn mp3_file(wave: &Waveform, kbps: u32) -> Result<Vec<u8>, Error> {
    let n_channels = wave.n_channels();
    if n_channels > 2 || !MP3_RATES.contains(&wave.sample_rate()) {
        let what = format!("{n_channels} channels at {} Hz", wave.sample_rate());
        return Err(Error::Unusable(format!("an MP3 file cannot hold {what}")));
    }
    let mut encoder = Mp3Encoder::new(Mp3EncoderConfig {
        bitrate_kbps: kbps,
        ..Mp3EncoderConfig::default()
    });
    let samples: Vec<f32> = (0..wave.n_samples())
        .flat_map(|index| wave.channels().map(move |channel| channel[index]))
        .collect();
    encoder
        .push_pcm_f32(&samples, n_channels as u16, wave.sample_rate())
        .map_err(unusable)?;
    encoder.finish();
    // The packets end when the encoder is asked for more than it was given.
    Ok(std::iter::from_fn(|| encoder.next_packet().ok())
        .flatten()
        .collect())
}

/// Decodes an MP3 file in memory into the samples of each channel.
///
/// # Errors
/// [`Error::Unusable`] if it is none.
pub fn read_mp3(file: &[u8]) -> Result<Vec<Vec<f32>>, Error> {
    let decoded = decode_mpeg(Path::new("MP3"), file).map_err(unusable)?;
    let n = decoded.samples.len() / decoded.header.n_channels;
    Ok(decoded
        .samples
        .chunks(n.max(1))
        .map(<[f32]>::to_vec)
        .collect())
}

fn unusable(fault: impl std::fmt::Display) -> Error {
    Error::Unusable(format!("the sound cannot be put through MP3: {fault}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn as_many_samples_come_out_as_went_in() {
        for (rate, n) in MP3_RATES
            .into_iter()
            .zip([1, 7, 100, 575, 576, 577, 1152, 5000, 20_000])
        {
            for n_channels in [1, 2] {
                let mut samples = vec![0.0; n * n_channels];
                Rng::from_words(&[n as u64]).fill_normal(&mut samples);
                samples.iter_mut().for_each(|x| *x *= 0.1);
                let wave = Waveform::new(samples, n_channels, rate).unwrap();
                let file = mp3_file(&wave, 64).unwrap();
                let channels = read_mp3(&file).unwrap();
                assert_eq!(channels.len(), n_channels);
                assert!(
                    channels.iter().all(|channel| channel.len() == n),
                    "{n} at {rate} Hz"
                );
            }
        }
    }

    #[test]
    fn what_the_format_cannot_hold_is_an_error() {
        assert!(mp3_file(&Waveform::new(vec![0.0; 3], 3, 16_000).unwrap(), 64).is_err());
        assert!(mp3_file(&Waveform::mono(vec![0.0; 3], 96_000).unwrap(), 64).is_err());
        assert!(read_mp3(b"no such thing").is_err());
    }
}
