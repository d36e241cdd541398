//! Filters with a memory: what a sample gives is heard in all that follow, so their gradients run from the last to the first.

use super::reverse::Reverse;
use crate::program::{AudioSlot, Pass, Scalar};
use crate::render::block;
use std::f64::consts::TAU;

impl Reverse<'_> {
    /// `y_i = y_(i-1) + a_i (x_i - y_(i-1))` with `a = w / (1 + w)`, `w = 2 pi cutoff / sample_rate`.
    pub(super) fn one_pole(
        &mut self,
        out: AudioSlot,
        input: AudioSlot,
        cutoff: AudioSlot,
        gradient: &[f64],
    ) {
        let radians = TAU / f64::from(self.playable.sample_rate);
        let tape = self.tape;
        let (x, y, hz) = (tape.signal(input), tape.signal(out), tape.signal(cutoff));
        let mut of_input = vec![0.0; gradient.len()];
        let mut of_cutoff = vec![0.0; gradient.len()];
        // What all later samples ask of this one.
        let mut later = 0.0;
        for i in (0..gradient.len()).rev() {
            let w = radians * hz[i].max(0.0);
            let a = w / (1.0 + w);
            let before = if i == 0 { 0.0 } else { y[i - 1] };
            let of_y = gradient[i] + later;
            of_input[i] = a * of_y;
            if hz[i] > 0.0 {
                of_cutoff[i] = of_y * (x[i] - before) * radians / (1.0 + w).powi(2);
            }
            later = (1.0 - a) * of_y;
        }
        self.add_audio(input, of_input.into_iter());
        self.add_audio(cutoff, of_cutoff.into_iter());
    }

    /// The state-variable filter of [`block::resonant`], whose names these are.
    pub(super) fn resonant(
        &mut self,
        [input, warped]: [AudioSlot; 2],
        q: Scalar,
        pass: Pass,
        gradient: &[f64],
    ) {
        let damping = 1.0 / self.scalar(q);
        let [low, band, high] = block::outputs(pass, damping);
        let tape = self.tape;
        let (x, g) = (tape.signal(input), tape.signal(warped));
        // The integrators before every sample.
        let mut states = Vec::with_capacity(gradient.len());
        let (mut first, mut second) = (0.0, 0.0);
        for (&x, &g) in x.iter().zip(g) {
            states.push((first, second));
            let v1 = (first + g * (x - second)) / (1.0 + g * (g + damping));
            let v2 = second + g * v1;
            first = 2.0 * v1 - first;
            second = 2.0 * v2 - second;
        }
        let mut of_input = vec![0.0; gradient.len()];
        let mut of_warped = vec![0.0; gradient.len()];
        let mut of_damping = 0.0;
        let (mut of_first, mut of_second) = (0.0, 0.0);
        for i in (0..gradient.len()).rev() {
            let (first, second) = states[i];
            let (x, g, of_y) = (x[i], g[i], gradient[i]);
            let factor = 1.0 / (1.0 + g * (g + damping));
            let sum = first + g * (x - second);
            let v1 = factor * sum;
            let of_v2 = low * of_y + 2.0 * of_second;
            let of_v1 = band * of_y + 2.0 * of_first + g * of_v2;
            let of_sum = factor * of_v1;
            let of_factor = sum * of_v1;
            of_damping -= of_factor * factor * factor * g;
            of_damping += match pass {
                Pass::Low => 0.0,
                Pass::Band => of_y * v1,
                Pass::High => -of_y * v1,
            };
            of_warped[i] = of_v2 * v1 + of_sum * (x - second)
                - of_factor * factor * factor * (2.0 * g + damping);
            of_input[i] = high * of_y + g * of_sum;
            of_first = of_sum - of_first;
            of_second = of_v2 - of_second - g * of_sum;
        }
        self.add_audio(input, of_input.into_iter());
        self.add_audio(warped, of_warped.into_iter());
        self.add_scalar(q, -of_damping * damping * damping);
    }
}
