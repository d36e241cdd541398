//! Writing Parquet as Hugging Face's `datasets` reads audio: a column `audio` of bytes and path, and others.

use crate::Error;
use crate::io::WholeFile;
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use serde_json::{Map, Value as Json, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnKind {
    /// Whole numbers.
    Whole,
    /// Numbers.
    Number,
    /// Texts.
    Text,
    /// Classes, as indices of these names.
    Class(Vec<String>),
}

/// A column beside the sounds.
#[derive(Clone, Debug, PartialEq)]
pub struct ParquetColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether a row may have no value.
    pub is_optional: bool,
}

/// Values of a column, one for each row.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnValues {
    /// Of a column of whole numbers or classes.
    Whole(Vec<Option<i64>>),
    /// Of a column of numbers.
    Number(Vec<Option<f64>>),
    /// Of a column of texts.
    Text(Vec<Option<String>>),
}

/// A Parquet file that is being written. It is there when it is finished, or not at all.
pub struct ParquetShard {
    path: PathBuf,
    writer: SerializedFileWriter<WholeFile>,
}

impl ParquetShard {
    /// Begins a file. `sample_rate` is that of all sounds, Hz, where they have one.
    ///
    /// # Errors
    /// [`Error::File`] if its folder cannot be written to.
    pub fn create(
        path: &Path,
        sample_rate: Option<u32>,
        columns: &[ParquetColumn],
    ) -> Result<ParquetShard, Error> {
        let file = WholeFile::create_all(path)?;
        let begun = schema(columns).and_then(|schema| {
            let properties = WriterProperties::builder()
                .set_compression(Compression::UNCOMPRESSED)
                .set_created_by(concat!("auricle ", env!("CARGO_PKG_VERSION")).to_owned())
                .set_key_value_metadata(Some(vec![KeyValue::new(
                    "huggingface".to_owned(),
                    features(sample_rate, columns).to_string(),
                )]))
                .build();
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))
        });
        let writer = begun.map_err(|error| unwritable(path, &error))?;
        let path = path.to_owned();
        Ok(ParquetShard { path, writer })
    }

    /// Adds sounds, each with its path, as a group of rows; `values` are those of the other columns, in order.
    ///
    /// # Errors
    /// [`Error::File`] if they cannot be written.
    pub fn add(
        &mut self,
        sounds: Vec<(String, Vec<u8>)>,
        values: &[ColumnValues],
    ) -> Result<(), Error> {
        let added = row_group(&mut self.writer, sounds, values);
        added.map_err(|error| unwritable(&self.path, &error))
    }

    /// Ends the file: now it is there.
    ///
    /// # Errors
    /// [`Error::File`] if not all of it could be written.
    pub fn finish(self) -> Result<(), Error> {
        let file = self.writer.into_inner();
        let file = file.map_err(|error| unwritable(&self.path, &error))?;
        file.finish()
    }
}

pub(super) fn unwritable(path: &Path, error: &ParquetError) -> Error {
    Error::file(path, format!("cannot be written: {error}"))
}

fn row_group(
    file: &mut SerializedFileWriter<WholeFile>,
    sounds: Vec<(String, Vec<u8>)>,
    values: &[ColumnValues],
) -> Result<(), ParquetError> {
    let mut paths = Vec::with_capacity(sounds.len());
    let mut bytes = Vec::with_capacity(sounds.len());
    for (path, sound) in sounds {
        paths.push(Some(ByteArray::from(path.as_str())));
        bytes.push(Some(ByteArray::from(sound)));
    }
    let mut group = file.next_row_group()?;
    let mut column = 0;
    while let Some(mut writer) = group.next_column()? {
        match (writer.untyped(), column) {
            (ColumnWriter::ByteArrayColumnWriter(w), 0) => write(w, &mut bytes.drain(..), 2)?,
            (ColumnWriter::ByteArrayColumnWriter(w), 1) => write(w, &mut paths.drain(..), 2)?,
            (own, column) => match values.get(column - 2) {
                Some(values) => write_values(own, values, column)?,
                None => return Err(other_kind(column)),
            },
        }
        writer.close()?;
        column += 1;
    }
    group.close()?;
    Ok(())
}

/// Writes the values of a column.
pub(super) fn write_values(
    writer: &mut ColumnWriter<'_>,
    values: &ColumnValues,
    column: usize,
) -> Result<(), ParquetError> {
    match (writer, values) {
        (ColumnWriter::Int64ColumnWriter(w), ColumnValues::Whole(all)) => {
            write(w, &mut all.iter().copied(), 1)
        }
        (ColumnWriter::DoubleColumnWriter(w), ColumnValues::Number(all)) => {
            write(w, &mut all.iter().copied(), 1)
        }
        (ColumnWriter::ByteArrayColumnWriter(w), ColumnValues::Text(all)) => {
            let text = |text: &Option<String>| Some(text.as_deref()?.into());
            write(w, &mut all.iter().map(text), 1)
        }
        _ => Err(other_kind(column)),
    }
}

fn other_kind(column: usize) -> ParquetError {
    ParquetError::General(format!("column {column} has values of another kind"))
}

/// Writes the values that there are; `level` says of a value that it and all that holds it are there.
fn write<T: parquet::data_type::DataType>(
    writer: &mut parquet::column::writer::ColumnWriterImpl<'_, T>,
    values: &mut dyn Iterator<Item = Option<T::T>>,
    level: i16,
) -> Result<(), ParquetError> {
    let (mut levels, mut there) = (Vec::new(), Vec::new());
    for value in values {
        levels.push(if value.is_some() { level } else { level - 1 });
        there.extend(value);
    }
    // A column whose values must be there has no levels, and takes no notice of these.
    writer.write_batch(&there, Some(&levels), None)?;
    Ok(())
}

fn leaf(
    name: &str,
    physical: Physical,
    optional: bool,
    text: bool,
) -> Result<TypePtr, ParquetError> {
    let logical = text.then_some(LogicalType::String);
    let repetition = match optional {
        true => Repetition::OPTIONAL,
        false => Repetition::REQUIRED,
    };
    let leaf = Type::primitive_type_builder(name, physical);
    let leaf = leaf.with_repetition(repetition).with_logical_type(logical);
    leaf.build().map(Arc::new)
}

fn schema(columns: &[ParquetColumn]) -> Result<Type, ParquetError> {
    let audio = Type::group_type_builder("audio")
        .with_repetition(Repetition::OPTIONAL)
        .with_fields(vec![
            leaf("bytes", Physical::BYTE_ARRAY, true, false)?,
            leaf("path", Physical::BYTE_ARRAY, true, true)?,
        ])
        .build()?;
    schema_of(columns, Some(Arc::new(audio)), None)
}

/// The schema of some columns, with one before and one behind them.
pub(super) fn schema_of(
    columns: &[ParquetColumn],
    first: Option<TypePtr>,
    last: Option<TypePtr>,
) -> Result<Type, ParquetError> {
    let mut fields: Vec<TypePtr> = first.into_iter().collect();
    for column in columns {
        let (physical, text) = match column.kind {
            ColumnKind::Whole | ColumnKind::Class(_) => (Physical::INT64, false),
            ColumnKind::Number => (Physical::DOUBLE, false),
            ColumnKind::Text => (Physical::BYTE_ARRAY, true),
        };
        fields.push(leaf(&column.name, physical, column.is_optional, text)?);
    }
    fields.extend(last);
    Type::group_type_builder("schema")
        .with_fields(fields)
        .build()
}

/// What `datasets` wants to know of the columns.
fn features(sample_rate: Option<u32>, columns: &[ParquetColumn]) -> Json {
    let value = |dtype: &str| json!({ "dtype": dtype, "_type": "Value" });
    let mut features = Map::new();
    let audio = match sample_rate {
        Some(rate) => json!({ "sampling_rate": rate, "_type": "Audio" }),
        None => json!({ "_type": "Audio" }),
    };
    features.insert("audio".into(), audio);
    for column in columns {
        let feature = match &column.kind {
            ColumnKind::Whole => value("int64"),
            ColumnKind::Number => value("float64"),
            ColumnKind::Text => value("string"),
            ColumnKind::Class(names) => json!({ "names": names, "_type": "ClassLabel" }),
        };
        features.insert(column.name.clone(), feature);
    }
    json!({ "info": { "features": features } })
}
