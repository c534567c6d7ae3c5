//! Slots for the children that this process forks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use ::arena::clock::now_ns;
use ::arena::heap::Heap;
use ::arena::inherit::Reserved;
use ::arena::memory::Shared;

/// What this process has reserved. Whoever gets it has the GIL, and does not wait with it.
#[derive(Default)]
pub struct Forking(Mutex<State>);

#[derive(Default)]
struct State {
    /// For the next fork.
    next: Option<Reserved>,
    /// All, and until when (`CLOCK_MONOTONIC`, ns) a child may take them over.
    all: Vec<(Reserved, u64)>,
}

impl Forking {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that no child has taken over in time: the fork has failed, or the child died at once.
    pub fn overdue(&self) -> Vec<Reserved> {
        let (mut overdue, now) = (Vec::new(), now_ns());
        self.state().all.retain(|&(reserved, until_ns)| {
            if until_ns <= now {
                overdue.push(reserved);
            }
            until_ns > now
        });
        overdue
    }

    /// What the next child takes over.
    pub fn put(&self, reserved: Option<Reserved>, until_ns: u64) {
        let mut state = self.state();
        state.next = reserved;
        state.all.extend(reserved.map(|reserved| (reserved, until_ns)));
    }

    /// In the child: what is reserved for it. What its parent reserved for others is not its business.
    pub fn take(&self) -> Option<Reserved> {
        let mut state = self.state();
        state.all.clear();
        state.next.take()
    }
}

/// Reserves a slot for a child, after sweeping those that were reserved for nobody.
pub fn reserve(heap: &Heap<Shared>, overdue: Vec<Reserved>) -> Option<Reserved> {
    for reserved in overdue {
        // What cannot be swept now is when this process has ended.
        let _ = heap.cancel_child(reserved);
    }
    // Without a slot the child's operations say so.
    heap.reserve_child().ok()
}
