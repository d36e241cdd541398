//! Convolution, batch normalization and pooling for the CPU.
//!
//! burn's CPU back end computes these from general parts: it transposes whole activations, and walks over them once for
//! every arithmetic operation. For the small maps and few channels of an encoder on a laptop that is where the time goes,
//! so the three layers that dominate are written here for contiguous single-precision activations, forward and backward.
//! On every other device, and for every other type, burn's own operations run.
//!
//! Work is cut into a fixed number of pieces and sums are joined in the order of the pieces, so that results do not
//! depend on the number of threads.

mod conv;
mod each_ops;
mod extension;
mod gaussian_unit;
mod math;
mod norm;
mod pieces;
mod pool;
mod self_attention;
mod token_ops;

pub(crate) use each_ops::{OfThree, of_three};
pub(crate) use extension::{Cpu, contiguous, values};
pub(super) use extension::{batch_norm, conv2d, max_pool};
pub(super) use token_ops::{Gelu, attention, gelu};
