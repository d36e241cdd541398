//! Finding a patch whose sound is near a given one.
//!
//! An evolution strategy: patches are drawn around a mean, rendered and compared with the sound, and the better half of them
//! moves the mean, the step size and the spread of every parameter. The covariance is kept diagonal ("sep-CMA-ES": Ros and
//! Hansen, "A Simple Modification in CMA-ES Achieving Linear Time and Space Complexity", 2008), for a graph has up to some
//! hundred parameters and a search some thousand sounds, too few to learn how each pair of parameters goes together. All that
//! is drawn follows from the seed, and sounds of one generation are compared on all threads: the result is the same on any
//! number of them.

use crate::sensitivity::{Ear, rms_difference, spectrogram};
use crate::{Error, Patches, Playback, Synth, Units};
use auricle_audio::features::LogMel;
use auricle_audio::{Rng, Waveform};
use rayon::prelude::*;
use std::cell::RefCell;

const SEARCH: u64 = 0x5EA2C4;

/// How a patch is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchOptions {
    /// Generations at most.
    pub generations: usize,
    /// Sounds of a generation.
    pub population: usize,
    /// Sounds that are drawn at first, of which the nearest is where the search begins.
    pub starts: usize,
    /// Standard deviation of the first generation, raw units.
    pub sigma: f64,
    /// Seed of all that is drawn.
    pub seed: u64,
    /// In which units the first sounds are drawn.
    pub units: Units,
}

impl Default for SearchOptions {
    fn default() -> SearchOptions {
        SearchOptions {
            generations: 100,
            population: 32,
            starts: 256,
            sigma: 0.2,
            seed: 0,
            units: Units::Raw,
        }
    }
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The nearest patch.
    pub patch: Patches,
    /// Its distance, dB.
    pub distance: f64,
    /// The least distance so far, after the first draws and after every generation.
    pub history: Vec<f64>,
    /// Sounds that were compared.
    pub n_sounds: usize,
}

/// Distance of sounds at several resolutions.
///
/// The mean over transforms of 16, 64 and 256 ms (each the next power of two samples, as far as the sound is that long) of
/// the root mean square difference of the log-mel spectrograms in dB, each within 80 dB under its largest value.
#[derive(Debug)]
pub struct Distance {
    scales: Vec<LogMel>,
    target: Vec<Vec<f32>>,
}

/// Lengths of the transforms, seconds.
const SCALES_S: [f64; 3] = [0.016, 0.064, 0.256];

impl Distance {
    /// The distance from a sound, of its first channel.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Unusable`] if the sound is too short for the shortest transform.
    pub fn from(target: &Waveform) -> Result<Distance, Error> {
        let rate = target.sample_rate();
        let n_ffts = SCALES_S.map(|s| ((s * f64::from(rate)) as usize).next_power_of_two().max(64));
        let fits = |(index, n_fft): &(usize, usize)| *index == 0 || *n_fft <= target.n_samples();
        let scales = n_ffts.into_iter().enumerate().filter(fits);
        let scales: Vec<LogMel> = scales
            .map(|(_, n_fft)| spectrogram(rate, n_fft))
            .collect::<Result<_, _>>()?;
        let mut ear = Ear::default();
        let hear = |mel: &LogMel| Ok(ear.hear(mel, target.channel(0))?.to_vec());
        let target = scales.iter().map(hear).collect::<Result<_, Error>>()?;
        Ok(Distance { scales, target })
    }

    /// The distance of samples at the rate and of the length of the sound, dB.
    ///
    /// # Errors
    /// As [`Distance::from`].
    pub fn of(&self, samples: &[f32]) -> Result<f64, Error> {
        thread_local! {
            static EAR: RefCell<Ear> = RefCell::default();
        }
        EAR.with_borrow_mut(|ear| {
            let mut sum = 0.0;
            for (mel, target) in self.scales.iter().zip(&self.target) {
                sum += rms_difference(ear.hear(mel, samples)?, target);
            }
            Ok(sum / self.scales.len() as f64)
        })
    }
}

impl Synth {
    /// Searches the patch whose sound is nearest to a given one, by [`Distance`]. The sound is cut or filled with zeros to the
    /// synthesizer's length; the recipe behind the synthesizer is left out. `goes_on` is told the generations done and the
    /// least distance, and stops the search by `false`.
    ///
    /// # Errors
    /// [`auricle_audio::Error::Range`] for a sound of another rate or several channels, a synthesizer without parameters, and
    /// options that make no search.
    pub fn search(
        &self,
        target: &Waveform,
        options: SearchOptions,
        mut goes_on: impl FnMut(usize, f64) -> bool,
    ) -> Result<Found, Error> {
        options.check()?;
        let rate = self.options().sample_rate;
        if target.sample_rate() != rate || target.n_channels() != 1 {
            let want = format!("mono at {rate} Hz, as the synthesizer's sounds");
            let got = format!(
                "{} channels at {} Hz",
                target.n_channels(),
                target.sample_rate()
            );
            return Err(auricle_audio::Error::range("wave", want, got).into());
        }
        if self.parameters().is_empty() {
            let want = "a synthesizer with free parameters";
            return Err(auricle_audio::Error::range("synthesizer", want, "one without").into());
        }
        let distance = Distance::from(&target.fitted(self.n_samples()))?;
        let starts = self.sample(options.starts, options.seed, 0, options.units);
        let mut found = Best::default();
        found.see(&starts, &self.distances(&starts, &distance)?);
        let mut history = vec![found.distance];
        let mut strategy = Strategy::new(&found.raw, &options);
        for generation in 0..options.generations {
            if !goes_on(generation, found.distance) {
                break;
            }
            let drawn = strategy.draw(generation as u64);
            let raw = drawn.iter().flatten().map(|&x| x as f32).collect();
            // All sounds have the noise of the first: else a search would be drawn to lucky noise.
            let patches = self.patches(raw)?.with_keys(vec![0; options.population])?;
            let distances = self.distances(&patches, &distance)?;
            found.see(&patches, &distances);
            strategy.learn(drawn, &distances);
            history.push(found.distance);
        }
        goes_on(history.len() - 1, found.distance);
        Ok(Found {
            patch: self.patches(found.raw)?.with_keys(vec![found.key])?,
            distance: found.distance,
            n_sounds: options.starts + (history.len() - 1) * options.population,
            history,
        })
    }

    fn distances(&self, patches: &Patches, distance: &Distance) -> Result<Vec<f64>, Error> {
        let one = |samples: &mut Vec<f32>, index: usize| {
            samples.resize(self.n_samples(), 0.0);
            self.render_row(patches, index, &Playback::default(), samples);
            distance.of(samples)
        };
        let indices = (0..patches.len()).into_par_iter();
        indices.map_init(Vec::new, one).collect()
    }
}

impl SearchOptions {
    fn check(&self) -> Result<(), Error> {
        let counts = [
            ("population", self.population, 4),
            ("starts", self.starts, 1),
        ];
        for (name, got, least) in counts {
            if got < least {
                let want = format!("at least {least}");
                return Err(auricle_audio::Error::range(name, want, got).into());
            }
        }
        if !(self.sigma > 0.0 && self.sigma <= 1.0) {
            let want = "above 0 and at most 1";
            return Err(auricle_audio::Error::range("sigma", want, self.sigma).into());
        }
        Ok(())
    }
}

/// The nearest sound so far.
#[derive(Default)]
struct Best {
    raw: Vec<f32>,
    key: u64,
    distance: f64,
}

impl Best {
    fn see(&mut self, patches: &Patches, distances: &[f64]) {
        for (index, &distance) in distances.iter().enumerate() {
            if self.raw.is_empty() || distance < self.distance {
                self.raw = patches.row(index).to_vec();
                self.key = patches.keys()[index];
                self.distance = distance;
            }
        }
    }
}

/// The distribution from which patches are drawn, `m + sigma D z`. Letters are those of the paper.
struct Strategy {
    seed: u64,
    population: usize,
    m: Vec<f64>,
    sigma: f64,
    /// Variances of the parameters.
    c: Vec<f64>,
    p_sigma: Vec<f64>,
    p_c: Vec<f64>,
    weights: Vec<f64>,
    generations: i32,
}

impl Strategy {
    fn new(start: &[f32], options: &SearchOptions) -> Strategy {
        let n = start.len();
        let mu = options.population / 2;
        let raw: Vec<f64> = (1..=mu)
            .map(|i| libm::log((mu as f64 + 0.5) / i as f64))
            .collect();
        let sum: f64 = raw.iter().sum();
        Strategy {
            seed: options.seed,
            population: options.population,
            m: start.iter().map(|&x| x.into()).collect(),
            sigma: options.sigma,
            c: vec![1.0; n],
            p_sigma: vec![0.0; n],
            p_c: vec![0.0; n],
            weights: raw.into_iter().map(|w| w / sum).collect(),
            generations: 0,
        }
    }

    /// The patches of a generation. What would leave `[0, 1]` is mirrored at its ends.
    fn draw(&self, generation: u64) -> Vec<Vec<f64>> {
        let mut rng = Rng::from_words(&[self.seed, generation, SEARCH]);
        let mut one = |(m, c): (&f64, &f64)| mirrored(m + self.sigma * c.sqrt() * rng.normal());
        let mut row = || self.m.iter().zip(&self.c).map(&mut one).collect();
        (0..self.population).map(|_| row()).collect()
    }

    fn learn(&mut self, drawn: Vec<Vec<f64>>, distances: &[f64]) {
        let n = self.m.len() as f64;
        let mu_eff = 1.0 / self.weights.iter().map(|w| w * w).sum::<f64>();
        let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0);
        let d_sigma = 1.0 + 2.0 * (((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + c_sigma;
        let c_c = (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n);
        // A diagonal is learned faster than a matrix, by (n + 2) / 3.
        let faster = (n + 2.0) / 3.0;
        let c_1 = (faster * 2.0 / ((n + 1.3).powi(2) + mu_eff)).min(0.5);
        let c_mu = faster * 2.0 * (mu_eff - 2.0 + 1.0 / mu_eff) / ((n + 2.0).powi(2) + mu_eff);
        let c_mu = c_mu.min(1.0 - c_1).max(0.0);
        let chi = n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n));

        let mut order: Vec<usize> = (0..drawn.len()).collect();
        order.sort_by(|&a, &b| distances[a].total_cmp(&distances[b]));
        let chosen: Vec<&Vec<f64>> = order[..self.weights.len()]
            .iter()
            .map(|&at| &drawn[at])
            .collect();
        self.generations += 1;
        let before = self.m.clone();
        for place in 0..self.m.len() {
            let weighted = chosen.iter().zip(&self.weights).map(|(x, w)| w * x[place]);
            self.m[place] = weighted.sum();
            let step = (self.m[place] - before[place]) / self.sigma;
            let along = (c_sigma * (2.0 - c_sigma) * mu_eff).sqrt() * step / self.c[place].sqrt();
            self.p_sigma[place] = (1.0 - c_sigma) * self.p_sigma[place] + along;
        }
        let length = self.p_sigma.iter().map(|p| p * p).sum::<f64>().sqrt();
        let settled = (1.0 - (1.0 - c_sigma).powi(2 * self.generations)).sqrt();
        let is_usual = length / settled < (1.4 + 2.0 / (n + 1.0)) * chi;
        for place in 0..self.m.len() {
            let step = (self.m[place] - before[place]) / self.sigma;
            let along = match is_usual {
                true => (c_c * (2.0 - c_c) * mu_eff).sqrt() * step,
                false => 0.0,
            };
            self.p_c[place] = (1.0 - c_c) * self.p_c[place] + along;
            let spread = chosen
                .iter()
                .zip(&self.weights)
                .map(|(x, w)| w * ((x[place] - before[place]) / self.sigma).powi(2));
            let rank_mu: f64 = spread.sum();
            self.c[place] =
                (1.0 - c_1 - c_mu) * self.c[place] + c_1 * self.p_c[place].powi(2) + c_mu * rank_mu;
            self.c[place] = self.c[place].clamp(1e-12, 1e6);
        }
        self.sigma *= libm::exp((c_sigma / d_sigma) * (length / chi - 1.0));
        self.sigma = self.sigma.clamp(1e-6, 0.5);
    }
}

/// A number brought into `[0, 1]` by mirrors at the ends.
fn mirrored(x: f64) -> f64 {
    let x = x.rem_euclid(2.0);
    if x > 1.0 { 2.0 - x } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::{adsr, keyboard, sine};
    use crate::{Options, SynthOptions};

    fn synth() -> Synth {
        let note = keyboard(Options::new().number("duration", 0.3)).unwrap();
        let tone = sine(Options::new().signal("note", &note).number("tuning", 0.0)).unwrap();
        let env = adsr(Options::new().signal("note", &note).number("alpha", 1.0)).unwrap();
        let options = SynthOptions {
            seconds: 0.3,
            sample_rate: 8000,
            control_rate: 100,
            normalize: false,
        };
        Synth::new(&(&tone * &env).unwrap(), options).unwrap()
    }

    #[test]
    fn a_sound_of_the_synthesizer_is_found_again() {
        let synth = synth();
        let hidden = synth
            .sample(1, 99, 0, Units::Raw)
            .set("keyboard.midi_f0", 60.3)
            .unwrap();
        let target = synth.render_one(&hidden, 0).unwrap();
        let options = SearchOptions {
            generations: 60,
            population: 24,
            starts: 64,
            ..SearchOptions::default()
        };
        let mut told = 0;
        let found = synth
            .search(&target, options, |done, _| {
                told = done;
                true
            })
            .unwrap();
        let pitch = found.patch.values(0)[found.patch.places("keyboard.midi_f0").unwrap()[0]];
        assert!((pitch - 60.3).abs() < 0.5, "{pitch}, {:?}", found.history);
        assert!(
            found.distance < 0.3 * found.history[0],
            "{:?}",
            found.history
        );
        assert!(found.history.windows(2).all(|pair| pair[1] <= pair[0]));
        assert_eq!((told, found.n_sounds), (60, 64 + 60 * 24));
        // The distance that is told is that of the patch that is given.
        let sound = synth.render_one(&found.patch, 0).unwrap();
        let again = Distance::from(&target)
            .unwrap()
            .of(sound.channel(0))
            .unwrap();
        assert_eq!(again, found.distance);
        assert_eq!(
            Distance::from(&target)
                .unwrap()
                .of(target.channel(0))
                .unwrap(),
            0.0
        );
    }

    #[test]
    fn a_search_is_the_same_on_any_number_of_threads_and_can_be_stopped() {
        let synth = synth();
        let target = synth
            .render_one(&synth.sample(1, 5, 0, Units::Raw), 0)
            .unwrap();
        let options = SearchOptions {
            generations: 4,
            population: 8,
            starts: 16,
            ..SearchOptions::default()
        };
        let search = || synth.search(&target, options, |_, _| true).unwrap();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        assert_eq!(search(), pool.install(search));
        let stopped = synth.search(&target, options, |done, _| done < 2).unwrap();
        assert_eq!(stopped.history, search().history[..3]);
    }

    #[test]
    fn what_cannot_be_searched_is_told() {
        let synth = synth();
        let other = Waveform::mono(vec![0.1; 800], 16_000).unwrap();
        assert!(
            synth
                .search(&other, SearchOptions::default(), |_, _| true)
                .is_err()
        );
        let wave = Waveform::mono(vec![0.1; 2400], 8000).unwrap();
        let options = SearchOptions {
            population: 2,
            ..SearchOptions::default()
        };
        assert!(synth.search(&wave, options, |_, _| true).is_err());
        assert_eq!(mirrored(1.2), 0.8);
        assert!((mirrored(-0.3) - 0.3).abs() < 1e-12);
    }
}
