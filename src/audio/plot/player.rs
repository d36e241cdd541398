//! Sounds in a notebook: outlines and players, which need neither a script nor a network.

use super::Frame;
use crate::io::{SampleFormat, wav_file};
use crate::{Error, Waveform};
use auricle_figure::{data_url, escape, png_image};

/// Longer sounds get no player: the notebook would hold every sample twice.
const LONGEST_S: f64 = 60.0;

/// Size of an outline in the page's pixels; it is drawn with twice as many, for fine screens.
const SIZE: [usize; 2] = [480, 64];

/// Sounds below each other, each with its name, outline and player. All outlines have one scale of time and one of
/// amplitude, and all players one volume.
pub fn players(sounds: &[(&str, &Waveform)]) -> String {
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
        Err(error) => format!("<em>no player: {}</em>", escape(&error.to_string())),
    }
}

/// A sound at a volume as the address of a file that holds it.
///
/// # Errors
/// [`Error::BadSample`] if the volume is so large that a sample is not finite, [`Error::Unusable`] for what a WAV file cannot
/// hold.
pub fn wav_url(wave: &Waveform, volume: f64) -> Result<String, Error> {
    let file = wav_file(&wave.scaled(volume)?, SampleFormat::Int16).map_err(Error::Unusable)?;
    Ok(data_url("audio/wav", file))
}
