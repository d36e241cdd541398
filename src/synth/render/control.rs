//! The control part: envelopes, slow oscillators and their mixtures, whole clips at control rate in double precision.

use super::Playable;
use super::math::{LANES, Real as _, cos_turns, log2, sin_magnitude, wrapped};
use crate::program::{ControlOp, Gain, Note, Program, Scalar, Step};
use std::f64::consts::TAU;

/// Room behind every signal, so that loops over lanes need no remainder.
pub(super) const ROOM: usize = 2 * LANES;

/// What is added to times and lengths of ramps (torchsynth's `eps`).
pub(super) const EPS: f64 = 1e-6;

/// Control samples of a ramp that are computed together.
const TILE: usize = 32;

/// What is raised to a power at least.
pub(super) const LEAST: f64 = 1e-300;

/// The weights of an LFO's shapes are raised to it.
pub(super) const EXPONENT: f64 = std::f64::consts::E;

/// The control part of a sound.
pub(super) struct ControlPart<'a> {
    pub(super) playable: &'a Playable,
    /// The buffer of each control slot, an index of `signals`.
    pub(super) places: &'a [usize],
    pub(super) scalars: &'a [f64],
    pub(super) signals: &'a mut [Vec<f64>],
}

/// A struct and not a closure, as only so the compiler sees all of it with the widest instructions of the processor.
impl pulp::NullaryFnOnce for ControlPart<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let playable = self.playable;
        for step in &playable.program.control {
            let buffer = self.places[step.out];
            let mut out = std::mem::take(&mut self.signals[buffer]);
            self.run(step, &mut out);
            self.signals[buffer] = out;
        }
    }
}

impl ControlPart<'_> {
    #[inline(always)]
    fn run(&self, step: &Step<ControlOp>, out: &mut [f64]) {
        let rate = f64::from(self.playable.control_rate);
        match &step.op {
            ControlOp::Adsr {
                note,
                attack,
                decay,
                sustain,
                release,
                alpha,
            } => {
                let times = [*attack, *decay, *release, *alpha].map(|scalar| self.scalar(scalar));
                self.adsr(*note, times, self.scalar(*sustain), rate, out);
            }
            ControlOp::Lfo {
                rate: modulation,
                frequency,
                mod_depth,
                initial_phase,
                weights,
            } => {
                let (frequency, depth) = (self.scalar(*frequency), self.scalar(*mod_depth));
                match modulation {
                    None => out.fill(frequency.max(0.0) / rate),
                    Some(slot) => {
                        for (y, m) in out.iter_mut().zip(self.signal(*slot)) {
                            let f = frequency + depth * m;
                            *y = if f > 0.0 { f } else { 0.0 } / rate;
                        }
                    }
                }
                let mut phase = self.scalar(*initial_phase) / TAU;
                for y in out.iter_mut() {
                    phase += *y;
                    *y = phase;
                }
                shape(&self.weights(weights), out);
            }
            ControlOp::Mix { terms, offset } => {
                out.fill(*offset);
                for (gain, slot) in terms {
                    let gain = self.gain(*gain);
                    for (y, x) in out.iter_mut().zip(self.signal(*slot)) {
                        *y += gain * x;
                    }
                }
            }
            ControlOp::Curve { values } => {
                // Ends aligned; a value for each control sample is that sample.
                let last = (self.playable.n_control - 1).max(1) as f64;
                let step = (values.len() - 1) as f64 / last;
                for (k, y) in out.iter_mut().enumerate() {
                    let position = k as f64 * step;
                    let place = (position as usize).min(values.len() - 1);
                    let next = values[(place + 1).min(values.len() - 1)];
                    *y =
                        values[place] + (next - values[place]) * (position - place as f64).min(1.0);
                }
            }
            ControlOp::Product { a, b } => {
                let factors = self.signal(*a).iter().zip(self.signal(*b));
                for (y, (a, b)) in out.iter_mut().zip(factors) {
                    *y = a * b;
                }
            }
            ControlOp::Fall { note, from, speed } => {
                let onset = note.onset.map_or(0.0, |onset| self.scalar(onset));
                let (from, speed) = (self.scalar(*from), self.scalar(*speed));
                let mut time = 0.0;
                for y in out.iter_mut() {
                    let since = time / rate - onset;
                    let octaves = speed * if since > 0.0 { since } else { 0.0 };
                    let octaves = if octaves < 100.0 { octaves } else { 100.0 };
                    let cutoff = from * f64::pow2(-octaves);
                    *y = if cutoff > 20.0 { cutoff } else { 20.0 };
                    time += 1.0;
                }
            }
            ControlOp::Warp {
                modulation,
                cutoff,
                depth,
            } => {
                match modulation {
                    None => out.fill(0.0),
                    Some(slot) => out.copy_from_slice(self.signal(*slot)),
                }
                let depth = self.scalar(*depth) / 12.0;
                let cutoff = self.scalar(*cutoff) / f64::from(self.playable.sample_rate);
                for y in out.iter_mut() {
                    let octaves = depth * *y;
                    let octaves = if octaves < 50.0 { octaves } else { 50.0 };
                    let f = cutoff * f64::pow2(if octaves > -50.0 { octaves } else { -50.0 });
                    // The tangent is finite below half the sample rate.
                    let half = 0.5 * if f < 0.49 { f } else { 0.49 };
                    *y = sin_magnitude(half) / cos_turns(half);
                }
            }
        }
    }

    fn signal(&self, slot: usize) -> &[f64] {
        &self.signals[self.places[slot]]
    }

    fn scalar(&self, scalar: Scalar) -> f64 {
        self.scalars[scalar]
    }

    fn gain(&self, gain: Gain) -> f64 {
        match gain {
            Gain::Scalar(scalar) => self.scalars[scalar],
            Gain::Number(number) => number,
        }
    }

    /// The weights of an LFO's shapes; equal ones where all are 0.
    fn weights(&self, weights: &[Scalar; 5]) -> [f64; 5] {
        let powers = weights.map(|scalar| libm::pow(self.scalars[scalar], EXPONENT));
        let sum: f64 = powers.iter().sum();
        match sum > 0.0 {
            true => powers.map(|power| power / sum),
            false => [0.2; 5],
        }
    }

    /// An envelope: `ramp(attack) ((1 - sustain) falling ramp(decay) + sustain) falling ramp(release)`, where
    /// `ramp_k = min((max(k - start, 0) + eps) / length + eps, 1)^alpha`, and 1 for a ramp without length.
    #[inline(always)]
    fn adsr(&self, note: Note, times: [f64; 4], sustain: f64, rate: f64, out: &mut [f64]) {
        let [attack, decay, release, alpha] = times;
        let duration = self.scalar(note.duration);
        let onset = note.onset.map_or(0.0, |onset| self.scalar(onset));
        let attack_s = attack.min(duration);
        let decay_s = (duration - attack).max(0.0).min(decay);
        let rising = Ramp::new(onset, attack_s, rate, false, alpha);
        rising.apply(out, |_, r| r);
        let falling = Ramp::new(onset + attack_s, decay_s, rate, true, alpha);
        falling.apply(out, |y, r| y * ((1.0 - sustain) * r + sustain));
        let fading = Ramp::new(onset + duration, release, rate, true, alpha);
        fading.apply(out, |y, r| y * r);
        // Before its note an envelope is silent.
        let before = (onset * rate).ceil().min(out.len() as f64) as usize;
        out[..before].fill(0.0);
    }
}

/// A ramp of an envelope, in control samples.
struct Ramp {
    start: f64,
    length: f64,
    falls: bool,
    alpha: f64,
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

    /// The ramp from control sample `k` on. Several short loops: each has many lanes under way at a time.
    #[inline(always)]
    fn tile(&self, k: f64) -> [f64; TILE] {
        let mut x = [0.0; TILE];
        for (l, x) in x.iter_mut().enumerate() {
            let since = k + l as f64 - self.start;
            let since = if since > 0.0 { since } else { 0.0 };
            let part = (since + EPS) / self.length + EPS;
            let part = if part < 1.0 { part } else { 1.0 };
            *x = if self.falls { 1.0 - part } else { part };
        }
        let mut y = [0.0; TILE];
        for (y, x) in y.iter_mut().zip(&x) {
            // A logarithm of 0 is none; so small a number is 0 behind any exponent.
            *y = self.alpha * log2(if *x > LEAST { *x } else { LEAST });
        }
        for (y, x) in y.iter_mut().zip(&x) {
            let power = f64::pow2(*y);
            *y = if *x > LEAST { power } else { 0.0 };
        }
        y
    }

    /// Joins the ramp to a signal. It is computed where it moves; before and behind it is constant.
    #[inline(always)]
    fn apply(&self, out: &mut [f64], join: impl Fn(f64, f64) -> f64 + Copy) {
        if self.length <= 0.0 {
            out.iter_mut().for_each(|y| *y = join(*y, 1.0));
            return;
        }
        let n = out.len();
        let place = |k: f64| k.clamp(0.0, n as f64) as usize;
        let first = place(self.start.floor() + 1.0);
        let end = place((self.start + self.length).ceil() + 1.0).max(first);
        let before = self.tile(self.start.min(0.0))[0];
        out[..first].iter_mut().for_each(|y| *y = join(*y, before));
        let (moving, behind) = out[first..].split_at_mut(end - first);
        let mut k = first as f64;
        for tile in moving.chunks_mut(TILE) {
            let ramp = self.tile(k);
            for (y, r) in tile.iter_mut().zip(&ramp) {
                *y = join(*y, *r);
            }
            k += TILE as f64;
        }
        let after = if self.falls { 0.0 } else { 1.0 };
        behind.iter_mut().for_each(|y| *y = join(*y, after));
    }
}

/// The weighted mean of an LFO's shapes at phases in turns.
#[inline(always)]
fn shape(weights: &[f64; 5], phases: &mut [f64]) {
    let [sine, triangle, saw, falling, square] = *weights;
    for y in phases.iter_mut() {
        *y = wrapped(*y);
    }
    for y in phases.iter_mut() {
        let turn = *y;
        let cos = cos_turns(turn);
        let part = if turn < 0.0 { turn + 1.0 } else { turn };
        let up = 2.0 * part;
        let folded = if up > 1.0 { 2.0 - up } else { up };
        let high = if cos < 0.0 { 1.0 } else { 0.0 };
        let high = if cos == 0.0 { 0.5 } else { high };
        *y = sine * (0.5 * (1.0 - cos))
            + triangle * folded
            + saw * part
            + falling * (1.0 - part)
            + square * high;
    }
}

/// The numbers of a sound: from its patch, and those that are computed from them.
pub(super) fn scalars<T: Copy + Into<f64>>(program: &Program, row: &[T], scalars: &mut Vec<f64>) {
    use crate::program::{Selection, Source};
    scalars.clear();
    scalars.extend(program.scalars.iter().map(|source| match *source {
        Source::Fixed(value) => value,
        Source::Free { parameter, mapping } => mapping.value(row[parameter].into()),
    }));
    for weights in &program.weights {
        let modes = weights.modes.iter().map(|&mode| scalars[mode]);
        let modes: Vec<f64> = modes.collect();
        let made = match weights.selection {
            Selection::Soft => soft(&modes),
            Selection::Hard => hard(&modes),
        };
        scalars[weights.first..weights.first + made.len()].copy_from_slice(&made);
    }
    for &(scalar, complement) in &program.complements {
        scalars[complement] = 1.0 - scalars[scalar];
    }
    for &(scalar, factor, amplitude) in &program.amplitudes {
        scalars[amplitude] = factor * libm::pow(10.0, scalars[scalar] / 20.0);
    }
}

/// `m^e / sum m^e`; equal weights where all are 0.
pub(super) fn soft(modes: &[f64]) -> Vec<f64> {
    let powers: Vec<f64> = modes
        .iter()
        .map(|&mode| libm::pow(mode, EXPONENT))
        .collect();
    let sum: f64 = powers.iter().sum();
    let equal = 1.0 / modes.len() as f64;
    let weight = |power: &f64| if sum > 0.0 { power / sum } else { equal };
    powers.iter().map(weight).collect()
}

/// 1 for the first of the largest, 0 for the others.
fn hard(modes: &[f64]) -> Vec<f64> {
    let largest = modes.iter().enumerate().fold(
        0,
        |best, (place, &mode)| {
            if mode > modes[best] { place } else { best }
        },
    );
    let weight = |place: usize| if place == largest { 1.0 } else { 0.0 };
    (0..modes.len()).map(weight).collect()
}

/// The frequency of a MIDI note, in cycles per sample.
#[inline(always)]
pub(super) fn frequency(midi: f64, log2_of_440_per_rate: f64) -> f64 {
    f64::pow2((midi - 69.0) * (1.0 / 12.0) + log2_of_440_per_rate)
}

/// The logarithm that [`frequency`] adds.
pub(super) fn log2_of_440(sample_rate: u32) -> f64 {
    log2(440.0 / f64::from(sample_rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_agree_with_the_reference() {
        // `selectors` of the reference signals.
        let modes = [
            0.943_532_526_493_072_5,
            0.359_421_044_588_089,
            0.784_805_417_060_852,
            0.591_278_195_381_164_6,
            0.294_328_570_365_905_76,
        ];
        let want = [
            0.499_617_761_744_363_4,
            0.036_246_065_342_361_02,
            0.302_823_259_268_014,
            0.140_256_101_820_344_6,
            0.021_056_811_824_915_93,
        ];
        for (got, want) in soft(&modes).iter().zip(want) {
            assert!((got - want).abs() < 2e-6, "{got} {want}");
        }
        assert_eq!(hard(&modes), [1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(soft(&[0.0, 0.0]), [0.5, 0.5]);
    }
}
