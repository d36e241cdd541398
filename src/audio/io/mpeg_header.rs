//! The heads of frames of MPEG audio (ISO/IEC 11172-3, 2.4.1.3, and 13818-3, 2.4.1.3).

/// The layer, which is the codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Layer I.
    One,
    /// Layer II.
    Two,
    /// Layer III, MP3.
    Three,
}

/// What the four bytes before a frame say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) layer: Layer,
    /// Whether it is MPEG-1; otherwise MPEG-2 or 2.5, of half and a quarter of the rates.
    pub(super) is_mpeg1: bool,
    pub(super) sample_rate: u32,
    pub(super) n_channels: usize,
    /// Bytes of the frame with its head; `None` in free format, where only the next head tells.
    pub(super) frame_bytes: Option<usize>,
}

/// Bit rates in kbit/s by their index, from 1 on.
const MPEG1_LAYER1: [u32; 14] = [
    32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
];
const MPEG1_LAYER2: [u32; 14] = [
    32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
];
const MPEG1_LAYER3: [u32; 14] = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];
const MPEG2_LAYER1: [u32; 14] = [
    32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256,
];
const MPEG2_LAYERS23: [u32; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

impl FrameHeader {
    /// The head at the beginning of some bytes, if one is there.
    pub(super) fn parse(bytes: &[u8]) -> Option<FrameHeader> {
        let &[0xFF, b, c, d, ..] = bytes else {
            return None;
        };
        if b & 0xE0 != 0xE0 {
            return None;
        }
        let (is_mpeg1, halvings) = match (b >> 3) & 3 {
            0 => (false, 2),
            2 => (false, 1),
            3 => (true, 0),
            _ => return None,
        };
        let layer = match (b >> 1) & 3 {
            1 => Layer::Three,
            2 => Layer::Two,
            3 => Layer::One,
            _ => return None,
        };
        let base = *[44_100, 48_000, 32_000].get(usize::from((c >> 2) & 3))?;
        let sample_rate: u32 = base >> halvings;
        let rates = match (is_mpeg1, layer) {
            (true, Layer::One) => &MPEG1_LAYER1,
            (true, Layer::Two) => &MPEG1_LAYER2,
            (true, Layer::Three) => &MPEG1_LAYER3,
            (false, Layer::One) => &MPEG2_LAYER1,
            (false, _) => &MPEG2_LAYERS23,
        };
        let padding = u32::from((c >> 1) & 1);
        // The emphasis 2 is reserved: a good sign that this is no head.
        if d & 3 == 2 {
            return None;
        }
        let frame_bytes = match c >> 4 {
            0 => None,
            15 => return None,
            index => {
                let bits = 1000 * rates[usize::from(index) - 1];
                Some(match layer {
                    Layer::One => (12 * bits / sample_rate + padding) * 4,
                    Layer::Three if !is_mpeg1 => 72 * bits / sample_rate + padding,
                    _ => 144 * bits / sample_rate + padding,
                } as usize)
            }
        };
        let n_channels = if d >> 6 == 3 { 1 } else { 2 };
        Some(FrameHeader {
            layer,
            is_mpeg1,
            sample_rate,
            n_channels,
            frame_bytes,
        })
    }

    /// Samples of each channel in a frame.
    pub(super) fn n_samples(&self) -> usize {
        match self.layer {
            Layer::One => 384,
            Layer::Three if !self.is_mpeg1 => 576,
            _ => 1152,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_all_layers_are_understood() {
        let parse = |c: [u8; 4]| FrameHeader::parse(&c);
        let mp3 = parse([0xFF, 0xFB, 0x90, 0x64]).unwrap();
        assert_eq!(
            (mp3.layer, mp3.sample_rate, mp3.n_channels),
            (Layer::Three, 44_100, 2)
        );
        assert_eq!((mp3.frame_bytes, mp3.n_samples()), (Some(417), 1152));
        let low = parse([0xFF, 0xE3, 0x44, 0xC0]).unwrap();
        assert_eq!(
            (low.sample_rate, low.n_channels, low.n_samples()),
            (12_000, 1, 576)
        );
        assert_eq!(low.frame_bytes, Some(192));
        let mp2 = parse([0xFF, 0xFC, 0xA4, 0x00]).unwrap();
        assert_eq!((mp2.layer, mp2.frame_bytes), (Layer::Two, Some(576)));
        let mp1 = parse([0xFF, 0xFF, 0xC4, 0x00]).unwrap();
        assert_eq!(
            (mp1.layer, mp1.frame_bytes, mp1.n_samples()),
            (Layer::One, Some(384), 384)
        );
        assert_eq!(
            parse([0xFF, 0xFB, 0x00, 0x64]).unwrap().frame_bytes,
            None,
            "free format"
        );
        for none in [
            [0xFF, 0xFB, 0xF0, 0x64],
            [0xFF, 0xFB, 0x9C, 0x64],
            [0xFF, 0xEB, 0x90, 0x64],
            [0xFE, 0xFB, 0x90, 0],
        ] {
            assert_eq!(parse(none), None);
        }
    }
}
