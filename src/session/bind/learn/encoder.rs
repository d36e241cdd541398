//! Encoders with random weights: their declarations stand beside the networks; here each becomes a function.

use super::super::Environment;
use super::super::declared;
use super::model::Model;
use crate::script::{Call, Function, Topic};
use auricle_learn::nn::{Architecture, CATALOGUE, Encoder, EncoderDeclaration};
use rhai::Dynamic;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    CATALOGUE
        .iter()
        .map(|declaration| function(declaration, environment))
        .collect()
}

/// The option that all encoders have besides their own.
const SEED: &str = "seed";

/// A function that makes the encoder of a declaration.
fn function(declaration: &'static EncoderDeclaration, environment: &Arc<Environment>) -> Function {
    let environment = environment.clone();
    let body = move |call: &Call<'_>| {
        let own = call.given().filter(|(name, _)| *name != SEED);
        let described = declaration.with(declared::values(declaration, own, |_| Ok(None))?)?;
        let seed = call.get::<Option<u64>>(SEED)?;
        let seed = seed.unwrap_or_else(|| environment.seed());
        let built = Architecture::of(described.built().as_ref());
        let architecture = built.expect("the catalogue is a list of encoders");
        let encoder = Encoder::new(architecture, seed, &environment.device()?)?;
        Ok(Dynamic::from(Model {
            name: None,
            encoder,
        }))
    };
    declared::function(declaration, Topic::Training, body)
        .long()
        .option::<Option<u64>>(SEED, (), "seed of the weights; the session's if not given")
        .returns("model")
}
