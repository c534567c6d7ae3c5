//! Lives that one process keeps for threads of others.

use super::{LifeId, MUTEX, OWNER, claim, slot_of, wake_watchers};
use crate::failure::Result;
use crate::heap::Heap;
use crate::memory::Memory;
use crate::robust::OWNER_DIED;

/// A life that is kept for a thread which cannot have one here. It ends when whoever keeps it says so, or with the
/// process that does.
pub struct Deputy {
    id: LifeId,
}

impl Deputy {
    /// Begins one for a thread of process `pid` elsewhere.
    pub fn begin<M: Memory>(heap: &Heap<M>, pid: u32, thread: u32) -> Result<Self> {
        let who = u64::from(pid) | u64::from(thread) << 32;
        let id = claim(&heap.space, heap.slot(), who)?;
        heap.space.memory.store(id.at() + MUTEX, 0)?;
        Ok(Self { id })
    }

    /// What others know this life by.
    #[must_use]
    pub fn id(&self) -> LifeId {
        self.id
    }

    /// Ends it, once. What it held is given back if it `died`, and else stays held.
    pub fn end<M: Memory>(&self, heap: &Heap<M>, died: bool) -> Result<()> {
        if slot_of(&heap.space, self.id)? != Some(heap.slot()) {
            return Ok(());
        }
        if died {
            heap.space.memory.store(self.id.at() + MUTEX, OWNER_DIED.into())?;
            wake_watchers(heap, self.id)?;
            heap.settle_all()?;
        } else {
            heap.orphan_all(self.id)?;
        }
        heap.space.memory.store(self.id.at() + OWNER, self.id.generation() << 16)?;
        wake_watchers(heap, self.id)
    }
}
