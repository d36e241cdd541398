//! Functions for tensors, encoders, training and judging.

mod comparing;
mod device;
mod embeddings;
mod embeddings_parquet;
mod encoder;
mod figure;
mod fine_tune;
mod freeze;
mod given;
mod heads;
mod history;
mod joining;
mod judging;
mod label;
mod layers;
mod live;
mod loss;
mod method;
mod metrics;
mod model;
mod optimizer;
mod own_loss;
mod page;
mod pairs;
mod plot;
mod projection;
mod recorded;
mod regression;
mod rendering;
mod report_page;
mod run;
mod runs;
mod spectra;
mod study;
mod tensor;
mod tiny_run;
mod trained_on;
mod validating;

pub(in crate::bind) use layers::from_json as layers_from_json;
pub(in crate::bind) use model::embeddings;

use super::Environment;
use crate::script::{Function, ScriptError, register_type};
use auricle_figure::Figure;
use auricle_learn::eval::{Comparison, Interval, Measure, Predictions, Report};
use auricle_learn::feed::Pairs;
use auricle_learn::loss::Loss;
use auricle_learn::nn::layers::Expression;
use auricle_learn::train::{History, Optimizer, Run, Schedule};
use rhai::Engine;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = device::functions(environment);
    let tape = Arc::default();
    all.extend(tensor::functions(environment, &tape));
    all.extend(rendering::functions(environment, &tape));
    all.push(spectra::function(&tape));
    all.extend(encoder::functions(environment));
    all.extend(model::functions(environment, &tape));
    all.extend(embeddings::functions(environment));
    all.extend(projection::functions(environment));
    all.extend(freeze::functions());
    all.extend(layers::functions(environment));
    all.extend(loss::functions());
    all.push(own_loss::function(environment));
    all.extend(optimizer::functions());
    all.extend(method::functions(environment));
    all.extend(pairs::functions());
    all.extend(run::functions(environment));
    all.extend(runs::functions());
    all.extend(joining::functions());
    all.extend(history::functions());
    all.extend(live::functions(environment, &optimizer::optimizers()));
    all.extend(heads::functions(environment));
    all.push(fine_tune::function(environment));
    all.extend(judging::functions());
    all.extend(metrics::functions(environment));
    all.extend(comparing::functions(environment));
    all.extend(regression::functions());
    all.extend(figure::functions());
    all.extend(study::functions());
    all.extend(page::functions(environment));
    all.push(plot::plot());
    all
}

pub(super) fn register(engine: &mut Engine) {
    tensor::register(engine);
    live::register(engine);
    register_type::<model::Model>(engine);
    register_type::<Expression>(engine);
    register_type::<Loss>(engine);
    register_type::<Optimizer>(engine);
    register_type::<Schedule>(engine);
    register_type::<Run>(engine);
    register_type::<page::Page>(engine);
    register_type::<Pairs>(engine);
    register_type::<History>(engine);
    register_type::<Report>(engine);
    register_type::<Interval>(engine);
    register_type::<Measure>(engine);
    register_type::<Comparison>(engine);
    register_type::<Arc<Predictions>>(engine);
    register_type::<regression::Fitted>(engine);
    register_type::<Arc<embeddings::Embeddings>>(engine);
    register_type::<Arc<projection::Map>>(engine);
    register_type::<Figure>(engine);
    study::register(engine);
}

impl From<auricle_learn::Error> for ScriptError {
    fn from(error: auricle_learn::Error) -> ScriptError {
        let hint = error.hint();
        ScriptError {
            hint,
            ..ScriptError::in_words_of_others(error.to_string())
        }
    }
}
