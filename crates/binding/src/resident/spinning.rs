//! Looking out for a while, before a thread stands in line.
//!
//! To stand in line costs a node, two changes under the object's lock and a message, of whoever waits and of whoever
//! ends the wait. As long as nobody else stands there, a wait of a few microseconds is over sooner, and for both sides
//! at less cost, if the thread looks at the object itself. It never overtakes anybody who stands in line.

use std::cell::{Cell, RefCell};

use ::arena::spin::Spinner;
use pyo3::prelude::*;

use super::interrupted::without_gil;

/// How long a thread spins at most before it sleeps.
pub const SPIN_NS_MAX: u64 = 50_000;
/// How long it spins at most before it stands in line, and once more where it stands.
pub const HALF_NS_MAX: u64 = SPIN_NS_MAX / 2;

thread_local! {
    /// This thread's memory of whether spinning pays.
    static SPINNER: RefCell<Option<Spinner>> = const { RefCell::new(None) };
}

/// Lends this thread's memory of whether spinning pays, for spinning so long.
pub fn lend(budget_ns: u64) -> Spinner {
    let mut spinner = SPINNER.take().unwrap_or_else(|| Spinner::new(budget_ns));
    spinner.allow(budget_ns);
    spinner
}

/// Takes back what was lent.
pub fn give_back(spinner: Spinner) {
    SPINNER.set(Some(spinner));
}

/// When looking out ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// When it does not pay any more.
    Hopeless,
    /// Also when another thread has run on this processor: it may be one that would have to wait in line.
    Shared,
}

/// Asks `look` again and again until it returns something or looking does not pay any more; after the first looks,
/// without the GIL.
#[cold]
pub fn look_out<T: Copy>(py: Python<'_>, until: Until, look: impl Fn() -> Option<T>) -> Option<T> {
    let mut spinner = lend(HALF_NS_MAX);
    let seen = Cell::new(None);
    let ready = || {
        seen.set(look());
        seen.get().is_some()
    };
    if !spinner.glance(ready) {
        without_gil(py, &mut || {
            match until {
                Until::Hopeless => spinner.wait(ready),
                Until::Shared => spinner.wait_alone(ready),
            };
        });
    }
    give_back(spinner);
    seen.get()
}
