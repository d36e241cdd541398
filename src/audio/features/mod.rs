//! Time-frequency features of a sound.

mod bands;
mod bend;
mod clar;
mod front_end;
mod htk_mfcc;
mod log_mel;
mod logarithm;
mod mel_scale;
mod mfcc;
mod patch_mix;
mod scratch;
mod statistics;
mod tensor;

pub use bend::{Bend, Interpolation};
pub use clar::{ClarFeatures, ClarOptions};
pub use front_end::FrontEnd;
pub use htk_mfcc::{HtkMfcc, HtkMfccOptions};
pub use log_mel::{Compression, LogMel, MelOptions, MelProducts, Normalization, Reference};
pub(crate) use mel_scale::mel_corners;
pub use mel_scale::{MelNorm, MelScale, Triangles, filter_bank};
pub use mfcc::Mfcc;
pub use patch_mix::{Mixed, PatchMix};
pub use scratch::MelScratch;
pub use statistics::band_statistics;
pub use tensor::{FeatureAxes, Features};
