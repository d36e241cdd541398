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
    /// What to tell the user, if they have collapsed.
    pub(super) warning: Option<String>,
    /// What to tell the user once the first epochs are over, if views of one clip are not recognised.
    pub(super) apart: Option<String>,
}

/// Below this deviation the embeddings hardly differ any more.
const COLLAPSED: f64 = 0.05;
/// Above this squared distance, of at most 4, the embeddings of one clip are not recognised as such.
const APART: f64 = 1.8;

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
            apart = (alignment > APART).then(|| {
                format!(
                    "the views of a clip lie hardly nearer to each other than those of different clips (a squared \
                     distance of {alignment:.2}, where that of unrelated points is 2): what they share is not learned \
                     yet; make the views more alike, or train longer"
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
        let warning = (deviation < COLLAPSED)
            .then(|| format!("the embeddings of a batch hardly differ (deviation {deviation:.3})"));
        Ok(Monitor {
            figures,
            warning,
            apart,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn views_that_are_not_recognised_are_told_and_others_are_not() {
        let device = Device::flex();
        let rows = |rows: [[f32; 2]; 2]| Tensor::<2>::from_floats(rows, &device);
        let clips = rows([[1.0, 0.0], [-1.0, 0.0]]);
        // The other views stand at right angles: as far as unrelated points do in the mean.
        let apart = Monitor::of(&[clips.clone(), rows([[0.0, 2.0], [0.0, -2.0]])]).unwrap();
        assert_eq!(apart.figures[0], ("alignment", 2.0));
        assert!(apart.apart.unwrap().contains("hardly nearer"));
        let near = Monitor::of(&[clips.clone(), rows([[3.0, 1.0], [-3.0, 1.0]])]).unwrap();
        assert_eq!((near.apart, near.warning), (None, None));
        let collapsed = Monitor::of(&[rows([[1.0, 0.0]; 2]), rows([[1.0, 0.0]; 2])]).unwrap();
        assert!(collapsed.warning.unwrap().contains("hardly differ"));
    }
}
