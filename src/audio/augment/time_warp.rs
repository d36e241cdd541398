//! Warping time.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::words;
use crate::features::Interpolation;
use crate::{Distribution, Error, Rng};
use smallvec::SmallVec;
use std::sync::Arc;

/// A random frame moves by a random number of frames; what is before and behind it is stretched or squeezed, see
/// [`crate::features::Bend`].
pub(super) static TIME_WARP: Declaration = Declaration {
    name: "time_warp",
    about: "Moves a random frame of features earlier or later, and stretches what is on either side.",
    citation: "Park et al., SpecAugment, 2019, section 2, in the simpler form of ESPnet",
    parameters: &[
        Parameter::positional(
            "max_frames",
            PLACES,
            DefaultValue::Number(5.0),
            "farthest move, frames; uniform between 0 and this, and limited so that both sides keep a frame. A range such as \
             `5..20` is the move itself",
        ),
        INTERPOLATION,
    ],
    facts: Flows {
        accepts: Accepts::Features,
        gives: None,
        draws: &["center", "shift"],
    },
    example: "let m = tone(440, 1) |> log_mel() |> time_warp(20); assert(m.shape == [1, 64, 101])",
    build: |settings| {
        let interpolation = settings.word("interpolation", &Interpolation::WORDS);
        Ok(Arc::new(TimeWarp {
            max_frames: settings.drawn("max_frames"),
            interpolation,
        }))
    },
};

pub(super) const PLACES: Kind = Kind::Drawn {
    low: 0.0,
    high: MOST_PLACES,
};
pub(super) const MOST_PLACES: f64 = 1_048_576.0;
pub(super) const INTERPOLATION: Parameter = Parameter::option(
    "interpolation",
    Kind::Word(&words(&Interpolation::WORDS)),
    DefaultValue::Word("linear"),
    "how values between those of the input are made",
);

struct TimeWarp {
    max_frames: Distribution,
    interpolation: Interpolation,
}

impl Transform for TimeWarp {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        SmallVec::from_slice(&draw_bend(rng, input.n, &self.max_frames))
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        warp_time(work, draws, self.interpolation);
        Ok(())
    }
}

/// Draws a place and by how far it moves: the distance is uniform in `0..=farthest` for a number and as drawn for a
/// distribution, either way has the same chance, and the place lies in `farthest + 1..=n - farthest - 1`, so that neither
/// side can vanish.
pub(super) fn draw_bend(rng: &mut Rng, n: usize, farthest: &Distribution) -> [f64; 2] {
    let is_limit = matches!(farthest, Distribution::Constant(_));
    let farthest =
        (farthest.draw_within(rng, 0.0, MOST_PLACES).round() as usize).min(n.saturating_sub(2) / 2);
    let center = (farthest + 1 + rng.below(n.saturating_sub(2 * farthest + 1).max(1))).min(n);
    let distance = if is_limit {
        rng.below(farthest + 1)
    } else {
        farthest
    } as f64;
    // Without this a distance of 0 would be recorded as a negative one.
    let shift = if rng.below(2) == 0 {
        distance
    } else {
        0.0 - distance
    };
    [center as f64, shift]
}

/// Bends time by a drawn place and shift.
pub(super) fn warp_time(work: &mut Workspace, draws: &[f64], interpolation: Interpolation) {
    let n = work.features.n_frames;
    if work.bend.set(
        n,
        draws[0].max(0.0) as usize,
        draws[1] as i64,
        interpolation,
    ) {
        work.bend.frames(&mut work.features, &mut work.spare);
    }
}

/// Bends frequency by a drawn place and shift.
pub(super) fn warp_frequency(work: &mut Workspace, draws: &[f64], interpolation: Interpolation) {
    let n = work.features.n_bands;
    if work.bend.set(
        n,
        draws[0].max(0.0) as usize,
        draws[1] as i64,
        interpolation,
    ) {
        work.bend.bands(&mut work.features, &mut work.spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_moves_fill_their_range_and_leave_both_sides() {
        let mut rng = Rng::from_words(&[8]);
        let (mut least, mut most, mut left, mut right) = (99.0, 0.0, 0.0, 0.0);
        for _ in 0..4000 {
            let [center, shift] = draw_bend(&mut rng, 20, &6.0.into());
            (least, most) = (f64::min(least, center), f64::max(most, center));
            (left, right) = (f64::min(left, shift), f64::max(right, shift));
        }
        assert_eq!((least, most, left, right), (7.0, 13.0, -6.0, 6.0));
        let itself = Distribution::int_uniform(3, 4).unwrap();
        let moves: Vec<f64> = (0..200)
            .map(|_| draw_bend(&mut rng, 20, &itself)[1])
            .collect();
        assert!(
            [-4.0, -3.0, 3.0, 4.0]
                .iter()
                .all(|shift| moves.contains(shift))
        );
        assert!(moves.iter().all(|shift| (3.0..=4.0).contains(&shift.abs())));
        for n in 0..9 {
            for _ in 0..200 {
                let [center, shift] = draw_bend(&mut rng, n, &80.0.into());
                assert!(
                    shift == 0.0 || (1.0..n as f64).contains(&(center + shift)),
                    "{n}: {center} {shift}"
                );
            }
        }
    }
}
