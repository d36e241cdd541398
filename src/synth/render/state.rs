//! What the audio operations of a sound keep from block to block, and how they begin.

use super::Playable;
use super::block::Train;
use super::control::{frequency, log2_of_440};
use super::math::fixed_wrapped;
use super::noise::Noise;
use crate::program::{AudioOp, Phase, Scalar};
use std::f64::consts::{LOG2_E, PI, TAU};

/// What an operation keeps from block to block.
#[derive(Default)]
pub(super) enum State {
    /// Nothing.
    #[default]
    None,
    /// Steepness of a wave between square and saw.
    SquareSaw(f64),
    /// Levels of partials.
    Harmonics(Vec<f64>),
    /// Frequency, index and phase of an FM oscillator.
    Fm(f64, f64, u64),
    /// A noise.
    Noise(Noise),
    /// A train of pulses.
    Train(Box<Train>),
    /// The last sample of a one-pole filter.
    OnePole(f64),
    /// The integrators of a resonant filter.
    Resonant([f64; 2]),
    /// The largest magnitude so far.
    Peak(f32),
}

/// The highest unmodulated frequency of an oscillator, Hz.
pub(super) fn highest_hz(phase: &Phase, scalars: &[f64]) -> f64 {
    let depth = scalars[phase.mod_depth].max(0.0);
    let pitch = scalars[phase.midi_f0] + scalars[phase.tuning] + depth;
    440.0 * libm::exp2((pitch - 69.0) / 12.0)
}

/// The level of partial `k` under a slope in dB per octave.
pub(super) fn partial_level(slope: f64, k: usize) -> f64 {
    libm::pow(10.0, slope * libm::log2(k as f64) / 20.0)
}

impl State {
    /// The state of an operation before the first sample of the sound with a key.
    pub(super) fn begin(playable: &Playable, key: u64, scalars: &[f64], op: &AudioOp) -> State {
        let sample_rate = f64::from(playable.sample_rate);
        let scalar = |scalar: Scalar| scalars[scalar];
        match op {
            AudioOp::SquareSaw { phase, .. } => {
                let highest = highest_hz(&playable.program.phases[*phase], scalars);
                let partials = 12_000.0 / (highest * libm::log10(highest));
                State::SquareSaw(PI * partials * LOG2_E)
            }
            AudioOp::Harmonics {
                phase,
                partials,
                slope,
                even,
            } => {
                let highest = highest_hz(&playable.program.phases[*phase], scalars);
                let (slope, even) = (scalar(*slope), scalar(*even));
                let count = ((0.5 * sample_rate / highest) as usize).clamp(1, *partials);
                let level = |k: usize| match k.is_multiple_of(2) {
                    true => even * partial_level(slope, k),
                    false => partial_level(slope, k),
                };
                let levels: Vec<f64> = (1..=count).map(level).collect();
                let sum: f64 = levels.iter().sum();
                State::Harmonics(levels.into_iter().map(|level| level / sum).collect())
            }
            AudioOp::Fm { phase, .. } => {
                let pitch = scalar(phase.midi_f0) + scalar(phase.tuning);
                let base = frequency(pitch, log2_of_440(playable.sample_rate));
                let depth = scalar(phase.mod_depth) * base;
                let start = fixed_wrapped(scalar(phase.initial_phase) / TAU);
                State::Fm(base, depth, start)
            }
            AudioOp::Noise { stream } => State::Noise(Noise::new(key, *stream)),
            AudioOp::Train {
                note,
                rate,
                decay,
                jitter,
                stream,
                ..
            } => {
                let onset = note.onset.map_or(0.0, scalar);
                let fall = -3.0 / (scalar(*decay) * sample_rate);
                State::Train(Box::new(Train {
                    noise: Noise::new(key, *stream),
                    period: sample_rate / scalar(*rate),
                    jitter: scalar(*jitter),
                    onset: onset * sample_rate,
                    decay: libm::pow(10.0, fall),
                    next: 0,
                    level: 0.0,
                }))
            }
            AudioOp::OnePole { .. } => State::OnePole(0.0),
            AudioOp::Resonant { .. } => State::Resonant([0.0; 2]),
            AudioOp::Normalize { .. } => State::Peak(0.0),
            _ => State::None,
        }
    }
}
