//! Corpora larger than a disk of files: clips in WebDataset's tar shards or in Parquet with Hugging Face's audio column,
//! read as a stream.
//!
//! What is kept for the whole corpus is a few numbers a shard; where the clips of a shard lie is its [`Index`], which is
//! made once, kept beside the decoded clips, and read again for the shards that are open. So the place of every clip in
//! an epoch is arithmetic: a run goes on at any clip, and memory does not grow with the corpus.
//!
//! [`Index`]: index::Index

mod broken;
mod file;
mod in_memory;
mod index;
mod indexing;
mod open;
mod order;
mod packed;
mod parquet;
mod places;
mod reader;
mod tar;
mod text;

pub use broken::Broken;
pub use open::{ShardOptions, Shards, Share};
pub use packed::Packed;
pub use reader::Reader;

#[cfg(test)]
mod tests;
