//! The end of locks, and of processes that used them.

use super::{LINE, Mutex, OWNER, STATE};
use crate::failure::Result;
use crate::heap::Heap;
use crate::life::LifeId;
use crate::lock::Guard;
use crate::memory::Memory;
use crate::object::{self, Object, ObjectKind, Step};
use crate::wait::line::prune;
use crate::wait::tell::wake_all;
use crate::wait::{End, Line};

/// Does to a lock what follows from somebody's end.
pub(crate) fn end<M: Memory>(
    heap: &Heap<M>,
    object: Object,
    kind: ObjectKind,
    end: End,
) -> Result<()> {
    let mutex = Mutex { object, is_reentrant: kind == ObjectKind::RLock };
    let space = &heap.space;
    if let End::InOrder(me) = end {
        return mutex.orphan(heap, me);
    }
    let (pruned, wake) = {
        let guard = heap.lock(object)?;
        let pruned = prune(space, &guard, mutex.line(), end.victim())?;
        (pruned, mutex.settle(space, &guard, end.victim())?)
    };
    pruned.rouse_all(space)?;
    wake_all(space, wake.as_slice())
}

/// Frees what stands in the line of a dropped lock: nobody uses it any more.
pub(crate) fn drain<M: Memory>(
    heap: &Heap<M>,
    object: Object,
    state: crate::block::State,
) -> Result<Step> {
    let guard = object::lock_in(&heap.space, object, state)?;
    let freed = drop_line(&heap.space, &guard, Line::of(object, LINE))?;
    Ok(Step { worked: freed, ..Step::default() })
}

/// Frees the first node of a line of a dropped object. Returns whether there was one.
pub(crate) fn drop_line<M: Memory>(
    space: &crate::layout::Space<M>,
    guard: &Guard<'_, M>,
    line: Line,
) -> Result<bool> {
    let Some(first) = line.first(space)? else { return Ok(false) };
    let mut change = crate::change::Change::new();
    line.take(space, &mut change, &first, true)?;
    guard.commit(&change)?;
    Ok(true)
}

impl Mutex {
    /// A thread ends in good order: what it holds stays held, by nobody who could die.
    fn orphan<M: Memory>(&self, heap: &Heap<M>, me: LifeId) -> Result<()> {
        let at = self.object.body(STATE);
        if heap.space.memory.load(at)? & OWNER != me.word() {
            return Ok(());
        }
        let _guard = heap.lock(self.object)?;
        let seen = heap.space.memory.load(at)?;
        if seen & OWNER == me.word() {
            let kept = seen & !OWNER | LifeId::GONE_IN_ORDER.word();
            heap.space.memory.exchange(at, seen, kept)?;
        }
        Ok(())
    }
}
