//! Synthesizers: a graph with its length and rates, what is free in it, and its sounds.

use super::super::Environment;
use crate::script::{
    Call, FromScript, Function, Parts, ScriptError, ScriptValue, Shown, Topic, escape, room_for,
};
use auricle_audio::Waveform;
use auricle_synth::{
    FreeParameter, Patches, Perturbation, Playback, Signal, Slope, Synth, SynthOptions, Units,
};
use rhai::{Array, Dynamic, Map};
use std::fmt::Write;
use std::sync::Arc;

impl ScriptValue for Synth {
    const NAME: &'static str = "synthesizer";

    fn text(&self) -> String {
        self.to_string()
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(super::json::of_synth(self))
    }

    fn same(&self, other: &Synth) -> Option<bool> {
        Some(self == other)
    }

    fn parts(&self) -> Parts {
        let source = escape(&self.to_string());
        let table = table(self);
        vec![(
            "text/html",
            format!("<pre>{source}\n\n{}</pre>", escape(&table)).into(),
        )]
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![synth(), parameters(), describe()];
    all.extend(properties());
    all.extend([sample(environment), patches(), doppelgangers(environment)]);
    all.extend([render(), play(environment)]);
    all
}

/// The options of every function that makes a synthesizer.
fn with_options(function: Function) -> Function {
    let default = SynthOptions::default();
    function
        .option::<f64>("seconds", default.seconds, "length of a sound, s")
        .option::<u32>(
            "sample_rate",
            i64::from(default.sample_rate),
            "samples per second, Hz",
        )
        .option::<u32>(
            "control_rate",
            i64::from(default.control_rate),
            "samples of envelopes and LFOs per second, Hz",
        )
        .option::<bool>(
            "normalize",
            default.normalize,
            "whether a sound whose peak passes 1 is divided by its peak, as `mixer` does it",
        )
        .returns("synthesizer")
}

fn options(call: &Call<'_>) -> Result<SynthOptions, ScriptError> {
    Ok(SynthOptions {
        seconds: call.get("seconds")?,
        sample_rate: call.get("sample_rate")?,
        control_rate: call.get("control_rate")?,
        normalize: call.get("normalize")?,
    })
}

fn synth() -> Function {
    let function = Function::new("synth", Topic::Synthesis, |call| {
        let graph = call.value::<Signal>("graph")?;
        Ok(Dynamic::from(Synth::new(&graph, options(call)?)?))
    })
    .about("Makes a synthesizer of a graph. What the graph leaves open is a parameter that every sound has its own value of.")
    .param::<Dynamic>("graph", "the signal that is heard");
    with_options(function).example(
        "let wobble = lfo(#{ frequency: 2..8 }); \
         let s = synth(sine(#{ pitch: wobble }) * adsr(), #{ seconds: 1, sample_rate: 16000 }); \
         let p = s.sample(4, #{ seed: 1 }); assert(s.render(p).len() == 4)",
    )
}

fn properties() -> Vec<Function> {
    vec![
        Function::property::<Synth, _>("n_parameters", Topic::Synthesis, |synth| {
            Ok(synth.parameters().len() as i64)
        })
        .about("Number of free parameters.")
        .example("assert(synth(noise_source()).n_parameters == 0)"),
        Function::property::<Synth, _>("seconds", Topic::Synthesis, |synth| {
            Ok(synth.options().seconds)
        })
        .about("Length of a sound, s.")
        .example("assert(voice(#{ seconds: 1 }).seconds == 1.0)"),
        Function::property::<Synth, _>("sample_rate", Topic::Synthesis, |synth| {
            Ok(i64::from(synth.options().sample_rate))
        })
        .about("Samples per second, Hz.")
        .example("assert(voice().sample_rate == 44100)"),
        Function::property::<Synth, _>("graph", Topic::Synthesis, |synth| {
            Ok(Dynamic::from(synth.graph().clone()))
        })
        .about("The graph: source that can be printed, edited and used; the recipe behind it is `recipe`.")
        .example("let s = synth(sine() * adsr()); assert(s.graph == sine() * adsr())"),
        Function::property::<Synth, _>("recipe", Topic::Synthesis, |synth| {
            Ok(Dynamic::from(synth.recipe().clone()))
        })
        .about("The recipe that every sound passes through; `synth |> recipe` puts one behind it.")
        .note("draws depend on the patch, as its noise does: a patch sounds the same in any batch, and two views of it differ")
        .example("let s = synth(sine()) |> noise(10..30); assert(s.recipe == noise(10..30))"),
    ]
}

fn parameters() -> Function {
    Function::new("parameters", Topic::Synthesis, |call| {
        let synth = call.receiver::<Synth>()?;
        let parameters = synth.parameters().iter().zip(synth.slopes());
        let maps = parameters.map(|(parameter, slope)| described(parameter, *slope));
        Ok(Dynamic::from_array(maps.collect()))
    })
    .on::<Synth>()
    .about(
        "Lists the free parameters in the order of a patch: by module, then by name. Each is a map of \
         `name`, `unit`, `low`, `high`, `curve`, `symmetric`, `smooth`, `gradient` and `about`.",
    )
    .note("`gradient` is \"yes\", \"in part, as ..\" with the steps that a gradient leaves out, or \"no, as ..\" with why there is none")
    .note("a curve below 1 gives small values more of the raw range; where it is symmetric, small distances from the middle")
    .returns("array")
    .example("let p = synth(sine(#{ initial_phase: 0 })).parameters(); assert(p.map(|x| x.name).contains(\"sine.tuning\"))")
}

fn described(parameter: &FreeParameter, slope: Slope) -> Dynamic {
    let (low, high) = parameter.range();
    let mut map = Map::new();
    let mut put = |name: &str, value: Dynamic| map.insert(name.into(), value);
    put("name", parameter.to_string().into());
    put("module", parameter.module.clone().into());
    put("unit", parameter.unit.into());
    put("low", low.into());
    put("high", high.into());
    put("curve", parameter.mapping.curve.into());
    put("symmetric", parameter.mapping.symmetric.into());
    put("smooth", parameter.smooth.into());
    put("gradient", slope.to_string().into());
    put("about", parameter.about.into());
    Dynamic::from_map(map)
}

fn describe() -> Function {
    Function::new("describe", Topic::Synthesis, |call| {
        Ok(table(&call.receiver::<Synth>()?))
    })
    .on::<Synth>()
    .about("Describes the free parameters as a table: name, range, unit, curve, meaning, and what a gradient leaves out.")
    .returns("string")
    .example("assert(voice().describe().contains(\"vco_1.tuning\"))")
}

/// The parameters as lines of columns.
fn table(synth: &Synth) -> String {
    let parameters = synth.parameters();
    let rows: Vec<[String; 3]> = parameters
        .iter()
        .map(|parameter| {
            let (low, high) = parameter.range();
            let range = format!("{low} to {high} {}", parameter.unit);
            let curve = match (parameter.mapping.curve, parameter.mapping.symmetric) {
                (1.0, _) => String::new(),
                (curve, true) => format!("curve {curve}, symmetric"),
                (curve, false) => format!("curve {curve}"),
            };
            [parameter.to_string(), range.trim_end().to_owned(), curve]
        })
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let (names, ranges, curves) = (width(0), width(1), width(2));
    let mut text = String::new();
    let described = parameters.iter().zip(synth.slopes());
    for (row, (parameter, slope)) in rows.iter().zip(described) {
        let [name, range, curve] = row;
        let gradient = match slope {
            Slope::Whole => String::new(),
            _ => format!("; gradient: {slope}"),
        };
        let line = format!(
            "{name:names$}  {range:ranges$}  {curve:curves$}  {}{gradient}",
            parameter.about
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

/// The options of draws: a seed, an index and units.
fn with_draws(function: Function) -> Function {
    let function = function
        .option::<Option<u64>>("seed", (), "seed of the draws; the session's if not given")
        .option::<u64>(
            "first",
            0_i64,
            "index of the first: patch 7 is the same however many are drawn with it",
        );
    with_units(function)
}

/// The option of the units of draws.
pub(in crate::bind) fn with_units(function: Function) -> Function {
    function
        .option::<String>(
            "units",
            "raw",
            "in which units draws are uniform: \"raw\", as torchsynth has it, or \"human\", as SynthAX has it",
        )
        .words("units", &UNITS.map(|(word, _)| word))
}

pub(in crate::bind) fn units(call: &Call<'_>) -> Result<Units, ScriptError> {
    call.chosen("units", &UNITS)
}

const UNITS: [(&str, Units); 2] = [("raw", Units::Raw), ("human", Units::Human)];

pub(super) fn seed(call: &Call<'_>, environment: &Environment) -> Result<u64, ScriptError> {
    let given = call.get::<Option<u64>>("seed")?;
    Ok(given.unwrap_or_else(|| environment.seed()))
}

fn sample(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let function = Function::new("sample", Topic::Synthesis, move |call| {
        let synth = call.receiver::<Synth>()?;
        let n = call.get::<usize>("n")?;
        let bytes = (n as u64).saturating_mul(synth.parameters().len() as u64 * 4 + 8);
        room_for("the patches", bytes)?;
        let (seed, first) = (seed(call, &environment)?, call.get("first")?);
        Ok(Dynamic::from(synth.sample(n, seed, first, units(call)?)))
    })
    .on::<Synth>()
    .about("Draws patches: a value in [0, 1] for every free parameter of every sound.")
    .param::<usize>("n", "how many");
    with_draws(function).returns("patches").example(
        "let s = voice(#{ seconds: 0.2 }); let p = s.sample(8, #{ seed: 3 }); \
         assert(p.len() == 8 && p[7] == s.sample(1, #{ seed: 3, first: 7 }))",
    )
}

fn patches() -> Function {
    let function = Function::new("patches", Topic::Synthesis, |call| {
        let synth = call.receiver::<Synth>()?;
        let (values, units) = (call.raw("values"), units(call)?);
        if values.is_map() {
            let wanted = "a map of numbers by parameter";
            let json = Shown::json_of(&values).ok_or_else(|| call.wrong("values", wanted))?;
            let parameters: Arc<[FreeParameter]> = synth.parameters().into();
            let patches = Patches::by_name(parameters, &json, units)?;
            return Ok(Dynamic::from(patches.of_synth(&synth)));
        }
        if units == Units::Human && call.get::<String>("order")? != "sorted" {
            return Err(call.wrong("units", "\"raw\", as torchsynth's batches are"));
        }
        let patches = synth.patches(in_order(call, &synth, units)?)?;
        Ok(Dynamic::from(ordered(call, patches)?))
    })
    .on::<Synth>()
    .about("Makes patches of values made elsewhere: by name, or in the order of `parameters()`.")
    .note("a leaf may be `#{ raw: x }` or `#{ value: x }` to say its own units")
    .param::<Dynamic>(
        "values",
        "a map by name, nested or dotted (`#{ vco_1: #{ tuning: 0.5 }, \"mixer.level\": [1, 0, 1] }`), with a number or an \
         array of one for each patch; or an array of numbers for a patch; or an array of such arrays",
    )
    .may_be_map("values")
    .option::<String>(
        "units",
        "raw",
        "of the values: \"raw\" in [0, 1], or \"human\" as `parameters()` tells them",
    )
    .words("units", &UNITS.map(|(word, _)| word));
    with_order(function).returns("patches").example(
        "let s = synth(sine(#{ initial_phase: 0, tuning: 0 })); \
         assert(s.patches([[0.5, 0.25], [0.1, 0.2]]).len() == 2); \
         let p = s.patches(#{ keyboard: #{ midi_f0: 60, duration: 0.5 } }, #{ units: \"human\" }); \
         assert_near(p.values()[0][\"keyboard.midi_f0\"], 60, 1e-4)",
    )
}

/// The option of the order of values that have no names.
pub(super) fn with_order(function: Function) -> Function {
    function
        .option::<String>(
            "order",
            "sorted",
            "of values without names: \"sorted\" as `parameters()` lists them and SynthAX's code flattens them, or \"torchsynth\" \
             as the batches of its Voice have them",
        )
        .words("order", &IS_TORCHSYNTHS.map(|(word, _)| word))
}

/// Patches whose values stand in the order of a call.
pub(super) fn ordered(call: &Call<'_>, patches: Patches) -> Result<Patches, ScriptError> {
    match call.chosen("order", &IS_TORCHSYNTHS)? {
        false => Ok(patches),
        true => Ok(patches.from_torchsynth_order()?),
    }
}

/// The orders of values without names.
const IS_TORCHSYNTHS: [(&str, bool); 2] = [("sorted", false), ("torchsynth", true)];

/// The raw values of a call, row by row in the order of the parameters.
fn in_order(call: &Call<'_>, synth: &Synth, units: Units) -> Result<Vec<f32>, ScriptError> {
    let rows = call.get::<Array>("values")?;
    let is_one = rows.iter().all(|value| !value.is_array()) && !rows.is_empty();
    let rows = if is_one {
        vec![Dynamic::from_array(rows)]
    } else {
        rows
    };
    let mut raw = Vec::new();
    for row in rows {
        let wanted = "a map, numbers, or arrays of numbers";
        let values = Vec::<f64>::from_script(&row).ok_or_else(|| call.wrong("values", wanted))?;
        if values.len() != synth.parameters().len() {
            let (want, got) = (synth.parameters().len(), values.len());
            return Err(auricle_synth::Error::PatchSize { want, got }.into());
        }
        for (value, parameter) in values.into_iter().zip(synth.parameters()) {
            raw.push(match units {
                Units::Raw => value as f32,
                Units::Human => parameter.raw(value)?,
            });
        }
    }
    Ok(raw)
}

fn doppelgangers(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let function = Function::new("doppelgangers", Topic::Synthesis, move |call| {
        let synth = call.receiver::<Synth>()?;
        let (n, first) = (call.get::<usize>("n")?, call.get("first")?);
        let delta = perturbation(call)?;
        let seed = seed(call, &environment)?;
        let (a, b) = synth.doppelgangers(n, &delta, seed, first, units(call)?)?;
        let mut pair = Map::new();
        pair.insert("a".into(), Dynamic::from(a));
        pair.insert("b".into(), Dynamic::from(b));
        Ok(Dynamic::from_map(pair))
    })
    .on::<Synth>()
    .about("Draws positive pairs: patches that are perturbed twice. `pair.a` and `pair.b` are both perturbed; the centre is not used.")
    .note("source: Cherep & Singh, \"Contrastive Learning from Synthetic Audio Doppelgängers\", 2024")
    .param::<usize>("n", "how many pairs")
    .option::<Dynamic>("delta", 0.25, DELTA);
    with_draws(function).returns("map").example(
        "let s = voice(#{ seconds: 0.2 }); let pair = s.doppelgangers(4, #{ delta: 0.1, seed: 1 }); \
         assert(pair.a.len() == 4 && pair.a != pair.b)",
    )
}

/// The text of a perturbation's size.
pub(in crate::bind) const DELTA: &str = "standard deviation of the perturbation in raw units: a number for \
    all parameters, an array with one for each (`s.sensitivity().deltas(0.25)` gives one), or a map by name \
    (`#{ \"vco_1\": 0.1, \"mixer.level\": 0.3 }`)";

/// The perturbation of a call.
pub(in crate::bind) fn perturbation(call: &Call<'_>) -> Result<Perturbation, ScriptError> {
    let delta = call.raw("delta");
    if let Some(map) = delta.clone().try_cast::<Map>() {
        let named = map.into_iter().map(|(name, value)| {
            let number = f64::from_script(&value);
            let number = number.ok_or_else(|| call.wrong("delta", "a map of numbers"))?;
            Ok((name.to_string(), number))
        });
        return Ok(Perturbation::Named(
            named.collect::<Result<_, ScriptError>>()?,
        ));
    }
    if delta.is_array() {
        return Ok(Perturbation::Each(call.get("delta")?));
    }
    Ok(Perturbation::All(call.get("delta")?))
}

/// Seconds of sound that may take a person's time.
const LONG_S: f64 = 300.0;

fn render() -> Function {
    let function = Function::new("render", Topic::Synthesis, |call| {
        let synth = call.receiver::<Synth>()?;
        let patches = call.value::<Patches>("patches")?;
        let bytes = (patches.len() as u64).saturating_mul(synth.n_samples() as u64 * 4);
        room_for("the sounds", bytes)?;
        let waves = synth.waves(&patches, &playback(call)?)?;
        Ok(Dynamic::from_array(
            waves.into_iter().map(Dynamic::from).collect(),
        ))
    })
    .long_if(|call| {
        let seconds = call
            .receiver::<Synth>()
            .map(|synth| synth.options().seconds);
        let sounds = call
            .value::<Patches>("patches")
            .map(|patches| patches.len());
        seconds.unwrap_or(0.0) * sounds.unwrap_or(0) as f64 > LONG_S
    })
    .on::<Synth>()
    .about("Renders patches: an array with the sound of each.")
    .note("a patch sounds the same in any batch, at any number of threads and on every processor")
    .param::<Dynamic>("patches", "patches of this synthesizer");
    with_noise(function).returns("array").example(
        "let s = voice(#{ seconds: 0.1, sample_rate: 16000, control_rate: 480 }); let p = s.sample(3, #{ seed: 1 }); \
         let w = s.render(p); assert(w[1] == s.render(p[1])[0] && w[0].n_samples == 1600)",
    )
}

/// The option of a noise that is given.
pub(in crate::bind) fn with_noise(function: Function) -> Function {
    function.option::<Dynamic>(
        "noise",
        (),
        "a wave that stands in place of every white noise; if not given, each sound has its own",
    )
}

/// How the sounds of a call are played.
pub(in crate::bind) fn playback(call: &Call<'_>) -> Result<Playback, ScriptError> {
    let noise = call.raw("noise").try_cast::<Waveform>();
    if noise.is_none() && !call.raw("noise").is_unit() {
        return Err(call.wrong("noise", "a wave"));
    }
    Ok(Playback {
        noise: noise.map(|wave| wave.channel(0).into()),
        ..Playback::default()
    })
}

fn play(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("play", Topic::Synthesis, move |call| {
        let synth = call.receiver::<Synth>()?;
        let patches = call.value::<Patches>("patches")?;
        for wave in synth.waves(&patches, &Playback::default())? {
            super::super::audio::play_wave(wave, &environment)?;
        }
        Ok(())
    })
    .on::<Synth>()
    .in_session()
    .about("Plays the sound of a patch, or of several, one after the other.")
    .param::<Dynamic>("patches", "patches of this synthesizer")
    .example("let s = voice(#{ seconds: 0.1 }); let later = |p| s.play(p[0]); type_of(later)")
}
