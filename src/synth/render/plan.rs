//! Where a program's signals are kept: slots whose signals do not live at the same time share a buffer.

use crate::program::{AudioOp, Program, Step};
use std::ops::Range;

/// Where an audio signal is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index among the buffers of its kind.
    pub(crate) buffer: usize,
    /// Whether it is kept for the whole clip.
    pub(crate) held: bool,
}

/// Buffers for the signals of a program, and the parts of the audio operations that run one after another.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) control: Vec<usize>,
    pub(crate) n_control: usize,
    pub(crate) audio: Vec<Place>,
    /// Kinds of the buffers: whether each of single, then of double precision is held.
    pub(crate) held_single: Vec<bool>,
    pub(crate) held_wide: Vec<bool>,
    /// Audio operations between those that need all of a signal.
    pub(crate) stages: Vec<Range<usize>>,
}

impl Plan {
    pub(crate) fn new(program: &Program) -> Plan {
        let control = program
            .control
            .iter()
            .map(|step| (step.out, step.op.inputs()));
        let control: Vec<_> = control.collect();
        let mut kept = vec![false; program.n_control];
        for phase in &program.phases {
            phase.pitch.into_iter().for_each(|slot| kept[slot] = true);
        }
        for step in &program.audio {
            if let AudioOp::Upsample { control } = step.op {
                kept[control] = true;
            }
        }
        let (control, n_control) = allocate(program.n_control, &control, &kept);

        let stages = stages(&program.audio);
        let held = held(program, &stages);
        let steps = |wide: bool| -> Vec<(usize, Vec<usize>)> {
            let of_kind = move |slot: &usize| program.wide[*slot] == wide;
            let steps = program.audio.iter().map(move |step| {
                let inputs = step.op.reads().into_iter().filter(of_kind).collect();
                (step.out, inputs)
            });
            // A step of the other kind still ends the life of its inputs.
            let at = |(out, inputs): (usize, Vec<usize>)| match of_kind(&out) {
                true => (out, inputs),
                false => (usize::MAX, inputs),
            };
            steps.map(at).collect()
        };
        let n = program.wide.len();
        let mut keep = held.clone();
        keep[program.output] = true;
        let (single, n_single) = allocate(n, &steps(false), &keep);
        let (wide, n_wide) = allocate(n, &steps(true), &keep);
        let (mut held_single, mut held_wide) = (vec![false; n_single], vec![false; n_wide]);
        let audio = (0..n).map(|slot| {
            let buffer = if program.wide[slot] {
                wide[slot]
            } else {
                single[slot]
            };
            let kinds = if program.wide[slot] {
                &mut held_wide
            } else {
                &mut held_single
            };
            if held[slot] {
                kinds[buffer] = true;
            }
            Place {
                buffer,
                held: held[slot],
            }
        });
        let audio = audio.collect();
        Plan {
            control,
            n_control,
            audio,
            held_single,
            held_wide,
            stages,
        }
    }
}

/// A step that needs all of its input ends a stage.
fn stages(steps: &[Step<AudioOp>]) -> Vec<Range<usize>> {
    let mut stages = Vec::new();
    let mut begin = 0;
    for (index, step) in steps.iter().enumerate() {
        if matches!(step.op, AudioOp::Normalize { .. }) {
            stages.push(begin..index + 1);
            begin = index + 1;
        }
    }
    if begin < steps.len() {
        stages.push(begin..steps.len());
    }
    stages
}

/// Signals that are read in a later stage, and those that are normalized unless they are the sound itself.
fn held(program: &Program, stages: &[Range<usize>]) -> Vec<bool> {
    let stage_of = |step: usize| stages.iter().position(|stage| stage.contains(&step));
    let mut written = vec![None; program.wide.len()];
    let mut held = vec![false; program.wide.len()];
    for (index, step) in program.audio.iter().enumerate() {
        let stage = stage_of(index);
        for slot in step.op.reads() {
            held[slot] |= written[slot] != stage;
        }
        written[step.out] = stage;
        if matches!(step.op, AudioOp::Normalize { .. }) && step.out != program.output {
            held[step.out] = true;
        }
    }
    // The sound of an earlier stage is kept, too.
    let last = stages.len().checked_sub(1);
    let is_sound_of_last = written[program.output] == last;
    held[program.output] |= !is_sound_of_last;
    held
}

/// A buffer for each slot that is written: `steps` are (slot written, slots read); what is kept never shares.
fn allocate(n: usize, steps: &[(usize, Vec<usize>)], kept: &[bool]) -> (Vec<usize>, usize) {
    let mut last = vec![0; n];
    for (index, (out, inputs)) in steps.iter().enumerate() {
        for &slot in inputs.iter().chain((*out != usize::MAX).then_some(out)) {
            last[slot] = index;
        }
    }
    let mut buffers = vec![0; n];
    let mut free: Vec<usize> = Vec::new();
    let mut count = 0;
    for (index, (out, inputs)) in steps.iter().enumerate() {
        if *out != usize::MAX {
            let reused = if kept[*out] { None } else { free.pop() };
            buffers[*out] = reused.unwrap_or_else(|| {
                count += 1;
                count - 1
            });
        }
        let mut ended: Vec<usize> = inputs
            .iter()
            .chain((*out != usize::MAX).then_some(out))
            .copied()
            .collect();
        ended.sort_unstable();
        ended.dedup();
        for slot in ended {
            if last[slot] == index && !kept[slot] {
                free.push(buffers[slot]);
            }
        }
    }
    (buffers, count)
}
