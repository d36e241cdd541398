//! A corpus of synthesized sounds on disk: files, WebDataset's tar shards, or Parquet as Hugging Face lays audio out.

mod metadata;
mod parquet;
mod part;
mod run;
mod tar;

pub use run::{Corpus, Made, Storage};
