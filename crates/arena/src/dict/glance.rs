//! The short way to read an item: one try, without the lock, of what a word holds.
//!
//! Everything here is inlined into its caller, so that nothing but words of the arena is loaded. Whatever is
//! unusual, a change that is being applied or a damaged word, is [`Glance::Unsure`]: the caller goes the long way,
//! which says what it was.

use super::{Dict, Key, VALUE};
use crate::change::is_quiet;
use crate::heap::Heap;
use crate::layout::lockable;
use crate::memory::{self, Memory};
use crate::value::Cell;

/// Items of a bucket to look at.
const CHAIN_MAX: u64 = 16;

/// What a glance at a key saw.
pub(super) enum Glance {
    /// Its value, and the object's intent word before and after: the value stays for as long as that does.
    Found(Cell, u64),
    /// No such key.
    Missing,
    /// Nothing that can be relied on.
    Unsure,
}

impl Dict {
    /// Looks at the value of a key.
    #[inline(always)]
    pub(super) fn glance<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Glance {
        self.seen(heap, key).unwrap_or(Glance::Unsure)
    }

    #[inline(always)]
    fn seen<M: Memory>(&self, heap: &Heap<M>, key: &Key<'_>) -> Option<Glance> {
        let (space, intent_at) = (&heap.space, self.object.at + lockable::INTENT);
        // Acquire (in `load`) pairs with the Release stores of `change::commit`.
        let before = space.memory.load(intent_at).ok()?;
        if !is_quiet(before) || space.memory.load(self.object.at).ok()? != self.object.live.0 {
            return None;
        }
        let spot = self.find(space, key, CHAIN_MAX).ok()?;
        let glance = if spot.hit {
            Glance::Found(Cell(space.memory.load(spot.next + VALUE).ok()?), before)
        } else {
            Glance::Missing
        };
        memory::validate_after_read();
        (space.memory.load(intent_at).ok()? == before).then_some(glance)
    }
}
