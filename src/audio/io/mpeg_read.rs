//! Reading MPEG audio: frames to samples.

use super::bounds::{check_head, check_length};
use super::decode::planar;
use super::faults::{broken, changes, cut_short};
use super::header::{Decoded, Header};
use super::mpeg::{Frames, Tag, Unframed};
use super::mpeg_header::Layer;
use super::part::Part;
use crate::Error;
use std::io::Read;
use std::path::Path;
use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

/// What the head of an MPEG file says.
///
/// # Errors
/// [`Error::File`] if there are no frames that can be decoded.
pub(super) fn read_mpeg_header(path: &Path, file: &mut Part) -> Result<Header, Error> {
    // A declared count saves looking at the whole file.
    let mut bytes = Vec::new();
    let fault = |error| Error::file(path, error);
    file.by_ref()
        .take(1 << 16)
        .read_to_end(&mut bytes)
        .map_err(fault)?;
    let n_bytes = file.length();
    let declared = |tag: Tag| {
        tag.n_bytes
            .is_some_and(|n| n_bytes <= n.saturating_add(n / 16))
            .then_some(tag.n_frames?)
    };
    let mut frames = Frames::find(&bytes, 1).map_err(|fault| unframed(path, &fault))?;
    let promised = frames.tag.and_then(declared);
    if promised.is_none() {
        file.read_to_end(&mut bytes).map_err(fault)?;
        frames = Frames::find(&bytes, usize::MAX).map_err(|fault| unframed(path, &fault))?;
    }
    let frame = frames.head.n_samples() as u64;
    let tag = if promised.is_some() {
        frames.tag
    } else {
        frames.whole_tag()
    };
    let tag = tag.as_ref();
    let n_decoded = promised.map_or(frames.n_decoded(), |n| n.saturating_mul(frame));
    let n_samples = Frames::kept(tag, n_decoded, frame)
        .into_iter()
        .map(|range| range.end - range.start)
        .sum();
    let (sample_rate, n_channels) = (frames.head.sample_rate, frames.head.n_channels);
    let header = Header {
        sample_rate,
        n_channels,
        n_samples: Some(n_samples),
    };
    check_head(path, &header)?;
    Ok(header)
}

/// Decodes an MPEG file.
///
/// # Errors
/// [`Error::File`] if it holds no frames that can be decoded, is broken or cut short.
pub(super) fn read_mpeg(path: &Path, file: &mut Part) -> Result<Decoded, Error> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|error| Error::file(path, error))?;
    decode_mpeg(path, &bytes)
}

/// Decodes MPEG audio in memory.
///
/// # Errors
/// As [`read_mpeg`].
pub(super) fn decode_mpeg(path: &Path, bytes: &[u8]) -> Result<Decoded, Error> {
    let frames = Frames::find(bytes, usize::MAX).map_err(|fault| unframed(path, &fault))?;
    let (head, n) = (frames.head, frames.n_decoded() as usize);
    check_length(path, n as u64, head.n_channels)?;
    if let Some(promised) = frames.lack(bytes.len() as u64) {
        return Err(cut_short(path, Some(promised), n));
    }
    let mut decoder = decoder(path, head.layer)?;
    let mut channels = vec![Vec::with_capacity(n); head.n_channels];
    let mut block: Vec<Vec<f32>> = Vec::new();
    for &(at, size) in &frames.places {
        let done = channels[0].len();
        let fault = |fault: &dyn std::fmt::Display| broken(path, fault, done, head.sample_rate);
        let packet = PacketRef::new(0, Timestamp::ZERO, Duration::ZERO, &bytes[at..at + size]);
        let decoded = decoder.decode_ref(&packet).map_err(|error| fault(&error))?;
        if decoded.num_planes() != head.n_channels {
            return Err(changes(path));
        }
        decoded.copy_to_vecs_planar(&mut block);
        if block
            .iter()
            .flatten()
            .any(|x| x.is_nan() || x.abs() >= LOUDEST)
        {
            return Err(fault(&"its samples are beyond all measure"));
        }
        for (channel, samples) in channels.iter_mut().zip(&block) {
            channel.extend_from_slice(samples);
        }
    }
    let tag = frames.whole_tag();
    for channel in &mut channels {
        let [sound, behind] =
            Frames::kept(tag.as_ref(), channel.len() as u64, head.n_samples() as u64);
        channel.drain(sound.end as usize..behind.start.max(sound.end) as usize);
        channel.drain(..sound.start as usize);
    }
    let n_samples = Some(channels[0].len() as u64);
    let header = Header {
        sample_rate: head.sample_rate,
        n_channels: head.n_channels,
        n_samples,
    };
    Ok(Decoded {
        header,
        samples: planar(channels),
    })
}

/// The largest sample that a sound may decode to. Loud music reaches 2; a gain that a flipped bit has made reaches thousands.
const LOUDEST: f32 = 32.0;

fn decoder(path: &Path, layer: Layer) -> Result<Box<dyn AudioDecoder>, Error> {
    let mut parameters = AudioCodecParameters::new();
    parameters.for_codec(match layer {
        Layer::One => CODEC_ID_MP1,
        Layer::Two => CODEC_ID_MP2,
        Layer::Three => CODEC_ID_MP3,
    });
    symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .map_err(|fault| Error::file(path, fault))
}

fn unframed(path: &Path, fault: &Unframed) -> Error {
    match fault {
        Unframed::NoFrames => Error::file_with_hint(
            path,
            "there is no frame of MPEG audio in this file",
            "copy or download it again; if other programs play it, make a WAV file of it: ffmpeg -i FILE out.wav",
        ),
        Unframed::FreeFormat => Error::file_with_hint(
            path,
            "this is MPEG audio in free format, whose frames do not say their size, which is not read here",
            "encode it at a usual bit rate, or make a WAV file of it, for example: mpg123 -w out.wav FILE",
        ),
        Unframed::Changes => changes(path),
    }
}
