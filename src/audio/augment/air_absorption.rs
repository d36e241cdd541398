//! The dullness of distance.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::dsp::{Air, filter_zero_phase};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// A filter of the magnitude `10^(-a(f) distance / 20)` with the attenuation `a` of ISO 9613-1, see [`Air`], and no shift of
/// phase. The spreading of sound, which is the same at all frequencies, is left to `gain`.
pub(super) static AIR_ABSORPTION: Declaration = Declaration {
    name: "air_absorption",
    about: "Attenuates the sound as air does over a distance, the high frequencies most.",
    citation: "ISO 9613-1:1993, equations 3 to 5",
    parameters: &[
        Parameter::positional(
            "distance_m",
            Kind::Drawn {
                low: 0.0,
                high: FARTHEST_M,
            },
            DefaultValue::Range(10.0, 100.0),
            "distance of the source, m",
        ),
        Parameter::option(
            "temperature_c",
            Kind::Drawn {
                low: COLDEST_C,
                high: HOTTEST_C,
            },
            DefaultValue::Range(10.0, 20.0),
            "temperature, degrees Celsius",
        ),
        Parameter::option(
            "humidity",
            Kind::Drawn {
                low: 0.0,
                high: 100.0,
            },
            DefaultValue::Range(30.0, 90.0),
            "relative humidity, %",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["distance_m", "temperature_c", "humidity"],
    },
    example: "let x = tone(4000, 1); let y = x |> air_absorption(1000, #{ temperature_c: 20, humidity: 70 }); \
              assert_near(y.rms_db() - x.rms_db(), -22.9, 0.5)",
    build: |settings| {
        Ok(Arc::new(AirAbsorption {
            distance_m: settings.drawn("distance_m"),
            temperature_c: settings.drawn("temperature_c"),
            humidity: settings.drawn("humidity"),
        }))
    },
};

const FARTHEST_M: f64 = 100_000.0;
const COLDEST_C: f64 = -50.0;
const HOTTEST_C: f64 = 60.0;

struct AirAbsorption {
    distance_m: Distribution,
    temperature_c: Distribution,
    humidity: Distribution,
}

impl Transform for AirAbsorption {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![
            self.distance_m.draw_within(rng, 0.0, FARTHEST_M),
            self.temperature_c.draw_within(rng, COLDEST_C, HOTTEST_C),
            self.humidity.draw_within(rng, 0.0, 100.0),
        ]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let air = Air::new(draws[1], draws[2]);
        let per_db = -draws[0] * std::f64::consts::LN_10 / 20.0;
        let n = work.input().n.max(1);
        work.spare.resize(work.samples.len(), 0.0);
        for (input, output) in work.samples.chunks(n).zip(work.spare.chunks_mut(n)) {
            filter_zero_phase(input, output, work.sample_rate, |freq_hz| {
                libm::exp(per_db * air.db_per_m(freq_hz))
            });
        }
        std::mem::swap(&mut work.samples, &mut work.spare);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::dsp::Air;
    use crate::{Key, Waveform};
    use std::f64::consts::TAU;

    #[test]
    fn tones_lose_what_the_standard_says() {
        for (sample_rate, freqs) in [
            (8000u32, [250.0, 3500.0]),
            (16_000, [125.0, 7000.0]),
            (48_000, [1000.0, 16_000.0]),
        ] {
            for (distance_m, temperature_c, humidity) in
                [(10.0, 20.0, 70.0), (100.0, 10.0, 30.0), (60.0, 15.0, 20.0)]
            {
                for freq_hz in freqs {
                    let tone = (0..sample_rate).map(|i| {
                        (TAU * freq_hz * f64::from(i) / f64::from(sample_rate)).sin() as f32
                    });
                    let tone = Waveform::mono(tone.collect(), sample_rate).unwrap();
                    let given = [
                        ("distance_m", distance_m),
                        ("temperature_c", temperature_c),
                        ("humidity", humidity),
                    ];
                    let given =
                        given.map(|(name, value)| (name.to_owned(), Value::Drawn(value.into())));
                    let recipe: Recipe = Stage::new(declaration("air_absorption").unwrap(), given)
                        .unwrap()
                        .into();
                    let far = recipe.wave(&tone, Key::of_seed(0)).unwrap();
                    let level = |w: &Waveform| w.slice(0.1, 0.9).unwrap().rms_db();
                    let got = level(&tone) - level(&far);
                    let want = distance_m * Air::new(temperature_c, humidity).db_per_m(freq_hz);
                    assert!(
                        (got - want).abs() < 0.01 + 0.01 * want,
                        "{freq_hz} Hz, {distance_m} m: {got} dB, not {want}"
                    );
                }
            }
        }
    }
}
