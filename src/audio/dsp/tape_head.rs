//! Reading a sound along a path of slowly changing speeds.

use super::any_rate::{POINTS, RUN, fill_gains, plans};
use super::rate_change::{Buffers, RateChange, Sizes, reach};
use super::short_kernel::{FRACTION_BITS, TAPS, read_at};
use super::speed_path::{SpeedRuns, Speeds};
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
    /// What is read from a pair of blocks, and from the next one.
    readings: [Reading; 2],
}

/// What is read from a pair of blocks.
#[derive(Default)]
struct Reading {
    /// Where, with [`FRACTION_BITS`] behind the point.
    places: Vec<u64>,
    /// The limit for the highest speed there.
    limit: u32,
    /// Whether nothing is read from later blocks.
    is_last: bool,
}

impl TapeHead {
    /// Reads at positions `start`, `start + speeds[0]` and so on, in samples, one for each of `out`.
    /// Speeds are at least 0 and at most 100.
    pub fn read(
        &mut self,
        sound: &[f32],
        outside: Outside,
        start: f64,
        speeds: &impl Speeds,
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
}

/// The places of a path of speeds, divided among pairs of blocks whose samples of the middle rate lie `step` apart.
struct Places<R> {
    runs: R,
    step: u64,
    /// The place behind those that were made, from the beginning of the next reading on.
    place: u64,
    /// Places, how far it is from each to the next, and which of them were not given yet.
    made: [u64; RUN],
    far: [u64; RUN],
    from: usize,
    to: usize,
}

impl<R: SpeedRuns> Places<R> {
    /// What is read from the next pair of blocks. Speeds are made once: the next reading is made before this one is read.
    #[inline(always)]
    fn next<S: Simd>(&mut self, simd: S, reading: &mut Reading) {
        reading.places.clear();
        let mut furthest = 0;
        loop {
            if self.from == self.to && !self.make(simd) {
                reading.is_last = true;
                break;
            }
            let made = &self.made[self.from..self.to];
            // Nothing is read backwards.
            let n = match made[made.len() - 1] < self.step {
                true => made.len(),
                false => made.partition_point(|&place| place < self.step),
            };
            reading.places.extend_from_slice(&made[..n]);
            furthest = most(furthest, &self.far[self.from..self.from + n]);
            self.from += n;
            if self.from < self.to {
                let behind = self.made[self.from..self.to].iter_mut();
                behind.for_each(|place| *place -= self.step);
                self.place -= self.step;
                reading.is_last = false;
                break;
            }
        }
        reading.limit = limit(furthest as f64 / (TIMES * SAMPLE));
    }

    /// Makes the places of the next run; gives whether there is one.
    #[inline(always)]
    fn make<S: Simd>(&mut self, simd: S) -> bool {
        let run = self.runs.next_run(simd);
        (self.from, self.to) = (0, run.len());
        for (far, &speed) in self.far.iter_mut().zip(run) {
            *far = steps(speed);
        }
        let mut place = self.place;
        for (made, far) in self.made[..self.to].iter_mut().zip(&self.far) {
            *made = place;
            place += far;
        }
        self.place = place;
        self.to > 0
    }
}

/// The most of some numbers and of one.
#[inline(always)]
fn most(one: u64, numbers: &[u64]) -> u64 {
    // In lanes, so that one comparison does not wait for the other.
    let mut most = [one as i64; 8];
    let (eights, rest) = numbers.as_chunks::<8>();
    for numbers in eights {
        for lane in 0..8 {
            most[lane] = most[lane].max(numbers[lane] as i64);
        }
    }
    let most = most.into_iter().fold(0, |most, number| most.max(number));
    rest.iter()
        .fold(most as u64, |most, &number| most.max(number))
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

struct Read<'a, P> {
    head: &'a mut TapeHead,
    sound: &'a [f32],
    outside: Outside,
    start: f64,
    speeds: &'a P,
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

impl<P: Speeds> WithSimd for Read<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
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
        let fastest = highest_speed(limit(speeds.highest()));
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
        let place = (((start - from as f64) * TIMES + ahead) * SAMPLE) as u64;
        let step_to = (step.to as u64) << FRACTION_BITS;
        let mut places = Places {
            runs: speeds.runs(),
            step: step_to,
            place,
            made: [0; RUN],
            far: [0; RUN],
            from: 0,
            to: 0,
        };
        let (mut done, mut before) = (0, None);
        let [mut now, mut next] = std::mem::take(&mut head.readings);
        places.next(simd, &mut next);
        loop {
            std::mem::swap(&mut now, &mut next);
            let mut limit = now.limit;
            if !now.is_last {
                places.next(simd, &mut next);
                limit = limit.max(next.limit);
            }
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
            let end = done + now.places.len();
            read_at(middle, &now.places, &mut out[done..end]);
            done = end;
            if now.is_last {
                break;
            }
            head.tail.clear();
            head.tail.extend_from_slice(&middle[TAPS + step.to..]);
            middle.copy_within(step.to..step.to + TAPS, 0);
            from += step.from as isize;
        }
        head.readings = [now, next];
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

    /// Speeds that are listed.
    struct Listed<'a>(&'a [f64]);

    impl Speeds for Listed<'_> {
        fn highest(&self) -> f64 {
            self.0.iter().fold(0.0, |most, speed| speed.max(most))
        }

        fn runs(&self) -> impl SpeedRuns {
            Listed(self.0)
        }
    }

    impl SpeedRuns for Listed<'_> {
        fn next_run<S: Simd>(&mut self, _: S) -> &[f64] {
            let (run, rest) = self.0.split_at(RUN.min(self.0.len()));
            self.0 = rest;
            run
        }
    }

    fn read(sound: &[f32], outside: Outside, start: f64, speeds: &[f64]) -> Vec<f32> {
        let mut out = vec![0.0; speeds.len()];
        TapeHead::default().read(sound, outside, start, &Listed(speeds), &mut out);
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
