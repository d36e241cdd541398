//! Event files of TensorBoard: records of numbers, pictures and sounds by name and step.
//!
//! A record is its length, a checksum of that, the message, and a checksum of that. The message is a protocol buffer,
//! `tensorflow.Event`, of which a few fields are needed.

use crate::protobuf::Message;
use std::sync::OnceLock;

/// The first message of a file, which says how it is to be read.
pub(super) fn head(wall_time: f64) -> Vec<u8> {
    record(&time(wall_time).text(FILE_VERSION, "brain.Event:2"))
}

/// A message with numbers at a step.
pub(super) fn scalars(wall_time: f64, step: u64, figures: &[(String, f64)]) -> Vec<u8> {
    let values = figures.iter().map(|(name, value)| {
        let tagged = Message::default().text(TAG, name);
        tagged.float(SIMPLE_VALUE, *value as f32)
    });
    at_step(wall_time, step, values)
}

/// A message with a picture, a PNG file in colours, before the first step.
pub(super) fn picture(
    wall_time: f64,
    name: &str,
    [width, height]: [usize; 2],
    file: &[u8],
) -> Vec<u8> {
    let image = Message::default()
        .int(HEIGHT, height as i64)
        .int(WIDTH, width as i64)
        .int(COLORSPACE, RGB)
        .bytes(ENCODED, file);
    shown(wall_time, name, IMAGE, &image)
}

/// A message with a sound, a WAV file of some channels and samples of each, before the first step.
pub(super) fn sound(
    wall_time: f64,
    name: &str,
    sample_rate: u32,
    [channels, length]: [usize; 2],
    file: &[u8],
) -> Vec<u8> {
    let sound = Message::default()
        .float(SAMPLE_RATE, sample_rate as f32)
        .int(CHANNELS, channels as i64)
        .int(LENGTH, length as i64)
        .bytes(ENCODED, file)
        .text(CONTENT_TYPE, "audio/wav");
    shown(wall_time, name, AUDIO, &sound)
}

/// Something under a name before the first step; the field says what.
fn shown(wall_time: f64, name: &str, field: u64, what: &Message) -> Vec<u8> {
    let value = Message::default().text(TAG, name).message(field, what);
    at_step(wall_time, 0, [value])
}

fn at_step(wall_time: f64, step: u64, values: impl IntoIterator<Item = Message>) -> Vec<u8> {
    let summary = values
        .into_iter()
        .fold(Message::default(), |summary, value| {
            summary.message(VALUE, &value)
        });
    let event = time(wall_time).int(STEP, step as i64);
    record(&event.message(SUMMARY, &summary))
}

// Numbers of fields, as `event.proto` and `summary.proto` have them.
const WALL_TIME: u64 = 1;
const STEP: u64 = 2;
const FILE_VERSION: u64 = 3;
const SUMMARY: u64 = 5;
const VALUE: u64 = 1;
const TAG: u64 = 1;
const SIMPLE_VALUE: u64 = 2;
const IMAGE: u64 = 4;
const HEIGHT: u64 = 1;
const WIDTH: u64 = 2;
const COLORSPACE: u64 = 3;
const ENCODED: u64 = 4;
const AUDIO: u64 = 6;
const SAMPLE_RATE: u64 = 1;
const CHANNELS: u64 = 2;
const LENGTH: u64 = 3;
const CONTENT_TYPE: u64 = 5;

/// What TensorBoard calls red, green and blue.
const RGB: i64 = 3;

fn time(wall_time: f64) -> Message {
    Message::default().double(WALL_TIME, wall_time)
}

fn record(message: &Message) -> Vec<u8> {
    let message = message.as_bytes();
    let length = (message.len() as u64).to_le_bytes();
    let mut out = length.to_vec();
    out.extend(masked(crc32c(&length)).to_le_bytes());
    out.extend(message);
    out.extend(masked(crc32c(message)).to_le_bytes());
    out
}

/// A checksum as it stands in a file, so that one of data that holds checksums is no trouble.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The checksum of Castagnoli's polynomial (RFC 3720), which differs from that of zip.
fn crc32c(bytes: &[u8]) -> u32 {
    static TABLE: OnceLock<[u32; 256]> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        std::array::from_fn(|byte| {
            (0..8).fold(byte as u32, |crc, _| {
                (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
            })
        })
    });
    !bytes.iter().fold(!0, |crc, byte| {
        (crc >> 8) ^ table[usize::from(crc as u8 ^ byte)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // RFC 3720, section B.4: 32 bytes of zeros, of ones, and ascending; and the usual check of catalogues.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        let ascending: Vec<u8> = (0..32).collect();
        assert_eq!(crc32c(&ascending), 0x46dd_794e);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_message_is_laid_out_as_the_protocol_says() {
        let record = scalars(1.0, 300, &[("a".into(), 0.5)]);
        let message = [
            [9].as_slice(),
            &1f64.to_le_bytes(),
            // The step 300 takes two bytes; then a summary of 10 bytes, a value of 8: tag and number.
            &[0x10, 0xac, 0x02, 0x2a, 10, 0x0a, 8, 0x0a, 1, b'a', 0x15],
            &0.5f32.to_le_bytes(),
        ]
        .concat();
        assert_eq!(record[..8], (message.len() as u64).to_le_bytes());
        assert_eq!(record[12..record.len() - 4], message);
    }
}
