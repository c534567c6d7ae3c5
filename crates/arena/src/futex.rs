//! Sleeping on a word of shared memory, and waking those who do.

use crate::clock;
use crate::memory::SLEPT_ON_MAX;

/// Sleeps while the 32-bit word at `address` is `value`, at most `timeout_ns`. May return early for any reason
/// (woken, changed, signal, not mapped): the caller looks at the word again.
pub(crate) fn wait(address: *const u8, value: u32, timeout_ns: u64) {
    let time = deadline(timeout_ns);
    // SAFETY: FUTEX_WAIT_BITSET only compares the word, and a bad address is an error (EFAULT).
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            address,
            libc::FUTEX_WAIT_BITSET,
            value,
            &raw const time,
            std::ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        );
    }
}

/// Wakes up to `count` threads, of any process, that sleep on the word at `address`.
pub(crate) fn wake(address: *const u8, count: u32) {
    let count = libc::c_int::try_from(count).unwrap_or(libc::c_int::MAX);
    // SAFETY: FUTEX_WAKE does not touch the word, and a bad address is an error.
    unsafe { libc::syscall(libc::SYS_futex, address, libc::FUTEX_WAKE, count) };
}

/// The kernel's `struct futex_waitv`.
#[repr(C)]
struct Waiter {
    value: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

/// A shared 32-bit futex (no private flag).
const FUTEX2_SIZE_U32: u32 = 2;

/// The longest sleep where the kernel cannot watch several words.
const RECHECK_NS: u64 = 50_000_000;

/// Sleeps while all words have the given values, at most `timeout_ns`; may return early for any reason.
///
/// For a waiter on its own word and on the life word of whom it waits for. Without `futex_waitv` (before Linux
/// 5.16) it watches the first word only, and not for long.
pub(crate) fn wait_any(words: &[(*const u8, u32)], timeout_ns: u64) {
    let watched = |&(address, value): &(*const u8, u32)| Waiter {
        value: u64::from(value),
        address: address as u64,
        flags: FUTEX2_SIZE_U32,
        reserved: 0,
    };
    let waiters: Vec<Waiter> = words.iter().take(SLEPT_ON_MAX).map(watched).collect();
    let time = deadline(timeout_ns);
    // SAFETY: the structures live through the call, which reads so many of them and compares the words.
    let rc = unsafe {
        libc::syscall(
            libc::SYS_futex_waitv,
            waiters.as_ptr(),
            waiters.len(),
            0,
            &raw const time,
            libc::CLOCK_MONOTONIC,
        )
    };
    if rc < 0
        && std::io::Error::last_os_error().raw_os_error() == Some(libc::ENOSYS)
        && let Some(&(address, value)) = words.first()
    {
        wait(address, value, timeout_ns.min(RECHECK_NS));
    }
}

/// The moment `timeout_ns` from now on `CLOCK_MONOTONIC`.
fn deadline(timeout_ns: u64) -> libc::timespec {
    let end = clock::now_ns().saturating_add(timeout_ns).min(i64::MAX as u64);
    libc::timespec {
        tv_sec: libc::time_t::try_from(end / 1_000_000_000).unwrap_or(libc::time_t::MAX),
        tv_nsec: libc::c_long::try_from(end % 1_000_000_000).unwrap_or(0),
    }
}
