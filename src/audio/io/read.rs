//! Reading sound files with symphonia: WAV, FLAC, Ogg Vorbis, MP3 and AAC in MP4.

use crate::{Error, Waveform};
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoderOptions};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, Track, TrackType};
use symphonia::core::io::MediaSourceStream;

/// File name endings that are taken for sound when a folder is scanned.
pub const EXTENSIONS: [&str; 9] = ["wav", "wave", "flac", "ogg", "oga", "mp3", "m4a", "mp4", "aac"];

/// What the head of a sound file says, without decoding it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// Samples per second, Hz.
    pub sample_rate: u32,
    /// Number of channels.
    pub n_channels: usize,
    /// Samples per channel, where the file says so.
    pub n_samples: Option<u64>,
}

/// Reads the head of a sound file.
///
/// # Errors
/// [`Error::File`] if it is absent, empty, or no sound file that can be read here.
pub fn read_header(path: &Path) -> Result<Header, Error> {
    let opened = Opened::new(path)?;
    Ok(opened.header)
}

/// Decodes a sound file.
///
/// Samples are in -1..1 as the file's format scales them; MP3's and Vorbis' encoder delay and padding are removed where
/// the file declares them.
///
/// # Errors
/// [`Error::File`] if the file is absent, empty, broken or cut short; [`Error::BadSample`] if a sample is NaN or
/// infinite.
pub fn read(path: &Path) -> Result<Waveform, Error> {
    let Opened { mut format, track_id, parameters, header } = Opened::new(path)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .map_err(|fault| unreadable(path, &fault))?;
    let mut channels: Vec<Vec<f32>> = vec![Vec::new(); header.n_channels];
    let mut block: Vec<Vec<f32>> = Vec::new();
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(fault) if is_end_of_file(&fault) => break,
            Err(fault) => return Err(broken(path, &fault, channels[0].len(), header.sample_rate)),
        };
        if packet.track_id != track_id {
            continue;
        }
        let decoded = decoder
            .decode(&packet)
            .map_err(|fault| broken(path, &fault, channels[0].len(), header.sample_rate))?;
        if decoded.spec().rate() != header.sample_rate || decoded.num_planes() != header.n_channels {
            return Err(Error::file(path, "the sample rate or the number of channels changes inside the file"));
        }
        decoded.copy_to_vecs_planar(&mut block);
        for (channel, samples) in channels.iter_mut().zip(&block) {
            channel.extend_from_slice(samples);
        }
    }
    let n = channels[0].len();
    if n == 0 {
        return Err(Error::file(path, "the file holds no samples"));
    }
    if let Some(promised) = header.n_samples.filter(|&promised| promised > n as u64 + SLACK) {
        return Err(Error::file_with_hint(
            path,
            format!("the file is cut short: its head promises {promised} samples, {n} are there"),
            "copy or download the file again",
        ));
    }
    let samples = if channels.len() == 1 { channels.remove(0) } else { channels.concat() };
    Waveform::new(samples, header.n_channels, header.sample_rate).map_err(|error| match error {
        Error::BadSample { index, value, .. } => {
            Error::BadSample { what: format!("`{}`", path.display()), index: index % n, value }
        }
        error => error,
    })
}

/// Heads of lossy formats count in frames of up to this many samples, and decoders drop the encoder's padding.
const SLACK: u64 = 4608;

struct Opened {
    format: Box<dyn FormatReader>,
    track_id: u32,
    parameters: AudioCodecParameters,
    header: Header,
}

impl Opened {
    fn new(path: &Path) -> Result<Opened, Error> {
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::file_with_hint(path, "there is no such file", "check the path and its case"),
            _ => Error::file(path, error),
        })?;
        let metadata = file.metadata().map_err(|error| Error::file(path, error))?;
        if metadata.is_dir() {
            return Err(Error::file_with_hint(path, "this is a folder", "give a file, or read it with `folder(dir)`"));
        }
        if metadata.len() == 0 {
            return Err(Error::file(path, "the file is empty"));
        }
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, Default::default(), Default::default())
            .map_err(|fault| unreadable(path, &fault))?;
        let no_sound = || Error::file_with_hint(path, "there is no sound in this file", FORMATS);
        let track = format.default_track(TrackType::Audio).ok_or_else(no_sound)?;
        let parameters = match &track.codec_params {
            Some(CodecParameters::Audio(parameters)) => parameters.clone(),
            _ => return Err(no_sound()),
        };
        let track_id = track.id;
        let mut header = Header {
            sample_rate: parameters.sample_rate.unwrap_or(0),
            n_channels: parameters.channels.as_ref().map_or(0, |channels| channels.count()),
            n_samples: samples_of(track),
        };
        if header.sample_rate == 0 || header.n_channels == 0 {
            // AAC in MP4 leaves both to the bit stream: the first packet is decoded on a copy of the reader's state.
            let first = first_block(path)?;
            (header.sample_rate, header.n_channels) = first;
        }
        Ok(Opened { format, track_id, parameters, header })
    }
}

fn samples_of(track: &Track) -> Option<u64> {
    let frames = track.num_frames?;
    let trimmed = u64::from(track.delay.unwrap_or(0)) + u64::from(track.padding.unwrap_or(0));
    Some(frames.saturating_sub(trimmed))
}

/// Sample rate and channels of the first decoded packet.
fn first_block(path: &Path) -> Result<(u32, usize), Error> {
    let fault = |fault: Fault| unreadable(path, &fault);
    let file = File::open(path).map_err(|error| Error::file(path, error))?;
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, Default::default(), Default::default())
        .map_err(fault)?;
    let no_sound = || Error::file_with_hint(path, "there is no sound in this file", FORMATS);
    let track = format.default_track(TrackType::Audio).ok_or_else(no_sound)?;
    let track_id = track.id;
    let parameters = track.codec_params.as_ref().and_then(CodecParameters::audio).ok_or_else(no_sound)?;
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(fault)?;
    while let Some(packet) = format.next_packet().map_err(fault)? {
        if packet.track_id == track_id {
            let decoded = decoder.decode(&packet).map_err(fault)?;
            return Ok((decoded.spec().rate(), decoded.num_planes()));
        }
    }
    Err(no_sound())
}

const FORMATS: &str = "WAV, FLAC, Ogg Vorbis, MP3 and M4A/AAC can be read";

fn is_end_of_file(fault: &Fault) -> bool {
    matches!(fault, Fault::IoError(error) if error.kind() == ErrorKind::UnexpectedEof)
}

/// The file could not even be opened as sound.
fn unreadable(path: &Path, fault: &Fault) -> Error {
    let reason = match fault {
        Fault::Unsupported(_) => format!("this is no sound file that can be read here ({fault})"),
        fault if is_end_of_file(fault) => "the file is cut short: its head is not complete".into(),
        fault => format!("this is no readable sound file ({fault})"),
    };
    Error::file_with_hint(path, reason, FORMATS)
}

/// The file broke while it was decoded.
fn broken(path: &Path, fault: &Fault, decoded: usize, sample_rate: u32) -> Error {
    let at = decoded as f64 / f64::from(sample_rate.max(1));
    Error::file_with_hint(path, format!("the file is broken after {at:.2} s ({fault})"), "copy or download it again")
}
