//! Asking a terminal what it is and how large its cells are.

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcgetwinsize, tcsetattr,
};
use std::fs::File;
use std::io::{Read, Write};

/// What a terminal says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its attributes, by number; none if it does not answer.
    pub(crate) attributes: Vec<u32>,
    /// Pixels of a cell, width and height, if it knows.
    pub(crate) cell: Option<[usize; 2]>,
    /// What the user had typed before the answer came.
    pub(crate) typed: String,
}

/// Tenths of a second that an answer may take. Every common terminal answers; one far away may need a while.
const PATIENCE: u8 = 5;

/// Asks the terminal of this process, which must be in the foreground and not in use by another thread.
pub(crate) fn ask() -> Answer {
    let Ok(mut tty) = File::options().read(true).write(true).open("/dev/tty") else {
        return Answer::default();
    };
    let cell = tcgetwinsize(&tty).ok().and_then(|size| {
        let cell = |pixels: u16, cells: u16| {
            usize::from(pixels)
                .checked_div(usize::from(cells))
                .filter(|&n| n > 0)
        };
        Some([
            cell(size.ws_xpixel, size.ws_col)?,
            cell(size.ws_ypixel, size.ws_row)?,
        ])
    });
    let Ok(before) = tcgetattr(&tty) else {
        return Answer {
            cell,
            ..Answer::default()
        };
    };
    let mut during = before.clone();
    during
        .local_modes
        .remove(LocalModes::ICANON | LocalModes::ECHO);
    // A read ends when a byte is there, or after a while without one.
    during.special_codes[SpecialCodeIndex::VMIN] = 0;
    during.special_codes[SpecialCodeIndex::VTIME] = PATIENCE;
    let mut bytes = Vec::new();
    if tcsetattr(&tty, OptionalActions::Now, &during).is_ok() {
        if tty.write_all(b"\x1b[c").is_ok() {
            let mut byte = [0];
            while attributes(&bytes).is_none() && matches!(tty.read(&mut byte), Ok(1)) {
                bytes.push(byte[0]);
            }
        }
        let _ = tcsetattr(&tty, OptionalActions::Now, &before);
    }
    let (typed, attributes) = attributes(&bytes).unwrap_or((bytes.len(), Vec::new()));
    Answer {
        attributes,
        cell,
        typed: String::from_utf8_lossy(&bytes[..typed]).into_owned(),
    }
}

/// Where an answer `ESC [ ? 62 ; 4 c` begins, and its numbers; nothing as long as it is not there to its end.
fn attributes(bytes: &[u8]) -> Option<(usize, Vec<u32>)> {
    let start = bytes.windows(3).position(|window| window == b"\x1b[?")?;
    let (numbers, end) =
        bytes[start + 3..].split_at_checked(bytes.len().checked_sub(start + 4)?)?;
    let text = std::str::from_utf8(numbers).ok()?;
    (end == b"c").then(|| {
        (
            start,
            text.split(';')
                .filter_map(|number| number.parse().ok())
                .collect(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end() {
        assert_eq!(attributes(b"\x1b[?62;4;22c"), Some((0, vec![62, 4, 22])));
        assert_eq!(attributes(b"let c = \x1b[?6c"), Some((8, vec![6])));
        for unfinished in [&b""[..], b"abc", b"\x1b[?", b"\x1b[?62;4"] {
            assert_eq!(attributes(unfinished), None);
        }
    }
}
