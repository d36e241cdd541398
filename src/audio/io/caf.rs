//! CAF files of A-law and mu-law (Apple Core Audio Format Specification 1.0), which symphonia takes for broken ones.

use super::bounds::check_head;
use super::bytes::big_endian;
use super::faults::cut_short;
use super::header::Header;
use super::kind::read_up_to;
use super::part::Part;
use super::wav::{Encoding, WavHead};
use crate::Error;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

/// Bytes of the head of a file and of the head of a chunk: its name and its size.
const FILE_HEAD: u64 = 8;
const CHUNK_HEAD: usize = 12;
/// A number of edits stands before the samples.
const EDIT_COUNT: u64 = 4;
/// The size of a chunk of samples that lasts to the end of the file.
const TO_THE_END: u64 = u64::MAX;

/// What a CAF file of A-law or mu-law says, its samples coming next; `None`, at the beginning of the file, if it holds
/// something else.
///
/// # Errors
/// [`Error::File`] if it is broken or cut short.
pub(super) fn read_companded_head(path: &Path, file: &mut Part) -> Result<Option<WavHead>, Error> {
    let fault = |error: io::Error| Error::file(path, error);
    let mut head = [0; FILE_HEAD as usize + CHUNK_HEAD + 32];
    let n = read_up_to(file, &mut head).map_err(fault)?;
    let description = &head[FILE_HEAD as usize + CHUNK_HEAD..n.max(20)];
    let encoding = match description.get(8..12) {
        Some(b"alaw") => Encoding::ALaw,
        Some(b"ulaw") => Encoding::MuLaw,
        _ => {
            file.rewind().map_err(fault)?;
            return Ok(None);
        }
    };
    let incomplete = || cut_short(path, None, 0);
    let number = |at| big_endian(description, at, 4).ok_or_else(incomplete);
    let rate = f64::from_bits(big_endian(description, 0, 8).ok_or_else(incomplete)?);
    let mut header = Header {
        // Beyond the range of whole numbers it is beyond the bounds of heads, too.
        sample_rate: rate.round() as u32,
        n_channels: number(24)? as usize,
        n_samples: None,
    };
    check_head(path, &header)?;
    let frame = number(16)?;
    if (frame, number(20)?) != (header.n_channels as u64, 1) {
        let reason = "its head does not give every sample of A-law or mu-law one byte";
        return Err(Error::file(path, reason));
    }
    let mut at = FILE_HEAD;
    loop {
        file.seek(SeekFrom::Start(at)).map_err(fault)?;
        let mut chunk = [0; CHUNK_HEAD];
        if read_up_to(file, &mut chunk).map_err(fault)? < CHUNK_HEAD {
            return Err(incomplete());
        }
        at += CHUNK_HEAD as u64;
        let size = big_endian(&chunk, 4, 8).unwrap_or_default();
        if &chunk[..4] != b"data" {
            at = at.checked_add(size).ok_or_else(incomplete)?;
            continue;
        }
        let there = file.length().saturating_sub(at + EDIT_COUNT);
        let promised = match size {
            TO_THE_END => there,
            size => size.saturating_sub(EDIT_COUNT),
        };
        if promised > there {
            return Err(cut_short(
                path,
                Some(promised / frame),
                (there / frame) as usize,
            ));
        }
        file.seek(SeekFrom::Start(at + EDIT_COUNT)).map_err(fault)?;
        header.n_samples = Some(promised / frame);
        check_head(path, &header)?;
        return Ok(Some(WavHead::of_bytes(
            header,
            encoding,
            (promised / frame * frame) as usize,
        )));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{read, read_header};

    /// A file of `law` at 8 kHz in stereo, whose chunk of samples says that it has `size` bytes.
    fn caf(law: &[u8; 4], size: u64, samples: &[u8]) -> Vec<u8> {
        let numbers =
            |numbers: &[u32]| -> Vec<u8> { numbers.iter().flat_map(|n| n.to_be_bytes()).collect() };
        [
            &b"caff\0\x01\0\0desc"[..],
            &32u64.to_be_bytes(),
            &8000f64.to_be_bytes(),
            law,
            &numbers(&[0, 2, 1, 2, 8]),
            b"free",
            &3u64.to_be_bytes(),
            &[0; 3],
            b"data",
            &size.to_be_bytes(),
            &[0; 4],
            samples,
        ]
        .concat()
    }

    fn path_of(folder: &tempfile::TempDir, bytes: &[u8]) -> std::path::PathBuf {
        let path = folder.path().join("a.caf");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The ends of the scales of ITU-T G.711: 0xAA and 0x2A are 32256 and its negative in A-law, 0x80 and 0 are 32124 in
    /// mu-law.
    #[test]
    fn both_laws_are_read_channel_by_channel() {
        let folder = tempfile::tempdir().unwrap();
        for (law, bytes, peak) in [
            (b"alaw", [0xAA, 0x2A, 0x2A, 0xAA], 32_256.0),
            (b"ulaw", [0x80, 0x00, 0x00, 0x80], 32_124.0),
        ] {
            for size in [8, u64::MAX] {
                let path = path_of(&folder, &caf(law, size, &bytes));
                let wave = read(&path).unwrap();
                let peak = peak / 32_768.0;
                assert_eq!(wave.channel(0), [peak, -peak]);
                assert_eq!(wave.channel(1), [-peak, peak]);
                assert_eq!(read_header(&path).unwrap().n_samples, Some(2));
                assert_eq!(wave.sample_rate(), 8000);
            }
        }
    }

    #[test]
    fn what_is_cut_short_or_absurd_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |bytes: &[u8]| read(&path_of(&folder, bytes)).unwrap_err().to_string();
        let whole = caf(b"alaw", 12, &[0; 8]);
        assert!(refusal(&whole[..whole.len() - 2]).contains("promises 4 samples, 3 are there"));
        for end in 32..whole.len() - 8 {
            assert!(refusal(&whole[..end]).contains("cut short"), "{end}");
        }
        let mut absurd = whole.clone();
        absurd[20..28].copy_from_slice(&1e300f64.to_be_bytes());
        assert!(refusal(&absurd).contains("samples a second"));
        let mut wide = whole;
        wide[39] = 4;
        assert!(refusal(&wide).contains("one byte"));
    }
}
