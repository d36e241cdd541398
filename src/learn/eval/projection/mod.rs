//! Maps of embeddings in two dimensions: principal components, t-SNE and UMAP.
//!
//! All three are written here. The crates that there are add up in whatever order their threads end, or let threads write over
//! each other; here threads compute rows, and rows are added in order, so that a seed gives the same map on any machine
//! of any number of threads.

mod neighbours;
mod pca;
mod project;
mod trustworthiness;
mod tsne;
mod umap;

pub use project::{Projection, Projector, project};
pub use trustworthiness::trustworthiness;
pub use tsne::TsneOptions;
pub use umap::UmapOptions;
