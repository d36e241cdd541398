//! Published synthesizers.

use super::synthesizer::{options, with_options};
use crate::script::{Call, Function, ScriptError, Topic};
use auricle_synth::architecture::{self, Voices};
use auricle_synth::{Error, Signal, Synth};
use rhai::Dynamic;

pub(super) fn functions() -> Vec<Function> {
    vec![
        published("voice", architecture::voice)
            .about("Makes SynthAX's Voice: two oscillators and noise under a matrix of envelopes and LFOs, 78 parameters.")
            .note("source: Cherep & Singh, \"SynthAX\", 2023")
            .example("let s = voice(#{ seconds: 1, sample_rate: 16000, control_rate: 480 }); assert(s.n_parameters == 78)"),
        published("torchsynth_voice", architecture::torchsynth_voice)
            .about("Makes torchsynth's Voice: as `voice`, but with a curve that leaves its noise silent most of the time.")
            .note("source: Turian et al., \"One Billion Audio Sounds from GPU-enabled Modular Synthesis\", 2021")
            .example("assert(torchsynth_voice().n_parameters == 78)"),
        published("voice_fm", architecture::voice_fm)
            .about("Makes SynthAX's VoiceFM: a sine, a square or saw and an FM oscillator, 130 parameters.")
            .note("source: Cherep & Singh, \"SynthAX\", 2023; its code calls it `VoiceExpanded`")
            .example("assert(voice_fm().n_parameters == 130)"),
        parametric(),
    ]
}

/// The function of an architecture without choices of its own.
fn published(
    name: &'static str,
    graph: impl Fn() -> Result<Signal, Error> + Send + Sync + 'static,
) -> Function {
    let function = Function::new(name, Topic::Synthesis, move |call| build(call, graph()?));
    with_options(function)
}

fn build(call: &Call<'_>, graph: Signal) -> Result<Dynamic, ScriptError> {
    Ok(Dynamic::from(Synth::new(&graph, options(call)?)?))
}

fn parametric() -> Function {
    let default = Voices::default();
    let function = Function::new("parametric_synth", Topic::Synthesis, |call| {
        let graph = architecture::parametric_synth(Voices {
            sine: call.get("sine")?,
            square_saw: call.get("square_saw")?,
            fm_sine: call.get("fm_sine")?,
            fm_square_saw: call.get("fm_square_saw")?,
        })?;
        build(call, graph)
    })
    .about("Makes SynthAX's ParametricSynth: any number of voices, each with its own note, envelope and LFO.")
    .note("source: Cherep & Singh, \"SynthAX\", 2023. (1, 1, 1, 0) has 134 parameters, (2, 2, 1, 1) 340")
    .option::<usize>("sine", default.sine as i64, "number of sines")
    .option::<usize>("square_saw", default.square_saw as i64, "number of oscillators between square and saw")
    .option::<usize>("fm_sine", default.fm_sine as i64, "number of FM oscillators with a sine as modulator")
    .option::<usize>(
        "fm_square_saw",
        default.fm_square_saw as i64,
        "number of FM oscillators with a modulator between square and saw",
    );
    with_options(function).example(
        "assert(parametric_synth().n_parameters == 134); \
         assert(parametric_synth(#{ sine: 2, square_saw: 2, fm_square_saw: 1 }).n_parameters == 340)",
    )
}
