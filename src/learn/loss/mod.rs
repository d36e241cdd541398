//! Losses: functions of tensors, one a file, and [`Loss`], which describes any of them.

mod align_uniform;
#[cfg(test)]
mod checks;
mod clar;
mod cross_entropy;
mod described;
mod info_nce;
mod nt_xent;
mod patch_mix;
mod redundancy;
mod siamese;
mod similarity;
mod supcon;

pub use align_uniform::{AlignUniform, align, align_uniform, uniform};
pub use clar::{Clar, Join, clar};
pub use cross_entropy::{CrossEntropy, binary_cross_entropy, cross_entropy, inverse_frequency};
pub use described::{Given, Loss};
pub use info_nce::info_nce;
pub use nt_xent::{dcl, nt_xent, nt_xent_per_anchor};
pub use patch_mix::{
    Mixing, Negatives, PatchMix, PatchMixLoss, Target, patch_mix_ce, patch_mix_contrastive,
    patch_mix_loss, patch_mix_per_row,
};
pub use redundancy::{VicReg, barlow_twins, vicreg};
pub use siamese::{byol, simsiam};
pub(crate) use similarity::normalized;
pub use supcon::{Positives, supcon, supcon_per_anchor, supcon_views};
