//! Where the vectors are that other libraries computed: packed in the project, one compressed file each.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The folder of the vectors on signal processing, as plain files.
///
/// `AURICLE_VECTORS` names another folder of the same layout to be used instead.
pub(super) fn dsp() -> &'static Path {
    static FOLDER: OnceLock<Vectors> = OnceLock::new();
    &FOLDER.get_or_init(|| Vectors::of("dsp")).folder
}

/// The folder of the vectors on synthesizers, likewise.
pub(crate) fn synth() -> &'static Path {
    static FOLDER: OnceLock<Vectors> = OnceLock::new();
    &FOLDER.get_or_init(|| Vectors::of("synth")).folder
}

/// A folder of vectors, for as long as it is wanted.
struct Vectors {
    folder: PathBuf,
    _unpacked: Option<TempDir>,
}

impl Vectors {
    fn of(name: &str) -> Vectors {
        if let Some(folder) = std::env::var_os("AURICLE_VECTORS") {
            return Vectors {
                folder: PathBuf::from(folder).join(name),
                _unpacked: None,
            };
        }
        let unpacked = tempfile::tempdir().unwrap();
        let packed = crate::root().join("tests/golden/vectors").join(name);
        unpack(&packed, unpacked.path());
        Vectors {
            folder: unpacked.path().to_owned(),
            _unpacked: Some(unpacked),
        }
    }
}

fn unpack(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            unpack(&path, &to.join(name));
        } else if let Some(plain) = name.strip_suffix(".gz") {
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(std::fs::File::open(&path).unwrap())
                .read_to_end(&mut bytes)
                .unwrap();
            std::fs::write(to.join(plain), bytes).unwrap();
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
