//! One sound.

use super::audio::{AudioPart, Buffers};
use super::control::{self, ControlPart, scalars};
use super::oscillator::Oscillator;
use super::state::State;
use crate::synth::Inner;

/// What a thread keeps from sound to sound.
pub(crate) struct Scratch {
    scalars: Vec<f64>,
    signals: Vec<Vec<f64>>,
    oscillators: Vec<Oscillator>,
    states: Vec<State>,
    buffers: Buffers,
}

impl Scratch {
    pub(super) fn new(inner: &Inner) -> Scratch {
        let length = inner.n_control + control::ROOM;
        let oscillators = inner.program.phases.iter().map(|_| Oscillator::default());
        Scratch {
            scalars: Vec::new(),
            signals: vec![vec![0.0; length]; inner.plan.n_control],
            oscillators: oscillators.collect(),
            states: Vec::new(),
            buffers: Buffers::new(inner),
        }
    }

    /// Renders a patch.
    pub(super) fn render(
        &mut self,
        inner: &Inner,
        arch: pulp::Arch,
        row: &[f32],
        key: u64,
        noise: Option<&[f32]>,
        out: &mut [f32],
    ) {
        scalars(&inner.program, row, &mut self.scalars);
        arch.dispatch(ControlPart {
            inner,
            places: &inner.plan.control,
            scalars: &self.scalars,
            signals: &mut self.signals,
        });
        arch.dispatch(Phases {
            inner,
            scalars: &self.scalars,
            signals: &self.signals,
            oscillators: &mut self.oscillators,
        });
        let part = AudioPart {
            inner,
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
    inner: &'a Inner,
    scalars: &'a [f64],
    signals: &'a [Vec<f64>],
    oscillators: &'a mut [Oscillator],
}

/// A struct and not a closure, as only so the compiler sees all of it with the widest instructions of the processor.
impl pulp::NullaryFnOnce for Phases<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let phases = self.inner.program.phases.iter();
        for (phase, oscillator) in phases.zip(self.oscillators) {
            let pitch = phase
                .pitch
                .map(|slot| &*self.signals[self.inner.plan.control[slot]]);
            oscillator.prepare(self.inner, phase, self.scalars, pitch);
        }
    }
}
