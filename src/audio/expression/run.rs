//! Running an expression along a row.

use super::Program;
use super::fault::Fault;
use super::feedback::{Feedback, Operand, Operation};
use super::function::Function;
use super::program::{Action, BLOCK, RowStep};
use super::tree::{Leaf, NodeKind};
use crate::{Error, Rng};

/// Smaller magnitudes of the output count as 0: a filter that rings out in silence would else compute with subnormal
/// numbers, which take many times as long.
const SMALLEST: f64 = f32::MIN_POSITIVE as f64;
/// Larger magnitudes of the output are an error.
const LARGEST: f64 = f32::MAX as f64;

/// A channel of a wave or a band of features, with what is known of it.
pub struct Row<'a> {
    /// Its samples or cells, which are replaced.
    pub samples: &'a mut [f32],
    /// Values of the parameters, then of the vocabulary's variables that belong to rows.
    pub given: &'a [f64],
    /// Places per second, Hz.
    pub rate: f64,
    /// The seed of the clip's noise.
    pub noise_seed: f64,
    /// Its number in the clip, by which its noise differs from that of others.
    pub number: usize,
    /// How a place of it is called in errors.
    pub label: &'a dyn Fn(usize) -> String,
}

/// Buffers that running needs. A thread keeps them, so that no clip allocates.
#[derive(Default)]
pub struct Scratch {
    /// Registers, past output, numbers of the row, and what instructions give at a place.
    numbers: Vec<f64>,
    /// The input behind zeros, where it is looked at in the past.
    input: Vec<f32>,
    noise: Vec<f32>,
    places: Vec<ResolvedStep>,
}

/// Where the parts of [`Scratch::numbers`] begin.
#[derive(Clone, Copy)]
struct Parts {
    history: usize,
    history_length: usize,
    row: usize,
    places: usize,
    end: usize,
}

impl Program {
    /// Computes a row in place. Before its start, input and output are 0.
    ///
    /// # Errors
    /// [`Error::Expression`] at the part that is first not finite, or if the output is too large for single precision.
    pub fn run(&self, mut row: Row<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        assert_eq!(row.given.len(), self.n_row, "every value is given");
        let parts = self.parts();
        self.prepare(&row, parts, scratch);
        let failed = pulp::Arch::new().dispatch(Run {
            program: self,
            row: &mut row,
            parts,
            scratch,
        });
        match failed {
            None => Ok(()),
            Some(failure) => Err(self
                .fault(&row, &failure, parts, scratch)
                .of(&self.expression)),
        }
    }

    fn parts(&self) -> Parts {
        let history = self.n_registers * BLOCK;
        // What is moved to the front when the end is reached is less than what was computed since the last time.
        let history_length = self.past_output + self.past_output.max(8 * BLOCK);
        let row = history + history_length;
        let places = row + self.row_steps.len();
        Parts {
            history,
            history_length,
            row,
            places,
            end: places + self.feedback.as_ref().map_or(0, |f| f.n_places),
        }
    }

    /// Computes what holds for the row and clears the past.
    fn prepare(&self, row: &Row<'_>, parts: Parts, scratch: &mut Scratch) {
        let Scratch {
            numbers,
            input,
            noise,
            ..
        } = scratch;
        numbers.clear();
        numbers.resize(parts.end, 0.0);
        for (at, step) in self.row_steps.iter().enumerate() {
            let of_row = |at: usize| numbers[parts.row + at];
            let value = match step {
                RowStep::Number(number) => *number,
                RowStep::Given(at) => row.given[*at],
                RowStep::Call(function, [a, b, c]) => {
                    function.of(of_row(*a), of_row(*b), of_row(*c))
                }
            };
            numbers[parts.row + at] = value;
        }
        for &(register, at) in &self.spread {
            let value = numbers[parts.row + at];
            numbers[register * BLOCK..][..BLOCK].fill(value);
        }
        if self.past_input > 0 {
            input.clear();
            input.resize(self.past_input, 0.0);
            input.extend_from_slice(row.samples);
        }
        if self.uses_noise() {
            noise.resize(row.samples.len(), 0.0);
            let words = [row.noise_seed.to_bits(), row.number as u64];
            Rng::from_words(&words).fill_normal(noise);
        }
    }

    /// What is said of a place whose value cannot be a sample.
    fn fault(&self, row: &Row<'_>, failure: &Failure, parts: Parts, scratch: &Scratch) -> Fault {
        let index = failure.index;
        let values = self.tree.values(|leaf| match leaf {
            Leaf::Number(number) => number,
            Leaf::Row(at) => row.given[at],
            Leaf::Index => index as f64,
            Leaf::Time => index as f64 / row.rate,
            Leaf::Noise => f64::from(scratch.noise[index]),
            // Without a look into the past there is no copy, and this block is not overwritten yet.
            Leaf::Input(_) if self.past_input == 0 => f64::from(row.samples[index]),
            Leaf::Input(back) => f64::from(scratch.input[self.past_input + index - back]),
            Leaf::Past(back) => scratch.numbers[parts.history + failure.cursor - back],
        });
        let label = (row.label)(index);
        let last = self.tree.nodes.len() - 1;
        let grows = |value: f64| {
            let span = self.tree.nodes[last].span;
            let reason = match self.tree.has_past() {
                true => format!("the output grows without bound: {value:.2e} at {label}"),
                false => format!("the result is too large for a sample: {value:.2e} at {label}"),
            };
            Fault::new(span, reason).hint(match self.tree.has_past() {
                true => {
                    "what comes back through `y[...]` must be weaker than before: in all below 1"
                }
                false => "keep it in range, such as with `clamp(..., -1, 1)`",
            })
        };
        let Some(first) = self.tree.first_not_finite(&values) else {
            return grows(values[last]);
        };
        let (node, value) = (&self.tree.nodes[first], values[first]);
        let said = if value.is_nan() {
            "not a number".to_owned()
        } else {
            format!("infinite ({value})")
        };
        let part = node.span.text(&self.expression);
        let reason = format!("`{part}` is {said} at {label}");
        let hint = match &node.kind {
            NodeKind::Call(Function::Div | Function::Rem | Function::Mod, _) => {
                "keep the divisor away from 0, such as by `a / max(b, 1e-9)`"
            }
            NodeKind::Call(Function::Log | Function::Log2 | Function::Log10, _) => {
                "keep the argument above 0, such as by `log(max(a, 1e-9))`"
            }
            NodeKind::Call(Function::Sqrt, _) => "keep the argument at least 0: `sqrt(max(a, 0))`",
            NodeKind::Call(Function::Pow, _) => {
                "a power that is not whole needs a base of at least 0: `sign(a) * abs(a) ** b`"
            }
            _ => "keep the arguments in range, such as with `clamp(a, low, high)`",
        };
        Fault::new(node.span, reason).hint(hint)
    }
}

/// Where a value cannot be a sample: its place, and where it is among the past output.
struct Failure {
    index: usize,
    cursor: usize,
}

/// A struct and not a closure, as only so the compiler sees all of it with the widest instructions of the processor.
struct Run<'a, 'b> {
    program: &'a Program,
    row: &'a mut Row<'b>,
    parts: Parts,
    scratch: &'a mut Scratch,
}

impl pulp::NullaryFnOnce for Run<'_, '_> {
    type Output = Option<Failure>;

    #[inline(always)]
    fn call(self) -> Option<Failure> {
        let Run {
            program,
            row,
            parts,
            scratch,
        } = self;
        let Scratch {
            numbers,
            input,
            noise,
            places,
        } = scratch;
        let past = program.past_output;
        let mut cursor = past;
        let total = row.samples.len();
        for start in (0..total).step_by(program.block) {
            let n = program.block.min(total - start);
            if cursor + n > parts.history_length {
                let kept = parts.history + cursor - past..parts.history + cursor;
                numbers.copy_within(kept, parts.history);
                cursor = past;
            }
            let now = parts.history + cursor;
            for step in &program.steps {
                let (before, rest) = numbers.split_at_mut(step.out * BLOCK);
                let (out, after) = rest.split_at_mut(BLOCK);
                let out = &mut out[..n];
                let register = |at: usize| match at < step.out {
                    true => &before[at * BLOCK..][..n],
                    false => &after[(at - step.out - 1) * BLOCK..][..n],
                };
                match step.action {
                    Action::Call(function, [a, b, c]) => {
                        function.over(register(a), register(b), register(c), out);
                    }
                    Action::Index => count(start, out),
                    Action::Time => {
                        count(start, out);
                        out.iter_mut().for_each(|t| *t /= row.rate);
                    }
                    Action::Noise => widen(&noise[start..][..n], out),
                    Action::Input(_) if program.past_input == 0 => {
                        widen(&row.samples[start..][..n], out);
                    }
                    Action::Input(back) => {
                        widen(&input[program.past_input + start - back..][..n], out);
                    }
                    Action::Past(back) => {
                        let from = now - back - (step.out + 1) * BLOCK;
                        out.copy_from_slice(&after[from..][..n]);
                    }
                }
            }
            match &program.feedback {
                Some(feedback) => {
                    resolve(feedback, parts, now, places);
                    place_by_place(places, numbers, now, n);
                }
                None => {
                    let from = program.result * BLOCK;
                    let (registers, rest) = numbers.split_at_mut(parts.history);
                    let out = &mut rest[cursor..][..n];
                    for (y, &value) in out.iter_mut().zip(&registers[from..][..n]) {
                        *y = if value.abs() < SMALLEST { 0.0 } else { value };
                    }
                }
            }
            let made = &numbers[now..][..n];
            let good = made
                .iter()
                .fold(true, |good, y| good & (y.abs() <= LARGEST));
            if !good {
                let bad = made.iter().position(|y| y.is_nan() || y.abs() > LARGEST);
                return bad.map(|at| Failure {
                    index: start + at,
                    cursor: cursor + at,
                });
            }
            let samples = row.samples[start..][..n].iter_mut();
            samples
                .zip(made)
                .for_each(|(sample, &y)| *sample = y as f32);
            cursor += n;
        }
        None
    }
}

/// The numbers from `start` on.
#[inline(always)]
fn count(start: usize, out: &mut [f64]) {
    let start = start as f64;
    for (i, out) in out.iter_mut().enumerate() {
        *out = start + f64::from(i as i32);
    }
}

#[inline(always)]
fn widen(samples: &[f32], out: &mut [f64]) {
    for (out, &sample) in out.iter_mut().zip(samples) {
        *out = f64::from(sample);
    }
}

/// An instruction whose operands are `numbers[offset + stride * i]` at place `i` of a block.
#[derive(Clone, Copy)]
struct ResolvedStep {
    operation: Operation,
    offsets: [usize; 3],
    strides: [usize; 3],
    out: usize,
}

impl ResolvedStep {
    /// If it is a filter of the first order, `k * y[-1] + u`: where `k` and `u` are, each an offset and a stride.
    fn first_order(&self, now: usize) -> Option<[[usize; 2]; 2]> {
        let operands = [0, 1, 2].map(|at| [self.offsets[at], self.strides[at]]);
        // Whatever is computed at this place and all that holds for the row lies elsewhere.
        let before = [now - 1, 1];
        match operands {
            _ if self.operation != Operation::MulAdd => None,
            [_, _, rest] if rest == before => None,
            [past, factor, rest] | [factor, past, rest] if past == before && factor != before => {
                Some([factor, rest])
            }
            _ => None,
        }
    }
}

/// Finds the operands for the block whose output begins at `now`.
fn resolve(feedback: &Feedback, parts: Parts, now: usize, out: &mut Vec<ResolvedStep>) {
    let place = |operand: Operand| match operand {
        Operand::Row(at) => (parts.row + at, 0),
        Operand::Register(at) => (at * BLOCK, 1),
        Operand::Past(back) => (now - back, 1),
        Operand::Place(at) => (parts.places + at, 0),
    };
    let resolved = |operation, operands: [Operand; 3], out| {
        let [a, b, c] = operands.map(place);
        ResolvedStep {
            operation,
            offsets: [a.0, b.0, c.0],
            strides: [a.1, b.1, c.1],
            out,
        }
    };
    out.clear();
    let steps = feedback.steps.iter();
    out.extend(steps.map(|step| resolved(step.operation, step.operands, parts.places + step.out)));
    if out.is_empty() {
        // Past output as it is: an instruction that gives its operand.
        let operation = Operation::Call(Function::Max);
        out.push(resolved(operation, [feedback.root; 3], now));
    }
}

/// Runs instructions at one place after the other.
#[inline(always)]
fn place_by_place(steps: &[ResolvedStep], numbers: &mut [f64], now: usize, n: usize) {
    if let [step] = steps
        && let Some([factor, rest]) = step.first_order(now)
    {
        // The output stays in a register, so that the next place need not wait until it is stored.
        let ([factor, by_factor], [rest, by_rest]) = (factor, rest);
        let mut y = numbers[now - 1];
        for i in 0..n {
            y = audible(numbers[factor + by_factor * i] * y + numbers[rest + by_rest * i]);
            numbers[now + i] = y;
        }
        return;
    }
    for i in 0..n {
        let mut y = 0.0;
        for step in steps {
            let [a, b, c] = [0, 1, 2].map(|k| numbers[step.offsets[k] + step.strides[k] * i]);
            y = step.operation.of(a, b, c);
            numbers[step.out] = y;
        }
        numbers[now + i] = audible(y);
    }
}

/// The output, 0 where it is too small. The branch is foreseen, so that the next place need not wait for the comparison.
#[inline(always)]
fn audible(y: f64) -> f64 {
    if y.abs() < SMALLEST { silence() } else { y }
}

#[cold]
#[inline(never)]
fn silence() -> f64 {
    0.0
}

impl Operation {
    #[inline(always)]
    fn of(self, a: f64, b: f64, c: f64) -> f64 {
        match self {
            Operation::MulAdd => a * b + c,
            Operation::MulSub => a * b - c,
            Operation::SubMul => c - a * b,
            Operation::Call(function) => function.of(a, b, c),
        }
    }
}
