//! Agreement of the language with vectors that other libraries computed.

mod dsp;
mod feature;
mod metric;
mod npy;
