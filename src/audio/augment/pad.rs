//! Adding time around the sound.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::words;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// Puts time before or behind the sound: silence, the sound again, or the sound mirrored at its end. Where the length is
/// kept, it stands in the place of as much of the sound, and what is repeated or mirrored is the sound that is left; this
/// is the Padding of audiomentations.
pub(super) static PAD: Declaration = Declaration {
    name: "pad",
    about: "Pads the sound with a given time before or behind it, or replaces as much of it.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "seconds",
            Kind::Drawn {
                low: 0.0,
                high: MOST_S,
            },
            DefaultValue::Range(0.0, 1.0),
            "time that is added, s; `crop(seconds)` makes a given length instead",
        ),
        Parameter::option(
            "fraction",
            Kind::Drawn {
                low: 0.0,
                high: MOST_FRACTION,
            },
            DefaultValue::Absent,
            "time that is added as a share of the clip instead",
        ),
        Parameter::option(
            "position",
            Kind::Word(&words(&POSITIONS)),
            DefaultValue::Word("end"),
            "where: behind, before, half of it on either side, or a random share before",
        ),
        Parameter::option(
            "fill",
            Kind::Word(&words(&FILLS)),
            DefaultValue::Word("zero"),
            "what stands there: silence, the sound repeated, or the sound mirrored",
        ),
        Parameter::option(
            "keep_length",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether the sound stays as long as it is, and what would be added covers as much of it",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["before_samples", "after_samples"],
    },
    example: "assert_near((tone(440, 1) |> pad(0.5)).seconds, 1.5, 0.0001)",
    build: |settings| {
        let fraction = match settings.only_one_of(&["seconds", "fraction"])? {
            Some("fraction") => settings.drawn_if("fraction"),
            _ => None,
        };
        Ok(Arc::new(Pad {
            seconds: settings.drawn("seconds"),
            fraction,
            length: if settings.flag("keep_length") {
                Length::Kept
            } else {
                Length::Grows
            },
            position: settings.word("position", &POSITIONS),
            fill: settings.word("fill", &FILLS),
        }))
    },
};

const POSITIONS: [(&str, Position); 4] = [
    ("end", Position::End),
    ("start", Position::Start),
    ("both", Position::Both),
    ("random", Position::Random),
];
const FILLS: [(&str, Fill); 3] = [
    ("zero", Fill::Zero),
    ("wrap", Fill::Wrap),
    ("reflect", Fill::Reflect),
];
const MOST_S: f64 = 86_400.0;
const MOST_FRACTION: f64 = 10.0;

#[derive(Clone, Copy)]
enum Position {
    End,
    Start,
    Both,
    Random,
}

#[derive(Clone, Copy)]
enum Fill {
    Zero,
    Wrap,
    Reflect,
}

#[derive(PartialEq)]
enum Length {
    Grows,
    Kept,
}

struct Pad {
    seconds: Distribution,
    fraction: Option<Distribution>,
    length: Length,
    position: Position,
    fill: Fill,
}

impl Transform for Pad {
    fn draw(&self, rng: &mut Rng, input: &Input) -> Draws {
        let total = match &self.fraction {
            Some(fraction) => fraction.draw_within(rng, 0.0, MOST_FRACTION) * input.n as f64,
            None => self.seconds.draw_within(rng, 0.0, MOST_S) * f64::from(input.sample_rate),
        };
        let mut total = total.round() as usize;
        if self.length == Length::Kept {
            total = total.min(input.n);
        }
        let before = match self.position {
            Position::End => 0,
            Position::Start => total,
            Position::Both => total / 2,
            Position::Random => rng.below(total + 1),
        };
        smallvec![before as f64, (total - before) as f64]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        if self.length == Length::Kept {
            self.cover(draws, work);
            return Ok(());
        }
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
                Fill::Wrap => work
                    .spare
                    .extend((-before..n + after).map(|i| channel[i.rem_euclid(n) as usize])),
                Fill::Reflect => work
                    .spare
                    .extend((-before..n + after).map(|i| channel[mirrored(i, n)])),
            }
        }
        if n > 0 {
            std::mem::swap(&mut work.samples, &mut work.spare);
        }
        Ok(())
    }
}

impl Pad {
    /// Lets the padding take the place of as much of the sound.
    fn cover(&self, draws: &[f64], work: &mut Workspace) {
        let n = work.input().n;
        let before = (draws[0].max(0.0) as usize).min(n);
        let after = (draws[1].max(0.0) as usize).min(n - before);
        let left = (n - before - after) as i64;
        for channel in work.samples.chunks_mut(n.max(1)) {
            if left == 0 || matches!(self.fill, Fill::Zero) {
                channel[..before].fill(0.0);
                channel[n - after..].fill(0.0);
                continue;
            }
            for i in (0..before).chain(n - after..n) {
                let at = i as i64 - before as i64;
                let from = if matches!(self.fill, Fill::Wrap) {
                    at.rem_euclid(left) as usize
                } else {
                    mirrored(at, left)
                };
                channel[i] = channel[before + from];
            }
        }
    }
}

/// The index inside `0..n` at which a signal that goes back and forth stands; its edge samples are not repeated.
fn mirrored(i: i64, n: i64) -> usize {
    let period = (2 * (n - 1)).max(1);
    let i = i.rem_euclid(period);
    (if i < n { i } else { period - i }) as usize
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::{Key, Waveform};

    fn padded(fraction: f64, position: &str, fill: &str, keep_length: bool) -> Vec<f32> {
        let given = [
            ("fraction", Value::Drawn(fraction.into())),
            ("position", Value::Word(position.into())),
            ("fill", Value::Word(fill.into())),
            ("keep_length", Value::Flag(keep_length)),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value));
        let recipe = Recipe::from(Stage::new(declaration("pad").unwrap(), given).unwrap());
        let clip = Waveform::mono((1..=6).map(|i| i as f32).collect(), 8).unwrap();
        recipe
            .wave(&clip, Key::of_seed(0))
            .unwrap()
            .samples()
            .to_vec()
    }

    #[test]
    fn a_share_is_added_or_covers_as_much() {
        assert_eq!(
            padded(0.5, "end", "zero", false),
            [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(
            padded(0.5, "end", "zero", true),
            [1.0, 2.0, 3.0, 0.0, 0.0, 0.0]
        );
        assert_eq!(
            padded(0.5, "start", "zero", true),
            [0.0, 0.0, 0.0, 4.0, 5.0, 6.0]
        );
        // As numpy's `pad` of what is left.
        assert_eq!(
            padded(0.5, "end", "wrap", true),
            [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
        );
        assert_eq!(
            padded(0.5, "start", "reflect", true),
            [5.0, 6.0, 5.0, 4.0, 5.0, 6.0]
        );
        assert_eq!(
            padded(0.66, "end", "reflect", true),
            [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]
        );
        assert_eq!(padded(3.0, "both", "wrap", true), [0.0; 6]);
    }
}
