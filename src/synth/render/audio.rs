//! The audio part of a sound: its operations, block by block.

use super::Playable;
use super::block::{self, BLOCK, ROOM, Upsample};
use super::math::Real;
use super::oscillator::Oscillator;
use super::state::State;
use crate::program::{AudioOp, AudioSlot, Burst, Gain, Scalar};
use std::f64::consts::TAU;

/// Buffers of a thread.
pub(super) struct Buffers {
    pub(super) single: Vec<Vec<f32>>,
    pub(super) wide: Vec<Vec<f64>>,
    work: Work,
}

/// Room for what an operation computes on its way.
#[derive(Default)]
struct Work {
    phases: Vec<f64>,
    steps: Vec<u64>,
    single: Vec<f32>,
    wide: Vec<f64>,
}

impl Buffers {
    pub(super) fn new(playable: &Playable) -> Buffers {
        let size = |held: bool| {
            ROOM + if held {
                playable.n_samples + BLOCK
            } else {
                BLOCK
            }
        };
        let plan = &playable.plan;
        Buffers {
            single: plan
                .held_single
                .iter()
                .map(|&held| vec![0.0; size(held)])
                .collect(),
            wide: plan
                .held_wide
                .iter()
                .map(|&held| vec![0.0; size(held)])
                .collect(),
            work: Work {
                phases: vec![0.0; BLOCK + ROOM],
                steps: vec![0; BLOCK],
                single: vec![0.0; BLOCK],
                wide: vec![0.0; BLOCK],
            },
        }
    }
}

/// The audio part of a sound.
pub(super) struct AudioPart<'a> {
    pub(super) playable: &'a Playable,
    pub(super) arch: pulp::Arch,
    pub(super) key: u64,
    pub(super) noise: Option<&'a [f32]>,
    pub(super) scalars: &'a [f64],
    pub(super) signals: &'a [Vec<f64>],
    pub(super) oscillators: &'a mut [Oscillator],
    pub(super) states: &'a mut Vec<State>,
    pub(super) buffers: &'a mut Buffers,
    pub(super) out: &'a mut [f32],
}

/// Where a block lies in the clip.
#[derive(Clone, Copy)]
struct Span {
    start: usize,
    length: usize,
    /// The control segment of the first sample.
    segment: usize,
}

impl<'a> AudioPart<'a> {
    /// Renders the sound.
    pub(super) fn run(mut self) {
        let playable = self.playable;
        self.states.clear();
        for step in &playable.program.audio {
            let state = State::begin(playable, self.key, self.scalars, &step.op);
            self.states.push(state);
        }
        let output = playable.program.output;
        let n_stages = playable.plan.stages.len();
        for (stage, steps) in playable.plan.stages.iter().enumerate() {
            let is_last = stage + 1 == n_stages;
            let mut start = 0;
            while start < playable.n_samples {
                let length = BLOCK.min(playable.n_samples - start);
                let span = Span {
                    start,
                    length,
                    segment: playable.segments.of(start),
                };
                for index in steps.clone() {
                    self.step(index, span);
                }
                let is_written = matches!(
                    playable.program.audio[steps.end - 1].op,
                    AudioOp::Normalize { .. }
                ) && playable.program.audio[steps.end - 1].out == output;
                if is_last && !is_written {
                    let out = std::mem::take(&mut self.out);
                    out[start..start + length].copy_from_slice(&self.view(output, span)[..length]);
                    self.out = out;
                }
                start += length;
            }
            self.end_stage(steps.end - 1);
        }
    }

    fn scalar(&self, scalar: Scalar) -> f64 {
        self.scalars[scalar]
    }

    fn gain(&self, gain: Gain) -> f64 {
        match gain {
            Gain::Scalar(scalar) => self.scalars[scalar],
            Gain::Number(number) => number,
        }
    }

    /// A signal in single precision, at a block and with the room behind it.
    fn view(&self, slot: AudioSlot, span: Span) -> &[f32] {
        let place = self.playable.plan.audio[slot];
        let from = if place.held { span.start } else { 0 };
        &self.buffers.single[place.buffer][from..from + span.length.next_multiple_of(16)]
    }

    /// A signal in double precision.
    fn view_wide(&self, slot: AudioSlot, span: Span) -> &[f64] {
        let place = self.playable.plan.audio[slot];
        let from = if place.held { span.start } else { 0 };
        &self.buffers.wide[place.buffer][from..from + span.length.next_multiple_of(16)]
    }

    fn step(&mut self, index: usize, span: Span) {
        let playable = self.playable;
        let step = &playable.program.audio[index];
        let place = playable.plan.audio[step.out];
        let from = if place.held { span.start } else { 0 };
        if let AudioOp::Normalize { input } = step.op {
            self.measure(index, input, span);
        } else if playable.program.wide[step.out] {
            let mut buffer = std::mem::take(&mut self.buffers.wide[place.buffer]);
            let to = from + span.length.next_multiple_of(16);
            self.run_wide(index, span, &mut buffer[from..to + ROOM - 16]);
            self.buffers.wide[place.buffer] = buffer;
        } else {
            let mut buffer = std::mem::take(&mut self.buffers.single[place.buffer]);
            let to = from + span.length.next_multiple_of(16);
            self.run_single(index, span, &mut buffer[from..to + ROOM - 16]);
            self.buffers.single[place.buffer] = buffer;
        }
    }

    /// The signal that a normalization reads goes to the sound itself or to where it is held, and its peak is found.
    fn measure(&mut self, index: usize, input: AudioSlot, span: Span) {
        let playable = self.playable;
        let out_slot = playable.program.audio[index].out;
        let place = playable.plan.audio[out_slot];
        let State::Peak(peak) = self.states[index] else {
            return;
        };
        let to = span.start..span.start + span.length;
        let peak = if out_slot == playable.program.output && !place.held {
            let out = std::mem::take(&mut self.out);
            let peak = block::copy_with_peak(self.arch, peak, self.view(input, span), &mut out[to]);
            self.out = out;
            peak
        } else {
            let mut buffer = std::mem::take(&mut self.buffers.single[place.buffer]);
            let peak =
                block::copy_with_peak(self.arch, peak, self.view(input, span), &mut buffer[to]);
            self.buffers.single[place.buffer] = buffer;
            peak
        };
        self.states[index] = State::Peak(peak);
    }

    /// A normalization divides by its peak.
    fn end_stage(&mut self, index: usize) {
        let playable = self.playable;
        let State::Peak(peak) = self.states[index] else {
            return;
        };
        if peak <= 1.0 {
            return;
        }
        let out_slot = playable.program.audio[index].out;
        let place = playable.plan.audio[out_slot];
        let factor = 1.0 / peak;
        let samples = if out_slot == playable.program.output && !place.held {
            &mut *self.out
        } else {
            &mut self.buffers.single[place.buffer]
        };
        block::amplify(self.arch, factor, samples);
    }

    fn run_single(&mut self, index: usize, span: Span, out: &mut [f32]) {
        let playable = self.playable;
        let op = &playable.program.audio[index].op;
        let length = span.length.next_multiple_of(16);
        match op {
            AudioOp::Upsample { .. }
            | AudioOp::Sine { .. }
            | AudioOp::SquareSaw { .. }
            | AudioOp::Fm { .. } => {
                let mut turns = std::mem::take(&mut self.buffers.work.single);
                self.run_source(index, span, &mut turns, out);
                self.buffers.work.single = turns;
            }
            AudioOp::Harmonics { phase, .. } => {
                let phases = &mut self.buffers.work.phases;
                self.oscillators[*phase].fill(self.arch, span.length, phases);
                if let State::Harmonics(levels) = &self.states[index] {
                    block::harmonics(self.arch, levels, phases, &mut out[..length]);
                }
            }
            AudioOp::Noise { .. } => self.fill_noise(index, span, &mut out[..length]),
            AudioOp::Train { burst, .. } => {
                let mut state = std::mem::take(&mut self.states[index]);
                if let State::Train(train) = &mut state {
                    train.fill(span.start, span.length, out);
                    if *burst == Burst::Noise {
                        let mut noise = [0.0; BLOCK];
                        block::noise(self.arch, train.noise, span.start, &mut noise);
                        out.iter_mut().zip(&noise).for_each(|(y, x)| *y *= x);
                    }
                }
                self.states[index] = state;
            }
            AudioOp::Product { a, b } => {
                block::product(
                    self.arch,
                    self.view(*a, span),
                    self.view(*b, span),
                    &mut out[..length],
                );
            }
            AudioOp::Mix { terms } => {
                for (place, (gain, slot)) in terms.iter().enumerate() {
                    let (gain, x) = (self.gain(*gain), self.view(*slot, span));
                    match place {
                        0 => block::scaled(self.arch, gain, x, &mut out[..length]),
                        _ => block::add_scaled(self.arch, gain, x, &mut out[..length]),
                    }
                }
            }
            AudioOp::OnePole { input, cutoff } => {
                let mut state = std::mem::take(&mut self.states[index]);
                if let State::OnePole(last) = &mut state {
                    let radians = TAU / f64::from(playable.sample_rate);
                    let (input, cutoff) = (self.view(*input, span), self.view_wide(*cutoff, span));
                    block::one_pole(self.arch, radians, last, span.length, input, cutoff, out);
                }
                self.states[index] = state;
            }
            AudioOp::Resonant {
                input,
                warped,
                q,
                pass,
            } => {
                let mut state = std::mem::take(&mut self.states[index]);
                if let State::Resonant(integrators) = &mut state {
                    let q = self.scalar(*q);
                    let (input, warped) = (self.view(*input, span), self.view_wide(*warped, span));
                    block::resonant(
                        self.arch,
                        q,
                        *pass,
                        integrators,
                        span.length,
                        input,
                        warped,
                        out,
                    );
                }
                self.states[index] = state;
            }
            AudioOp::Narrow { input } => {
                block::narrow(self.arch, self.view_wide(*input, span), out)
            }
            // What is left gives double precision, or is done where blocks are measured.
            AudioOp::Widen { .. } | AudioOp::Normalize { .. } => {}
        }
    }

    fn run_wide(&mut self, index: usize, span: Span, out: &mut [f64]) {
        let playable = self.playable;
        let length = span.length.next_multiple_of(16);
        match &playable.program.audio[index].op {
            AudioOp::Product { a, b } => {
                let (a, b) = (self.view_wide(*a, span), self.view_wide(*b, span));
                block::product(self.arch, a, b, &mut out[..length]);
            }
            AudioOp::Mix { terms } => {
                for (place, (gain, slot)) in terms.iter().enumerate() {
                    let (gain, x) = (self.gain(*gain), self.view_wide(*slot, span));
                    match place {
                        0 => block::scaled(self.arch, gain, x, &mut out[..length]),
                        _ => block::add_scaled(self.arch, gain, x, &mut out[..length]),
                    }
                }
            }
            AudioOp::Widen { input } => block::widen(self.arch, self.view(*input, span), out),
            _ => {
                let mut turns = std::mem::take(&mut self.buffers.work.wide);
                self.run_source(index, span, &mut turns, out);
                self.buffers.work.wide = turns;
            }
        }
    }

    /// Operations that are alike in both precisions; `turns` is room for a block.
    fn run_source<T: Real>(&mut self, index: usize, span: Span, turns: &mut [T], out: &mut [T]) {
        let playable = self.playable;
        let (arch, length) = (self.arch, span.length.next_multiple_of(16));
        match &playable.program.audio[index].op {
            AudioOp::Upsample { control } => arch.dispatch(Upsample {
                signal: &self.signals[playable.plan.control[*control]],
                segments: &playable.segments,
                start: span.start,
                length: span.length,
                segment: span.segment,
                out,
            }),
            AudioOp::Sine { phase } => {
                let phases = &mut self.buffers.work.phases;
                self.oscillators[*phase].fill(arch, span.length, phases);
                block::cosine(arch, phases, &mut out[..length]);
            }
            AudioOp::SquareSaw { phase, shape } => {
                let State::SquareSaw(steepness) = self.states[index] else {
                    return;
                };
                let shape = self.scalar(*shape);
                let phases = &mut self.buffers.work.phases;
                self.oscillators[*phase].fill(arch, span.length, phases);
                let (phases, out) = (&phases[..length], &mut out[..length]);
                block::square_saw(arch, steepness, shape, phases, turns, out);
            }
            AudioOp::Fm { modulator, .. } => {
                let mut state = std::mem::take(&mut self.states[index]);
                let mut phases = std::mem::take(&mut self.buffers.work.phases);
                let mut steps = std::mem::take(&mut self.buffers.work.steps);
                if let State::Fm(base, depth, sum) = &mut state {
                    let modulator = self.view_wide(*modulator, span);
                    let (steps, phases) = (&mut steps[..length], &mut phases[..length]);
                    let frequency = (*base, *depth);
                    let out = &mut out[..length];
                    block::fm(
                        arch,
                        frequency,
                        sum,
                        span.length,
                        modulator,
                        steps,
                        phases,
                        out,
                    );
                }
                self.buffers.work.steps = steps;
                self.buffers.work.phases = phases;
                self.states[index] = state;
            }
            _ => {}
        }
    }

    /// White noise, or the buffer that is given in its place: its samples from the begin, silence behind its end.
    fn fill_noise(&self, index: usize, span: Span, out: &mut [f32]) {
        match (self.noise, &self.states[index]) {
            (Some(given), _) => {
                let rest = given.get(span.start..).unwrap_or_default();
                let n = rest.len().min(out.len());
                out[..n].copy_from_slice(&rest[..n]);
                out[n..].fill(0.0);
            }
            (None, State::Noise(noise)) => block::noise(self.arch, *noise, span.start, out),
            _ => {}
        }
    }
}
