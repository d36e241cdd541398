//! The control operations, backward.

use super::oscillator::sin_turns;
use super::reverse::{Reverse, dot};
use super::scalars::soft_gradient;
use crate::program::{ControlOp, ControlSlot, Note, Scalar, Step};
use crate::render::control::{EPS, LEAST};
use crate::render::math::{cos_turns, wrapped};
use std::f64::consts::{LN_2, PI, TAU};

impl Reverse<'_> {
    /// Adds the gradients of what an operation reads, given that of what it gives.
    pub(super) fn control_step(&mut self, step: &Step<ControlOp>, gradient: &[f64]) {
        let tape = self.tape;
        match &step.op {
            ControlOp::Adsr {
                note,
                attack,
                decay,
                sustain,
                release,
                alpha,
            } => self.adsr(
                *note,
                [*attack, *decay, *sustain, *release, *alpha],
                gradient,
            ),
            ControlOp::Lfo {
                rate,
                frequency,
                mod_depth,
                initial_phase,
                weights,
            } => {
                let numbers = [*frequency, *mod_depth, *initial_phase];
                self.lfo(*rate, numbers, weights, gradient);
            }
            ControlOp::Mix { terms, .. } => {
                for &(gain, slot) in terms {
                    let factor = tape.gain(gain);
                    self.add_gain(gain, dot(&tape.control[slot], gradient));
                    self.add_control(slot, gradient.iter().map(|g| factor * g));
                }
            }
            ControlOp::Product { a, b } => {
                let times = |slot: usize| tape.control[slot].iter().zip(gradient);
                self.add_control(*a, times(*b).map(|(x, g)| x * g));
                self.add_control(*b, times(*a).map(|(x, g)| x * g));
            }
            ControlOp::Curve { .. } => {}
            ControlOp::Fall { note, from, speed } => {
                let y = &tape.control[step.out];
                self.fall(*note, *from, *speed, y, gradient);
            }
            ControlOp::Warp {
                modulation,
                cutoff,
                depth,
            } => {
                let y = &tape.control[step.out];
                self.warp(*modulation, *cutoff, *depth, y, gradient);
            }
        }
    }

    fn control_rate(&self) -> f64 {
        f64::from(self.playable.control_rate)
    }

    /// The product of three ramps. Numbers: attack, decay, sustain, release, alpha.
    fn adsr(&mut self, note: Note, numbers: [Scalar; 5], gradient: &[f64]) {
        let [attack, decay, sustain, release, alpha] = numbers.map(|scalar| self.scalar(scalar));
        let duration = self.scalar(note.duration);
        let onset = note.onset.map_or(0.0, |onset| self.scalar(onset));
        let rate = self.control_rate();
        let attack_s = attack.min(duration);
        let decay_s = (duration - attack).max(0.0).min(decay);
        let rising = Ramp::new(onset, attack_s, rate, false, alpha);
        let falling = Ramp::new(onset + attack_s, decay_s, rate, true, alpha);
        let fading = Ramp::new(onset + duration, release, rate, true, alpha);
        let [mut of_rising, mut of_falling, mut of_fading] = [OfRamp::default(); 3];
        let mut of_sustain = 0.0;
        // Before its note an envelope is silent.
        let first = (onset * rate).ceil() as usize;
        for (k, &g) in gradient.iter().enumerate().skip(first) {
            let [a, b, c] = [&rising, &falling, &fading].map(|ramp| ramp.at(k as f64));
            let held = (1.0 - sustain) * b.value + sustain;
            of_rising.add(&a, g * held * c.value);
            of_falling.add(&b, g * a.value * c.value * (1.0 - sustain));
            of_fading.add(&c, g * a.value * held);
            of_sustain += g * a.value * c.value * (1.0 - b.value);
        }
        // Of the attack and the decay as they are played, seconds.
        let of_attack_s = rate * (of_rising.length + of_falling.start);
        let of_decay_s = rate * of_falling.length;
        let mut of_attack = 0.0;
        let mut of_decay = 0.0;
        let mut of_duration = rate * of_fading.start;
        match attack < duration {
            true => of_attack += of_attack_s,
            false => of_duration += of_attack_s,
        }
        if decay < duration - attack {
            of_decay += of_decay_s;
        } else if attack < duration {
            of_duration += of_decay_s;
            of_attack -= of_decay_s;
        }
        let [attack, decay, sustain, release, alpha] = numbers;
        self.add_scalar(attack, of_attack);
        self.add_scalar(decay, of_decay);
        self.add_scalar(sustain, of_sustain);
        self.add_scalar(release, rate * of_fading.length);
        self.add_scalar(alpha, of_rising.alpha + of_falling.alpha + of_fading.alpha);
        self.add_scalar(note.duration, of_duration);
        if let Some(onset) = note.onset {
            let of_starts = of_rising.start + of_falling.start + of_fading.start;
            self.add_scalar(onset, rate * of_starts);
        }
    }

    /// A weighted mean of five shapes at a phase that is a sum. Numbers: frequency, depth of modulation, initial phase.
    fn lfo(
        &mut self,
        modulation: Option<ControlSlot>,
        numbers: [Scalar; 3],
        weights: &[Scalar; 5],
        gradient: &[f64],
    ) {
        let [frequency, depth, initial] = numbers.map(|scalar| self.scalar(scalar));
        let rate = self.control_rate();
        let modes = weights.map(|scalar| self.scalar(scalar));
        let shares = crate::render::control::soft(&modes);
        let signal = modulation.map(|slot| &self.tape.control[slot]);
        let hz = |k: usize| frequency + signal.map_or(0.0, |signal| depth * signal[k]);
        let mut of_weights = [0.0; 5];
        let mut of_phase = Vec::with_capacity(gradient.len());
        let mut phase = initial / TAU;
        for (k, &g) in gradient.iter().enumerate() {
            phase += hz(k).max(0.0) / rate;
            let (values, slopes) = shapes(wrapped(phase));
            let shapes = of_weights.iter_mut().zip(values);
            shapes.for_each(|(sum, value)| *sum += g * value);
            of_phase.push(g * dot(&shares, &slopes));
        }
        let mut of_hz = of_phase;
        let mut sum = 0.0;
        let (mut of_frequency, mut of_depth) = (0.0, 0.0);
        for (k, g) in of_hz.iter_mut().enumerate().rev() {
            sum += *g;
            *g = if hz(k) > 0.0 { sum / rate } else { 0.0 };
            of_frequency += *g;
            of_depth += *g * signal.map_or(0.0, |signal| signal[k]);
        }
        let [of_frequency_at, of_depth_at, of_initial_at] = numbers;
        self.add_scalar(of_frequency_at, of_frequency);
        self.add_scalar(of_depth_at, of_depth);
        self.add_scalar(of_initial_at, sum / TAU);
        for (&scalar, g) in weights.iter().zip(soft_gradient(&modes, &of_weights)) {
            self.add_scalar(scalar, g);
        }
        if let Some(slot) = modulation {
            self.add_control(slot, of_hz.into_iter().map(|g| g * depth));
        }
    }

    /// `max(from 2^-(speed t), 20)`.
    fn fall(&mut self, note: Note, from: Scalar, speed: Scalar, y: &[f64], gradient: &[f64]) {
        let onset = note.onset.map_or(0.0, |onset| self.scalar(onset));
        let (rate, octaves_per_s) = (self.control_rate(), self.scalar(speed));
        let (mut of_from, mut of_speed, mut of_onset) = (0.0, 0.0, 0.0);
        for (k, (&y, &g)) in y.iter().zip(gradient).enumerate() {
            let since = (k as f64 / rate - onset).max(0.0);
            let octaves = octaves_per_s * since;
            if y <= 20.0 || octaves >= 100.0 {
                continue;
            }
            of_from += g * y;
            of_speed -= g * y * LN_2 * since;
            if since > 0.0 {
                of_onset += g * y * LN_2 * octaves_per_s;
            }
        }
        self.add_scalar(from, of_from / self.scalar(from));
        self.add_scalar(speed, of_speed);
        if let Some(onset) = note.onset {
            self.add_scalar(onset, of_onset);
        }
    }

    /// `tan(pi f)` with `f = cutoff / sample_rate 2^(depth m / 12)` below half the sample rate.
    fn warp(
        &mut self,
        modulation: Option<ControlSlot>,
        cutoff: Scalar,
        depth: Scalar,
        y: &[f64],
        gradient: &[f64],
    ) {
        let (hz, semitones) = (self.scalar(cutoff), self.scalar(depth));
        let cycles = hz / f64::from(self.playable.sample_rate);
        let signal = modulation.map(|slot| &self.tape.control[slot]);
        let (mut of_log_hz, mut of_depth) = (0.0, 0.0);
        let mut of_signal = Vec::with_capacity(gradient.len());
        for (k, (&y, &g)) in y.iter().zip(gradient).enumerate() {
            let m = signal.map_or(0.0, |signal| signal[k]);
            let octaves = semitones / 12.0 * m;
            let f = cycles * libm::exp2(octaves.clamp(-50.0, 50.0));
            let of_log_f = match f < 0.49 {
                true => g * PI * (1.0 + y * y) * f,
                false => 0.0,
            };
            of_log_hz += of_log_f;
            let of_octaves = match octaves.abs() < 50.0 {
                true => of_log_f * LN_2 / 12.0,
                false => 0.0,
            };
            of_depth += of_octaves * m;
            of_signal.push(of_octaves * semitones);
        }
        self.add_scalar(cutoff, of_log_hz / hz);
        self.add_scalar(depth, of_depth);
        if let Some(slot) = modulation {
            self.add_control(slot, of_signal.into_iter());
        }
    }
}

/// Values of an LFO's shapes at a phase in turns, and their slopes where they are smooth: a saw's jump and a square's have
/// none.
fn shapes(turn: f64) -> ([f64; 5], [f64; 5]) {
    let cos = cos_turns(turn);
    let part = if turn < 0.0 { turn + 1.0 } else { turn };
    let up = 2.0 * part;
    let (folded, slope) = if up > 1.0 {
        (2.0 - up, -2.0)
    } else {
        (up, 2.0)
    };
    let high = match cos {
        cos if cos < 0.0 => 1.0,
        0.0 => 0.5,
        _ => 0.0,
    };
    let values = [0.5 * (1.0 - cos), folded, part, 1.0 - part, high];
    (values, [PI * sin_turns(turn), slope, 1.0, -1.0, 0.0])
}

/// A ramp of an envelope, in control samples: `x^alpha` with `x = min((max(k - start, 0) + eps) / length + eps, 1)`, or one
/// minus that.
struct Ramp {
    start: f64,
    length: f64,
    falls: bool,
    alpha: f64,
}

/// A ramp at a sample, with its slopes by what it is told.
struct RampAt {
    value: f64,
    start: f64,
    length: f64,
    alpha: f64,
}

/// Sums of gradients of what a ramp is told.
#[derive(Clone, Copy, Default)]
struct OfRamp {
    start: f64,
    length: f64,
    alpha: f64,
}

impl OfRamp {
    fn add(&mut self, at: &RampAt, gradient: f64) {
        self.start += gradient * at.start;
        self.length += gradient * at.length;
        self.alpha += gradient * at.alpha;
    }
}

impl Ramp {
    fn new(start_s: f64, length_s: f64, rate: f64, falls: bool, alpha: f64) -> Ramp {
        Ramp {
            start: start_s * rate,
            length: length_s * rate,
            falls,
            alpha,
        }
    }

    fn at(&self, k: f64) -> RampAt {
        let still = |value: f64| RampAt {
            value,
            start: 0.0,
            length: 0.0,
            alpha: 0.0,
        };
        if self.length <= 0.0 {
            return still(1.0);
        }
        let since = (k - self.start).max(0.0);
        let part = (since + EPS) / self.length + EPS;
        if part >= 1.0 {
            return still(if self.falls { 0.0 } else { 1.0 });
        }
        let (x, sign) = if self.falls {
            (1.0 - part, -1.0)
        } else {
            (part, 1.0)
        };
        if x <= LEAST {
            return still(0.0);
        }
        let value = libm::pow(x, self.alpha);
        let slope = sign * self.alpha * value / x;
        RampAt {
            value,
            start: if since > 0.0 {
                -slope / self.length
            } else {
                0.0
            },
            length: -slope * (since + EPS) / (self.length * self.length),
            alpha: value * libm::log(x),
        }
    }
}
