//! A stretch of a file as if it were the whole: what stands before and behind it, tags mostly, is nobody's sound.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use symphonia::core::io::MediaSource;

/// Bytes of a file from one place to another.
#[derive(Debug)]
pub(super) struct Part {
    file: File,
    start: u64,
    length: u64,
    at: u64,
}

impl Part {
    /// The bytes from `start` up to `end`.
    ///
    /// # Errors
    /// If the file cannot be read from there.
    pub(super) fn new(mut file: File, start: u64, end: u64) -> io::Result<Part> {
        file.seek(SeekFrom::Start(start))?;
        Ok(Part {
            file,
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
        Part::new(
            self.file.try_clone()?,
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
        let n = self.file.read(&mut buffer[..left])?;
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
        self.file.seek(SeekFrom::Start(
            self.start.checked_add(to).ok_or_else(beyond)?,
        ))?;
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
        let mut part = Part::new(file, 2, 8).unwrap();
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
