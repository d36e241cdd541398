//! Several evolution strategies side by side, of which the worse ones are ended: a race.
//!
//! A distance of sounds has many valleys: a pitch an octave off, an envelope at the wrong place. One strategy from the nearest
//! of the first sounds stays in the valley that it begins in. So the search begins in several, each with a share of a
//! generation's sounds, and halves their number while it goes on (successive halving: Jamieson and Talwalkar, "Non-stochastic
//! Best Arm Identification and Hyperparameter Optimization", 2016); a lane that has come to rest begins again elsewhere, and the
//! last ones have more sounds each, as restarts with growing populations have (Auger and Hansen, "A Restart CMA Evolution Strategy
//! With Increasing Population Size", 2005). A part of every lane's sounds are leaps: its nearest patch with one or two parameters
//! drawn anew, which is how an octave is crossed without losing what is right already.

use super::options::SearchOptions;
use super::strategy::{Strategy, mirrored};
use auricle_audio::Rng;

const LANE: u64 = 0x1A9E;

/// Sounds of a lane at least.
const LEAST: usize = 8;
/// Lanes at most.
const MOST_LANES: usize = 4;
/// One of so many sounds of a lane is a leap.
const LEAPS: usize = 2;
/// A lane rests when no parameter is less certain than this, raw units.
const REST: f64 = 2e-3;
/// Deviation from which a lane goes on behind a leap, raw units.
const BEHIND_LEAP: f64 = 0.05;
/// Parts of the search after which the number of lanes is halved.
const HALVINGS: [f64; 2] = [0.35, 0.7];

/// A strategy, and the nearest patch that it has seen.
struct Lane {
    strategy: Strategy,
    best: Vec<f64>,
    distance: f64,
}

/// A patch that is to be compared.
struct Candidate {
    lane: usize,
    is_leap: bool,
    raw: Vec<f64>,
}

/// The lanes of a search.
pub(super) struct Lanes {
    lanes: Vec<Lane>,
    /// Where lanes may begin yet, the nearest last, with their distances.
    starts: Vec<(Vec<f64>, f64)>,
    candidates: Vec<Candidate>,
    options: SearchOptions,
}

impl Lanes {
    /// Begins at the nearest of some patches with their distances, and keeps the others for later.
    pub(super) fn new(mut starts: Vec<(Vec<f64>, f64)>, options: &SearchOptions) -> Lanes {
        starts.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut lanes = Lanes {
            lanes: Vec::new(),
            starts,
            candidates: Vec::new(),
            options: *options,
        };
        let most = (options.population / LEAST).clamp(1, MOST_LANES);
        while lanes.lanes.len() < most {
            match lanes.begin() {
                Some(lane) => lanes.lanes.push(lane),
                None => break,
            }
        }
        lanes
    }

    /// A lane at the nearest patch that none has begun at.
    fn begin(&mut self) -> Option<Lane> {
        let (best, distance) = self.starts.pop()?;
        Some(Lane {
            strategy: Strategy::new(&best, self.options.sigma),
            best,
            distance,
        })
    }

    /// The patches of a generation, from 0.
    pub(super) fn draw(&mut self, generation: usize) -> Vec<f32> {
        let done = generation as f64 / self.options.generations.max(1) as f64;
        let halvings = HALVINGS.iter().filter(|&&part| done >= part).count();
        let most = ((self.options.population / LEAST).clamp(1, MOST_LANES) >> halvings).max(1);
        self.lanes.sort_by(|a, b| a.distance.total_cmp(&b.distance));
        self.lanes.truncate(most);
        self.candidates.clear();
        let n = self.lanes.len();
        for (index, lane) in self.lanes.iter().enumerate() {
            let (first, end) = (
                index * self.options.population / n,
                (index + 1) * self.options.population / n,
            );
            for place in first..end {
                let words = [self.options.seed, generation as u64, place as u64, LANE];
                let mut rng = Rng::from_words(&words);
                let is_leap = place - first < (end - first) / LEAPS;
                let raw = match is_leap {
                    true => leap(&lane.best, &mut rng),
                    false => lane.strategy.draw(&mut rng),
                };
                self.candidates.push(Candidate {
                    lane: index,
                    is_leap,
                    raw,
                });
            }
        }
        let all = self.candidates.iter().flat_map(|candidate| &candidate.raw);
        all.map(|&x| x as f32).collect()
    }

    /// Learns how near the patches that were drawn are.
    pub(super) fn learn(&mut self, distances: &[f64]) {
        let mut ranked: Vec<(&Candidate, f64)> = self
            .candidates
            .iter()
            .zip(distances.iter().copied())
            .collect();
        ranked.sort_by(|a, b| a.1.total_cmp(&b.1));
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            let mut own = ranked
                .iter()
                .filter(|(candidate, _)| candidate.lane == index);
            let drawn = own.clone().filter(|(candidate, _)| !candidate.is_leap);
            let drawn: Vec<&Vec<f64>> = drawn.map(|(candidate, _)| &candidate.raw).collect();
            lane.strategy.learn(&drawn);
            if let Some((nearest, distance)) = own.next()
                && *distance < lane.distance
            {
                lane.best.clone_from(&nearest.raw);
                lane.distance = *distance;
                if nearest.is_leap {
                    lane.strategy.leap(&nearest.raw, BEHIND_LEAP);
                }
            }
        }
        // What a lane at rest has found is known to the search.
        for index in 0..self.lanes.len() {
            if self.lanes[index].strategy.spread() < REST
                && let Some(lane) = self.begin()
            {
                self.lanes[index] = lane;
            }
        }
    }
}

/// A patch with one or two parameters drawn anew, or moved by a step of any size.
fn leap(from: &[f64], rng: &mut Rng) -> Vec<f64> {
    let mut raw = from.to_vec();
    for _ in 0..=rng.below(2) {
        let place = rng.below(raw.len());
        raw[place] = match rng.below(2) {
            0 => rng.range(0.0, 1.0),
            _ => mirrored(raw[place] + libm::pow(10.0, rng.range(-3.0, -0.5)) * rng.normal()),
        };
    }
    raw
}
