//! What must hold of a condition at rest (for tests).

use super::{LINE, LOCK};
use crate::audit::{Audit, Finding, found};
use crate::layout::Space;
use crate::memory::Memory;
use crate::object::Object;
use crate::value::Cell;
use crate::wait::Line;
use crate::wait::line::check_line;

/// Checks the lock's reference and the line.
pub(crate) fn check<M: Memory>(space: &Space<M>, object: Object, audit: &mut Audit) -> Finding<()> {
    check_line(space, Line::of(object, LINE), audit)?;
    let cell = Cell(found(space.memory.load(object.body(LOCK)), "a condition")?);
    if cell == Cell(0) { Ok(()) } else { audit.reach_value(space, cell) }
}
