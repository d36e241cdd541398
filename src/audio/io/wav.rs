//! Reading WAV files of plain samples, which need no decoder: RIFF, its big-endian twin RIFX, and RF64 and BW64, whose sizes have
//! 64 bits (EBU Tech 3306, ITU-R BS.2088).

use super::bounds::{check_head, check_length};
use super::header::Header;
use super::part::Part;
use crate::Error;
use pulp::{Arch, Simd, WithSimd};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 8 bits, of which 128 is 0.
    Unsigned8,
    Int16,
    Int24,
    Int32,
    Float32,
    Float64,
    /// 8 bits of the A-law of ITU-T G.711.
    ALaw,
    /// 8 bits of the mu-law of ITU-T G.711.
    MuLaw,
}

impl Encoding {
    fn bytes(self) -> usize {
        match self {
            Encoding::Unsigned8 | Encoding::ALaw | Encoding::MuLaw => 1,
            Encoding::Int16 => 2,
            Encoding::Int24 => 3,
            Encoding::Int32 | Encoding::Float32 => 4,
            Encoding::Float64 => 8,
        }
    }
}

/// Bytes that are read at a time, a whole number of frames of nearly any size: they stay in a near cache until converted.
const BLOCK: usize = 65_536;
/// Sizes from this one on are written by programs that write into a pipe and never learn the size: ffmpeg writes the
/// largest number of 32 bits, sox 0x7FFFF000 and what follows from it.
const UNKNOWN_SIZE: u64 = 0x7FFF_F000 - 1024;
/// The size of a chunk whose size stands in the chunk `ds64`.
const SIZE_ELSEWHERE: u64 = 0xFFFF_FFFF;

/// What a WAV file says before its samples.
pub(super) struct WavHead {
    pub(super) header: Header,
    /// `None` if the samples need a decoder.
    encoding: Option<Encoding>,
    big_endian: bool,
    n_bytes: usize,
}

impl WavHead {
    /// What stands before plain samples of little-endian numbers in a file of another kind.
    pub(super) fn of_bytes(header: Header, encoding: Encoding, n_bytes: usize) -> WavHead {
        WavHead {
            header,
            encoding: Some(encoding),
            big_endian: false,
            n_bytes,
        }
    }
}

/// Reads the head of a WAV file up to its samples.
///
/// The layout is that of "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991) and of
/// `WAVEFORMATEXTENSIBLE`.
///
/// # Errors
/// [`Error::File`] that says what is wrong with it.
pub(super) fn read_wav_head(path: &Path, file: &mut Part) -> Result<WavHead, Error> {
    let fault = |error: io::Error| match error.kind() {
        ErrorKind::UnexpectedEof => cut_short(path, "its head is not complete"),
        _ => Error::file(path, error),
    };
    let length = file.length();
    let mut riff = [0; 12];
    file.read_exact(&mut riff).map_err(fault)?;
    let big_endian = &riff[..4] == b"RIFX";
    let long = |bytes: &[u8]| {
        let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
        u64::from(if big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    };
    let riff_size = long(&riff[4..]);
    let mut at = 12;
    let mut format: Option<(Option<Encoding>, Header, usize)> = None;
    let mut size_of_data = None;
    loop {
        let mut chunk = [0; 8];
        file.read_exact(&mut chunk)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => cut_short(path, "its head is not complete"),
                _ => Error::file(path, error),
            })?;
        at += 8;
        let name = &chunk[..4];
        let size = long(&chunk[4..]);
        if name == b"data" {
            let Some((encoding, mut header, frame)) = format else {
                return Err(Error::file(
                    path,
                    "its samples come before what says how they are stored",
                ));
            };
            let size = size_of_data
                .filter(|_| size == SIZE_ELSEWHERE)
                .unwrap_or(size);
            let there = length.saturating_sub(at);
            // A program that wrote into a pipe knew no size: all that is there counts.
            let unknown = size >= UNKNOWN_SIZE && size > there
                || size == 0 && (riff_size == 0 || riff_size >= UNKNOWN_SIZE);
            if size > there && !unknown {
                let frames = |bytes: u64| bytes / frame as u64;
                let what = format!(
                    "its head promises {} samples, {} are there",
                    frames(size),
                    frames(there)
                );
                return Err(cut_short(path, &what));
            }
            let n_bytes = if unknown { there } else { size };
            header.n_samples = Some(n_bytes / frame as u64);
            if encoding.is_none() {
                header.n_samples = None;
            }
            check_head(path, &header)?;
            return Ok(WavHead {
                header,
                encoding,
                big_endian,
                n_bytes: n_bytes as usize / frame * frame,
            });
        }
        // Chunks begin at even places.
        let padded = size + size % 2;
        if at + size > length {
            return Err(cut_short(path, "its head is not complete"));
        }
        if name == b"fmt " {
            let mut bytes = vec![0; size.min(1024) as usize];
            file.read_exact(&mut bytes).map_err(fault)?;
            format = Some(read_format(path, &bytes, big_endian)?);
        } else if name == b"ds64" && size >= 16 {
            let mut bytes = [0; 16];
            file.read_exact(&mut bytes).map_err(fault)?;
            size_of_data = Some(long(&bytes[8..]) | long(&bytes[12..]) << 32);
        }
        at += padded;
        file.seek(SeekFrom::Start(at)).map_err(fault)?;
    }
}

fn cut_short(path: &Path, what: &str) -> Error {
    Error::file_with_hint(
        path,
        format!("the file is cut short: {what}"),
        "copy or download the file again",
    )
}

/// What follows the tag of a format in a long head, behind the two bytes that are the tag itself.
const GUID_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
/// The same of files in Ambisonic B-format.
const AMBISONIC_TAIL: [u8; 14] = [
    0, 0, 0x21, 0x07, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0,
];

/// Codecs in WAV files that symphonia decodes.
const DECODED: [u16; 2] = [0x02, 0x11];

/// How samples are stored, if they are plain, what the head says, and the bytes of a frame.
fn read_format(
    path: &Path,
    bytes: &[u8],
    big_endian: bool,
) -> Result<(Option<Encoding>, Header, usize), Error> {
    let short = |at: usize| -> Option<u16> {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(if big_endian {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        })
    };
    let incomplete = || cut_short(path, "its head is not complete");
    let tag = short(0).ok_or_else(incomplete)?;
    let n_channels = usize::from(short(2).ok_or_else(incomplete)?);
    let rate = |at: usize| short(at).map(u32::from);
    let (first, second) = (
        rate(4).ok_or_else(incomplete)?,
        rate(6).ok_or_else(incomplete)?,
    );
    let sample_rate = if big_endian {
        first << 16 | second
    } else {
        first | second << 16
    };
    let frame = usize::from(short(12).ok_or_else(incomplete)?);
    let header = Header {
        sample_rate,
        n_channels,
        n_samples: None,
    };
    check_head(path, &header)?;
    let tag = match (tag, bytes.get(26..40)) {
        (0xFFFE, Some(tail)) if *tail == GUID_TAIL || *tail == AMBISONIC_TAIL => {
            short(24).unwrap_or(tag)
        }
        _ => tag,
    };
    if DECODED.contains(&tag) {
        return Ok((None, header, frame.max(1)));
    }
    // Samples of 12 or 20 bits stand in the upper bits of whole bytes, so that the bytes alone decide how they are read. The
    // oldest heads end before the bits.
    let bytes_each = if frame.is_multiple_of(n_channels) {
        frame / n_channels
    } else {
        0
    };
    let bits = short(14).map_or(8 * bytes_each, usize::from);
    let encoding = match (tag, bytes_each) {
        (1, 1..=4) if bits > 8 * bytes_each || bits == 0 => None,
        (1, 1) => Some(Encoding::Unsigned8),
        (1, 2) => Some(Encoding::Int16),
        (1, 3) => Some(Encoding::Int24),
        (1, 4) => Some(Encoding::Int32),
        (3, 4) => Some(Encoding::Float32),
        (3, 8) => Some(Encoding::Float64),
        (6, 1) => Some(Encoding::ALaw),
        (7, 1) => Some(Encoding::MuLaw),
        _ => None,
    };
    if encoding.is_none() {
        let what = match tag {
            1 | 3 => format!("samples of {bits} bits in {bytes_each} bytes"),
            0x55 => "MP3".into(),
            0x161..=0x163 => "Windows Media Audio".into(),
            0x31 => "GSM 6.10".into(),
            0x2000 => "AC-3".into(),
            0x674F..=0x6771 => "Ogg Vorbis".into(),
            tag => format!("the codec 0x{tag:04X}"),
        };
        return Err(Error::file_with_hint(
            path,
            format!("this WAV file holds {what}, which is not read here"),
            "make a plain WAV file of it, for example: ffmpeg -i FILE out.wav",
        ));
    }
    Ok((encoding, header, frame))
}

/// Reads the samples behind a head, channel after channel; `None` if they need a decoder.
///
/// # Errors
/// [`Error::File`] if they are not there, or too many for the memory of one clip.
pub(super) fn read_wav(
    path: &Path,
    file: &mut impl Read,
    head: &WavHead,
) -> Option<Result<Vec<f32>, Error>> {
    let encoding = head.encoding?;
    let n_samples = (head.n_bytes / (encoding.bytes() * head.header.n_channels)) as u64;
    Some(
        check_length(path, n_samples, head.header.n_channels).and_then(|()| {
            read_samples(file, encoding, head).map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => {
                    cut_short(path, "samples that its head promises are missing")
                }
                _ => Error::file(path, error),
            })
        }),
    )
}

fn read_samples(file: &mut impl Read, encoding: Encoding, head: &WavHead) -> io::Result<Vec<f32>> {
    let n_channels = head.header.n_channels;
    let frame = n_channels * encoding.bytes();
    let n = head.n_bytes / frame;
    let mut samples = Vec::with_capacity(n * n_channels);
    samples.resize(if n_channels == 1 { 0 } else { n * n_channels }, 0.0);
    let mut bytes = vec![0; (BLOCK / frame).max(1) * frame];
    let mut interleaved = vec![
        0.0;
        if n_channels == 1 {
            0
        } else {
            bytes.len() / encoding.bytes()
        }
    ];
    let mut done = 0;
    while done < n {
        let count = (bytes.len() / frame).min(n - done);
        let bytes = &mut bytes[..count * frame];
        file.read_exact(bytes)?;
        if head.big_endian {
            bytes
                .chunks_exact_mut(encoding.bytes())
                .for_each(<[u8]>::reverse);
        }
        if n_channels == 1 {
            // Block by block, so that the zeros are still in the cache when they are written over.
            samples.resize(done + count, 0.0);
            Arch::new().dispatch(Convert {
                encoding,
                bytes,
                out: &mut samples[done..done + count],
            });
        } else {
            let interleaved = &mut interleaved[..count * n_channels];
            Arch::new().dispatch(Convert {
                encoding,
                bytes,
                out: interleaved,
            });
            for (channel, plane) in samples.chunks_exact_mut(n).enumerate() {
                for (slot, x) in plane[done..]
                    .iter_mut()
                    .zip(interleaved[channel..].iter().step_by(n_channels))
                {
                    *slot = *x;
                }
            }
        }
        done += count;
    }
    Ok(samples)
}

/// The number of 16 bits that a byte of the A-law stands for (ITU-T G.711, table 1a).
const fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let mantissa = ((byte & 0x0F) as i16) << 4;
    let magnitude = match (byte & 0x70) >> 4 {
        0 => mantissa + 8,
        exponent => (mantissa + 0x108) << (exponent - 1),
    };
    if byte & 0x80 != 0 {
        magnitude
    } else {
        -magnitude
    }
}

/// The number of 16 bits that a byte of the mu-law stands for (ITU-T G.711, table 2a).
const fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = ((((byte & 0x0F) as i16) << 3) + 0x84) << ((byte & 0x70) >> 4);
    if byte & 0x80 != 0 {
        0x84 - magnitude
    } else {
        magnitude - 0x84
    }
}

/// Numbers from their bytes, by the widest instructions of the processor.
struct Convert<'a> {
    encoding: Encoding,
    bytes: &'a [u8],
    out: &'a mut [f32],
}

impl WithSimd for Convert<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Convert {
            encoding,
            bytes,
            out,
        } = self;
        /// 2^-15, 2^-23 and 2^-31: products with them are exact but for the rounding of 32 bits to 24.
        const SCALES: [f32; 3] = [1.0 / 32_768.0, 1.0 / 8_388_608.0, 1.0 / 2_147_483_648.0];
        match encoding {
            Encoding::Unsigned8 => {
                for (y, &byte) in out.iter_mut().zip(bytes) {
                    *y = (f32::from(byte) - 128.0) / 128.0;
                }
            }
            Encoding::ALaw => {
                for (y, &byte) in out.iter_mut().zip(bytes) {
                    *y = f32::from(a_law(byte)) * SCALES[0];
                }
            }
            Encoding::MuLaw => {
                for (y, &byte) in out.iter_mut().zip(bytes) {
                    *y = f32::from(mu_law(byte)) * SCALES[0];
                }
            }
            Encoding::Int16 => {
                for (y, &x) in out.iter_mut().zip(bytes.as_chunks().0) {
                    *y = f32::from(i16::from_le_bytes(x)) * SCALES[0];
                }
            }
            Encoding::Int24 => {
                for (y, &[a, b, c]) in out.iter_mut().zip(bytes.as_chunks().0) {
                    *y = (i32::from_le_bytes([0, a, b, c]) >> 8) as f32 * SCALES[1];
                }
            }
            Encoding::Int32 => {
                for (y, &x) in out.iter_mut().zip(bytes.as_chunks().0) {
                    *y = i32::from_le_bytes(x) as f32 * SCALES[2];
                }
            }
            Encoding::Float32 => {
                for (y, &x) in out.iter_mut().zip(bytes.as_chunks().0) {
                    *y = f32::from_le_bytes(x);
                }
            }
            Encoding::Float64 => {
                for (y, &x) in out.iter_mut().zip(bytes.as_chunks().0) {
                    *y = f64::from_le_bytes(x) as f32;
                }
            }
        }
    }
}
