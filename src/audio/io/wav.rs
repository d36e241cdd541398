//! Reading WAV files of plain samples, which need no decoder.

use super::read::Header;
use pulp::{Arch, Simd, WithSimd};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// 8 bits, of which 128 is 0.
    Unsigned8,
    Int16,
    Int24,
    Int32,
    Float32,
    Float64,
}

impl Encoding {
    fn bytes(self) -> usize {
        match self {
            Encoding::Unsigned8 => 1,
            Encoding::Int16 => 2,
            Encoding::Int24 => 3,
            Encoding::Int32 | Encoding::Float32 => 4,
            Encoding::Float64 => 8,
        }
    }
}

/// Bytes that are read at a time, a whole number of frames of nearly any size: they stay in a near cache until converted.
const BLOCK: usize = 65_536;
/// A head that is longer than this is left to the general reader.
const LONGEST_HEAD: u64 = 1 << 20;

/// Reads a WAV file of integers or floating point numbers: its head and its samples, channel after channel.
///
/// `None` is not an error: it means that the file is not such a one, or is cut short, and should be read, or refused in words,
/// by the general reader. The layout is that of "Multimedia Programming Interface and Data Specifications 1.0" (IBM and
/// Microsoft, 1991) and of `WAVEFORMATEXTENSIBLE`.
pub(super) fn read_wav(file: &mut (impl Read + Seek), length: u64) -> Option<(Header, Vec<f32>)> {
    read_plain(file, length).ok()
}

fn read_plain(file: &mut (impl Read + Seek), length: u64) -> io::Result<(Header, Vec<f32>)> {
    let other = || io::Error::from(ErrorKind::InvalidData);
    let mut riff = [0; 12];
    file.read_exact(&mut riff)?;
    if &riff[..4] != b"RIFF" || &riff[8..] != b"WAVE" {
        return Err(other());
    }
    let (mut at, mut format) = (12, None);
    loop {
        let mut chunk = [0; 8];
        file.read_exact(&mut chunk)?;
        at += 8;
        let (name, size) = (&chunk[..4], u64::from(u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]])));
        if name == b"data" {
            let (encoding, header) = format.ok_or_else(other)?;
            if at + size > length {
                return Err(other());
            }
            return read_samples(file, encoding, header, size as usize);
        }
        // Chunks begin at even places.
        let padded = size + size % 2;
        at += padded;
        if at > length || at > LONGEST_HEAD {
            return Err(other());
        }
        if name == b"fmt " {
            let mut bytes = vec![0; padded as usize];
            file.read_exact(&mut bytes)?;
            format = Some(read_format(&bytes).ok_or_else(other)?);
        } else {
            file.seek(SeekFrom::Current(padded as i64))?;
        }
    }
}

/// What follows the tag of a format in a long head, behind the two bytes that are the tag itself.
const GUID_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];

fn read_format(bytes: &[u8]) -> Option<(Encoding, Header)> {
    let short = |at: usize| Some(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let (tag, n_channels, bits) = (short(0)?, usize::from(short(2)?), short(14)?);
    let sample_rate = u32::from(short(4)?) | u32::from(short(6)?) << 16;
    let tag = match tag {
        0xFFFE if short(18)? == bits && bytes.get(26..40)? == GUID_TAIL => short(24)?,
        tag => tag,
    };
    let encoding = match (tag, bits) {
        (1, 8) => Encoding::Unsigned8,
        (1, 16) => Encoding::Int16,
        (1, 24) => Encoding::Int24,
        (1, 32) => Encoding::Int32,
        (3, 32) => Encoding::Float32,
        (3, 64) => Encoding::Float64,
        _ => return None,
    };
    if sample_rate == 0 || n_channels == 0 || usize::from(short(12)?) != n_channels * encoding.bytes() {
        return None;
    }
    Some((encoding, Header { sample_rate, n_channels, n_samples: None }))
}

fn read_samples(
    file: &mut impl Read,
    encoding: Encoding,
    header: Header,
    size: usize,
) -> io::Result<(Header, Vec<f32>)> {
    let n_channels = header.n_channels;
    let frame = n_channels * encoding.bytes();
    if size == 0 || !size.is_multiple_of(frame) {
        return Err(ErrorKind::InvalidData.into());
    }
    let n = size / frame;
    let mut samples = Vec::with_capacity(n * n_channels);
    samples.resize(if n_channels == 1 { 0 } else { n * n_channels }, 0.0);
    let mut bytes = vec![0; (BLOCK / frame).max(1) * frame];
    let mut interleaved = vec![0.0; if n_channels == 1 { 0 } else { bytes.len() / encoding.bytes() }];
    let mut done = 0;
    while done < n {
        let count = (bytes.len() / frame).min(n - done);
        let bytes = &mut bytes[..count * frame];
        file.read_exact(bytes)?;
        if n_channels == 1 {
            // Block by block, so that the zeros are still in the cache when they are written over.
            samples.resize(done + count, 0.0);
            Arch::new().dispatch(Convert { encoding, bytes, out: &mut samples[done..done + count] });
        } else {
            let interleaved = &mut interleaved[..count * n_channels];
            Arch::new().dispatch(Convert { encoding, bytes, out: interleaved });
            for (channel, plane) in samples.chunks_exact_mut(n).enumerate() {
                for (slot, x) in plane[done..].iter_mut().zip(interleaved[channel..].iter().step_by(n_channels)) {
                    *slot = *x;
                }
            }
        }
        done += count;
    }
    Ok((Header { n_samples: Some(n as u64), ..header }, samples))
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
        let Convert { encoding, bytes, out } = self;
        /// 2^-15, 2^-23 and 2^-31: products with them are exact but for the rounding of 32 bits to 24.
        const SCALES: [f32; 3] = [1.0 / 32_768.0, 1.0 / 8_388_608.0, 1.0 / 2_147_483_648.0];
        match encoding {
            Encoding::Unsigned8 => {
                for (y, &byte) in out.iter_mut().zip(bytes) {
                    *y = (f32::from(byte) - 128.0) / 128.0;
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
