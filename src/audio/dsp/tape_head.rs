//! Reading a sound along a path of slowly changing speeds.

use super::any_rate::{POINTS, RUN, fill_gains, plans};
use super::rate_change::{Buffers, RateChange, Sizes, reach};
use super::short_kernel::{FRACTION_BITS, TAPS, read_at};
use pulp::{Arch, Simd, WithSimd};

/// What is read before the first and behind the last sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Zeros.
    Silence,
    /// The sound again, as from a loop of tape.
    Wrap,
}

/// A tape head that reads a sound where it is told, at speeds that hardly change within some tenths
/// of a second.
///
/// As a change between any two rates does it (`any_rate.rs`): in blocks, at
/// one and a half times the sound's rate, and by a short kernel from there. Where the speed `v` is
/// above 1 the sound is limited to `1 / v` of its Nyquist frequency, or up to 2 % less: there are 32
/// limits an octave, so that a wandering speed seldom needs another one. A pair of
/// blocks is limited for what is read from it and from the next one, and the next one begins before it ends: where
/// their limits differ the one fades into the other, so that nothing folds back and nothing breaks off.
#[derive(Default)]
pub struct TapeHead {
    filters: Filters,
    buffers: Buffers,
    /// The sound at the middle rate.
    middle: Vec<f32>,
    /// What the blocks before have for the beginning of the next ones.
    tail: Vec<f32>,
    /// A part of a loop.
    part: Vec<f32>,
    runs: Vec<Run>,
    blocks: Vec<Block>,
}

/// What is known of [`RUN`] samples of the result: how far they go, and their highest speed.
#[derive(Clone, Copy)]
struct Run {
    length: u64,
    fastest: f64,
}

/// What is read from a pair of blocks: the end of those samples of the result, and the limit for the
/// highest speed among them.
#[derive(Clone, Copy)]
struct Block {
    end: usize,
    limit: u32,
}

impl TapeHead {
    /// Reads at positions `start`, `start + speeds[0]` and so on, in samples, one for each of `out`.
    /// Speeds are at least 0 and at most 100.
    pub fn read(
        &mut self,
        sound: &[f32],
        outside: Outside,
        start: f64,
        speeds: &[f64],
        out: &mut [f32],
    ) {
        Arch::new().dispatch(Read {
            head: self,
            sound,
            outside,
            start,
            speeds,
            out,
        });
    }

    /// Sums up runs of speeds; gives the highest of all.
    #[inline(always)]
    fn measure(&mut self, speeds: &[f64]) -> f64 {
        self.runs.clear();
        self.runs.extend(speeds.chunks(RUN).map(|run| {
            // In lanes, so that one comparison does not wait for the other.
            let mut most = [1.0; 8];
            let lanes = run.chunks_exact(most.len());
            let rest = lanes.remainder();
            for speeds in lanes {
                for (most, &speed) in most.iter_mut().zip(speeds) {
                    *most = if speed > *most { speed } else { *most };
                }
            }
            let most = most.iter().chain(rest);
            Run {
                length: run.iter().map(|&speed| steps(speed)).sum(),
                fastest: most.fold(1.0, |most, &speed| if speed > most { speed } else { most }),
            }
        }));
        let runs = self.runs.iter();
        runs.fold(1.0, |most, run| most.max(run.fastest))
    }

    /// Divides the result among pairs of blocks, whose samples of the middle rate lie `step` apart;
    /// the first place is within the first of them.
    #[inline(always)]
    fn divide(&mut self, mut place: u64, speeds: &[f64], step: u64) {
        self.blocks.clear();
        let mut fastest = 1.0f64;
        for (index, run) in self.runs.iter().enumerate() {
            if place + run.length < step {
                place += run.length;
                fastest = fastest.max(run.fastest);
                continue;
            }
            let speeds = speeds[index * RUN..].iter().take(RUN);
            for (i, &speed) in speeds.enumerate() {
                while place >= step {
                    let (end, limit) = (index * RUN + i, limit(fastest));
                    self.blocks.push(Block { end, limit });
                    place -= step;
                    fastest = 1.0;
                }
                fastest = fastest.max(speed);
                place += steps(speed);
            }
        }
        let (end, limit) = (speeds.len(), limit(fastest));
        self.blocks.push(Block { end, limit });
    }
}

/// Limits of the sound's frequencies an octave, and the last one of all.
const LIMITS_PER_OCTAVE: u32 = 32;
const LAST_LIMIT: u32 = 7 * LIMITS_PER_OCTAVE;

/// The limit for sounds that are read so fast, from 0 at a speed of 1 on.
fn limit(speed: f64) -> u32 {
    let place = (libm::log2(speed.max(1.0)) * f64::from(LIMITS_PER_OCTAVE)).ceil();
    (place as u32).min(LAST_LIMIT)
}

/// The highest speed that a limit serves.
fn highest_speed(limit: u32) -> f64 {
    libm::exp2(f64::from(limit) / f64::from(LIMITS_PER_OCTAVE))
}

/// The filters for blocks of one size, made when they are first asked for.
#[derive(Default)]
struct Filters {
    points: usize,
    of_limits: Vec<Vec<f32>>,
}

impl Filters {
    fn of(&mut self, limit: u32, block: Sizes) -> &[f32] {
        if self.points != block.from {
            self.points = block.from;
            self.of_limits.clear();
            self.of_limits.resize(LAST_LIMIT as usize + 1, Vec::new());
        }
        let gains = &mut self.of_limits[limit as usize];
        if gains.is_empty() {
            fill_gains(1.0 / highest_speed(limit), block, gains);
        }
        gains
    }
}

struct Read<'a> {
    head: &'a mut TapeHead,
    sound: &'a [f32],
    outside: Outside,
    start: f64,
    speeds: &'a [f64],
    out: &'a mut [f32],
}

/// Samples of the sound within which blocks go over into the next.
const FADE: usize = 128;
/// Samples of the middle rate for one of the sound.
const TIMES: f64 = 1.5;
/// A sample of the middle rate, in steps of a place.
const SAMPLE: f64 = (1u64 << FRACTION_BITS) as f64;

/// How far a place moves at a speed. Places are whole numbers of steps: they add up alike in any
/// order, and the next one waits for a single sum.
#[inline(always)]
fn steps(speed: f64) -> u64 {
    // From here on, and up to its double, doubles are the whole numbers: the sum rounds.
    const WHOLE: f64 = (1u64 << 52) as f64;
    (speed * (TIMES * SAMPLE) + WHOLE).to_bits() - WHOLE.to_bits()
}

impl WithSimd for Read<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Read {
            head,
            sound,
            outside,
            start,
            speeds,
            out,
        } = self;
        if sound.is_empty() {
            out.fill(0.0);
            return;
        }
        let fastest = highest_speed(limit(head.measure(speeds)));
        let sizes = |n: usize| Sizes {
            from: n,
            to: n / 2 * 3,
        };
        let edge = ((reach() * fastest).ceil() as usize).next_multiple_of(2);
        let block = sizes((8 * edge).next_power_of_two().max(POINTS));
        let mut change = RateChange::of_parts(
            [block, sizes(edge)],
            plans(block),
            Vec::new(),
            std::mem::take(&mut head.buffers),
        );
        let length = Sizes {
            from: 2 * change.step().from,
            to: 2 * change.step().to,
        };
        let fade = sizes(FADE);
        let step = Sizes {
            from: length.from - fade.from,
            to: length.to - fade.to,
        };
        head.middle.clear();
        head.middle.resize(TAPS + length.to, 0.0);
        // An even sample of the sound, from which on there is all that the first position needs.
        let mut from = 2 * ((start / 2.0).floor() as isize - TAPS as isize);
        // The first sample of a sum stands half the kernel before its position, behind those of the
        // blocks before.
        let ahead = (TAPS - (TAPS / 2 - 1)) as f64;
        let mut place = (((start - from as f64) * TIMES + ahead) * SAMPLE) as u64;
        let step_to = (step.to as u64) << FRACTION_BITS;
        head.divide(place, speeds, step_to);
        let (mut done, mut before) = (0, None);
        for index in 0..head.blocks.len() {
            let Block { end, limit } = head.blocks[index];
            let following = head.blocks.get(index + 1);
            let limit = following.map_or(limit, |block| limit.max(block.limit));
            match outside {
                Outside::Silence => change.take(sound, from),
                Outside::Wrap => {
                    let n = sound.len() as isize;
                    let first = (from - edge as isize).rem_euclid(n) as usize;
                    let all = sound[first..].iter().chain(sound.iter().cycle());
                    head.part.clear();
                    head.part.extend(all.take(length.from + 2 * edge));
                    change.take(&head.part, edge as isize);
                }
            }
            let middle = &mut head.middle;
            change.give_through(head.filters.of(limit, block), &mut middle[TAPS..]);
            if before.is_some_and(|before| before != limit) {
                let share = 1.0 / fade.to as f32;
                for (i, (y, x)) in middle[TAPS..].iter_mut().zip(&head.tail).enumerate() {
                    *y = x + i as f32 * share * (*y - x);
                }
            }
            before = Some(limit);
            while done < end {
                let n = RUN.min(end - done);
                let mut places = [0; RUN];
                for (at, &speed) in places[..n].iter_mut().zip(&speeds[done..]) {
                    *at = place;
                    place += steps(speed);
                }
                read_at(middle, &places[..n], &mut out[done..]);
                done += n;
            }
            head.tail.clear();
            head.tail.extend_from_slice(&middle[TAPS + step.to..]);
            middle.copy_within(step.to..step.to + TAPS, 0);
            from += step.from as isize;
            place = place.wrapping_sub(step_to);
        }
        head.buffers = change.buffers;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{PI, TAU};

    fn tone(radians: f64, n: usize) -> Vec<f32> {
        (0..n).map(|i| (radians * i as f64).sin() as f32).collect()
    }

    fn read(sound: &[f32], outside: Outside, start: f64, speeds: &[f64]) -> Vec<f32> {
        let mut out = vec![0.0; speeds.len()];
        TapeHead::default().read(sound, outside, start, speeds, &mut out);
        out
    }

    #[test]
    fn a_tone_is_read_where_the_path_is_or_left_out() {
        let sound = tone(1.0, 60_000);
        for (first, last) in [(1.0, 1.0), (0.7, 1.4), (1.4, 0.7), (2.0, 2.2), (3.5, 3.4)] {
            let speed = |i: usize| first + (last - first) * i as f64 / 12_000.0;
            let speeds: Vec<f64> = (0..12_000).map(speed).collect();
            let out = read(&sound, Outside::Silence, 300.3, &speeds);
            let mut position = 300.3_f64;
            for (y, speed) in out.iter().zip(&speeds) {
                let want = if *speed < 0.92 * PI {
                    position.sin()
                } else {
                    0.0
                };
                assert!(
                    (f64::from(*y) - want).abs() < 1e-4,
                    "{first} {last}: {y} {want}"
                );
                position += speed;
            }
        }
    }

    #[test]
    fn levels_only_fall_where_the_speed_rises() {
        // Half-way between the pass band of slow blocks and the stop band of fast ones.
        let sound = tone(2.5, 200_000);
        let speeds: Vec<f64> = (0..120_000)
            .map(|i| 1.0 + 0.6 * i as f64 / 120_000.0)
            .collect();
        let out = read(&sound, Outside::Silence, 0.0, &speeds);
        let levels: Vec<f64> = out[2000..]
            .chunks_exact(2000)
            .map(crate::waveform::rms)
            .collect();
        assert!(levels[0] > 0.7 && levels[levels.len() - 1] < 1e-4);
        assert!(
            levels.windows(2).all(|pair| pair[1] < pair[0] + 2e-3),
            "{levels:?}"
        );
    }

    #[test]
    fn a_loop_goes_on_and_silence_is_silent() {
        let sound = tone(TAU / 50.0, 100);
        let speeds = vec![1.5; 20_000];
        let looped = read(&sound, Outside::Wrap, -30.5, &speeds);
        for (i, y) in looped.iter().enumerate() {
            let want = (TAU / 50.0 * (-30.5 + 1.5 * i as f64)).sin();
            assert!((f64::from(*y) - want).abs() < 1e-4, "{i}");
        }
        let once = read(&sound, Outside::Silence, 0.0, &speeds);
        assert!(once[2000..].iter().all(|y| y.abs() < 1e-6));
        for n in 0..3 {
            for outside in [Outside::Silence, Outside::Wrap] {
                for speed in [0.0, 1.0, 100.0] {
                    let out = read(&vec![1.0; n], outside, 1e6, &[speed; 70]);
                    assert!(out.iter().all(|y| y.is_finite()));
                }
            }
        }
    }
}
