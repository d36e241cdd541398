//! Parquet as Hugging Face's `datasets` reads audio: a column `audio` of bytes and path, the index, and the parameters.

use super::Corpus;
use super::part::Encoded;
use crate::{Error, Patches};
use auricle_audio::io::WholeFile;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use serde_json::{Map, Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) struct ParquetPart {
    path: PathBuf,
    writer: SerializedFileWriter<WholeFile>,
}

impl ParquetPart {
    pub(super) fn new(path: &Path, file: WholeFile, corpus: &Corpus) -> Result<ParquetPart, Error> {
        let names: Vec<String> = corpus
            .synth
            .parameters()
            .iter()
            .map(ToString::to_string)
            .collect();
        let begun = schema(&names).and_then(|schema| {
            let properties = WriterProperties::builder()
                .set_compression(Compression::UNCOMPRESSED)
                .set_created_by(concat!("auricle ", env!("CARGO_PKG_VERSION")).to_owned())
                .set_key_value_metadata(Some(vec![KeyValue::new(
                    "huggingface".to_owned(),
                    features(&names, corpus.synth.options().sample_rate).to_string(),
                )]))
                .build();
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))
        });
        let writer = begun.map_err(|error| unwritable(path, &error))?;
        let path = path.to_owned();
        Ok(ParquetPart { path, writer })
    }

    /// Adds sounds as a group of rows.
    pub(super) fn add(&mut self, sounds: &[Encoded], patches: &Patches) -> Result<(), Error> {
        let added = self.row_group(sounds, patches);
        added.map_err(|error| unwritable(&self.path, &error))
    }

    fn row_group(&mut self, sounds: &[Encoded], patches: &Patches) -> Result<(), ParquetError> {
        let bytes: Vec<ByteArray> = sounds.iter().map(|s| s.bytes.clone().into()).collect();
        let paths: Vec<ByteArray> = sounds.iter().map(|s| s.name.as_str().into()).collect();
        let indices: Vec<i64> = sounds.iter().map(|s| s.index as i64).collect();
        let gains: Vec<f64> = sounds.iter().map(|s| s.gain).collect();
        let values: Vec<Vec<f64>> = sounds.iter().map(|s| patches.values(s.row)).collect();
        let mut group = self.writer.next_row_group()?;
        let mut column = 0;
        while let Some(mut writer) = group.next_column()? {
            match column {
                // Both fields and what holds them are there: the deepest level.
                0 | 1 => {
                    let (texts, levels) = (
                        if column == 0 { &bytes } else { &paths },
                        vec![2; sounds.len()],
                    );
                    writer
                        .typed::<ByteArrayType>()
                        .write_batch(texts, Some(&levels), None)?;
                }
                2 => {
                    writer
                        .typed::<Int64Type>()
                        .write_batch(&indices, None, None)?;
                }
                3 => {
                    writer
                        .typed::<DoubleType>()
                        .write_batch(&gains, None, None)?;
                }
                _ => {
                    let numbers: Vec<f64> = values.iter().map(|row| row[column - 4]).collect();
                    writer
                        .typed::<DoubleType>()
                        .write_batch(&numbers, None, None)?;
                }
            }
            writer.close()?;
            column += 1;
        }
        group.close()?;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), Error> {
        let file = self.writer.into_inner();
        let file = file.map_err(|error| unwritable(&self.path, &error))?;
        Ok(file.finish()?)
    }
}

fn unwritable(path: &Path, error: &ParquetError) -> Error {
    auricle_audio::Error::file(path, format!("cannot be written: {error}")).into()
}

fn schema(names: &[String]) -> Result<Type, ParquetError> {
    let leaf = |name: &str, physical: Physical, repetition: Repetition, text: bool| {
        let logical = text.then_some(LogicalType::String);
        let leaf = Type::primitive_type_builder(name, physical);
        let leaf = leaf.with_repetition(repetition).with_logical_type(logical);
        leaf.build().map(Arc::new)
    };
    let audio = Type::group_type_builder("audio")
        .with_repetition(Repetition::OPTIONAL)
        .with_fields(vec![
            leaf("bytes", Physical::BYTE_ARRAY, Repetition::OPTIONAL, false)?,
            leaf("path", Physical::BYTE_ARRAY, Repetition::OPTIONAL, true)?,
        ])
        .build()?;
    let mut fields = vec![
        Arc::new(audio),
        leaf("index", Physical::INT64, Repetition::REQUIRED, false)?,
        leaf("gain", Physical::DOUBLE, Repetition::REQUIRED, false)?,
    ];
    for name in names {
        fields.push(leaf(name, Physical::DOUBLE, Repetition::REQUIRED, false)?);
    }
    Type::group_type_builder("schema")
        .with_fields(fields)
        .build()
}

/// What `datasets` wants to know of the columns.
fn features(names: &[String], sample_rate: u32) -> Json {
    let value = |dtype: &str| json!({ "dtype": dtype, "_type": "Value" });
    let mut features = Map::new();
    features.insert(
        "audio".into(),
        json!({ "sampling_rate": sample_rate, "_type": "Audio" }),
    );
    features.insert("index".into(), value("int64"));
    features.insert("gain".into(), value("float64"));
    let parameters = names.iter().map(|name| (name.clone(), value("float64")));
    features.extend(parameters);
    json!({ "info": { "features": features } })
}
