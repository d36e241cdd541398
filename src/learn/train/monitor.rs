//! Signs of a collapse in the embeddings of a batch.

use crate::Error;
use crate::loss::{align, normalized, uniform};
use burn::tensor::Tensor;

/// What the embeddings of a batch look like.
///
/// `alignment` is the mean squared distance between the views of a clip: 0 is perfect. `uniformity` (Wang and Isola, t = 2)
/// is 0 where all embeddings coincide. `z_deviation` is the deviation of the normalized embeddings times the root of their
/// dimension: 1 if they fill the sphere, 0 if they have collapsed.
#[derive(Clone, Debug, PartialEq, Default)]
pub(super) struct Monitor {
    pub(super) figures: Vec<(&'static str, f64)>,
    /// What to tell the user, if they have collapsed or views of one clip are not recognised.
    pub(super) warning: Option<String>,
}

/// Below this deviation the embeddings hardly differ any more.
const COLLAPSED: f64 = 0.05;
/// Above this share of the distance of unrelated embeddings, those of one clip are not recognised as such.
const APART: f64 = 0.9;

impl Monitor {
    /// Measures the views of a batch, each `[batch, dim]`, without gradients. There is an alignment where there are two.
    pub(super) fn of(views: &[Tensor<2>]) -> Result<Monitor, Error> {
        let views: Vec<Tensor<2>> = views.iter().map(|view| view.clone().inner()).collect();
        let Some(first) = views.first() else {
            return Ok(Monitor::default());
        };
        let number = |t: Tensor<1>| t.into_data().iter::<f64>().next().unwrap_or(f64::NAN);
        let mut figures = Vec::new();
        let mut apart = None;
        if let [a, b] = views.as_slice() {
            let alignment = number(align(a.clone(), b.clone(), 2.0)?);
            figures.push(("alignment", alignment));
            // The squared distance between unit vectors is 2 less twice their product, in the mean, too.
            let centre = |view: &Tensor<2>| normalized(view.clone()).mean_dim(0);
            let unrelated = 2.0 - 2.0 * number((centre(a) * centre(b)).sum());
            let share = alignment / unrelated;
            apart = (share > APART).then(|| {
                format!(
                    "the views of a clip lie hardly nearer to each other than those of different clips ({alignment:.2} \
                     of {unrelated:.2}): nothing is learned of what they share; make the views more alike, or train longer"
                )
            });
        }
        let mut uniformity = 0.0;
        for view in &views {
            uniformity += number(uniform(view.clone(), 2.0)?) / views.len() as f64;
        }
        figures.push(("uniformity", uniformity));
        let dim = first.dims()[1] as f64;
        let z = normalized(first.clone());
        let centred = z.clone() - z.mean_dim(0);
        let deviation = number(centred.powi_scalar(2).mean_dim(0).sqrt().mean()) * dim.sqrt();
        figures.push(("z_deviation", deviation));
        let collapsed = (deviation < COLLAPSED)
            .then(|| format!("the embeddings of a batch hardly differ (deviation {deviation:.3})"));
        let warning = collapsed.or(apart);
        Ok(Monitor { figures, warning })
    }
}
