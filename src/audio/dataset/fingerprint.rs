//! Fingerprints of sounds, by which near copies of a recording are found.
//!
//! A sound is reduced to 32 bits every 8 ms: whether the difference between the energies of two neighbouring bands grew since
//! the frame before (Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System", 2002, eq. 1). Gain cancels out,
//! encoding and noise turn a few bits, and a shift moves them. Frames overlap so much that it does not matter where they
//! begin. Frames are shorter here than in the paper, 128 ms, because clips are, too.
//!
//! Near copies share some frame bit by bit, almost surely. So what is compared in full are only places of two clips at which
//! an index of all frames has the same bits, which costs as much as there are clips, not as there are pairs.

use crate::dsp::{Fft, FftScratch, Window, resample};
use crate::{Error, Waveform};
use rayon::prelude::*;

/// Samples per second that are looked at, Hz.
const RATE: u32 = 8000;
const FRAME: usize = 1024;
const HOP: usize = 64;
/// Bands are of one width on a logarithmic axis, between these.
const N_BANDS: usize = 33;
const LOWEST_HZ: f64 = 200.0;
const HIGHEST_HZ: f64 = 3400.0;
/// Energy of a frame over that of the loudest one, below which it is silence: 50 dB.
const SILENCE: f64 = 1e-5;
/// Change from frame to frame, over the frame's energy, below which the sound is steady and its bits are rounding errors.
const STEADY: f64 = 1e-3;

/// Frames that two clips must have in common: a quarter of a second, with the length of the first one.
const LEAST: usize = 16;
/// Share of different bits at which two sounds are the same one, with this many frames in common (2 s) and more. It is
/// smaller in proportion for fewer, because two utterances of one word by one voice differ in no more than 0.15.
const MOST_DIFFERENT: f64 = 0.35;
const FRAMES_FOR_IT: usize = 250;
const ALWAYS_SAME: f64 = 0.125;
/// Other clips that a frame is paired with at most, of all with the same bits. More of them than this are copies of one
/// another, which are found as a chain.
const NEIGHBOURS: usize = 32;

/// What there is of a sound to know it again by.
#[derive(Clone, Debug, PartialEq)]
pub struct Fingerprint {
    /// The bits of each frame; `None` if it is silent or steady.
    frames: Vec<Option<u32>>,
}

/// Two sounds that are near copies of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alike {
    /// Index of the one.
    pub a: usize,
    /// Index of the other, which is larger.
    pub b: usize,
    /// Share of equal bits where they overlap, 0.65 to 1.
    pub similarity: f64,
    /// How much later the same sound is in `a`, s.
    pub offset_s: f64,
}

impl Fingerprint {
    /// The fingerprint of a sound, of any rate, level and number of channels.
    ///
    /// # Errors
    /// What resampling reports.
    pub fn of(wave: &Waveform) -> Result<Fingerprint, Error> {
        let mono = wave.to_mono();
        let wave = match mono.sample_rate() {
            RATE => mono,
            _ => resample(&mono, RATE)?,
        };
        let energies = band_energies(wave.samples());
        let total = |bands: &[f64; N_BANDS]| bands.iter().sum::<f64>();
        let loudest = energies.iter().map(total).fold(0.0, f64::max);
        let frame = |pair: &[[f64; N_BANDS]]| {
            let (before, now) = (&pair[0], &pair[1]);
            let mut bits = 0;
            let mut change = 0.0;
            for band in 0..N_BANDS - 1 {
                let grown = (now[band] - now[band + 1]) - (before[band] - before[band + 1]);
                bits |= u32::from(grown > 0.0) << band;
                change += grown.abs();
            }
            let energy = total(now);
            let tells = energy > SILENCE * loudest && change > STEADY * energy;
            tells.then_some(bits)
        };
        Ok(Fingerprint {
            frames: energies.windows(2).map(frame).collect(),
        })
    }

    /// The share of different bits where `other` is moved `offset` frames to the right, and the number of frames that are
    /// compared.
    fn difference(&self, other: &Fingerprint, offset: i64) -> (f64, usize) {
        let first = offset.max(0) as usize;
        let moved = (-offset).max(0) as usize;
        let here = self.frames.iter().skip(first);
        let both = here.zip(other.frames.iter().skip(moved));
        let mut n_bits = 0;
        let mut n_frames = 0;
        for (a, b) in both {
            if let (Some(a), Some(b)) = (a, b) {
                n_bits += (a ^ b).count_ones();
                n_frames += 1;
            }
        }
        (f64::from(n_bits) / (32 * n_frames.max(1)) as f64, n_frames)
    }
}

/// The energy of every band in every frame.
fn band_energies(samples: &[f32]) -> Vec<[f64; N_BANDS]> {
    if samples.len() < FRAME {
        return Vec::new();
    }
    let window: Vec<f32> = Window::Hann
        .samples(FRAME)
        .iter()
        .map(|&w| w as f32)
        .collect();
    let octaves = HIGHEST_HZ / LOWEST_HZ;
    let edges: [f64; N_BANDS + 1] = std::array::from_fn(|edge| {
        let hz = LOWEST_HZ * libm::pow(octaves, edge as f64 / N_BANDS as f64);
        // A bin holds what lies half a bin to either side of it.
        hz * FRAME as f64 / f64::from(RATE) + 0.5
    });
    let fft = Fft::new(FRAME);
    let mut scratch = FftScratch::default();
    fft.prepare(&mut scratch);
    let mut below = vec![0.0; FRAME / 2 + 2];
    let n_frames = 1 + (samples.len() - FRAME) / HOP;
    let frame = |index: usize| {
        let part = &samples[index * HOP..index * HOP + FRAME];
        for ((input, &sample), &weight) in scratch.input.iter_mut().zip(part).zip(&window) {
            *input = sample * weight;
        }
        fft.run(&mut scratch);
        for (bin, value) in scratch.output.iter().enumerate() {
            below[bin + 1] = below[bin] + f64::from(value.norm_sqr());
        }
        let up_to = |edge: f64| {
            let bin = edge as usize;
            below[bin] + (edge - bin as f64) * (below[bin + 1] - below[bin])
        };
        std::array::from_fn(|band| up_to(edges[band + 1]) - up_to(edges[band]))
    };
    (0..n_frames).map(frame).collect()
}

/// Finds all near copies among sounds, in the order of their indices.
///
/// Two sounds are alike if, at some offset, at most 35 % of their bits differ over 2 s and more, and in proportion for less,
/// down to 12.5 %. Sounds with less than a quarter of a second in common, and those that are silent or steady all along, are
/// like none.
pub fn alike(sounds: &[Fingerprint]) -> Vec<Alike> {
    let same = |&(a, b, offset): &(usize, usize, i64)| {
        let (difference, n) = sounds[a].difference(&sounds[b], offset);
        let share = (n as f64 / FRAMES_FOR_IT as f64).min(1.0);
        let most = (MOST_DIFFERENT * share).max(ALWAYS_SAME);
        (n >= LEAST && difference <= most).then(|| Alike {
            a,
            b,
            similarity: 1.0 - difference,
            offset_s: (offset * HOP as i64) as f64 / f64::from(RATE),
        })
    };
    let mut found: Vec<Alike> = candidates(sounds).par_iter().filter_map(same).collect();
    // The best offset of every pair.
    found.sort_by(|x, y| {
        let by_pair = (x.a, x.b).cmp(&(y.a, y.b));
        by_pair.then(y.similarity.total_cmp(&x.similarity))
    });
    found.dedup_by_key(|alike| (alike.a, alike.b));
    found
}

/// Pairs of sounds with an offset, in frames, at which a frame of both has the same bits; sorted, each once.
fn candidates(sounds: &[Fingerprint]) -> Vec<(usize, usize, i64)> {
    let frames = |(sound, print): (usize, &Fingerprint)| {
        let frames: Vec<(u32, usize, usize)> = print
            .frames
            .iter()
            .enumerate()
            .filter_map(|(at, bits)| Some(((*bits)?, sound, at)))
            .collect();
        frames
    };
    let mut index: Vec<(u32, usize, usize)> = sounds.iter().enumerate().flat_map(frames).collect();
    index.par_sort_unstable();
    // The first frame with these bits stands for all of its sound.
    index.dedup_by_key(|&mut (bits, sound, _)| (bits, sound));
    let mut found = Vec::new();
    for (place, &(bits, a, at)) in index.iter().enumerate() {
        let behind = index[place + 1..].iter().take(NEIGHBOURS);
        let others = behind.take_while(|other| other.0 == bits);
        found.extend(others.map(|&(_, b, other_at)| (a, b, at as i64 - other_at as i64)));
    }
    found.par_sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    /// Coloured noise that comes and goes, of a seed.
    fn sound(seed: u64, n: usize, rate: u32) -> Waveform {
        let mut rng = Rng::from_words(&[41, seed]);
        let mut samples = vec![0.0; n];
        rng.fill_normal(&mut samples);
        let mut low = 0.0;
        for (i, sample) in samples.iter_mut().enumerate() {
            let swell = 0.3 + libm::sin(i as f64 / f64::from(rate) * 9.0 + seed as f64).powi(2);
            low += 0.2 * (*sample - low);
            *sample = low * swell as f32 * 0.1;
        }
        Waveform::mono(samples, rate).unwrap()
    }

    fn found(waves: &[Waveform]) -> Vec<Alike> {
        let prints: Vec<Fingerprint> = waves.iter().map(|w| Fingerprint::of(w).unwrap()).collect();
        alike(&prints)
    }

    #[test]
    fn copies_are_known_again_after_what_happens_to_recordings() {
        let original = sound(0, 2 * 44_100, 44_100);
        let (rate, n) = (44_100, original.n_samples());
        let samples = original.samples();
        let mut noise = vec![0.0; n];
        Rng::from_words(&[7]).fill_normal(&mut noise);
        let noise = Waveform::mono(noise, rate).unwrap();
        let shifted = [vec![0.0; rate as usize / 5], samples.to_vec()].concat();
        let coarse = samples
            .iter()
            .map(|x| (x * 512.0).round() / 512.0)
            .collect();
        let copies = [
            ("gain", original.scaled(0.05).unwrap(), 0.0),
            ("16 kHz", resample(&original, 16_000).unwrap(), 0.0),
            ("noise", original.with_noise(&noise, 30.0).unwrap(), 0.0),
            ("shift", Waveform::mono(shifted, rate).unwrap(), -0.2),
            (
                "cut",
                Waveform::mono(samples[n / 10..n * 9 / 10].to_vec(), rate).unwrap(),
                0.2,
            ),
            ("10 bits", Waveform::mono(coarse, rate).unwrap(), 0.0),
        ];
        for (what, copy, offset_s) in copies {
            let strangers = (1..6).map(|seed| sound(seed, n, rate));
            let mut waves = vec![original.clone(), copy];
            waves.extend(strangers);
            let found = found(&waves);
            assert_eq!(found.len(), 1, "{what}: {found:?}");
            let Alike {
                a, b, similarity, ..
            } = found[0];
            assert_eq!((a, b), (0, 1), "{what}");
            assert!(similarity > 0.75, "{what}: {similarity}");
            assert!(
                (found[0].offset_s - offset_s).abs() < 0.01,
                "{what}: {found:?}"
            );
        }
    }

    #[test]
    fn different_sounds_are_not_alike() {
        let mut waves: Vec<Waveform> = (0..40).map(|seed| sound(seed, 8000, 8000)).collect();
        for hz in [220.0, 440.0, 441.0, 1000.0, 2000.0] {
            let tone = (0..8000)
                .map(|i| libm::sin(f64::from(i) * hz * std::f64::consts::TAU / 8000.0) as f32);
            waves.push(Waveform::mono(tone.collect(), 8000).unwrap());
        }
        waves.push(Waveform::mono(vec![0.0; 8000], 8000).unwrap());
        waves.push(Waveform::mono(vec![0.0; 8000], 8000).unwrap());
        waves.push(Waveform::mono(vec![0.5; 10], 8000).unwrap());
        waves.push(Waveform::mono(Vec::new(), 8000).unwrap());
        assert_eq!(found(&waves), []);
    }

    #[test]
    fn many_copies_are_one_chain() {
        let waves = vec![sound(3, 8000, 8000); 3 * NEIGHBOURS];
        let found = found(&waves);
        assert!(found.len() >= waves.len() - 1 && found.len() <= waves.len() * NEIGHBOURS);
        assert!((1..waves.len()).all(|b| found.iter().any(|f| (f.a, f.b) == (b - 1, b))));
        assert!(
            found
                .iter()
                .all(|f| f.similarity == 1.0 && f.offset_s == 0.0)
        );
    }
}
