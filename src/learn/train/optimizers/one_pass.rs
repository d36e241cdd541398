//! Adam's arithmetic where a device has it in one pass.

use crate::nn::{OfThree, of_three};
use burn::optim::AdaptiveMomentumState;
use burn::tensor::Tensor;

/// The constants of Adam (Kingma and Ba, 2015), algorithm 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments {
    pub(super) beta_1: f32,
    pub(super) beta_2: f32,
    pub(super) epsilon: f32,
    /// Share of the weight that is added to the gradient.
    pub(super) decay: f32,
}

impl Moments {
    /// The moved weight, of which `keep` is kept, and the moments.
    pub(super) fn step<const D: usize>(
        self,
        rate: f64,
        keep: f64,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdaptiveMomentumState<D>>,
    ) -> (Tensor<D>, AdaptiveMomentumState<D>) {
        let Moments {
            beta_1,
            beta_2,
            epsilon,
            decay,
        } = self;
        let mut state = state.unwrap_or_else(|| {
            let zeros = weight.zeros_like();
            AdaptiveMomentumState::new(0, zeros.clone(), zeros)
        });
        let moment = OfThree::Moment {
            beta: beta_1,
            decay,
        };
        let square = OfThree::SquareMoment {
            beta: beta_2,
            decay,
        };
        state.moment_1 = of_three(state.moment_1, gradient.clone(), weight.clone(), moment);
        state.moment_2 = of_three(state.moment_2, gradient, weight.clone(), square);
        state.time += 1;
        let time = state.time as i32;
        let root = (1.0 - beta_2.powi(time)).sqrt();
        let rule = OfThree::Move {
            keep: keep as f32,
            rate: rate as f32,
            scale: root / (1.0 - beta_1.powi(time)),
            epsilon: epsilon * root,
        };
        let (first, second) = (state.moment_1.clone(), state.moment_2.clone());
        (of_three(weight, first, second, rule), state)
    }
}
