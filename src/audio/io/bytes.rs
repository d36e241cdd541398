//! Numbers in the heads of files.

/// A number of up to eight bytes, the highest first; nothing where the bytes end before it does.
pub(super) fn big_endian(bytes: &[u8], at: usize, n: usize) -> Option<u64> {
    Some(
        bytes
            .get(at..at + n)?
            .iter()
            .fold(0, |all, &byte| all << 8 | u64::from(byte)),
    )
}
