//! Running a recipe on a clip, from a key or from a trace.

use super::{Domain, Draws, Recipe, Step, Trace, TraceStep, Workspace};
use crate::features::Features;
use crate::{Error, Key, Place, Rng, Waveform};
use smallvec::{SmallVec, smallvec};

impl Recipe {
    /// Runs the recipe on the clip in the workspace, drawing for `key`.
    ///
    /// # Errors
    /// Whatever a stage reports of this clip, and [`Error::Domain`] if the recipe does not work on what is there.
    pub fn run(&self, key: Key, work: &mut Workspace) -> Result<(), Error> {
        self.flow(Some(work.domain()))?;
        let mut run = Run { draws: Source::Key(key), path: SmallVec::new(), record: None };
        run.recipe(self, Place::ROOT, work)
    }

    /// Runs the recipe and records what was drawn.
    ///
    /// # Errors
    /// As [`Recipe::run`].
    pub fn trace(&self, key: Key, work: &mut Workspace) -> Result<Trace, Error> {
        self.flow(Some(work.domain()))?;
        let mut run = Run { draws: Source::Key(key), path: SmallVec::new(), record: Some(Trace::default()) };
        run.recipe(self, Place::ROOT, work)?;
        Ok(run.record.unwrap_or_default())
    }

    /// Repeats what a trace recorded, bit for bit.
    ///
    /// # Errors
    /// [`Error::Trace`] if the trace was made by another recipe, and as [`Recipe::run`].
    pub fn replay(&self, trace: &Trace, work: &mut Workspace) -> Result<(), Error> {
        self.flow(Some(work.domain()))?;
        let mut run = Run { draws: Source::Trace(trace.steps.iter()), path: SmallVec::new(), record: None };
        run.recipe(self, Place::ROOT, work)?;
        match run.draws {
            Source::Trace(mut left) => match left.next() {
                Some(step) => {
                    Err(Error::Trace { reason: format!("`{}` at {} was not reached", step.name, step.place) })
                }
                None => Ok(()),
            },
            Source::Key(_) => Ok(()),
        }
    }

    /// Runs a recipe that gives waves on a wave.
    ///
    /// # Errors
    /// As [`Recipe::run`], and [`Error::Domain`] if it gives features.
    pub fn wave(&self, wave: &Waveform, key: Key) -> Result<Waveform, Error> {
        let mut work = Workspace::default();
        work.load(wave);
        self.run(key, &mut work)?;
        work.to_waveform()
    }

    /// Runs a recipe that gives features on a wave.
    ///
    /// # Errors
    /// As [`Recipe::run`].
    pub fn features(&self, wave: &Waveform, key: Key) -> Result<Features, Error> {
        let mut work = Workspace::default();
        work.load(wave);
        self.run(key, &mut work)?;
        Ok(std::mem::take(&mut work.features))
    }
}

struct Run<'a> {
    draws: Source<'a>,
    path: SmallVec<[usize; 8]>,
    record: Option<Trace>,
}

enum Source<'a> {
    Key(Key),
    Trace(std::slice::Iter<'a, TraceStep>),
}

impl Run<'_> {
    fn recipe(&mut self, recipe: &Recipe, place: Place, work: &mut Workspace) -> Result<(), Error> {
        for (index, step) in recipe.steps().iter().enumerate() {
            self.path.push(index);
            self.step(step, place.child(index), work)?;
            self.path.pop();
        }
        Ok(())
    }

    /// Runs the `index`-th recipe inside a combinator.
    fn inside(&mut self, recipe: &Recipe, index: usize, place: Place, work: &mut Workspace) -> Result<(), Error> {
        self.path.push(index);
        self.recipe(recipe, place.child(index), work)?;
        self.path.pop();
        Ok(())
    }

    fn step(&mut self, step: &Step, place: Place, work: &mut Workspace) -> Result<(), Error> {
        match step {
            Step::Stage(stage) => {
                let declaration = stage.declaration();
                let input = work.input();
                let draw = |rng: &mut Rng| stage.transform().draw(rng, &input);
                let draws = match stage.transform().draw_names() {
                    Some(names) => self.draw(declaration.name, names, place, draw)?,
                    None => self.draw(declaration.name, declaration.draws, place, draw)?,
                };
                stage.transform().apply(&draws, work)
            }
            Step::Chance { p, recipe } => {
                let draws = self.draw("chance", &["applied"], place, |rng| smallvec![f64::from(rng.uniform() < *p)])?;
                if draws[0] == 1.0 { self.inside(recipe, 0, place, work) } else { Ok(()) }
            }
            Step::OneOf { recipes, weights } => {
                let draws =
                    self.draw("one_of", &["chosen"], place, |rng| smallvec![choose(rng, recipes.len(), weights)])?;
                let chosen = index(draws[0], recipes.len(), "one_of")?;
                self.inside(&recipes[chosen], chosen, place, work)
            }
            Step::Shuffle { recipes } => {
                let draws = self.draw("shuffle", &["order"], place, |rng| {
                    let mut order: Draws = (0..recipes.len()).map(|i| i as f64).collect();
                    rng.shuffle(&mut order);
                    order
                })?;
                for &at in &draws {
                    let at = index(at, recipes.len(), "shuffle")?;
                    self.inside(&recipes[at], at, place, work)?;
                }
                Ok(())
            }
            Step::Repeat { times, recipe } => {
                for time in 0..*times {
                    self.inside(recipe, time, place, work)?;
                }
                Ok(())
            }
            Step::SomeOf { low, high, recipes } => {
                let draws = self.draw("some_of", &["chosen"], place, |rng| {
                    let count = low + rng.below(high - low + 1);
                    let mut order: SmallVec<[usize; 8]> = (0..recipes.len()).collect();
                    rng.shuffle(&mut order);
                    order.truncate(count);
                    order.sort_unstable();
                    order.into_iter().map(|i| i as f64).collect()
                })?;
                for &at in &draws {
                    let at = index(at, recipes.len(), "some_of")?;
                    self.inside(&recipes[at], at, place, work)?;
                }
                Ok(())
            }
            Step::Blend { wet, recipe } => {
                let draws = self.draw("blend", &["wet"], place, |rng| smallvec![wet.draw_within(rng, 0.0, 1.0)])?;
                let dry = match work.domain() {
                    Domain::Wave => work.samples.clone(),
                    Domain::Features => work.features.values.clone(),
                };
                self.inside(recipe, 0, place, work)?;
                mix(&dry, draws[0] as f32, work)
            }
        }
    }

    fn draw<N: AsRef<str>>(
        &mut self,
        name: &str,
        names: &[N],
        place: Place,
        draw: impl FnOnce(&mut Rng) -> Draws,
    ) -> Result<Draws, Error> {
        let draws = match &mut self.draws {
            Source::Key(key) => draw(&mut key.at(place)),
            Source::Trace(steps) => {
                let recorded =
                    steps.next().ok_or_else(|| Error::Trace { reason: format!("it ends before `{name}`") })?;
                if recorded.name != name {
                    let reason = format!("it has `{}` where the recipe has `{name}`", recorded.name);
                    return Err(Error::Trace { reason });
                }
                if names.len() > 1 && recorded.values.len() != names.len() {
                    let reason = format!("`{name}` draws {} values, {} are there", names.len(), recorded.values.len());
                    return Err(Error::Trace { reason });
                }
                recorded.values.iter().map(|(_, value)| *value).collect()
            }
        };
        if let Some(trace) = &mut self.record {
            trace.steps.push(TraceStep::new(&self.path, name, names, &draws));
        }
        Ok(draws)
    }
}

fn choose(rng: &mut Rng, n: usize, weights: &Option<Vec<f64>>) -> f64 {
    let Some(weights) = weights else { return rng.below(n) as f64 };
    let mut left = rng.uniform() * weights.iter().sum::<f64>();
    for (i, weight) in weights.iter().enumerate() {
        left -= weight;
        if left < 0.0 {
            return i as f64;
        }
    }
    // Rounding can leave a crumb behind the last weight.
    weights.iter().rposition(|&w| w > 0.0).unwrap_or(0) as f64
}

/// An index from a trace, which a user may have edited.
fn index(value: f64, n: usize, name: &str) -> Result<usize, Error> {
    if value >= 0.0 && value < n as f64 && value.fract() == 0.0 {
        Ok(value as usize)
    } else {
        Err(Error::Trace { reason: format!("`{name}` has no recipe {value}") })
    }
}

fn mix(dry: &[f32], wet: f32, work: &mut Workspace) -> Result<(), Error> {
    let now = match work.domain() {
        Domain::Wave => &mut work.samples,
        Domain::Features => &mut work.features.values,
    };
    if now.len() != dry.len() {
        return Err(Error::Mismatch {
            what: "the lengths before and after `blend`",
            left: dry.len().to_string(),
            right: now.len().to_string(),
        });
    }
    now.iter_mut().zip(dry).for_each(|(y, x)| *y = wet * *y + (1.0 - wet) * x);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Accepts, Kind, Parameter, Stage, Value, catalogue, declaration};
    use super::*;

    fn stage(name: &str, given: &[(&str, Value)]) -> Recipe {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Stage::new(declaration(name).unwrap(), given).unwrap().into()
    }

    fn wave() -> Waveform {
        let mut samples = vec![0.0; 2 * 8000];
        Rng::from_words(&[5]).fill_normal(&mut samples);
        Waveform::new(samples, 2, 8000).unwrap()
    }

    fn rich() -> Recipe {
        let a = stage("gain", &[]).then(&stage("time_mask", &[])).unwrap();
        let b = stage("noise", &[("color", Value::Word("pink".into()))]);
        let c = stage("time_shift", &[]).chance(0.5).unwrap();
        let steps = [
            a.or(&b).unwrap(),
            b.and(&c).unwrap().and(&a).unwrap(),
            Recipe::some_of(0, 2, vec![a.clone(), b.clone()]).unwrap(),
            Recipe::one_of(vec![a.clone(), c.clone()], Some(vec![1.0, 3.0])).unwrap(),
            b.blend(Distribution::uniform(0.2, 0.8).unwrap()).unwrap(),
            c.repeat(3).unwrap(),
            stage("fade", &[]),
        ];
        steps.iter().try_fold(Recipe::identity(), |recipe, step| recipe.then(step)).unwrap()
    }

    use crate::Distribution;

    #[test]
    fn a_replay_repeats_every_bit_through_json() {
        let recipe = rich();
        for item in 0..50 {
            let key = Key { seed: 1, epoch: 0, item, view: 0 };
            let mut work = Workspace::default();
            work.load(&wave());
            let trace = recipe.trace(key, &mut work).unwrap();
            let first = work.samples.clone();
            assert_eq!(recipe.wave(&wave(), key).unwrap().samples(), first);
            let text = serde_json::to_string(&trace).unwrap();
            let back: Trace = serde_json::from_str(&text).unwrap();
            assert_eq!(back, trace);
            work.load(&wave());
            recipe.replay(&back, &mut work).unwrap();
            assert_eq!(work.samples, first);
        }
    }

    #[test]
    fn a_trace_of_another_recipe_is_refused() {
        let mut work = Workspace::default();
        work.load(&wave());
        let trace = stage("gain", &[]).trace(Key::of_seed(1), &mut work).unwrap();
        assert!(matches!(stage("fade", &[]).replay(&trace, &mut work), Err(Error::Trace { .. })));
        assert!(matches!(Recipe::identity().replay(&trace, &mut work), Err(Error::Trace { .. })));
        let two = stage("gain", &[]).repeat(2).unwrap();
        assert!(matches!(two.replay(&trace, &mut work), Err(Error::Trace { .. })));
    }

    #[test]
    fn a_stage_added_behind_changes_no_earlier_draw() {
        let (short, long) = (rich(), rich().then(&stage("gain", &[])).unwrap());
        let steps = |recipe: &Recipe| {
            let mut work = Workspace::default();
            work.load(&wave());
            recipe.trace(Key::of_seed(9), &mut work).unwrap().steps
        };
        let (short, long) = (steps(&short), steps(&long));
        assert_eq!(short, long[..short.len()]);
        // A single stage draws what it draws as the first of several.
        let alone = steps(&stage("noise", &[]));
        let first = steps(&stage("noise", &[]).then(&stage("gain", &[])).unwrap());
        assert_eq!(alone[0], first[0]);
    }

    #[test]
    fn chances_are_met() {
        let count = |recipe: &Recipe, name: &str| {
            (0..4000)
                .filter(|&item| {
                    let mut work = Workspace::default();
                    work.load(&Waveform::mono(vec![1.0; 8], 8000).unwrap());
                    let trace = recipe.trace(Key { seed: 3, epoch: 0, item, view: 0 }, &mut work).unwrap();
                    trace.steps.iter().any(|step| step.name == name)
                })
                .count() as f64
                / 4000.0
        };
        let (a, b) = (stage("gain", &[]), stage("fade", &[]));
        let near = |got: f64, want: f64| assert!((got - want).abs() < 0.04, "{got} {want}");
        near(count(&a.chance(0.3).unwrap(), "gain"), 0.3);
        assert_eq!((count(&a.chance(0.0).unwrap(), "gain"), count(&a.chance(1.0).unwrap(), "gain")), (0.0, 1.0));
        near(count(&a.or(&b).unwrap(), "gain"), 0.5);
        near(count(&Recipe::one_of(vec![a.clone(), b.clone()], Some(vec![3.0, 1.0])).unwrap(), "gain"), 0.75);
        near(count(&Recipe::some_of(1, 1, vec![a.clone(), b.clone()]).unwrap(), "fade"), 0.5);
    }

    #[test]
    fn every_stage_survives_every_odd_clip() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("noise.wav");
        crate::io::write_wav(&file, &wave(), crate::io::SampleFormat::Float32).unwrap();
        for declaration in catalogue().iter().filter(|declaration| declaration.accepts != Accepts::Features) {
            let required = match declaration.name {
                "crop" => Some(("seconds".to_owned(), Value::Drawn(0.01.into()))),
                "resample_to" => Some(("hz".to_owned(), Value::Drawn(11_025.0.into()))),
                "background" => Some(("paths".to_owned(), Value::Word(file.display().to_string()))),
                _ => None,
            };
            let recipe: Recipe = Stage::new(declaration, required).unwrap().into();
            for n in [0, 1, 2, 7, 300, 4001] {
                for n_channels in [1, 3] {
                    for silent in [false, true] {
                        let samples = (0..n * n_channels).map(|i| if silent { 0.0 } else { (i as f32).sin() });
                        let clip = Waveform::new(samples.collect(), n_channels, 8000).unwrap();
                        let mut work = Workspace::default();
                        work.load(&clip);
                        match recipe.run(Key::of_seed(n as u64), &mut work) {
                            Ok(()) => {
                                assert!(work.samples.iter().chain(&work.features.values).all(|x| x.is_finite()));
                                assert_eq!(work.samples.len() % n_channels, 0);
                            }
                            Err(Error::Unusable(_)) => assert!(declaration.gives.is_some(), "{}", declaration.name),
                            Err(error) => panic!("{}: {error}", declaration.name),
                        }
                    }
                }
            }
        }
    }

    /// A value that a parameter accepts: often an end of its range, otherwise anything between.
    fn any_value(parameter: &Parameter, rng: &mut Rng) -> Option<Value> {
        if rng.below(3) == 0 {
            return parameter.default_value();
        }
        let between = |low: f64, high: f64, rng: &mut Rng| match rng.below(6) {
            0 => low,
            1 => high,
            // Ranges go over decades, so half of the values come from the lowest ones.
            2 | 3 if low > 0.0 => libm::exp(rng.range(low.ln(), high.ln())).clamp(low, high),
            _ => rng.range(low, high),
        };
        Some(match parameter.kind {
            Kind::Drawn { low, high } | Kind::Number { low, high } => Value::Drawn(between(low, high, rng).into()),
            Kind::Count { low, high } => Value::Drawn(between(low, high, rng).round().into()),
            Kind::Flag => Value::Flag(rng.below(2) == 0),
            Kind::Word(words) | Kind::WordOrNumber { words, .. } => Value::Word(words[rng.below(words.len())].into()),
            Kind::Preset(presets) => Value::Word(presets[rng.below(presets.len())].name.into()),
            // A random path leads nowhere.
            Kind::Paths { .. } => return parameter.default_value(),
        })
    }

    fn any_wave(rng: &mut Rng) -> Waveform {
        let n_channels = [1, 1, 2, 8][rng.below(4)];
        let n = [0, 1, 2, 3, rng.below(40), rng.below(5000)][rng.below(6)];
        let mut samples = vec![0.0; n * n_channels];
        match rng.below(5) {
            0 => {}
            1 => samples.fill(0.7),
            2 => samples.iter_mut().step_by(77).for_each(|x| *x = -1.0),
            kind => {
                rng.fill_normal(&mut samples);
                let scale = if kind == 3 { 1e-30 } else { 0.3 };
                samples.iter_mut().for_each(|x| *x *= scale);
            }
        }
        let sample_rate = [8, 8000, 11_025, 16_000, 44_100, 192_000][rng.below(6)];
        Waveform::new(samples, n_channels, sample_rate).unwrap()
    }

    #[test]
    fn filters_levels_and_distortions_keep_length_and_stay_finite_whatever_is_asked() {
        let mut rng = Rng::from_words(&[12]);
        for name in [
            "low_pass",
            "high_pass",
            "band_pass",
            "band_stop",
            "shelf",
            "peaking",
            "seven_band_eq",
            "polarity",
            "normalize",
            "clip",
            "tanh_distortion",
            "bit_crush",
            "limiter",
            "air_absorption",
        ] {
            let declaration = declaration(name).unwrap();
            let mut built = 0;
            for case in 0..400 {
                let parameters = declaration.parameters.iter();
                let given: Vec<_> = parameters
                    .filter_map(|p| Some((p.name.to_owned(), any_value(p, &mut rng)?)))
                    .filter(|(_, value)| *value != Value::Absent)
                    .collect();
                // Some options exclude each other, which is said when the stage is built.
                let Ok(stage) = Stage::new(declaration, given) else { continue };
                built += 1;
                let (recipe, clip) = (Recipe::from(stage), any_wave(&mut rng));
                let mut work = Workspace::default();
                work.load(&clip);
                let trace = recipe.trace(Key::of_seed(case), &mut work).unwrap();
                let said = format!("{recipe:?} on {clip:?}");
                assert_eq!(work.samples.len(), clip.samples().len(), "{said}");
                assert!(work.samples.iter().all(|x| x.is_finite()), "{said}");
                let first = work.samples.clone();
                work.load(&clip);
                recipe.replay(&trace, &mut work).unwrap();
                assert_eq!(work.samples, first, "{said}");
            }
            assert!(built > 50, "{name}: {built}");
        }
    }

    #[test]
    fn every_feature_stage_survives_every_odd_block() {
        for declaration in catalogue().iter().filter(|declaration| declaration.accepts != Accepts::Wave) {
            let recipe: Recipe = Stage::new(declaration, []).unwrap().into();
            for (n_bands, n_frames) in [(0, 0), (1, 1), (1, 2), (2, 1), (3, 3), (64, 5), (4, 300)] {
                let values = (0..2 * n_bands * n_frames).map(|i| (i as f32).sin()).collect();
                let features = Features { values, n_channels: 2, n_bands, n_frames };
                for seed in 0..20 {
                    let mut work = Workspace::default();
                    work.load_features(&features);
                    match recipe.run(Key::of_seed(seed), &mut work) {
                        Ok(()) => assert!(work.features.values.iter().all(|x| x.is_finite()), "{}", declaration.name),
                        Err(Error::Unusable(_)) => assert_eq!(declaration.name, "patches"),
                        Err(error) => panic!("{}: {error}", declaration.name),
                    }
                }
            }
        }
    }

    #[test]
    fn noise_has_exactly_the_ratio_asked_for_in_every_color() {
        for color in ["white", "pink", "brown", "blue", "violet"] {
            for snr_db in [-10.0, 0.0, 25.0] {
                let given = [("snr_db", Value::Drawn(snr_db.into())), ("color", Value::Word(color.into()))];
                let noisy = stage("noise", &given).wave(&wave(), Key::of_seed(2)).unwrap();
                let got = wave().snr_db(&noisy).unwrap();
                assert!((got - snr_db).abs() < 0.001, "{color} {snr_db}: {got}");
            }
        }
    }

    #[test]
    fn shifts_roll_or_push() {
        let clip = Waveform::mono((0..8).map(|i| i as f32).collect(), 8).unwrap();
        let shift = |fraction: f64, wrap| {
            let given = [("fraction", Value::Drawn(fraction.into())), ("wrap", Value::Flag(wrap))];
            stage("time_shift", &given).wave(&clip, Key::of_seed(0)).unwrap().samples().to_vec()
        };
        assert_eq!(shift(0.25, true), [6.0, 7.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(shift(-0.25, true), [2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 0.0, 1.0]);
        assert_eq!(shift(0.25, false), [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(shift(-1.0, false), [0.0; 8]);
    }

    #[test]
    fn masks_are_as_long_as_allowed_and_anywhere() {
        let recipe = stage("time_mask", &[("max_fraction", Value::Drawn(0.25.into()))]);
        let clip = Waveform::mono(vec![1.0; 40], 8).unwrap();
        let (mut longest, mut first, mut last) = (0, false, false);
        for item in 0..2000 {
            let masked = recipe.wave(&clip, Key { seed: 1, epoch: 0, item, view: 0 }).unwrap();
            longest = longest.max(masked.samples().iter().filter(|&&x| x == 0.0).count());
            first |= masked.samples()[0] == 0.0;
            last |= masked.samples()[39] == 0.0;
        }
        assert_eq!((longest, first, last), (10, true, true));
    }

    #[test]
    fn crops_are_exact_and_short_clips_are_followed_by_silence() {
        let crop = |seconds: f64, position: &str| {
            let given = [("seconds", Value::Drawn(seconds.into())), ("position", Value::Word(position.into()))];
            let clip = Waveform::new((0..16).map(|i| i as f32 + 1.0).collect(), 2, 8).unwrap();
            stage("crop", &given).wave(&clip, Key::of_seed(4)).unwrap()
        };
        assert_eq!(crop(0.25, "start").samples(), [1.0, 2.0, 9.0, 10.0]);
        assert_eq!(crop(0.25, "center").samples(), [4.0, 5.0, 12.0, 13.0]);
        assert_eq!(crop(0.25, "end").samples(), [7.0, 8.0, 15.0, 16.0]);
        assert_eq!(crop(1.25, "random").channel(1), [9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 0.0, 0.0]);
    }
}
