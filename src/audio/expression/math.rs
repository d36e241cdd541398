//! Elementary functions without branches, which compilers turn into vector instructions; the same on every processor.
//!
//! Coefficients are Taylor's where nothing else is said: on the short intervals below their rest is smaller than the
//! rounding of a double.

/// Adding and subtracting it rounds to a whole number.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// A polynomial by Horner's rule, the highest coefficient last.
macro_rules! polynomial {
    ($x:expr; $last:expr) => { $last };
    ($x:expr; $first:expr, $($rest:expr),+) => { $first + $x * polynomial!($x; $($rest),+) };
}

// ln 2 and pi / 2 in parts (fdlibm): whole multiples of all parts but the last are exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
const HALF_PI_1: f64 = 1.570_796_326_734_125_6;
const HALF_PI_2: f64 = 6.077_100_506_303_966e-11;
const HALF_PI_3: f64 = 2.022_266_248_795_950_6e-21;

/// Beyond it a whole number of quarter turns times the parts above would be rounded.
pub(super) const FAR: f64 = 1_048_576.0;

/// `2^n` for a whole number within -1000..1000 that stands in the low bits of `n + ROUND`.
#[inline(always)]
fn power_of_two(shifted: f64) -> f64 {
    f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// `e^r - 1` for `|r|` up to half of ln 2.
#[inline(always)]
fn small_exp_m1(r: f64) -> f64 {
    let tail = polynomial!(r;
        1.0 / 2.0,
        1.0 / 6.0,
        1.0 / 24.0,
        1.0 / 120.0,
        1.0 / 720.0,
        1.0 / 5_040.0,
        1.0 / 40_320.0,
        1.0 / 362_880.0,
        1.0 / 3_628_800.0,
        1.0 / 39_916_800.0,
        1.0 / 479_001_600.0,
        1.0 / 6_227_020_800.0);
    r + r * r * tail
}

/// `e^x`, error below 1 unit in the last place.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    let low = if x < -800.0 { -800.0 } else { x };
    let x = if low > 800.0 { 800.0 } else { low };
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let p = 1.0 + small_exp_m1(r);
    // In two factors, because one would leave the range before the product does.
    let half = n * 0.5 + ROUND;
    let rest = (n - (half - ROUND)) + ROUND;
    p * power_of_two(half) * power_of_two(rest)
}

/// `tanh(x) = (e^2|x| - 1) / (e^2|x| + 1)` with the sign of `x`, error below 3 units in the last place.
#[inline(always)]
pub(super) fn tanh(x: f64) -> f64 {
    let z = 2.0 * x.abs();
    // From here on the result is rounded to 1.
    let z = if z > 44.0 { 44.0 } else { z };
    let shifted = z * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (z - n * LN2_HIGH) - n * LN2_LOW;
    let scale = power_of_two(shifted);
    let m = scale * small_exp_m1(r) + (scale - 1.0);
    (m / (m + 2.0)).copysign(x)
}

/// Sine and cosine of a remainder of quarter turns, and the quarter turns as bits.
#[inline(always)]
fn quarters(x: f64) -> (f64, f64, u64) {
    let shifted = x * std::f64::consts::FRAC_2_PI + ROUND;
    let n = shifted - ROUND;
    let r = ((x - n * HALF_PI_1) - n * HALF_PI_2) - n * HALF_PI_3;
    let z = r * r;
    let sine = r + r
        * z
        * polynomial!(z;
                -1.0 / 6.0,
                1.0 / 120.0,
                -1.0 / 5_040.0,
                1.0 / 362_880.0,
                -1.0 / 39_916_800.0,
                1.0 / 6_227_020_800.0,
                -1.0 / 1_307_674_368_000.0);
    let cosine = 1.0
        - z * polynomial!(z;
            1.0 / 2.0,
            -1.0 / 24.0,
            1.0 / 720.0,
            -1.0 / 40_320.0,
            1.0 / 3_628_800.0,
            -1.0 / 479_001_600.0,
            1.0 / 87_178_291_200.0,
            -1.0 / 20_922_789_888_000.0);
    (sine, cosine, shifted.to_bits())
}

/// `sin(x)` for `|x|` up to [`FAR`], error below 2e-16.
#[inline(always)]
pub(super) fn near_sin(x: f64) -> f64 {
    let (sine, cosine, n) = quarters(x);
    let value = if n & 1 == 0 { sine } else { cosine };
    f64::from_bits(value.to_bits() ^ ((n & 2) << 62))
}

/// `cos(x)` for `|x|` up to [`FAR`], error below 2e-16.
#[inline(always)]
pub(super) fn near_cos(x: f64) -> f64 {
    let (sine, cosine, n) = quarters(x);
    let value = if n & 1 == 0 { cosine } else { sine };
    f64::from_bits(value.to_bits() ^ ((n.wrapping_add(1) & 2) << 62))
}

/// `sin(x)`.
#[inline(always)]
pub(super) fn sin(x: f64) -> f64 {
    if x.abs() <= FAR {
        near_sin(x)
    } else {
        libm::sin(x)
    }
}

/// `cos(x)`.
#[inline(always)]
pub(super) fn cos(x: f64) -> f64 {
    if x.abs() <= FAR {
        near_cos(x)
    } else {
        libm::cos(x)
    }
}

/// `a^b`; small whole powers are products, the power 1/2 is the root.
#[inline(always)]
pub(super) fn power(a: f64, b: f64) -> f64 {
    if b == 2.0 {
        a * a
    } else if b == 3.0 {
        a * a * a
    } else if b == 0.5 {
        a.sqrt()
    } else {
        libm::pow(a, b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units in the last place between two numbers.
    fn ulps(got: f64, want: f64) -> f64 {
        if got == want {
            return 0.0;
        }
        let unit = f64::from_bits(want.abs().to_bits() + 1) - want.abs();
        (got - want).abs() / unit
    }

    #[test]
    fn functions_agree_with_those_of_the_library() {
        for i in -40_000..=40_000 {
            let x = f64::from(i) / 57.0;
            assert!(ulps(exp(x), libm::exp(x)) <= 2.0, "exp {x}");
            let x = f64::from(i) / 2000.0;
            assert!(ulps(tanh(x), libm::tanh(x)) <= 4.0, "tanh {x}");
            let x = f64::from(i) * 7.3;
            assert!((sin(x) - libm::sin(x)).abs() <= 3e-16, "sin {x}");
            assert!((cos(x) - libm::cos(x)).abs() <= 3e-16, "cos {x}");
        }
    }

    #[test]
    fn the_ends_of_the_numbers_are_as_in_the_library() {
        let ends = [
            f64::INFINITY,
            f64::MAX,
            1e300,
            2e6,
            745.2,
            709.9,
            709.7,
            1e-300,
            f64::MIN_POSITIVE,
            0.0,
        ];
        for x in ends.into_iter().flat_map(|x| [x, -x]) {
            assert!(ulps(exp(x), libm::exp(x)) <= 2.0, "exp {x}");
            assert!(ulps(tanh(x), libm::tanh(x)) <= 4.0, "tanh {x}");
            assert_eq!(tanh(x).is_sign_negative(), x.is_sign_negative());
            if x.is_finite() {
                assert!((sin(x) - libm::sin(x)).abs() <= 3e-16, "sin {x}");
                assert!((cos(x) - libm::cos(x)).abs() <= 3e-16, "cos {x}");
            }
        }
        assert!(exp(f64::NAN).is_nan() && tanh(f64::NAN).is_nan());
        assert!(sin(f64::NAN).is_nan() && sin(f64::INFINITY).is_nan());
        assert_eq!(
            (exp(f64::INFINITY), exp(f64::NEG_INFINITY)),
            (f64::INFINITY, 0.0)
        );
    }

    #[test]
    fn simple_powers_are_exact() {
        assert_eq!(power(-0.3, 2.0), 0.3 * 0.3);
        assert_eq!(power(-2.0, 3.0), -8.0);
        assert_eq!(power(0.09, 0.5), libm::sqrt(0.09));
        assert_eq!(power(2.0, -1.0), 0.5);
        assert!(power(-1.0, 0.3).is_nan());
    }
}
