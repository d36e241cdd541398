//! Synthesized pairs as what a method is trained on.

use super::super::audio::players;
use super::super::synth::{DELTA, perturbation, units, with_units};
use crate::script::{Call, Function, Parts, ScriptError, ScriptValue, Topic, escape};
use auricle_audio::Waveform;
use auricle_learn::feed::{Pairs, Supply};
use auricle_synth::{Perturbation, Synth, Units};
use rhai::{Dynamic, Map};

impl ScriptValue for Pairs {
    const NAME: &'static str = "pairs";

    fn text(&self) -> String {
        self.describe()
    }

    /// The first pairs of each synthesizer, with players.
    fn parts(&self) -> Parts {
        let mut page = format!("<p>{}</p>", escape(&self.describe()));
        for (name, synth) in &self.synths {
            if synth.options().seconds > LONGEST_S {
                continue;
            }
            let Ok(heard) = pairs_of(synth, &self.delta, self.units) else {
                return Vec::new();
            };
            for (index, [a, b]) in heard.iter().enumerate() {
                page += &format!("<h4>{} {index}</h4>", escape(name));
                page += &players(&[("a", a), ("b", b)]);
            }
        }
        vec![("text/html", page.into())]
    }
}

/// Pairs that are heard where a supply of them is shown, and the longest sounds that are made for it.
const HEARD: usize = 2;
const LONGEST_S: f64 = 30.0;

/// Some pairs of a synthesizer, those of seed 0.
fn pairs_of(
    synth: &Synth,
    delta: &Perturbation,
    units: Units,
) -> Result<Vec<[Waveform; 2]>, ScriptError> {
    let (a, b) = synth.doppelgangers(HEARD, delta, 0, 0, units)?;
    let both =
        (0..HEARD).map(|index| Ok([synth.render_one(&a, index)?, synth.render_one(&b, index)?]));
    both.collect()
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        with_options(Function::new("pairs", Topic::Synthesis, |call| {
            let synth = call.receiver::<Synth>()?;
            of_synths(call, vec![("synthesizer".to_owned(), synth)])
        })
        .on::<Synth>())
        .example(
            "let s = voice(#{ seconds: 0.5, sample_rate: 8000 }); let model = resnet18(#{ width: 4 }); \
             let run = simclr(model, s.pairs(#{ delta: 0.1, steps: 2 }), \
             #{ recipe: views(2, log_mel(#{ n_mels: 16 })), batch: 4, epochs: 1, out: () }); \
             assert(run.fit().losses.len() == 1)",
        ),
        with_options(
            Function::new("pairs", Topic::Synthesis, |call| {
                let named = call.get::<Map>("synthesizers")?.into_iter();
                let synths = named.map(|(name, value)| match value.try_cast::<Synth>() {
                    Some(synth) => Ok((name.to_string(), synth)),
                    None => Err(call.wrong("synthesizers", "a map of synthesizers by name")),
                });
                of_synths(call, synths.collect::<Result<_, _>>()?)
            })
            .param::<Map>("synthesizers", "a map of synthesizers by name; the name is the label of a sound")
            .may_be_map("synthesizers"),
        )
        .example(
            "let form = #{ seconds: 0.2, sample_rate: 8000 }; \
             print(pairs(#{ voice: voice(form), fm: voice_fm(form) }, #{ steps: 10 }))",
        ),
    ]
}

fn with_options(function: Function) -> Function {
    let function = function
        .about(
            "Supplies a method with positive pairs that are made when they are wanted: each is a patch that is \
             perturbed twice. Nothing is stored, and every epoch has new ones.",
        )
        .note("source: Cherep & Singh, \"Contrastive Learning from Synthetic Audio Doppelgängers\", 2024")
        .option::<Dynamic>("delta", 0.25, DELTA)
        .option::<usize>("steps", STEPS as i64, "batches of an epoch");
    with_units(function).returns("pairs")
}

/// Batches of an epoch where none are told: the paper's.
const STEPS: usize = 117;

fn of_synths(call: &Call<'_>, synths: Vec<(String, Synth)>) -> Result<Dynamic, ScriptError> {
    let (delta, steps) = (perturbation(call)?, call.get("steps")?);
    Ok(Dynamic::from(Pairs::new(
        synths,
        delta,
        units(call)?,
        steps,
    )?))
}
