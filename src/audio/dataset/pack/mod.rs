//! Packing recordings into shards, byte for byte as they are: WebDataset's tar files, or Parquet as Hugging Face lays audio
//! out.

mod parquet_shard;
mod run;
mod sample;
mod tar_shard;
mod vectors;

pub use parquet_shard::{ColumnKind, ColumnValues, ParquetColumn, ParquetShard};
pub use run::{Pack, PackFormat, PackedUp};
pub use tar_shard::TarShard;
pub use vectors::{Vectors, write_vectors};
