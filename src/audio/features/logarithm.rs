//! The natural logarithm in single precision, in plain operations that a compiler puts into vectors.

/// The natural logarithm of a number that is not negative, within 2 units in the last place.
///
/// `x = 2^e m` with `m` in `[sqrt(1/2), sqrt(2))`, and `ln m = 2 artanh(s) = 2 (s + s^3 / 3 + s^5 / 5 + ...)` with
/// `s = (m - 1) / (m + 1)`; `|s|` is below 0.172, so the first term left out, `s^11`, is 2e-9 of the sum. A library's own
/// takes values one by one and differs from system to system; this one gives the same bits everywhere. Numbers below the
/// smallest normal one, 1.2e-38, count as 0.
#[inline(always)]
pub(super) fn ln(x: f32) -> f32 {
    /// Bits of sqrt(1/2): what is subtracted from a number's bits to make its exponent that of `m`.
    const LEAST: u32 = 0x3F35_04F3;
    /// ln 2 in two parts, the first of so few bits that its product with an exponent is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let above = x.to_bits().wrapping_sub(LEAST);
    let exponent = (above as i32 >> 23) as f32;
    let m = f32::from_bits((above & 0x007F_FFFF) + LEAST);
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let rest =
        square * (1.0 / 3.0 + square * (1.0 / 5.0 + square * (1.0 / 7.0 + square * (1.0 / 9.0))));
    let mantissa = 2.0 * s + (2.0 * s * rest + exponent * LN_2_LOW);
    let sum = exponent * LN_2_HIGH + mantissa;
    let small = if x < f32::MIN_POSITIVE {
        f32::NEG_INFINITY
    } else {
        sum
    };
    // Infinity and NaN are their own logarithms.
    if x < f32::INFINITY { small } else { x }
}

/// `10 log10(x)`, as [`ln`].
#[inline(always)]
pub(super) fn decibels(x: f32) -> f32 {
    (10.0 / std::f32::consts::LN_10) * ln(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_logarithm_within_two_units() {
        let mut worst = 0.0f64;
        for step in 0..2_000_000u32 {
            let x = f32::from_bits(f32::MIN_POSITIVE.to_bits() + step * 1065);
            let want = f64::from(x).ln();
            let unit = f64::from(f32::EPSILON) * 2f64.powf((want.abs().log2()).floor());
            worst = worst.max((f64::from(ln(x)) - want).abs() / unit);
        }
        for step in 0..200_000u32 {
            let x = f32::from_bits(1f32.to_bits() - 100_000 + step);
            let want = f64::from(x).ln();
            if want != 0.0 {
                let unit = f64::from(f32::EPSILON) * 2f64.powf((want.abs().log2()).floor());
                worst = worst.max((f64::from(ln(x)) - want).abs() / unit);
            }
        }
        assert!(worst < 2.0, "{worst} units in the last place");
        assert_eq!(ln(1.0).to_bits(), 0);
        assert_eq!(
            (ln(0.0), ln(f32::INFINITY)),
            (f32::NEG_INFINITY, f32::INFINITY)
        );
        assert!(ln(f32::NAN).is_nan() && ln(f32::MAX).is_finite());
        assert!((decibels(1e-5) + 50.0).abs() < 1e-5);
    }
}
