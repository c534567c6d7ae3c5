//! Who holds a lock, and who waits for it.

use super::{COUNT, DEAD, DIED, Mutex, OWNER, SINCE, SITE};
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
    /// From where it has taken it, a number of [`crate::site`].
    pub site: u64,
}

impl Mutex {
    /// Who holds the lock.
    pub fn holder<M: Memory>(&self, heap: &Heap<M>) -> Result<Option<Holder>> {
        let word = |word| heap.space.memory.load(self.object.body(word));
        let mut state = self.state(&heap.space)?;
        loop {
            let Some(life) = LifeId::from_word(state & OWNER) else { return Ok(None) };
            let (since_ns, site) = (word(SINCE)?, word(SITE)?);
            let count = if self.is_reentrant { word(COUNT)? } else { 1 };
            let now = self.state(&heap.space)?;
            if now & OWNER == state & OWNER {
                return Ok(Some(Holder { life, since_ns, count, site }));
            }
            state = now; // What was read may be another one's.
        }
    }

    /// From where the last holder that died had taken it, a number of [`crate::site`].
    pub fn dead_site<M: Memory>(&self, heap: &Heap<M>) -> Result<u64> {
        Ok(heap.space.memory.load(self.object.body(DEAD))? >> 32)
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
