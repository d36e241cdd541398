//! From a text or a file to operators that can be called.

use crate::Error;
use crate::compile::compile;
use crate::library::Library;
use crate::probe::try_out;
use crate::shim::{VERSION, shim};
use crate::source::Source;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use xxhash_rust::xxh3::xxh3_128;

/// What the program around this crate has for it.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// The program that tries operators out when it is started with [`crate::PROBE_ARGUMENT`]; without one, none is tried out.
    pub prober: Option<PathBuf>,
    /// Where built operators are kept; without it they are built once a process.
    pub cache: Option<Cache>,
}

/// A folder, and what writes a file of it whole or not at all.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The folder.
    pub folder: PathBuf,
    /// Writes a file; where that fails, the operator is built again the next time.
    pub write: fn(&Path, &[u8]),
}

static HOST: OnceLock<Host> = OnceLock::new();

/// Says what the program has, once, before the first operator.
pub fn set_host(host: Host) {
    let _ = HOST.set(host);
}

fn host() -> Host {
    HOST.get().cloned().unwrap_or_default()
}

/// What has been loaded, by what it was made of. It is never unloaded.
static LOADED: Mutex<Option<HashMap<u128, Arc<Library>>>> = Mutex::new(None);

fn loaded(key: u128, load: impl FnOnce() -> Result<Library, Error>) -> Result<Arc<Library>, Error> {
    let known = || LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(library) = known().as_ref().and_then(|all| all.get(&key)) {
        return Ok(library.clone());
    }
    let mut library = load()?;
    library.content = key;
    let library = Arc::new(library);
    Ok(known()
        .get_or_insert_default()
        .entry(key)
        .or_insert(library)
        .clone())
}

/// The operators of a text, built where they have not been built before.
///
/// # Errors
/// As [`Source::read`]; what the compiler reports, and what trying out does.
pub fn of_text(text: &str, stopped: &dyn Fn() -> bool) -> Result<Arc<Library>, Error> {
    Source::read(text)?.library(stopped)
}

impl Source {
    /// Its operators, as [`of_text`].
    ///
    /// # Errors
    /// What the compiler reports, and what trying out does.
    pub fn library(&self, stopped: &dyn Fn() -> bool) -> Result<Arc<Library>, Error> {
        let behind = shim(self);
        let key = xxh3_128(format!("{VERSION}\0{}{behind}", self.text).as_bytes());
        loaded(key, || {
            let name = format!("{}-{key:032x}.op", self.operators[0].name);
            let kept = host()
                .cache
                .map(|cache| (cache.folder.join(name), cache.write));
            if let Some((file, _)) = kept.as_ref().filter(|(file, _)| file.is_file())
                && let Ok(library) = Library::load(file)
            {
                return Ok(library);
            }
            let built = build(self, &behind, stopped)?;
            if let Some((file, write)) = &kept {
                write(file, &read(&built)?);
            }
            Library::load(&built)
        })
    }
}

/// The operators of a file: of Rust, or built before.
///
/// # Errors
/// [`Error::File`] if it cannot be read or is no operator, and as [`of_text`].
pub fn of_file(path: &Path, stopped: &dyn Fn() -> bool) -> Result<Arc<Library>, Error> {
    if path.extension().is_some_and(|ending| ending == "rs") {
        let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
        return of_text(&text, stopped);
    }
    let bytes = read(path)?;
    loaded(xxh3_128(&bytes), || {
        // A copy is loaded: the loader takes a file of a name it knows for the one that it has.
        let copy = temporary(&bytes).map_err(|error| Error::file(path, error))?;
        let named = |error: Error| match error {
            Error::File { reason, .. } => Error::file(path, reason),
            other => other,
        };
        if let Some(prober) = host().prober {
            try_out(&prober, copy.path(), stopped).map_err(named)?;
        }
        Library::load(copy.path()).map_err(named)
    })
}

/// Builds a file of Rust; gives its operators, and what a file must hold for [`of_file`] to load them.
///
/// # Errors
/// [`Error::File`] if it cannot be read, and as [`of_text`].
pub fn built(
    path: &Path,
    stopped: &dyn Fn() -> bool,
) -> Result<(Vec<crate::Operator>, Vec<u8>), Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::file(path, error))?;
    let source = Source::read(&text)?;
    let built = build(&source, &shim(&source), stopped)?;
    Ok((source.operators, read(&built)?))
}

/// A built and tried library, which is removed when this is dropped: what has loaded it keeps what it needs.
fn build(
    source: &Source,
    behind: &str,
    stopped: &dyn Fn() -> bool,
) -> Result<tempfile::TempPath, Error> {
    let cannot =
        |error: std::io::Error| Error::Compiler(format!("has no room for what it makes: {error}"));
    let out = temporary(&[]).map_err(cannot)?.into_temp_path();
    std::fs::remove_file(&out).map_err(cannot)?;
    compile(
        &source.text,
        behind,
        &source.operators[0].name,
        &out,
        stopped,
    )?;
    if let Some(prober) = host().prober {
        try_out(&prober, &out, stopped)?;
    }
    Ok(out)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::file(path, error))
}

fn temporary(bytes: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix("auricle-operator-")
        .suffix(".op")
        .tempfile()?;
    std::io::Write::write_all(&mut file, bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Given, Shape};

    fn of(text: &str) -> Arc<Library> {
        of_text(text, &|| false).unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn run(library: &Library, index: usize, samples: &[f32], given: Given<'_>) -> Vec<f32> {
        let mut samples = samples.to_vec();
        library.run(index, &mut samples, given).unwrap();
        samples
    }

    #[test]
    fn operators_of_every_shape_are_built_and_called() {
        let library = of(
            "fn scaled(x: &mut [f32], sample_rate: u32, by: f64, steps: usize, channel: usize, seed: u64) {\n\
                 for v in x { *v = *v * by as f32 + sample_rate as f32 + steps as f32 + channel as f32 + seed as f32; }\n}\n\
             fn cells(x: &mut [f32], n_bands: usize, n_frames: usize) {\n    \
                 for (i, v) in x.iter_mut().enumerate() { *v = (100 * n_bands + 10 * n_frames + i) as f32; }\n}\n\
             struct Sum { sum: f32 }\nimpl Sum {\n    fn new(start: f32) -> Self { Sum { sum: start } }\n    \
                 fn process(&mut self, x: f32) -> f32 { self.sum += x; self.sum }\n}\n\
             struct Turned;\nimpl Turned {\n    fn new() -> Self { Turned }\n    \
                 fn process(&mut self, x: &mut [f32]) { x.reverse(); }\n}",
        );
        let names: Vec<&str> = library
            .operators()
            .iter()
            .map(|o| o.name.as_str())
            .collect();
        assert_eq!(names, ["scaled", "cells", "sum", "turned"]);
        assert_eq!(library.operators()[1].shape, Shape::Features);
        let given = Given {
            sample_rate: 1000,
            n_bands: 1,
            n_frames: 3,
            channel: 1,
            seed: 5,
            parameters: &[2.0, 29.6],
        };
        assert_eq!(run(&library, 0, &[1.0, -1.0], given), [1038.0, 1034.0]);
        let given = Given {
            parameters: &[],
            ..given
        };
        assert_eq!(run(&library, 1, &[0.0; 3], given), [130.0, 131.0, 132.0]);
        assert_eq!(run(&library, 3, &[1.0, 2.0], given), [2.0, 1.0]);
        let given = Given {
            parameters: &[1.0],
            ..given
        };
        assert_eq!(run(&library, 2, &[1.0, 2.0, 3.0], given), [2.0, 4.0, 7.0]);
        assert_eq!(run(&library, 2, &[], given), [0.0f32; 0]);
    }

    #[test]
    fn a_panic_is_a_message_and_the_next_call_is_as_if_there_had_been_none() {
        let library = of(
            "fn picky(x: &mut [f32]) {\n    if x.len() > 2 {\n        panic!(\"{} are too many\", x.len());\n    }\n}",
        );
        let failed = library.run(0, &mut [0.0; 3], Given::default());
        assert_eq!(failed.unwrap_err(), "line 3: 3 are too many");
        assert_eq!(library.run(0, &mut [0.0; 2], Given::default()), Ok(()));
    }

    #[test]
    fn what_the_compiler_says_points_at_the_users_lines() {
        let failed = of_text(
            "fn f(x: &mut [f32]) {\n    let n: f32 = 1.0;\n    x[0] = nothing;\n}",
            &|| false,
        );
        let Err(Error::Source(fault)) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(
            (fault.message.as_str(), fault.others),
            ("cannot find value `nothing` in this scope", 0)
        );
        assert_eq!(
            (
                fault.labels[0].line,
                fault.labels[0].column,
                fault.labels[0].width
            ),
            (3, 12, 7)
        );
        let failed = of_text(
            "fn f(x: &mut [f32]) {\n    let n: f32 = x.len();\n}",
            &|| false,
        );
        let Err(Error::Source(fault)) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(
            (fault.message.as_str(), fault.labels[0].line),
            ("mismatched types", 2)
        );
        assert_eq!(fault.labels[0].text, "expected `f32`, found `usize`");
        assert!(of_text("fn f(x: &mut [f32]) { compile_error!(\"no\") }", &|| true).is_err());
    }

    #[test]
    fn a_built_file_holds_all_that_is_known_and_is_replaced_by_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let (source, built) = (folder.path().join("a.rs"), folder.path().join("a.op"));
        let mut made = Vec::new();
        for factor in [2, 3] {
            let text = format!(
                "/// By {factor}.\nfn times(x: &mut [f32]) {{ for v in x {{ *v *= {factor}.0; }} }}"
            );
            std::fs::write(&source, text).unwrap();
            let (operators, bytes) = super::built(&source, &|| false).unwrap();
            assert_eq!(operators[0].name, "times");
            std::fs::write(&built, bytes).unwrap();
            made.push(of_file(&built, &|| false).unwrap());
        }
        assert_eq!(made[0].operators()[0].about, "By 2.");
        assert_eq!(run(&made[0], 0, &[1.0], Given::default()), [2.0]);
        assert_eq!(run(&made[1], 0, &[1.0], Given::default()), [3.0]);
        assert!(Arc::ptr_eq(&made[1], &of_file(&built, &|| false).unwrap()));
        std::fs::write(&built, "no library").unwrap();
        let told = of_file(&built, &|| false).unwrap_err().to_string();
        assert!(
            told.contains("a.op`: this is no operator for this machine"),
            "{told}"
        );
        let told = of_file(&folder.path().join("b.op"), &|| false)
            .unwrap_err()
            .to_string();
        assert!(told.contains("No such file"), "{told}");
    }
}
