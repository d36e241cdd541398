//! A library of operators, loaded into this process.
//!
//! What is loaded stays: a recipe may hold an operator at any time, and the threads that ran one keep what it keeps for them.
#![expect(
    unsafe_code,
    reason = "what another compiler made is called through pointers; only numbers cross"
)]

use crate::Error;
use crate::operator::Operator;
use crate::shim::{ABOUT_SYMBOL, SAID_SYMBOL, VERSION, VERSION_SYMBOL, symbol};
use std::path::Path;

/// Bytes for what an operator says when it panics.
const MESSAGE: usize = 512;

/// What is handed over, as the library knows it: see the text in `shim.rs`.
#[repr(C)]
struct Call {
    samples: *mut f32,
    n_samples: usize,
    n_bands: usize,
    n_frames: usize,
    channel: usize,
    seed: u64,
    parameters: *const f64,
    n_parameters: usize,
    sample_rate: u32,
}

type Entry = unsafe extern "C" fn(*const Call) -> i32;
type Said = unsafe extern "C" fn(*mut u8, usize) -> usize;

/// What an operator is told besides its samples.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// Samples per second, Hz.
    pub sample_rate: u32,
    /// Bands of features.
    pub n_bands: usize,
    /// Frames of features.
    pub n_frames: usize,
    /// The channel, from 0.
    pub channel: usize,
    /// What was drawn for the clip.
    pub seed: u64,
    /// Its parameters, in their order.
    pub parameters: &'a [f64],
}

/// Operators that can be called from any thread.
pub struct Library {
    operators: Vec<Operator>,
    entries: Vec<Entry>,
    said: Said,
    /// What it was made of: a hash of its text, or of the file it was built into.
    pub(crate) content: u128,
    _kept: libloading::Library,
}

impl Library {
    /// Loads a file.
    ///
    /// # Errors
    /// [`Error::File`] if it is no library, or none of operators for this program.
    pub(crate) fn load(path: &Path) -> Result<Library, Error> {
        let no_operator = |reason: String| Error::file(path, reason);
        // SAFETY: loading runs what the library does when it is loaded. It was tried out in another process before, and it is
        // the user's own program, as the script is.
        let library = unsafe { libloading::Library::new(path) };
        let library = library.map_err(|error| {
            no_operator(format!("this is no operator for this machine: {error}"))
        })?;
        let missing = |error: libloading::Error| {
            no_operator(format!("this is a library, but none of operators: {error}"))
        };
        // SAFETY: both have the types that `shim.rs` writes; a library with the first is made by it.
        let (operators, version) = unsafe {
            let version = library
                .get::<unsafe extern "C" fn() -> u32>(VERSION_SYMBOL)
                .map_err(missing)?();
            let about = library
                .get::<unsafe extern "C" fn(*mut usize) -> *const u8>(ABOUT_SYMBOL)
                .map_err(missing)?;
            let mut length = 0;
            let text = about(&mut length);
            (std::slice::from_raw_parts(text, length).to_vec(), version)
        };
        if version != VERSION {
            let reason = format!(
                "it was built for another version of Auricle ({version}, not {VERSION}): build it again"
            );
            return Err(no_operator(reason));
        }
        let operators: Vec<Operator> =
            serde_json::from_slice(&operators).map_err(|error| no_operator(error.to_string()))?;
        let entries = (0..operators.len()).map(|index| {
            // SAFETY: as above.
            let entry = unsafe { library.get::<Entry>(symbol(index)) };
            entry.map(|entry| *entry).map_err(missing)
        });
        let entries = entries.collect::<Result<_, Error>>()?;
        // SAFETY: as above.
        let said = *unsafe { library.get::<Said>(SAID_SYMBOL) }.map_err(missing)?;
        Ok(Library {
            operators,
            entries,
            said,
            content: 0,
            _kept: library,
        })
    }

    /// Its operators.
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }

    /// A name for what it was made of, the text or the built file: another name may do something else.
    pub fn content(&self) -> String {
        format!("{:032x}", self.content)
    }

    /// Runs an operator over the samples or cells of one channel, in place.
    ///
    /// # Errors
    /// What the operator says if it panics.
    ///
    /// # Panics
    /// If there is no operator of this index, or if it takes another number of parameters.
    pub fn run(&self, index: usize, samples: &mut [f32], given: Given<'_>) -> Result<(), String> {
        let operator = &self.operators[index];
        assert_eq!(
            operator.parameters.len(),
            given.parameters.len(),
            "every parameter is given"
        );
        let call = Call {
            samples: samples.as_mut_ptr(),
            n_samples: samples.len(),
            n_bands: given.n_bands,
            n_frames: given.n_frames,
            channel: given.channel,
            seed: given.seed,
            parameters: given.parameters.as_ptr(),
            n_parameters: given.parameters.len(),
            sample_rate: given.sample_rate,
        };
        // SAFETY: the entry has this type, the pointers live until it returns, and the lengths are theirs.
        match unsafe { self.entries[index](&call) } {
            0 => Ok(()),
            _ => Err(self.said()),
        }
    }

    /// What the operator that has just failed on this thread says.
    fn said(&self) -> String {
        let mut message = [0u8; MESSAGE];
        // SAFETY: it writes at most as much as there is room for.
        let n = unsafe { (self.said)(message.as_mut_ptr(), MESSAGE) };
        String::from_utf8_lossy(&message[..n.min(MESSAGE)]).into_owned()
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library")
            .field("operators", &self.operators)
            .finish_non_exhaustive()
    }
}
