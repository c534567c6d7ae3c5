//! The kernel's promise to mark a lock whose owner dies, borrowed from the C library.
//!
//! # Theory of operation
//!
//! Every thread has one *robust list head*, registered by the C library for its robust mutexes. Besides the
//! list, the head has a field `list_op_pending`: the lock that the thread is just taking or leaving. When the
//! thread dies, however it dies, the kernel looks at that one word too: if its low 30 bits are the thread's
//! id, it becomes `OWNER_DIED`, and one sleeper is woken. So setting the field around "compare-and-swap ...
//! unlock" makes any word a robust lock, at the price of two private stores, for one lock at a time.
//!
//! We never call `set_robust_list`: there is one head per thread, and it is the C library's.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering, compiler_fence};

use crate::Error;
use crate::failure::Result;

/// Set by the kernel in the lock word of a dead owner, whose id is gone from it.
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) const OWNER_DIED: u32 = 0x4000_0000;
/// Somebody may be sleeping on the word.
pub(crate) const WAITERS: u32 = 0x8000_0000;
/// The bits that hold the owner's thread id.
pub(crate) const OWNER: u32 = 0x3fff_ffff;

/// The kernel's `struct robust_list_head`.
#[repr(C)]
struct Head {
    list: *mut libc::c_void,
    futex_offset: libc::c_long,
    pending: AtomicUsize,
}

#[derive(Clone, Copy)]
struct Thread {
    id: u32,
    head: *const Head,
}

thread_local! {
    static THREAD: Cell<Thread> = const { Cell::new(Thread { id: 0, head: std::ptr::null() }) };
}

/// In a forked child: the thread id is another one, and a stale one would make the kernel ignore our death.
pub(crate) fn forget() {
    THREAD.set(Thread { id: 0, head: std::ptr::null() });
}

#[inline]
fn current() -> Result<Thread> {
    let thread = THREAD.get();
    if thread.id != 0 { Ok(thread) } else { look_up() }
}

#[cold]
fn look_up() -> Result<Thread> {
    crate::fork::watch();
    let mut head: *const Head = std::ptr::null();
    let mut length = 0usize;
    // SAFETY: both are valid places for the answers; 0 means the calling thread.
    let rc = unsafe { libc::syscall(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut length) };
    if rc != 0 {
        return Err(Error::last_os("get_robust_list").into());
    }
    if head.is_null() || length != size_of::<Head>() {
        return Err(Error::Corrupt("the C library has registered no robust list").into());
    }
    // SAFETY: plain system call.
    let id = unsafe { libc::gettid() };
    let thread = Thread { id: u32::try_from(id).unwrap_or(OWNER) & OWNER, head };
    THREAD.set(thread);
    Ok(thread)
}

/// The calling thread's id.
#[inline]
pub(crate) fn thread() -> Result<u32> {
    Ok(current()?.id)
}

/// Whether a thread exists.
pub(crate) fn is_thread(number: u64) -> bool {
    let Ok(number) = libc::pid_t::try_from(number) else { return false };
    // SAFETY: signal 0 is sent to nobody; the call only asks.
    number > 0
        && (unsafe { libc::kill(number, 0) } == 0
            || std::io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH))
}

/// The kernel shall look at the word at `address` if this thread dies.
#[inline]
pub(crate) fn arm(address: usize) -> Result<()> {
    let head = current()?.head;
    // SAFETY: the head lives as long as the thread; only this thread and (at its death) the kernel use it.
    let head = unsafe { &*head };
    let entry = address.wrapping_sub(head.futex_offset.cast_unsigned() as usize);
    debug_assert_eq!(head.pending.load(Ordering::Relaxed), 0, "one lock at a time");
    head.pending.store(entry, Ordering::Relaxed);
    // Only the compiler could move the compare-and-swap before the store: the kernel reads the field after
    // the thread's last instruction.
    compiler_fence(Ordering::SeqCst);
    Ok(())
}

/// The kernel need not look any more.
#[inline]
pub(crate) fn disarm() {
    compiler_fence(Ordering::SeqCst);
    let head = THREAD.get().head;
    if !head.is_null() {
        // SAFETY: as in `arm`.
        unsafe { &*head }.pending.store(0, Ordering::Relaxed);
    }
}
