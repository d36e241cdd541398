//! The sounds that stages are shown with, and recordings for those that need some.

use crate::script::ScriptError;
use auricle_audio::Waveform;
use auricle_audio::augment::{Accepts, Declaration, Recipe, Stage, Value, declaration};
use auricle_audio::features::Features;
use auricle_audio::io::{SampleFormat, write_wav};
use auricle_audio::plot::Content;
use auricle_audio::synth::{EXAMPLE_S, chirp, knocks, plucked, surroundings, voice};
use auricle_audio::{Error, Key};
use tempfile::TempDir;

/// Sample rate of all sounds, Hz.
pub(super) const SAMPLE_RATE: u32 = 16_000;

/// The sounds, and a folder of recordings as long as this lives.
pub(super) struct Sounds {
    voice: Waveform,
    notes: Waveform,
    wandering_notes: Waveform,
    knocks: Waveform,
    sweep: Waveform,
    features: Features,
    recordings: TempDir,
}

/// A sound, and what it is called.
pub(super) struct Input {
    pub(super) name: &'static str,
    pub(super) content: Content,
}

impl Sounds {
    pub(super) fn new() -> Result<Sounds, ScriptError> {
        let recordings = tempfile::tempdir().map_err(|error| {
            ScriptError::new(format!("a temporary folder cannot be made: {error}"))
        })?;
        let file = recordings.path().join("garden.wav");
        write_wav(&file, &surroundings(4.0, SAMPLE_RATE)?, SampleFormat::Int16)?;
        let voice = voice(SAMPLE_RATE)?;
        let nyquist_hz = f64::from(SAMPLE_RATE) / 2.0;
        Ok(Sounds {
            notes: plucked(SAMPLE_RATE, 1)?,
            wandering_notes: plucked(SAMPLE_RATE, 2)?,
            knocks: knocks(SAMPLE_RATE)?,
            sweep: chirp(50.0, nyquist_hz, EXAMPLE_S, SAMPLE_RATE)?.scaled(0.5)?,
            features: log_mel(&voice)?,
            voice,
            recordings,
        })
    }

    /// The folder of recordings.
    pub(super) fn recordings(&self) -> String {
        self.recordings.path().display().to_string()
    }

    /// The sound or the features by which a stage is best seen.
    pub(super) fn of(&self, declaration: &Declaration) -> Input {
        if declaration.facts.accepts == Accepts::Features {
            let content = Content::Features(self.features.clone());
            let name = "the log-mel spectrogram of a made voice";
            return Input { name, content };
        }
        let (name, wave) = match declaration.name {
            // Every frequency once: what a filter does to each is seen at a glance.
            "low_pass" | "high_pass" | "band_pass" | "band_stop" | "shelf" | "peaking"
            | "seven_band_eq" | "air_absorption" | "aliasing" | "resample_to" => {
                ("a sweep over all frequencies", &self.sweep)
            }
            // Silence between attacks: there reverberation is heard.
            "impulse_response" | "room" | "limiter" => ("knocks on wood", &self.knocks),
            "mono" => (
                "plucked notes that wander from left to right",
                &self.wandering_notes,
            ),
            // Few partials: new ones are seen between them.
            "clip" | "tanh_distortion" | "bit_crush" | "gain_transition" | "lambda" | "op"
            | "rust_op" => ("plucked notes", &self.notes),
            _ => ("a made voice", &self.voice),
        };
        let content = Content::Wave(wave.clone());
        Input { name, content }
    }
}

fn log_mel(wave: &Waveform) -> Result<Features, Error> {
    let n_mels = ("n_mels".to_owned(), Value::Drawn(64.0.into()));
    let stage = Stage::new(declaration("log_mel")?, [n_mels])?;
    Recipe::from(stage).features(wave, Key::of_seed(0))
}
