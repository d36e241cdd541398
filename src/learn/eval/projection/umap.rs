//! UMAP.
//!
//! A graph of neighbours, in which each row is joined to its nearest one with weight 1 and to further ones by an exponential of its
//! own width, is drawn so that joined rows stand near to each other (McInnes, Healy and Melville, "UMAP: Uniform Manifold
//! Approximation and Projection", 2018, algorithms 1 to 5). Numbers are those of `umap-learn` 0.5, with two departures: neighbours
//! are found by comparing all pairs, and the start is along the principal components, not the spectrum of the graph
//! (Kobak and Linderman, 2021, find that the start has to be informative, not which it is). Edges are taken one after the other.

use super::neighbours::{Nearest, nearest};
use crate::Error;
use crate::eval::Matrix;
use crate::feed::{Stop, Workers};
use auricle_audio::Rng;

/// Options of UMAP.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UmapOptions {
    /// Size of a neighbourhood, with the row itself: at least 2.
    pub neighbours: usize,
    /// How close the nearest stand on the map, 0 to 1.
    pub min_dist: f64,
}

/// Rows that are not joined and pushed off at an attraction.
const PUSHES: usize = 5;
/// The side of the square in which the map starts.
const SIDE: f64 = 10.0;
/// Up to this many rows there are 500 epochs, beyond it 200.
const MANY: usize = 10_000;

/// Two rows that are joined, and how often in how many epochs.
struct Edge {
    from: usize,
    to: usize,
    /// Epochs between two attractions.
    every: f64,
}

/// Computes the map; `start` has a place for each row.
///
/// # Errors
/// [`Error::Range`] for neighbourhoods of one row or distances outside 0 to 1, [`Error::Stopped`] if asked to stop.
pub(super) fn umap(
    rows: &Matrix,
    start: &[[f64; 2]],
    options: UmapOptions,
    seed: u64,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Vec<[f64; 2]>, Error> {
    let n = rows.rows();
    if options.neighbours < 2 {
        return Err(Error::range("neighbours", "at least 2", options.neighbours));
    }
    if !(0.0..=1.0).contains(&options.min_dist) {
        return Err(Error::range("min_dist", "0 to 1", options.min_dist));
    }
    let k = (options.neighbours - 1).min(n - 1);
    let n_epochs = if n <= MANY { 500 } else { 200 };
    let edges = edges(&nearest(rows, k, workers, stop)?, n_epochs);
    let (a, b) = curve(options.min_dist);
    let mut rng = Rng::from_words(&[seed, 0x756d_6170]);
    let mut points = started(start, &mut rng);
    let mut next: Vec<f64> = edges.iter().map(|edge| edge.every).collect();
    let mut next_push: Vec<f64> = next.iter().map(|every| every / PUSHES as f64).collect();
    for epoch in 0..n_epochs {
        if stop() {
            return Err(Error::Stopped);
        }
        let rate = 1.0 - epoch as f64 / n_epochs as f64;
        let now = epoch as f64;
        for (e, edge) in edges.iter().enumerate() {
            if next[e] > now {
                continue;
            }
            let (from, to) = (edge.from, edge.to);
            let [dx, dy] = difference(points[from], points[to]);
            let square = dx * dx + dy * dy;
            if square > 0.0 {
                let strength =
                    -2.0 * a * b * libm::pow(square, b - 1.0) / (a * libm::pow(square, b) + 1.0);
                for (axis, d) in [dx, dy].into_iter().enumerate() {
                    let step = rate * clipped(strength * d);
                    points[from][axis] += step;
                    points[to][axis] -= step;
                }
            }
            next[e] += edge.every;
            let between = edge.every / PUSHES as f64;
            let n_pushes = ((now - next_push[e]) / between).max(0.0) as usize;
            for _ in 0..n_pushes {
                let other = rng.below(n);
                if other == from {
                    continue;
                }
                let [dx, dy] = difference(points[from], points[other]);
                let square = dx * dx + dy * dy;
                if square > 0.0 {
                    let strength = 2.0 * b / ((0.001 + square) * (a * libm::pow(square, b) + 1.0));
                    for (axis, d) in [dx, dy].into_iter().enumerate() {
                        points[from][axis] += rate * clipped(strength * d);
                    }
                }
            }
            next_push[e] += n_pushes as f64 * between;
        }
    }
    Ok(points)
}

fn difference(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn clipped(step: f64) -> f64 {
    step.clamp(-4.0, 4.0)
}

/// The start, stretched to the square along each axis, with a little noise against equal places.
fn started(start: &[[f64; 2]], rng: &mut Rng) -> Vec<[f64; 2]> {
    let most = start.iter().flatten().fold(0.0_f64, |m, x| m.max(x.abs()));
    let scale = if most > 0.0 { SIDE / most } else { 0.0 };
    let mut points: Vec<[f64; 2]> = start
        .iter()
        .map(|point| point.map(|x| scale * x + 1e-4 * rng.normal()))
        .collect();
    for axis in 0..2 {
        let places = points.iter().map(|point| point[axis]);
        let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x))
        });
        let stretch = SIDE / (high - low).max(f64::MIN_POSITIVE);
        points
            .iter_mut()
            .for_each(|point| point[axis] = stretch * (point[axis] - low));
    }
    points
}

/// The graph as edges in both directions, each with its rhythm; those that would come less than once are left out.
fn edges(nearest: &[Nearest], n_epochs: usize) -> Vec<Edge> {
    let all = nearest.iter().flat_map(|own| &own.distances);
    let mean =
        all.sum::<f64>() / nearest.iter().map(|own| own.distances.len()).sum::<usize>() as f64;
    let directed: Vec<Vec<(usize, f64)>> = nearest
        .iter()
        .map(|own| {
            let weights = memberships(&own.distances, mean);
            let mut pairs: Vec<(usize, f64)> = own.indices.iter().copied().zip(weights).collect();
            pairs.sort_by_key(|(j, _)| *j);
            pairs
        })
        .collect();
    let weight = |i: usize, j: usize| {
        let found = directed[i].binary_search_by_key(&j, |(other, _)| *other);
        found.map_or(0.0, |at| directed[i][at].1)
    };
    // The union of both directions: a + b - a b (section 3.1).
    let mut union = Vec::new();
    for (i, own) in directed.iter().enumerate() {
        for &(j, there) in own {
            let back = weight(j, i);
            let both = there + back - there * back;
            union.push((i, j, both));
            if back == 0.0 {
                union.push((j, i, both));
            }
        }
    }
    union.sort_by_key(|&(from, to, _)| (from, to));
    let most = union.iter().fold(0.0_f64, |most, edge| most.max(edge.2));
    let kept = union
        .into_iter()
        .filter(|edge| edge.2 > 0.0 && edge.2 >= most / n_epochs as f64);
    kept.map(|(from, to, weight)| Edge {
        from,
        to,
        every: most / weight,
    })
    .collect()
}

/// Weights of the neighbours of a row: 1 up to the nearest that is not at its place, then falling with the width whose sum is the
/// logarithm to base 2 of the neighbourhood's size (algorithm 3).
fn memberships(distances: &[f64], mean_of_all: f64) -> Vec<f64> {
    let size = distances.len() + 1;
    let wanted = libm::log2(size as f64);
    let nearest = distances.iter().copied().find(|d| *d > 0.0).unwrap_or(0.0);
    let at = |width: f64, d: f64| match d - nearest {
        beyond if beyond > 0.0 && width > 0.0 => libm::exp(-beyond / width),
        _ => 1.0,
    };
    let (mut low, mut high, mut width) = (0.0_f64, f64::INFINITY, 1.0_f64);
    for _ in 0..64 {
        let sum: f64 = distances.iter().map(|&d| at(width, d)).sum();
        if (sum - wanted).abs() < 1e-5 {
            break;
        }
        if sum > wanted {
            high = width;
            width = (low + high) / 2.0;
        } else {
            low = width;
            width = if high.is_finite() {
                (low + high) / 2.0
            } else {
                2.0 * width
            };
        }
    }
    let own_mean = distances.iter().sum::<f64>() / size as f64;
    let least = if nearest > 0.0 { own_mean } else { mean_of_all };
    let width = width.max(1e-3 * least);
    distances.iter().map(|&d| at(width, d)).collect()
}

/// `a` and `b` of `1 / (1 + a d^(2 b))`, closest in squares to 1 up to `min_dist` and `exp(min_dist - d)` beyond it, at 300 places
/// between 0 and 3 (Levenberg and Marquardt's steps).
fn curve(min_dist: f64) -> (f64, f64) {
    let places: Vec<(f64, f64)> = (1..300)
        .map(|i| 3.0 * f64::from(i) / 299.0)
        .map(|x| {
            (
                x,
                if x < min_dist {
                    1.0
                } else {
                    libm::exp(min_dist - x)
                },
            )
        })
        .collect();
    let cost = |a: f64, b: f64| -> f64 {
        let rest = |&(x, y): &(f64, f64)| (1.0 / (1.0 + a * libm::pow(x, 2.0 * b)) - y).powi(2);
        places.iter().map(rest).sum()
    };
    let (mut a, mut b, mut damping) = (1.0, 1.0, 1e-3);
    let mut best = cost(a, b);
    for _ in 0..200 {
        let (mut h, mut g) = ([0.0; 3], [0.0; 2]);
        for &(x, y) in &places {
            let power = libm::pow(x, 2.0 * b);
            let f = 1.0 / (1.0 + a * power);
            let (da, db) = (-f * f * power, -f * f * a * power * 2.0 * libm::log(x));
            h[0] += da * da;
            h[1] += da * db;
            h[2] += db * db;
            g[0] += da * (f - y);
            g[1] += db * (f - y);
        }
        let (h0, h2) = (h[0] * (1.0 + damping), h[2] * (1.0 + damping));
        let determinant = h0 * h2 - h[1] * h[1];
        let step = [
            (h[1] * g[1] - h2 * g[0]) / determinant,
            (h[1] * g[0] - h0 * g[1]) / determinant,
        ];
        let (next_a, next_b) = (a + step[0], b + step[1]);
        let found = cost(next_a, next_b);
        if next_a > 0.0 && next_b > 0.0 && found < best {
            (a, b, best, damping) = (next_a, next_b, found, damping / 10.0);
        } else {
            damping *= 10.0;
        }
        if damping > 1e12 {
            break;
        }
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_that_of_umap_learn() {
        // `umap.umap_.find_ab_params(1.0, min_dist)` of umap-learn 0.5.
        for (min_dist, a, b) in [(0.1, 1.5769, 0.8951), (0.5, 0.5830, 1.3342)] {
            let found = curve(min_dist);
            assert!((found.0 - a).abs() < 2e-3, "{found:?}");
            assert!((found.1 - b).abs() < 2e-3, "{found:?}");
        }
    }

    #[test]
    fn weights_add_up_to_the_logarithm_of_the_neighbourhood() {
        let distances: Vec<f64> = (1..15).map(|i| 1.0 + 0.2 * f64::from(i)).collect();
        let weights = memberships(&distances, 1.0);
        assert!((weights.iter().sum::<f64>() - 15f64.log2()).abs() < 1e-4);
        assert!(weights[0] == 1.0 && weights.windows(2).all(|pair| pair[1] < pair[0]));
    }
}
