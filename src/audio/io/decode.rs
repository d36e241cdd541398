//! Reading with symphonia's demuxers and decoders what has no reader of its own here.

use super::bounds::{check_head, check_length};
use super::faults::{broken, changes, cut_short};
use super::header::{Decoded, Header};
use super::kind::{FORMATS, Kind};
use super::matroska::Gap;
use super::mp4::Track as Mp4;
use super::opus::{OPUS_RATE, OpusDecoder};
use super::part::Part;
use crate::Error;
use std::io::{ErrorKind, Seek};
use std::ops::Range;
use std::path::Path;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_ALAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_OPUS,
    CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{
    AudioCodecId, AudioCodecParameters, AudioDecoder, AudioDecoderOptions, CODEC_ID_NULL_AUDIO,
};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;
use symphonia::core::units::Duration;

/// Codecs whose heads count whole frames, of which a decoder drops the encoder's delay and padding.
const WHOLE_FRAMES: [AudioCodecId; 7] = [
    CODEC_ID_MP1,
    CODEC_ID_MP2,
    CODEC_ID_MP3,
    CODEC_ID_AAC,
    CODEC_ID_ALAC,
    CODEC_ID_OPUS,
    CODEC_ID_VORBIS,
];
const FRAMES_SLACK: u64 = 4608;

/// A file whose head symphonia has read.
pub(super) struct Stream {
    format: Box<dyn FormatReader>,
    track_id: u32,
    parameters: AudioCodecParameters,
    n_samples: Option<u64>,
}

impl Stream {
    /// Reads the head.
    ///
    /// # Errors
    /// [`Error::File`] if there is no sound in it that can be decoded.
    fn open(path: &Path, source: Part, kind: Kind, edges: &Edges) -> Result<Stream, Error> {
        let stream = MediaSourceStream::new(Box::new(source), Default::default());
        let format = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, Default::default(), Default::default())
            .map_err(|fault| unreadable(path, kind, &fault))?;
        let no_sound = || {
            Error::refused_file(
                path,
                "there is no sound in this file that can be read",
                FORMATS,
            )
        };
        let cookie = edges.alac_cookie();
        let track = format
            .default_track(TrackType::Audio)
            // A track whose codec symphonia does not find.
            .or_else(|| cookie.and_then(|_| format.first_track(TrackType::Audio)))
            .ok_or_else(no_sound)?;
        let mut parameters = match &track.codec_params {
            Some(CodecParameters::Audio(parameters)) => parameters.clone(),
            _ => return Err(no_sound()),
        };
        if let (CODEC_ID_NULL_AUDIO, Some(cookie)) = (parameters.codec, cookie) {
            parameters.codec = CODEC_ID_ALAC;
            parameters.extra_data = Some(cookie.into());
        }
        Ok(Stream {
            track_id: track.id,
            n_samples: samples_of(track),
            parameters,
            format,
        })
    }

    /// What the head says, where it says it.
    fn header(&self) -> Option<Header> {
        let channels = self.parameters.channels.as_ref()?;
        Some(Header {
            sample_rate: self.parameters.sample_rate?,
            n_channels: channels.count(),
            n_samples: self.n_samples,
        })
    }

    fn decoder(&self, path: &Path, kind: Kind) -> Result<Decoder, Error> {
        if self.parameters.codec == CODEC_ID_OPUS {
            let head = self.parameters.extra_data.as_deref().unwrap_or_default();
            return Ok(Decoder::Opus(Box::new(OpusDecoder::new(path, head)?)));
        }
        symphonia::default::get_codecs()
            .make_audio_decoder(&self.parameters, &AudioDecoderOptions::default())
            .map(Decoder::Other)
            .map_err(|fault| unreadable(path, kind, &fault))
    }
}

/// What makes samples of packets.
enum Decoder {
    Opus(Box<OpusDecoder>),
    Other(Box<dyn AudioDecoder>),
}

impl Decoder {
    /// Decodes a packet into its channels, and says at which rate.
    fn decode(&mut self, packet: &Packet, block: &mut Vec<Vec<f32>>) -> Result<u32, String> {
        match self {
            Decoder::Opus(decoder) => {
                block.clear();
                block.resize(decoder.head().n_channels, Vec::new());
                decoder.decode(&packet.data, block)?;
                Ok(OPUS_RATE)
            }
            Decoder::Other(decoder) => {
                let decoded = decoder.decode(packet).map_err(|fault| fault.to_string())?;
                decoded.copy_to_vecs_planar(block);
                Ok(decoded.spec().rate())
            }
        }
    }
}

/// What says which of the decoded samples are sound.
enum Edges {
    /// The packets themselves.
    Packets,
    /// An MP4 file's edit list.
    Mp4(Mp4),
    /// Matroska's delay and padding.
    Matroska(Gap),
}

impl Edges {
    fn of(path: &Path, source: &mut Part, kind: Kind) -> Result<Edges, Error> {
        let fault = |error| Error::file(path, error);
        let edges = match kind {
            Kind::Mp4 => Edges::Mp4(Mp4::of(path, source)?),
            Kind::Matroska => Edges::Matroska(Gap::of(source).map_err(fault)?),
            _ => Edges::Packets,
        };
        source.rewind().map_err(fault)?;
        Ok(edges)
    }

    /// Samples to keep of some decoded ones.
    fn kept(&self, n_decoded: u64, sample_rate: u32) -> Vec<Range<u64>> {
        match self {
            Edges::Packets => std::iter::once(0..n_decoded).collect(),
            Edges::Mp4(track) => track.kept(n_decoded, sample_rate),
            Edges::Matroska(gap) => std::iter::once(gap.kept(n_decoded, sample_rate)).collect(),
        }
    }

    /// What a decoder of ALAC must know, where QuickTime keeps it.
    fn alac_cookie(&self) -> Option<&[u8]> {
        match self {
            Edges::Mp4(track) => track.alac_cookie(),
            _ => None,
        }
    }

    /// Whether a file of a kind may end anywhere: nothing in it says how much there is.
    fn ends_with_the_file(&self, kind: Kind) -> bool {
        match self {
            Edges::Matroska(gap) => !gap.is_cut,
            _ => kind == Kind::Adts,
        }
    }

    /// Makes a packet hold all its samples where something else says which are sound.
    fn untrim(&self, packet: &mut Packet) {
        if !matches!(self, Edges::Packets) {
            packet.trim_start = Duration::ZERO;
            packet.trim_end = Duration::ZERO;
        }
    }
}

fn samples_of(track: &Track) -> Option<u64> {
    let frames = track.num_frames?;
    let trimmed = u64::from(track.delay.unwrap_or(0)) + u64::from(track.padding.unwrap_or(0));
    Some(frames.saturating_sub(trimmed))
}

/// What the head of a file says; the first packet is decoded where the head leaves rate and channels to the bit stream.
///
/// # Errors
/// [`Error::File`] if it cannot be read, or says what no head may say.
pub(super) fn read_decoded_header(
    path: &Path,
    mut source: Part,
    kind: Kind,
) -> Result<Header, Error> {
    let edges = Edges::of(path, &mut source, kind)?;
    let mut stream = Stream::open(path, source, kind, &edges)?;
    let mut header = match stream.header() {
        Some(header) => header,
        None => {
            let mut decoder = stream.decoder(path, kind)?;
            let mut block = Vec::new();
            loop {
                let packet = stream
                    .format
                    .next_packet()
                    .map_err(|fault| unreadable(path, kind, &fault))?;
                let packet =
                    packet.ok_or_else(|| Error::file(path, "the file holds no samples"))?;
                if packet.track_id == stream.track_id {
                    let sample_rate = decoder
                        .decode(&packet, &mut block)
                        .map_err(|fault| broken(path, &fault, 0, 1))?;
                    break Header {
                        sample_rate,
                        n_channels: block.len(),
                        n_samples: stream.n_samples,
                    };
                }
            }
        }
    };
    check_head(path, &header)?;
    if !matches!(edges, Edges::Packets) {
        // What the head counts are decoded samples; those of a film in pieces are not counted at all.
        let kept = edges.kept(header.n_samples.unwrap_or(u64::MAX), header.sample_rate);
        let n = kept
            .iter()
            .map(|range| range.end.saturating_sub(range.start))
            .sum();
        header.n_samples = Some(n).filter(|&n| header.n_samples.is_some() || n < u64::MAX >> 16);
    }
    Ok(header)
}

/// Decodes a file.
///
/// # Errors
/// [`Error::File`] if it is broken, cut short, or changes its rate or channels on the way.
pub(super) fn decode(path: &Path, mut source: Part, kind: Kind) -> Result<Decoded, Error> {
    let edges = Edges::of(path, &mut source, kind)?;
    let mut stream = Stream::open(path, source, kind, &edges)?;
    let mut header = stream.header();
    if let Some(header) = &header {
        check_head(path, header)?;
    }
    let mut decoder = stream.decoder(path, kind)?;
    let mut channels: Vec<Vec<f32>> = Vec::new();
    let mut block: Vec<Vec<f32>> = Vec::new();
    loop {
        let n = channels.first().map_or(0, Vec::len);
        let rate = header.map_or(0, |header| header.sample_rate);
        let mut packet = match stream.format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            // Such a stream has no end but that of the file.
            Err(fault) if is_end_of_file(&fault) && edges.ends_with_the_file(kind) && n > 0 => {
                break;
            }
            Err(fault) if is_end_of_file(&fault) => {
                return Err(cut_short(path, stream.n_samples, n));
            }
            Err(fault) => return Err(broken(path, &fault, n, rate)),
        };
        if packet.track_id != stream.track_id {
            continue;
        }
        edges.untrim(&mut packet);
        let sample_rate = decoder
            .decode(&packet, &mut block)
            .map_err(|fault| broken(path, &fault, n, rate))?;
        let head = match header {
            Some(head) => head,
            None => {
                let head = Header {
                    sample_rate,
                    n_channels: block.len(),
                    n_samples: stream.n_samples,
                };
                check_head(path, &head)?;
                *header.insert(head)
            }
        };
        if (sample_rate, block.len()) != (head.sample_rate, head.n_channels) {
            return Err(changes(path));
        }
        channels.resize(head.n_channels, Vec::new());
        for (channel, samples) in channels.iter_mut().zip(&block) {
            channel.extend_from_slice(samples);
        }
        check_length(path, channels[0].len() as u64, head.n_channels)?;
    }
    let n = channels.first().map_or(0, Vec::len);
    let Some(header) = header.filter(|_| n > 0) else {
        return Err(Error::file(path, "the file holds no samples"));
    };
    let slack = if WHOLE_FRAMES.contains(&stream.parameters.codec) {
        FRAMES_SLACK
    } else {
        0
    };
    // A stream of AAC promises nothing: its length is an estimate of the first frames' sizes.
    if kind != Kind::Adts
        && stream
            .n_samples
            .is_some_and(|promised| promised > n as u64 + slack)
    {
        return Err(cut_short(path, stream.n_samples, n));
    }
    let kept = edges.kept(n as u64, header.sample_rate);
    let is_all = matches!(kept.as_slice(), [range] if *range == (0..n as u64));
    if !is_all {
        for channel in &mut channels {
            *channel = kept
                .iter()
                .flat_map(|range| &channel[range.start as usize..range.end as usize])
                .copied()
                .collect();
        }
    }
    Ok(Decoded {
        header,
        samples: planar(channels),
    })
}

/// Channel after channel, without a copy where there is one channel.
pub(super) fn planar(mut channels: Vec<Vec<f32>>) -> Vec<f32> {
    if channels.len() == 1 {
        channels.remove(0)
    } else {
        channels.concat()
    }
}

fn is_end_of_file(fault: &Fault) -> bool {
    matches!(fault, Fault::IoError(error) if error.kind() == ErrorKind::UnexpectedEof)
}

/// The file could not even be opened as sound.
fn unreadable(path: &Path, kind: Kind, fault: &Fault) -> Error {
    let name = kind.name();
    let reason = match fault {
        Fault::Unsupported(_) => {
            format!("this {name} file holds a codec, or uses it in a way, that is not read here")
        }
        fault if is_end_of_file(fault) => "the file is cut short: its head is not complete".into(),
        fault => format!("this {name} file is broken at its beginning ({fault})"),
    };
    Error::file_with_hint(
        path,
        reason,
        "make a WAV file of it, for example: ffmpeg -i FILE out.wav",
    )
}
