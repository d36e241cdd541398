//! Sections run one after the other in one pass, forwards or without a shift of phase.

use super::Biquad;
use smallvec::SmallVec;
use std::cell::RefCell;

/// Sections one after the other. The state and all arithmetic are double precision, whatever the samples are.
#[derive(Clone, Debug, PartialEq)]
pub struct Cascade {
    sections: SmallVec<[Biquad; 12]>,
}

/// Where the memory of a filter begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// As if the first sample had stood there forever, so that a clip cut out of a sound does not begin with a jump.
    Steady,
    /// As after silence.
    Rest,
}

impl Start {
    /// The names by which a script asks for a start, in the order of [`Start::ALL`].
    pub const NAMES: [&'static str; 2] = ["steady", "rest"];
    /// Every start.
    pub const ALL: [Start; 2] = [Start::Steady, Start::Rest];
}

/// What the sections of a [`Cascade`] remember: two numbers each, as of the transposed direct form II.
#[derive(Clone, Debug)]
pub struct Memory {
    states: SmallVec<[[f64; 2]; 12]>,
}

/// Samples that all sections work on before the next ones are fetched; they stay in the nearest cache.
const BLOCK: usize = 512;

impl Cascade {
    /// The cascade of some sections.
    pub fn new(sections: impl IntoIterator<Item = Biquad>) -> Cascade {
        Cascade { sections: sections.into_iter().collect() }
    }

    /// The sections in order.
    pub fn sections(&self) -> &[Biquad] {
        &self.sections
    }

    /// The magnitude of the transfer function at a frequency in cycles per sample.
    pub fn magnitude(&self, cycles: f64) -> f64 {
        self.sections.iter().map(|section| section.magnitude(cycles)).product()
    }

    /// The memory before a first sample.
    ///
    /// Steady, a section that gets `x` forever gives `g x`, where `g` is its gain for a constant, and remembers
    /// `s2 = (b2 - a2 g) x` and `s1 = (b1 - a1 g) x + s2`, as `sosfilt_zi` of SciPy has it.
    pub fn memory(&self, start: Start, first: f64) -> Memory {
        let mut level = match start {
            Start::Steady => first,
            Start::Rest => 0.0,
        };
        let states = self.sections.iter().map(|section| {
            let gain = section.gain_at_zero();
            let second = (section.b[2] - section.a[1] * gain) * level;
            let state = [(section.b[1] - section.a[0] * gain) * level + second, second];
            level *= gain;
            state
        });
        Memory { states: states.collect() }
    }

    /// Filters in place, going on from a memory of this cascade.
    pub fn run(&self, memory: &mut Memory, samples: &mut [f64]) {
        for block in samples.chunks_mut(BLOCK) {
            self.run_block(memory, block);
        }
    }

    /// Filters in place.
    pub fn filter(&self, samples: &mut [f32], start: Start) {
        let Some(&first) = samples.first() else { return };
        let mut memory = self.memory(start, f64::from(first));
        let mut wide = [0.0; BLOCK];
        for block in samples.chunks_mut(BLOCK) {
            let wide = &mut wide[..block.len()];
            wide.iter_mut().zip(block.iter()).for_each(|(w, x)| *w = f64::from(*x));
            self.run_block(&mut memory, wide);
            block.iter_mut().zip(wide.iter()).for_each(|(x, w)| *x = *w as f32);
        }
    }

    /// Filters in place, forwards and then backwards: the magnitude is squared and the phase is zero.
    ///
    /// Both ends are continued by the point reflection of the sound in its last sample, for three times as many samples
    /// as the filter has coefficients or as many as there are, and both passes start steady (Gustafsson, "Determining
    /// the initial states in forward-backward filtering", 1996, discusses it; the lengths are those of SciPy's
    /// `sosfiltfilt`).
    pub fn filter_zero_phase(&self, samples: &mut [f32]) {
        thread_local! {
            static EXTENDED: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
        }
        let (Some(&first), Some(&last)) = (samples.first(), samples.last()) else { return };
        let n = samples.len();
        let degree: usize = self.sections.iter().map(Biquad::degree).sum();
        let pad = (3 * (degree + 1)).min(n - 1);
        EXTENDED.with_borrow_mut(|extended| {
            extended.clear();
            extended.extend(samples[1..=pad].iter().rev().map(|x| 2.0 * f64::from(first) - f64::from(*x)));
            extended.extend(samples.iter().map(|x| f64::from(*x)));
            extended.extend(samples[n - 1 - pad..n - 1].iter().rev().map(|x| 2.0 * f64::from(last) - f64::from(*x)));
            for _ in 0..2 {
                let mut memory = self.memory(Start::Steady, extended[0]);
                self.run(&mut memory, extended);
                extended.reverse();
            }
            samples.iter_mut().zip(&extended[pad..]).for_each(|(x, y)| *x = *y as f32);
        });
    }

    fn run_block(&self, memory: &mut Memory, block: &mut [f64]) {
        // A section waits for its own last output; four at a time keep the processor busy meanwhile.
        for (sections, states) in self.sections.chunks(4).zip(memory.states.chunks_mut(4)) {
            match sections.len() {
                4 => run::<4>(sections, states, block),
                3 => run::<3>(sections, states, block),
                2 => run::<2>(sections, states, block),
                _ => run::<1>(sections, states, block),
            }
        }
        // What rings on through silence would end in subnormal numbers, which are many times slower.
        for state in memory.states.as_flattened_mut() {
            if state.abs() < 1e-150 {
                *state = 0.0;
            }
        }
    }
}

fn run<const N: usize>(sections: &[Biquad], states: &mut [[f64; 2]], block: &mut [f64]) {
    let sections: [Biquad; N] = std::array::from_fn(|i| sections[i]);
    let mut memory: [[f64; 2]; N] = std::array::from_fn(|i| states[i]);
    for sample in block {
        let mut x = *sample;
        for (Biquad { b, a }, state) in sections.iter().zip(&mut memory) {
            let y = b[0] * x + state[0];
            state[0] = (b[1] * x + state[1]) - a[0] * y;
            state[1] = b[2] * x - a[1] * y;
            x = y;
        }
        *sample = x;
    }
    states.copy_from_slice(&memory);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cascade(n: usize) -> Cascade {
        Cascade::new((0..n).map(|i| Biquad::peaking(0.02 + 0.03 * i as f64, 6.0 - i as f64, 0.9)))
    }

    /// The difference equation of each section, as written.
    fn naive(cascade: &Cascade, samples: &[f64]) -> Vec<f64> {
        let mut x = samples.to_vec();
        for Biquad { b, a } in cascade.sections() {
            let mut y = vec![0.0; x.len()];
            for n in 0..x.len() {
                let past = |v: &[f64], back: usize| if n >= back { v[n - back] } else { 0.0 };
                y[n] = b[0] * x[n] + b[1] * past(&x, 1) + b[2] * past(&x, 2) - a[0] * past(&y, 1) - a[1] * past(&y, 2);
            }
            x = y;
        }
        x
    }

    #[test]
    fn one_pass_equals_the_difference_equations() {
        let samples: Vec<f64> = (0..2000).map(|i| (i as f64 * 0.37).sin() + f64::from(i % 7)).collect();
        for n in [0, 1, 2, 3, 4, 5, 7, 12] {
            let cascade = cascade(n);
            let mut got = samples.clone();
            cascade.run(&mut cascade.memory(Start::Rest, 9.0), &mut got);
            let worst = got.iter().zip(naive(&cascade, &samples)).fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
            assert!(worst < 1e-10, "{n} sections: {worst}");
        }
    }

    #[test]
    fn a_steady_start_keeps_a_constant_constant() {
        let low_shelf = Cascade::new([Biquad::low_shelf(0.01, 6.0, 0.7), Biquad::low_pass(0.1, 2.0)]);
        let mut samples = vec![0.5f32; 1500];
        low_shelf.filter(&mut samples, Start::Steady);
        let want = 0.5 * 10f32.powf(6.0 / 20.0);
        assert!(samples.iter().all(|x| (x - want).abs() < 1e-6));
        let mut samples = vec![0.5f32; 1500];
        low_shelf.filter(&mut samples, Start::Rest);
        assert!(samples[0] < 0.1 && (samples[1499] - want).abs() < 1e-4);
    }

    #[test]
    fn zero_phase_keeps_a_symmetric_clip_symmetric_and_squares_the_magnitude() {
        let filter = Cascade::new([Biquad::low_pass(0.05, 0.7)]);
        let mut samples = vec![0.0f32; 4001];
        samples[2000] = 1.0;
        filter.filter_zero_phase(&mut samples);
        for i in 0..2000 {
            assert!((samples[i] - samples[4000 - i]).abs() < 1e-7);
        }
        for at in [0.0, 0.03, 0.05, 0.1] {
            let got: f64 = (0..4001)
                .map(|i| f64::from(samples[i]) * (std::f64::consts::TAU * at * (i as f64 - 2000.0)).cos())
                .sum();
            assert!((got - filter.magnitude(at).powi(2)).abs() < 1e-5, "{at}: {got}");
        }
    }

    #[test]
    fn clips_shorter_than_the_continuation_work() {
        for n in 0..12 {
            let mut samples: Vec<f32> = (0..n).map(|i| 1.0 + i as f32).collect();
            cascade(3).filter_zero_phase(&mut samples);
            assert!(samples.iter().all(|x| x.is_finite()) && samples.len() == n);
        }
        let mut one = [2.0];
        cascade(2).filter_zero_phase(&mut one);
        assert!((one[0] - 2.0).abs() < 1e-6);
    }

    #[test]
    fn ringing_ends() {
        let filter = Cascade::new([Biquad::low_pass(0.01, 0.7)]);
        let mut memory = filter.memory(Start::Steady, 1.0);
        filter.run(&mut memory, &mut vec![0.0; 100_000]);
        assert_eq!(memory.states[0], [0.0, 0.0]);
    }
}
