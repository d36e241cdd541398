//! Reading Ogg files: streams of Vorbis, Opus and FLAC, of which several may stand behind each other.

use super::decode::{decode, planar, read_decoded_header};
use super::faults::{broken, changes, cut_short};
use super::header::{Decoded, Header};
use super::kind::{Kind, OggCodec};
use super::ogg::{Ending, last_granule, links, pages};
use super::opus::{OPUS_RATE, decode_opus, read_opus_header};
use super::part::Part;
use crate::Error;
use std::io::{Read, Seek};
use std::ops::Range;
use std::path::Path;

/// What the head of an Ogg file says; all of it is looked at only if it ends with another stream than it begins with.
///
/// # Errors
/// [`Error::File`] if it cannot be read.
pub(super) fn read_ogg_header(path: &Path, mut file: Part, kind: Kind) -> Result<Header, Error> {
    let fault = |error| Error::file(path, error);
    let mut head = [0; 18];
    file.read_exact(&mut head)
        .map_err(|_| cut_short(path, None, 0))?;
    let serial = u32::from_le_bytes([head[14], head[15], head[16], head[17]]);
    if last_granule(&mut file, serial).map_err(fault)?.is_some() {
        return header_of(path, file, kind);
    }
    let (_, links) = streams(path, &mut file)?;
    let mut all: Option<Header> = None;
    for link in links {
        let header = header_of(path, stretch(path, &file, &link)?, kind)?;
        all = Some(match all {
            None => header,
            Some(first)
                if (first.sample_rate, first.n_channels)
                    != (header.sample_rate, header.n_channels) =>
            {
                return Err(changes(path));
            }
            Some(first) => Header {
                n_samples: first
                    .n_samples
                    .zip(header.n_samples)
                    .map(|(first, more)| first + more),
                ..first
            },
        });
    }
    all.ok_or_else(|| Error::file(path, "there is no whole page in this Ogg file"))
}

/// Decodes an Ogg file.
///
/// # Errors
/// [`Error::File`] if it is broken or cut short, or if its streams differ in rate or channels.
pub(super) fn read_ogg(path: &Path, mut file: Part, kind: Kind) -> Result<Decoded, Error> {
    let (bytes, links) = streams(path, &mut file)?;
    if let ([link], false) = (links.as_slice(), kind == Kind::Ogg(OggCodec::Opus)) {
        return decode(path, stretch(path, &file, link)?, kind);
    }
    let mut all: Option<(Header, Vec<Vec<f32>>)> = None;
    for link in links {
        let (header, channels) = if kind == Kind::Ogg(OggCodec::Opus) {
            let channels = decode_opus(path, &bytes[link])?;
            (
                Header {
                    sample_rate: OPUS_RATE,
                    n_channels: channels.len(),
                    n_samples: None,
                },
                channels,
            )
        } else {
            let Decoded { header, samples } = decode(path, stretch(path, &file, &link)?, kind)?;
            let n = samples.len() / header.n_channels;
            (
                header,
                samples
                    .chunks_exact(n.max(1))
                    .map(<[f32]>::to_vec)
                    .collect(),
            )
        };
        match &mut all {
            None => all = Some((header, channels)),
            Some((first, _))
                if (first.sample_rate, first.n_channels)
                    != (header.sample_rate, header.n_channels) =>
            {
                return Err(changes(path));
            }
            Some((_, all)) => all
                .iter_mut()
                .zip(channels)
                .for_each(|(all, more)| all.extend(more)),
        }
    }
    let (header, channels) =
        all.ok_or_else(|| Error::file(path, "there is no whole page in this Ogg file"))?;
    let n_samples = Some(channels.first().map_or(0, Vec::len) as u64);
    Ok(Decoded {
        header: Header {
            n_samples,
            ..header
        },
        samples: planar(channels),
    })
}

fn header_of(path: &Path, mut file: Part, kind: Kind) -> Result<Header, Error> {
    file.rewind().map_err(|error| Error::file(path, error))?;
    match kind {
        Kind::Ogg(OggCodec::Opus) => read_opus_header(path, &mut file),
        kind => read_decoded_header(path, file, kind),
    }
}

/// The bytes of a file, and where its streams stand.
fn streams(path: &Path, file: &mut Part) -> Result<(Vec<u8>, Vec<Range<usize>>), Error> {
    let fault = |error| Error::file(path, error);
    let mut bytes = Vec::new();
    file.rewind().map_err(fault)?;
    file.read_to_end(&mut bytes).map_err(fault)?;
    let (pages, ending) = pages(&bytes);
    match ending {
        Ending::Cut => return Err(cut_short(path, None, 0)),
        Ending::Broken => {
            return Err(broken(
                path,
                &"the checksum of a page is wrong",
                0,
                OPUS_RATE,
            ));
        }
        Ending::Whole => (),
    }
    let links = links(&pages);
    Ok((bytes, links))
}

fn stretch(path: &Path, file: &Part, range: &Range<usize>) -> Result<Part, Error> {
    file.stretch(range.start as u64, range.end as u64)
        .map_err(|error| Error::file(path, error))
}
