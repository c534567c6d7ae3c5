//! The memory of an arena as its algorithms see it: words, bytes, and what the kernel does for them.
//!
//! # Theory of operation
//!
//! A SIGKILL leaves a prefix of the stores that the victim's program made. So that a test can cut an operation
//! after every single store, all of them go through [`Memory`]; the arena's algorithms are generic over it and
//! monomorphised. [`Shared`] is a real mapping and costs what the bare atomics cost; a recorder stands in for
//! it in tests and logs (offset, old, new).
//!
//! Orderings are fixed here, so that no caller can choose a wrong one: [`Memory::load`] is an Acquire load and
//! pairs with every [`Memory::store`], a Release store; the read-modify-writes are both. Payload bytes are
//! copied by Relaxed words, since a later `store` of a header or a link publishes them.

#[cfg(test)]
pub(crate) mod interleaved;
#[cfg(test)]
pub(crate) mod recorder;
mod shared;

pub use shared::Shared;

use std::sync::atomic::AtomicU64;

use crate::clock;
use crate::failure::Result;
use crate::robust;
use crate::wait::Bell;

/// How many words a thread can sleep on at once.
pub const SLEPT_ON_MAX: usize = 3 + crate::wait::WATCHED_MAX;

/// Words of 64 bits at offsets that are multiples of 8, and the kernel's services for them.
pub trait Memory {
    /// How many bytes there are.
    fn bytes(&self) -> u64;

    /// Loads a word (Acquire: pairs with [`Self::store`]).
    fn load(&self, at: u64) -> Result<u64>;

    /// Stores a word (Release: pairs with [`Self::load`]).
    fn store(&self, at: u64, value: u64) -> Result<()>;

    /// Stores `new` if the word is `expected`; returns what it was.
    fn exchange(&self, at: u64, expected: u64, new: u64) -> Result<u64>;

    /// Stores a word and returns what it was.
    fn swap(&self, at: u64, value: u64) -> Result<u64>;

    /// Sets bits of a word and returns what it was.
    fn set_bits(&self, at: u64, bits: u64) -> Result<u64>;

    /// Copies private bytes in, at any offset. Nothing may be readable there before a later `store` says so.
    fn write(&self, at: u64, source: &[u8]) -> Result<()>;

    /// Copies bytes out. What others write meanwhile arrives as any mixture; callers validate afterwards.
    fn read(&self, at: u64, target: &mut [u8]) -> Result<()>;

    /// As [`Self::read`], into memory of its own.
    fn read_new(&self, at: u64, bytes: usize) -> Result<Vec<u8>> {
        let mut target = vec![0; bytes];
        self.read(at, &mut target)?;
        Ok(target)
    }

    /// Makes sure that the pages of a range exist, so that touching them cannot fail.
    fn populate(&self, at: u64, bytes: u64) -> Result<()>;

    /// Gives the pages of a range back to the system; they read as zeros afterwards.
    fn punch(&self, at: u64, bytes: u64) -> Result<()>;

    /// The calling thread, as lock words name it (never 0).
    fn thread(&self) -> Result<u32>;

    /// From here to [`Self::disarm`], the kernel marks the lock word at `at` if this thread dies owning it.
    fn arm(&self, at: u64) -> Result<()>;

    /// Ends what [`Self::arm`] began.
    fn disarm(&self);

    /// The word at `at`, if it is one that can be counted in by [`crate::tally`]; it lives as long as this memory.
    fn word(&self, at: u64) -> Option<*const AtomicU64> {
        let _ = at;
        None
    }

    /// The line at `at` is about to be written by this thread, which holds whatever guards it: a hint, which stores nothing.
    #[inline]
    fn fetch(&self, at: u64) {
        let _ = at;
    }

    /// Sleeps while the low half of the word at `at` is `value`, at most `timeout_ns`; may return at any time.
    fn sleep(&self, at: u64, value: u32, timeout_ns: u64) -> Result<()>;

    /// As [`Self::sleep`], while each of several words is what is said beside it, fewer than [`SLEPT_ON_MAX`], and
    /// until `bell` rings.
    fn sleep_on_any(
        &self,
        words: &[(u64, u32)],
        bell: Option<&Bell>,
        timeout_ns: u64,
    ) -> Result<()>;

    /// Whether other threads run at the same time, so that a short wait may end without a sleep.
    #[inline]
    fn is_parallel(&self) -> bool {
        clock::cpus() > 1
    }

    /// Whether a thread exists, as [`Self::thread`] names it.
    fn is_thread(&self, number: u64) -> bool {
        robust::is_thread(number)
    }

    /// Wakes up to `count` sleepers of the word at `at`.
    fn wake(&self, at: u64, count: u32) -> Result<()>;

    /// Now, on `CLOCK_MONOTONIC` in ns, where what is done depends on it.
    #[inline]
    fn now_ns(&self) -> u64 {
        clock::now_ns()
    }
}

/// Orders the loads of [`Memory::read`] before whatever is loaded afterwards to validate them.
///
/// Acquire: pairs with the Release stores of the writer whose traces the validation looks for.
#[inline]
pub(crate) fn validate_after_read() {
    std::sync::atomic::fence(std::sync::atomic::Ordering::Acquire);
}
