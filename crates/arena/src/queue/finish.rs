//! Finished items, and the end of a queue.

use super::{CLOSED, Queue, UNFINISHED, Wait};
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::layout::Space;
use crate::memory::Memory;
use crate::mutation::{Bug, is_planted};

impl Queue {
    /// An item that was taken is done. Returns how many are left, `None` if none was unfinished.
    pub fn task_done<M: Memory>(&self, heap: &Heap<M>) -> Result<Option<u64>> {
        let rest = {
            let guard = heap.begin(self.object)?;
            let Some(rest) = self.counts_in(&heap.space)?.unfinished.checked_sub(1) else {
                return Ok(None);
            };
            let mut change = Change::new();
            change.write(self.object.body(UNFINISHED), rest);
            guard.commit(&change)?;
            rest
        };
        if rest == 0 {
            self.tell(heap, Wait::Done, usize::MAX)?;
        }
        Ok(Some(rest))
    }

    /// Accepts no more items. If `immediate`, those in it go, and are not unfinished any more.
    pub fn close<M: Memory>(&self, heap: &Heap<M>, immediate: bool) -> Result<()> {
        if immediate && !is_planted(Bug::ClosedApart) {
            self.list().clear_with(heap, |space, change| self.note_end(space, change))?;
        } else {
            if immediate {
                self.list().clear(heap)?;
            }
            let guard = heap.begin(self.object)?;
            let mut change = Change::new();
            change.write(self.object.body(CLOSED), 1);
            guard.commit(&change)?;
        }
        self.tell_all(heap)
    }

    /// Lists what changes when everything goes.
    fn note_end<M: Memory>(&self, space: &Space<M>, change: &mut Change) -> Result<()> {
        let counts = self.counts_in(space)?;
        change.write(self.object.body(CLOSED), 1);
        let rest = counts.unfinished.saturating_sub(counts.length);
        change.write(self.object.body(UNFINISHED), rest);
        Ok(())
    }
}
