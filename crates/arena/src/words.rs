//! The one door to shared bytes: every load and store of memory that another process can write is here.
//!
//! No reference to shared bytes is ever formed, because the other side may write at any time; all accesses
//! are atomic, so the worst that a wrong or hostile peer causes is a wrong value, which callers check.
//! Each ordering used says at its *call* what it pairs with.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use crate::Error;
use crate::lines;

const WORD: usize = size_of::<u64>();

/// A bounds-checked view of shared bytes that live as long as `'m`.
#[derive(Clone, Copy)]
pub struct Words<'m> {
    base: *mut u8,
    bytes: usize,
    mapping: PhantomData<&'m ()>,
}

#[cold]
fn not_a_word() -> Error {
    Error::Corrupt("an access would leave the mapping, or is not aligned")
}

impl<'m> Words<'m> {
    /// A view of `bytes` bytes at `base`.
    ///
    /// # Safety
    ///
    /// The bytes must stay readable and writable for `'m`, `base` must be aligned to 8, and everyone who
    /// reaches them must do so atomically.
    #[must_use]
    pub unsafe fn new(base: *mut u8, bytes: usize) -> Self {
        Self { base, bytes, mapping: PhantomData }
    }

    #[inline]
    fn at(self, offset: usize, bytes: usize) -> Result<*mut u8, Error> {
        match offset.checked_add(bytes) {
            Some(end) if end <= self.bytes => Ok(self.base.wrapping_add(offset)),
            _ => Err(Error::Corrupt("an access would leave the mapping")),
        }
    }

    #[inline]
    fn word64(self, offset: usize) -> Result<&'m AtomicU64, Error> {
        // One comparison for both: the low bits of an offset that is no multiple of 8 become its highest ones.
        if offset.rotate_right(WORD.trailing_zeros()) >= self.bytes / WORD {
            return Err(not_a_word());
        }
        let place = self.base.wrapping_add(offset);
        // SAFETY: in bounds and aligned by the check above (`base` is aligned); alive and only accessed
        // atomically by the contract of `new`.
        Ok(unsafe { AtomicU64::from_ptr(place.cast()) })
    }

    #[inline]
    fn word32(self, offset: usize) -> Result<&'m AtomicU32, Error> {
        let place = self.at(offset, size_of::<u32>())?;
        if !offset.is_multiple_of(size_of::<u32>()) {
            return Err(Error::Corrupt("a 32-bit word is not aligned"));
        }
        // SAFETY: as in `word64`.
        Ok(unsafe { AtomicU32::from_ptr(place.cast()) })
    }

    /// Loads the 64-bit word at `offset`.
    #[inline]
    pub fn load64(self, offset: usize, order: Ordering) -> Result<u64, Error> {
        Ok(self.word64(offset)?.load(order))
    }

    /// Stores the 64-bit word at `offset`.
    #[inline]
    pub fn store64(self, offset: usize, value: u64, order: Ordering) -> Result<(), Error> {
        self.word64(offset)?.store(value, order);
        Ok(())
    }

    /// Loads the 32-bit word at `offset`.
    #[inline]
    pub fn load32(self, offset: usize, order: Ordering) -> Result<u32, Error> {
        Ok(self.word32(offset)?.load(order))
    }

    /// Stores the 32-bit word at `offset`.
    #[inline]
    pub fn store32(self, offset: usize, value: u32, order: Ordering) -> Result<(), Error> {
        self.word32(offset)?.store(value, order);
        Ok(())
    }

    /// Stores `new` in the 64-bit word at `offset` if it is `expected`; returns what it was.
    ///
    /// Acquire on both outcomes and Release on success: it takes and gives up locks.
    #[inline]
    pub fn compare_exchange64(self, offset: usize, expected: u64, new: u64) -> Result<u64, Error> {
        let word = self.word64(offset)?;
        let outcome = word.compare_exchange(expected, new, Ordering::AcqRel, Ordering::Acquire);
        Ok(outcome.unwrap_or_else(|seen| seen))
    }

    /// Stores the 64-bit word at `offset` and returns what it was (Acquire and Release).
    #[inline]
    pub fn swap64(self, offset: usize, value: u64) -> Result<u64, Error> {
        Ok(self.word64(offset)?.swap(value, Ordering::AcqRel))
    }

    /// Sets bits of the 64-bit word at `offset` and returns what it was (Acquire and Release).
    #[inline]
    pub fn fetch_or64(self, offset: usize, bits: u64) -> Result<u64, Error> {
        Ok(self.word64(offset)?.fetch_or(bits, Ordering::AcqRel))
    }

    /// Copies private bytes into the shared ones at `offset`.
    ///
    /// Relaxed: a later Release store of a counter publishes the bytes.
    ///
    /// # Safety
    ///
    /// `source` must be readable for `bytes` bytes, and not part of this mapping.
    pub unsafe fn copy_in(
        self,
        offset: usize,
        source: *const u8,
        bytes: usize,
    ) -> Result<(), Error> {
        let place = self.at(offset, bytes)?;
        let split = Split::of(offset, bytes);
        for i in split.bytewise(bytes) {
            // SAFETY: i < bytes, so both places are inside the ranges checked or promised above.
            unsafe {
                AtomicU8::from_ptr(place.add(i)).store(source.add(i).read(), Ordering::Relaxed)
            };
        }
        // SAFETY: both places are inside the ranges checked or promised above, which do not overlap.
        let done = unsafe {
            let (from, to) = (source.add(split.head), place.add(split.head));
            split.head + lines::copy_in(from, to, split.tail - split.head)
        };
        for i in (done..split.tail).step_by(WORD) {
            // SAFETY: i + 8 <= split.tail <= bytes; place + i is aligned because split.head makes it so.
            unsafe {
                let value = source.add(i).cast::<u64>().read_unaligned();
                AtomicU64::from_ptr(place.add(i).cast()).store(value, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    /// Copies shared bytes at `offset` out to private memory.
    ///
    /// Relaxed: an earlier Acquire load of the counter that published the bytes orders them.
    ///
    /// # Safety
    ///
    /// `target` must be writable for `bytes` bytes, used by nobody else, and not part of this mapping.
    pub unsafe fn copy_out(
        self,
        offset: usize,
        target: *mut u8,
        bytes: usize,
    ) -> Result<(), Error> {
        let place = self.at(offset, bytes)?;
        let split = Split::of(offset, bytes);
        for i in split.bytewise(bytes) {
            // SAFETY: i < bytes, so both places are inside the ranges checked or promised above.
            unsafe {
                target.add(i).write(AtomicU8::from_ptr(place.add(i)).load(Ordering::Relaxed))
            };
        }
        // SAFETY: both places are inside the ranges checked or promised above, which do not overlap.
        let done = unsafe {
            let (from, to) = (place.add(split.head), target.add(split.head));
            split.head + lines::copy(from, to, split.tail - split.head)
        };
        for i in (done..split.tail).step_by(WORD) {
            // SAFETY: i + 8 <= split.tail <= bytes; place + i is aligned because split.head makes it so.
            unsafe {
                let value = AtomicU64::from_ptr(place.add(i).cast()).load(Ordering::Relaxed);
                target.add(i).cast::<u64>().write_unaligned(value);
            }
        }
        Ok(())
    }
}

/// Where the whole aligned words of a byte range begin and end, relative to its start.
struct Split {
    head: usize,
    tail: usize,
}

impl Split {
    fn of(offset: usize, bytes: usize) -> Self {
        let head = (offset.wrapping_neg() % WORD).min(bytes);
        Self { head, tail: head + (bytes - head) / WORD * WORD }
    }

    /// The indices that no whole word covers.
    fn bytewise(&self, bytes: usize) -> impl Iterator<Item = usize> + use<> {
        (0..self.head).chain(self.tail..bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(memory: &mut [u64]) -> Words<'_> {
        // SAFETY: exclusive, aligned and alive for the borrow; this thread is the only user.
        unsafe { Words::new(memory.as_mut_ptr().cast(), memory.len() * 8) }
    }

    #[test]
    fn every_alignment_and_length_survives_a_round_trip() {
        let source: Vec<u8> = (1..=150).collect();
        for offset in 0..9 {
            for bytes in 0..=source.len() {
                let mut memory = [0u64; 24];
                let words = view(&mut memory);
                let mut back = vec![0u8; bytes];
                // SAFETY: both vectors hold at least `bytes` bytes.
                unsafe {
                    words.copy_in(offset, source.as_ptr(), bytes).unwrap();
                    words.copy_out(offset, back.as_mut_ptr(), bytes).unwrap();
                }
                assert_eq!(back, source[..bytes], "offset {offset}, {bytes} bytes");
                let total: u32 = memory.iter().flat_map(|w| w.to_ne_bytes()).map(u32::from).sum();
                let expected: u32 = source[..bytes].iter().copied().map(u32::from).sum();
                assert_eq!(total, expected, "a byte outside of the range was written");
            }
        }
    }

    #[test]
    fn nothing_outside_of_the_view_is_reached() {
        let mut memory = [0u64; 2];
        let words = view(&mut memory);
        assert!(words.load64(8, Ordering::Relaxed).is_ok());
        for offset in [9, 12, 16, usize::MAX, usize::MAX - 7] {
            assert!(words.load64(offset, Ordering::Relaxed).is_err());
            assert!(words.store64(offset, 1, Ordering::Relaxed).is_err());
        }
        assert!(words.load32(2, Ordering::Relaxed).is_err());
        let mut byte = 0u8;
        // SAFETY: the range is refused before `byte` is touched.
        assert!(unsafe { words.copy_out(16, &raw mut byte, 1) }.is_err());
        // SAFETY: as above.
        assert!(unsafe { words.copy_in(1, &raw const byte, usize::MAX) }.is_err());
    }
}
