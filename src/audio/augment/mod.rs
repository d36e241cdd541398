//! Augmentation recipes: what happens to a sound on its way to a model.
//!
//! A [`Recipe`] is a sequence of steps; a step is a [`Stage`] or a combinator around recipes. A stage is declared once, in
//! a file of its own: its [`Declaration`] (name, text, parameters with units, ranges and defaults, a tested example) and
//! its [`Transform`] (what is drawn, and what is done with the drawn values). Scripts, help, printing and JSON read the
//! declaration, so adding an augmentation is adding one file and its line in [`catalogue`].

mod background;
mod crop;
mod crop_pad;
mod declaration;
mod domain;
mod fade;
mod frequency_mask;
mod gain;
mod impulse_response;
mod json;
mod log_mel;
mod mel;
mod mixed_noise;
mod noise;
mod pad;
mod recipe;
mod recordings;
mod repeat_part;
mod reverse;
mod room;
mod run;
mod source;
mod splice_out;
mod stage;
mod time_mask;
mod time_shift;
mod trace;
mod transform;
mod trim;
mod views;

pub use declaration::{Accepts, Declaration, DefaultValue, Kind, Parameter, Value};
pub use domain::Domain;
pub use recipe::{Flow, Recipe, Step};
pub use stage::Stage;
pub use trace::{Trace, TraceStep};
pub use transform::{Draws, Input, Transform, Workspace};
pub use views::Views;

/// Every stage there is, in the order of the reference page.
pub fn catalogue() -> &'static [&'static Declaration] {
    static CATALOGUE: [&Declaration; 19] = [
        &gain::GAIN,
        &fade::FADE,
        &noise::NOISE,
        &time_mask::TIME_MASK,
        &time_shift::TIME_SHIFT,
        &crop::CROP,
        &crop_pad::CROP_PAD,
        &pad::PAD,
        &trim::TRIM,
        &repeat_part::REPEAT_PART,
        &reverse::REVERSE,
        &splice_out::SPLICE_OUT,
        &background::BACKGROUND,
        &mixed_noise::MIXED_NOISE,
        &impulse_response::IMPULSE_RESPONSE,
        &room::ROOM,
        &mel::MEL,
        &log_mel::LOG_MEL,
        &frequency_mask::FREQUENCY_MASK,
    ];
    &CATALOGUE
}

/// The declaration of a stage by its name.
///
/// # Errors
/// [`crate::Error::Unknown`] if there is none.
pub fn declaration(name: &str) -> Result<&'static Declaration, crate::Error> {
    catalogue().iter().find(|declaration| declaration.name == name).copied().ok_or_else(|| crate::Error::Unknown {
        owner: "Auricle".into(),
        kind: "stage",
        got: name.into(),
        known: catalogue().iter().map(|declaration| declaration.name.to_owned()).collect(),
    })
}
