//! How outputs are stored.

use crate::io::{FlacContent, FlacFormat, SampleFormat, WavContent};
use crate::{Error, Waveform};
use std::io::{Cursor, Seek, Write};
use std::path::Path;

/// How an output is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// A WAV file.
    Wav(SampleFormat),
    /// A FLAC file.
    Flac(FlacFormat),
}

impl Encoding {
    /// The encoding of a format, `wav` or `flac`, and a number of bits, if there is such a one.
    pub fn named(format: &str, bits: u16) -> Option<Encoding> {
        match (format, bits) {
            ("flac", 16) => Some(Encoding::Flac(FlacFormat::Int16)),
            ("flac", 24) => Some(Encoding::Flac(FlacFormat::Int24)),
            ("wav", 16) => Some(Encoding::Wav(SampleFormat::Int16)),
            ("wav", 24) => Some(Encoding::Wav(SampleFormat::Int24)),
            ("wav", 32) => Some(Encoding::Wav(SampleFormat::Float32)),
            _ => None,
        }
    }

    /// The ending of its files' names, which is the name of the format.
    pub fn extension(self) -> &'static str {
        match self {
            Encoding::Wav(_) => "wav",
            Encoding::Flac(_) => "flac",
        }
    }

    /// Bits of a sample.
    pub fn bits(self) -> u16 {
        match self {
            Encoding::Wav(format) => format.bits(),
            Encoding::Flac(FlacFormat::Int16) => 16,
            Encoding::Flac(FlacFormat::Int24) => 24,
        }
    }

    /// A sound as the content of a file.
    ///
    /// # Errors
    /// [`Error::File`] that says what the format cannot hold.
    pub fn bytes(self, wave: &Waveform) -> Result<Vec<u8>, Error> {
        let name = Path::new(self.extension());
        let content = Content::new(name, wave, self)?;
        let mut bytes = Cursor::new(Vec::new());
        let written = content.write(&mut bytes);
        written.map_err(|error| Error::file(name, error.to_string()))?;
        Ok(bytes.into_inner())
    }

    /// Whether samples beyond full scale are limited.
    pub(super) fn limits(self) -> bool {
        self != Encoding::Wav(SampleFormat::Float32)
    }
}

/// A sound that its format can hold. It is converted while it is written, a stretch at a time.
pub(super) enum Content<'a> {
    Wav(WavContent<'a>),
    Flac(FlacContent<'a>),
}

impl<'a> Content<'a> {
    /// # Errors
    /// [`Error::File`] that says what the format cannot hold.
    pub(super) fn new(
        path: &Path,
        wave: &'a Waveform,
        encoding: Encoding,
    ) -> Result<Content<'a>, Error> {
        Ok(match encoding {
            Encoding::Wav(format) => Content::Wav(
                WavContent::new(wave, format).map_err(|reason| Error::file(path, reason))?,
            ),
            Encoding::Flac(format) => Content::Flac(FlacContent::new(path, wave, format)?),
        })
    }

    pub(super) fn write(&self, out: &mut (impl Write + Seek)) -> std::io::Result<()> {
        match self {
            Content::Wav(content) => content.write(out),
            Content::Flac(content) => content.write(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_found_by_what_it_says_of_itself() {
        let mut n = 0;
        for format in ["wav", "flac", "mp3"] {
            for bits in [8, 16, 24, 32] {
                if let Some(encoding) = Encoding::named(format, bits) {
                    assert_eq!((encoding.extension(), encoding.bits()), (format, bits));
                    n += 1;
                }
            }
        }
        assert_eq!(n, 5);
    }
}
