//! The pages of Ogg files (RFC 3533), and the streams that stand in a file one behind the other.

use super::part::Part;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// A page: a piece of a stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Page<'a> {
    /// Which of the streams of the file it belongs to.
    pub(super) serial: u32,
    /// Samples that are complete when it ends, as the codec counts them; -1 where no packet ends in it.
    pub(super) granule: i64,
    /// Whether it is the first of its stream.
    pub(super) is_first: bool,
    /// Whether it is the last of its stream.
    pub(super) is_last: bool,
    sizes: &'a [u8],
    body: &'a [u8],
    /// Where it stands in the file.
    place: Range<usize>,
}

/// Why pages end before the file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// They do not, or what follows is no page.
    Whole,
    /// The last page is not complete.
    Cut,
    /// The checksum of a page is wrong.
    Broken,
}

impl Page<'_> {
    /// The page at the beginning of some bytes.
    fn parse(bytes: &[u8], at: usize) -> Result<Page<'_>, Ending> {
        let head = bytes.get(at..at + 27).ok_or(Ending::Cut)?;
        let body = at + 27 + usize::from(head[26]);
        let sizes = bytes.get(at + 27..body).ok_or(Ending::Cut)?;
        let end = body + sizes.iter().map(|&size| usize::from(size)).sum::<usize>();
        let content = bytes.get(body..end).ok_or(Ending::Cut)?;
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        if checksum(&bytes[at..end]) != word(22) {
            return Err(Ending::Broken);
        }
        Ok(Page {
            serial: word(14),
            granule: (u64::from(word(10)) << 32 | u64::from(word(6))) as i64,
            is_first: head[5] & 2 != 0,
            is_last: head[5] & 4 != 0,
            sizes,
            body: content,
            place: at..end,
        })
    }

    /// The pieces of packets in it, and whether each is the end of its packet.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let mut at = 0;
        let mut lace = self.sizes.iter().peekable();
        std::iter::from_fn(move || {
            lace.peek()?;
            let start = at;
            for &size in lace.by_ref() {
                at += usize::from(size);
                if size < 255 {
                    return Some((&self.body[start..at], true));
                }
            }
            Some((&self.body[start..at], false))
        })
    }
}

/// All pages of a file, and why they end.
pub(super) fn pages(bytes: &[u8]) -> (Vec<Page<'_>>, Ending) {
    let mut pages = Vec::new();
    let mut at = 0;
    while let Some(found) = find(&bytes[at..]) {
        match Page::parse(bytes, at + found) {
            Ok(page) => {
                at = page.place.end;
                pages.push(page);
            }
            Err(ending) => return (pages, ending),
        }
    }
    (pages, Ending::Whole)
}

/// The stretches of a file that hold streams side by side: a new one begins where streams begin behind pages of others.
pub(super) fn links(pages: &[Page]) -> Vec<Range<usize>> {
    let mut links: Vec<Range<usize>> = Vec::new();
    let mut was_first = false;
    for page in pages {
        match links.last_mut() {
            Some(link) if !page.is_first || was_first => link.end = page.place.end,
            _ => links.push(page.place.clone()),
        }
        was_first = page.is_first;
    }
    links
}

/// The last page of a file, and whether all of it can be one stream: looked for in its last bytes only.
pub(super) fn last_granule(file: &mut Part, serial: u32) -> io::Result<Option<i64>> {
    const TAIL: u64 = 1 << 17;
    let start = file.length().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let mut last = None;
    let mut at = 0;
    while let Some(found) = find(&bytes[at..]) {
        at += found;
        match Page::parse(&bytes, at) {
            Ok(page) => {
                at = page.place.end;
                last = Some((page.serial, page.granule));
            }
            Err(_) => at += 1,
        }
    }
    Ok(last
        .filter(|&(last, granule)| last == serial && granule >= 0)
        .map(|(_, granule)| granule))
}

fn find(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"OggS")
}

/// The checksum of a page, in which its own place counts as zero: CRC-32 with the polynomial 0x04C11DB7, not reflected.
fn checksum(page: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut n = 0;
        while n < 256 {
            let mut value = (n as u32) << 24;
            let mut bit = 0;
            while bit < 8 {
                value = if value >> 31 == 1 {
                    value << 1 ^ 0x04C1_1DB7
                } else {
                    value << 1
                };
                bit += 1;
            }
            table[n] = value;
            n += 1;
        }
        table
    };
    page.iter().enumerate().fold(0, |crc: u32, (at, &byte)| {
        let byte = if (22..26).contains(&at) { 0 } else { byte };
        crc << 8 ^ TABLE[usize::from((crc >> 24) as u8 ^ byte)]
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A page of whole packets; flag 2 begins and 4 ends a stream.
    pub(in crate::io) fn page(serial: u32, granule: i64, flags: u8, packets: &[&[u8]]) -> Vec<u8> {
        let mut page = b"OggS\0".to_vec();
        page.push(flags);
        page.extend(granule.to_le_bytes());
        page.extend(serial.to_le_bytes());
        page.extend([0; 8]);
        let sizes: Vec<u8> = packets
            .iter()
            .flat_map(|packet| {
                [
                    vec![255; packet.len() / 255],
                    vec![(packet.len() % 255) as u8],
                ]
                .concat()
            })
            .collect();
        page.push(sizes.len() as u8);
        page.extend(sizes);
        packets.iter().for_each(|packet| page.extend(*packet));
        let crc = checksum(&page);
        page[22..26].copy_from_slice(&crc.to_le_bytes());
        page
    }

    #[test]
    fn pages_are_found_and_checked() {
        let long = [7; 600];
        let one = page(5, 100, 2, &[b"abc", &long, b""]);
        let two = page(5, 200, 4, &[b"x"]);
        let file = [&one, b"garbage".as_slice(), &two, b"TAG"].concat();
        let (found, ending) = pages(&file);
        assert_eq!((found.len(), ending), (2, Ending::Whole));
        let pieces: Vec<(usize, bool)> = found[0]
            .pieces()
            .map(|(piece, ends)| (piece.len(), ends))
            .collect();
        assert_eq!(pieces, [(3, true), (600, true), (0, true)]);
        assert_eq!(
            (found[1].granule, found[1].is_first, found[1].is_last),
            (200, false, true)
        );
        assert_eq!(pages(&file[..one.len() - 1]).1, Ending::Cut);
        let mut broken = file.clone();
        broken[40] ^= 1;
        assert_eq!(pages(&broken), (Vec::new(), Ending::Broken));
    }

    #[test]
    fn streams_behind_each_other_are_told_from_streams_beside_each_other() {
        let chain = [
            page(1, 0, 2, &[]),
            page(2, 0, 2, &[]),
            page(1, 9, 4, &[]),
            page(2, 9, 4, &[]),
            page(3, 0, 2, &[]),
            page(3, 4, 4, &[]),
        ];
        let file = chain.concat();
        let beside = chain[..4].concat().len();
        assert_eq!(links(&pages(&file).0), [0..beside, beside..file.len()]);
    }

    #[test]
    fn the_checksum_is_that_of_the_format() {
        // The catalogues of checksums give this for nine digits (polynomial 0x04C11DB7, begun with zero, not reflected).
        assert_eq!(checksum(b"123456789"), 0x89A1_897F);
    }
}
