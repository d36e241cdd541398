//! Bending an axis: one point of it moves, and what lies on either side is stretched or squeezed.

use super::Features;

/// How values between frames or bands are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// A line between two neighbours.
    Linear,
    /// Keys' cubic over four neighbours, with `a = -0.75`.
    Cubic,
}

impl Interpolation {
    /// Every one, with the word by which a script asks for it.
    pub const WORDS: [(&'static str, Interpolation); 2] = [
        ("linear", Interpolation::Linear),
        ("cubic", Interpolation::Cubic),
    ];
}

/// A bent axis: for every place the four places it is made from, and their weights. Kept by its user, so that no clip
/// allocates.
///
/// The places before `center` are resized to `center + shift`, the others to the rest. Place `j` of `m` made from `n` reads
/// position `(j + 1/2) n / m - 1/2`, as images are resized (ESPnet's time warp, after Park et al., "SpecAugment", 2019).
#[derive(Clone, Debug, Default)]
pub struct Bend {
    taps: Vec<Tap>,
}

#[derive(Clone, Debug)]
struct Tap {
    places: [usize; 4],
    weights: [f32; 4],
}

impl Bend {
    /// Bends an axis of `n` places. Returns whether anything moves: not if a part would be empty before or after.
    pub fn set(
        &mut self,
        n: usize,
        center: usize,
        shift: i64,
        interpolation: Interpolation,
    ) -> bool {
        self.taps.clear();
        let moved = usize::try_from((center as i64).saturating_add(shift)).unwrap_or(0);
        let inside = |place: usize| (1..n).contains(&place);
        if shift == 0 || !inside(center) || !inside(moved) {
            return false;
        }
        self.resize(0, center, moved, interpolation);
        self.resize(center, n - center, n - moved, interpolation);
        true
    }

    /// Adds `to` places made from the `from` places at `start`.
    fn resize(&mut self, start: usize, from: usize, to: usize, interpolation: Interpolation) {
        let step = from as f64 / to as f64;
        let clamped = |place: i64| start + place.clamp(0, from as i64 - 1) as usize;
        for j in 0..to {
            let mut position = (j as f64 + 0.5) * step - 0.5;
            if interpolation == Interpolation::Linear {
                position = position.max(0.0);
            }
            let (whole, part) = (position.floor(), position - position.floor());
            let places = std::array::from_fn(|k| clamped(whole as i64 + k as i64 - 1));
            let weights = match interpolation {
                Interpolation::Linear => [0.0, 1.0 - part, part, 0.0],
                Interpolation::Cubic => [
                    far(1.0 + part),
                    near(part),
                    near(1.0 - part),
                    far(2.0 - part),
                ],
            };
            self.taps.push(Tap {
                places,
                weights: weights.map(|weight| weight as f32),
            });
        }
    }

    /// Bends features along time.
    pub fn frames(&self, features: &mut Features, spare: &mut Vec<f32>) {
        for row in features.values.chunks_mut(features.n_frames.max(1)) {
            spare.clear();
            spare.extend_from_slice(row);
            for (slot, tap) in row.iter_mut().zip(&self.taps) {
                *slot = (0..4).map(|k| tap.weights[k] * spare[tap.places[k]]).sum();
            }
        }
    }

    /// Bends features along frequency.
    pub fn bands(&self, features: &mut Features, spare: &mut Vec<f32>) {
        let n = features.n_frames.max(1);
        for channel in features.values.chunks_mut((features.n_bands * n).max(1)) {
            spare.clear();
            spare.extend_from_slice(channel);
            for (row, tap) in channel.chunks_mut(n).zip(&self.taps) {
                row.fill(0.0);
                for (place, weight) in tap.places.iter().zip(tap.weights) {
                    let from = &spare[place * n..(place + 1) * n];
                    row.iter_mut()
                        .zip(from)
                        .for_each(|(slot, x)| *slot += weight * x);
                }
            }
        }
    }
}

const A: f64 = -0.75;

/// Keys' cubic within one place.
fn near(x: f64) -> f64 {
    ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
}

/// Keys' cubic between one and two places away.
fn far(x: f64) -> f64 {
    ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(n_bands: usize, n_frames: usize) -> Features {
        let values = (0..2 * n_bands * n_frames)
            .map(|i| (i % n_frames) as f32 + 100.0 * (i / n_frames) as f32);
        Features {
            values: values.collect(),
            n_channels: 2,
            n_bands,
            n_frames,
            ..Features::default()
        }
    }

    #[test]
    fn the_center_moves_and_the_ends_stay() {
        for (_, interpolation) in Interpolation::WORDS {
            let mut bend = Bend::default();
            let mut features = ramp(2, 20);
            assert!(bend.set(20, 8, 4, interpolation));
            bend.frames(&mut features, &mut Vec::new());
            let row = features.band(1, 1);
            // Frame 11 is the last of the first part: it reads position 11.5 * 8 / 12 - 0.5 of the old row.
            let slack = if interpolation == Interpolation::Linear {
                1e-4
            } else {
                0.2
            };
            for (at, want) in [
                (5, 300.0 + 5.5 * 8.0 / 12.0 - 0.5),
                (15, 300.0 + 8.0 + 3.5 * 12.0 / 8.0 - 0.5),
            ] {
                assert!((row[at] - want).abs() < slack, "{} {want}", row[at]);
            }
            assert!((row[0] - 300.0).abs() < 0.2 && (row[19] - 319.0).abs() < 0.3);
        }
    }

    #[test]
    fn bands_bend_as_frames_do() {
        let (mut across, mut along) = (ramp(6, 6), ramp(6, 6));
        let transposed = |features: &Features| {
            let mut out = features.clone();
            for (i, value) in out.values.iter_mut().enumerate() {
                *value = features.band(i / 36, i % 6)[i / 6 % 6];
            }
            out
        };
        along = transposed(&along);
        let mut bend = Bend::default();
        assert!(bend.set(6, 2, 2, Interpolation::Cubic));
        bend.bands(&mut across, &mut Vec::new());
        bend.frames(&mut along, &mut Vec::new());
        assert!(
            across
                .values
                .iter()
                .zip(&transposed(&along).values)
                .all(|(a, b)| (a - b).abs() < 1e-3)
        );
    }

    #[test]
    fn what_cannot_move_stays() {
        let mut bend = Bend::default();
        for (n, center, shift) in [
            (0, 0, 1),
            (1, 0, 1),
            (9, 4, 0),
            (9, 0, 2),
            (9, 4, 5),
            (9, 4, -4),
            (9, 12, -9),
        ] {
            assert!(
                !bend.set(n, center, shift, Interpolation::Linear),
                "{n} {center} {shift}"
            );
        }
        assert!(
            bend.set(9, 4, 4, Interpolation::Linear)
                && !bend.set(9, 4, i64::MIN, Interpolation::Linear)
        );
    }
}
