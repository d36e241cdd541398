//! Waveforms on the CPU: files, signal processing, features, augmentation recipes, datasets.
//!
//! Load a sound, augment it, turn it into features:
//!
//! ```
//! use auricle_audio::augment::{Recipe, Stage, Value, declaration};
//! use auricle_audio::{Distribution, Key, Waveform, io, synth};
//! # fn main() -> Result<(), auricle_audio::Error> {
//! # let folder = tempfile::tempdir().expect("there is room for a file");
//! # let path = folder.path().join("tone.wav");
//! # io::write_wav(&path, &synth::tone(440.0, 1.0, 16_000)?, io::SampleFormat::Int16)?;
//! let wave: Waveform = io::read(&path)?;
//! let snr_db = Value::Drawn(Distribution::uniform(10.0, 30.0)?);
//! let noise = Stage::new(declaration("noise")?, [("snr_db".to_owned(), snr_db)])?;
//! let log_mel = Stage::new(declaration("log_mel")?, [])?;
//! let recipe = Recipe::from(noise).then(&Recipe::from(log_mel))?;
//! let features = recipe.features(&wave, Key { seed: 1, epoch: 0, item: 7, view: 0 })?;
//! assert_eq!(features.shape()[0], 1);
//! assert_eq!(recipe.to_string(), "noise(10..30) |> log_mel()");
//! assert_eq!(Recipe::from_json(&recipe.to_json())?, recipe);
//! # Ok(())
//! # }
//! ```
//!
//! What is drawn depends on the [`Key`] and the place in the recipe alone: threads, batches and the order of clips change no
//! byte. [`augment`] has the stages and what combines them, [`augment::Recipe::trace`] says what was drawn for a clip, and
//! [`augment::Recipe::replay`] repeats it. An operator that is missing is an expression over samples, the stage `op`
//! ([`expression`]). In a notebook of evcxr, waves, features, recipes and traces show themselves.
//!
//! Rooms, each importing only from those to its left: `error rng param waveform declare < io dsp expression < features synth
//! < augment < dataset plot`. Nothing here knows tensors or scripts.

pub mod augment;
pub mod dataset;
pub mod declare;
pub mod dsp;
mod error;
pub mod expression;
pub mod features;
pub mod io;
mod param;
pub mod plot;
mod rng;
pub mod synth;
mod waveform;

pub use error::Error;
pub use param::Distribution;
pub use rng::{Key, Place, Rng};
pub use waveform::Waveform;
