//! Training methods, one a file.

mod average;
mod barlow_twins;
mod byol;
mod clar;
mod heads;
mod moco;
mod patch_mix;
mod projected;
mod simclr;
mod simsiam;
mod supervised;
mod two_views;
mod vicreg;

pub use barlow_twins::BarlowTwins;
pub use byol::Byol;
pub use clar::Clar;
pub use moco::MoCo;
pub use patch_mix::{PatchMix, PatchMixObjective};
pub use projected::Projection;
pub use simclr::SimClr;
pub use simsiam::SimSiam;
pub use supervised::Supervised;
pub use vicreg::VicReg;
