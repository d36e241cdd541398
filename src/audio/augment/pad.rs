//! Adding time around the sound.

use super::{Accepts, Declaration, DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Puts `seconds` before or behind the sound: silence, the sound again, or the sound mirrored at its end.
pub(super) static PAD: Declaration = Declaration {
    name: "pad",
    about: "Makes the sound longer by a given time before or behind it.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "seconds",
            Kind::Drawn { low: 0.0, high: MOST_S },
            DefaultValue::Range(0.0, 1.0),
            "time that is added, s; `crop(seconds)` makes a given length instead",
        ),
        Parameter::option(
            "position",
            Kind::Word(&POSITIONS),
            DefaultValue::Word("end"),
            "where: behind, before, half of it on either side, or a random share before",
        ),
        Parameter::option(
            "fill",
            Kind::Word(&FILLS),
            DefaultValue::Word("zero"),
            "what stands there: silence, the sound repeated, or the sound mirrored",
        ),
    ],
    accepts: Accepts::Wave,
    gives: None,
    draws: &["before_samples", "after_samples"],
    example: "assert_near((tone(440, 1) |> pad(0.5)).seconds, 1.5, 0.0001)",
    build: |settings| {
        Ok(Arc::new(Pad {
            seconds: settings.drawn("seconds").unwrap_or(0.0.into()),
            position: match settings.word("position", &POSITIONS) {
                Some(1) => Position::Start,
                Some(2) => Position::Both,
                Some(3) => Position::Random,
                _ => Position::End,
            },
            fill: match settings.word("fill", &FILLS) {
                Some(1) => Fill::Wrap,
                Some(2) => Fill::Reflect,
                _ => Fill::Zero,
            },
        }))
    },
};

const POSITIONS: [&str; 4] = ["end", "start", "both", "random"];
const FILLS: [&str; 3] = ["zero", "wrap", "reflect"];
const MOST_S: f64 = 86_400.0;

enum Position {
    End,
    Start,
    Both,
    Random,
}

enum Fill {
    Zero,
    Wrap,
    Reflect,
}

struct Pad {
    seconds: Distribution,
    position: Position,
    fill: Fill,
}

impl Transform for Pad {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let total = (self.seconds.draw_within(rng, 0.0, MOST_S) * f64::from(input.sample_rate)).round() as usize;
        let before = match self.position {
            Position::End => 0,
            Position::Start => total,
            Position::Both => total / 2,
            Position::Random => rng.below(total + 1),
        };
        smallvec![before as f64, (total - before) as f64]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n as i64;
        let count = |drawn: f64| drawn.clamp(0.0, 1e12) as i64;
        let (before, after) = (count(draws[0]), count(draws[1]));
        work.spare.clear();
        for channel in work.samples.chunks(n.max(1) as usize) {
            match self.fill {
                Fill::Zero => {
                    work.spare.resize(work.spare.len() + before as usize, 0.0);
                    work.spare.extend_from_slice(channel);
                    work.spare.resize(work.spare.len() + after as usize, 0.0);
                }
                Fill::Wrap => work.spare.extend((-before..n + after).map(|i| channel[i.rem_euclid(n) as usize])),
                Fill::Reflect => work.spare.extend((-before..n + after).map(|i| channel[mirrored(i, n)])),
            }
        }
        if n > 0 {
            std::mem::swap(&mut work.samples, &mut work.spare);
        }
        Ok(())
    }
}

/// The index inside `0..n` at which a signal that goes back and forth stands; its edge samples are not repeated.
fn mirrored(i: i64, n: i64) -> usize {
    let period = (2 * (n - 1)).max(1);
    let i = i.rem_euclid(period);
    (if i < n { i } else { period - i }) as usize
}
