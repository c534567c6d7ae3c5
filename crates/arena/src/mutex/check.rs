//! What must hold of a lock at rest (for tests).

use super::{LINE, OWNER, ROUSED, SOUGHT, STATE, WAITERS};
use crate::audit::{Audit, Finding, found};
use crate::layout::Space;
use crate::memory::Memory;
use crate::object::Object;
use crate::wait::Line;
use crate::wait::line::check_line;

/// Checks the line; who waits is known to the holder.
pub(crate) fn check<M: Memory>(space: &Space<M>, object: Object, audit: &mut Audit) -> Finding<()> {
    let waiting = check_line(space, Line::of(object, LINE), audit)?;
    let state = found(space.memory.load(object.body(STATE)), "a lock")?;
    if waiting > 0 && (state & WAITERS == 0 || state & (OWNER | ROUSED) == 0) {
        return Err(format!("{waiting} threads wait for a lock whose state is {state:#x}"));
    }
    if state & SOUGHT != 0 && state & OWNER == 0 {
        return Err(format!("nobody holds a lock that is sought: its state is {state:#x}"));
    }
    Ok(())
}
