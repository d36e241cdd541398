//! Parquet with audio bytes as Hugging Face's `datasets` lays them out: a column `audio` of `{bytes, path}`, labels as
//! whole numbers whose names stand in the metadata under `huggingface`, or as texts.

use super::index::{By, Index};
use crate::Error;
use ::parquet::basic::Type as Physical;
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{ByteArray, DataType};
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use ::parquet::schema::types::SchemaDescriptor;
use serde_json::Value as Json;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Columns that are taken for the class where none is named.
const LABELS: [&str; 4] = ["label", "labels", "class", "category"];

/// Columns that are taken for the sound where none is named, if they are plain bytes.
const SOUNDS: [&str; 3] = ["audio", "bytes", "wav"];

/// An open file and which of its leaves are what.
struct Shard<'a> {
    path: &'a Path,
    file: SerializedFileReader<File>,
    bytes: usize,
    name: Option<usize>,
    label: Option<usize>,
}

/// A value of a column.
enum Cell {
    Bytes(ByteArray),
    Whole(i64),
    Number(f64),
    Flag(bool),
}

impl Cell {
    fn text(&self) -> Option<String> {
        match self {
            Cell::Bytes(bytes) => bytes.as_utf8().ok().map(str::to_owned),
            Cell::Whole(number) => Some(number.to_string()),
            Cell::Number(number) => Some(number.to_string()),
            Cell::Flag(flag) => Some(flag.to_string()),
        }
    }
}

fn fault(path: &Path, error: &ParquetError) -> Error {
    let reason = error.to_string();
    match reason.contains("Disabled feature") {
        true => {
            let hint = "write it with `compression=\"snappy\"`, \"gzip\" or none";
            Error::file_with_hint(path, "it is compressed in a way that is not read", hint)
        }
        false => Error::file(path, format!("this is no whole Parquet file: {reason}")),
    }
}

impl<'a> Shard<'a> {
    fn open(path: &'a Path, by: &By) -> Result<Shard<'a>, Error> {
        let file = File::open(path).map_err(|error| Error::file(path, error))?;
        let file = SerializedFileReader::new(file).map_err(|error| fault(path, &error))?;
        let schema = file.metadata().file_metadata().schema_descr();
        let (bytes, name) = sound(path, schema, by.audio.as_deref())?;
        let label = label(path, schema, by.label.as_deref())?;
        Ok(Shard {
            path,
            bytes,
            name,
            label,
            file,
        })
    }

    fn group(&self, index: usize) -> Result<Box<dyn RowGroupReader + '_>, Error> {
        let group = self.file.get_row_group(index);
        group.map_err(|error| fault(self.path, &error))
    }

    /// The values of some rows of a group.
    fn cells(
        &self,
        group: &dyn RowGroupReader,
        leaf: usize,
        rows: Range<usize>,
    ) -> Result<Vec<Option<Cell>>, Error> {
        let level = self.file.metadata().file_metadata().schema_descr();
        let level = level.column(leaf).max_def_level();
        let cells = group
            .get_column_reader(leaf)
            .and_then(|reader| match reader {
                ColumnReader::ByteArrayColumnReader(r) => values(r, level, rows, Cell::Bytes),
                ColumnReader::FixedLenByteArrayColumnReader(r) => {
                    values(r, level, rows, |v| Cell::Bytes(v.into()))
                }
                ColumnReader::Int32ColumnReader(r) => {
                    values(r, level, rows, |v| Cell::Whole(v.into()))
                }
                ColumnReader::Int64ColumnReader(r) => values(r, level, rows, Cell::Whole),
                ColumnReader::FloatColumnReader(r) => {
                    values(r, level, rows, |v| Cell::Number(v.into()))
                }
                ColumnReader::DoubleColumnReader(r) => values(r, level, rows, Cell::Number),
                ColumnReader::BoolColumnReader(r) => values(r, level, rows, Cell::Flag),
                ColumnReader::Int96ColumnReader(_) => Ok(rows.map(|_| None).collect()),
            });
        cells.map_err(|error| fault(self.path, &error))
    }

    /// Names of the classes of whole numbers, as the metadata says them.
    fn class_names(&self) -> Option<Vec<String>> {
        let metadata = self.file.metadata().file_metadata();
        let column = metadata.schema_descr().column(self.label?);
        let mut pairs = metadata.key_value_metadata()?.iter();
        let text = pairs
            .find(|pair| pair.key == "huggingface")?
            .value
            .as_ref()?;
        let json: Json = serde_json::from_str(text).ok()?;
        let feature = &json["info"]["features"][column.path().parts().first()?];
        let names = feature["names"].as_array()?.iter();
        names.map(|name| Some(name.as_str()?.to_owned())).collect()
    }
}

fn values<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    level: i16,
    rows: Range<usize>,
    cell: impl Fn(T::T) -> Cell,
) -> Result<Vec<Option<Cell>>, ParquetError> {
    reader.skip_records(rows.start)?;
    let (mut levels, mut found) = (Vec::new(), Vec::new());
    reader.read_records(rows.len(), Some(&mut levels), None, &mut found)?;
    let mut found = found.into_iter().map(cell);
    Ok(match level {
        0 => found.map(Some).collect(),
        level => {
            let one = |&at: &i16| (at == level).then(|| found.next()).flatten();
            levels.iter().map(one).collect()
        }
    })
}

/// The leaves that hold the bytes of a sound and its path.
fn sound(
    path: &Path,
    schema: &SchemaDescriptor,
    wanted: Option<&str>,
) -> Result<(usize, Option<usize>), Error> {
    let columns = || (0..schema.num_columns()).map(|leaf| (leaf, schema.column(leaf)));
    let leaf = |root: &str, field: &str| {
        columns()
            .find(|(_, column)| matches!(column.path().parts(), [a, b] if a == root && b == field))
    };
    let is_bytes = |physical: Physical| physical == Physical::BYTE_ARRAY;
    let roots = schema.root_schema().get_fields().iter();
    let mut names = roots
        .map(|root| root.name())
        .filter(|name| wanted.is_none_or(|w| w == *name));
    let structured = names.find_map(|root| {
        let (bytes, column) = leaf(root, "bytes")?;
        let name = leaf(root, "path").map(|(leaf, _)| leaf);
        is_bytes(column.physical_type()).then_some((bytes, name))
    });
    let plain = || {
        let mut all = columns().filter(|(_, c)| c.path().parts().len() == 1);
        let named = |name: &str| wanted.map_or(SOUNDS.contains(&name), |w| w == name);
        let found = all.find(|(_, c)| named(c.name()) && is_bytes(c.physical_type()));
        found.map(|(leaf, _)| (leaf, None))
    };
    structured.or_else(plain).ok_or_else(|| {
        let reason = match wanted {
            Some(name) => format!("it has no column `{name}` with the bytes of sounds"),
            None => "it has no column of sounds".to_owned(),
        };
        let all: Vec<String> = columns().map(|(_, c)| c.path().string()).collect();
        let hint = format!(
            "`audio` names a column of `{{bytes, path}}` or of bytes; there are {}",
            all.join(", ")
        );
        Error::file_with_hint(path, reason, hint)
    })
}

/// The leaf that holds the class.
fn label(
    path: &Path,
    schema: &SchemaDescriptor,
    wanted: Option<&str>,
) -> Result<Option<usize>, Error> {
    let single = |name: &str| {
        (0..schema.num_columns()).find(|&leaf| {
            let column = schema.column(leaf);
            column.path().string() == name && column.max_rep_level() == 0
        })
    };
    match wanted {
        None => Ok(LABELS.iter().find_map(|name| single(name))),
        Some(name) => single(name).map(Some).ok_or_else(|| {
            let all: Vec<String> = (0..schema.num_columns())
                .map(|leaf| schema.column(leaf).path().string())
                .collect();
            let reason = format!("it has no column `{name}` of one class a clip");
            Error::file_with_hint(path, reason, format!("there are {}", all.join(", ")))
        }),
    }
}

/// Finds the clips of a file: the columns of labels and of paths are read, that of the sounds is not.
///
/// # Errors
/// [`Error::File`] if it is no whole Parquet file, or has no column of sounds in it.
pub(super) fn scan(path: &Path, by: &By) -> Result<Index, Error> {
    let shard = Shard::open(path, by)?;
    let names = shard.class_names();
    let mut index = Index {
        all_classes: names.clone(),
        ..Index::default()
    };
    let mut row = 0;
    for number in 0..shard.file.num_row_groups() {
        let group = shard.group(number)?;
        let n = group.metadata().num_rows().max(0) as usize;
        if row == 0 && n > 0 && shard.cells(&*group, shard.bytes, 0..1)?[0].is_none() {
            let hint = "have `datasets` put the sounds into the file: `push_to_hub` and `embed_table_storage` do";
            let reason = "its sounds are paths without bytes";
            return Err(Error::file_with_hint(path, reason, hint));
        }
        let bytes = group.metadata().column(shard.bytes).uncompressed_size();
        let size = bytes.max(0) as u64 / n.max(1) as u64;
        let read = |leaf: Option<usize>| {
            let cells = leaf.map(|leaf| shard.cells(&*group, leaf, 0..n));
            Ok::<_, Error>(cells.transpose()?.unwrap_or_default())
        };
        let (paths, labels) = (read(shard.name)?, read(shard.label)?);
        for at in 0..n {
            let text = |cells: &[Option<Cell>]| cells.get(at)?.as_ref()?.text();
            let label = match (labels.get(at), &names) {
                (Some(Some(Cell::Whole(-1))), _) => None,
                (Some(Some(Cell::Whole(class))), Some(names)) => {
                    let name = usize::try_from(*class).ok().and_then(|c| names.get(c));
                    Some(name.cloned().unwrap_or_else(|| class.to_string()))
                }
                _ => text(&labels),
            };
            let name = text(&paths).unwrap_or_else(|| format!("row {row}"));
            index.add(path, name, row, size, label)?;
            row += 1;
        }
    }
    Ok(index)
}

/// Reads the sounds of some rows; nothing where a row has none.
///
/// # Errors
/// [`Error::File`] if the file cannot be read.
pub(super) fn read(
    path: &Path,
    by: &By,
    rows: Range<usize>,
) -> Result<Vec<Option<Arc<[u8]>>>, Error> {
    let shard = Shard::open(path, by)?;
    let mut found = Vec::with_capacity(rows.len());
    for (number, inside) in groups(&shard, &rows) {
        let group = shard.group(number)?;
        let n = inside.len();
        let cells = shard.cells(&*group, shard.bytes, inside)?;
        if cells.len() != n {
            return Err(Error::file(
                path,
                format!("its row group {number} ends too early"),
            ));
        }
        found.extend(cells.into_iter().map(|cell| match cell {
            Some(Cell::Bytes(bytes)) => Some(bytes.data().into()),
            _ => None,
        }));
    }
    Ok(found)
}

/// The row groups that some rows stand in, and where in each.
fn groups(shard: &Shard<'_>, rows: &Range<usize>) -> Vec<(usize, Range<usize>)> {
    let metadata = shard.file.metadata();
    let mut first = 0;
    let mut found = Vec::new();
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let n = group.num_rows().max(0) as usize;
        let inside = rows.start.max(first)..rows.end.min(first + n);
        if !inside.is_empty() {
            found.push((number, inside.start - first..inside.end - first));
        }
        first += n;
    }
    found
}

/// What the other columns say of a clip, a text for each that is one value.
///
/// # Errors
/// [`Error::File`] if the file cannot be read.
pub(super) fn columns(path: &Path, by: &By, row: usize) -> Result<Vec<(String, String)>, Error> {
    let shard = Shard::open(path, by)?;
    let schema = shard.file.metadata().file_metadata().schema_descr();
    let mut found = Vec::new();
    for (number, inside) in groups(&shard, &(row..row + 1)) {
        let group = shard.group(number)?;
        for leaf in 0..schema.num_columns() {
            let column = schema.column(leaf);
            if leaf == shard.bytes || column.max_rep_level() > 0 {
                continue;
            }
            let cells = shard.cells(&*group, leaf, inside.clone())?;
            let text = cells.first().and_then(|cell| cell.as_ref()?.text());
            found.extend(text.map(|text| (column.path().string(), text)));
        }
    }
    Ok(found)
}
