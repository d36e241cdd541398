//! Elementary functions without branches, the same on every processor: sine of turns, powers of 2, logarithm, and the
//! hyperbolic tangent.

use pulp::Simd;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Lanes of the loops in double precision.
pub(super) const LANES: usize = 8;

/// A number of single or double precision.
pub(super) trait Real:
    Copy
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// From double precision.
    fn of(x: f64) -> Self;
    /// In double precision.
    fn wide(self) -> f64;
    /// Writes `from + slope k` for `k` from 0 on, at most [`LINE`] numbers, in whole lanes.
    fn line<S: Simd>(simd: S, from: f64, slope: f64, out: &mut [Self]);
    /// Magnitude.
    fn magnitude(self) -> Self;
    /// With the sign of another.
    fn signed(self, sign: Self) -> Self;
    /// `sin(2 pi u)` for `u` within a quarter of a turn.
    fn sin_quarter(u: Self) -> Self;
    /// `2^x` for `x` within -1000..1000 (double) or -126..126 (single).
    fn pow2(x: Self) -> Self;
}

/// A polynomial by Horner's rule, the highest coefficient last.
macro_rules! polynomial {
    ($x:expr; $last:expr) => { $last };
    ($x:expr; $first:expr, $($rest:expr),+) => { $first + $x * polynomial!($x; $($rest),+) };
}

/// Adding and subtracting it rounds to a whole number.
pub(super) const ROUND: f64 = 6_755_399_441_055_744.0;
const ROUND_SINGLE: f32 = 12_582_912.0;

/// Numbers that [`Real::line`] writes at most.
pub(super) const LINE: usize = 128;

/// Whole numbers.
static NUMBERS: [f64; LINE] = {
    let mut numbers = [0.0; LINE];
    let mut index = 0;
    while index < LINE {
        numbers[index] = index as f64;
        index += 1;
    }
    numbers
};
static NUMBERS_SINGLE: [f32; LINE] = {
    let mut numbers = [0.0; LINE];
    let mut index = 0;
    while index < LINE {
        numbers[index] = index as f32;
        index += 1;
    }
    numbers
};

impl Real for f64 {
    #[inline(always)]
    fn line<S: Simd>(simd: S, from: f64, slope: f64, out: &mut [f64]) {
        let (from, slope) = (simd.splat_f64s(from), simd.splat_f64s(slope));
        let (numbers, _) = S::as_simd_f64s(&NUMBERS);
        for (y, number) in S::as_mut_simd_f64s(out).0.iter_mut().zip(numbers) {
            *y = simd.add_f64s(from, simd.mul_f64s(slope, *number));
        }
    }

    #[inline(always)]
    fn of(x: f64) -> f64 {
        x
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }

    #[inline(always)]
    fn magnitude(self) -> f64 {
        self.abs()
    }

    #[inline(always)]
    fn signed(self, sign: f64) -> f64 {
        self.copysign(sign)
    }

    /// Taylor's series, error below 3e-16.
    #[inline(always)]
    fn sin_quarter(u: f64) -> f64 {
        let z = u * u;
        u * polynomial!(z;
            std::f64::consts::TAU,
            -41.341_702_240_399_755,
            81.605_249_276_075_04,
            -76.705_859_753_061_36,
            42.058_693_944_897_634,
            -15.094_642_576_822_984,
            3.819_952_584_848_28,
            -0.718_122_301_778_500_1,
            0.104_229_162_208_139_78,
            -0.012_031_585_942_120_619)
    }

    /// Taylor's series on half an octave either way, relative error below 3e-16.
    #[inline(always)]
    fn pow2(x: f64) -> f64 {
        let shifted = x + ROUND;
        let f = x - (shifted - ROUND);
        let p = polynomial!(f;
            1.0,
            std::f64::consts::LN_2,
            0.240_226_506_959_100_7,
            0.055_504_108_664_821_576,
            0.009_618_129_107_628_477,
            0.001_333_355_814_642_844_3,
            0.000_154_035_303_933_816_06,
            1.525_273_380_405_984e-5,
            1.321_548_679_014_431e-6,
            1.017_808_600_923_97e-7,
            7.054_911_620_801_121e-9,
            4.445_538_271_870_81e-10,
            2.567_843_599_348_82e-11);
        f64::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 52))
    }
}

impl Real for f32 {
    #[inline(always)]
    fn line<S: Simd>(simd: S, from: f64, slope: f64, out: &mut [f32]) {
        let (from, slope) = (simd.splat_f32s(from as f32), simd.splat_f32s(slope as f32));
        let (numbers, _) = S::as_simd_f32s(&NUMBERS_SINGLE);
        for (y, number) in S::as_mut_simd_f32s(out).0.iter_mut().zip(numbers) {
            *y = simd.add_f32s(from, simd.mul_f32s(slope, *number));
        }
    }

    #[inline(always)]
    fn of(x: f64) -> f32 {
        x as f32
    }

    #[inline(always)]
    fn wide(self) -> f64 {
        self.into()
    }

    #[inline(always)]
    fn magnitude(self) -> f32 {
        self.abs()
    }

    #[inline(always)]
    fn signed(self, sign: f32) -> f32 {
        self.copysign(sign)
    }

    /// Interpolated at Chebyshev's nodes, error below 7e-9 before rounding.
    #[inline(always)]
    fn sin_quarter(u: f32) -> f32 {
        let z = u * u;
        u * polynomial!(z; std::f32::consts::TAU, -41.341_68, 81.602_48, -76.581_17, 39.759_827)
    }

    /// Interpolated at Chebyshev's nodes, relative error below 1.1e-7.
    #[inline(always)]
    fn pow2(x: f32) -> f32 {
        let shifted = x + ROUND_SINGLE;
        let f = x - (shifted - ROUND_SINGLE);
        let p = polynomial!(f;
            1.000_000_1, std::f32::consts::LN_2, 0.240_221_07, 0.055_503_57, 0.009_676_032, 0.001_339_086_3);
        f32::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 23))
    }
}

/// The distance to the nearest whole number, within -0.5..0.5.
#[inline(always)]
pub(super) fn wrapped(x: f64) -> f64 {
    x - ((x + ROUND) - ROUND)
}

/// `cos(2 pi t)` for `t` within half a turn.
#[inline(always)]
pub(super) fn cos_turns<T: Real>(t: T) -> T {
    T::sin_quarter(T::of(0.25) - t.magnitude())
}

/// `|sin(2 pi t)|` for `t` within half a turn.
#[inline(always)]
pub(super) fn sin_magnitude<T: Real>(t: T) -> T {
    let t = t.magnitude();
    let rest = T::of(0.5) - t;
    T::sin_quarter(if rest < t { rest } else { t })
}

/// `log2(x)` for a normal number above 0, relative error below 1e-15.
#[inline(always)]
pub(super) fn log2(x: f64) -> f64 {
    // The bits of sqrt(1/2): the mantissa is brought into sqrt(1/2)..sqrt(2).
    const HALF_ROOT: u64 = 0x3FE6_A09E_667F_3BCD;
    let exponent = (x.to_bits().wrapping_sub(HALF_ROOT) as i64) >> 52;
    let m = f64::from_bits(x.to_bits().wrapping_sub((exponent as u64) << 52));
    let exponent = f64::from_bits(ROUND.to_bits().wrapping_add(exponent as u64)) - ROUND;
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let series = polynomial!(z;
        1.0,
        1.0 / 3.0,
        1.0 / 5.0,
        1.0 / 7.0,
        1.0 / 9.0,
        1.0 / 11.0,
        1.0 / 13.0,
        1.0 / 15.0,
        1.0 / 17.0,
        1.0 / 19.0);
    exponent + (2.0 * std::f64::consts::LOG2_E) * s * series
}

/// `(e^y - 1) / y` for `y` within -600..600, 1 at 0.
#[inline(always)]
pub(super) fn mean_growth(y: f64) -> f64 {
    let series = polynomial!(y;
        1.0,
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
    let exact = (f64::pow2(y * std::f64::consts::LOG2_E) - 1.0) / y;
    if y.abs() < 0.4 { series } else { exact }
}

/// A phase in turns as a fixed-point number of 2^-50 turn, for a number within 0..1/2.
///
/// Sums of such numbers are exact and wrap around by themselves.
#[inline(always)]
pub(super) fn fixed(turns: f64) -> u64 {
    // Within 4..8 the last bit of a double is 2^-50.
    (turns + 6.0).to_bits().wrapping_sub(6f64.to_bits())
}

/// The fixed-point number of any number of turns.
#[inline(always)]
pub(super) fn fixed_wrapped(turns: f64) -> u64 {
    fixed(wrapped(turns))
}

/// A fixed-point phase as turns within -0.5..0.5.
#[inline(always)]
pub(super) fn turns(phase: u64) -> f64 {
    const HALF: u64 = 1 << 49;
    const MASK: u64 = (1 << 50) - 1;
    let fraction = (phase.wrapping_add(HALF) & MASK) << 2;
    f64::from_bits(fraction | 1f64.to_bits()) - 1.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn functions_agree_with_those_of_the_library() {
        for i in -1000..=1000 {
            let t = f64::from(i) / 2000.0;
            assert!((cos_turns(t) - libm::cos(TAU * t)).abs() < 2e-15, "{t}");
            assert!(
                (sin_magnitude(t) - libm::sin(TAU * t).abs()).abs() < 2e-15,
                "{t}"
            );
            let single = f64::from(cos_turns(t as f32));
            assert!(
                (single - libm::cos(TAU * f64::from(t as f32))).abs() < 4e-7,
                "{t}"
            );
            let x = f64::from(i) / 11.0;
            assert!((f64::pow2(x) / libm::exp2(x) - 1.0).abs() < 1e-15, "{x}");
            let single = f64::from(<f32 as Real>::pow2(x as f32));
            assert!(
                (single / libm::exp2(f64::from(x as f32)) - 1.0).abs() < 3e-7,
                "{x}"
            );
            let y = f64::from(i) / 100.0;
            let want = if y == 0.0 { 1.0 } else { libm::expm1(y) / y };
            assert!((mean_growth(y) / want - 1.0).abs() < 1e-14, "{y}");
            let x = libm::exp2(f64::from(i) / 40.0);
            assert!(
                (log2(x) - libm::log2(x)).abs() <= 1e-15 * libm::log2(x).abs(),
                "{x}"
            );
        }
    }

    #[test]
    fn a_fixed_point_phase_wraps_around() {
        let mut phase = fixed_wrapped(-0.3);
        for _ in 0..1000 {
            phase = phase.wrapping_add(fixed(0.437));
        }
        let want = wrapped(-0.3 + 437.0);
        assert!(
            (turns(phase) - want).abs() < 1e-11,
            "{} {want}",
            turns(phase)
        );
    }
}
