//! What Matroska and WebM say of samples that are no sound (RFC 9559): the encoder's delay, and padding behind the last block.

use super::part::Part;
use std::io::{self, BufReader, Read, Seek};
use std::ops::Range;

/// Samples around the sound, as times in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Gap {
    before: u64,
    behind: u64,
    /// Whether the file is shorter than it says. A stream that was written as it came says nothing, and ends where it ends.
    pub(super) is_cut: bool,
}

#[derive(Default)]
struct Track {
    number: u64,
    is_sound: bool,
    delay: u64,
    padding: u64,
}

// The elements that are looked at; all others are passed over.
const SEGMENT: u32 = 0x1853_8067;
const TRACKS: u32 = 0x1654_AE6B;
const TRACK_ENTRY: u32 = 0xAE;
const TRACK_NUMBER: u32 = 0xD7;
const TRACK_TYPE: u32 = 0x83;
const CODEC_DELAY: u32 = 0x56AA;
const CLUSTER: u32 = 0x1F43_B675;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
const DISCARD_PADDING: u32 = 0x75A2;

impl Gap {
    /// Reads it for the first track of sound, to the end of the file: padding stands in its last block.
    ///
    /// Browsers write streams whose sizes are not known; elements that hold others are therefore entered, whatever their size.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn of(file: &mut Part) -> io::Result<Gap> {
        let length = file.length();
        file.rewind()?;
        let mut reader = BufReader::new(file);
        let (mut tracks, mut block_track, mut is_cut) = (Vec::<Track>::new(), 0, false);
        let mut at = 0;
        while at < length {
            let Some((id, id_bytes)) = vint(&mut reader, false)? else {
                break;
            };
            let Some((size, size_bytes)) = vint(&mut reader, true)? else {
                break;
            };
            at += id_bytes + size_bytes;
            let mut content = Vec::new();
            match id as u32 {
                SEGMENT | TRACKS | CLUSTER | BLOCK_GROUP => {
                    is_cut |= size != u64::MAX && at.saturating_add(size) > length;
                    continue;
                }
                TRACK_ENTRY => {
                    tracks.push(Track::default());
                    continue;
                }
                TRACK_NUMBER | TRACK_TYPE | CODEC_DELAY | DISCARD_PADDING if size <= 8 => {
                    reader.by_ref().take(size).read_to_end(&mut content)?;
                }
                BLOCK => {
                    let Some((number, bytes)) = vint(&mut reader, true)? else {
                        break;
                    };
                    block_track = number;
                    if size < bytes {
                        break;
                    }
                    reader.seek_relative((size - bytes) as i64)?;
                }
                _ if size >= length => break,
                _ => reader.seek_relative(size as i64)?,
            }
            at = at.saturating_add(size);
            let value = content
                .iter()
                .fold(0u64, |all, &byte| all << 8 | u64::from(byte));
            match (id as u32, tracks.last_mut()) {
                (TRACK_NUMBER, Some(track)) => track.number = value,
                (TRACK_TYPE, Some(track)) => track.is_sound = value == 2,
                (CODEC_DELAY, Some(track)) => track.delay = value,
                (DISCARD_PADDING, Some(_)) => {
                    // A negative one would stand for samples before the block.
                    let is_negative = content.first().is_some_and(|byte| byte & 0x80 != 0);
                    if let Some(track) = tracks
                        .iter_mut()
                        .find(|track| track.number == block_track && !is_negative)
                    {
                        track.padding = value;
                    }
                }
                _ => (),
            }
        }
        let sound = tracks.iter().find(|track| track.is_sound);
        let (before, behind) = sound.map_or((0, 0), |track| (track.delay, track.padding));
        Ok(Gap {
            before,
            behind,
            is_cut,
        })
    }

    /// Samples to keep of some decoded ones.
    pub(super) fn kept(self, n_decoded: u64, sample_rate: u32) -> Range<u64> {
        let samples = |time: u64| {
            ((u128::from(time) * u128::from(sample_rate) + 500_000_000) / 1_000_000_000) as u64
        };
        let start = samples(self.before).min(n_decoded);
        start..n_decoded.saturating_sub(samples(self.behind)).max(start)
    }
}

/// A number of one to eight bytes, whose first byte tells how many, and how many there were. `None` at the end of the file.
///
/// The marker of the length belongs to identifiers, not to sizes; a size of ones only is unknown, and very large here.
fn vint(reader: &mut impl Read, is_size: bool) -> io::Result<Option<(u64, u64)>> {
    let mut first = [0];
    if reader.read(&mut first)? == 0 || first[0] == 0 {
        return Ok(None);
    }
    let more = first[0].leading_zeros() as usize;
    let mut rest = [0; 7];
    if reader.read_exact(&mut rest[..more]).is_err() {
        return Ok(None);
    }
    let lead = if is_size {
        u64::from(first[0]) & ((0x80 >> more) - 1)
    } else {
        u64::from(first[0])
    };
    let value = rest[..more]
        .iter()
        .fold(lead, |all, &byte| all << 8 | u64::from(byte));
    let is_unknown = is_size && value == (1 << (7 * (more + 1))) - 1;
    Ok(Some((
        if is_unknown { u64::MAX } else { value },
        more as u64 + 1,
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
        [
            id,
            &[0x40 | (content.len() >> 8) as u8, content.len() as u8],
            content,
        ]
        .concat()
    }

    fn gap(bytes: &[u8]) -> Gap {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.webm");
        std::fs::write(&path, bytes).unwrap();
        Gap::of(&mut Part::new(File::open(&path).unwrap(), 0, bytes.len() as u64).unwrap()).unwrap()
    }

    #[test]
    fn delay_and_padding_of_the_first_sound_are_found_in_streams_of_unknown_size() {
        let picture = element(
            &[0xAE],
            &[element(&[0xD7], &[1]), element(&[0x83], &[1])].concat(),
        );
        let sound = [
            element(&[0xD7], &[2]),
            element(&[0x83], &[2]),
            element(&[0x56, 0xAA], &[0x63, 0x2E, 0xA0]),
        ]
        .concat();
        let tracks = element(
            &[0x16, 0x54, 0xAE, 0x6B],
            &[picture, element(&[0xAE], &sound)].concat(),
        );
        let group = |track: u8, padding: &[u8]| {
            let block = element(&[0xA1], &[0x80 | track, 0, 0, 0, 9, 9, 9]);
            element(&[0xA0], &[block, element(&[0x75, 0xA2], padding)].concat())
        };
        let unknown = |id: &[u8]| [id, &[0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]].concat();
        let head = element(&[0x1A, 0x45, 0xDF, 0xA3], &[0; 5]);
        let cluster = [
            unknown(&[0x1F, 0x43, 0xB6, 0x75]),
            group(2, &[0x0F, 0x42, 0x40]),
            group(1, &[0x7F]),
        ]
        .concat();
        let file = [head, unknown(&[0x18, 0x53, 0x80, 0x67]), tracks, cluster].concat();
        assert_eq!(
            gap(&file),
            Gap {
                before: 6_500_000,
                behind: 1_000_000,
                is_cut: false
            }
        );
        // 312 samples at 48 kHz are before the sound, 48 behind it.
        assert_eq!(gap(&file).kept(1000, 48_000), 312..952);
        for end in 0..file.len() {
            gap(&file[..end]);
        }
        let whole = element(&[0x18, 0x53, 0x80, 0x67], &[0; 9]);
        assert!(!gap(&whole).is_cut && gap(&whole[..whole.len() - 1]).is_cut);
    }
}
