//! What can be asked of a sound and done with it.

use super::player::player;
use crate::script::{Function, Picture, ScriptError, ScriptValue, Topic, outline_rows, room_for};
use auricle_audio::{Waveform, dsp, io, plot};
use rhai::Dynamic;
use serde_json::Value as Json;
use std::path::Path;

impl ScriptValue for Waveform {
    const NAME: &'static str = "wave";

    fn text(&self) -> String {
        let channels = match self.n_channels() {
            1 => "mono".to_owned(),
            2 => "stereo".to_owned(),
            n => format!("{n} channels"),
        };
        let peak_db = 20.0 * self.peak().log10();
        let (seconds, rate) = (self.duration_s(), self.sample_rate());
        let facts = format!("wave {seconds:.3} s, {rate} Hz, {channels}, peak {peak_db:.1} dB");
        format!(
            "{facts} {}",
            plot::envelope_line(self, LINE.saturating_sub(facts.chars().count() + 1).min(40))
        )
    }

    fn picture(&self) -> Option<Picture> {
        // Sounds beyond full scale are drawn up to their own peak.
        let full = self.peak().max(1.0);
        let bounds = plot::bounds(&self.to_mono(), 2 * LINE);
        let bounds: Vec<(f64, f64)> = bounds
            .iter()
            .map(|&(low, high)| (f64::from(low) / full, f64::from(high) / full))
            .collect();
        (!bounds.is_empty()).then(|| Picture::Rows(outline_rows(&bounds, 4)))
    }

    fn is_long(&self) -> bool {
        self.samples().len() >= LONG
    }

    fn parts(&self) -> Vec<(&'static str, Json)> {
        vec![("text/html", player(self).into())]
    }

    fn same(&self, other: &Waveform) -> Option<bool> {
        Some(self == other)
    }
}

/// Columns of a line.
const LINE: usize = 80;

pub(super) fn functions() -> Vec<Function> {
    let mut all = properties();
    all.extend(measures());
    all.push(resample());
    all.extend(changes());
    all.extend(operators());
    all.push(save());
    all
}

fn method<R: Into<Dynamic>>(
    name: &'static str,
    body: impl Fn(&Waveform, &crate::script::Call<'_>) -> Result<R, ScriptError> + Send + Sync + 'static,
) -> Function {
    Function::new(name, Topic::Sound, move |call| {
        body(&call.receiver()?, call)
    })
    .on::<Waveform>()
}

fn properties() -> Vec<Function> {
    vec![
        Function::property::<Waveform, _>("sample_rate", Topic::Sound, |w| {
            Ok(i64::from(w.sample_rate()))
        })
        .about("Samples per second, Hz.")
        .example("assert(tone(440, 1).sample_rate == 16000)"),
        Function::property::<Waveform, _>("seconds", Topic::Sound, |w| Ok(w.duration_s()))
            .about("Duration, s.")
            .example("assert(tone(440, 1.5).seconds == 1.5)"),
        Function::property::<Waveform, _>(
            "n_channels",
            Topic::Sound,
            |w| Ok(w.n_channels() as i64),
        )
        .about("Number of channels.")
        .example("assert(tone(440, 1).n_channels == 1)"),
        Function::property::<Waveform, _>("n_samples", Topic::Sound, |w| Ok(w.n_samples() as i64))
            .about("Samples per channel.")
            .example("assert(tone(440, 0.5).n_samples == 8000)"),
    ]
}

/// What the samples of a sound take.
fn bytes(wave: &Waveform) -> u64 {
    size_of_val(wave.samples()) as u64
}

fn measures() -> Vec<Function> {
    vec![
        method("samples", |wave, call| {
            let channel = call.get::<usize>("channel")?;
            if channel >= wave.n_channels() {
                return Err(call.wrong("channel", &format!("within 0..{}", wave.n_channels() - 1)));
            }
            room_for("the array", (wave.n_samples() * size_of::<Dynamic>()) as u64)?;
            Ok(Dynamic::from_array(wave.channel(channel).iter().map(|&x| f64::from(x).into()).collect()))
        })
        .about("Gives the samples of a channel as an array of numbers.")
        .param_or::<usize>("channel", 0, "which channel, from 0")
        .returns("array")
        .example("assert(wave([0.0, 1.0], 8000).samples() == [0.0, 1.0])"),
        method("peak", |wave, _| Ok(wave.peak()))
            .about("Gives the largest magnitude of a sample.")
            .returns("number")
            .example("assert(wave([0.5, -0.75], 8000).peak() == 0.75)"),
        method("rms_db", |wave, _| Ok(wave.rms_db()))
            .about("Gives the level, dB relative to a root mean square of 1.")
            .returns("number")
            .example("assert_near(wave([0.1, -0.1], 8000).rms_db(), -20, 0.001)"),
        method("lufs", |wave, _| Ok(dsp::loudness_lufs(wave.samples(), wave.n_channels(), wave.sample_rate())))
            .about("Gives the integrated loudness, LUFS (ITU-R BS.1770-4); minus infinity if there is nothing to hear.")
            .returns("number")
            .example("assert_near(tone(997, 1, #{ sample_rate: 48000 }).lufs(), -3.01, 0.02)"),
        Function::new("snr_db", Topic::Sound, |call| {
            Ok(call.value::<Waveform>("clean")?.snr_db(&call.value::<Waveform>("noisy")?)?)
        })
        .about("Gives the level of a clean sound over what a noisy one adds to it, dB.")
        .param::<Dynamic>("clean", "the clean sound")
        .param::<Dynamic>("noisy", "the noisy one, of the same length and rate")
        .returns("number")
        .example("let x = tone(440, 1); assert_near(snr_db(x, x |> noise(10)), 10, 0.01)"),
    ]
}

fn resample() -> Function {
    method("resample", |wave, call| {
        Ok(Dynamic::from(dsp::resample(
            wave,
            call.get("sample_rate")?,
        )?))
    })
    .about("Converts to another sample rate, band-limited.")
    .param::<u32>("sample_rate", "samples per second, Hz")
    .returns("wave")
    .example("assert(tone(440, 1).resample(8000).n_samples == 8000)")
}

/// Samples from which what is done to a sound may take a person's time.
pub(super) const LONG: usize = 1 << 18;

fn changes() -> Vec<Function> {
    vec![
        method("vary_speed", |wave, call| {
            let speeds = call.get::<Vec<f64>>("speeds")?;
            Ok(Dynamic::from(dsp::vary_speed(wave, &speeds)?))
        })
        .about("Plays a sound as a tape whose speed is given for every sample of the result; silence follows its end.")
        .param::<Vec<f64>>("speeds", "how many times as fast, a number for each sample of the result")
        .returns("wave")
        .example(
            "let x = wave([0.0, 1.0, 0.0, 0.0], 8000); assert(x.vary_speed([1, 0, 1]).samples() == [0.0, 1.0, 1.0])",
        ),
        method("mono", |wave, _| Ok(Dynamic::from(wave.to_mono())))
            .about("Mixes all channels down to their mean.")
            .returns("wave")
            .example("assert(wave([[1.0], [0.0]], 8000).mono().samples() == [0.5])"),
        method("channel", |wave, call| {
            let index = call.get::<usize>("index")?;
            if index >= wave.n_channels() {
                return Err(call.wrong("index", &format!("within 0..{}", wave.n_channels() - 1)));
            }
            Ok(Dynamic::from(Waveform::mono(wave.channel(index).to_vec(), wave.sample_rate())?))
        })
        .about("Takes one channel out.")
        .param::<usize>("index", "which channel, from 0")
        .returns("wave")
        .example("assert(wave([[1.0], [0.25]], 8000).channel(1).peak() == 0.25)"),
        method("slice", |wave, call| Ok(Dynamic::from(wave.slice(call.get("start")?, call.get("end")?)?)))
            .about("Cuts a part out.")
            .param::<f64>("start", "where the part begins, s")
            .param::<f64>("end", "where it ends, s; limited to the sound")
            .returns("wave")
            .example("assert_near(tone(440, 1).slice(0.2, 0.5).seconds, 0.3)"),
        method("add_noise", |wave, call| {
            Ok(Dynamic::from(wave.with_noise(&call.value("noise")?, call.get("snr_db")?)?))
        })
        .about("Adds another sound as noise, at a ratio of the levels of both.")
        .param::<Dynamic>("noise", "the noise, of the same rate and channels; repeated or cut to length")
        .param::<f64>("snr_db", "power of the sound over power of the noise, dB")
        .returns("wave")
        .example("let x = tone(440, 1); assert_near(snr_db(x, x.add_noise(white_noise(0.3), 6)), 6, 0.001)"),
        method("then", |wave, call| {
            let next = call.value::<Waveform>("next")?;
            room_for("the sound", bytes(wave) + bytes(&next))?;
            Ok(Dynamic::from(wave.joined(&next)?))
        })
        .about("Puts another sound behind this one.")
        .param::<Dynamic>("next", "a sound of the same rate and channels")
        .returns("wave")
        .example("assert(tone(440, 0.5).then(silence(0.25)).seconds == 0.75)"),
    ]
}

fn operators() -> Vec<Function> {
    fn scaled<A: Clone + 'static, B: Clone + 'static>(
        wave: &'static str,
        factor: &'static str,
    ) -> Function {
        Function::operator::<A, B, _>("*", Topic::Sound, move |call| {
            Ok(Dynamic::from(
                call.value::<Waveform>(wave)?.scaled(call.get(factor)?)?,
            ))
        })
        .about("Multiplies every sample of a sound.")
        .returns("wave")
        .example("assert_near((0.5 * tone(440, 1)).peak(), 0.5, 0.001)")
    }
    vec![
        Function::operator::<Waveform, Waveform, _>("+", Topic::Sound, |call| {
            Ok(Dynamic::from(call.value::<Waveform>("left")?.mixed(&call.value("right")?)?))
        })
        .about("Mixes two sounds of the same rate; the shorter one is followed by silence.")
        .returns("wave")
        .example("assert((tone(440, 1) + silence(2)).seconds == 2.0)"),
        Function::operator::<Waveform, Waveform, _>("-", Topic::Sound, |call| {
            let negative = call.value::<Waveform>("right")?.scaled(-1.0)?;
            Ok(Dynamic::from(call.value::<Waveform>("left")?.mixed(&negative)?))
        })
        .about("Subtracts a sound from another of the same rate; the shorter one is followed by silence.")
        .returns("wave")
        .example("let x = tone(440, 1); assert((x - x).peak() == 0.0)"),
        scaled::<f64, Waveform>("right", "left"),
        scaled::<i64, Waveform>("right", "left"),
        scaled::<Waveform, f64>("left", "right"),
        scaled::<Waveform, i64>("left", "right"),
    ]
}

fn save() -> Function {
    const FORMATS: [(&str, io::SampleFormat); 3] = [
        ("float32", io::SampleFormat::Float32),
        ("int16", io::SampleFormat::Int16),
        ("int24", io::SampleFormat::Int24),
    ];
    method("save", |wave, call| {
        let (path, name) = (call.get::<String>("path")?, call.get::<Option<String>>("format")?);
        let path = Path::new(&path);
        let ending = path.extension().map(|ending| ending.to_ascii_lowercase().to_string_lossy().into_owned());
        let wrong = |wanted: &str| Err(call.wrong("format", wanted));
        match (ending.as_deref(), name.as_deref()) {
            (Some("wav" | "wave"), name) => match FORMATS.iter().find(|(known, _)| *known == name.unwrap_or("float32"))
            {
                Some((_, format)) => Ok(io::write_wav(path, wave, *format)?),
                None => wrong("\"float32\", \"int16\" or \"int24\""),
            },
            (Some("flac"), None | Some("int24")) => Ok(io::write_flac(path, wave, io::FlacFormat::Int24)?),
            (Some("flac"), Some("int16")) => Ok(io::write_flac(path, wave, io::FlacFormat::Int16)?),
            (Some("flac"), Some(_)) => wrong("\"int24\" or \"int16\" in a FLAC file"),
            _ => Err(call.wrong("path", "a name that ends in `.wav` or `.flac`")),
        }
    })
    .about("Saves a sound as a WAV or FLAC file, whole or not at all.")
    .param::<String>("path", "where to; ends in `.wav` or `.flac`")
    .option::<Option<String>>(
        "format",
        (),
        "\"float32\" (WAV; every bit is kept), \"int16\" or \"int24\"; float32 in WAV and int24 in FLAC if not given",
    )
    .reads_data()
    .example("let f = temporary_folder() + \"/a.wav\"; let x = tone(440, 0.1); x.save(f); assert(load(f) == x)")
}
