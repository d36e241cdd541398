//! Agreement of the language with vectors that other libraries computed.

mod dsp;
mod metric;
mod npy;
mod space;
