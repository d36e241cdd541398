//! Sounds made from nothing, and from files.

use super::super::Environment;
use super::sound::LONG;
use crate::script::{Call, Function, ScriptError, Topic, room_for};
use auricle_audio::{Key, Place, Waveform, io, synth};
use rhai::{Array, Dynamic};
use std::path::Path;
use std::sync::Arc;

/// The rate at which sound is made unless the call says otherwise, Hz.
const SAMPLE_RATE: i64 = 16_000;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        load(),
        wave(),
        tone(),
        chirp(),
        silence(),
        white_noise(environment),
        click(),
    ]
}

fn made(function: Function) -> Function {
    let long = |call: &Call<'_>| {
        let samples = call.get::<f64>("seconds").unwrap_or(0.0) * rate(call).map_or(0.0, f64::from);
        samples >= LONG as f64
    };
    function
        .long_if(long)
        .option::<u32>("sample_rate", SAMPLE_RATE, "samples per second, Hz")
        .returns("wave")
}

fn rate(call: &Call<'_>) -> Result<u32, ScriptError> {
    call.get("sample_rate")
}

/// The duration of a sound to be made, s, if there is memory for its samples.
fn seconds(call: &Call<'_>) -> Result<f64, ScriptError> {
    let seconds = call.get::<f64>("seconds")?;
    room_for(
        "the sound",
        (seconds * f64::from(rate(call)?)) as u64 * size_of::<f32>() as u64,
    )?;
    Ok(seconds)
}

fn load() -> Function {
    Function::new("load", Topic::Sound, |call| {
        Ok(Dynamic::from(io::read(Path::new(&call.get::<String>("path")?))?))
    })
    .long()
    .about("Reads a sound file: WAV, AIFF, CAF, FLAC, ALAC, MP3, MP2, AAC in M4A, Vorbis and Opus, also in WebM and Matroska.")
    .param::<String>("path", "the file; relative paths start where the program was started")
    .returns("wave")
    .reads_data()
    .example(
        "let file = temporary_folder() + \"/a.wav\"; tone(440, 0.1).save(file); assert(load(file).n_samples == 1600)",
    )
}

fn wave() -> Function {
    Function::new("wave", Topic::Sound, |call| {
        let (samples, sample_rate) = (
            call.get::<Array>("samples")?,
            call.get::<u32>("sample_rate")?,
        );
        let channel = |value: &Dynamic| -> Result<Vec<f32>, ScriptError> {
            let numbers = <Vec<f64> as crate::script::FromScript>::from_script(value);
            let numbers = numbers.ok_or_else(|| {
                call.wrong(
                    "samples",
                    "an array of numbers, or one such array a channel",
                )
            })?;
            Ok(numbers.into_iter().map(|x| x as f32).collect())
        };
        let channels: Vec<Vec<f32>> = match samples.first() {
            Some(first) if first.is_array() => {
                samples.iter().map(channel).collect::<Result<_, _>>()?
            }
            _ => vec![channel(&Dynamic::from_array(samples))?],
        };
        if let Some(other) = channels
            .iter()
            .find(|other| other.len() != channels[0].len())
        {
            let lengths = format!("{} and {} samples", channels[0].len(), other.len());
            return Err(ScriptError::new(format!(
                "all channels must be equally long, not {lengths}"
            )));
        }
        Ok(Dynamic::from(Waveform::new(
            channels.concat(),
            channels.len(),
            sample_rate,
        )?))
    })
    .about("Makes a sound from numbers.")
    .param::<Array>(
        "samples",
        "the samples, or an array of samples for each channel",
    )
    .param::<u32>("sample_rate", "samples per second, Hz")
    .returns("wave")
    .example("assert(wave([0.0, 0.5, -0.5], 8000).peak() == 0.5)")
}

fn tone() -> Function {
    made(
        Function::new("tone", Topic::Sound, |call| {
            Ok(Dynamic::from(synth::tone(
                call.get("freq_hz")?,
                seconds(call)?,
                rate(call)?,
            )?))
        })
        .about("Makes a sine of amplitude 1.")
        .param::<f64>("freq_hz", "frequency, Hz; at most half the sample rate")
        .param::<f64>("seconds", "duration, s")
        .example("assert_near(tone(440, 1).rms_db(), -3.0103, 0.001)"),
    )
}

fn chirp() -> Function {
    made(
        Function::new("chirp", Topic::Sound, |call| {
            let (from, to, seconds) = (call.get("from_hz")?, call.get("to_hz")?, seconds(call)?);
            Ok(Dynamic::from(synth::chirp(from, to, seconds, rate(call)?)?))
        })
        .about("Makes a sine of amplitude 1 that glides from one frequency to another, every octave equally fast.")
        .param::<f64>("from_hz", "frequency at the start, Hz")
        .param::<f64>("to_hz", "frequency at the end, Hz")
        .param::<f64>("seconds", "duration, s")
        .example("assert(chirp(100, 4000, 0.5).n_samples == 8000)"),
    )
}

fn silence() -> Function {
    made(
        Function::new("silence", Topic::Sound, |call| {
            Ok(Dynamic::from(synth::silence(seconds(call)?, rate(call)?)?))
        })
        .about("Makes silence.")
        .param::<f64>("seconds", "duration, s")
        .example("assert(silence(0.5).peak() == 0.0)"),
    )
}

fn white_noise(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    made(
        Function::new("white_noise", Topic::Sound, move |call| {
            let seed = call
                .get::<Option<u64>>("seed")?
                .unwrap_or_else(|| environment.seed());
            let mut rng = Key::of_seed(seed).at(Place::ROOT.named("white_noise"));
            Ok(Dynamic::from(synth::white_noise(
                seconds(call)?,
                rate(call)?,
                &mut rng,
            )?))
        })
        .about("Makes Gaussian noise whose standard deviation is 1.")
        .param::<f64>("seconds", "duration, s")
        .option::<Option<u64>>("seed", (), "seed of the noise; the session's if not given")
        .example("assert_near(white_noise(1).rms_db(), 0, 0.1)"),
    )
}

fn click() -> Function {
    made(
        Function::new("click", Topic::Sound, |call| {
            Ok(Dynamic::from(synth::click(
                call.get("at_s")?,
                seconds(call)?,
                rate(call)?,
            )?))
        })
        .about("Makes silence with a single sample of 1.")
        .param::<f64>("at_s", "where the click is, s")
        .param::<f64>("seconds", "duration, s")
        .example("assert(click(0.5, 1).samples()[8000] == 1.0)"),
    )
}
