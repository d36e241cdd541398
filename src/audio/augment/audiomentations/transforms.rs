//! What stands for each transform here.

use super::super::{Recipe, Value};
use super::config::{Config, wrong};
use super::room;
use super::settings::{
    Settings, USUAL_RATE, number, numbers, rounded, stage, uniform, whole, word,
};
use crate::{Distribution, Error};
use serde_json::Value as Json;

/// What is gathered while a configuration is read.
pub(super) struct Import {
    pub(super) sample_rate: Option<f64>,
    pub(super) notes: Vec<String>,
}

/// `p` where it is not given: a transform is applied to every other clip, a composition always.
const P: f64 = 0.5;

/// Bit rates of MP3 that audiomentations draws from, kbit/s.
const KBPS: [f64; 18] = [
    8.0, 16.0, 24.0, 32.0, 40.0, 48.0, 56.0, 64.0, 80.0, 96.0, 112.0, 128.0, 144.0, 160.0, 192.0,
    224.0, 256.0, 320.0,
];

impl Import {
    /// The recipe of a transform or a composition; `None` if it has no counterpart, which is noted.
    pub(super) fn recipe(&mut self, config: &Config) -> Result<Option<Recipe>, Error> {
        let settings = Settings::new(config);
        let is_composition = matches!(
            config.name.as_str(),
            "Compose" | "Sequential" | "OneOf" | "SomeOf" | "PostGain"
        );
        let made = if is_composition {
            self.composition(config, &settings)?
        } else {
            self.one(config, &settings)?
        };
        let Some(mut recipe) = made else {
            return Ok(None);
        };
        for name in settings.left() {
            self.note(
                config,
                &format!("`{name}` has no counterpart and was left out"),
            );
        }
        let p = settings
            .number("p")?
            .unwrap_or(if is_composition { 1.0 } else { P });
        let per_channel = |name| settings.value(name).and_then(Json::as_str) == Some("per_channel");
        let chance = |recipe: Recipe| {
            if p == 1.0 || recipe.steps().is_empty() {
                Ok(recipe)
            } else {
                recipe.chance(p)
            }
        };
        match (
            per_channel("mode"),
            per_channel("p_mode") || settings.value("p_mode").is_none(),
        ) {
            (true, true) => recipe = chance(recipe)?.per_channel()?,
            (true, false) => recipe = chance(recipe.per_channel()?)?,
            (false, _) => recipe = chance(recipe)?,
        }
        Ok(Some(recipe))
    }

    pub(super) fn note(&mut self, config: &Config, text: &str) {
        self.notes.push(format!("{}: {text}", config.name));
    }

    fn composition(
        &mut self,
        config: &Config,
        settings: &Settings<'_>,
    ) -> Result<Option<Recipe>, Error> {
        if config.name == "PostGain" {
            return self.post_gain(config, settings);
        }
        let (mut recipes, mut kept) = (Vec::new(), Vec::new());
        for (index, inner) in config.transforms()?.iter().enumerate() {
            if let Some(recipe) = self.recipe(inner)? {
                recipes.push(recipe);
                kept.push(index);
            }
        }
        if recipes.is_empty() {
            return Ok(None);
        }
        Ok(Some(match config.name.as_str() {
            "OneOf" => {
                let weights = settings
                    .value("weights")
                    .map(|json| numbers(json, "weights"))
                    .transpose()?;
                if weights.is_none() && config.written {
                    self.note(
                        config,
                        "audiomentations does not save `weights`; the chances are equal here",
                    );
                }
                let kept_weights = |weights: Vec<f64>| {
                    kept.iter()
                        .filter_map(|&i| weights.get(i).copied())
                        .collect()
                };
                Recipe::one_of(recipes, weights.map(kept_weights))?
            }
            "SomeOf" => {
                let n = recipes.len() as i64;
                let (low, high) = match settings.value("num_transforms") {
                    Some(Json::Array(ends)) => (
                        ends.first().and_then(Json::as_i64),
                        ends.get(1).map_or(Some(n), |end| end.as_i64().or(Some(n))),
                    ),
                    Some(json) => (json.as_i64(), json.as_i64()),
                    None => {
                        self.note(
                            config,
                            "the file does not say how many (`num_transforms`); 1 to all of them are run here",
                        );
                        (Some(1), Some(n))
                    }
                };
                let (Some(low), Some(high)) = (low, high) else {
                    return Err(wrong(
                        "`num_transforms` of SomeOf must be a number or two".into(),
                    ));
                };
                Recipe::some_of(low.min(n), high.min(n), recipes)?
            }
            _ if settings.flag("shuffle", false)? => Recipe::shuffle(recipes)?,
            _ => recipes
                .iter()
                .try_fold(Recipe::identity(), |all, recipe| all.then(recipe))?,
        }))
    }

    /// A transform whose level is mended behind it.
    fn post_gain(
        &mut self,
        config: &Config,
        settings: &Settings<'_>,
    ) -> Result<Option<Recipe>, Error> {
        let inner = settings
            .value("transform")
            .ok_or_else(|| wrong("PostGain needs `transform`".into()))?;
        let Some(recipe) = self.recipe(&Config::of(inner)?)? else {
            return Ok(None);
        };
        let words = [
            "same_rms",
            "same_lufs",
            "peak_normalize_always",
            "peak_normalize_if_too_loud",
        ];
        let method = settings.word("method", &words)?;
        if method.starts_with("same") {
            self.note(
                config,
                &format!(
                    "`{method}` has no counterpart; the level is left as the transform leaves it"
                ),
            );
            return Ok(Some(recipe));
        }
        let too_loud = Value::Flag(method == "peak_normalize_if_too_loud");
        recipe
            .then(&stage(
                "normalize",
                vec![("peak", number(1.0)), ("only_too_loud", too_loud)],
            )?)
            .map(Some)
    }

    fn one(&mut self, config: &Config, s: &Settings<'_>) -> Result<Option<Recipe>, Error> {
        let decibels = [
            ("min_gain_in_db", "max_gain_in_db"),
            ("min_gain_db", "max_gain_db"),
        ];
        let snr = [
            ("min_snr_in_db", "max_snr_in_db"),
            ("min_snr_db", "max_snr_db"),
        ];
        let cutoff = [("min_cutoff_freq", "max_cutoff_freq")];
        let center = [
            ("min_center_freq", "max_center_freq"),
            ("min_center_frequency", "max_center_frequency"),
        ];
        let q = [("min_q", "max_q")];
        let torch = s.is_torch();
        let made = match config.name.as_str() {
            "Identity" => Recipe::identity(),
            "AddGaussianNoise" => {
                let (low, high) = s.ends(&[("min_amplitude", "max_amplitude")], (0.001, 0.015))?;
                let decibel = |amplitude: f64| rounded(20.0 * libm::log10(amplitude.max(1e-10)));
                self.note(
                    config,
                    "the level is uniform in dB here, between the levels of the two amplitudes",
                );
                stage(
                    "noise",
                    vec![("level_db", uniform((decibel(low), decibel(high)))?)],
                )?
            }
            "AddGaussianSNR" => stage("noise", vec![("snr_db", s.range(&snr, (5.0, 40.0))?)])?,
            "AddColorNoise" | "AddColoredNoise" => self.colored_noise(
                config,
                s,
                s.range(&snr, if torch { (3.0, 30.0) } else { (5.0, 40.0) })?,
            )?,
            "AddBackgroundNoise" => self.background(config, s, s.range(&snr, (3.0, 30.0))?)?,
            "AddShortNoises" => self.short_noises(config, s, s.range(&snr, (-6.0, 18.0))?)?,
            "AdjustDuration" | "RandomCrop" => return self.crop(config, s),
            "AirAbsorption" => {
                let temperatures =
                    match s.ends(&[("min_temperature", "max_temperature")], (10.0, 20.0))? {
                        (low, high) if low == high => number(low),
                        (low, high) => Value::Drawn(Distribution::choice(vec![low, high])?),
                    };
                let humidity = s.whole(&[("min_humidity", "max_humidity")], (30.0, 90.0))?;
                let distance = s.range(&[("min_distance", "max_distance")], (10.0, 100.0))?;
                let given = vec![
                    ("distance_m", distance),
                    ("temperature_c", temperatures),
                    ("humidity", humidity),
                ];
                stage("air_absorption", given)?
            }
            "Aliasing" => stage(
                "aliasing",
                vec![(
                    "hz",
                    s.hertz(
                        &[("min_sample_rate", "max_sample_rate")],
                        (8000.0, 30_000.0),
                    )?,
                )],
            )?,
            "ApplyImpulseResponse" => self.impulse_response(config, s)?,
            "BandPassFilter" | "BandStopFilter" => {
                let bandwidth = s.range(
                    &[("min_bandwidth_fraction", "max_bandwidth_fraction")],
                    (0.5, 1.99),
                )?;
                let mut given = vec![
                    ("center_hz", s.hertz(&center, (200.0, 4000.0))?),
                    ("bandwidth", bandwidth),
                ];
                given.extend(self.slope(config, s)?);
                stage(
                    if config.name == "BandPassFilter" {
                        "band_pass"
                    } else {
                        "band_stop"
                    },
                    given,
                )?
            }
            "LowPassFilter" | "HighPassFilter" => {
                let low = config.name == "LowPassFilter";
                let mut given = vec![(
                    "cutoff_hz",
                    s.hertz(&cutoff, if low { (150.0, 7500.0) } else { (20.0, 2400.0) })?,
                )];
                given.extend(self.slope(config, s)?);
                stage(if low { "low_pass" } else { "high_pass" }, given)?
            }
            "LowShelfFilter" | "HighShelfFilter" => {
                let low = config.name == "LowShelfFilter";
                let given = vec![
                    ("kind", word(if low { "low" } else { "high" })),
                    (
                        "cutoff_hz",
                        s.hertz(&center, if low { (50.0, 4000.0) } else { (300.0, 7500.0) })?,
                    ),
                    ("gain_db", s.range(&decibels, (-18.0, 18.0))?),
                    ("q", s.range(&q, (0.1, 0.999))?),
                    ("start", word("steady")),
                ];
                stage("shelf", given)?
            }
            "PeakingFilter" => {
                let given = vec![
                    ("center_hz", s.hertz(&center, (50.0, 7500.0))?),
                    ("gain_db", s.range(&decibels, (-24.0, 24.0))?),
                    ("q", s.range(&q, (0.5, 5.0))?),
                    ("start", word("steady")),
                ];
                stage("peaking", given)?
            }
            "SevenBandParametricEQ" => stage(
                "seven_band_eq",
                vec![
                    ("gain_db", s.range(&decibels, (-12.0, 12.0))?),
                    ("start", word("steady")),
                ],
            )?,
            "BitCrush" => stage(
                "bit_crush",
                vec![(
                    "bits",
                    s.whole(&[("min_bit_depth", "max_bit_depth")], (5.0, 10.0))?,
                )],
            )?,
            "Clip" => {
                let (low, high) = s.ends(&[("a_min", "a_max")], (-1.0, 1.0))?;
                if low != -high {
                    self.note(
                        config,
                        "`clip` cuts alike on both sides, so this was left out",
                    );
                    return Ok(None);
                }
                stage("clip", vec![("level", number(high))])?
            }
            "ClippingDistortion" => {
                let ends = [("min_percentile_threshold", "max_percentile_threshold")];
                stage("clip", vec![("percentile", s.whole(&ends, (0.0, 40.0))?)])?
            }
            "Gain" => stage(
                "gain",
                vec![(
                    "gain_db",
                    s.range(&decibels, if torch { (-18.0, 6.0) } else { (-12.0, 12.0) })?,
                )],
            )?,
            "GainTransition" => {
                self.gain_transition(config, s, s.range(&decibels, (-24.0, 6.0))?)?
            }
            "Limiter" => {
                let milliseconds = |(low, high): (f64, f64)| uniform((1000.0 * low, 1000.0 * high));
                let reference =
                    s.word("threshold_mode", &["relative_to_signal_peak", "absolute"])?;
                let given = vec![
                    (
                        "threshold_db",
                        s.range(&[("min_threshold_db", "max_threshold_db")], (-24.0, -2.0))?,
                    ),
                    (
                        "attack_ms",
                        milliseconds(s.ends(&[("min_attack", "max_attack")], (0.0005, 0.025))?)?,
                    ),
                    (
                        "release_ms",
                        milliseconds(s.ends(&[("min_release", "max_release")], (0.05, 0.7))?)?,
                    ),
                    (
                        "relative_to",
                        word(if reference == "absolute" {
                            "full_scale"
                        } else {
                            "peak"
                        }),
                    ),
                ];
                stage("limiter", given)?
            }
            "LoudnessNormalization" => {
                let ends = [
                    ("min_lufs_in_db", "max_lufs_in_db"),
                    ("min_lufs", "max_lufs"),
                ];
                stage("normalize", vec![("lufs", s.range(&ends, (-31.0, -13.0))?)])?
            }
            "Mp3Compression" => {
                let (low, high) = s.ends(&[("min_bitrate", "max_bitrate")], (8.0, 64.0))?;
                let rates = KBPS
                    .iter()
                    .copied()
                    .filter(|rate| (low..=high).contains(rate))
                    .collect();
                stage(
                    "mp3",
                    vec![("kbps", Value::Drawn(Distribution::choice(rates)?))],
                )?
            }
            "Normalize" | "PeakNormalization" => {
                let too_loud = s.word("apply_to", &["all", "only_too_loud_sounds"])? != "all";
                stage(
                    "normalize",
                    vec![
                        ("peak", number(1.0)),
                        ("only_too_loud", Value::Flag(too_loud)),
                    ],
                )?
            }
            "Padding" => {
                let fill = s.word(
                    "mode",
                    &[
                        "silence",
                        "wrap",
                        "reflect",
                        "per_batch",
                        "per_example",
                        "per_channel",
                    ],
                )?;
                let given = vec![
                    (
                        "fraction",
                        s.range(
                            &[("min_fraction", "max_fraction")],
                            if torch { (0.1, 0.5) } else { (0.01, 0.7) },
                        )?,
                    ),
                    ("position", word(s.word("pad_section", &["end", "start"])?)),
                    (
                        "fill",
                        word(if matches!(fill, "wrap" | "reflect") {
                            fill
                        } else {
                            "zero"
                        }),
                    ),
                    ("keep_length", Value::Flag(true)),
                ];
                stage("pad", given)?
            }
            "PitchShift" => {
                let ends = [
                    ("min_transpose_semitones", "max_transpose_semitones"),
                    ("min_semitones", "max_semitones"),
                ];
                stage(
                    "pitch_shift",
                    vec![("semitones", s.range(&ends, (-4.0, 4.0))?)],
                )?
            }
            "PolarityInversion" => stage("polarity", vec![])?,
            "RepeatPart" => {
                let given = vec![
                    (
                        "seconds",
                        s.range(&[("min_part_duration", "max_part_duration")], (0.25, 1.2))?,
                    ),
                    (
                        "repeats",
                        s.whole(&[("min_repeats", "max_repeats")], (1.0, 3.0))?,
                    ),
                    ("mode", word(s.word("mode", &["insert", "replace"])?)),
                    (
                        "fade_s",
                        number(s.number("crossfade_duration")?.unwrap_or(0.005)),
                    ),
                ];
                stage(
                    "repeat_part",
                    self.with_inner(config, s, "part_transform", given)?,
                )?
            }
            "Resample" => {
                self.note(
                    config,
                    "the sample rate of the result is the new one here; there the clip then plays faster or slower",
                );
                stage(
                    "resample_to",
                    vec![(
                        "hz",
                        s.whole(
                            &[("min_sample_rate", "max_sample_rate")],
                            (8000.0, 44_100.0),
                        )?,
                    )],
                )?
            }
            "Reverse" | "TimeInversion" => stage("reverse", vec![])?,
            "RoomSimulator" => {
                let (recipe, note) = room::recipe(s)?;
                if let Some(note) = note {
                    self.note(config, note);
                }
                recipe
            }
            "Shift" => shift(s)?,
            "SpliceOut" => {
                let intervals = number(s.number("num_time_intervals")?.unwrap_or(8.0));
                let seconds = self.seconds(config, s.number("max_width")?.unwrap_or(400.0));
                stage(
                    "splice_out",
                    vec![("n_intervals", intervals), ("max_seconds", number(seconds))],
                )?
            }
            "TanhDistortion" => stage(
                "tanh_distortion",
                vec![(
                    "amount",
                    s.range(&[("min_distortion", "max_distortion")], (0.01, 0.7))?,
                )],
            )?,
            "TimeMask" => {
                let fade_ms = 1000.0 * s.number("fade_duration")?.unwrap_or(0.005);
                let given = vec![
                    (
                        "max_fraction",
                        s.range(&[("min_band_part", "max_band_part")], (0.01, 0.2))?,
                    ),
                    (
                        "position",
                        word(s.word("mask_location", &["random", "start", "end"])?),
                    ),
                    ("fade_ms", number(fade_ms)),
                ];
                stage("time_mask", given)?
            }
            "TimeStretch" => {
                let fit = if s.flag("leave_length_unchanged", true)? {
                    "crop"
                } else {
                    "none"
                };
                if fit == "crop" {
                    self.note(
                        config,
                        "of a clip that became longer the middle is kept here, not the start",
                    );
                }
                stage(
                    "time_stretch",
                    vec![
                        ("rate", s.range(&[("min_rate", "max_rate")], (0.8, 1.25))?),
                        ("fit", word(fit)),
                    ],
                )?
            }
            "Trim" => stage(
                "trim",
                vec![("below_db", number(s.number("top_db")?.unwrap_or(30.0)))],
            )?,
            "Lambda" => {
                self.note(
                    config,
                    "a function of Python cannot be read, so it was left out; write `lambda(|wave| ...)`",
                );
                return Ok(None);
            }
            _ => {
                self.note(config, "has no counterpart and was left out");
                return Ok(None);
            }
        };
        Ok(Some(made))
    }

    /// Seconds of a number of samples.
    fn seconds(&mut self, config: &Config, samples: f64) -> f64 {
        let sample_rate = self.sample_rate.unwrap_or_else(|| {
            self.note(
                config,
                &format!("its lengths are in samples; {USUAL_RATE} Hz was taken, as `sample_rate` was not given"),
            );
            USUAL_RATE
        });
        samples / sample_rate
    }

    /// Adds a transform that a transform runs inside.
    pub(super) fn with_inner(
        &mut self,
        config: &Config,
        s: &Settings<'_>,
        name: &'static str,
        mut given: Vec<(&'static str, Value)>,
    ) -> Result<Vec<(&'static str, Value)>, Error> {
        match s.value(name) {
            None => {}
            Some(json @ (Json::Object(_) | Json::Array(_))) => {
                given.extend(
                    self.recipe(&Config::of(json)?)?
                        .map(|recipe| ("recipe", Value::from(recipe))),
                );
            }
            Some(_) => self.note(
                config,
                &format!("`{name}` is a function of Python and was left out"),
            ),
        }
        Ok(given)
    }

    fn crop(&mut self, config: &Config, s: &Settings<'_>) -> Result<Option<Recipe>, Error> {
        let seconds = if config.name == "RandomCrop" {
            let rate = s.number("sampling_rate")?.unwrap_or(USUAL_RATE);
            let length = s
                .number("max_length")?
                .ok_or_else(|| wrong("RandomCrop needs `max_length`".into()))?;
            if s.word("max_length_unit", &["seconds", "samples"])? == "samples" {
                length / rate
            } else {
                length
            }
        } else {
            match (s.number("duration_seconds")?, s.number("duration_samples")?) {
                (Some(seconds), _) => seconds,
                (None, Some(samples)) => self.seconds(config, samples),
                (None, None) => {
                    return Err(wrong(
                        "AdjustDuration needs `duration_seconds` or `duration_samples`".into(),
                    ));
                }
            }
        };
        // It saves numpy's word for silence.
        let silence = matches!(
            s.word("padding_mode", &["silence", "constant", "wrap", "reflect"])?,
            "silence" | "constant"
        );
        if !silence || s.word("padding_position", &["end", "start"])? != "end" {
            self.note(
                config,
                "a shorter clip is followed by silence here, whatever `padding_mode` and `padding_position` say",
            );
        }
        stage("crop", vec![("seconds", number(seconds))]).map(Some)
    }

    fn impulse_response(&mut self, config: &Config, s: &Settings<'_>) -> Result<Recipe, Error> {
        if s.is_torch() {
            if s.flag("compensate_for_propagation_delay", false)? {
                self.note(
                    config,
                    "the delay of the response stays; `compensate_for_propagation_delay` has no counterpart",
                );
            }
            return stage("impulse_response", vec![("paths", s.paths("ir_paths")?)]);
        }
        let keep_tail = Value::Flag(!s.flag("leave_length_unchanged", true)?);
        let response = stage(
            "impulse_response",
            vec![("paths", s.paths("ir_path")?), ("keep_tail", keep_tail)],
        )?;
        // Its result always has this peak.
        response.then(&stage("normalize", vec![("peak", number(0.5))])?)
    }

    /// The slope of a filter, which is an order.
    fn slope(
        &mut self,
        config: &Config,
        s: &Settings<'_>,
    ) -> Result<Vec<(&'static str, Value)>, Error> {
        if s.is_torch() {
            self.note(
                config,
                "a Butterworth filter of order 2 stands for the steeper windowed sinc",
            );
            return Ok(vec![("zero_phase", Value::Flag(true))]);
        }
        let zero_phase = s.flag("zero_phase", false)?;
        let (low, high) = s.ends(&[("min_rolloff", "max_rolloff")], (12.0, 24.0))?;
        let an_order = if zero_phase { 12.0 } else { 6.0 };
        let order = whole(((low / an_order).floor(), (high / an_order).floor()))?;
        Ok(vec![
            ("order", order),
            ("zero_phase", Value::Flag(zero_phase)),
        ])
    }

    fn gain_transition(
        &mut self,
        config: &Config,
        s: &Settings<'_>,
        gain_db: Value,
    ) -> Result<Recipe, Error> {
        let unit = s.word("duration_unit", &["seconds", "fraction", "samples"])?;
        let ends = s.ends(&[("min_duration", "max_duration")], (0.2, 6.0))?;
        let duration = match unit {
            "fraction" => ("fraction", uniform(ends)?),
            "samples" => {
                let scale = self.seconds(config, 1.0);
                ("seconds", uniform((ends.0 * scale, ends.1 * scale))?)
            }
            _ => ("seconds", uniform(ends)?),
        };
        stage(
            "gain_transition",
            vec![("from_db", gain_db.clone()), ("to_db", gain_db), duration],
        )
    }
}

fn shift(s: &Settings<'_>) -> Result<Recipe, Error> {
    let older = ("min_fraction", "max_fraction");
    let unit = s.word("shift_unit", &["fraction", "seconds", "samples"])?;
    let ends = s.ends(&[older, ("min_shift", "max_shift")], (-0.5, 0.5))?;
    let shift = if unit == "samples" {
        whole(ends)?
    } else {
        uniform(ends)?
    };
    let fade_s = if s.is_torch() {
        0.0
    } else {
        s.number("fade_duration")?.unwrap_or(0.005)
    };
    let wrap = Value::Flag(s.flag("rollover", true)?);
    stage(
        "time_shift",
        vec![
            (unit, shift),
            ("wrap", wrap),
            ("fade_ms", number(1000.0 * fade_s)),
        ],
    )
}
