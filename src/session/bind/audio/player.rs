//! Sounds in a notebook: outlines and players, which need neither a script nor a network.

use crate::script::{ScriptError, data_url, escape, png_image};
use auricle_audio::Waveform;
use auricle_audio::io::{SampleFormat, wav_file};
use auricle_audio::plot::Frame;

/// Longer sounds get no player: the notebook would hold every sample twice.
const LONGEST_S: f64 = 60.0;

/// Size of an outline in the page's pixels; it is drawn with twice as many, for fine screens.
const SIZE: [usize; 2] = [480, 64];

/// An outline, and below it a player.
pub(super) fn player(wave: &Waveform) -> String {
    players(&[("", wave)])
}

/// Sounds below each other, each with its name, outline and player. All outlines have one scale of time and one of
/// amplitude, and all players one volume.
pub(in crate::bind) fn players(sounds: &[(&str, &Waveform)]) -> String {
    let waves: Vec<&Waveform> = sounds.iter().map(|(_, wave)| *wave).collect();
    let frame = Frame::around(&waves, 2 * SIZE[0], 2 * SIZE[1]);
    // A player takes no sample beyond full scale: what is louder would be distorted, which is not what it sounds like.
    let volume = 1.0 / frame.peak;
    let one = |(name, wave): &(&str, &Waveform)| {
        let heading = if name.is_empty() {
            String::new()
        } else {
            format!("<b>{}</b><br>", escape(name))
        };
        let picture = png_image("outline", &frame.outline(wave), SIZE);
        let (seconds, rate, channels) = (wave.duration_s(), wave.sample_rate(), wave.n_channels());
        let mut facts = format!(
            "{seconds:.3} s, {rate} Hz, {channels} ch, {:.1} dB RMS",
            wave.rms_db()
        );
        if volume < 1.0 {
            facts += &format!(
                "; beyond full scale, played {:.1} dB lower",
                -20.0 * volume.log10()
            );
        }
        let player = audio(wave, volume);
        format!(
            "<div>{heading}{picture}<br>{player}<br><small>{}</small></div>",
            escape(&facts)
        )
    };
    sounds.iter().map(one).collect()
}

fn audio(wave: &Waveform, volume: f64) -> String {
    if wave.duration_s() > LONGEST_S {
        return format!(
            "<em>no player: longer than {LONGEST_S} s; <code>.slice(0, {LONGEST_S})</code> has one</em>"
        );
    }
    match wav_url(wave, volume) {
        Ok(url) => format!("<audio controls preload=\"metadata\" src=\"{url}\"></audio>"),
        Err(error) => format!("<em>no player: {}</em>", escape(&error.message)),
    }
}

/// A sound at a volume as the address of a file that holds it.
pub(in crate::bind) fn wav_url(wave: &Waveform, volume: f64) -> Result<String, ScriptError> {
    let file = wav_file(&wave.scaled(volume)?, SampleFormat::Int16).map_err(ScriptError::new)?;
    Ok(data_url("audio/wav", file))
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
