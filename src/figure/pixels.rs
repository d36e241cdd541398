//! Pixels, and few colours as PNG files.

/// Coloured pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels in a row.
    pub width: usize,
    /// Red, green and blue of every pixel, rows from the top.
    pub colors: Vec<[u8; 3]>,
}

/// A picture of few colours. `pixels` are indices of `colors`, rows from the top; at most four colours of red, green,
/// blue and opacity.
pub fn palette_png(width: usize, height: usize, pixels: &[u8], colors: &[[u8; 4]]) -> Vec<u8> {
    // Two bits a pixel, four pixels a byte from the left; every row begins with a byte of its own.
    let pack = |four: &[u8]| {
        four.iter()
            .enumerate()
            .fold(0, |byte, (i, pixel)| byte | pixel << (6 - 2 * i))
    };
    let packed: Vec<u8> = pixels
        .chunks(width.max(1))
        .flat_map(|row| row.chunks(4).map(pack))
        .collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Two);
    encoder.set_palette(
        colors
            .iter()
            .flat_map(|color| color[..3].to_vec())
            .collect::<Vec<u8>>(),
    );
    encoder.set_trns(colors.iter().map(|color| color[3]).collect::<Vec<u8>>());
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&packed));
    written.expect("memory can be written to, and the pixels are as many as the header says");
    file
}
