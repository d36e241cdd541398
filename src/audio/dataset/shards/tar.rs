//! WebDataset's tar files: members that share a name up to its first dot are one sample.
//!
//! The rule of the `webdataset` package: a member's key is its path up to the first dot of its base name, what follows is
//! its ending, and a sample is a run of members with one key. Folders, names without a dot and `__meta__` are no members.

use super::index::{By, Index};
use crate::Error;
use crate::io::EXTENSIONS;
use ::tar::{Archive, Entry};
use serde_json::Value as Json;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Texts beside a sound that are read at most, bytes.
const MOST_TEXT: u64 = 1 << 20;

/// A sample while its members are read.
#[derive(Default)]
struct Sample {
    key: String,
    endings: Vec<String>,
    sound: Option<Range<u64>>,
    /// A sound that reaches beyond the end of the file.
    is_cut: bool,
    ending: String,
    about: Range<u64>,
    label: Option<String>,
    of_json: Option<String>,
}

/// Finds the clips of a tar file by its headers; of its contents only labels are read.
///
/// # Errors
/// [`Error::File`] if it cannot be opened, is no tar file, or has a label that is none.
pub(super) fn scan(shard: &Path, by: &By) -> Result<Index, Error> {
    let fault = |error: io::Error| Error::file(shard, error);
    let mut file = File::open(shard).map_err(fault)?;
    let length = file.metadata().map_err(fault)?.len();
    let mut magic = [0; 4];
    let n = file.read(&mut magic).map_err(fault)?;
    file.rewind().map_err(fault)?;
    if magic[..n].starts_with(&[0x1F, 0x8B]) || magic[..n] == [0x28, 0xB5, 0x2F, 0xFD] {
        let hint = "unpack it: what is compressed as a whole cannot be read from the middle";
        return Err(Error::file_with_hint(
            shard,
            "this shard is compressed",
            hint,
        ));
    }
    let mut index = Index::default();
    let mut sample = Sample::default();
    let mut archive = Archive::new(BufReader::with_capacity(1 << 12, file));
    for entry in archive.entries_with_seek().map_err(fault)? {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // What stands behind a broken header cannot be found.
                index.lose("what follows", format!("its header is broken: {error}"));
                break;
            }
        };
        let at = entry.raw_file_position();
        let place = at..at.saturating_add(entry.size());
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let Some((key, ending)) = member(&path).filter(|_| entry.header().entry_type().is_file())
        else {
            continue;
        };
        if key != sample.key {
            std::mem::take(&mut sample).finish(shard, by, &mut index)?;
            sample.key = key.to_owned();
        }
        let ending = ending.to_lowercase();
        if sample.endings.contains(&ending) {
            index.lose(&path, "two members have this name");
            continue;
        }
        sample.take(shard, by, ending, place, length, &mut entry)?;
    }
    sample.finish(shard, by, &mut index)?;
    Ok(index)
}

/// Key and ending of a member's path, as `webdataset` divides it.
fn member(path: &str) -> Option<(&str, &str)> {
    let base = path.rfind('/').map_or(0, |slash| slash + 1);
    let dot = base + path[base..].find('.')?;
    let is_meta = path[base..].starts_with("__") && path.ends_with("__");
    (dot > base && !is_meta).then(|| (&path[..dot], &path[dot + 1..]))
}

/// Whether an ending is that of a sound: `wav`, or `left.wav`.
fn is_sound(ending: &str) -> bool {
    let last = ending.rsplit('.').next().unwrap_or_default();
    EXTENSIONS.contains(&last)
}

impl Sample {
    fn take(
        &mut self,
        shard: &Path,
        by: &By,
        ending: String,
        place: Range<u64>,
        length: u64,
        entry: &mut Entry<'_, impl Read>,
    ) -> Result<(), Error> {
        let is_cut = place.end > length;
        let is_audio = match &by.audio {
            Some(audio) => ending == *audio,
            None => self.sound.is_none() && is_sound(&ending),
        };
        if is_audio {
            self.sound = Some(place);
            self.is_cut = is_cut;
            self.ending = ending.clone();
        } else if is_cut {
            self.is_cut |= by.label.as_deref() == Some(&ending) || ending == "cls";
        } else if by.label.as_deref() == Some(&ending) || (by.label.is_none() && ending == "cls") {
            let text = text(entry).map_err(|reason| self.wrong(shard, &ending, &reason))?;
            self.label = Some(text.trim().to_owned()).filter(|label| !label.is_empty());
        } else if ending == "json" {
            self.about = place;
            let field = by.label.as_deref().unwrap_or("label");
            let text = text(entry).map_err(|reason| self.wrong(shard, "json", &reason))?;
            let json: Json = serde_json::from_str(&text)
                .map_err(|error| self.wrong(shard, "json", &error.to_string()))?;
            self.of_json = match &json[field] {
                Json::Null => None,
                Json::String(label) => Some(label.clone()),
                value @ (Json::Number(_) | Json::Bool(_)) => Some(value.to_string()),
                _ if by.label.is_none() => None,
                _ => {
                    let reason = format!("its `{field}` is not one class");
                    return Err(self.wrong(shard, "json", &reason));
                }
            };
        }
        self.endings.push(ending);
        Ok(())
    }

    fn wrong(&self, shard: &Path, ending: &str, reason: &str) -> Error {
        let hint = "`label` names what the class is read from: the ending of a member, or a field of its JSON";
        Error::file_with_hint(shard.join(format!("{}.{ending}", self.key)), reason, hint)
    }

    fn finish(self, shard: &Path, by: &By, index: &mut Index) -> Result<(), Error> {
        if self.endings.is_empty() {
            return Ok(());
        }
        let Some(sound) = self.sound else {
            let wanted = by
                .audio
                .as_ref()
                .map_or("sound".into(), |a| format!("`.{a}`"));
            let endings = self.endings.join(", .");
            index.lose(
                self.key,
                format!("there is no {wanted} among its members (.{endings})"),
            );
            return Ok(());
        };
        let name = format!("{}.{}", self.key, self.ending);
        if self.is_cut {
            index.lose(name, "the shard is cut short within it");
            return Ok(());
        }
        // A name says more than a number does.
        let label = self.of_json.or(self.label);
        let size = sound.end - sound.start;
        index.add(shard, name, sound.start, size, label)?;
        let about = &self.about;
        index.about.push((about.start, about.end - about.start));
        Ok(())
    }
}

/// The text of a member.
fn text(entry: &mut Entry<'_, impl Read>) -> Result<String, String> {
    if entry.size() > MOST_TEXT {
        return Err(format!(
            "it has {} bytes, too many for a label",
            entry.size()
        ));
    }
    let mut text = String::new();
    let read = entry.read_to_string(&mut text);
    read.map_err(|error| error.to_string())?;
    Ok(text)
}

/// Reads some clips that stand one after the other in the index.
///
/// # Errors
/// [`Error::File`] if the file cannot be read.
pub(super) fn read(
    shard: &Path,
    index: &Index,
    rows: Range<usize>,
) -> Result<Vec<Option<Arc<[u8]>>>, Error> {
    let fault = |error: io::Error| Error::file(shard, error);
    let mut file = File::open(shard).map_err(fault)?;
    let end = |row: usize| index.at[row] + index.sizes[row];
    let (first, last) = (
        index.at[rows.start],
        rows.clone().map(end).max().unwrap_or(0),
    );
    let sounds: u64 = index.sizes[rows.clone()].iter().sum();
    if last - first > 2 * sounds.max(1 << 20) {
        // What stands between the sounds is larger than they are.
        let one = |row: usize| {
            file.seek(SeekFrom::Start(index.at[row]))?;
            let mut bytes = vec![0; index.sizes[row] as usize];
            file.read_exact(&mut bytes)?;
            Ok(Some(bytes.into()))
        };
        let clips = rows.map(one).collect::<io::Result<_>>();
        return clips.map_err(fault);
    }
    let mut bytes = vec![0; (last - first) as usize];
    file.seek(SeekFrom::Start(first)).map_err(fault)?;
    file.read_exact(&mut bytes).map_err(fault)?;
    let one = |row: usize| {
        let from = (index.at[row] - first) as usize;
        Some(bytes[from..from + index.sizes[row] as usize].into())
    };
    Ok(rows.map(one).collect())
}

/// What the JSON of a clip says, a text for each of its fields that is one value.
///
/// # Errors
/// [`Error::File`] if it cannot be read.
pub(super) fn columns(
    shard: &Path,
    index: &Index,
    row: usize,
) -> Result<Vec<(String, String)>, Error> {
    let fault = |error: io::Error| Error::file(shard, error);
    let Some(&(at, size)) = index.about.get(row).filter(|(_, size)| *size > 0) else {
        return Ok(Vec::new());
    };
    let mut file = File::open(shard).map_err(fault)?;
    file.seek(SeekFrom::Start(at)).map_err(fault)?;
    let mut bytes = vec![0; size as usize];
    file.read_exact(&mut bytes).map_err(fault)?;
    let json: Json = serde_json::from_slice(&bytes).unwrap_or_default();
    let fields = json.as_object().into_iter().flatten();
    let text = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(_) | Json::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    Ok(fields
        .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_divided_at_the_first_dot_of_its_base_name() {
        let check =
            |path: &str, want: Option<(&str, &str)>| assert_eq!(member(path), want, "{path}");
        check("a.wav", Some(("a", "wav")));
        check("x.y/a.left.wav", Some(("x.y/a", "left.wav")));
        check("./a/b.cls", Some(("./a/b", "cls")));
        check("a/b", None);
        check("a/.hidden", None);
        check("__meta.json__", None);
    }
}
