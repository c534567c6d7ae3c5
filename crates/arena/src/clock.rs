//! Monotonic time in nanoseconds, and the processors that this process may use.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Now, on `CLOCK_MONOTONIC`; served by the vDSO, so no system call.
#[must_use]
pub fn now_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for one timespec; the clock always exists on Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

/// Now, give or take some milliseconds, on the same clock: a quarter of the price.
#[must_use]
pub fn coarse_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: as in `now_ns`.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &mut time) };
    time.tv_sec.cast_unsigned().saturating_mul(1_000_000_000) + time.tv_nsec.cast_unsigned()
}

/// Processors that this process may use; 0 while unknown.
static CPUS: AtomicUsize = AtomicUsize::new(0);

/// How many processors this process could run on (at least 1) when [`refresh_cpus`] last looked.
#[must_use]
pub fn cpus() -> usize {
    // Relaxed: a number that orders nothing; at worst two threads look it up.
    match CPUS.load(Ordering::Relaxed) {
        0 => refresh_cpus(),
        cpus => cpus,
    }
}

/// Looks again: the user, or a container's limit, may have changed it.
pub fn refresh_cpus() -> usize {
    // SAFETY: an all-zero cpu_set_t is a valid empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is writable and its true size is passed; 0 means the calling thread.
    let rc = unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &mut set) };
    let cpus = if rc == 0 {
        // SAFETY: `set` was filled by the call.
        usize::try_from(unsafe { libc::CPU_COUNT(&set) }).unwrap_or(1).max(1)
    } else {
        // More processors than a cpu_set_t holds: certainly more than one.
        std::thread::available_parallelism().map_or(1, usize::from)
    };
    CPUS.store(cpus, Ordering::Relaxed);
    cpus
}
