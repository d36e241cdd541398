//! Opus (RFC 6716) in Ogg (RFC 7845), WebM and others: one decoder for all.

use super::bounds::{check_head, check_length};
use super::faults::{broken, cut_short};
use super::header::Header;
use super::ogg::{Ending, Page, last_granule, pages};
use super::part::Part;
use crate::Error;
use opus_rs::multistream::{ChannelMappingTable, MultistreamDecoder};
use std::io::{Read, Seek};
use std::path::Path;

/// The rate at which Opus is decoded, Hz. What was recorded at other rates was brought to it by the encoder.
pub(super) const OPUS_RATE: u32 = 48_000;

/// The most samples that a packet may hold: 120 ms.
const LONGEST_PACKET: usize = 5760;

/// A decoder of packets.
pub(super) struct OpusDecoder {
    inner: MultistreamDecoder,
    /// Where a packet is decoded to, channels interleaved.
    block: Vec<f32>,
    gain: f32,
    head: OpusHead,
}

/// The first packet of a stream (RFC 7845, 5.1).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OpusHead {
    /// Channels that come out.
    pub(super) n_channels: usize,
    /// Samples before the sound.
    pub(super) pre_skip: u64,
    gain: i16,
    n_streams: usize,
    n_coupled: usize,
    mapping: Vec<u8>,
}

impl OpusHead {
    pub(super) fn parse(bytes: &[u8]) -> Option<OpusHead> {
        let head = bytes.strip_prefix(b"OpusHead")?;
        let &[
            version,
            n_channels,
            skip_low,
            skip_high,
            _,
            _,
            _,
            _,
            gain_low,
            gain_high,
            family,
            ref table @ ..,
        ] = head
        else {
            return None;
        };
        let n_channels = usize::from(n_channels);
        if version > 15 || n_channels == 0 {
            return None;
        }
        let (n_streams, n_coupled, mapping) = match (family, table) {
            (0, _) if n_channels <= 2 => (1, n_channels - 1, (0..n_channels as u8).collect()),
            (1 | 255, &[streams, coupled, ref mapping @ ..]) => (
                usize::from(streams),
                usize::from(coupled),
                mapping.get(..n_channels)?.to_vec(),
            ),
            _ => return None,
        };
        let n_decoded = n_streams + n_coupled;
        let is_sound = |&channel: &u8| channel == 255 || usize::from(channel) < n_decoded;
        if n_streams == 0
            || n_coupled > n_streams
            || n_decoded > 255
            || !mapping.iter().all(is_sound)
        {
            return None;
        }
        let mapping = if family == 1 {
            in_order(&mapping)
        } else {
            mapping
        };
        let pre_skip = u64::from(u16::from_le_bytes([skip_low, skip_high]));
        Some(OpusHead {
            n_channels,
            pre_skip,
            gain: i16::from_le_bytes([gain_low, gain_high]),
            n_streams,
            n_coupled,
            mapping,
        })
    }
}

/// Channels in the order of WAV files (front, centre, low frequencies, back, side), of Vorbis' order.
fn in_order(mapping: &[u8]) -> Vec<u8> {
    let order: &[usize] = match mapping.len() {
        3 => &[0, 2, 1],
        5 => &[0, 2, 1, 3, 4],
        6 => &[0, 2, 1, 5, 3, 4],
        7 => &[0, 2, 1, 6, 5, 3, 4],
        8 => &[0, 2, 1, 7, 5, 6, 3, 4],
        _ => return mapping.to_vec(),
    };
    order.iter().map(|&channel| mapping[channel]).collect()
}

impl OpusDecoder {
    /// A decoder for a stream that begins with this packet.
    ///
    /// # Errors
    /// [`Error::File`] if it is none that is known.
    pub(super) fn new(path: &Path, head: &[u8]) -> Result<OpusDecoder, Error> {
        let head = OpusHead::parse(head).ok_or_else(|| {
            Error::file_with_hint(
                path,
                "the head of this Opus stream is broken, or of a kind (ambisonics, say) that is not read here",
                "make a WAV file of it, for example: ffmpeg -i FILE out.wav",
            )
        })?;
        let table = ChannelMappingTable {
            channels: head.n_channels as u8,
            stream_count: head.n_streams as u8,
            coupled_count: head.n_coupled as u8,
            mapping: head.mapping.clone(),
        };
        let inner = MultistreamDecoder::new(OPUS_RATE as i32, table)
            .map_err(|fault| Error::file(path, fault))?;
        let block = vec![0.0; LONGEST_PACKET * head.n_channels];
        // The gain is in units of 1/256 dB.
        let gain = 10f32.powf(f32::from(head.gain) / (20.0 * 256.0));
        Ok(OpusDecoder {
            inner,
            block,
            gain,
            head,
        })
    }

    pub(super) fn head(&self) -> &OpusHead {
        &self.head
    }

    /// Decodes a packet behind what is there.
    ///
    /// # Errors
    /// What is wrong with the packet.
    pub(super) fn decode(
        &mut self,
        packet: &[u8],
        channels: &mut [Vec<f32>],
    ) -> Result<(), String> {
        let Some(&first) = packet.first() else {
            return Err("an empty packet".into());
        };
        // Configurations 16, 20, 24 and 28 are frames of 2.5 ms (RFC 6716, table 2); in stereo the decoder gets them wrong.
        if first >> 3 >= 16 && first >> 3 & 3 == 0 && first & 4 != 0 {
            return Err("frames of 2.5 ms in stereo, which are not read here".into());
        }
        let n = self
            .inner
            .decode(packet, LONGEST_PACKET, &mut self.block)
            .map_err(str::to_owned)?;
        let samples = &self.block[..n * channels.len()];
        for block in samples.chunks_exact(channels.len()) {
            for (channel, sample) in channels.iter_mut().zip(block) {
                channel.push(sample * self.gain);
            }
        }
        Ok(())
    }
}

/// What the head of an Ogg Opus file says, and its last page.
///
/// # Errors
/// [`Error::File`] if it is broken.
pub(super) fn read_opus_header(path: &Path, file: &mut Part) -> Result<Header, Error> {
    let fault = |error| Error::file(path, error);
    let mut bytes = Vec::new();
    file.by_ref()
        .take(1 << 16)
        .read_to_end(&mut bytes)
        .map_err(fault)?;
    let (first, _) = pages(&bytes);
    let head = first
        .iter()
        .find_map(|page| Some((page.serial, OpusHead::parse(page.pieces().next()?.0)?)));
    let Some((serial, head)) = head else {
        // The decoder says what is wrong.
        file.rewind().map_err(fault)?;
        bytes.clear();
        file.read_to_end(&mut bytes).map_err(fault)?;
        let channels = decode_opus(path, &bytes)?;
        let n_samples = Some(channels[0].len() as u64);
        return Ok(Header {
            sample_rate: OPUS_RATE,
            n_channels: channels.len(),
            n_samples,
        });
    };
    let end = last_granule(file, serial).map_err(fault)?;
    let n_samples = end.map(|end| (end as u64).saturating_sub(head.pre_skip));
    let header = Header {
        sample_rate: OPUS_RATE,
        n_channels: head.n_channels,
        n_samples,
    };
    check_head(path, &header)?;
    Ok(header)
}

/// Decodes an Ogg Opus stream: its channels.
///
/// # Errors
/// [`Error::File`] if it is broken or cut short.
pub(super) fn decode_opus(path: &Path, bytes: &[u8]) -> Result<Vec<Vec<f32>>, Error> {
    let (pages, ending) = pages(bytes);
    let head = |page: &Page| {
        page.is_first
            && page
                .pieces()
                .next()
                .is_some_and(|(piece, _)| piece.starts_with(b"OpusHead"))
    };
    let serial = pages.iter().find(|page| head(page)).map(|page| page.serial);
    let mut decoder: Option<OpusDecoder> = None;
    let mut channels: Vec<Vec<f32>> = Vec::new();
    let (mut packet, mut n_packets) = (Vec::new(), 0);
    let (mut first, mut last) = (None, None);
    for page in pages.iter().filter(|page| Some(page.serial) == serial) {
        for (piece, ends) in page.pieces() {
            packet.extend_from_slice(piece);
            if !ends {
                continue;
            }
            n_packets += 1;
            match (&mut decoder, n_packets) {
                (None, _) => {
                    let new = OpusDecoder::new(path, &packet)?;
                    channels = vec![Vec::new(); new.head().n_channels];
                    decoder = Some(new);
                }
                // The second packet holds tags.
                (Some(_), 2) => (),
                (Some(decoder), _) => {
                    let n = channels[0].len();
                    decoder
                        .decode(&packet, &mut channels)
                        .map_err(|fault| broken(path, &fault, n, OPUS_RATE))?;
                    check_length(path, channels[0].len() as u64, channels.len())?;
                }
            }
            packet.clear();
        }
        if page.granule >= 0 && n_packets > 2 {
            let n = channels[0].len() as i64;
            first = first.or(Some(if page.is_last {
                0
            } else {
                (page.granule - n).max(0)
            }));
            last = page.is_last.then_some(page.granule);
        }
    }
    let n = channels.first().map_or(0, Vec::len);
    match ending {
        Ending::Cut => return Err(cut_short(path, None, n)),
        Ending::Broken => {
            return Err(broken(
                path,
                &"the checksum of a page is wrong",
                n,
                OPUS_RATE,
            ));
        }
        Ending::Whole => (),
    }
    let Some(decoder) = decoder else {
        return Err(Error::file(path, "there is no Opus stream in this file"));
    };
    // A recording that was begun in the middle counts on from where it was.
    let end = last.map_or(n, |last: i64| {
        (last - first.unwrap_or(0)).clamp(0, n as i64) as usize
    });
    for channel in &mut channels {
        channel.truncate(end);
        channel.drain(..(decoder.head().pre_skip as usize).min(end));
    }
    Ok(channels)
}

#[cfg(test)]
mod tests {
    use super::super::ogg::tests::page;
    use super::*;

    const HEAD: &[u8] = b"OpusHead\x01\x01\x38\x01\x80\xBB\0\0\0\0\0";
    /// Silence of 20 ms: one frame of CELT at full band that holds nothing.
    const PACKET: &[u8] = &[0xF8, 0xFF, 0xFE];

    fn stream(ends: &[(i64, usize, u8)]) -> Vec<u8> {
        let mut file = [
            page(9, 0, 2, &[HEAD]),
            page(9, 0, 0, &[b"OpusTags\0\0\0\0\0\0\0\0"]),
        ]
        .concat();
        for &(granule, n, flags) in ends {
            file.extend(page(9, granule, flags, &vec![PACKET; n]));
        }
        file
    }

    fn length(ends: &[(i64, usize, u8)]) -> usize {
        decode_opus(Path::new("a.opus"), &stream(ends)).unwrap()[0].len()
    }

    #[test]
    fn sound_is_what_the_granules_count() {
        assert_eq!(
            length(&[(4800, 5, 0), (9000, 5, 4)]),
            9000 - 312,
            "the end of the last packet is padding"
        );
        assert_eq!(
            length(&[(4800, 5, 0), (9600, 5, 0)]),
            9600 - 312,
            "a stream that was not ended"
        );
        assert_eq!(
            length(&[(1_004_800, 5, 0), (1_009_000, 5, 4)]),
            9000 - 312,
            "a stream begun in the middle"
        );
        assert_eq!(length(&[(3000, 5, 4)]), 3000 - 312, "a stream of one page");
        assert_eq!(length(&[(100, 5, 4)]), 0);
    }

    #[test]
    fn the_head_counts_samples_without_decoding() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.opus");
        let bytes = stream(&[(4800, 5, 0), (9000, 5, 4)]);
        std::fs::write(&path, &bytes).unwrap();
        let mut part =
            Part::new(std::fs::File::open(&path).unwrap(), 0, bytes.len() as u64).unwrap();
        let header = read_opus_header(&path, &mut part).unwrap();
        assert_eq!(
            header,
            Header {
                sample_rate: 48_000,
                n_channels: 1,
                n_samples: Some(8688)
            }
        );
    }

    #[test]
    fn heads_are_understood_or_refused() {
        let head = OpusHead::parse(HEAD).unwrap();
        assert_eq!(
            (
                head.n_channels,
                head.pre_skip,
                head.n_streams,
                head.n_coupled
            ),
            (1, 312, 1, 0)
        );
        let surround =
            b"OpusHead\x01\x06\x38\x01\x80\xBB\0\0\0\0\x01\x04\x02\0\x04\x01\x02\x03\x05";
        assert_eq!(
            OpusHead::parse(surround).unwrap().mapping,
            [0, 1, 4, 5, 2, 3]
        );
        for broken in [
            &HEAD[..18],
            b"OpusHead\x01\x03\0\0\0\0\0\0\0\0\0",
            b"OpusHead\x01\x02\0\0\0\0\0\0\0\0\x01\x01\x00\0\x07",
            b"x",
        ] {
            assert_eq!(OpusHead::parse(broken), None);
        }
    }

    #[test]
    fn broken_streams_are_errors_and_no_panics() {
        let whole = stream(&[(4800, 5, 0), (9000, 5, 4)]);
        for end in (0..whole.len()).step_by(3) {
            let _ = decode_opus(Path::new("a.opus"), &whole[..end]);
        }
        assert!(decode_opus(Path::new("a.opus"), &whole[..whole.len() - 1]).is_err());
        let mut decoder = OpusDecoder::new(Path::new("a.opus"), HEAD).unwrap();
        let mut state = 1u32;
        for n in 0..400 {
            let packet: Vec<u8> = (0..n % 90)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            let _ = decoder.decode(&packet, &mut [Vec::new()]);
        }
    }
}
