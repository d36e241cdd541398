//! What a graph compiles to: two flat lists of operations, plain data that any renderer can play.
//!
//! The control part works on whole clips at control rate, the audio part on blocks of audio samples. Signals stand in
//! numbered slots; an operation reads slots that are written before it.

use crate::Mapping;

/// A number that every sound has: its index in [`Program::scalars`].
pub type Scalar = usize;
/// A control signal: its index among those of a sound.
pub type ControlSlot = usize;
/// A phase that an oscillator runs through: its index in [`Program::phases`].
pub type PhaseSlot = usize;
/// An audio signal: its index among the buffers of a block.
pub type AudioSlot = usize;

/// Where a number of a sound comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// The same for every sound.
    Fixed(f64),
    /// A parameter of the patch, by its index.
    Free {
        /// Index in the patch.
        parameter: usize,
        /// From raw to human units.
        mapping: Mapping,
    },
}

/// A factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gain {
    /// A number of the sound.
    Scalar(Scalar),
    /// The same for every sound.
    Number(f64),
}

/// The numbers of a note.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Note {
    /// Pitch, a MIDI note.
    pub midi_f0: Scalar,
    /// How long the key is held, seconds.
    pub duration: Scalar,
    /// When it begins, seconds; `None` for the begin of the clip.
    pub onset: Option<Scalar>,
}

/// An operation on control signals.
#[derive(Clone, Debug, PartialEq)]
pub enum ControlOp {
    /// An envelope.
    Adsr {
        /// The note.
        note: Note,
        /// Attack, decay, sustain, release and exponent.
        attack: Scalar,
        /// Seconds.
        decay: Scalar,
        /// Level.
        sustain: Scalar,
        /// Seconds.
        release: Scalar,
        /// Exponent of the ramps.
        alpha: Scalar,
    },
    /// A low-frequency oscillator.
    Lfo {
        /// Modulation of its frequency.
        rate: Option<ControlSlot>,
        /// Hz.
        frequency: Scalar,
        /// Hz.
        mod_depth: Scalar,
        /// Radians.
        initial_phase: Scalar,
        /// Weights of sine, triangle, saw, reversed saw and square.
        weights: [Scalar; 5],
    },
    /// A weighted sum, and a number.
    Mix {
        /// Factors and signals.
        terms: Vec<(Gain, ControlSlot)>,
        /// What is added.
        offset: f64,
    },
    /// A product.
    Product {
        /// One factor.
        a: ControlSlot,
        /// The other.
        b: ControlSlot,
    },
    /// Values spread evenly over the clip, linear between them.
    Curve {
        /// The values, at least one.
        values: Vec<f64>,
    },
    /// A cutoff frequency that falls from the begin of a note on, Hz.
    Fall {
        /// The note.
        note: Note,
        /// Hz at the begin.
        from: Scalar,
        /// Octaves per second.
        speed: Scalar,
    },
    /// A cutoff frequency moved by a signal: `tan(pi f / sample_rate)` with `f` = `cutoff 2^(depth m / 12)`.
    Warp {
        /// The signal, if there is one.
        modulation: Option<ControlSlot>,
        /// Hz.
        cutoff: Scalar,
        /// Semitones.
        depth: Scalar,
    },
}

/// The pitch of an oscillator, from which its phase follows in closed form for every control segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Modulation of the pitch.
    pub pitch: Option<ControlSlot>,
    /// MIDI note.
    pub midi_f0: Scalar,
    /// Semitones.
    pub tuning: Scalar,
    /// Semitones.
    pub mod_depth: Scalar,
    /// Radians.
    pub initial_phase: Scalar,
}

/// How the numbers of a selection become weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// `m^e / sum m^e`.
    Soft,
    /// 1 for the largest, 0 for the others.
    Hard,
}

/// What a resonant filter lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Below the cutoff.
    Low,
    /// Around it.
    Band,
    /// Above it.
    High,
}

/// What stands behind the pulses of a train.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Burst {
    /// The decaying pulse itself.
    Pulse,
    /// White noise under it.
    Noise,
}

/// An operation on audio signals.
#[derive(Clone, Debug, PartialEq)]
pub enum AudioOp {
    /// A control signal at audio rate, linear between its samples, ends aligned.
    Upsample {
        /// The signal.
        control: ControlSlot,
    },
    /// A cosine.
    Sine {
        /// Its phase.
        phase: PhaseSlot,
    },
    /// An oscillator between square and saw.
    SquareSaw {
        /// Its phase.
        phase: PhaseSlot,
        /// 0 is a square, 1 a saw.
        shape: Scalar,
    },
    /// A cosine whose frequency follows an audio signal.
    Fm {
        /// The modulator.
        modulator: AudioSlot,
        /// Its pitch, and its index of modulation as `mod_depth`; `pitch` is `None`.
        phase: Phase,
    },
    /// Partials at whole multiples of a frequency.
    Harmonics {
        /// Phase of the first.
        phase: PhaseSlot,
        /// How many.
        partials: usize,
        /// Level of every partial, dB per octave.
        slope: Scalar,
        /// Level of the even ones.
        even: Scalar,
    },
    /// White noise, uniform in [-1, 1).
    Noise {
        /// Which of the program's noises it is.
        stream: u32,
    },
    /// A train of decaying pulses.
    Train {
        /// What stands under them.
        burst: Burst,
        /// The note that begins it.
        note: Note,
        /// Pulses per second.
        rate: Scalar,
        /// Time in which a pulse falls to 1/1000, seconds.
        decay: Scalar,
        /// How far a pulse may be late, as a part of the time to the next.
        jitter: Scalar,
        /// Which of the program's noises it is.
        stream: u32,
    },
    /// A product.
    Product {
        /// One factor.
        a: AudioSlot,
        /// The other.
        b: AudioSlot,
    },
    /// A weighted sum.
    Mix {
        /// Factors and signals.
        terms: Vec<(Gain, AudioSlot)>,
    },
    /// A one-pole low-pass whose cutoff is a signal, Hz.
    OnePole {
        /// The sound.
        input: AudioSlot,
        /// The cutoff.
        cutoff: AudioSlot,
    },
    /// A resonant filter of two poles.
    Resonant {
        /// The sound.
        input: AudioSlot,
        /// Its cutoff, as [`ControlOp::Warp`] gives it.
        warped: AudioSlot,
        /// Quality.
        q: Scalar,
        /// What it lets through.
        pass: Pass,
    },
    /// A whole signal divided by its peak where that is above 1, kept for what is computed after it.
    Normalize {
        /// The sound.
        input: AudioSlot,
    },
    /// A signal in single precision as one in double precision.
    Widen {
        /// The signal.
        input: AudioSlot,
    },
    /// A signal in double precision as one in single precision.
    Narrow {
        /// The signal.
        input: AudioSlot,
    },
}

/// Weights that depend on all numbers of a selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// How they are made.
    pub selection: Selection,
    /// The numbers.
    pub modes: Vec<Scalar>,
    /// The first of as many scalars that hold the weights.
    pub first: Scalar,
}

/// A compiled graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// Numbers of a sound that its patch or the graph gives.
    pub scalars: Vec<Source>,
    /// Numbers that are computed from those, in order.
    pub weights: Vec<Weights>,
    /// Complements `1 - scalar`, as (scalar, where it is written).
    pub complements: Vec<(Scalar, Scalar)>,
    /// Amplitudes `factor 10^(scalar / 20)`, as (scalar, factor, where it is written).
    pub amplitudes: Vec<(Scalar, f64, Scalar)>,
    /// The control part.
    pub control: Vec<Step<ControlOp>>,
    /// Number of control slots.
    pub n_control: usize,
    /// Phases of oscillators.
    pub phases: Vec<Phase>,
    /// The audio part.
    pub audio: Vec<Step<AudioOp>>,
    /// Whether each audio slot is in double precision.
    pub wide: Vec<bool>,
    /// The slot of the sound.
    pub output: AudioSlot,
}

/// An operation and where its result is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<Op> {
    /// The operation.
    pub op: Op,
    /// The slot.
    pub out: usize,
}

impl Program {
    /// A new audio slot in single precision.
    pub(crate) fn new_audio(&mut self) -> AudioSlot {
        self.wide.push(false);
        self.wide.len() - 1
    }

    /// Divides the sound by its peak where that is above 1, if it is not done already.
    pub(crate) fn normalize_output(&mut self) {
        let output = self.output;
        let done = |step: &Step<AudioOp>| {
            step.out == output && matches!(step.op, AudioOp::Normalize { .. })
        };
        if self.audio.iter().any(done) {
            return;
        }
        let (op, out) = (AudioOp::Normalize { input: output }, self.new_audio());
        self.audio.push(Step { op, out });
        self.output = out;
    }
}

impl AudioOp {
    /// The slots that it reads, to be looked at or changed, and whether it wants each in double precision whatever its
    /// own result is in.
    pub(crate) fn inputs(&mut self) -> Vec<(&mut AudioSlot, bool)> {
        match self {
            AudioOp::Product { a, b } => vec![(a, false), (b, false)],
            AudioOp::Mix { terms } => terms.iter_mut().map(|(_, slot)| (slot, false)).collect(),
            AudioOp::OnePole { input, cutoff, .. } => vec![(input, false), (cutoff, true)],
            AudioOp::Resonant { input, warped, .. } => vec![(input, false), (warped, true)],
            AudioOp::Fm { modulator, .. } => vec![(modulator, true)],
            AudioOp::Normalize { input } | AudioOp::Widen { input } => vec![(input, false)],
            AudioOp::Narrow { input } => vec![(input, true)],
            _ => Vec::new(),
        }
    }

    /// The slots that it reads.
    pub(crate) fn reads(&self) -> Vec<AudioSlot> {
        self.clone()
            .inputs()
            .into_iter()
            .map(|(slot, _)| *slot)
            .collect()
    }

    /// Whether it can be computed in double precision.
    pub(crate) fn can_be_wide(&self) -> bool {
        matches!(
            self,
            AudioOp::Upsample { .. }
                | AudioOp::Sine { .. }
                | AudioOp::SquareSaw { .. }
                | AudioOp::Fm { .. }
                | AudioOp::Product { .. }
                | AudioOp::Mix { .. }
        )
    }
}

impl ControlOp {
    /// The slots that it reads.
    pub(crate) fn inputs(&self) -> Vec<ControlSlot> {
        match self {
            ControlOp::Lfo { rate, .. } => rate.iter().copied().collect(),
            ControlOp::Mix { terms, .. } => terms.iter().map(|(_, slot)| *slot).collect(),
            ControlOp::Product { a, b } => vec![*a, *b],
            ControlOp::Warp { modulation, .. } => modulation.iter().copied().collect(),
            ControlOp::Adsr { .. } | ControlOp::Fall { .. } | ControlOp::Curve { .. } => Vec::new(),
        }
    }
}
