//! Phases and the oscillators that follow them.

use super::reverse::Reverse;
use crate::program::{Phase, PhaseSlot, Scalar};
use crate::render::control::{frequency, log2_of_440};
use crate::render::math::{cos_turns, sin_magnitude};
use crate::render::oscillator::{HIGHEST, LOWEST};
use crate::render::state::{highest_hz, partial_level};
use std::f64::consts::{LN_2, LN_10, LOG2_E, PI, TAU};

/// Change of a frequency, as a part of it, by a semitone.
const SEMITONE: f64 = LN_2 / 12.0;

/// `sin(2 pi t)` for `t` within half a turn.
pub(super) fn sin_turns(t: f64) -> f64 {
    sin_magnitude(t).copysign(t)
}

/// The gradient of the frequencies of which a phase is the sum up to each sample: the sum from the other end.
fn of_steps(of_phase: &[f64]) -> Vec<f64> {
    let mut sums = of_phase.to_vec();
    let mut sum = 0.0;
    for g in sums.iter_mut().rev() {
        sum += *g;
        *g = sum;
    }
    sums
}

impl Reverse<'_> {
    /// A phase: `p_i = p_0 + f_0 + .. + f_i` with `f = 2^(pitch / 12)` up to a factor, `pitch = midi + depth m_i` within its
    /// bounds.
    pub(super) fn phase(&mut self, phase: &Phase, of_phase: &[f64]) {
        let mut of_pitch = of_steps(of_phase);
        self.add_scalar(phase.initial_phase, of_pitch[0] / TAU);
        let midi = self.scalar(phase.midi_f0) + self.scalar(phase.tuning);
        let rate = log2_of_440(self.playable.sample_rate);
        let mut of_depth = 0.0;
        match phase.pitch {
            None => {
                let step = frequency(midi, rate) * SEMITONE;
                of_pitch.iter_mut().for_each(|g| *g *= step);
            }
            Some(slot) => {
                let (signal, depth) = (&self.tape.control[slot], self.scalar(phase.mod_depth));
                self.each_position(|sample, segment, part| {
                    let change = signal[segment + 1] - signal[segment];
                    let m = signal[segment] + change * part;
                    let pitch = midi + depth * m;
                    let g = &mut of_pitch[sample];
                    *g *= match (LOWEST..=HIGHEST).contains(&pitch) {
                        true => frequency(pitch, rate) * SEMITONE,
                        false => 0.0,
                    };
                    of_depth += *g * m;
                });
            }
        }
        let sum: f64 = of_pitch.iter().sum();
        self.add_scalar(phase.midi_f0, sum);
        self.add_scalar(phase.tuning, sum);
        if let Some(slot) = phase.pitch {
            self.add_scalar(phase.mod_depth, of_depth);
            let depth = self.scalar(phase.mod_depth);
            of_pitch.iter_mut().for_each(|g| *g *= depth);
            self.add_upsampled(slot, &of_pitch);
        }
    }

    pub(super) fn sine(&mut self, phase: PhaseSlot, gradient: &[f64]) {
        let turns = &self.tape.phases[phase];
        let one = |(&t, &g): (&f64, &f64)| -TAU * sin_turns(t) * g;
        self.add_phase(phase, turns.iter().zip(gradient).map(one));
    }

    /// `(1 - shape/2) q (1 + shape c)` with `q = tanh(pi k s / 2)`, `c` and `s` being cosine and sine of the phase.
    pub(super) fn square_saw(
        &mut self,
        slot: PhaseSlot,
        shape: Scalar,
        steepness: f64,
        gradient: &[f64],
    ) {
        let a = self.scalar(shape);
        let (level, half) = (1.0 - 0.5 * a, 0.5 * steepness / LOG2_E);
        let (mut of_shape, mut of_half) = (0.0, 0.0);
        let turns = &self.tape.phases[slot];
        let mut of_phase = Vec::with_capacity(gradient.len());
        for (&t, &g) in turns.iter().zip(gradient) {
            let (c, s) = (cos_turns(t), sin_turns(t));
            let q = libm::tanh(half * s);
            let of_z = g * level * (1.0 + a * c) * (1.0 - q * q);
            of_half += of_z * s;
            of_shape += g * q * (level * c - 0.5 * (1.0 + a * c));
            of_phase.push(TAU * (of_z * half * c - g * level * q * a * s));
        }
        self.add_phase(slot, of_phase.into_iter());
        self.add_scalar(shape, of_shape);
        // half = pi k / 2, and k = 12000 / (h log10 h) with the highest frequency h.
        let phase = &self.playable.program.phases[slot];
        let h = highest_hz(phase, &self.tape.scalars);
        let log = libm::log10(h);
        let of_h = -0.5 * PI * 12_000.0 * (log + 1.0 / LN_10) / (h * log).powi(2);
        self.add_highest(slot, of_half * of_h * h * SEMITONE);
    }

    /// What is given of the highest pitch that an oscillator may have.
    fn add_highest(&mut self, slot: PhaseSlot, gradient: f64) {
        let phase = &self.playable.program.phases[slot];
        self.add_scalar(phase.midi_f0, gradient);
        self.add_scalar(phase.tuning, gradient);
        if self.scalar(phase.mod_depth) > 0.0 {
            self.add_scalar(phase.mod_depth, gradient);
        }
    }

    /// `sum_k a_k cos(2 pi k t)` with levels `a_k` that sum to 1.
    pub(super) fn harmonics(
        &mut self,
        slot: PhaseSlot,
        levels: &[f64],
        [slope, even]: [Scalar; 2],
        gradient: &[f64],
    ) {
        let turns = &self.tape.phases[slot];
        let mut of_levels = vec![0.0; levels.len()];
        let mut of_phase = Vec::with_capacity(gradient.len());
        for (&t, &g) in turns.iter().zip(gradient) {
            let (c, s) = (cos_turns(t), sin_turns(t));
            let (mut cos, mut sin, mut sum) = (c, s, 0.0);
            for (k, (level, of_level)) in levels.iter().zip(&mut of_levels).enumerate() {
                *of_level += g * cos;
                sum += level * (k + 1) as f64 * sin;
                (cos, sin) = (cos * c - sin * s, sin * c + cos * s);
            }
            of_phase.push(-TAU * sum * g);
        }
        self.add_phase(slot, of_phase.into_iter());
        // a_k = b_k / sum b, with b_k of the slope, times `even` for the even ones.
        let mean = super::reverse::dot(levels, &of_levels);
        let (db, factor) = (self.scalar(slope), self.scalar(even));
        let level = |k: usize| partial_level(db, k);
        let weight = |k: usize| if k.is_multiple_of(2) { factor } else { 1.0 };
        let sum: f64 = (1..=levels.len()).map(|k| weight(k) * level(k)).sum();
        let (mut of_slope, mut of_even) = (0.0, 0.0);
        for (k, of_level) in (1..).zip(&of_levels) {
            let of_b = (of_level - mean) / sum;
            of_slope += of_b * weight(k) * level(k) * libm::log2(k as f64) * LN_10 / 20.0;
            if k.is_multiple_of(2) {
                of_even += of_b * level(k);
            }
        }
        self.add_scalar(slope, of_slope);
        self.add_scalar(even, of_even);
    }

    /// A cosine whose phase is the sum of `f (1 + depth m_i)`, each within 0 and a half.
    pub(super) fn fm(&mut self, index: usize, modulator: usize, phase: &Phase, gradient: &[f64]) {
        let turns = &self.tape.kept[index];
        let one = |(&t, &g): (&f64, &f64)| -TAU * sin_turns(t) * g;
        let of_phase: Vec<f64> = turns.iter().zip(gradient).map(one).collect();
        let of_steps = of_steps(&of_phase);
        self.add_scalar(phase.initial_phase, of_steps[0] / TAU);
        let pitch = self.scalar(phase.midi_f0) + self.scalar(phase.tuning);
        let base = frequency(pitch, log2_of_440(self.playable.sample_rate));
        let depth = self.scalar(phase.mod_depth);
        let (mut of_base, mut of_depth) = (0.0, 0.0);
        let mut of_modulator = Vec::with_capacity(gradient.len());
        for (&m, g) in self.tape.signal(modulator).iter().zip(of_steps) {
            let f = base * (1.0 + depth * m);
            let g = if f > 0.0 && f < 0.5 { g } else { 0.0 };
            of_base += g * (1.0 + depth * m);
            of_depth += g * base * m;
            of_modulator.push(g * base * depth);
        }
        self.add_audio(modulator, of_modulator.into_iter());
        self.add_scalar(phase.mod_depth, of_depth);
        self.add_scalar(phase.midi_f0, of_base * base * SEMITONE);
        self.add_scalar(phase.tuning, of_base * base * SEMITONE);
    }
}
