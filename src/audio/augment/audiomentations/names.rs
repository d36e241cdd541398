//! Names of other libraries, and what they are called here.

/// Classes of audiomentations, torch-audiomentations, torchaudio and torchaudio-augmentations, each with the advice that
/// an error about it gives. Those of one row mean the same.
pub fn foreign_names() -> impl Iterator<Item = (&'static str, String)> {
    NAMES.iter().flat_map(|&(names, ours)| {
        names
            .iter()
            .map(move |&name| (name, format!("here it is {ours}")))
    })
}

const NAMES: &[(&[&str], &str)] = &[
    (
        &["Compose", "ComposeTransforms", "Sequential"],
        "`a |> b |> c`, one recipe behind the other; `a & b` in random order; a saved configuration is read by `from_audiomentations`",
    ),
    (
        &["OneOf"],
        "`a | b`, or `one_of([a, b], #{ weights: [1, 3] })`",
    ),
    (&["SomeOf"], "`some_of(1..3, [a, b, c])`"),
    (&["RandomApply"], "`0.5 * noise(5..40)`"),
    (&["ComposeMany"], "`views(2, a |> b)`"),
    (&["PostGain"], "`normalize()` behind the recipe"),
    (&["Identity"], "`identity()`"),
    (&["Lambda"], "`lambda(|wave| wave * 0.5)`"),
    (
        &["AddGaussianNoise"],
        "`noise(#{ level_db: -60..-36.5 })`, with the level in dB",
    ),
    (
        &["AddGaussianSNR", "AddNoise", "AddWhiteNoise", "Noise"],
        "`noise(5..40)`, with the ratio in dB",
    ),
    (
        &["AddColorNoise", "AddColoredNoise"],
        "`noise(5..40, #{ color: -2..2 })`, or a colour such as `\"pink\"`",
    ),
    (&["AddBackgroundNoise"], "`background(\"folder\", 3..30)`"),
    (&["AddShortNoises"], "`short_noises(\"folder\")`"),
    (
        &["ApplyImpulseResponse", "FFTConvolve", "Convolve"],
        "`impulse_response(\"folder\")`",
    ),
    (&["RoomSimulator"], "`room(#{ rt60_s: 0.2..0.8 })`"),
    (
        &["Reverb"],
        "`room(#{ rt60_s: 0.2..0.8 })`, or `impulse_response()`",
    ),
    (&["AirAbsorption"], "`air_absorption(10..100)`"),
    (&["Gain", "Vol"], "`gain(-12..12)`, in dB"),
    (&["GainTransition"], "`gain_transition(-24..6, -24..6)`"),
    (&["Normalize", "PeakNormalization"], "`normalize()`"),
    (
        &["LoudnessNormalization", "Loudness"],
        "`normalize(#{ lufs: -31..-13 })`",
    ),
    (&["Limiter"], "`limiter(-24..-2)`"),
    (&["Clip"], "`clip(0, #{ level: 1 })`"),
    (&["ClippingDistortion"], "`clip(0..40)`"),
    (&["TanhDistortion"], "`tanh_distortion(0.01..0.7)`"),
    (&["BitCrush"], "`bit_crush(5..10)`"),
    (&["Aliasing"], "`aliasing(8000)`"),
    (&["Mp3Compression"], "`mp3(8..64)`"),
    (&["PolarityInversion", "PolarityInvert"], "`polarity()`"),
    (&["Reverse", "TimeInversion"], "`reverse()`"),
    (&["Shift", "TimeShift", "Roll"], "`time_shift(-0.5..0.5)`"),
    (
        &["TimeMask", "TimeMasking"],
        "`time_mask(0.01..0.2)`, of waves and of features",
    ),
    (
        &["FrequencyMask", "FrequencyMasking", "SpecFrequencyMask"],
        "`log_mel() |> frequency_mask(0.2)`",
    ),
    (&["SpecAugment"], "`log_mel() |> spec_augment()`"),
    (
        &["SpecCompose"],
        "`log_mel() |> frequency_mask(0.2)`: stages behind a front-end work on features",
    ),
    (&["Fade"], "`fade()`"),
    (&["TimeStretch"], "`time_stretch(0.8..1.25)`"),
    (&["PitchShift"], "`pitch_shift(-4..4)`"),
    (&["Speed", "SpeedPerturbation"], "`speed(0.9..1.1)`"),
    (&["Resample"], "`resample_to(16000)`"),
    (&["Trim", "Vad"], "`trim(30)`"),
    (&["Padding", "Pad"], "`pad(#{ fraction: 0.01..0.7 })`"),
    (
        &["AdjustDuration", "RandomCrop", "RandomResizedCrop"],
        "`crop(1)`, in seconds",
    ),
    (&["RepeatPart"], "`repeat_part(0.25..1.2)`"),
    (&["SpliceOut"], "`splice_out()`"),
    (
        &["LowPassFilter", "lowpass_biquad"],
        "`low_pass(150..7500)`",
    ),
    (
        &["HighPassFilter", "highpass_biquad"],
        "`high_pass(20..2400)`",
    ),
    (
        &["HighLowPass"],
        "`low_pass(2200..4000) | high_pass(200..1200)`",
    ),
    (
        &["BandPassFilter", "bandpass_biquad"],
        "`band_pass(200..4000)`",
    ),
    (
        &["BandStopFilter", "bandreject_biquad"],
        "`band_stop(200..4000)`",
    ),
    (
        &["LowShelfFilter", "bass_biquad"],
        "`shelf(#{ kind: \"low\" })`",
    ),
    (
        &["HighShelfFilter", "treble_biquad"],
        "`shelf(#{ kind: \"high\" })`",
    ),
    (&["PeakingFilter", "equalizer_biquad"], "`peaking(1000, 6)`"),
    (&["SevenBandParametricEQ"], "`seven_band_eq()`"),
    (&["DownmixMono", "ToMono", "to_mono"], "`mono()`"),
    (&["Spectrogram"], "`stft()`"),
    (
        &["MelSpectrogram", "melspectrogram"],
        "`mel()`, or `log_mel()` with the logarithm",
    ),
    (
        &["AmplitudeToDB", "power_to_db", "amplitude_to_db"],
        "part of `log_mel(#{ log: \"db\" })`",
    ),
    (&["MFCC"], "`mfcc()`"),
];

#[cfg(test)]
mod tests {
    use super::super::super::catalogue;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_name_stands_once_and_leads_to_stages_there_are() {
        let mut seen = BTreeSet::new();
        let known: BTreeSet<&str> = catalogue()
            .iter()
            .map(|declaration| declaration.name)
            .collect();
        let functions = [
            "one_of",
            "some_of",
            "views",
            "identity",
            "from_audiomentations",
        ];
        for (name, advice) in foreign_names() {
            assert!(seen.insert(name), "{name} stands twice");
            let mut before: Vec<&str> = advice.split('(').collect();
            before.pop();
            for called in before
                .iter()
                .filter_map(|text| text.rsplit([' ', '`', '[', '|']).next())
            {
                let ours = called.is_empty() || called.ends_with(')') || known.contains(called);
                assert!(ours || functions.contains(&called), "{name}: {called}");
            }
        }
        assert!(seen.len() > 80);
    }
}
