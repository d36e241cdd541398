//! The audio part of a sound: its operations, block by block.

use super::block::{self, BLOCK, ROOM, Train, Upsample};
use super::control::{frequency, log2_of_440};
use super::math::{Real, fixed_wrapped};
use super::noise::Noise;
use super::oscillator::Oscillator;
use crate::program::{AudioOp, AudioSlot, Burst, Gain, Phase, Scalar};
use crate::synth::Inner;
use std::f64::consts::{LOG2_E, PI, TAU};

/// What an operation keeps from block to block.
#[derive(Default)]
pub(super) enum State {
    /// Nothing.
    #[default]
    None,
    /// Steepness of a wave between square and saw.
    SquareSaw(f64),
    /// Levels of partials.
    Harmonics(Vec<f64>),
    /// Frequency, index and phase of an FM oscillator.
    Fm(f64, f64, u64),
    /// A noise.
    Noise(Noise),
    /// A train of pulses.
    Train(Box<Train>),
    /// The last sample of a one-pole filter.
    OnePole(f64),
    /// The integrators of a resonant filter.
    Resonant([f64; 2]),
    /// The largest magnitude so far.
    Peak(f32),
}

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
    pub(super) fn new(inner: &Inner) -> Buffers {
        let size = |held: bool| ROOM + if held { inner.n_samples + BLOCK } else { BLOCK };
        let plan = &inner.plan;
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
    pub(super) inner: &'a Inner,
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
        let inner = self.inner;
        self.states.clear();
        for step in &inner.program.audio {
            let state = self.begin(&step.op);
            self.states.push(state);
        }
        let output = inner.program.output;
        let n_stages = inner.plan.stages.len();
        for (stage, steps) in inner.plan.stages.iter().enumerate() {
            let is_last = stage + 1 == n_stages;
            let mut start = 0;
            while start < inner.n_samples {
                let length = BLOCK.min(inner.n_samples - start);
                let span = Span {
                    start,
                    length,
                    segment: inner.segments.of(start),
                };
                for index in steps.clone() {
                    self.step(index, span);
                }
                let is_written = matches!(
                    inner.program.audio[steps.end - 1].op,
                    AudioOp::Normalize { .. }
                ) && inner.program.audio[steps.end - 1].out == output;
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

    /// The highest unmodulated frequency of an oscillator, Hz.
    fn highest_hz(&self, phase: &Phase) -> f64 {
        let depth = self.scalar(phase.mod_depth).max(0.0);
        let pitch = self.scalar(phase.midi_f0) + self.scalar(phase.tuning) + depth;
        440.0 * libm::exp2((pitch - 69.0) / 12.0)
    }

    fn begin(&self, op: &AudioOp) -> State {
        let sample_rate = f64::from(self.inner.options.sample_rate);
        match op {
            AudioOp::SquareSaw { phase, .. } => {
                let highest = self.highest_hz(&self.inner.program.phases[*phase]);
                let partials = 12_000.0 / (highest * libm::log10(highest));
                State::SquareSaw(PI * partials * LOG2_E)
            }
            AudioOp::Harmonics {
                phase,
                partials,
                slope,
                even,
            } => {
                let highest = self.highest_hz(&self.inner.program.phases[*phase]);
                let (slope, even) = (self.scalar(*slope), self.scalar(*even));
                let count = ((0.5 * sample_rate / highest) as usize).clamp(1, *partials);
                let level = |k: usize| {
                    let level = libm::pow(10.0, slope * libm::log2(k as f64) / 20.0);
                    if k.is_multiple_of(2) {
                        even * level
                    } else {
                        level
                    }
                };
                let levels: Vec<f64> = (1..=count).map(level).collect();
                let sum: f64 = levels.iter().sum();
                State::Harmonics(levels.into_iter().map(|level| level / sum).collect())
            }
            AudioOp::Fm { phase, .. } => {
                let pitch = self.scalar(phase.midi_f0) + self.scalar(phase.tuning);
                let base = frequency(pitch, log2_of_440(self.inner.options.sample_rate));
                let depth = self.scalar(phase.mod_depth) * base;
                let start = fixed_wrapped(self.scalar(phase.initial_phase) / TAU);
                State::Fm(base, depth, start)
            }
            AudioOp::Noise { stream } => State::Noise(Noise::new(self.key, *stream)),
            AudioOp::Train {
                note,
                rate,
                decay,
                jitter,
                stream,
                ..
            } => {
                let onset = note.onset.map_or(0.0, |onset| self.scalar(onset));
                let fall = -3.0 / (self.scalar(*decay) * sample_rate);
                State::Train(Box::new(Train {
                    noise: Noise::new(self.key, *stream),
                    period: sample_rate / self.scalar(*rate),
                    jitter: self.scalar(*jitter),
                    onset: onset * sample_rate,
                    decay: libm::pow(10.0, fall),
                    next: 0,
                    level: 0.0,
                }))
            }
            AudioOp::OnePole { .. } => State::OnePole(0.0),
            AudioOp::Resonant { .. } => State::Resonant([0.0; 2]),
            AudioOp::Normalize { .. } => State::Peak(0.0),
            _ => State::None,
        }
    }

    /// A signal in single precision, at a block and with the room behind it.
    fn view(&self, slot: AudioSlot, span: Span) -> &[f32] {
        let place = self.inner.plan.audio[slot];
        let from = if place.held { span.start } else { 0 };
        &self.buffers.single[place.buffer][from..from + span.length.next_multiple_of(16)]
    }

    /// A signal in double precision.
    fn view_wide(&self, slot: AudioSlot, span: Span) -> &[f64] {
        let place = self.inner.plan.audio[slot];
        let from = if place.held { span.start } else { 0 };
        &self.buffers.wide[place.buffer][from..from + span.length.next_multiple_of(16)]
    }

    fn step(&mut self, index: usize, span: Span) {
        let inner = self.inner;
        let step = &inner.program.audio[index];
        let place = inner.plan.audio[step.out];
        let from = if place.held { span.start } else { 0 };
        if let AudioOp::Normalize { input } = step.op {
            self.measure(index, input, span);
        } else if inner.program.wide[step.out] {
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
        let inner = self.inner;
        let out_slot = inner.program.audio[index].out;
        let place = inner.plan.audio[out_slot];
        let State::Peak(peak) = self.states[index] else {
            return;
        };
        let to = span.start..span.start + span.length;
        let peak = if out_slot == inner.program.output && !place.held {
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
        let inner = self.inner;
        let State::Peak(peak) = self.states[index] else {
            return;
        };
        if peak <= 1.0 {
            return;
        }
        let out_slot = inner.program.audio[index].out;
        let place = inner.plan.audio[out_slot];
        let factor = 1.0 / peak;
        let samples = if out_slot == inner.program.output && !place.held {
            &mut *self.out
        } else {
            &mut self.buffers.single[place.buffer]
        };
        block::amplify(self.arch, factor, samples);
    }

    fn run_single(&mut self, index: usize, span: Span, out: &mut [f32]) {
        let inner = self.inner;
        let op = &inner.program.audio[index].op;
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
                    let radians = TAU / f64::from(inner.options.sample_rate);
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
        let inner = self.inner;
        let length = span.length.next_multiple_of(16);
        match &inner.program.audio[index].op {
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
        let inner = self.inner;
        let (arch, length) = (self.arch, span.length.next_multiple_of(16));
        match &inner.program.audio[index].op {
            AudioOp::Upsample { control } => arch.dispatch(Upsample {
                signal: &self.signals[inner.plan.control[*control]],
                segments: &inner.segments,
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
