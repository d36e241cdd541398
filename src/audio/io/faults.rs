//! What goes wrong inside a file, whatever its codec.

use crate::Error;
use std::path::Path;

/// The rate or the channels are not the same all through a file.
pub(super) fn changes(path: &Path) -> Error {
    Error::file_with_hint(
        path,
        "the sample rate or the number of channels changes inside the file",
        "write it with one rate and one number of channels, for example: ffmpeg -i FILE -ar 44100 -ac 2 out.wav",
    )
}

/// The file ends before it should.
pub(super) fn cut_short(path: &Path, promised: Option<u64>, decoded: usize) -> Error {
    let reason = match promised {
        Some(promised) => format!(
            "the file is cut short: its head promises {promised} samples, {decoded} are there"
        ),
        None => format!("the file is cut short after {decoded} samples"),
    };
    Error::file_with_hint(path, reason, "copy or download the file again")
}

/// The file broke while it was decoded.
pub(super) fn broken(
    path: &Path,
    fault: &dyn std::fmt::Display,
    decoded: usize,
    sample_rate: u32,
) -> Error {
    let at = decoded as f64 / f64::from(sample_rate.max(1));
    Error::file_with_hint(
        path,
        format!("the file is broken after {at:.2} s ({fault})"),
        "copy or download it again",
    )
}
