//! What a stage does to a clip, in two parts: draw, then apply.

use super::recordings::Recordings;
use super::{Accepts, Domain};
use crate::dsp::{Convolver, FftScratch, TapeHead, VocoderScratch};
use crate::features::{Bend, Features, LogMel, MelScratch};
use crate::{Error, Rng, Waveform};
use smallvec::SmallVec;
use std::sync::Arc;

/// The values a stage drew for one clip, in the order of its declaration's `draws`. All are numbers: a seed is an integer
/// below 2^53, a choice an index, so a trace survives JSON bit for bit.
pub type Draws = SmallVec<[f64; 8]>;

/// What a stage does.
///
/// `draw` takes everything random from the stream; `apply` is a function of the drawn values and the clip. That split is
/// what makes a trace complete and a replay exact.
pub trait Transform: Send + Sync {
    /// Draws the values for one clip.
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws;

    /// Names of the drawn values where their number depends on the parameters; `None` where the declaration names all.
    fn draw_names(&self) -> Option<&[String]> {
        None
    }

    /// Whether it draws any number of values, or of groups of values, with the declared names.
    fn draws_a_list(&self) -> bool {
        false
    }

    /// The recordings that drawn values named `file` are indices of.
    fn recordings(&self) -> Option<&Recordings> {
        None
    }

    /// What decides what it does and does not stand in its parameters: a name for the content of a file that one of them
    /// names, other than recordings.
    fn read_from_file(&self) -> Option<String> {
        None
    }

    /// The mel spectrogram that it computes of sounds of a sample rate, Hz, if it computes one.
    fn log_mel(&self, _sample_rate: u32) -> Option<Result<Arc<LogMel>, Error>> {
        None
    }

    /// What it works on, where its parameters narrow what the declaration says.
    fn accepts(&self) -> Option<Accepts> {
        None
    }

    /// Works on the clip in place.
    ///
    /// # Errors
    /// [`Error::Unusable`] if this clip cannot be worked on, such as one shorter than a frame.
    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error>;

    /// Works on the clip in place, where the stage runs the recipe that is among its parameters: `inside` runs it, and the
    /// trace holds what it draws behind what the stage draws.
    ///
    /// # Errors
    /// As [`Transform::apply`], and whatever the recipe reports.
    fn apply_with(
        &self,
        draws: &[f64],
        work: &mut Workspace,
        _inside: &mut Inside<'_>,
    ) -> Result<(), Error> {
        self.apply(draws, work)
    }
}

/// What runs the recipe that a stage was given, from inside the stage: the number of the run, and what it works on. Which
/// recipe that is, whoever runs the stage reads from its values, so that what a stage does names no recipes.
pub type Inside<'a> = dyn FnMut(usize, &mut Workspace) -> Result<(), Error> + 'a;

/// What a stage may know of a clip before it draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Input {
    /// Length along time: samples of a wave, frames of features.
    pub n: usize,
    /// Bands of features; 0 for a wave.
    pub n_bands: usize,
    /// Samples per second of the wave, Hz.
    pub sample_rate: u32,
}

/// A clip under work, with the buffers that stages need. A thread keeps one, so that no clip allocates.
#[derive(Default)]
pub struct Workspace {
    domain: Option<Domain>,
    /// The wave, planar.
    pub samples: Vec<f32>,
    /// Channels of the wave.
    pub n_channels: usize,
    /// Samples per second of the wave, Hz.
    pub sample_rate: u32,
    /// The features, once a stage has computed them.
    pub features: Features,
    /// A second wave buffer for stages that cannot work in place; they swap it with `samples`.
    pub spare: Vec<f32>,
    /// Buffers of the mel spectrogram.
    pub mel: MelScratch,
    /// Buffers of the short-time Fourier transform.
    pub fft: FftScratch,
    /// Buffers of the phase vocoder.
    pub vocoder: VocoderScratch,
    /// What reads at a changing speed.
    pub tape_head: TapeHead,
    /// A bent axis of the features.
    pub bend: Bend,
    /// Buffers of a convolution.
    pub convolver: Convolver,
    /// An impulse response that a stage made or read.
    pub response: Vec<f32>,
    /// Buffers of an expression.
    pub expression: crate::expression::Scratch,
    /// Where a stage runs a recipe of its own.
    inner: Option<Box<Workspace>>,
}

impl Workspace {
    /// Puts a sound in.
    pub fn load(&mut self, wave: &Waveform) {
        self.domain = Some(Domain::Wave);
        self.n_channels = wave.n_channels();
        self.sample_rate = wave.sample_rate();
        self.samples.clear();
        self.samples.extend_from_slice(wave.samples());
    }

    /// Puts a sound in that nobody needs any more: its samples are not copied.
    pub fn load_owned(&mut self, wave: Waveform) {
        self.domain = Some(Domain::Wave);
        self.n_channels = wave.n_channels();
        self.sample_rate = wave.sample_rate();
        self.samples = wave.into_samples();
    }

    /// What is in it; a wave if nothing was loaded.
    pub fn domain(&self) -> Domain {
        self.domain.unwrap_or(Domain::Wave)
    }

    /// Says that `features` now hold the clip.
    pub fn now_features(&mut self) {
        self.domain = Some(Domain::Features);
    }

    /// Puts features in.
    pub fn load_features(&mut self, features: &Features) {
        self.features.clone_from(features);
        self.now_features();
    }

    /// Has something done to other samples of the same rate and channels, apart from the clip. Their number may change.
    ///
    /// # Errors
    /// Whatever `run` reports, and [`Error::Mismatch`] if it changes the rate or the channels.
    pub(super) fn aside(
        &mut self,
        samples: &mut Vec<f32>,
        run: impl FnOnce(&mut Workspace) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut inner = self.inner.take().unwrap_or_default();
        (inner.domain, inner.n_channels, inner.sample_rate) =
            (Some(Domain::Wave), self.n_channels, self.sample_rate);
        std::mem::swap(&mut inner.samples, samples);
        let ran = run(&mut inner);
        std::mem::swap(&mut inner.samples, samples);
        let said =
            |work: &Workspace| format!("{} channels at {} Hz", work.n_channels, work.sample_rate);
        let (before, after) = (said(self), said(&inner));
        self.inner = Some(inner);
        match ran {
            Ok(()) if before != after => {
                let what = "the sound before and after a recipe inside a stage";
                Err(Error::Mismatch {
                    what,
                    left: before,
                    right: after,
                })
            }
            ran => ran,
        }
    }

    /// What a stage may know before it draws.
    pub fn input(&self) -> Input {
        let (n, n_bands) = match self.domain() {
            Domain::Wave => (self.samples.len() / self.n_channels.max(1), 0),
            Domain::Features => (self.features.n_frames, self.features.n_bands),
        };
        Input {
            n,
            n_bands,
            sample_rate: self.sample_rate,
        }
    }

    /// The samples of a wave or the values of features, whatever is in it.
    pub(super) fn values_mut(&mut self) -> &mut Vec<f32> {
        match self.domain() {
            Domain::Wave => &mut self.samples,
            Domain::Features => &mut self.features.values,
        }
    }

    /// How many channels whatever is in it has.
    pub(super) fn n_channels_mut(&mut self) -> &mut usize {
        match self.domain() {
            Domain::Wave => &mut self.n_channels,
            Domain::Features => &mut self.features.n_channels,
        }
    }

    /// The wave, one mutable slice a channel.
    pub fn channels_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let n = (self.samples.len() / self.n_channels.max(1)).max(1);
        self.samples.chunks_mut(n)
    }

    /// The rows along time of whatever is in it: channels of a wave, bands of features.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let n = self.input().n.max(1);
        match self.domain() {
            Domain::Wave => self.samples.chunks_mut(n),
            Domain::Features => self.features.values.chunks_mut(n),
        }
    }

    /// Takes the wave out; none is left in it.
    ///
    /// # Errors
    /// [`Error::BadSample`] if a stage made a sample that is not finite.
    pub fn take_waveform(&mut self) -> Result<Waveform, Error> {
        Waveform::new(
            std::mem::take(&mut self.samples),
            self.n_channels,
            self.sample_rate,
        )
    }

    /// The wave as a value of its own.
    ///
    /// # Errors
    /// [`Error::BadSample`] if a stage made a sample that is not finite.
    pub fn to_waveform(&self) -> Result<Waveform, Error> {
        Waveform::new(self.samples.clone(), self.n_channels, self.sample_rate)
    }
}
