//! Methods that train an encoder with a projector by a loss of both projected views.

use super::super::Plan;
use super::super::objective::{Method, Nothing, Terms};
use super::projected::{Projected, Projection};
use crate::Error;
use crate::batch::Batch;
use crate::loss::{Given, Loss};
use crate::nn::Network;
use burn::tensor::Device;

/// What tells one such method from another; all else is the same for them.
pub(super) trait TwoViews: Clone + Send + Sync + 'static {
    /// Its name in the language.
    const NAME: &'static str;
    /// Its name as its authors write it.
    const TITLE: &'static str;

    /// The loss of the projected views.
    fn described(&self) -> Loss;

    /// Sizes of the projector.
    fn projection(&self) -> &Projection;

    /// Whether the loss looks at labels.
    fn looks_at_labels(&self) -> bool {
        false
    }

    /// Checks what is its own.
    ///
    /// # Errors
    /// Whatever does not fit the plan.
    fn check_own(&self, _plan: &Plan) -> Result<(), Error> {
        Ok(())
    }
}

impl<T: TwoViews> Method for T {
    type Learner = Projected;
    type Memory = Nothing;

    fn name(&self) -> &'static str {
        T::NAME
    }

    fn title(&self) -> &'static str {
        T::TITLE
    }

    fn loss(&self) -> String {
        self.described().to_string()
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        vec![self.projection().of_three(plan)]
    }

    fn reads_labels(&self) -> bool {
        self.looks_at_labels()
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        plan.check_two_views(T::TITLE)?;
        self.projection().check()?;
        self.described().check()?;
        self.check_own(plan)
    }

    fn learner(&self, plan: &Plan, device: &Device) -> Result<Projected, Error> {
        Projected::new(plan, self.projection(), device)
    }

    fn memory(&self, _: &Plan, _: &Projected) -> Result<Nothing, Error> {
        Ok(None)
    }

    fn terms(
        &self,
        learner: &Projected,
        _: &Nothing,
        batch: &mut Batch,
        device: &Device,
    ) -> Result<Terms, Error> {
        let [a, b] = learner.views(batch, device)?;
        // A loss that needs no labels does not look at them.
        let loss = self.described().of(Given {
            labels: Some(&batch.labels),
            ..Given::views(a.clone(), b.clone())
        })?;
        Ok(Terms::new(loss, vec![a, b]))
    }

    fn encoders<'a>(
        &self,
        learner: &'a Projected,
        _: &'a Nothing,
    ) -> Vec<(&'static str, &'a Network)> {
        vec![("encoder", &learner.encoder)]
    }
}
