//! Making units free again that were in use.

use super::{Backing, Kind, LOWEST, Run, SERIAL, SERIAL_SHIFT, run_at, set_free};
use crate::block::{Header, State};
use crate::change::Change;
use crate::chores;
use crate::failure::{Failure, Result};
use crate::layout::{ALLOCATOR, Space};
use crate::lock::Guard;
use crate::memory::Memory;

/// Makes an extent free whose block is; `at` is the block. Does nothing if that was done already. If somebody has the
/// allocator for long, it is left to whoever cleans up: the operation is over, and its caller shall not wait.
pub(crate) fn reclaim<M: Memory>(space: &Space<M>, at: u64) -> Result<()> {
    match Guard::acquire_soon(space, ALLOCATOR) {
        Err(Failure::Busy { .. }) => chores::tell(space),
        guard => reclaim_by(space, guard?, at),
    }
}

/// As [`reclaim`], by whoever cleans up.
pub(crate) fn reclaim_now<M: Memory>(space: &Space<M>, at: u64) -> Result<()> {
    reclaim_by(space, Guard::acquire(space, ALLOCATOR)?, at)
}

fn reclaim_by<M: Memory>(space: &Space<M>, guard: Guard<'_, M>, at: u64) -> Result<()> {
    let unit = space.map.unit_of(at)?;
    let mut is_much = false;
    let run = run_at(space, unit)?;
    let is_free = Header(space.memory.load(space.map.unit_at(unit))?).is(State::Free);
    if run.kind == Kind::Extent && is_free {
        set_free(space, &guard, unit, run.length, run.backing)?;
        is_much = chores::note_freed(space, run.length)?;
    }
    drop(guard);
    if is_much { chores::tell(space) } else { Ok(()) }
}

/// Makes a slab free in which nothing is allocated, by who has the allocator. Later generations there begin after `newest`.
pub(crate) fn retire<M: Memory>(
    space: &Space<M>,
    guard: Guard<'_, M>,
    unit: u64,
    newest: u64,
) -> Result<()> {
    let serial = space.memory.load(SERIAL)?.max(newest >> SERIAL_SHIFT);
    let mut change = Change::new();
    change.write(space.map.word_at(unit), Run::free(1, Backing::All).word());
    change.write(LOWEST, unit.min(space.memory.load(LOWEST)?));
    change.write(SERIAL, serial);
    guard.commit(&change)?;
    let is_much = chores::note_freed(space, 1)?;
    drop(guard);
    if is_much { chores::tell(space) } else { Ok(()) }
}
