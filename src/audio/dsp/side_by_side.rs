//! One section over parts of a block side by side.

use super::Biquad;

/// Parts that a block is cut into. They fill the vector registers, and one waits for its last sample while others go on.
pub(super) const LANES: usize = 16;
/// Samples of each part of a whole block.
pub(super) const STEPS: usize = 64;
/// Samples of a whole block; in double precision they stay in the nearest cache.
pub(super) const BLOCK: usize = LANES * STEPS;

/// The samples that stand at one place of every part.
pub(super) type Row = [f64; LANES];

/// Puts a block of `rows.len() * LANES` samples into rows. Row `k` gets the `k`-th sample of every part.
// Not inlined, because the widest instructions would gather and scatter here, which is slower than sample by sample.
#[inline(never)]
pub(super) fn load<T: Copy + Into<f64>>(block: &[T], rows: &mut [Row]) {
    let mut parts: [&[T]; LANES] = [&[]; LANES];
    parts
        .iter_mut()
        .zip(block.chunks_exact(rows.len()))
        .for_each(|(part, chunk)| *part = chunk);
    for (k, row) in rows.iter_mut().enumerate() {
        row.iter_mut()
            .zip(parts)
            .for_each(|(x, part)| *x = part[k].into());
    }
}

/// Puts rows back where [`load`] took them from.
#[inline(never)]
pub(super) fn store<T>(rows: &[Row], block: &mut [T], narrow: impl Fn(f64) -> T) {
    for (i, part) in block.chunks_exact_mut(rows.len()).enumerate() {
        part.iter_mut()
            .zip(rows)
            .for_each(|(y, row)| *y = narrow(row[i]));
    }
}

/// What a section makes of its memory in a number of samples of silence: a power of a matrix.
///
/// In state space a section is `y = b0 x + s1`, `s' = A s + c x` with `A = [[-a1, 1], [-a2, 0]]` (the transposed direct
/// form II). Near a frequency of 0 the two numbers nearly cancel, and so do those in the powers of `A`. Here the memory is
/// `u = s1 + s2` and `v = s2`, and only what the power differs by from the identity is kept: nothing cancels, however low
/// the filter. Near the Nyquist frequency the same holds with the sign of `s2` turned, which turns `A` to
/// `-A(-a1, a2)`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Silence {
    change: [[f64; 2]; 2],
    /// Sign of `s2`.
    sign: f64,
    /// Sign of the power.
    turn: f64,
}

impl Silence {
    pub(super) fn new(section: &Biquad, n: usize) -> Silence {
        let [a1, a2] = section.a;
        // In this order the differences are exact where they are small.
        let sum = (1.0 - a1.abs()) + a2;
        let (mut one, mut all) = ([[-sum, sum], [-a2, a2 - 1.0]], [[0.0; 2]; 2]);
        let mut left = n;
        while left > 0 {
            if left % 2 == 1 {
                all = compose(all, one);
            }
            one = compose(one, one);
            left /= 2;
        }
        let sign = if a1 > 0.0 { -1.0 } else { 1.0 };
        Silence {
            change: all,
            sign,
            turn: if n % 2 == 1 { sign } else { 1.0 },
        }
    }
}

/// `(I + X) (I + Y) - I`.
fn compose(x: [[f64; 2]; 2], y: [[f64; 2]; 2]) -> [[f64; 2]; 2] {
    let entry = |i: usize, j: usize| x[i][j] + y[i][j] + (x[i][0] * y[0][j] + x[i][1] * y[1][j]);
    [[entry(0, 0), entry(0, 1)], [entry(1, 0), entry(1, 1)]]
}

/// Filters rows in place, going on from `state`; `silence` is that of `rows.len()` samples.
///
/// All parts begin with no memory and give what they would remember at their ends; that and [`Silence`] give, from part to
/// part, what each begins with in truth, and then all run again: a recurrence as a scan (Blelloch, "Prefix sums and their
/// applications", 1990, section 1.4).
#[inline(always)]
pub(super) fn run(
    Biquad { b, a }: &Biquad,
    silence: &Silence,
    state: &mut [f64; 2],
    rows: &mut [Row],
) {
    let c = [b[1] - a[0] * b[0], b[2] - a[1] * b[0]];
    let (mut s1, mut s2) = ([0.0; LANES], [0.0; LANES]);
    for x in rows.iter() {
        for i in 0..LANES {
            (s1[i], s2[i]) = (
                (s2[i] + c[0] * x[i]) - a[0] * s1[i],
                c[1] * x[i] - a[1] * s1[i],
            );
        }
    }
    let Silence {
        change: d,
        sign,
        turn,
    } = *silence;
    let (mut u, mut v) = (state[0] + sign * state[1], sign * state[1]);
    for i in 0..LANES {
        let end = (s1[i] + sign * s2[i], sign * s2[i]);
        (s1[i], s2[i]) = (u - v, sign * v);
        let power = (
            u + (d[0][0] * u + d[0][1] * v),
            v + (d[1][0] * u + d[1][1] * v),
        );
        (u, v) = (turn * power.0 + end.0, turn * power.1 + end.1);
    }
    for x in rows.iter_mut() {
        for i in 0..LANES {
            let y = b[0] * x[i] + s1[i];
            (s1[i], s2[i]) = (
                (s2[i] + c[0] * x[i]) - a[0] * s1[i],
                c[1] * x[i] - a[1] * s1[i],
            );
            x[i] = y;
        }
    }
    *state = [s1[LANES - 1], s2[LANES - 1]];
}
