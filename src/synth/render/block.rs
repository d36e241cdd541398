//! What the audio operations do to a block: loops over lanes, a buffer in and a buffer out.
//!
//! Buffers have room behind the block for whole lanes, so no loop has a remainder. Every operation is a function of its own
//! for each set of instructions, small enough that the compiler makes lanes of its loops.

use super::math::{LINE, Real, cos_turns, fixed, sin_magnitude, turns};
use super::noise::Noise;
use crate::program::Pass;
use crate::segments::Segments;
use pulp::Simd;

/// Samples of a block.
pub(super) const BLOCK: usize = 512;
/// Lanes of the loops.
const LANES: usize = 16;
/// Room behind a block.
pub(super) const ROOM: usize = 2 * LANES;

/// Functions that are compiled for each set of instructions that a processor may have; the first argument chooses.
macro_rules! kernels {
    ($(
        $(#[$doc:meta])*
        fn $name:ident $(<$real:ident>)? ($($argument:ident: $kind:ty),* $(,)?) -> $result:ty $body:block
    )*) => {
        $(
            $(#[$doc])*
            #[allow(clippy::too_many_arguments, reason = "a kernel's buffers are its arguments")]
            pub(super) fn $name<'a $(, $real: Real)?>(
                arch: pulp::Arch,
                $($argument: $kind),*
            ) -> $result {
                struct Kernel<'a $(, $real)?> {
                    $($argument: $kind),*
                }

                impl<'a $(, $real: Real)?> pulp::NullaryFnOnce for Kernel<'a $(, $real)?> {
                    type Output = $result;

                    #[inline(always)]
                    fn call(self) -> $result {
                        let Self { $($argument),* } = self;
                        $body
                    }
                }

                arch.dispatch(Kernel { $($argument),* })
            }
        )*
    };
}

kernels! {
    /// The cosine of phases in turns.
    fn cosine<T>(phases: &'a [f64], out: &'a mut [T]) -> () {
        convert(phases, out);
        for y in out {
            *y = cos_turns(*y);
        }
    }

    /// A wave between square and saw at phases in turns: `(1 - shape/2) q (1 + shape cos)` with `q = tanh(pi k sin / 2)`.
    /// `steepness` is `pi k log2(e)`.
    fn square_saw<T>(
        steepness: f64,
        shape: f64,
        phases: &'a [f64],
        turns: &'a mut [T],
        out: &'a mut [T],
    ) -> () {
        let (steepness, level) = (T::of(steepness), T::of(1.0 - 0.5 * shape));
        let (shape, one, most) = (T::of(shape), T::of(1.0), T::of(100.0));
        let turns = &mut turns[..phases.len()];
        let out = &mut out[..phases.len()];
        convert(phases, turns);
        // Several short loops: each has many lanes under way at a time.
        for (y, turn) in out.iter_mut().zip(&*turns) {
            *y = sin_magnitude(*turn);
        }
        // tanh(z) = (1 - e^-2z) / (1 + e^-2z)
        for y in out.iter_mut() {
            let exponent = steepness * *y;
            *y = T::pow2(-if exponent < most { exponent } else { most });
        }
        for (y, turn) in out.iter_mut().zip(&*turns) {
            *y = (level * ((one - *y) / (one + *y))).signed(*turn);
        }
        for (y, turn) in out.iter_mut().zip(&*turns) {
            *y = *y * (one + shape * cos_turns(*turn));
        }
    }

    /// Phases in turns become partials at whole multiples: Clenshaw's recurrence for `sum a_k cos(2 pi k t)`.
    fn harmonics<T>(levels: &'a [f64], phases: &'a [f64], out: &'a mut [T]) -> () {
        let (lanes, _) = out.as_chunks_mut::<LANES>();
        let (phases, _) = phases.as_chunks::<LANES>();
        for (lane, phases) in lanes.iter_mut().zip(phases) {
            let mut cos = [0.0; LANES];
            for (c, &phase) in cos.iter_mut().zip(phases) {
                *c = cos_turns(phase);
            }
            let (mut above, mut here) = ([0.0; LANES], [0.0; LANES]);
            for &level in levels.iter().rev() {
                for l in 0..LANES {
                    let next = level + 2.0 * cos[l] * here[l] - above[l];
                    above[l] = here[l];
                    here[l] = next;
                }
            }
            for l in 0..LANES {
                lane[l] = T::of(cos[l] * here[l] - above[l]);
            }
        }
    }

    /// An FM oscillator: `base + depth m` cycles per sample, within 0 and a half, summed in fixed point.
    fn fm<T>(
        frequency: (f64, f64),
        phase: &'a mut u64,
        length: usize,
        modulator: &'a [f64],
        steps: &'a mut [u64],
        phases: &'a mut [f64],
        out: &'a mut [T],
    ) -> () {
        let (base, depth) = frequency;
        for (step, m) in steps.iter_mut().zip(modulator) {
            let f = base + depth * m;
            let f = if f > 0.0 { f } else { 0.0 };
            *step = fixed(if f < 0.5 { f } else { 0.5 });
        }
        let mut sum = *phase;
        for step in &mut steps[..length] {
            sum = sum.wrapping_add(*step);
            *step = sum;
        }
        *phase = sum;
        for (phase, step) in phases.iter_mut().zip(&*steps) {
            *phase = turns(*step);
        }
        convert(phases, out);
        for y in out {
            *y = cos_turns(*y);
        }
    }

    /// White noise from sample `start` on.
    fn noise(noise: Noise, start: usize, out: &'a mut [f32]) -> () {
        let (lanes, _) = out.as_chunks_mut::<LANES>();
        let mut index = start as u32;
        for lane in lanes {
            for (l, y) in lane.iter_mut().enumerate() {
                *y = noise.sample(index.wrapping_add(l as u32));
            }
            index = index.wrapping_add(LANES as u32);
        }
    }

    /// A product.
    fn product<T>(a: &'a [T], b: &'a [T], out: &'a mut [T]) -> () {
        for (y, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
            *y = *a * *b;
        }
    }

    /// `x = gain x`.
    fn amplify(gain: f32, x: &'a mut [f32]) -> () {
        for y in x {
            *y *= gain;
        }
    }

    /// `out = gain x`.
    fn scaled<T>(gain: f64, x: &'a [T], out: &'a mut [T]) -> () {
        let gain = T::of(gain);
        for (y, x) in out.iter_mut().zip(x) {
            *y = gain * *x;
        }
    }

    /// `out += gain x`.
    fn add_scaled<T>(gain: f64, x: &'a [T], out: &'a mut [T]) -> () {
        let gain = T::of(gain);
        for (y, x) in out.iter_mut().zip(x) {
            *y = *y + gain * *x;
        }
    }

    /// A copy in the other precision.
    fn widen(x: &'a [f32], out: &'a mut [f64]) -> () {
        for (y, x) in out.iter_mut().zip(x) {
            *y = f64::from(*x);
        }
    }

    /// A copy in the other precision.
    fn narrow(x: &'a [f64], out: &'a mut [f32]) -> () {
        for (y, x) in out.iter_mut().zip(x) {
            *y = *x as f32;
        }
    }

    /// A one-pole low-pass: `y += a (x - y)` with `a = w / (1 + w)`, `w = 2 pi cutoff / sample_rate`.
    fn one_pole<T>(
        radians_per_hz: f64,
        state: &'a mut f64,
        length: usize,
        input: &'a [T],
        cutoff: &'a [f64],
        out: &'a mut [T],
    ) -> () {
        let mut parts = [0.0; BLOCK + ROOM];
        for (part, cutoff) in parts.iter_mut().zip(cutoff) {
            let w = radians_per_hz * if *cutoff > 0.0 { *cutoff } else { 0.0 };
            *part = w / (1.0 + w);
        }
        let mut y = *state;
        for (out, (x, part)) in out[..length].iter_mut().zip(input.iter().zip(&parts)) {
            y += part * (x.wide() - y);
            *out = T::of(y);
        }
        *state = y;
    }

    /// A state-variable filter with trapezoidal integrators.
    fn resonant<T>(
        q: f64,
        pass: Pass,
        state: &'a mut [f64; 2],
        length: usize,
        input: &'a [T],
        warped: &'a [f64],
        out: &'a mut [T],
    ) -> () {
        let damping = 1.0 / q;
        let mut factors = [0.0; BLOCK + ROOM];
        for (factor, g) in factors.iter_mut().zip(warped) {
            *factor = 1.0 / (1.0 + g * (g + damping));
        }
        let [low, band, high] = outputs(pass, damping);
        let [mut first, mut second] = *state;
        let coefficients = warped.iter().zip(&factors);
        for (out, (x, (g, factor))) in out[..length].iter_mut().zip(input.iter().zip(coefficients)) {
            let x = x.wide();
            let v1 = factor * (first + g * (x - second));
            let v2 = second + g * v1;
            first = 2.0 * v1 - first;
            second = 2.0 * v2 - second;
            *out = T::of(high * x + band * v1 + low * v2);
        }
        *state = [first, second];
    }

    /// The samples of a block copied, with the largest magnitude of them or of what was before.
    fn copy_with_peak(peak: f32, x: &'a [f32], out: &'a mut [f32]) -> f32 {
        let mut peaks = [peak; LANES];
        let (lanes, rest) = x[..out.len()].as_chunks::<LANES>();
        let (out_lanes, out_rest) = out.as_chunks_mut::<LANES>();
        for (x, y) in lanes.iter().zip(out_lanes) {
            for l in 0..LANES {
                y[l] = x[l];
                let magnitude = x[l].abs();
                peaks[l] = if magnitude > peaks[l] {
                    magnitude
                } else {
                    peaks[l]
                };
            }
        }
        for (x, y) in rest.iter().zip(out_rest) {
            *y = *x;
            peaks[0] = peaks[0].max(x.abs());
        }
        peaks.iter().fold(peak, |most, &peak| most.max(peak))
    }
}

/// How much of the second integrator, of the first and of the input itself a resonant filter gives: low, band and high share
/// a loop, and factors choose.
#[inline(always)]
pub(super) fn outputs(pass: Pass, damping: f64) -> [f64; 3] {
    match pass {
        Pass::Low => [1.0, 0.0, 0.0],
        Pass::Band => [0.0, damping, 0.0],
        Pass::High => [-1.0, -damping, 1.0],
    }
}

/// From double precision.
#[inline(always)]
fn convert<T: Real>(x: &[f64], out: &mut [T]) {
    for (y, x) in out.iter_mut().zip(x) {
        *y = T::of(*x);
    }
}

/// A control signal at audio rate, from sample `start` on.
pub(super) struct Upsample<'a, T> {
    pub(super) signal: &'a [f64],
    pub(super) segments: &'a Segments,
    pub(super) start: usize,
    pub(super) length: usize,
    /// The control segment of `start`.
    pub(super) segment: usize,
    pub(super) out: &'a mut [T],
}

impl<T: Real> pulp::WithSimd for Upsample<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Upsample {
            signal,
            segments,
            start,
            length,
            mut segment,
            out,
        } = self;
        let mut place = 0;
        while place < length {
            let first = segments.starts[segment] as usize;
            let end = (segments.starts[segment + 1] as usize - start).min(length);
            let change = signal[segment + 1] - signal[segment];
            let offset = segments.offsets[segment];
            let slope = change * segments.step;
            let from = signal[segment] + change * offset;
            while place < end {
                let n = (end - place).min(LINE);
                let room = n.next_multiple_of(LANES);
                let begin = from + slope * (start + place - first) as f64;
                T::line(simd, begin, slope, &mut out[place..place + room]);
                place += n;
            }
            segment += 1;
        }
    }
}

/// A train of decaying pulses.
#[derive(Clone, Copy)]
pub(super) struct Train {
    /// Draws of the pulses' delays.
    pub(super) noise: Noise,
    /// Samples from one pulse to the next.
    pub(super) period: f64,
    /// Part of it that a pulse may be late.
    pub(super) jitter: f64,
    /// Sample of the first, without its delay.
    pub(super) onset: f64,
    /// Factor from sample to sample.
    pub(super) decay: f64,
    /// The next pulse.
    pub(super) next: u32,
    /// What is left of the last.
    pub(super) level: f64,
}

impl Train {
    /// When the next pulse comes, in samples.
    fn time(&self) -> f64 {
        let late = self.jitter * self.noise.unit(!self.next);
        self.onset + (f64::from(self.next) + late) * self.period
    }

    /// The pulses from sample `start` on.
    #[inline(always)]
    pub(super) fn fill<T: Real>(&mut self, start: usize, length: usize, out: &mut [T]) {
        let mut time = self.time();
        for (place, y) in out[..length].iter_mut().enumerate() {
            self.level *= self.decay;
            let sample = (start + place) as f64;
            while time <= sample {
                // A pulse begins between two samples.
                self.level = libm::pow(self.decay, sample - time);
                self.next += 1;
                time = self.time();
            }
            *y = T::of(self.level);
        }
    }
}
