//! Training methods, one a file.

mod barlow_twins;
mod byol;
mod clar;
mod heads;
mod masked_autoencoder;
mod moco;
mod parameters;
mod patch_mix;
mod projected;
mod simclr;
mod simsiam;
mod supervised;
mod tokens;
mod two_views;
mod vicreg;

use super::MethodDeclaration;

/// Every method there is, in the order of the reference page.
pub static CATALOGUE: &[&MethodDeclaration] = &[
    &simclr::SIMCLR,
    &supervised::SUPERVISED,
    &clar::CLAR,
    &byol::BYOL,
    &simsiam::SIMSIAM,
    &vicreg::VICREG,
    &barlow_twins::BARLOW_TWINS,
    &moco::MOCO,
    &patch_mix::PATCH_MIX,
    &masked_autoencoder::MASKED_AUTOENCODER,
];
