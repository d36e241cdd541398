//! Noises that are mixed in.

use super::super::{Recipe, Value};
use super::config::Config;
use super::settings::{Settings, rounded, stage, uniform};
use super::transforms::Import;
use crate::Error;

/// dB an octave of a spectrum that falls as `1 / f`.
const DB_AN_OCTAVE: f64 = 3.010_299_956_639_812;

impl Import {
    pub(super) fn colored_noise(
        &mut self,
        config: &Config,
        s: &Settings<'_>,
        snr_db: Value,
    ) -> Result<Recipe, Error> {
        let ends = [("min_f_decay", "max_f_decay")];
        let exponent = if s.is_torch() {
            s.range(&ends, (-2.0, 2.0))?
        } else {
            let (low, high) = s.ends(&ends, (-6.0, 6.0))?;
            uniform((rounded(-high / DB_AN_OCTAVE), rounded(-low / DB_AN_OCTAVE)))?
        };
        let noise = |a_weighted: bool| {
            let given = vec![
                ("snr_db", snr_db.clone()),
                ("color", exponent.clone()),
                ("a_weighted", Value::Flag(a_weighted)),
            ];
            stage("noise", given)
        };
        if s.is_torch() {
            self.note(
                config,
                "the colours are exact here; there the spectrum falls more steeply",
            );
        }
        match s.number("p_apply_a_weighting")?.unwrap_or(0.0) {
            0.0 => noise(false),
            1.0 => noise(true),
            p => Recipe::one_of(vec![noise(true)?, noise(false)?], Some(vec![p, 1.0 - p])),
        }
    }

    pub(super) fn background(
        &mut self,
        config: &Config,
        s: &Settings<'_>,
        snr_db: Value,
    ) -> Result<Recipe, Error> {
        let paths = s.paths(if s.is_torch() {
            "background_paths"
        } else {
            "sounds_path"
        })?;
        let absolute = s.range(
            &[("min_absolute_rms_db", "max_absolute_rms_db")],
            (-45.0, -15.0),
        )?;
        let mut given = vec![("paths", paths)];
        given.push(match s.word("noise_rms", &["relative", "absolute"])? {
            "absolute" => ("level_db", absolute),
            _ => ("snr_db", snr_db),
        });
        let given = self.with_inner(config, s, "noise_transform", given)?;
        stage("background", given)
    }

    pub(super) fn short_noises(
        &mut self,
        config: &Config,
        s: &Settings<'_>,
        snr_db: Value,
    ) -> Result<Recipe, Error> {
        let mut given = vec![("paths", s.paths("sounds_path")?)];
        let absolute = s.range(
            &[("min_absolute_noise_rms_db", "max_absolute_noise_rms_db")],
            (-50.0, -20.0),
        )?;
        let relations = ["relative_to_whole_input", "relative", "absolute"];
        match s.word("noise_rms", &relations)? {
            "absolute" => given.push(("level_db", absolute)),
            relation => {
                given.push(("snr_db", snr_db));
                if relation == "relative" {
                    self.note(
                        config,
                        "a noise is compared with the whole clip here, not with what it is added to",
                    );
                }
            }
        }
        // Both fades of a noise are equal here.
        let fade_in = s.ends(&[("min_fade_in_time", "max_fade_in_time")], (0.005, 0.08))?;
        let fade_out = s.ends(&[("min_fade_out_time", "max_fade_out_time")], (0.01, 0.1))?;
        let fade = (
            rounded(1000.0 * fade_in.0.min(fade_out.0)),
            rounded(1000.0 * fade_in.1.max(fade_out.1)),
        );
        given.push(("fade_ms", uniform(fade)?));
        if fade_in != fade_out {
            self.note(
                config,
                "the two fades of a noise are equal here, drawn from both ranges",
            );
        }
        let (low, high) = s.ends(
            &[("min_time_between_sounds", "max_time_between_sounds")],
            (2.0, 8.0),
        )?;
        self.note(
            config,
            &format!(
                "noises with pauses of {low} to {high} s, and bursts of them, are a number of noises here whatever the clip \
                 lasts; give it as `n`"
            ),
        );
        for name in [
            "burst_probability",
            "min_pause_factor_during_burst",
            "max_pause_factor_during_burst",
        ] {
            s.value(name);
        }
        let without = [
            ("add_all_noises_with_same_level", 0.0),
            ("include_silence_in_noise_rms_estimation", 1.0),
            ("signal_gain_db_during_noise", 0.0),
            ("signal_gain_in_db_during_noise", 0.0),
        ];
        for (name, neutral) in without {
            let given = s
                .value(name)
                .map(|json| json.as_f64().or_else(|| json.as_bool().map(f64::from)));
            if given.is_some_and(|given| given != Some(neutral)) {
                self.note(
                    config,
                    &format!("`{name}` has no counterpart and was left out"),
                );
            }
        }
        stage(
            "short_noises",
            self.with_inner(config, s, "noise_transform", given)?,
        )
    }
}
