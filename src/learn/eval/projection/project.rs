//! The map of embeddings in two dimensions.

use super::pca::pca;
use super::trustworthiness::trustworthiness;
use super::tsne::{TsneOptions, tsne};
use super::umap::{UmapOptions, umap};
use crate::Error;
use crate::eval::Matrix;
use crate::feed::{Stop, Workers};

/// How a map is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Projector {
    /// The two first principal components.
    Pca,
    /// t-SNE (van der Maaten and Hinton, 2008).
    Tsne(TsneOptions),
    /// UMAP (McInnes, Healy and Melville, 2018).
    Umap(UmapOptions),
}

/// A map: a place for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// Places, in the order of the rows.
    pub points: Vec<[f64; 2]>,
    /// What its axes are.
    pub axes: [String; 2],
    /// How it was made, with what was settled on the way, such as the perplexity.
    pub told: String,
    /// Trustworthiness, with the number of neighbours that it is of; none for fewer than three rows.
    pub trustworthiness: Option<(f64, usize)>,
}

/// Neighbours of which the trustworthiness is told.
const NEIGHBOURS: usize = 5;

/// Rows of which all pairs are compared, at most: beyond it a map would take hours.
const MOST: usize = 20_000;

/// Makes a map of rows. The same seed gives the same map, whatever the number of threads; principal components have no seed.
///
/// # Shapes
/// `rows` `[clips, features]`; the map has `[clips, 2]`.
///
/// # Errors
/// [`Error::Range`] for rows that are too few, too many for a comparison of all pairs, or not finite, and for options outside
/// their ranges; [`Error::Stopped`] if asked to stop.
pub fn project(
    rows: &Matrix,
    projector: Projector,
    seed: u64,
    workers: &Workers,
    stop: Stop<'_>,
) -> Result<Projection, Error> {
    let n = rows.rows();
    if n < 4 {
        return Err(Error::range("e", "at least 4 clips", n));
    }
    if projector != Projector::Pca && n > MOST {
        let want = format!(
            "at most {MOST} clips, because all pairs are compared: `method: \"pca\"` takes any \
             number, and `data.fraction(0.1)` has fewer"
        );
        return Err(Error::range("e", want, n));
    }
    if let Some(at) = rows.values.iter().position(|x| !x.is_finite()) {
        let got = format!("{} in row {}", rows.values[at], at / rows.columns);
        return Err(Error::range("e", "finite numbers", got));
    }
    let components = pca(rows, workers, stop)?;
    let named = |name: &str| [1, 2].map(|axis| format!("{name} {axis}"));
    let (points, axes, told) = match projector {
        Projector::Pca => {
            let [first, second] = components.shares.map(|share| 100.0 * share);
            let axes = [
                format!("component 1 ({first:.1} % of the variance)"),
                format!("component 2 ({second:.1} %)"),
            ];
            (components.points, axes, "principal components".to_owned())
        }
        Projector::Tsne(options) => {
            let made = tsne(rows, &components.points, options, seed, workers, stop)?;
            let told = format!(
                "t-SNE, perplexity {}, divergence {:.3}",
                made.perplexity, made.divergence
            );
            (made.points, named("t-SNE"), told)
        }
        Projector::Umap(options) => {
            let made = umap(rows, &components.points, options, seed, workers, stop)?;
            let told = format!("UMAP of {} neighbours", options.neighbours.min(n));
            (made, named("UMAP"), told)
        }
    };
    let k = NEIGHBOURS.min((n - 1) / 2);
    let trust = match n <= MOST {
        true => Some((trustworthiness(rows, &points, k, workers, stop)?, k)),
        false => None,
    };
    Ok(Projection {
        points,
        axes,
        told,
        trustworthiness: trust,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use auricle_audio::Rng;

    /// Three clouds in ten dimensions, and to which of them each row belongs.
    fn clouds() -> (Matrix, Vec<usize>) {
        let mut rng = Rng::from_words(&[5]);
        let (mut rows, mut of) = (Vec::new(), Vec::new());
        for i in 0..90 {
            let mut row: Vec<f64> = (0..10).map(|_| rng.normal()).collect();
            row[i % 3] += 20.0;
            rows.push(row);
            of.push(i % 3);
        }
        (Matrix::of_rows(rows), of)
    }

    const TSNE: Projector = Projector::Tsne(TsneOptions {
        perplexity: Some(10.0),
    });
    const UMAP: Projector = Projector::Umap(UmapOptions {
        neighbours: 10,
        min_dist: 0.1,
    });

    fn made(rows: &Matrix, projector: Projector, seed: u64, threads: usize) -> Projection {
        let workers = Workers::new(Some(threads)).unwrap();
        project(rows, projector, seed, &workers, &|| false).unwrap()
    }

    #[test]
    fn clouds_stay_apart_and_rows_keep_their_neighbours() {
        let (rows, of) = clouds();
        for projector in [Projector::Pca, TSNE, UMAP] {
            let map = made(&rows, projector, 0, 2);
            let is_own = |i: usize| {
                let distance = |j: usize| {
                    let [a, b] = [map.points[i], map.points[j]];
                    (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2)
                };
                let others = (0..90).filter(|&j| j != i);
                let nearest = others.min_by(|&a, &b| distance(a).total_cmp(&distance(b)));
                of[nearest.unwrap()] == of[i]
            };
            assert!((0..90).all(is_own), "{}", map.told);
            let (trust, k) = map.trustworthiness.unwrap();
            let least = if projector == Projector::Pca {
                0.8
            } else {
                0.9
            };
            assert!(k == 5 && trust > least, "{}: {trust}", map.told);
        }
    }

    #[test]
    fn a_seed_gives_the_same_map_on_any_number_of_threads() {
        let (rows, _) = clouds();
        for projector in [Projector::Pca, TSNE, UMAP] {
            let map = made(&rows, projector, 7, 1);
            assert_eq!(map, made(&rows, projector, 7, 3));
            let other = made(&rows, projector, 8, 3);
            assert_eq!(map.points == other.points, projector == Projector::Pca);
        }
    }

    #[test]
    fn equal_rows_and_what_is_wrong_are_told_or_mapped() {
        let equal = Matrix::of_rows(vec![vec![1.0, 2.0]; 12]);
        for projector in [Projector::Pca, TSNE, UMAP] {
            let map = made(&equal, projector, 0, 2);
            assert!(
                map.points.iter().flatten().all(|x| x.is_finite()),
                "{map:?}"
            );
        }
        let workers = Workers::new(Some(1)).unwrap();
        let check = |rows: Vec<Vec<f64>>, projector, want: &str| {
            let error = project(&Matrix::of_rows(rows), projector, 0, &workers, &|| false);
            assert_eq!(error.unwrap_err().to_string(), want);
        };
        check(
            vec![vec![1.0]; 3],
            UMAP,
            "`e` must be at least 4 clips, not 3",
        );
        check(
            vec![vec![1.0], vec![f64::NAN], vec![0.0], vec![0.0]],
            Projector::Pca,
            "`e` must be finite numbers, not NaN in row 1",
        );
        check(
            vec![vec![1.0]; 6],
            TSNE,
            "`perplexity` must be above 1 and below 5, the number of clips less one, not 10",
        );
    }
}
