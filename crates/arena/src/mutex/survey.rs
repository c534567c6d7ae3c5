//! Who holds a lock, and who waits for it.

use super::{COUNT, DIED, Mutex, OWNER, SINCE};
use crate::failure::Result;
use crate::heap::Heap;
use crate::life::{self, Ending, LifeId};
use crate::memory::Memory;
use crate::wait::Waiter;

/// Who holds a lock, for the tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The thread.
    pub life: LifeId,
    /// Since when, on `CLOCK_MONOTONIC` in ns, give or take some milliseconds.
    pub since_ns: u64,
    /// How often it has taken it.
    pub count: u64,
}

impl Mutex {
    /// Who holds the lock.
    pub fn holder<M: Memory>(&self, heap: &Heap<M>) -> Result<Option<Holder>> {
        let (space, state) = (&heap.space, self.state(&heap.space)?);
        let Some(life) = LifeId::from_word(state & OWNER) else { return Ok(None) };
        let since_ns = space.memory.load(self.object.body(SINCE))?;
        let count =
            if self.is_reentrant { space.memory.load(self.object.body(COUNT))? } else { 1 };
        Ok(Some(Holder { life, since_ns, count }))
    }

    /// Who waits for it.
    pub fn waiters<M: Memory>(&self, heap: &Heap<M>) -> Result<Vec<Waiter>> {
        let _guard = heap.begin(self.object)?;
        self.line().waiters(&heap.space)
    }

    /// Whether the last holder died, and no other one has left since.
    pub fn owner_died<M: Memory>(&self, heap: &Heap<M>) -> Result<bool> {
        let state = self.state(&heap.space)?;
        let owner = LifeId::from_word(state & OWNER);
        let is_dead = match owner {
            Some(owner) => life::ending(&heap.space, owner)? == Ending::Died,
            None => false,
        };
        Ok(is_dead || state & DIED != 0)
    }
}
