//! The cells of a table, and the files that its rows name.

use crate::Error;
use crate::io::EXTENSIONS;
use std::path::PathBuf;

/// A table with a head.
pub(super) struct Table {
    path: PathBuf,
    head: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    /// Reads a table; what stands between its columns is what its head has most of.
    pub(super) fn read(path: &std::path::Path) -> Result<Table, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let hint = "a table is a text file in UTF-8 with a head, such as a CSV file";
            Error::file_with_hint(path, error, hint)
        })?;
        let text = text.trim_start_matches('\u{feff}');
        let first = text.lines().next().unwrap_or_default();
        let count = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
        let delimiter = [b',', b'\t', b';']
            .into_iter()
            .max_by_key(|delimiter| (count(delimiter), *delimiter == b','));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter.unwrap_or(b','))
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let head = reader.headers().map_err(|error| Error::file(path, error))?;
        let head: Vec<String> = head.iter().map(str::to_owned).collect();
        let rows = reader
            .records()
            .collect::<Result<_, _>>()
            .map_err(|error| Error::file(path, error))?;
        Ok(Table {
            path: path.to_owned(),
            head,
            rows,
        })
    }

    /// Its name, without the folder.
    pub(super) fn name(&self) -> String {
        let name = self
            .path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The place of a column.
    pub(super) fn column(&self, name: &str) -> Result<usize, Error> {
        self.head
            .iter()
            .position(|column| column == name)
            .ok_or_else(|| Error::Unknown {
                owner: self.name(),
                kind: "column",
                got: name.to_owned(),
                known: self.head.clone(),
            })
    }

    pub(super) fn cell(&self, row: usize, column: usize) -> &str {
        self.rows[row].get(column).unwrap_or_default()
    }

    /// A number of a cell; nothing of an empty one.
    pub(super) fn number(&self, row: usize, column: Option<usize>) -> Result<Option<f64>, Error> {
        let Some(at) = column else { return Ok(None) };
        match self.cell(row, at) {
            "" => Ok(None),
            cell => match cell.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Some(number)),
                _ => Err(self.wrong(row, column, "a number")),
            },
        }
    }

    /// What is wrong with a cell. Rows are counted from 1, the head among them, as an editor shows them.
    pub(super) fn wrong(&self, row: usize, column: Option<usize>, want: &str) -> Error {
        let (name, cell) = column.map_or(("", ""), |column| {
            (self.head[column].as_str(), self.cell(row, column))
        });
        Error::file(
            &self.path,
            format!("row {}: `{name}` must be {want}, not {cell:?}", row + 2),
        )
    }
}

/// How a row names its file: texts and columns in turn.
pub(super) struct Path(Vec<Piece>);

enum Piece {
    Text(String),
    Column(usize),
}

impl Path {
    /// A column's name, or a text with names of columns in braces.
    pub(super) fn new(table: &Table, text: &str) -> Result<Path, Error> {
        if !text.contains('{') {
            return Ok(Path(vec![Piece::Column(table.column(text)?)]));
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once('{') {
            let Some((name, after)) = behind.split_once('}') else {
                let want =
                    "a column, or a text with columns in braces such as `\"{id}/cough.wav\"`";
                return Err(Error::range("path", want, format!("{text:?}")));
            };
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::Column(table.column(name.trim())?));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Path(pieces))
    }

    /// The file of a row below a folder. Where it is not there and has no ending of a sound, one that has is looked for.
    pub(super) fn find(
        &self,
        table: &Table,
        row: usize,
        root: &std::path::Path,
    ) -> Result<PathBuf, Error> {
        let mut name = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => name += text,
                Piece::Column(column) => match table.cell(row, *column) {
                    "" => return Err(table.wrong(row, Some(*column), "the name of a file")),
                    cell => name += cell,
                },
            }
        }
        let path = root.join(&name);
        let ending = path
            .extension()
            .map(|ending| ending.to_string_lossy().to_lowercase());
        let has_ending = ending.is_some_and(|ending| EXTENSIONS.contains(&ending.as_str()));
        if has_ending || path.is_file() {
            return Ok(path);
        }
        let with = |ending: &str| root.join(format!("{name}.{ending}"));
        let found = EXTENSIONS
            .iter()
            .map(|ending| with(ending))
            .find(|path| path.is_file());
        Ok(found.unwrap_or(path))
    }
}
