//! Going through patches, one at a time.

use crate::Patches;

/// The patches of some patches, each by itself.
pub struct PatchIter {
    patches: Patches,
    next: usize,
}

impl Iterator for PatchIter {
    type Item = Patches;

    fn next(&mut self) -> Option<Patches> {
        let one = self.patches.select(&[self.next]).ok()?;
        self.next += 1;
        Some(one)
    }
}

impl IntoIterator for Patches {
    type Item = Patches;
    type IntoIter = PatchIter;

    fn into_iter(self) -> PatchIter {
        PatchIter {
            patches: self,
            next: 0,
        }
    }
}
