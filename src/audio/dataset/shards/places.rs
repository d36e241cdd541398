//! Which files are the shards of a corpus.

use crate::Error;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// How a shard is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Tar,
    Parquet,
}

impl Layout {
    /// That of a file, by the ending of its name.
    pub(super) fn of(path: &Path) -> Option<Layout> {
        let ending = path.extension()?.to_string_lossy().to_ascii_lowercase();
        match ending.as_str() {
            "tar" => Some(Layout::Tar),
            "parquet" => Some(Layout::Parquet),
            _ => None,
        }
    }
}

/// Names that a pattern in braces may stand for at most.
const MOST: usize = 1_000_000;

/// The shards that some places name, in order: a folder stands for all shards below it, `{00000..00019}` for the numbers
/// between, `{a,b}` for either, `*` and `?` for what is there.
///
/// # Errors
/// [`Error::File`] if a place is no file of a known layout, a folder without shards, or on no disk; [`Error::Empty`]
/// without places.
pub(super) fn shards(places: &[String]) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for place in places {
        if place.contains("://") || place.starts_with("pipe:") {
            let hint = "copy the shards to a disk, and give their folder or their names";
            return Err(Error::file_with_hint(
                place,
                "shards are read from disks",
                hint,
            ));
        }
        for name in braces(place)? {
            let path = PathBuf::from(&name);
            match () {
                () if path.is_dir() => found.extend(below(&path)?),
                () if name.contains(['*', '?']) && !path.exists() => found.extend(matching(&name)?),
                () => found.push(path),
            }
        }
    }
    if let Some(other) = found.iter().find(|path| Layout::of(path).is_none()) {
        let hint = match other.to_string_lossy().ends_with("gz") {
            true => "unpack it: what is compressed as a whole cannot be read from the middle",
            false => "shards are files that end in .tar or .parquet",
        };
        return Err(Error::file_with_hint(other, "this is no shard", hint));
    }
    match found.is_empty() {
        true => Err(Error::Empty { what: "shards" }),
        false => Ok(found),
    }
}

/// All shards below a folder, by their paths.
fn below(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let hidden = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with('.');
    let walk = WalkDir::new(dir).follow_links(true).into_iter();
    let mut found = Vec::new();
    for entry in walk.filter_entry(|e| e.depth() == 0 || !hidden(e.file_name())) {
        let entry = entry.map_err(|error| Error::file(dir, error))?;
        if entry.file_type().is_file() && Layout::of(entry.path()).is_some() {
            found.push(entry.into_path());
        }
    }
    found.sort();
    match found.is_empty() {
        true => {
            let hint = "shards end in .tar or .parquet; sounds in files of their own are read with `folder(dir)`";
            let reason = "there is no shard in this folder";
            Err(Error::file_with_hint(dir, reason, hint))
        }
        false => Ok(found),
    }
}

/// The files that a pattern with `*` and `?` in its last part names, by their names.
fn matching(pattern: &str) -> Result<Vec<PathBuf>, Error> {
    let path = Path::new(pattern);
    let (dir, name) = (path.parent(), path.file_name());
    let dir = dir.filter(|dir| !dir.as_os_str().is_empty());
    let dir = dir.unwrap_or(Path::new("."));
    if dir.to_string_lossy().contains(['*', '?']) {
        let hint = "let `*` and `?` stand in the name of the file, behind the last slash, or give the folder";
        return Err(Error::file_with_hint(
            path,
            "a pattern of folders is not read",
            hint,
        ));
    }
    let name: Vec<char> = name
        .map(|name| name.to_string_lossy().chars().collect())
        .unwrap_or_default();
    let entries = std::fs::read_dir(dir).map_err(|error| Error::file(dir, error))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Error::file(dir, error))?;
        let own: Vec<char> = entry.file_name().to_string_lossy().chars().collect();
        if fits(&name, &own) {
            found.push(entry.path());
        }
    }
    found.sort();
    match found.is_empty() {
        true => Err(Error::file(path, "nothing has such a name")),
        false => Ok(found),
    }
}

fn fits(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            fits(rest, name) || name.split_first().is_some_and(|(_, n)| fits(pattern, n))
        }
        (Some(('?', rest)), Some((_, name))) => fits(rest, name),
        (Some((c, rest)), Some((d, name))) => c == d && fits(rest, name),
        _ => false,
    }
}

/// All texts that a text with braces stands for.
fn braces(text: &str) -> Result<Vec<String>, Error> {
    let Some((before, rest)) = text.split_once('{') else {
        return Ok(vec![text.to_owned()]);
    };
    let Some((inside, behind)) = rest.split_once('}') else {
        return Ok(vec![text.to_owned()]);
    };
    let between: Vec<String> = match inside.split_once("..") {
        Some((low, high)) => numbers(text, low, high)?,
        None if inside.contains(',') => inside.split(',').map(str::to_owned).collect(),
        None => vec![format!("{{{inside}}}")],
    };
    let behind = braces(behind)?;
    if between.len().saturating_mul(behind.len()) > MOST {
        return Err(wrong(text, "it stands for more than a million names"));
    }
    let of = |middle: &String| {
        let behind = behind.iter();
        behind
            .map(|end| format!("{before}{middle}{end}"))
            .collect::<Vec<_>>()
    };
    Ok(between.iter().flat_map(of).collect())
}

/// The numbers from one to another, with as many digits as the first has.
fn numbers(text: &str, low: &str, high: &str) -> Result<Vec<String>, Error> {
    let read = |number: &str| number.parse::<usize>().ok();
    let (Some(from), Some(to)) = (read(low), read(high)) else {
        return Err(wrong(text, "a range in braces goes from a number to one"));
    };
    if from > to || to - from >= MOST {
        return Err(wrong(
            text,
            "a range in braces goes up, by less than a million",
        ));
    }
    let digits = low.len();
    Ok((from..=to)
        .map(|number| format!("{number:0digits$}"))
        .collect())
}

fn wrong(text: &str, reason: &str) -> Error {
    Error::file_with_hint(text, reason, "such as `shard-{00000..00019}.tar`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_stand_for_numbers_and_for_words() {
        let check = |text: &str, want: &[&str]| assert_eq!(braces(text).unwrap(), want);
        check("a.tar", &["a.tar"]);
        check("a-{08..10}.tar", &["a-08.tar", "a-09.tar", "a-10.tar"]);
        check(
            "{x,y}/{0..1}.tar",
            &["x/0.tar", "x/1.tar", "y/0.tar", "y/1.tar"],
        );
        check("{a}", &["{a}"]);
        for wrong in ["{3..1}.tar", "{a..b}.tar", "{0..9999999}.tar"] {
            assert!(braces(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn places_lead_to_shards_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for name in ["b/2.tar", "b/1.parquet", "a-10.tar", "a-9.tar", "notes.txt"] {
            let path = at.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let check = |place: &str, want: &[&str]| {
            let found = shards(&[at.join(place).display().to_string()]).unwrap();
            let want: Vec<PathBuf> = want.iter().map(|name| at.join(name)).collect();
            assert_eq!(found, want, "{place}");
        };
        check("", &["a-10.tar", "a-9.tar", "b/1.parquet", "b/2.tar"]);
        check("a-*.tar", &["a-10.tar", "a-9.tar"]);
        check("a-?.tar", &["a-9.tar"]);
        check("a-{9..10}.tar", &["a-9.tar", "a-10.tar"]);
        // What is named and not there is found missing when it is opened.
        check("a-{10..11}.tar", &["a-10.tar", "a-11.tar"]);
        let error = |place: &str| shards(&[place.to_owned()]).unwrap_err();
        let text = |name: &str| error(&at.join(name).display().to_string()).to_string();
        assert!(text("notes.txt").ends_with("this is no shard"));
        assert!(text("c-*.tar").ends_with("nothing has such a name"));
        assert!(
            error("s3://bucket/a.tar")
                .to_string()
                .ends_with("shards are read from disks")
        );
        assert!(error("a.tar.gz").hint().unwrap().starts_with("unpack it"));
    }
}
