//! The reference signals of synthesizers, rendered by scripts: what a script writer must be able to say.
//!
//! For every entry of the manifest a script is written that makes the module or architecture, gives it its patch, its
//! control signals and its noise, and renders it. Names, sizes and values are the manifest's, so that a folder of other cases
//! (`AURICLE_VECTORS`) is driven the same way.

use crate::golden::npy;
use crate::golden::vectors;
use auricle_session::{Session, Settings, script};
use serde_json::Value as Json;
use std::fmt::Write;
use std::sync::Arc;

fn manifest() -> Json {
    let path = vectors::synth().join("manifest.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn entries(kind: &str) -> Vec<Json> {
    let manifest = manifest();
    let all = manifest["entries"].as_array().unwrap().iter();
    let entries: Vec<Json> = all.filter(|entry| entry["kind"] == kind).cloned().collect();
    assert!(!entries.is_empty(), "no entry of kind {kind}");
    entries
}

/// A value as a script writes it.
fn literal(json: &Json) -> String {
    match json {
        Json::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| format!("{key:?}: {}", literal(value)));
            format!("#{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// The values of the leaves of a patch, in the order of a patch: by module, then by parameter, then by index.
fn in_order(params: &Json) -> Vec<f64> {
    fn numbers(json: &Json, out: &mut Vec<f64>) {
        match json {
            Json::Array(items) => items.iter().for_each(|item| numbers(item, out)),
            number => out.push(number.as_f64().unwrap()),
        }
    }
    let mut out = Vec::new();
    let mut modules: Vec<_> = params.as_object().unwrap().iter().collect();
    modules.sort_by_key(|(name, _)| name.as_str());
    for (_, parameters) in modules {
        let mut parameters: Vec<_> = parameters.as_object().unwrap().iter().collect();
        parameters.sort_by_key(|(name, _)| name.as_str());
        parameters
            .iter()
            .for_each(|(_, value)| numbers(&value["raw"], &mut out));
    }
    out
}

/// The samples that a script ends with.
fn samples(text: &str) -> Vec<f64> {
    let mut session = Session::new(Settings::default(), Arc::new(script::Silent)).unwrap();
    let outcome = session.eval("reference", text);
    let outcome = outcome.unwrap_or_else(|error| panic!("{}\n{text}", error.render(false)));
    let samples = outcome.value.into_array().unwrap();
    samples
        .into_iter()
        .map(|sample| sample.as_float().unwrap())
        .collect()
}

/// Compares what scripts render with the entries' signals, by the manifest's tolerances.
fn check(kind: &str, script_of: impl Fn(&Json) -> String) {
    let mut failed = Vec::new();
    let entries = entries(kind);
    for entry in &entries {
        let id = entry["id"].as_str().unwrap();
        let (_, want) = npy::read(&vectors::synth().join(entry["file"].as_str().unwrap()));
        let got = samples(&script_of(entry));
        assert_eq!(got.len(), want.len(), "{id}");
        let error = |power: i32| {
            want.iter()
                .zip(&got)
                .map(move |(x, y)| (x - y).abs().powi(power))
        };
        let (signal, noise): (f64, f64) = (want.iter().map(|x| x * x).sum(), error(2).sum());
        let snr = if noise == 0.0 {
            300.0
        } else {
            10.0 * (signal / noise).log10()
        };
        let max_abs = error(1).fold(0.0, f64::max);
        let library = entry["library_float32"]["snr_db"].as_f64().unwrap();
        let want_snr = entry["tolerance"]["snr_db"].as_f64().unwrap().max(library);
        if snr < want_snr || max_abs > entry["tolerance"]["max_abs"].as_f64().unwrap() {
            failed.push(format!("{id}: {snr:.1} dB of {want_snr} dB, {max_abs:.2e}"));
        }
    }
    assert!(failed.is_empty(), "of {}: {failed:#?}", entries.len());
}

/// `let NAME = curve([...]);` for a file of values.
fn given(text: &mut String, name: &str, file: &Json) {
    let path = vectors::synth().join(file.as_str().unwrap());
    let _ = writeln!(
        text,
        "let {name} = curve(load_npy({:?}).to_array());",
        path.to_str().unwrap()
    );
}

/// The text of a number of an entry, or of another.
fn number(entry: &Json, name: &str, other: f64) -> String {
    entry[name].as_f64().unwrap_or(other).to_string()
}

/// The options of `synth` that an entry asks for; a control signal is heard as it is at a sample rate that is its own.
fn form(entry: &Json, is_control: bool) -> String {
    let control_rate = &entry["control_rate"];
    let sample_rate = if is_control {
        control_rate
    } else {
        &entry["sample_rate"]
    };
    format!(
        "#{{ seconds: {}, sample_rate: {sample_rate}, control_rate: {control_rate} }}",
        entry["seconds"]
    )
}

fn module(entry: &Json) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "let note = keyboard(#{{ midi_f0: {}, duration: {} }});",
        number(entry, "midi_f0", 69.0),
        number(entry, "note_on_duration", 1.0)
    );
    let has_control = entry["control_in"].is_string();
    if has_control {
        given(&mut text, "control", &entry["control_in"]);
    }
    let kind = entry["module"].as_str().unwrap();
    // Without a signal that moves it, a depth is a number of the module and not one of the patch.
    let mut params = entry["params"].clone();
    let modulated = match (kind, has_control) {
        ("LFO", true) => "rate: control".to_owned(),
        ("SineVCO" | "SquareSawVCO", true) => "pitch: control".to_owned(),
        ("LFO" | "SineVCO" | "SquareSawVCO", false) => {
            let depth = params.as_object_mut().unwrap().remove("mod_depth").unwrap();
            format!("mod_depth: {}", depth["value"])
        }
        _ => String::new(),
    };
    let mut patch = format!("#{{ it: {} }}", literal(&params));
    let is_control = matches!(kind, "ADSR" | "LFO");
    let graph = match kind {
        "ADSR" => "adsr(#{ note: note }).named(\"it\")".to_owned(),
        "LFO" => format!("lfo(#{{ {modulated} }}).named(\"it\")"),
        "SineVCO" => format!("sine(#{{ note: note, {modulated} }}).named(\"it\")"),
        "SquareSawVCO" => format!("square_saw(#{{ note: note, {modulated} }}).named(\"it\")"),
        "ModulationMixer" => return matrix(entry, &patch),
        "ControlRateUpsample" => {
            patch = "#{}".into();
            "control".to_owned()
        }
        "FmVCO" => {
            let mut modulator = entry["modulator_params"].clone();
            modulator.as_object_mut().unwrap().remove("mod_depth");
            let (it, modulator) = (literal(&entry["params"]), literal(&modulator));
            patch = format!("#{{ it: {it}, modulator: {modulator} }}");
            let _ = writeln!(
                text,
                "let modulator = sine(#{{ note: note }}).named(\"modulator\") * control;"
            );
            "fm(modulator, #{ note: note }).named(\"it\")".to_owned()
        }
        "LPF" => {
            patch = "#{}".into();
            let hz = |index: usize| entry["cutoff_hz"][index].as_f64().unwrap();
            format!(
                "one_pole(noise_source(), #{{ modulation: control, cutoff_hz: {}, depth_hz: {} }})",
                hz(0),
                hz(1) - hz(0)
            )
        }
        "AudioMixer" => {
            let fixed = |midi: u32| {
                format!(
                    "note: keyboard(#{{ midi_f0: {midi}, duration: 1 }}), tuning: 0, initial_phase: 0"
                )
            };
            format!(
                "mixer([sine(#{{ {} }}), square_saw(#{{ {}, shape: 0.5 }}), noise_source()]).named(\"it\")",
                fixed(60),
                fixed(48)
            )
        }
        other => panic!("a module that is not known: {other}"),
    };
    let options = match kind {
        "LPF" | "AudioMixer" => {
            let rate = &entry["sample_rate"];
            let noise = vectors::synth().join(format!("noise_{rate}.npy"));
            format!(", #{{ noise: wave(load_npy({noise:?}).to_array(), {rate}) }}")
        }
        _ => String::new(),
    };
    let _ = writeln!(text, "let s = synth({graph}, {});", form(entry, is_control));
    let _ = writeln!(text, "let p = s.patches({patch});");
    let _ = writeln!(text, "s.render(p{options})[0].samples()");
    text
}

/// The outputs of a matrix, one behind another.
fn matrix(entry: &Json, patch: &str) -> String {
    let path = vectors::synth().join(entry["controls_in"].as_str().unwrap());
    format!(
        "let inputs = load_npy({:?}).to_array().map(|row| curve(row));\n\
         let m = mod_matrix(inputs, #{{ outputs: {outputs} }}).named(\"it\");\n\
         let all = [];\n\
         for output in 0..{outputs} {{\n\
             let s = synth(m[output], {form});\n\
             all += s.render(s.patches({patch}))[0].samples();\n\
         }}\n\
         all",
        path.to_str().unwrap(),
        outputs = entry["shape"][0],
        form = form(entry, true),
    )
}

fn architecture(entry: &Json) -> String {
    let form = form(entry, false);
    let name = entry["architecture"].as_str().unwrap();
    let synth = match (name, entry["library"].as_str().unwrap()) {
        ("Voice", "torchsynth") => format!("torchsynth_voice({form})"),
        ("Voice", _) => format!("voice({form})"),
        ("VoiceFM", _) => format!("voice_fm({form})"),
        (name, _) => {
            let counts: Vec<char> = name
                .strip_prefix("ParametricSynth-")
                .unwrap()
                .chars()
                .collect();
            format!(
                "parametric_synth({form} + #{{ sine: {}, square_saw: {}, fm_sine: {}, fm_square_saw: {} }})",
                counts[0], counts[1], counts[2], counts[3]
            )
        }
    };
    let noise = vectors::synth().join(entry["noise"].as_str().unwrap());
    format!(
        "let s = {synth};\n\
         let p = s.patches({patch});\n\
         assert(s.patches({in_order:?}) == p);\n\
         let noise = wave(load_npy({:?}).to_array(), s.sample_rate);\n\
         s.render(p, #{{ noise: noise }})[0].samples()",
        noise.to_str().unwrap(),
        patch = literal(&entry["params"]),
        in_order = in_order(&entry["params"]),
    )
}

#[test]
fn scripts_render_every_module_of_the_reference() {
    check("module", module);
}

#[test]
fn scripts_render_every_architecture_of_the_reference() {
    check("arch", architecture);
}

/// Raw values become what the libraries say, given by name and read back.
#[test]
fn scripts_map_raw_values_as_the_libraries_do() {
    let extra = &manifest()["extras"]["parameter_mapping"];
    let raw = &extra["raw"];
    for case in extra["cases"].as_array().unwrap() {
        let (module, parameter) = case["parameter"]
            .as_str()
            .unwrap()
            .rsplit_once('.')
            .unwrap();
        let (graph, name) = match module {
            "MonophonicKeyboard" => ("sine() * adsr()", format!("keyboard.{parameter}")),
            "ADSR" => ("sine() * adsr()", format!("adsr.{parameter}")),
            "LFO" => (
                "sine() * lfo(#{ rate: curve([1]) })",
                format!("lfo.{parameter}"),
            ),
            "SineVCO" => ("sine(#{ pitch: lfo() })", format!("sine.{parameter}")),
            "SquareSawVCO" => (
                "square_saw(#{ pitch: lfo() })",
                format!("square_saw.{parameter}"),
            ),
            "FmVCO" => ("fm(noise_source())", format!("fm.{parameter}")),
            "ModulationMixer" => (
                "sine() * mod_matrix([lfo()])[0]",
                "mod_matrix.mod[0][0]".into(),
            ),
            "AudioMixer" => ("mixer([sine()])", "mixer.level[0]".into()),
            "torchsynth.mixer" => ("torchsynth_voice().graph", "mixer.level[2]".into()),
            other => panic!("a module that is not known: {other}"),
        };
        let got = samples(&format!(
            "let s = synth({graph}); let name = \"{name}\";\n\
             let at = s.parameters().map(|p| p.name).index_of(name);\n\
             let rows = []; for x in {raw} {{ let row = s.sample(1).raw()[0]; row[at] = x; rows.push(row); }}\n\
             s.patches(rows).values().map(|p| p[name])"
        ));
        let span = case["maximum"].as_f64().unwrap() - case["minimum"].as_f64().unwrap();
        for (got, want) in got.iter().zip(case["value"].as_array().unwrap()) {
            let error = (got - want.as_f64().unwrap()).abs() / span;
            let tolerance = extra["tolerance_relative_to_range"].as_f64().unwrap();
            assert!(error <= tolerance, "{module}.{parameter}: {got} {want}");
        }
    }
}

#[test]
fn scripts_select_and_perturb_as_the_libraries_do() {
    let manifest = manifest();
    let selectors = &manifest["extras"]["selectors"];
    let (modes, n) = (
        &selectors["mode_raw"],
        selectors["mode_raw"].as_array().unwrap().len(),
    );
    for name in ["soft", "hard"] {
        let got = samples(&format!(
            "let weights = [];\n\
             for place in 0..{n} {{\n\
                 let inputs = []; for other in 0..{n} {{ inputs.push(curve([if other == place {{ 1 }} else {{ 0 }}])); }}\n\
                 let s = synth({name}_select(inputs).named(\"it\"), #{{ seconds: 0.01 }});\n\
                 weights.push(s.render(s.patches(#{{ it: #{{ mode: {modes} }} }}))[0].samples()[7]);\n\
             }}\n\
             weights"
        ));
        for (got, want) in got.iter().zip(selectors[name].as_array().unwrap()) {
            let error = (got - want.as_f64().unwrap()).abs();
            assert!(
                error <= selectors["tolerance_abs"].as_f64().unwrap(),
                "{name}: {got} {want}"
            );
        }
    }
    let extra = &manifest["extras"]["doppelganger"];
    for (normal, expected) in extra["normal"]
        .as_array()
        .unwrap()
        .iter()
        .zip(extra["expected"].as_array().unwrap())
    {
        let got = samples(&format!(
            "voice().patches({}).moved([{normal}.map(|z| {} * z)]).raw()[0]",
            extra["raw"], extra["delta"]
        ));
        for (got, want) in got.iter().zip(expected.as_array().unwrap()) {
            let error = (got - want.as_f64().unwrap()).abs();
            assert!(
                error <= extra["tolerance_abs"].as_f64().unwrap(),
                "{got} {want}"
            );
        }
    }
}
