//! The catalogue of modules, and a function for each.

use super::*;
use crate::{Error, Module, Options, Signal};

/// Every module.
pub static CATALOGUE: &[&Module] = &[
    &keyboard::KEYBOARD,
    &event::EVENT,
    &adsr::ADSR,
    &lfo::LFO,
    &curve::CURVE,
    &mod_matrix::MOD_MATRIX,
    &select::SOFT_SELECT,
    &select::HARD_SELECT,
    &crossfade::CROSSFADE,
    &sine::SINE,
    &square_saw::SQUARE_SAW,
    &fm::FM,
    &harmonics::HARMONICS,
    &noise_source::NOISE_SOURCE,
    &pulses::PULSES,
    &bursts::BURSTS,
    &noise_floor::NOISE_FLOOR,
    &vca::VCA,
    &mixer::MIXER,
    &one_pole::ONE_POLE,
    &resonant_filter::RESONANT_FILTER,
    &damping::DAMPING,
];

macro_rules! functions {
    ($($name:ident => $declaration:expr;)*) => {
        $(
            #[doc = concat!("A `", stringify!($name), "` module with these options; see its declaration.")]
            ///
            /// # Errors
            /// As [`Signal::module`].
            pub fn $name(options: Options) -> Result<Signal, Error> {
                Signal::module(&$declaration, options)
            }
        )*
    };
}

functions! {
    keyboard => keyboard::KEYBOARD;
    event => event::EVENT;
    adsr => adsr::ADSR;
    lfo => lfo::LFO;
    curve => curve::CURVE;
    mod_matrix => mod_matrix::MOD_MATRIX;
    soft_select => select::SOFT_SELECT;
    hard_select => select::HARD_SELECT;
    crossfade => crossfade::CROSSFADE;
    sine => sine::SINE;
    square_saw => square_saw::SQUARE_SAW;
    fm => fm::FM;
    harmonics => harmonics::HARMONICS;
    noise_source => noise_source::NOISE_SOURCE;
    pulses => pulses::PULSES;
    bursts => bursts::BURSTS;
    noise_floor => noise_floor::NOISE_FLOOR;
    vca => vca::VCA;
    mixer => mixer::MIXER;
    one_pole => one_pole::ONE_POLE;
    resonant_filter => resonant_filter::RESONANT_FILTER;
    damping => damping::DAMPING;
}
