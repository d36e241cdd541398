//! An expression of the user's over samples.

use super::{
    Accepts, Declaration, DefaultValue, Draws, Flows, Input, Kind, Parameter, Transform, Workspace,
};
use crate::expression::{Program, Row, Vocabulary, WAVE};
use crate::waveform::rms;
use crate::{Distribution, Error, Rng};
use std::sync::Arc;

/// `y[n] = f(x[n], x[n - 1], ..., y[n - 1], ...)`, every channel alone. See [`crate::expression`] for how it is computed.
pub(super) static OP: Declaration = Declaration {
    name: "op",
    about: "Computes every sample by an expression over it, at the speed of a built-in stage.",
    citation: "",
    parameters: &[
        Parameter::positional(
            "expression",
            Kind::Text,
            DefaultValue::Required,
            "what a sample `x` becomes. It knows `x[-1]` (the input before), `y[-1]` (the output before), up to 4096 samples back and \
             0 before the start; `t` (s), `duration` (s), `sample_rate` (Hz), `noise` (normal, deviation 1, anew for every sample and \
             channel), the clip's `peak` and `rms`, `channel` (from 0), `pi`, `tau`; numbers; `+ - * / %`, `**` for powers; \
             `< <= > >= == !=`, `&& || !`, which give 1 or 0; `select(condition, a, b)`, `clamp(a, low, high)`, `lerp(a, b, share)`, \
             `min`, `max`, `mod`, `pow`, `hypot`, `atan2`, `abs`, `sign`, `floor`, `ceil`, `round`, `trunc`, `sqrt`, `cbrt`, `exp`, \
             `log`, `log2`, `log10`, `sin`, `cos`, `tan`, `asin`, `acos`, `atan`, `sinh`, `cosh`, `tanh`, `sigmoid`",
        ),
        Parameter::option(
            "name",
            Kind::Named,
            DefaultValue::Absent,
            "any name that the expression uses as a number: a value, or a distribution that is drawn from for every clip",
        ),
    ],
    facts: Flows {
        accepts: Accepts::Wave,
        gives: None,
        draws: &["every named value", "noise_seed (where there is `noise`)"],
    },
    example: "let x = tone(440, 1); let r = op(\"tanh(drive * x)\", #{ drive: 2..8 }); \
              assert((x |> r).peak() > 0.9 && (x |> r).peak() < 1.0); assert(from_json(to_json(r)) == r); \
              let smoothed = x |> op(\"a * x + (1 - a) * y[-1]\", #{ a: 0.1 }); assert(smoothed.rms_db() < x.rms_db())",
    build: |settings| {
        let expression = settings.chosen("expression").unwrap_or_default();
        let named = Expression::new(expression, settings.named("name"), &WAVE)?;
        Ok(Arc::new(Op(named)))
    },
};

/// An expression with the distributions of its parameters.
pub(super) struct Expression {
    program: Program,
    parameters: Vec<Distribution>,
    /// The names of what is drawn.
    draws: Vec<String>,
}

/// The name of the drawn seed of noise.
const NOISE_SEED: &str = "noise_seed";
/// Names that parameters cannot have: of the stages' own.
const TAKEN: [&str; 2] = ["expression", NOISE_SEED];

impl Expression {
    pub(super) fn new(
        expression: &str,
        named: &[(String, Distribution)],
        vocabulary: &'static Vocabulary,
    ) -> Result<Expression, Error> {
        let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
        let program = Program::new(expression, vocabulary, &names, &TAKEN)?;
        let mut draws: Vec<String> = named.iter().map(|(name, _)| name.clone()).collect();
        if program.uses_noise() {
            draws.push(NOISE_SEED.to_owned());
        }
        Ok(Expression {
            program,
            parameters: named.iter().map(|(_, value)| value.clone()).collect(),
            draws,
        })
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> Draws {
        let mut draws: Draws = self.parameters.iter().map(|p| p.draw(rng)).collect();
        if self.program.uses_noise() {
            draws.push(rng.seed());
        }
        draws
    }

    pub(super) fn draw_names(&self) -> &[String] {
        &self.draws
    }

    /// What was drawn, before what is known of a row; and the seed of noise.
    pub(super) fn given(&self, draws: &[f64]) -> (Draws, f64) {
        let n = self.parameters.len();
        let noise_seed = draws.get(n).copied().unwrap_or(0.0);
        (draws[..n].into(), noise_seed)
    }

    pub(super) fn program(&self) -> &Program {
        &self.program
    }
}

struct Op(Expression);

impl Transform for Op {
    fn draw(&self, rng: &mut Rng, _: &Input) -> Draws {
        self.0.draw(rng)
    }

    fn draw_names(&self) -> Option<&[String]> {
        Some(self.0.draw_names())
    }

    fn apply(&self, draws: &[f64], work: &mut Workspace) -> Result<(), Error> {
        let n = work.input().n;
        let rate = f64::from(work.sample_rate);
        let samples = work.samples.iter();
        let peak = samples.fold(0.0f32, |peak, x| peak.max(x.abs()));
        let (mut given, noise_seed) = self.0.given(draws);
        given.extend([
            rate,
            f64::from(peak),
            rms(&work.samples),
            n as f64 / rate,
            0.0,
        ]);
        let channel_at = given.len() - 1;
        for (channel, samples) in work.samples.chunks_mut(n.max(1)).enumerate() {
            given[channel_at] = channel as f64;
            let label = |index: usize| match work.n_channels {
                1 => format!("sample {index}"),
                _ => format!("sample {index} of channel {channel}"),
            };
            let row = Row {
                samples,
                given: &given,
                rate,
                noise_seed,
                number: channel,
                label: &label,
            };
            self.0.program().run(row, &mut work.expression)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Recipe, Stage, Value, declaration};
    use super::*;
    use crate::expression::{MAX_PAST, functions};
    use crate::{Key, Waveform};

    pub(crate) fn op(expression: &str, named: &[(&str, Distribution)]) -> Result<Recipe, Error> {
        let named = named
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::Drawn(value.clone())));
        let expression = ("expression".to_owned(), Value::Word(expression.to_owned()));
        Ok(Stage::new(declaration("op")?, [expression].into_iter().chain(named))?.into())
    }

    fn stereo() -> Waveform {
        let mut samples = vec![0.0; 2 * 700];
        Rng::from_words(&[3]).fill_normal(&mut samples);
        samples.iter_mut().for_each(|x| *x *= 0.2);
        Waveform::new(samples, 2, 8000).unwrap()
    }

    #[test]
    fn names_stand_among_the_options_in_their_order() {
        let range = Distribution::uniform(2.0, 8.0).unwrap();
        let names = [("mix", 0.5.into()), ("drive", range.clone())];
        let recipe = op("lerp(x, tanh(drive * x), mix)", &names).unwrap();
        assert_eq!(
            recipe.to_string(),
            "op(\"lerp(x, tanh(drive * x), mix)\", #{ drive: 2..8, mix: 0.5 })"
        );
        assert_eq!(
            recipe.to_json().to_string(),
            "[{\"op\":{\"expression\":\"lerp(x, tanh(drive * x), mix)\",\"drive\":{\"uniform\":[2.0,8.0]},\"mix\":0.5}}]"
        );
        assert_eq!(Recipe::from_json(&recipe.to_json()).unwrap(), recipe);
        let names = [("drive", range), ("mix", 0.5.into())];
        assert_eq!(op("lerp(x, tanh(drive * x), mix)", &names).unwrap(), recipe);
        assert_ne!(op("lerp(x, tanh(mix * x), drive)", &names).unwrap(), recipe);
        assert_eq!(op("2 * x", &[]).unwrap().to_string(), "op(\"2 * x\")");
    }

    #[test]
    fn the_values_of_names_are_drawn_recorded_and_repeated() {
        let range = Distribution::uniform(2.0, 8.0).unwrap();
        let recipe = op("tanh(drive * x) + 0.01 * noise", &[("drive", range)]).unwrap();
        let mut work = Workspace::default();
        work.load(&stereo());
        let trace = recipe.trace(Key::of_seed(4), &mut work).unwrap();
        let names = trace.steps[0].values.iter().map(|(name, _)| name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["drive", "noise_seed"]);
        let drive = trace.steps[0].values[0].1;
        assert!((2.0..8.0).contains(&drive));
        let made = work.to_waveform().unwrap();
        work.load(&stereo());
        recipe.replay(&trace, &mut work).unwrap();
        assert_eq!(work.to_waveform().unwrap(), made);
        // Both channels are noisy, each in its own way.
        let rest = |channel: usize| -> Vec<f64> {
            let (was, is) = (stereo(), &made);
            let pairs = was.channel(channel).iter().zip(is.channel(channel));
            pairs
                .map(|(x, y)| f64::from(*y) - (drive * f64::from(*x)).tanh())
                .collect()
        };
        let deviation =
            |rest: &[f64]| (rest.iter().map(|r| r * r).sum::<f64>() / rest.len() as f64).sqrt();
        let (left, right) = (rest(0), rest(1));
        for rest in [&left, &right] {
            assert!((deviation(rest) - 0.01).abs() < 0.001);
        }
        let pairs = left.iter().zip(&right);
        let product = pairs.map(|(a, b)| a * b).sum::<f64>() / left.len() as f64;
        assert!(product.abs() < 2e-5, "{product}");
    }

    #[test]
    fn what_is_known_of_a_clip_is_what_it_is() {
        let clip = stereo();
        let value = |expression: &str| {
            let made = op(expression, &[])
                .unwrap()
                .wave(&clip, Key::of_seed(0))
                .unwrap();
            (made.channel(0)[10], made.channel(1)[10])
        };
        let twice = |value: f64| (value as f32, value as f32);
        assert_eq!(value("peak"), twice(clip.peak()));
        assert_eq!(value("rms"), twice(clip.rms()));
        assert_eq!(value("sample_rate"), twice(8000.0));
        assert_eq!(value("duration"), twice(700.0 / 8000.0));
        assert_eq!(value("t"), twice(10.0 / 8000.0));
        assert_eq!(value("channel"), (0.0, 1.0));
        assert_eq!(value("x[-10]"), (clip.channel(0)[0], clip.channel(1)[0]));
        assert_eq!(value("x[-11]"), (0.0, 0.0));
        assert_eq!(value("y[-1] + 1"), twice(11.0));
    }

    #[test]
    fn the_text_names_all_that_an_expression_knows() {
        let about = OP.parameters[0].about;
        let called = functions().map(|call| call.split('(').next().unwrap_or("").to_owned());
        let names = WAVE
            .variables
            .iter()
            .map(|variable| variable.name.to_owned());
        for name in called.chain(names) {
            let is_named = [format!("`{name}`"), format!("`{name}(")];
            assert!(is_named.iter().any(|text| about.contains(text)), "{name}");
        }
        assert!(about.contains(&format!("up to {MAX_PAST} samples")));
    }

    /// These bytes are the same on every processor, and with them recordings that were made before come out again.
    #[test]
    fn the_bytes_are_those_of_before() {
        let range = Distribution::uniform(2.0, 8.0).unwrap();
        let golden = [
            (
                "tanh(drive * x) + 0.1 * noise",
                16_747_319_739_366_262_403_u64,
            ),
            (
                "sin(drive * t) * exp(-2 * t) + 0.5 * x[-7] + 0.3 * y[-100] + 0 * rms",
                12_301_322_448_206_748_577_u64,
            ),
            (
                "0.1 * x + select(peak > 1, 0.8, 0.9) * y[-1] - 0.05 * y[-2] + 0.01 * drive",
                13_448_437_902_516_998_782_u64,
            ),
            (
                "sigmoid(drive * x) + log(1 + x ** 2) * cos(30 * x) + atan2(x, 0.5) + mod(x, 0.1)",
                12_042_460_463_873_438_240_u64,
            ),
        ];
        for (expression, want) in golden {
            let recipe = op(expression, &[("drive", range.clone())]).unwrap();
            let made = recipe.wave(&stereo(), Key::of_seed(11)).unwrap();
            let bytes: Vec<u8> = made
                .samples()
                .iter()
                .flat_map(|x| x.to_le_bytes())
                .collect();
            assert_eq!(xxhash_rust::xxh3::xxh3_64(&bytes), want, "{expression}");
        }
    }

    #[test]
    fn no_samples_become_none_and_one_becomes_one() {
        let recipe = op("0.5 * x + 0.5 * y[-1] + 0.1 * x[-4096]", &[]).unwrap();
        for samples in [vec![], vec![1.0]] {
            let clip = Waveform::mono(samples.clone(), 8000).unwrap();
            let made = recipe.wave(&clip, Key::of_seed(0)).unwrap();
            let want: Vec<f32> = samples.iter().map(|x| 0.5 * x).collect();
            assert_eq!(made.samples(), want);
        }
    }
}
