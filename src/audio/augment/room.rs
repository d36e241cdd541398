//! A box-shaped room around the sound.

use super::impulse_response::{Ending, KEEP_TAIL, Level, convolve};
use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::dsp::{Decay, ShoeboxRoom};
use crate::{Distribution, Error, Rng};
use smallvec::SmallVec;
use std::f64::consts::PI;
use std::sync::Arc;

/// Convolves with the response of a [`ShoeboxRoom`]: the image-source method, with arrivals between samples.
///
/// The positions are drawn as shares of the room, so that the source and the microphone are always inside. A distance puts
/// the microphone on a sphere around the source instead: the direction is drawn until it ends inside the room, and after
/// [`TRIES`] the last one is followed as far as the wall. A reverberation time becomes the absorption that has it in the
/// drawn room, see [`Decay`].
pub(super) static ROOM: Declaration = Declaration {
    name: "room",
    about: "Puts the sound into a box-shaped room, by the image-source method; `keep_tail` makes it longer.",
    citation: "Allen & Berkley, \"Image method for efficiently simulating small-room acoustics\", 1979",
    parameters: &[
        size(
            "length_m",
            DefaultValue::Range(3.0, 10.0),
            "length of the room, m",
        ),
        size(
            "width_m",
            DefaultValue::Range(3.0, 8.0),
            "width of the room, m",
        ),
        size(
            "height_m",
            DefaultValue::Range(2.4, 4.0),
            "height of the room, m",
        ),
        Parameter::option(
            "absorption",
            Kind::Drawn {
                low: LEAST_ABSORPTION,
                high: 1.0,
            },
            DefaultValue::Range(0.1, 0.6),
            "share of the energy that the walls swallow at each reflection; at 1 only the direct sound is left",
        ),
        Parameter::option(
            "rt60_s",
            Kind::Drawn {
                low: LEAST_RT60_S,
                high: MOST_RT60_S,
            },
            DefaultValue::Absent,
            "reverberation time instead of the absorption: the seconds in which the sound falls by 60 dB",
        ),
        place(
            "source_x",
            "where the source is along the length, as a share of it",
        ),
        place(
            "source_y",
            "where the source is along the width, as a share of it",
        ),
        place(
            "source_z",
            "where the source is along the height, as a share of it",
        ),
        place(
            "mic_x",
            "where the microphone is along the length, as a share of it",
        ),
        place(
            "mic_y",
            "where the microphone is along the width, as a share of it",
        ),
        place(
            "mic_z",
            "where the microphone is along the height, as a share of it",
        ),
        Parameter::option(
            "distance_m",
            Kind::Drawn {
                low: 0.05,
                high: MOST_M,
            },
            DefaultValue::Absent,
            "distance from the source to the microphone, m, in place of `mic_x`, `mic_y` and `mic_z`; at most to the wall",
        ),
        Parameter::option(
            "azimuth_deg",
            Kind::Drawn {
                low: -360.0,
                high: 360.0,
            },
            DefaultValue::Absent,
            "direction from the source to the microphone in the plane, degrees from the length towards the width; with \
             `distance_m`, any if not given",
        ),
        Parameter::option(
            "elevation_deg",
            Kind::Drawn {
                low: -90.0,
                high: 90.0,
            },
            DefaultValue::Absent,
            "direction from the source to the microphone above the plane, degrees; with `distance_m`, any if not given",
        ),
        Parameter::option(
            "max_order",
            Kind::Count {
                low: 0.0,
                high: 200.0,
            },
            DefaultValue::Absent,
            "most walls a sound meets on its way; 30 if not given, and with `rt60_s` as many as there are, in the end as a \
             decaying noise. The work grows with the third power",
        ),
        KEEP_TAIL,
        Parameter::option(
            "normalise",
            Kind::Flag,
            DefaultValue::Flag(true),
            "whether the response is scaled to unit energy; if not, the direct sound falls as 1 / (4 pi distance)",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &[
            "length_m",
            "width_m",
            "height_m",
            "absorption or rt60_s",
            "source_x_m",
            "source_y_m",
            "source_z_m",
            "mic_x_m",
            "mic_y_m",
            "mic_z_m",
        ],
    },
    example: "let y = click(0, 1) |> room(#{ keep_tail: true }); assert(y.seconds > 1); \
              assert((tone(440, 1) |> room(#{ absorption: 0.2..0.4, max_order: 10 })).n_samples == 16000)",
    build: |settings| {
        let drawn = |name| settings.drawn(name);
        let rt60_s = match settings.only_one_of(&["absorption", "rt60_s"])? {
            Some("rt60_s") => settings.drawn_if("rt60_s"),
            _ => None,
        };
        let given = if rt60_s.is_some() {
            "rt60_s"
        } else {
            "absorption"
        };
        let distance_m = settings.drawn_if("distance_m");
        for name in ["mic_x", "mic_y", "mic_z"] {
            settings.only_one_of(&["distance_m", name])?;
        }
        for name in ["azimuth_deg", "elevation_deg"] {
            if distance_m.is_none()
                && let Some(given) = settings.drawn_if(name)
            {
                return Err(Error::range(
                    name,
                    "given together with `distance_m`",
                    given,
                ));
            }
        }
        Ok(Arc::new(Room {
            size_m: ["length_m", "width_m", "height_m"].map(drawn),
            absorption: drawn("absorption"),
            max_order: settings.count_if("max_order").or(if rt60_s.is_some() {
                None
            } else {
                Some(USUAL_ORDER)
            }),
            rt60_s,
            source: ["source_x", "source_y", "source_z"].map(drawn),
            mic: ["mic_x", "mic_y", "mic_z"].map(drawn),
            distance_m,
            azimuth_deg: settings.drawn_if("azimuth_deg"),
            elevation_deg: settings.drawn_if("elevation_deg"),
            ending: Ending::of(settings.flag("keep_tail")),
            level: Level::of(settings.flag("normalise")),
            draws: ROOM
                .facts
                .draws
                .iter()
                .map(|&name| {
                    if name.starts_with("absorption") {
                        given
                    } else {
                        name
                    }
                    .to_owned()
                })
                .collect(),
        }))
    },
};

const fn size(name: &'static str, default: DefaultValue, about: &'static str) -> Parameter {
    Parameter::option(
        name,
        Kind::Drawn {
            low: LEAST_M,
            high: MOST_M,
        },
        default,
        about,
    )
}

const fn place(name: &'static str, about: &'static str) -> Parameter {
    Parameter::option(
        name,
        Kind::Drawn {
            low: 0.0,
            high: 1.0,
        },
        DefaultValue::Range(0.1, 0.9),
        about,
    )
}

const LEAST_M: f64 = 0.5;
const MOST_M: f64 = 100.0;
/// Walls that swallow less keep a sound for minutes.
const LEAST_ABSORPTION: f64 = 0.01;
const LEAST_RT60_S: f64 = 0.01;
const MOST_RT60_S: f64 = 20.0;
const USUAL_ORDER: usize = 30;
/// Directions that are drawn before one is cut off at the wall.
const TRIES: usize = 64;

struct Room {
    size_m: [Distribution; 3],
    absorption: Distribution,
    rt60_s: Option<Distribution>,
    distance_m: Option<Distribution>,
    azimuth_deg: Option<Distribution>,
    elevation_deg: Option<Distribution>,
    source: [Distribution; 3],
    mic: [Distribution; 3],
    /// `None` for a tail as long as the reverberation time.
    max_order: Option<usize>,
    ending: Ending,
    level: Level,
    draws: Vec<String>,
}

impl Transform for Room {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let mut draws: Draws = self
            .size_m
            .iter()
            .map(|size| size.draw_within(rng, LEAST_M, MOST_M))
            .collect();
        let size_m = [draws[0], draws[1], draws[2]];
        draws.push(match &self.rt60_s {
            Some(rt60_s) => rt60_s.draw_within(rng, LEAST_RT60_S, MOST_RT60_S),
            None => self.absorption.draw_within(rng, LEAST_ABSORPTION, 1.0),
        });
        let mut place = |shares: &[Distribution; 3], rng: &mut Rng| {
            for (share, length_m) in shares.iter().zip(size_m) {
                draws.push(share.draw_within(rng, 0.0, 1.0) * length_m);
            }
        };
        place(&self.source, rng);
        match &self.distance_m {
            None => place(&self.mic, rng),
            Some(distance_m) => {
                let source_m = [draws[4], draws[5], draws[6]];
                draws.extend(self.at_distance(
                    distance_m.draw_within(rng, 0.05, MOST_M),
                    source_m,
                    size_m,
                    rng,
                ));
            }
        }
        draws
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(&self.draws)
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let size_m = [0, 1, 2].map(|axis| draws[axis].clamp(LEAST_M, MOST_M));
        let inside =
            |from: usize| [0, 1, 2].map(|axis| draws[from + axis].clamp(0.0, size_m[axis]));
        let absorption = match self.rt60_s {
            Some(_) => Decay::new(size_m).absorption_for(draws[3].clamp(LEAST_RT60_S, MOST_RT60_S)),
            None => draws[3].clamp(LEAST_ABSORPTION, 1.0),
        };
        let room = ShoeboxRoom {
            size_m,
            absorption,
            source_m: inside(4),
            mic_m: inside(7),
        };
        let mut response = std::mem::take(&mut work.response);
        match self.max_order {
            Some(max_order) => room.impulse_response(work.sample_rate, max_order, &mut response),
            None => {
                // The tail is a function of the room, as all else that is not drawn.
                let words: SmallVec<[u64; 10]> =
                    draws.iter().map(|value| value.to_bits()).collect();
                let mut rng = Rng::from_words(&words);
                room.reverberant_response(work.sample_rate, &mut rng, &mut response);
            }
        }
        convolve(work, &mut response, 1, 1.0, self.ending, self.level);
        work.response = response;
        Ok(())
    }
}

impl Room {
    /// A place at a distance from the source, in a direction that is drawn.
    fn at_distance(
        &self,
        distance_m: f64,
        source_m: [f64; 3],
        size_m: [f64; 3],
        rng: &mut Rng,
    ) -> [f64; 3] {
        let mut reached = source_m;
        for attempt in 1..=TRIES {
            let azimuth = match &self.azimuth_deg {
                Some(azimuth_deg) => azimuth_deg.draw_within(rng, -360.0, 360.0).to_radians(),
                None => rng.range(-PI, PI),
            };
            // Uniform over the sphere: its zones of equal height have equal areas.
            let up = match &self.elevation_deg {
                Some(elevation_deg) => {
                    libm::sin(elevation_deg.draw_within(rng, -90.0, 90.0).to_radians())
                }
                None => rng.range(-1.0, 1.0),
            };
            let flat = (1.0 - up * up).max(0.0).sqrt();
            let (sin, cos) = libm::sincos(azimuth);
            let direction = [flat * cos, flat * sin, up];
            let mut length_m = distance_m;
            for axis in 0..3 {
                let room_m = if direction[axis] > 0.0 {
                    size_m[axis] - source_m[axis]
                } else {
                    source_m[axis]
                };
                length_m = length_m.min(room_m / direction[axis].abs().max(1e-12));
            }
            for axis in 0..3 {
                reached[axis] =
                    (source_m[axis] + direction[axis] * length_m).clamp(0.0, size_m[axis]);
            }
            if length_m >= distance_m || attempt == TRIES {
                break;
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::{Key, Waveform};

    fn room(given: &[(&str, f64)]) -> Result<Stage, Error> {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Drawn((*value).into())));
        Stage::new(declaration("room").unwrap(), given)
    }

    /// The time of a decay of 60 dB, from the line between -5 and -25 dB of the backward integral (Schroeder, 1965).
    fn measured_rt60_s(response: &[f32], sample_rate: f64) -> f64 {
        let mut left: Vec<f64> = response
            .iter()
            .map(|&x| f64::from(x) * f64::from(x))
            .collect();
        for i in (1..left.len()).rev() {
            left[i - 1] += left[i];
        }
        let at = |db: f64| {
            left.iter()
                .position(|&e| 10.0 * libm::log10(e / left[0]) <= db)
                .unwrap() as f64
        };
        3.0 * (at(-25.0) - at(-5.0)) / sample_rate
    }

    #[test]
    fn the_sound_decays_in_the_time_that_is_asked_for() {
        for rt60_s in [0.2, 0.5, 1.0, 2.5] {
            let mut sum = 0.0;
            for seed in 0..8 {
                let mut rng = Rng::from_words(&[seed]);
                let mut at = |length: f64| rng.range(0.2, 0.8) * length;
                let size_m = [6.0, 4.5, 3.0];
                let (source_m, mic_m) = (size_m.map(&mut at), size_m.map(&mut at));
                let absorption = Decay::new(size_m).absorption_for(rt60_s);
                let room = ShoeboxRoom {
                    size_m,
                    absorption,
                    source_m,
                    mic_m,
                };
                let mut response = Vec::new();
                room.reverberant_response(16_000, &mut rng, &mut response);
                let got = measured_rt60_s(&response, 16_000.0);
                sum += got / 8.0;
            }
            assert!((sum / rt60_s - 1.0).abs() < 0.1, "{rt60_s} s: {sum}");
        }
    }

    #[test]
    fn the_microphone_is_at_its_distance_in_its_direction() {
        let drawn = |given: &[(&str, f64)], item| {
            let recipe = Recipe::from(room(given).unwrap());
            let mut work = Workspace::default();
            work.load(&Waveform::mono(vec![1.0; 8], 8000).unwrap());
            let trace = recipe
                .trace(
                    Key {
                        item,
                        ..Key::of_seed(1)
                    },
                    &mut work,
                )
                .unwrap();
            let at = |from: usize| [0, 1, 2].map(|axis| trace.steps[0].values[from + axis].1);
            (at(0), at(4), at(7))
        };
        for item in 0..100 {
            let (size_m, source_m, mic_m) = drawn(&[("distance_m", 0.5), ("max_order", 0.0)], item);
            let square: f64 = (0..3)
                .map(|axis| (mic_m[axis] - source_m[axis]).powi(2))
                .sum();
            assert!((square.sqrt() - 0.5).abs() < 1e-9, "{}", square.sqrt());
            assert!((0..3).all(|axis| (0.0..=size_m[axis]).contains(&mic_m[axis])));
        }
        let straight = [
            ("distance_m", 0.3),
            ("azimuth_deg", 90.0),
            ("elevation_deg", 0.0),
            ("max_order", 0.0),
        ];
        let (_, source_m, mic_m) = drawn(&straight, 0);
        assert!(
            (mic_m[1] - source_m[1] - 0.3).abs() < 1e-9 && (mic_m[0] - source_m[0]).abs() < 1e-9
        );
        // Farther than the room is long: as far as the wall.
        let (size_m, _, mic_m) = drawn(
            &[
                ("distance_m", 90.0),
                ("azimuth_deg", 0.0),
                ("elevation_deg", 0.0),
            ],
            0,
        );
        assert!((mic_m[0] - size_m[0]).abs() < 1e-9);
    }

    #[test]
    fn what_excludes_each_other_is_said() {
        let said = |given: &[(&str, f64)]| room(given).unwrap_err().to_string();
        let error = said(&[("absorption", 0.2), ("rt60_s", 0.5)]);
        assert_eq!(
            error,
            "`rt60_s` must be left out where `absorption` is given, not 0.5"
        );
        let error = said(&[("distance_m", 1.0), ("mic_x", 0.5)]);
        assert_eq!(
            error,
            "`mic_x` must be left out where `distance_m` is given, not 0.5"
        );
        assert_eq!(
            said(&[("azimuth_deg", 1.0)]),
            "`azimuth_deg` must be given together with `distance_m`, not 1"
        );
    }
}
