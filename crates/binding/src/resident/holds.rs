//! What this process holds in an arena: one hold there for however many objects of Python's stand for it here.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::arena::Failure;
use ::arena::heap::Heap;
use ::arena::memory::Shared;
use ::arena::object::Handle;

/// How many objects of Python's stand for each object of the arena. Nobody waits with this: who gets it has the GIL.
#[derive(Default)]
pub struct Holds(Mutex<HashMap<Handle, u64>>);

impl Holds {
    fn counts(&self) -> MutexGuard<'_, HashMap<Handle, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more for an object that the process holds already.
    pub fn count(&self, handle: Handle) {
        *self.counts().entry(handle).or_insert(0) += 1;
    }

    /// Counts one more; for the first, `hold` tells the arena.
    pub fn add(
        &self,
        handle: Handle,
        hold: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self.counts().entry(handle) {
            Entry::Occupied(mut entry) => *entry.get_mut() += 1,
            Entry::Vacant(entry) => {
                hold()?;
                entry.insert(1);
            }
        }
        Ok(())
    }

    /// Whether anything here stands for it.
    pub fn has(&self, handle: Handle) -> bool {
        self.counts().contains_key(&handle)
    }

    /// Counts one less; returns whether it was the last, which the arena is to be told.
    pub fn drop_one(&self, handle: Handle) -> bool {
        let mut counts = self.counts();
        let Entry::Occupied(mut entry) = counts.entry(handle) else { return false };
        *entry.get_mut() -= 1;
        let is_last = *entry.get() == 0;
        if is_last {
            entry.remove();
        }
        is_last
    }

    /// Has everything that the process holds live at least until then.
    pub fn lease_all(&self, heap: &Heap<Shared>, until_ns: u64) -> Result<(), Failure> {
        let handles: Vec<Handle> = self.counts().keys().copied().collect();
        for handle in handles {
            match heap.lease(handle, until_ns) {
                Ok(()) | Err(Failure::ObjectGone) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }
}
