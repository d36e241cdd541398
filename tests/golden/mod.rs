//! Agreement of the language with vectors that other libraries computed.

mod dsp;
mod feature;
mod filter;
mod metric;
pub(crate) mod npy;
mod space;
mod spectral;
mod time;
pub(crate) mod vectors;
