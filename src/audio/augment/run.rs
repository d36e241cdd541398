//! Running a recipe on a clip, from a key or from a trace.

use super::drawing::Drawing;
use super::{Draws, Input, Recipe, Stage, Step, Trace, TraceStep, Workspace};
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
        let mut run = Run {
            draws: Source::Key(key),
            path: SmallVec::new(),
            record: None,
            watch: None,
        };
        run.recipe(self, Place::ROOT, work)
    }

    /// Runs the recipe and records what was drawn.
    ///
    /// # Errors
    /// As [`Recipe::run`].
    pub fn trace(&self, key: Key, work: &mut Workspace) -> Result<Trace, Error> {
        self.flow(Some(work.domain()))?;
        let mut run = Run {
            draws: Source::Key(key),
            path: SmallVec::new(),
            record: Some(Trace::default()),
            watch: None,
        };
        run.recipe(self, Place::ROOT, work)?;
        Ok(run.record.unwrap_or_default())
    }

    /// Runs the recipe and shows the clip after every stage: what was drawn for it, and what it left. Inside
    /// [`Step::PerChannel`] the clip is one channel.
    ///
    /// # Errors
    /// As [`Recipe::run`].
    pub fn watch(
        &self,
        key: Key,
        work: &mut Workspace,
        watch: &mut dyn FnMut(&TraceStep, &Workspace),
    ) -> Result<(), Error> {
        self.flow(Some(work.domain()))?;
        let record = Some(Trace::default());
        let mut run = Run {
            draws: Source::Key(key),
            path: SmallVec::new(),
            record,
            watch: Some(watch),
        };
        run.recipe(self, Place::ROOT, work)
    }

    /// Repeats what a trace recorded, bit for bit.
    ///
    /// # Errors
    /// [`Error::Trace`] if the trace was made by another recipe, and as [`Recipe::run`].
    pub fn replay(&self, trace: &Trace, work: &mut Workspace) -> Result<(), Error> {
        self.flow(Some(work.domain()))?;
        let mut run = Run {
            draws: Source::Trace(trace.steps.iter()),
            path: SmallVec::new(),
            record: None,
            watch: None,
        };
        run.recipe(self, Place::ROOT, work)?;
        match run.draws {
            Source::Trace(mut left) => match left.next() {
                Some(step) => Err(Error::Trace {
                    reason: format!("`{}` at {} was not reached", step.name, step.place),
                }),
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
    watch: Option<Watch<'a>>,
}

/// Who sees the clip after a stage.
type Watch<'a> = &'a mut dyn FnMut(&TraceStep, &Workspace);

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
    fn inside(
        &mut self,
        recipe: &Recipe,
        index: usize,
        place: Place,
        work: &mut Workspace,
    ) -> Result<(), Error> {
        self.path.push(index);
        self.recipe(recipe, place.child(index), work)?;
        self.path.pop();
        Ok(())
    }

    fn step(&mut self, step: &Step, place: Place, work: &mut Workspace) -> Result<(), Error> {
        match step {
            Step::Stage(stage) => self.stage(stage, place, work),
            Step::Chance { p, recipe } => {
                let draws = self.draw(&one("chance", &"applied"), place, |rng| {
                    smallvec![f64::from(rng.uniform() < *p)]
                })?;
                if draws[0] == 1.0 {
                    self.inside(recipe, 0, place, work)
                } else {
                    Ok(())
                }
            }
            Step::OneOf { recipes, weights } => {
                let draws = self.draw(&one("one_of", &"chosen"), place, |rng| {
                    smallvec![choose(rng, recipes.len(), weights)]
                })?;
                let chosen = index(draws[0], recipes.len(), "one_of")?;
                self.inside(&recipes[chosen], chosen, place, work)
            }
            Step::Shuffle { recipes } => {
                let draws = self.draw(&list("shuffle", &"order"), place, |rng| {
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
                let draws = self.draw(&list("some_of", &"chosen"), place, |rng| {
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
                let draws = self.draw(&one("blend", &"wet"), place, |rng| {
                    smallvec![wet.draw_within(rng, 0.0, 1.0)]
                })?;
                let dry = work.values_mut().clone();
                self.inside(recipe, 0, place, work)?;
                mix(&dry, draws[0] as f32, work)
            }
            Step::PerChannel { recipe } => self.per_channel(recipe, place, work),
        }
    }

    fn stage(&mut self, stage: &Stage, place: Place, work: &mut Workspace) -> Result<(), Error> {
        let declaration = stage.declaration();
        let transform = stage.transform();
        let input = work.input();
        let drawing = Drawing {
            name: declaration.name,
            names: declaration.facts.draws,
            is_list: transform.draws_a_list(),
            recordings: transform.recordings(),
        };
        let draw = |rng: &mut Rng| transform.draw(rng, &input);
        let draws = match transform.draw_names() {
            Some(names) => {
                let Drawing {
                    name,
                    is_list,
                    recordings,
                    ..
                } = drawing;
                self.draw(
                    &Drawing {
                        name,
                        names,
                        is_list,
                        recordings,
                    },
                    place,
                    draw,
                )?
            }
            None => self.draw(&drawing, place, draw)?,
        };
        let own = self.record.as_ref().map_or(0, |trace| trace.steps.len());
        let mut inside = |index: usize, work: &mut Workspace| match stage.recipe_inside() {
            Some(recipe) => self.inside(recipe, index, place, work),
            None => Ok(()),
        };
        transform.apply_with(&draws, work, &mut inside)?;
        // Behind the stage's own step stand those of recipes inside it.
        let step = own
            .checked_sub(1)
            .and_then(|last| self.record.as_ref()?.steps.get(last));
        if let (Some(watch), Some(step)) = (&mut self.watch, step) {
            watch(step, work);
        }
        Ok(())
    }

    /// Runs a recipe on every channel as if it were the whole clip.
    fn per_channel(
        &mut self,
        recipe: &Recipe,
        place: Place,
        work: &mut Workspace,
    ) -> Result<(), Error> {
        let (n_channels, sample_rate) = (*work.n_channels_mut(), work.sample_rate);
        let (n_bands, n_frames) = (work.features.n_bands, work.features.n_frames);
        let whole = std::mem::take(work.values_mut());
        let mut made = Vec::with_capacity(whole.len());
        let mut first = None;
        for (index, channel) in whole
            .chunks_exact((whole.len() / n_channels.max(1)).max(1))
            .enumerate()
        {
            (*work.n_channels_mut(), work.sample_rate) = (1, sample_rate);
            (work.features.n_bands, work.features.n_frames) = (n_bands, n_frames);
            work.values_mut().clear();
            work.values_mut().extend_from_slice(channel);
            self.inside(recipe, index, place, work)?;
            let now = (work.input(), *work.n_channels_mut());
            let (input, _) = *first.get_or_insert(now);
            if first != Some(now) {
                let said =
                    |input: Input| format!("{} samples at {} Hz", input.n, input.sample_rate);
                let what = "the channels that `per_channel` gives";
                return Err(Error::Mismatch {
                    what,
                    left: said(input),
                    right: said(now.0),
                });
            }
            made.append(work.values_mut());
        }
        // A stage may make several channels of one, as patches are.
        *work.n_channels_mut() = n_channels * first.map_or(1, |(_, inner)| inner);
        *work.values_mut() = made;
        Ok(())
    }

    fn draw<N: AsRef<str>>(
        &mut self,
        drawing: &Drawing<'_, N>,
        place: Place,
        draw: impl FnOnce(&mut Rng) -> Draws,
    ) -> Result<Draws, Error> {
        let draws = match &mut self.draws {
            Source::Key(key) => draw(&mut key.at(place)),
            Source::Trace(steps) => {
                let ended = || Error::Trace {
                    reason: format!("it ends before `{}`", drawing.name),
                };
                drawing.repeated(steps.next().ok_or_else(ended)?)?
            }
        };
        if let Some(trace) = &mut self.record {
            trace.steps.push(drawing.recorded(&self.path, &draws)?);
        }
        Ok(draws)
    }
}

/// What a combinator draws.
fn one<'a>(name: &'a str, value: &'a &'a str) -> Drawing<'a, &'a str> {
    Drawing {
        name,
        names: std::slice::from_ref(value),
        is_list: false,
        recordings: None,
    }
}

/// A list that a combinator draws.
fn list<'a>(name: &'a str, value: &'a &'a str) -> Drawing<'a, &'a str> {
    Drawing {
        is_list: true,
        ..one(name, value)
    }
}

fn choose(rng: &mut Rng, n: usize, weights: &Option<Vec<f64>>) -> f64 {
    let Some(weights) = weights else {
        return rng.below(n) as f64;
    };
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
        Err(Error::Trace {
            reason: format!("`{name}` has no recipe {value}"),
        })
    }
}

fn mix(dry: &[f32], wet: f32, work: &mut Workspace) -> Result<(), Error> {
    let now = work.values_mut();
    if now.len() != dry.len() {
        return Err(Error::Mismatch {
            what: "the lengths before and after `blend`",
            left: dry.len().to_string(),
            right: now.len().to_string(),
        });
    }
    now.iter_mut()
        .zip(dry)
        .for_each(|(y, x)| *y = wet * *y + (1.0 - wet) * x);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Value, declaration};
    use super::*;

    fn stage(name: &str, given: &[(&str, Value)]) -> Recipe {
        let given = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()));
        Stage::new(declaration(name).unwrap(), given)
            .unwrap()
            .into()
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
        steps
            .iter()
            .try_fold(Recipe::identity(), |recipe, step| recipe.then(step))
            .unwrap()
    }

    use crate::Distribution;

    #[test]
    fn a_replay_repeats_every_bit_through_json() {
        let recipe = rich();
        for item in 0..50 {
            let key = Key {
                seed: 1,
                epoch: 0,
                item,
                view: 0,
            };
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
        let trace = stage("gain", &[])
            .trace(Key::of_seed(1), &mut work)
            .unwrap();
        assert!(matches!(
            stage("fade", &[]).replay(&trace, &mut work),
            Err(Error::Trace { .. })
        ));
        assert!(matches!(
            Recipe::identity().replay(&trace, &mut work),
            Err(Error::Trace { .. })
        ));
        let two = stage("gain", &[]).repeat(2).unwrap();
        assert!(matches!(
            two.replay(&trace, &mut work),
            Err(Error::Trace { .. })
        ));
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
    fn channels_share_their_draws_unless_each_has_its_own() {
        let shared = stage("gain", &[])
            .wave(
                &Waveform::new(vec![1.0; 8], 2, 8000).unwrap(),
                Key::of_seed(1),
            )
            .unwrap();
        assert_eq!(shared.channel(0), shared.channel(1));
        let recipe = stage("gain", &[])
            .then(&stage("noise", &[]))
            .unwrap()
            .per_channel()
            .unwrap();
        let mut work = Workspace::default();
        work.load(&Waveform::new(vec![1.0; 3000], 3, 8000).unwrap());
        let trace = recipe.trace(Key::of_seed(1), &mut work).unwrap();
        let places: Vec<&str> = trace.steps.iter().map(|step| step.place.as_str()).collect();
        assert_eq!(
            places,
            ["0/0/0", "0/0/1", "0/1/0", "0/1/1", "0/2/0", "0/2/1"]
        );
        let made = work.to_waveform().unwrap();
        assert_eq!((made.n_channels(), made.n_samples()), (3, 1000));
        assert!(made.channel(0) != made.channel(1) && made.channel(1) != made.channel(2));
        // What comes behind sees all channels again.
        let behind = recipe
            .then(&stage("log_mel", &[("n_fft", Value::Drawn(64.0.into()))]))
            .unwrap();
        assert_eq!(
            behind.features(&made, Key::of_seed(1)).unwrap().n_channels,
            3
        );
        // Channels that no longer fit together are an error, also where only the rate differs.
        let uneven = [(
            "hz",
            Value::Drawn(Distribution::uniform(4000.0, 16_000.0).unwrap()),
        )];
        let error = stage("resample_to", &uneven)
            .per_channel()
            .unwrap()
            .wave(&made, Key::of_seed(1))
            .unwrap_err();
        assert!(matches!(error, Error::Mismatch { .. }), "{error}");
        let patches = stage("patches", &[("n_frames", Value::Drawn(2.0.into()))]);
        let block = Features {
            values: (0..32).map(|i| i as f32).collect(),
            n_channels: 2,
            n_bands: 4,
            n_frames: 4,
            ..Features::default()
        };
        let run = |recipe: &Recipe| {
            let mut work = Workspace::default();
            work.load_features(&block);
            recipe.run(Key::of_seed(0), &mut work).unwrap();
            work.features
        };
        assert_eq!(
            run(&patches.per_channel().unwrap()).shape(),
            run(&patches).shape()
        );
        assert_eq!(run(&patches.per_channel().unwrap()).band(1, 0), [2.0, 3.0]);
    }

    #[test]
    fn who_watches_sees_the_clip_after_every_stage() {
        let recipe = stage("gain", &[("gain_db", Value::Drawn(6.0.into()))])
            .repeat(2)
            .unwrap();
        let mut work = Workspace::default();
        work.load(&Waveform::mono(vec![0.1; 4], 8000).unwrap());
        let mut seen = Vec::new();
        let mut watch =
            |step: &TraceStep, work: &Workspace| seen.push((step.place.clone(), work.samples[0]));
        recipe
            .watch(Key::of_seed(0), &mut work, &mut watch)
            .unwrap();
        assert_eq!(seen.len(), 2);
        assert_eq!((seen[0].0.as_str(), seen[1].0.as_str()), ("0/0/0", "0/1/0"));
        assert!((seen[0].1 - 0.1995).abs() < 1e-3 && seen[1].1 == work.samples[0]);
    }

    #[test]
    fn chances_are_met() {
        let count = |recipe: &Recipe, name: &str| {
            (0..4000)
                .filter(|&item| {
                    let mut work = Workspace::default();
                    work.load(&Waveform::mono(vec![1.0; 8], 8000).unwrap());
                    let trace = recipe
                        .trace(
                            Key {
                                seed: 3,
                                epoch: 0,
                                item,
                                view: 0,
                            },
                            &mut work,
                        )
                        .unwrap();
                    trace.steps.iter().any(|step| step.name == name)
                })
                .count() as f64
                / 4000.0
        };
        let (a, b) = (stage("gain", &[]), stage("fade", &[]));
        let near = |got: f64, want: f64| assert!((got - want).abs() < 0.04, "{got} {want}");
        near(count(&a.chance(0.3).unwrap(), "gain"), 0.3);
        assert_eq!(
            (
                count(&a.chance(0.0).unwrap(), "gain"),
                count(&a.chance(1.0).unwrap(), "gain")
            ),
            (0.0, 1.0)
        );
        near(count(&a.or(&b).unwrap(), "gain"), 0.5);
        near(
            count(
                &Recipe::one_of(vec![a.clone(), b.clone()], Some(vec![3.0, 1.0])).unwrap(),
                "gain",
            ),
            0.75,
        );
        near(
            count(
                &Recipe::some_of(1, 1, vec![a.clone(), b.clone()]).unwrap(),
                "fade",
            ),
            0.5,
        );
    }

    #[test]
    fn noise_has_exactly_the_ratio_asked_for_in_every_color() {
        for color in ["white", "pink", "brown", "blue", "violet"] {
            for snr_db in [-10.0, 0.0, 25.0] {
                let given = [
                    ("snr_db", Value::Drawn(snr_db.into())),
                    ("color", Value::Word(color.into())),
                ];
                let noisy = stage("noise", &given)
                    .wave(&wave(), Key::of_seed(2))
                    .unwrap();
                let got = wave().snr_db(&noisy).unwrap();
                assert!((got - snr_db).abs() < 0.001, "{color} {snr_db}: {got}");
            }
        }
    }

    #[test]
    fn shifts_roll_or_push() {
        let clip = Waveform::mono((0..8).map(|i| i as f32).collect(), 8).unwrap();
        let shift = |fraction: f64, wrap| {
            let given = [
                ("fraction", Value::Drawn(fraction.into())),
                ("wrap", Value::Flag(wrap)),
            ];
            stage("time_shift", &given)
                .wave(&clip, Key::of_seed(0))
                .unwrap()
                .samples()
                .to_vec()
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
            let masked = recipe
                .wave(
                    &clip,
                    Key {
                        seed: 1,
                        epoch: 0,
                        item,
                        view: 0,
                    },
                )
                .unwrap();
            longest = longest.max(masked.samples().iter().filter(|&&x| x == 0.0).count());
            first |= masked.samples()[0] == 0.0;
            last |= masked.samples()[39] == 0.0;
        }
        assert_eq!((longest, first, last), (10, true, true));
    }

    #[test]
    fn crops_are_exact_and_short_clips_are_followed_by_silence() {
        let crop = |seconds: f64, position: &str| {
            let given = [
                ("seconds", Value::Drawn(seconds.into())),
                ("position", Value::Word(position.into())),
            ];
            let clip = Waveform::new((0..16).map(|i| i as f32 + 1.0).collect(), 2, 8).unwrap();
            stage("crop", &given).wave(&clip, Key::of_seed(4)).unwrap()
        };
        assert_eq!(crop(0.25, "start").samples(), [1.0, 2.0, 9.0, 10.0]);
        assert_eq!(crop(0.25, "center").samples(), [4.0, 5.0, 12.0, 13.0]);
        assert_eq!(crop(0.25, "end").samples(), [7.0, 8.0, 15.0, 16.0]);
        assert_eq!(
            crop(1.25, "random").channel(1),
            [9.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 0.0, 0.0]
        );
    }
}
