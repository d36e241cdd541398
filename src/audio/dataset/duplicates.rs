//! Near copies among the clips of a split.

use super::fingerprint::{self, Fingerprint};
use super::{Clip, Dataset, Part, Split};
use crate::Error;
use rayon::prelude::*;

/// Two clips of a split that are near copies of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicate {
    /// The two clips, each with its part.
    pub clips: [(Part, Clip); 2],
    /// Share of equal bits of their fingerprints where they overlap, 0.65 to 1.
    pub similarity: f64,
    /// How much later the same sound is in the first one, s.
    pub offset_s: f64,
}

impl Duplicate {
    /// Whether the clips stand in different parts, so that what is learned of the one is tested on the other.
    pub fn is_divided(&self) -> bool {
        self.clips[0].0 != self.clips[1].0
    }
}

impl Split {
    /// Finds clips that are near copies of each other, by [`fingerprint::alike`]: training clips first, in order.
    ///
    /// Reads every clip once: a transform of 1024 samples, and 24 bytes of memory, for each 8 ms.
    ///
    /// # Errors
    /// Whatever reading a clip reports.
    pub fn duplicates(&self) -> Result<Vec<Duplicate>, Error> {
        let parts = [
            (Part::Train, &self.train),
            (Part::Validation, &self.validation),
            (Part::Test, &self.test),
        ];
        let clips: Vec<(Part, &Dataset, usize)> = parts
            .into_iter()
            .flat_map(|(part, data)| (0..data.len()).map(move |index| (part, data, index)))
            .collect();
        let fingerprints: Vec<Fingerprint> = clips
            .par_iter()
            .map(|&(_, data, index)| Fingerprint::of(&data.wave(index)?))
            .collect::<Result<_, Error>>()?;
        let clip = |at: usize| {
            let (part, data, index) = clips[at];
            (part, data.clips()[index].clone())
        };
        let pairs = fingerprint::alike(&fingerprints).into_iter();
        Ok(pairs
            .map(|alike| Duplicate {
                clips: [clip(alike.a), clip(alike.b)],
                similarity: alike.similarity,
                offset_s: alike.offset_s,
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Form, Source, SplitRule};
    use super::*;
    use crate::{Rng, Waveform};

    #[test]
    fn copies_are_told_with_their_parts() {
        // Clips 0 to 3, and a copy of clip 1 at another level in another fold.
        let clips = [0, 1, 2, 3, 1].iter().enumerate().map(|(place, &seed)| {
            let mut samples = vec![0.0; 8000];
            Rng::from_words(&[seed]).fill_normal(&mut samples);
            let wave = Waveform::mono(samples, 8000).unwrap();
            let wave = wave.scaled(if place == 4 { 0.01 } else { 0.2 }).unwrap();
            Clip {
                fold: Some(place as u32 % 2),
                ..Clip::new(Source::Wave(wave), None)
            }
        });
        let data = Dataset::new("test", clips.collect(), Vec::new(), Form::default(), None);
        let split = data.unwrap().split(&SplitRule::Fold(0)).unwrap();
        let found = split.duplicates().unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let sides = found[0]
            .clips
            .each_ref()
            .map(|(part, clip)| (*part, clip.id));
        assert_eq!(sides, [(Part::Train, 1), (Part::Test, 4)]);
        assert!(found[0].is_divided() && found[0].similarity > 0.95);
    }
}
