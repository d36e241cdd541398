//! MPEG audio as a stream of frames: where each begins, what stands around them, and what the first one declares.
//!
//! There is no container: a file is frames one after the other, and whatever programs have put before, between and behind them:
//! tags (ID3v1, ID3v2, APE, Lyrics3), zeros, the rest of a frame that a radio stream began with. The sync word has eleven bits,
//! so that noise contains it all the time. A frame is therefore believed only at the end of the one before, or as the
//! beginning of a chain. How many samples there are is known by counting frames; bit rates tell nothing, because they vary.

use super::bytes::big_endian;
use super::mpeg_header::{FrameHeader, Layer};
use std::ops::Range;

/// Frames that must follow each other where the place of the first is not known.
const CHAIN: usize = 3;

/// The frames of a file.
#[derive(Debug, PartialEq)]
pub(super) struct Frames {
    /// The head of the first one.
    pub(super) head: FrameHeader,
    /// Where each begins, and its bytes.
    pub(super) places: Vec<(usize, usize)>,
    /// What the first frame of an MP3 file declared, which holds no sound then.
    pub(super) tag: Option<Tag>,
    /// Whether the last frame is not whole. It is none of `places`.
    pub(super) ends_within_a_frame: bool,
}

/// What a frame named Xing, Info or VBRI says of the frames behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tag {
    /// Frames that follow.
    pub(super) n_frames: Option<u64>,
    /// Bytes of the file from this frame on.
    pub(super) n_bytes: Option<u64>,
    /// Samples that the encoder put before and behind the sound.
    pub(super) gap: Option<(u64, u64)>,
}

/// Why there are no frames to decode.
#[derive(Debug, PartialEq)]
pub(super) enum Unframed {
    /// No frame at all.
    NoFrames,
    /// Bit rate index 0: the size of frames is not told by their heads.
    FreeFormat,
    /// Rate, layer or number of channels change on the way.
    Changes,
}

impl Frames {
    /// Finds the frames in the bytes of a file. Of `at_most` frames only the first are looked for.
    ///
    /// # Errors
    /// [`Unframed`].
    pub(super) fn find(bytes: &[u8], at_most: usize) -> Result<Frames, Unframed> {
        let mut at = match next_chain(bytes, 0) {
            Some(at) => at,
            None if free_format_at(bytes) => return Err(Unframed::FreeFormat),
            None => return Err(Unframed::NoFrames),
        };
        let mut head = FrameHeader::parse(&bytes[at..]).ok_or(Unframed::NoFrames)?;
        let mut tag = None;
        if let Some(size) = head.frame_bytes.filter(|size| at + size <= bytes.len()) {
            tag = Tag::parse(&bytes[at..at + size], &head);
            if tag.is_some() {
                at += size;
                // The frame of the tag may be of another kind than those of the sound.
                match next_frame(bytes, at, &head) {
                    Some(next) => {
                        at = next;
                        head = FrameHeader::parse(&bytes[at..]).unwrap_or(head);
                    }
                    None => {
                        return Ok(Frames {
                            head,
                            places: Vec::new(),
                            tag,
                            ends_within_a_frame: at < bytes.len(),
                        });
                    }
                }
            }
        }
        let mut places = Vec::new();
        let mut ends_within_a_frame = false;
        while places.len() < at_most {
            let next = FrameHeader::parse(&bytes[at..]).filter(|next| is_like(next, &head));
            let Some((next, size)) = next.and_then(|next| Some((next, next.frame_bytes?))) else {
                // Something else, or nothing: the stream goes on where a chain of frames begins.
                match next_frame(bytes, at, &head) {
                    Some(next) if next > at => at = next,
                    _ => break,
                }
                let other = FrameHeader::parse(&bytes[at..]).filter(|next| is_like(next, &head));
                if other.is_none() {
                    return Err(Unframed::Changes);
                }
                continue;
            };
            if at + size > bytes.len() {
                ends_within_a_frame = true;
                break;
            }
            if next.n_channels != head.n_channels {
                return Err(Unframed::Changes);
            }
            places.push((at, size));
            at += size;
        }
        Ok(Frames {
            head,
            places,
            tag,
            ends_within_a_frame,
        })
    }

    /// What the tag tells of the samples to keep, if it is a tag of all the file.
    ///
    /// A file that goes on behind what its tag counts is several files put behind each other: the count, and the padding at
    /// its end, are those of the first.
    pub(super) fn whole_tag(&self) -> Option<Tag> {
        let mut tag = self.tag?;
        let found = self.places.len() as u64;
        if let Some(declared) = tag.n_frames
            && found > declared.saturating_add(declared / 16 + 1)
        {
            tag.n_frames = None;
            tag.n_bytes = None;
        }
        Some(tag)
    }

    /// Samples that the frames hold.
    pub(super) fn n_decoded(&self) -> u64 {
        self.places.len() as u64 * self.head.n_samples() as u64
    }

    /// How many samples a file should hold whose frames are not all there.
    ///
    /// Some encoders count the frame of the tag, too: one frame less is no lack where the file ends behind a whole frame and
    /// has its declared bytes.
    pub(super) fn lack(&self, n_bytes: u64) -> Option<u64> {
        let tag = self.tag?;
        let (declared, found) = (tag.n_frames?, self.places.len() as u64);
        let whole =
            !self.ends_within_a_frame && tag.n_bytes.is_none_or(|declared| declared <= n_bytes);
        let is_short = if whole {
            found + 1 < declared
        } else {
            found < declared
        };
        is_short.then(|| declared.saturating_mul(self.head.n_samples() as u64))
    }

    /// The stretches of `n_decoded` samples that are sound, in order: without the samples that the encoder added.
    ///
    /// A decoder of Layer III is itself 529 samples late (528 of the filter bank and one of the overlap), which is why they are
    /// added to what the tag says of the beginning and taken off what it says of the end.
    pub(super) fn kept(tag: Option<&Tag>, n_decoded: u64, frame: u64) -> [Range<u64>; 2] {
        const DECODER: u64 = 529;
        let Some((delay, padding)) = tag.and_then(|tag| tag.gap) else {
            return [0..n_decoded, 0..0];
        };
        let start = (delay + DECODER).min(n_decoded);
        let Some(declared) = tag.and_then(|tag| tag.n_frames) else {
            return [start..n_decoded, 0..0];
        };
        let end = declared.saturating_mul(frame);
        let sound = (end + DECODER).saturating_sub(padding).min(end);
        // What follows the declared frames is another file, put behind this one.
        [
            start..sound.clamp(start, n_decoded),
            end.clamp(start, n_decoded)..n_decoded,
        ]
    }
}

/// Whether frames can stand in one stream: layer, version and rate are the same in all of it.
fn is_like(one: &FrameHeader, other: &FrameHeader) -> bool {
    (one.layer, one.is_mpeg1, one.sample_rate) == (other.layer, other.is_mpeg1, other.sample_rate)
}

/// The next frame from a place on: there, where a tag ends, or where a chain begins.
fn next_frame(bytes: &[u8], at: usize, head: &FrameHeader) -> Option<usize> {
    let here = FrameHeader::parse(bytes.get(at..)?).is_some_and(|next| is_like(&next, head));
    if here {
        Some(at)
    } else {
        next_chain(bytes, at)
    }
}

/// Where the next chain of frames begins.
fn next_chain(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at + 4 <= bytes.len() {
        if let Some(size) = id3v2_bytes(&bytes[at..]) {
            // Pictures in tags are full of sync words.
            at += size;
        } else if bytes[at] == 0xFF && is_chain(bytes, at) {
            return Some(at);
        } else {
            at += 1;
        }
    }
    None
}

/// Whether frames follow each other from a place on, [`CHAIN`] of them or up to the end of the sound.
fn is_chain(bytes: &[u8], start: usize) -> bool {
    let Some(first) = FrameHeader::parse(&bytes[start..]) else {
        return false;
    };
    let mut at = start;
    for n in 0..CHAIN {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(next) = FrameHeader::parse(rest).filter(|next| is_like(next, &first)) else {
            // A file may be as short as one frame, but then there is nothing but tags around it.
            return n > 0 && at <= bytes.len() && (n == 2 || start == 0) && is_tail(rest);
        };
        let Some(size) = next.frame_bytes else {
            return false;
        };
        at += size;
    }
    true
}

/// Whether there is nothing but what stands behind the last frame.
fn is_tail(rest: &[u8]) -> bool {
    const TAGS: [&[u8]; 5] = [b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI"];
    TAGS.iter().any(|tag| rest.starts_with(tag)) || rest.iter().take(4096).all(|&byte| byte == 0)
}

/// Bytes of an ID3v2 tag that begins here. Its sizes have seven bits a byte; a flag says that there is a foot like the head.
fn id3v2_bytes(bytes: &[u8]) -> Option<usize> {
    let head = bytes
        .get(..10)
        .filter(|head| head.starts_with(b"ID3") && head[3] < 0xFF && head[4] < 0xFF)?;
    if head[6..].iter().any(|byte| byte & 0x80 != 0) {
        return None;
    }
    let size = head[6..]
        .iter()
        .fold(0, |size, &byte| size << 7 | usize::from(byte));
    Some(10 + size + if head[5] & 0x10 != 0 { 10 } else { 0 })
}

/// Whether three heads of free format stand at equal distances near the beginning.
fn free_format_at(bytes: &[u8]) -> bool {
    let free = |at: usize, like: Option<&FrameHeader>| {
        let head = FrameHeader::parse(bytes.get(at..)?)?;
        (head.frame_bytes.is_none() && like.is_none_or(|like| is_like(&head, like))).then_some(head)
    };
    (0..bytes.len().min(4096)).any(|start| {
        let Some(head) = free(start, None) else {
            return false;
        };
        // A slot of padding makes a frame one byte longer, in Layer I four.
        let slot = if head.layer == Layer::One { 4 } else { 1 };
        (24..4096).any(|size| {
            [0, slot].iter().any(|pad| {
                let next = start + size + pad;
                free(start + size, Some(&head)).is_some()
                    && [0, slot]
                        .iter()
                        .any(|more| free(next + size + more, Some(&head)).is_some())
            })
        })
    })
}

impl Tag {
    /// The tag in the first frame of an MP3 file, if it is one.
    ///
    /// Xing's stands where the side information ends (LAME's extension of it has the encoder's delay and padding); VBRI's always
    /// 32 bytes behind the head.
    fn parse(frame: &[u8], head: &FrameHeader) -> Option<Tag> {
        if head.layer != Layer::Three {
            return None;
        }
        let side = match (head.is_mpeg1, head.n_channels) {
            (true, 2) => 32,
            (true, _) | (false, 2) => 17,
            (false, _) => 9,
        };
        Tag::xing(frame.get(4 + side..)?).or_else(|| Tag::vbri(frame.get(4 + 32..)?))
    }

    fn xing(bytes: &[u8]) -> Option<Tag> {
        if !(bytes.starts_with(b"Xing") || bytes.starts_with(b"Info")) {
            return None;
        }
        let flags = big_endian(bytes, 4, 4)?;
        let mut at = 8;
        let mut field = |bit: u64, size: usize| {
            let place = at;
            let is_there = flags & bit != 0;
            at += if is_there { size } else { 0 };
            is_there.then_some(place)
        };
        let (n_frames, n_bytes) = (field(1, 4), field(2, 4));
        // The table for seeking and the quality.
        field(4, 100);
        field(8, 4);
        let count = |place: Option<usize>| big_endian(bytes, place?, 4).filter(|&n| n > 0);
        let mut tag = Tag {
            n_frames: count(n_frames),
            n_bytes: count(n_bytes),
            gap: None,
        };
        let writer = bytes.get(at..at + 4).unwrap_or_default();
        if [b"LAME", b"Lavf", b"Lavc"]
            .iter()
            .any(|name| writer == *name)
        {
            tag.gap = big_endian(bytes, at + 21, 3).map(|gap| (gap >> 12, gap & 0xFFF));
        }
        Some(tag)
    }

    fn vbri(bytes: &[u8]) -> Option<Tag> {
        let count = |place| big_endian(bytes, place, 4).filter(|&n| n > 0);
        bytes.starts_with(b"VBRI").then(|| Tag {
            n_bytes: count(10),
            n_frames: count(14),
            gap: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of MP3 at 44.1 kHz, mono, with these bit rate indices, and nothing in them.
    fn frames(indices: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for index in indices {
            let head = [0xFF, 0xFB, index << 4, 0xC4];
            let size = FrameHeader::parse(&head).unwrap().frame_bytes.unwrap();
            let start = bytes.len();
            bytes.extend(head);
            bytes.resize(start + size, 0);
        }
        bytes
    }

    fn count(bytes: &[u8]) -> usize {
        Frames::find(bytes, usize::MAX).unwrap().places.len()
    }

    /// A frame named Xing or Info with a count of frames, of bytes, and LAME's delay and padding.
    fn tag(n_frames: u32, n_bytes: u32, gap: Option<(u32, u32)>) -> Vec<u8> {
        let mut frame = frames(&[9]);
        let mut words = b"Info\0\0\0\x03".to_vec();
        words.extend(n_frames.to_be_bytes());
        words.extend(n_bytes.to_be_bytes());
        if let Some((delay, padding)) = gap {
            words.extend(b"LAME3.100");
            words.resize(16 + 21, 0);
            words.extend(&(delay << 12 | padding).to_be_bytes()[1..]);
        }
        frame[4 + 17..4 + 17 + words.len()].copy_from_slice(&words);
        frame
    }

    #[test]
    fn frames_are_counted_whatever_their_bit_rates_are_and_whatever_stands_around_them() {
        let sound = frames(&[14, 1, 1, 2, 9, 1, 5]);
        assert_eq!(count(&sound), 7);
        let tail: [&[u8]; 5] = [
            &[0; 9000],
            &[b"TAG".as_slice(), &[b'x'; 125]].concat(),
            b"APETAGEX\xd0\x07\0\0",
            b"LYRICSBEGIN",
            &[1],
        ];
        for behind in tail {
            assert_eq!(count(&[&sound, behind].concat()), 7, "{behind:?}");
        }
        // A picture in a tag holds sync words; garbage before the first frame holds none that go on.
        let mut id3 = b"ID3\x04\0\0\0\0\x10\0".to_vec();
        id3.extend(frames(&[9; 5])[..2048].iter());
        assert_eq!(count(&[&id3, sound.as_slice()].concat()), 7);
        assert_eq!(
            count(&[&[0xFF, 0xFB, 0x90, 0xC4, 7, 7, 7], sound.as_slice()].concat()),
            7
        );
        // Between two streams, too.
        assert_eq!(
            count(&[&sound, b"TAGgarbage".as_slice(), &id3, &sound].concat()),
            14
        );
    }

    #[test]
    fn the_last_frame_is_left_out_where_it_is_cut() {
        let sound = frames(&[9, 9, 9, 9, 9]);
        let found = Frames::find(&sound[..sound.len() - 1], usize::MAX).unwrap();
        assert_eq!((found.places.len(), found.ends_within_a_frame), (4, true));
        assert_eq!(found.lack(0), None, "nothing was promised");
    }

    #[test]
    fn only_a_tag_promises() {
        let sound = frames(&[9; 8]);
        let all =
            |tag: Vec<u8>, sound: &[u8]| Frames::find(&[&tag, sound].concat(), usize::MAX).unwrap();
        let bytes = (sound.len() + 417) as u32;
        let good = all(tag(8, bytes, Some((576, 1000))), &sound);
        assert_eq!((good.places.len(), good.lack(u64::from(bytes))), (8, None));
        assert_eq!(good.tag.unwrap().gap, Some((576, 1000)));
        let short = all(tag(8, bytes, None), &frames(&[9; 5]));
        assert_eq!(short.lack(2502), Some(8 * 1152));
        // Counting the frame of the tag as well is a habit, no lack.
        assert_eq!(
            all(tag(9, bytes, None), &sound).lack(u64::from(bytes)),
            None
        );
        // Several files behind each other: the first tag does not speak for all.
        let several = all(tag(8, bytes, Some((576, 1000))), &frames(&[9; 30]));
        assert_eq!(several.whole_tag().unwrap().n_frames, None);
    }

    #[test]
    fn the_delay_of_encoder_and_decoder_is_taken_off() {
        let tag = Tag {
            n_frames: Some(10),
            n_bytes: None,
            gap: Some((576, 1000)),
        };
        assert_eq!(
            Frames::kept(Some(&tag), 11_520, 1152),
            [1105..11_049, 11_520..11_520]
        );
        assert_eq!(Frames::kept(None, 11_520, 1152), [0..11_520, 0..0]);
        let bare = Tag { gap: None, ..tag };
        assert_eq!(Frames::kept(Some(&bare), 11_520, 1152), [0..11_520, 0..0]);
        // However absurd it is.
        let absurd = Tag {
            n_frames: Some(1),
            n_bytes: None,
            gap: Some((4095, 4095)),
        };
        assert_eq!(Frames::kept(Some(&absurd), 1152, 1152)[0], 1152..1152);
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        assert_eq!(
            Frames::find(b"nothing of the kind", usize::MAX),
            Err(Unframed::NoFrames)
        );
        assert_eq!(Frames::find(&[], usize::MAX), Err(Unframed::NoFrames));
        let mut free = Vec::new();
        for _ in 0..4 {
            let start = free.len();
            free.extend([0xFF, 0xFB, 0x00, 0xC4]);
            free.resize(start + 300, 0);
        }
        assert_eq!(Frames::find(&free, usize::MAX), Err(Unframed::FreeFormat));
        let mono = frames(&[9; 4]);
        let stereo: Vec<u8> = frames(&[9; 4])
            .chunks(417)
            .flat_map(|frame| [&[0xFF, 0xFB, 0x90, 0x04], &frame[4..]].concat())
            .collect();
        assert_eq!(
            Frames::find(&[mono, stereo].concat(), usize::MAX),
            Err(Unframed::Changes)
        );
    }
}
