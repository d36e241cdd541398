//! Gradients of everything that a sound is made of.

use super::tape::Tape;
use crate::program::{Gain, Scalar};
use crate::render::Playable;

/// Gradients of everything that a sound is made of, filled from the end on. A signal that nothing has been added to yet is
/// empty: what made it is passed over.
pub(super) struct Reverse<'a> {
    pub(super) tape: &'a Tape<'a>,
    pub(super) playable: &'a Playable,
    pub(super) scalars: Vec<f64>,
    pub(super) control: Vec<Vec<f64>>,
    pub(super) phases: Vec<Vec<f64>>,
    pub(super) audio: Vec<Vec<f64>>,
}

impl<'a> Reverse<'a> {
    /// Nothing added yet.
    pub(super) fn new(tape: &'a Tape<'a>) -> Reverse<'a> {
        let program = &tape.playable.program;
        Reverse {
            tape,
            playable: tape.playable,
            scalars: vec![0.0; program.scalars.len()],
            control: vec![Vec::new(); program.n_control],
            phases: vec![Vec::new(); program.phases.len()],
            audio: vec![Vec::new(); program.wide.len()],
        }
    }

    pub(super) fn scalar(&self, scalar: Scalar) -> f64 {
        self.tape.scalars[scalar]
    }

    pub(super) fn add_scalar(&mut self, scalar: Scalar, gradient: f64) {
        self.scalars[scalar] += gradient;
    }

    pub(super) fn add_gain(&mut self, gain: Gain, gradient: f64) {
        if let Gain::Scalar(scalar) = gain {
            self.add_scalar(scalar, gradient);
        }
    }

    pub(super) fn add_audio(&mut self, slot: usize, gradient: impl Iterator<Item = f64>) {
        add(&mut self.audio[slot], self.playable.n_samples, gradient);
    }

    pub(super) fn add_phase(&mut self, slot: usize, gradient: impl Iterator<Item = f64>) {
        add(&mut self.phases[slot], self.playable.n_samples, gradient);
    }

    pub(super) fn add_control(&mut self, slot: usize, gradient: impl Iterator<Item = f64>) {
        add(&mut self.control[slot], self.playable.n_control, gradient);
    }

    /// Adds to a control signal what is given of its values at audio rate: the transpose of the lines between its samples.
    pub(super) fn add_upsampled(&mut self, slot: usize, gradient: &[f64]) {
        let mut shared = vec![0.0; self.playable.n_control + 1];
        self.each_position(|sample, segment, part| {
            shared[segment] += (1.0 - part) * gradient[sample];
            shared[segment + 1] += part * gradient[sample];
        });
        self.add_control(slot, shared.into_iter());
    }

    /// Every audio sample with its control segment, and how far it lies in it.
    pub(super) fn each_position(&self, mut visit: impl FnMut(usize, usize, f64)) {
        let segments = &self.playable.segments;
        for (segment, offset) in segments.offsets.iter().enumerate() {
            let [first, end] = [segment, segment + 1].map(|at| segments.starts[at] as usize);
            for sample in first..end {
                let part = offset + (sample - first) as f64 * segments.step;
                visit(sample, segment, part);
            }
        }
    }
}

fn add(to: &mut Vec<f64>, length: usize, gradient: impl Iterator<Item = f64>) {
    to.resize(length, 0.0);
    to.iter_mut().zip(gradient).for_each(|(sum, g)| *sum += g);
}

/// The sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
