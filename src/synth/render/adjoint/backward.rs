//! From the gradient of the samples of a sound back to that of its raw parameters.

use super::reverse::Reverse;
use super::scalars;
use super::tape::Tape;
use crate::render::Playable;

/// The gradient of a number by the raw values of a patch, given its gradient by the samples.
pub(crate) fn gradient_of_raw(
    playable: &Playable,
    row: &[f32],
    key: u64,
    noise: Option<&[f32]>,
    of_samples: Vec<f64>,
) -> Vec<f64> {
    let tape = Tape::record(playable, row, key, noise);
    Reverse::run(&tape, row, of_samples)
}

impl<'a> Reverse<'a> {
    /// The gradient of the raw parameters of a patch, given that of its samples.
    pub(super) fn run<T: Copy + Into<f64>>(
        tape: &'a Tape<'a>,
        row: &[T],
        of_samples: Vec<f64>,
    ) -> Vec<f64> {
        let program = &tape.playable.program;
        let mut reverse = Reverse::new(tape);
        reverse.audio[program.output] = of_samples;
        for (index, step) in program.audio.iter().enumerate().rev() {
            let gradient = std::mem::take(&mut reverse.audio[step.out]);
            if !gradient.is_empty() {
                reverse.audio_step(index, &gradient);
            }
        }
        for (index, phase) in program.phases.iter().enumerate() {
            let gradient = std::mem::take(&mut reverse.phases[index]);
            if !gradient.is_empty() {
                reverse.phase(phase, &gradient);
            }
        }
        for step in program.control.iter().rev() {
            let gradient = std::mem::take(&mut reverse.control[step.out]);
            if !gradient.is_empty() {
                reverse.control_step(step, &gradient);
            }
        }
        scalars::to_raw(program, &tape.scalars, &mut reverse.scalars, row)
    }
}
