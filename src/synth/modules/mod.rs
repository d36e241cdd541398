//! The modules: one declaration a file, listed once in the catalogue.

mod adsr;
mod bursts;
mod catalogue;
mod crossfade;
mod curve;
mod damping;
mod event;
mod fm;
mod harmonics;
mod keyboard;
mod lfo;
mod mixer;
mod mod_matrix;
mod noise_floor;
mod noise_source;
mod one_pole;
mod pulses;
mod resonant_filter;
mod select;
mod sine;
mod square_saw;
mod vca;

pub use catalogue::{
    CATALOGUE, adsr, bursts, crossfade, curve, damping, event, fm, hard_select, harmonics,
    keyboard, lfo, mixer, mod_matrix, noise_floor, noise_source, one_pole, pulses, resonant_filter,
    sine, soft_select, square_saw, vca,
};
