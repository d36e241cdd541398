//! Embeddings as a table of Parquet: what pandas, polars and Hugging Face's `datasets` read.

use super::label::label;
use crate::script::ScriptError;
use auricle_audio::dataset::{
    Clip, ColumnKind, ColumnValues, Dataset, ParquetColumn, Vectors, write_vectors,
};
use auricle_learn::eval::Matrix;
use rhai::Dynamic;
use std::path::Path;

/// Columns that are not the dataset's own, which give way to them.
const ID: &str = "id";
const LABEL: &str = "label";
const TARGET: &str = "target";
const GROUP: &str = "group";
const EMBEDDING: &str = "embedding";

/// Writes a row a clip: `id`, `label` and `target` where there are some, `group` where the dataset has groups, the dataset's
/// columns, and `embedding`.
pub(super) fn write(path: &Path, data: &Dataset, rows: &Matrix) -> Result<(), ScriptError> {
    let clips = data.clips();
    let mut columns = Vec::new();
    let mut values = Vec::new();
    let mut add = |name: &str, kind, is_optional, own| {
        columns.push(ParquetColumn {
            name: name.to_owned(),
            kind,
            is_optional,
        });
        values.push(own);
    };
    let ids = clips.iter().map(|clip| Some(clip.id as i64)).collect();
    add(ID, ColumnKind::Whole, false, ColumnValues::Whole(ids));
    let is_of_classes = |clip: &Clip| clip.label.is_some() || clip.labels.is_some();
    if clips.iter().any(is_of_classes) {
        let labels = clips.iter().map(|clip| class_names(data, clip)).collect();
        add(LABEL, ColumnKind::Text, true, ColumnValues::Text(labels));
    }
    if clips.iter().any(|clip| clip.target.is_some()) {
        let targets = clips.iter().map(|clip| clip.target).collect();
        add(
            TARGET,
            ColumnKind::Number,
            true,
            ColumnValues::Number(targets),
        );
    }
    let cells = |name: &str| {
        let cell = |clip: &Clip| clip.column(name).map(str::to_owned);
        ColumnValues::Text(clips.iter().map(cell).collect())
    };
    let names = data.column_names();
    if let Some(group) = data.groups().first().filter(|_| !names.contains(&GROUP)) {
        add(GROUP, ColumnKind::Text, true, cells(group));
    }
    for name in names {
        let is_taken = [ID, LABEL, TARGET, EMBEDDING].contains(&name);
        let free = if is_taken {
            format!("{name}_of_clip")
        } else {
            name.to_owned()
        };
        add(&free, ColumnKind::Text, true, cells(name));
    }
    let numbers: Vec<f32> = rows.values.iter().map(|&x| x as f32).collect();
    let vectors = Vectors {
        name: EMBEDDING,
        dim: rows.columns,
        values: &numbers,
    };
    Ok(write_vectors(path, &columns, &values, &vectors)?)
}

/// The class of a clip by name; classes of which it may have several, between `;`.
fn class_names(data: &Dataset, clip: &Clip) -> Option<String> {
    if clip.label.is_none() && clip.labels.is_none() {
        return None;
    }
    match label(data, clip) {
        several if several.is_array() => {
            let several = several.into_array().unwrap_or_default();
            let names: Vec<String> = several.iter().map(Dynamic::to_string).collect();
            Some(names.join(";"))
        }
        one => Some(one.to_string()),
    }
}
