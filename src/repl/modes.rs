//! The terminal's modes while a session runs in it.

/// While this lives, keys that send a signal leave alone what was written and typed before. A terminal would drop output
/// that it has not shown yet, and a panel whose rows were lost would take away rows above it.
pub(super) struct Unflushed(bool);

impl Unflushed {
    /// Sets the mode, if there is a terminal that has it.
    pub(super) fn new() -> Unflushed {
        Unflushed(exchange(true) == Some(false))
    }
}

impl Drop for Unflushed {
    fn drop(&mut self) {
        if self.0 {
            restore();
        }
    }
}

/// Sets the usual mode, before the program ends where it stands.
pub(super) fn restore() {
    exchange(false);
}

/// Sets whether signals leave output alone, and says whether they did.
#[cfg(unix)]
fn exchange(keep: bool) -> Option<bool> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    let stdin = std::io::stdin();
    let mut modes = tcgetattr(&stdin).ok()?;
    let before = modes.local_modes.contains(LocalModes::NOFLSH);
    modes.local_modes.set(LocalModes::NOFLSH, keep);
    tcsetattr(&stdin, OptionalActions::Now, &modes).ok()?;
    Some(before)
}

#[cfg(not(unix))]
fn exchange(_: bool) -> Option<bool> {
    None
}
