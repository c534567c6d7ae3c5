//! Notices a fork without a system call.
//!
//! Mappings here are not inherited (`MADV_DONTFORK`), so a forked child that used one would crash, and a
//! child that went on with its parent's cipher would repeat nonces. `getpid` on every operation costs too
//! much; instead a `pthread_atfork` handler advances a counter in the child.

pub mod mutex;

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{robust, spin};

static FORKS: AtomicU64 = AtomicU64::new(0);
static REGISTER: Once = Once::new();

extern "C" fn in_child() {
    // Relaxed: the child has one thread here; threads it starts later see the value by their creation.
    FORKS.fetch_add(1, Ordering::Relaxed);
    spin::forget();
    robust::forget();
}

/// Begins to notice forks. Best called early, while no other thread can fork: a child that was forked half-way
/// through the first call could never complete one.
pub fn watch() {
    REGISTER.call_once(|| {
        // SAFETY: `in_child` is async-signal-safe (stores only) and lives as long as the library, which
        // is never unloaded once Python has imported it.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

/// The process that something was made in, as opposed to children forked from it later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birthplace(u64);

impl Birthplace {
    /// This process.
    #[must_use]
    pub fn here() -> Self {
        watch();
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Whether the caller still runs in the process of birth. One load, no system call.
    #[inline]
    #[must_use]
    pub fn is_here(self) -> bool {
        self.0 == FORKS.load(Ordering::Relaxed)
    }
}

/// A birthplace that a forked child may make its own.
#[derive(Debug)]
pub struct SharedBirthplace(AtomicU64);

impl SharedBirthplace {
    /// This process.
    #[must_use]
    pub fn here() -> Self {
        Self(AtomicU64::new(Birthplace::here().0))
    }

    /// As [`Birthplace::is_here`].
    #[inline]
    #[must_use]
    pub fn is_here(&self) -> bool {
        // Relaxed: changes only in a forked child, which has one thread then.
        Birthplace(self.0.load(Ordering::Relaxed)).is_here()
    }

    /// From here on, this process is the one.
    pub fn move_here(&self) {
        self.0.store(Birthplace::here().0, Ordering::Relaxed); // As above.
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forked_child_is_not_the_birthplace() {
        let place = Birthplace::here();
        assert!(place.is_here());
        // SAFETY: the child only reads an atomic and leaves by _exit.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let code = i32::from(place.is_here());
            // SAFETY: _exit is always allowed in a forked child.
            unsafe { libc::_exit(code) };
        }
        let mut status = 0;
        // SAFETY: `pid` is our child and `status` a valid int.
        unsafe { libc::waitpid(pid, &mut status, 0) };
        assert_eq!(libc::WEXITSTATUS(status), 0);
        assert!(place.is_here());
    }
}
