//! The door to sound files: what kind a file is, and which reader it goes to.

use super::caf::read_companded_head;
use super::decode::{decode, read_decoded_header};
use super::flac_read::{read_flac, read_flac_header};
use super::header::{Decoded, Header};
use super::kind::Kind;
use super::mpeg_read::{read_mpeg, read_mpeg_header};
use super::ogg_read::{read_ogg, read_ogg_header};
use super::part::Part;
use super::wav::{WavHead, read_wav, read_wav_head};
use crate::{Error, Waveform};
use std::fs::File;
use std::io::{Cursor, ErrorKind, Read, Seek};
use std::path::Path;
use std::sync::Arc;

/// File name endings that are taken for sound when a folder is scanned.
pub const EXTENSIONS: [&str; 19] = [
    "wav", "wave", "bwf", "rf64", "aif", "aiff", "aifc", "caf", "flac", "ogg", "oga", "mp3", "mp2",
    "m4a", "mp4", "aac", "mka", "webm", "opus",
];

/// Reads the head of a sound file.
///
/// # Errors
/// [`Error::File`] if it is absent, empty, no sound file that can be read here, or says what no head may say.
pub fn read_header(path: &Path) -> Result<Header, Error> {
    let (file, kind) = open(path)?;
    header(path, file, kind)
}

/// Reads the head of a sound file that is in memory; `name` is what errors call it.
///
/// # Errors
/// As [`read_header`].
pub fn read_header_of(name: &Path, bytes: Arc<[u8]>) -> Result<Header, Error> {
    let (file, kind) = in_memory(name, bytes)?;
    header(name, file, kind)
}

fn header(path: &Path, mut file: Part, kind: Kind) -> Result<Header, Error> {
    match kind {
        Kind::Wav => Ok(read_wav_head(path, &mut file)?.header),
        Kind::Flac => read_flac_header(path, &mut file),
        Kind::Mpeg => read_mpeg_header(path, &mut file),
        Kind::Ogg(_) => read_ogg_header(path, file, kind),
        Kind::Caf => match read_companded_head(path, &mut file)? {
            Some(head) => Ok(head.header),
            None => read_decoded_header(path, file, kind),
        },
        kind => read_decoded_header(path, file, kind),
    }
}

/// Decodes a sound file.
///
/// Samples are in -1..1 as the file's format scales them; an encoder's delay and padding are removed where the file declares
/// them. The kind of the file is known by its content, whatever its name says.
///
/// # Errors
/// [`Error::File`] if the file is absent, empty, broken, cut short, of a kind that is not read, or beyond the bounds of heads;
/// [`Error::BadSample`] if a sample is NaN or infinite.
pub fn read(path: &Path) -> Result<Waveform, Error> {
    let (file, kind) = open(path)?;
    decoded(path, file, kind)
}

/// Decodes a sound file that is in memory; `name` is what errors call it.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(name: &Path, bytes: Arc<[u8]>) -> Result<Waveform, Error> {
    let (file, kind) = in_memory(name, bytes)?;
    decoded(name, file, kind)
}

fn decoded(path: &Path, mut file: Part, kind: Kind) -> Result<Waveform, Error> {
    let decoded = match kind {
        Kind::Wav => {
            let head = read_wav_head(path, &mut file)?;
            plain(path, file, kind, Some(head))?
        }
        Kind::Caf => {
            let head = read_companded_head(path, &mut file)?;
            plain(path, file, kind, head)?
        }
        Kind::Flac => read_flac(path, file)?,
        Kind::Mpeg => read_mpeg(path, &mut file)?,
        Kind::Ogg(_) => read_ogg(path, file, kind)?,
        kind => decode(path, file, kind)?,
    };
    if decoded.samples.is_empty() {
        return Err(Error::refused_file(
            path,
            "the file holds no samples",
            "record or download it again",
        ));
    }
    waveform(path, decoded)
}

/// The samples behind the head of plain ones; without such a head, or where it names a codec, those that are decoded.
fn plain(path: &Path, mut file: Part, kind: Kind, head: Option<WavHead>) -> Result<Decoded, Error> {
    if let Some(head) = &head
        && let Some(samples) = read_wav(path, &mut file, head)
    {
        return Ok(Decoded {
            header: head.header,
            samples: samples?,
        });
    }
    file.rewind().map_err(|error| Error::file(path, error))?;
    decode(path, file, kind)
}

/// A sound whose bad samples are told with the name of its file.
fn waveform(path: &Path, decoded: Decoded) -> Result<Waveform, Error> {
    let Decoded { samples, header } = decoded;
    let n = samples.len() / header.n_channels.max(1);
    Waveform::new(samples, header.n_channels, header.sample_rate).map_err(|error| match error {
        Error::BadSample { index, value, .. } => Error::BadSample {
            what: format!("`{}`", path.display()),
            index: index % n.max(1),
            value,
        },
        error => error,
    })
}

/// Opens a file whose kind is known and read, at the place where its content begins.
fn open(path: &Path) -> Result<(Part, Kind), Error> {
    let fault = |error| Error::file(path, error);
    let mut file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Error::file_with_hint(path, "there is no such file", "check the path and its case")
        }
        _ => fault(error),
    })?;
    let metadata = file.metadata().map_err(fault)?;
    if metadata.is_dir() {
        return Err(Error::file_with_hint(
            path,
            "this is a folder",
            "give a file, or read it with `folder(dir)`",
        ));
    }
    if metadata.len() == 0 {
        return Err(empty(path));
    }
    let (kind, start) = known(path, &mut file)?;
    Ok((Part::new(file, start, metadata.len()).map_err(fault)?, kind))
}

/// As [`open`], of the bytes of a file.
fn in_memory(name: &Path, bytes: Arc<[u8]>) -> Result<(Part, Kind), Error> {
    if bytes.is_empty() {
        return Err(empty(name));
    }
    let (kind, start) = known(name, &mut Cursor::new(&*bytes))?;
    let end = bytes.len() as u64;
    let part = Part::in_memory(bytes, start, end);
    Ok((part.map_err(|error| Error::file(name, error))?, kind))
}

fn empty(path: &Path) -> Error {
    Error::refused_file(path, "the file is empty", "copy or download it again")
}

/// The kind of a file, one that is read here, and where its content begins.
fn known(path: &Path, file: &mut (impl Read + Seek)) -> Result<(Kind, u64), Error> {
    let (kind, start) = Kind::of(file).map_err(|error| Error::file(path, error))?;
    match kind {
        Kind::Other(_) | Kind::Unknown => Err(kind.refusal(path)),
        kind => Ok((kind, start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(content: &[u8]) -> Part {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, content).unwrap();
        Part::new(file, 0, content.len() as u64).unwrap()
    }

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

    /// Reads a file of these bytes, and the bytes themselves, which must come to the same.
    fn read_both(name: &str, bytes: &[u8]) -> Result<Waveform, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let of_file = read(&path);
        match (&of_file, read_bytes(&path, bytes.into())) {
            (Ok(of_file), Ok(of_bytes)) => assert_eq!(*of_file, of_bytes),
            // Told as text, for a sample that is NaN equals none.
            (of_file, of_bytes) => assert_eq!(format!("{of_file:?}"), format!("{of_bytes:?}")),
        }
        of_file
    }

    fn reason(name: &str, bytes: &[u8]) -> String {
        match read_both(name, bytes).unwrap_err() {
            Error::File { reason, .. } => reason,
            error => error.to_string(),
        }
    }

    #[test]
    fn every_sample_format_is_scaled_to_one() {
        let le = |values: &[i32], bytes: usize| {
            values
                .iter()
                .flat_map(|v| v.to_le_bytes()[..bytes].to_vec())
                .collect::<Vec<u8>>()
        };
        let float: Vec<u8> = [0.5f32, -1.0, 0.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let double: Vec<u8> = [0.5f64, -1.0, 0.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        for extensible in [false, true] {
            for (tag, bits, data) in [
                (1, 8, vec![192, 0, 128]),
                (1, 16, le(&[1 << 14, -(1 << 15), 0], 2)),
                (1, 24, le(&[1 << 22, -(1 << 23), 0], 3)),
                (1, 32, le(&[1 << 30, i32::MIN, 0], 4)),
                (3, 32, float.clone()),
                (3, 64, double.clone()),
            ] {
                let wave = read_both("a.wav", &wav(tag, bits, 1, extensible, &data)).unwrap();
                assert_eq!(
                    wave.samples(),
                    [0.5, -1.0, 0.0],
                    "{bits} bits, tag {tag}, extensible {extensible}"
                );
                assert_eq!(wave.sample_rate(), 8000);
            }
        }
    }

    #[test]
    fn channels_are_told_apart() {
        let data: Vec<u8> = [1i16 << 14, -(1 << 14), 0, 1 << 13]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        let wave = read_both("a.wav", &wav(1, 16, 2, false, &data)).unwrap();
        assert_eq!(
            (wave.channel(0), wave.channel(1)),
            (&[0.5, 0.0][..], &[-0.5, 0.25][..])
        );
    }

    #[test]
    fn plain_files_are_read_as_the_general_reader_reads_them() {
        let bytes: Vec<u8> = (0..600_000u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        // Floats of any bytes would be NaN now and then.
        let floats: Vec<u8> = (0..50_000)
            .flat_map(|i| (i as f32 * 0.37).sin().to_le_bytes())
            .collect();
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
            let content = [
                &b"RIFF"[..],
                &size,
                b"WAVEnote\x03\0\0\0abc\0",
                &content[12..],
            ]
            .concat();
            let general = decode(Path::new("a.wav"), part(&content), Kind::Wav).unwrap();
            let plain = read_both("a.sound", &content).unwrap();
            assert_eq!(
                plain.samples(),
                general.samples,
                "{bits} bits, tag {tag}, {channels} channels"
            );
        }
    }

    #[test]
    fn sizes_that_a_pipe_left_unknown_are_those_of_the_file() {
        let data: Vec<u8> = (0..4000u32)
            .flat_map(|i| ((i * 7) as i16).to_le_bytes())
            .collect();
        let good = wav(1, 16, 1, false, &data);
        let want = read_both("a.wav", &good).unwrap();
        for (riff, size) in [
            (u32::MAX, u32::MAX),
            (0x7FFF_F024, 0x7FFF_F000),
            (0x7FFF_FFFF, 0x7FFF_FFFF),
            (0, 0),
            (u32::MAX, 0),
        ] {
            let mut piped = good.clone();
            piped[4..8].copy_from_slice(&riff.to_le_bytes());
            piped[40..44].copy_from_slice(&size.to_le_bytes());
            assert_eq!(read_both("a.wav", &piped).unwrap(), want, "{size:x}");
            // The program was stopped in the middle of a sample.
            piped.push(3);
            assert_eq!(read_both("a.wav", &piped).unwrap(), want, "{size:x}");
        }
        assert_eq!(
            reason("a.wav", &good[..44 + 100]),
            "the file is cut short: its head promises 4000 samples, 50 are there"
        );
    }

    #[test]
    fn the_relatives_of_wav_are_read() {
        let data: Vec<u8> = (0..400u32)
            .flat_map(|i| ((i * 163) as i16).to_le_bytes())
            .collect();
        let good = wav(1, 16, 2, false, &data);
        let want = read_both("a.wav", &good).unwrap();
        // 64 bits of size, of the whole file and of the samples, in a chunk that comes first.
        let sizes = [
            (good.len() as u64 + 36).to_le_bytes(),
            (data.len() as u64).to_le_bytes(),
            200u64.to_le_bytes(),
        ];
        let mut long = [
            &b"RF64\xFF\xFF\xFF\xFFWAVEds64\x1C\0\0\0"[..],
            &sizes.concat(),
            &[0; 4],
            &good[12..],
        ]
        .concat();
        let at = long.len() - data.len() - 4;
        long[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(read_both("a.wav", &long).unwrap(), want);
        long[..4].copy_from_slice(b"BW64");
        assert_eq!(read_both("a.wav", &long).unwrap(), want);
        // The numbers of RIFX have their bytes the other way round.
        let mut big =
            b"RIFX\0\0\x03\x44WAVEfmt \0\0\0\x10\0\x01\0\x02\0\0\x1F\x40\0\0\x7D\0\0\x04\0\x10data\0\0\x03\x20"
                .to_vec();
        big.extend(data.chunks(2).flat_map(|pair| [pair[1], pair[0]]));
        assert_eq!(read_both("a.wav", &big).unwrap(), want);
        // 12 bits in the upper part of 16, 20 in that of 24, and mu-law with a head of 14 bytes.
        let mut twelve = good.clone();
        twelve[34..36].copy_from_slice(&12u16.to_le_bytes());
        assert_eq!(read_both("a.wav", &twelve).unwrap(), want);
        let law: Vec<u8> = (0..=255).collect();
        let short =
            [&b"RIFF\x2A\x01\0\0WAVEfmt \x0E\0\0\0\x07\0\x01\0\x40\x1F\0\0\x40\x1F\0\0\x01\0data\0\x01\0\0"[..], &law]
                .concat();
        let wave = read_both("a.wav", &short).unwrap();
        assert_eq!(wave.n_samples(), 256);
        assert_eq!(
            (wave.samples()[0], wave.samples()[0x80]),
            (-32_124.0 / 32_768.0, 32_124.0 / 32_768.0)
        );
        assert_eq!((wave.samples()[0x7F], wave.samples()[0xFF]), (0.0, 0.0));
    }

    #[test]
    fn a_head_is_not_believed_beyond_its_bounds() {
        let good = wav(1, 16, 1, false, &[0; 400]);
        let with = |at: usize, bytes: &[u8]| {
            let mut file = good.clone();
            file[at..at + bytes.len()].copy_from_slice(bytes);
            reason("a.wav", &file)
        };
        assert!(with(24, &4_000_000_000u32.to_le_bytes()).contains("4000000000 samples a second"));
        assert!(with(24, &[0; 4]).contains("0 samples a second"));
        assert!(with(22, &[0xFF, 0xFF]).contains("65535 channels"));
        assert!(with(22, &[0, 0]).contains("0 channels"));
        assert!(with(20, &[0x55, 0]).contains("MP3"));
        assert!(with(34, &[99, 0]).contains("99 bits in 2 bytes"));
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        let good = wav(1, 16, 1, false, &[0; 4000]);
        assert_eq!(reason("a.wav", b""), "the file is empty");
        assert_eq!(
            reason("a.wav", &good[..20]),
            "the file is cut short: its head is not complete"
        );
        let text = reason(
            "a.wav",
            b"this is a text file, not sound, whatever its name says",
        );
        assert_eq!(text, "this is no sound file that is known here");
        assert_eq!(
            reason("a.mp3", b"MAC \x96\x0F\0\0"),
            "this is Monkey's Audio, which is not read here"
        );
        let cut = reason("a.wav", &good[..2044]);
        assert_eq!(
            cut,
            "the file is cut short: its head promises 2000 samples, 1000 are there"
        );
        let nan: Vec<u8> = [0.5f32, f32::NAN]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        assert!(reason("a.wav", &wav(3, 32, 1, false, &nan)).ends_with("a.wav` is NaN"));
        assert_eq!(
            reason("a.wav", &wav(1, 16, 1, false, &[])),
            "the file holds no samples"
        );
        let folder = tempfile::tempdir().unwrap();
        let error = |path: &Path| read(path).unwrap_err();
        assert!(
            error(folder.path())
                .to_string()
                .ends_with("this is a folder")
        );
        assert!(
            error(&folder.path().join("none.wav"))
                .to_string()
                .ends_with("there is no such file")
        );
    }

    #[test]
    fn heads_are_read_without_decoding() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        std::fs::write(&path, wav(1, 16, 2, false, &[0; 400])).unwrap();
        let header = Header {
            sample_rate: 8000,
            n_channels: 2,
            n_samples: Some(100),
        };
        assert_eq!(read_header(&path).unwrap(), header);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(read_header_of(&path, bytes.into()).unwrap(), header);
    }
}
