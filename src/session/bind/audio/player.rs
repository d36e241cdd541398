//! A sound in a notebook: its outline and a player, which need neither a script nor a network.

use crate::script::{data_url, svg_image};
use auricle_audio::Waveform;
use auricle_audio::io::{SampleFormat, wav_file};
use auricle_audio::plot;

/// Longer sounds get no player: the notebook would hold every sample twice.
const LONGEST_S: f64 = 60.0;

/// An outline, and below it a player.
pub(super) fn player(wave: &Waveform) -> String {
    let picture = svg_image("outline", &plot::outline_svg(wave, 480, 64));
    let facts = format!("{:.3} s, {} Hz, {} ch", wave.duration_s(), wave.sample_rate(), wave.n_channels());
    let player = match wav_file(wave, SampleFormat::Int16) {
        Ok(file) if wave.duration_s() <= LONGEST_S => {
            format!("<audio controls preload=\"metadata\" src=\"{}\"></audio>", data_url("audio/wav", file))
        }
        _ => format!("<em>no player: longer than {LONGEST_S} s; `.slice(0, {LONGEST_S})` has one</em>"),
    };
    format!("<figure style=\"margin:0\">{picture}<br>{player}<figcaption>{facts}</figcaption></figure>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sounds_have_an_outline_only() {
        let wave = |n: usize| Waveform::mono(vec![0.5; n], 100).unwrap();
        assert!(player(&wave(100)).contains("data:audio/wav;base64,UklGR"));
        let long = player(&wave(6100));
        assert!(!long.contains("<audio") && long.contains("data:image/svg+xml"));
    }
}
