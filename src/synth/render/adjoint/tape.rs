//! A sound in double precision with every signal that it is made of.

use crate::program::{AudioOp, Burst, Gain};
use crate::render::Playable;
use crate::render::block::{self, BLOCK, ROOM, Upsample};
use crate::render::control::{self, ControlPart, scalars};
use crate::render::oscillator::Oscillator;
use crate::render::state::State;
use std::f64::consts::TAU;

/// The signals of a sound.
pub(super) struct Tape<'a> {
    pub(super) playable: &'a Playable,
    pub(super) scalars: Vec<f64>,
    /// Each control slot, with room behind it.
    pub(super) control: Vec<Vec<f64>>,
    /// Each phase at every sample, turns within -0.5..0.5.
    pub(super) phases: Vec<Vec<f64>>,
    /// Each audio slot, with room behind it.
    pub(super) audio: Vec<Vec<f64>>,
    /// How each audio operation began.
    pub(super) states: Vec<State>,
    /// What an audio operation's derivative needs besides: the phase of an FM oscillator, the pulses under a noise.
    pub(super) kept: Vec<Vec<f64>>,
    arch: pulp::Arch,
    noise: Option<&'a [f32]>,
}

impl<'a> Tape<'a> {
    /// Renders a patch of raw values.
    pub(super) fn record<T: Copy + Into<f64>>(
        playable: &'a Playable,
        row: &[T],
        key: u64,
        noise: Option<&'a [f32]>,
    ) -> Tape<'a> {
        let (program, arch) = (&playable.program, pulp::Arch::new());
        let mut numbers = Vec::new();
        scalars(program, row, &mut numbers);
        let places: Vec<usize> = (0..program.n_control).collect();
        let mut control = vec![vec![0.0; playable.n_control + control::ROOM]; program.n_control];
        arch.dispatch(ControlPart {
            playable,
            places: &places,
            scalars: &numbers,
            signals: &mut control,
        });
        let phases = program.phases.iter().map(|phase| {
            let mut oscillator = Oscillator::default();
            let pitch = phase.pitch.map(|slot| &*control[slot]);
            oscillator.prepare(playable, phase, &numbers, pitch);
            let mut turns = vec![0.0; padded(playable)];
            oscillator.fill(arch, playable.n_samples, &mut turns);
            turns
        });
        let phases = phases.collect();
        let begin = |op| State::begin(playable, key, &numbers, op);
        let states = program.audio.iter().map(|step| begin(&step.op)).collect();
        let mut tape = Tape {
            playable,
            scalars: numbers,
            control,
            phases,
            audio: vec![Vec::new(); program.wide.len()],
            states,
            kept: vec![Vec::new(); program.audio.len()],
            arch,
            noise,
        };
        (0..program.audio.len()).for_each(|index| tape.step(index));
        tape
    }

    /// The samples of the sound.
    #[cfg(test)]
    pub(super) fn samples(&self) -> &[f64] {
        &self.audio[self.playable.program.output][..self.playable.n_samples]
    }

    pub(super) fn gain(&self, gain: Gain) -> f64 {
        match gain {
            Gain::Scalar(scalar) => self.scalars[scalar],
            Gain::Number(number) => number,
        }
    }

    /// An audio slot without the room behind it.
    pub(super) fn signal(&self, slot: usize) -> &[f64] {
        &self.audio[slot][..self.playable.n_samples]
    }

    fn step(&mut self, index: usize) {
        let (playable, arch) = (self.playable, self.arch);
        let (n, padded) = (playable.n_samples, padded(playable));
        let step = &playable.program.audio[index];
        let mut y = vec![0.0; padded];
        match (&step.op, &self.states[index]) {
            (AudioOp::Upsample { control }, _) => arch.dispatch(Upsample {
                signal: &self.control[*control],
                segments: &playable.segments,
                start: 0,
                length: n,
                segment: 0,
                out: &mut y,
            }),
            (AudioOp::Sine { phase }, _) => block::cosine(arch, &self.phases[*phase], &mut y),
            (AudioOp::SquareSaw { phase, shape }, State::SquareSaw(steepness)) => {
                let (phases, mut turns) = (&self.phases[*phase], vec![0.0; padded]);
                let shape = self.scalars[*shape];
                block::square_saw(arch, *steepness, shape, phases, &mut turns, &mut y);
            }
            (AudioOp::Fm { modulator, .. }, &State::Fm(base, depth, mut sum)) => {
                let (mut steps, mut turns) = (vec![0; padded], vec![0.0; padded]);
                let modulator = &self.audio[*modulator];
                let steps = &mut steps[..];
                let frequency = (base, depth);
                block::fm(
                    arch, frequency, &mut sum, n, modulator, steps, &mut turns, &mut y,
                );
                self.kept[index] = turns;
            }
            (AudioOp::Harmonics { phase, .. }, State::Harmonics(levels)) => {
                block::harmonics(arch, levels, &self.phases[*phase], &mut y);
            }
            (AudioOp::Noise { .. }, state) => y = self.noise(state),
            (AudioOp::Train { burst, .. }, State::Train(train)) => {
                let mut pulses = vec![0.0; padded];
                train.clone().fill(0, n, &mut pulses);
                y.copy_from_slice(&pulses);
                if *burst == Burst::Noise {
                    let mut noise = vec![0.0; padded];
                    block::noise(arch, train.noise, 0, &mut noise);
                    let noise = noise.into_iter().map(f64::from);
                    y.iter_mut().zip(noise).for_each(|(y, x)| *y *= x);
                }
                self.kept[index] = pulses;
            }
            (AudioOp::Product { a, b }, _) => {
                block::product(arch, &self.audio[*a], &self.audio[*b], &mut y);
            }
            (AudioOp::Mix { terms }, _) => {
                for (gain, slot) in terms {
                    block::add_scaled(arch, self.gain(*gain), &self.audio[*slot], &mut y);
                }
            }
            (AudioOp::OnePole { input, cutoff }, &State::OnePole(mut last)) => {
                let radians = TAU / f64::from(playable.sample_rate);
                for start in (0..n).step_by(BLOCK) {
                    let (from, length) = (start.., BLOCK.min(n - start));
                    let input = &self.audio[*input][from.clone()];
                    let cutoff = &self.audio[*cutoff][from.clone()];
                    let out = &mut y[from];
                    block::one_pole(arch, radians, &mut last, length, input, cutoff, out);
                }
            }
            (
                AudioOp::Resonant {
                    input,
                    warped,
                    q,
                    pass,
                },
                &State::Resonant(mut state),
            ) => {
                for start in (0..n).step_by(BLOCK) {
                    let (from, length) = (start.., BLOCK.min(n - start));
                    let input = &self.audio[*input][from.clone()];
                    let warped = &self.audio[*warped][from.clone()];
                    let (q, out) = (self.scalars[*q], &mut y[from]);
                    block::resonant(arch, q, *pass, &mut state, length, input, warped, out);
                }
            }
            (AudioOp::Normalize { input }, _) => {
                let factor = 1.0 / peak(self.signal(*input)).1.max(1.0);
                block::add_scaled(arch, factor, &self.audio[*input], &mut y);
            }
            // One precision here.
            (AudioOp::Widen { input } | AudioOp::Narrow { input }, _) => {
                y.copy_from_slice(&self.audio[*input]);
            }
            (op, _) => unreachable!("{op:?} begins with a state of its own: see `State::begin`"),
        }
        self.audio[step.out] = y;
    }

    /// White noise, or what is given in its place.
    fn noise(&self, state: &State) -> Vec<f64> {
        let mut noise = vec![0.0; padded(self.playable)];
        match (self.noise, state) {
            (Some(given), _) => {
                let n = given.len().min(self.playable.n_samples);
                noise[..n].copy_from_slice(&given[..n]);
            }
            (None, State::Noise(own)) => block::noise(self.arch, *own, 0, &mut noise),
            _ => {}
        }
        noise.into_iter().map(f64::from).collect()
    }
}

/// The first sample of the largest magnitude, and that magnitude.
pub(super) fn peak(x: &[f64]) -> (usize, f64) {
    let samples = x.iter().map(|x| x.abs()).enumerate();
    samples.fold((0, 0.0), |best, (place, magnitude)| {
        match magnitude > best.1 {
            true => (place, magnitude),
            false => best,
        }
    })
}

/// Length of a signal with the room that the loops over lanes need.
fn padded(playable: &Playable) -> usize {
    playable.n_samples.next_multiple_of(BLOCK) + ROOM
}
