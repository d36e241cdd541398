//! Combining stages, and running recipes.

use super::super::Environment;
use super::super::declared::to_script;
use super::{lambda, to_distribution};
use crate::script::{Call, Function, ScriptError, ScriptValue, Topic, describe};
use auricle_audio::augment::{Domain, Kind, Recipe, Step, Trace, Value, Views, Workspace};
use auricle_audio::features::Features;
use auricle_audio::{Distribution, Key, Waveform};
use auricle_synth::Synth;
use rhai::{Array, Dynamic, FnPtr, Map};
use std::path::PathBuf;
use std::sync::Arc;

impl ScriptValue for Recipe {
    const NAME: &'static str = "recipe";

    fn text(&self) -> String {
        self.to_string()
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({ "recipe": self.to_json() }))
    }

    fn same(&self, other: &Recipe) -> Option<bool> {
        Some(self == other)
    }
}

impl ScriptValue for Views {
    const NAME: &'static str = "views";

    fn text(&self) -> String {
        self.to_string()
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({ "views": self.to_json() }))
    }

    fn same(&self, other: &Views) -> Option<bool> {
        Some(self == other)
    }
}

impl ScriptValue for Trace {
    const NAME: &'static str = "trace";

    fn text(&self) -> String {
        self.to_string()
    }

    fn json(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!({ "trace": serde_json::to_value(self).ok()? }))
    }

    fn same(&self, other: &Trace) -> Option<bool> {
        Some(self == other)
    }
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = vec![
        pipe(environment),
        identity(),
        one_of(),
        shuffle(),
        some_of(),
        blend(),
        per_channel(),
        views(),
    ];
    all.extend(operators());
    all.extend([
        apply(environment),
        trace(environment),
        replay(),
        parameters(),
        from_json(environment),
    ]);
    let noise = "let dir = temporary_folder(); white_noise(0.1).save(dir + \"/a.wav\");";
    let one = format!("{noise} assert(background(dir).recordings() == [dir + \"/a.wav\"])");
    let all_views = format!("{noise} assert(views(2, background(dir)).recordings().len() == 1)");
    all.push(recordings("recipe", Recipe::recordings, &one));
    all.push(recordings("views", Views::recordings, &all_views));
    all.push(
        Function::property::<Trace, _>("steps", Topic::Recipes, |trace| Ok(steps_to_array(trace)))
            .about("The steps taken, in order: a map with `place`, `name` and `values` for each.")
            .note("stages that draw recordings have their names among the values, as `file` or, where there are several, `files`")
            .example("assert(gain(3).trace(tone(440, 1)).steps[0].values.gain_db == 3.0)"),
    );
    all
}

fn recipes(call: &Call<'_>, name: &str) -> Result<Vec<Recipe>, ScriptError> {
    call.get::<Array>(name)?
        .into_iter()
        .map(|item| {
            let what = describe(&item);
            item.try_cast::<Recipe>()
                .ok_or_else(|| ScriptError::new(format!("`{name}` must hold recipes, not {what}")))
        })
        .collect()
}

/// What `|>` puts on its right side: a recipe behind a recipe, a recipe to work, a function to call.
fn pipe(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::operator::<Dynamic, Dynamic, _>("|>", Topic::Recipes, move |call| {
        let (left, right) = (call.raw("left"), call.raw("right"));
        if let Some(function) = right.clone().try_cast::<FnPtr>() {
            return call.run(&function, (left,));
        }
        let next = right.clone().try_cast::<Recipe>();
        if let (Some(recipe), Some(next)) = (left.clone().try_cast::<Recipe>(), &next) {
            return Ok(Dynamic::from(recipe.then(next)?));
        }
        if let (Some(views), Some(next)) = (left.clone().try_cast::<Views>(), &next) {
            return Ok(Dynamic::from(views.then(next)?));
        }
        if let (Some(synth), Some(next)) = (left.clone().try_cast::<Synth>(), &next) {
            return Ok(Dynamic::from(synth.then(next)?));
        }
        let key = Key::of_seed(environment.seed());
        if let Some(next) = &next {
            if left.is::<Waveform>() || left.is::<Arc<Features>>() {
                return run(next, &left, key);
            }
            if let Ok(items) = left.clone().into_array() {
                return items.iter().map(|item| run(next, item, key)).collect::<Result<Array, _>>().map(Dynamic::from_array);
            }
        }
        if let (Some(views), true) = (right.clone().try_cast::<Views>(), left.is::<Waveform>()) {
            return each_view(&views, &left, key);
        }
        let message = format!("`|>` does not work between {} and {}", describe(&left), describe(&right));
        Err(ScriptError::new(message).hint(match left.into_string() {
            Ok(path) if right.is::<Recipe>() => format!("a file is read first: `load({path:?}) |> ...`"),
            _ => "on the right of `|>` stands a recipe, a function or a closure".into(),
        }))
    })
    .long_if(|call| call.any_long() && !call.raw("right").is_fnptr())
    .about("Runs what stands on the left through what stands on the right; between recipes: first the left, then the right.")
    .note("binds loosest of all operators: `a |> b | c` is `a |> (b | c)`")
    .note("behind a synthesizer, a recipe is part of it: every sound that it makes passes through")
    .note("a sound runs with the session's seed: the same line gives the same sound; `recipe.apply(wave, #{ seed: 3 })` another")
    .example("let r = fade() |> noise(5..40); assert(print(r) == ()); assert(r == from_json(to_json(r)))")
}

fn each_view(views: &Views, wave: &Dynamic, key: Key) -> Result<Dynamic, ScriptError> {
    let made = views.recipes().iter().enumerate().map(|(view, recipe)| {
        run(
            recipe,
            wave,
            Key {
                view: view as u64,
                ..key
            },
        )
    });
    made.collect::<Result<Array, _>>().map(Dynamic::from_array)
}

/// Puts a sound or features into a workspace.
pub(super) fn loaded(input: &Dynamic) -> Result<Workspace, ScriptError> {
    let mut work = Workspace::default();
    if let Some(wave) = input.read_lock::<Waveform>() {
        work.load(&wave);
    } else if let Some(features) = input.read_lock::<Arc<Features>>() {
        work.load_features(&features);
    } else {
        return Err(ScriptError::new(format!(
            "a recipe runs on a wave or on features, not on {}",
            describe(input)
        )));
    }
    Ok(work)
}

pub(super) fn taken(mut work: Workspace) -> Result<Dynamic, ScriptError> {
    Ok(match work.domain() {
        Domain::Wave => Dynamic::from(work.to_waveform()?),
        Domain::Features => Dynamic::from(Arc::new(std::mem::take(&mut work.features))),
    })
}

fn run(recipe: &Recipe, input: &Dynamic, key: Key) -> Result<Dynamic, ScriptError> {
    let mut work = loaded(input)?;
    recipe.run(key, &mut work)?;
    taken(work)
}

pub(super) fn key(call: &Call<'_>, environment: &Environment) -> Result<Key, ScriptError> {
    let number = |name: &str| call.get::<u64>(name);
    Ok(Key {
        seed: call
            .get::<Option<u64>>("seed")?
            .unwrap_or_else(|| environment.seed()),
        epoch: number("epoch")?,
        item: number("item")?,
        view: number("view")?,
    })
}

pub(super) fn keyed(function: Function) -> Function {
    function
        .option::<Option<u64>>("seed", (), "seed of the draws; the session's if not given")
        .option::<u64>("epoch", 0, "pass over the data that the draw is for")
        .option::<u64>("item", 0, "index of the clip in its dataset")
        .option::<u64>("view", 0, "which of its views")
}

fn identity() -> Function {
    Function::new("identity", Topic::Recipes, |_| {
        Ok(Dynamic::from(Recipe::identity()))
    })
    .about("Makes the recipe that changes nothing.")
    .returns("recipe")
    .example("assert((identity() |> fade()) == fade())")
}

fn one_of() -> Function {
    Function::new("one_of", Topic::Recipes, |call| {
        Ok(Dynamic::from(Recipe::one_of(
            recipes(call, "recipes")?,
            call.get("weights")?,
        )?))
    })
    .about("Runs one of some recipes; `a | b` is the short form for equal chances.")
    .param::<Array>("recipes", "the recipes")
    .option::<Option<Vec<f64>>>(
        "weights",
        (),
        "chances in proportion to these numbers; equal if not given",
    )
    .returns("recipe")
    .example("print(one_of([gain(3), fade(), noise(20)], #{ weights: [3, 1, 1] }))")
}

fn shuffle() -> Function {
    Function::new("shuffle", Topic::Recipes, |call| {
        Ok(Dynamic::from(Recipe::shuffle(recipes(call, "recipes")?)?))
    })
    .about("Runs all of some recipes in random order; `a & b` is the short form.")
    .param::<Array>("recipes", "the recipes")
    .returns("recipe")
    .example("assert(shuffle([fade(), gain(3)]) == (fade() & gain(3)))")
}

fn some_of() -> Function {
    Function::new("some_of", Topic::Recipes, |call| {
        let wanted = "a number or a range such as `1..3`";
        let (low, high) = match to_distribution("n", &call.raw("n")) {
            Some(Ok(Distribution::Uniform { low, high }))
                if low.fract() == 0.0 && high.fract() == 0.0 =>
            {
                (low, high)
            }
            Some(Ok(Distribution::Constant(n))) if n.fract() == 0.0 => (n, n),
            _ => return Err(call.wrong("n", wanted)),
        };
        Ok(Dynamic::from(Recipe::some_of(
            low as i64,
            high as i64,
            recipes(call, "recipes")?,
        )?))
    })
    .about("Runs a random number of some recipes, in the given order.")
    .param::<Dynamic>(
        "n",
        "how many: a number, or a range whose ends are both included",
    )
    .param::<Array>("recipes", "the recipes")
    .returns("recipe")
    .example("print(some_of(1..3, [gain(3), fade(), noise(20)]))")
}

fn blend() -> Function {
    Function::new("blend", Topic::Recipes, |call| {
        let wet = to_distribution("wet", &call.raw("wet"))
            .ok_or_else(|| call.wrong("wet", "a number or a range"))??;
        Ok(Dynamic::from(call.value::<Recipe>("recipe")?.blend(wet)?))
    })
    .about("Mixes what a recipe gives with what it was given.")
    .param::<Dynamic>("recipe", "the recipe")
    .option::<Dynamic>(
        "wet",
        0.5,
        "share of the recipe's output, 0..1; the input has the rest",
    )
    .returns("recipe")
    .example("print(blend(noise(0), #{ wet: 0.2..0.8 }))")
}

fn per_channel() -> Function {
    Function::new("per_channel", Topic::Recipes, |call| {
        Ok(Dynamic::from(call.value::<Recipe>("recipe")?.per_channel()?))
    })
    .about("Runs a recipe on every channel alone, with draws of its own; elsewhere channels share what is drawn.")
    .param::<Dynamic>("recipe", "the recipe")
    .returns("recipe")
    .example("assert(per_channel(noise(20)).trace(wave([[0.1, 0.2], [0.3, 0.4]], 8000)).steps.len() == 2)")
}

fn views() -> Function {
    Function::new("views", Topic::Recipes, |call| {
        let several = call.raw("n").is_array();
        let views = if several {
            Views::new(recipes(call, "n")?)?
        } else {
            let n = call.get::<i64>("n")?;
            Views::of(n, &call.value::<Recipe>("recipe")?)?
        };
        Ok(Dynamic::from(views))
    })
    .about("Makes several independent views of a clip, by one recipe or one each.")
    .param::<Dynamic>("n", "how many views; or an array with a recipe for each")
    .param_or::<Dynamic>(
        "recipe",
        (),
        "the recipe of every view, if a number was given",
    )
    .returns("views")
    .example("assert((tone(440, 1) |> views(2, noise(5..40))).len() == 2)")
}

fn operators() -> Vec<Function> {
    fn chance<A: Clone + 'static, B: Clone + 'static>(
        p: &'static str,
        recipe: &'static str,
    ) -> Function {
        Function::operator::<A, B, _>("*", Topic::Recipes, move |call| {
            Ok(Dynamic::from(
                call.value::<Recipe>(recipe)?.chance(call.get(p)?)?,
            ))
        })
        .about("Runs a recipe with a probability; otherwise the clip stays as it is.")
        .returns("recipe")
        .example("print(0.5 * noise(20))")
    }
    vec![
        Function::operator::<Recipe, Recipe, _>("|", Topic::Recipes, |call| {
            Ok(Dynamic::from(
                call.value::<Recipe>("left")?.or(&call.value("right")?)?,
            ))
        })
        .about("Runs one of the recipes, with equal chances for all that `|` joins.")
        .returns("recipe")
        .example("assert((fade() | gain(3)) == one_of([fade(), gain(3)]))"),
        Function::operator::<Recipe, Recipe, _>("&", Topic::Recipes, |call| {
            Ok(Dynamic::from(
                call.value::<Recipe>("left")?.and(&call.value("right")?)?,
            ))
        })
        .about("Runs all of the recipes that `&` joins, in random order.")
        .returns("recipe")
        .example("print(fade() & gain(3))"),
        chance::<f64, Recipe>("left", "right"),
        chance::<i64, Recipe>("left", "right"),
        chance::<Recipe, f64>("right", "left"),
        chance::<Recipe, i64>("right", "left"),
        Function::operator::<Recipe, i64, _>("**", Topic::Recipes, |call| {
            Ok(Dynamic::from(
                call.value::<Recipe>("left")?.repeat(call.get("right")?)?,
            ))
        })
        .about("Runs a recipe several times, drawn anew each time.")
        .returns("recipe")
        .example("print(time_mask(0.1) ** 3)"),
    ]
}

fn apply(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    keyed(
        Function::new("apply", Topic::Recipes, move |call| {
            run(&call.receiver::<Recipe>()?, &call.raw("input"), key(call, &environment)?)
        })
        .on::<Recipe>()
        .about("Runs the recipe on a sound or on features, drawing for a given clip, view and epoch.")
        .param::<Dynamic>("input", "a wave, or features")
        .returns("wave or features")
        .example(
            "let r = noise(0..40); assert(r.apply(tone(440, 1), #{ seed: 1 }) != r.apply(tone(440, 1), #{ seed: 2 }))",
        ),
    )
}

fn trace(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    keyed(
        Function::new("trace", Topic::Recipes, move |call| {
            let mut work = loaded(&call.raw("input"))?;
            Ok(Dynamic::from(
                call.receiver::<Recipe>()?
                    .trace(key(call, &environment)?, &mut work)?,
            ))
        })
        .on::<Recipe>()
        .about("Runs the recipe and gives the steps that were taken, with every value drawn.")
        .param::<Dynamic>("input", "a wave, or features")
        .returns("trace")
        .example("print((0.5 * fade() |> noise(5..40)).trace(tone(440, 1), #{ seed: 7 }))"),
    )
}

fn replay() -> Function {
    Function::new("replay", Topic::Recipes, |call| {
        let mut work = loaded(&call.raw("input"))?;
        call.receiver::<Recipe>()?.replay(&call.value::<Trace>("trace")?, &mut work)?;
        taken(work)
    })
    .on::<Recipe>()
    .about("Repeats what a trace recorded, bit for bit.")
    .param::<Dynamic>("input", "the same wave or features")
    .param::<Dynamic>("trace", "what `trace` gave, perhaps read back with `from_json`")
    .returns("wave or features")
    .example("let r = fade() |> noise(0..9); let x = tone(440, 1); assert(r.replay(x, r.trace(x)) == (x |> r))")
}

fn parameters() -> Function {
    Function::new("parameters", Topic::Recipes, |call| {
        let mut rows = Array::new();
        list_parameters(&call.receiver::<Recipe>()?, "", &mut rows);
        Ok(Dynamic::from_array(rows))
    })
    .on::<Recipe>()
    .about("Lists the parameters of every stage: a map with `place`, `stage`, `name` and `value` for each.")
    .returns("array")
    .example("assert(gain(3).parameters()[0].value == 3.0)")
}

fn recordings<T: ScriptValue>(
    what: &str,
    files: fn(&T) -> Vec<PathBuf>,
    example: &str,
) -> Function {
    Function::new("recordings", Topic::Recipes, move |call| {
        let files = files(&call.receiver::<T>()?).into_iter();
        Ok(Dynamic::from_array(files.map(|path| path.display().to_string().into()).collect()))
    })
    .on::<T>()
    .about(format!(
        "Lists every sound file that the {what} can draw, such as those of `background` and `impulse_response`."
    ))
    .returns("array")
    .example(example)
}

fn list_parameters(recipe: &Recipe, above: &str, rows: &mut Array) {
    for (index, step) in recipe.steps().iter().enumerate() {
        let place = if above.is_empty() {
            index.to_string()
        } else {
            format!("{above}/{index}")
        };
        match step {
            Step::Stage(stage) => {
                let mut add = |name: &str, value: Dynamic| {
                    let mut row = Map::new();
                    row.insert("place".into(), place.clone().into());
                    row.insert("stage".into(), stage.declaration().name.into());
                    row.insert("name".into(), name.into());
                    row.insert("value".into(), value);
                    rows.push(Dynamic::from_map(row));
                };
                for (parameter, value) in stage.declaration().parameters.iter().zip(stage.values())
                {
                    match (parameter.kind, value) {
                        (_, Value::Named(named)) => named.iter().for_each(|(name, value)| {
                            add(name, parameter_value(&Value::Drawn(value.clone())));
                        }),
                        (Kind::Named, _) => {}
                        (_, value) => add(parameter.name, parameter_value(value)),
                    }
                }
            }
            Step::Chance { recipe, .. }
            | Step::Repeat { recipe, .. }
            | Step::Blend { recipe, .. }
            | Step::PerChannel { recipe } => {
                list_parameters(recipe, &format!("{place}/0"), rows);
            }
            Step::OneOf { recipes, .. }
            | Step::Shuffle { recipes }
            | Step::SomeOf { recipes, .. } => {
                for (branch, recipe) in recipes.iter().enumerate() {
                    list_parameters(recipe, &format!("{place}/{branch}"), rows);
                }
            }
        }
    }
}

fn parameter_value(value: &auricle_audio::declare::Value) -> Dynamic {
    to_script(value, |value| {
        value.inside::<Recipe>().cloned().map(Dynamic::from)
    })
}

fn steps_to_array(trace: &Trace) -> Dynamic {
    let step = |step: &auricle_audio::augment::TraceStep| {
        let mut values: Map = step
            .values
            .iter()
            .map(|(name, value)| (name.as_str().into(), (*value).into()))
            .collect();
        match step.recordings.as_slice() {
            [] => {}
            [one] => drop(values.insert("file".into(), one.file.clone().into())),
            several => {
                let names = several.iter().map(|drawn| drawn.file.clone().into());
                values.insert("files".into(), Dynamic::from_array(names.collect()));
            }
        }
        let mut map = Map::new();
        map.insert("place".into(), step.place.clone().into());
        map.insert("name".into(), step.name.clone().into());
        map.insert("values".into(), Dynamic::from_map(values));
        Dynamic::from_map(map)
    };
    Dynamic::from_array(trace.steps.iter().map(step).collect())
}

fn from_json(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("from_json", Topic::Session, move |call| {
        let functions = |source: &str| lambda::of_source(&environment, call, source);
        let text = call.get::<String>("text")?;
        let json: serde_json::Value =
            serde_json::from_str(&text).map_err(|error| ScriptError::new(format!("this is no JSON: {error}")))?;
        if let Some((name, body)) = json.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next()) {
            let parse = |error: serde_json::Error| ScriptError::new(format!("this is no trace: {error}"));
            match name.as_str() {
                "recipe" => {
                    let recipe = Recipe::from_json_with(body, &functions)?;
                    environment.tell_of_recordings(&recipe);
                    return Ok(Dynamic::from(recipe));
                }
                "views" => {
                    let views = Views::from_json_with(body, &functions)?;
                    views.recipes().iter().for_each(|recipe| environment.tell_of_recordings(recipe));
                    return Ok(Dynamic::from(views));
                }
                #[cfg(feature = "learn")]
                "layers" => return super::super::learn::layers_from_json(body),
                "signal" | "synth" | "patches" => {
                    return super::super::synth::from_json(name, body, &environment);
                }
                "distribution" => return Ok(Dynamic::from(Distribution::from_json(body)?)),
                "trace" => return Ok(Dynamic::from(serde_json::from_value::<Trace>(body.clone()).map_err(parse)?)),
                _ => {}
            }
        }
        Ok(from_plain(&json))
    })
    .in_session()
    .about("Reads a value back from JSON that `to_json` wrote; other JSON becomes numbers, strings, arrays and maps.")
    .param::<String>("text", "the JSON")
    .returns("value")
    .example("assert(from_json(\"{\\\"a\\\": [1, 2.5]}\").a[1] == 2.5)")
}

fn from_plain(json: &serde_json::Value) -> Dynamic {
    use serde_json::Value as Json;
    match json {
        Json::Null => Dynamic::UNIT,
        Json::Bool(flag) => (*flag).into(),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Json::String(text) => text.clone().into(),
        Json::Array(items) => Dynamic::from_array(items.iter().map(from_plain).collect()),
        Json::Object(map) => Dynamic::from_map(
            map.iter()
                .map(|(k, v)| (k.as_str().into(), from_plain(v)))
                .collect(),
        ),
    }
}
