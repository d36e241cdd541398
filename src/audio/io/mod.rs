//! Sound files and whole-file writing. The only room, beside `dataset`, that touches the disk.

mod flac;
mod folder;
mod mp3;
mod read;
mod wav;
mod whole;
mod write;

pub use flac::{FlacFormat, write_flac};
pub use folder::{Found, PassedOver, find_sounds, sounds};
pub use mp3::{MP3_RATES, mp3_file, read_mp3};
pub use read::{EXTENSIONS, Header, read, read_header};
pub(crate) use whole::write_unsynced;
pub use whole::write_whole;
pub use write::{SampleFormat, wav_file, write_wav};
