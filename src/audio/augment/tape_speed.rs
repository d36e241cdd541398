//! Playing a sound at a wandering speed, as a tape with wow.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::declare::words;
use crate::dsp::{Outside, SpeedPath};
use crate::{Distribution, Error, Rng};
use smallvec::smallvec;
use std::sync::Arc;

/// The logarithm of the speed is a Brownian path between two mirrors.
///
/// With `M` control steps a clip: `s_0 = 0`, or uniform within the limit; `s_m+1 = reflect(s_m + sigma sqrt(1 / M) z_m)` at
/// `-limit` and `limit`, `z_m ~ N(0, 1)`, linear between the steps. The speed is `v = exp(s)`, the position `p_0 = offset N`,
/// `p_n+1 = p_n + v_n`, and `y_n = x(p_n)`, band-limited to `min(1, 1 / v)` of the sound's Nyquist frequency. The path is
/// drawn at [`CONTROL_HZ`], so that it does not depend on the sample rate.
///
/// Free of drift, the path before reflection is a Brownian bridge, `b_m = w_m - m / M w_M`, and the speeds are divided by their
/// mean, so that the clip ends where it would have ended; that mean is within the limit, so speeds may exceed it a little.
///
/// The technique is named, not defined, in the health-acoustics paper below; this definition is ours.
pub(super) static TAPE_SPEED: Declaration = Declaration {
    name: "tape_speed",
    about: "Plays the sound at a randomly wandering speed, as a tape with wow.",
    citation: "named in: Optimizing Audio Augmentations for Contrastive Learning of Health-Related Acoustic Signals, 2023",
    parameters: &[
        Parameter::option(
            "sigma",
            Kind::Drawn {
                low: 0.0,
                high: WIDEST,
            },
            DefaultValue::Number(0.05),
            "standard deviation of the logarithm of the speed at the end of the clip; 0.05 is 5 %",
        ),
        Parameter::option(
            "limit",
            Kind::Number {
                low: 0.0,
                high: WIDEST,
            },
            DefaultValue::Number(0.2),
            "largest logarithm of the speed, either way; 0.2 is about 20 %",
        ),
        Parameter::option(
            "start",
            Kind::Word(&words(&RANDOM_START)),
            DefaultValue::Word("normal"),
            "speed at the start: that of the recording, or a random one within the limit",
        ),
        Parameter::option(
            "offset",
            Kind::Drawn {
                low: 0.0,
                high: 1.0,
            },
            DefaultValue::Number(0.0),
            "where reading begins, as a share of the clip",
        ),
        Parameter::option(
            "wrap",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether the clip begins again past its end; otherwise silence follows",
        ),
        Parameter::option(
            "remove_drift",
            Kind::Flag,
            DefaultValue::Flag(false),
            "whether the clip ends in its place, however the speed wandered",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["sigma", "start_log_speed", "offset", "path_seed"],
    },
    example: "let x = tone(440, 1); let y = x |> tape_speed(#{ sigma: 0.1 }); assert(y.n_samples == x.n_samples && y != x)",
    build: |settings| {
        Ok(Arc::new(TapeSpeed {
            sigma: settings.drawn("sigma"),
            limit: settings.number("limit"),
            random_start: settings.word("start", &RANDOM_START),
            offset: settings.drawn("offset"),
            outside: if settings.flag("wrap") {
                Outside::Wrap
            } else {
                Outside::Silence
            },
            remove_drift: settings.flag("remove_drift"),
        }))
    },
};

const RANDOM_START: [(&str, bool); 2] = [("normal", false), ("random", true)];
const WIDEST: f64 = 2.0;
/// Steps of the path per second.
const CONTROL_HZ: f64 = 100.0;

struct TapeSpeed {
    sigma: Distribution,
    limit: f64,
    random_start: bool,
    offset: Distribution,
    outside: Outside,
    remove_drift: bool,
}

impl Transform for TapeSpeed {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        let sigma = self.sigma.draw_within(rng, 0.0, WIDEST);
        let start = if self.random_start {
            rng.range(-self.limit, self.limit)
        } else {
            0.0
        };
        smallvec![
            sigma,
            start,
            self.offset.draw_within(rng, 0.0, 1.0),
            rng.seed()
        ]
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        if n == 0 {
            return Ok(());
        }
        let (sigma, start) = (
            draws[0].clamp(0.0, WIDEST),
            draws[1].clamp(-self.limit, self.limit),
        );
        let n_steps =
            ((n as f64 / f64::from(work.sample_rate) * CONTROL_HZ).round() as usize).max(1);
        let path = self.log_speeds(sigma, start, n_steps, &mut Rng::from_seed(draws[3]));
        let mut speeds = SpeedPath::new(&path, n);
        if self.remove_drift {
            speeds = speeds.of_mean_one();
        }
        let first = draws[2].clamp(0.0, 1.0) * n as f64;
        // At its own speed the sound stays as it is.
        if first == 0.0 && speeds.is_still() {
            return Ok(());
        }
        std::mem::swap(&mut work.samples, &mut work.spare);
        work.samples.resize(work.spare.len(), 0.0);
        let channels = work.spare.chunks_exact(n);
        for (sound, out) in channels.zip(work.samples.chunks_exact_mut(n)) {
            work.tape_head
                .read(sound, self.outside, first, &speeds, out);
        }
        Ok(())
    }
}

impl TapeSpeed {
    /// `n_steps + 1` logarithms of the speed, equally spaced over the clip.
    fn log_speeds(&self, sigma: f64, start: f64, n_steps: usize, rng: &mut Rng) -> Vec<f64> {
        let step = sigma * (1.0 / n_steps as f64).sqrt();
        let mut walk = vec![0.0; n_steps + 1];
        for m in 0..n_steps {
            walk[m + 1] = walk[m] + step * rng.normal();
        }
        if self.remove_drift {
            let drift = walk[n_steps] / n_steps as f64;
            walk.iter_mut()
                .enumerate()
                .for_each(|(m, w)| *w -= m as f64 * drift);
        }
        // To fold the whole path is to reflect every step: what was mirrored once goes on with the sign of its steps changed,
        // and a normal step is as likely as its opposite.
        walk.iter().map(|w| folded(start + w, self.limit)).collect()
    }
}

/// `s` between the two mirrors at `-limit` and `limit`.
fn folded(s: f64, limit: f64) -> f64 {
    if limit == 0.0 {
        return 0.0;
    }
    let turn = (s + limit).rem_euclid(4.0 * limit);
    if turn < 2.0 * limit {
        turn - limit
    } else {
        3.0 * limit - turn
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::{Key, Waveform};
    use std::f64::consts::TAU;

    fn tape(sigma: f64, limit: f64, remove_drift: bool) -> TapeSpeed {
        TapeSpeed {
            sigma: sigma.into(),
            limit,
            random_start: false,
            offset: 0.0.into(),
            outside: Outside::Silence,
            remove_drift,
        }
    }

    fn paths(tape: &TapeSpeed, sigma: f64) -> Vec<Vec<f64>> {
        (0..4000)
            .map(|seed| tape.log_speeds(sigma, 0.0, 100, &mut Rng::from_words(&[seed])))
            .collect()
    }

    fn speeds(path: &[f64], n: usize, mean_one: bool) -> Vec<f64> {
        let path = SpeedPath::new(path, n);
        match mean_one {
            true => path.of_mean_one().all(),
            false => path.all(),
        }
    }

    fn mean(values: impl Iterator<Item = f64>) -> f64 {
        let (sum, n) = values.fold((0.0, 0.0), |(sum, n), v| (sum + v, n + 1.0));
        sum / n
    }

    #[test]
    fn the_path_is_brownian_and_as_likely_up_as_down() {
        let paths = paths(&tape(0.05, 0.5, false), 0.05);
        for m in [25, 50, 100] {
            let deviation = mean(paths.iter().map(|path| path[m].powi(2))).sqrt();
            let want = 0.05 * (m as f64 / 100.0).sqrt();
            assert!(
                (deviation / want - 1.0).abs() < 0.05,
                "{m}: {deviation}, wanted {want}"
            );
            let middle = mean(paths.iter().map(|path| path[m]));
            assert!(middle.abs() < 0.003, "{m}: {middle}");
        }
    }

    #[test]
    fn the_path_stays_within_the_limit_and_fills_it() {
        let paths = paths(&tape(1.0, 0.1, false), 1.0);
        let last: Vec<f64> = paths.iter().map(|path| path[100]).collect();
        assert!(paths.iter().flatten().all(|s| s.abs() <= 0.1 + 1e-12));
        // Between mirrors the path forgets its start: uniform, so of deviation limit / sqrt(3).
        let deviation = mean(last.iter().map(|s| s * s)).sqrt();
        assert!(
            (deviation * 3f64.sqrt() / 0.1 - 1.0).abs() < 0.05,
            "{deviation}"
        );
        assert_eq!(folded(0.3, 0.0), 0.0);
        for (s, want) in [
            (0.05, 0.05),
            (0.25, -0.05),
            (-0.15, -0.05),
            (0.4, 0.0),
            (0.45, 0.05),
        ] {
            assert!((folded(s, 0.1) - want).abs() < 1e-12, "{s}");
        }
    }

    #[test]
    fn a_path_without_drift_ends_in_place() {
        let tape = tape(0.3, 0.5, true);
        for seed in 0..50 {
            let path = tape.log_speeds(0.3, 0.0, 37, &mut Rng::from_words(&[seed]));
            let speeds = speeds(&path, 8000, true);
            assert_eq!(speeds.len(), 8000);
            assert!((speeds.iter().sum::<f64>() - 8000.0).abs() < 1e-6);
            assert!(path[37].abs() < 1e-12);
        }
    }

    fn stage(given: &[(&str, f64)]) -> Recipe {
        let given = given
            .iter()
            .map(|&(name, value)| (name.to_owned(), Value::Drawn(value.into())));
        Stage::new(declaration("tape_speed").unwrap(), given)
            .unwrap()
            .into()
    }

    #[test]
    fn without_deviation_nothing_changes() {
        let samples = (0..4000).map(|i| (i as f32 * 0.9).sin()).collect();
        let clip = Waveform::new(samples, 2, 8000).unwrap();
        assert_eq!(
            stage(&[("sigma", 0.0)])
                .wave(&clip, Key::of_seed(1))
                .unwrap(),
            clip
        );
    }

    #[test]
    fn a_tone_is_heard_at_the_speed_of_the_tape() {
        let rate = 16_000;
        let omega = TAU * 1000.0 / f64::from(rate);
        let clip = Waveform::mono(
            (0..rate)
                .map(|i| (omega * f64::from(i)).sin() as f32)
                .collect(),
            rate,
        )
        .unwrap();
        let recipe = stage(&[("sigma", 0.1)]);
        let mut work = Workspace::default();
        work.load(&clip);
        let trace = recipe.trace(Key::of_seed(5), &mut work).unwrap();
        let seed = trace.steps[0].values[3].1;
        let path = tape(0.1, 0.2, false).log_speeds(0.1, 0.0, 100, &mut Rng::from_seed(seed));
        let speeds = speeds(&path, rate as usize, false);
        let mut position = 0.0;
        for (i, speed) in speeds.iter().enumerate() {
            if position < 15_900.0 && i > 100 {
                let want = (omega * position).sin();
                assert!(
                    (f64::from(work.samples[i]) - want).abs() < 1e-3,
                    "{i}: {} {want}",
                    work.samples[i]
                );
            }
            position += speed;
        }
    }
}
