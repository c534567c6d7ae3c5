//! The end of conditions, and of processes that used them.

use super::{LINE, LOCK};
use crate::block::State;
use crate::change::Change;
use crate::failure::Result;
use crate::heap::Heap;
use crate::memory::Memory;
use crate::mutex::drop_line;
use crate::object::{self, Object, Step, discard_value};
use crate::value::Cell;
use crate::wait::tell::wake_all;
use crate::wait::{End, Line};

/// Takes whoever has ended out of the line, and passes on what it had been told.
pub(crate) fn end<M: Memory>(heap: &Heap<M>, object: Object, end: End) -> Result<()> {
    if let End::InOrder(_) = end {
        return Ok(()); // It waits no more.
    }
    let (line, space) = (Line::of(object, LINE), &heap.space);
    let wakes = {
        let guard = heap.lock(object)?;
        let mut wakes = line.prune_passing_on(space, &guard, end.victim())?;
        wakes.extend(line.told(space)?);
        wakes
    };
    wake_all(space, &wakes)
}

/// Frees what a dropped condition has: nobody uses it any more.
pub(crate) fn drain<M: Memory>(heap: &Heap<M>, object: Object, state: State) -> Result<Step> {
    let space = &heap.space;
    let guard = object::lock_in(space, object, state)?;
    let mut step = Step { worked: true, ..Step::default() };
    if drop_line(space, &guard, Line::of(object, LINE))? {
        return Ok(step);
    }
    let cell = Cell(space.memory.load(object.body(LOCK))?);
    if cell == Cell(0) {
        return Ok(Step::default());
    }
    let mut change = Change::new();
    change.write(object.body(LOCK), 0);
    discard_value(space, cell, &mut change, &mut step)?;
    guard.commit(&change)?;
    Ok(step)
}
