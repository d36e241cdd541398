//! Short fades where a sound was cut, so that no step is left that would click.

use super::{DefaultValue, Input, Kind, Parameter};
use crate::{Distribution, Rng};

/// Duration of the fades at a cut.
pub(super) const FADE_MS: Parameter = Parameter::option(
    "fade_ms",
    Kind::Drawn {
        low: 0.0,
        high: LONGEST_MS,
    },
    DefaultValue::Number(5.0),
    "duration of the fades at the seams of a wave, ms; 0 leaves hard edges, and features have none",
);

const LONGEST_MS: f64 = 10_000.0;

/// Draws the samples of a fade; none in features.
pub(super) fn draw(fade_ms: &Distribution, rng: &mut Rng, input: &Input) -> f64 {
    let sample_rate = if input.n_bands == 0 {
        f64::from(input.sample_rate)
    } else {
        0.0
    };
    (fade_ms.draw_within(rng, 0.0, LONGEST_MS) * sample_rate / 1000.0).round()
}

/// The gain of sample `i` of a rise over `n` samples, `1/2 - cos(pi u) / 2` at `u = (i + 1) / (n + 1)`: the samples are
/// those between 0 and 1. A rise and the fall after it add up to one, and the largest step is `pi / 2 / (n + 1)`.
pub(super) fn rise(i: usize, n: usize) -> f32 {
    let u = (i + 1) as f64 / (n + 1) as f64;
    (0.5 - 0.5 * libm::cos(std::f64::consts::PI * u)) as f32
}

/// Fades the start of a part in, over at most all of it.
pub(super) fn fade_in(part: &mut [f32], n: usize) {
    let n = n.min(part.len());
    part[..n]
        .iter_mut()
        .enumerate()
        .for_each(|(i, x)| *x *= rise(i, n));
}

/// Fades the end of a part out, over at most all of it.
pub(super) fn fade_out(part: &mut [f32], n: usize) {
    let n = n.min(part.len());
    part.iter_mut()
        .rev()
        .take(n)
        .enumerate()
        .for_each(|(i, x)| *x *= rise(i, n));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rise_and_a_fall_add_up_to_one_and_have_no_step() {
        for n in [1, 2, 5, 80] {
            let (mut up, mut down) = (vec![1.0f32; n], vec![1.0f32; n]);
            fade_in(&mut up, n);
            fade_out(&mut down, n);
            assert!(
                up.iter()
                    .zip(&down)
                    .all(|(a, b)| (a + b - 1.0).abs() < 1e-6),
                "{up:?} {down:?}"
            );
            let whole = [vec![0.0], up, vec![1.0]].concat();
            let largest = whole
                .windows(2)
                .map(|pair| pair[1] - pair[0])
                .fold(0.0, f32::max);
            assert!(largest < 1.58 / (n + 1) as f32, "{n}: {largest}");
        }
        let mut short = [1.0];
        fade_out(&mut short, 9);
        assert_eq!(short, [0.5]);
        fade_in(&mut [], 3);
    }
}
