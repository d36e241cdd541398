//! Patches: the values that sounds of a synthesizer have.

use super::super::Environment;
use super::super::audio::players;
use super::synthesizer::{DELTA, ordered, perturbation, with_order};
use crate::script::{FromScript, Function, Parts, ScriptError, ScriptValue, Topic};
use auricle_audio::Waveform;
use auricle_synth::{FreeParameter, Patches, Synth};
use rhai::{Array, Dynamic, Engine, EvalAltResult, Map};
use std::path::Path;
use std::sync::Arc;

impl ScriptValue for Patches {
    const NAME: &'static str = "patches";

    fn text(&self) -> String {
        let sounds = match self.len() {
            1 => "1 patch".to_owned(),
            n => format!("{n} patches"),
        };
        format!("{sounds} of {} parameters", self.width())
    }

    fn json(&self) -> Option<serde_json::Value> {
        super::json::of_patches(self)
    }

    /// Their sounds, if they are not too long to be made when somebody looks.
    fn parts(&self) -> Parts {
        let Some(synth) = self.synth() else {
            return Vec::new();
        };
        let shown = self.len().min(MOST_PLAYERS);
        if shown as f64 * synth.options().seconds > MOST_SECONDS {
            return Vec::new();
        }
        let sounds = (0..shown).map(|index| synth.render_one(self, index));
        let Ok(sounds) = sounds.collect::<Result<Vec<_>, _>>() else {
            return Vec::new();
        };
        let named: Vec<(String, &Waveform)> = sounds
            .iter()
            .enumerate()
            .map(|(index, wave)| (format!("patch {index}"), wave))
            .collect();
        let named: Vec<(&str, &Waveform)> =
            named.iter().map(|(name, wave)| (&**name, *wave)).collect();
        let more = match self.len() - shown {
            0 => String::new(),
            n => format!("<p>… and {n} more</p>"),
        };
        vec![(
            "text/html",
            format!("<p>{}</p>{}{more}", self.text(), players(&named)).into(),
        )]
    }

    fn same(&self, other: &Patches) -> Option<bool> {
        Some(self == other)
    }
}

/// Patches that have a player where they are shown, and seconds of sound that are made for it.
const MOST_PLAYERS: usize = 6;
const MOST_SECONDS: f64 = 60.0;

/// `p[3]` and `p[-1]` are patches of one, and `for patch in p` goes through them.
pub(super) fn register(engine: &mut Engine) {
    engine.register_indexer_get(
        |patches: &mut Patches, index: i64| -> Result<Patches, Box<EvalAltResult>> {
            let n = patches.len() as i64;
            let at = if index < 0 { index + n } else { index };
            if !(0..n).contains(&at) {
                let message = format!("there is no patch {index}: there are {n}");
                let hint = "indices go from 0, or from -1 at the end";
                return Err(ScriptError::new(message).hint(hint).into());
            }
            let one = patches.select(&[at as usize]);
            one.map_err(|error| ScriptError::from(error).into())
        },
    );
    engine.register_iterator::<Patches>();
}

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    vec![
        len(),
        raw(),
        values(),
        set(),
        perturb(environment),
        moved(),
        joined(),
        save(),
        load(),
    ]
}

const SMALL: &str = "let s = synth(sine(#{ initial_phase: 0 }), #{ seconds: 0.1 }); \
    let p = s.sample(4, #{ seed: 1 }); ";

fn example(rest: &str) -> String {
    SMALL.to_owned() + rest
}

fn len() -> Function {
    Function::new("len", Topic::Synthesis, |call| {
        Ok(call.receiver::<Patches>()?.len() as i64)
    })
    .on::<Patches>()
    .about("Counts the patches.")
    .returns("number")
    .example(example("assert(p.len() == 4)"))
}

fn raw() -> Function {
    Function::new("raw", Topic::Synthesis, |call| {
        let patches = call.receiver::<Patches>()?;
        let row = |index| {
            let values = patches.row(index).iter();
            Dynamic::from_array(
                values
                    .map(|&value| f64::from(value).into())
                    .collect::<Array>(),
            )
        };
        Ok(Dynamic::from_array((0..patches.len()).map(row).collect()))
    })
    .on::<Patches>()
    .about(
        "Gives the raw values in [0, 1]: an array for each patch, in the order of `parameters()`.",
    )
    .returns("array")
    .example(example("assert(s.patches(p.raw()).raw() == p.raw())"))
}

fn values() -> Function {
    Function::new("values", Topic::Synthesis, |call| {
        let patches = call.receiver::<Patches>()?;
        let names: Vec<String> = patches
            .parameters()
            .iter()
            .map(ToString::to_string)
            .collect();
        let row = |index| {
            let values = names.iter().zip(patches.values(index));
            let map: Map = values
                .map(|(name, value)| (name.as_str().into(), value.into()))
                .collect();
            Dynamic::from_map(map)
        };
        Ok(Dynamic::from_array((0..patches.len()).map(row).collect()))
    })
    .on::<Patches>()
    .about("Gives the values in human units: a map by the parameters' names for each patch.")
    .returns("array")
    .example(example(
        "assert_near(p.set(\"sine.tuning\", 7).values()[0][\"sine.tuning\"], 7, 1e-5)",
    ))
}

fn set() -> Function {
    Function::new("set", Topic::Synthesis, |call| {
        let name = call.get::<String>("name")?;
        let patches = call.receiver::<Patches>()?;
        Ok(Dynamic::from(patches.set(&name, call.get("value")?)?))
    })
    .on::<Patches>()
    .about("Sets a parameter in all of the patches, in human units.")
    .param::<String>("name", "a parameter as `parameters()` names it; of several numbers, all (`mixer.level`) or one (`mixer.level[0]`)")
    .param::<f64>("value", "its value")
    .returns("patches")
    .example(example("let q = p.set(\"sine.tuning\", 7); assert(q != p && q.len() == 4)"))
}

fn perturb(environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    Function::new("perturb", Topic::Synthesis, move |call| {
        let patches = call.receiver::<Patches>()?;
        let seed = call.get::<Option<u64>>("seed")?;
        let seed = seed.unwrap_or_else(|| environment.seed());
        let moved = patches.perturb(&perturbation(call)?, seed, call.get("view")?)?;
        Ok(Dynamic::from(moved))
    })
    .on::<Patches>()
    .about("Moves patches by normal draws in raw units, and clips them to [1e-6, 1].")
    .param::<Dynamic>("delta", DELTA)
    .option::<Option<u64>>("seed", (), "seed of the draws; the session's if not given")
    .option::<u64>("view", 0_i64, "which of several views of a patch it is")
    .note("source: Cherep & Singh, \"Contrastive Learning from Synthetic Audio Doppelgängers\", 2024, and its code")
    .returns("patches")
    .example(example(
        "assert(p.perturb(0.1, #{ seed: 1 }) == p.perturb(0.1, #{ seed: 1 })); \
         assert(p.perturb(#{ \"sine.tuning\": 0.1 }, #{ seed: 1 }) != p)",
    ))
}

fn moved() -> Function {
    Function::new("moved", Topic::Synthesis, |call| {
        let patches = call.receiver::<Patches>()?;
        let wanted = "an array of numbers for each patch";
        let mut steps = Vec::new();
        for row in call.get::<Array>("steps")? {
            let row = Vec::<f64>::from_script(&row).ok_or_else(|| call.wrong("steps", wanted))?;
            steps.extend(row);
        }
        Ok(Dynamic::from(patches.moved(&steps)?))
    })
    .on::<Patches>()
    .about("Moves patches by given steps in raw units, clipped to [1e-6, 1] as `perturb` clips.")
    .param::<Array>(
        "steps",
        "an array for each patch, of a step for each parameter",
    )
    .returns("patches")
    .example(example(
        "let q = p[0].moved([p.raw()[0].map(|x| 0.1)]); assert(q.raw()[0][0] >= p.raw()[0][0])",
    ))
}

fn joined() -> Function {
    Function::operator::<Patches, Patches, _>("+", Topic::Synthesis, |call| {
        let (left, right) = (call.value::<Patches>("left")?, call.value("right")?);
        Ok(Dynamic::from(left.joined(&right)?))
    })
    .about("Puts patches behind others of the same synthesizer.")
    .returns("patches")
    .example(example("assert((p[0] + p[-1]).len() == 2)"))
}

fn save() -> Function {
    Function::new("save", Topic::Synthesis, |call| {
        let path = call.get::<String>("path")?;
        call.receiver::<Patches>()?.save(Path::new(&path))?;
        Ok(())
    })
    .on::<Patches>()
    .about("Saves patches: as JSON with names and values, as `.npy` of raw values [n, P], or as safetensors.")
    .param::<String>("path", "a file that ends in `.json`, `.npy` or `.safetensors`")
    .example(example(
        "let file = temporary_folder() + \"/p.json\"; p.save(file); assert(s.load(file) == p)",
    ))
}

fn load() -> Function {
    let function = Function::new("load", Topic::Synthesis, |call| {
        let path = call.get::<String>("path")?;
        let synth = call.receiver::<Synth>()?;
        let parameters: Arc<[FreeParameter]> = synth.parameters().into();
        let patches = Patches::load(parameters, Path::new(&path))?.of_synth(&synth);
        // Names in a file say more than an order.
        let has_names = !path.ends_with(".npy");
        Ok(Dynamic::from(match has_names {
            true => patches,
            false => ordered(call, patches)?,
        }))
    })
    .on::<Synth>()
    .about("Loads patches that were saved, or made elsewhere: by name as JSON, in an order as `.npy` of raw values [n, P].")
    .note("JSON may nest modules and parameters as SynthAX does, or have torchsynth's names (`mixer.noise`, `mod_matrix.lfo_1->vco_1_pitch`)")
    .param::<String>("path", "a file that ends in `.json`, `.npy` or `.safetensors`");
    with_order(function).returns("patches")
    .reads_data()
    .example(example(
        "let file = temporary_folder() + \"/p.npy\"; p.save(file); assert(s.load(file).raw() == p.raw())",
    ))
}
