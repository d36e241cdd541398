//! Sections run one after the other in one pass, forwards or without a shift of phase.

use super::Biquad;
use super::side_by_side::{self, BLOCK, LANES, Row, STEPS, Silence};
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
    /// Every one, with the word by which a script asks for it.
    pub const WORDS: [(&'static str, Start); 2] =
        [("steady", Start::Steady), ("rest", Start::Rest)];
}

/// What the sections of a [`Cascade`] remember: two numbers each, as of the transposed direct form II.
#[derive(Clone, Debug)]
pub struct Memory {
    states: SmallVec<[[f64; 2]; 12]>,
}

impl Cascade {
    /// The cascade of some sections.
    pub fn new(sections: impl IntoIterator<Item = Biquad>) -> Cascade {
        Cascade {
            sections: sections.into_iter().collect(),
        }
    }

    /// The sections in order.
    pub fn sections(&self) -> &[Biquad] {
        &self.sections
    }

    /// The magnitude of the transfer function at a frequency in cycles per sample.
    pub fn magnitude(&self, cycles: f64) -> f64 {
        self.sections
            .iter()
            .map(|section| section.magnitude(cycles))
            .product()
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
            let state = [
                (section.b[1] - section.a[0] * gain) * level + second,
                second,
            ];
            level *= gain;
            state
        });
        Memory {
            states: states.collect(),
        }
    }

    /// Filters in place, going on from a memory of this cascade. How a sound is cut into calls changes no more than the
    /// last digits.
    pub fn run(&self, memory: &mut Memory, samples: &mut [f64]) {
        pulp::Arch::new().dispatch(Run {
            sections: &self.sections,
            memory,
            samples,
            narrow: |y| y,
        });
    }

    /// Filters in place.
    pub fn filter(&self, samples: &mut [f32], start: Start) {
        let Some(&first) = samples.first() else {
            return;
        };
        let memory = &mut self.memory(start, f64::from(first));
        pulp::Arch::new().dispatch(Run {
            sections: &self.sections,
            memory,
            samples,
            narrow: |y| y as f32,
        });
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
        let (Some(&first), Some(&last)) = (samples.first(), samples.last()) else {
            return;
        };
        let n = samples.len();
        let degree: usize = self.sections.iter().map(Biquad::degree).sum();
        let pad = (3 * (degree + 1)).min(n - 1);
        EXTENDED.with_borrow_mut(|extended| {
            extended.clear();
            extended.extend(
                samples[1..=pad]
                    .iter()
                    .rev()
                    .map(|x| 2.0 * f64::from(first) - f64::from(*x)),
            );
            extended.extend(samples.iter().map(|x| f64::from(*x)));
            extended.extend(
                samples[n - 1 - pad..n - 1]
                    .iter()
                    .rev()
                    .map(|x| 2.0 * f64::from(last) - f64::from(*x)),
            );
            for _ in 0..2 {
                let mut memory = self.memory(Start::Steady, extended[0]);
                self.run(&mut memory, extended);
                extended.reverse();
            }
            samples
                .iter_mut()
                .zip(&extended[pad..])
                .for_each(|(x, y)| *x = *y as f32);
        });
    }
}

/// A run over some samples. A struct and not a closure, as only so the compiler sees all of it with the widest instructions
/// of the processor; nothing in it is fused or reordered, so the bytes are the same on all.
struct Run<'a, T, N> {
    sections: &'a [Biquad],
    memory: &'a mut Memory,
    samples: &'a mut [T],
    narrow: N,
}

impl<T: Copy + Into<f64>, N: Fn(f64) -> T + Copy> pulp::NullaryFnOnce for Run<'_, T, N> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Run {
            sections,
            memory: Memory { states },
            samples,
            narrow,
        } = self;
        let mut rows = [[0.0; LANES]; STEPS];
        let (blocks, rest) = samples.split_at_mut(samples.len() / BLOCK * BLOCK);
        let steps = rest.len() / LANES;
        let (last, single) = rest.split_at_mut(steps * LANES);
        for (part, steps) in [(blocks, STEPS), (last, steps)] {
            if part.is_empty() {
                continue;
            }
            let silences: SmallVec<[Silence; 12]> =
                sections.iter().map(|s| Silence::new(s, steps)).collect();
            let rows: &mut [Row] = &mut rows[..steps];
            for block in part.chunks_exact_mut(steps * LANES) {
                side_by_side::load(block, rows);
                for ((section, silence), state) in
                    sections.iter().zip(&silences).zip(states.iter_mut())
                {
                    side_by_side::run(section, silence, state, rows);
                }
                side_by_side::store(rows, block, narrow);
                end_ringing(states);
            }
        }
        for sample in single {
            *sample = narrow(
                sections
                    .iter()
                    .zip(states.iter_mut())
                    .fold((*sample).into(), step),
            );
        }
        end_ringing(states);
    }
}

/// One sample through one section, in the transposed direct form II.
fn step(x: f64, (Biquad { b, a }, state): (&Biquad, &mut [f64; 2])) -> f64 {
    let y = b[0] * x + state[0];
    *state = [(b[1] * x + state[1]) - a[0] * y, b[2] * x - a[1] * y];
    y
}

/// What rings on through silence would end in subnormal numbers, which are many times slower.
fn end_ringing(states: &mut [[f64; 2]]) {
    for state in states.as_flattened_mut() {
        if state.abs() < 1e-150 {
            *state = 0.0;
        }
    }
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
                y[n] = b[0] * x[n] + b[1] * past(&x, 1) + b[2] * past(&x, 2)
                    - a[0] * past(&y, 1)
                    - a[1] * past(&y, 2);
            }
            x = y;
        }
        x
    }

    #[test]
    fn one_pass_equals_the_difference_equations() {
        let samples: Vec<f64> = (0..2000)
            .map(|i| (i as f64 * 0.37).sin() + f64::from(i % 7))
            .collect();
        for n in [0, 1, 2, 3, 4, 5, 7, 12] {
            let cascade = cascade(n);
            let mut got = samples.clone();
            cascade.run(&mut cascade.memory(Start::Rest, 9.0), &mut got);
            let worst = got
                .iter()
                .zip(naive(&cascade, &samples))
                .fold(0.0f64, |m, (a, b)| m.max((a - b).abs()));
            assert!(worst < 1e-10, "{n} sections: {worst}");
        }
    }

    #[test]
    fn sharp_filters_at_both_ends_of_the_spectrum_are_as_good_as_the_difference_equation() {
        let samples: Vec<f64> = (0..150_000)
            .map(|i| (f64::from(i) * 0.37).sin() + f64::from(i % 7) - 3.0)
            .collect();
        for (cycles, q, tolerance) in [
            (20.0 / 192_000.0, 0.7, 1e-9),
            (20.0 / 192_000.0, 100.0, 1e-9),
            (1e-6, 0.7, 1e-6),
            (0.25, 100.0, 1e-13),
            (0.4999, 100.0, 1e-9),
            (0.49995, 0.7, 1e-9),
        ] {
            for section in [
                Biquad::low_pass(cycles, q),
                Biquad::high_pass(cycles, q),
                Biquad::peaking(cycles, 24.0, q),
            ] {
                let cascade = Cascade::new([section]);
                let want = naive(&cascade, &samples);
                let peak = want.iter().fold(0.0f64, |m, y| m.max(y.abs()));
                for n in [samples.len(), 1024 * 9 + 16 * 13 + 5] {
                    let mut got = samples[..n].to_vec();
                    cascade.run(&mut cascade.memory(Start::Rest, 0.0), &mut got);
                    let worst = got
                        .iter()
                        .zip(&want)
                        .fold(0.0f64, |m, (a, b)| m.max((a - b).abs()))
                        / peak;
                    assert!(worst < tolerance, "{cycles} {q} {n}: {worst}");
                }
            }
        }
    }

    #[test]
    fn bytes_are_the_same_with_and_without_wide_instructions() {
        let samples: Vec<f64> = (0..5000).map(|i| (f64::from(i) * 0.37).sin()).collect();
        let cascade = cascade(5);
        let filtered = |arch: pulp::Arch| {
            let (mut samples, mut memory) = (samples.clone(), cascade.memory(Start::Steady, 0.5));
            let sections = &cascade.sections;
            arch.dispatch(Run {
                sections,
                memory: &mut memory,
                samples: &mut samples,
                narrow: |y| y,
            });
            samples
        };
        let pairs = filtered(pulp::Arch::new())
            .into_iter()
            .zip(filtered(pulp::Arch::Scalar));
        assert!(pairs.into_iter().all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn a_sound_may_come_in_pieces() {
        let samples: Vec<f64> = (0..5000).map(|i| (f64::from(i) * 0.37).sin()).collect();
        for piece in [1, 15, 16, 17, 100, 1023, 1024, 1500] {
            let cascade = cascade(3);
            let (mut whole, mut pieces) = (samples.clone(), samples.clone());
            cascade.run(&mut cascade.memory(Start::Steady, 0.5), &mut whole);
            let mut memory = cascade.memory(Start::Steady, 0.5);
            pieces
                .chunks_mut(piece)
                .for_each(|part| cascade.run(&mut memory, part));
            assert!(
                whole
                    .iter()
                    .zip(&pieces)
                    .all(|(a, b)| (a - b).abs() < 1e-12),
                "{piece}"
            );
        }
    }

    #[test]
    fn a_steady_start_keeps_a_constant_constant() {
        let low_shelf = Cascade::new([
            Biquad::low_shelf(0.01, 6.0, 0.7),
            Biquad::low_pass(0.1, 2.0),
        ]);
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
                .map(|i| {
                    f64::from(samples[i]) * (std::f64::consts::TAU * at * (i as f64 - 2000.0)).cos()
                })
                .sum();
            assert!(
                (got - filter.magnitude(at).powi(2)).abs() < 1e-5,
                "{at}: {got}"
            );
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
