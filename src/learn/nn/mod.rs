//! Encoders and heads.

mod batch_norm;
mod encoder;
mod init;
mod projector;
mod resnet;
mod weights;

pub use batch_norm::BatchNorm;
pub use encoder::{Architecture, Encoder, FrontEnd};
pub use init::initialize;
pub use projector::Projector;
pub use resnet::{ResNet18, ResNet18Options};
pub use weights::{NamedTensor, export, import, read_safetensors, write_safetensors};
