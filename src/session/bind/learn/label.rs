//! What is known of a clip, as a value of scripts.

use auricle_audio::dataset::{Clip, Dataset};
use rhai::Dynamic;

/// What is to be predicted of a clip: its class, its classes, its number; nothing if it is not labelled.
pub(super) fn label(data: &Dataset, clip: &Clip) -> Dynamic {
    let name = |&class: &usize| -> Dynamic { data.classes()[class].clone().into() };
    match (&clip.label, &clip.labels, clip.target) {
        (Some(label), _, _) => name(label),
        (None, Some(labels), _) => Dynamic::from_array(labels.iter().map(name).collect()),
        (None, None, target) => target.map_or(Dynamic::UNIT, Into::into),
    }
}
