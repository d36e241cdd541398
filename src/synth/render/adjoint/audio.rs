//! The audio operations, backward.

use super::reverse::{Reverse, dot};
use super::tape::peak;
use crate::program::{AudioOp, Scalar};
use crate::render::state::State;

impl Reverse<'_> {
    /// Adds the gradients of what an operation reads, given that of what it gives.
    pub(super) fn audio_step(&mut self, index: usize, gradient: &[f64]) {
        let step = &self.playable.program.audio[index];
        let tape = self.tape;
        match (&step.op, &tape.states[index]) {
            (AudioOp::Upsample { control }, _) => self.add_upsampled(*control, gradient),
            (AudioOp::Sine { phase }, _) => self.sine(*phase, gradient),
            (AudioOp::SquareSaw { phase, shape }, State::SquareSaw(steepness)) => {
                self.square_saw(*phase, *shape, *steepness, gradient);
            }
            (AudioOp::Fm { modulator, phase }, _) => self.fm(index, *modulator, phase, gradient),
            (
                AudioOp::Harmonics {
                    phase, slope, even, ..
                },
                State::Harmonics(levels),
            ) => self.harmonics(*phase, levels, [*slope, *even], gradient),
            (AudioOp::Train { decay, .. }, _) => self.train(index, *decay, gradient),
            (AudioOp::Product { a, b }, _) => {
                let times = |slot| tape.signal(slot).iter().zip(gradient).map(|(x, g)| x * g);
                self.add_audio(*a, times(*b));
                self.add_audio(*b, times(*a));
            }
            (AudioOp::Mix { terms }, _) => {
                for &(gain, slot) in terms {
                    let factor = tape.gain(gain);
                    self.add_gain(gain, dot(tape.signal(slot), gradient));
                    self.add_audio(slot, gradient.iter().map(|g| factor * g));
                }
            }
            (AudioOp::OnePole { input, cutoff }, _) => {
                self.one_pole(step.out, *input, *cutoff, gradient);
            }
            (
                AudioOp::Resonant {
                    input,
                    warped,
                    q,
                    pass,
                },
                _,
            ) => self.resonant([*input, *warped], *q, *pass, gradient),
            (AudioOp::Normalize { input }, _) => self.normalize(*input, gradient),
            (AudioOp::Widen { input } | AudioOp::Narrow { input }, _) => {
                self.add_audio(*input, gradient.iter().copied());
            }
            // A noise depends on no parameter; the others have the states that are named above.
            _ => {}
        }
    }

    /// Decaying pulses: a level is `d^(time since the pulse)` with `ln d` as the inverse of the decay. The times themselves
    /// step from sample to sample and have no gradient.
    fn train(&mut self, index: usize, decay: Scalar, gradient: &[f64]) {
        let step = &self.playable.program.audio[index];
        let (levels, sound) = (&self.tape.kept[index], self.tape.signal(step.out));
        let mut sum = 0.0;
        for ((&level, &y), &g) in levels.iter().zip(sound).zip(gradient) {
            if level > 0.0 {
                sum -= g * y * libm::log(level);
            }
        }
        self.add_scalar(decay, sum / self.scalar(decay));
    }

    /// `x / max(1, p)` with the peak `p`, which is a single sample's magnitude.
    fn normalize(&mut self, input: usize, gradient: &[f64]) {
        let x = self.tape.signal(input);
        let (place, peak) = peak(x);
        if peak <= 1.0 {
            self.add_audio(input, gradient.iter().copied());
            return;
        }
        let of_peak = -dot(x, gradient) / (peak * peak);
        self.add_audio(input, gradient.iter().map(|g| g / peak));
        self.audio[input][place] += of_peak.copysign(of_peak * x[place]);
    }
}
