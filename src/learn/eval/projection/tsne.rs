//! t-SNE.
//!
//! The map minimizes the Kullback-Leibler divergence between two distributions over pairs: P, in which neighbours among the rows are
//! likely, by a Gaussian around each row whose width gives the wanted perplexity, and Q, the same on the map by Student's t
//! distribution with one degree of freedom (van der Maaten and Hinton, "Visualizing Data using t-SNE", 2008, eqs. 1, 4, 5).
//! P is kept for the `3 perplexity` nearest alone, as in van der Maaten, 2014; repulsion is computed between all pairs,
//! exactly. Settings beyond the perplexity are scikit-learn's: a start along the principal components (Kobak and Berens, 2019),
//! early exaggeration of 12 for 250 of 1000 steps, a learning rate of n / 48 but at least 50 (Belkina et al., 2019).

use super::neighbours::{Nearest, nearest};
use crate::Error;
use crate::eval::Matrix;
use crate::feed::{Stop, Workers};
use auricle_audio::Rng;

/// Steps in all, and those of early exaggeration.
const STEPS: usize = 1000;
const EARLY: usize = 250;
const EXAGGERATION: f64 = 12.0;
/// Deviation of the start along its first axis.
const START: f64 = 1e-4;
/// Halvings of the interval in which a width is sought.
const HALVINGS: usize = 100;

/// Options of t-SNE.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TsneOptions {
    /// Effective number of neighbours, above 1 and below the number of clips less one; 30, or a third of the others where
    /// there are fewer, if `None`.
    pub perplexity: Option<f64>,
}

/// Rows on a map, and how far its distribution is from theirs.
pub(super) struct Made {
    pub(super) points: Vec<[f64; 2]>,
    /// The perplexity that was taken.
    pub(super) perplexity: f64,
    /// Kullback-Leibler divergence of Q from P, nats.
    pub(super) divergence: f64,
}

/// What pulls at a row: other rows, with their shares of P.
type Pulls = Vec<Vec<(usize, f64)>>;

/// Computes the map; `start` has a place for each row.
///
/// # Errors
/// [`Error::Range`] for a perplexity that no width gives, [`Error::Stopped`] if asked to stop.
pub(super) fn tsne(
    rows: &Matrix,
    start: &[[f64; 2]],
    options: TsneOptions,
    seed: u64,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Made, Error> {
    let n = rows.rows();
    let most = (n - 1) as f64;
    let perplexity = options.perplexity.unwrap_or((most / 3.0).clamp(1.5, 30.0));
    if !(perplexity > 1.0 && perplexity < most) {
        let want = format!("above 1 and below {most}, the number of clips less one");
        return Err(Error::range("perplexity", want, perplexity));
    }
    let k = ((3.0 * perplexity + 1.0) as usize).min(n - 1);
    let pulls = joint(&nearest(rows, k, workers, stop)?, perplexity);
    let mut points = started(start, seed);
    let mut speed = vec![[0.0; 2]; n];
    let mut gains = vec![[1.0_f64; 2]; n];
    let rate = (n as f64 / EXAGGERATION / 4.0).max(50.0);
    for step in 0..STEPS {
        let is_early = step < EARLY;
        let (exaggeration, momentum) = if is_early {
            (EXAGGERATION, 0.5)
        } else {
            (1.0, 0.8)
        };
        let (forces, sum) = forces(&points, &pulls, workers, stop)?;
        for i in 0..n {
            for axis in 0..2 {
                let Force { pull, push, .. } = forces[i];
                let gradient = 4.0 * (exaggeration * pull[axis] - push[axis] / sum);
                let gain = &mut gains[i][axis];
                // A step that goes on downhill grows, one that turns round shrinks (Jacobs, 1988).
                *gain = match speed[i][axis] * gradient < 0.0 {
                    true => *gain + 0.2,
                    false => (*gain * 0.8).max(0.01),
                };
                speed[i][axis] = momentum * speed[i][axis] - rate * *gain * gradient;
                points[i][axis] += speed[i][axis];
            }
        }
        centre(&mut points);
    }
    let (_, sum) = forces(&points, &pulls, workers, stop)?;
    let divergence = pulls.iter().enumerate().map(|(i, own)| {
        let term = |&(j, p): &(usize, f64)| p * libm::log(p * sum / near(points[i], points[j]));
        own.iter().map(term).sum::<f64>()
    });
    Ok(Made {
        divergence: divergence.sum(),
        points,
        perplexity,
    })
}

/// The start at its small scale. What stands on one place would stay together: the seed moves all by a thousandth.
fn started(start: &[[f64; 2]], seed: u64) -> Vec<[f64; 2]> {
    let n = start.len() as f64;
    let deviation = (start.iter().map(|point| point[0].powi(2)).sum::<f64>() / n).sqrt();
    let scale = if deviation > 0.0 {
        START / deviation
    } else {
        0.0
    };
    let mut rng = Rng::from_words(&[seed, 0x7473_6e65]);
    let moved = |point: &[f64; 2]| point.map(|place| scale * place + 1e-3 * START * rng.normal());
    start.iter().map(moved).collect()
}

fn centre(points: &mut [[f64; 2]]) {
    for axis in 0..2 {
        let mean = points.iter().map(|point| point[axis]).sum::<f64>() / points.len() as f64;
        points.iter_mut().for_each(|point| point[axis] -= mean);
    }
}

/// Student's t distribution with one degree of freedom, not normalized: 1 / (1 + d^2).
fn near(a: [f64; 2], b: [f64; 2]) -> f64 {
    1.0 / (1.0 + (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2))
}

/// What moves a row: `sum_j p_ij q_ij Z (y_i - y_j)`, `sum_j (q_ij Z)^2 (y_i - y_j)`, and `sum_j q_ij Z`.
#[derive(Clone, Copy)]
struct Force {
    pull: [f64; 2],
    push: [f64; 2],
    sum: f64,
}

/// The forces on all rows, and `Z`.
fn forces(
    points: &[[f64; 2]],
    pulls: &Pulls,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<(Vec<Force>, f64), Error> {
    const LANES: usize = 4;
    let [x, y]: [Vec<f64>; 2] = [0, 1].map(|axis| points.iter().map(|point| point[axis]).collect());
    let forces = workers.map(points.len(), stop, |i| {
        let own = points[i];
        let mut sums = [[0.0; LANES]; 3];
        let whole = x.len() / LANES * LANES;
        for from in (0..whole).step_by(LANES) {
            for lane in 0..LANES {
                let (dx, dy) = (own[0] - x[from + lane], own[1] - y[from + lane]);
                let near = 1.0 / (1.0 + dx * dx + dy * dy);
                sums[0][lane] += near;
                sums[1][lane] += near * near * dx;
                sums[2][lane] += near * near * dy;
            }
        }
        for j in whole..x.len() {
            let near = near(own, points[j]);
            sums[0][0] += near;
            sums[1][0] += near * near * (own[0] - x[j]);
            sums[2][0] += near * near * (own[1] - y[j]);
        }
        let [sum, push_x, push_y] = sums.map(|lanes| lanes.iter().sum::<f64>());
        let mut pull = [0.0; 2];
        for &(j, p) in &pulls[i] {
            let strength = p * near(own, points[j]);
            pull[0] += strength * (own[0] - x[j]);
            pull[1] += strength * (own[1] - y[j]);
        }
        Ok(Force {
            pull,
            push: [push_x, push_y],
            // The row itself is at distance 0 of itself and no pair.
            sum: sum - 1.0,
        })
    })?;
    let sum = forces.iter().map(|force| force.sum).sum();
    Ok((forces, sum))
}

/// P: for each row the shares `(p_{j|i} + p_{i|j}) / 2n` of those that are near to it, or that it is near to (eq. 1).
fn joint(nearest: &[Nearest], perplexity: f64) -> Pulls {
    let n = nearest.len();
    let mut pulls: Pulls = vec![Vec::new(); n];
    for (i, own) in nearest.iter().enumerate() {
        let shares = conditional(&own.distances, perplexity);
        for (&j, share) in own.indices.iter().zip(shares) {
            let half = share / (2 * n) as f64;
            pulls[i].push((j, half));
            pulls[j].push((i, half));
        }
    }
    for own in &mut pulls {
        own.sort_by_key(|(j, _)| *j);
        own.dedup_by(|later, first| {
            let is_same = later.0 == first.0;
            if is_same {
                first.1 += later.1;
            }
            is_same
        });
        // What underflowed pulls at nothing, and has no logarithm.
        own.retain(|(_, share)| *share > 0.0);
    }
    pulls
}

/// `p_{j|i}` of the neighbours of a row: a Gaussian of their distances, of the width whose entropy is that of as many equally
/// likely ones as the perplexity says.
fn conditional(distances: &[f64], perplexity: f64) -> Vec<f64> {
    let wanted = libm::log(perplexity);
    let nearest = distances.first().map_or(0.0, |d| d * d);
    // Relative to the nearest, so that not all of them underflow.
    let squares: Vec<f64> = distances.iter().map(|d| d * d - nearest).collect();
    let (mut low, mut high) = (0.0_f64, f64::INFINITY);
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    let mut beta = if mean > 0.0 { 1.0 / mean } else { 1.0 };
    let mut shares = Vec::new();
    for _ in 0..HALVINGS {
        shares = squares.iter().map(|d| libm::exp(-beta * d)).collect();
        let sum: f64 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);
        let spread: f64 = shares.iter().zip(&squares).map(|(p, d)| p * d).sum();
        let entropy = libm::log(sum) + beta * spread;
        if (entropy - wanted).abs() <= 1e-10 {
            break;
        }
        if entropy > wanted {
            low = beta;
            beta = if high.is_finite() {
                (low + high) / 2.0
            } else {
                2.0 * beta
            };
        } else {
            high = beta;
            beta = (low + high) / 2.0;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_gives_the_perplexity_that_was_asked_for() {
        let distances: Vec<f64> = (0..40).map(|i| 3.0 + 0.1 * f64::from(i)).collect();
        for perplexity in [2.0, 5.0, 12.0, 30.0] {
            let shares = conditional(&distances, perplexity);
            let entropy: f64 = shares.iter().map(|p| -p * p.ln()).sum();
            assert!((entropy.exp() - perplexity).abs() < 1e-6, "{perplexity}");
        }
        // Equally near ones are equally likely, whatever is asked for.
        assert_eq!(conditional(&[1.0; 4], 2.0), [0.25; 4]);
    }

    #[test]
    fn forces_are_the_gradient_of_the_divergence() {
        let mut rng = Rng::from_words(&[3]);
        let rows: Vec<Vec<f64>> = (0..9)
            .map(|_| (0..3).map(|_| rng.normal()).collect())
            .collect();
        let workers = Workers::new(Some(2)).unwrap();
        let found = nearest(&Matrix::of_rows(rows), 6, &workers, &|| false).unwrap();
        let pulls = joint(&found, 3.0);
        let total: f64 = pulls.iter().flatten().map(|(_, p)| p).sum();
        assert!((total - 1.0).abs() < 1e-12);
        let points: Vec<[f64; 2]> = (0..9).map(|_| [rng.normal(), rng.normal()]).collect();
        let divergence = |points: &[[f64; 2]]| -> f64 {
            let mut z = 0.0;
            for i in 0..9 {
                for j in 0..9 {
                    z += if i == j {
                        0.0
                    } else {
                        near(points[i], points[j])
                    };
                }
            }
            let term =
                |i: usize, (j, p): (usize, f64)| p * (p * z / near(points[i], points[j])).ln();
            let own = |i: usize| pulls[i].iter().map(move |&pair| term(i, pair)).sum::<f64>();
            (0..9).map(own).sum()
        };
        let (forces, z) = forces(&points, &pulls, &workers, &|| false).unwrap();
        for i in 0..9 {
            for axis in 0..2 {
                let moved = |by: f64| {
                    let mut moved = points.clone();
                    moved[i][axis] += by;
                    divergence(&moved)
                };
                let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                let gradient = 4.0 * (forces[i].pull[axis] - forces[i].push[axis] / z);
                assert!(
                    (difference - gradient).abs() < 1e-7,
                    "{difference} {gradient}"
                );
            }
        }
    }
}
