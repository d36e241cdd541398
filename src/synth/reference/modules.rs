//! Single modules.

use super::{array, check_all, entries};
use crate::modules::{
    adsr, curve, fm, keyboard, lfo, mixer, mod_matrix, noise_source, one_pole, sine, square_saw,
};
use crate::{Error, Options, Patches, Playback, Signal, Synth, SynthOptions};
use auricle_audio::declare::Value;
use serde_json::{Value as Json, json};

/// A given control signal.
fn given(values: &[f32]) -> Signal {
    let values = values.iter().map(|&value| f64::from(value)).collect();
    curve(Options::new().value("values", Value::Numbers(values))).unwrap()
}

/// The control signal of an entry, if it has one.
fn control_in(entry: &Json) -> Option<Signal> {
    entry["control_in"].as_str().map(|name| given(&array(name)))
}

fn note(entry: &Json) -> Signal {
    let number = |name: &str, other: f64| entry[name].as_f64().unwrap_or(other);
    let options = Options::new()
        .number("midi_f0", number("midi_f0", 69.0))
        .number("duration", number("note_on_duration", 1.0));
    keyboard(options).unwrap()
}

/// An oscillator of an entry, its parameters free.
fn oscillator(
    make: fn(Options) -> Result<Signal, Error>,
    entry: &Json,
    pitch: Option<Signal>,
    name: &str,
) -> Signal {
    // Without modulation the depth of the reference still limits the harmonics, so it is connected to a silent signal.
    let pitch = pitch.unwrap_or_else(|| Signal::number(0.0).unwrap());
    let is_modulated = entry["control_in"].is_string();
    let options = Options::new().signal("note", &note(entry));
    let options = match is_modulated {
        true => options.signal("pitch", &pitch),
        false => options,
    };
    make(options).unwrap().named(name).unwrap()
}

/// The numbers of a fixed oscillator of the mixer's entries.
fn fixed(make: fn(Options) -> Result<Signal, Error>, midi_f0: f64, shape: Option<f64>) -> Signal {
    let note = keyboard(
        Options::new()
            .number("midi_f0", midi_f0)
            .number("duration", 1.0),
    );
    let options = Options::new()
        .signal("note", &note.unwrap())
        .number("tuning", 0.0)
        .number("initial_phase", 0.0);
    let options = match shape {
        Some(shape) => options.number("shape", shape),
        None => options,
    };
    make(options).unwrap()
}

/// The graph of an entry, whether it runs at control rate, and the parameters of its modules.
fn graph(entry: &Json) -> (Vec<Signal>, bool, Json) {
    let mut params = json!({ "it": entry["params"] });
    let (signals, is_control) = match entry["module"].as_str().unwrap() {
        "ADSR" => (
            vec![adsr(Options::new().signal("note", &note(entry)))],
            true,
        ),
        "LFO" => {
            let options = match control_in(entry) {
                Some(rate) => Options::new().signal("rate", &rate),
                None => Options::new(),
            };
            (vec![lfo(options)], true)
        }
        "ModulationMixer" => {
            let values = array(entry["controls_in"].as_str().unwrap());
            let shape = |axis: usize| entry["shape"][axis].as_u64().unwrap() as usize;
            let inputs: Vec<Signal> = values.chunks_exact(shape(1)).map(given).collect();
            let options = Options::new().signals("inputs", &inputs);
            let matrix = mod_matrix(options.number("outputs", shape(0) as f64)).unwrap();
            let matrix = matrix.named("it").unwrap();
            let outputs = (0..shape(0)).map(|index| matrix.output(index));
            return (outputs.map(Result::unwrap).collect(), true, params);
        }
        "ControlRateUpsample" => {
            let silence = noise_source(Options::new()).unwrap().scaled(0.0).unwrap();
            return (
                vec![(&control_in(entry).unwrap() + &silence).unwrap()],
                false,
                params,
            );
        }
        "SineVCO" => {
            return (
                vec![oscillator(sine, entry, control_in(entry), "it")],
                false,
                params,
            );
        }
        "SquareSawVCO" => {
            return (
                vec![oscillator(square_saw, entry, control_in(entry), "it")],
                false,
                params,
            );
        }
        "FmVCO" => {
            let options = Options::new().signal("note", &note(entry));
            let tone = sine(options).unwrap().named("modulator").unwrap();
            params["modulator"] = entry["modulator_params"].clone();
            let modulator = (&tone * &control_in(entry).unwrap()).unwrap();
            let options = Options::new().signal("modulator", &modulator);
            (vec![fm(options.signal("note", &note(entry)))], false)
        }
        "LPF" => {
            let cutoff = |index: usize| entry["cutoff_hz"][index].as_f64().unwrap();
            let options = Options::new()
                .signal("input", &noise_source(Options::new()).unwrap())
                .signal("modulation", &control_in(entry).unwrap())
                .number("cutoff_hz", cutoff(0))
                .number("depth_hz", cutoff(1) - cutoff(0));
            (vec![one_pole(options)], false)
        }
        "AudioMixer" => {
            let noise = noise_source(Options::new()).unwrap();
            let inputs = [
                fixed(sine, 60.0, None),
                fixed(square_saw, 48.0, Some(0.5)),
                noise,
            ];
            (
                vec![mixer(Options::new().signals("inputs", &inputs))],
                false,
            )
        }
        other => panic!("a module that is not known: {other}"),
    };
    let named = signals
        .into_iter()
        .map(|signal| signal.unwrap().named("it").unwrap());
    (named.collect(), is_control, params)
}

fn render(entry: &Json) -> Vec<f32> {
    let (signals, is_control, params) = graph(entry);
    let control_rate = entry["control_rate"].as_u64().unwrap() as u32;
    let options = SynthOptions {
        seconds: entry["seconds"].as_f64().unwrap(),
        // A control signal at a sample rate that is the control rate is heard as it is.
        sample_rate: match is_control {
            true => control_rate,
            false => entry["sample_rate"].as_u64().unwrap() as u32,
        },
        control_rate,
        normalize: false,
    };
    let playback = Playback {
        noise: Some(array("noise_44100.npy").into()),
        scalar: false,
    };
    let mut rendered = Vec::new();
    for signal in signals {
        let synth = Synth::new(&signal, options).unwrap();
        let parameters = synth.patches(Vec::new()).unwrap().parameters().clone();
        let patch = match synth.parameters().is_empty() {
            true => synth.sample(1, 0, 0, crate::Units::Raw),
            false => Patches::from_json(parameters, &params).unwrap(),
        };
        let mut out = vec![0.0; synth.n_samples()];
        synth.render_into(&patch, &playback, &mut out).unwrap();
        rendered.extend(out);
    }
    rendered
}

#[test]
fn modules_agree_with_the_libraries() {
    let entries = entries("module").into_iter();
    check_all(entries.map(|entry| (entry.clone(), render(&entry))));
}
