//! How a thread sleeps until somebody leaves an object.
//!
//! The holder may be stopped for long. A program that has something to do meanwhile (leave an interpreter's lock,
//! look for signals) says how to sleep. It is asked only where an operation begins: nothing is done yet, so it may
//! be given up, and the thread holds neither a lock of the arena nor one of this process. Later waits of an operation
//! sleep as they are.

use std::cell::Cell;
use std::sync::OnceLock;

use crate::failure::{Failure, Result};

/// Calls its argument, which sleeps for some milliseconds at most. Returns whether to wait on.
pub type Pause = fn(&mut dyn FnMut()) -> bool;

static PAUSE: OnceLock<Pause> = OnceLock::new();

thread_local! {
    static KEPT: Cell<bool> = const { Cell::new(false) };
}

/// Has every thread of this process sleep by `pause`. The first call counts.
pub fn sleep_by(pause: Pause) {
    let _ = PAUSE.set(pause);
}

/// Runs `job`, whose waits sleep as they are: for one who holds a lock of this process.
pub fn keeping<R>(job: impl FnOnce() -> R) -> R {
    let outer = KEPT.replace(true);
    let outcome = job();
    KEPT.set(outer);
    outcome
}

/// Sleeps once.
pub(crate) fn pause(sleep: &mut dyn FnMut()) -> Result<()> {
    match PAUSE.get() {
        Some(pause) if !KEPT.get() => {
            if pause(sleep) {
                Ok(())
            } else {
                Err(Failure::Interrupted)
            }
        }
        _ => {
            sleep();
            Ok(())
        }
    }
}
