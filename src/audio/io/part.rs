//! A stretch of a file as if it were the whole: what stands before and behind it, tags mostly, is nobody's sound.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;
use symphonia::core::io::MediaSource;

/// Bytes of a file, or of what was read from one, from one place to another.
#[derive(Debug)]
pub(super) struct Part {
    source: Bytes,
    start: u64,
    length: u64,
    at: u64,
}

/// What a part is of.
#[derive(Debug)]
enum Bytes {
    File(File),
    Memory(Cursor<Arc<[u8]>>),
}

impl Bytes {
    fn try_clone(&self) -> io::Result<Bytes> {
        Ok(match self {
            Bytes::File(file) => Bytes::File(file.try_clone()?),
            Bytes::Memory(bytes) => Bytes::Memory(bytes.clone()),
        })
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Bytes::File(file) => file.read(buffer),
            Bytes::Memory(bytes) => bytes.read(buffer),
        }
    }

    fn seek(&mut self, to: u64) -> io::Result<u64> {
        match self {
            Bytes::File(file) => file.seek(SeekFrom::Start(to)),
            Bytes::Memory(bytes) => bytes.seek(SeekFrom::Start(to)),
        }
    }
}

impl Part {
    /// The bytes from `start` up to `end`.
    ///
    /// # Errors
    /// If the file cannot be read from there.
    pub(super) fn new(file: File, start: u64, end: u64) -> io::Result<Part> {
        Part::of(Bytes::File(file), start, end)
    }

    /// The bytes in memory from `start` up to `end`.
    ///
    /// # Errors
    /// None that memory has.
    pub(super) fn in_memory(bytes: Arc<[u8]>, start: u64, end: u64) -> io::Result<Part> {
        Part::of(Bytes::Memory(Cursor::new(bytes)), start, end)
    }

    fn of(mut source: Bytes, start: u64, end: u64) -> io::Result<Part> {
        source.seek(start)?;
        Ok(Part {
            source,
            start,
            length: end.saturating_sub(start),
            at: 0,
        })
    }

    /// A stretch of it, read beside it: reading one moves the place of the other.
    ///
    /// # Errors
    /// If the file cannot be read from there.
    pub(super) fn stretch(&self, start: u64, end: u64) -> io::Result<Part> {
        Part::of(
            self.source.try_clone()?,
            self.start + start,
            self.start + end.min(self.length),
        )
    }

    /// Number of bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.at).min(buffer.len() as u64) as usize;
        let n = self.source.read(&mut buffer[..left])?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Part {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        let beyond = || io::Error::new(io::ErrorKind::InvalidInput, "a place before the beginning");
        let to = to.ok_or_else(beyond)?;
        self.source
            .seek(self.start.checked_add(to).ok_or_else(beyond)?)?;
        self.at = to;
        Ok(to)
    }
}

impl MediaSource for Part {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_part_begins_and_ends_where_it_was_told() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        check(Part::new(file, 2, 8).unwrap());
        check(Part::in_memory(b"0123456789".as_slice().into(), 2, 8).unwrap());
    }

    fn check(mut part: Part) {
        let mut all = String::new();
        part.read_to_string(&mut all).unwrap();
        assert_eq!(all, "234567");
        part.seek(SeekFrom::End(-2)).unwrap();
        let mut rest = String::new();
        part.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "67");
        assert_eq!(part.length(), 6);
        assert!(part.seek(SeekFrom::Current(-9)).is_err());
    }
}
