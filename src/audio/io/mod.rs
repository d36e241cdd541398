//! Sound files and whole-file writing. The only room, beside `dataset`, that touches the disk.

mod bounds;
mod bytes;
mod caf;
mod decode;
mod faults;
mod flac;
mod flac_read;
mod folder;
mod header;
mod kind;
mod matroska;
mod mp3;
mod mp4;
mod mpeg;
mod mpeg_header;
mod mpeg_read;
mod ogg;
mod ogg_read;
mod opus;
mod part;
mod read;
mod wav;
mod whole;
mod write;

pub use bounds::{HIGHEST_RATE, MOST_CHANNELS, MOST_SAMPLES};
pub(crate) use flac::FlacContent;
pub use flac::{FlacFormat, write_flac};
pub(crate) use folder::identify;
pub use folder::{Found, PassedOver, find_sounds, sounds};
pub use header::Header;
pub use mp3::{MP3_RATES, mp3_file, read_mp3};
pub use read::{EXTENSIONS, read, read_bytes, read_header, read_header_of};
pub use whole::{WholeFile, unwritable, write_whole};
pub(crate) use whole::{content_of, write_unsynced};
pub(crate) use write::WavContent;
pub use write::{SampleFormat, wav_file, write_wav};
