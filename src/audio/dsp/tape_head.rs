//! Reading a sound along a path of slowly changing speeds.

use super::any_rate::{FRACTION_BITS, POINTS, RUN, TAPS, fill_gains, plans, read_at};
use super::rate_change::{Buffers, RateChange, Sizes, reach};
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
/// above 1 the sound is limited to `1 / v` of its Nyquist frequency: a block goes over from the
/// limit that it shares with the one before to that which it shares with the next, each by the
/// faster of the two, so that nothing folds back and nothing breaks off.
#[derive(Default)]
pub struct TapeHead {
    /// The filters for the beginning and the end of a block.
    filters: [Vec<f32>; 2],
    buffers: Buffers,
    /// The sound at the middle rate, through either filter.
    middle: [Vec<f32>; 2],
    /// A part of a loop.
    part: Vec<f32>,
    blocks: Vec<Block>,
}

/// What is read from a pair of blocks: the end of those samples of the result, and the highest speed
/// among them.
#[derive(Clone, Copy)]
struct Block {
    end: usize,
    fastest: f64,
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

    /// Divides the result among pairs of blocks, of which the first ends at `end` and the others
    /// `step` later each, in samples of the sound.
    #[inline(always)]
    fn divide(&mut self, start: f64, speeds: &[f64], mut end: f64, step: f64) {
        self.blocks.clear();
        let (mut position, mut fastest) = (start, 1.0f64);
        for (i, &speed) in speeds.iter().enumerate() {
            while position >= end {
                self.blocks.push(Block { end: i, fastest });
                end += step;
                fastest = 1.0;
            }
            fastest = fastest.max(speed);
            position += speed;
        }
        self.blocks.push(Block {
            end: speeds.len(),
            fastest,
        });
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

/// Samples of the middle rate for one of the sound.
const TIMES: f64 = 1.5;

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
        let fastest = speeds.iter().fold(1.0f64, |m, &v| m.max(v));
        let sizes = |n: usize| Sizes {
            from: n,
            to: n / 2 * 3,
        };
        let edge = ((reach() * fastest).ceil() as usize).next_multiple_of(2);
        let block = sizes((8 * edge).next_power_of_two().max(POINTS));
        let [begin, end] = &mut head.filters;
        let mut change = RateChange::of_parts(
            [block, sizes(edge)],
            plans(block),
            std::mem::take(begin),
            std::mem::take(&mut head.buffers),
        );
        let mut next = std::mem::take(end);
        let step = Sizes {
            from: 2 * change.step().from,
            to: 2 * change.step().to,
        };
        for middle in &mut head.middle {
            middle.clear();
            middle.resize(TAPS + step.to, 0.0);
        }
        // An even sample of the sound, from which on there is all that the first position needs.
        let mut from = 2 * ((start / 2.0).floor() as isize - TAPS as isize);
        // A sum ends half the kernel behind its position; one sample more for the rounding.
        let reached = from as f64 + (step.to - TAPS / 2 - 1) as f64 / TIMES;
        head.divide(start, speeds, reached, step.from as f64);
        let blocks = std::mem::take(&mut head.blocks);
        let (mut position, mut done, mut limit) = (start, 0, blocks[0].fastest);
        fill_gains(1.0 / limit, block, &mut change.gains);
        for (index, &Block { end, fastest }) in blocks.iter().enumerate() {
            let following = blocks.get(index + 1);
            let next_limit = following.map_or(fastest, |block| fastest.max(block.fastest));
            match outside {
                Outside::Silence => change.take(sound, from),
                Outside::Wrap => {
                    let length = sound.len() as isize;
                    let first = (from - edge as isize).rem_euclid(length) as usize;
                    let all = sound[first..].iter().chain(sound.iter().cycle());
                    head.part.clear();
                    head.part.extend(all.take(step.from + 2 * edge));
                    change.take(&head.part, edge as isize);
                }
            }
            let [middle, other] = &mut head.middle;
            change.give(&mut middle[TAPS..]);
            if next_limit != limit {
                fill_gains(1.0 / next_limit, block, &mut next);
                std::mem::swap(&mut change.gains, &mut next);
                limit = next_limit;
                change.give(&mut other[TAPS..]);
                let share = 1.0 / step.to as f32;
                for (i, (y, x)) in middle[TAPS..].iter_mut().zip(&other[TAPS..]).enumerate() {
                    *y += i as f32 * share * (x - *y);
                }
            }
            // The first sample of a sum stands half the kernel before its position, behind those
            // of the blocks before.
            let ahead = (TAPS - (TAPS / 2 - 1)) as f64;
            while done < end {
                let n = RUN.min(end - done);
                let mut places = [0; RUN];
                for (place, speed) in places[..n].iter_mut().zip(&speeds[done..]) {
                    let at = (position - from as f64) * TIMES + ahead;
                    *place = (at * (1u64 << FRACTION_BITS) as f64) as u64;
                    position += speed;
                }
                read_at(middle, &places[..n], &mut out[done..]);
                done += n;
            }
            middle.copy_within(step.to.., 0);
            from += step.from as isize;
        }
        head.filters = [change.gains, next];
        head.buffers = change.buffers;
        head.blocks = blocks;
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
