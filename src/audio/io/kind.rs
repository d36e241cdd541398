//! What kind a file is, by its first bytes: names of files lie, and a decoder that is handed another's file makes noise of it.

use super::mpeg_header::{FrameHeader, Layer};
use crate::Error;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// RIFF, RIFX, RF64 or BW64 with WAVE inside.
    Wav,
    /// AIFF or AIFC.
    Aiff,
    /// Apple's Core Audio format.
    Caf,
    /// FLAC, not in Ogg.
    Flac,
    /// Ogg with one of the codecs inside.
    Ogg(OggCodec),
    /// MPEG-1, 2 or 2.5 audio of layer I, II or III.
    Mpeg,
    /// A raw stream of AAC.
    Adts,
    /// ISO base media: M4A, MP4, MOV.
    Mp4,
    /// Matroska and WebM.
    Matroska,
    /// Something else that is known, and not read.
    Other(&'static Other),
    /// Nothing that is known.
    Unknown,
}

/// What the first packet of an Ogg stream says it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OggCodec {
    Vorbis,
    Opus,
    Flac,
    Other,
}

/// A kind of file that is known and not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Other {
    /// Bytes at the beginning of such files, and where they stand.
    magic: &'static [u8],
    at: usize,
    /// What it is called.
    name: &'static str,
    /// Whether ffmpeg makes a WAV file of it.
    is_sound: bool,
}

const fn sound(magic: &'static [u8], at: usize, name: &'static str) -> Other {
    Other {
        magic,
        at,
        name,
        is_sound: true,
    }
}

const fn no_sound(magic: &'static [u8], at: usize, name: &'static str) -> Other {
    Other {
        magic,
        at,
        name,
        is_sound: false,
    }
}

static OTHERS: [Other; 31] = [
    sound(b"MAC ", 0, "Monkey's Audio"),
    sound(b"wvpk", 0, "WavPack"),
    sound(b"TTA1", 0, "True Audio"),
    sound(b"OFR ", 0, "OptimFROG"),
    sound(b"MPCK", 0, "Musepack"),
    sound(b"MP+", 0, "Musepack"),
    sound(b"DSD ", 0, "DSD (DSF)"),
    sound(b"FRM8", 0, "DSD (DSDIFF)"),
    sound(b".snd", 0, "Sun/NeXT audio (AU)"),
    sound(b"dns.", 0, "Sun/NeXT audio (AU)"),
    sound(b"#!AMR", 0, "AMR"),
    sound(
        b"\x30\x26\xB2\x75\x8E\x66\xCF\x11",
        0,
        "Windows Media (ASF)",
    ),
    sound(b".RMF", 0, "RealMedia"),
    sound(b".ra\xFD", 0, "RealAudio"),
    sound(b"NIST_1A", 0, "NIST SPHERE"),
    sound(b"Creative Voice File", 0, "Creative Voice"),
    sound(b"FLV\x01", 0, "Flash video"),
    sound(b"AVI ", 8, "AVI video"),
    sound(b"FORM", 0, "an IFF file"),
    sound(b"riff\x2E\x91\xCF\x11", 0, "Wave64"),
    sound(b"MThd", 0, "MIDI: notes, not sound"),
    no_sound(b"%PDF", 0, "a PDF document"),
    no_sound(b"PK\x03\x04", 0, "a ZIP archive"),
    no_sound(b"\x1F\x8B", 0, "a gzip archive"),
    no_sound(b"Rar!", 0, "a RAR archive"),
    no_sound(b"7z\xBC\xAF", 0, "a 7z archive"),
    no_sound(b"ustar", 257, "a tar archive"),
    no_sound(b"\x89PNG", 0, "a PNG picture"),
    no_sound(b"\xFF\xD8\xFF", 0, "a JPEG picture"),
    no_sound(b"\x93NUMPY", 0, "a NumPy array"),
    no_sound(b"\x89HDF", 0, "an HDF5 file"),
];

/// The formats that are read, for those who have another.
pub(super) const FORMATS: &str = "WAV, AIFF, CAF, FLAC, ALAC, MP3, MP2, M4A/AAC, Ogg Vorbis and Opus can be read, also in WebM and Matroska";

/// How far into a file the first frame of MPEG audio or AAC is looked for, behind tags and padding.
const JUNK: usize = 1 << 16;

impl Kind {
    /// Recognizes a file, and says where its content begins: behind ID3v2 tags, which some put before any kind of sound.
    pub(super) fn of(file: &mut (impl Read + Seek)) -> io::Result<(Kind, u64)> {
        let mut start = 0;
        let mut head = [0; 10];
        loop {
            file.seek(SeekFrom::Start(start))?;
            if read_up_to(file, &mut head)? < head.len() || &head[..3] != b"ID3" || head[3] == 0xFF
            {
                break;
            }
            // Sizes in ID3v2 have seven bits a byte; a flag says that there is a foot like the head.
            let size = head[6..]
                .iter()
                .fold(0u64, |size, byte| size << 7 | u64::from(byte & 0x7F));
            let foot = if head[5] & 0x10 != 0 { 10 } else { 0 };
            start += 10 + size + foot;
        }
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = vec![0; JUNK];
        let n = read_up_to(file, &mut bytes)?;
        bytes.truncate(n);
        file.seek(SeekFrom::Start(start))?;
        Ok((Kind::of_bytes(&bytes, start > 0), start))
    }

    fn of_bytes(bytes: &[u8], tagged: bool) -> Kind {
        let has = |at: usize, magic: &[u8]| bytes.get(at..at + magic.len()) == Some(magic);
        if has(8, b"WAVE")
            && [b"RIFF", b"RIFX", b"RF64", b"BW64"]
                .iter()
                .any(|magic| has(0, *magic))
        {
            return Kind::Wav;
        }
        if has(0, b"FORM") && (has(8, b"AIFF") || has(8, b"AIFC")) {
            return Kind::Aiff;
        }
        if has(0, b"fLaC") {
            return Kind::Flac;
        }
        if has(0, b"OggS") {
            return Kind::Ogg(ogg_codec(bytes));
        }
        if has(0, b"caff") {
            return Kind::Caf;
        }
        if has(0, b"\x1A\x45\xDF\xA3") {
            return Kind::Matroska;
        }
        if has(4, b"ftyp") || has(4, b"moov") || has(4, b"mdat") && has(0, b"\0") {
            return Kind::Mp4;
        }
        if let Some(other) = OTHERS.iter().find(|other| has(other.at, other.magic)) {
            return Kind::Other(other);
        }
        // The sync words of these are short: only a chain of frames counts, at the beginning or behind padding.
        let (mpeg, adts) = (
            first_chain(bytes, mpeg_frame),
            first_chain(bytes, adts_frame),
        );
        match (mpeg, adts) {
            (Some(mpeg), Some(adts)) if adts < mpeg => Kind::Adts,
            (Some(_), _) => Kind::Mpeg,
            (None, Some(_)) => Kind::Adts,
            // A tag of MP3's kind before nothing that is known: most likely MP3 that is broken.
            (None, None) if tagged => Kind::Mpeg,
            (None, None) => Kind::Unknown,
        }
    }

    /// What a user calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Wav => "WAV",
            Kind::Aiff => "AIFF",
            Kind::Caf => "CAF",
            Kind::Flac => "FLAC",
            Kind::Ogg(OggCodec::Vorbis) => "Ogg Vorbis",
            Kind::Ogg(OggCodec::Opus) => "Opus",
            Kind::Ogg(OggCodec::Flac) => "FLAC in Ogg",
            Kind::Ogg(OggCodec::Other) => "Ogg",
            Kind::Mpeg => "MPEG audio (MP3, MP2 or MP1)",
            Kind::Adts => "AAC",
            Kind::Mp4 => "MP4",
            Kind::Matroska => "Matroska or WebM",
            Kind::Other(other) => other.name,
            Kind::Unknown => "unknown",
        }
    }

    /// The error for a kind that is not read.
    pub(super) fn refusal(self, path: &Path) -> Error {
        match self {
            Kind::Other(other) if other.is_sound => Error::refused_file(
                path,
                format!("this is {}, which is not read here", other.name),
                format!("make a WAV file of it, for example: ffmpeg -i FILE out.wav. {FORMATS}"),
            ),
            Kind::Other(other) => Error::refused_file(
                path,
                format!("this is {}, no sound file", other.name),
                FORMATS,
            ),
            _ => Error::refused_file(path, "this is no sound file that is known here", FORMATS),
        }
    }
}

/// Reads until a buffer is full or the file ends.
pub(super) fn read_up_to(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match file.read(&mut buffer[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => (),
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

/// The codec that the first packet names, behind the head of its page and the table of its segments (RFC 3533).
fn ogg_codec(bytes: &[u8]) -> OggCodec {
    let packet = bytes
        .get(26)
        .and_then(|&n| bytes.get(27 + usize::from(n)..))
        .unwrap_or_default();
    if packet.starts_with(b"\x01vorbis") {
        OggCodec::Vorbis
    } else if packet.starts_with(b"OpusHead") {
        OggCodec::Opus
    } else if packet.starts_with(b"\x7FFLAC") {
        OggCodec::Flac
    } else {
        OggCodec::Other
    }
}

/// Where a chain of frames begins: three that follow each other, or as many as the bytes hold, but two.
///
/// `frame` gives the size of a frame and what must be the same in all, if a frame begins at the bytes.
fn first_chain<T: PartialEq>(
    bytes: &[u8],
    frame: impl Fn(&[u8]) -> Option<(usize, T)>,
) -> Option<usize> {
    const FRAMES: usize = 3;
    (0..bytes.len())
        .filter(|&at| bytes[at] == 0xFF)
        .find(|&start| {
            let Some((mut at, same)) =
                frame(&bytes[start..]).map(|(size, same)| (start + size, same))
            else {
                return false;
            };
            for n in 1..FRAMES {
                match bytes.get(at..) {
                    Some(rest) if rest.len() >= 8 => match frame(rest) {
                        Some((size, next)) if next == same => at += size,
                        _ => return false,
                    },
                    // A file of one or two frames and nothing else, or one that goes on beyond what was looked at.
                    _ => return n >= 2 || start == 0 || bytes.len() == JUNK,
                }
            }
            true
        })
}

fn mpeg_frame(bytes: &[u8]) -> Option<(usize, (u32, Layer))> {
    let header = FrameHeader::parse(bytes)?;
    Some((header.frame_bytes?, (header.sample_rate, header.layer)))
}

/// A frame of AAC in ADTS (ISO/IEC 14496-3, 1.A.2.2): its size, its profile and rate.
fn adts_frame(bytes: &[u8]) -> Option<(usize, u8)> {
    let &[0xFF, b, c, d, e, f, ..] = bytes else {
        return None;
    };
    let size = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f) >> 5;
    (b & 0xF6 == 0xF0 && (c >> 2) & 0xF < 13 && size > 7).then_some((size, c & 0xFC))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn kind(bytes: &[u8]) -> (Kind, u64) {
        Kind::of(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn files_are_known_by_their_first_bytes() {
        assert_eq!(kind(b"RIFF\0\0\0\0WAVEfmt "), (Kind::Wav, 0));
        assert_eq!(kind(b"RF64\xFF\xFF\xFF\xFFWAVEds64"), (Kind::Wav, 0));
        assert_eq!(kind(b"FORM\0\0\0\0AIFCFVER"), (Kind::Aiff, 0));
        assert_eq!(kind(b"\0\0\0\x20ftypM4A "), (Kind::Mp4, 0));
        assert_eq!(kind(b"caff\0\x01"), (Kind::Caf, 0));
        assert_eq!(kind(b"").0, Kind::Unknown);
        assert_eq!(kind(b"a text, whatever it is called").0, Kind::Unknown);
        for (bytes, name) in [
            (&b"MAC \x96\x0F\0\0"[..], "Monkey's Audio"),
            (b"RIFF\0\0\0\0AVI LIST", "AVI video"),
            (b"PK\x03\x04\0", "a ZIP archive"),
            (b"wvpk\0\0", "WavPack"),
        ] {
            assert_eq!(kind(bytes).0.name(), name);
        }
    }

    #[test]
    fn tags_before_the_content_are_stepped_over() {
        let tag = [&b"ID3\x04\0\0\0\0\x01\x02"[..], &[0; 130]].concat();
        assert_eq!(
            kind(&[&tag[..], b"fLaC\0\0\0\x22"].concat()),
            (Kind::Flac, 140)
        );
        assert_eq!(
            kind(&[&tag[..], &tag[..], b"fLaC\0\0\0\x22"].concat()),
            (Kind::Flac, 280)
        );
    }

    #[test]
    fn a_sync_word_alone_is_no_mpeg_audio() {
        // Layer III at 64 kbit/s and 44.1 kHz: frames of 208 bytes.
        let frame = [&[0xFF, 0xFB, 0x50, 0xC0][..], &[0; 204]].concat();
        assert_eq!(kind(&frame.repeat(4)).0, Kind::Mpeg);
        assert_eq!(
            kind(&[&[0; 3000][..], &frame.repeat(4)].concat()).0,
            Kind::Mpeg
        );
        let mut noise: Vec<u8> = (0..30_000u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 21) as u8)
            .collect();
        noise[1000..1004].copy_from_slice(&frame[..4]);
        assert_eq!(kind(&noise).0, Kind::Unknown);
        let adts = [&[0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC][..], &[1; 9]].concat();
        assert_eq!(kind(&adts.repeat(5)).0, Kind::Adts);
    }
}
