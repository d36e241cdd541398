//! A search from its first draws to the nearest patch.

use super::Distance;
use super::SearchOptions;
use super::lanes::Lanes;
use crate::{Error, Patches, Playback, Synth};
use auricle_audio::Waveform;
use rayon::prelude::*;

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
        let firsts = self.distances(&starts, &distance)?;
        let mut found = Best::default();
        found.see(&starts, &firsts);
        let mut history = vec![found.distance];
        let row = |index: usize| starts.row(index).iter().map(|&x| x.into()).collect();
        let begins = firsts
            .iter()
            .enumerate()
            .map(|(index, &far)| (row(index), far));
        let mut lanes = Lanes::new(begins.collect(), &options);
        for generation in 0..options.generations {
            if !goes_on(generation, found.distance) {
                break;
            }
            // All sounds have the noise of the first: else a search would be drawn to lucky noise.
            let patches = self.patches(lanes.draw(generation))?;
            let patches = patches.with_keys(vec![0; options.population])?;
            let distances = self.distances(&patches, &distance)?;
            found.see(&patches, &distances);
            lanes.learn(&distances);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::{adsr, keyboard, sine};
    use crate::{Options, SynthOptions, Units};

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

    /// `cargo run --release -p auricle-synth --example search` measures harder ones.
    #[test]
    fn sounds_that_are_drawn_by_another_seed_are_found() {
        let synth = synth();
        let hidden = synth.sample(6, 4_711, 0, Units::Raw);
        for index in 0..hidden.len() {
            let target = synth.render_one(&hidden, index).unwrap();
            let options = SearchOptions {
                generations: 60,
                seed: index as u64,
                ..SearchOptions::default()
            };
            let found = synth.search(&target, options, |_, _| true).unwrap();
            assert!(found.distance < 1.0, "{index}: {:?}", found.history);
        }
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
    }
}
