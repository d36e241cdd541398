//! Numbers from the beginning of a line of the cache on.

use std::ops::{Deref, DerefMut};

/// A row of numbers that begins with a line of the cache, so that no wide register reaches from one line into the next.
#[derive(Default)]
pub(super) struct Lined<T> {
    store: Vec<T>,
    start: usize,
    n: usize,
}

/// Bytes of a line on nearly all processors; elsewhere this is merely not the fastest place.
const LINE: usize = 64;

impl<T: Copy + Default> Lined<T> {
    /// Gives the row a length. What was in a row of another length is gone.
    pub(super) fn resize(&mut self, n: usize) {
        if self.n != n {
            let most = LINE / size_of::<T>();
            self.store = vec![T::default(); n + most];
            self.start = self.store.as_ptr().align_offset(LINE).min(most);
            self.n = n;
        }
    }
}

impl<T> Deref for Lined<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.store[self.start..self.start + self.n]
    }
}

impl<T> DerefMut for Lined<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.store[self.start..self.start + self.n]
    }
}
