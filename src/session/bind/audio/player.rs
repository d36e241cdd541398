//! Sounds in a notebook: outlines and players, which need neither a script nor a network.

use auricle_audio::Waveform;
pub(in crate::bind) use auricle_audio::plot::{players, wav_url};

/// An outline, and below it a player.
pub(super) fn player(wave: &Waveform) -> String {
    players(&[("", wave)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn wave(samples: Vec<f32>) -> Waveform {
        Waveform::mono(samples, 100).unwrap()
    }

    /// The 16-bit samples of every player of a page.
    fn played(html: &str) -> Vec<Vec<i16>> {
        let files = html
            .split("data:audio/wav;base64,")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        files
            .map(|file| {
                let bytes = STANDARD.decode(file).unwrap();
                bytes[44..]
                    .chunks(2)
                    .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn long_sounds_have_an_outline_only() {
        assert!(player(&wave(vec![0.5; 100])).contains("data:audio/wav;base64,UklGR"));
        let long = player(&wave(vec![0.5; 6100]));
        assert!(!long.contains("<audio") && long.contains("data:image/png"));
    }

    #[test]
    fn sounds_side_by_side_are_played_at_one_volume() {
        let html = players(&[
            ("soft <1>", &wave(vec![0.5, -0.5])),
            ("loud", &wave(vec![2.0, -1.0])),
        ]);
        assert_eq!(played(&html), [[8192, -8192], [32767, -16384]]);
        assert!(
            html.contains("soft &lt;1&gt;") && html.contains("played 6.0 dB lower"),
            "{html}"
        );
        assert!(!player(&wave(vec![1.0])).contains("lower"));
    }
}
