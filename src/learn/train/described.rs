//! A method as a value, as a run holds it.
//!
//! A method is declared beside its mathematics, in a file of [`methods`](super::methods); what all methods have is declared
//! once, in [`TRAINING`](super::TRAINING).

use super::Plan;
use super::method::Method;
use super::part::{Part, begin};
use crate::Error;
use auricle_audio::declare::{Declaration, Described};
use burn::tensor::Device;
use std::sync::Arc;

/// A method with its settings.
pub type DescribedMethod = Described<Arc<dyn AnyMethod>, Error, MethodFacts>;

/// The declaration of a method.
pub type MethodDeclaration = Declaration<Arc<dyn AnyMethod>, Error, MethodFacts>;

/// What a method says besides its parameters.
pub struct MethodFacts {
    /// Its name as its authors write it.
    pub title: &'static str,
    /// Views that are made of a recipe that is not written as views: two for a method that compares two, which then must
    /// be as many, and one for a method that takes any number.
    pub n_views: usize,
}

/// A [`Method`] without its types.
pub trait AnyMethod: Send + Sync {
    /// See [`Method::plan`].
    fn plan(&self, plan: Plan) -> Result<Plan, Error>;

    /// See [`Method::check`].
    fn check(&self, plan: &Plan) -> Result<(), Error>;

    /// See [`Method::loss`].
    fn loss(&self, plan: &Plan) -> String;

    /// See [`Method::sizes`].
    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)>;

    /// See [`Method::reads_labels`].
    fn reads_labels(&self) -> bool;

    /// Its part of what a run trains, before the first step.
    fn begin(&self, plan: &Plan, device: &Device) -> Result<Box<dyn Part>, Error>;
}

impl<M: Method> AnyMethod for M {
    fn plan(&self, plan: Plan) -> Result<Plan, Error> {
        Method::plan(self, plan)
    }

    fn check(&self, plan: &Plan) -> Result<(), Error> {
        Method::check(self, plan)
    }

    fn loss(&self, plan: &Plan) -> String {
        Method::loss(self, plan)
    }

    fn sizes(&self, plan: &Plan) -> Vec<(&'static str, String)> {
        Method::sizes(self, plan)
    }

    fn reads_labels(&self) -> bool {
        Method::reads_labels(self)
    }

    fn begin(&self, plan: &Plan, device: &Device) -> Result<Box<dyn Part>, Error> {
        begin(self, plan, device)
    }
}
