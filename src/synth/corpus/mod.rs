//! A corpus of synthesized sounds on disk: files, WebDataset's tar shards, or Parquet as Hugging Face lays audio out.

mod encoded;
mod metadata;
mod parquet;
mod part;
mod plan;
mod run;

pub use plan::{Corpus, Storage};
pub use run::Made;
