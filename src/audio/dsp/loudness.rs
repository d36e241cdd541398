//! Loudness as broadcasting measures it.

use super::{Biquad, Cascade, Start};
use std::cell::RefCell;
use std::f64::consts::PI;

/// Integrated loudness of planar samples, LUFS; minus infinity where nothing is loud enough to be measured.
///
/// Recommendation ITU-R BS.1770-4, annex 1: each channel is K-weighted; the mean squares of blocks of 400 ms, one every
/// 100 ms, are weighted by channel and summed, `l = -0.691 + 10 log10(sum of G_c z_c)`; blocks at or below -70 LUFS are
/// left out, then those at or below 10 LU under the mean of the rest; the loudness is that of the mean of what is left.
///
/// Sounds of five or six channels are taken as surround sound in the order of WAV files (front left and right, centre,
/// low frequencies where there are six, surround left and right), of weights 1, 1, 1, (0) and 1.41; all other channels
/// weigh 1. The standard does not define the loudness of less than 400 ms: such a sound is one block.
pub fn loudness_lufs(samples: &[f32], n_channels: usize, sample_rate: u32) -> f64 {
    thread_local! {
        static STEPS: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
    }
    let n = samples.len() / n_channels.max(1);
    if n == 0 {
        return f64::NEG_INFINITY;
    }
    STEPS.with_borrow_mut(|steps| {
        let per_step = f64::from(sample_rate.max(1)) * STEP_S;
        // Rates that are no multiple of 10 Hz have steps that differ by one sample.
        let end = |step: usize| ((step as f64 * per_step).round() as usize).min(n);
        let whole = (0..)
            .take_while(|&step| ((step + 1) as f64 * per_step).round() as usize <= n)
            .count();
        let n_steps = if whole < STEPS_PER_BLOCK { 1 } else { whole };
        steps.clear();
        steps.resize(n_steps, 0.0);
        let filter = k_weighting(sample_rate);
        for (index, channel) in samples.chunks_exact(n).enumerate() {
            let weight = channel_weight(index, n_channels);
            if weight == 0.0 {
                continue;
            }
            let mut memory = filter.memory(Start::Rest, 0.0);
            for (step, energy) in steps.iter_mut().enumerate() {
                let part = if whole < STEPS_PER_BLOCK {
                    channel
                } else {
                    &channel[end(step)..end(step + 1)]
                };
                let mut wide = [0.0; 1024];
                for block in part.chunks(wide.len()) {
                    let wide = &mut wide[..block.len()];
                    wide.iter_mut()
                        .zip(block)
                        .for_each(|(w, x)| *w = f64::from(*x));
                    filter.run(&mut memory, wide);
                    *energy += weight * wide.iter().map(|y| y * y).sum::<f64>();
                }
            }
        }
        let width = STEPS_PER_BLOCK.min(n_steps);
        let length = |first: usize| {
            if whole < STEPS_PER_BLOCK {
                n
            } else {
                end(first + width) - end(first)
            }
        };
        let blocks = || {
            steps
                .windows(width)
                .enumerate()
                .map(|(i, part)| part.iter().sum::<f64>() / length(i) as f64)
        };
        let mean_above = |gate: f64| {
            let (count, sum) = blocks()
                .filter(|z| *z > gate)
                .fold((0usize, 0.0), |(count, sum), z| (count + 1, sum + z));
            (count > 0).then(|| sum / count as f64)
        };
        let gated = mean_above(power(ABSOLUTE_GATE_LUFS)).and_then(|mean| {
            mean_above(
                (mean * libm::pow(10.0, RELATIVE_GATE_LU / 10.0)).max(power(ABSOLUTE_GATE_LUFS)),
            )
        });
        gated.map_or(f64::NEG_INFINITY, |mean| {
            OFFSET_DB + 10.0 * libm::log10(mean)
        })
    })
}

const STEP_S: f64 = 0.1;
const STEPS_PER_BLOCK: usize = 4;
const ABSOLUTE_GATE_LUFS: f64 = -70.0;
const RELATIVE_GATE_LU: f64 = -10.0;
const OFFSET_DB: f64 = -0.691;

/// The weighted mean square of a loudness.
fn power(lufs: f64) -> f64 {
    libm::pow(10.0, (lufs - OFFSET_DB) / 10.0)
}

fn channel_weight(index: usize, n_channels: usize) -> f64 {
    match (n_channels, index) {
        (5, 3 | 4) | (6, 4 | 5) => 1.41,
        (6, 3) => 0.0,
        _ => 1.0,
    }
}

/// The K weighting: a shelf for the head, then a high pass.
///
/// The standard gives coefficients at 48 kHz alone. These are the analog filters that have them there (Mansbridge, Finn and
/// Reiss, "Implementation and evaluation of autonomous multi-track fader control", 2012), brought to other rates by the
/// same bilinear transform. What that bends is made up for at 997 Hz, the frequency for which the standard gives a reading.
fn k_weighting(sample_rate: u32) -> Cascade {
    let rate = f64::from(sample_rate.max(1));
    let freq_hz = CALIBRATION_HZ.min(rate / 4.0);
    let [shelf, mut pass] = sections(rate);
    let gain = |sections: [Biquad; 2], rate: f64| Cascade::new(sections).magnitude(freq_hz / rate);
    let scale = gain(sections(TABLE_RATE), TABLE_RATE) / gain([shelf, pass], rate);
    pass.b.iter_mut().for_each(|b| *b *= scale);
    Cascade::new([shelf, pass])
}

const CALIBRATION_HZ: f64 = 997.0;
const TABLE_RATE: f64 = 48_000.0;

fn sections(rate: f64) -> [Biquad; 2] {
    const SHELF_HZ: f64 = 1_681.974_450_955_533;
    const SHELF_DB: f64 = 3.999_843_853_973_347;
    const SHELF_Q: f64 = 0.707_175_236_955_419_6;
    const PASS_HZ: f64 = 38.135_470_876_024_44;
    const PASS_Q: f64 = 0.500_327_037_323_877_3;
    // The ends of the gain of the shelf relate by this power, found from the table.
    const MIDDLE: f64 = 0.499_666_774_154_541_6;
    let warped = |freq_hz: f64| libm::tan(PI * (freq_hz / rate).min(0.4999));

    let k = warped(SHELF_HZ);
    let high = libm::pow(10.0, SHELF_DB / 20.0);
    let middle = libm::pow(high, MIDDLE);
    let a0 = 1.0 + k / SHELF_Q + k * k;
    let shelf = Biquad {
        b: [
            (high + middle * k / SHELF_Q + k * k) / a0,
            2.0 * (k * k - high) / a0,
            (high - middle * k / SHELF_Q + k * k) / a0,
        ],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / SHELF_Q + k * k) / a0],
    };

    let k = warped(PASS_HZ);
    let a0 = 1.0 + k / PASS_Q + k * k;
    // The numerator is not divided by `a0`: so it stands in the table.
    let pass = Biquad {
        b: [1.0, -2.0, 1.0],
        a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / PASS_Q + k * k) / a0],
    };
    [shelf, pass]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(freq_hz: f64, level_db: f64, seconds: f64, sample_rate: u32) -> Vec<f32> {
        let amplitude = 10f64.powf(level_db / 20.0);
        let n = (seconds * f64::from(sample_rate)).round() as usize;
        (0..n)
            .map(|i| (amplitude * (TAU * freq_hz * i as f64 / f64::from(sample_rate)).sin()) as f32)
            .collect()
    }

    fn check(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() < tolerance, "{got}, not {want}");
    }

    #[test]
    fn the_weighting_has_the_coefficients_of_the_standard_at_48_khz() {
        // BS.1770-4, tables 1 and 2.
        let want = [
            (
                [
                    1.535_124_859_586_97,
                    -2.691_696_189_406_38,
                    1.198_392_810_852_85,
                ],
                [-1.690_659_293_182_41, 0.732_480_774_215_85],
            ),
            (
                [1.0, -2.0, 1.0],
                [-1.990_047_454_833_98, 0.990_072_250_366_21],
            ),
        ];
        for (section, (b, a)) in k_weighting(48_000).sections().iter().zip(want) {
            for (got, want) in section.b.iter().zip(b).chain(section.a.iter().zip(a)) {
                check(*got, want, 1e-12);
            }
        }
    }

    #[test]
    fn the_weighting_is_the_same_at_every_rate() {
        // The bilinear transform bends the slope of the shelf most where it is closest to the Nyquist frequency: 0.11 dB.
        let reference = k_weighting(48_000);
        for sample_rate in [16_000, 22_050, 44_100, 96_000, 192_000] {
            let filter = k_weighting(sample_rate);
            for freq_hz in [30.0, 100.0, 500.0, 997.0, 2000.0, 3000.0] {
                let db = |filter: &Cascade, rate: u32| {
                    20.0 * filter.magnitude(freq_hz / f64::from(rate)).log10()
                };
                check(db(&filter, sample_rate), db(&reference, 48_000), 0.12);
            }
        }
    }

    #[test]
    fn a_full_scale_sine_of_997_hz_in_one_channel_reads_minus_3_01() {
        let tolerance = 0.005;
        for sample_rate in [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 192_000] {
            let samples = tone(997.0, 0.0, 20.0, sample_rate);
            check(loudness_lufs(&samples, 1, sample_rate), -3.01, tolerance);
            let silence = vec![0.0; samples.len()];
            check(
                loudness_lufs(&[silence, samples].concat(), 2, sample_rate),
                -3.01,
                tolerance,
            );
        }
    }

    #[test]
    fn channels_add_up_and_surround_weighs_more() {
        let x = tone(997.0, -20.0, 2.0, 48_000);
        let silence = vec![0.0; x.len()];
        check(
            loudness_lufs(&[x.clone(), x.clone()].concat(), 2, 48_000),
            -20.0,
            0.02,
        );
        let six = |at: usize| {
            let channels: Vec<f32> = (0..6)
                .flat_map(|i| if i == at { x.clone() } else { silence.clone() })
                .collect();
            loudness_lufs(&channels, 6, 48_000)
        };
        check(six(2), -23.01, 0.02);
        check(six(5), -23.01 + 10.0 * 1.41f64.log10(), 0.02);
        assert_eq!(six(3), f64::NEG_INFINITY);
    }

    #[test]
    fn gates_leave_out_what_is_too_soft() {
        // EBU Tech 3341, cases 1 to 5: stereo tones of 1 kHz whose levels are those of their peaks.
        for (parts, want) in [
            (vec![(-23.0, 20.0)], -23.0),
            (vec![(-33.0, 20.0)], -33.0),
            (vec![(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
            (
                vec![
                    (-72.0, 10.0),
                    (-36.0, 10.0),
                    (-23.0, 60.0),
                    (-36.0, 10.0),
                    (-72.0, 10.0),
                ],
                -23.0,
            ),
            (vec![(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
        ] {
            let channel: Vec<f32> = parts
                .iter()
                .flat_map(|&(db, s)| tone(1000.0, db, s, 48_000))
                .collect();
            check(
                loudness_lufs(&[channel.clone(), channel].concat(), 2, 48_000),
                want,
                0.1,
            );
        }
        assert_eq!(
            loudness_lufs(&tone(1000.0, -75.0, 2.0, 48_000), 1, 48_000),
            f64::NEG_INFINITY
        );
    }

    #[test]
    fn short_sounds_are_one_block() {
        check(
            loudness_lufs(&tone(997.0, 0.0, 0.25, 48_000), 1, 48_000),
            -3.01,
            0.05,
        );
        for (n, n_channels) in [(0, 1), (1, 1), (16, 8), (3, 3)] {
            let got = loudness_lufs(&vec![0.5; n], n_channels, 8000);
            assert!(!got.is_nan(), "{n} samples: {got}");
        }
        assert_eq!(loudness_lufs(&[0.0; 8000], 1, 8000), f64::NEG_INFINITY);
    }
}
