//! Reading sound files with symphonia: WAV, FLAC, Ogg Vorbis, MP3 and AAC in MP4.

use super::wav::read_wav;
use crate::{Error, Waveform};
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoderOptions};
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
    if let Some((header, samples)) = read_plain_wav(path) {
        return waveform(path, samples, &header);
    }
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
            Err(fault) if is_end_of_file(&fault) => return Err(cut_short(path, header.n_samples, channels[0].len())),
            Err(fault) => return Err(broken(path, &fault, channels[0].len(), header.sample_rate)),
        };
        if packet.track_id != track_id {
            continue;
        }
        let decoded =
            decoder.decode(&packet).map_err(|fault| broken(path, &fault, channels[0].len(), header.sample_rate))?;
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
    let slack = if LOSSY.contains(&parameters.codec) { LOSSY_SLACK } else { 0 };
    if header.n_samples.is_some_and(|promised| promised > n as u64 + slack) {
        return Err(cut_short(path, header.n_samples, n));
    }
    let samples = if channels.len() == 1 { channels.remove(0) } else { channels.concat() };
    waveform(path, samples, &header)
}

/// What [`read_wav`] makes of a file; whatever is wrong with it is said by the general reader.
fn read_plain_wav(path: &Path) -> Option<(Header, Vec<f32>)> {
    let extension = path.extension()?.to_str()?;
    if !(extension.eq_ignore_ascii_case("wav") || extension.eq_ignore_ascii_case("wave")) {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    read_wav(&mut file, length)
}

/// A sound whose bad samples are told with the name of its file.
fn waveform(path: &Path, samples: Vec<f32>, header: &Header) -> Result<Waveform, Error> {
    let n = samples.len() / header.n_channels.max(1);
    Waveform::new(samples, header.n_channels, header.sample_rate).map_err(|error| match error {
        Error::BadSample { index, value, .. } => {
            Error::BadSample { what: format!("`{}`", path.display()), index: index % n.max(1), value }
        }
        error => error,
    })
}

/// Codecs whose heads count whole frames, of which a decoder drops the encoder's delay and padding.
const LOSSY: [AudioCodecId; 5] = [CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_AAC, CODEC_ID_VORBIS];
const LOSSY_SLACK: u64 = 4608;

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

/// The file ends before it should.
fn cut_short(path: &Path, promised: Option<u64>, decoded: usize) -> Error {
    let reason = match promised {
        Some(promised) => format!("the file is cut short: its head promises {promised} samples, {decoded} are there"),
        None => format!("the file is cut short after {decoded} samples"),
    };
    Error::file_with_hint(path, reason, "copy or download the file again")
}

/// The file broke while it was decoded.
fn broken(path: &Path, fault: &Fault, decoded: usize, sample_rate: u32) -> Error {
    let at = decoded as f64 / f64::from(sample_rate.max(1));
    Error::file_with_hint(path, format!("the file is broken after {at:.2} s ({fault})"), "copy or download it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A WAV file by hand: `tag` 1 is integers, 3 floats; `extensible` hides the tag behind a long header.
    fn wav(tag: u16, bits: u16, channels: u16, extensible: bool, data: &[u8]) -> Vec<u8> {
        let frame = channels * bits / 8;
        let mut format: Vec<u8> = Vec::new();
        format.extend((if extensible { 0xFFFE } else { tag }).to_le_bytes());
        format.extend(channels.to_le_bytes());
        format.extend(8000u32.to_le_bytes());
        format.extend((8000 * u32::from(frame)).to_le_bytes());
        format.extend(frame.to_le_bytes());
        format.extend(bits.to_le_bytes());
        if extensible {
            format.extend(22u16.to_le_bytes());
            format.extend(bits.to_le_bytes());
            format.extend(0u32.to_le_bytes());
            format.extend(tag.to_le_bytes());
            format.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
        }
        let mut file = b"RIFF".to_vec();
        file.extend((20 + format.len() as u32 + data.len() as u32).to_le_bytes());
        file.extend(b"WAVEfmt ");
        file.extend((format.len() as u32).to_le_bytes());
        file.extend(&format);
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    fn read_bytes(name: &str, bytes: &[u8]) -> Result<Waveform, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    fn reason(name: &str, bytes: &[u8]) -> String {
        match read_bytes(name, bytes).unwrap_err() {
            Error::File { reason, .. } => reason,
            error => error.to_string(),
        }
    }

    #[test]
    fn every_sample_format_is_scaled_to_one() {
        let le = |values: &[i32], bytes: usize| {
            values.iter().flat_map(|v| v.to_le_bytes()[..bytes].to_vec()).collect::<Vec<u8>>()
        };
        let float: Vec<u8> = [0.5f32, -1.0, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let double: Vec<u8> = [0.5f64, -1.0, 0.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        for extensible in [false, true] {
            for (tag, bits, data) in [
                (1, 8, vec![192, 0, 128]),
                (1, 16, le(&[1 << 14, -(1 << 15), 0], 2)),
                (1, 24, le(&[1 << 22, -(1 << 23), 0], 3)),
                (1, 32, le(&[1 << 30, i32::MIN, 0], 4)),
                (3, 32, float.clone()),
                (3, 64, double.clone()),
            ] {
                let wave = read_bytes("a.wav", &wav(tag, bits, 1, extensible, &data)).unwrap();
                assert_eq!(wave.samples(), [0.5, -1.0, 0.0], "{bits} bits, tag {tag}, extensible {extensible}");
                assert_eq!(wave.sample_rate(), 8000);
            }
        }
    }

    #[test]
    fn channels_are_told_apart() {
        let data: Vec<u8> = [1i16 << 14, -(1 << 14), 0, 1 << 13].iter().flat_map(|v| v.to_le_bytes()).collect();
        let wave = read_bytes("a.wav", &wav(1, 16, 2, false, &data)).unwrap();
        assert_eq!((wave.channel(0), wave.channel(1)), (&[0.5, 0.0][..], &[-0.5, 0.25][..]));
    }

    #[test]
    fn plain_files_are_read_as_the_general_reader_reads_them() {
        let folder = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..600_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        // Floats of any bytes would be NaN now and then.
        let floats: Vec<u8> = (0..50_000).flat_map(|i| (i as f32 * 0.37).sin().to_le_bytes()).collect();
        for (tag, bits, channels, data) in [
            (1, 8, 1, &bytes),
            (1, 16, 1, &bytes),
            (1, 16, 2, &bytes),
            (1, 24, 1, &bytes),
            (1, 24, 5, &bytes),
            (1, 32, 3, &bytes),
            (3, 32, 1, &floats),
            (3, 32, 2, &floats),
        ] {
            let content = wav(tag, bits, channels, bits == 24, data);
            // An unknown chunk of an odd size comes before the format.
            let size = (content.len() as u32 - 8 + 12).to_le_bytes();
            let content = [&b"RIFF"[..], &size, b"WAVEnote\x03\0\0\0abc\0", &content[12..]].concat();
            let (plain, general) = (folder.path().join("a.wav"), folder.path().join("a.sound"));
            std::fs::write(&plain, &content).unwrap();
            std::fs::write(&general, &content).unwrap();
            assert!(read_plain_wav(&plain).is_some() && read_plain_wav(&general).is_none());
            assert_eq!(read(&plain).unwrap(), read(&general).unwrap(), "{bits} bits, tag {tag}, {channels} channels");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let good = wav(1, 16, 1, false, &[0; 4000]);
        assert_eq!(reason("a.wav", b""), "the file is empty");
        assert_eq!(reason("a.wav", &good[..20]), "the file is cut short: its head is not complete");
        assert!(reason("a.wav", b"this is a text file, not sound, whatever its name says").contains("no"));
        let cut = reason("a.wav", &good[..2044]);
        assert_eq!(cut, "the file is cut short: its head promises 2000 samples, 1000 are there");
        let nan: Vec<u8> = [0.5f32, f32::NAN].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert!(reason("a.wav", &wav(3, 32, 1, false, &nan)).ends_with("a.wav` is NaN"));
        assert_eq!(reason("a.wav", &wav(1, 16, 1, false, &[])), "the file holds no samples");
        let folder = tempfile::tempdir().unwrap();
        let error = |path: &Path| read(path).unwrap_err();
        assert!(error(folder.path()).to_string().ends_with("this is a folder"));
        assert!(error(&folder.path().join("none.wav")).to_string().ends_with("there is no such file"));
    }

    #[test]
    fn heads_are_read_without_decoding() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        std::fs::write(&path, wav(1, 16, 2, false, &[0; 400])).unwrap();
        assert_eq!(read_header(&path).unwrap(), Header { sample_rate: 8000, n_channels: 2, n_samples: Some(100) });
    }
}
