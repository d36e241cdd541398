//! Which parameters have a gradient: whether the sound moves smoothly with them, in part, or in steps alone.

use crate::program::{AudioOp, ControlOp, Note, Phase, Program, Scalar, Selection, Source};
use std::fmt;

/// How a sound moves with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// Smoothly: the gradient tells all of it.
    Whole,
    /// Smoothly but for steps, which the gradient leaves out; what steps.
    Part(&'static str),
    /// In steps alone, or not at all: the gradient is 0; why.
    None(&'static str),
}

/// Prints `yes`, `in part, as ..` or `no, as ..`.
impl fmt::Display for Slope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Slope::Whole => f.write_str("yes"),
            Slope::Part(what) => write!(f, "in part, as {what}"),
            Slope::None(why) => write!(f, "no, as {why}"),
        }
    }
}

impl Slope {
    /// Whether there is a gradient, if only in part.
    pub fn is_some(self) -> bool {
        !matches!(self, Slope::None(_))
    }

    /// How the sound moves with what moves something that it moves with in this way.
    fn through(self, inner: Slope) -> Slope {
        match (self, inner) {
            (Slope::None(why), _) | (_, Slope::None(why)) => Slope::None(why),
            (Slope::Part(what), _) | (_, Slope::Part(what)) => Slope::Part(what),
            (Slope::Whole, Slope::Whole) => Slope::Whole,
        }
    }

    /// How the sound moves with what acts in two ways.
    fn and(self, other: Slope) -> Slope {
        match (self, other) {
            (Slope::Whole, Slope::Whole) => Slope::Whole,
            (Slope::None(why), Slope::None(_)) => Slope::None(why),
            (Slope::Part(what), _) | (_, Slope::Part(what)) => Slope::Part(what),
            (Slope::Whole, Slope::None(why)) | (Slope::None(why), Slope::Whole) => Slope::Part(why),
        }
    }
}

const UNHEARD: Slope = Slope::None("the sound does not depend on it");
const TRAIN: Slope = Slope::None("a pulse steps from one sample to the next");
const PARTIALS: Slope = Slope::None("a partial comes or goes as a whole");
const CHOICE: Slope = Slope::None("the largest is chosen as a whole");
const JUMPS: Slope = Slope::Part("its saw and square shapes jump");
const BEGIN: Slope = Slope::Part("an envelope of small `alpha` begins with a step");

/// What an operation reads.
enum Read {
    Scalar(Scalar),
    Control(usize),
    Phase(usize),
    Audio(usize),
}

/// The slope of every parameter of a program with `n` of them.
pub(crate) fn slopes(program: &Program, n: usize) -> Vec<Slope> {
    let mut heard = Heard {
        scalars: vec![None; program.scalars.len()],
        control: vec![None; program.n_control],
        phases: vec![None; program.phases.len()],
        audio: vec![None; program.wide.len()],
    };
    heard.audio[program.output] = Some(Slope::Whole);
    for step in program.audio.iter().rev() {
        heard.add(heard.audio[step.out], audio_reads(program, &step.op));
    }
    for (index, phase) in program.phases.iter().enumerate() {
        heard.add(heard.phases[index], phase_reads(phase));
    }
    for step in program.control.iter().rev() {
        heard.add(heard.control[step.out], control_reads(program, &step.op));
    }
    for &(scalar, _, amplitude) in program.amplitudes.iter().rev() {
        heard.add(heard.scalars[amplitude], whole(&[scalar]));
    }
    for &(scalar, complement) in program.complements.iter().rev() {
        heard.add(heard.scalars[complement], whole(&[scalar]));
    }
    for weights in program.weights.iter().rev() {
        let slope = match weights.selection {
            Selection::Soft => Slope::Whole,
            Selection::Hard => CHOICE,
        };
        for place in 0..weights.modes.len() {
            let reads = weights
                .modes
                .iter()
                .map(|&mode| (Read::Scalar(mode), slope));
            heard.add(heard.scalars[weights.first + place], reads.collect());
        }
    }
    let mut slopes = vec![None; n];
    for (source, slope) in program.scalars.iter().zip(heard.scalars) {
        if let (Source::Free { parameter, .. }, Some(slope)) = (source, slope) {
            join(&mut slopes[*parameter], slope);
        }
    }
    let slopes = slopes.into_iter().map(|slope| slope.unwrap_or(UNHEARD));
    slopes.collect()
}

/// How the sound moves with everything that it is made of; `None` for what is not heard.
struct Heard {
    scalars: Vec<Option<Slope>>,
    control: Vec<Option<Slope>>,
    phases: Vec<Option<Slope>>,
    audio: Vec<Option<Slope>>,
}

impl Heard {
    /// Adds what an operation reads, by how its result is heard.
    fn add(&mut self, result: Option<Slope>, reads: Vec<(Read, Slope)>) {
        let Some(result) = result else {
            return;
        };
        for (read, slope) in reads {
            let slope = result.through(slope);
            join(
                match read {
                    Read::Scalar(scalar) => &mut self.scalars[scalar],
                    Read::Control(slot) => &mut self.control[slot],
                    Read::Phase(slot) => &mut self.phases[slot],
                    Read::Audio(slot) => &mut self.audio[slot],
                },
                slope,
            );
        }
    }
}

fn join(to: &mut Option<Slope>, slope: Slope) {
    *to = Some(to.map_or(slope, |before| before.and(slope)));
}

fn whole(scalars: &[Scalar]) -> Vec<(Read, Slope)> {
    all(scalars, Slope::Whole)
}

fn all(scalars: &[Scalar], slope: Slope) -> Vec<(Read, Slope)> {
    let reads = scalars.iter().map(|&scalar| (Read::Scalar(scalar), slope));
    reads.collect()
}

fn gains(gains: impl Iterator<Item = crate::Gain>) -> Vec<(Read, Slope)> {
    let scalars = gains.filter_map(|gain| match gain {
        crate::Gain::Scalar(scalar) => Some(scalar),
        crate::Gain::Number(_) => None,
    });
    whole(&scalars.collect::<Vec<_>>())
}

fn phase_reads(phase: &Phase) -> Vec<(Read, Slope)> {
    let mut reads = whole(&[phase.midi_f0, phase.tuning, phase.initial_phase]);
    if let Some(slot) = phase.pitch {
        reads.extend(whole(&[phase.mod_depth]));
        reads.push((Read::Control(slot), Slope::Whole));
    }
    reads
}

/// The numbers of an oscillator's highest pitch.
fn highest(phase: &Phase) -> [Scalar; 3] {
    [phase.midi_f0, phase.tuning, phase.mod_depth]
}

fn audio_reads(program: &Program, op: &AudioOp) -> Vec<(Read, Slope)> {
    let mut reads: Vec<(Read, Slope)> = op
        .reads()
        .into_iter()
        .map(|slot| (Read::Audio(slot), Slope::Whole))
        .collect();
    reads.extend(match op {
        AudioOp::Upsample { control } => vec![(Read::Control(*control), Slope::Whole)],
        AudioOp::Sine { phase } => vec![(Read::Phase(*phase), Slope::Whole)],
        AudioOp::SquareSaw { phase, shape } => {
            let mut reads = whole(&highest(&program.phases[*phase]));
            reads.extend(whole(&[*shape]));
            reads.push((Read::Phase(*phase), Slope::Whole));
            reads
        }
        AudioOp::Fm { phase, .. } => whole(&[
            phase.midi_f0,
            phase.tuning,
            phase.initial_phase,
            phase.mod_depth,
        ]),
        AudioOp::Harmonics {
            phase, slope, even, ..
        } => {
            let mut reads = all(&highest(&program.phases[*phase]), PARTIALS);
            reads.extend(whole(&[*slope, *even]));
            reads.push((Read::Phase(*phase), Slope::Whole));
            reads
        }
        AudioOp::Train {
            note,
            rate,
            decay,
            jitter,
            ..
        } => {
            let mut reads = all(&[*rate, *jitter], TRAIN);
            reads.extend(onset(note, TRAIN));
            reads.extend(whole(&[*decay]));
            reads
        }
        AudioOp::Mix { terms } => gains(terms.iter().map(|(gain, _)| *gain)),
        AudioOp::Resonant { q, .. } => whole(&[*q]),
        AudioOp::Noise { .. }
        | AudioOp::Product { .. }
        | AudioOp::OnePole { .. }
        | AudioOp::Normalize { .. }
        | AudioOp::Widen { .. }
        | AudioOp::Narrow { .. } => Vec::new(),
    });
    reads
}

fn onset(note: &Note, slope: Slope) -> Vec<(Read, Slope)> {
    all(&note.onset.into_iter().collect::<Vec<_>>(), slope)
}

fn control_reads(program: &Program, op: &ControlOp) -> Vec<(Read, Slope)> {
    let mut slope_of_inputs = Slope::Whole;
    let mut reads = match op {
        ControlOp::Adsr {
            note,
            attack,
            decay,
            sustain,
            release,
            alpha,
        } => {
            let mut reads = whole(&[note.duration, *attack, *decay, *sustain, *release, *alpha]);
            reads.extend(onset(note, BEGIN));
            reads
        }
        ControlOp::Lfo {
            rate,
            frequency,
            mod_depth,
            initial_phase,
            weights,
        } => {
            // Saw, falling saw and square jump.
            let is_silent = |&scalar: &Scalar| program.scalars[scalar] == Source::Fixed(0.0);
            if !weights[2..].iter().all(is_silent) {
                slope_of_inputs = JUMPS;
            }
            let mut reads = all(&[*frequency, *initial_phase], slope_of_inputs);
            if rate.is_some() {
                reads.extend(all(&[*mod_depth], slope_of_inputs));
            }
            reads.extend(whole(weights));
            reads
        }
        ControlOp::Mix { terms, .. } => gains(terms.iter().map(|(gain, _)| *gain)),
        ControlOp::Fall { note, from, speed } => {
            let mut reads = whole(&[*from, *speed]);
            reads.extend(onset(note, Slope::Whole));
            reads
        }
        ControlOp::Warp {
            modulation,
            cutoff,
            depth,
        } => {
            let mut reads = whole(&[*cutoff]);
            if modulation.is_some() {
                reads.extend(whole(&[*depth]));
            }
            reads
        }
        ControlOp::Product { .. } | ControlOp::Curve { .. } => Vec::new(),
    };
    let inputs = op.inputs().into_iter();
    reads.extend(inputs.map(|slot| (Read::Control(slot), slope_of_inputs)));
    reads
}
