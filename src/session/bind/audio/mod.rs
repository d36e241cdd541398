//! Functions for sound, recipes and data.

mod audiomentations;
mod data;
mod data_form;
mod data_manifest;
mod data_sets;
mod data_split;
mod data_table;
mod demo;
mod distribution;
mod features;
mod inverse;
mod lambda;
mod pair;
mod play;
mod player;
mod plot;
mod recipe;
mod shards;
mod sound;
mod source;
mod stage;

pub(in crate::bind) use distribution::to_distribution;
pub(in crate::bind) use pair::Pair;
pub(in crate::bind) use play::play_wave;
pub(in crate::bind) use player::{players, wav_url};

use super::Environment;
use crate::script::{Function, register_type};
use auricle_audio::augment::{Recipe, Trace, Views};
use auricle_audio::dataset::{Clip, Dataset, Description, Shards, Split};
use auricle_audio::features::Features;
use auricle_audio::{Distribution, Waveform};
use rhai::Engine;
use std::sync::Arc;

pub(super) fn functions(environment: &Arc<Environment>) -> Vec<Function> {
    let mut all = source::functions(environment);
    all.extend(sound::functions());
    all.extend(distribution::functions(environment));
    all.extend(stage::functions(environment));
    all.extend(recipe::functions(environment));
    all.extend(audiomentations::functions(environment));
    all.push(demo::demo(environment));
    all.extend(demo::draws_functions());
    all.extend(pair::functions(environment));
    all.extend(plot::functions(environment));
    all.extend(play::functions(environment));
    all.extend(features::functions(environment));
    all.extend(inverse::functions(environment));
    all.extend(data::functions(environment));
    all
}

pub(super) fn register(engine: &mut Engine) {
    register_type::<Waveform>(engine);
    register_type::<Distribution>(engine);
    register_type::<Recipe>(engine);
    register_type::<Views>(engine);
    register_type::<Trace>(engine);
    register_type::<pair::Pair>(engine);
    register_type::<Arc<Features>>(engine);
    register_type::<plot::Strip>(engine);
    register_type::<demo::Draws>(engine);
    demo::register_draws(engine);
    register_type::<Dataset>(engine);
    register_type::<Split>(engine);
    register_type::<Shards>(engine);
    register_type::<Clip>(engine);
    register_type::<Description>(engine);
    data::register_clips(engine);
}
