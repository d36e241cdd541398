//! A box-shaped room around the sound.

use super::impulse_response::{Ending, KEEP_TAIL, Level, convolve};
use super::{Accepts, Declaration, DefaultValue, Draws, Input, Kind, Parameter, Transform, Workspace};
use crate::dsp::ShoeboxRoom;
use crate::{Distribution, Error, Rng};
use std::sync::Arc;

/// Convolves with the response of a [`ShoeboxRoom`]: the image-source method, with arrivals between samples.
///
/// The positions are drawn as shares of the room, so that the source and the microphone are always inside.
pub(super) static ROOM: Declaration = Declaration {
    name: "room",
    about: "Puts the sound into a box-shaped room, by the image-source method; `keep_tail` makes it longer.",
    citation: "Allen & Berkley, \"Image method for efficiently simulating small-room acoustics\", 1979",
    parameters: &[
        size("length_m", DefaultValue::Range(3.0, 10.0), "length of the room, m"),
        size("width_m", DefaultValue::Range(3.0, 8.0), "width of the room, m"),
        size("height_m", DefaultValue::Range(2.4, 4.0), "height of the room, m"),
        Parameter::option(
            "absorption",
            Kind::Drawn { low: LEAST_ABSORPTION, high: 1.0 },
            DefaultValue::Range(0.1, 0.6),
            "share of the energy that the walls swallow at each reflection; at 1 only the direct sound is left",
        ),
        place("source_x", "where the source is along the length, as a share of it"),
        place("source_y", "where the source is along the width, as a share of it"),
        place("source_z", "where the source is along the height, as a share of it"),
        place("mic_x", "where the microphone is along the length, as a share of it"),
        place("mic_y", "where the microphone is along the width, as a share of it"),
        place("mic_z", "where the microphone is along the height, as a share of it"),
        Parameter::option(
            "max_order",
            Kind::Count { low: 0.0, high: 200.0 },
            DefaultValue::Number(30.0),
            "most walls a sound meets on its way; the work grows with the third power",
        ),
        KEEP_TAIL,
        Parameter::option(
            "normalise",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether the response is scaled to unit energy; if not, the direct sound falls as 1 / (4 pi distance)",
        ),
    ],
    accepts: Accepts::Wave,
    gives: None,
    draws: &[
        "length_m",
        "width_m",
        "height_m",
        "absorption",
        "source_x_m",
        "source_y_m",
        "source_z_m",
        "mic_x_m",
        "mic_y_m",
        "mic_z_m",
    ],
    example: "let y = click(0, 1) |> room(#{ keep_tail: true }); assert(y.seconds > 1); \
              assert((tone(440, 1) |> room(#{ absorption: 0.2..0.4, max_order: 10 })).n_samples == 16000)",
    build: |settings| {
        let drawn = |name| settings.drawn(name).unwrap_or(0.5.into());
        Ok(Arc::new(Room {
            size_m: ["length_m", "width_m", "height_m"].map(drawn),
            absorption: drawn("absorption"),
            source: ["source_x", "source_y", "source_z"].map(drawn),
            mic: ["mic_x", "mic_y", "mic_z"].map(drawn),
            max_order: settings.count("max_order").unwrap_or(0),
            ending: Ending::of(settings.flag("keep_tail")),
            level: Level::of(settings.flag("normalise")),
        }))
    },
};

const fn size(name: &'static str, default: DefaultValue, about: &'static str) -> Parameter {
    Parameter::option(name, Kind::Drawn { low: LEAST_M, high: MOST_M }, default, about)
}

const fn place(name: &'static str, about: &'static str) -> Parameter {
    Parameter::option(name, Kind::Drawn { low: 0.0, high: 1.0 }, DefaultValue::Range(0.1, 0.9), about)
}

const LEAST_M: f64 = 0.5;
const MOST_M: f64 = 100.0;
/// Walls that swallow less keep a sound for minutes.
const LEAST_ABSORPTION: f64 = 0.01;

struct Room {
    size_m: [Distribution; 3],
    absorption: Distribution,
    source: [Distribution; 3],
    mic: [Distribution; 3],
    max_order: usize,
    ending: Ending,
    level: Level,
}

impl Transform for Room {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let mut draws: Draws = self.size_m.iter().map(|size| size.draw_within(rng, LEAST_M, MOST_M)).collect();
        draws.push(self.absorption.draw_within(rng, LEAST_ABSORPTION, 1.0));
        for (at, share) in self.source.iter().chain(&self.mic).enumerate() {
            draws.push(share.draw_within(rng, 0.0, 1.0) * draws[at % 3]);
        }
        draws
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let size_m = [0, 1, 2].map(|axis| draws[axis].clamp(LEAST_M, MOST_M));
        let inside = |from: usize| [0, 1, 2].map(|axis| draws[from + axis].clamp(0.0, size_m[axis]));
        let absorption = draws[3].clamp(LEAST_ABSORPTION, 1.0);
        let room = ShoeboxRoom { size_m, absorption, source_m: inside(4), mic_m: inside(7) };
        let mut response = std::mem::take(&mut work.response);
        room.impulse_response(work.sample_rate, self.max_order, &mut response);
        convolve(work, &mut response, 1, 1.0, self.ending, self.level);
        work.response = response;
        Ok(())
    }
}
