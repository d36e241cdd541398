//! Encoders and heads.

mod architecture;
mod batch_norm;
mod conv;
mod cpu;
mod encoder;
mod init;
mod network;
mod projector;
mod resnet;
mod weights;

pub use architecture::Architecture;
pub use batch_norm::BatchNorm;
pub use conv::Conv2d;
pub use encoder::{Encoder, FrontEnd};
pub use init::initialize;
pub use network::{Input, Network};
pub use projector::Projector;
pub use resnet::{ResNet18, ResNet18Options};
pub use weights::{NamedTensor, export, import, read_safetensors, write_safetensors};
