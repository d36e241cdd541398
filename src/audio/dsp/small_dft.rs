//! Fourier transforms of a few complex numbers in registers, as sums and products alone, none of them fused.

use pulp::Simd;

/// A small transform.
pub(super) trait Dft<const R: usize> {
    fn dft<S: Simd>(math: Math<S>, x: [Complex<S>; R]) -> [Complex<S>; R];
}

pub(super) struct Dft2;
pub(super) struct Dft3;
pub(super) struct Dft4;
pub(super) struct Dft5;
pub(super) struct Dft8;

/// Real and imaginary parts of as many numbers as a register has lanes.
pub(super) type Complex<S> = [<S as Simd>::f32s; 2];

/// Complex numbers in registers.
#[derive(Clone, Copy)]
pub(super) struct Math<S>(pub(super) S);

impl<S: Simd> Math<S> {
    #[inline(always)]
    fn add(self, a: Complex<S>, b: Complex<S>) -> Complex<S> {
        [self.0.add_f32s(a[0], b[0]), self.0.add_f32s(a[1], b[1])]
    }

    #[inline(always)]
    fn sub(self, a: Complex<S>, b: Complex<S>) -> Complex<S> {
        [self.0.sub_f32s(a[0], b[0]), self.0.sub_f32s(a[1], b[1])]
    }

    #[inline(always)]
    pub(super) fn mul(self, a: Complex<S>, b: Complex<S>) -> Complex<S> {
        let s = self.0;
        [
            s.sub_f32s(s.mul_f32s(a[0], b[0]), s.mul_f32s(a[1], b[1])),
            s.add_f32s(s.mul_f32s(a[0], b[1]), s.mul_f32s(a[1], b[0])),
        ]
    }

    #[inline(always)]
    fn scale(self, a: Complex<S>, by: f32) -> Complex<S> {
        let by = self.0.splat_f32s(by);
        [self.0.mul_f32s(a[0], by), self.0.mul_f32s(a[1], by)]
    }

    /// `a - i b`.
    #[inline(always)]
    fn sub_turned(self, a: Complex<S>, b: Complex<S>) -> Complex<S> {
        [self.0.add_f32s(a[0], b[1]), self.0.sub_f32s(a[1], b[0])]
    }

    /// `a + i b`.
    #[inline(always)]
    fn add_turned(self, a: Complex<S>, b: Complex<S>) -> Complex<S> {
        [self.0.sub_f32s(a[0], b[1]), self.0.add_f32s(a[1], b[0])]
    }

    #[inline(always)]
    pub(super) fn power(self, z: Complex<S>) -> S::f32s {
        self.0
            .add_f32s(self.0.mul_f32s(z[0], z[0]), self.0.mul_f32s(z[1], z[1]))
    }

    /// From bins `k` and `h - k` of the transform `Z` of `x[2 n] + i x[2 n + 1]` those of the transform of `x`, `h = n / 2`:
    /// `2 X_k = Z_k + Z*_h-k - i t_k (Z_k - Z*_h-k)` with `t_k = exp(-2 pi i k / n)`.
    #[inline(always)]
    pub(super) fn bins(
        self,
        a: Complex<S>,
        b: Complex<S>,
        turn: Complex<S>,
    ) -> (Complex<S>, Complex<S>) {
        let s = self.0;
        let even = self.scale([s.add_f32s(a[0], b[0]), s.sub_f32s(a[1], b[1])], 0.5);
        let odd = self.scale([s.add_f32s(a[1], b[1]), s.sub_f32s(b[0], a[0])], 0.5);
        let turned = self.mul(odd, turn);
        (
            self.add(even, turned),
            [
                s.sub_f32s(even[0], turned[0]),
                s.sub_f32s(turned[1], even[1]),
            ],
        )
    }
}

impl Dft<2> for Dft2 {
    #[inline(always)]
    fn dft<S: Simd>(math: Math<S>, [a, b]: [Complex<S>; 2]) -> [Complex<S>; 2] {
        [math.add(a, b), math.sub(a, b)]
    }
}

impl Dft<3> for Dft3 {
    #[inline(always)]
    fn dft<S: Simd>(math: Math<S>, [a, b, c]: [Complex<S>; 3]) -> [Complex<S>; 3] {
        let (sum, difference) = (math.add(b, c), math.scale(math.sub(b, c), SIN_60));
        let middle = math.sub(a, math.scale(sum, 0.5));
        [
            math.add(a, sum),
            math.sub_turned(middle, difference),
            math.add_turned(middle, difference),
        ]
    }
}

impl Dft<4> for Dft4 {
    #[inline(always)]
    fn dft<S: Simd>(math: Math<S>, [a, b, c, d]: [Complex<S>; 4]) -> [Complex<S>; 4] {
        let (sum_ac, difference_ac) = (math.add(a, c), math.sub(a, c));
        let (sum_bd, difference_bd) = (math.add(b, d), math.sub(b, d));
        [
            math.add(sum_ac, sum_bd),
            math.sub_turned(difference_ac, difference_bd),
            math.sub(sum_ac, sum_bd),
            math.add_turned(difference_ac, difference_bd),
        ]
    }
}

impl Dft<5> for Dft5 {
    #[inline(always)]
    fn dft<S: Simd>(math: Math<S>, [a, b, c, d, e]: [Complex<S>; 5]) -> [Complex<S>; 5] {
        let (sum_1, sum_2) = (math.add(b, e), math.add(c, d));
        let (difference_1, difference_2) = (math.sub(b, e), math.sub(c, d));
        let real_1 = math.add(
            a,
            math.add(math.scale(sum_1, COS_72), math.scale(sum_2, COS_144)),
        );
        let real_2 = math.add(
            a,
            math.add(math.scale(sum_1, COS_144), math.scale(sum_2, COS_72)),
        );
        let turned_1 = math.add(
            math.scale(difference_1, SIN_72),
            math.scale(difference_2, SIN_144),
        );
        let turned_2 = math.sub(
            math.scale(difference_1, SIN_144),
            math.scale(difference_2, SIN_72),
        );
        [
            math.add(a, math.add(sum_1, sum_2)),
            math.sub_turned(real_1, turned_1),
            math.sub_turned(real_2, turned_2),
            math.add_turned(real_2, turned_2),
            math.add_turned(real_1, turned_1),
        ]
    }
}

impl Dft<8> for Dft8 {
    #[inline(always)]
    fn dft<S: Simd>(math: Math<S>, [a, b, c, d, e, f, g, h]: [Complex<S>; 8]) -> [Complex<S>; 8] {
        let even = Dft4::dft(math, [a, c, e, g]);
        let odd = Dft4::dft(math, [b, d, f, h]);
        // Turning by an eighth and by three of them takes sums and one factor; the sign of the last imaginary part is below.
        let s = math.0;
        let eighth = math.scale(
            [
                s.add_f32s(odd[1][0], odd[1][1]),
                s.sub_f32s(odd[1][1], odd[1][0]),
            ],
            SQRT_HALF,
        );
        let three = math.scale(
            [
                s.sub_f32s(odd[3][1], odd[3][0]),
                s.add_f32s(odd[3][0], odd[3][1]),
            ],
            SQRT_HALF,
        );
        [
            math.add(even[0], odd[0]),
            math.add(even[1], eighth),
            math.sub_turned(even[2], odd[2]),
            [
                s.add_f32s(even[3][0], three[0]),
                s.sub_f32s(even[3][1], three[1]),
            ],
            math.sub(even[0], odd[0]),
            math.sub(even[1], eighth),
            math.add_turned(even[2], odd[2]),
            [
                s.sub_f32s(even[3][0], three[0]),
                s.add_f32s(even[3][1], three[1]),
            ],
        ]
    }
}

const SQRT_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
const SIN_60: f32 = 0.866_025_4;
const COS_72: f32 = 0.309_017;
const COS_144: f32 = -0.809_017;
const SIN_72: f32 = 0.951_056_54;
const SIN_144: f32 = 0.587_785_25;
