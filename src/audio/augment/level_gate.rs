//! Excerpts that avoid silence: a start is drawn among the loud ones.

use super::{DefaultValue, Kind, Parameter, Workspace};
use crate::declare::Settings;
use crate::{Distribution, Rng};

/// Duration of the frames that the level of an excerpt is relative to the loudest of, s.
const FRAME_S: f64 = 0.025;
/// How far under the loudest frame an excerpt may be asked for at most, dB. Sums that slide over a clip are exact to some
/// 120 dB.
const LOWEST_DB: f64 = -100.0;

/// The parameter of a stage that draws an excerpt.
pub(super) const ABOVE_DB: Parameter = Parameter::option(
    "above_db",
    Kind::Drawn {
        low: LOWEST_DB,
        high: 0.0,
    },
    DefaultValue::Absent,
    "draws the part only among those whose level (RMS) is at least this high, dB relative to the loudest 25 ms of the sound, \
     such as -40; the loudest part if none is; among all if not given",
);

/// Which excerpts may be drawn: those whose root mean square is at least `above_db` relative to that of the loudest frame,
/// both in all channels together; where there is none, the loudest excerpt, the first of equals. In a silent clip all may.
pub(super) struct LevelGate(Distribution);

impl LevelGate {
    /// The one that a stage is given, if any.
    pub(super) fn of(settings: &Settings<'_>) -> Option<LevelGate> {
        settings.drawn_if(ABOVE_DB.name).map(LevelGate)
    }

    /// Draws the place of an excerpt among those that are allowed, 0 to below 1, and the level that they must have, dB.
    pub(super) fn draw(&self, rng: &mut Rng) -> [f64; 2] {
        let place = rng.uniform();
        [place, self.0.draw_within(rng, LOWEST_DB, 0.0)]
    }
}

/// Where the excerpt of `length` samples starts that stands at `place`, 0 to below 1, among those that are allowed.
pub(super) fn start(work: &Workspace, length: usize, place: f64, above_db: f64) -> usize {
    let n = work.input().n;
    if length == 0 || length >= n {
        return at(place, n - length.min(n) + 1);
    }
    let frame = ((FRAME_S * f64::from(work.sample_rate)).round() as usize).clamp(1, n);
    let energies = |length| sliding(&work.samples, n, length);
    let loudest = energies(frame).fold(0.0, f64::max) / frame as f64;
    let floor = loudest * libm::pow(10.0, above_db.clamp(LOWEST_DB, 0.0) / 10.0) * length as f64;
    let n_allowed = energies(length).filter(|&energy| energy >= floor).count();
    let places = energies(length).enumerate();
    match n_allowed {
        0 => {
            let louder = |best: (usize, f64), next: (usize, f64)| match next.1 > best.1 {
                true => next,
                false => best,
            };
            places.fold((0, -1.0), louder).0
        }
        _ => places
            .filter(|&(_, energy)| energy >= floor)
            .nth(at(place, n_allowed))
            .map_or(0, |(start, _)| start),
    }
}

/// The index at a place of a number of things.
fn at(place: f64, n: usize) -> usize {
    ((place.clamp(0.0, 1.0) * n as f64) as usize).min(n - 1)
}

/// The energy of every excerpt of a length, from the first to the last one, in one pass.
fn sliding(samples: &[f32], n: usize, length: usize) -> impl Iterator<Item = f64> {
    let energy = move |at: usize| {
        let of_channel = |channel: &[f32]| f64::from(channel[at]) * f64::from(channel[at]);
        samples.chunks(n).map(of_channel).sum::<f64>()
    };
    let mut sum: f64 = (0..length).map(energy).sum();
    (0..=n - length).map(move |start| {
        if start > 0 {
            sum = (sum + energy(start + length - 1) - energy(start - 1)).max(0.0);
        }
        sum
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::{Key, Waveform};

    const RATE: u32 = 8000;

    fn stage(name: &str, given: &[(&str, f64)]) -> Recipe {
        let given = given
            .iter()
            .map(|&(name, value)| (name.to_owned(), Value::Drawn(value.into())));
        Stage::new(declaration(name).unwrap(), given)
            .unwrap()
            .into()
    }

    /// Two seconds of silence with a tone of 100 ms that begins at a sample.
    fn event(at: usize) -> Waveform {
        let mut samples = vec![0.0; 16_000];
        for (i, sample) in samples[at..at + 800].iter_mut().enumerate() {
            *sample = (i as f32 * 0.7).sin();
        }
        Waveform::mono(samples, RATE).unwrap()
    }

    fn energy(wave: &Waveform) -> f64 {
        wave.samples()
            .iter()
            .map(|&x| f64::from(x) * f64::from(x))
            .sum()
    }

    #[test]
    fn excerpts_hold_a_lone_event() {
        // The whole event in 4000 samples has a level of -7 dB: at -10 dB, half of it is there at least.
        for at in [0, 900, 7000, 15_200] {
            let wave = event(at);
            for (name, length) in [("crop", ("seconds", 0.5)), ("crop_pad", ("fraction", 0.25))] {
                let gated = stage(name, &[length, ("above_db", -10.0)]);
                let whole = energy(&wave);
                for seed in 0..200 {
                    let held = energy(&gated.wave(&wave, Key::of_seed(seed)).unwrap());
                    assert!(
                        held > 0.49 * whole,
                        "{name}, event at {at}, seed {seed}: {held} of {whole}"
                    );
                }
            }
        }
        let ungated = stage("crop", &[("seconds", 0.5)]);
        let missed = (0..200).filter(|&seed| {
            energy(&ungated.wave(&event(7000), Key::of_seed(seed)).unwrap()) == 0.0
        });
        assert!(missed.count() > 80);
    }

    #[test]
    fn starts_are_even_over_what_is_allowed() {
        let mut work = Workspace::default();
        work.load(&event(7000));
        // At -27 dB below the frame, 8 samples of the tone suffice: from just before it to just behind it.
        let starts: Vec<usize> = (0..=1000)
            .map(|i| start(&work, 4000, i as f64 / 1000.0, -27.0))
            .collect();
        assert!(starts.is_sorted());
        let (first, last) = (starts[0], starts[1000]);
        assert!(
            first.abs_diff(7008 - 4000) < 8 && last.abs_diff(7792) < 8,
            "{first} to {last}"
        );
        let step = (last - first) as f64 / 1000.0;
        for (i, &start) in starts.iter().enumerate() {
            assert!((start as f64 - first as f64 - i as f64 * step).abs() < 2.0);
        }
    }

    #[test]
    fn a_silent_clip_and_one_of_even_level_are_cut_anywhere() {
        let even = (0..16_000)
            .map(|i| if i % 2 == 0 { 0.5 } else { -0.5 })
            .collect();
        for samples in [vec![0.0; 16_000], even] {
            let mut work = Workspace::default();
            work.load(&Waveform::mono(samples, RATE).unwrap());
            for (place, want) in [(0.0, 0), (0.25, 3000), (0.5, 6000), (0.999_999, 12_000)] {
                assert_eq!(start(&work, 4000, place, -40.0), want);
            }
        }
    }

    #[test]
    fn the_loudest_part_is_taken_where_none_is_loud_enough() {
        let mut work = Workspace::default();
        work.load(&event(7000));
        // No half second has the level of the loudest 25 ms; the first one with the whole tone is the loudest.
        for place in [0.0, 0.3, 0.9] {
            let start = start(&work, 4000, place, 0.0);
            assert!((3800..=7000).contains(&start), "{start}");
            let held: f64 = energy(&event(7000));
            let got: f64 = work.samples[start..start + 4000]
                .iter()
                .map(|&x| f64::from(x * x))
                .sum();
            assert!((got - held).abs() < 1e-3 * held);
        }
    }

    #[test]
    fn a_draw_is_a_function_of_its_key_and_replays() {
        let (wave, gated) = (
            event(5000),
            stage("crop", &[("seconds", 0.5), ("above_db", -20.0)]),
        );
        let made = |seed| gated.wave(&wave, Key::of_seed(seed)).unwrap();
        assert_eq!(made(3), made(3));
        assert!((0..20).any(|seed| made(seed) != made(3)));
        let mut work = Workspace::default();
        work.load(&wave);
        let trace = gated.trace(Key::of_seed(3), &mut work).unwrap();
        work.load(&wave);
        gated.replay(&trace, &mut work).unwrap();
        assert_eq!(work.to_waveform().unwrap(), made(3));
    }

    #[test]
    fn a_fixed_part_has_no_gate() {
        let given = [
            ("seconds".to_owned(), Value::Drawn(0.5.into())),
            ("position".to_owned(), Value::Word("start".into())),
            ("above_db".to_owned(), Value::Drawn((-40.0).into())),
        ];
        let error = Stage::new(declaration("crop").unwrap(), given).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`above_db` must be left out where `position` is given, not -40"
        );
    }
}
