//! Second order sections after R. Bristow-Johnson's cookbook.

use std::f64::consts::{PI, TAU};

/// A filter of second order, `y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]`, with `a0 = 1`.
///
/// The designs are those of R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients", 2005
/// (W3C note, 2021): bilinear transforms of analog prototypes, with the frequency axis prewarped so that the filter is
/// exact at its own frequency. Frequencies are in cycles per sample, see [`cycles`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Biquad {
    /// Feed-forward coefficients.
    pub b: [f64; 3],
    /// Feedback coefficients `a1` and `a2`.
    pub a: [f64; 2],
}

/// A frequency as cycles per sample, limited to where filters can be made.
///
/// The limits are a millionth of the sample rate and 0.9999 of the Nyquist frequency. A low pass whose cutoff is at or
/// above the Nyquist frequency therefore passes practically everything, and a high pass practically nothing, which is
/// what the ideal filters would do.
pub fn cycles(freq_hz: f64, sample_rate: u32) -> f64 {
    (freq_hz / f64::from(sample_rate.max(1))).clamp(1e-6, 0.9999 * 0.5)
}

impl Biquad {
    fn new(b: [f64; 3], a: [f64; 3]) -> Biquad {
        Biquad {
            b: b.map(|b| b / a[0]),
            a: [a[1] / a[0], a[2] / a[0]],
        }
    }

    /// A low pass, `H(s) = 1 / (s^2 + s/Q + 1)`.
    pub fn low_pass(cycles: f64, q: f64) -> Biquad {
        let Angle {
            cos,
            one_minus_cos,
            alpha,
        } = Angle::new(cycles, q);
        let edge = one_minus_cos / 2.0;
        Biquad::new(
            [edge, one_minus_cos, edge],
            [1.0 + alpha, -2.0 * cos, 1.0 - alpha],
        )
    }

    /// A high pass, `H(s) = s^2 / (s^2 + s/Q + 1)`.
    pub fn high_pass(cycles: f64, q: f64) -> Biquad {
        let Angle { cos, alpha, .. } = Angle::new(cycles, q);
        let edge = (1.0 + cos) / 2.0;
        Biquad::new(
            [edge, -2.0 * edge, edge],
            [1.0 + alpha, -2.0 * cos, 1.0 - alpha],
        )
    }

    /// A band pass whose peak is 0 dB, `H(s) = (s/Q) / (s^2 + s/Q + 1)`.
    pub fn band_pass(cycles: f64, q: f64) -> Biquad {
        let Angle { cos, alpha, .. } = Angle::new(cycles, q);
        Biquad::new([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
    }

    /// A notch, `H(s) = (s^2 + 1) / (s^2 + s/Q + 1)`.
    pub fn notch(cycles: f64, q: f64) -> Biquad {
        let Angle { cos, alpha, .. } = Angle::new(cycles, q);
        Biquad::new(
            [1.0, -2.0 * cos, 1.0],
            [1.0 + alpha, -2.0 * cos, 1.0 - alpha],
        )
    }

    /// A bell of a gain at its centre, `H(s) = (s^2 + s A/Q + 1) / (s^2 + s/(A Q) + 1)`, `A = 10^(gain_db / 40)`.
    pub fn peaking(cycles: f64, gain_db: f64, q: f64) -> Biquad {
        let Angle { cos, alpha, .. } = Angle::new(cycles, q);
        let a = root_of_gain(gain_db);
        Biquad::new(
            [1.0 + alpha * a, -2.0 * cos, 1.0 - alpha * a],
            [1.0 + alpha / a, -2.0 * cos, 1.0 - alpha / a],
        )
    }

    /// A gain below a frequency, `H(s) = A (s^2 + s sqrt(A)/Q + A) / (A s^2 + s sqrt(A)/Q + 1)`, `A = 10^(gain_db / 40)`.
    pub fn low_shelf(cycles: f64, gain_db: f64, q: f64) -> Biquad {
        let Angle { cos, alpha, .. } = Angle::new(cycles, q);
        let a = root_of_gain(gain_db);
        let (plus, minus, slope) = (a + 1.0, a - 1.0, 2.0 * a.sqrt() * alpha);
        Biquad::new(
            [
                a * (plus - minus * cos + slope),
                2.0 * a * (minus - plus * cos),
                a * (plus - minus * cos - slope),
            ],
            [
                plus + minus * cos + slope,
                -2.0 * (minus + plus * cos),
                plus + minus * cos - slope,
            ],
        )
    }

    /// A gain above a frequency, `H(s) = A (A s^2 + s sqrt(A)/Q + 1) / (s^2 + s sqrt(A)/Q + A)`, `A = 10^(gain_db / 40)`.
    pub fn high_shelf(cycles: f64, gain_db: f64, q: f64) -> Biquad {
        let Angle { cos, alpha, .. } = Angle::new(cycles, q);
        let a = root_of_gain(gain_db);
        let (plus, minus, slope) = (a + 1.0, a - 1.0, 2.0 * a.sqrt() * alpha);
        Biquad::new(
            [
                a * (plus + minus * cos + slope),
                -2.0 * a * (minus + plus * cos),
                a * (plus + minus * cos - slope),
            ],
            [
                plus - minus * cos + slope,
                2.0 * (minus - plus * cos),
                plus - minus * cos - slope,
            ],
        )
    }

    /// The gain for a constant.
    pub fn gain_at_zero(&self) -> f64 {
        (self.b[0] + self.b[1] + self.b[2]) / (1.0 + self.a[0] + self.a[1])
    }

    /// The magnitude of the transfer function at a frequency in cycles per sample.
    pub fn magnitude(&self, cycles: f64) -> f64 {
        let (sin, cos) = libm::sincos(TAU * cycles);
        let (sin_2, cos_2) = libm::sincos(2.0 * TAU * cycles);
        let at =
            |c: [f64; 3]| libm::hypot(c[0] + c[1] * cos + c[2] * cos_2, c[1] * sin + c[2] * sin_2);
        at(self.b) / at([1.0, self.a[0], self.a[1]])
    }

    /// How many samples back it looks: 1 for a section of first order.
    pub fn degree(&self) -> usize {
        if self.b[2] == 0.0 && self.a[1] == 0.0 {
            1
        } else {
            2
        }
    }
}

/// What all designs share.
struct Angle {
    cos: f64,
    one_minus_cos: f64,
    alpha: f64,
}

impl Angle {
    fn new(cycles: f64, q: f64) -> Angle {
        let (sin, cos) = libm::sincos(TAU * cycles);
        let half = libm::sin(PI * cycles);
        // The difference itself would lose most of its digits at low frequencies.
        Angle {
            cos,
            one_minus_cos: 2.0 * half * half,
            alpha: sin / (2.0 * q),
        }
    }
}

fn root_of_gain(gain_db: f64) -> f64 {
    libm::pow(10.0, gain_db / 40.0)
}

#[cfg(test)]
mod tests {
    use super::super::{Cascade, Start};
    use super::*;
    use auricle_fft::num_complex::Complex64;

    /// The magnitude at a frequency of what a filter makes of an impulse.
    fn measured(filter: Biquad, cycles: f64) -> f64 {
        let mut memory = Cascade::new([filter]).memory(Start::Rest, 0.0);
        let mut impulse = vec![0.0; 1 << 16];
        impulse[0] = 1.0;
        Cascade::new([filter]).run(&mut memory, &mut impulse);
        let spectrum: Complex64 = impulse
            .iter()
            .enumerate()
            .map(|(n, y)| Complex64::from_polar(*y, -TAU * cycles * n as f64))
            .sum();
        spectrum.norm()
    }

    type Design = fn(f64, f64, f64) -> Biquad;
    type Prototype = fn(Complex64, f64, f64) -> Complex64;

    #[test]
    fn responses_are_those_of_the_analog_prototypes() {
        let (q, gain_db) = (1.7, 9.0);
        let designs: [(Design, Prototype); 7] = [
            (
                |f, q, _| Biquad::low_pass(f, q),
                |s, q, _| 1.0 / (s * s + s / q + 1.0),
            ),
            (
                |f, q, _| Biquad::high_pass(f, q),
                |s, q, _| s * s / (s * s + s / q + 1.0),
            ),
            (
                |f, q, _| Biquad::band_pass(f, q),
                |s, q, _| s / q / (s * s + s / q + 1.0),
            ),
            (
                |f, q, _| Biquad::notch(f, q),
                |s, q, _| (s * s + 1.0) / (s * s + s / q + 1.0),
            ),
            (
                |f, q, gain_db| Biquad::peaking(f, gain_db, q),
                |s, q, a| (s * s + s * (a / q) + 1.0) / (s * s + s / (a * q) + 1.0),
            ),
            (
                |f, q, gain_db| Biquad::low_shelf(f, gain_db, q),
                |s, q, a| {
                    a * (s * s + s * (a.sqrt() / q) + a) / (a * s * s + s * (a.sqrt() / q) + 1.0)
                },
            ),
            (
                |f, q, gain_db| Biquad::high_shelf(f, gain_db, q),
                |s, q, a| {
                    a * (a * s * s + s * (a.sqrt() / q) + 1.0) / (s * s + s * (a.sqrt() / q) + a)
                },
            ),
        ];
        for (index, (design, prototype)) in designs.into_iter().enumerate() {
            for center in [0.002, 0.03, 0.2, 0.45] {
                let filter = design(center, q, gain_db);
                for at in [0.0005, 0.01, 0.03, 0.1, 0.3, 0.49] {
                    let s = Complex64::new(0.0, (PI * at).tan() / (PI * center).tan());
                    let want = prototype(s, q, 10f64.powf(gain_db / 40.0)).norm();
                    let (got, formula) = (measured(filter, at), filter.magnitude(at));
                    assert!(
                        (got - want).abs() < 1e-9 * want.max(1.0),
                        "{index} {center} {at}: {got}, not {want}"
                    );
                    assert!(
                        (formula - want).abs() < 1e-9 * want.max(1.0),
                        "{index} {center} {at}: {formula}"
                    );
                }
            }
        }
    }

    #[test]
    fn gains_are_reached_where_they_are_promised() {
        let db = |filter: Biquad, at| 20.0 * filter.magnitude(at).log10();
        for gain_db in [-18.0, -3.0, 0.0, 6.0, 24.0] {
            assert!((db(Biquad::peaking(0.1, gain_db, 2.0), 0.1) - gain_db).abs() < 1e-9);
            assert!((db(Biquad::low_shelf(0.1, gain_db, 0.7), 0.0) - gain_db).abs() < 1e-9);
            assert!((db(Biquad::low_shelf(0.1, gain_db, 0.7), 0.1) - gain_db / 2.0).abs() < 1e-9);
            assert!((db(Biquad::high_shelf(0.1, gain_db, 0.7), 0.5) - gain_db).abs() < 1e-9);
        }
        assert!((db(Biquad::band_pass(0.2, 3.0), 0.2)).abs() < 1e-9);
        assert!(Biquad::notch(0.2, 3.0).magnitude(0.2) < 1e-12);
    }

    #[test]
    fn frequencies_beyond_the_limits_are_limited() {
        assert_eq!(cycles(1000.0, 8000), 0.125);
        assert_eq!((cycles(1e9, 8000), cycles(0.0, 8000)), (0.49995, 1e-6));
        for at in [cycles(1e9, 8000), cycles(0.0, 8000)] {
            assert!(Biquad::low_pass(at, 0.7).gain_at_zero().is_finite());
        }
        let open = Biquad::low_pass(cycles(5000.0, 8000), 0.7);
        assert!((open.magnitude(0.4) - 1.0).abs() < 1e-6);
    }
}
