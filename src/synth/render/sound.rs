//! One sound, and what is kept from one to the next.

use super::Playable;
use super::audio::{AudioPart, Buffers};
use super::control::{self, ControlPart, scalars};
use super::oscillator::Oscillator;
use super::state::State;
use std::sync::{Mutex, PoisonError};

/// What threads have kept from sounds that they rendered; as many as ever rendered at once.
#[derive(Default)]
pub(crate) struct Scratches(Mutex<Vec<Scratch>>);

impl Scratches {
    /// Renders a patch of raw values; `noise` stands in place of every white noise, and `out` is as long as a sound.
    pub(crate) fn render(
        &self,
        playable: &Playable,
        arch: pulp::Arch,
        row: &[f32],
        key: u64,
        noise: Option<&[f32]>,
        out: &mut [f32],
    ) {
        let mut scratch = self.take().unwrap_or_else(|| Scratch::new(playable));
        scratch.render(playable, arch, row, key, noise, out);
        self.put(scratch);
    }

    fn take(&self) -> Option<Scratch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put(&self, scratch: Scratch) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(scratch);
    }
}

/// What a thread keeps from sound to sound.
struct Scratch {
    scalars: Vec<f64>,
    signals: Vec<Vec<f64>>,
    oscillators: Vec<Oscillator>,
    states: Vec<State>,
    buffers: Buffers,
}

impl Scratch {
    fn new(playable: &Playable) -> Scratch {
        let length = playable.n_control + control::ROOM;
        let oscillators = playable
            .program
            .phases
            .iter()
            .map(|_| Oscillator::default());
        Scratch {
            scalars: Vec::new(),
            signals: vec![vec![0.0; length]; playable.plan.n_control],
            oscillators: oscillators.collect(),
            states: Vec::new(),
            buffers: Buffers::new(playable),
        }
    }

    /// Renders a patch.
    fn render(
        &mut self,
        playable: &Playable,
        arch: pulp::Arch,
        row: &[f32],
        key: u64,
        noise: Option<&[f32]>,
        out: &mut [f32],
    ) {
        scalars(&playable.program, row, &mut self.scalars);
        arch.dispatch(ControlPart {
            playable,
            places: &playable.plan.control,
            scalars: &self.scalars,
            signals: &mut self.signals,
        });
        arch.dispatch(Phases {
            playable,
            scalars: &self.scalars,
            signals: &self.signals,
            oscillators: &mut self.oscillators,
        });
        let part = AudioPart {
            playable,
            arch,
            key,
            noise,
            scalars: &self.scalars,
            signals: &self.signals,
            oscillators: &mut self.oscillators,
            states: &mut self.states,
            buffers: &mut self.buffers,
            out,
        };
        part.run();
    }
}

/// The pieces of all oscillators.
struct Phases<'a> {
    playable: &'a Playable,
    scalars: &'a [f64],
    signals: &'a [Vec<f64>],
    oscillators: &'a mut [Oscillator],
}

/// A struct and not a closure, as only so the compiler sees all of it with the widest instructions of the processor.
impl pulp::NullaryFnOnce for Phases<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let phases = self.playable.program.phases.iter();
        for (phase, oscillator) in phases.zip(self.oscillators) {
            let pitch = phase
                .pitch
                .map(|slot| &*self.signals[self.playable.plan.control[slot]]);
            oscillator.prepare(self.playable, phase, self.scalars, pitch);
        }
    }
}
