//! The phase of oscillators, in closed form for every piece of pitch.
//!
//! Between two control samples the pitch is linear, so the frequency is a geometric sequence `f r^i`, and the phase behind
//! `n` samples is `f (r^n - 1) / (r - 1)`. A piece is such a run of samples; where the pitch meets the bounds 0 and 127 a
//! piece ends and one of constant pitch begins. Totals of pieces are added as fixed-point turns, which wrap around exactly.

use super::control::{frequency, log2_of_440};
use super::math::{LANES, Real, fixed_wrapped, mean_growth, turns, wrapped};
use crate::program::Phase;
use crate::synth::Inner;
use std::f64::consts::{LN_2, TAU};

/// Bounds of a modulated pitch, MIDI notes.
const LOWEST: f64 = 0.0;
const HIGHEST: f64 = 127.0;

/// The pieces of an oscillator's pitch, and how far it is.
#[derive(Default)]
pub(super) struct Oscillator {
    /// Samples of each piece.
    lengths: Vec<u32>,
    /// Pitch at the first sample, then cycles per sample there.
    frequencies: Vec<f64>,
    /// Semitones per sample, then the ratio of a sample's frequency to the last one's.
    ratios: Vec<f64>,
    /// Turns of the whole piece, then the phase before its first sample.
    phases: Vec<f64>,
    piece: usize,
    done: u32,
    frequency: f64,
    phase: f64,
}

impl Oscillator {
    /// Prepares for a sound.
    #[inline(always)]
    pub(super) fn prepare(
        &mut self,
        inner: &Inner,
        phase: &Phase,
        scalars: &[f64],
        pitch: Option<&[f64]>,
    ) {
        self.lengths.clear();
        self.frequencies.clear();
        self.ratios.clear();
        let midi = scalars[phase.midi_f0] + scalars[phase.tuning];
        match pitch {
            None => self.push(inner.n_samples as u32, midi, 0.0),
            Some(signal) => self.pieces(inner, midi, scalars[phase.mod_depth], signal),
        }
        self.solve(log2_of_440(inner.options.sample_rate));
        let mut sum = fixed_wrapped(scalars[phase.initial_phase] / TAU);
        for total in &mut self.phases {
            let before = turns(sum);
            sum = sum.wrapping_add(fixed_wrapped(*total));
            *total = before;
        }
        self.piece = 0;
        self.done = 0;
        self.frequency = self.frequencies[0];
        self.phase = self.phases[0];
    }

    fn push(&mut self, length: u32, midi: f64, slope: f64) {
        self.lengths.push(length);
        self.frequencies.push(midi);
        self.ratios.push(slope);
    }

    #[inline(always)]
    fn pieces(&mut self, inner: &Inner, midi: f64, depth: f64, signal: &[f64]) {
        let segments = &inner.segments;
        for (j, offset) in segments.offsets.iter().enumerate() {
            let length = segments.starts[j + 1] - segments.starts[j];
            let change = signal[j + 1] - signal[j];
            let slope = depth * change * segments.step;
            let first = midi + depth * (signal[j] + change * offset);
            let last = first + slope * f64::from(length.max(1) - 1);
            let inside = |pitch: f64| (LOWEST..=HIGHEST).contains(&pitch);
            if inside(first) && inside(last) {
                self.push(length, first, slope);
            } else {
                self.bounded(length, first, slope);
            }
        }
    }

    /// The pieces of a segment whose pitch passes a bound.
    fn bounded(&mut self, length: u32, first: f64, slope: f64) {
        let mut sample = 0;
        while sample < length {
            let pitch = first + slope * f64::from(sample);
            // Until when it stays on this side of the bounds.
            let (until, at, slope_here) = match pitch {
                p if p > HIGHEST => (
                    if slope < 0.0 { HIGHEST } else { f64::INFINITY },
                    HIGHEST,
                    0.0,
                ),
                p if p < LOWEST => (
                    if slope > 0.0 { LOWEST } else { f64::INFINITY },
                    LOWEST,
                    0.0,
                ),
                p if slope > 0.0 => (HIGHEST, p, slope),
                p if slope < 0.0 => (LOWEST, p, slope),
                p => (f64::INFINITY, p, 0.0),
            };
            let end = match until.is_finite() {
                true => ((until - first) / slope).floor() + 1.0,
                false => f64::INFINITY,
            };
            let end = end.clamp(f64::from(sample + 1), f64::from(length)) as u32;
            self.push(end - sample, at, slope_here);
            sample = end;
        }
    }

    /// Frequencies, ratios and totals of all pieces.
    #[inline(always)]
    fn solve(&mut self, log2_of_440: f64) {
        let n = self.lengths.len();
        self.phases.clear();
        self.phases.resize(n, 0.0);
        let pieces = self.lengths.iter().zip(&mut self.phases);
        let pieces = pieces.zip(self.frequencies.iter_mut().zip(&mut self.ratios));
        for ((length, total), (pitch, slope)) in pieces {
            let length = f64::from(*length);
            let growth = *slope * (LN_2 / 12.0);
            *pitch = frequency(*pitch, log2_of_440);
            *total = *pitch * length * (mean_growth(length * growth) / mean_growth(growth));
            *slope = f64::pow2(*slope * (1.0 / 12.0));
        }
    }

    /// Writes the phase at the next `length` samples, in turns within -0.5..0.5; up to `LANES` more are written behind.
    #[inline(always)]
    pub(super) fn fill<T: Real>(&mut self, length: usize, out: &mut [T]) {
        let mut place = 0;
        while place < length {
            let left = self.lengths[self.piece] - self.done;
            let n = (left as usize).min(length - place);
            self.run(n, &mut out[place..]);
            place += n;
            self.done += n as u32;
            if self.done == self.lengths[self.piece] && self.piece + 1 < self.lengths.len() {
                self.piece += 1;
                self.done = 0;
                self.frequency = self.frequencies[self.piece];
                self.phase = self.phases[self.piece];
            }
        }
    }

    #[inline(always)]
    fn run<T: Real>(&mut self, n: usize, out: &mut [T]) {
        // Powers of the ratio, and their sums: how far each of the next samples is, in steps of the frequency.
        let r = self.ratios[self.piece];
        let mut powers = [1.0, r, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        for lane in 2..=LANES {
            powers[lane] = powers[lane / 2] * powers[lane - lane / 2];
        }
        let mut sums = [1.0; LANES];
        for lane in 1..LANES {
            sums[lane] = sums[lane - 1] + powers[lane];
        }
        let (mut phase, mut frequency) = (wrapped(self.phase), self.frequency);
        let (whole, rest) = (n / LANES, n % LANES);
        let (lanes, _) = out.as_chunks_mut::<LANES>();
        for lane in &mut lanes[..whole] {
            for (y, sum) in lane.iter_mut().zip(&sums) {
                *y = T::of(wrapped(phase + frequency * sum));
            }
            phase += frequency * sums[LANES - 1];
            frequency *= powers[LANES];
        }
        if rest > 0 {
            for (y, sum) in lanes[whole].iter_mut().zip(&sums) {
                *y = T::of(wrapped(phase + frequency * sum));
            }
            phase += frequency * sums[rest - 1];
            frequency *= powers[rest];
        }
        self.phase = phase;
        self.frequency = frequency;
    }
}
