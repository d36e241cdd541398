//! Finding a patch whose sound is near a given one.

use super::super::Environment;
use super::super::audio::Pair;
use super::diagram::Diagram;
use super::synthesizer::{seed, units, with_units};
use crate::script::{Function, Parts, Progress, ScriptError, ScriptValue, Topic};
use auricle_audio::Waveform;
use auricle_figure::{Content, Curve, Figure, Lines};
use auricle_synth::{Found, SearchOptions, Synth};
use rhai::{Array, Dynamic};
use std::sync::Arc;

/// What was found, with both sounds. Cheap to clone.
#[derive(Clone)]
pub(super) struct Match {
    found: Arc<Found>,
    target: Waveform,
    sound: Waveform,
}

impl ScriptValue for Match {
    const NAME: &'static str = "match";

    fn text(&self) -> String {
        let Found {
            distance,
            history,
            n_sounds,
            ..
        } = &*self.found;
        format!(
            "a patch at {distance:.2} dB from the sound, {:.2} dB at first; {n_sounds} sounds compared",
            history[0]
        )
    }

    fn parts(&self) -> Parts {
        self.pair().parts()
    }

    fn same(&self, other: &Match) -> Option<bool> {
        Some(self.found == other.found && self.target == other.target)
    }
}

impl Match {
    fn pair(&self) -> Pair {
        Pair::of(self.target.clone(), self.sound.clone())
    }

    fn figure(&self) -> Figure {
        let history = &self.found.history;
        let curve = Curve {
            name: String::new(),
            x: (0..history.len()).map(|at| at as f64).collect(),
            y: history.clone(),
        };
        Figure {
            title: "distance of the nearest patch".into(),
            content: Content::Lines(Lines {
                x_title: "generation".into(),
                y_title: "distance, dB".into(),
                curves: vec![curve],
            }),
        }
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        find(environment),
        patch(),
        distance(),
        history(),
        wave(),
        ab(),
        plot(),
    ]
}

fn find(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let default = SearchOptions::default();
    let function = Function::new("find", Topic::Synthesis, move |call| {
        let synth = call.receiver::<Synth>()?;
        let target = call.value::<Waveform>("wave")?;
        let rate = synth.options().sample_rate;
        if target.sample_rate() != rate || target.n_channels() != 1 {
            let (got, channels) = (target.sample_rate(), target.n_channels());
            let message = format!("`wave` must be mono at {rate} Hz, as the synthesizer's sounds, not {channels} ch at {got} Hz");
            return Err(ScriptError::new(message).hint(format!("`wave.mono().resample({rate})`")));
        }
        let options = SearchOptions {
            generations: call.get("generations")?,
            population: call.get("population")?,
            starts: call.get("starts")?,
            sigma: call.get("sigma")?,
            seed: seed(call, &environment)?,
            units: units(call)?,
        };
        let total = options.generations as u64;
        let stop = environment.token.stop();
        let found = synth.search(&target, options, |done, distance| {
            environment.sink.progress(&Progress {
                title: "find".into(),
                done: done as u64,
                total,
                figures: format!("{distance:.2} dB"),
                finished: done as u64 == total || stop.is_asked(),
                ..Progress::default()
            });
            !stop.is_asked()
        })?;
        if stop.is_asked() {
            return Err(ScriptError::interrupted());
        }
        let sound = synth.render_one(&found.patch, 0)?;
        Ok(Dynamic::from(Match {
            found: Arc::new(found),
            target,
            sound,
        }))
    })
    .in_session()
    .on::<Synth>()
    .about(
        "Searches a patch whose sound is near a given one, by several evolution strategies side by side, of which the nearest go on, \
         over the log-mel spectrograms at three resolutions: the same patch for the same seed. `match` is a reserved word of the \
         language, hence the name.",
    )
    .note("source: Ros & Hansen, \"A Simple Modification in CMA-ES Achieving Linear Time and Space Complexity\", 2008")
    .note("longer searches come nearer: more `generations` keep several valleys open for longer")
    .note("the distance is the mean over windows of 16, 64 and 256 ms of the root mean square difference, dB; recipes behind the synthesizer are left out")
    .param::<Dynamic>("wave", "the sound, mono, at the synthesizer's sample rate; cut or filled with zeros to its length")
    .option::<usize>("generations", default.generations as i64, "generations of the search")
    .option::<usize>("population", default.population as i64, "sounds of a generation, at least 4")
    .option::<usize>("starts", default.starts as i64, "sounds that are drawn at first; the search begins at the nearest ones")
    .option::<f64>("sigma", default.sigma, "standard deviation of the first generation, raw units")
    .option::<Option<u64>>("seed", (), "seed of the search; the session's if not given");
    with_units(function).returns("match").example(
        "let s = synth(sine() * adsr(), #{ seconds: 0.2, sample_rate: 8000, control_rate: 100 }); \
         let w = s.render(s.sample(1, #{ seed: 9 }))[0]; \
         let m = s.find(w, #{ generations: 5, population: 8, starts: 16, seed: 1 }); \
         assert(m.distance <= m.history()[0] && s.render(m.patch)[0] == m.wave)",
    )
}

const SMALL: &str = "let s = synth(sine(), #{ seconds: 0.1, sample_rate: 8000, control_rate: 100 }); \
    let m = s.find(tone(440, 0.1, #{ sample_rate: 8000 }), #{ generations: 2, population: 4, starts: 4, seed: 1 }); ";

fn patch() -> Function {
    Function::property::<Match, _>("patch", Topic::Synthesis, |this| {
        Ok(Dynamic::from(this.found.patch.clone()))
    })
    .about("The patch that was found: patches of one.")
    .example(format!("{SMALL}assert(m.patch.len() == 1)"))
}

fn distance() -> Function {
    Function::property::<Match, _>("distance", Topic::Synthesis, |this| Ok(this.found.distance))
        .about("Distance of the patch's sound from the given one, dB.")
        .example(format!("{SMALL}assert(m.distance > 0.0)"))
}

fn history() -> Function {
    Function::new("history", Topic::Synthesis, |call| {
        let history = call.receiver::<Match>()?.found.history.clone();
        Ok(Dynamic::from_array(
            history.into_iter().map(Dynamic::from).collect::<Array>(),
        ))
    })
    .on::<Match>()
    .about("Gives the least distance after the first draws and after every generation, dB.")
    .returns("array")
    .example(format!("{SMALL}assert(m.history().len() == 3)"))
}

fn wave() -> Function {
    Function::property::<Match, _>("wave", Topic::Synthesis, |this| {
        Ok(Dynamic::from(this.sound.clone()))
    })
    .about("The sound of the patch that was found.")
    .example(format!("{SMALL}assert(m.wave.seconds == 0.1)"))
}

fn ab() -> Function {
    Function::new("ab", Topic::Synthesis, |call| {
        Ok(Dynamic::from(call.receiver::<Match>()?.pair()))
    })
    .on::<Match>()
    .about("Puts the given sound and that of the patch below each other, to be compared by ear.")
    .returns("pair")
    .example(format!("{SMALL}assert(m.ab().after == m.wave)"))
}

fn plot() -> Function {
    Function::new("plot", Topic::Synthesis, |call| {
        let figure = call.receiver::<Match>()?.figure();
        let drawing = figure.to_drawing();
        Ok(Dynamic::from(Diagram::new(
            &figure.title,
            figure.to_text(),
            drawing,
        )))
    })
    .on::<Match>()
    .about("Draws how the distance fell.")
    .returns("diagram")
    .example(format!("{SMALL}m.plot()"))
}
