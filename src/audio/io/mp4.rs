//! What stands in the head of an MP4 file (ISO/IEC 14496-12) that decides which decoded samples are sound.
//!
//! An encoder of AAC begins with samples that warm its filters up, and ends in the middle of a block. Where sound begins and
//! ends is told by the edit list (`elst`), by the durations of packets (`stts`), or by a text of iTunes (`iTunSMPB`).

use super::bytes::big_endian;
use super::part::Part;
use crate::Error;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// The sound of an MP4 file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Track {
    /// What its codec is called in the file.
    codec: [u8; 4],
    /// AAC's object type (ISO/IEC 14496-3, table 1.17).
    aac: Option<u8>,
    /// ALAC's configuration, if it stands where QuickTime keeps it.
    cookie: Option<Vec<u8>>,
    /// Units of a second in which `kept` counts.
    timescale: u64,
    /// The stretches of decoded sound to keep, in order; none says all of it.
    kept: Vec<Range<u64>>,
}

impl Track {
    /// Reads the head of a file: its first track of sound.
    ///
    /// # Errors
    /// [`Error::File`] if there is none, or its codec is not read here.
    pub(super) fn of(path: &Path, file: &mut Part) -> Result<Track, Error> {
        let moov = find_moov(file).map_err(|error| Error::file(path, error))?.ok_or_else(|| {
            Error::file_with_hint(
                path,
                "the file is cut short: this MP4 file has no head (`moov`), which recorders write last",
                "copy it again, or record again and stop the recorder before copying",
            )
        })?;
        let movie_scale = inside(&moov, b"mvhd").and_then(timescale).unwrap_or(0);
        let traks = boxes(&moov).filter(|(kind, _)| kind == b"trak");
        let track = traks
            .filter_map(|(_, trak)| Track::parse(trak, movie_scale))
            .next();
        let mut track =
            track.ok_or_else(|| Error::file(path, "there is no sound in this MP4 file"))?;
        if track.kept.is_empty() {
            track.kept = itunes(&moov).into_iter().collect();
        }
        match track.refusal() {
            None => Ok(track),
            Some(what) => Err(Error::file_with_hint(
                path,
                format!("this is {what}"),
                "make a WAV file of it, for example: ffmpeg -i FILE out.wav",
            )),
        }
    }

    /// Samples to keep of some decoded ones.
    pub(super) fn kept(&self, n_decoded: u64, sample_rate: u32) -> Vec<Range<u64>> {
        if self.kept.is_empty() || self.timescale == 0 {
            return std::iter::once(0..n_decoded).collect();
        }
        let place = |at: u64| {
            let (at, scale) = (u128::from(at), u128::from(self.timescale));
            (((at * u128::from(sample_rate) + scale / 2) / scale) as u64).min(n_decoded)
        };
        self.kept
            .iter()
            .map(|range| place(range.start)..place(range.end))
            .collect()
    }

    /// ALAC's configuration in a file of QuickTime's kind (`.mov`).
    pub(super) fn alac_cookie(&self) -> Option<&[u8]> {
        self.cookie.as_deref()
    }

    fn parse(trak: &[u8], movie_scale: u64) -> Option<Track> {
        let mdia = inside(trak, b"mdia")?;
        if inside(mdia, b"hdlr")?.get(8..12)? != b"soun" {
            return None;
        }
        let timescale = timescale(inside(mdia, b"mdhd")?)?;
        let table = inside(inside(mdia, b"minf")?, b"stbl")?;
        let entry = inside(table, b"stsd").and_then(Entry::of)?;
        let durations = inside(table, b"stts").map(total).filter(|&n| n > 0);
        let mut kept = Vec::new();
        for (start, duration) in inside(trak, b"edts")
            .and_then(|edts| inside(edts, b"elst"))
            .map(edits)
            .unwrap_or_default()
        {
            let tick = timescale.checked_div(movie_scale).unwrap_or(0) + 1;
            let duration = (u128::from(duration) * u128::from(timescale))
                .checked_div(u128::from(movie_scale))
                .unwrap_or(0);
            let end = start.saturating_add(u64::try_from(duration).unwrap_or(u64::MAX));
            let end = match durations {
                // The list counts in units of the whole film, which are coarser: the end of the packets is meant.
                Some(all) if all.abs_diff(end) <= tick => all,
                Some(all) => end.min(all).max(start),
                None => end,
            };
            // An edit without a duration lasts to the end; so does one of a film that is written in pieces.
            kept.push(
                start..if duration == 0 {
                    durations.unwrap_or(u64::MAX)
                } else {
                    end
                },
            );
        }
        if let (true, Some(all)) = (kept.is_empty(), durations) {
            kept.push(0..all);
        }
        Some(Track {
            codec: entry.codec,
            aac: entry.aac(),
            cookie: entry.quicktime_alac().map(<[u8]>::to_vec),
            timescale,
            kept,
        })
    }

    /// What a user calls a codec that is not read.
    fn refusal(&self) -> Option<String> {
        let unread = |what: &str| Some(format!("{what}, which is not read here"));
        match (&self.codec, self.aac) {
            (b"enca" | b"drms", _) => unread("protected sound (digital rights management)"),
            (b"ac-3" | b"ec-3", _) => unread("Dolby Digital (AC-3) sound"),
            (b"samr" | b"sawb", _) => unread("AMR speech"),
            (b"mp4a", Some(5 | 29)) => Some(
                "AAC with spectral band replication (HE-AAC), which is not read here: without it the sound would come out \
                 at half its rate, its upper octave missing"
                    .into(),
            ),
            (b"mp4a", Some(23 | 39)) => unread("AAC of low delay (AAC-LD or ELD)"),
            (b"mp4a", Some(42)) => unread("USAC (xHE-AAC) sound"),
            (b"mp4a", Some(kind)) if kind != 2 => unread(&format!("AAC of another profile than LC (object type {kind})")),
            _ => None,
        }
    }
}

/// The content of the box `moov`.
fn find_moov(file: &mut Part) -> io::Result<Option<Vec<u8>>> {
    let mut at = 0;
    while at + 8 <= file.length() {
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        file.read_exact(&mut head[..8])?;
        let short = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        let (header, size) = match short {
            0 => (8, file.length() - at),
            1 => {
                if file.read_exact(&mut head[8..]).is_err() {
                    return Ok(None);
                }
                (16, big_endian(&head, 8, 8).unwrap_or(0))
            }
            size => (8, size),
        };
        if &head[4..8] == b"moov" {
            let mut bytes = Vec::new();
            file.by_ref()
                .take(size.saturating_sub(header))
                .read_to_end(&mut bytes)?;
            return Ok(Some(bytes));
        }
        match at.checked_add(size) {
            Some(next) if size >= header => at = next,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The boxes inside of a box: their names and contents. What does not fit ends them.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let kind = bytes.get(4..8)?.try_into().ok()?;
        let (header, size) = match big_endian(bytes, 0, 4)? {
            0 => (8, bytes.len()),
            1 => (16, usize::try_from(big_endian(bytes, 8, 8)?).ok()?),
            size => (8, size as usize),
        };
        let content = bytes.get(header..size)?;
        bytes = &bytes[size..];
        Some((kind, content))
    })
}

fn inside<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes)
        .find(|(name, _)| name == kind)
        .map(|(_, content)| content)
}

/// The units of a second in `mvhd` and `mdhd`.
fn timescale(head: &[u8]) -> Option<u64> {
    big_endian(head, if *head.first()? == 1 { 20 } else { 12 }, 4)
}

/// The sum of the durations of all packets.
fn total(stts: &[u8]) -> u64 {
    let entries = stts.get(8..).unwrap_or_default().chunks_exact(8);
    entries.fold(0, |sum: u64, entry| {
        let product = big_endian(entry, 0, 4)
            .zip(big_endian(entry, 4, 4))
            .map_or(0, |(n, duration)| n.saturating_mul(duration));
        sum.saturating_add(product)
    })
}

/// The edits that show something: where each begins in its track, and how long it is in units of the film.
fn edits(elst: &[u8]) -> Vec<(u64, u64)> {
    let word = if elst.first() == Some(&1) { 8 } else { 4 };
    let entries = elst.get(8..).unwrap_or_default().chunks_exact(2 * word + 4);
    let edit = |entry: &[u8]| {
        let start = big_endian(entry, word, word)?;
        // A start of -1 is a pause before the sound.
        let is_pause = start >> (8 * word - 1) == 1;
        (!is_pause).then_some((start, big_endian(entry, 0, word)?))
    };
    entries.filter_map(edit).collect()
}

/// The first entry in `stsd`: its codec, and the boxes in it.
struct Entry<'a> {
    codec: [u8; 4],
    children: &'a [u8],
}

impl<'a> Entry<'a> {
    fn of(stsd: &'a [u8]) -> Option<Entry<'a>> {
        let (codec, entry) = boxes(stsd.get(8..)?).next()?;
        // Two generations of QuickTime have more fields before the boxes.
        let fields = match big_endian(entry, 8, 2)? {
            1 => 44,
            2 => 64,
            _ => 28,
        };
        let children = entry.get(fields..).unwrap_or_default();
        Some(Entry { codec, children })
    }

    /// AAC's object type.
    fn aac(&self) -> Option<u8> {
        let esds = inside(self.children, b"esds").or_else(|| self.quicktime(b"esds"))?;
        object_type(esds.get(4..)?)
    }

    /// ALAC's configuration, behind a version and flags.
    fn quicktime_alac(&self) -> Option<&'a [u8]> {
        self.quicktime(b"alac")?.get(4..)
    }

    /// A box inside `wave`, in which QuickTime keeps what a decoder must know.
    fn quicktime(&self, kind: &[u8; 4]) -> Option<&'a [u8]> {
        inside(inside(self.children, b"wave")?, kind)
    }
}

/// AAC's object type, from descriptors in descriptors (ISO/IEC 14496-1, 7.2.6).
fn object_type(esds: &[u8]) -> Option<u8> {
    let es = descriptor(esds, 3)?;
    let flags = *es.get(2)?;
    let mut at = 3 + if flags & 0x80 != 0 { 2 } else { 0 };
    if flags & 0x40 != 0 {
        at += 1 + usize::from(*es.get(at)?);
    }
    at += if flags & 0x20 != 0 { 2 } else { 0 };
    let decoder = descriptor(es.get(at..)?, 4)?;
    // 0x40 is AAC; others are MPEG-2's, of which 0x67 is LC, and MP3.
    if *decoder.first()? != 0x40 {
        return None;
    }
    let config = descriptor(decoder.get(13..)?, 5)?;
    let bits = Bits(config);
    let (kind, at) = bits.object_type(0)?;
    let frequency = bits.at(at, 4)?;
    let at = at + if frequency == 15 { 28 } else { 4 } + 4;
    // Behind a description of the core, the same is said in a way that old decoders pass over.
    let is_core = kind == 2 && bits.at(at + 3, 11) == Some(0x2B7);
    match is_core.then(|| bits.object_type(at + 14)).flatten() {
        Some((5, next)) if bits.at(next, 1) == Some(1) => Some(5),
        _ => Some(kind),
    }
}

/// The content of a descriptor, if it is of a kind.
fn descriptor(bytes: &[u8], kind: u8) -> Option<&[u8]> {
    if *bytes.first()? != kind {
        return None;
    }
    let mut size = 0;
    for (n, &byte) in bytes[1..].iter().take(4).enumerate() {
        size = size << 7 | usize::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            let content = &bytes[n + 2..];
            return Some(&content[..size.min(content.len())]);
        }
    }
    None
}

/// Bytes read by bits, the highest first.
struct Bits<'a>(&'a [u8]);

impl Bits<'_> {
    fn at(&self, at: usize, n: usize) -> Option<u32> {
        (at..at + n).try_fold(0, |all, bit| {
            let byte = self.0.get(bit / 8)?;
            Some(all << 1 | u32::from(byte >> (7 - bit % 8) & 1))
        })
    }

    /// An object type, and where the next field is.
    fn object_type(&self, at: usize) -> Option<(u8, usize)> {
        match self.at(at, 5)? {
            31 => Some((32 + self.at(at + 5, 6)? as u8, at + 11)),
            kind => Some((kind as u8, at + 5)),
        }
    }
}

/// The stretch that is sound by the text of iTunes: zero, samples before, samples behind, samples of sound.
fn itunes(moov: &[u8]) -> Option<Range<u64>> {
    let meta = inside(inside(moov, b"udta")?, b"meta")?;
    let list = inside(meta.get(4..)?, b"ilst")?;
    let entries = boxes(list).filter(|(kind, _)| kind == b"----");
    let named =
        |entry: &&[u8]| inside(entry, b"name").is_some_and(|name| name.ends_with(b"iTunSMPB"));
    let entry = entries.map(|(_, entry)| entry).find(named)?;
    let text = std::str::from_utf8(inside(entry, b"data")?.get(8..)?).ok()?;
    let numbers: Vec<u64> = text
        .split_whitespace()
        .map_while(|word| u64::from_str_radix(word, 16).ok())
        .collect();
    let (&start, &n) = (numbers.get(1)?, numbers.get(3)?);
    Some(start..start.checked_add(n)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_box(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [
            &(8 + content.len() as u32).to_be_bytes(),
            kind.as_slice(),
            content,
        ]
        .concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// A track with an edit list and durations of packets at 16 kHz, in a film of 1000 units a second.
    fn trak(edits: &[[u32; 2]], durations: &[[u32; 2]]) -> Vec<u8> {
        let list: Vec<u32> = edits
            .iter()
            .flat_map(|&[start, duration]| [duration, start, 1 << 16])
            .collect();
        let elst = [words(&[0, edits.len() as u32]), words(&list)].concat();
        let stts = [
            words(&[0, durations.len() as u32]),
            words(&durations.concat()),
        ]
        .concat();
        let config = [0x12, 0x10];
        let decoder = [&[4, 17, 0x40, 0x15][..], &[0; 11], &[5, 2], &config].concat();
        let esds = [
            &[0, 0, 0, 0, 3, 3 + decoder.len() as u8, 0, 1, 0][..],
            &decoder,
        ]
        .concat();
        let entry = a_box(b"mp4a", &[vec![0; 28], a_box(b"esds", &esds)].concat());
        let stsd = a_box(b"stsd", &[words(&[0, 1]), entry].concat());
        let table = a_box(b"stbl", &[stsd, a_box(b"stts", &stts)].concat());
        let mdia = [
            a_box(b"mdhd", &words(&[0, 0, 0, 16_000, 0, 0])),
            a_box(b"hdlr", &[words(&[0, 0]), b"soun".to_vec()].concat()),
            a_box(b"minf", &table),
        ];
        let edts = if edits.is_empty() {
            Vec::new()
        } else {
            a_box(b"edts", &a_box(b"elst", &elst))
        };
        [edts, a_box(b"mdia", &mdia.concat())].concat()
    }

    fn kept(edits: &[[u32; 2]], durations: &[[u32; 2]], n_decoded: u64) -> Vec<(u64, u64)> {
        let track = Track::parse(&trak(edits, durations), 1000).unwrap();
        track
            .kept(n_decoded, 16_000)
            .into_iter()
            .map(|range| (range.start, range.end))
            .collect()
    }

    #[test]
    fn the_edit_list_says_where_sound_begins_and_ends() {
        // 17 blocks, of which the last is declared shorter; the film says one second.
        let packets = [[16, 1024], [1, 640]];
        assert_eq!(kept(&[[1024, 1000]], &packets, 17_408), [(1024, 17_024)]);
        // The film's units are coarser than samples: the durations are meant.
        assert_eq!(kept(&[[1024, 999]], &packets, 17_408), [(1024, 17_024)]);
        // A cut in the middle, a pause before, an edit to the end, several edits.
        assert_eq!(kept(&[[1024, 500]], &packets, 17_408), [(1024, 9024)]);
        assert_eq!(
            kept(&[[u32::MAX, 300], [1024, 0]], &packets, 17_408),
            [(1024, 17_024)]
        );
        assert_eq!(
            kept(&[[0, 100], [8000, 100]], &packets, 17_408),
            [(0, 1600), (8000, 9600)]
        );
        // No list: the packets' durations. Nothing at all, as in a film that is written in pieces: everything.
        assert_eq!(kept(&[], &packets, 17_408), [(0, 17_024)]);
        assert_eq!(kept(&[], &[], 17_408), [(0, 17_408)]);
        assert_eq!(kept(&[[1024, 0]], &[], 17_408), [(1024, 17_408)]);
        // What is not there cannot be kept.
        assert_eq!(
            kept(&[[u32::MAX >> 1, 5]], &packets, 17_408),
            [(17_408, 17_408)]
        );
    }

    #[test]
    fn kinds_of_aac_are_told_apart() {
        let of = |config: &[u8]| {
            let decoder = [
                &[4, 15 + config.len() as u8, 0x40, 0x15][..],
                &[0; 11],
                &[5, config.len() as u8],
                config,
            ]
            .concat();
            object_type(&[&[3, 3 + decoder.len() as u8, 0, 1, 0][..], &decoder].concat())
        };
        assert_eq!(of(&[0x12, 0x10]), Some(2), "LC, 44.1 kHz, stereo");
        assert_eq!(of(&[0x2B, 0x92, 0x08, 0x00]), Some(5), "HE, said first");
        assert_eq!(
            of(&[0x13, 0x90, 0x56, 0xE5, 0xA5, 0x48, 0x80]),
            Some(5),
            "HE, said behind the core"
        );
        assert_eq!(of(&[0xEB, 0x09, 0x88, 0x00]), Some(29), "HE version 2");
        assert_eq!(of(&[0xF8, 0xE8, 0x50, 0x00]), Some(39), "ELD");
        let refused = |aac| {
            Track {
                codec: *b"mp4a",
                aac: Some(aac),
                ..Track::default()
            }
            .refusal()
        };
        assert_eq!(refused(2), None);
        assert!(
            refused(5).unwrap().contains("half its rate") && refused(42).unwrap().contains("USAC")
        );
    }

    #[test]
    fn itunes_writes_the_same_as_text() {
        let text =
            b"\0\0\0\x01\0\0\0\0 00000000 00000840 000001CA 0000000000003F31 00000000".to_vec();
        let entry = [
            a_box(b"mean", b"\0\0\0\0com.apple.iTunes"),
            a_box(b"name", b"\0\0\0\0iTunSMPB"),
            a_box(b"data", &text),
        ];
        let list = a_box(b"ilst", &a_box(b"----", &entry.concat()));
        let moov = a_box(b"udta", &a_box(b"meta", &[vec![0; 4], list].concat()));
        assert_eq!(itunes(&moov), Some(0x840..0x840 + 0x3F31));
    }

    #[test]
    fn broken_boxes_are_no_boxes() {
        let whole = a_box(b"moov", &trak(&[[1024, 1000]], &[[16, 1024]]));
        for end in 0..whole.len() {
            let _ = boxes(&whole[..end])
                .filter_map(|(_, trak)| Track::parse(trak, 1000))
                .count();
        }
        assert_eq!(boxes(b"\0\0\0\x03abcdefgh").count(), 0);
        assert_eq!(boxes(b"\xFF\xFF\xFF\xFFabcdefgh").count(), 0);
    }

    #[test]
    fn quicktime_keeps_what_a_decoder_of_alac_must_know_in_a_box_of_its_own() {
        // 16 bits and two channels at 44.1 kHz in packets of 4096 samples, as ffmpeg writes them.
        let cookie = *b"\0\0\x10\0\0\x10\x28\x0a\x0e\x02\0\0\0\0\x60\x04\0\x20\x4c\xc0\0\0\xac\x44";
        let inner = a_box(b"alac", &[&[0; 4][..], &cookie].concat());
        let wave = a_box(b"wave", &[a_box(b"frma", b"alac"), inner.clone()].concat());
        let entry = |version: u8, n_fields: usize, boxes: &[u8]| {
            let mut fields = vec![0; n_fields];
            fields[9] = version;
            let entry = a_box(b"alac", &[&fields, boxes].concat());
            [words(&[0, 1]), entry].concat()
        };
        let found = |stsd: &[u8]| {
            Entry::of(stsd)
                .unwrap()
                .quicktime_alac()
                .map(<[u8]>::to_vec)
        };
        assert_eq!(found(&entry(1, 44, &wave)), Some(cookie.to_vec()));
        assert_eq!(found(&entry(2, 64, &wave)), Some(cookie.to_vec()));
        assert_eq!(
            found(&entry(0, 28, &inner)),
            None,
            "an M4A file's, which is read"
        );
    }
}
