//! Functions of many numbers at once: plain arithmetic without branches, which compiles to vectors inside of
//! [`pulp::Arch::dispatch`] and comes out the same on every processor.

use std::f32::consts::{FRAC_1_SQRT_2, LOG2_E};

/// `e^x`, to 1e-7 of itself; from -87 down as small as normal numbers go, from 88 up as large.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding this leaves the nearest whole number in the last bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
    // The series of the exponential: the next term is below 5e-9 for |r| <= ln(2) / 2.
    let series = 1.0 / 5040.0;
    let series = series * r + 1.0 / 720.0;
    let series = series * r + 1.0 / 120.0;
    let series = series * r + 1.0 / 24.0;
    let series = series * r + 1.0 / 6.0;
    let series = series * r + 0.5;
    let series = series * r + 1.0;
    let series = series * r + 1.0;
    let power = (shifted.to_bits() << 23).wrapping_add(127 << 23);
    series * f32::from_bits(power)
}

/// The distribution function of the standard normal distribution, to 1e-6 of itself: half the complementary error
/// function by the fit of Press et al., "Numerical recipes", 2nd edition, 6.2.
#[inline(always)]
pub(super) fn normal_cdf(x: f32) -> f32 {
    let z = x.abs() * FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * z);
    let fit = 0.170_872_77;
    let fit = fit * t - 0.822_152_23;
    let fit = fit * t + 1.488_515_9;
    let fit = fit * t - 1.135_204;
    let fit = fit * t + 0.278_868_07;
    let fit = fit * t - 0.186_288_06;
    let fit = fit * t + 0.096_784_18;
    let fit = fit * t + 0.374_091_96;
    let fit = fit * t + 1.000_023_7;
    let fit = fit * t - 1.265_512_2;
    let tail = 0.5 * t * exp(fit - z * z);
    if x < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_double_precision() {
        for i in -8700..=8800 {
            let x = i as f32 / 100.0;
            let want = f64::from(x).exp();
            let error = (f64::from(exp(x)) - want).abs() / want;
            assert!(error < 2e-7, "exp({x}): {error}");
        }
        assert!(exp(-1000.0) < 2e-38 && exp(f32::NAN).is_nan());
    }

    #[test]
    fn the_normal_distribution_is_that_of_double_precision() {
        for i in -800..=800 {
            let x = i as f32 / 100.0;
            let want = 0.5 * libm::erfc(-f64::from(x) / std::f64::consts::SQRT_2);
            let error = (f64::from(normal_cdf(x)) - want).abs();
            assert!(error < 2e-7 && error < 1e-5 * want, "{x}: {error}");
        }
    }
}
