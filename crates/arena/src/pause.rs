//! How a thread sleeps until somebody leaves an object.
//!
//! The holder may be stopped for long. A program that has something to do meanwhile (leave an interpreter's lock,
//! look for signals) says how to sleep. It is asked only where an operation begins: nothing is done yet, so it may
//! be given up, and the thread holds neither a lock of the arena nor one of this process. Later waits of an operation
//! sleep as they are. Who holds a lock of this process does not wait at all, but tries again without it
//! ([`Heap::retried`](crate::heap::Heap::retried)).

use std::cell::Cell;
use std::sync::OnceLock;

use crate::failure::{Failure, Result};

/// How a thread sleeps. Both call their argument, which sleeps for some milliseconds at most.
#[derive(Debug, Clone, Copy)]
pub struct Pause {
    /// Returns whether to wait on.
    pub heedful: fn(&mut dyn FnMut()) -> bool,
    /// Where the wait cannot be given up.
    pub quiet: fn(&mut dyn FnMut()),
}

static PAUSE: OnceLock<Pause> = OnceLock::new();

thread_local! {
    static KEPT: Cell<bool> = const { Cell::new(false) };
}

/// Has every thread of this process sleep by `pause`. The first call counts.
pub fn sleep_by(pause: Pause) {
    let _ = PAUSE.set(pause);
}

/// Runs `job`, whose waits fail with [`Failure::Busy`] instead.
#[inline]
pub(crate) fn keeping<R>(job: impl FnOnce() -> R) -> R {
    let outer = KEPT.replace(true);
    let outcome = job();
    KEPT.set(outer);
    outcome
}

/// Whether waits fail.
pub(crate) fn is_kept() -> bool {
    KEPT.get()
}

/// Sleeps once.
pub(crate) fn pause(sleep: &mut dyn FnMut()) -> Result<()> {
    match PAUSE.get() {
        Some(pause) => {
            if (pause.heedful)(sleep) {
                Ok(())
            } else {
                Err(Failure::Interrupted)
            }
        }
        None => {
            sleep();
            Ok(())
        }
    }
}

/// Sleeps once; nothing else of this program runs in this thread.
pub(crate) fn rest(sleep: &mut dyn FnMut()) {
    match PAUSE.get() {
        Some(pause) => (pause.quiet)(sleep),
        None => sleep(),
    }
}
