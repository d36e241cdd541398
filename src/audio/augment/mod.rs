//! Augmentation recipes: what happens to a sound on its way to a model.
//!
//! A [`Recipe`] is a sequence of steps; a step is a [`Stage`] or a combinator around recipes. A stage is declared once, in
//! a file of its own: its [`Declaration`] (name, text, parameters with units, ranges and defaults, a tested example) and
//! its [`Transform`] (what is drawn, and what is done with the drawn values). Scripts, help, printing and JSON read the
//! declaration, so adding an augmentation is adding one file and its line in [`catalogue`].

mod air_absorption;
mod aliasing;
mod audiomentations;
mod background;
mod band_pass;
mod band_stop;
mod bit_crush;
mod clar_features;
mod clip;
mod crop;
mod crop_pad;
mod domain;
mod drawing;
#[cfg(test)]
mod every_stage;
mod fade;
mod filter;
mod fit;
mod frequency_mask;
mod gain;
mod gain_transition;
mod high_pass;
mod impulse_response;
mod json;
mod kaldi_fbank;
mod lambda;
mod length;
mod level_gate;
mod limiter;
mod log_mel;
mod low_pass;
mod mel;
mod mfcc;
mod mixed_noise;
mod mono;
mod mp3;
mod noise;
mod noise_level;
mod normalize;
mod op;
mod op_features;
mod pad;
mod patches;
mod peaking;
mod per_rate;
mod pitch_shift;
mod polarity;
mod recipe;
mod recipe_inside;
mod recordings;
mod repeat_part;
mod resample_to;
mod reverse;
mod room;
mod run;
mod rust_op;
mod seam;
mod seven_band_eq;
mod shelf;
mod short_noises;
mod source;
mod spec_augment;
mod spec_warp;
mod speed;
mod splice_out;
mod stage;
mod stages;
mod stft;
mod stretcher;
mod tanh_distortion;
mod tape_speed;
mod time_mask;
mod time_shift;
mod time_stretch;
mod time_warp;
mod trace;
mod transform;
mod trim;
mod views;

pub use crate::declare::{DefaultValue, Kind, Parameter, Preset, Value};
pub use audiomentations::{
    Imported, foreign_names, from_audiomentations, parse as parse_audiomentations,
};
pub use domain::{Accepts, Domain};
pub use json::Functions;
pub use lambda::{FUNCTION, STACK_BYTES, UserFunction, WaveFunction};
pub use recipe::{Flow, Recipe, Step};
pub use recipe_inside::RECIPE;
pub use recordings::{Listener, Recordings};
pub use stage::{Declaration, Flows, Stage};
pub use trace::{DrawnRecording, Trace, TraceStep};
pub use transform::{Draws, Input, Inside, Transform, Workspace};
pub use views::Views;

/// Every stage there is, in the order of the reference page.
pub fn catalogue() -> &'static [&'static Declaration] {
    static CATALOGUE: &[&Declaration] = &[
        &gain::GAIN,
        &gain_transition::GAIN_TRANSITION,
        &fade::FADE,
        &noise::NOISE,
        &time_mask::TIME_MASK,
        &time_shift::TIME_SHIFT,
        &crop::CROP,
        &low_pass::LOW_PASS,
        &high_pass::HIGH_PASS,
        &band_pass::BAND_PASS,
        &band_stop::BAND_STOP,
        &shelf::SHELF,
        &peaking::PEAKING,
        &seven_band_eq::SEVEN_BAND_EQ,
        &polarity::POLARITY,
        &mono::MONO,
        &normalize::NORMALIZE,
        &clip::CLIP,
        &tanh_distortion::TANH_DISTORTION,
        &bit_crush::BIT_CRUSH,
        &aliasing::ALIASING,
        &mp3::MP3,
        &limiter::LIMITER,
        &air_absorption::AIR_ABSORPTION,
        &pitch_shift::PITCH_SHIFT,
        &time_stretch::TIME_STRETCH,
        &speed::SPEED,
        &tape_speed::TAPE_SPEED,
        &resample_to::RESAMPLE_TO,
        &lambda::LAMBDA,
        &op::OP,
        &rust_op::RUST_OP,
        &stft::STFT,
        &crop_pad::CROP_PAD,
        &pad::PAD,
        &trim::TRIM,
        &repeat_part::REPEAT_PART,
        &reverse::REVERSE,
        &splice_out::SPLICE_OUT,
        &background::BACKGROUND,
        &short_noises::SHORT_NOISES,
        &mixed_noise::MIXED_NOISE,
        &impulse_response::IMPULSE_RESPONSE,
        &room::ROOM,
        &mel::MEL,
        &log_mel::LOG_MEL,
        &kaldi_fbank::KALDI_FBANK,
        &mfcc::MFCC,
        &clar_features::CLAR_FEATURES,
        &frequency_mask::FREQUENCY_MASK,
        &time_warp::TIME_WARP,
        &spec_warp::SPEC_WARP,
        &spec_augment::SPEC_AUGMENT,
        &op_features::OP_FEATURES,
        &patches::PATCHES,
    ];
    CATALOGUE
}

/// The declaration of a stage by its name.
///
/// # Errors
/// [`crate::Error::Unknown`] if there is none.
pub fn declaration(name: &str) -> Result<&'static Declaration, crate::Error> {
    Declaration::find(catalogue(), "stage", name)
}
