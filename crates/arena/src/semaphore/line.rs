//! The end of semaphores, and of processes that used them.

use super::held::Manner;
use super::{LINE, RECORDS, Semaphore};
use crate::block::State;
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::memory::Memory;
use crate::mutex::drop_line;
use crate::object::{self, Object, Step};
use crate::wait::line::prune;
use crate::wait::{End, Line};

/// Does to a semaphore what follows from somebody's end.
pub(crate) fn end<M: Memory>(heap: &Heap<M>, object: Object, end: End) -> Result<()> {
    let semaphore = Semaphore::of(heap, object)?;
    semaphore.work(heap, Manner::Surely, |held| {
        if let End::InOrder(me) = end {
            return held.orphan(me).map(Ok);
        }
        let pruned = prune(held.space, &held.guard, semaphore.line(), end.victim())?;
        held.wakes.extend(pruned.rouse);
        held.reclaim(end.victim())?;
        held.distribute()
    })
}

/// Frees what a dropped semaphore has: nobody uses it any more.
pub(crate) fn drain<M: Memory>(heap: &Heap<M>, object: Object, state: State) -> Result<Step> {
    let space = &heap.space;
    let guard = object::lock_in(space, object, state)?;
    let mut step = Step { worked: true, ..Step::default() };
    if drop_line(space, &guard, Line::of(object, LINE))? {
        return Ok(step);
    }
    let semaphore = Semaphore::found(object);
    if let Some((block, _)) = semaphore.block(space)? {
        let mut change = Change::new();
        change.write(object.body(RECORDS), 0);
        change.turn(block, State::Free);
        guard.commit(&change)?;
        step.freed.push(block.at);
    } else {
        step.worked = false;
    }
    Ok(step)
}
