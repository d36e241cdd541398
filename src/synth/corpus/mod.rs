//! A corpus of synthesized sounds on disk: files, WebDataset's tar shards, or Parquet as Hugging Face lays audio out.

mod metadata;
mod parquet;
mod part;
mod run;

pub use run::{Corpus, Made, Storage};
