//! The phase of oscillators, in closed form for every piece of pitch.
//!
//! Between two control samples the pitch is linear, so the frequency is a geometric sequence `f r^i`, and the phase behind
//! `n` samples is `f (r^n - 1) / (r - 1)`. A piece is such a run of samples; where the pitch meets the bounds 0 and 127 a
//! piece ends and one of constant pitch begins. Totals of pieces are added as fixed-point turns, which wrap around exactly.

use super::Playable;
use super::control::{frequency, log2_of_440};
use super::math::{LANES, ROUND, Real, fixed_wrapped, mean_growth, turns, wrapped};
use crate::program::Phase;
use pulp::Simd;
use std::f64::consts::{LN_2, TAU};

/// Bounds of a modulated pitch, MIDI notes.
pub(super) const LOWEST: f64 = 0.0;
pub(super) const HIGHEST: f64 = 127.0;

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
    /// How far each of the next samples is, in steps of the frequency: `1 + r + .. + r^k`.
    sums: Vec<[f64; LANES]>,
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
        playable: &Playable,
        phase: &Phase,
        scalars: &[f64],
        pitch: Option<&[f64]>,
    ) {
        self.lengths.clear();
        self.frequencies.clear();
        self.ratios.clear();
        let midi = scalars[phase.midi_f0] + scalars[phase.tuning];
        match pitch {
            None => self.push(playable.n_samples as u32, midi, 0.0),
            Some(signal) => self.pieces(playable, midi, scalars[phase.mod_depth], signal),
        }
        self.solve(log2_of_440(playable.sample_rate));
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
    fn pieces(&mut self, playable: &Playable, midi: f64, depth: f64, signal: &[f64]) {
        let segments = &playable.segments;
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
        for pitch in &mut self.frequencies {
            *pitch = frequency(*pitch, log2_of_440);
        }
        let pieces = self.lengths.iter().zip(&self.ratios);
        for (total, (length, slope)) in self.phases.iter_mut().zip(pieces) {
            let length = f64::from(*length);
            *total = length * mean_growth(length * *slope * (LN_2 / 12.0));
        }
        for (total, slope) in self.phases.iter_mut().zip(&self.ratios) {
            *total /= mean_growth(*slope * (LN_2 / 12.0));
        }
        for (total, frequency) in self.phases.iter_mut().zip(&self.frequencies) {
            *total *= *frequency;
        }
        for slope in &mut self.ratios {
            *slope = f64::pow2(*slope * (1.0 / 12.0));
        }
        self.sums.clear();
        for ratio in &self.ratios {
            let mut sums = [1.0; LANES];
            for lane in 1..LANES {
                sums[lane] = sums[lane - 1] * ratio + 1.0;
            }
            self.sums.push(sums);
        }
    }

    /// Writes the phase at the next `length` samples, in turns within -0.5..0.5; up to `LANES` more are written behind.
    pub(super) fn fill(&mut self, arch: pulp::Arch, length: usize, out: &mut [f64]) {
        arch.dispatch(Fill {
            oscillator: self,
            length,
            out,
        });
    }
}

struct Fill<'a> {
    oscillator: &'a mut Oscillator,
    length: usize,
    out: &'a mut [f64],
}

impl pulp::WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (o, mut place) = (self.oscillator, 0);
        while place < self.length {
            let left = (o.lengths[o.piece] - o.done) as usize;
            let n = left.min(self.length - place);
            let start = (wrapped(o.phase), o.frequency);
            let (ratio, sums) = (o.ratios[o.piece], &o.sums[o.piece]);
            let (lanes, _) = self.out[place..].as_chunks_mut::<LANES>();
            let last = run(simd, start, ratio, sums, &mut lanes[..n.div_ceil(LANES)]);
            place += n;
            if n < left {
                o.done += n as u32;
                // Of the last lanes only some were wanted.
                let wanted = (n - 1) % LANES + 1;
                let power = (0..wanted).fold(1.0, |power, _| power * ratio);
                o.phase = last.0 + last.1 * sums[wanted - 1];
                o.frequency = last.1 * power;
            } else if o.piece + 1 < o.lengths.len() {
                o.piece += 1;
                o.done = 0;
                o.frequency = o.frequencies[o.piece];
                o.phase = o.phases[o.piece];
            }
        }
    }
}

/// The phases behind a phase and a frequency, and both as they were before the last lanes.
#[inline(always)]
fn run<S: Simd>(
    simd: S,
    start: (f64, f64),
    ratio: f64,
    sums: &[f64; LANES],
    lanes: &mut [[f64; LANES]],
) -> (f64, f64) {
    let square = ratio * ratio;
    let growth = (square * square) * (square * square);
    let sum_lanes = S::as_simd_f64s(sums).0;
    let (mut phase, mut frequency) = start;
    let mut before = start;
    for lane in lanes {
        before = (phase, frequency);
        let (from, step) = (simd.splat_f64s(phase), simd.splat_f64s(frequency));
        for (y, sum) in S::as_mut_simd_f64s(lane).0.iter_mut().zip(sum_lanes) {
            let turns = simd.add_f64s(from, simd.mul_f64s(step, *sum));
            let round = simd.splat_f64s(ROUND);
            let whole = simd.sub_f64s(simd.add_f64s(turns, round), round);
            *y = simd.sub_f64s(turns, whole);
        }
        phase += frequency * sums[LANES - 1];
        frequency *= growth;
    }
    before
}
