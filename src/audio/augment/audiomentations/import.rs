//! From a configuration to a recipe.

use super::super::Recipe;
use super::config::Config;
use super::transforms;
use crate::Error;
use serde_json::Value as Json;

/// What a configuration became.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The recipe.
    pub recipe: Recipe,
    /// What has no counterpart or differs, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a configuration as a recipe: what `to_dict` and `to_dict_private` of audiomentations 0.43 give, and what
/// `from_dict` and `from_yaml` of torch-audiomentations 0.12 take; also Hydra's form with `_target_`, and a list of
/// transforms.
///
/// Ranges keep their ends. Frequencies, which both libraries draw uniformly in mel, are log-uniform here, and amplitudes
/// uniform in dB. What is left at the defaults has the library's, not ours. Lengths in samples are lengths at
/// `sample_rate`, 16 kHz if it is not given.
///
/// # Errors
/// [`Error::Parse`] if it is no such configuration, [`Error::Range`] and others for values that a stage does not accept,
/// [`Error::File`] for recordings that cannot be found.
pub fn from_audiomentations(json: &Json, sample_rate: Option<f64>) -> Result<Imported, Error> {
    let config = Config::of(json)?;
    let mut import = transforms::Import {
        sample_rate,
        notes: Vec::new(),
    };
    let recipe = import.recipe(&config)?.unwrap_or_default();
    Ok(Imported {
        recipe,
        notes: import.notes,
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn import(text: &str) -> Result<Imported, Error> {
        from_audiomentations(&parse(text)?, None)
    }

    fn printed(text: &str) -> String {
        import(text).unwrap().recipe.to_string()
    }

    #[test]
    fn what_audiomentations_saves_is_read() {
        let saved = r#"{"__class_fullname__": "Compose", "p": 1.0, "transforms": [
            {"__class_fullname__": "Gain", "p": 0.5, "min_gain_db": -12.0, "max_gain_db": 12.0},
            {"__class_fullname__": "Shift", "p": 1.0, "min_shift": -800, "max_shift": 800, "shift_unit": "samples",
             "rollover": false, "fade_duration": 0.01},
            {"__class_fullname__": "TimeMask", "p": 0.25, "min_band_part": 0.01, "max_band_part": 0.2,
             "fade_duration": 0.005, "mask_location": "end"}]}"#;
        let text = "0.5 * gain() |> time_shift(#{ samples: int_uniform(-800, 800), wrap: false, fade_ms: 10 }) \
                    |> 0.25 * time_mask(0.01..0.2, #{ position: \"end\" })";
        assert_eq!(printed(saved), text);
        assert_eq!(printed(&format!(r#"{{"transform": {saved}}}"#)), text);
    }

    #[test]
    fn yaml_of_torch_audiomentations_is_read() {
        let saved = "transform: Compose\nparams:\n  shuffle: True\n  transforms:\n    - transform: Gain\n      params:\n        \
                     min_gain_in_db: -15.0\n        max_gain_in_db: 5.0\n        mode: per_channel\n        p: 1.0\n    \
                     - transform: PolarityInversion\n";
        assert_eq!(
            printed(saved),
            "per_channel(gain(-15..5)) & 0.5 * polarity()"
        );
        // The two libraries have the same name, but other defaults.
        assert_eq!(printed("transform: Gain"), "0.5 * gain(-18..6)");
        assert_eq!(printed("_target_: audiomentations.Gain\np: 1"), "gain()");
        assert_eq!(
            printed("_target_: torch_audiomentations.Shift\np: 1"),
            "time_shift(#{ fade_ms: 0 })"
        );
    }

    #[test]
    fn compositions_keep_their_choice() {
        let inner = r#"[{"_target_": "Reverse", "p": 1}, {"_target_": "Lambda"}, {"_target_": "Gain", "p": 1}]"#;
        let one = import(&format!(
            r#"{{"_target_": "OneOf", "weights": [1, 2, 3], "transforms": {inner}}}"#
        ))
        .unwrap();
        assert_eq!(
            one.recipe.to_string(),
            "one_of([reverse(), gain()], #{ weights: [1.0, 3.0] })"
        );
        assert!(
            one.notes.len() == 1 && one.notes[0].starts_with("Lambda: "),
            "{:?}",
            one.notes
        );
        let some = |n: &str| {
            printed(&format!(
                r#"{{"_target_": "SomeOf", "num_transforms": {n}, "transforms": {inner}}}"#
            ))
        };
        assert_eq!(some("1"), "some_of(1..1, [reverse(), gain()])");
        assert_eq!(some("[1, null]"), "some_of(1..2, [reverse(), gain()])");
        let unsaid = import(&format!(
            r#"{{"__class_fullname__": "SomeOf", "transforms": {inner}}}"#
        ))
        .unwrap();
        assert!(
            unsaid
                .notes
                .iter()
                .any(|note| note.contains("num_transforms")),
            "{:?}",
            unsaid.notes
        );
    }

    /// Every waveform transform of audiomentations 0.43 and torch-audiomentations 0.12 that has a counterpart.
    #[test]
    fn every_transform_with_a_counterpart_has_the_defaults_of_its_library() {
        let audiomentations = [
            ("AddColorNoise", "noise(#{ color: -1.9932..1.9932 })"),
            ("AddGaussianNoise", "noise(#{ level_db: -60..-36.4782 })"),
            ("AddGaussianSNR", "noise()"),
            (
                "AirAbsorption",
                "air_absorption(#{ temperature_c: choice([10, 20]), humidity: int_uniform(30, 90) })",
            ),
            ("Aliasing", "aliasing(log_uniform(8000, 30000))"),
            ("BandPassFilter", "band_pass(#{ order: int_uniform(2, 4) })"),
            ("BandStopFilter", "band_stop(#{ order: int_uniform(2, 4) })"),
            ("BitCrush", "bit_crush(int_uniform(5, 10))"),
            ("Clip", "clip(#{ level: 1 })"),
            ("ClippingDistortion", "clip(int_uniform(0, 40))"),
            ("GainTransition", "gain_transition()"),
            ("HighPassFilter", "high_pass(#{ order: int_uniform(2, 4) })"),
            (
                "HighShelfFilter",
                "shelf(#{ kind: \"high\", cutoff_hz: log_uniform(300, 7500), start: \"steady\" })",
            ),
            ("Limiter", "limiter()"),
            ("LoudnessNormalization", "normalize(#{ lufs: -31..-13 })"),
            ("LowPassFilter", "low_pass(#{ order: int_uniform(2, 4) })"),
            (
                "LowShelfFilter",
                "shelf(#{ cutoff_hz: log_uniform(50, 4000), start: \"steady\" })",
            ),
            (
                "Mp3Compression",
                "mp3(choice([8, 16, 24, 32, 40, 48, 56, 64]))",
            ),
            ("Normalize", "normalize(#{ peak: 1 })"),
            (
                "Padding",
                "pad(#{ fraction: 0.01..0.7, keep_length: true })",
            ),
            ("PeakingFilter", "peaking(#{ start: \"steady\" })"),
            ("PitchShift", "pitch_shift()"),
            ("PolarityInversion", "polarity()"),
            ("RepeatPart", "repeat_part()"),
            ("Resample", "resample_to(int_uniform(8000, 44100))"),
            ("Reverse", "reverse()"),
            ("RoomSimulator", "room(#{ length_m: 3.6..5.6"),
            (
                "SevenBandParametricEQ",
                "seven_band_eq(#{ start: \"steady\" })",
            ),
            ("Shift", "time_shift()"),
            ("TanhDistortion", "tanh_distortion()"),
            ("TimeMask", "time_mask(0.01..0.2)"),
            ("TimeStretch", "time_stretch()"),
            ("Trim", "trim()"),
        ];
        let torch_audiomentations = [
            ("AddColoredNoise", "noise(3..30, #{ color: -2..2 })"),
            ("BandPassFilter", "band_pass(#{ zero_phase: true })"),
            ("HighPassFilter", "high_pass(#{ zero_phase: true })"),
            ("LowPassFilter", "low_pass(#{ zero_phase: true })"),
            ("Padding", "pad(#{ fraction: 0.1..0.5, keep_length: true })"),
            ("PeakNormalization", "normalize(#{ peak: 1 })"),
            ("SpliceOut", "splice_out()"),
            ("TimeInversion", "reverse()"),
        ];
        for (module, transforms) in [
            ("audiomentations", audiomentations.as_slice()),
            ("torch_audiomentations", torch_audiomentations.as_slice()),
        ] {
            for (name, want) in transforms {
                let got = printed(&format!("_target_: {module}.{name}\np: 1"));
                assert!(got.starts_with(want), "{name}: {got}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let error = |text: &str| import(text).unwrap_err().to_string();
        assert!(
            error("3").starts_with("cannot read the configuration: a transform is a mapping"),
            "{}",
            error("3")
        );
        assert!(error("a: 1").contains("here is a"), "{}", error("a: 1"));
        assert!(
            error("a: [").starts_with("cannot read the configuration: "),
            "{}",
            error("a: [")
        );
        let text = "transform: Gain\nparams: {min_gain_in_db: loud}";
        assert_eq!(
            error(text),
            "`min_gain_in_db of Gain` must be a number, not \"loud\""
        );
        let deep = "[".repeat(5000);
        assert!(import(&deep).is_err());
        let unknown = import("transform: Gain\nparams: {min_gain: 3}").unwrap();
        assert_eq!(
            unknown.notes,
            ["Gain: `min_gain` has no counterpart and was left out"]
        );
    }

    #[test]
    fn a_function_of_python_is_left_out_and_told() {
        let lambda = r#"{"transform": {"__class_fullname__": "Lambda", "p": 0.5, "transform": "<function f at 0x7f>"}}"#;
        let imported = import(lambda).unwrap();
        assert!(
            imported.recipe == Recipe::identity() && imported.notes[0].starts_with("Lambda: "),
            "{imported:?}"
        );
        let part =
            r#"{"_target_": "RepeatPart", "p": 1, "part_transform": {"_target_": "Gain", "p": 1}}"#;
        assert_eq!(printed(part), "repeat_part(#{ recipe: gain() })");
        let after = r#"{"_target_": "PostGain", "transform": {"_target_": "Reverse", "p": 1}, "method": "peak_normalize_always"}"#;
        assert_eq!(printed(after), "reverse() |> normalize(#{ peak: 1 })");
    }

    #[test]
    fn short_noises_keep_their_levels_their_fades_and_what_is_done_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let noise = crate::Waveform::mono(vec![0.5; 80], 8000).unwrap();
        let format = crate::io::SampleFormat::Int16;
        crate::io::write_wav(&folder.path().join("a.wav"), &noise, format).unwrap();
        let read = |more: &str| {
            let path = serde_json::to_string(folder.path()).unwrap();
            let text = format!(
                r#"{{"__class_fullname__": "AddShortNoises", "p": 1.0, "sounds_path": {path}{more}}}"#
            );
            let imported = import(&text).unwrap();
            (imported.recipe.to_string(), imported.notes)
        };
        let (saved, notes) = read("");
        assert!(saved.ends_with("#{ fade_ms: 5..100 })"), "{saved}");
        assert!(
            notes.len() == 2 && notes[1].contains("2 to 8 s"),
            "{notes:?}"
        );
        let (saved, _) = read(
            r#", "noise_rms": "absolute", "min_absolute_noise_rms_db": -40, "min_fade_in_time": 0.02, "max_fade_in_time": 0.02,
               "min_fade_out_time": 0.02, "max_fade_out_time": 0.02,
               "noise_transform": {"__class_fullname__": "Gain", "p": 1.0}"#,
        );
        assert!(
            saved.contains("fade_ms: 20") && saved.contains("level_db: -40..-20"),
            "{saved}"
        );
        assert!(saved.contains("recipe: gain()"), "{saved}");
        let (saved, notes) = read(
            r#", "noise_rms": "relative", "min_snr_db": 0, "signal_gain_db_during_noise": -100,
               "add_all_noises_with_same_level": false, "include_silence_in_noise_rms_estimation": true"#,
        );
        assert!(saved.contains("0..18"), "{saved}");
        let told = |what: &str| notes.iter().filter(|note| note.contains(what)).count();
        assert_eq!(told("`signal_gain_db_during_noise` has no counterpart"), 1);
        assert_eq!((told("compared with the whole clip"), notes.len()), (1, 4));
    }

    #[test]
    fn older_names_of_parameters_are_known() {
        let text = r#"[{"__class_fullname__": "Gain", "p": 1.0, "min_gain_in_db": -3, "max_gain_in_db": 3},
                       {"__class_fullname__": "Shift", "p": 1.0, "min_fraction": -0.1, "max_fraction": 0.2},
                       {"__class_fullname__": "AddGaussianSNR", "p": 1.0, "min_snr_in_db": 1, "max_snr_in_db": 2}]"#;
        assert_eq!(
            printed(text),
            "gain(-3..3) |> time_shift(-0.1..0.2) |> noise(1..2)"
        );
    }
}
