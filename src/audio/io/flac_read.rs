//! Reading FLAC files (RFC 9639).
//!
//! The head is read here: of all that may stand before the frames (pictures, cue sheets, seek tables, many of them odd) only the
//! first block says anything about the sound, and tags that others put behind the frames are none of it. The decoders are
//! handed a file of that block and the frames alone. symphonia decodes up to 24 bits; beyond that the difference of two
//! channels has 33 bits, which only flac-codec keeps. flac-codec, which is slower, also takes over where symphonia passed over
//! some bytes: it says what is wrong, where symphonia steps over frames of another rate in silence.

use super::bounds::{check_head, check_length};
use super::decode::planar;
use super::faults::{broken, changes, cut_short};
use super::header::{Decoded, Header};
use super::kind::read_up_to;
use super::part::Part;
use crate::Error;
use flac_codec::decode::FlacChannelReader;
use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::TrackType;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;

/// Bytes of the block STREAMINFO.
const STREAM_INFO: usize = 34;
/// Bits of a sample up to which symphonia is exact.
const SIMPLE_BITS: u32 = 24;

/// What stands before the frames.
struct Head {
    header: Header,
    bits: u32,
    /// The block that says so, mended.
    stream_info: [u8; STREAM_INFO],
    /// Where the frames begin.
    frames: u64,
}

/// What the head of a FLAC file says.
///
/// # Errors
/// [`Error::File`] if it is broken.
pub(super) fn read_flac_header(path: &Path, file: &mut Part) -> Result<Header, Error> {
    read_head(path, file).map(|head| head.header)
}

fn read_head(path: &Path, file: &mut Part) -> Result<Head, Error> {
    let fault = |error: io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => Error::file_with_hint(
            path,
            "the file is cut short: its head is not complete",
            "copy or download it again",
        ),
        _ => Error::file(path, error),
    };
    let mut at = 4;
    let mut stream_info = None;
    loop {
        file.seek(SeekFrom::Start(at)).map_err(fault)?;
        let mut block = [0; 4];
        file.read_exact(&mut block).map_err(fault)?;
        let size = u64::from(u32::from_be_bytes([0, block[1], block[2], block[3]]));
        at += 4 + size;
        if block[0] & 0x7F == 0 && size >= STREAM_INFO as u64 && stream_info.is_none() {
            let mut bytes = [0; STREAM_INFO];
            file.read_exact(&mut bytes).map_err(fault)?;
            stream_info = Some(bytes);
        }
        if block[0] & 0x80 != 0 {
            break;
        }
    }
    let Some(mut info) = stream_info else {
        return Err(Error::file(
            path,
            "this FLAC file does not say what it holds: its block STREAMINFO is missing",
        ));
    };
    // 20 bits of the rate, 3 of the channels less one, 5 of the bits less one, 36 of the samples.
    let long = u64::from_be_bytes([
        info[10], info[11], info[12], info[13], info[14], info[15], info[16], info[17],
    ]);
    let n_samples = Some(long & 0xF_FFFF_FFFF).filter(|&n| n > 0);
    let header = Header {
        sample_rate: (long >> 44) as u32,
        n_channels: (long >> 41 & 7) as usize + 1,
        n_samples,
    };
    check_head(path, &header)?;
    // Some encoders leave 0 for the smallest block; decoders hold that against the file.
    let blocks = [
        u16::from_be_bytes([info[0], info[1]]),
        u16::from_be_bytes([info[2], info[3]]),
    ];
    if blocks[0] < 16 || blocks[1] < blocks[0] {
        info[..2].copy_from_slice(&16u16.to_be_bytes());
        info[2..4].copy_from_slice(&blocks[1].max(16).to_be_bytes());
    }
    Ok(Head {
        header,
        bits: (long >> 36 & 31) as u32 + 1,
        stream_info: info,
        frames: at,
    })
}

/// Decodes a FLAC file.
///
/// # Errors
/// [`Error::File`] if it is broken, cut short, or changes its rate or channels on the way.
pub(super) fn read_flac(path: &Path, mut file: Part) -> Result<Decoded, Error> {
    let head = read_head(path, &mut file)?;
    let mut bytes = [&b"fLaC\x80\0\0\x22"[..], &head.stream_info].concat();
    let begin = bytes.len();
    file.seek(SeekFrom::Start(head.frames))
        .map_err(|error| Error::file(path, error))?;
    file.read_to_end(&mut bytes)
        .map_err(|error| Error::file(path, error))?;
    bytes.truncate(begin + without_tags(&bytes[begin..]));
    let Header {
        n_channels,
        n_samples,
        ..
    } = head.header;
    let bytes = std::sync::Arc::<[u8]>::from(bytes);
    if head.bits <= SIMPLE_BITS
        && let Some((channels, n_bytes)) = quickly(path, bytes.clone(), &head.header)?
        && n_bytes == bytes.len() - begin
        && n_samples.is_none_or(|n| n == channels[0].len() as u64)
    {
        return Ok(Decoded {
            header: head.header,
            samples: planar(channels),
        });
    }
    let channels = strictly(path, &bytes, &head)?;
    let n = channels[0].len();
    if n_samples.is_some_and(|promised| promised > n as u64) {
        return Err(cut_short(path, n_samples, n));
    }
    debug_assert_eq!(channels.len(), n_channels);
    Ok(Decoded {
        header: head.header,
        samples: planar(channels),
    })
}

/// Length of the frames without the tags behind them: ID3v1, and APE's with its foot.
fn without_tags(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    if end >= 128 && &bytes[end - 128..end - 125] == b"TAG" {
        end -= 128;
    }
    if end >= 32 && &bytes[end - 32..end - 24] == b"APETAGEX" {
        let foot = &bytes[end - 32..end];
        let size = u32::from_le_bytes([foot[12], foot[13], foot[14], foot[15]]) as usize;
        let head = if foot[23] & 0x80 != 0 { 32 } else { 0 };
        end = end.saturating_sub(size + head);
    }
    // Padding of zeros is no frame either: a frame ends in a checksum, which may be 0, so that few zeros are left alone.
    let content = bytes[..end]
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last + 1);
    if end - content > 64 {
        (content + 2).min(end)
    } else {
        end
    }
}

/// What symphonia makes of the frames, and how many of the bytes it took for frames; `None` if it finds fault with them.
#[expect(
    clippy::type_complexity,
    reason = "two results of one function, of this file alone"
)]
fn quickly(
    path: &Path,
    bytes: std::sync::Arc<[u8]>,
    header: &Header,
) -> Result<Option<(Vec<Vec<f32>>, usize)>, Error> {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let probe = symphonia::default::get_probe();
    let Ok(mut format) = probe.probe(&Hint::new(), stream, Default::default(), Default::default())
    else {
        return Ok(None);
    };
    let track = format.default_track(TrackType::Audio);
    let parameters = track
        .and_then(|track| track.codec_params.as_ref())
        .and_then(CodecParameters::audio);
    let codecs = symphonia::default::get_codecs();
    let decoder = parameters
        .map(|parameters| codecs.make_audio_decoder(parameters, &AudioDecoderOptions::default()));
    let Some(Ok(mut decoder)) = decoder else {
        return Ok(None);
    };
    let mut channels = vec![Vec::new(); header.n_channels];
    let mut block: Vec<Vec<f32>> = Vec::new();
    let mut n_bytes = 0;
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(_) => return Ok(None),
        };
        n_bytes += packet.data.len();
        let Ok(decoded) = decoder.decode(&packet) else {
            return Ok(None);
        };
        if (decoded.spec().rate(), decoded.num_planes()) != (header.sample_rate, header.n_channels)
        {
            return Ok(None);
        }
        decoded.copy_to_vecs_planar(&mut block);
        for (channel, samples) in channels.iter_mut().zip(&block) {
            channel.extend_from_slice(samples);
        }
        check_length(path, channels[0].len() as u64, header.n_channels)?;
    }
    Ok(Some((channels, n_bytes)))
}

/// What flac-codec makes of the frames: every bit, or the reason why not.
fn strictly(path: &Path, bytes: &[u8], head: &Head) -> Result<Vec<Vec<f32>>, Error> {
    let Header {
        sample_rate,
        n_channels,
        n_samples,
    } = head.header;
    let mut channels: Vec<Vec<f32>> = vec![Vec::new(); n_channels];
    let mut source = Cursor::new(bytes);
    let mut reader = FlacChannelReader::new(&mut source)
        .map_err(|fault| broken(path, &fault, 0, sample_rate))?;
    let scale = 1.0 / f64::from(1u32 << (head.bits - 1));
    loop {
        let n = channels[0].len();
        let block = match reader.fill_buf() {
            Ok(block) => block,
            Err(flac_codec::Error::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                return Err(cut_short(path, n_samples, n));
            }
            Err(flac_codec::Error::SampleRateMismatch | flac_codec::Error::ChannelsMismatch) => {
                return Err(changes(path));
            }
            Err(flac_codec::Error::BitsPerSampleMismatch) => {
                return Err(Error::file_with_hint(
                    path,
                    "the number of bits of a sample changes inside the file",
                    "write it with one number of bits, for example: ffmpeg -i FILE out.wav",
                ));
            }
            Err(fault) => return Err(broken(path, &fault, n, sample_rate)),
        };
        let length = block.first().map_or(0, |samples| samples.len());
        if length == 0 {
            break;
        }
        for (channel, samples) in channels.iter_mut().zip(&block) {
            channel.extend(samples.iter().map(|&x| (f64::from(x) * scale) as f32));
        }
        reader.consume(length);
        check_length(path, channels[0].len() as u64, n_channels)?;
    }
    drop(reader);
    // The count of the head is reached: what follows must not be sound as well.
    let mut behind = [0; 4];
    let n = read_up_to(&mut source, &mut behind).unwrap_or(0);
    if n >= 2 && (behind[0] == 0xFF && behind[1] & 0xFE == 0xF8 || &behind == b"fLaC") {
        let n = channels[0].len();
        return Err(Error::file_with_hint(
            path,
            format!("its head promises {n} samples, and more follow behind them"),
            "the file is several files in one; part them, or write one file, for example: ffmpeg -i FILE out.wav",
        ));
    }
    Ok(channels)
}
