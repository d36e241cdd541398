//! Pictures for terminals that speak kitty's graphics protocol.
//!
//! Source: the protocol's description in kitty's documentation, "Terminal graphics protocol".

use auricle_session::script::Pixels;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Characters in one part of a picture at most, as the protocol has it.
const CHUNK: usize = 4096;

/// A picture as a PNG file in parts, shown at the cursor; the terminal gives no answer.
pub(super) fn encode(picture: &Pixels) -> Option<String> {
    let text = STANDARD.encode(png_file(picture)?);
    let n = text.len().div_ceil(CHUNK);
    let mut out = String::with_capacity(text.len() + 32 * n);
    for (i, chunk) in text.as_bytes().chunks(CHUNK).enumerate() {
        let keys = if i == 0 { "a=T,f=100,q=2," } else { "" };
        let more = u8::from(i + 1 < n);
        out.push_str(&format!(
            "\x1b_G{keys}m={more};{}\x1b\\",
            String::from_utf8_lossy(chunk)
        ));
    }
    Some(out)
}

fn png_file(picture: &Pixels) -> Option<Vec<u8>> {
    let (width, height) = (picture.width, picture.colors.len() / picture.width);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(
        &mut file,
        u32::try_from(width).ok()?,
        u32::try_from(height).ok()?,
    );
    encoder.set_color(png::ColorType::Rgb);
    encoder
        .write_header()
        .ok()?
        .write_image_data(picture.colors.as_flattened())
        .ok()?;
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_the_picture() {
        // Noise, because it does not compress into one part.
        let colors: Vec<[u8; 3]> = (0..120 * 60u32)
            .map(|i| {
                let x = i.wrapping_mul(2_654_435_761) ^ (i << 7);
                [x as u8, (x >> 9) as u8, (x >> 17) as u8]
            })
            .collect();
        let sent = encode(&Pixels {
            width: 120,
            colors: colors.clone(),
        })
        .unwrap();
        let parts: Vec<&str> = sent
            .split("\x1b\\")
            .filter(|part| !part.is_empty())
            .collect();
        assert!(parts.len() > 2, "{} parts", parts.len());
        let mut text = String::new();
        for (i, part) in parts.iter().enumerate() {
            let (keys, payload) = part
                .strip_prefix("\x1b_G")
                .unwrap()
                .split_once(';')
                .unwrap();
            let more = if i + 1 < parts.len() { "m=1" } else { "m=0" };
            assert_eq!(
                keys,
                if i == 0 {
                    format!("a=T,f=100,q=2,{more}")
                } else {
                    more.to_owned()
                }
            );
            assert!(payload.len() <= 4096 && (payload.len() % 4 == 0));
            text += payload;
        }
        let file = STANDARD.decode(text).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (120, 60));
        assert!(pixels == colors.as_flattened());
    }
}
