//! A limiter that looks ahead.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::words;
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

/// `y = g x`, where the gain `g`, the same for all channels, lets no sample above the threshold `T` and moves smoothly.
///
/// With `w[n] = min(1, T / max |x[n]|)` over the channels and an attack of `L` samples:
///
/// ```text
/// h[n] = min of w[n..=n+L]                                             the gain is down when a peak comes,
/// r[n] = min(h[n], r[n-1] + (1 - r[n-1]) (1 - exp(-1 / release)))      comes back exponentially,
/// g[n] = mean of r[n-L..=n]                                            and goes down in a straight line
/// ```
///
/// Every `r` in the mean at a peak is at most the `w` of the peak, so the threshold holds exactly. The clip is known as a
/// whole: looking ahead delays nothing.
pub(super) static LIMITER: Declaration = Declaration {
    name: "limiter",
    about: "Limits the sound: attenuates it around its loudest parts, so that no peak passes a threshold.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "threshold_db",
            Kind::Drawn {
                low: -120.0,
                high: 60.0,
            },
            DefaultValue::Range(-24.0, -2.0),
            "highest peak that is left, dB",
        ),
        Parameter::option(
            "attack_ms",
            Kind::Drawn {
                low: 0.0,
                high: 1000.0,
            },
            DefaultValue::Range(0.5, 25.0),
            "how long before a peak the gain begins to fall, ms",
        ),
        Parameter::option(
            "release_ms",
            Kind::Drawn {
                low: 0.0,
                high: 10_000.0,
            },
            DefaultValue::Range(50.0, 700.0),
            "time constant of the gain's return, ms",
        ),
        Parameter::option(
            "relative_to",
            Kind::Word(&words(&FULL_SCALE)),
            DefaultValue::Word("peak"),
            "what 0 dB is: the peak of the clip, or full scale, a magnitude of 1",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["threshold_db", "attack_ms", "release_ms"],
    },
    example: "let x = tone(440, 1); assert_near((x |> limiter(-6)).peak(), 0.5012 * x.peak(), 0.001)",
    build: |settings| {
        Ok(Arc::new(Limiter {
            threshold_db: settings.drawn("threshold_db"),
            attack_ms: settings.drawn("attack_ms"),
            release_ms: settings.drawn("release_ms"),
            full_scale: settings.word("relative_to", &FULL_SCALE),
        }))
    },
};

const FULL_SCALE: [(&str, bool); 2] = [("peak", false), ("full_scale", true)];

struct Limiter {
    threshold_db: Distribution,
    attack_ms: Distribution,
    release_ms: Distribution,
    full_scale: bool,
}

impl Transform for Limiter {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        smallvec![
            self.threshold_db.draw_within(rng, -120.0, 60.0),
            self.attack_ms.draw_within(rng, 0.0, 1000.0),
            self.release_ms.draw_within(rng, 0.0, 10_000.0),
        ]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        thread_local! {
            static BUFFERS: RefCell<Buffers> = RefCell::new(Buffers::default());
        }
        let peak = f64::from(
            work.samples
                .iter()
                .fold(0.0f32, |peak, x| peak.max(x.abs())),
        );
        let threshold = libm::pow(10.0, draws[0] / 20.0) * if self.full_scale { 1.0 } else { peak };
        if peak <= threshold {
            return Ok(());
        }
        let samples_per_ms = f64::from(work.sample_rate) / 1000.0;
        let attack = (draws[1].clamp(0.0, 1000.0) * samples_per_ms).round() as usize;
        let release = draws[2].max(0.0) * samples_per_ms;
        let returned = if release > 0.0 {
            -libm::expm1(-1.0 / release)
        } else {
            1.0
        };
        // Rounding must not lift a peak over the threshold.
        let limit = threshold as f32;
        BUFFERS.with_borrow_mut(|buffers| {
            buffers.wanted(work, threshold);
            buffers.smooth(attack, returned);
            for channel in work.channels_mut() {
                for (x, gain) in channel.iter_mut().zip(&buffers.gains) {
                    *x = ((f64::from(*x) * gain) as f32).clamp(-limit, limit);
                }
            }
        });
        Ok(())
    }
}

#[derive(Default)]
struct Buffers {
    gains: Vec<f64>,
    /// Indices of the gains that are the smallest from there to the end of the window, ascending with their values.
    ahead: VecDeque<usize>,
    /// The last values of `r`, as many as there are in the mean.
    recent: Vec<f64>,
}

impl Buffers {
    /// The gain that each sample needs.
    fn wanted(&mut self, work: &mut Workspace, threshold: f64) {
        self.gains.clear();
        self.gains.resize(work.input().n, 0.0);
        for channel in work.channels_mut() {
            for (peak, x) in self.gains.iter_mut().zip(channel) {
                *peak = peak.max(f64::from(x.abs()));
            }
        }
        self.gains.iter_mut().for_each(|gain| {
            *gain = if *gain > threshold {
                threshold / *gain
            } else {
                1.0
            }
        });
    }

    /// Replaces the wanted gains by the smooth ones.
    fn smooth(&mut self, attack: usize, returned: f64) {
        let (n, width) = (self.gains.len(), attack + 1);
        self.ahead.clear();
        self.recent.clear();
        self.recent.resize(width, 1.0);
        let (mut held, mut sum) = (1.0, width as f64);
        // Time starts one attack before the clip, as its first sample may be a peak; the gain wanted there is 1.
        for time in 0..n + attack {
            if time < n {
                while self
                    .ahead
                    .back()
                    .is_some_and(|&last| self.gains[last] >= self.gains[time])
                {
                    self.ahead.pop_back();
                }
                self.ahead.push_back(time);
            }
            // The window is `time - attack..=time`, of which a part may lie outside the clip.
            while self
                .ahead
                .front()
                .is_some_and(|&first| first + attack < time)
            {
                self.ahead.pop_front();
            }
            let least = self.ahead.front().map_or(1.0, |&first| self.gains[first]);
            held = f64::min(least, held + (1.0 - held) * returned);
            let slot = &mut self.recent[time % width];
            sum += held - *slot;
            *slot = held;
            // What was looked at an attack ago is needed by no window any more.
            if let Some(now) = time.checked_sub(attack) {
                self.gains[now] = sum / width as f64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use crate::{Key, Rng, Waveform};

    fn limited(wave: &Waveform, given: &[(&str, Value)]) -> Waveform {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        let recipe: Recipe = Stage::new(declaration("limiter").unwrap(), given)
            .unwrap()
            .into();
        recipe.wave(wave, Key::of_seed(1)).unwrap()
    }

    fn number(value: f64) -> Value {
        Value::Drawn(value.into())
    }

    #[test]
    fn no_peak_passes_the_threshold_and_the_gain_is_that_of_the_definition() {
        let mut samples = vec![0.0; 2 * 3000];
        Rng::from_words(&[8]).fill_normal(&mut samples);
        samples[0] = 9.0;
        samples[2999] = -8.0;
        let wave = Waveform::new(samples, 2, 8000).unwrap();
        for (attack_ms, release_ms) in [
            (0.0, 0.0),
            (0.0, 20.0),
            (2.0, 0.0),
            (5.0, 50.0),
            (600.0, 10.0),
        ] {
            let given = [
                ("threshold_db", number(-3.0)),
                ("attack_ms", number(attack_ms)),
                ("release_ms", number(release_ms)),
                ("relative_to", Value::Word("full_scale".into())),
            ];
            let got = limited(&wave, &given);
            let threshold = 10f64.powf(-3.0 / 20.0);
            assert!(got.peak() <= threshold * 1.000_000_1, "{}", got.peak());

            let (n, ahead) = (3000isize, (attack_ms * 8.0) as isize);
            let wanted = |i: isize| {
                let magnitude = |c: usize| f64::from(wave.channel(c)[i as usize].abs());
                if (0..n).contains(&i) {
                    (threshold / magnitude(0).max(magnitude(1))).min(1.0)
                } else {
                    1.0
                }
            };
            let returned = if release_ms > 0.0 {
                1.0 - (-1.0 / (release_ms * 8.0)).exp()
            } else {
                1.0
            };
            let mut held = vec![1.0];
            for i in -ahead..n {
                let least = (i..=i + ahead).map(wanted).fold(1.0, f64::min);
                let last = held[held.len() - 1];
                held.push(least.min(last + (1.0 - last) * returned));
            }
            for (i, window) in held[1..].windows(ahead as usize + 1).enumerate() {
                let gain = window.iter().sum::<f64>() / window.len() as f64;
                let want = gain * f64::from(wave.channel(1)[i]);
                assert!(
                    (f64::from(got.channel(1)[i]) - want).abs() < 1e-5,
                    "{attack_ms} {release_ms} {i}"
                );
            }
        }
    }

    #[test]
    fn what_is_under_the_threshold_stays_bit_for_bit() {
        let wave = Waveform::mono((0..400).map(|i| (i as f32).sin()).collect(), 8000).unwrap();
        assert_eq!(limited(&wave, &[("threshold_db", number(0.0))]), wave);
        let mut samples = vec![0.25f32; 8000];
        samples[4000] = 1.0;
        let wave = Waveform::mono(samples, 8000).unwrap();
        let got = limited(
            &wave,
            &[("attack_ms", number(1.0)), ("release_ms", number(10.0))],
        );
        assert!(got.samples()[..3992] == wave.samples()[..3992] && got.samples()[3995] < 0.25);
        assert!((got.samples()[7999] - 0.25).abs() < 1e-6);
    }
}
