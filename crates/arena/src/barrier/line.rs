//! The end of barriers, and of processes that used them.

use super::{Barrier, LINE};
use crate::block::State;
use crate::failure::Result;
use crate::heap::Heap;
use crate::memory::Memory;
use crate::mutex::drop_line;
use crate::object::{self, Object, Step};
use crate::wait::tell::wake_all;
use crate::wait::{End, Line};

/// Takes whoever has ended out of the line, and does what it has left undone.
pub(crate) fn end<M: Memory>(heap: &Heap<M>, object: Object, end: End) -> Result<()> {
    if let End::InOrder(_) = end {
        return Ok(()); // It waits no more.
    }
    let (barrier, space) = (Barrier { object }, &heap.space);
    let wakes = {
        let guard = heap.lock(object)?;
        barrier.settle(space, &guard, end.victim(), &mut Vec::new())?;
        barrier.line().told(space)?
    };
    wake_all(space, &wakes)
}

/// Frees what stands in the line of a dropped barrier: nobody uses it any more.
pub(crate) fn drain<M: Memory>(heap: &Heap<M>, object: Object, state: State) -> Result<Step> {
    let guard = object::lock_in(&heap.space, object, state)?;
    let worked = drop_line(&heap.space, &guard, Line::of(object, LINE))?;
    Ok(Step { worked, ..Step::default() })
}
