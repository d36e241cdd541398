//! Writing a table with a vector a row as Parquet: what pandas, polars and `datasets` read as a list of float32.

use super::parquet_shard::{schema_of, unwritable, write_values};
use super::{ColumnValues, ParquetColumn};
use crate::Error;
use crate::io::WholeFile;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};
use std::path::Path;
use std::sync::Arc;

/// Vectors of one length, one for each row.
pub struct Vectors<'a> {
    /// Name of their column.
    pub name: &'a str,
    /// Numbers in a vector, at least 1.
    pub dim: usize,
    /// The numbers, row by row: `[rows, dim]`.
    pub values: &'a [f32],
}

/// Writes a table of some columns and, last, a column of vectors. The file is there whole, or not at all.
///
/// # Errors
/// [`Error::File`] if it cannot be written.
pub fn write_vectors(
    path: &Path,
    columns: &[ParquetColumn],
    values: &[ColumnValues],
    vectors: &Vectors<'_>,
) -> Result<(), Error> {
    let file = WholeFile::create_all(path)?;
    let written = whole_table(file, columns, values, vectors);
    let file = written.map_err(|error| unwritable(path, &error))?;
    file.finish()
}

fn whole_table(
    file: WholeFile,
    columns: &[ParquetColumn],
    values: &[ColumnValues],
    vectors: &Vectors<'_>,
) -> Result<WholeFile, ParquetError> {
    let schema = schema_of(columns, None, Some(list_of_floats(vectors.name)?))?;
    let properties = WriterProperties::builder()
        .set_created_by(concat!("auricle ", env!("CARGO_PKG_VERSION")).to_owned())
        // No two embeddings are alike: a dictionary of their numbers would only cost.
        .set_dictionary_enabled(false)
        .build();
    let mut file = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    let mut column = 0;
    while let Some(mut writer) = group.next_column()? {
        match (writer.untyped(), values.get(column)) {
            (ColumnWriter::FloatColumnWriter(w), None) => {
                // The first number of a row begins a list, the others go on with it.
                let repeated: Vec<i16> = (0..vectors.values.len())
                    .map(|at| i16::from(at % vectors.dim != 0))
                    .collect();
                let there = vec![1; vectors.values.len()];
                w.write_batch(vectors.values, Some(&there), Some(&repeated))?;
            }
            (own, Some(values)) => write_values(own, values, column)?,
            _ => {
                return Err(ParquetError::General(format!(
                    "column {column} has no values"
                )));
            }
        }
        writer.close()?;
        column += 1;
    }
    group.close()?;
    file.into_inner()
}

/// A list as Parquet's format has it: a group `list` that repeats, with one `element`.
fn list_of_floats(name: &str) -> Result<TypePtr, ParquetError> {
    let element = Type::primitive_type_builder("element", Physical::FLOAT)
        .with_repetition(Repetition::REQUIRED)
        .build()?;
    let list = Type::group_type_builder("list")
        .with_repetition(Repetition::REPEATED)
        .with_fields(vec![Arc::new(element)])
        .build()?;
    let column = Type::group_type_builder(name)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::List))
        .with_fields(vec![Arc::new(list)])
        .build()?;
    Ok(Arc::new(column))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::pack::ColumnKind;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    #[test]
    fn a_row_has_its_values_and_its_vector() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.parquet");
        let column = |name: &str, kind, is_optional| ParquetColumn {
            name: name.to_owned(),
            kind,
            is_optional,
        };
        let columns = [
            column("id", ColumnKind::Whole, false),
            column("label", ColumnKind::Text, true),
        ];
        let values = [
            ColumnValues::Whole(vec![Some(7), Some(9)]),
            ColumnValues::Text(vec![None, Some("b".to_owned())]),
        ];
        let vectors = Vectors {
            name: "embedding",
            dim: 3,
            values: &[1.0, 2.0, 3.0, 4.0, 5.0, 6.5],
        };
        write_vectors(&path, &columns, &values, &vectors).unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let rows = SerializedFileReader::new(file).unwrap();
        let rows = rows.get_row_iter(None).unwrap().map(Result::unwrap);
        let rows: Vec<Vec<Field>> = rows
            .map(|row| row.into_columns().into_iter().map(|(_, f)| f).collect())
            .collect();
        assert_eq!(rows.len(), 2);
        assert_eq!((&rows[0][0], &rows[0][1]), (&Field::Long(7), &Field::Null));
        assert_eq!(rows[1][1], Field::Str("b".to_owned()));
        let Field::ListInternal(list) = &rows[1][2] else {
            panic!("{:?}", rows[1][2])
        };
        let floats = [4.0, 5.0, 6.5].map(Field::Float);
        assert_eq!(list.elements(), floats);
    }
}
