//! How far synthetic sounds cover real ones: descriptors of sounds, and distances between sets of them.

mod compared;
mod descriptors;
mod frechet;
mod picture;
#[cfg(test)]
mod reference;

pub use compared::{Compared, Coverage};
pub use descriptors::{DESCRIPTORS, Descriptor, DescriptorOptions, Descriptors};
pub use frechet::frechet_distance;
