//! What the head of a sound file may say.
//!
//! A head is a claim, made by whoever wrote the file. A reader believes it only within these bounds, and makes room for samples
//! when they are there, not when they are promised: one absurd file must not take the memory of all the others.

use super::header::Header;
use crate::Error;
use std::path::Path;

/// The highest sample rate of a file, Hz: eight times that of the fastest studio converters (384 kHz). Bat detectors record
/// at 500 kHz, hydrophones for porpoises at up to 2 MHz.
pub const HIGHEST_RATE: u32 = 3_072_000;

/// Most channels of a file. The largest microphone arrays in use have some hundreds.
pub const MOST_CHANNELS: usize = 1024;

/// Most samples of a file over all its channels, 8.6 GB in memory: 27 hours of one channel at 22.05 kHz.
pub const MOST_SAMPLES: u64 = 1 << 31;

/// Checks what a head says.
///
/// # Errors
/// [`Error::File`] that says which of the bounds it is beyond.
pub(super) fn check_head(path: &Path, header: &Header) -> Result<(), Error> {
    let Header {
        sample_rate,
        n_channels,
        n_samples,
    } = *header;
    let absurd = |what: String, most: String| {
        Error::refused_file(
            path,
            format!("its head says {what}, and {most}"),
            "the file is broken, or no sound file; if it is one, write it anew with the right head",
        )
    };
    if sample_rate == 0 {
        return Err(absurd(
            "that it has 0 samples a second".into(),
            "the least is 1".into(),
        ));
    }
    if sample_rate > HIGHEST_RATE {
        return Err(absurd(
            format!("that it has {sample_rate} samples a second"),
            format!("the most is {HIGHEST_RATE}"),
        ));
    }
    if n_channels == 0 || n_channels > MOST_CHANNELS {
        return Err(absurd(
            format!("that it has {n_channels} channels"),
            format!("1 to {MOST_CHANNELS} can be read"),
        ));
    }
    check_length(path, n_samples.unwrap_or(0), n_channels)
}

/// Checks how many samples a file has or claims to have, for each of its channels.
///
/// # Errors
/// [`Error::File`] if they would be too many for the memory of one clip.
pub(super) fn check_length(path: &Path, n_samples: u64, n_channels: usize) -> Result<(), Error> {
    let all = n_samples.saturating_mul(n_channels as u64);
    if all <= MOST_SAMPLES {
        return Ok(());
    }
    let size = |samples: u64| format!("{:.1} GB", samples as f64 * 4e-9);
    Err(Error::refused_file(
        path,
        format!(
            "it would be {} in memory, and one clip may be {}",
            size(all),
            size(MOST_SAMPLES)
        ),
        "cut it into parts, for example: ffmpeg -i FILE -f segment -segment_time 600 -c copy part%04d.wav",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_within_the_bounds_pass_and_others_are_told_apart() {
        let check = |sample_rate, n_channels, n_samples| {
            check_head(
                Path::new("a.wav"),
                &Header {
                    sample_rate,
                    n_channels,
                    n_samples,
                },
            )
            .map_err(|e| e.to_string())
        };
        assert_eq!(check(1, 1, None), Ok(()));
        assert_eq!(check(HIGHEST_RATE, MOST_CHANNELS, Some(1)), Ok(()));
        assert_eq!(check(48_000, 2, Some(MOST_SAMPLES / 2)), Ok(()));
        assert!(
            check(0, 1, None)
                .unwrap_err()
                .contains("0 samples a second")
        );
        assert!(
            check(4_000_000_000, 1, None)
                .unwrap_err()
                .contains("4000000000 samples a second")
        );
        assert!(check(8000, 0, None).unwrap_err().contains("0 channels"));
        assert!(
            check(8000, 65_535, None)
                .unwrap_err()
                .contains("65535 channels")
        );
        assert!(
            check(8000, 2, Some(u64::MAX))
                .unwrap_err()
                .contains("GB in memory")
        );
    }
}
