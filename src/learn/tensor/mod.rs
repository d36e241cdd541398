//! Tensors whose rank, kind of number and shape are known when they run.
//!
//! burn's `Tensor<D>` has its rank in its type, a script's tensor does not. [`NdTensor`] holds
//! every tensor with [`MAX_RANK`] axes, the leading ones of length 1, and remembers how many are
//! the user's: broadcasting, which aligns shapes at their last axis, is then burn's own, and
//! gradients flow as they do anywhere. Shapes are checked here, before burn would panic.

mod arithmetic;
mod file;
mod format;
mod index;
mod layout;
#[cfg(test)]
mod made;
mod reduce;
mod value;

pub use arithmetic::{Arithmetic, Comparison};
pub use file::{load_npy, load_safetensors, save_npy, save_safetensors};
pub use index::{Index, parse_indices};
pub use reduce::Reduction;
pub use value::{Dtype, MAX_RANK, NdTensor, Values};
