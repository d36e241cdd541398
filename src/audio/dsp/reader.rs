//! Reading a sound at any speed, band-limited.

use crate::{Error, Waveform};
use pulp::{Arch, Simd, WithSimd};
use std::f64::consts::PI;
use std::sync::OnceLock;

/// Zero crossings of the kernel on either side.
const HALF: usize = 32;
/// Shape of the Kaiser window: side lobes 90 dB down.
const BETA: f64 = 9.0;
/// Steps between two zero crossings of the master kernel; linear in between is exact to -116 dB.
const STEPS: usize = 512;
/// Positions between two samples for which weights are kept; linear in between is exact to -92 dB.
const PHASES: usize = 128;

/// Cut-offs an octave for which weights are kept, and octaves.
const LEVELS_PER_OCTAVE: usize = 32;
const OCTAVES: usize = 7;
/// The last of them.
const FASTEST: f64 = (1 << OCTAVES) as f64;

/// A tape head: it holds a sound and reads it between its samples.
///
/// `y(p) = sum_k x[k] c h(c (p - k))` with `h(u) = sinc(u) kaiser(u / 32)` and `c = min(1, 1 / v)`
/// at speed `v`: read faster, a sound is limited to what the result can hold. At speed 1 and whole
/// positions it is the sound itself. Smith, "Digital audio resampling", 2002, is the construction.
/// Along a path of changing speeds above 1, `c h(c t)` is the straight line between those of the
/// two nearest of 32 cut-offs an octave, 2 % apart: it passes what both pass and stops
/// what both stop.
#[derive(Default)]
pub struct Reader {
    padded: Vec<f32>,
    /// Where the sound's first sample lies in `padded`, or would lie.
    origin: f64,
}

impl Reader {
    /// Puts a sound in, to be read at speeds of at most `fastest`. Around it is silence.
    pub fn load(&mut self, samples: &[f32], fastest: f64) {
        let (n, margin) = (samples.len(), 2 * n_side(fastest) + 1);
        self.origin = margin as f64;
        self.padded.clear();
        self.padded.resize(n + 2 * margin, 0.0);
        self.padded[margin..margin + n].copy_from_slice(samples);
    }

    /// Reads along a path of positions, in samples, each with the speed there.
    pub fn varying(&self, path: impl IntoIterator<Item = (f64, f64)>, out: &mut [f32]) {
        Arch::new().dispatch(Varying {
            reader: self,
            path: path.into_iter(),
            out,
        });
    }

    /// The samples around a position, `n_side` on either side, and how far behind the last one
    /// before it the position is.
    #[inline(always)]
    fn around(&self, position: f64, n_side: usize) -> Option<(&[f32], f64)> {
        let floor = position.floor();
        let first = floor + self.origin + 1.0 - n_side as f64;
        if !(first >= 0.0 && first + (2 * n_side) as f64 <= self.padded.len() as f64) {
            return None;
        }
        let first = first as usize;
        Some((&self.padded[first..first + 2 * n_side], position - floor))
    }

    /// By kept weights, linear between two sets.
    #[inline(always)]
    fn between<S: Simd>(&self, simd: S, position: f64, n_side: usize, weights: &[f32]) -> f32 {
        let Some((samples, share)) = self.around(position, n_side) else {
            return 0.0;
        };
        let n_phases = weights.len() / samples.len() - 1;
        let phase = share * n_phases as f64;
        let set = (phase as usize).min(n_phases - 1);
        let (a, b) =
            weights[set * samples.len()..(set + 2) * samples.len()].split_at(samples.len());
        let share = (phase - set as f64) as f32;
        let (samples, (a, b)) = (
            S::as_simd_f32s(samples).0,
            (S::as_simd_f32s(a).0, S::as_simd_f32s(b).0),
        );
        let share = simd.splat_f32s(share);
        // Sixteen sums whatever a register holds, so that they are the same on every processor.
        // Both sides count a whole number of sixteens together, see `n_side`.
        let mut sums = [0.0f32; 16];
        let width = 16 / S::F32_LANES;
        for (v, sum) in S::as_mut_simd_f32s(&mut sums).0.iter_mut().enumerate() {
            let (mut sum_a, mut sum_b) = (simd.splat_f32s(0.0), simd.splat_f32s(0.0));
            let mut at = v;
            while at < samples.len() {
                sum_a = simd.add_f32s(sum_a, simd.mul_f32s(samples[at], a[at]));
                sum_b = simd.add_f32s(sum_b, simd.mul_f32s(samples[at], b[at]));
                at += width;
            }
            *sum = simd.add_f32s(sum_a, simd.mul_f32s(share, simd.sub_f32s(sum_b, sum_a)));
        }
        let mut n = sums.len();
        while n > 1 {
            n /= 2;
            for i in 0..n {
                sums[i] += sums[i + n];
            }
        }
        sums[0]
    }

    /// At a speed above 1, linear between two cut-offs.
    #[inline(always)]
    fn limited<S: Simd>(&self, simd: S, position: f64, speed: f64, levels: &mut Nearest) -> f32 {
        let place = levels.find(speed);
        let [low, high] = levels.levels;
        let a = self.between(simd, position, low.n_side, &low.weights);
        let b = self.between(simd, position, high.n_side, &high.weights);
        a + place * (b - a)
    }

    /// At a speed beyond all levels, by the master kernel.
    fn stretched(&self, position: f64, speed: f64) -> f32 {
        let n_side = n_side(speed);
        let Some((samples, share)) = self.around(position, n_side) else {
            return 0.0;
        };
        let cutoff = 1.0 / speed;
        let first = share + (n_side - 1) as f64;
        let sum: f32 = samples
            .iter()
            .enumerate()
            .map(|(j, x)| x * kernel_at((first - j as f64).abs() * cutoff))
            .sum();
        sum * cutoff as f32
    }
}

/// The levels on either side of the last speed: a speed that changes slowly seldom leaves them.
struct Nearest {
    levels: [&'static Level; 2],
}

impl Nearest {
    fn new() -> Nearest {
        Nearest {
            levels: [level(0), level(1)],
        }
    }

    /// Makes the levels those around a speed, and gives its place between them.
    #[inline(always)]
    fn find(&mut self, speed: f64) -> f32 {
        let [low, high] = self.levels;
        if !(low.speed..=high.speed).contains(&speed) {
            self.levels = around_speed(speed);
        }
        let [low, high] = self.levels;
        ((speed - low.speed) / (high.speed - low.speed)).min(1.0) as f32
    }
}

#[cold]
fn around_speed(speed: f64) -> [&'static Level; 2] {
    let place = (libm::log2(speed) * LEVELS_PER_OCTAVE as f64).floor();
    let mut index = (place.max(0.0) as usize).min(LEVELS_PER_OCTAVE * OCTAVES - 1);
    // A logarithm that was rounded the wrong way.
    if level(index).speed > speed && index > 0 {
        index -= 1;
    }
    [level(index), level(index + 1)]
}

/// The weights at one speed, kept for all.
struct Level {
    speed: f64,
    n_side: usize,
    weights: Vec<f32>,
}

/// The level of a speed of `2^(index / 32)`, `index` up to 224: 128 times. Few are ever made.
fn level(index: usize) -> &'static Level {
    static LEVELS: [OnceLock<Level>; LEVELS_PER_OCTAVE * OCTAVES + 1] =
        [const { OnceLock::new() }; LEVELS_PER_OCTAVE * OCTAVES + 1];
    LEVELS[index].get_or_init(|| {
        let speed = libm::exp2(index as f64 / LEVELS_PER_OCTAVE as f64);
        let (n_side, mut weights) = (n_side(speed), Vec::new());
        // The slower a kernel changes the fewer positions it takes.
        let n_phases = (PHASES as f64 / speed).ceil() as usize;
        fill_weights(1.0 / speed, n_phases, n_side, &mut weights);
        Level {
            speed,
            n_side,
            weights,
        }
    })
}

/// Reading along a path.
struct Varying<'a, P> {
    reader: &'a Reader,
    path: P,
    out: &'a mut [f32],
}

impl<P: Iterator<Item = (f64, f64)>> WithSimd for Varying<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (plain, mut levels) = (level(0), Nearest::new());
        for (y, (position, speed)) in self.out.iter_mut().zip(self.path) {
            *y = if speed > FASTEST {
                self.reader.stretched(position, speed)
            } else if speed > 1.0 {
                self.reader.limited(simd, position, speed, &mut levels)
            } else {
                self.reader
                    .between(simd, position, plain.n_side, &plain.weights)
            };
        }
    }
}

/// Plays a sound as a tape whose speed is given for every sample of the result: `p_0 = 0`, `p_n+1 =
/// p_n + v_n`, `y_n = x(p_n)`.
///
/// # Errors
/// [`Error::Range`] if a speed is negative, not finite or above 100.
pub fn vary_speed(wave: &Waveform, speeds: &[f64]) -> Result<Waveform, Error> {
    if let Some(wrong) = speeds.iter().find(|speed| !(0.0..=100.0).contains(*speed)) {
        return Err(Error::range("speeds", "within 0..100", wrong));
    }
    let fastest = speeds.iter().fold(0.0f64, |m, &v| m.max(v));
    let mut samples = vec![0.0; speeds.len() * wave.n_channels()];
    let mut reader = Reader::default();
    for (channel, out) in wave
        .channels()
        .zip(samples.chunks_exact_mut(speeds.len().max(1)))
    {
        reader.load(channel, fastest);
        let path = speeds.iter().scan(0.0, |next, &speed| {
            let position = *next;
            *next += speed;
            Some((position, speed))
        });
        reader.varying(path, out);
    }
    Waveform::new(samples, wave.n_channels(), wave.sample_rate())
}

/// Samples that the kernel reaches on either side at a speed: a multiple of eight, so that loops
/// have no remainder.
fn n_side(speed: f64) -> usize {
    ((HALF as f64 * speed.max(1.0)).ceil() as usize).next_multiple_of(8)
}

/// For every position between two samples, both ends included, the weights of the samples around
/// it.
fn fill_weights(cutoff: f64, n_phases: usize, n_side: usize, weights: &mut Vec<f32>) {
    weights.clear();
    for phase in 0..=n_phases {
        let first = phase as f64 / n_phases as f64 + (n_side - 1) as f64;
        let weight = |j: usize| kernel_at((first - j as f64).abs() * cutoff) * cutoff as f32;
        weights.extend((0..2 * n_side).map(weight));
    }
}

/// The kernel at `u` zero crossings from its middle.
fn kernel_at(u: f64) -> f32 {
    let kernel = kernel();
    let place = u * STEPS as f64;
    let index = place as usize;
    if index + 1 >= kernel.len() {
        return 0.0;
    }
    let share = (place - index as f64) as f32;
    kernel[index] + share * (kernel[index + 1] - kernel[index])
}

/// One half of the kernel, `STEPS` values from zero crossing to zero crossing.
fn kernel() -> &'static [f32] {
    static KERNEL: OnceLock<Vec<f32>> = OnceLock::new();
    KERNEL.get_or_init(|| {
        let scale = 1.0 / bessel_i0(BETA);
        let value = |i: usize| {
            let (u, x) = (i as f64 / STEPS as f64, i as f64 / (STEPS * HALF) as f64);
            // The zeros of the sine are exact at whole u, and must be: reading at speed 1 is the
            // identity.
            let sinc = match (i, i % STEPS) {
                (0, _) => 1.0,
                (_, 0) => 0.0,
                _ => libm::sin(PI * u) / (PI * u),
            };
            (sinc * bessel_i0(BETA * (1.0 - x * x).sqrt()) * scale) as f32
        };
        (0..=STEPS * HALF).map(value).collect()
    })
}

/// The modified Bessel function of the first kind and order 0, by its power series.
pub(super) fn bessel_i0(x: f64) -> f64 {
    let (mut term, mut sum, mut k) = (1.0, 1.0, 0.0);
    while term > 1e-17 * sum {
        k += 1.0;
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(radians: f64, n: usize) -> Vec<f32> {
        (0..n).map(|i| (radians * i as f64).sin() as f32).collect()
    }

    #[test]
    fn speed_one_is_the_identity() {
        let samples = tone(2.9, 500);
        let (mut reader, mut out) = (Reader::default(), vec![0.0; 500]);
        reader.load(&samples, 1.0);
        reader.varying((0..500).map(|i| (f64::from(i), 1.0)), &mut out);
        assert_eq!(out, samples);
    }

    #[test]
    fn a_tone_is_read_exactly_or_left_out() {
        for (radians, speed) in [
            (0.3, 0.37),
            (2.5, 0.9),
            (0.3, 1.01),
            (1.0, 2.37),
            (0.1, 8.0),
            (2.9, 1.5),
            (1.6, 2.5),
        ] {
            let n = 16_000;
            let (mut reader, mut out) = (Reader::default(), vec![0.0; 1500]);
            reader.load(&tone(radians, n), speed);
            let path = |i: usize| 800.25 + i as f64 * speed;
            reader.varying((0..1500).map(|i| (path(i), speed)), &mut out);
            let heard = radians * speed < PI;
            for (i, y) in out.iter().enumerate() {
                let want = if heard {
                    (radians * path(i)).sin()
                } else {
                    0.0
                };
                let error = (f64::from(*y) - want).abs();
                assert!(error < 2e-4, "{radians} at {speed}: {error}");
            }
        }
    }

    #[test]
    fn narrow_registers_give_the_same_bits() {
        let (mut reader, mut wide, mut narrow) =
            (Reader::default(), vec![0.0; 400], vec![0.0; 400]);
        reader.load(&tone(0.7, 900), 2.0);
        let path = || (0..400).map(|i| (f64::from(i) * 1.3, 0.9 + f64::from(i) * 0.002));
        reader.varying(path(), &mut wide);
        Varying {
            reader: &reader,
            path: path(),
            out: &mut narrow,
        }
        .with_simd(pulp::Scalar::new());
        let mut pairs = wide.iter().zip(&narrow);
        assert!(pairs.all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn silence_around_a_sound_is_silent() {
        let (mut reader, mut out) = (Reader::default(), vec![0.0; 500]);
        let steady = |reader: &Reader, start: f64, speed: f64, out: &mut [f32]| {
            reader.varying((0..500).map(|i| (start + f64::from(i) * speed, speed)), out);
        };
        reader.load(&tone(0.1, 100), 2.0);
        steady(&reader, 400.0, 1.5, &mut out);
        assert!(out.iter().all(|&y| y == 0.0));
        for n in 0..3 {
            reader.load(&vec![1.0; n], 3.0);
            steady(&reader, -1e6, 3.0, &mut out);
            steady(&reader, 0.0, 2.0, &mut out);
            assert!(out.iter().all(|y| y.is_finite()));
        }
    }
}
