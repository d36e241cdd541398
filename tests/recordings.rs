//! Recordings for tests: small ones that are made here in the layouts of published collections, and the real ones where they
//! are found.
//!
//! A clone alone must pass. `AURICLE_RECORDINGS` names a folder with `fsdd` (the Free Spoken Digit Dataset) or `esc10` (ESC-50, or
//! the part of it that is ESC-10) in it; without it they are looked for in `../shared/data`. Each run says what it runs on.

use crate::root;
use auricle_audio::Waveform;
use auricle_audio::io::{SampleFormat, write_wav};
use std::f32::consts::TAU;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The classes of ESC-10 and their numbers in ESC-50.
const CLASSES: [(&str, u32); 10] = [
    ("dog", 0),
    ("rooster", 1),
    ("rain", 10),
    ("sea_waves", 11),
    ("crackling_fire", 12),
    ("crying_baby", 20),
    ("sneezing", 21),
    ("clock_tick", 38),
    ("helicopter", 40),
    ("chainsaw", 41),
];

/// The speakers of the Free Spoken Digit Dataset.
const SPEAKERS: [&str; 6] = ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"];

/// Real recordings, if they are found.
pub(crate) fn real(name: &str) -> Option<PathBuf> {
    let folder = match std::env::var_os("AURICLE_RECORDINGS") {
        Some(folder) => PathBuf::from(folder),
        None => root().join("../shared/data"),
    };
    let folder = folder.join(name);
    let found = folder.is_dir();
    // Not `println`: what a test that passes prints is not shown.
    let _ = match found {
        true => writeln!(
            std::io::stderr(),
            "{name}: made sounds and the recordings in {}",
            folder.display()
        ),
        false => {
            writeln!(
                std::io::stderr(),
                "{name}: made sounds only; AURICLE_RECORDINGS may name a folder of real ones"
            )
        }
    };
    found.then_some(folder)
}

/// 480 made sounds of 0.3 s in the layout of the Free Spoken Digit Dataset, 50 files of each speaker and index below 5.
pub(crate) fn made_digits() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let folder = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("recordings")).unwrap();
        for digit in 0..10 {
            for (voice, speaker) in SPEAKERS.iter().enumerate() {
                for index in 0..8 {
                    let path = folder
                        .path()
                        .join(format!("recordings/{digit}_{speaker}_{index}.wav"));
                    write(&path, digit, voice * 8 + index, 8000, 0.3);
                }
            }
        }
        folder
    });
    folder.path()
}

/// 100 made sounds of a second in the layout of ESC-50: two of each class in each fold.
pub(crate) fn made_environment() -> &'static Path {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let folder = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        ["audio", "meta"]
            .iter()
            .for_each(|name| std::fs::create_dir(folder.path().join(name)).unwrap());
        let mut table = "filename,fold,target,category,esc10,src_file,take\n".to_owned();
        for fold in 1..=5 {
            for (kind, (class, target)) in CLASSES.iter().enumerate() {
                for take in 0..2 {
                    let source = 1000 + fold * 100 + kind * 10 + take;
                    let name = format!("{fold}-{source}-A-{target}.wav");
                    write(
                        &folder.path().join("audio").join(&name),
                        kind,
                        source,
                        16_000,
                        1.0,
                    );
                    table += &format!("{name},{fold},{target},{class},True,{source},A\n");
                }
            }
        }
        std::fs::write(folder.path().join("meta/esc50.csv"), table).unwrap();
        folder
    });
    folder.path()
}

/// A sound that tells its class by its pitch and how fast it swells, and differs from all others of its class.
fn write(path: &Path, class: usize, variant: usize, sample_rate: u32, seconds: f32) {
    let n = (seconds * sample_rate as f32) as usize;
    let pitch = 200.0 * 1.25f32.powi(class as i32) * (1.0 + 0.01 * (variant % 7) as f32);
    let mut state = (class * 1_000_003 + variant) as u32;
    let samples = (0..n).map(|i| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (state >> 8) as f32 / (1 << 24) as f32 - 0.5;
        let time = i as f32 / sample_rate as f32;
        let swell = 0.6 + 0.4 * (TAU * (2 + class) as f32 * time).sin();
        0.4 * swell * (TAU * pitch * time).sin() + 0.05 * noise
    });
    let wave = Waveform::mono(samples.collect(), sample_rate).unwrap();
    write_wav(path, &wave, SampleFormat::Int16).unwrap();
}
