//! Butterworth filters as second order sections.

use super::{Biquad, Cascade};
use std::f64::consts::PI;

/// A Butterworth filter: the flattest there is of its order (Butterworth, "On the theory of filter amplifiers", 1930).
///
/// The analog prototype of order `N` has its poles at `exp(i pi (2k + N + 1) / (2N))`. It is moved to the wanted band and
/// brought to discrete time by the bilinear transform, with the edges prewarped, `w = tan(pi f)`: at the edges the gain is
/// `1/sqrt(2)` exactly. The same filters as `scipy.signal.butter(..., output="sos")`, up to the order of the sections.
/// Edges are in cycles per sample, see [`super::cycles`].
pub struct Butterworth;

impl Butterworth {
    /// A low pass of an order of at least 1, falling by `6 * order` dB per octave.
    pub fn low_pass(order: usize, edge: f64) -> Cascade {
        let w = libm::tan(PI * edge);
        Cascade::new(poles(order).map(|pole| match pole {
            Pole::Pair { re, .. } => section([w * w, 0.0, 0.0], [w * w, -2.0 * re * w, 1.0]),
            Pole::Real => first_order([w, 0.0], w),
        }))
    }

    /// A high pass of an order of at least 1, falling by `6 * order` dB per octave.
    pub fn high_pass(order: usize, edge: f64) -> Cascade {
        let w = libm::tan(PI * edge);
        Cascade::new(poles(order).map(|pole| match pole {
            Pole::Pair { re, .. } => section([0.0, 0.0, 1.0], [w * w, -2.0 * re * w, 1.0]),
            Pole::Real => first_order([0.0, 1.0], w),
        }))
    }

    /// A band pass between two edges, `low < high`, each side falling by `6 * order` dB per octave.
    ///
    /// `s` becomes `(s^2 + w0^2) / (B s)` with `w0^2 = w_low w_high` and `B = w_high - w_low`.
    pub fn band_pass(order: usize, low: f64, high: f64) -> Cascade {
        let band = Band::new(low, high);
        Cascade::new(
            band.denominators(order)
                .map(|denominator| section([0.0, band.width, 0.0], denominator)),
        )
    }

    /// A band stop between two edges, `low < high`. `s` becomes `B s / (s^2 + w0^2)`.
    pub fn band_stop(order: usize, low: f64, high: f64) -> Cascade {
        let band = Band::new(low, high);
        Cascade::new(
            band.denominators(order)
                .map(|denominator| section([band.square, 0.0, 1.0], denominator)),
        )
    }
}

/// The poles of the prototype, each conjugate pair once, in the left half of the unit circle.
#[derive(Clone, Copy)]
enum Pole {
    Pair { re: f64, im: f64 },
    Real,
}

fn poles(order: usize) -> impl Iterator<Item = Pole> {
    let order = order.max(1);
    let pairs = (0..order / 2).map(move |k| {
        let (sin, cos) = libm::sincos(PI * (2 * k + 1) as f64 / (2 * order) as f64);
        Pole::Pair { re: -sin, im: cos }
    });
    pairs.chain((order % 2 == 1).then_some(Pole::Real))
}

/// The bilinear transform, `s = (1 - z^-1) / (1 + z^-1)`, of polynomials `c0 + c1 s + c2 s^2`.
fn section(numerator: [f64; 3], denominator: [f64; 3]) -> Biquad {
    let moved = |[c0, c1, c2]: [f64; 3]| [c0 + c1 + c2, 2.0 * (c0 - c2), c0 - c1 + c2];
    let (b, a) = (moved(numerator), moved(denominator));
    Biquad {
        b: b.map(|b| b / a[0]),
        a: [a[1] / a[0], a[2] / a[0]],
    }
}

/// The bilinear transform of `(c0 + c1 s) / (s + w)`.
fn first_order([c0, c1]: [f64; 2], w: f64) -> Biquad {
    Biquad {
        b: [(c0 + c1) / (1.0 + w), (c0 - c1) / (1.0 + w), 0.0],
        a: [(w - 1.0) / (1.0 + w), 0.0],
    }
}

/// A band of the prewarped axis.
struct Band {
    square: f64,
    width: f64,
}

impl Band {
    fn new(low: f64, high: f64) -> Band {
        let (low, high) = (libm::tan(PI * low), libm::tan(PI * high));
        Band {
            square: low * high,
            width: high - low,
        }
    }

    /// Denominators of the sections. A pole `p` of the prototype becomes the two roots of `s^2 - p B s + w0^2`. They are
    /// the same for pass and stop: there `1/p` stands for `p`, which on the unit circle is its conjugate.
    fn denominators(&self, order: usize) -> impl Iterator<Item = [f64; 3]> {
        poles(order)
            .flat_map(|pole| {
                let Pole::Pair { re, im } = pole else {
                    return [Some([self.square, self.width, 1.0]), None];
                };
                // Half the sum of the roots, and half their distance.
                let (re, im) = (re * self.width / 2.0, im * self.width / 2.0);
                let (mut root_re, mut root_im) =
                    square_root(re * re - im * im - self.square, 2.0 * re * im);
                // The larger root comes from a sum; the smaller one from their product, as a difference would cancel.
                if re * root_re + im * root_im < 0.0 {
                    (root_re, root_im) = (-root_re, -root_im);
                }
                let large = (re + root_re, im + root_im);
                let norm = large.0 * large.0 + large.1 * large.1;
                let small = self.square / norm * large.0;
                [
                    Some([norm, -2.0 * large.0, 1.0]),
                    Some([self.square * self.square / norm, -2.0 * small, 1.0]),
                ]
            })
            .flatten()
    }
}

/// The square root of a complex number whose real part is not negative.
fn square_root(re: f64, im: f64) -> (f64, f64) {
    let norm = libm::hypot(re, im);
    let (x, y) = (
        ((norm + re) / 2.0).max(0.0).sqrt(),
        ((norm - re) / 2.0).max(0.0).sqrt(),
    );
    (x, if im < 0.0 { -y } else { y })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: [usize; 7] = [1, 2, 3, 4, 5, 8, 12];
    const AT: [f64; 9] = [1e-5, 0.001, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.499];

    /// `1 / sqrt(1 + x^(2 order))`, where `x` is the frequency relative to the edge on the prewarped axis.
    fn flat(x: f64, order: usize) -> f64 {
        1.0 / (1.0 + x.abs().powi(2 * order as i32)).sqrt()
    }

    fn check(what: &str, cascade: &Cascade, at: f64, want: f64) {
        let got = cascade.magnitude(at);
        // Gains far below the largest are differences of large numbers.
        assert!(
            (got - want).abs() < 1e-7 * want + 1e-12,
            "{what} at {at}: {got}, not {want}"
        );
        assert!(
            cascade
                .sections()
                .iter()
                .all(|section| section.a[1].abs() < 1.0),
            "{what} is not stable"
        );
    }

    #[test]
    fn magnitudes_are_those_of_the_definition() {
        let warped = |f: f64| (PI * f).tan();
        for order in ORDERS {
            for edge in [0.001, 0.06, 0.25, 0.45] {
                let (low, high) = (
                    Butterworth::low_pass(order, edge),
                    Butterworth::high_pass(order, edge),
                );
                for at in AT.into_iter().chain([edge]) {
                    let x = warped(at) / warped(edge);
                    check(
                        &format!("low pass {order} {edge}"),
                        &low,
                        at,
                        flat(x, order),
                    );
                    check(
                        &format!("high pass {order} {edge}"),
                        &high,
                        at,
                        flat(1.0 / x, order),
                    );
                }
            }
            for (from, to) in [(0.01, 0.3), (0.1, 0.11), (0.001, 0.4999), (0.3, 0.45)] {
                let (pass, stop) = (
                    Butterworth::band_pass(order, from, to),
                    Butterworth::band_stop(order, from, to),
                );
                for at in AT.into_iter().chain([from, to]) {
                    let w = warped(at);
                    let x = (w * w - warped(from) * warped(to)) / ((warped(to) - warped(from)) * w);
                    check(
                        &format!("band pass {order} {from}..{to}"),
                        &pass,
                        at,
                        flat(x, order),
                    );
                    check(
                        &format!("band stop {order} {from}..{to}"),
                        &stop,
                        at,
                        flat(1.0 / x, order),
                    );
                }
            }
        }
    }

    #[test]
    fn an_order_of_two_is_the_cookbook_biquad_of_q_one_over_root_two() {
        let q = 0.5f64.sqrt();
        for edge in [0.003, 0.1, 0.4] {
            for (ours, theirs) in [
                (Butterworth::low_pass(2, edge), Biquad::low_pass(edge, q)),
                (Butterworth::high_pass(2, edge), Biquad::high_pass(edge, q)),
            ] {
                let [section] = ours.sections() else {
                    panic!("one section")
                };
                let pairs = section
                    .b
                    .iter()
                    .zip(theirs.b)
                    .chain(section.a.iter().zip(theirs.a));
                assert!(
                    pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-12),
                    "{section:?} {theirs:?}"
                );
            }
        }
    }

    #[test]
    fn coefficients_agree_with_scipy() {
        // butter(2, [300, 3400], "bandpass", fs=16000, output="sos"), SciPy 1.17.1.
        let ours = Butterworth::band_pass(2, 300.0 / 16000.0, 3400.0 / 16000.0);
        let want = [
            [-0.365_852_129_578_665_53, 0.237_987_715_011_124_76],
            [-1.835_626_879_961_473_4, 0.850_277_363_071_116],
        ];
        for (section, want) in ours.sections().iter().zip(want) {
            assert!(
                section
                    .a
                    .iter()
                    .zip(want)
                    .all(|(a, b)| (a - b).abs() < 1e-12),
                "{section:?}"
            );
        }
    }
}
