//! Playing a sound faster or slower, as a tape.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
    fit,
};
use crate::declare::words;
use crate::dsp::read_at_speed;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// `y[n] = x(n rate)`, band-limited, `round(N / rate)` samples long: duration and pitch change together.
pub(super) static SPEED: Declaration = Declaration {
    name: "speed",
    about: "Plays the sound faster and higher, or slower and lower, as a tape.",
    citation: "Ko et al., Audio Augmentation for Speech Recognition, 2015, section 2.1",
    parameters: &[
        Parameter::positional(
            "rate",
            Kind::Drawn {
                low: SLOWEST,
                high: FASTEST,
            },
            DefaultValue::Range(0.9, 1.1),
            "how many times as fast; 2 is an octave higher and half as long",
        ),
        Parameter::option(
            "fit",
            Kind::Word(&words(&KEEPS_LENGTH)),
            DefaultValue::Word("crop"),
            "\"crop\" keeps the clip's length: the middle stays, or silence stands around it; \"none\" keeps the new length",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["rate"],
    },
    example: "assert_near((tone(440, 1) |> speed(2, #{ fit: \"none\" })).seconds, 0.5, 0.001)",
    build: |settings| {
        Ok(Arc::new(Speed {
            rate: settings.drawn("rate"),
            keep_length: settings.word("fit", &KEEPS_LENGTH),
        }))
    },
};

const KEEPS_LENGTH: [(&str, bool); 2] = [("crop", true), ("none", false)];
const SLOWEST: f64 = 0.1;
const FASTEST: f64 = 10.0;

struct Speed {
    rate: Distribution,
    keep_length: bool,
}

impl Transform for Speed {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![self.rate.draw_within(rng, SLOWEST, FASTEST)]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let (n, rate) = (work.input().n, draws[0].clamp(SLOWEST, FASTEST));
        if rate == 1.0 || n == 0 {
            return Ok(());
        }
        let length = (n as f64 / rate).round() as usize;
        work.spare.clear();
        work.spare.resize(length * work.n_channels, 0.0);
        for (channel, out) in work
            .samples
            .chunks_exact(n)
            .zip(work.spare.chunks_exact_mut(length.max(1)))
        {
            read_at_speed(channel, rate, out);
        }
        if self.keep_length {
            fit::center(&work.spare, work.n_channels, n, &mut work.samples);
        } else {
            std::mem::swap(&mut work.samples, &mut work.spare);
        }
        Ok(())
    }
}
