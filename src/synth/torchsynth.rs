//! Names and order of the parameters of torchsynth's Voice, so that patches made there load.

use crate::{Error, FreeParameter, Patches};

/// Parameters of Voice.
const VOICE: usize = 78;

const ADSR: &[&str] = &["attack", "decay", "sustain", "release", "alpha"];
const LFO: &[&str] = &[
    "frequency",
    "mod_depth",
    "initial_phase",
    "sin",
    "tri",
    "saw",
    "rsaw",
    "sqr",
];
/// What the matrix reads and gives, and what is mixed: numbers that are parameters of their own there.
const INPUTS: [&str; 4] = ["adsr_1", "adsr_2", "lfo_1", "lfo_2"];
const OUTPUTS: [&str; 5] = [
    "vco_1_pitch",
    "vco_1_amp",
    "vco_2_pitch",
    "vco_2_amp",
    "noise_amp",
];
const MIXED: [&str; 3] = ["vco_1", "vco_2", "noise"];

/// The modules with their parameters in the order of torchsynth's `parameters()`, which is that of its batches; the matrix and
/// the mixer by their own names. torchsynth 1.0.2, `Voice.__init__`.
const ORDER: &[(&str, &[&str])] = &[
    ("keyboard", &["midi_f0", "duration"]),
    ("adsr_1", ADSR),
    ("adsr_2", ADSR),
    ("lfo_1", LFO),
    ("lfo_2", LFO),
    ("lfo_1_amp_adsr", ADSR),
    ("lfo_2_amp_adsr", ADSR),
    ("lfo_1_rate_adsr", ADSR),
    ("lfo_2_rate_adsr", ADSR),
    ("mod_matrix", &[]),
    ("vco_1", &["tuning", "mod_depth", "initial_phase"]),
    ("vco_2", &["tuning", "mod_depth", "initial_phase", "shape"]),
    ("mixer", &[]),
];

/// The name that torchsynth gives a parameter of its Voice where it is another than ours.
pub(crate) fn name_of(parameters: &[FreeParameter], parameter: &FreeParameter) -> Option<String> {
    if parameters.len() != VOICE {
        return None;
    }
    match (parameter.kind, &parameter.index[..]) {
        ("mixer", &[input]) => Some(format!("{}.{}", parameter.module, MIXED.get(input)?)),
        ("mod_matrix", &[output, input]) => Some(format!(
            "{}.{}->{}",
            parameter.module,
            INPUTS.get(input)?,
            OUTPUTS.get(output)?
        )),
        _ => None,
    }
}

/// Our names in torchsynth's order.
fn names() -> Vec<String> {
    let mut names = Vec::with_capacity(VOICE);
    for (module, parameters) in ORDER {
        match *module {
            "mod_matrix" => {
                for input in 0..INPUTS.len() {
                    let outputs = 0..OUTPUTS.len();
                    names.extend(outputs.map(|output| format!("{module}.mod[{output}][{input}]")));
                }
            }
            "mixer" => {
                names.extend((0..MIXED.len()).map(|input| format!("{module}.level[{input}]")))
            }
            module => names.extend(parameters.iter().map(|name| format!("{module}.{name}"))),
        }
    }
    names
}

impl Patches {
    /// The same patches of Voice, whose values stand in the order of torchsynth's `parameters()` and of the second result of
    /// its `Voice.forward`, in the order of ours.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] if they are of another synthesizer.
    pub fn from_torchsynth_order(&self) -> Result<Patches, Error> {
        let ours: Vec<String> = self.parameters().iter().map(ToString::to_string).collect();
        let places = names()
            .iter()
            .map(|name| ours.iter().position(|own| own == name))
            .collect();
        let places: Option<Vec<usize>> = places;
        let Some(places) = places.filter(|places| places.len() == ours.len()) else {
            let want = "torchsynth's Voice or SynthAX's, whose parameters are the same";
            return Err(auricle_audio::Error::range("synthesizer", want, "another one").into());
        };
        let mut raw = vec![0.0; self.raw().len()];
        for index in 0..self.len() {
            for (&value, &place) in self.row(index).iter().zip(&places) {
                raw[index * places.len() + place] = value;
            }
        }
        self.with_raw(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Synth, SynthOptions, Units, architecture};

    #[test]
    fn every_parameter_of_voice_has_one_place() {
        let graph = architecture::torchsynth_voice().unwrap();
        let synth = Synth::new(&graph, SynthOptions::default()).unwrap();
        let names = names();
        let place = |name: &str| names.iter().position(|other| other == name).unwrap();
        // As torchsynth 1.0.2 lists them: `mod_matrix.adsr_1->vco_1_amp` is the 50th, `mixer.noise` the last.
        assert_eq!(place("keyboard.midi_f0"), 0);
        assert_eq!(place("mod_matrix.mod[1][0]"), 49);
        assert_eq!(place("mod_matrix.mod[0][1]"), 53);
        assert_eq!(place("mixer.level[2]"), 77);
        let patches = synth.sample(2, 1, 0, Units::Raw);
        let mut theirs = Vec::new();
        for index in 0..2 {
            for name in &names {
                theirs.push(patches.row(index)[patches.places(name).unwrap()[0]]);
            }
        }
        let back = synth
            .patches(theirs)
            .unwrap()
            .from_torchsynth_order()
            .unwrap();
        assert_eq!(back.raw(), patches.raw());
        let fm = Synth::new(&architecture::voice_fm().unwrap(), SynthOptions::default()).unwrap();
        assert!(
            fm.sample(1, 0, 0, Units::Raw)
                .from_torchsynth_order()
                .is_err()
        );
    }
}
