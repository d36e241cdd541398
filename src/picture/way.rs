//! What a terminal can show, and the way that follows from it.

use super::blocks::{Depth, blocks, characters};
use super::fit::fitted;
use super::{kitty, sixel};
use auricle_session::script::Pixels;

/// How a terminal shows pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As PNG files in the graphics protocol of kitty.
    Kitty,
    /// As sixels, which DEC's terminals had first.
    Sixel,
    /// As coloured halves of cells.
    Blocks(Depth),
    /// As characters, the denser the lighter.
    Characters,
    /// Not at all.
    Nothing,
}

/// The room that a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    /// Cells in a row.
    pub(crate) columns: usize,
    /// Pixels of a cell, width and height.
    pub(crate) cell: [usize; 2],
}

/// The cell of a terminal that does not say how large its cells are.
pub(crate) const USUAL_CELL: [usize; 2] = [10, 20];

/// Cells below each other, and beside each other, at most.
const ROWS: usize = 16;
const COLUMNS: usize = 80;

impl Way {
    /// The variable by which the user chooses.
    pub(crate) const VARIABLE: &str = "AURICLE_PICTURES";

    /// The user's choice; else what the environment says of the terminal; else what the terminal says of itself, in its
    /// answer to a request for its attributes, which is only made if it matters.
    pub(crate) fn of(
        environment: &dyn Fn(&str) -> Option<String>,
        color: bool,
        attributes: impl FnOnce() -> Vec<u32>,
    ) -> Way {
        let is = |name: &str, words: &[&str]| {
            environment(name)
                .is_some_and(|value| words.iter().any(|word| value.to_lowercase().contains(word)))
        };
        let depth = Depth::of(environment);
        let cells = depth.map_or(Way::Characters, Way::Blocks);
        match environment(Way::VARIABLE).as_deref() {
            Some("kitty") => return Way::Kitty,
            Some("sixel") => return Way::Sixel,
            Some("blocks") => return Way::Blocks(depth.unwrap_or(Depth::Cube)),
            Some("characters") => return Way::Characters,
            Some("none") => return Way::Nothing,
            _ if !color => return Way::Characters,
            _ => {}
        }
        // What kitty leaves in the environment also reaches a multiplexer inside it, which does not pass pictures on.
        let multiplexed = environment("TMUX").is_some() || is("TERM", &["tmux", "screen"]);
        let speaks_kitty = environment("KITTY_WINDOW_ID").is_some()
            || is("TERM", &["kitty", "ghostty"])
            || is("TERM_PROGRAM", &["wezterm", "ghostty"]);
        if speaks_kitty && !multiplexed {
            return Way::Kitty;
        }
        if attributes().contains(&SIXEL_GRAPHICS) {
            Way::Sixel
        } else {
            cells
        }
    }

    /// What is written to show a picture, without an end of line.
    pub(crate) fn draw(self, picture: &Pixels, space: Space) -> Option<String> {
        if picture.width == 0 || picture.colors.is_empty() {
            return None;
        }
        let columns = space.columns.clamp(1, COLUMNS);
        let sized = || fitted(picture, [columns * space.cell[0], ROWS * space.cell[1]]);
        match self {
            Way::Kitty => kitty::encode(&sized()),
            Way::Sixel => Some(sixel::encode(&sized())),
            Way::Blocks(depth) => Some(blocks(picture, [columns, ROWS], depth)),
            Way::Characters => Some(characters(picture, [columns, ROWS])),
            Way::Nothing => None,
        }
    }
}

/// The number among a terminal's attributes that stands for sixels.
const SIXEL_GRAPHICS: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_follows_from_the_terminal() {
        let way = |variables: &[(&str, &str)], color: bool, attributes: &[u32]| {
            let environment = |name: &str| {
                variables
                    .iter()
                    .find(|(given, _)| *given == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            Way::of(&environment, color, || attributes.to_vec())
        };
        let xterm = ("TERM", "xterm-256color");
        let (tmux, full) = (("TERM", "tmux-256color"), ("COLORTERM", "truecolor"));
        let (cube, blocks) = (Way::Blocks(Depth::Cube), Way::Blocks(Depth::Full));
        for (variables, color, attributes, want) in [
            (&[xterm][..], true, &[62, 22][..], cube),
            (&[xterm, full], true, &[62], blocks),
            (&[xterm, full], true, &[62, 4, 22], Way::Sixel),
            (&[xterm, full], false, &[62, 4, 22], Way::Characters),
            (&[("TERM", "vt100")], true, &[], Way::Characters),
            (&[("TERM", "xterm-kitty")], true, &[], Way::Kitty),
            (
                &[xterm, ("TERM_PROGRAM", "WezTerm")],
                true,
                &[62, 4],
                Way::Kitty,
            ),
            (&[tmux, ("KITTY_WINDOW_ID", "1")], true, &[], cube),
            (
                &[tmux, ("KITTY_WINDOW_ID", "1"), ("TMUX", "x")],
                true,
                &[1, 4],
                Way::Sixel,
            ),
            (
                &[xterm, ("AURICLE_PICTURES", "kitty")],
                false,
                &[],
                Way::Kitty,
            ),
            (
                &[xterm, ("AURICLE_PICTURES", "none")],
                true,
                &[4],
                Way::Nothing,
            ),
            (&[("AURICLE_PICTURES", "blocks")], true, &[4], cube),
        ] {
            assert_eq!(
                way(variables, color, attributes),
                want,
                "{variables:?} {attributes:?}"
            );
        }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let nothing = Pixels {
            width: 0,
            colors: Vec::new(),
        };
        let space = Space {
            columns: 80,
            cell: USUAL_CELL,
        };
        for way in [
            Way::Kitty,
            Way::Sixel,
            Way::Blocks(Depth::Full),
            Way::Characters,
        ] {
            assert_eq!(way.draw(&nothing, space), None);
        }
    }
}
