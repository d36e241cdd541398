//! Losses: functions of tensors, each declared beside its mathematics, and their [`CATALOGUE`].

mod align_uniform;
mod blocks;
#[cfg(test)]
mod checks;
mod clar;
mod cross_entropy;
mod described;
mod info_nce;
mod mixing;
mod nt_xent;
mod own;
mod patch_mix;
mod redundancy;
mod siamese;
mod similarity;
mod supcon;

pub use align_uniform::{AlignUniform, align, align_uniform, uniform};
pub use clar::{CLAR_LOSS, Clar, Join, clar};
pub use cross_entropy::{
    BINARY_CROSS_ENTROPY, CROSS_ENTROPY, CrossEntropy, binary_cross_entropy, cross_entropy,
    inverse_frequency,
};
pub use described::{Compute, Given, Input, LOSS, Loss, LossDeclaration, LossFacts, Reads};
pub use info_nce::{INFO_NCE, info_nce};
pub use mixing::Mixing;
pub use nt_xent::{NT_XENT, dcl, nt_xent, nt_xent_per_anchor};
pub use own::{LossFunction, OWN_LOSS, UserLoss};
pub use patch_mix::{
    Negatives, PATCH_MIX_LOSS, PatchMix, PatchMixLoss, Target, patch_mix_ce, patch_mix_contrastive,
    patch_mix_loss, patch_mix_per_row,
};
pub use redundancy::{BARLOW_TWINS, VICREG, VicReg, barlow_twins, vicreg};
pub use siamese::{BYOL, SIMSIAM, byol, simsiam};
pub(crate) use similarity::normalized;
pub use supcon::{Positives, supcon, supcon_per_anchor, supcon_views};

/// Every loss there is, in the order of the reference page.
pub static CATALOGUE: &[&LossDeclaration] = &[
    &align_uniform::ALIGN,
    &align_uniform::UNIFORM_LOSS,
    &align_uniform::ALIGN_UNIFORM,
    &nt_xent::NT_XENT,
    &nt_xent::DCL,
    &siamese::BYOL,
    &siamese::SIMSIAM,
    &redundancy::VICREG,
    &redundancy::BARLOW_TWINS,
    &info_nce::INFO_NCE,
    &supcon::SUPCON,
    &clar::CLAR_LOSS,
    &cross_entropy::CROSS_ENTROPY,
    &cross_entropy::BINARY_CROSS_ENTROPY,
    &patch_mix::PATCH_MIX_LOSS,
    &patch_mix::PATCH_MIX_CE,
    &patch_mix::PATCH_MIX_CONTRASTIVE,
];
