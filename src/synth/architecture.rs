//! Published architectures, for tests of the engine. The language has its own, `stdlib/architectures.rhai`.

use crate::modules::{adsr, fm, keyboard, lfo, mixer, mod_matrix, noise_source, sine, square_saw};
use crate::{Error, Options, Signal};
use auricle_audio::declare::Value;

/// Numbers of voices of [`parametric_synth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Voices {
    /// Sines.
    pub(crate) sine: usize,
    /// Oscillators between square and saw.
    pub(crate) square_saw: usize,
    /// FM oscillators with a sine as modulator.
    pub(crate) fm_sine: usize,
    /// FM oscillators with a modulator between square and saw.
    pub(crate) fm_square_saw: usize,
}

impl Default for Voices {
    fn default() -> Voices {
        Voices {
            sine: 1,
            square_saw: 1,
            fm_sine: 1,
            fm_square_saw: 0,
        }
    }
}

/// Voice (78 parameters): two oscillators and noise under a matrix of two envelopes and two LFOs. SynthAX 0.2.
pub(crate) fn voice() -> Result<Signal, Error> {
    voice_with(&[1.0, 1.0, 1.0])
}

/// torchsynth's Voice (78 parameters): as [`voice`], with the noise's level of curve 0.025, so that it is usually silent.
pub(crate) fn torchsynth_voice() -> Result<Signal, Error> {
    voice_with(&[1.0, 1.0, 0.025])
}

fn voice_with(curves: &[f64]) -> Result<Signal, Error> {
    let note = keyboard(Options::new())?.named("keyboard")?;
    let matrix = modulations(&[note.clone(), note.clone()], 5)?;
    let a = (&oscillator(sine, 1, &note, &matrix, 0)? * &matrix.output(1)?)?;
    let b = (&oscillator(square_saw, 2, &note, &matrix, 2)? * &matrix.output(3)?)?;
    let noise = noise(&matrix, 4)?;
    let options = Options::new().signals("inputs", &[a, b, noise]);
    let options = match curves.iter().all(|&curve| curve == 1.0) {
        true => options,
        false => options.value("curves", Value::Numbers(curves.to_vec())),
    };
    mixer(options)?.named("mixer")
}

/// VoiceFM (130 parameters): a sine, a square or saw, and an FM oscillator under a matrix of three envelopes and LFOs.
/// SynthAX 0.2, `VoiceExpanded`.
pub(crate) fn voice_fm() -> Result<Signal, Error> {
    let note = keyboard(Options::new())?.named("keyboard")?;
    let matrix = modulations(&[note.clone(), note.clone(), note.clone()], 7)?;
    let a = (&oscillator(sine, 1, &note, &matrix, 0)? * &matrix.output(1)?)?;
    let b = (&oscillator(square_saw, 2, &note, &matrix, 2)? * &matrix.output(3)?)?;
    let modulator = (&oscillator(sine, 3, &note, &matrix, 4)? * &matrix.output(5)?)?;
    let carrier = carrier(4, &note, &modulator)?;
    let noise = noise(&matrix, 6)?;
    mixer(Options::new().signals("inputs", &[a, b, carrier, noise]))?.named("mixer")
}

/// A synthesizer of any number of voices, each with a keyboard, an envelope and an LFO of its own: 134 parameters for one
/// sine, one square or saw and one FM oscillator; 340 for (2, 2, 1, 1). SynthAX 0.2, `ParametricSynth`.
pub(crate) fn parametric_synth(voices: Voices) -> Result<Signal, Error> {
    let kinds = [
        (voices.sine, false, false),
        (voices.square_saw, true, false),
        (voices.fm_sine, false, true),
        (voices.fm_square_saw, true, true),
    ];
    let kinds = kinds
        .into_iter()
        .flat_map(|(n, square, fm)| vec![(square, fm); n]);
    let kinds: Vec<(bool, bool)> = kinds.collect();
    if !(1..=100).contains(&kinds.len()) {
        let (want, got) = ("within 1..100 voices in all", kinds.len());
        return Err(auricle_audio::Error::range("voices", want, got).into());
    }
    let mut notes = Vec::with_capacity(kinds.len());
    for number in 1..=kinds.len() {
        notes.push(keyboard(Options::new())?.named(&format!("keyboard_{number}"))?);
    }
    let matrix = modulations(&notes, 2 * kinds.len() + 1)?;
    let mut sounds = Vec::new();
    let mut modulators = Vec::new();
    for (voice, &(square, is_modulator)) in kinds.iter().enumerate() {
        let make = if square { square_saw } else { sine };
        let tone = oscillator(make, voice + 1, &notes[voice], &matrix, 2 * voice)?;
        let tone = (&tone * &matrix.output(2 * voice + 1)?)?;
        match is_modulator {
            true => modulators.push((voice, tone)),
            false => sounds.push(tone),
        }
    }
    for (place, (voice, modulator)) in modulators.iter().enumerate() {
        sounds.push(carrier(kinds.len() + place + 1, &notes[*voice], modulator)?);
    }
    sounds.push(noise(&matrix, 2 * kinds.len())?);
    mixer(Options::new().signals("inputs", &sounds))?.named("mixer")
}

/// The matrix of an envelope and an LFO, with the envelopes of its rate and its level, for each note.
fn modulations(notes: &[Signal], outputs: usize) -> Result<Signal, Error> {
    let mut inputs = Vec::new();
    let envelope =
        |note: &Signal, name: String| adsr(Options::new().signal("note", note))?.named(&name);
    for (place, note) in notes.iter().enumerate() {
        inputs.push(envelope(note, format!("adsr_{}", place + 1))?);
    }
    for (place, note) in notes.iter().enumerate() {
        let name = format!("lfo_{}", place + 1);
        let rate = envelope(note, format!("{name}_rate_adsr"))?;
        let level = envelope(note, format!("{name}_amp_adsr"))?;
        let slow = lfo(Options::new().signal("rate", &rate))?.named(&name)?;
        inputs.push((&slow * &level)?);
    }
    let options = Options::new()
        .signals("inputs", &inputs)
        .number("outputs", outputs as f64);
    mod_matrix(options)?.named("mod_matrix")
}

fn oscillator(
    make: fn(Options) -> Result<Signal, Error>,
    number: usize,
    note: &Signal,
    matrix: &Signal,
    pitch: usize,
) -> Result<Signal, Error> {
    let options = Options::new()
        .signal("note", note)
        .signal("pitch", &matrix.output(pitch)?);
    make(options)?.named(&format!("vco_{number}"))
}

fn carrier(number: usize, note: &Signal, modulator: &Signal) -> Result<Signal, Error> {
    let options = Options::new()
        .signal("modulator", modulator)
        .signal("note", note);
    fm(options)?.named(&format!("vco_{number}"))
}

fn noise(matrix: &Signal, amp: usize) -> Result<Signal, Error> {
    &noise_source(Options::new())?.named("noise")? * &matrix.output(amp)?
}
