//! Reading and writing bytes one after the other.

/// Takes the next `N` bytes off `from`, if there are so many.
pub fn take<const N: usize>(from: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = from.split_first_chunk()?;
    *from = rest;
    Some(*first)
}

/// Takes the next `count` bytes off `from`, if there are so many.
pub fn take_slice<'a>(from: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (first, rest) = from.split_at_checked(count)?;
    *from = rest;
    Some(first)
}

/// Writes `bytes` to the beginning of `to`, which is behind them from then on; does nothing if they do not fit.
pub fn put(to: &mut &mut [u8], bytes: &[u8]) {
    if let Some((place, rest)) = std::mem::take(to).split_at_mut_checked(bytes.len()) {
        place.copy_from_slice(bytes);
        *to = rest;
    }
}
